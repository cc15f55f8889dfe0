// SPDX-License-Identifier: GPL-2.0

//! The driver's two ends of the queues, over memory that the GSP writes at the same time.
//!
//! The GSP is not trusted. What it wrote is copied once and only the copy is looked at; a pointer counts
//! only if it can have moved there; a message is given back to the GSP after it has been copied. After an
//! error of [`ChannelError`] nobody can tell what the GSP meant, so the queues are not to be used again.
//!
//! Neither end waits or locks: both are for the caller.

use super::{
    element::{
        ElementError,
        Header,
        Received,
        TooLong,
        HEADERS_SIZE,
        MAX_PAYLOAD, //
    },
    function::Function,
    queue::{
        self,
        Consumer,
        NotEnough,
        Pointer,
        Producer,
        RingError,
        TxHeader,
        TxHeaderError,
        COMMAND_QUEUE,
        ENTRY_SIZE,
        FIRST_ENTRY,
        READ_POINTER,
        STATUS_QUEUE,
        WRITE_POINTER, //
    },
    PAGE_SIZE, //
};
use crate::At;
use core::fmt;

/// Memory that driver and GSP share. Offsets are from its start.
pub trait SharedMemory {
    /// Copies out of the memory, each byte once.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`]; what `out` holds then does not matter.
    fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), OutOfRange>;

    /// Copies into the memory.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`]; then nothing is written.
    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), OutOfRange>;

    /// Reads a 32-bit number that says what else has been written: whatever is read afterwards is at
    /// least as new.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`].
    fn load_u32(&self, offset: usize) -> Result<u32, OutOfRange>;

    /// Writes a 32-bit number that says what has been read and written: all of that has happened when
    /// the GSP sees the number.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`]; then nothing is written.
    fn store_u32(&self, offset: usize, value: u32) -> Result<(), OutOfRange>;
}

/// An access was not within the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("queue memory is too small")
    }
}

impl core::error::Error for OutOfRange {}

