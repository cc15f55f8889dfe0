// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with a Booter image.

use crate::{
    nvfw::BinError,
    tlv::TlvError, //
};
use core::fmt;

/// What is wrong with a Booter image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BooterError {
    /// The container's own header.
    Bin(BinError),
    /// The TLV container.
    Tlv(TlvError),
    /// The heavy-secure header is not inside the file.
    HeaderOutside,
    /// A number is said to be outside the file.
    PointerOutside,
    /// The signatures are said to begin later than where they are said to be.
    SignaturesShifted(u32),
    /// The signatures are not inside the file.
    SignaturesOutside,
    /// The metadata has another size than its three words need.
    MetadataSize(u32),
    /// The metadata is not inside the file.
    MetadataOutside,
    /// The load header is not inside the file.
    LoadHeaderOutside,
    /// The load header has another size than one for one app.
    LoadHeaderSize(u32),
    /// There is another number of apps than one.
    NumberOfApps(u32),
    /// There are no signatures, or more than 16.
    NumberOfSignatures(u32),
    /// The signatures are not all of one size, or have none.
    SignaturesSize {
        /// Bytes of all signatures.
        size: usize,
        /// Number of signatures.
        number: u32,
    },
    /// The signature's place is not inside the data.
    PatchOutside(u32),
    /// The mask of engines is too wide, or has none whose fuses are known.
    EngineId(u32),
    /// The ucode id is too big, or no fuse has that number.
    UcodeId(u32),
    /// Code or data is not inside the payload.
    RegionOutside,
    /// There is no signed code.
    EmptyApp,
    /// An offset is not a multiple of 256.
    Misaligned(u32),
    /// The place in falcon memory is beyond what a load can name.
    DestinationTooHigh(u32),
    /// A size is not a multiple of 4.
    PartialWord(u32),
    /// The signed code does not follow the unsigned.
    CodeNotContiguous,
    /// Code and data overlap.
    RegionsOverlap,
}

impl fmt::Display for BooterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bin(error) => error.fmt(f),
            Self::Tlv(error) => error.fmt(f),
            Self::HeaderOutside => f.write_str("heavy-secure header outside the file"),
            Self::PointerOutside => f.write_str("pointer to outside the file"),
            Self::SignaturesShifted(by) => write!(f, "signatures shifted by {by:#x}"),
            Self::SignaturesOutside => f.write_str("signatures outside the file"),
            Self::MetadataSize(size) => write!(f, "metadata of {size} bytes instead of 12"),
            Self::MetadataOutside => f.write_str("metadata outside the file"),
            Self::LoadHeaderOutside => f.write_str("load header outside the file"),
            Self::LoadHeaderSize(size) => write!(f, "load header of {size} bytes instead of 36"),
            Self::NumberOfApps(number) => write!(f, "{number} apps instead of one"),
            Self::NumberOfSignatures(number) => write!(f, "{number} signatures, expected 1 to 16"),
            Self::SignaturesSize { size, number } => {
                write!(f, "{size} bytes for {number} signatures")
            }
            Self::PatchOutside(location) => {
                write!(
                    f,
                    "signature to be placed outside the data, at payload offset {location:#x}"
                )
            }
            Self::EngineId(id) => write!(f, "impossible engine id {id:#x}"),
            Self::UcodeId(id) => write!(f, "impossible ucode id {id:#x}"),
            Self::RegionOutside => f.write_str("code or data outside the payload"),
            Self::EmptyApp => f.write_str("no signed code"),
            Self::Misaligned(offset) => {
                write!(f, "payload offset {offset:#x} is no multiple of 256")
            }
            Self::DestinationTooHigh(offset) => {
                write!(f, "code beyond falcon memory, at {offset:#x}")
            }
            Self::PartialWord(size) => write!(f, "size {size:#x} is no multiple of 4"),
            Self::CodeNotContiguous => f.write_str("signed code does not follow the unsigned"),
            Self::RegionsOverlap => f.write_str("code and data overlap"),
        }
    }
}
