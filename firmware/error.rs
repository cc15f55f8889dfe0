// SPDX-License-Identifier: GPL-2.0

//! The position of an error.

use core::fmt;

/// A reason together with the byte of the file where it was found.
///
/// `Display` gives `<reason> at offset <n>`, to be put after the file's name and "is malformed: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At<E> {
    /// Byte offset from the start of the file.
    pub offset: usize,
    /// What is wrong there.
    pub reason: E,
}

impl<E> At<E> {
    /// A reason found at `offset`.
    pub const fn new(offset: usize, reason: E) -> Self {
        Self { offset, reason }
    }

    /// The same place with the reason in other words.
    pub fn map<F>(self, change: impl FnOnce(E) -> F) -> At<F> {
        At::new(self.offset, change(self.reason))
    }
}

impl<E: fmt::Display> fmt::Display for At<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {:#x}", self.reason, self.offset)
    }
}

impl<E: fmt::Display + fmt::Debug> core::error::Error for At<E> {}