/// What the GSP did that it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelError {
    /// The driver's own mistake.
    Memory(OutOfRange),
    /// It published messages in a queue that it has not set up rightly.
    Queue(At<TxHeaderError>),
    /// It says to have read commands that it cannot have read.
    CommandPointer(RingError),
    /// It says to have written messages that it cannot have written.
    StatusPointer(RingError),
    /// It wrote a message that makes no sense.
    Message(At<ElementError>),
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(error) => error.fmt(f),
            Self::Queue(error) => write!(f, "status queue: {error}"),
            Self::CommandPointer(error) => write!(f, "command queue read {error}"),
            Self::StatusPointer(error) => write!(f, "status queue write {error}"),
            Self::Message(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ChannelError {}

impl From<OutOfRange> for ChannelError {
    fn from(error: OutOfRange) -> Self {
        Self::Memory(error)
    }
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// It is longer than messages can be.
    TooLong(TooLong),
    /// There is no room for it yet.
    Full(NotEnough),
    /// The queues cannot be used any more.
    Broken(ChannelError),
}

impl<E: Into<ChannelError>> From<E> for SendError {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Writes what the GSP needs to find the queues: page table, and header of the command queue. All else in
/// the memory has to be 0. `scratch` may hold anything, before and after.
///
/// # Errors
///
/// [`OutOfRange`].
pub fn set_up(
    memory: &impl SharedMemory,
    place: queue::Memory,
    scratch: &mut [u8; PAGE_SIZE],
) -> Result<(), OutOfRange> {
    place.encode_page_table(scratch);
    memory.write(0, scratch)?;
    let header = TxHeader {
        write: Pointer::FIRST,
    };
    memory.write(COMMAND_QUEUE, &header.encode())
}

/// The end that commands are written to.
#[derive(Debug, Default)]
pub struct CommandEnd {
    ring: Producer,
    number: u32,
}

impl CommandEnd {
    /// The end of a queue that nothing has been written to.
    pub const fn new() -> Self {
        Self {
            ring: Producer::new(),
            number: 0,
        }
    }

    /// Sends one message, if there is room for it.
    ///
    /// The rest of its last entry is zeroed, because the GSP's checksum goes on to a multiple of 8 bytes.
    /// The GSP is to be told afterwards.
    ///
    /// # Errors
    ///
    /// [`SendError`]. After [`SendError::Full`] it may be tried again: the GSP takes its time.
    pub fn send(
        &mut self,
        memory: &impl SharedMemory,
        function: Function,
        payload: &[u8],
    ) -> Result<Header, SendError> {
        let header =
            Header::call(self.number, function, payload.len()).map_err(SendError::TooLong)?;
        self.look(memory)?;
        let wanted = header.entries();
        let available = self.ring.free();
        if wanted > available {
            return Err(SendError::Full(NotEnough { wanted, available }));
        }

        let headers = header
            .encode(payload)
            .map_err(|error| ChannelError::Message(At::new(0, error)))?;
        let start = self.ring.write();
        // CAST: widening.
        let end = wanted as usize * ENTRY_SIZE;
        put(memory, start, 0, &headers)?;
        put(memory, start, HEADERS_SIZE, payload)?;
        static ZEROS: [u8; ENTRY_SIZE] = [0; ENTRY_SIZE];
        // PANIC: less than an entry is left in the last one.
        put(memory, start, header.size(), &ZEROS[..end - header.size()])?;

        let write = self.ring.publish(wanted).map_err(SendError::Full)?;
        memory.store_u32(COMMAND_QUEUE + WRITE_POINTER, write.get())?;
        self.number = self.number.wrapping_add(1);
        Ok(header)
    }

    /// Takes note of how far the GSP has read; gives how many entries are free.
    ///
    /// # Errors
    ///
    /// [`ChannelError`].
    pub fn look(&mut self, memory: &impl SharedMemory) -> Result<u32, ChannelError> {
        let read = memory.load_u32(STATUS_QUEUE + READ_POINTER)?;
        self.ring
            .reader_at(read)
            .map_err(ChannelError::CommandPointer)?;
        Ok(self.ring.free())
    }

    /// Entry that will be written next, number of entries that were free when last looked at.
    pub const fn position(&self) -> (Pointer, u32) {
        (self.ring.write(), self.ring.free())
    }
}

/// The end that answers and events are read from.
#[derive(Debug, Default)]
pub struct StatusEnd {
    ring: Consumer,
    number: u32,
    /// The GSP's header of the queue has been checked.
    linked: bool,
}

impl StatusEnd {
    /// The end of a queue that nothing has been read from.
    pub const fn new() -> Self {
        Self {
            ring: Consumer::new(),
            number: 0,
            linked: false,
        }
    }

    /// Takes the next message, if there is one: its payload is put at the start of `payload`.
    ///
    /// # Errors
    ///
    /// [`ChannelError`].
    pub fn receive(
        &mut self,
        memory: &impl SharedMemory,
        payload: &mut [u8; MAX_PAYLOAD],
    ) -> Result<Option<Header>, ChannelError> {
        if self.look(memory)? == 0 {
            return Ok(None);
        }
        self.link(memory)?;

        let start = self.ring.read();
        let mut headers = [0; HEADERS_SIZE];
        get(memory, start, 0, &mut headers)?;
        let received = Received::parse(&headers, self.number, self.ring.available())
            .map_err(ChannelError::Message)?;
        // PANIC: no message has a longer payload.
        let payload = &mut payload[..received.payload_len()];
        get(memory, start, HEADERS_SIZE, payload)?;
        let entries = received.entries();
        let header = received.verify(payload).map_err(ChannelError::Message)?;

        let read = self.ring.consume(entries).map_err(|_| OutOfRange)?;
        memory.store_u32(COMMAND_QUEUE + READ_POINTER, read.get())?;
        self.number = self.number.wrapping_add(1);
        Ok(Some(header))
    }

    /// Takes note of how far the GSP has written; gives how many entries there are to be read.
    ///
    /// # Errors
    ///
    /// [`ChannelError`].
    pub fn look(&mut self, memory: &impl SharedMemory) -> Result<u32, ChannelError> {
        let write = memory.load_u32(STATUS_QUEUE + WRITE_POINTER)?;
        self.ring
            .writer_at(write)
            .map_err(ChannelError::StatusPointer)?;
        Ok(self.ring.available())
    }

    /// Checks, once, what the GSP says about its queue. It has said so before its first message.
    fn link(&mut self, memory: &impl SharedMemory) -> Result<(), ChannelError> {
        if !self.linked {
            let mut header = [0; TxHeader::SIZE];
            memory.read(STATUS_QUEUE, &mut header)?;
            TxHeader::parse(&header).map_err(ChannelError::Queue)?;
            self.linked = true;
        }
        Ok(())
    }

    /// Entry that will be read next, number of entries to be read when last looked at.
    pub const fn position(&self) -> (Pointer, u32) {
        (self.ring.read(), self.ring.available())
    }
}

/// Writes `bytes` into the command queue, `skip` bytes after the start of an entry.
fn put(
    memory: &impl SharedMemory,
    start: Pointer,
    skip: usize,
    bytes: &[u8],
) -> Result<(), OutOfRange> {
    let spans = start.spans_after(skip, bytes.len()).ok_or(OutOfRange)?;
    let (first, wrapped) = bytes
        .split_at_checked(spans.first.len())
        .ok_or(OutOfRange)?;
    for (span, bytes) in [(spans.first, first), (spans.wrapped, wrapped)] {
        memory.write(COMMAND_QUEUE + FIRST_ENTRY + span.start, bytes)?;
    }
    Ok(())
}

/// Reads out of the status queue, from `skip` bytes after the start of an entry on.
fn get(
    memory: &impl SharedMemory,
    start: Pointer,
    skip: usize,
    out: &mut [u8],
) -> Result<(), OutOfRange> {
    let spans = start.spans_after(skip, out.len()).ok_or(OutOfRange)?;
    let (first, wrapped) = out
        .split_at_mut_checked(spans.first.len())
        .ok_or(OutOfRange)?;
    for (span, out) in [(spans.first, first), (spans.wrapped, wrapped)] {
        memory.read(STATUS_QUEUE + FIRST_ENTRY + span.start, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
