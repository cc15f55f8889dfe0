// SPDX-License-Identifier: GPL-2.0

//! How the conversation with GSP-RM goes, for the files that show it and for the log when it has ended
//! badly.
//!
//! It borrows nothing from the device, because files cannot; so it holds what was last seen of the queues
//! and not the queues.

use kernel::{
    fmt,
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        Mutex, //
    }, //
};
use nova_firmware::abi::r570_144::{
    channel::{
        CommandEnd,
        StatusEnd, //
    },
    element::Header,
    function::Function,
    history::{
        Direction,
        Entry,
        History, //
    },
    inbox::Tally, //
};

/// Messages in the line that says how the GSP died.
const LAST: usize = 8;

/// Whether calls can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// They can.
    Running,
    /// The GSP does not follow the rules, or does not answer.
    Dead,
    /// The driver has taken GSP-RM down.
    Stopped,
}

impl State {
    const fn raw(self) -> u32 {
        match self {
            Self::Running => 0,
            Self::Dead => 1,
            Self::Stopped => 2,
        }
    }

    const fn from_raw(raw: u32) -> Self {
        match raw {
            0 => Self::Running,
            1 => Self::Dead,
            _ => Self::Stopped,
        }
    }
}

/// No call is in flight. Not the number of any function.
const NO_FUNCTION: u32 = u32::MAX;

/// What is known of one GSP.
#[pin_data]
pub(super) struct Diagnostics {
    #[pin]
    messages: Mutex<Messages>,
    state: Atomic<u32>,
    /// Function of the call that waits for its answer.
    in_flight: Atomic<u32>,
    command: Position,
    status: Position,
    pub(super) interrupts: Atomic<u64>,
    /// Messages that came without an interrupt.
    pub(super) missed: Atomic<u64>,
    /// Interrupts, rather than time, wake who waits.
    pub(super) interrupts_on: Atomic<bool>,
}

/// One end of a queue when it was last used.
struct Position {
    pointer: Atomic<u32>,
    /// Entries that were free, or waited to be read.
    entries: Atomic<u32>,
    messages: Atomic<u64>,
}

impl Position {
    const fn new() -> Self {
        Self {
            pointer: Atomic::new(0),
            entries: Atomic::new(0),
            messages: Atomic::new(0),
        }
    }

    fn note(&self, pointer: u32, entries: u32) {
        self.pointer.store(pointer, Relaxed);
        self.entries.store(entries, Relaxed);
        self.messages.fetch_add(1u64, Relaxed);
    }
}

/// What is known of the messages.
struct Messages {
    history: History,
    events: Tally,
    /// Answers to nothing.
    strays: u64,
}

impl Diagnostics {
    /// Nothing yet.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn new() -> Result<Arc<Self>> {
        let messages = Messages {
            history: History::new(),
            events: Tally::new(),
            strays: 0,
        };
        Arc::pin_init(
            pin_init!(Self {
                messages <- new_mutex!(messages, "Diagnostics::messages"),
                state: Atomic::new(State::Running.raw()),
                in_flight: Atomic::new(NO_FUNCTION),
                command: Position::new(),
                status: Position::new(),
                interrupts: Atomic::new(0),
                missed: Atomic::new(0),
                interrupts_on: Atomic::new(false),
            }),
            GFP_KERNEL,
        )
    }

    /// Whether calls can be made.
    pub(super) fn state(&self) -> State {
        State::from_raw(self.state.load(Acquire))
    }

    /// Ends the conversation; tells whether it had not ended yet. The first reason counts.
    pub(super) fn end(&self, state: State) -> bool {
        self.state
            .cmpxchg(State::Running.raw(), state.raw(), Release)
            .is_ok()
    }

    /// Notes that a call waits for its answer, or that none does.
    pub(super) fn set_in_flight(&self, function: Option<Function>) {
        let raw = function.map_or(NO_FUNCTION, |function| function.0);
        self.in_flight.store(raw, Relaxed);
    }

    /// Notes a message that was sent `at_ns` nanoseconds after the probe began.
    pub(super) fn sent(&self, at_ns: u64, header: &Header, end: &CommandEnd) {
        let (pointer, entries) = end.position();
        self.command.note(pointer.get(), entries);
        let entry = Entry::new(at_ns, Direction::Sent, header);
        self.messages.lock().history.note(entry);
    }

    /// Notes a message that was received.
    pub(super) fn received(&self, at_ns: u64, header: &Header, end: &StatusEnd) {
        let (pointer, entries) = end.position();
        self.status.note(pointer.get(), entries);
        let entry = Entry::new(at_ns, Direction::Received, header);
        self.messages.lock().history.note(entry);
    }

    /// Counts an event; tells whether it was the first of its kind.
    pub(super) fn event(&self, function: Function) -> bool {
        self.messages.lock().events.note(function)
    }

    /// Counts an answer to nothing; tells whether it was the first.
    pub(super) fn stray(&self) -> bool {
        let mut messages = self.messages.lock();
        messages.strays += 1;
        messages.strays == 1
    }

    /// The last messages in one line.
    pub(super) fn last_messages(&self) -> LastMessages<'_> {
        LastMessages(self)
    }

    /// Text of the file `queues`.
    pub(super) fn show_queues(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "state: {:?}", self.state())?;
        let interrupts_on = self.interrupts_on.load(Relaxed);
        let waiting = if interrupts_on {
            "interrupts"
        } else {
            "polling"
        };
        writeln!(f, "waiting by: {waiting}")?;
        writeln!(f, "interrupts: {}", self.interrupts.load(Relaxed))?;
        writeln!(f, "missed interrupts: {}", self.missed.load(Relaxed))?;
        for (name, entries, position) in [
            ("command", "free", &self.command),
            ("status", "waiting", &self.status),
        ] {
            writeln!(
                f,
                "{name} queue: pointer {}, {} entries {entries}, {} messages",
                position.pointer.load(Relaxed),
                position.entries.load(Relaxed),
                position.messages.load(Relaxed)
            )?;
        }
        match self.in_flight.load(Relaxed) {
            NO_FUNCTION => writeln!(f, "in flight: none")?,
            raw => writeln!(f, "in flight: {}", Function(raw))?,
        }
        let messages = self.messages.lock();
        writeln!(f, "answers to nothing: {}", messages.strays)?;
        writeln!(f, "events: {}", messages.events.total())?;
        write!(f, "{}", messages.events)
    }

    /// Text of the file `rpc`.
    pub(super) fn show_history(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#    seconds   number  payload     result function")?;
        for entry in self.messages.lock().history.iter() {
            writeln!(f, "{}", entry)?;
        }
        Ok(())
    }
}

/// Prints the last messages in one line. Sleeps, so it is not for the log to print.
pub(super) struct LastMessages<'a>(&'a Diagnostics);

impl fmt::Display for LastMessages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages = self.0.messages.lock();
        write!(f, "{}", messages.history.last(LAST))
    }
}
