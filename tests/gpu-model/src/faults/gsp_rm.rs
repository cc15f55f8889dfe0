// SPDX-License-Identifier: GPL-2.0

//! Faults of GSP-RM.

use super::{
    FaultError,
    FaultInfo,
    Plan,
    Request, //
};
use crate::gsp_rm::faults::{
    self,
    Corruption,
    Death,
    InterruptFault,
    InterruptTableFault,
    ReplyFault,
    SequencerFault,
    StaticInfoFault,
    UnloadFault, //
};

/// Sets what can only be wrong in one way.
fn set<T: Copy + PartialEq>(
    slot: &mut Option<T>,
    new: T,
    name: impl Fn(T) -> &'static str,
) -> Result<(), FaultError> {
    match slot.replace(new) {
        Some(old) if old != new => Err(FaultError::Contradiction(name(old), name(new))),
        _ => Ok(()),
    }
}

/// Changes a message, which the argument counts from 1.
fn corrupt(
    plan: &mut Plan,
    request: &Request<'_>,
    corruption: Corruption,
) -> Result<(), FaultError> {
    // CAST: bounded by the call.
    let index = request.number(1, 1_000_000)? as u32;
    set(&mut plan.gsp.corrupt, (index, corruption), |(_, it)| {
        it.name()
    })
}

fn break_sequencer(
    plan: &mut Plan,
    request: &Request<'_>,
    fault: SequencerFault,
) -> Result<(), FaultError> {
    if request.chip.family.boots_by_fsp() {
        return Err(request.not_here(NO_SEQUENCER));
    }
    set(&mut plan.gsp.sequencer, fault, SequencerFault::name)
}

const NO_SEQUENCER: &str = "its GSP-RM needs no sequencer";

/// A fault without an argument, and a [`Plan`] in which it is set.
macro_rules! plain {
    ($name:expr, $description:literal, |$plan:ident| $apply:expr) => {
        FaultInfo {
            name: $name,
            argument: None,
            description: $description,
            apply: |$plan, _| $apply,
        }
    };
}

macro_rules! message {
    ($corruption:ident, $description:literal) => {
        FaultInfo {
            name: Corruption::$corruption.name(),
            argument: Some("N"),
            description: $description,
            apply: |plan, request| corrupt(plan, request, Corruption::$corruption),
        }
    };
}

macro_rules! sequencer {
    ($fault:ident, $description:literal) => {
        FaultInfo {
            name: SequencerFault::$fault.name(),
            argument: None,
            description: $description,
            apply: |plan, request| break_sequencer(plan, request, SequencerFault::$fault),
        }
    };
}

macro_rules! static_info {
    ($fault:ident, $description:literal) => {
        plain!(StaticInfoFault::$fault.name(), $description, |plan| set(
            &mut plan.gsp.static_info,
            StaticInfoFault::$fault,
            StaticInfoFault::name
        ))
    };
}

macro_rules! reply {
    ($fault:ident, $description:literal) => {
        plain!(ReplyFault::$fault.name(), $description, |plan| set(
            &mut plan.gsp.reply,
            ReplyFault::$fault,
            ReplyFault::name
        ))
    };
}

macro_rules! one_of {
    ($field:ident, $kind:ident::$fault:ident, $description:literal) => {
        plain!($kind::$fault.name(), $description, |plan| set(
            &mut plan.gsp.$field,
            $kind::$fault,
            $kind::name
        ))
    };
}

/// Shows only where drivers look at the core when GSP-RM has stopped.
macro_rules! halt {
    ($fault:ident, $description:literal) => {
        FaultInfo {
            name: UnloadFault::$fault.name(),
            argument: None,
            description: $description,
            apply: |plan, request| {
                request.boots_by_fsp()?;
                set(&mut plan.gsp.unload, UnloadFault::$fault, UnloadFault::name)
            },
        }
    };
}

macro_rules! flag {
    ($name:expr, $field:ident, $description:literal) => {
        plain!($name, $description, |plan| {
            plan.gsp.$field = true;
            Ok(())
        })
    };
}

macro_rules! number {
    ($name:expr, $argument:literal, $min:literal..=$max:literal, $field:ident, $description:literal) => {
        FaultInfo {
            name: $name,
            argument: Some($argument),
            description: $description,
            apply: |plan, request| {
                let number = request.number($min, $max)?;
                // CAST: bounded by the call, or not a cast.
                plan.gsp.$field = Some(number as _);
                Ok(())
            },
        }
    };
}

