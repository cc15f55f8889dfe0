// SPDX-License-Identifier: GPL-2.0

//! The driver's channel to FSP: a kilobyte of FSP's own memory, and two queues that hold one packet each.
//!
//! Both directions use the same bytes, from offset 0 on, so a response overwrites its request. A queue is
//! two offsets into them: `HEAD` of the packet's first word, `TAIL` of its **last** one. It is empty while
//! they are equal, and whoever has read a packet makes them so: FSP by moving `HEAD` to `TAIL`. FSP writes `TAIL` last, and so does the
//! driver write `HEAD`, which is its doorbell.

use core::fmt;

/// Bytes of the channel, which is the first of FSP's memory.
pub const SIZE: u32 = 1024;

const WORD: u32 = 4;

/// Why a packet cannot be sent. Nothing has been touched then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket {
    /// Bytes of the packet.
    pub len: usize,
}

impl fmt::Display for BadPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a packet of {} bytes, 8 to {SIZE} in whole words can be sent",
            self.len
        )
    }
}

impl core::error::Error for BadPacket {}

/// What `TAIL` has to be for a packet of `len` bytes from offset 0 on.
///
/// # Errors
///
/// [`BadPacket`] if such a packet does not fit, or cannot be told from an empty queue.
pub fn tail_of(len: usize) -> Result<u32, BadPacket> {
    let bytes = u32::try_from(len).map_err(|_| BadPacket { len })?;
    if (2 * WORD..=SIZE).contains(&bytes) && bytes % WORD == 0 {
        Ok(bytes - WORD)
    } else {
        Err(BadPacket { len })
    }
}

/// What a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Nothing; both offsets are this.
    Empty(u32),
    /// A packet between two offsets, whatever they are.
    Packet(Packet),
}

impl Queue {
    /// Looks at a queue: `tail`, and `head` only if that matters.
    ///
    /// The last word of a packet is never at offset 0, so a queue with a `TAIL` of 0 is empty.
    pub fn look(tail: impl FnOnce() -> u32, head: impl FnOnce() -> u32) -> Self {
        match tail() {
            0 => Self::Empty(0),
            tail => match head() {
                head if head == tail => Self::Empty(tail),
                head => Self::Packet(Packet { head, tail }),
            },
        }
    }
}

/// A packet in a queue, by offsets that FSP has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Where its first word is said to be.
    pub head: u32,
    /// Where its last word is said to be.
    pub tail: u32,
}

/// Why there cannot be such a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketError {
    /// It ends before it begins.
    Backwards(Packet),
    /// It has more bytes than the channel.
    TooLong(u64),
    /// It has so many bytes, which are no whole words.
    NotWords(u32),
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backwards(Packet { head, tail }) => {
                write!(f, "a packet from {head:#x} back to {tail:#x}")
            }
            Self::TooLong(len) => write!(f, "a packet of {len} bytes, {SIZE} are the most"),
            Self::NotWords(len) => write!(f, "a packet of {len} bytes, which are no whole words"),
        }
    }
}

impl core::error::Error for PacketError {}

impl Packet {
    /// Words of the packet, at least one and at most as many as the channel has.
    ///
    /// # Errors
    ///
    /// [`PacketError`].
    pub fn words(self) -> Result<usize, PacketError> {
        let Self { head, tail } = self;
        let span = tail.checked_sub(head).ok_or(PacketError::Backwards(self))?;
        let len = u64::from(span) + u64::from(WORD);
        match u32::try_from(len) {
            // CAST: at most a kilobyte.
            Ok(len) if len <= SIZE && len % WORD == 0 => Ok((len / WORD) as usize),
            Ok(len) if len <= SIZE => Err(PacketError::NotWords(len)),
            _ => Err(PacketError::TooLong(len)),
        }
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        same,
        Text, //
    };

    fn packet(head: u32, tail: u32) -> Packet {
        Packet { head, tail }
    }

    cases! { fsp_channel_cases at fsp::channel::cases:
        fn tail_is_the_offset_of_the_last_word() {
            for (len, tail) in [(8, 4), (12, 8), (868, 0x360), (1024, 0x3fc)] {
                same!(tail_of(len), Ok(tail), "{len}");
            }
        }

        fn packets_that_do_not_fit_are_not_sent() {
            for len in [
                0,
                4,
                9,
                11,
                867,
                1023,
                1028,
                usize::MAX,
                1 << 32,
                (1 << 32) + 868,
            ] {
                same!(tail_of(len), Err(BadPacket { len }));
            }
            same!(
                Text::of(BadPacket { len: 9 }),
                "a packet of 9 bytes, 8 to 1024 in whole words can be sent"
            );
        }

        fn equal_offsets_are_an_empty_queue() {
            for (tail, head, want) in [
                (0x360, 0x360, Queue::Empty(0x360)),
                (0x10, 0, Queue::Packet(packet(0, 0x10))),
                (0x10, 0x20, Queue::Packet(packet(0x20, 0x10))),
                (u32::MAX, 0, Queue::Packet(packet(0, u32::MAX))),
            ] {
                same!(Queue::look(|| tail, || head), want, "{tail:#x} {head:#x}");
            }
        }

        fn where_an_empty_queue_begins_is_not_asked() {
            same!(Queue::look(|| 0, || unreachable!()), Queue::Empty(0));
        }

        fn words_of_a_packet_include_the_last() {
            for (head, tail, words) in [
                (0, 16, 5),
                (0, 20, 6),
                (0, 4, 2),
                (0, 0x3fc, 256),
                (0x20, 0x30, 5),
                (0, 0, 1),
                (u32::MAX - 19, u32::MAX - 3, 5),
            ] {
                same!(
                    packet(head, tail).words(),
                    Ok(words),
                    "{head:#x}..{tail:#x}"
                );
            }
        }

        fn impossible_packets_have_no_words() {
            for (head, tail, want, text) in [
                (
                    0x20,
                    0x10,
                    PacketError::Backwards(packet(0x20, 0x10)),
                    "a packet from 0x20 back to 0x10",
                ),
                (
                    0,
                    0x400,
                    PacketError::TooLong(1028),
                    "a packet of 1028 bytes, 1024 are the most",
                ),
                (
                    0,
                    u32::MAX,
                    PacketError::TooLong(0x1_0000_0003),
                    "a packet of 4294967299 bytes, 1024 are the most",
                ),
                (
                    0,
                    14,
                    PacketError::NotWords(18),
                    "a packet of 18 bytes, which are no whole words",
                ),
                (
                    0,
                    1021,
                    PacketError::TooLong(1025),
                    "a packet of 1025 bytes, 1024 are the most",
                ),
            ] {
                let error = packet(head, tail).words().unwrap_err();
                same!(error, want, "{head:#x}..{tail:#x}");
                same!(Text::of(error), text);
            }
        }
    }
}
