// SPDX-License-Identifier: GPL-2.0

//! How FWSEC is loaded by the falcon's own DMA and verified by its boot ROM: GA102 and later.
//!
//! The driver puts the ucode into memory the GPU can reach ("the object"). The code starts at virtual
//! address 0: its tags count from there, and so does the boot vector.

use super::{
    descriptor::{
        DescriptorV3,
        Place, //
    },
    VbiosError, //
};
use crate::At;

/// Unit in which falcons move memory.
const BLOCK: u32 = 256;

/// Addresses in falcon memory have 24 bits.
const DESTINATION_END: u32 = 1 << 24;

/// A transfer from the object to one of the falcon's memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// From which byte of the object. A multiple of 256.
    pub source: u32,
    /// To which byte of the memory. All blocks are below 2^24.
    pub destination: u32,
    /// Number of blocks of 256 bytes, all of them inside the object.
    pub blocks: u32,
}

/// What the boot ROM needs to know to verify the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootRomParameters {
    /// Where the signature is in DMEM.
    pub pkc_data_offset: u32,
    /// Mask of the engines the code may run on.
    pub engine_id_mask: u16,
    /// Number of the ucode among those of the engine.
    pub ucode_id: u8,
}

/// How FWSEC is loaded by DMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DmaLoad {
    /// Bytes of the object: the ucode, and zeros up to a multiple of 256.
    pub object_size: u32,
    /// The code, all of which is signed.
    pub imem: Transfer,
    /// The data.
    pub dmem: Transfer,
    /// What the boot ROM needs to know.
    pub boot_rom: BootRomParameters,
}

impl DmaLoad {
    pub(super) fn new(v3: &DescriptorV3, place: &Place) -> Result<Self, At<VbiosError>> {
        let error = |offset, reason| At::new(place.at + offset, reason);
        let code_size = v3.imem_load_size;
        if code_size == 0 {
            return Err(error(0x14, VbiosError::CodeEmpty));
        }
        if code_size % BLOCK != 0 {
            return Err(error(0x14, VbiosError::Misaligned(code_size)));
        }
        let object_size = code_size
            .checked_add(v3.dmem_load_size)
            .and_then(|size| size.checked_next_multiple_of(BLOCK))
            .ok_or(error(0x20, VbiosError::UcodeOutside))?;
        let transfer = |source, base: u32, base_offset, size: u32| {
            let end = base.checked_add(size.next_multiple_of(BLOCK));
            match end {
                Some(end) if end <= DESTINATION_END => Ok(Transfer {
                    source,
                    destination: base,
                    blocks: size.div_ceil(BLOCK),
                }),
                _ => Err(error(base_offset, VbiosError::DestinationTooHigh(base))),
            }
        };
        Ok(Self {
            object_size,
            imem: transfer(0, v3.imem_phys_base, 0x10, code_size)?,
            dmem: transfer(code_size, v3.dmem_phys_base, 0x1c, v3.dmem_load_size)?,
            boot_rom: BootRomParameters {
                pkc_data_offset: v3.pkc_data_offset,
                engine_id_mask: v3.engine_id_mask,
                ucode_id: v3.ucode_id,
            },
        })
    }
}