/// All of them.
pub const FAULTS: &[FaultInfo] = &[
    one_of!(death, Death::Silent, "GSP-RM never says or does anything"),
    flag!(
        faults::NO_INIT_DONE,
        no_init_done,
        "GSP-RM never says that it has booted"
    ),
    FaultInfo {
        name: faults::NO_SEQUENCER,
        argument: None,
        description: "GSP-RM boots without having the CPU access registers; up to Ada",
        apply: |plan, request| {
            if request.chip.family.boots_by_fsp() {
                return Err(request.not_here(NO_SEQUENCER));
            }
            plan.gsp.no_sequencer = true;
            Ok(())
        },
    },
    number!(
        faults::LATE_INIT_DONE,
        "MS",
        1..=600_000,
        late_init_done_ms,
        "GSP-RM needs MS milliseconds more before it says that it has booted"
    ),
    one_of!(
        death,
        Death::AfterInit,
        "GSP-RM stops when it has said that it has booted"
    ),
    one_of!(
        death,
        Death::Crash,
        "GSP-RM halts in the middle of the first call after the one for its static information"
    ),
    message!(Checksum, "the Nth message from GSP-RM has a wrong checksum"),
    message!(
        AbsurdLength,
        "the Nth message from GSP-RM says that it has almost 4 GiB"
    ),
    message!(
        ShortLength,
        "the Nth message from GSP-RM says that it is shorter than its header"
    ),
    message!(
        Gap,
        "a number is left out before the Nth message from GSP-RM"
    ),
    message!(
        WritePointer,
        "the write pointer behind the Nth message from GSP-RM is outside the ring"
    ),
    message!(
        Signature,
        "the Nth message from GSP-RM has a wrong signature"
    ),
    message!(
        ElementCount,
        "the Nth message from GSP-RM says that it takes one entry more"
    ),
    flag!(
        faults::UNKNOWN_EVENT,
        unknown_event,
        "an event that nobody knows comes before and after GSP-RM has booted"
    ),
    number!(
        faults::EVENT_BURST,
        "COUNT",
        1..=100_000,
        event_burst,
        "COUNT events come when GSP-RM has booted, as fast as the queue takes them"
    ),
    number!(
        faults::EVENT,
        "NUMBER",
        0..=0xffff,
        event,
        "event NUMBER comes 20 ms after GSP-RM has booted (0x1003 to 0x1006 are believable)"
    ),
    flag!(
        faults::EVENT_RACE,
        event_race,
        "an event comes each time the driver acknowledges the message interrupt, just before"
    ),
    flag!(
        faults::STOPS_READING,
        stops_reading,
        "GSP-RM says that the command queue is full from when it has booted"
    ),
    number!(
        faults::LOCKDOWN,
        "MS",
        1..=60_000,
        lockdown_ms,
        "the GSP's registers are locked for MS milliseconds, soon after GSP-RM has booted"
    ),
    FaultInfo {
        name: ReplyFault::Error(0).name(),
        argument: Some("CODE"),
        description: "the static information comes with result CODE",
        apply: |plan, request| {
            // CAST: bounded by the call.
            let code = request.number(1, 0xffff_ffff)? as u32;
            set(
                &mut plan.gsp.reply,
                ReplyFault::Error(code),
                ReplyFault::name,
            )
        },
    },
    reply!(Short, "the static information is 8 bytes too short"),
    reply!(
        WrongFunction,
        "the static information comes under another function's number"
    ),
    reply!(
        BrokenContinuation,
        "the static information is long, and an event comes between its parts"
    ),
    FaultInfo {
        name: StaticInfoFault::RegionCount(0).name(),
        argument: Some("COUNT"),
        description: "the static information says that VRAM has COUNT regions; 16 fit",
        apply: |plan, request| {
            // CAST: bounded by the call.
            let count = request.number(0, 0xffff_ffff)? as u32;
            let fault = StaticInfoFault::RegionCount(count);
            set(&mut plan.gsp.static_info, fault, StaticInfoFault::name)
        },
    },
    static_info!(
        LimitBelowBase,
        "the usable region of VRAM ends before it begins"
    ),
    static_info!(
        LimitAllOnes,
        "the usable region of VRAM ends at the last of all addresses"
    ),
    static_info!(AllReserved, "all of VRAM is reserved"),
    static_info!(
        NameUnterminated,
        "the board's name fills its field and has no NUL"
    ),
    static_info!(NameNotUtf8, "the board's name is not UTF-8"),
    static_info!(EmptyName, "the board's name is empty"),
    one_of!(
        interrupt_table,
        InterruptTableFault::NoGsp,
        "the interrupt table does not name the GSP"
    ),
    one_of!(
        interrupt_table,
        InterruptTableFault::NoVector,
        "the interrupt table names the GSP without a vector"
    ),
    one_of!(
        interrupt_table,
        InterruptTableFault::TooLong,
        "the interrupt table says that it has more entries than fit"
    ),
    sequencer!(
        BadOpcode,
        "the sequencer's program has an unknown operation"
    ),
    sequencer!(
        Truncated,
        "the last operation of the sequencer's program lacks an operand"
    ),
    sequencer!(
        Count,
        "the sequencer's program says that it is longer than its message"
    ),
    sequencer!(BadAddress, "the sequencer's program writes beyond BAR0"),
    sequencer!(
        PollNever,
        "the sequencer's program waits 50 ms for a value that never comes"
    ),
    sequencer!(HugeDelay, "the sequencer's program pauses for an hour"),
    sequencer!(
        Index,
        "the sequencer's program stores a value where there is no room"
    ),
    one_of!(
        interrupts,
        InterruptFault::None,
        "the message interrupt's cause is set and no interrupt is sent"
    ),
    one_of!(
        interrupts,
        InterruptFault::Spurious,
        "20 interrupts without a cause are sent when GSP-RM has booted, 10 ms apart"
    ),
    one_of!(
        unload,
        UnloadFault::NoReply,
        "UNLOADING_GUEST_DRIVER is not answered, but done"
    ),
    one_of!(
        unload,
        UnloadFault::NoFlag,
        "GSP-RM never says that it has stopped, and does not halt"
    ),
    halt!(
        Mute,
        "GSP-RM halts when it is to stop, but never says that it has; Hopper and later"
    ),
    halt!(
        NoHalt,
        "GSP-RM says that it has stopped, but the core never halts; Hopper and later"
    ),
];
