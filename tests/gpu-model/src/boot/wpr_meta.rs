// SPDX-License-Identifier: GPL-2.0

//! `GspFwWprMeta`: the driver's plan of the protected region, and everything booter checks in it.
//!
//! FMC, on chips that boot through FSP, is given the same structure with other contents; see
//! [`crate::fsp_boot`].

use std::ops::Range;

use super::wpr2::Wpr2;
use crate::{
    chips::{
        Chip,
        Family, //
    },
    vram::MIB,
};

/// Bytes of the structure.
pub const SIZE: usize = 256;
/// Magic of a cold boot.
pub const MAGIC: u64 = 0xdc3a_ae21_371a_60b3;
/// Magic of `GspFwSRMeta`, which describes a suspended state.
pub const SUSPEND_MAGIC: u64 = 0x8a3b_b9e6_c6c3_9d93;

const PAGE: u64 = 4096;
const WPR_ALIGNMENT: u64 = 128 << 10;
const IMAGE_ALIGNMENT: u64 = 64 << 10;
const FRTS_SIZE: u64 = MIB;
const SIGNATURE_SIZE: u64 = 4096;
/// Between start of the region and heap there is room for the structure itself.
const HEAP_DISTANCE: u64 = SIZE as u64;

/// The fields that booter or FMC uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WprMeta {
    /// Bus address of the image's page table.
    pub radix3: u64,
    /// Bytes of the image.
    pub image_size: u64,
    /// Bus address of the bootloader.
    pub bootloader: u64,
    /// Bytes of the bootloader.
    pub bootloader_size: u64,
    /// Offsets of code, data and manifest in the bootloader.
    pub bootloader_offsets: [u64; 3],
    /// Bus address of the image's signature.
    pub signature: u64,
    /// Bytes of the signature.
    pub signature_size: u64,
    /// First byte of VRAM that firmware keeps for itself.
    pub reserved_start: u64,
    /// Heap outside the region.
    pub plain_heap: (u64, u64),
    /// Start of the region.
    pub start: u64,
    /// Heap: offset and bytes.
    pub heap: (u64, u64),
    /// Offset of the image.
    pub image: u64,
    /// Offset of the bootloader.
    pub boot_binary: u64,
    /// FRTS: offset and bytes.
    pub frts: (u64, u64),
    /// End of the region.
    pub end: u64,
    /// Usable VRAM.
    pub vram: u64,
    /// VGA workspace: offset and bytes.
    pub vga: (u64, u64),
    /// Virtual functions that the heap is for.
    pub vf_partitions: u8,
    /// Switches.
    pub flags: u8,
    /// Bytes for the power management unit.
    pub pmu_reserved: u32,
}

/// Why the plan is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong(pub String);

fn ensure(condition: bool, what: impl FnOnce() -> String) -> Result<(), Wrong> {
    if condition {
        Ok(())
    } else {
        Err(Wrong(what()))
    }
}

