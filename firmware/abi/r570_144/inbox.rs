// SPDX-License-Identifier: GPL-2.0

//! What a received message is: the answer that somebody waits for, an event, or neither.

use super::{
    continuation::{
        AnswerError,
        Assembly,
        Progress, //
    },
    element::Header,
    function::Function,
    status::Status, //
};
use core::fmt;

/// Functions that are counted one by one; further ones are counted together.
const COUNTED: usize = 48;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, and the answer is in the buffer.
    Answered,
    /// The GSP refused it.
    Refused(Status),
    /// The answer makes no sense.
    Nonsense(AnswerError),
}

/// What a message was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Kind {
    /// An event, for whoever wants to be told.
    Event,
    /// A part of an answer, with more to come.
    Part,
    /// The end of an answer, good or bad.
    End(Outcome),
    /// The answer to nothing, or the rest of an answer that has gone wrong. It can be left alone.
    Stray,
}

/// Tells what a message is, and takes it if it belongs to the call that is waited for.
pub fn sort(pending: Option<(&mut Assembly, &mut [u8])>, header: &Header, payload: &[u8]) -> Kind {
    if header.function.is_event() {
        return Kind::Event;
    }
    let Some((assembly, buffer)) = pending else {
        return Kind::Stray;
    };
    match assembly.take(header, payload, buffer) {
        Ok(Progress::Complete) => Kind::End(Outcome::Answered),
        Ok(Progress::Failed(status)) => Kind::End(Outcome::Refused(status)),
        Ok(Progress::Incomplete) => Kind::Part,
        Ok(Progress::Unrelated) | Err(AnswerError::Stray | AnswerError::Finished) => Kind::Stray,
        Err(error) => Kind::End(Outcome::Nonsense(error)),
    }
}

/// How often each function's messages have come.
#[derive(Debug)]
pub struct Tally {
    counts: [(Function, u64); COUNTED],
    used: usize,
    others: u64,
}

impl Tally {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            counts: [(Function::NOP, 0); COUNTED],
            used: 0,
            others: 0,
        }
    }

    /// Counts a message; tells whether it was the first of its function.
    ///
    /// Of the functions that are counted together, only the first message of all is such a first.
    pub fn note(&mut self, function: Function) -> bool {
        // PANIC: no more are used than there are.
        let used = &mut self.counts[..self.used];
        if let Some((_, count)) = used.iter_mut().find(|(it, _)| *it == function) {
            *count += 1;
            return false;
        }
        if let Some(place) = self.counts.get_mut(self.used) {
            *place = (function, 1);
            self.used += 1;
            return true;
        }
        self.others += 1;
        self.others == 1
    }

    /// Number of messages that were counted.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum::<u64>() + self.others
    }

    /// The functions that are counted one by one, in the order in which they first came.
    pub fn iter(&self) -> impl Iterator<Item = (Function, u64)> + '_ {
        self.counts.iter().take(self.used).copied()
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

