// SPDX-License-Identifier: GPL-2.0

//! The queue from driver to GSP-RM: takes messages out and judges each byte of them.

use super::{
    memory::Io,
    start::{
        hash,
        Geometry,
        READ_PTR,
        TX_HEADER,
        WRITE_PTR, //
    },
    wire::{
        entries,
        fold,
        u32_at,
        Command,
        Header,
        ELEMENT_HEADER,
        HEADERS,
        MAX_ENTRIES,
        PENDING,
        SIGNATURE,
        VERSION, //
    },
    Findings,
};
use crate::violations::{
    Complaint,
    GspRule, //
};

/// How long the rest of a message may take to be published once its start is, in microseconds.
const PARTLY_PUBLISHED_US: u64 = 100_000;
/// Bytes of the largest message.
const MAX_MESSAGE: u32 = 65536;

/// GSP-RM's end of the command queue.
#[derive(Debug)]
pub struct CommandRing {
    geometry: Geometry,
    header: [u8; TX_HEADER],
    /// Next entry to be read.
    read: u32,
    /// Read pointer that the driver sees.
    shown: u32,
    /// Write pointer as last seen.
    written: u32,
    /// Number that the next message has to have.
    number: u32,
    partly_since: Option<u64>,
    /// Entries that have been published but not taken: from, to, and what they hold.
    waiting: Option<(u32, u32, u64)>,
    /// The header has changed, and that has been said.
    header_reported: bool,
}

impl CommandRing {
    /// The end of a queue in which nothing has been read yet.
    pub fn new(geometry: Geometry, header: [u8; TX_HEADER]) -> Self {
        Self {
            geometry,
            header,
            read: 0,
            shown: 0,
            written: 0,
            number: 0,
            partly_since: None,
            waiting: None,
            header_reported: false,
        }
    }

    fn distance(&self, from: u32, to: u32) -> u32 {
        let n = self.geometry.command_entries;
        (to + n - from) % n
    }

    /// Entries that are published and not taken.
    pub fn available(&self) -> u32 {
        self.distance(self.read, self.written)
    }

    /// Looks how far the driver has written. Tells whether it has written more.
    ///
    /// # Errors
    /// The [`Complaint`] after which nobody can tell where messages are.
    pub fn look(&mut self, io: &Io<'_>, findings: &mut Findings) -> Result<bool, Complaint> {
        let mut header = [0; TX_HEADER];
        io.read(self.geometry.command, &mut header)?;
        let written = u32_at(&header, WRITE_PTR);
        header[WRITE_PTR..WRITE_PTR + 4].copy_from_slice(&self.header[WRITE_PTR..WRITE_PTR + 4]);
        if header != self.header && !self.header_reported {
            self.header_reported = true;
            findings.push(Complaint::new(
                GspRule::ForeignWrite,
                "the header of the command queue was changed while GSP-RM uses it",
            ));
        }
        let n = self.geometry.command_entries;
        if written >= n {
            return Err(Complaint::new(
                GspRule::Pointer,
                format!("write pointer {written} of a command queue with {n} entries"),
            ));
        }
        let moved = self.distance(self.written, written);
        let free = self.distance(self.written + 1, self.shown);
        if moved > free {
            return Err(Complaint::new(
                GspRule::Pointer,
                format!(
                    "write pointer of the command queue moved from {} to {written} with {free} \
                     entries free: too far, or backwards",
                    self.written
                ),
            ));
        }
        self.written = written;
        self.judge_waiting(io, findings)?;
        Ok(moved != 0)
    }

    /// Takes the next message that is there as a whole.
    ///
    /// # Errors
    /// The [`Complaint`] after which nobody can tell where messages are.
    pub fn take(
        &mut self,
        now_us: u64,
        io: &Io<'_>,
        findings: &mut Findings,
    ) -> Result<Option<Command>, Complaint> {
        let available = self.available();
        if available == 0 {
            return Ok(None);
        }
        self.waiting = None;
        let mut bytes = [0; HEADERS];
        io.read(
            Geometry::entry(self.geometry.command, self.read),
            &mut bytes,
        )?;
        let header = Header::parse(&bytes);
        let needed = judge_length(&header)?;
        if needed > available {
            return self.judge_partly_published(now_us, needed, available, findings);
        }
        self.partly_since = None;
        // CAST: at most 64 KiB.
        let len = ELEMENT_HEADER + header.length as usize;
        let mut message = vec![0; len.next_multiple_of(8)];
        self.read_entries(io, self.read, &mut message)?;
        judge_checksum(&message, len, findings)?;
        if header.number != self.number {
            return Err(Complaint::new(
                GspRule::SequenceNumber,
                format!(
                    "message {} of the driver has number {}",
                    self.number, header.number
                ),
            ));
        }
        judge_headers(&header, findings);
        self.read = (self.read + needed) % self.geometry.command_entries;
        self.number = self.number.wrapping_add(1);
        Ok(Some(Command {
            header,
            payload: message[HEADERS..len].to_vec(),
        }))
    }

