// SPDX-License-Identifier: GPL-2.0

//! One message in a ring: the transport's header, the call's header, a payload.
//!
//! | offset | size | | |
//! |---|---|---|---|
//! | 0 | 32 | for confidential computing | 0 |
//! | 32 | 4 | `checkSum` | makes [`Checksum`] of the whole message 0 |
//! | 36 | 4 | `seqNum` | messages of this direction before this one |
//! | 40 | 4 | `elemCount` | entries of the ring the message takes |
//! | 44 | 4 | | 0 |
//! | 48 | 4 | `header_version` | 0x03000000 |
//! | 52 | 4 | `signature` | "VRPC" |
//! | 56 | 4 | `length` | bytes from offset 48 on |
//! | 60 | 4 | `function` | |
//! | 64 | 4 | `rpc_result` | 0xffffffff in a call |
//! | 68 | 4 | `rpc_result_private` | 0xffffffff in a call |
//! | 72 | 4 | `sequence` | 0 |
//! | 76 | 4 | `spare` | 0 |
//! | 80 | | payload | |
//!
//! The bytes after the payload up to a multiple of 8 are covered by the checksum as read by the GSP, so
//! they must be 0 in the ring. It is best to zero the rest of the last entry.

use super::{
    function::Function,
    queue::ENTRY_SIZE,
    status::Status,
    wire::Wire, //
};
use crate::At;
use core::fmt;

/// Bytes of both headers.
pub const HEADERS_SIZE: usize = 80;

/// Bytes of the call's header, which `length` includes.
const RPC_HEADER_SIZE: u32 = 32;

/// Entries of the longest message.
pub const MAX_ENTRIES: u32 = 16;

/// Bytes of the longest payload.
// CAST: a small number.
pub const MAX_PAYLOAD: usize = MAX_ENTRIES as usize * ENTRY_SIZE - HEADERS_SIZE;

const HEADER_VERSION: u32 = 0x0300_0000;
const SIGNATURE: u32 = u32::from_le_bytes(*b"VRPC");

/// Offsets of the fields that are used, under their published names.
mod at {
    pub(super) const CHECK_SUM: usize = 32;
    pub(super) const SEQ_NUM: usize = 36;
    pub(super) const ELEM_COUNT: usize = 40;
    pub(super) const HEADER_VERSION: usize = 48;
    pub(super) const SIGNATURE: usize = 52;
    pub(super) const LENGTH: usize = 56;
    pub(super) const FUNCTION: usize = 60;
    pub(super) const RPC_RESULT: usize = 64;
    pub(super) const RPC_RESULT_PRIVATE: usize = 68;
    pub(super) const SEQUENCE: usize = 72;
}

/// The sum over a message: an exclusive or of its 64-bit words, folded to 32 bits.
///
/// It can be taken over pieces of any length. A message whose end is not a multiple of 8 counts as
/// continued with zeros.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checksum {
    sum: u64,
    /// Bytes so far, modulo 8.
    phase: u32,
}

impl Checksum {
    /// The sum of nothing.
    pub const fn new() -> Self {
        Self { sum: 0, phase: 0 }
    }

    /// The sum with `bytes` after all the others.
    #[must_use]
    pub fn then(mut self, bytes: &[u8]) -> Self {
        // Byte 0 of each word has to go where the phase says.
        let mut piece = 0;
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            piece ^= word
                .first_chunk()
                .map_or(0, |word| u64::from_le_bytes(*word));
        }
        let mut rest = [0; 8];
        for (to, from) in rest.iter_mut().zip(words.remainder()) {
            *to = *from;
        }
        piece ^= u64::from_le_bytes(rest);
        self.sum ^= piece.rotate_left(8 * self.phase);
        // CAST: less than 8.
        self.phase = (self.phase + (bytes.len() % 8) as u32) % 8;
        self
    }

    /// The checksum.
    pub const fn fold(self) -> u32 {
        // CAST: the two halves.
        (self.sum >> 32) as u32 ^ self.sum as u32
    }
}

