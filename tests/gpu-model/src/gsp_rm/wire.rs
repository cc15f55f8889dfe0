// SPDX-License-Identifier: GPL-2.0

//! Layout of a message, stated here on its own: what the driver's encoder says is not looked at.
//!
//! A message is an element header (48 bytes), an RPC header (32 bytes) and a payload, in whole
//! entries of 4096 bytes.

/// Bytes of an entry of a ring.
pub const ENTRY: usize = 4096;
/// Bytes of the element header, which the message's `length` does not count.
pub const ELEMENT_HEADER: usize = 48;
/// Bytes of both headers.
pub const HEADERS: usize = 80;
/// Entries of the largest message.
pub const MAX_ENTRIES: u32 = 16;
/// Bytes of the largest payload of one message.
pub const MAX_PAYLOAD: usize = 65536 - HEADERS;
/// Version 3.0 of the RPC header.
pub const VERSION: u32 = 0x0300_0000;
/// "VRPC" in memory.
pub const SIGNATURE: u32 = 0x4350_5256;
/// Result of a command nobody has answered.
pub const PENDING: u32 = 0xffff_ffff;

/// Offsets of the fields in a message.
pub mod at {
    /// Makes the fold of the message zero.
    pub const CHECK_SUM: usize = 32;
    /// Number of the message in its direction.
    pub const NUMBER: usize = 36;
    /// Entries the message takes.
    pub const ELEMENTS: usize = 40;
    /// Always zero.
    pub const PAD: usize = 44;
    /// Version of the RPC header.
    pub const VERSION: usize = 48;
    /// "VRPC".
    pub const SIGNATURE: usize = 52;
    /// Bytes from the RPC header on.
    pub const LENGTH: usize = 56;
    /// What is called or told.
    pub const FUNCTION: usize = 60;
    /// Result.
    pub const RESULT: usize = 64;
    /// Second result.
    pub const RESULT_PRIVATE: usize = 68;
    /// The caller's own number.
    pub const SEQUENCE: usize = 72;
    /// Zero on a GPU without partitions.
    pub const SPARE: usize = 76;
}

/// The 32-bit number at `offset`.
///
/// # Panics
/// If it is not inside; callers know the length.
pub fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    let mut field = [0; 4];
    field.copy_from_slice(&bytes[offset..offset + 4]);
    u32::from_le_bytes(field)
}

/// The 64-bit number at `offset`.
///
/// # Panics
/// If it is not inside; callers know the length.
pub fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    let mut field = [0; 8];
    field.copy_from_slice(&bytes[offset..offset + 8]);
    u64::from_le_bytes(field)
}

/// Stores bytes at `offset`.
///
/// # Panics
/// If they do not fit; callers know the length.
pub fn put(bytes: &mut [u8], offset: usize, field: &[u8]) {
    bytes[offset..offset + field.len()].copy_from_slice(field);
}

/// Stores a 32-bit number at `offset`.
///
/// # Panics
/// If it does not fit; callers know the length.
pub fn put_u32(bytes: &mut [u8], offset: usize, value: u32) {
    put(bytes, offset, &value.to_le_bytes());
}

/// Stores a 64-bit number at `offset`.
///
/// # Panics
/// If it does not fit; callers know the length.
pub fn put_u64(bytes: &mut [u8], offset: usize, value: u64) {
    put(bytes, offset, &value.to_le_bytes());
}

/// Exclusive or of all bytes, byte `i` shifted to lane `i` modulo 8, the halves folded together.
pub fn fold(bytes: &[u8]) -> u32 {
    let mut lanes = [0u8; 8];
    for (i, byte) in bytes.iter().enumerate() {
        lanes[i % 8] ^= byte;
    }
    u32_at(&lanes, 0) ^ u32_at(&lanes, 4)
}

/// Entries that a message with this `length` takes.
pub fn entries(length: u32) -> u32 {
    // CAST: at most 2^20.
    (ELEMENT_HEADER as u64 + u64::from(length)).div_ceil(ENTRY as u64) as u32
}

/// The headers of a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of the message in its direction.
    pub number: u32,
    /// Entries the message says it takes.
    pub elements: u32,
    /// Version of the RPC header.
    pub version: u32,
    /// Signature.
    pub signature: u32,
    /// Bytes from the RPC header on.
    pub length: u32,
    /// What is called.
    pub function: u32,
    /// Result.
    pub result: u32,
    /// Second result.
    pub result_private: u32,
    /// The caller's own number.
    pub sequence: u32,
    /// Spare word.
    pub spare: u32,
    /// Is all that has to be zero in the element header zero?
    pub reserved_is_zero: bool,
}

