// SPDX-License-Identifier: GPL-2.0

//! `msgqTxHeader`: what the writer of a queue says about it.

use super::{
    super::wire::Wire,
    BadPointer,
    Pointer,
    ENTRIES,
    ENTRY_SIZE,
    FIRST_ENTRY,
    QUEUE_SIZE,
    READ_POINTER,
    WRITE_POINTER, //
};
use crate::At;
use core::fmt;

const VERSION: u32 = 0;
/// Read pointers are swapped.
const SWAP_RX: u32 = 1;

/// Offsets of the fields, under their published names.
mod at {
    pub(super) const VERSION: usize = 0;
    pub(super) const SIZE: usize = 4;
    pub(super) const MSG_SIZE: usize = 8;
    pub(super) const MSG_COUNT: usize = 12;
    pub(super) const WRITE_PTR: usize = super::WRITE_POINTER;
    pub(super) const FLAGS: usize = 20;
    pub(super) const RX_HDR_OFF: usize = 24;
    pub(super) const ENTRY_OFF: usize = 28;
}

/// A queue's header.
///
/// All but the write pointer is the same in every queue that driver and GSP can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxHeader {
    /// The entry to be written next.
    pub write: Pointer,
}

/// Why a queue with this header cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TxHeaderError {
    /// There are fewer bytes than a header has.
    Short,
    /// All is zero: the GSP has not written its header yet.
    NotWritten,
    /// A field has another value than in all such queues.
    Field {
        /// Its published name.
        name: &'static str,
        /// Its value.
        value: u32,
        /// What it should be.
        expected: u32,
    },
    /// The read pointers are not swapped.
    NotSwapped(u32),
    /// The write pointer.
    Write(BadPointer),
}

impl fmt::Display for TxHeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("queue header is cut short"),
            Self::NotWritten => f.write_str("queue header is not written yet"),
            Self::Field {
                name,
                value,
                expected,
            } => write!(f, "{name} is {value:#x} instead of {expected:#x}"),
            Self::NotSwapped(flags) => {
                write!(f, "queue flags {flags:#x} without swapped read pointers")
            }
            Self::Write(error) => write!(f, "write pointer: {error}"),
        }
    }
}

impl TxHeader {
    /// Bytes of a header.
    pub const SIZE: usize = 32;

    /// The header's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut header = Wire::<{ Self::SIZE }>::zeroed();
        // CAST: small constants.
        header
            .put_u32::<{ at::VERSION }>(VERSION)
            .put_u32::<{ at::SIZE }>(QUEUE_SIZE as u32)
            .put_u32::<{ at::MSG_SIZE }>(ENTRY_SIZE as u32)
            .put_u32::<{ at::MSG_COUNT }>(ENTRIES)
            .put_u32::<{ at::WRITE_PTR }>(self.write.get())
            .put_u32::<{ at::FLAGS }>(SWAP_RX)
            .put_u32::<{ at::RX_HDR_OFF }>(READ_POINTER as u32)
            .put_u32::<{ at::ENTRY_OFF }>(FIRST_ENTRY as u32);
        header.into_bytes()
    }

    /// Checks a header from a private copy of the queue's start.
    ///
    /// Flags other than the one for swapped read pointers are not looked at.
    ///
    /// # Errors
    ///
    /// [`TxHeaderError`]; of these [`TxHeaderError::NotWritten`] may pass if one waits.
    pub fn parse(bytes: &[u8]) -> Result<Self, At<TxHeaderError>> {
        let header = Wire::<{ Self::SIZE }>::from_prefix(bytes)
            .ok_or(At::new(bytes.len(), TxHeaderError::Short))?;
        if header == Wire::zeroed() {
            return Err(At::new(0, TxHeaderError::NotWritten));
        }
        // CAST: small constants.
        for (offset, name, value, expected) in [
            (
                at::VERSION,
                "version",
                header.get_u32::<{ at::VERSION }>(),
                VERSION,
            ),
            (
                at::SIZE,
                "size",
                header.get_u32::<{ at::SIZE }>(),
                QUEUE_SIZE as u32,
            ),
            (
                at::MSG_SIZE,
                "msgSize",
                header.get_u32::<{ at::MSG_SIZE }>(),
                ENTRY_SIZE as u32,
            ),
            (
                at::MSG_COUNT,
                "msgCount",
                header.get_u32::<{ at::MSG_COUNT }>(),
                ENTRIES,
            ),
            (
                at::RX_HDR_OFF,
                "rxHdrOff",
                header.get_u32::<{ at::RX_HDR_OFF }>(),
                READ_POINTER as u32,
            ),
            (
                at::ENTRY_OFF,
                "entryOff",
                header.get_u32::<{ at::ENTRY_OFF }>(),
                FIRST_ENTRY as u32,
            ),
        ] {
            if value != expected {
                let field = TxHeaderError::Field {
                    name,
                    value,
                    expected,
                };
                return Err(At::new(offset, field));
            }
        }
        let flags = header.get_u32::<{ at::FLAGS }>();
        if flags & SWAP_RX == 0 {
            return Err(At::new(at::FLAGS, TxHeaderError::NotSwapped(flags)));
        }
        let write = Pointer::new(header.get_u32::<{ at::WRITE_PTR }>())
            .map_err(|error| At::new(at::WRITE_PTR, TxHeaderError::Write(error)))?;
        Ok(Self { write })
    }
}