/// What the headers of a message say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of messages sent in this direction before this one.
    pub number: u32,
    /// What is called, answered or told.
    pub function: Function,
    /// The result of a call that is answered.
    pub result: Status,
    /// A second result, for the GSP's own use.
    pub result_private: Status,
    /// A number the caller may use; the GSP repeats it.
    pub sequence: u32,
    /// Bytes of the payload, at most [`MAX_PAYLOAD`].
    payload_len: u32,
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementError {
    /// There are fewer bytes than the headers have.
    Short,
    /// `header_version` is not the one of this interface.
    Version(u32),
    /// `signature` is not "VRPC".
    Signature(u32),
    /// `length` is too small for the header or too big for a message.
    Length(u32),
    /// The number of entries does not fit the length.
    Entries {
        /// What the message says.
        said: u32,
        /// What its length needs.
        needed: u32,
    },
    /// The message takes more entries than there are to be read.
    NotPublished {
        /// What the message takes.
        needed: u32,
        /// What there is.
        available: u32,
    },
    /// The message is not the next one.
    Number {
        /// The message's number.
        number: u32,
        /// The next one's.
        expected: u32,
    },
    /// The payload that was copied has not the length the header says.
    Payload {
        /// Bytes copied.
        len: usize,
        /// Bytes it should have.
        expected: usize,
    },
    /// The checksum of the whole message is not 0.
    Checksum(u32),
}

impl fmt::Display for ElementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("message headers are cut short"),
            Self::Version(version) => write!(f, "message header version {version:#x}"),
            Self::Signature(signature) => write!(f, "message signature {signature:#x}"),
            Self::Length(length) => write!(f, "impossible message length {length:#x}"),
            Self::Entries { said, needed } => {
                write!(f, "message said to take {said} entries needs {needed}")
            }
            Self::NotPublished { needed, available } => {
                write!(
                    f,
                    "message of {needed} entries where {available} are written"
                )
            }
            Self::Number { number, expected } => {
                write!(f, "message number {number} instead of {expected}")
            }
            Self::Payload { len, expected } => {
                write!(f, "{len} bytes of payload instead of {expected}")
            }
            Self::Checksum(sum) => write!(f, "message checksum is off by {sum:#x}"),
        }
    }
}

/// A payload longer than one message can carry, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong(pub usize);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "payload of {:#x} bytes, a message has {MAX_PAYLOAD:#x} at most",
            self.0
        )
    }
}

impl core::error::Error for TooLong {}

impl Header {
    /// The header of a call's message with `payload_len` bytes.
    ///
    /// # Errors
    ///
    /// [`TooLong`].
    pub fn call(number: u32, function: Function, payload_len: usize) -> Result<Self, TooLong> {
        Self::with_payload(number, function, Status::PENDING, payload_len)
    }

    /// The header of an event's or successful answer's message with `payload_len` bytes, as the GSP
    /// sends it.
    ///
    /// # Errors
    ///
    /// [`TooLong`].
    pub fn from_gsp(number: u32, function: Function, payload_len: usize) -> Result<Self, TooLong> {
        Self::with_payload(number, function, Status::OK, payload_len)
    }

    fn with_payload(
        number: u32,
        function: Function,
        result: Status,
        payload_len: usize,
    ) -> Result<Self, TooLong> {
        if payload_len > MAX_PAYLOAD {
            return Err(TooLong(payload_len));
        }
        Ok(Self {
            number,
            function,
            result,
            result_private: result,
            sequence: 0,
            // CAST: just checked.
            payload_len: payload_len as u32,
        })
    }

    /// Bytes of the payload.
    pub const fn payload_len(&self) -> usize {
        // CAST: widening.
        self.payload_len as usize
    }

    /// Bytes of the message.
    pub const fn size(&self) -> usize {
        HEADERS_SIZE + self.payload_len()
    }

    /// Entries the message takes, 1 to [`MAX_ENTRIES`].
    pub const fn entries(&self) -> u32 {
        // CAST: at most 16.
        self.size().div_ceil(ENTRY_SIZE) as u32
    }

    /// The headers' bytes, for a message with this payload.
    ///
    /// # Errors
    ///
    /// [`ElementError::Payload`], if the payload is not the one the header was made for.
    pub fn encode(&self, payload: &[u8]) -> Result<[u8; HEADERS_SIZE], ElementError> {
        if payload.len() != self.payload_len() {
            return Err(ElementError::Payload {
                len: payload.len(),
                expected: self.payload_len(),
            });
        }
        let mut headers = Wire::<HEADERS_SIZE>::zeroed();
        headers
            .put_u32::<{ at::SEQ_NUM }>(self.number)
            .put_u32::<{ at::ELEM_COUNT }>(self.entries())
            .put_u32::<{ at::HEADER_VERSION }>(HEADER_VERSION)
            .put_u32::<{ at::SIGNATURE }>(SIGNATURE)
            .put_u32::<{ at::LENGTH }>(RPC_HEADER_SIZE + self.payload_len)
            .put_u32::<{ at::FUNCTION }>(self.function.0)
            .put_u32::<{ at::RPC_RESULT }>(self.result.0)
            .put_u32::<{ at::RPC_RESULT_PRIVATE }>(self.result_private.0)
            .put_u32::<{ at::SEQUENCE }>(self.sequence);
        let sum = Checksum::new().then(&headers.into_bytes()).then(payload);
        headers.put_u32::<{ at::CHECK_SUM }>(sum.fold());
        Ok(headers.into_bytes())
    }
}

