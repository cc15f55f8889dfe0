// SPDX-License-Identifier: GPL-2.0

//! Memory that is handed to the kernel by address: scratch space for arguments, and mapped objects.
//!
//! Neither is ever borrowed as a slice: the kernel and other threads may write to it at any time. Objects are read
//! and written by system calls, which report memory that is gone as `EFAULT` where a load would end the program by
//! `SIGBUS`.

use std::{
    fs::File,
    io,
    os::fd::{
        AsRawFd,
        FromRawFd,
        OwnedFd,
        RawFd, //
    },
    ptr,
};

const PAGE: usize = 4096;

/// Pages that an ioctl may read and write, before an address where nothing can be mapped.
pub struct Scratch {
    base: *mut u8,
    len: usize,
}

impl Scratch {
    /// `len` is in bytes, a multiple of the page size.
    ///
    /// # Errors
    /// The kernel's errno.
    pub fn new(len: usize) -> io::Result<Self> {
        assert!(len % PAGE == 0, "{len} is no number of pages");
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no existing memory.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                len + PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the last page of the mapping made above, to which nothing refers.
        let fenced = unsafe { libc::mprotect(base.byte_add(len), PAGE, libc::PROT_NONE) };
        let scratch = Self {
            base: base.cast(),
            len,
        };
        if fenced < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(scratch)
    }

    /// The address of a byte; that of `len` is the first one at which nothing is mapped.
    pub fn address(&self, offset: usize) -> u64 {
        assert!(offset <= self.len, "offset {offset:#x} lies outside");
        self.base.wrapping_add(offset) as u64
    }

    /// Bytes in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Writes `bytes` at `offset`.
    pub fn put(&self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= self.len, "no room at {offset:#x}");
        // SAFETY: the range is inside the mapping, which `bytes` cannot overlap, since nobody borrows from it.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.add(offset), bytes.len());
        }
    }

    /// Reads `bytes.len()` bytes at `offset`.
    pub fn get(&self, offset: usize, bytes: &mut [u8]) {
        assert!(offset + bytes.len() <= self.len, "no bytes at {offset:#x}");
        // SAFETY: as in `put`.
        unsafe {
            ptr::copy_nonoverlapping(self.base.add(offset), bytes.as_mut_ptr(), bytes.len());
        }
    }

    /// An ioctl with any number, whose argument is at `address` and holds whatever the caller has put there.
    ///
    /// The kernel writes where the argument's pointers lead: they must lead into scratch space, or to where
    /// nothing is mapped. `address` as well.
    ///
    /// # Errors
    /// The kernel's errno.
    pub fn ioctl(&self, fd: RawFd, number: u32, address: u64) -> io::Result<()> {
        // SAFETY: by this function's contract the kernel writes to scratch space only, which nobody borrows.
        let result = unsafe { libc::ioctl(fd, u64::from(number), address) };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `new`, from which nobody borrows.
        unsafe { libc::munmap(self.base.cast(), self.len + PAGE) };
    }
}

/// A mapped part of an object.
pub struct Mapping {
    base: *mut libc::c_void,
    len: usize,
}

impl Mapping {
    /// Maps `len` bytes from the fake offset `offset` of a node, shared, for reading and writing.
    ///
    /// # Errors
    /// The kernel's errno.
    pub fn new(fd: RawFd, offset: u64, len: usize) -> io::Result<Self> {
        let offset = libc::off_t::try_from(offset)
            .map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no existing memory.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                fd,
                offset,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { base, len })
    }

    /// Bytes mapped.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Writes the bytes of `source` from its beginning to `offset` of the mapping, by `pread`.
    ///
    /// # Errors
    /// `EFAULT` if the memory is gone.
    pub fn fill(&self, offset: usize, len: usize, source: &File) -> io::Result<usize> {
        assert!(offset + len <= self.len, "outside of the mapping");
        // SAFETY: the range is inside this mapping, from which nobody borrows.
        count(unsafe { libc::pread(source.as_raw_fd(), self.base.byte_add(offset), len, 0) })
    }

    /// Reads the mapping from `offset` into the beginning of `target`, by `pwrite`.
    ///
    /// # Errors
    /// `EFAULT` if the memory is gone.
    pub fn dump(&self, offset: usize, len: usize, target: &File) -> io::Result<usize> {
        assert!(offset + len <= self.len, "outside of the mapping");
        // SAFETY: as in `fill`.
        count(unsafe { libc::pwrite(target.as_raw_fd(), self.base.byte_add(offset), len, 0) })
    }

    /// Writes to each page. The program ends by `SIGBUS` if the memory is gone.
    pub fn touch_pages(&self) {
        for offset in (0..self.len).step_by(PAGE) {
            // SAFETY: the byte is inside this mapping, from which nobody borrows.
            unsafe { self.base.cast::<u8>().add(offset).write_volatile(1) };
        }
    }

    /// Unmaps all from `offset` on, which is a multiple of the page size and not 0.
    ///
    /// # Errors
    /// The kernel's errno.
    pub fn shorten(&mut self, offset: usize) -> io::Result<()> {
        assert!(offset > 0 && offset < self.len && offset % PAGE == 0);
        // SAFETY: the end of this mapping, from which nobody borrows.
        if unsafe { libc::munmap(self.base.byte_add(offset), self.len - offset) } < 0 {
            return Err(io::Error::last_os_error());
        }
        self.len = offset;
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly what is left of the mapping made in `new`.
        unsafe { libc::munmap(self.base, self.len) };
    }
}

