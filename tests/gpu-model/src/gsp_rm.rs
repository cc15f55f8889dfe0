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
mod boot;
mod command_ring;
mod controls;
mod events;
pub mod faults;
mod function;
pub mod habits;
mod interrupts;
mod lockdown;
mod logs;
pub mod memory;
mod objects;
mod observe;
mod receive;
mod registers;
mod registry;
mod send;
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
use faults::Faults;
use function as f;
use habits::Habits;
use lockdown::Lockdown;
use memory::{
    GuestMemory,
    Io, //
};
use registry::Value;
use sequencer::watch::Watch;
use server::Server;
use start::Foundations;
use status_ring::{
    StatusRing,
    Worth, //
};
use wire::Message;

pub use interrupts::GSP_VECTOR;
pub use server::BarEntry;
pub use start::{
    fingerprint,
    hash, //
};

/// Complaints that do not stop GSP-RM.
type Findings = Vec<Complaint>;

/// What the GSP's first mailbox holds when GSP-RM has stopped.
pub const STOPPED: u32 = 0x8000_0000;
/// Microseconds between the answer to `UNLOADING_GUEST_DRIVER` and the mailbox.
const STOPPING_US: u64 = 500;
/// Microseconds of silence after which a driver may give up the boot.
const PATIENCE_US: u64 = 4_000_000;
/// Microseconds that a command may be visible without a doorbell. GSP-RM sees it long before;
/// this is ten times of what a driver could need on slow emulated processors.
const DOORBELL_US: u64 = 1_000_000;
/// Microseconds that a message may stay unread after its interrupt was acknowledged.
const UNREAD_US: u64 = 5_000_000;
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
    lockdown: Option<Lockdown>,
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
            lockdown: None,
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

    /// Takes faults away. Who has gone silent stays so until the next start.
    pub fn mend(&mut self) {
        self.faults = Faults::default();
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
        self.lockdown.is_some()
    }

    /// Settings that the driver has made.
    pub fn settings(&self) -> &[(String, Value)] {
        &self.settings
    }

    /// Objects that the driver has made and not freed.
    pub fn object_count(&self) -> usize {
        self.server.object_count()
    }

    /// A fault outside of GSP-RM has changed something: the driver may give up at any time.
    pub fn excuse_driver(&mut self) {
        self.fault_fired = true;
    }

    /// What it works with in this guest memory, or did while it ran.
    pub fn owner_of(&self, range: &Range<u64>) -> Option<String> {
        let owned = &self.link.as_ref()?.base.owned;
        let overlaps = |other: &Range<u64>| other.start < range.end && range.start < other.end;
        owned
            .iter()
            .find(|(other, _)| overlaps(other))
            .map(|(_, what)| what.clone())
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
        if let Some(lockdown) = &mut self.lockdown {
            lockdown.look(now_us, link.status.is_drained());
        }
        let noticed = link.commands.look(&io, &mut findings);
        self.complain_all(std::mem::take(&mut findings));
        if noticed? {
            self.unheralded_since.get_or_insert(now_us);
        }
        self.judge_patience(now_us, link);
        self.overlapped |= link.status.holds_reply() && link.commands.available() != 0;
        self.take_commands(now_us, link, &mut io)?;
        if matches!(self.state, State::Off) {
            return Ok(());
        }
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
