// SPDX-License-Identifier: GPL-2.0

//! The queue from GSP-RM to the driver: what waits to be sent, what has been sent and is unread,
//! and a copy of the whole block to notice if somebody else writes to it.

use std::collections::VecDeque;

use super::{
    faults::Corruption,
    function::EVENTS,
    memory::Io,
    start::{
        status_header,
        Geometry,
        READ_PTR,
        WRITE_PTR, //
    },
    wire::{
        self,
        Message,
        ENTRY, //
    },
    Findings,
};
use crate::violations::{
    Complaint,
    GspRule, //
};

/// What a message is worth when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// Has to be delivered.
    Needed,
    /// May be dropped when a reply has to wait for room.
    Droppable,
}

/// What publishing has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Functions and payload lengths, in order.
    pub messages: Vec<(u32, usize)>,
    /// Functions of events that were dropped for lack of room.
    pub dropped: Vec<u32>,
    /// Name of the fault that changed a message.
    pub corrupted: Option<&'static str>,
}

/// GSP-RM's end of the status queue.
#[derive(Debug)]
pub struct StatusRing {
    geometry: Geometry,
    write: u32,
    /// Driver's read pointer as last seen.
    read: u32,
    number: u32,
    /// Where each message in flight ends.
    ends: VecDeque<u32>,
    queue: VecDeque<(Message, Worth)>,
    /// Messages ever published.
    published: u32,
    /// What GSP-RM has left in the block: header page and all entries.
    shadow: Vec<u8>,
    /// Page of the shadow to be compared next.
    patrol: usize,
}