    /// Gives the entries of all messages taken so far back to the driver.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn give_back(&mut self, io: &mut Io<'_>) -> Result<u32, Complaint> {
        self.show(io, self.read)
    }

    /// Tells the driver that no entry is free, whatever the truth is.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn feign_full(&mut self, io: &mut Io<'_>) -> Result<u32, Complaint> {
        let next = (self.written + 1) % self.geometry.command_entries;
        self.show(io, next)
    }

    fn show(&mut self, io: &mut Io<'_>, read: u32) -> Result<u32, Complaint> {
        if read != self.shown {
            io.write(self.geometry.status + READ_PTR, &read.to_le_bytes())?;
            self.shown = read;
        }
        Ok(read)
    }

    /// Takes note of what waits in the queue, so that a change to it is noticed.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn remember_waiting(&mut self, io: &Io<'_>) -> Result<(), Complaint> {
        let known = self.waiting.map(|(from, to, _)| (from, to));
        if self.available() != 0 && known != Some((self.read, self.written)) {
            let hash = self.hash(io, self.read, self.written)?;
            self.waiting = Some((self.read, self.written, hash));
        }
        Ok(())
    }

    fn judge_waiting(&mut self, io: &Io<'_>, findings: &mut Findings) -> Result<(), Complaint> {
        let Some((from, to, was)) = self.waiting else {
            return Ok(());
        };
        if self.hash(io, from, to)? != was {
            self.waiting = None;
            findings.push(Complaint::new(
                GspRule::ForeignWrite,
                format!("entries {from} up to {to} of the command queue were changed after they were published"),
            ));
        }
        Ok(())
    }

    fn hash(&self, io: &Io<'_>, from: u32, to: u32) -> Result<u64, Complaint> {
        // CAST: a small number.
        let mut bytes = vec![0; self.distance(from, to) as usize * super::wire::ENTRY];
        self.read_entries(io, from, &mut bytes)?;
        Ok(hash(&bytes))
    }

    fn read_entries(&self, io: &Io<'_>, from: u32, out: &mut [u8]) -> Result<(), Complaint> {
        let geometry = self.geometry;
        let pieces = Geometry::pieces(geometry.command, geometry.command_entries, from, out.len());
        let mut rest = out;
        for (offset, len) in pieces {
            let (piece, tail) = rest.split_at_mut(len);
            io.read(offset, piece)?;
            rest = tail;
        }
        Ok(())
    }

    fn judge_partly_published(
        &mut self,
        now_us: u64,
        needed: u32,
        available: u32,
        findings: &mut Findings,
    ) -> Result<Option<Command>, Complaint> {
        match self.partly_since {
            None => {
                self.partly_since = Some(now_us);
                findings.push(Complaint::new(
                    GspRule::PartlyPublished,
                    format!("{available} of a message's {needed} entries were published alone"),
                ));
                Ok(None)
            }
            Some(since) if now_us.saturating_sub(since) < PARTLY_PUBLISHED_US => Ok(None),
            Some(_) => Err(Complaint::new(
                GspRule::ElementCount,
                format!(
                    "message says that it takes {needed} entries where {available} are published"
                ),
            )),
        }
    }
}

/// Judges length and entry count; gives the entries that the message takes.
fn judge_length(header: &Header) -> Result<u32, Complaint> {
    let length = header.length;
    if length < 32 || length > MAX_MESSAGE - ELEMENT_HEADER as u32 {
        return Err(Complaint::new(
            GspRule::Length,
            format!("message length {length:#x} is below 32 or beyond {MAX_MESSAGE:#x} in all"),
        ));
    }
    let needed = entries(length);
    let said = header.elements;
    if said == 0 || said > MAX_ENTRIES || said != needed {
        return Err(Complaint::new(
            GspRule::ElementCount,
            format!(
                "message of length {length:#x} says that it takes {said} entries, not {needed}"
            ),
        ));
    }
    Ok(needed)
}

/// Judges the checksum of a message of `len` bytes, behind which the ring's bytes up to the next
/// multiple of 8 follow.
fn judge_checksum(padded: &[u8], len: usize, findings: &mut Findings) -> Result<(), Complaint> {
    let sum = fold(padded);
    if sum == 0 {
        return Ok(());
    }
    if fold(&padded[..len]) == 0 {
        findings.push(Complaint::new(
            GspRule::Padding,
            format!(
                "the {} bytes behind a message of {len:#x} bytes are not zero, and the checksum \
                 over whole 64-bit words is off by {sum:#x}",
                padded.len() - len
            ),
        ));
        return Ok(());
    }
    Err(Complaint::new(
        GspRule::Checksum,
        format!("checksum of a message of {len:#x} bytes is off by {sum:#x}"),
    ))
}

/// Judges what GSP-RM can live with.
fn judge_headers(header: &Header, findings: &mut Findings) {
    let function = header.function;
    if !is_readable(header) {
        findings.push(Complaint::new(
            GspRule::Header,
            format!(
                "RPC header version {:#x}, signature {:#x}",
                header.version, header.signature
            ),
        ));
    }
    if (header.result, header.result_private) != (PENDING, PENDING) || header.spare != 0 {
        findings.push(Complaint::new(
            GspRule::CommandResult,
            format!(
                "command {function} has results {:#x} and {:#x}, spare {:#x}",
                header.result, header.result_private, header.spare
            ),
        ));
    }
    if !header.reserved_is_zero {
        findings.push(Complaint::new(
            GspRule::Reserved,
            format!("command {function} has an element header with dirty reserved bytes"),
        ));
    }
}

/// Is the RPC header one that GSP-RM understands?
pub fn is_readable(header: &Header) -> bool {
    header.version == VERSION && header.signature == SIGNATURE
}
