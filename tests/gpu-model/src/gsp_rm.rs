// SPDX-License-Identifier: GPL-2.0

//! GSP-RM r570.144 as a driver meets it: queues in guest memory, calls, events, logs.
//!
//! Nothing of the firmware is executed. What it reads is read, in its order, and judged; what it
//! answers is answered. The module knows no socket and holds no register: the device
//! calls [`GspRm::step`] when GSP-RM begins and whenever time has passed, tells it of every
//! access to BAR0 through [`GspRm::observe`], and carries the [`GspEffect`]s out.
//!
//! A conversation goes like this. [`start`] reads what the mailboxes point to. The driver tells
//! its system information and settings; on chips that SEC2 boots, GSP-RM then has the driver do
//! some register accesses ([`sequencer`]). It says that it has booted, and [`server`] answers
//! calls until `UNLOADING_GUEST_DRIVER`.
//!
//! Numbers are stated here once more, apart from those that the driver uses.

mod assemble;
mod boards;
mod command_ring;
mod controls;
mod events;
pub mod faults;
mod function;
pub mod habits;
mod interrupts;
mod logs;
pub mod memory;
mod objects;
mod observe;
mod registers;
mod registry;
pub mod sequencer;
mod server;
mod start;
mod static_info;
mod status_ring;
mod system_info;
mod wire;

use std::ops::Range;

use crate::{
    chips::Chip,
    recorder,
    violations::{
        BusRule,
        Complaint,
        GspRule, //
    },
};

use assemble::Assembler;
use command_ring::CommandRing;
use faults::{
    Death,
    Faults,
    InterruptFault,
    ReplyFault,
    UnloadFault, //
};
use function as f;
use habits::Habits;
use memory::{
    GuestMemory,
    Io, //
};
use registry::Value;
use sequencer::{
    watch::Watch,
    Program, //
};
use server::{
    Answer,
    Server, //
};
use start::Foundations;
use status_ring::{
    StatusRing,
    Worth, //
};
use wire::{
    u32_at,
    Command,
    Message, //
};

pub use interrupts::GSP_VECTOR;
pub use server::BarEntry;
pub use start::fingerprint;

/// Complaints that do not stop GSP-RM.
type Findings = Vec<Complaint>;

/// What the GSP's first mailbox holds when GSP-RM has stopped.
const STOPPED: u32 = 0x8000_0000;
/// Microseconds between the answer to `UNLOADING_GUEST_DRIVER` and the mailbox.
const STOPPING_US: u64 = 500;
/// Microseconds of silence after which a driver may give up the boot.
const PATIENCE_US: u64 = 4_000_000;
/// Microseconds that a command may be visible without a doorbell. GSP-RM sees it long before;
/// this is ten times of what a driver could need on slow emulated processors.
const DOORBELL_US: u64 = 1_000_000;
/// Microseconds that a message may stay unread after its interrupt was acknowledged.
const UNREAD_US: u64 = 2_000_000;
/// Microseconds after `GSP_INIT_DONE` at which noise and injected events come.
const AFTER_INIT_US: u64 = 20_000;
/// Microseconds between spurious interrupts, and how many there are.
const SPURIOUS_US: u64 = 10_000;
const SPURIOUS: u32 = 20;

/// Where the protected region is, as far as GSP-RM tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WprLayout {
    /// VRAM address of the heap below the region.
    pub non_wpr_heap_offset: u64,
    /// VRAM address of the part that FWSEC made.
    pub frts_offset: u64,
}

/// What is true about the card, to compare the driver's words with.
#[derive(Clone, Copy, Debug)]
pub struct CardFacts {
    /// Chip and board.
    pub chip: &'static Chip,
    /// Bytes of VRAM.
    pub vram: u64,
    /// Guest's bus address of the registers.
    pub registers: u64,
    /// Guest's bus address of the VRAM aperture.
    pub framebuffer: u64,
    /// Guest's bus address of the aperture after that.
    pub instance: u64,
    /// PCI device id in the upper, vendor id in the lower half.
    pub device_id: u32,
    /// The same of the subsystem.
    pub subsystem_id: u32,
    /// PCI revision.
    pub revision: u8,
    /// BAR0 offset of the copy of the configuration space.
    pub config_mirror: u32,
    /// Protected region.
    pub wpr: WprLayout,
}

