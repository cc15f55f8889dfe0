// SPDX-License-Identifier: GPL-2.0

//! The header that all `.bin` files except `gsp` and `fmc` begin with.
//!
//! | offset | field | |
//! |---|---|---|
//! | 0x00 | `bin_magic` | `0x10de` |
//! | 0x04 | `bin_ver` | not looked at |
//! | 0x08 | `bin_size` | not looked at: rounded up, usually beyond the end of the file |
//! | 0x0c | `header_offset` | where the header proper is |
//! | 0x10 | `data_offset` | where the payload is |
//! | 0x14 | `data_size` | and its length |
//!
//! What kind of header follows is known from the file's name only.

use crate::{
    bytes::{
        range_within,
        words, //
    },
    At, //
};
use core::{
    fmt,
    ops::Range, //
};

const MAGIC: u32 = 0x10de;

/// A checked header.
#[derive(Clone, Debug)]
pub(crate) struct BinHeader {
    /// Where the header of the particular kind begins. May be anywhere, also beyond the file.
    pub(crate) header_offset: usize,
    /// Where the payload is; not empty, inside the file.
    pub(crate) payload: Range<usize>,
}

/// What is wrong with the header all `.bin` files begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinError {
    /// The file is too short for the header.
    Short,
    /// The file does not begin with the magic number.
    Magic(u32),
    /// The payload is not inside the file.
    PayloadOutside,
    /// The payload has no bytes.
    PayloadEmpty,
}

impl fmt::Display for BinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("file too short for its header"),
            Self::Magic(found) => write!(f, "magic number {found:#x} instead of {MAGIC:#x}"),
            Self::PayloadOutside => f.write_str("payload outside the file"),
            Self::PayloadEmpty => f.write_str("empty payload"),
        }
    }
}

impl BinHeader {
    pub(crate) fn parse(file: &[u8]) -> Result<Self, At<BinError>> {
        let [magic, _, _, header_offset, data_offset, data_size] =
            words(file, 0).ok_or(At::new(0, BinError::Short))?;
        if magic.value != MAGIC {
            return Err(At::new(magic.at, BinError::Magic(magic.value)));
        }
        let payload = range_within(data_offset.size(), data_size.size(), file.len())
            .ok_or(At::new(data_offset.at, BinError::PayloadOutside))?;
        if payload.is_empty() {
            return Err(At::new(data_size.at, BinError::PayloadEmpty));
        }
        Ok(Self {
            header_offset: header_offset.size(),
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// A file of `len` bytes that begins with these words.
    fn file(words: [u32; 6], len: usize) -> Vec<u8> {
        let mut file: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        file.resize(len, 0);
        file
    }

    #[test]
    fn what_is_not_checked_is_accepted() {
        for (name, words) in [
            (
                "bin_size beyond the file, as in every real one",
                [0x10de, 1, 0x1000, 0x18, 0x20, 0x20],
            ),
            ("bin_size zero", [0x10de, 1, 0, 0x18, 0x20, 0x20]),
            ("any bin_ver", [0x10de, 7, 0, 0x18, 0x20, 0x20]),
        ] {
            let header = BinHeader::parse(&file(words, 0x40)).expect(name);
            assert_eq!(
                (header.header_offset, header.payload),
                (0x18, 0x20..0x40),
                "{name}"
            );
        }
    }

    #[test]
    fn bad_headers_are_refused() {
        for (name, words, len, want) in [
            (
                "empty file",
                [0x10de, 1, 0, 0x18, 0, 0],
                0,
                At::new(0, BinError::Short),
            ),
            (
                "23 bytes",
                [0x10de, 1, 0, 0x18, 0, 0],
                23,
                At::new(0, BinError::Short),
            ),
            (
                "old magic",
                [0x3b1d_14f0, 1, 0, 0x18, 0x20, 0x20],
                0x40,
                At::new(0, BinError::Magic(0x3b1d_14f0)),
            ),
            (
                "payload past end",
                [0x10de, 1, 0, 0x18, 0x20, 0x21],
                0x40,
                At::new(0x10, BinError::PayloadOutside),
            ),
            (
                "payload begins past end",
                [0x10de, 1, 0, 0x18, 0x41, 1],
                0x40,
                At::new(0x10, BinError::PayloadOutside),
            ),
            (
                "payload end overflows",
                [0x10de, 1, 0, 0x18, u32::MAX, u32::MAX],
                0x40,
                At::new(0x10, BinError::PayloadOutside),
            ),
            (
                "payload empty",
                [0x10de, 1, 0, 0x18, 0x20, 0],
                0x40,
                At::new(0x14, BinError::PayloadEmpty),
            ),
        ] {
            assert_eq!(
                BinHeader::parse(&file(words, len)).unwrap_err(),
                want,
                "{name}"
            );
        }
    }
}
