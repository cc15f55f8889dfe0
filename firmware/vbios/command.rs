// SPDX-License-Identifier: GPL-2.0

//! What FWSEC can be told to do, and how that is written.
//!
//! | offset | size | | |
//! |---|---|---|---|
//! | 0x00 | 4 | `read_vbios.version` | 1 |
//! | 0x04 | 4 | `read_vbios.size` | 24 |
//! | 0x08 | 8 | offset of the GFW image | 0 |
//! | 0x10 | 4 | size of the GFW image | 0 |
//! | 0x14 | 4 | flags | 2 |
//! | 0x18 | 4 | `frts_region.version` | 1 |
//! | 0x1c | 4 | `frts_region.size` | 20 |
//! | 0x20 | 4 | address of the region, in units of 4 KiB | |
//! | 0x24 | 4 | size of the region, in units of 4 KiB | |
//! | 0x28 | 4 | memory | 2, the framebuffer |
//!
//! SB has the first part only.

use core::fmt;

/// Bytes of the longest command.
pub(super) const MAX_SIZE: usize = 44;

/// Bytes of the part that all commands have.
const READ_VBIOS_SIZE: usize = 24;
const FRTS_REGION_SIZE: u32 = 20;

const READ_VBIOS_VERSION: u32 = 1;
const READ_VBIOS_FLAGS: u32 = 2;
const FRTS_REGION_VERSION: u32 = 1;
const FRAMEBUFFER: u32 = 2;

/// Unit of the region's address and size.
const PAGE: u64 = 4096;

/// What FWSEC is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Protect a region of video memory and place verified data in it.
    Frts(FrtsRegion),
    /// Put back what the GPU needs when no driver runs.
    Sb,
}

impl Command {
    /// The number of the command.
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Frts(_) => 0x15,
            Self::Sb => 0x19,
        }
    }

    /// Bytes of the command.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::Frts(_) => MAX_SIZE,
            Self::Sb => READ_VBIOS_SIZE,
        }
    }

    /// The command's bytes, as many as its size; the others are 0.
    pub(super) fn encode(self) -> [u8; MAX_SIZE] {
        // CAST: a small constant.
        let read_vbios = [
            READ_VBIOS_VERSION,
            READ_VBIOS_SIZE as u32,
            0,
            0,
            0,
            READ_VBIOS_FLAGS,
        ];
        let frts_region = match self {
            Self::Frts(region) => [
                FRTS_REGION_VERSION,
                FRTS_REGION_SIZE,
                region.page,
                region.pages,
                FRAMEBUFFER,
            ],
            Self::Sb => [0; 5],
        };
        let mut bytes = [0; MAX_SIZE];
        let words = read_vbios.into_iter().chain(frts_region);
        for (bytes, word) in bytes.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// A region of video memory for FRTS: whole pages below 2^44.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrtsRegion {
    page: u32,
    pages: u32,
}

impl FrtsRegion {
    /// The region of `size` bytes from `address` on in video memory.
    ///
    /// # Errors
    ///
    /// [`BadFrtsRegion`], if either is no multiple of 4 KiB, the size is 0, or the end is beyond 2^44.
    pub fn new(address: u64, size: u64) -> Result<Self, BadFrtsRegion> {
        let bad = BadFrtsRegion { address, size };
        let aligned = address % PAGE == 0 && size % PAGE == 0 && size != 0;
        let end = address
            .checked_add(size)
            .is_some_and(|end| end / PAGE <= 1 << u32::BITS);
        let page = u32::try_from(address / PAGE);
        let pages = u32::try_from(size / PAGE);
        match (page, pages) {
            (Ok(page), Ok(pages)) if aligned && end => Ok(Self { page, pages }),
            _ => Err(bad),
        }
    }
}

/// A region that FRTS cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFrtsRegion {
    /// Address in video memory.
    pub address: u64,
    /// Size in bytes.
    pub size: u64,
}

impl fmt::Display for BadFrtsRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, size } = self;
        write!(
            f,
            "impossible FRTS region of {size:#x} bytes at {address:#x}"
        )
    }
}

impl core::error::Error for BadFrtsRegion {}
