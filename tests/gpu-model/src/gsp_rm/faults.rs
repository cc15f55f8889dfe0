// SPDX-License-Identifier: GPL-2.0

//! What may go wrong with GSP-RM: data that the model consults. Names and arguments are those of
//! the command line.

use super::wire::{
    at,
    put_u32,
    seal,
    u32_at, //
};

/// A change to a message on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corruption {
    /// The checksum does not fit.
    Checksum,
    /// The length is beyond all bounds.
    AbsurdLength,
    /// The length is shorter than the header that it counts.
    ShortLength,
    /// A number is left out, here and so for all messages that follow.
    Gap,
    /// The write pointer is set beyond the ring.
    WritePointer,
    /// The signature is not "VRPC".
    Signature,
    /// The message says that it takes one entry more than it does.
    ElementCount,
}

impl Corruption {
    /// Name of the fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checksum => "gsp-bad-checksum",
            Self::AbsurdLength => "gsp-absurd-length",
            Self::ShortLength => "gsp-length-short",
            Self::Gap => "gsp-seq-gap",
            Self::WritePointer => "gsp-write-ptr-out-of-range",
            Self::Signature => "gsp-bad-signature",
            Self::ElementCount => "gsp-elem-count-lie",
        }
    }

    /// Changes an encoded message, the number of the next one, or the write pointer behind it.
    /// Only [`Corruption::Checksum`] leaves a wrong checksum, so that the other check is reached.
    pub fn apply(self, bytes: &mut [u8], number: &mut u32, write: &mut u32) {
        let mut change = |offset, value| {
            put_u32(bytes, offset, value);
            seal(bytes);
        };
        match self {
            Self::Checksum => {
                let sum = u32_at(bytes, at::CHECK_SUM);
                put_u32(bytes, at::CHECK_SUM, sum ^ 0x0100);
            }
            Self::AbsurdLength => change(at::LENGTH, 0xffff_fff0),
            Self::ShortLength => change(at::LENGTH, 0x10),
            Self::Signature => change(at::SIGNATURE, 0x4350_5257),
            Self::ElementCount => {
                let elements = u32_at(bytes, at::ELEMENTS);
                put_u32(bytes, at::ELEMENTS, elements + 1);
                seal(bytes);
            }
            Self::Gap => {
                *number = number.wrapping_add(1);
                put_u32(bytes, at::NUMBER, *number);
                seal(bytes);
            }
            Self::WritePointer => *write += 100,
        }
    }
}

/// What is wrong with the answer to `GET_GSP_STATIC_INFO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaticInfoFault {
    /// Says that there are this many regions of VRAM; 16 fit.
    RegionCount(u32),
    /// The usable region ends before it begins.
    LimitBelowBase,
    /// The usable region ends at the end of all addresses.
    LimitAllOnes,
    /// All of VRAM is reserved.
    AllReserved,
    /// The name fills its field and has no NUL.
    NameUnterminated,
    /// The name is not UTF-8.
    NameNotUtf8,
    /// The name has no characters.
    EmptyName,
}

impl StaticInfoFault {
    /// Name of the fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RegionCount(_) => "gsp-static-info-regions",
            Self::LimitBelowBase => "gsp-static-info-limit-below-base",
            Self::LimitAllOnes => "gsp-static-info-limit-all-ones",
            Self::AllReserved => "gsp-static-info-all-reserved",
            Self::NameUnterminated => "gsp-static-info-name-unterminated",
            Self::NameNotUtf8 => "gsp-static-info-name-not-utf8",
            Self::EmptyName => "gsp-empty-name",
        }
    }
}

/// What is wrong with the interrupt table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptTableFault {
    /// The GSP is not in it.
    NoGsp,
    /// The GSP has no vector for what has to be handled at once.
    NoVector,
    /// It says that it has more entries than fit.
    TooLong,
}

impl InterruptTableFault {
    /// Name of the fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoGsp => "gsp-interrupt-table-lacks-gsp",
            Self::NoVector => "gsp-interrupt-table-no-vector",
            Self::TooLong => "gsp-interrupt-table-too-long",
        }
    }
}

/// What is wrong with the register accesses that GSP-RM asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequencerFault {
    /// An operation that there is not.
    BadOpcode,
    /// The last operation lacks operands.
    Truncated,
    /// A register beyond BAR0.
    BadAddress,
    /// A wait for a value that never comes.
    PollNever,
    /// A pause of an hour.
    HugeDelay,
    /// A value to be stored where there is no room.
    Index,
    /// More operations announced than there are.
    Count,
}

impl SequencerFault {
    /// Name of the fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadOpcode => "gsp-sequencer-bad-opcode",
            Self::Truncated => "gsp-sequencer-truncated",
            Self::BadAddress => "gsp-sequencer-bad-address",
            Self::PollNever => "gsp-sequencer-poll-never",
            Self::HugeDelay => "gsp-sequencer-huge-delay",
            Self::Index => "gsp-sequencer-index",
            Self::Count => "gsp-sequencer-count",
        }
    }
}

