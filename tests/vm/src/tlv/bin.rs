// SPDX-License-Identifier: GPL-2.0

//! The container of most `.bin` files: six words, a header whose kind only the file's name tells, and a
//! payload.

use crate::error::{
    Error,
    Result, //
};

const MAGIC: u32 = 0x0000_10de;

/// An opened file.
#[derive(Debug)]
pub(super) struct Bin<'a> {
    file: &'a [u8],
    header_at: u32,
    /// What is loaded into the card.
    pub(super) payload: &'a [u8],
}

impl<'a> Bin<'a> {
    /// Checks the magic number and that the payload is there. The size field is not looked at: in real files
    /// it is larger than the file.
    pub(super) fn open(file: &'a [u8]) -> Result<Self> {
        let [magic, _, _, header_at, payload_at, payload_size] = words(file, 0)?;
        if magic != MAGIC {
            return Err(Error::new(format!("its magic number is {magic:#x}")));
        }
        Ok(Self {
            file,
            header_at,
            payload: slice(file, payload_at, payload_size)?,
        })
    }

    /// The first words of the header.
    pub(super) fn header<const N: usize>(&self) -> Result<[u32; N]> {
        words(self.file, self.header_at)
    }
}

/// The word at an offset of the file.
pub(super) fn word(file: &[u8], at: u32) -> Result<u32> {
    words(file, at).map(|[word]| word)
}

/// `N` words from an offset of the file on.
pub(super) fn words<const N: usize>(file: &[u8], at: u32) -> Result<[u32; N]> {
    let mut words = [0; N];
    for (index, word) in words.iter_mut().enumerate() {
        let bytes = slice(file, at.saturating_add(4 * index as u32), 4)?;
        *word = bytes.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b));
    }
    Ok(words)
}

/// `size` bytes from an offset of the file on.
pub(super) fn slice(file: &[u8], at: u32, size: u32) -> Result<&[u8]> {
    file.get(at as usize..)
        .and_then(|rest| rest.get(..size as usize))
        .ok_or_else(|| {
            Error::new(format!(
                "{size:#x} bytes at {at:#x} are outside of the file, which has {:#x}",
                file.len()
            ))
        })
}
