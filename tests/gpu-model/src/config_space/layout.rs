// SPDX-License-Identifier: GPL-2.0

//! Description of a configuration space: reset bytes, masks, BARs, capability offsets.

use super::{
    BAR_0,
    ROM,
    SIZE, //
};

/// One base address register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Size in bytes, a power of two.
    pub size: u64,
    /// Does it take two registers?
    pub is_64bit: bool,
    /// May reads be merged and prefetched?
    pub prefetchable: bool,
    /// I/O space instead of memory.
    pub io: bool,
}

impl Bar {
    /// A 64-bit prefetchable memory BAR.
    pub const fn wide(size: u64) -> Self {
        Self {
            size,
            is_64bit: true,
            prefetchable: true,
            io: false,
        }
    }

    /// A 32-bit non-prefetchable memory BAR.
    pub const fn narrow(size: u64) -> Self {
        Self {
            size,
            is_64bit: false,
            prefetchable: false,
            io: false,
        }
    }

    /// An I/O BAR.
    pub const fn io(size: u64) -> Self {
        Self {
            size,
            is_64bit: false,
            prefetchable: false,
            io: true,
        }
    }

    fn type_bits(self) -> u32 {
        if self.io {
            1
        } else {
            u32::from(self.is_64bit) << 2 | u32::from(self.prefetchable) << 3
        }
    }
}

/// Offsets of the capabilities that the device acts on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Power management.
    pub power: usize,
    /// PCI Express.
    pub express: usize,
    /// MSI, if guests can see it.
    pub msi: Option<usize>,
    /// Vectors of MSI.
    pub msi_vectors: u32,
    /// MSI-X, if guests can see it.
    pub msix: Option<usize>,
    /// Vectors of MSI-X.
    pub msix_vectors: u32,
}

/// Everything that does not change about a configuration space.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) reset: Box<[u8; SIZE]>,
    pub(super) writable: Box<[u8; SIZE]>,
    pub(super) write_1_clears: Box<[u8; SIZE]>,
    pub(super) bars: [Option<Bar>; 6],
    pub(super) rom_size: Option<u32>,
    pub(super) caps: Caps,
}

impl Layout {
    pub(super) fn new() -> Self {
        Self {
            reset: Box::new([0; SIZE]),
            writable: Box::new([0; SIZE]),
            write_1_clears: Box::new([0; SIZE]),
            bars: [None; 6],
            rom_size: None,
            caps: Caps::default(),
        }
    }

    /// Sets the reset value of a dword and the bits of it that can be written.
    pub(super) fn dword(&mut self, offset: usize, reset: u32, writable: u32) -> &mut Self {
        self.reset[offset..offset + 4].copy_from_slice(&reset.to_le_bytes());
        self.writable[offset..offset + 4].copy_from_slice(&writable.to_le_bytes());
        self
    }

    /// Marks bits of a dword that writing ones clears.
    pub(super) fn clears(&mut self, offset: usize, bits: u32) -> &mut Self {
        self.write_1_clears[offset..offset + 4].copy_from_slice(&bits.to_le_bytes());
        self
    }

    /// Sets the reset value of one byte and the bits of it that can be written.
    pub(super) fn byte(&mut self, offset: usize, reset: u8, writable: u8) -> &mut Self {
        self.reset[offset] = reset;
        self.writable[offset] = writable;
        self
    }

    /// Puts `bar` into register `index`; a 64-bit BAR takes the next one too.
    pub(super) fn bar(&mut self, index: usize, bar: Bar) -> &mut Self {
        let mask = !(bar.size - 1);
        let low_mask = if bar.io { !3 } else { !0xf };
        // CAST: the two halves of the mask.
        self.dword(BAR_0 + 4 * index, bar.type_bits(), mask as u32 & low_mask);
        if bar.is_64bit {
            self.dword(BAR_0 + 4 * index + 4, 0, (mask >> 32) as u32);
        }
        self.bars[index] = Some(bar);
        self
    }

    /// Adds an expansion ROM BAR of `size` bytes, a power of two of at least 2 KiB.
    pub(super) fn rom(&mut self, size: u32) -> &mut Self {
        self.rom_size = Some(size);
        self.dword(ROM, 0, !(size - 1) | 1)
    }

    /// Address bits of BAR register `index`, without type bits.
    pub(super) fn address_bits(&self, index: usize) -> u32 {
        let at = BAR_0 + 4 * index;
        let mask = &self.writable[at..at + 4];
        u32::from_le_bytes([mask[0], mask[1], mask[2], mask[3]])
    }
}
