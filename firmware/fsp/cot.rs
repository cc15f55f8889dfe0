// SPDX-License-Identifier: GPL-2.0

//! COT, chain of trust: the request to verify an FMC and to start it on the GSP.
//!
//! | offset | size | | |
//! |---|---|---|---|
//! | 0 | 8 | headers | NVDM type COT |
//! | 8 | 2 | `version` | 1 on Hopper, 2 on Blackwell |
//! | 10 | 2 | `size` | 860: from offset 8 on |
//! | 12 | 8 | `gspFmcSysmemOffset` | address of the FMC's image |
//! | 20 | 8 | `frtsSysmemOffset` | 0 |
//! | 28 | 4 | `frtsSysmemSize` | 0 |
//! | 32 | 8 | `frtsVidmemOffset` | from the **end** of video memory down to the **end** of FRTS |
//! | 40 | 4 | `frtsVidmemSize` | bytes of FRTS |
//! | 44 | 48 | `hash384` | SHA-384 of the image |
//! | 92 | 384 | `publicKey` | zeros behind shorter ones |
//! | 476 | 384 | `signature` | zeros behind shorter ones |
//! | 860 | 8 | `gspBootArgsSysmemOffset` | address of [`fmc_boot_params`] |
//!
//! The fields are packed: those of 8 bytes are not aligned. Where the GSP resumes, both fields of FRTS in
//! video memory are 0. How long the image is is not said; FSP reads that [in the image](crate::fmc).
//!
//! The response says that FSP has verified the image and is starting it, not that it runs.
//!
//! [`fmc_boot_params`]: crate::abi::r570_144::fmc_boot_params

use super::mctp::{
    Headers,
    NvdmType,
    HEADERS_SIZE, //
};
use crate::{
    fmc::{
        Fmc,
        HASH_SIZE, //
    },
    wire::{
        is_page,
        Wire,
        PAGE_SIZE, //
    },
};
use core::fmt;

/// Bytes of the packet.
pub const PACKET_SIZE: usize = 868;

/// Bytes of the longest public key and of the longest signature.
pub const FIELD_SIZE: usize = 384;

/// One behind the highest address the GPU can send.
const ADDRESS_LIMIT: u64 = 1 << 52;

/// FRTS ends protected memory, and begins and ends where that can.
const FRTS_ALIGNMENT: u64 = 0x2_0000;

/// Offsets of the fields that are written, under their published names.
mod at {
    pub(super) const VERSION: usize = 8;
    pub(super) const SIZE: usize = 10;
    pub(super) const GSP_FMC_SYSMEM_OFFSET: usize = 12;
    pub(super) const FRTS_VIDMEM_OFFSET: usize = 32;
    pub(super) const FRTS_VIDMEM_SIZE: usize = 40;
    pub(super) const HASH384: usize = 44;
    pub(super) const PUBLIC_KEY: usize = 92;
    pub(super) const SIGNATURE: usize = 476;
    pub(super) const GSP_BOOT_ARGS_SYSMEM_OFFSET: usize = 860;
}

const _: () = assert!(at::HASH384 + HASH_SIZE == at::PUBLIC_KEY);
const _: () = assert!(at::PUBLIC_KEY + FIELD_SIZE == at::SIGNATURE);
const _: () = assert!(at::SIGNATURE + FIELD_SIZE == at::GSP_BOOT_ARGS_SYSMEM_OFFSET);
const _: () = assert!(at::GSP_BOOT_ARGS_SYSMEM_OFFSET + 8 == PACKET_SIZE);
const _: () = assert!(PACKET_SIZE <= super::PACKET_MAX);

/// Where FRTS, the region of firmware tables, is to be in video memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frts {
    /// From the end of video memory down to the end of FRTS. A multiple of 128 KiB.
    pub end_offset: u64,
    /// Bytes of FRTS. A multiple of 128 KiB.
    pub size: u32,
}

/// The request.
#[derive(Clone, Copy, Debug)]
pub struct Cot<'a> {
    /// The version the chip's FSP speaks.
    pub version: u16,
    /// Hash, key and signature of the image.
    pub fmc: &'a Fmc<'a>,
    /// Address of the image, which is contiguous and begins a page.
    pub fmc_address: u64,
    /// Where FRTS is to be, or `None` if it is there already because the GSP resumes.
    pub frts: Option<Frts>,
    /// Address of the boot parameters, which begin a page.
    pub boot_params: u64,
}

