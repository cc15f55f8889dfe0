// SPDX-License-Identifier: GPL-2.0

//! The generic falcon bootloader: it fetches FWSEC into falcons that cannot do so alone.
//!
//! It is placed at the very top of IMEM, but runs at the virtual address its start tag says. The same
//! code is in `gen_bootloader-*.bin` and in the older `acr/bl.bin`; both are read here.

use crate::{
    bytes::{
        range_within,
        words,
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

/// Code is placed in blocks of this many bytes.
const BLOCK: u32 = 256;

/// More than this no falcon's IMEM can be told to hold.
const MAX_CODE: u32 = 0x1_0000;

/// A checked generic bootloader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenericBootloader<'a> {
    /// The code, not empty.
    pub code: &'a [u8],
    /// Its length rounded up to whole blocks of 256 bytes, to be filled with zeros.
    pub padded_size: u32,
    /// Tag of the first block: its virtual address divided by 256.
    pub start_tag: u16,
}

/// What is wrong with a generic bootloader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenericBootloaderError {
    /// The container's own header.
    Bin(BinError),
    /// The TLV container.
    Tlv(TlvError),
    /// The descriptor is not inside the file.
    DescriptorOutside,
    /// The code is not inside the payload.
    CodeOutside,
    /// There is no code.
    CodeEmpty,
    /// The code is longer than 64 KiB.
    CodeTooBig(u32),
    /// The start tag does not fit 16 bits.
    StartTag(u32),
    /// The descriptor's place in DMEM is not 0.
    DmemOffset(u32),
}

impl fmt::Display for GenericBootloaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bin(error) => error.fmt(f),
            Self::Tlv(error) => error.fmt(f),
            Self::DescriptorOutside => f.write_str("descriptor outside the file"),
            Self::CodeOutside => f.write_str("code outside the payload"),
            Self::CodeEmpty => f.write_str("no code"),
            Self::CodeTooBig(size) => write!(f, "code of {size:#x} bytes does not fit IMEM"),
            Self::StartTag(tag) => write!(f, "impossible start tag {tag:#x}"),
            Self::DmemOffset(offset) => write!(f, "DMEM offset {offset:#x} instead of 0"),
        }
    }
}

impl<'a> GenericBootloader<'a> {
    /// Checks a whole `gen_bootloader-*.bin` or `acr/bl.bin` file.
    ///
    /// # Errors
    ///
    /// [`GenericBootloaderError`] and where. All of them mean that the file is malformed.
    pub fn parse(file: &'a [u8]) -> Result<Self, At<GenericBootloaderError>> {
        let bin = BinHeader::parse(file).map_err(|error| error.map(GenericBootloaderError::Bin))?;
        let [start_tag, dmem_load_off, code_off, code_size, _data_off, _data_size] =
            words(file, bin.header_offset).ok_or(At::new(
                bin.header_offset,
                GenericBootloaderError::DescriptorOutside,
            ))?;
        if dmem_load_off.value != 0 {
            let reason = GenericBootloaderError::DmemOffset(dmem_load_off.value);
            return Err(At::new(dmem_load_off.at, reason));
        }
        let payload = file.get(bin.payload).unwrap_or_default();
        Self::check(payload, start_tag, code_off.size(), code_size)
    }

    /// Checks a whole `gen_bootloader.tlv` file.
    ///
    /// # Errors
    ///
    /// As [`GenericBootloader::parse`]; the release is not checked.
    pub fn from_tlv(file: &Tlv<'a>) -> Result<Self, At<GenericBootloaderError>> {
        let word = |tag| {
            file.word(tag)
                .map_err(|error| error.map(GenericBootloaderError::Tlv))
        };
        let (_, payload) = file
            .bytes(tag::BLOB)
            .map_err(|error| error.map(GenericBootloaderError::Tlv))?;
        Self::check(payload, word(tag::STRT)?, 0, word(tag::CDSZ)?)
    }

    fn check(
        payload: &'a [u8],
        start_tag: Word,
        code_offset: usize,
        code_size: Word,
    ) -> Result<Self, At<GenericBootloaderError>> {
        let bad_size = |reason| At::new(code_size.at, reason);
        let code = range_within(code_offset, code_size.size(), payload.len())
            .and_then(|range| payload.get(range))
            .ok_or(bad_size(GenericBootloaderError::CodeOutside))?;
        if code.is_empty() {
            return Err(bad_size(GenericBootloaderError::CodeEmpty));
        }
        let padded_size = code_size
            .value
            .checked_next_multiple_of(BLOCK)
            .filter(|&padded| padded <= MAX_CODE)
            .ok_or(bad_size(GenericBootloaderError::CodeTooBig(
                code_size.value,
            )))?;
        let tag_error = GenericBootloaderError::StartTag(start_tag.value);
        let start_tag =
            u16::try_from(start_tag.value).map_err(|_| At::new(start_tag.at, tag_error))?;
        Ok(Self {
            code,
            padded_size,
            start_tag,
        })
    }

    /// The virtual address the falcon is started at.
    pub const fn boot_vector(&self) -> u32 {
        // CAST: widening; `From` is not const.
        (self.start_tag as u32) << 8
    }

    /// Where in an IMEM of `imem_size` bytes the code goes, or `None` if it does not fit.
    pub const fn imem_destination(&self, imem_size: u32) -> Option<u32> {
        imem_size.checked_sub(self.padded_size)
    }
}

#[cfg(test)]
mod tests;
