// SPDX-License-Identifier: GPL-2.0

//! A dump of the memory through which driver and GSP talk: both queues, and all messages that can still be
//! read in them.
//!
//! Entries are not erased when they have been read, so that a dump holds more than what is under way: the
//! last messages of each direction. An entry at which a message begins can be recognised. Messages are shown
//! by their numbers, those that are yet to be read after the others.

use crate::{
    report::{
        Fields,
        Report, //
    },
    verdict::{
        Errno,
        Refusal,
        Verdict, //
    },
};
use message::Message;
use nova_firmware::{
    abi::r570_144::queue::{
        Pointer,
        TxHeader,
        TxHeaderError,
        COMMAND_QUEUE,
        ENTRIES,
        MEMORY_SIZE,
        READ_POINTER,
        STATUS_QUEUE,
        WRITE_POINTER, //
    },
    At, //
};
use std::fmt;

mod message;

/// One of the two queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Queue {
    name: &'static str,
    /// Where it is in the memory.
    base: usize,
    /// Where the pointer of its reader is: in the other queue.
    reader: usize,
}

const COMMANDS: Queue = Queue {
    name: "command queue",
    base: COMMAND_QUEUE,
    reader: STATUS_QUEUE + READ_POINTER,
};

const STATUS: Queue = Queue {
    name: "status queue",
    base: STATUS_QUEUE,
    reader: COMMAND_QUEUE + READ_POINTER,
};

/// Reads a dump of the whole memory.
pub fn inspect(subject: String, bytes: &[u8]) -> Report {
    let mut found = Fields::new();
    found.put_hex("size", bytes.len());
    let verdict = if bytes.len() < MEMORY_SIZE {
        Err(Refusal {
            errno: Errno::Einval,
            offset: Some(bytes.len()),
            reason: format!(
                "queue memory of {:#x} bytes ends at offset {:#x}, of {MEMORY_SIZE:#x}",
                bytes.len(),
                bytes.len()
            ),
        })
    } else {
        let both = [COMMANDS, STATUS].map(|queue| {
            let (fields, verdict) = queue.inspect(bytes);
            found.put(queue.name, fields);
            verdict
        });
        both.into_iter().collect()
    };
    Report {
        subject,
        found,
        verdict,
    }
}

impl Queue {
    fn inspect(self, memory: &[u8]) -> (Fields, Verdict) {
        let mut fields = Fields::new();
        let header = TxHeader::parse(&memory[self.base..]);
        let raw_read = u32_at(memory, self.reader);
        let read = Pointer::new(raw_read);
        fields.put(
            "written up to entry",
            u32_at(memory, self.base + WRITE_POINTER),
        );
        fields.put("read up to entry", raw_read);

        // What is under way, if both pointers are possible.
        let (first, unread) = match (&header, &read) {
            (Ok(header), Ok(read)) => (*read, read.until(header.write)),
            _ => (Pointer::FIRST, 0),
        };
        fields.put("entries not read yet", unread);
        let is_unread = |message: &Message| first.until(message.entry) < unread;
        let mut messages = self.messages(memory);
        messages.sort_by_key(|message| (is_unread(message), message.header.number));
        let described = messages
            .iter()
            .map(|message| message.describe(is_unread(message)));
        fields.put("messages", described.collect::<Vec<_>>());

        let verdict = match (header, read) {
            // Nothing has been written, so that nothing is wrong.
            (Err(error), _) if error.reason == TxHeaderError::NotWritten => Ok(()),
            (Err(error), _) => Err(self.refusal(&At::new(self.base + error.offset, error.reason))),
            (_, Err(error)) => {
                Err(self.refusal(&At::new(self.reader, format!("read pointer: {error}"))))
            }
            (Ok(_), Ok(_)) => self.read_on(memory, first, unread),
        };
        (fields, verdict)
    }

    fn refusal(self, error: &At<impl fmt::Display>) -> Refusal {
        Refusal::at(Errno::Eio, &format!("{}: ", self.name), error)
    }

    /// Every message that begins at some entry.
    fn messages(self, memory: &[u8]) -> Vec<Message> {
        let entries = (0..ENTRIES).filter_map(|index| Pointer::new(index).ok());
        entries
            .filter_map(|entry| Message::at(memory, self.base, entry))
            .collect()
    }

    /// Reads `unread` entries from `first` on, as their reader would.
    fn read_on(self, memory: &[u8], first: Pointer, unread: u32) -> Verdict {
        let (mut done, mut expected) = (0, None);
        while done < unread {
            let entry = first.advance(done);
            let header = message::read(memory, self.base, entry, expected, unread - done);
            let header = header.map_err(|error| self.refusal(&error))?;
            done += header.entries();
            expected = Some(header.number.wrapping_add(1));
        }
        Ok(())
    }
}

/// The number at `at`, which is inside the memory.
fn u32_at(memory: &[u8], at: usize) -> u32 {
    let bytes = memory.get(at..).and_then(|rest| rest.first_chunk());
    bytes.copied().map_or(0, u32::from_le_bytes)
}
