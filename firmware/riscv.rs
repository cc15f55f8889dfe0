// SPDX-License-Identifier: GPL-2.0

//! The GSP bootloader: what the GSP's RISC-V core runs before GSP-RM.
//!
//! The whole payload is given to the GPU as it is; the descriptor's offsets into it are passed on. On
//! Turing and GA100 all of them are 0, which is valid. Descriptors end after 14, 19 or 21 words,
//! depending on the version; only the first 14 are looked at.

use crate::{
    bytes::{
        words,
        Region,
        Word, //
    },
    nvfw::{
        BinError,
        BinHeader, //
    },
    tlv::{
        tag,
        Tlv,
        TlvError, //
    },
    At, //
};
use core::fmt;

/// The oldest version of the descriptor whose fields are understood.
const MIN_VERSION: u32 = 4;

/// Offsets must be multiples of this.
const ALIGN: u32 = 256;

/// A checked GSP bootloader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GspBootloader<'a> {
    /// All of it, to be given to the GPU unchanged.
    pub payload: &'a [u8],
    /// For the falcon's OS register once the GSP runs.
    pub app_version: u32,
    /// `bootloaderManifestOffset`: offset of the manifest in the payload.
    pub manifest_offset: u32,
    /// `bootloaderDataOffset`: offset of the monitor's data in the payload.
    pub data_offset: u32,
    /// `bootloaderCodeOffset`: offset of the monitor's code in the payload.
    pub code_offset: u32,
}

/// What is wrong with a GSP bootloader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GspBootloaderError {
    /// The container's own header.
    Bin(BinError),
    /// The TLV container.
    Tlv(TlvError),
    /// The descriptor is not inside the file, or runs into the payload.
    DescriptorOutside,
    /// The descriptor is of a version before 4.
    Version(u32),
    /// Manifest, data or code is not inside the payload.
    RegionOutside,
    /// An offset is not a multiple of 256.
    Misaligned(u32),
}

impl fmt::Display for GspBootloaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bin(error) => error.fmt(f),
            Self::Tlv(error) => error.fmt(f),
            Self::DescriptorOutside => f.write_str("no room for the descriptor"),
            Self::Version(version) => {
                write!(
                    f,
                    "descriptor version {version}, expected {MIN_VERSION} or later"
                )
            }
            Self::RegionOutside => f.write_str("manifest, data or code outside the payload"),
            Self::Misaligned(offset) => {
                write!(f, "payload offset {offset:#x} is no multiple of 256")
            }
        }
    }
}

impl<'a> GspBootloader<'a> {
    /// Checks a whole `bootloader-*.bin` file.
    ///
    /// # Errors
    ///
    /// [`GspBootloaderError`] and where. All of them mean that the file is malformed.
    pub fn parse(file: &'a [u8]) -> Result<Self, At<GspBootloaderError>> {
        let bin = BinHeader::parse(file).map_err(|error| error.map(GspBootloaderError::Bin))?;
        // The payload, if it follows, ends the descriptor.
        let descriptor_end = match bin.payload.start {
            start if start > bin.header_offset => start,
            _ => file.len(),
        };
        let before_payload = file.get(..descriptor_end).unwrap_or_default();
        let [version, _bootloader_offset, _bootloader_size, _bootloader_param_offset, _bootloader_param_size, _riscv_elf_offset, _riscv_elf_size, app_version, manifest_offset, manifest_size, data_offset, data_size, code_offset, code_size] =
            words(before_payload, bin.header_offset).ok_or(At::new(
                bin.header_offset,
                GspBootloaderError::DescriptorOutside,
            ))?;
        if version.value < MIN_VERSION {
            return Err(At::new(
                version.at,
                GspBootloaderError::Version(version.value),
            ));
        }
        // By the header's contract the range is inside the file.
        let payload = file.get(bin.payload).unwrap_or_default();
        let offset = |offset, size: Word| check_region(payload, offset, size.value);
        Ok(Self {
            payload,
            app_version: app_version.value,
            manifest_offset: offset(manifest_offset, manifest_size)?,
            data_offset: offset(data_offset, data_size)?,
            code_offset: offset(code_offset, code_size)?,
        })
    }

    /// Checks a whole `gsp_bootloader.tlv` file, which does not have the sizes.
    ///
    /// # Errors
    ///
    /// As [`GspBootloader::parse`]; the release is not checked.
    pub fn from_tlv(file: &Tlv<'a>) -> Result<Self, At<GspBootloaderError>> {
        let word = |tag| {
            file.word(tag)
                .map_err(|error| error.map(GspBootloaderError::Tlv))
        };
        let (_, payload) = file
            .bytes(tag::BLOB)
            .map_err(|error| error.map(GspBootloaderError::Tlv))?;
        let offset = |tag| check_region(payload, word(tag)?, 0);
        Ok(Self {
            payload,
            app_version: word(tag::APPV)?.value,
            manifest_offset: offset(tag::MFOF)?,
            data_offset: offset(tag::DAOF)?,
            code_offset: offset(tag::CDOF)?,
        })
    }
}

/// Checks one region and gives its offset.
fn check_region(payload: &[u8], offset: Word, size: u32) -> Result<u32, At<GspBootloaderError>> {
    if offset.value % ALIGN != 0 {
        return Err(At::new(
            offset.at,
            GspBootloaderError::Misaligned(offset.value),
        ));
    }
    match (Region {
        offset: offset.value,
        size,
    })
    .of(payload)
    {
        Some(_) => Ok(offset.value),
        None => Err(At::new(offset.at, GspBootloaderError::RegionOutside)),
    }
}

#[cfg(test)]
mod tests;
