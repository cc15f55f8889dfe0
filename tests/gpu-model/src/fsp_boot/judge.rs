// SPDX-License-Identifier: GPL-2.0

//! What a driver may write of the GSP, and when. On these chips it starts and loads nothing itself.

use super::{
    FspBoot,
    State, //
};
use crate::{
    engines::{
        flag,
        Cx,
        Effect,
        Effects,
        Event, //
    },
    falcon::{
        regs::offset,
        Which, //
    },
    regs::At,
    violations::FspRule,
};

/// Heads and tails of the queues of messages; the first head is GSP-RM's doorbell.
const QUEUES: std::ops::Range<u32> = 0xc00..0xcc0;
/// Where the version of the program is told to whom it may concern.
const OS: u32 = 0x080;
/// Interrupts: to set, to clear, to enable, where they go.
const INTERRUPTS: [u32; 6] = [
    offset::IRQSSET,
    offset::IRQSCLR,
    0x00c,
    offset::IRQMSET,
    offset::IRQMCLR,
    0x01c,
];

/// May the register be read while the GSP is locked?
pub fn is_open_in_lockdown(offset: u32) -> bool {
    matches!(offset, offset::HWCFG2 | offset::MAILBOX0 | offset::MAILBOX1)
}

/// SEC2 was used.
pub fn sec2_used() -> Effect {
    flag(
        FspRule::Sec2,
        "SEC2 used, which has no part in the boot of this chip",
    )
}

impl FspBoot {
    /// The driver writes a register of the GSP. What it may not write stays as it is.
    pub(super) fn write_gsp(&mut self, at: At, value: u32, cx: &Cx<'_>) -> Effects {
        let offset = at.address() - Which::Gsp.base();
        let is_retrigger = (offset::INTR_RETRIGGER..offset::INTR_RETRIGGER + 8).contains(&offset);
        let is_harmless = INTERRUPTS.contains(&offset) || is_retrigger;
        let refusal = match &self.state {
            State::Starting(job) if job.is_masked() => Some(flag(
                FspRule::GspWrite,
                "register of the GSP written while FSP owns it",
            )),
            State::Running | State::Halting { .. } if is_harmless || offset == OS => None,
            _ if offset == OS => Some(flag(
                FspRule::OsTooEarly,
                "FALCON_OS written before the lockdown was released",
            )),
            State::Starting(_) if QUEUES.contains(&offset) => return early_doorbell(),
            State::Starting(_) => Some(flag(
                FspRule::GspWrite,
                "register of the GSP written before the lockdown was released",
            )),
            State::Running | State::Halting { .. } if QUEUES.contains(&offset) => None,
            _ if QUEUES.contains(&offset) => return early_doorbell(),
            _ if is_harmless => None,
            _ => Some(flag(
                FspRule::GspWrite,
                "register of the GSP written that belongs to FSP and firmware on this chip",
            )),
        };
        match refusal {
            Some(refusal) => vec![refusal],
            None => self.gsp.write(at, value, cx).0,
        }
    }
}

/// Nobody hears the doorbell yet. GSP-RM looks into the queue when it starts, so this does no harm;
/// a known driver does it.
fn early_doorbell() -> Effects {
    let event = Event {
        kind: "falcon",
        op: "early",
        name: "doorbell of GSP-RM".into(),
        value: None,
    };
    vec![Effect::Event(event)]
}