/// One line for each function: how often, and what.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (function, count) in self.iter() {
            writeln!(f, "{count:8} {function}")?;
        }
        if self.others > 0 {
            writeln!(f, "{:8} others", self.others)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::r570_144::element::MAX_PAYLOAD;
    use std::{
        string::ToString,
        vec, //
    };

    const CONTROL: Function = Function::GSP_RM_CONTROL;

    fn header(function: Function, len: usize) -> Header {
        Header::from_gsp(0, function, len).unwrap()
    }

    #[test]
    fn event_is_an_event_whoever_waits() {
        let init_done = header(Function::GSP_INIT_DONE, 0);
        assert_eq!(sort(None, &init_done, &[]), Kind::Event);
        let mut assembly = Assembly::new(CONTROL);
        let mut buffer = [0; 4];
        let pending = Some((&mut assembly, &mut buffer[..]));
        assert_eq!(
            sort(pending, &header(Function(0x1099), 0), &[]),
            Kind::Event
        );
    }

    #[test]
    fn answer_is_for_who_waits_for_it() {
        let mut assembly = Assembly::new(CONTROL);
        let mut buffer = [0; 4];
        let answer = header(CONTROL, 4);
        let other = header(Function::FREE, 4);
        let pending = Some((&mut assembly, &mut buffer[..]));
        assert_eq!(sort(pending, &other, &[9; 4]), Kind::Stray);
        let pending = Some((&mut assembly, &mut buffer[..]));
        let end = Kind::End(Outcome::Answered);
        assert_eq!(sort(pending, &answer, &[1, 2, 3, 4]), end);
        // Once more is once too often.
        let pending = Some((&mut assembly, &mut buffer[..]));
        assert_eq!(sort(pending, &answer, &[5; 4]), Kind::Stray);
        assert_eq!(buffer, [1, 2, 3, 4]);
        assert_eq!(sort(None, &answer, &[5; 4]), Kind::Stray);
    }

    #[test]
    fn long_answer_ends_with_its_last_part() {
        let mut assembly = Assembly::new(CONTROL);
        let mut buffer = vec![0; MAX_PAYLOAD + 2];
        let full = vec![1; MAX_PAYLOAD];
        for (function, payload, want) in [
            (CONTROL, &full[..], Kind::Part),
            (Function::OS_ERROR_LOG, &[], Kind::Event),
            (
                Function::CONTINUATION_RECORD,
                &[2, 3],
                Kind::End(Outcome::Answered),
            ),
        ] {
            let header = header(function, payload.len());
            let pending = Some((&mut assembly, &mut buffer[..]));
            assert_eq!(sort(pending, &header, payload), want, "{function}");
        }
        assert_eq!(buffer[MAX_PAYLOAD..], [2, 3]);
    }

    #[test]
    fn bad_answers_end_the_call() {
        let mut refused = header(CONTROL, 0);
        refused.result = Status(0x1f);
        for (name, header, want) in [
            ("refused", refused, Outcome::Refused(Status(0x1f))),
            (
                "short",
                header(CONTROL, 0),
                Outcome::Nonsense(AnswerError::Short {
                    len: 0,
                    expected: 4,
                }),
            ),
        ] {
            let mut assembly = Assembly::new(CONTROL);
            let mut buffer = [0; 4];
            let pending = Some((&mut assembly, &mut buffer[..]));
            assert_eq!(sort(pending, &header, &[]), Kind::End(want), "{name}");
        }
        // A continuation of nothing does not take the answer's place.
        let mut assembly = Assembly::new(CONTROL);
        let record = header(Function::CONTINUATION_RECORD, 1);
        let mut answer = [0; 4];
        let pending = Some((&mut assembly, &mut answer[..]));
        assert_eq!(sort(pending, &record, &[0]), Kind::Stray);
        let pending = Some((&mut assembly, &mut answer[..]));
        let end = Kind::End(Outcome::Answered);
        assert_eq!(sort(pending, &header(CONTROL, 4), &[0; 4]), end);
    }

    #[test]
    fn functions_are_counted() {
        let mut tally = Tally::new();
        assert!(tally.note(Function::OS_ERROR_LOG));
        assert!(tally.note(Function(0x1023)));
        assert!(!tally.note(Function::OS_ERROR_LOG));
        assert_eq!(tally.total(), 3);
        assert_eq!(
            tally.to_string(),
            "       2 OS_ERROR_LOG (0x1006)\n       1 function 0x1023\n"
        );
    }

    #[test]
    fn more_functions_than_there_are_places_are_counted_together() {
        let mut tally = Tally::new();
        let firsts = (0..100).filter(|&it| tally.note(Function(0x2000 + it)));
        assert_eq!(firsts.count(), COUNTED + 1);
        assert_eq!(tally.total(), 100);
        let others = std::format!("{:8} others\n", 100 - COUNTED);
        assert!(tally.to_string().ends_with(&others));
    }
}
