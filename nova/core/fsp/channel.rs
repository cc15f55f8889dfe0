// SPDX-License-Identifier: GPL-2.0

//! Exchanging packets with FSP through its memory.
//!
//! Where packets are and how long, [`nova_hw::fsp::channel`] knows; here is in which order registers are
//! accessed, and for how long the other side is waited for.

use crate::wait;
use core::fmt;
use kernel::{
    prelude::*,
    time::Delta, //
};
use nova_firmware::fsp::PACKET_MAX;
use nova_hw::fsp::channel::{
    self,
    BadPacket,
    Packet,
    PacketError,
    Queue, //
};

/// How long existing drivers give FSP to answer, and to take a request.
pub(super) const DEADLINE: Delta = Delta::from_secs(2);

/// Time before the first look for an answer: verifying an image takes longer.
const FIRST_LOOK: Delta = Delta::from_millis(10);

/// Time between two looks.
const INTERVAL: Delta = Delta::from_millis(2);

/// `EMEMC` for writing packets: from offset 0 on, the next word after each write.
const WRITE_FROM_0: u32 = 1 << 24;

/// The same for reading.
const READ_FROM_0: u32 = 1 << 25;

/// The registers of a channel, under their published names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Register {
    Ememc,
    Ememd,
    QueueHead,
    QueueTail,
    MsgqHead,
    MsgqTail,
}

/// A channel as it can be reached.
pub(super) trait Port {
    fn read(&self, register: Register) -> u32;

    fn write(&self, register: Register, value: u32);

    /// Whether the device has gone, which is logged then.
    fn is_gone(&self) -> bool;

    /// Takes note of a message that nobody has waited for.
    fn dropped(&self, packet: Packet);
}

/// Why there is no answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelError {
    /// The device has gone.
    Gone,
    /// The request is none that could be sent.
    Request(BadPacket),
    /// FSP has not taken the request before.
    Busy,
    /// FSP does not answer.
    Silent,
    /// FSP's answer is not where an answer can be.
    Answer(PacketError),
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = DEADLINE.as_millis() / 1000;
        match self {
            Self::Gone => f.write_str("the device has gone"),
            Self::Request(bad) => bad.fmt(f),
            Self::Busy => write!(f, "it has not taken the request before within {seconds} s"),
            Self::Silent => write!(f, "it has not answered within {seconds} s"),
            Self::Answer(err) => write!(f, "it sent {err}"),
        }
    }
}

impl From<ChannelError> for Error {
    fn from(err: ChannelError) -> Self {
        match err {
            ChannelError::Gone => ENODEV,
            ChannelError::Busy | ChannelError::Silent => ETIMEDOUT,
            ChannelError::Request(_) | ChannelError::Answer(PacketError::NotWords(_)) => EINVAL,
            ChannelError::Answer(PacketError::TooLong(_)) => EMSGSIZE,
            ChannelError::Answer(PacketError::Backwards(_)) => EIO,
        }
    }
}

/// The driver's channel to FSP. Whatever happens, the next request can be sent.
pub(super) struct Channel<P: Port> {
    port: P,
    deadline: Delta,
}

impl<P: Port> Channel<P> {
    /// The channel behind `port`, whose other end has `deadline` for what it has to do.
    pub(super) fn new(port: P, deadline: Delta) -> Self {
        Self { port, deadline }
    }

    /// Whether the device has gone, which is logged then.
    pub(super) fn is_gone(&self) -> bool {
        self.port.is_gone()
    }

    /// Sends `request`, waits for the answer, and gives that; it is put into `answer`.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// [`ChannelError`]. Nothing has been touched if it is about the request.
    pub(super) fn exchange<'b>(
        &self,
        request: &[u8],
        answer: &'b mut [u8; PACKET_MAX],
    ) -> Result<&'b [u8], ChannelError> {
        let tail = channel::tail_of(request.len()).map_err(ChannelError::Request)?;
        self.wait_idle()?;
        self.send(request, tail);
        let packet = self.wait_answer()?;
        let words = packet.words().map(|words| self.receive(words, answer));
        self.acknowledge(packet);
        words.map_err(ChannelError::Answer)
    }

    /// Waits until the channel's memory is nobody's: FSP has taken the last request, and its answer is not
    /// waited for by anybody.
    fn wait_idle(&self) -> Result<(), ChannelError> {
        let taken = wait::until(INTERVAL, self.deadline, || {
            match self.look(Register::QueueHead, Register::QueueTail)? {
                Queue::Empty(tail) => Ok(Some(tail)),
                Queue::Packet(_) => Ok(None),
            }
        });
        // Nobody has asked FSP for anything since it was reset, so it has not answered.
        if taken.map_err(|err| in_time(err, ChannelError::Busy))? == 0 {
            return Ok(());
        }
        match self.look(Register::MsgqHead, Register::MsgqTail) {
            Ok(Queue::Empty(_)) => Ok(()),
            Ok(Queue::Packet(packet)) => {
                self.port.dropped(packet);
                self.acknowledge(packet);
                Ok(())
            }
            Err(err) => Err(in_time(err, ChannelError::Busy)),
        }
    }

    fn send(&self, request: &[u8], tail: u32) {
        self.port.write(Register::Ememc, WRITE_FROM_0);
        for word in request.chunks_exact(4) {
            // PANIC: each chunk has four bytes.
            let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            self.port.write(Register::Ememd, word);
        }
        self.port.write(Register::QueueTail, tail);
        self.port.write(Register::QueueHead, 0);
    }

    fn wait_answer(&self) -> Result<Packet, ChannelError> {
        let packet = wait::after(FIRST_LOOK, INTERVAL, self.deadline, || {
            match self.look(Register::MsgqHead, Register::MsgqTail)? {
                Queue::Empty(_) => Ok(None),
                Queue::Packet(packet) => Ok(Some(packet)),
            }
        });
        packet.map_err(|err| in_time(err, ChannelError::Silent))
    }

    fn receive<'b>(&self, words: usize, answer: &'b mut [u8; PACKET_MAX]) -> &'b [u8] {
        self.port.write(Register::Ememc, READ_FROM_0);
        // A channel has no more words than an answer.
        let len = (4 * words).min(PACKET_MAX);
        let answer = &mut answer[..len];
        for bytes in answer.chunks_exact_mut(4) {
            bytes.copy_from_slice(&self.port.read(Register::Ememd).to_le_bytes());
        }
        answer
    }

    /// Makes the queue of messages empty again.
    fn acknowledge(&self, packet: Packet) {
        self.port.write(Register::MsgqTail, packet.head);
    }

    /// Looks at a queue.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the device has gone: both offsets would be all ones, and the queue seem empty; or only the
    /// second one that was read.
    fn look(&self, head: Register, tail: Register) -> Result<Queue> {
        let tail = self.port.read(tail);
        if tail == u32::MAX && self.port.is_gone() {
            return Err(ENODEV);
        }
        match Queue::look(|| tail, || self.port.read(head)) {
            Queue::Packet(packet) if packet.head == u32::MAX && self.port.is_gone() => Err(ENODEV),
            queue => Ok(queue),
        }
    }
}

/// What an error of waiting means.
fn in_time(err: Error, late: ChannelError) -> ChannelError {
    if err == ENODEV {
        ChannelError::Gone
    } else {
        late
    }
}
