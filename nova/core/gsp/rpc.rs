// SPDX-License-Identifier: GPL-2.0

//! Calling GSP-RM, and hearing what it says.
//!
//! Any thread may call. One call is answered before the next one is made, so an answer is known by its
//! function. What arrives is read by whoever gets there first: the thread of the interrupt, or one that
//! waits. A GSP that breaks the rules or falls silent is dead from then on: one line says so with the last
//! messages, and every call fails at once.
//!
//! # Locking
//!
//! 1. `commands` (mutex): the end that is written to; held for the whole of a call. Sleeps.
//! 2. `inbox` (mutex): the end that is read from, and the call that waits. Held while listeners are told.
//! 3. `Diagnostics::messages` (mutex): a leaf.
//!
//! The hard interrupt handler takes none of them.

mod kunit;

use super::{
    diagnostics::{
        Diagnostics,
        State, //
    },
    events::{
        Listener,
        Listeners, //
    }, //
};
use crate::timeline::Timeline;
use kernel::{
    device::{
        Bound,
        Device, //
    },
    fmt,
    new_mutex,
    prelude::*,
    str::CString,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        Mutex, //
    },
    time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use kernel_glue::{
    compat::error::code::EOPNOTSUPP,
    event::Event,
    fmt::Plain,
    new_event, //
};
use nova_firmware::abi::r570_144::{
    channel::{
        CommandEnd,
        SendError,
        SharedMemory,
        StatusEnd, //
    },
    continuation::{
        Assembly,
        Parts, //
    },
    element::{
        Header,
        MAX_PAYLOAD, //
    },
    event::Lockdown,
    function::Function,
    inbox::{
        self,
        Kind,
        Outcome, //
    },
    queue::ENTRIES,
    status::{
        Failure,
        Status, //
    }, //
};

/// How long GSP-RM may take to answer. The most patient of the existing drivers waits that long.
pub(crate) const CALL_TIMEOUT: Delta = Delta::from_secs(5);

/// How long GSP-RM may take to make room in a full queue. Existing drivers wait that long.
const ROOM_TIMEOUT: Delta = Delta::from_secs(1);

/// How long GSP-RM may be silent while it boots. Existing drivers wait that long for each message.
const BOOT_SILENCE: Delta = Delta::from_secs(5);

/// How long it may take to boot however much it talks.
const BOOT_TIMEOUT: Delta = Delta::from_secs(30);

/// Time between two looks where no interrupt tells.
const POLL_INTERVAL: Delta = Delta::from_millis(1);

/// How long an interrupt is relied upon before the queue is looked at without one.
const INTERRUPT_PATIENCE: Delta = Delta::from_millis(200);

/// Messages that may arrive without an interrupt before interrupts are no longer relied upon.
const MAX_MISSED: u64 = 3;

/// Messages that are read at a time. More than fit into the queue, so that one which is left has been
/// sent since, and has an interrupt of its own.
const BATCH: u32 = 4 * ENTRIES;

/// The other side: the queues' memory, and how to reach it beyond that.
pub(super) trait Peer: SharedMemory {
    /// Tells it that commands have been written.
    fn ring(&self);

    /// Whether it has gone, which is logged then.
    fn is_gone(&self) -> bool;

    /// Whether its core runs, for who would like to know why it is silent.
    fn is_running(&self) -> bool;
}

/// Whether the other side is told of what is sent.
#[derive(Clone, Copy)]
enum Doorbell {
    Ring,
    Leave,
}

/// The conversation with GSP-RM.
#[pin_data]
pub(super) struct Rpc<'a, P: Peer> {
    dev: &'a Device<Bound>,
    peer: P,
    timeline: Arc<Timeline>,
    diagnostics: Arc<Diagnostics>,
    #[pin]
    commands: Mutex<CommandEnd>,
    #[pin]
    inbox: Mutex<Inbox>,
    /// Something has arrived that somebody may wait for.
    #[pin]
    arrived: Event,
    /// The call that waits has its answer.
    answered: Atomic<bool>,
    /// The GSP's registers may not be touched.
    locked_down: Atomic<bool>,
    /// Messages that have arrived without an interrupt since the last one with.
    missed: Atomic<u64>,
}

