// SPDX-License-Identifier: GPL-2.0

//! The boot ROM of GA10x and Ada: before secure code runs, its signature has to be in data
//! memory where four registers say, and be the one that a fuse asks for.

use super::{
    memory::Dmem,
    Which, //
};
use crate::violations::{
    Complaint,
    FalconRule, //
};

/// `MOD_SEL` for RSA-3072 signatures.
const RSA3K: u32 = 1;
/// Bytes of such a signature.
pub const SIGNATURE_SIZE: usize = 384;
/// Ucode ids that have a fuse.
const UCODE_IDS: std::ops::RangeInclusive<u32> = 1..=16;

/// The registers that tell the boot ROM what to check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// `MOD_SEL`.
    pub algorithm: u32,
    /// `BROM_CURR_UCODE_ID`.
    pub ucode_id: u32,
    /// `BROM_ENGIDMASK`.
    pub engine_mask: u32,
    /// `BROM_PARAADDR(0)`: offset of the signature in data memory.
    pub signature: u32,
}

/// What a program's own file says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Ucode id.
    pub ucode_id: u32,
    /// Engines it may run on.
    pub engine_mask: u32,
    /// Offset of the signature in data memory.
    pub signature: u32,
}

/// Finds the signature in `dmem`, if the registers are right for a program of which `wanted` is
/// known.
///
/// # Errors
/// The complaint against the driver.
pub fn signature<'a>(
    registers: &Registers,
    which: Which,
    wanted: &Wanted,
    dmem: &'a Dmem,
) -> Result<&'a [u8], Complaint> {
    let wrong = |what: String| Complaint::new(FalconRule::BootRomParameters, what);
    if registers.algorithm != RSA3K {
        return Err(wrong(format!(
            "MOD_SEL is {:#x}, not RSA3K ({RSA3K})",
            registers.algorithm
        )));
    }
    if registers.engine_mask & which.engine_bit() == 0 {
        return Err(wrong(format!(
            "ENGIDMASK {:#x} lacks the bit of {}",
            registers.engine_mask,
            which.name()
        )));
    }
    if registers.engine_mask != wanted.engine_mask {
        return Err(wrong(format!(
            "ENGIDMASK is {:#x}, the program's is {:#x}",
            registers.engine_mask, wanted.engine_mask
        )));
    }
    if !UCODE_IDS.contains(&registers.ucode_id) || registers.ucode_id != wanted.ucode_id {
        return Err(wrong(format!(
            "UCODE_ID is {:#x}, the program's is {:#x}",
            registers.ucode_id, wanted.ucode_id
        )));
    }
    // CAST: the address space of data memory is smaller.
    let bytes = dmem.bytes(registers.signature as usize, SIGNATURE_SIZE);
    match bytes {
        Some(bytes) if registers.signature == wanted.signature => Ok(bytes),
        Some(_) => Err(wrong(format!(
            "PARAADDR is {:#x}, the program's signature belongs at {:#x}",
            registers.signature, wanted.signature
        ))),
        None => Err(wrong(format!(
            "PARAADDR {:#x} is outside data memory",
            registers.signature
        ))),
    }
}
