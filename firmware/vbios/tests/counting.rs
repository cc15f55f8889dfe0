// SPDX-License-Identifier: GPL-2.0

//! A source that counts, holds the parser to its promises, and can fail.

use super::*;

/// More words than that no ROM may make the parser read, whatever is in it.
///
/// All words of the window once for a search, once for the code; and what headers and tables repeat.
const MOST_WORDS: usize = 3 * WINDOW_SIZE / 4;

/// Given instead of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone;

/// A dump whose words are counted.
pub(super) struct Counting<'a> {
    dump: Dump<'a>,
    /// Words read so far.
    pub(super) words: usize,
    /// Calls so far.
    pub(super) calls: usize,
    /// Words after which the source fails.
    limit: Option<usize>,
    failed: bool,
}

impl<'a> Counting<'a> {
    pub(super) fn new(rom: &'a [u8]) -> Self {
        Self {
            dump: Dump(rom),
            words: 0,
            calls: 0,
            limit: None,
            failed: false,
        }
    }

    /// A source that has `limit` words to give.
    pub(super) fn failing_after(rom: &'a [u8], limit: usize) -> Self {
        Self {
            limit: Some(limit),
            ..Self::new(rom)
        }
    }
}

impl RomSource for Counting<'_> {
    type Error = Gone;

    fn read(&mut self, offset: usize, out: &mut [u8]) -> Result<(), Gone> {
        assert!(!self.failed, "read from a source that has failed");
        assert!(!out.is_empty(), "read of nothing");
        assert_eq!((offset % 4, out.len() % 4), (0, 0), "not a whole word");
        assert!(offset + out.len() <= WINDOW_SIZE, "outside the window");
        self.words += out.len() / 4;
        self.calls += 1;
        assert!(self.words <= MOST_WORDS, "endless reading");
        self.failed = self.limit.is_some_and(|limit| self.words > limit);
        if self.failed {
            return Err(Gone);
        }
        self.dump.read(offset, out).map_err(|never| match never {})
    }
}
