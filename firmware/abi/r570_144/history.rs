// SPDX-License-Identifier: GPL-2.0

//! The last messages, for whoever has to find out how the GSP died.

use super::{
    element::Header,
    function::Function,
    status::Status, //
};
use core::fmt;

/// How many messages are remembered.
pub const CAPACITY: usize = 32;

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The driver.
    Sent,
    /// The GSP.
    Received,
}

/// What is remembered of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in nanoseconds since something the reader knows.
    pub at_ns: u64,
    /// Who sent it.
    pub direction: Direction,
    /// Number of messages of this direction before it.
    pub number: u32,
    /// What was called, answered or told.
    pub function: Function,
    /// The result of what is answered.
    pub result: Status,
    /// Bytes of its payload.
    pub payload_len: u32,
}

impl Entry {
    /// What is to be remembered of a message with these headers.
    pub const fn new(at_ns: u64, direction: Direction, header: &Header) -> Self {
        Self {
            at_ns,
            direction,
            number: header.number,
            function: header.function,
            result: header.result,
            // CAST: at most `MAX_PAYLOAD`.
            payload_len: header.payload_len() as u32,
        }
    }
}

/// `<seconds> <direction> <number> <payload> <result> <function>`, with columns in their places.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::Sent => '>',
            Direction::Received => '<',
        };
        write!(
            f,
            "{:5}.{:06} {direction} {:6} {:#8x} {:#10x} {}",
            self.at_ns / 1_000_000_000,
            self.at_ns / 1_000 % 1_000_000,
            self.number,
            self.payload_len,
            self.result.0,
            self.function
        )
    }
}

/// The last [`CAPACITY`] messages.
#[derive(Debug)]
pub struct History {
    entries: [Option<Entry>; CAPACITY],
    /// Where the next one goes, which is where the oldest one is.
    next: usize,
}

impl History {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            entries: [None; CAPACITY],
            next: 0,
        }
    }

    /// Remembers a message, and forgets the oldest one if there are too many.
    pub fn note(&mut self, entry: Entry) {
        if let Some(place) = self.entries.get_mut(self.next) {
            *place = Some(entry);
        }
        self.next = (self.next + 1) % CAPACITY;
    }

    /// The messages, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + '_ {
        let (newer, older) = self.entries.split_at(self.next);
        older.iter().chain(newer).flatten()
    }

    /// The last `number` messages in one line.
    pub fn last(&self, number: usize) -> Last<'_> {
        Last {
            history: self,
            number,
        }
    }
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

/// `>` and `<` with the function's name for each message, oldest first; a bad result behind it.
#[derive(Clone, Copy, Debug)]
pub struct Last<'a> {
    history: &'a History,
    number: usize,
}

impl fmt::Display for Last<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skip = self.history.iter().count().saturating_sub(self.number);
        let mut entries = self.history.iter().skip(skip).peekable();
        if entries.peek().is_none() {
            return f.write_str("none");
        }
        for (index, entry) in entries.enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(match entry.direction {
                Direction::Sent => ">",
                Direction::Received => "<",
            })?;
            match entry.function.name() {
                Some(name) => f.write_str(name)?,
                None => write!(f, "{:#x}", entry.function.0)?,
            }
            if entry.direction == Direction::Received && entry.result != Status::OK {
                write!(f, "={:#x}", entry.result.0)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        string::ToString,
        vec::Vec, //
    };

    fn entry(number: u32) -> Entry {
        let header = Header::call(number, Function::GSP_RM_CONTROL, 24).unwrap();
        Entry::new(u64::from(number), Direction::Sent, &header)
    }

    fn numbers(history: &History) -> Vec<u32> {
        history.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn oldest_messages_are_forgotten_first() {
        let mut history = History::new();
        assert_eq!(numbers(&history), []);
        for number in 0..3 {
            history.note(entry(number));
        }
        assert_eq!(numbers(&history), [0, 1, 2]);
        for number in 3..38 {
            history.note(entry(number));
        }
        assert_eq!(numbers(&history), (6..38).collect::<Vec<_>>());
    }

    #[test]
    fn messages_are_printed() {
        let header = Header::from_gsp(7, Function::GSP_INIT_DONE, 4).unwrap();
        let entry = Entry::new(12_345_678_901, Direction::Received, &header);
        assert_eq!(
            entry.to_string(),
            "   12.345678 <      7      0x4        0x0 GSP_INIT_DONE (0x1001)"
        );
    }

    #[test]
    fn last_messages_fit_a_line() {
        let mut history = History::new();
        assert_eq!(history.last(3).to_string(), "none");
        history.note(entry(0));
        history.note(entry(1));
        for (function, result) in [
            (Function::GSP_RM_CONTROL, Status(0x56)),
            (Function(0x1023), Status::OK),
        ] {
            let header = Header::from_gsp(0, function, 0).unwrap();
            let received = Entry::new(0, Direction::Received, &header);
            history.note(Entry { result, ..received });
        }
        assert_eq!(
            history.last(3).to_string(),
            ">GSP_RM_CONTROL <GSP_RM_CONTROL=0x56 <0x1023"
        );
        assert_eq!(history.last(100).to_string().matches('>').count(), 2);
    }
}
