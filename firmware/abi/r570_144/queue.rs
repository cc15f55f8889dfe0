// SPDX-License-Identifier: GPL-2.0

//! The memory shared by driver and GSP, through which all messages go.
//!
//! | offset | bytes | | written by |
//! |---|---|---|---|
//! | 0x00000 | 0x1000 | addresses of all 129 pages | driver |
//! | 0x01000 | 32 | header of the command queue | driver |
//! | 0x01020 | 4 | up to where the driver has read the **status** queue | driver |
//! | 0x02000 | 63 pages | entries of the command queue | driver |
//! | 0x41000 | 32 | header of the status queue | GSP |
//! | 0x41020 | 4 | up to where the GSP has read the **command** queue | GSP |
//! | 0x42000 | 63 pages | entries of the status queue | GSP |
//!
//! Each side writes to its own queue's block only, so the read pointers are where one would look for the
//! other's ("swap RX").

mod header;
mod ring;

pub use header::{
    TxHeader,
    TxHeaderError, //
};
pub use ring::{
    BadPointer,
    Consumer,
    NotEnough,
    Pointer,
    Producer,
    RingError,
    Spans, //
};

use super::{
    wire::{
        fill_with_pages,
        is_page, //
    },
    PAGE_SIZE, //
};
use core::fmt;

/// Entries of each queue. One of them always stays unused.
pub const ENTRIES: u32 = 63;

/// Bytes of an entry.
pub const ENTRY_SIZE: usize = PAGE_SIZE;

/// Bytes of each queue with the page of its headers.
pub const QUEUE_SIZE: usize = 0x4_0000;

/// Pages of the whole memory, the one with the page table included.
pub const PAGES: usize = 129;

/// Bytes of the whole memory.
pub const MEMORY_SIZE: usize = PAGES * PAGE_SIZE;

/// Offset of the command queue in the memory.
pub const COMMAND_QUEUE: usize = 0x1000;

/// Offset of the status queue in the memory.
pub const STATUS_QUEUE: usize = COMMAND_QUEUE + QUEUE_SIZE;

/// Offset of a queue's write pointer in the queue.
pub const WRITE_POINTER: usize = 0x10;

/// Offset in a queue of the pointer up to where the queue's **writer** has read the other queue.
pub const READ_POINTER: usize = 0x20;

/// Offset of a queue's first entry in the queue.
pub const FIRST_ENTRY: usize = 0x1000;

/// The memory's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory(u64);

/// The memory cannot be at this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadMemory(pub u64);

impl fmt::Display for BadMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "queues cannot be at {:#x}", self.0)
    }
}

impl core::error::Error for BadMemory {}

impl Memory {
    /// The memory at a DMA address, physically contiguous.
    ///
    /// # Errors
    ///
    /// [`BadMemory`], if that is no page's address, or the memory would not end.
    pub fn new(address: u64) -> Result<Self, BadMemory> {
        // CAST: a constant.
        if !is_page(address) || address.checked_add(MEMORY_SIZE as u64).is_none() {
            return Err(BadMemory(address));
        }
        Ok(Self(address))
    }

    /// The DMA address.
    pub const fn address(self) -> u64 {
        self.0
    }

    /// Writes the memory's first page.
    pub fn encode_page_table(self, page: &mut [u8; PAGE_SIZE]) {
        fill_with_pages(page, self.0, PAGES);
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases;
#[cfg(test)]
mod tests;
