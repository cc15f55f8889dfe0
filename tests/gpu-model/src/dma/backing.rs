// SPDX-License-Identifier: GPL-2.0

//! A memory file of the client, mapped once and accessed without ever forming a reference to
//! bytes that the guest may change.

use std::{
    fs::File,
    io,
    os::unix::fs::MetadataExt, //
};

use rustix::fs::{
    fcntl_getfl,
    OFlags, //
};
use vm_memory::{
    bitmap::BitmapSlice,
    FileOffset,
    MmapRegion,
    VolatileMemory,
    VolatileSlice, //
};

const PROT_READ: i32 = 1;
const PROT_WRITE: i32 = 2;
const MAP_SHARED: i32 = 1;
const MAP_NORESERVE: i32 = 0x4000;

/// Which file it is, so that the same one is not mapped twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    writable: bool,
}

/// The identity of `file`.
pub(super) fn identity(file: &File) -> io::Result<Identity> {
    let metadata = file.metadata()?;
    let mode = fcntl_getfl(file)? & OFlags::RWMODE;
    Ok(Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        writable: mode == OFlags::RDWR,
    })
}

/// A mapped file.
#[derive(Debug)]
pub(super) struct Backing {
    region: MmapRegion,
    identity: Identity,
}

impl Backing {
    /// Maps all of `file`, shared with whoever else has it.
    pub(super) fn map(file: File, identity: Identity) -> Result<Self, String> {
        let len = file.metadata().map_err(|e| e.to_string())?.len();
        let size = usize::try_from(len).map_err(|e| e.to_string())?;
        let protection = if identity.writable {
            PROT_READ | PROT_WRITE
        } else {
            PROT_READ
        };
        let region = MmapRegion::build(
            Some(FileOffset::new(file, 0)),
            size,
            protection,
            MAP_SHARED | MAP_NORESERVE,
        )
        .map_err(|e| e.to_string())?;
        Ok(Self { region, identity })
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn is_writable(&self) -> bool {
        self.identity.writable
    }

    /// Length of the file in bytes.
    pub(super) fn len(&self) -> u64 {
        self.region.size() as u64
    }

    /// Does the file have `size` bytes from `offset`?
    pub(super) fn covers(&self, offset: u64, size: u64) -> bool {
        offset
            .checked_add(size)
            .is_some_and(|end| end <= self.len())
    }

    /// Copies from `offset` into `out`. What lies past the end reads as it was.
    pub(super) fn read(&self, offset: u64, out: &mut [u8]) {
        if let Some(slice) = self.slice(offset, out.len()) {
            slice.copy_to(out);
        }
    }

    /// Copies `data` to `offset`. What lies past the end is dropped.
    pub(super) fn write(&self, offset: u64, data: &[u8]) {
        if let Some(slice) = self.slice(offset, data.len()) {
            slice.copy_from(data);
        }
    }

    fn slice(&self, offset: u64, len: usize) -> Option<VolatileSlice<'_, impl BitmapSlice + '_>> {
        let offset = usize::try_from(offset).ok()?;
        self.region.get_slice(offset, len).ok()
    }
}
