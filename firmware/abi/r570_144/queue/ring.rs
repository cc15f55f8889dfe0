// SPDX-License-Identifier: GPL-2.0

//! The arithmetic of a ring of entries whose other end cannot be trusted.
//!
//! Pointers are indices below [`ENTRIES`], stored reduced; equal pointers mean an empty ring. What the
//! other side writes into its pointer is believed only if it moved forwards, and not past ours.

use super::{
    ENTRIES,
    ENTRY_SIZE, //
};
use core::{
    fmt,
    ops::Range, //
};

/// Index of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer(u32);

/// An index beyond the last entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPointer(pub u32);

impl fmt::Display for BadPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} is beyond the last of {ENTRIES} entries", self.0)
    }
}

impl core::error::Error for BadPointer {}

impl Pointer {
    /// The first entry, where both ends of a queue start.
    pub const FIRST: Self = Self(0);

    /// A pointer as found in memory.
    ///
    /// # Errors
    ///
    /// [`BadPointer`], if it is beyond the last entry; it is not reduced, because no honest writer
    /// would need that.
    pub const fn new(raw: u32) -> Result<Self, BadPointer> {
        if raw < ENTRIES {
            Ok(Self(raw))
        } else {
            Err(BadPointer(raw))
        }
    }

    /// The index, to be written to memory.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The pointer `entries` later, around the end if need be.
    pub const fn advance(self, entries: u32) -> Self {
        Self((self.0 + entries % ENTRIES) % ENTRIES)
    }

    /// How many entries `later` is later.
    pub const fn until(self, later: Self) -> u32 {
        (later.0 + ENTRIES - self.0) % ENTRIES
    }

    /// Where `len` bytes are if they start with the entry the pointer points to.
    ///
    /// `None`, if there are not that many entries.
    pub fn spans(self, len: usize) -> Option<Spans> {
        self.spans_after(0, len)
    }

    /// Where `len` bytes are if they start `skip` bytes after the start of the entry the pointer points
    /// to.
    ///
    /// `None`, if there are not that many entries.
    pub fn spans_after(self, skip: usize, len: usize) -> Option<Spans> {
        // CAST: small numbers.
        let ring = ENTRIES as usize * ENTRY_SIZE;
        if skip.checked_add(len)? > ring {
            return None;
        }
        let start = (self.0 as usize * ENTRY_SIZE + skip) % ring;
        let first = len.min(ring - start);
        Some(Spans {
            first: start..start + first,
            wrapped: 0..len - first,
        })
    }
}

/// Where consecutive bytes are among a queue's entries, as offsets from the first entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spans {
    /// The bytes up to the end of the last entry.
    pub first: Range<usize>,
    /// The bytes that go on at the first entry. Empty in most cases.
    pub wrapped: Range<usize>,
}

/// What the other side did that it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingError {
    /// Its pointer is beyond the last entry.
    Pointer(BadPointer),
    /// Its pointer went back, or past ours.
    Moved {
        /// Where it was.
        from: u32,
        /// Where it is.
        to: u32,
        /// Where ours is.
        ours: u32,
    },
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer(error) => error.fmt(f),
            Self::Moved { from, to, ours } => {
                write!(
                    f,
                    "pointer moved from {from} to {to}, with the other at {ours}"
                )
            }
        }
    }
}

impl core::error::Error for RingError {}

/// More entries were asked for than there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough {
    /// How many were asked for.
    pub wanted: u32,
    /// How many there are.
    pub available: u32,
}

impl fmt::Display for NotEnough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} entries needed, {} available",
            self.wanted, self.available
        )
    }
}

impl core::error::Error for NotEnough {}

/// The writing end of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Producer {
    write: Pointer,
    read: Pointer,
}

impl Producer {
    /// The end of an empty queue.
    pub const fn new() -> Self {
        Self {
            write: Pointer::FIRST,
            read: Pointer::FIRST,
        }
    }

    /// Takes note of how far the reader says it has read.
    ///
    /// # Errors
    ///
    /// [`RingError`], if it cannot have; then nothing changes.
    pub fn reader_at(&mut self, raw: u32) -> Result<(), RingError> {
        let read = Pointer::new(raw).map_err(RingError::Pointer)?;
        if self.read.until(read) > self.read.until(self.write) {
            return Err(RingError::Moved {
                from: self.read.get(),
                to: raw,
                ours: self.write.get(),
            });
        }
        self.read = read;
        Ok(())
    }

    /// Number of entries that may be written, at most one less than there are.
    pub const fn free(&self) -> u32 {
        ENTRIES - 1 - self.read.until(self.write)
    }

    /// The first of these.
    pub const fn write(&self) -> Pointer {
        self.write
    }

    /// Hands `entries` to the reader; gives the write pointer to be published, after their bytes.
    ///
    /// # Errors
    ///
    /// [`NotEnough`], if not so many are free; then nothing changes.
    pub fn publish(&mut self, entries: u32) -> Result<Pointer, NotEnough> {
        let available = self.free();
        if entries > available {
            return Err(NotEnough {
                wanted: entries,
                available,
            });
        }
        self.write = self.write.advance(entries);
        Ok(self.write)
    }
}

impl Default for Producer {
    fn default() -> Self {
        Self::new()
    }
}

/// The reading end of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumer {
    read: Pointer,
    write: Pointer,
}

impl Consumer {
    /// The end of an empty queue.
    pub const fn new() -> Self {
        Self {
            read: Pointer::FIRST,
            write: Pointer::FIRST,
        }
    }

    /// Takes note of how far the writer says it has written.
    ///
    /// # Errors
    ///
    /// [`RingError`], if it cannot have; then nothing changes.
    pub fn writer_at(&mut self, raw: u32) -> Result<(), RingError> {
        let write = Pointer::new(raw).map_err(RingError::Pointer)?;
        if self.read.until(write) < self.available() {
            return Err(RingError::Moved {
                from: self.write.get(),
                to: raw,
                ours: self.read.get(),
            });
        }
        self.write = write;
        Ok(())
    }

    /// Number of entries to be read.
    pub const fn available(&self) -> u32 {
        self.read.until(self.write)
    }

    /// The first of these.
    pub const fn read(&self) -> Pointer {
        self.read
    }

    /// Gives `entries` back to the writer; gives the read pointer to be published, after their bytes
    /// have been copied.
    ///
    /// # Errors
    ///
    /// [`NotEnough`], if not so many were available; then nothing changes.
    pub fn consume(&mut self, entries: u32) -> Result<Pointer, NotEnough> {
        let available = self.available();
        if entries > available {
            return Err(NotEnough {
                wanted: entries,
                available,
            });
        }
        self.read = self.read.advance(entries);
        Ok(self.read)
    }
}

impl Default for Consumer {
    fn default() -> Self {
        Self::new()
    }
}
