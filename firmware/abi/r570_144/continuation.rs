// SPDX-License-Identifier: GPL-2.0

//! Calls and answers longer than one message.
//!
//! The first message carries the function's number and is full; each of the others is a
//! `CONTINUATION_RECORD` with the next bytes. No message says how many there are: that follows from what
//! is called.

use super::{
    element::{
        Header,
        TooLong,
        MAX_PAYLOAD, //
    },
    function::Function,
    status::Status, //
};
use core::{
    fmt,
    ops::Range, //
};

/// A part of a call, to be sent as one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What the message's header is to name.
    pub function: Function,
    /// Which bytes of the call's payload it carries, at most [`MAX_PAYLOAD`].
    pub bytes: Range<usize>,
}

impl Part {
    /// The header of the part as message `number`.
    ///
    /// # Errors
    ///
    /// [`TooLong`], never for a part that [`Parts`] made.
    pub fn header(&self, number: u32) -> Result<Header, TooLong> {
        Header::call(number, self.function, self.bytes.len())
    }
}

/// The parts of a call, in order. There is always at least one.
#[derive(Clone, Debug)]
pub struct Parts {
    function: Function,
    rest: Option<Range<usize>>,
}

impl Parts {
    /// Splits a call with `payload_len` bytes.
    pub const fn new(function: Function, payload_len: usize) -> Self {
        Self {
            function,
            rest: Some(0..payload_len),
        }
    }
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let Range { start, end } = self.rest.take()?;
        let split = start.saturating_add(MAX_PAYLOAD).min(end);
        if split < end {
            self.rest = Some(split..end);
        }
        let function = self.function;
        self.function = Function::CONTINUATION_RECORD;
        Some(Part {
            function,
            bytes: start..split,
        })
    }
}

/// An answer being put together in a buffer that is lent each time.
///
/// It needs no trust in the sender: an answer never grows beyond the buffer, and each message that is
/// taken adds at least one byte or ends it.
#[derive(Clone, Copy, Debug)]
pub struct Assembly {
    function: Function,
    filled: usize,
    state: State,
}

/// An [`Assembly`] with its buffer.
#[derive(Debug)]
pub struct Answer<'a> {
    assembly: Assembly,
    buffer: &'a mut [u8],
}

/// How far an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No part has come.
    Awaited,
    /// The next part is a continuation.
    Continued,
    /// The last part has come, or a wrong one.
    Finished,
}

/// What a message was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    /// Something else than the answer: an event, most likely. Whoever waits for it may have it.
    Unrelated,
    /// A part of the answer, with more to come.
    Incomplete,
    /// The end of the answer; the buffer is full.
    Complete,
    /// The call failed; there is no more to come.
    Failed(Status),
}

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// A continuation of nothing.
    Stray,
    /// Another function's message where a continuation has to be.
    Interrupted(Function),
    /// The answer ends too early.
    Short {
        /// Its bytes.
        len: usize,
        /// The bytes it should have.
        expected: usize,
    },
    /// A continuation has more bytes than the answer should have left.
    Long {
        /// Its bytes.
        len: usize,
        /// The bytes that were missing.
        expected: usize,
    },
    /// The answer is over.
    Finished,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stray => f.write_str("continuation of nothing"),
            Self::Interrupted(function) => write!(f, "answer interrupted by {function}"),
            Self::Short { len, expected } => {
                write!(f, "answer of {len:#x} bytes instead of {expected:#x}")
            }
            Self::Long { len, expected } => {
                write!(
                    f,
                    "continuation of {len:#x} bytes where {expected:#x} are missing"
                )
            }
            Self::Finished => f.write_str("message after the end of the answer"),
        }
    }
}

impl core::error::Error for AnswerError {}

impl<'a> Answer<'a> {
    /// Awaits the answer to `function`, which has to have at least as many bytes as `buffer`.
    ///
    /// An answer of one message may have more, because later releases append fields; they are dropped.
    pub fn new(function: Function, buffer: &'a mut [u8]) -> Self {
        Self {
            assembly: Assembly::new(function),
            buffer,
        }
    }

    /// Takes the next message; see [`Assembly::take`].
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn take(&mut self, header: &Header, payload: &[u8]) -> Result<Progress, AnswerError> {
        self.assembly.take(header, payload, self.buffer)
    }
}

impl Assembly {
    /// Awaits the answer to `function`.
    pub const fn new(function: Function) -> Self {
        Self {
            function,
            filled: 0,
            state: State::Awaited,
        }
    }

    /// What was called.
    pub const fn function(&self) -> Function {
        self.function
    }

    /// Takes the next message. `buffer` is to be the same each time; the answer has to have at least as
    /// many bytes.
    ///
    /// # Errors
    ///
    /// [`AnswerError`]. The answer is lost then, except after [`AnswerError::Stray`].
    pub fn take(
        &mut self,
        header: &Header,
        payload: &[u8],
        buffer: &mut [u8],
    ) -> Result<Progress, AnswerError> {
        let function = header.function;
        match self.state {
            State::Finished => return Err(AnswerError::Finished),
            // An event can be told from a part whenever it comes.
            _ if function.is_event() => return Ok(Progress::Unrelated),
            State::Awaited if function == self.function => {}
            State::Awaited if function == Function::CONTINUATION_RECORD => {
                return Err(AnswerError::Stray)
            }
            State::Awaited => return Ok(Progress::Unrelated),
            State::Continued if function == Function::CONTINUATION_RECORD => {}
            State::Continued => {
                self.state = State::Finished;
                return Err(AnswerError::Interrupted(function));
            }
        }
        let first = self.state == State::Awaited;
        self.state = State::Finished;
        if header.result != Status::OK {
            return Ok(Progress::Failed(header.result));
        }
        let expected = buffer.len().saturating_sub(self.filled);
        if payload.len() > expected && !first {
            let len = payload.len();
            return Err(AnswerError::Long { len, expected });
        }
        let taken = payload.len().min(expected);
        // PANIC: what is taken is not more than there is, nor than the buffer has left.
        buffer[self.filled..self.filled + taken].copy_from_slice(&payload[..taken]);
        self.filled += taken;
        if self.filled == buffer.len() {
            return Ok(Progress::Complete);
        }
        // Only the last part may be less than full.
        if payload.len() < MAX_PAYLOAD {
            return Err(AnswerError::Short {
                len: self.filled,
                expected: buffer.len(),
            });
        }
        self.state = State::Continued;
        Ok(Progress::Incomplete)
    }
}

#[cfg(test)]
mod tests;
