// SPDX-License-Identifier: GPL-2.0

//! Reading numbers and ranges out of a byte slice without ever leaving it.

use core::ops::Range;

/// A number, and where in the file it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Byte offset of the number.
    pub(crate) at: usize,
    /// The number.
    pub(crate) value: u32,
}

impl Word {
    /// The value as a length or offset.
    pub(crate) const fn size(self) -> usize {
        // CAST: the driver and its tests are built for 64-bit machines only, see the assertion.
        self.value as usize
    }
}

const _: () = assert!(size_of::<usize>() >= size_of::<u64>());

/// The `N` bytes from `at` on.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// The 16-bit number at `at`.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

/// The 32-bit number at `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// The 64-bit number at `at`.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

/// The `N` consecutive 32-bit numbers from `at` on, each with its place.
pub(crate) fn words<const N: usize>(bytes: &[u8], at: usize) -> Option<[Word; N]> {
    let end = at.checked_add(N.checked_mul(4)?)?;
    bytes.get(at..end)?;
    let mut words = [Word { at, value: 0 }; N];
    for (word, at) in words.iter_mut().zip((at..end).step_by(4)) {
        *word = Word {
            at,
            value: u32_at(bytes, at)?,
        };
    }
    Some(words)
}

/// The range of `len` bytes from `start` on, if it ends within `limit`.
pub(crate) fn range_within(start: usize, len: usize, limit: usize) -> Option<Range<usize>> {
    let end = start.checked_add(len)?;
    (end <= limit).then_some(start..end)
}

/// Whether two ranges share a byte.
pub(crate) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// A part of a payload: where it starts in the payload, and its length, both in bytes.
///
/// Those that the parsers of this crate hand out lie inside their payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Offset from the start of the payload.
    pub offset: u32,
    /// Length.
    pub size: u32,
}

impl Region {
    /// The bytes of `payload` that the region covers, or `None` if that is not the region's payload.
    pub fn of(self, payload: &[u8]) -> Option<&[u8]> {
        payload.get(self.range(payload.len())?)
    }

    /// The region as a range, if it ends within `limit`.
    pub(crate) fn range(self, limit: usize) -> Option<Range<usize>> {
        // CAST: `usize` has at least 64 bits, as asserted above.
        range_within(self.offset as usize, self.size as usize, limit)
    }
}
