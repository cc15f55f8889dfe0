// SPDX-License-Identifier: GPL-2.0

//! The table of memory regions that LibOS, the GSP's operating system, starts with.
//!
//! It is a page of 128 slots of 32 bytes; the first slot without a name ends it.
//!
//! | offset | size | | |
//! |---|---|---|---|
//! | 0 | 8 | `id8` | name, first character most significant |
//! | 8 | 8 | `pa` | DMA address |
//! | 16 | 8 | `size` | bytes, a multiple of the page size |
//! | 24 | 1 | `kind` | 1, contiguous |
//! | 25 | 1 | `loc` | 1, system memory |
//! | 26 | 6 | | 0 |
//!
//! A log buffer begins with a counter of words written (8 bytes) and, until GSP first writes, a table of
//! its own pages' addresses.

use super::{
    wire::{
        fill_with_pages,
        is_page,
        Wire, //
    },
    PAGE_SIZE, //
};
use core::fmt;

/// Bytes of the table.
pub const TABLE_SIZE: usize = PAGE_SIZE;

/// Bytes of each log buffer.
pub const LOG_SIZE: usize = 0x1_0000;

/// Bytes at the start of a log buffer that the driver writes; the others are 0.
pub const LOG_HEADER_SIZE: usize = 8 + LOG_SIZE / PAGE_SIZE * 8;

const SLOT_SIZE: usize = 32;
const CONTIGUOUS: u8 = 1;
const SYSTEM_MEMORY: u8 = 1;

/// A contiguous region of system memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// DMA address, of a whole page.
    pub address: u64,
    /// Bytes, a multiple of the page size.
    pub size: u64,
}

/// The regions of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regions {
    /// Log of the boot.
    pub log_init: Region,
    /// Log of interrupt handling.
    pub log_intr: Region,
    /// Log of GSP-RM.
    pub log_rm: Region,
    /// The page that begins with GSP-RM's arguments.
    pub rm_args: Region,
}

/// A region that LibOS would not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRegion {
    /// Its name.
    pub name: &'static str,
    /// What it was to be.
    pub region: Region,
}

impl fmt::Display for BadRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Region { address, size } = self.region;
        write!(
            f,
            "{} has {size:#x} bytes at {address:#x}, which are no whole pages",
            self.name
        )
    }
}

impl core::error::Error for BadRegion {}

/// A name of at most eight characters as a number.
const fn id8(name: &str) -> u64 {
    let name = name.as_bytes();
    assert!(name.len() <= 8);
    let mut id = 0;
    let mut index = 0;
    while index < name.len() {
        // CAST: widening.
        id = id << 8 | name[index] as u64;
        index += 1;
    }
    id
}

impl Region {
    fn is_whole_pages(self) -> bool {
        is_page(self.address) && is_page(self.size) && self.address.checked_add(self.size).is_some()
    }
}

impl Regions {
    /// The regions in the order of the table, with their names and what the names are as numbers.
    fn slots(&self) -> [(&'static str, u64, Region); 4] {
        [
            ("LOGINIT", const { id8("LOGINIT") }, self.log_init),
            ("LOGINTR", const { id8("LOGINTR") }, self.log_intr),
            ("LOGRM", const { id8("LOGRM") }, self.log_rm),
            ("RMARGS", const { id8("RMARGS") }, self.rm_args),
        ]
    }

    /// Writes the whole table.
    ///
    /// # Errors
    ///
    /// [`BadRegion`], if a region is not of whole pages; then nothing is written.
    pub fn encode(&self, table: &mut [u8; TABLE_SIZE]) -> Result<(), BadRegion> {
        let slots = self.slots();
        for (name, _, region) in slots {
            if !region.is_whole_pages() {
                return Err(BadRegion { name, region });
            }
        }
        table.fill(0);
        for (bytes, (_, id, region)) in table.chunks_exact_mut(SLOT_SIZE).zip(slots) {
            let mut slot = Wire::<SLOT_SIZE>::zeroed();
            slot.put_u64::<0>(id)
                .put_u64::<8>(region.address)
                .put_u64::<16>(region.size)
                .put_u8::<24>(CONTIGUOUS)
                .put_u8::<25>(SYSTEM_MEMORY);
            bytes.copy_from_slice(&slot.into_bytes());
        }
        Ok(())
    }
}

/// The start of an empty log buffer of [`LOG_SIZE`] bytes at the DMA address `base`.
///
/// # Errors
///
/// [`BadRegion`], if that is not of whole pages.
pub fn log_header(base: u64) -> Result<[u8; LOG_HEADER_SIZE], BadRegion> {
    let region = Region {
        address: base,
        // CAST: a constant.
        size: LOG_SIZE as u64,
    };
    if !region.is_whole_pages() {
        return Err(BadRegion {
            name: "log buffer",
            region,
        });
    }
    let mut header = [0; LOG_HEADER_SIZE];
    // PANIC: the header is longer than its counter.
    fill_with_pages(&mut header[8..], base, LOG_SIZE / PAGE_SIZE);
    Ok(header)
}

#[cfg(test)]
mod tests;