/// A file in memory, for [`Mapping::fill`] and [`Mapping::dump`].
///
/// # Errors
/// The kernel's errno.
pub fn memory_file() -> io::Result<File> {
    // SAFETY: the name is a string with an end.
    let fd = unsafe { libc::memfd_create(c"drm-probe".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a descriptor made just now, which nobody else owns.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// A file in memory that will not become shorter than it is, `len` bytes.
///
/// # Errors
/// The kernel's errno.
pub fn sealed_memory(len: u64) -> io::Result<File> {
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: the name is a string with an end.
    let fd = unsafe { libc::memfd_create(c"drm-probe".as_ptr(), flags) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    let file = File::from(adopt(fd));
    file.set_len(len)?;
    // SAFETY: the descriptor is open, and sealing takes a number.
    if unsafe { libc::fcntl(fd, libc::F_ADD_SEALS, libc::F_SEAL_SHRINK) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(file)
}

/// Takes charge of a descriptor that some call has just made, and that nobody else will close.
pub fn adopt(fd: RawFd) -> OwnedFd {
    // SAFETY: the caller's: it is open and nobody else's.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// An eventfd, which the caller closes.
///
/// # Errors
/// The kernel's errno.
pub fn event_fd() -> io::Result<RawFd> {
    // SAFETY: the call takes no pointers.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(fd)
}

/// Closes a descriptor that some ioctl has made, and that nobody else will close.
pub fn close(fd: RawFd) {
    // SAFETY: no `File` owns what ioctls return.
    unsafe { libc::close(fd) };
}

fn count(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        io::Read, //
    };

    #[test]
    fn what_is_put_can_be_got_and_nothing_is_behind_the_end() {
        let scratch = Scratch::new(PAGE).unwrap();
        scratch.put(PAGE - 3, b"end");
        let mut bytes = [0; 3];
        scratch.get(PAGE - 3, &mut bytes);
        assert_eq!(&bytes, b"end");
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let fence = format!("{:x}-", scratch.address(PAGE));
        let line = maps.lines().find(|line| line.starts_with(&fence));
        assert!(line.is_some_and(|line| line.contains(" ---p ")), "{line:?}");
    }

    #[test]
    fn a_mapping_is_written_and_read_by_system_calls_and_reports_what_is_gone() {
        let (object, copy) = (memory_file().unwrap(), memory_file().unwrap());
        object.set_len(2 * PAGE as u64).unwrap();
        let mut mapping = Mapping::new(object.as_raw_fd(), 0, 2 * PAGE).unwrap();
        let zero = File::open("/dev/zero").unwrap();
        assert_eq!(mapping.fill(PAGE, 8, &zero).unwrap(), 8);
        assert_eq!(mapping.dump(PAGE, 8, &copy).unwrap(), 8);
        let mut bytes = Vec::new();
        (&copy).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [0; 8]);
        object.set_len(PAGE as u64).unwrap();
        let gone = mapping.dump(PAGE, 8, &copy).unwrap_err();
        assert_eq!(gone.raw_os_error(), Some(libc::EFAULT));
        mapping.shorten(PAGE).unwrap();
        assert_eq!(mapping.len(), PAGE);
        assert_eq!(mapping.dump(0, 8, &copy).unwrap(), 8);
    }
}
