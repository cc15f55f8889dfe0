// SPDX-License-Identifier: GPL-2.0

//! Buffers of either driver, their exports, and the fences that go with them.

use std::{
    fmt::Debug,
    fs::{
        File,
        OpenOptions, //
    },
    io::{
        self,
        Read,
        Seek,
        SeekFrom,
        Write, //
    },
    os::{
        fd::{
            AsFd,
            AsRawFd,
            OwnedFd,
            RawFd, //
        },
        unix::fs::MetadataExt,
    },
};

use super::wrong;
use crate::{
    memory::{
        self,
        Mapping, //
    },
    node::{
        self,
        name_of,
        GEM_MMAP_OFFSET, //
    },
    sys,
};

/// `DRM_CLOEXEC` and `DRM_RDWR`.
pub const CLOEXEC: u32 = 0o2_000_000;
pub const RDWR: u32 = 2;

const PRIME_HANDLE_TO_FD: u32 = 0xc00c_642d;
const PRIME_FD_TO_HANDLE: u32 = 0xc00c_642e;
const MODE_CREATE_DUMB: u32 = 0xc020_64b2;
const MODE_MAP_DUMB: u32 = 0xc010_64b3;
const SYNCOBJ_CREATE: u32 = 0xc008_64bf;
/// Both with `struct drm_syncobj_handle` as it was before it had points.
const SYNCOBJ_HANDLE_TO_FD: u32 = 0xc010_64c1;
const SYNCOBJ_FD_TO_HANDLE: u32 = 0xc010_64c2;
/// `DRM_SYNCOBJ_*_FLAGS_*_SYNC_FILE`.
const SYNC_FILE: u32 = 1;
const VGEM_FENCE_ATTACH: u32 = 0xc010_6441;
const VGEM_FENCE_SIGNAL: u32 = 0x4008_6442;
const VGEM_FENCE_WRITE: u32 = 1;
const DMA_BUF_EXPORT_SYNC_FILE: u32 = 0xc008_6202;
/// `DMA_BUF_SYNC_READ`: what somebody who reads has to wait for.
const SYNC_READ: u32 = 1;
const UDMABUF_CREATE: u32 = 0x4018_7542;
const UDMABUF_CLOEXEC: u32 = 1;

/// Bytes that differ from one another, and from those of another seed.
pub fn pattern(seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next)
        .take(super::ROUNDED as usize)
        .collect()
}

/// Fails unless both are the same.
pub fn same<T: PartialEq + Debug + ?Sized>(what: &str, found: &T, wanted: &T) -> io::Result<()> {
    if found == wanted {
        return Ok(());
    }
    let short = |value: &T| format!("{value:?}").chars().take(60).collect::<String>();
    Err(wrong(format!(
        "{what}: found {}, wanted {}",
        short(found),
        short(wanted)
    )))
}

/// Fails unless the call has failed with `wanted`.
pub fn errno<T>(what: &str, found: &io::Result<T>, wanted: &str) -> io::Result<()> {
    same(what, name_of(found).as_str(), wanted)
}

/// A mapped buffer.
pub struct Mapped(Mapping);

impl Mapped {
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = memory::memory_file()?;
        file.write_all(bytes)?;
        let written = self.0.fill(0, bytes.len(), &file)?;
        same("bytes written", &written, &bytes.len())
    }

    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut file = memory::memory_file()?;
        let read = self.0.dump(0, self.0.len(), &file)?;
        same("bytes read", &read, &self.0.len())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// A buffer by its handle.
pub struct Buffer<'f> {
    file: &'f File,
    pub handle: u32,
    offset_by: u32,
}

impl<'f> Buffer<'f> {
    pub fn nova(file: &'f File, size: u64) -> io::Result<Self> {
        Ok(Self::of_nova(file, node::create(file, size)?))
    }

    pub fn of_nova(file: &'f File, handle: u32) -> Self {
        Self {
            file,
            handle,
            offset_by: GEM_MMAP_OFFSET,
        }
    }

    /// vgem has only pictures: of as many pixels as there are bytes.
    pub fn vgem(file: &'f File, size: u64) -> io::Result<Self> {
        let mut argument = words([1, u32::try_from(size).map_err(io::Error::other)?, 8]);
        argument.resize(32, 0);
        sys::ioctl(file, MODE_CREATE_DUMB, &mut argument)?;
        Ok(Self {
            file,
            handle: word(&argument, 4),
            offset_by: MODE_MAP_DUMB,
        })
    }

    pub fn map(&self, len: u64) -> io::Result<Mapped> {
        let offset = node::object_query(self.file, self.offset_by, self.handle)?;
        Mapping::new(self.file.as_raw_fd(), offset, len as usize).map(Mapped)
    }
}

