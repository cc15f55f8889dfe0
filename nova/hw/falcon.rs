// SPDX-License-Identifier: GPL-2.0

//! Putting programs into falcons: what goes where, block by block and word by word.
//!
//! A falcon has a memory for code (IMEM) and one for data (DMEM), both in blocks of 256 bytes. Code is
//! found by *tags*: the tag of a block is its virtual address divided by 256, and the block itself may be
//! anywhere. There are two ways in:
//!
//! - [`dma`]: the falcon fetches blocks from system memory, on GA102 and later;
//! - [`pio`]: the CPU writes word by word, on Turing and GA100.
//!
//! Both kinds of program are described by offsets into a piece of memory that the driver keeps ("the
//! object"), so that a description can be stored beside it and used any number of times.

pub mod dma;
pub mod pio;

/// Bytes of a block.
pub const BLOCK: u32 = 256;

/// Bytes of the GSP falcon's IMEM on Turing and GA100, at whose end the generic bootloader is put.
///
/// The falcon could be asked, but has answered this on all of them.
pub const GSP_IMEM_SIZE: u32 = 0x1_0000;

#[cfg(test)]
pub(crate) mod tests;