/// An access to BAR0 that has just taken place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Direction.
    pub op: recorder::Op,
    /// Offset.
    pub address: u32,
    /// Value written or returned.
    pub value: u32,
}

/// What GSP-RM has done, for the device to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GspEffect {
    /// A rule was broken.
    Complain(Complaint),
    /// Set the message interrupt's cause.
    RaiseSwgen0 {
        /// Send the interrupt as well.
        deliver: bool,
    },
    /// Send the interrupt without a cause.
    SpuriousInterrupt,
    /// Set the GSP's first mailbox.
    SetMailbox0(u32),
    /// The RISC-V core halts.
    Halt,
    /// The resume that the sequencer asked for is done: the core is active, SEC2 has halted with
    /// its first mailbox zero, and the boot stage scratch says that firmware was reloaded.
    Resumed,
    /// Store into VRAM.
    WriteVram {
        /// Address.
        address: u64,
        /// Bytes.
        data: Vec<u8>,
    },
    /// The roots of the page tables of BAR1 and BAR2 are these pages of VRAM, all zero.
    BarRoots {
        /// VRAM address of BAR1's.
        bar1: u64,
        /// VRAM address of BAR2's.
        bar2: u64,
    },
    /// The driver has set an entry of such a root.
    BarEntry(BarEntry),
    /// A message has passed, for the trace.
    Message {
        /// From GSP-RM to the driver?
        to_driver: bool,
        /// Number.
        function: u32,
        /// Name, if known.
        name: &'static str,
        /// Bytes of the payload.
        bytes: usize,
    },
    /// GSP-RM has come to another state, for the trace.
    State(&'static str),
    /// An injected fault changed something.
    Fault(&'static str),
}

/// How far GSP-RM is.
#[derive(Debug)]
enum State {
    /// Has read nothing yet.
    Starting,
    /// Waits for system information and settings.
    Settings { system_info: bool },
    /// The driver accesses registers for it.
    Sequencing { watch: Watch, halted: bool },
    /// Will have booted then.
    Booting { at: u64 },
    /// Serves calls.
    Running,
    /// Has answered `UNLOADING_GUEST_DRIVER`, and will stop then.
    Stopping { at: u64 },
    /// Has stopped.
    Stopped,
    /// Was reset, or has failed.
    Off,
}

/// Queues and logs, once they are known.
#[derive(Debug)]
struct Link {
    base: Foundations,
    commands: CommandRing,
    status: StatusRing,
}

/// Something to be done later.
#[derive(Debug)]
enum Later {
    Reply(Vec<Message>),
    Event(Message, Worth),
    ReleaseLockdown,
    Spurious(u32),
}

/// GSP-RM.
pub struct GspRm {
    card: CardFacts,
    habits: Habits,
    faults: Faults,
    libos: u64,
    libos_hash: Option<u64>,
    state: State,
    link: Option<Link>,
    server: Server,
    assembler: Assembler,
    settings: Vec<(String, Value)>,
    later: Vec<(u64, Later)>,
    /// Time of the last message of GSP-RM, or of the start.
    spoke_at: u64,
    has_booted: bool,
    told_static_info: bool,
    suspended: bool,
    resuming: bool,
    /// An injected fault has changed something: the driver may give up at any time.
    fault_fired: bool,
    reads_commands: bool,
    in_lockdown: bool,
    /// SWGEN0 is set, as far as GSP-RM knows.
    raised: bool,
    /// A command was noticed then, and no doorbell has been rung since.
    unheralded_since: Option<u64>,
    /// A command was there while an answer waited for room.
    overlapped: bool,
    /// Interrupt acknowledged then, and messages unread since.
    unread_since: Option<u64>,
    effects: Vec<GspEffect>,
}

impl GspRm {
    /// GSP-RM at its first instruction; the mailboxes hold the LibOS table's address.
    ///
    /// `libos_hash` is the [`fingerprint`] of the table at the time when the mailboxes were
    /// written, if it was taken. Nothing is read before the first [`GspRm::step`].
    pub fn start(
        card: CardFacts,
        libos: u64,
        libos_hash: Option<u64>,
        habits: Habits,
        faults: Faults,
    ) -> Self {
        Self {
            server: Server::new(card),
            card,
            habits,
            faults,
            libos,
            libos_hash,
            state: State::Starting,
            link: None,
            assembler: Assembler::default(),
            settings: Vec::new(),
            later: Vec::new(),
            spoke_at: 0,
            has_booted: false,
            told_static_info: false,
            suspended: false,
            resuming: false,
            fault_fired: false,
            reads_commands: true,
            in_lockdown: false,
            raised: false,
            unheralded_since: None,
            overlapped: false,
            unread_since: None,
            effects: Vec::new(),
        }
    }

    /// Starts again after a suspend. Queues, numbers and objects are those of before.
    ///
    /// Gives `false` and changes nothing if GSP-RM was not suspended.
    pub fn resume(&mut self) -> bool {
        if !self.suspended {
            return false;
        }
        self.suspended = false;
        self.resuming = true;
        self.has_booted = false;
        self.state = State::Starting;
        true
    }

    /// Name of the state, for trace and reports.
    pub fn state(&self) -> &'static str {
        match self.state {
            State::Starting => "starting",
            State::Settings { .. } => "waiting-for-settings",
            State::Sequencing { .. } => "sequencing",
            State::Booting { .. } => "booting",
            State::Running => "running",
            State::Stopping { .. } => "stopping",
            State::Stopped => "stopped",
            State::Off => "off",
        }
    }

    /// Is the core to be shown as active?
    pub fn is_active(&self) -> bool {
        match self.state {
            State::Stopped | State::Off => false,
            State::Sequencing { halted, .. } => !halted,
            _ => true,
        }
    }

    /// Has it stopped because the driver asked for it?
    pub fn has_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    /// Can it be resumed?
    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Has it said that it has booted?
    pub fn has_booted(&self) -> bool {
        self.has_booted
    }

    /// Will the next start of SEC2 resume it? SEC2 then runs what the sequencer has put there.
    pub fn awaits_resume(&self) -> bool {
        matches!(&self.state, State::Sequencing { watch, .. } if watch.awaits_resume())
    }

    /// Will the next start of the GSP's falcon run [`sequencer::image`]?
    pub fn awaits_image(&self) -> bool {
        matches!(&self.state, State::Sequencing { watch, .. } if watch.awaits_start())
    }

    /// Are the GSP's registers locked? Reads of all but a few then give an error pattern.
    pub fn is_locked_down(&self) -> bool {
        self.in_lockdown
    }

    /// Settings that the driver has made.
    pub fn settings(&self) -> &[(String, Value)] {
        &self.settings
    }

    /// Objects that the driver has made and not freed.
    pub fn object_count(&self) -> usize {
        self.server.object_count()
    }

    /// Guest memory in `range` can no longer be reached.
    pub fn unmapped(&mut self, range: &Range<u64>) -> Vec<GspEffect> {
        let overlaps = |other: &Range<u64>| other.start < range.end && range.start < other.end;
        let alive = !matches!(self.state, State::Stopped | State::Off) && !self.fault_fired;
        let Some(link) = self.link.as_ref().filter(|_| alive) else {
            return Vec::new();
        };
        let used = link.base.owned.iter().find(|(other, _)| overlaps(other));
        let needed = link
            .base
            .needed_for_boot
            .iter()
            .find(|(other, _)| !self.has_booted && overlaps(other));
        if let Some((_, what)) = used {
            let what = format!("{what} unmapped while GSP-RM runs");
            self.complain(Complaint::new(BusRule::UnmappedInUse, what));
        } else if let Some((_, what)) = needed {
            let what = format!("{what} unmapped before GSP-RM has booted");
            self.complain(Complaint::new(GspRule::BootMemory, what));
        }
        std::mem::take(&mut self.effects)
    }

    /// Does what there is to do at `now_us`.
    pub fn step(&mut self, now_us: u64, memory: &mut dyn GuestMemory) -> Vec<GspEffect> {
        if let State::Starting = self.state {
            self.begin(now_us, memory);
        }
        let is_deaf = matches!(
            self.state,
            State::Off | State::Stopped | State::Sequencing { halted: true, .. }
        );
        if !is_deaf {
            if let Err(complaint) = self.converse(now_us, memory) {
                self.die(complaint);
            }
        }
        std::mem::take(&mut self.effects)
    }

    // Start ----------------------------------------------------------------------------------

    fn begin(&mut self, now_us: u64, memory: &mut dyn GuestMemory) {
        self.spoke_at = now_us;
        if self.faults.death == Some(Death::Silent) {
            self.fault(Death::Silent.name());
            self.enter(State::Off);
            return;
        }
        let mut findings = Findings::new();
        let begun = if self.resuming {
            self.begin_again(now_us, memory, &mut findings)
        } else {
            self.begin_cold(now_us, memory, &mut findings)
        };
        self.complain_all(findings);
        if let Err(complaint) = begun {
            self.die(complaint);
        }
    }

    fn begin_cold(
        &mut self,
        now_us: u64,
        memory: &mut dyn GuestMemory,
        findings: &mut Findings,
    ) -> Result<(), Complaint> {
        let hash = fingerprint(memory, self.libos);
        if self.libos_hash.is_some() && self.libos_hash != hash {
            findings.push(Complaint::new(
                GspRule::InitTable,
                "the LibOS table was changed between the write to the mailboxes and the start",
            ));
        }
        self.libos_hash = hash;
        let mut base = start::read(memory, self.libos, findings)?;
        let log = &mut base.log_init;
        for (site, argument) in [self.libos, u64::from(self.card.chip.id), now_us]
            .into_iter()
            .enumerate()
        {
            log.record(memory, now_us, site as u64, &[argument])
                .map_err(|error| memory::complaint("write LOGINIT", &error))?;
        }
        let mut io = Io {
            memory,
            pages: &base.pages,
        };
        let status = StatusRing::new(base.geometry, &mut io)?;
        let mut commands = CommandRing::new(base.geometry, base.command_header);
        // What is there already was announced to nobody.
        commands.look(&io, findings)?;
        self.link = Some(Link {
            base,
            commands,
            status,
        });
        let [bar1, bar2] = static_info::bar_roots(&self.card);
        self.effects.push(GspEffect::BarRoots { bar1, bar2 });
        self.enter(State::Settings { system_info: false });
        Ok(())
    }

    fn begin_again(
        &mut self,
        now_us: u64,
        memory: &mut dyn GuestMemory,
        findings: &mut Findings,
    ) -> Result<(), Complaint> {
        self.resuming = false;
        // The driver need not have kept it.
        self.libos_hash = None;
        if let Some(link) = &self.link {
            start::read_again(memory, link.base.rm_args, findings)?;
        }
        self.boot_at(now_us);
        Ok(())
    }

    // Conversation ---------------------------------------------------------------------------

    fn converse(&mut self, now_us: u64, memory: &mut dyn GuestMemory) -> Result<(), Complaint> {
        let Some(mut link) = self.link.take() else {
            return Ok(());
        };
        let result = self.converse_on(now_us, &mut link, memory);
        self.link = Some(link);
        result
    }

    fn converse_on(
        &mut self,
        now_us: u64,
        link: &mut Link,
        memory: &mut dyn GuestMemory,
    ) -> Result<(), Complaint> {
        let mut findings = Findings::new();
        let pages = link.base.pages.clone();
        let mut io = Io {
            memory,
            pages: &pages,
        };
        link.status.guard(&io, &mut findings)?;
        link.status.look(&io)?;
        let noticed = link.commands.look(&io, &mut findings);
        self.complain_all(std::mem::take(&mut findings));
        if noticed? {
            self.unheralded_since.get_or_insert(now_us);
        }
        self.judge_patience(now_us, link);
        self.overlapped |= link.status.holds_reply() && link.commands.available() != 0;
        self.take_commands(now_us, link, &mut io)?;
        self.proceed(now_us, link, &mut io)?;
        self.do_later(now_us, link);
        self.flush(now_us, link, &mut io)?;
        link.commands.remember_waiting(&io)
    }

    fn judge_patience(&mut self, now_us: u64, link: &Link) {
        if matches!(self.unheralded_since, Some(since) if now_us - since > DOORBELL_US) {
            self.unheralded_since = None;
            self.complain(Complaint::new(
                GspRule::NoDoorbell,
                "a command was published and the doorbell was not rung",
            ));
        }
        if link.status.is_drained() || self.raised {
            self.unread_since = None;
        }
        if matches!(self.unread_since, Some(since) if now_us - since > UNREAD_US) {
            self.unread_since = None;
            self.complain(Complaint::new(
                GspRule::LateAcknowledge,
                "a message that was there when its interrupt was acknowledged has not been read: \
                 acknowledge first, then drain the queue",
            ));
        }
    }

    fn take_commands(
        &mut self,
        now_us: u64,
        link: &mut Link,
        io: &mut Io<'_>,
    ) -> Result<(), Complaint> {
        // While an answer waits for room, GSP-RM does nothing else.
        while self.reads_commands && !link.status.is_blocked() && !self.is_silent() {
            let mut findings = Findings::new();
            let command = link.commands.take(now_us, io, &mut findings);
            self.complain_all(findings);
            let Some(command) = command? else {
                break;
            };
            self.effects.push(GspEffect::Message {
                to_driver: false,
                function: command.header.function,
                name: f::name(command.header.function),
                bytes: command.payload.len(),
            });
            self.judge_overlap(&command);
            let read = link.commands.give_back(io)?;
            link.status.note_read_pointer(read);
            self.receive(now_us, command);
            if matches!(self.state, State::Off) {
                self.leave_torso(link, io)?;
                break;
            }
        }
        Ok(())
    }

    /// Only one call may be under way.
    fn judge_overlap(&mut self, command: &Command) {
        let waits = self
            .later
            .iter()
            .any(|(_, later)| matches!(later, Later::Reply(_)));
        if f::is_async(command.header.function) || self.is_stopping() {
            return;
        }
        if std::mem::take(&mut self.overlapped) || waits {
            self.complain(Complaint::new(
                GspRule::Overlap,
                format!(
                    "function {} was called before the call before it was answered",
                    command.header.function
                ),
            ));
        }
    }

    fn receive(&mut self, now_us: u64, command: Command) {
        if self.is_stopping() {
            self.complain(Complaint::new(
                GspRule::UnloadRequest,
                format!(
                    "function {} was called after UNLOADING_GUEST_DRIVER",
                    command.header.function
                ),
            ));
            return;
        }
        if !command_ring::is_readable(&command.header) {
            self.refuse(now_us, &command);
            return;
        }
        let mut findings = Findings::new();
        let assembled = self.assembler.feed(command, &mut findings);
        self.complain_all(findings);
        if let Some(refused) = assembled.refused {
            self.refuse(now_us, &refused);
        }
        if let Some(command) = assembled.complete {
            self.handle(now_us, &command);
        }
    }

    fn handle(&mut self, now_us: u64, command: &Command) {
        let mut findings = Findings::new();
        match command.header.function {
            f::GSP_SET_SYSTEM_INFO | f::SET_REGISTRY => {
                self.take_setting(now_us, command, &mut findings);
            }
            f::UNLOADING_GUEST_DRIVER => self.unload(now_us, command, &mut findings),
            function if !self.has_booted => {
                findings.push(Complaint::new(
                    GspRule::Order,
                    format!("function {function} was called before GSP-RM has booted"),
                ));
                if !f::is_async(function) {
                    let answer = Answer::bare(objects::status::INVALID_STATE);
                    self.reply(now_us, answer.messages(command));
                }
            }
            _ => self.serve(now_us, command, &mut findings),
        }
        self.complain_all(findings);
    }

    fn take_setting(&mut self, now_us: u64, command: &Command, findings: &mut Findings) {
        let function = command.header.function;
        let is_info = function == f::GSP_SET_SYSTEM_INFO;
        let fits = server::has_right_size(command, findings);
        match self.state {
            State::Settings { system_info } if system_info != is_info => {}
            _ => findings.push(Complaint::new(
                GspRule::Order,
                format!(
                    "{} came when GSP-RM was {}; it wants GSP_SET_SYSTEM_INFO, then SET_REGISTRY, \
                     each once",
                    f::name(function),
                    self.state()
                ),
            )),
        }
        let State::Settings { system_info } = &mut self.state else {
            return;
        };
        if is_info {
            *system_info = true;
            if fits {
                system_info::judge(&command.payload, &self.card, findings);
            }
            return;
        }
        self.settings = registry::parse(&command.payload, findings);
        self.after_settings(now_us);
    }

    fn serve(&mut self, now_us: u64, command: &Command, findings: &mut Findings) {
        let function = command.header.function;
        if self.told_static_info && self.faults.death == Some(Death::Crash) {
            let answer = self.server.serve(command, &self.faults, findings);
            self.later
                .push((now_us, Later::Reply(answer.messages(command))));
            self.fault(Death::Crash.name());
            self.effects.push(GspEffect::Halt);
            self.enter(State::Off);
            return;
        }
        let answer = self.server.serve(command, &self.faults, findings);
        let entries = self.server.take_bar_entries();
        self.effects
            .extend(entries.into_iter().map(GspEffect::BarEntry));
        let mut messages = answer.messages(command);
        if function == f::GET_GSP_STATIC_INFO {
            self.told_static_info = true;
            self.spoil_static_info(&mut messages);
        }
        if function == f::GSP_RM_CONTROL {
            let table = u32_at(&command.payload, 8) == 0x2080_0a5c;
            if let Some(fault) = self.faults.interrupt_table.filter(|_| table) {
                self.fault(fault.name());
            }
        }
        if !f::is_async(function) {
            self.reply(now_us, messages);
        }
    }

    fn spoil_static_info(&mut self, messages: &mut Vec<Message>) {
        if let Some(fault) = self.faults.static_info {
            self.fault(fault.name());
        }
        let Some(fault) = self.faults.reply else {
            return;
        };
        self.fault(fault.name());
        match fault {
            ReplyFault::WrongFunction => messages[0].function += 1,
            ReplyFault::BrokenContinuation => {
                messages.insert(1, events::libos_print("in between\n"));
            }
            ReplyFault::Error(_) | ReplyFault::Short => {}
        }
    }

    fn unload(&mut self, now_us: u64, command: &Command, findings: &mut Findings) {
        let excused = self.fault_fired || now_us - self.spoke_at >= PATIENCE_US;
        if !self.has_booted && !excused {
            findings.push(Complaint::new(
                GspRule::Order,
                "UNLOADING_GUEST_DRIVER was called before GSP-RM has booted",
            ));
        }
        let mut suspends = false;
        if server::has_right_size(command, findings) {
            let payload = &command.payload;
            let (in_transition, gc6, level) = (payload[0], payload[1], u32_at(payload, 4));
            suspends = level != 0;
            let fits = u32::from(in_transition) == u32::from(suspends)
                && gc6 <= in_transition
                && matches!(level, 0 | 3 | 7);
            if !fits {
                findings.push(Complaint::new(
                    GspRule::UnloadRequest,
                    format!(
                        "UNLOADING_GUEST_DRIVER with in transition {in_transition}, GC6 {gc6}, \
                         level {level}"
                    ),
                ));
            }
        }
        self.suspended = suspends;
        if self.faults.unload == Some(UnloadFault::NoReply) {
            self.fault(UnloadFault::NoReply.name());
        } else {
            self.reply(now_us, Answer::bare(0).messages(command));
        }
        let at = now_us + self.habits.latency_us + STOPPING_US;
        self.enter(State::Stopping { at });
    }

    fn refuse(&mut self, now_us: u64, command: &Command) {
        let is_silent = f::is_async(command.header.function)
            && command.header.function != f::CONTINUATION_RECORD;
        if !is_silent {
            let answer = Answer::bare(server::result::INVALID_FORMAT);
            self.reply(now_us, answer.messages(command));
        }
    }

    fn reply(&mut self, now_us: u64, messages: Vec<Message>) {
        let due = now_us + self.habits.latency_us;
        self.later.push((due, Later::Reply(messages)));
    }

    // Boot and end ---------------------------------------------------------------------------

    fn after_settings(&mut self, now_us: u64) {
        let due = now_us + self.habits.latency_us;
        for index in 0..self.habits.prefill {
            let line = events::libos_print(&format!("early line {index}\n"));
            self.later.push((due, Later::Event(line, Worth::Needed)));
        }
        if self.habits.noise {
            for event in [
                events::libos_print("emulated PMU: hello\n"),
                events::nocat(now_us, "emulated"),
                events::lockdown(true),
                events::lockdown(false),
            ] {
                self.later
                    .push((due, Later::Event(event, Worth::Droppable)));
            }
        }
        if self.faults.unknown_event {
            self.fault(faults::UNKNOWN_EVENT);
            let event = events::of_number(0x1fff, now_us);
            self.later.push((due, Later::Event(event, Worth::Needed)));
        }
        if self.card.chip.family.boots_by_fsp() {
            self.boot_at(due);
        } else if self.faults.no_sequencer {
            self.fault(faults::NO_SEQUENCER);
            self.boot_at(due);
        } else {
            self.run_sequencer(due);
        }
    }

    fn run_sequencer(&mut self, due: u64) {
        // In the VRAM that GSP-RM keeps for itself, behind the roots of the page tables.
        let image_address = static_info::reserve(&self.card) + 0x1_0000;
        let program: Program = sequencer::program(
            self.habits.sequencer,
            self.card.chip.family,
            image_address,
            self.faults.sequencer,
        );
        if let Some(fault) = self.faults.sequencer {
            self.fault(fault.name());
        }
        if program.runs_image() {
            self.effects.push(GspEffect::WriteVram {
                address: image_address,
                data: sequencer::image().to_vec(),
            });
        }
        let watch = Watch::new(&program, due);
        let event = Message::event(f::GSP_RUN_CPU_SEQUENCER, program.payload.clone());
        self.later.push((due, Later::Event(event, Worth::Needed)));
        if watch.is_over() {
            self.boot_at(due);
            return;
        }
        self.enter(State::Sequencing {
            watch,
            halted: false,
        });
    }

    /// GSP-RM will have booted at `due`, if no fault is in the way.
    fn boot_at(&mut self, due: u64) {
        let mut at = due;
        if let Some(ms) = self.faults.late_init_done_ms {
            self.fault(faults::LATE_INIT_DONE);
            at += ms * 1000;
        }
        if self.faults.no_init_done {
            self.fault(faults::NO_INIT_DONE);
            at = u64::MAX;
        }
        self.enter(State::Booting { at });
    }

    fn proceed(&mut self, now_us: u64, link: &mut Link, io: &mut Io<'_>) -> Result<(), Complaint> {
        match self.state {
            State::Booting { at } if now_us >= at => {
                if self.libos_hash.is_some()
                    && !self.fault_fired
                    && fingerprint(io.memory, self.libos) != self.libos_hash
                {
                    self.complain(Complaint::new(
                        GspRule::BootMemory,
                        "the LibOS table was changed or freed before GSP-RM has booted",
                    ));
                }
                self.finish_boot(now_us, link, io)
            }
            // What is left to say comes first.
            State::Stopping { at } if now_us >= at && self.later.is_empty() => {
                if !link.status.is_blocked() {
                    self.stop();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn finish_boot(
        &mut self,
        now_us: u64,
        link: &mut Link,
        io: &mut Io<'_>,
    ) -> Result<(), Complaint> {
        let event = events::init_done(self.habits.init_done_payload);
        self.later
            .push((now_us, Later::Event(event, Worth::Needed)));
        if let Some(log) = &mut link.base.log_rm {
            for site in 0x100..0x104 {
                log.record(io.memory, now_us, site, &[site, self.card.vram])
                    .map_err(|error| memory::complaint("write LOGRM", &error))?;
            }
        }
        self.has_booted = true;
        self.enter(State::Running);
        if self.faults.death == Some(Death::AfterInit) {
            // What has been said is still delivered.
            self.reads_commands = false;
            self.fault(Death::AfterInit.name());
            return Ok(());
        }
        if self.faults.stops_reading {
            self.reads_commands = false;
            let read = link.commands.feign_full(io)?;
            link.status.note_read_pointer(read);
            self.fault(faults::STOPS_READING);
        }
        self.plan_events(now_us);
        Ok(())
    }

    fn plan_events(&mut self, now_us: u64) {
        let due = now_us + AFTER_INIT_US;
        if self.habits.noise {
            let line = events::libos_print("emulated PMU: at work\n");
            self.later.push((due, Later::Event(line, Worth::Droppable)));
        }
        if self.faults.unknown_event {
            let event = events::of_number(0x1fff, now_us);
            self.later
                .push((now_us, Later::Event(event, Worth::Needed)));
        }
        if let Some(number) = self.faults.event {
            self.fault(faults::EVENT);
            let event = events::of_number(number, now_us);
            self.later.push((due, Later::Event(event, Worth::Needed)));
        }
        if let Some(count) = self.faults.event_burst {
            self.fault(faults::EVENT_BURST);
            for index in 0..count {
                let line = events::libos_print(&format!("line {index} of a burst\n"));
                self.later.push((now_us, Later::Event(line, Worth::Needed)));
            }
        }
        if let Some(ms) = self.faults.lockdown_ms {
            self.fault(faults::LOCKDOWN);
            let event = events::lockdown(true);
            self.later.push((due, Later::Event(event, Worth::Needed)));
            self.later.push((due + ms * 1000, Later::ReleaseLockdown));
        }
        if self.faults.interrupts == Some(InterruptFault::Spurious) {
            self.fault(InterruptFault::Spurious.name());
            self.later.push((due, Later::Spurious(SPURIOUS)));
        }
    }

    fn stop(&mut self) {
        if self.faults.unload == Some(UnloadFault::NoFlag) {
            self.fault(UnloadFault::NoFlag.name());
            self.enter(State::Off);
            return;
        }
        self.effects.push(GspEffect::SetMailbox0(STOPPED));
        self.effects.push(GspEffect::Halt);
        self.enter(State::Stopped);
    }

    // Messages out ---------------------------------------------------------------------------

    fn do_later(&mut self, now_us: u64, link: &mut Link) {
        let (due, rest) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|(at, _)| *at <= now_us);
        self.later = rest;
        let due: Vec<(u64, Later)> = due;
        for (_, later) in due {
            match later {
                Later::Reply(messages) => {
                    for message in messages {
                        link.status.push(message, Worth::Needed);
                    }
                }
                Later::Event(message, worth) => link.status.push(message, worth),
                Later::ReleaseLockdown => {
                    self.in_lockdown = false;
                    link.status.push(events::lockdown(false), Worth::Needed);
                }
                Later::Spurious(left) => {
                    self.effects.push(GspEffect::SpuriousInterrupt);
                    if left > 1 {
                        let next = Later::Spurious(left - 1);
                        self.later.push((now_us.saturating_add(SPURIOUS_US), next));
                    }
                }
            }
        }
    }

    fn flush(&mut self, now_us: u64, link: &mut Link, io: &mut Io<'_>) -> Result<(), Complaint> {
        let faults = &self.faults;
        let published = link.status.flush(io, |index| faults.corruption(index))?;
        if let Some(fault) = published.corrupted {
            self.fault(fault);
        }
        for function in published.dropped {
            self.effects.push(GspEffect::State("event-dropped"));
            self.trace(function, 0);
        }
        if published.messages.is_empty() {
            return Ok(());
        }
        self.spoke_at = now_us;
        for (function, bytes) in published.messages {
            self.trace(function, bytes);
            match function {
                f::GSP_RUN_CPU_SEQUENCER => self.hand_over(now_us),
                f::GSP_LOCKDOWN_NOTICE if self.faults.lockdown_ms.is_some() => {
                    // The last one that was published counts; both come once.
                    self.in_lockdown = self.has_booted && self.lockdown_is_planned();
                }
                _ => {}
            }
        }
        self.raise();
        Ok(())
    }

    fn lockdown_is_planned(&self) -> bool {
        self.later
            .iter()
            .any(|(_, later)| matches!(later, Later::ReleaseLockdown))
    }

    /// From here on the driver does what the sequencer's program says.
    fn hand_over(&mut self, now_us: u64) {
        if let State::Sequencing { watch, halted } = &mut self.state {
            watch.begin(now_us);
            if watch.resumes() {
                *halted = true;
                self.effects.push(GspEffect::SetMailbox0(STOPPED));
            }
        }
    }

    fn raise(&mut self) {
        let deliver = self.faults.interrupts != Some(InterruptFault::None);
        if !deliver {
            self.fault(InterruptFault::None.name());
        }
        self.raised = true;
        self.effects.push(GspEffect::RaiseSwgen0 { deliver });
    }

    fn leave_torso(&mut self, link: &mut Link, io: &mut Io<'_>) -> Result<(), Complaint> {
        self.do_later(u64::MAX, link);
        link.status.leave_torso(io, 1000)
    }

    // Small things ---------------------------------------------------------------------------

    fn is_stopping(&self) -> bool {
        matches!(self.state, State::Stopping { .. } | State::Stopped)
    }

    fn is_silent(&self) -> bool {
        matches!(
            self.state,
            State::Off | State::Sequencing { halted: true, .. }
        )
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.effects.push(GspEffect::State(self.state()));
    }

    fn die(&mut self, complaint: Complaint) {
        self.complain(complaint);
        self.enter(State::Off);
    }

    fn complain(&mut self, complaint: Complaint) {
        self.effects.push(GspEffect::Complain(complaint));
    }

    fn complain_all(&mut self, findings: Findings) {
        self.effects
            .extend(findings.into_iter().map(GspEffect::Complain));
    }

    fn fault(&mut self, name: &'static str) {
        self.fault_fired = true;
        self.effects.push(GspEffect::Fault(name));
    }

    fn trace(&mut self, function: u32, bytes: usize) {
        self.effects.push(GspEffect::Message {
            to_driver: true,
            function,
            name: f::name(function),
            bytes,
        });
    }
}

#[cfg(test)]
pub(crate) mod tests;