/// `DRM_IOCTL_PRIME_HANDLE_TO_FD`.
pub fn export(file: &File, handle: u32, flags: u32) -> io::Result<OwnedFd> {
    let mut argument = words([handle, flags, u32::MAX]);
    sys::ioctl(file, PRIME_HANDLE_TO_FD, &mut argument)?;
    Ok(memory::adopt(word(&argument, 2) as RawFd))
}

/// `DRM_IOCTL_PRIME_FD_TO_HANDLE`.
pub fn import(file: &File, shared: &Shared) -> io::Result<u32> {
    import_fd(file, shared.0.as_raw_fd())
}

/// The same, of any descriptor.
pub fn import_fd(file: &File, fd: RawFd) -> io::Result<u32> {
    let mut argument = words([0, 0, fd as u32]);
    sys::ioctl(file, PRIME_FD_TO_HANDLE, &mut argument)?;
    Ok(word(&argument, 0))
}

/// An exported buffer: a dma-buf.
pub struct Shared(File);

impl Shared {
    pub fn of(buffer: &Buffer<'_>, flags: u32) -> io::Result<Self> {
        Self::export(buffer.file, buffer.handle, flags)
    }

    pub fn export(file: &File, handle: u32, flags: u32) -> io::Result<Self> {
        export(file, handle, flags).map(|fd| Self(fd.into()))
    }

    /// Memory of this process, mapped, and the same as a dma-buf.
    pub fn memory_of_this_process(size: u64) -> io::Result<(Mapped, Self)> {
        let memory = memory::sealed_memory(size)?;
        let mapping = Mapping::new(memory.as_raw_fd(), 0, size as usize)?;
        let device = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/udmabuf")?;
        let mut argument = words([memory.as_raw_fd() as u32, UDMABUF_CLOEXEC, 0, 0]);
        argument.extend(size.to_ne_bytes());
        let fd = sys::ioctl_value(device, UDMABUF_CREATE, &mut argument)?;
        Ok((Mapped(mapping), Self(memory::adopt(fd).into())))
    }

    pub fn map(&self, len: u64) -> io::Result<Mapped> {
        Mapping::new(self.0.as_raw_fd(), 0, len as usize).map(Mapped)
    }

    pub fn length(&self) -> io::Result<u64> {
        (&self.0).seek(SeekFrom::End(0))
    }

    /// Each dma-buf has an inode of its own.
    pub fn identity(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.ino())
    }

    /// Whether nobody writes to it any more.
    pub fn is_readable(&self) -> io::Result<bool> {
        sys::is_readable(&self.0)
    }

    /// What is to be waited for before reading, as a file.
    pub fn sync_file(&self) -> io::Result<OwnedFd> {
        let mut argument = words([SYNC_READ, u32::MAX]);
        sys::ioctl(&self.0, DMA_BUF_EXPORT_SYNC_FILE, &mut argument)?;
        Ok(memory::adopt(word(&argument, 1) as RawFd))
    }
}

/// Has vgem write to a buffer of its own, until [`signal_fence`].
pub fn attach_fence(vgem: &File, handle: u32) -> io::Result<u32> {
    let mut argument = words([handle, VGEM_FENCE_WRITE, 0, 0]);
    sys::ioctl(vgem, VGEM_FENCE_ATTACH, &mut argument)?;
    Ok(word(&argument, 2))
}

/// Ends what [`attach_fence`] began.
pub fn signal_fence(vgem: &File, fence: u32) -> io::Result<()> {
    sys::ioctl(vgem, VGEM_FENCE_SIGNAL, &mut words([fence, 0]))
}

/// `DRM_IOCTL_SYNCOBJ_CREATE`.
pub fn syncobj(file: &File) -> io::Result<u32> {
    let mut argument = words([0, 0]);
    sys::ioctl(file, SYNCOBJ_CREATE, &mut argument)?;
    Ok(word(&argument, 0))
}

/// Puts the fence of a sync file into a syncobj.
pub fn put_fence(file: &File, syncobj: u32, sync_file: &OwnedFd) -> io::Result<()> {
    let fd = sync_file.as_raw_fd() as u32;
    sys::ioctl(
        file,
        SYNCOBJ_FD_TO_HANDLE,
        &mut words([syncobj, SYNC_FILE, fd, 0]),
    )
}

/// Takes it out again, as another sync file.
pub fn take_fence(file: &File, syncobj: u32) -> io::Result<OwnedFd> {
    let mut argument = words([syncobj, SYNC_FILE, u32::MAX, 0]);
    sys::ioctl(file, SYNCOBJ_HANDLE_TO_FD, &mut argument)?;
    Ok(memory::adopt(word(&argument, 2) as RawFd))
}

/// Whether the fence of a sync file has ended.
pub fn is_readable(fd: impl AsFd) -> io::Result<bool> {
    sys::is_readable(fd)
}

fn words<const N: usize>(words: [u32; N]) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_ne_bytes).collect()
}

fn word(argument: &[u8], index: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&argument[4 * index..4 * index + 4]);
    u32::from_ne_bytes(bytes)
}
