// SPDX-License-Identifier: GPL-2.0

//! The header that the image of an FMC begins with, inside what is signed.
//!
//! | offset | size | |
//! |---|---|---|
//! | 0x02 | 1 | bytes of the header, 0x48 in all known images |
//! | 0x04 | 4 | bytes of the body behind it: a manifest of 0xa00, data, code |
//! | 0x0c | 4 | bytes of code |
//! | 0x14 | 4 | bytes of data |
//!
//! FSP is given the image's address and nothing else, so that the image ends for FSP where the header
//! says. None of this is published; it is what the three images of 570.144 agree on with each other, and
//! with the numbers of the bootloaders made for the same chips.

use super::FmcError;
use crate::bytes::u32_at;

/// Bytes of the header that have a known meaning.
const KNOWN: usize = 0x18;

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageHeader {
    /// Bytes of the header.
    pub header_size: u8,
    /// Bytes behind the header.
    pub body_size: u32,
    /// Bytes of code in the body.
    pub code_size: u32,
    /// Bytes of data in the body.
    pub data_size: u32,
}

impl ImageHeader {
    /// Reads the header of `image`, and checks that the image has as many bytes as it says.
    ///
    /// # Errors
    ///
    /// [`FmcError::ImageShort`] and [`FmcError::ImageSize`].
    pub fn of(image: &[u8]) -> Result<Self, FmcError> {
        let header = Self::read(image).ok_or(FmcError::ImageShort(image.len()))?;
        let said = u64::from(header.header_size) + u64::from(header.body_size);
        // CAST: widening.
        if said != image.len() as u64 {
            return Err(FmcError::ImageSize {
                size: image.len(),
                said,
            });
        }
        Ok(header)
    }

    fn read(image: &[u8]) -> Option<Self> {
        let known = image.get(..KNOWN)?;
        Some(Self {
            header_size: *known.get(2)?,
            body_size: u32_at(known, 0x04)?,
            code_size: u32_at(known, 0x0c)?,
            data_size: u32_at(known, 0x14)?,
        })
    }
}
