// SPDX-License-Identifier: GPL-2.0

//! Three registers that say which GPU it is, and no other.

use std::{
    fs::File,
    io,
    path::Path,
    sync::atomic::Ordering, //
};
use vm_memory::{
    mmap::MmapRegionBuilder,
    Bytes,
    FileOffset,
    VolatileMemory, //
};

/// What the registers read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Registers {
    /// Identification that every NVIDIA chip has.
    pub(super) boot0: u32,
    /// How the device is virtualised.
    pub(super) boot1: u32,
    /// Identification of chips from Fermi on. 0 if `boot0` says that the chip is older.
    pub(super) boot42: u32,
}

const BOOT_0: usize = 0x000;
const BOOT_1: usize = 0x004;
const BOOT_42: usize = 0xa00;

/// The page with all of them.
const PAGE: usize = 0x1000;

/// Reads them through a read-only mapping of the first page of `resource`, each by one access of 32 bits.
///
/// What an older chip may not have is not read.
pub(super) fn read(resource: &Path) -> io::Result<Registers> {
    let file = File::open(resource)?;
    // CAST: widening. Behind the end of a file, memory is mapped but not there.
    if file.metadata()?.len() < PAGE as u64 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let region = MmapRegionBuilder::<()>::new(PAGE)
        .with_mmap_prot(libc::PROT_READ)
        .with_mmap_flags(libc::MAP_SHARED)
        .with_file_offset(FileOffset::new(file, 0))
        .build()
        .map_err(io::Error::other)?;
    let page = region.as_volatile_slice();
    // An atomic load is the one access that is never split, repeated or left out.
    let register = |at| {
        page.load::<u32>(at, Ordering::Relaxed)
            .map_err(io::Error::other)
    };
    let boot0 = register(BOOT_0)?;
    if nova_hw::chip::check_boot0(boot0).is_err() {
        return Ok(Registers {
            boot0,
            boot1: 0,
            boot42: 0,
        });
    }
    Ok(Registers {
        boot0,
        boot1: register(BOOT_1)?,
        boot42: register(BOOT_42)?,
    })
}