/// The headers of a message that has been received, believed as far as they can be without the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    header: Header,
    sum: u32,
}

impl Received {
    /// Checks a private copy of a message's headers.
    ///
    /// `expected` is the number the message should have, `available` how many entries the GSP has
    /// written. Afterwards, [`Received::payload_len`] bytes are to be copied from behind the headers.
    /// Fields that are always 0 are not looked at, but the checksum covers them.
    ///
    /// # Errors
    ///
    /// [`ElementError`]. A ring with such a message cannot be used any more: nobody can tell where the
    /// next message starts.
    pub fn parse(bytes: &[u8], expected: u32, available: u32) -> Result<Self, At<ElementError>> {
        let headers = Wire::<HEADERS_SIZE>::from_prefix(bytes)
            .ok_or(At::new(bytes.len(), ElementError::Short))?;
        let version = headers.get_u32::<{ at::HEADER_VERSION }>();
        if version != HEADER_VERSION {
            let reason = ElementError::Version(version);
            return Err(At::new(at::HEADER_VERSION, reason));
        }
        let signature = headers.get_u32::<{ at::SIGNATURE }>();
        if signature != SIGNATURE {
            return Err(At::new(at::SIGNATURE, ElementError::Signature(signature)));
        }
        let length = headers.get_u32::<{ at::LENGTH }>();
        // CAST: a constant, see there.
        let payload_len = length
            .checked_sub(RPC_HEADER_SIZE)
            .filter(|&len| len <= MAX_PAYLOAD as u32)
            .ok_or(At::new(at::LENGTH, ElementError::Length(length)))?;
        let header = Header {
            number: headers.get_u32::<{ at::SEQ_NUM }>(),
            function: Function(headers.get_u32::<{ at::FUNCTION }>()),
            result: Status(headers.get_u32::<{ at::RPC_RESULT }>()),
            result_private: Status(headers.get_u32::<{ at::RPC_RESULT_PRIVATE }>()),
            sequence: headers.get_u32::<{ at::SEQUENCE }>(),
            payload_len,
        };
        let said = headers.get_u32::<{ at::ELEM_COUNT }>();
        let needed = header.entries();
        if said != needed {
            let reason = ElementError::Entries { said, needed };
            return Err(At::new(at::ELEM_COUNT, reason));
        }
        if needed > available {
            let reason = ElementError::NotPublished { needed, available };
            return Err(At::new(at::ELEM_COUNT, reason));
        }
        if header.number != expected {
            let number = header.number;
            let reason = ElementError::Number { number, expected };
            return Err(At::new(at::SEQ_NUM, reason));
        }
        Ok(Self {
            header,
            sum: Checksum::new().then(&headers.into_bytes()).fold(),
        })
    }

    /// Bytes of the payload to be copied.
    pub const fn payload_len(&self) -> usize {
        self.header.payload_len()
    }

    /// Entries to be given back, whatever else is wrong with the message.
    pub const fn entries(&self) -> u32 {
        self.header.entries()
    }

    /// Checks a private copy of the payload; gives what the headers say.
    ///
    /// # Errors
    ///
    /// [`ElementError::Payload`] and [`ElementError::Checksum`].
    pub fn verify(self, payload: &[u8]) -> Result<Header, At<ElementError>> {
        if payload.len() != self.payload_len() {
            let reason = ElementError::Payload {
                len: payload.len(),
                expected: self.payload_len(),
            };
            return Err(At::new(HEADERS_SIZE, reason));
        }
        let sum = self.sum ^ Checksum::new().then(payload).fold();
        if sum != 0 {
            return Err(At::new(at::CHECK_SUM, ElementError::Checksum(sum)));
        }
        Ok(self.header)
    }
}

#[cfg(test)]
mod tests;
