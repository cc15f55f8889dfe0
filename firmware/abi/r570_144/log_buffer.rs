// SPDX-License-Identifier: GPL-2.0

//! A log buffer: what one of GSP's tasks has to say, in a form that needs a file of NVIDIA's to be put
//! into words.
//!
//! | offset | size | |
//! |---|---|---|
//! | 0 | 8 | number of words written since the start; never starts again |
//! | 8 | rest | a ring of 64-bit words |
//!
//! Word `k` since the start is in place `k` modulo the ring's length. A record has its arguments first,
//! then the place in the program that it is from, then a time. How many arguments that place has is not
//! said: the names and formats of all places are in an ELF file of the same release that only NVIDIA has.
//!
//! Until the first word is written the ring begins with the addresses of the buffer's pages, which the
//! driver has put there.

use crate::{
    bytes::u64_at,
    At, //
};
use core::fmt;

const WORD: usize = 8;

/// Where the ring begins.
const RING: usize = 8;

/// Words at the end of every record: its place in the program, and the time.
const TRAILER: u64 = 2;

/// Why bytes are no log buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogBufferError {
    /// There is no room for the counter and one word.
    Short,
    /// The length is no multiple of 8.
    PartialWord(usize),
}

impl fmt::Display for LogBufferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("log buffer without a word"),
            Self::PartialWord(len) => write!(f, "log buffer of {len:#x} bytes, no whole words"),
        }
    }
}

/// A word of the log, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogWord {
    /// Number of words written before it.
    pub number: u64,
    /// Byte offset in the buffer.
    pub offset: usize,
    /// The word.
    pub value: u64,
}

/// The end of the newest record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The place in GSP's program.
    pub site: LogWord,
    /// When it was written, in GSP's own units.
    pub time: LogWord,
}

/// A copy of a log buffer.
///
/// # Invariants
///
/// The ring is not empty, and of whole words.
#[derive(Clone, Copy, Debug)]
pub struct LogBuffer<'a> {
    written: u64,
    ring: &'a [u8],
}

impl<'a> LogBuffer<'a> {
    /// Takes a private copy of a whole buffer, of whatever size it was given to the GSP.
    ///
    /// # Errors
    ///
    /// [`LogBufferError`]. Whatever a buffer of whole words contains can be read.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, At<LogBufferError>> {
        let short = At::new(bytes.len(), LogBufferError::Short);
        let written = u64_at(bytes, 0).ok_or(short)?;
        let ring = bytes
            .get(RING..)
            .filter(|ring| ring.len() >= WORD)
            .ok_or(short)?;
        let rest = ring.len() % WORD;
        if rest != 0 {
            let reason = LogBufferError::PartialWord(bytes.len());
            return Err(At::new(bytes.len() - rest, reason));
        }
        // INVARIANT: both have just been checked.
        Ok(Self { written, ring })
    }

    /// Number of words written since the start. The GSP's word for it, which may be any number.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Number of words the ring has room for. Not 0.
    pub const fn capacity(&self) -> u64 {
        // CAST: widening.
        (self.ring.len() / WORD) as u64
    }

    /// Number of words that are still there.
    pub fn kept(&self) -> u64 {
        self.written.min(self.capacity())
    }

    /// The words that are still there, oldest first. The first ones may be the rest of a record.
    pub fn words(&self) -> impl Iterator<Item = LogWord> + use<'a> {
        let this = *self;
        (this.written - this.kept()..this.written).map_while(move |number| this.word(number))
    }

    /// The end of the newest record, if the words of it are there.
    pub fn newest(&self) -> Option<Newest> {
        if self.kept() < TRAILER {
            return None;
        }
        Some(Newest {
            site: self.word(self.written - 2)?,
            time: self.word(self.written - 1)?,
        })
    }

    /// The addresses of the buffer's pages, as long as nothing has been written over them.
    ///
    /// `None`, if something has. The addresses are those of a buffer of `pages` pages, and may be 0.
    pub fn page_addresses(&self, pages: usize) -> Option<impl Iterator<Item = u64> + use<'a>> {
        let ring = self.ring;
        (self.written == 0).then(|| {
            let words = ring.chunks_exact(WORD).take(pages);
            words.map_while(|word| u64_at(word, 0))
        })
    }

    /// Word `number`, if it is one of those that are there.
    fn word(&self, number: u64) -> Option<LogWord> {
        // CAST: less than the ring's length, which fits.
        let offset = number.checked_rem(self.capacity())? as usize * WORD;
        Some(LogWord {
            number,
            offset: RING + offset,
            value: u64_at(self.ring, offset)?,
        })
    }
}

#[cfg(test)]
mod tests;
