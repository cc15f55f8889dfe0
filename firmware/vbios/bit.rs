// SPDX-License-Identifier: GPL-2.0

//! BIT, the "BIOS information table": a list of tokens, each naming some data in the PciAt image.
//!
//! | offset | size | header | | offset | size | token |
//! |---|---|---|---|---|---|---|
//! | 0 | 6 | signature | | 0 | 1 | id |
//! | 6 | 2 | version | | 1 | 1 | version of the data |
//! | 8 | 1 | size of the header | | 2 | 2 | size of the data |
//! | 9 | 1 | size of a token | | 4 | 2 | offset of the data, from the image's start |
//! | 10 | 1 | number of tokens | | | | |
//! | 11 | 1 | checksum | | | | |

use super::{
    source::Reader,
    ReadError,
    RomSource,
    VbiosError,
    VbiosVersion, //
};
use crate::{
    bytes::{
        range_within,
        Word, //
    },
    At, //
};
use core::ops::Range;

const SIGNATURE: [u8; 6] = *b"\xff\xb8BIT\0";
const HEADER_SIZE: usize = 12;
const TOKEN_SIZE: u8 = 6;

/// Token of the falcon ucodes, the version of its data, and the size of the pointer in it.
const FALCON_DATA: u8 = b'p';
const FALCON_DATA_VERSION: u8 = 2;
const FALCON_POINTER_SIZE: u16 = 4;

/// Token of the ROM's version.
const INTERNAL: u8 = b'i';

/// Where BIT and its tokens are.
#[derive(Clone, Debug)]
pub(super) struct Bit {
    at: usize,
    tokens: usize,
    token_size: u8,
    token_count: u8,
    checksum_matches: bool,
}

/// A token.
struct Token {
    at: usize,
    version: u8,
    size: u16,
    offset: u16,
}

impl Token {
    /// Where the first `len` bytes of the data are, if they are in the image.
    fn data(&self, image: &Range<usize>, len: usize) -> Result<usize, At<VbiosError>> {
        let offset = usize::from(self.offset);
        match range_within(offset, len, image.len()) {
            // 0 stands for "no data".
            Some(_) if offset != 0 => Ok(image.start + offset),
            _ => Err(At::new(
                self.at + 4,
                VbiosError::TokenDataOutside(self.offset),
            )),
        }
    }
}

impl Bit {
    /// Searches `image` from its start, and checks that all tokens are in it.
    pub(super) fn find<S: RomSource>(
        rom: &mut Reader<'_, S>,
        image: &Range<usize>,
    ) -> Result<Self, ReadError<S::Error>> {
        let at = Self::search(rom, image)?;
        if image.end - at < HEADER_SIZE {
            return Err(At::new(at, VbiosError::BitOutside).into());
        }
        let header: [u8; HEADER_SIZE] = rom.bytes(at)?;
        let [.., header_size, token_size, token_count, _] = header;
        if usize::from(header_size) < HEADER_SIZE {
            return Err(At::new(at + 8, VbiosError::BitHeaderSize(header_size)).into());
        }
        if token_size < TOKEN_SIZE {
            return Err(At::new(at + 9, VbiosError::TokenSize(token_size)).into());
        }
        let tokens = at + usize::from(header_size);
        let tokens_size = usize::from(token_size) * usize::from(token_count);
        if range_within(tokens, tokens_size, image.end).is_none() {
            return Err(At::new(at + 10, VbiosError::TokensOutside(token_count)).into());
        }
        let sum = header.into_iter().fold(0, u8::wrapping_add);
        Ok(Self {
            at,
            tokens,
            token_size,
            token_count,
            checksum_matches: sum == 0,
        })
    }

    /// Where the signature is.
    fn search<S: RomSource>(
        rom: &mut Reader<'_, S>,
        image: &Range<usize>,
    ) -> Result<usize, ReadError<S::Error>> {
        let mut last = [0; SIGNATURE.len()];
        for at in image.clone() {
            let [byte] = rom.bytes(at)?;
            last.rotate_left(1);
            last[SIGNATURE.len() - 1] = byte;
            if last == SIGNATURE {
                return Ok(at + 1 - SIGNATURE.len());
            }
        }
        Err(At::new(image.start, VbiosError::NoBit).into())
    }

    /// Where BIT is.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Whether the bytes of the header add up to 0.
    pub(super) fn checksum_matches(&self) -> bool {
        self.checksum_matches
    }

    /// The first token with that id.
    fn token<S: RomSource>(
        &self,
        rom: &mut Reader<'_, S>,
        id: u8,
    ) -> Result<Option<Token>, ReadError<S::Error>> {
        let places = (self.tokens..).step_by(usize::from(self.token_size));
        for at in places.take(usize::from(self.token_count)) {
            if rom.bytes(at)? == [id] {
                let [version] = rom.bytes(at + 1)?;
                return Ok(Some(Token {
                    at,
                    version,
                    size: rom.u16(at + 2)?,
                    offset: rom.u16(at + 4)?,
                }));
            }
        }
        Ok(None)
    }

    /// The pointer to the table of falcon ucodes.
    pub(super) fn falcon_table<S: RomSource>(
        &self,
        rom: &mut Reader<'_, S>,
        image: &Range<usize>,
    ) -> Result<Word, ReadError<S::Error>> {
        let token = self
            .token(rom, FALCON_DATA)?
            .ok_or(At::new(self.at, VbiosError::NoToken(FALCON_DATA)))?;
        if token.version != FALCON_DATA_VERSION {
            return Err(At::new(token.at + 1, VbiosError::TokenVersion(token.version)).into());
        }
        if token.size < FALCON_POINTER_SIZE {
            return Err(At::new(token.at + 2, VbiosError::TokenDataSize(token.size)).into());
        }
        rom.word(token.data(image, usize::from(FALCON_POINTER_SIZE))?)
    }

    /// The ROM's version, if there is a token with one.
    pub(super) fn version<S: RomSource>(
        &self,
        rom: &mut Reader<'_, S>,
        image: &Range<usize>,
    ) -> Result<Option<VbiosVersion>, ReadError<S::Error>> {
        let Some(token) = self.token(rom, INTERNAL)? else {
            return Ok(None);
        };
        let mut version = VbiosVersion([0; 5]);
        if usize::from(token.size) < version.0.len() {
            return Ok(None);
        }
        let at = token.data(image, version.0.len())?;
        let [micro, minor, chip, major, patch] = rom.bytes(at)?;
        version.0 = [major, chip, minor, micro, patch];
        Ok(Some(version))
    }
}
