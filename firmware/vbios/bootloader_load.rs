// SPDX-License-Identifier: GPL-2.0

//! What the generic bootloader must be told to fetch FWSEC on Turing and GA100.
//!
//! The driver puts the ucode into memory the GPU can reach ("the object"), the bootloader into IMEM and
//! a descriptor of 84 bytes to the start of DMEM:
//!
//! | offset | size | | |
//! |---|---|---|---|
//! | 0x00 | 32 | reserved, signature | 0 |
//! | 0x20 | 4 | `ctx_dma` | 4: which of the falcon's apertures reaches the object |
//! | 0x24 | 8 | `code_dma_base` | |
//! | 0x2c | 4 | `non_sec_code_off` | in the object and in IMEM |
//! | 0x30 | 4 | `non_sec_code_size` | |
//! | 0x34 | 4 | `sec_code_off` | in the object and in IMEM |
//! | 0x38 | 4 | `sec_code_size` | |
//! | 0x3c | 4 | `code_entry_point` | 0 |
//! | 0x40 | 8 | `data_dma_base` | |
//! | 0x48 | 4 | `data_size` | |
//! | 0x4c | 8 | `argc`, `argv` | 0 |
//!
//! The data go to the start of DMEM.

use super::{
    descriptor::{
        DescriptorV2,
        Place, //
    },
    VbiosError, //
};
use crate::{
    bytes::Region,
    At, //
};
use core::fmt;

/// Unit in which falcons move memory.
const BLOCK: u32 = 256;

/// No falcon's IMEM is larger.
const MAX_IMEM: u32 = 0x1_0000;

/// Bytes of the bootloader's descriptor.
const DESCRIPTOR_SIZE: usize = 84;

/// How FWSEC is loaded by the generic bootloader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootloaderLoad {
    /// Bytes of zeros before the ucode in the object, so that code has the same offset there as in IMEM.
    pub padding: u32,
    /// Bytes of the object: the padding, the code, and the data.
    pub object_size: u32,
    /// The code that runs first, in the object and in IMEM. Not empty.
    pub unsecure_code: Region,
    /// The signed code, in the object and in IMEM.
    pub secure_code: Region,
    /// The data, in the object.
    pub data: Region,
}

impl BootloaderLoad {
    /// Which of the falcon's apertures the bootloader uses: it must reach system memory, by physical
    /// addresses.
    pub const APERTURE: u32 = 4;

    pub(super) fn new(v2: &DescriptorV2, place: &Place) -> Result<Self, At<VbiosError>> {
        let error = |offset, reason| At::new(place.at + offset, reason);
        if v2.dmem_phys_base != 0 {
            return Err(error(0x2c, VbiosError::DataBase(v2.dmem_phys_base)));
        }
        let padding = v2.imem_phys_base;
        let code_end = padding.saturating_add(v2.imem_load_size);
        if code_end > MAX_IMEM {
            return Err(error(0x14, VbiosError::CodeTooHigh(code_end)));
        }
        // The descriptor's own checks leave nothing here that could be negative.
        let unsecure_size = v2.imem_load_size.saturating_sub(v2.imem_sec_size);
        if unsecure_size == 0 {
            return Err(error(0x24, VbiosError::NoUnsecureCode));
        }
        let secure_code = Region {
            offset: padding + v2.imem_sec_base.saturating_sub(v2.imem_virt_base),
            size: v2.imem_sec_size,
        };
        for (offset, value) in [
            (0x14, padding),
            (0x20, secure_code.offset),
            (0x28, code_end),
        ] {
            if value % BLOCK != 0 {
                return Err(error(offset, VbiosError::Misaligned(value)));
            }
        }
        let object_size = code_end
            .checked_add(v2.dmem_load_size)
            .ok_or(error(0x30, VbiosError::UcodeOutside))?;
        Ok(Self {
            padding,
            object_size,
            unsecure_code: Region {
                offset: padding,
                size: unsecure_size,
            },
            secure_code,
            data: Region {
                offset: code_end,
                size: v2.dmem_load_size,
            },
        })
    }

    /// The descriptor for the start of DMEM, if the object is at the DMA address `object`.
    ///
    /// # Errors
    ///
    /// [`BadDmaAddress`], if that is no multiple of 256 or leaves no room for the object.
    pub fn descriptor(&self, object: u64) -> Result<[u8; DESCRIPTOR_SIZE], BadDmaAddress> {
        let bad = BadDmaAddress(object);
        if object % u64::from(BLOCK) != 0 || object.checked_add(self.object_size.into()).is_none() {
            return Err(bad);
        }
        let data = object + u64::from(self.data.offset);
        // CAST: the halves of the addresses.
        let words = [
            (0x20, Self::APERTURE),
            (0x24, object as u32),
            (0x28, (object >> 32) as u32),
            (0x2c, self.unsecure_code.offset),
            (0x30, self.unsecure_code.size),
            (0x34, self.secure_code.offset),
            (0x38, self.secure_code.size),
            (0x40, data as u32),
            (0x44, (data >> 32) as u32),
            (0x48, self.data.size),
        ];
        let mut descriptor = [0; DESCRIPTOR_SIZE];
        for (offset, word) in words {
            for (to, from) in descriptor.iter_mut().skip(offset).zip(word.to_le_bytes()) {
                *to = from;
            }
        }
        Ok(descriptor)
    }
}

/// A DMA address at which the object cannot be. A mistake of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadDmaAddress(pub u64);

impl fmt::Display for BadDmaAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DMA address {:#x} is not usable for ucode", self.0)
    }
}

impl core::error::Error for BadDmaAddress {}
