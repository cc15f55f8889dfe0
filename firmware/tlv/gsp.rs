// SPDX-License-Identifier: GPL-2.0

//! `gsp.tlv`: what belongs to GSP-RM but is not in the image, which is a file of its own.

use super::{
    tag,
    Tlv,
    TlvError, //
};
use crate::At;
use core::fmt;

/// Names must be shorter than this many bytes.
const NAME_LIMIT: usize = 64;

/// What the table of pages given to the GSP can describe.
const MAX_IMAGE: u32 = 1 << 30;

/// A checked `gsp.tlv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GspDescriptor<'a> {
    /// Name of the file with the image, in the same directory.
    pub file_name: &'a str,
    /// Exact size of that file in bytes, 1 byte to 1 GiB.
    pub image_size: u32,
    /// The signature for the family of chips the file is for.
    pub signature: &'a [u8],
}

/// What is wrong with a `gsp.tlv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GspDescriptorError {
    /// The TLV container.
    Tlv(TlvError),
    /// The name is not that of a file in the same directory.
    FileName,
    /// The image would have no bytes.
    ImageEmpty,
    /// The image would be bigger than 1 GiB. Means `EFBIG`, while all others mean `EINVAL`.
    ImageTooBig(u32),
}

impl fmt::Display for GspDescriptorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tlv(error) => error.fmt(f),
            Self::FileName => f.write_str("companion is not a file in the same directory"),
            Self::ImageEmpty => f.write_str("companion of no bytes"),
            Self::ImageTooBig(size) => write!(f, "image of {size:#x} bytes is bigger than 1 GiB"),
        }
    }
}

impl<'a> GspDescriptor<'a> {
    /// Checks a whole `gsp.tlv` file; the release is not checked.
    ///
    /// # Errors
    ///
    /// [`GspDescriptorError`] and where.
    pub fn from_tlv(file: &Tlv<'a>) -> Result<Self, At<GspDescriptorError>> {
        let tlv_error = |error: At<TlvError>| error.map(GspDescriptorError::Tlv);
        let (name_at, name) = file.bytes(tag::FILE).map_err(tlv_error)?;
        let file_name = check_name(name).ok_or(At::new(name_at, GspDescriptorError::FileName))?;
        let size = file.word(tag::SIZE).map_err(tlv_error)?;
        match size.value {
            0 => return Err(At::new(size.at, GspDescriptorError::ImageEmpty)),
            1..=MAX_IMAGE => {}
            big => return Err(At::new(size.at, GspDescriptorError::ImageTooBig(big))),
        }
        let (_, signature) = file.bytes(tag::SIGN).map_err(tlv_error)?;
        Ok(Self {
            file_name,
            image_size: size.value,
            signature,
        })
    }
}

fn check_name(name: &[u8]) -> Option<&str> {
    let printable = name.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    let name = core::str::from_utf8(name).ok()?;
    let inside = !name.contains('/') && !name.contains("..");
    (printable && inside && name.len() < NAME_LIMIT).then_some(name)
}