/// What is received, and for whom.
struct Inbox {
    end: StatusEnd,
    payload: KVBox<[u8; MAX_PAYLOAD]>,
    pending: Option<Pending>,
    listeners: Listeners,
}

/// A call that waits for its answer.
struct Pending {
    assembly: Assembly,
    answer: KVVec<u8>,
    outcome: Option<Outcome>,
}

/// A message that the one who boots GSP-RM waits for.
pub(super) struct Message {
    pub(super) function: Function,
    pub(super) result: Status,
    pub(super) payload: KVVec<u8>,
}

/// A point in time by which something has to have happened.
struct Deadline(Instant<Monotonic>);

impl Deadline {
    fn after(time: Delta) -> Self {
        Self(Instant::now() + time)
    }

    /// Time until then, not below 0.
    fn remaining(&self) -> Delta {
        let remaining = self.0 - Instant::now();
        if remaining.is_negative() {
            Delta::ZERO
        } else {
            remaining
        }
    }

    fn has_passed(&self) -> bool {
        self.remaining().is_zero()
    }
}

impl<'a, P: Peer> Rpc<'a, P> {
    /// A conversation with `peer` that has not begun.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn new(
        dev: &'a Device<Bound>,
        peer: P,
        timeline: Arc<Timeline>,
        diagnostics: Arc<Diagnostics>,
    ) -> Result<impl PinInit<Self>> {
        let inbox = Inbox {
            end: StatusEnd::new(),
            payload: KVBox::init(pin_init::init_zeroed(), GFP_KERNEL)?,
            pending: None,
            listeners: Listeners::new(),
        };
        Ok(pin_init!(Self {
            dev,
            peer,
            timeline,
            diagnostics,
            commands <- new_mutex!(CommandEnd::new(), "Rpc::commands"),
            inbox <- new_mutex!(inbox, "Rpc::inbox"),
            arrived <- new_event!("Rpc::arrived"),
            answered: Atomic::new(false),
            locked_down: Atomic::new(false),
            missed: Atomic::new(0),
        }))
    }

    /// Has `listener` told of every event `function` from now on.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn listen(&self, function: Function, listener: Arc<dyn Listener>) -> Result {
        self.inbox.lock().listeners.add(function, listener)
    }

    /// Whether the GSP has forbidden its registers.
    pub(super) fn is_locked_down(&self) -> bool {
        self.locked_down.load(Acquire)
    }

    /// Leaves what is not answered for a GSP that has not been started yet, and will look by itself.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `EIO` if the conversation has ended or the queue is broken, `ETIMEDOUT` if there is no room.
    pub(super) fn leave(&self, function: Function, payload: &[u8]) -> Result {
        let mut commands = self.commands.lock();
        self.check()?;
        self.send(&mut commands, function, payload, Doorbell::Leave)
    }

    /// Calls `function` and waits for the answer, which is put into `answer` and has to be as long.
    ///
    /// Sleeps, until the calls of others have been answered, and then for `timeout` at most.
    ///
    /// # Errors
    ///
    /// `EIO` if the GSP is dead or dies, or its answer makes no sense; `ETIMEDOUT` if it does not answer,
    /// which kills it; `ENODEV` if it has gone; those of [`errno`] if it refuses. All but the last have
    /// been logged.
    pub(super) fn call(
        &self,
        function: Function,
        payload: &[u8],
        answer: KVVec<u8>,
        timeout: Delta,
    ) -> Result<KVVec<u8>> {
        let mut commands = self.commands.lock();
        self.settle(function)?;

        self.answered.store(false, Relaxed);
        self.inbox.lock().pending = Some(Pending {
            assembly: Assembly::new(function),
            answer,
            outcome: None,
        });
        self.diagnostics.set_in_flight(Some(function));
        let deadline = Deadline::after(timeout);
        let result = self
            .send(&mut commands, function, payload, Doorbell::Ring)
            .and_then(|()| self.wait_for_answer(function, &deadline, timeout));
        self.diagnostics.set_in_flight(None);
        let pending = self.inbox.lock().pending.take();
        result?;

        let Pending {
            answer, outcome, ..
        } = pending.ok_or(EIO)?;
        match outcome.ok_or(EIO)? {
            Outcome::Answered => Ok(answer),
            Outcome::Refused(status) => {
                dev_err!(
                    self.dev,
                    "GSP-RM refused {}: {}\n",
                    Plain(function),
                    Plain(status)
                );
                Err(errno(status))
            }
            Outcome::Nonsense(err) => {
                dev_err!(
                    self.dev,
                    "GSP-RM answered {} with nonsense: {}\n",
                    Plain(function),
                    Plain(err)
                );
                Err(EIO)
            }
        }
    }

    /// Waits, while GSP-RM boots, for one of the events `wanted`. All other messages go where they belong.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `EIO` if the GSP is dead or dies, `ETIMEDOUT` if it falls silent or takes too long, `ENODEV` if it
    /// has gone; after one log line.
    pub(super) fn wait_for_event(&self, wanted: &[Function], boot: &BootClock) -> Result<Message> {
        let mut silence = Deadline::after(BOOT_SILENCE);
        loop {
            let mut inbox = self.inbox.lock();
            while let Some(header) = self.receive(&mut inbox)? {
                silence = Deadline::after(BOOT_SILENCE);
                if wanted.contains(&header.function) {
                    let mut payload = KVVec::new();
                    payload.extend_from_slice(inbox.payload_of(&header), GFP_KERNEL)?;
                    return Ok(Message {
                        function: header.function,
                        result: header.result,
                        payload,
                    });
                }
                self.deliver(&mut inbox, &header);
            }
            drop(inbox);

            if silence.has_passed() {
                return Err(self.timed_out(fmt!(
                    "it has not booted, and says nothing for {} s",
                    BOOT_SILENCE.as_millis() / 1000
                )));
            }
            if boot.0.has_passed() {
                return Err(self.timed_out(fmt!(
                    "it has not booted within {} s",
                    BOOT_TIMEOUT.as_millis() / 1000
                )));
            }
            fsleep(POLL_INTERVAL);
        }
    }

    /// Reads what has arrived; gives how many messages that were.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `EIO` if the GSP is dead or dies.
    pub(super) fn drain(&self) -> Result<u32> {
        let mut inbox = self.inbox.lock();
        for count in 0..BATCH {
            let Some(header) = self.receive(&mut inbox)? else {
                return Ok(count);
            };
            self.deliver(&mut inbox, &header);
        }
        Ok(BATCH)
    }

    /// Reads what an interrupt has told of.
    ///
    /// Sleeps.
    pub(super) fn interrupted(&self) {
        self.missed.store(0, Relaxed);
        // What is wrong has been logged, and calls will fail.
        let _ = self.drain();
    }

    /// Tells whether calls can be made.
    ///
    /// # Errors
    ///
    /// `EIO` if not.
    pub(super) fn check(&self) -> Result {
        match self.diagnostics.state() {
            State::Running => Ok(()),
            State::Dead | State::Stopped => Err(EIO),
        }
    }

    /// Ends the conversation for good, without a word.
    pub(super) fn stop(&self) {
        self.diagnostics.end(State::Stopped);
        self.arrived.notify_all();
    }

    /// Ends the conversation because the GSP cannot be talked to; gives the error for it. The first reason
    /// is logged, with the last messages.
    pub(super) fn die(&self, why: impl fmt::Display) -> Error {
        if self.diagnostics.end(State::Dead) {
            // Not while it is being printed, where nothing may sleep.
            let last = CString::try_from_fmt(fmt!("{}", self.diagnostics.last_messages()));
            dev_err!(
                self.dev,
                "GSP-RM is dead: {}; last messages: {}\n",
                why,
                last.as_ref().map_or("not enough memory", |last| last
                    .to_str()
                    .unwrap_or_default())
            );
        }
        self.arrived.notify_all();
        EIO
    }

    /// The same for a GSP that did not do something in time.
    fn timed_out(&self, why: impl fmt::Display) -> Error {
        if self.check().is_ok() && self.peer.is_gone() {
            self.diagnostics.end(State::Dead);
            self.arrived.notify_all();
            return ENODEV;
        }
        match self.check() {
            Ok(()) => {
                // Where the registers are locked nobody can tell.
                if self.is_locked_down() || self.peer.is_running() {
                    self.die(why);
                } else {
                    self.die(fmt!("{}, and its core does not run", why));
                }
                ETIMEDOUT
            }
            Err(err) => err,
        }
    }

    /// Waits until the GSP can be told of a message, before `function` is sent.
    fn settle(&self, function: Function) -> Result {
        self.check()?;
        if !self.is_locked_down() {
            return Ok(());
        }
        let deadline = Deadline::after(CALL_TIMEOUT);
        loop {
            // There is no interrupt for the end of a lockdown.
            self.drain()?;
            if !self.is_locked_down() {
                return Ok(());
            }
            if deadline.has_passed() {
                return Err(self.timed_out(fmt!(
                    "its registers have been locked for {} s, {} cannot be sent",
                    CALL_TIMEOUT.as_millis() / 1000,
                    Plain(function)
                )));
            }
            fsleep(POLL_INTERVAL);
        }
    }

    /// Sends all messages of a call or of what is not answered.
    fn send(
        &self,
        commands: &mut CommandEnd,
        function: Function,
        payload: &[u8],
        doorbell: Doorbell,
    ) -> Result {
        for part in Parts::new(function, payload.len()) {
            let bytes = payload.get(part.bytes).ok_or(EINVAL)?;
            self.send_message(commands, part.function, bytes, doorbell)?;
        }
        Ok(())
    }

    /// Sends one message as soon as there is room for it, and tells the GSP if it is to be told.
    fn send_message(
        &self,
        commands: &mut CommandEnd,
        function: Function,
        payload: &[u8],
        doorbell: Doorbell,
    ) -> Result {
        let deadline = Deadline::after(ROOM_TIMEOUT);
        loop {
            match commands.send(&self.peer, function, payload) {
                Ok(header) => {
                    self.diagnostics.sent(self.now_ns(), &header, commands);
                    if matches!(doorbell, Doorbell::Ring) {
                        self.peer.ring();
                    }
                    return Ok(());
                }
                Err(SendError::Full(full)) => {
                    // What waits to be read may be what keeps the GSP from reading.
                    self.drain()?;
                    if deadline.has_passed() {
                        return Err(self.timed_out(fmt!(
                            "it has not read its commands for {} s ({}, to send {})",
                            ROOM_TIMEOUT.as_millis() / 1000,
                            Plain(full),
                            Plain(function)
                        )));
                    }
                    // There is no interrupt for room.
                    fsleep(POLL_INTERVAL);
                }
                Err(SendError::Broken(err)) => return Err(self.die(Plain(err))),
                Err(SendError::TooLong(_)) => return Err(EMSGSIZE),
            }
        }
    }

    /// Waits until the call has its answer.
    fn wait_for_answer(&self, function: Function, deadline: &Deadline, timeout: Delta) -> Result {
        let has_ended = || self.answered.load(Acquire) || self.check().is_err();
        loop {
            let remaining = deadline.remaining();
            if self.relies_on_interrupts() {
                let time = remaining.min(INTERRUPT_PATIENCE);
                if self.arrived.wait_timeout(time, has_ended).is_err() && self.drain()? > 0 {
                    self.missed_interrupt();
                }
            } else {
                self.drain()?;
                if !has_ended() {
                    fsleep(POLL_INTERVAL);
                }
            }
            if self.answered.load(Acquire) {
                return Ok(());
            }
            self.check()?;
            // Looked at before the queue was, which is thus looked at once more after the deadline.
            if remaining.is_zero() {
                return Err(self.timed_out(fmt!(
                    "no answer to {} within {} s",
                    Plain(function),
                    timeout.as_millis() / 1000
                )));
            }
        }
    }

    /// Whether an interrupt will tell of the next message.
    fn relies_on_interrupts(&self) -> bool {
        self.diagnostics.interrupts_on.load(Relaxed) && !self.is_locked_down()
    }

    /// Takes note of a message that came without an interrupt.
    fn missed_interrupt(&self) {
        self.diagnostics.missed.fetch_add(1u64, Relaxed);
        let missed = self.missed.fetch_add(1u64, Relaxed) + 1;
        if missed == MAX_MISSED && self.diagnostics.interrupts_on.xchg(false, Relaxed) {
            dev_warn!(
                self.dev,
                "messages of GSP-RM arrive without interrupts: polling from now on\n"
            );
        }
    }

    /// Receives one message into the inbox.
    fn receive(&self, inbox: &mut Inbox) -> Result<Option<Header>> {
        self.check()?;
        let received = inbox
            .end
            .receive(&self.peer, &mut inbox.payload)
            .map_err(|err| self.die(Plain(err)))?;
        if let Some(header) = &received {
            self.diagnostics.received(self.now_ns(), header, &inbox.end);
        }
        Ok(received)
    }

    /// Gives the message in the inbox to whom it is for.
    fn deliver(&self, inbox: &mut Inbox, header: &Header) {
        // PANIC: no payload is longer than the buffer.
        let payload = &inbox.payload[..header.payload_len()];
        let pending = inbox
            .pending
            .as_mut()
            .map(|pending| (&mut pending.assembly, pending.answer.as_mut_slice()));
        match inbox::sort(pending, header, payload) {
            Kind::Event => {
                let function = header.function;
                if function == Function::GSP_LOCKDOWN_NOTICE {
                    self.note_lockdown(payload);
                }
                let first = self.diagnostics.event(function);
                let told = inbox.listeners.tell(function, payload);
                if first && told == 0 && function.name().is_none() {
                    dev_warn!(
                        self.dev,
                        "GSP-RM sends unknown events ({}); they are counted and left alone\n",
                        Plain(function)
                    );
                }
            }
            Kind::Part => {}
            Kind::End(outcome) => {
                if let Some(pending) = &mut inbox.pending {
                    pending.outcome = Some(outcome);
                }
                self.answered.store(true, Release);
                self.arrived.notify_all();
            }
            Kind::Stray => {
                if self.diagnostics.stray() {
                    dev_warn!(
                        self.dev,
                        "GSP-RM answered {} that nobody waits for\n",
                        Plain(header.function)
                    );
                }
            }
        }
    }

    /// Takes note of whether the GSP's registers may be touched.
    fn note_lockdown(&self, payload: &[u8]) {
        if let Ok(lockdown) = Lockdown::parse(payload) {
            self.locked_down
                .store(lockdown == Lockdown::Engaged, Release);
        }
    }

    /// Nanoseconds since the probe began.
    fn now_ns(&self) -> u64 {
        // CAST: not negative, since the clock does not go back.
        self.timeline.elapsed().as_nanos() as u64
    }
}

impl Inbox {
    /// The payload of the message that was received last.
    fn payload_of(&self, header: &Header) -> &[u8] {
        // PANIC: no payload is longer than the buffer.
        &self.payload[..header.payload_len()]
    }
}

/// Since when GSP-RM boots.
pub(super) struct BootClock(Deadline);

impl BootClock {
    /// Since now.
    pub(super) fn start() -> Self {
        Self(Deadline::after(BOOT_TIMEOUT))
    }
}

/// What a status that is not OK means to a caller.
pub(super) fn errno(status: Status) -> Error {
    match status.check() {
        Err(Failure::NoMemory) => ENOMEM,
        Err(Failure::Busy) => EBUSY,
        Err(Failure::NotSupported) => EOPNOTSUPP,
        Err(Failure::Other) | Ok(()) => EIO,
    }
}
