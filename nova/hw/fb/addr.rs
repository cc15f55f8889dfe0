// SPDX-License-Identifier: GPL-2.0

//! Addresses and ranges of video memory.

use core::fmt;

/// Offset into video memory as the GPU's memory controller sees it. Not a bus address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VramAddr(u64);

impl VramAddr {
    /// The first byte.
    pub const ZERO: Self = Self(0);

    /// The byte `offset` bytes from the start of video memory.
    pub const fn new(offset: u64) -> Self {
        Self(offset)
    }

    /// Bytes from the start of video memory.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The address `bytes` further up; `None` if there is no such address.
    pub const fn checked_add(self, bytes: u64) -> Option<Self> {
        match self.0.checked_add(bytes) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// The address `bytes` further down; `None` if there is no such address.
    pub const fn checked_sub(self, bytes: u64) -> Option<Self> {
        match self.0.checked_sub(bytes) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// The last multiple of `alignment` that is not above. `alignment` is a power of two.
    pub(super) const fn align_down(self, alignment: u64) -> Self {
        Self(self.0 & !(alignment - 1))
    }
}

impl fmt::Display for VramAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A range of video memory, possibly empty.
///
/// # Invariants
///
/// `start <= end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VramRange {
    start: VramAddr,
    end: VramAddr,
}

impl VramRange {
    /// The bytes from `start` up to, not including, `end`; `None` if `end` is below `start`.
    pub fn new(start: VramAddr, end: VramAddr) -> Option<Self> {
        // INVARIANT: checked here.
        (start <= end).then_some(Self { start, end })
    }

    /// `len` bytes from `start` on; `None` if they do not fit the address space.
    pub fn from_start(start: VramAddr, len: u64) -> Option<Self> {
        // INVARIANT: a sum that did not overflow is not below its terms.
        Some(Self {
            start,
            end: start.checked_add(len)?,
        })
    }

    /// The first byte.
    pub const fn start(self) -> VramAddr {
        self.start
    }

    /// The byte after the last one.
    pub const fn end(self) -> VramAddr {
        self.end
    }

    /// Length in bytes.
    pub const fn len(self) -> u64 {
        // By the type invariant this cannot be below zero.
        self.end.0.saturating_sub(self.start.0)
    }

    /// Whether the range has no bytes.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for VramRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}