/// What is wrong with the answer to `GET_GSP_STATIC_INFO` as a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyFault {
    /// Has this result.
    Error(u32),
    /// Is 8 bytes shorter than its layout.
    Short,
    /// Comes under another function's number.
    WrongFunction,
    /// Comes in two parts with an event between them.
    BrokenContinuation,
}

impl ReplyFault {
    /// Name of the fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error(_) => "gsp-reply-error",
            Self::Short => "gsp-reply-short",
            Self::WrongFunction => "gsp-reply-wrong-function",
            Self::BrokenContinuation => "gsp-continuation-broken",
        }
    }
}

/// How GSP-RM fails as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// Never says or does anything.
    Silent,
    /// Stops right after it has said that it has booted.
    AfterInit,
    /// Halts in the middle of the first command after `GET_GSP_STATIC_INFO`.
    Crash,
}

impl Death {
    /// Name of the fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "gsp-silent",
            Self::AfterInit => "gsp-dies-after-init",
            Self::Crash => "gsp-crash",
        }
    }
}

/// What is wrong with interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptFault {
    /// None is sent.
    None,
    /// Some are sent without a cause.
    Spurious,
}

impl InterruptFault {
    /// Name of the fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "gsp-no-interrupt",
            Self::Spurious => "gsp-spurious-interrupts",
        }
    }
}

/// What is wrong with the answer to `UNLOADING_GUEST_DRIVER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnloadFault {
    /// None comes.
    NoReply,
    /// GSP-RM answers, but does not say that it has stopped.
    NoFlag,
    /// It stops without a word.
    Mute,
    /// It says that it has stopped, but the core runs on.
    NoHalt,
}

impl UnloadFault {
    /// Name of the fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoReply => "gsp-unload-no-reply",
            Self::NoFlag => "gsp-no-suspend-flag",
            Self::Mute => "gsp-stops-mute",
            Self::NoHalt => "gsp-never-halts",
        }
    }
}

/// Name of the fault that sends no `GSP_INIT_DONE`.
pub const NO_INIT_DONE: &str = "gsp-no-init-done";
/// Name of the fault that sends no `GSP_RUN_CPU_SEQUENCER`.
pub const NO_SEQUENCER: &str = "gsp-no-sequencer";
/// Name of the fault that delays `GSP_INIT_DONE`.
pub const LATE_INIT_DONE: &str = "gsp-late-init-done";
/// Name of the fault that sends an event nobody knows.
pub const UNKNOWN_EVENT: &str = "gsp-unknown-event";
/// Name of the fault that sends many events at once.
pub const EVENT_BURST: &str = "gsp-event-burst";
/// Name of the fault that sends one event of a given number.
pub const EVENT: &str = "gsp-event";
/// Name of the fault that sends an event while the interrupt is being acknowledged.
pub const EVENT_RACE: &str = "gsp-event-race";
/// Name of the fault that keeps all entries of the command queue.
pub const STOPS_READING: &str = "gsp-stops-reading";
/// Name of the fault that engages lockdown for a while.
pub const LOCKDOWN: &str = "gsp-lockdown";

/// Everything that is to go wrong with GSP-RM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// It fails as a whole.
    pub death: Option<Death>,
    /// No `GSP_INIT_DONE`.
    pub no_init_done: bool,
    /// No `GSP_RUN_CPU_SEQUENCER`.
    pub no_sequencer: bool,
    /// Milliseconds before `GSP_INIT_DONE`.
    pub late_init_done_ms: Option<u64>,
    /// One message is changed: which (the first is 1), and how.
    pub corrupt: Option<(u32, Corruption)>,
    /// An unknown event before and one after `GSP_INIT_DONE`.
    pub unknown_event: bool,
    /// That many events at once after `GSP_INIT_DONE`.
    pub event_burst: Option<u32>,
    /// One event of this number after `GSP_INIT_DONE`.
    pub event: Option<u32>,
    /// An event with each acknowledgement of an interrupt.
    pub event_race: bool,
    /// The command queue is said to be full from `GSP_INIT_DONE` on.
    pub stops_reading: bool,
    /// Milliseconds for which lockdown is engaged, after `GSP_INIT_DONE`.
    pub lockdown_ms: Option<u64>,
    /// The answer to `GET_GSP_STATIC_INFO` as a message.
    pub reply: Option<ReplyFault>,
    /// The answer to `GET_GSP_STATIC_INFO` in its content.
    pub static_info: Option<StaticInfoFault>,
    /// The interrupt table.
    pub interrupt_table: Option<InterruptTableFault>,
    /// The sequencer's program.
    pub sequencer: Option<SequencerFault>,
    /// Interrupts.
    pub interrupts: Option<InterruptFault>,
    /// The answer to `UNLOADING_GUEST_DRIVER`.
    pub unload: Option<UnloadFault>,
}

impl Faults {
    /// What is to be done to message `index`, counted from 1.
    pub fn corruption(&self, index: u32) -> Option<Corruption> {
        self.corrupt
            .filter(|(which, _)| *which == index)
            .map(|(_, corruption)| corruption)
    }
}