impl Header {
    /// Reads the headers at the start of a message.
    pub fn parse(bytes: &[u8; HEADERS]) -> Self {
        Self {
            number: u32_at(bytes, at::NUMBER),
            elements: u32_at(bytes, at::ELEMENTS),
            version: u32_at(bytes, at::VERSION),
            signature: u32_at(bytes, at::SIGNATURE),
            length: u32_at(bytes, at::LENGTH),
            function: u32_at(bytes, at::FUNCTION),
            result: u32_at(bytes, at::RESULT),
            result_private: u32_at(bytes, at::RESULT_PRIVATE),
            sequence: u32_at(bytes, at::SEQUENCE),
            spare: u32_at(bytes, at::SPARE),
            reserved_is_zero: bytes[..at::CHECK_SUM].iter().all(|byte| *byte == 0)
                && u32_at(bytes, at::PAD) == 0,
        }
    }
}

/// A command of the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What its headers say.
    pub header: Header,
    /// What follows them; of all parts, once they are put together.
    pub payload: Vec<u8>,
}

/// A message of GSP-RM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What is answered or told.
    pub function: u32,
    /// Result.
    pub result: u32,
    /// Repeats the command's number.
    pub sequence: u32,
    /// Repeats the command's spare word.
    pub spare: u32,
    /// At most [`MAX_PAYLOAD`] bytes.
    pub payload: Vec<u8>,
}

impl Message {
    /// An event.
    pub fn event(function: u32, payload: Vec<u8>) -> Self {
        Self {
            function,
            result: 0,
            sequence: 0,
            spare: 0,
            payload,
        }
    }

    /// The message as it goes into the ring, with zeros up to the end of its last entry.
    pub fn encode(&self, number: u32) -> Vec<u8> {
        // CAST: a payload has at most 64 KiB.
        let length = (HEADERS - ELEMENT_HEADER + self.payload.len()) as u32;
        let elements = entries(length);
        let mut bytes = vec![0; elements as usize * ENTRY];
        put_u32(&mut bytes, at::NUMBER, number);
        put_u32(&mut bytes, at::ELEMENTS, elements);
        put_u32(&mut bytes, at::VERSION, VERSION);
        put_u32(&mut bytes, at::SIGNATURE, SIGNATURE);
        put_u32(&mut bytes, at::LENGTH, length);
        put_u32(&mut bytes, at::FUNCTION, self.function);
        put_u32(&mut bytes, at::RESULT, self.result);
        put_u32(&mut bytes, at::SEQUENCE, self.sequence);
        put_u32(&mut bytes, at::SPARE, self.spare);
        put(&mut bytes, HEADERS, &self.payload);
        seal(&mut bytes);
        bytes
    }
}

/// Sets the checksum of an encoded message right again.
pub fn seal(bytes: &mut [u8]) {
    put_u32(bytes, at::CHECK_SUM, 0);
    let sum = fold(bytes);
    put_u32(bytes, at::CHECK_SUM, sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_the_published_checksums() {
        for (name, function, payload, number, length, want) in [
            ("INIT_DONE", 0x1001, vec![], 0, 0x20, 0x4050_4276),
            (
                "empty sequencer",
                0x1002,
                [&[1u8][..], &[0; 39]].concat(),
                0,
                0x48,
                0x4050_421c,
            ),
            ("lockdown", 0x101c, vec![1], 1, 0x21, 0x4050_426a),
        ] {
            let bytes = Message::event(function, payload).encode(number);
            assert_eq!(u32_at(&bytes, at::CHECK_SUM), want, "{name}");
            assert_eq!(u32_at(&bytes, at::LENGTH), length, "{name}");
            assert_eq!(bytes.len(), 4096, "{name}");
            assert_eq!(fold(&bytes), 0, "{name}");
        }
    }

    #[test]
    fn entries_change_where_they_are_published_to() {
        for (payload, want) in [
            (0, 1),
            (4016, 1),
            (4017, 2),
            (8112, 2),
            (8113, 3),
            (65456, 16),
        ] {
            assert_eq!(entries(32 + payload), want, "{payload}");
        }
    }

    #[test]
    fn fold_takes_bytes_by_their_lane() {
        assert_eq!(fold(&[1, 2, 3, 4]), 0x0403_0201);
        assert_eq!(fold(&[1, 0, 0, 0, 1]), 0);
        assert_eq!(fold(&[0, 0, 0, 0, 0, 0, 0, 0, 7]), 7);
    }
}