/// Why there cannot be such a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CotError {
    /// There is no such version.
    Version(u16),
    /// The address of this part is 0, inside a page, or too high.
    Address(&'static str, u64),
    /// This part of the FMC is empty or has too many bytes.
    Size(&'static str, usize),
    /// FRTS is empty, not aligned, or at the very end of video memory.
    Frts(Frts),
}

impl fmt::Display for CotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "no version {version} of the request is known"),
            Self::Address(part, address) => {
                write!(f, "{part} at {address:#x}, which FSP cannot be told")
            }
            Self::Size(part, size) => {
                write!(f, "{part} has {size} bytes instead of 1 to {FIELD_SIZE}")
            }
            Self::Frts(frts) => write!(
                f,
                "FRTS of {:#x} bytes, {:#x} from the end of video memory, which FSP cannot create",
                frts.size, frts.end_offset
            ),
        }
    }
}

impl core::error::Error for CotError {}

impl Cot<'_> {
    /// The packet.
    ///
    /// # Errors
    ///
    /// [`CotError`].
    pub fn encode(&self) -> Result<[u8; PACKET_SIZE], CotError> {
        if !matches!(self.version, 1 | 2) {
            return Err(CotError::Version(self.version));
        }
        check_address("FMC", self.fmc_address, self.fmc.image.len())?;
        check_address("boot parameters", self.boot_params, PAGE_SIZE)?;
        // CAST: a small constant.
        let size = (PACKET_SIZE - HEADERS_SIZE) as u16;
        let mut packet = Wire::<PACKET_SIZE>::zeroed();
        Headers::single_packet(NvdmType::COT).put(&mut packet);
        packet
            .put::<{ at::VERSION }, 2>(self.version.to_le_bytes())
            .put::<{ at::SIZE }, 2>(size.to_le_bytes())
            .put_u64::<{ at::GSP_FMC_SYSMEM_OFFSET }>(self.fmc_address)
            .put::<{ at::HASH384 }, HASH_SIZE>(*self.fmc.hash)
            .put::<{ at::PUBLIC_KEY }, FIELD_SIZE>(field("public key", self.fmc.public_key)?)
            .put::<{ at::SIGNATURE }, FIELD_SIZE>(field("signature", self.fmc.signature)?)
            .put_u64::<{ at::GSP_BOOT_ARGS_SYSMEM_OFFSET }>(self.boot_params);
        if let Some(frts) = self.frts {
            frts.check()?;
            packet
                .put_u64::<{ at::FRTS_VIDMEM_OFFSET }>(frts.end_offset)
                .put_u32::<{ at::FRTS_VIDMEM_SIZE }>(frts.size);
        }
        Ok(packet.into_bytes())
    }
}

impl Frts {
    /// Both fields being 0 means something else, so neither may be.
    fn check(self) -> Result<(), CotError> {
        let fits = |value: u64| value != 0 && value % FRTS_ALIGNMENT == 0;
        if fits(self.end_offset) && fits(self.size.into()) {
            Ok(())
        } else {
            Err(CotError::Frts(self))
        }
    }
}

/// Checks that `size` bytes from `address` on can be read by FSP.
fn check_address(part: &'static str, address: u64, size: usize) -> Result<(), CotError> {
    // CAST: `usize` has 64 bits on every machine with such a GPU.
    let end = address.checked_add(size as u64);
    if is_page(address) && end.is_some_and(|end| end <= ADDRESS_LIMIT) {
        Ok(())
    } else {
        Err(CotError::Address(part, address))
    }
}

/// `bytes` with zeros behind them.
fn field(part: &'static str, bytes: &[u8]) -> Result<[u8; FIELD_SIZE], CotError> {
    let mut field = [0; FIELD_SIZE];
    match field.get_mut(..bytes.len()) {
        Some(place) if !bytes.is_empty() => {
            place.copy_from_slice(bytes);
            Ok(field)
        }
        _ => Err(CotError::Size(part, bytes.len())),
    }
}

#[cfg(test)]
mod tests;