/// The dword pair at `at` of the structure.
pub fn u64_at(bytes: &[u8; SIZE], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

impl WprMeta {
    /// Reads the structure, whose magic is known to be right.
    ///
    /// # Errors
    /// [`Wrong`] if a field has a value that a cold boot does not have.
    pub fn parse(bytes: &[u8; SIZE]) -> Result<Self, Wrong> {
        let long = |at| u64_at(bytes, at);
        for (at, name, want) in [
            (8, "revision", 1),
            (200, "boot count", 0),
            (248, "verified", 0),
        ] {
            ensure(long(at) == want, || {
                format!("{name} is {:#x}, not {want}", long(at))
            })?;
        }
        ensure(bytes[242..244] == [0, 0], || {
            "padding at 242 is not zero".into()
        })?;
        Ok(Self {
            radix3: long(16),
            image_size: long(24),
            bootloader: long(32),
            bootloader_size: long(40),
            bootloader_offsets: [long(48), long(56), long(64)],
            signature: long(72),
            signature_size: long(80),
            reserved_start: long(88),
            plain_heap: (long(96), long(104)),
            start: long(112),
            heap: (long(120), long(128)),
            image: long(136),
            boot_binary: long(144),
            frts: (long(152), long(160)),
            end: long(168),
            vram: long(176),
            vga: (long(184), long(192)),
            vf_partitions: bytes[240],
            flags: bytes[241],
            // CAST: the upper half of the word that begins four bytes before it.
            pmu_reserved: (long(240) >> 32) as u32,
        })
    }

    /// The region as booter locks it.
    pub fn region(&self) -> Range<u64> {
        self.start..self.frts.0 + self.frts.1
    }

    /// Does the plan fit VRAM, and what FWSEC has set up?
    ///
    /// # Errors
    /// [`Wrong`] with the first contradiction.
    pub fn check_layout(&self, chip: &Chip, vram: u64, wpr2: Wpr2) -> Result<(), Wrong> {
        let end = |(offset, size): (u64, u64), name: &str| {
            offset
                .checked_add(size)
                .ok_or_else(|| Wrong(format!("{name} wraps around")))
        };
        let is_ga100 = chip.family == Family::Ga100;
        ensure(self.vram == vram, || {
            format!("VRAM of {:#x} bytes; the card has {vram:#x}", self.vram)
        })?;
        ensure(end(self.vga, "VGA workspace")? == vram, || {
            format!("VGA workspace {:#x?} does not end with VRAM", self.vga)
        })?;
        ensure(
            self.end % WPR_ALIGNMENT == 0 && self.end <= self.vga.0,
            || {
                format!(
                    "region ends at {:#x}, which is not 128 KiB aligned below the VGA workspace",
                    self.end
                )
            },
        )?;
        ensure(end(self.frts, "FRTS")? == self.end, || {
            format!(
                "FRTS {:#x?} does not end with the region at {:#x}",
                self.frts, self.end
            )
        })?;
        let frts_size = if is_ga100 { 0 } else { FRTS_SIZE };
        ensure(self.frts.1 == frts_size, || {
            format!("FRTS has {:#x} bytes, not {frts_size:#x}", self.frts.1)
        })?;
        if !is_ga100 {
            ensure(wpr2.is_set() && wpr2.start() == self.frts.0, || {
                format!(
                    "FRTS is at {:#x}, but FWSEC has set up {:#x}",
                    self.frts.0,
                    wpr2.start()
                )
            })?;
        }
        self.check_parts(&end, chip)
    }

    fn check_parts(
        &self,
        end: &impl Fn((u64, u64), &str) -> Result<u64, Wrong>,
        chip: &Chip,
    ) -> Result<(), Wrong> {
        let boot_end = end((self.boot_binary, self.bootloader_size), "bootloader")?;
        ensure(
            self.boot_binary % PAGE == 0 && boot_end <= self.frts.0,
            || {
                format!(
                    "bootloader at {:#x} to {boot_end:#x} is not below FRTS",
                    self.boot_binary
                )
            },
        )?;
        let image_end = end((self.image, self.image_size), "image")?;
        ensure(
            self.image % IMAGE_ALIGNMENT == 0 && image_end <= self.boot_binary,
            || {
                format!(
                    "image at {:#x} to {image_end:#x} is not below the bootloader",
                    self.image
                )
            },
        )?;
        let heap_end = end(self.heap, "heap")?;
        ensure(
            self.heap.0 % MIB == 0 && self.heap.1 % MIB == 0 && heap_end <= self.image,
            || format!("heap {:#x?} is not in whole MiB below the image", self.heap),
        )?;
        let least = match chip.family {
            Family::Turing | Family::Ga100 => 64 * MIB,
            _ => 88 * MIB,
        };
        ensure(self.heap.1 >= least, || {
            format!("heap of {:#x} bytes; it needs {least:#x}", self.heap.1)
        })?;
        let room = self.start.checked_add(HEAP_DISTANCE);
        ensure(
            self.start % WPR_ALIGNMENT == 0 && room.is_some_and(|room| room <= self.heap.0),
            || {
                format!(
                    "region begins at {:#x}, heap at {:#x}",
                    self.start, self.heap.0
                )
            },
        )?;
        ensure(
            end(self.plain_heap, "heap outside the region")? == self.start,
            || {
                format!(
                    "heap outside the region {:#x?} does not end where it begins",
                    self.plain_heap
                )
            },
        )?;
        ensure(self.reserved_start == self.plain_heap.0, || {
            format!("reserved memory begins at {:#x}", self.reserved_start)
        })
    }

    /// Are the addresses and sizes of guest memory such as a driver can mean?
    ///
    /// # Errors
    /// [`Wrong`] with the first that is not.
    pub fn check_host(&self, dma_bits: u32) -> Result<(), Wrong> {
        for (name, address) in [
            ("radix-3 table", self.radix3),
            ("bootloader", self.bootloader),
            ("signature", self.signature),
        ] {
            ensure(
                address != 0 && address % PAGE == 0 && address >> dma_bits == 0,
                || format!("{name} at {address:#x} is not a page that {dma_bits} bits can name"),
            )?;
        }
        ensure(self.signature_size == SIGNATURE_SIZE, || {
            format!(
                "signature of {:#x} bytes, not {SIGNATURE_SIZE:#x}",
                self.signature_size
            )
        })?;
        ensure(self.image_size != 0 && self.image_size <= 1 << 30, || {
            format!("image of {:#x} bytes", self.image_size)
        })?;
        ensure(
            self.bootloader_offsets
                .iter()
                .all(|offset| *offset < self.bootloader_size),
            || {
                format!(
                    "offsets {:#x?} are not in the bootloader",
                    self.bootloader_offsets
                )
            },
        )
    }
}
