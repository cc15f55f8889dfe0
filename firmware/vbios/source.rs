// SPDX-License-Identifier: GPL-2.0

//! Where the ROM's bytes come from, and reading no more of them than needed.

use super::{
    ReadError,
    VbiosError, //
};
use crate::{
    bytes::{
        range_within,
        Word, //
    },
    At, //
};
use core::convert::Infallible;

/// Bytes in the window a ROM is read through; no ROM is longer.
pub const WINDOW_SIZE: usize = 0x10_0000;

/// Bytes per access.
const WORD: usize = 4;

/// Something that gives a ROM's bytes, piece by piece.
pub trait RomSource {
    /// How reading can fail.
    type Error;

    /// Fills `out` with the bytes from `offset` on, both counted from the start of the window.
    ///
    /// Offset and length are multiples of 4, and the end is at most [`WINDOW_SIZE`]. The bytes of a
    /// 32-bit access are the little-endian ones of its value. Any value is legal, even those that
    /// otherwise stand for a failed access.
    ///
    /// # Errors
    ///
    /// The source's own. Whoever asked gives it on and asks no more.
    fn read(&mut self, offset: usize, out: &mut [u8]) -> Result<(), Self::Error>;
}

/// A copy of a ROM, from the start of the window. Behind its end all bytes are 0xff, as flash is.
#[derive(Clone, Copy, Debug)]
pub struct Dump<'a>(pub &'a [u8]);

impl RomSource for Dump<'_> {
    type Error = Infallible;

    fn read(&mut self, offset: usize, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill(0xff);
        let rest = self.0.get(offset..).unwrap_or_default();
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(())
    }
}

/// Reads numbers at any offset from a source that knows whole words only.
pub(super) struct Reader<'s, S: RomSource> {
    source: &'s mut S,
    /// The word read last and its offset: neighbours are often read one after another.
    last: Option<(usize, [u8; WORD])>,
}

impl<'s, S: RomSource> Reader<'s, S> {
    pub(super) fn new(source: &'s mut S) -> Self {
        Self { source, last: None }
    }

    /// The byte at `at`, which is inside the window.
    fn byte(&mut self, at: usize) -> Result<u8, ReadError<S::Error>> {
        let start = at - at % WORD;
        let word = match self.last {
            Some((last, word)) if last == start => word,
            _ => {
                let mut word = [0; WORD];
                self.source
                    .read(start, &mut word)
                    .map_err(ReadError::Source)?;
                self.last = Some((start, word));
                word
            }
        };
        // PANIC: the remainder is less than the word's length.
        Ok(word[at % WORD])
    }

    fn check(at: usize, len: usize) -> Result<(), At<VbiosError>> {
        match range_within(at, len, WINDOW_SIZE) {
            Some(_) => Ok(()),
            None => Err(At::new(at, VbiosError::OutsideWindow)),
        }
    }

    /// The `N` bytes from `at` on.
    pub(super) fn bytes<const N: usize>(
        &mut self,
        at: usize,
    ) -> Result<[u8; N], ReadError<S::Error>> {
        Self::check(at, N)?;
        let mut bytes = [0; N];
        for (byte, at) in bytes.iter_mut().zip(at..) {
            *byte = self.byte(at)?;
        }
        Ok(bytes)
    }

    /// The 16-bit number at `at`.
    pub(super) fn u16(&mut self, at: usize) -> Result<u16, ReadError<S::Error>> {
        self.bytes(at).map(u16::from_le_bytes)
    }

    /// The 32-bit number at `at`, with its place.
    pub(super) fn word(&mut self, at: usize) -> Result<Word, ReadError<S::Error>> {
        let value = self.bytes(at).map(u32::from_le_bytes)?;
        Ok(Word { at, value })
    }

    /// The `N` consecutive 32-bit numbers from `at` on, each with its place.
    pub(super) fn words<const N: usize>(
        &mut self,
        at: usize,
    ) -> Result<[Word; N], ReadError<S::Error>> {
        let mut words = [Word { at, value: 0 }; N];
        for (word, at) in words.iter_mut().zip((at..).step_by(WORD)) {
            *word = self.word(at)?;
        }
        Ok(words)
    }

    /// Fills `out` with the bytes from `at` on, in as few calls of the source as possible.
    pub(super) fn fill(&mut self, at: usize, out: &mut [u8]) -> Result<(), ReadError<S::Error>> {
        Self::check(at, out.len())?;
        let head_len = (at.wrapping_neg() % WORD).min(out.len());
        // PANIC: neither length is more than what is split.
        let (head, rest) = out.split_at_mut(head_len);
        let (body, tail) = rest.split_at_mut(rest.len() - rest.len() % WORD);
        let body_at = at + head.len();
        let tail_at = body_at + body.len();
        for (byte, at) in head.iter_mut().zip(at..) {
            *byte = self.byte(at)?;
        }
        if !body.is_empty() {
            self.source.read(body_at, body).map_err(ReadError::Source)?;
        }
        for (byte, at) in tail.iter_mut().zip(tail_at..) {
            *byte = self.byte(at)?;
        }
        Ok(())
    }
}