impl StatusRing {
    /// Writes the header of the status queue; nothing has been sent yet.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn new(geometry: Geometry, io: &mut Io<'_>) -> Result<Self, Complaint> {
        io.write(geometry.status, &status_header(geometry))?;
        io.write(geometry.status + READ_PTR, &[0; 4])?;
        // CAST: a small number.
        let mut shadow = vec![0; (geometry.status_entries as usize + 1) * ENTRY];
        io.read(geometry.status, &mut shadow)?;
        Ok(Self {
            geometry,
            write: 0,
            read: 0,
            number: 0,
            ends: VecDeque::new(),
            queue: VecDeque::new(),
            published: 0,
            shadow,
            patrol: 0,
        })
    }

    /// Queues a message.
    pub fn push(&mut self, message: Message, worth: Worth) {
        self.queue.push_back((message, worth));
    }

    /// Does something wait for room?
    pub fn is_blocked(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Does an answer wait for room?
    pub fn holds_reply(&self) -> bool {
        self.queue
            .iter()
            .any(|(message, _)| message.function < EVENTS)
    }

    /// Has the driver read everything, as far as it was last seen?
    pub fn is_drained(&self) -> bool {
        self.ends.is_empty()
    }

    fn distance(&self, from: u32, to: u32) -> u32 {
        let n = self.geometry.status_entries;
        (to + n - from) % n
    }

    /// Entries that can be written.
    fn room(&self) -> u32 {
        self.distance(self.write + 1, self.read)
    }

    /// Looks how far the driver has read.
    ///
    /// # Errors
    /// The [`Complaint`] after which the queue cannot be used.
    pub fn look(&mut self, io: &Io<'_>) -> Result<(), Complaint> {
        let read = io.read_u32(self.geometry.command + READ_PTR)?;
        if read == self.read {
            return Ok(());
        }
        let n = self.geometry.status_entries;
        if read >= n {
            return Err(Complaint::new(
                GspRule::Pointer,
                format!("read pointer {read} of a status queue with {n} entries"),
            ));
        }
        if self.distance(self.read, read) > self.distance(self.read, self.write) {
            return Err(Complaint::new(
                GspRule::ReadPointer,
                format!(
                    "read pointer of the status queue moved from {} to {read}, past the write \
                     pointer {} or backwards",
                    self.read, self.write
                ),
            ));
        }
        let Some(messages) = self.ends.iter().position(|end| *end == read) else {
            return Err(Complaint::new(
                GspRule::ReadPointer,
                format!("read pointer {read} of the status queue is in the middle of a message"),
            ));
        };
        self.ends.drain(..=messages);
        self.read = read;
        Ok(())
    }

    /// Publishes what there is room for; `corrupt` says what to do to a message by its number,
    /// counted from 1.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn flush(
        &mut self,
        io: &mut Io<'_>,
        corrupt: impl Fn(u32) -> Option<Corruption>,
    ) -> Result<Published, Complaint> {
        let mut done = Published::default();
        while let Some((message, _)) = self.queue.front() {
            let shown = (message.function, message.payload.len());
            let mut bytes = message.encode(self.number);
            // CAST: at most 16 entries.
            let needed = (bytes.len() / ENTRY) as u32;
            if needed > self.room() {
                self.drop_one(&mut done);
                break;
            }
            let mut write = (self.write + needed) % self.geometry.status_entries;
            let end = write;
            if let Some(corruption) = corrupt(self.published + 1) {
                done.corrupted = Some(corruption.name());
                corruption.apply(&mut bytes, &mut self.number, &mut write);
            }
            self.store_entries(io, &bytes)?;
            self.store(io, WRITE_PTR, &write.to_le_bytes())?;
            self.write = end;
            self.ends.push_back(end);
            self.number = self.number.wrapping_add(1);
            self.published += 1;
            done.messages.push(shown);
            self.queue.pop_front();
        }
        Ok(done)
    }

    /// Writes the first `len` bytes of the next message without publishing it: GSP-RM has died
    /// on the way.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn leave_torso(&mut self, io: &mut Io<'_>, len: usize) -> Result<(), Complaint> {
        if let Some((message, _)) = self.queue.pop_front() {
            let bytes = message.encode(self.number);
            self.store_entries(io, &bytes[..len.min(bytes.len())])?;
        }
        self.queue.clear();
        Ok(())
    }

    /// A reply must not wait behind what nobody needs.
    fn drop_one(&mut self, done: &mut Published) {
        let reply_waits = self.queue.iter().any(|(_, worth)| *worth == Worth::Needed);
        if !reply_waits {
            return;
        }
        self.queue.retain(|(message, worth)| {
            let keep = *worth == Worth::Needed;
            if !keep {
                done.dropped.push(message.function);
            }
            keep
        });
    }

    fn store_entries(&mut self, io: &mut Io<'_>, bytes: &[u8]) -> Result<(), Complaint> {
        let geometry = self.geometry;
        let pieces = Geometry::pieces(
            geometry.status,
            geometry.status_entries,
            self.write,
            bytes.len(),
        );
        let mut rest = bytes;
        for (offset, len) in pieces {
            let (piece, tail) = rest.split_at(len);
            self.store(io, offset - geometry.status, piece)?;
            rest = tail;
        }
        Ok(())
    }

    fn store(&mut self, io: &mut Io<'_>, offset: usize, bytes: &[u8]) -> Result<(), Complaint> {
        io.write(self.geometry.status + offset, bytes)?;
        wire::put(&mut self.shadow, offset, bytes);
        Ok(())
    }

    /// Takes note of the read pointer of the other queue, which is in this block.
    pub fn note_read_pointer(&mut self, read: u32) {
        wire::put_u32(&mut self.shadow, READ_PTR, read);
    }

    /// Compares the header page and one more page with what GSP-RM has left there. After as many
    /// calls as the queue has entries, each byte has been looked at.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn guard(&mut self, io: &Io<'_>, findings: &mut Findings) -> Result<(), Complaint> {
        // CAST: a small number.
        self.patrol = self.patrol % self.geometry.status_entries as usize + 1;
        for page in [0, self.patrol] {
            let at = page * ENTRY;
            let mut bytes = vec![0; ENTRY];
            io.read(self.geometry.status + at, &mut bytes)?;
            let ours = &mut self.shadow[at..at + ENTRY];
            if bytes == *ours {
                continue;
            }
            let byte = bytes.iter().zip(&*ours).position(|(is, was)| is != was);
            let offset = at + byte.unwrap_or_default();
            ours.copy_from_slice(&bytes);
            findings.push(Complaint::new(
                GspRule::ForeignWrite,
                format!("byte {offset:#x} of the status queue's block, which only GSP-RM writes, has changed"),
            ));
        }
        Ok(())
    }
}
