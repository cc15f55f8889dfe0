// SPDX-License-Identifier: GPL-2.0

//! The sysmem flush page: five register layouts for one address in guest memory.
//!
//! The high half is written first; the write of the low half makes the address count. GB10x has
//! a second pair that must be given the same address afterwards.
//!
//! A known driver writes the address shifted right by eight on GH100, where the register wants
//! it raw. Hardware gives no error for that, so both readings are offered to the check.

use super::{
    Cx,
    Effect,
    Effects,
    Engine,
    Read, //
};
use crate::{
    boot::dirty::Dirty,
    chips::{
        Chip,
        Families,
        Family, //
    },
    faults::{
        FlushFault,
        Plan, //
    },
    regs::{
        At,
        Reg,
        Values, //
    },
    violations::{
        BusRule, //
        Complaint,
    },
};

const NISO: Families = Families::SEC2_BOOT;
const NISO_HI: Families = Families::of(&[Family::Ga100, Family::Ga10x, Family::Ada]);
const HOPPER: Families = Families::of(&[Family::Hopper]);
const GB10X: Families = Families::of(&[Family::Gb10x]);
const GB20X: Families = Families::of(&[Family::Gb20x]);
/// Bits 39:32 and up of a 52-bit address.
const HI_20: u32 = 0x000f_ffff;
/// Bits 46:40 of a 47-bit address; the register has 24 bits, of which 7 may be non-zero.
const HI_7: u32 = 0x0000_007f;
/// How long after the driver's write somebody else replaces the address.
const STOLEN_AFTER_US: u64 = 50_000;
/// The page of that somebody.
const STOLEN_ADDRESS: u64 = 0x5afe_0000;

static REGS: &[Reg] = &[
    Reg::rw("NV_PFB_NISO_FLUSH_SYSMEM_ADDR", 0x0010_0c10, u32::MAX).on(NISO),
    Reg::rw("NV_PFB_NISO_FLUSH_SYSMEM_ADDR_HI", 0x0010_0c40, HI_7).on(NISO_HI),
    Reg::rw(
        "NV_PFB_FBHUB_PCIE_FLUSH_SYSMEM_ADDR_LO",
        0x0010_0a34,
        u32::MAX,
    )
    .on(HOPPER),
    Reg::rw("NV_PFB_FBHUB_PCIE_FLUSH_SYSMEM_ADDR_HI", 0x0010_0a38, HI_20).on(HOPPER),
    Reg::rw(
        "NV_PFB_HSHUB_PCIE_FLUSH_SYSMEM_ADDR_LO",
        0x0087_0e50,
        u32::MAX,
    )
    .on(GB10X),
    Reg::rw("NV_PFB_HSHUB_PCIE_FLUSH_SYSMEM_ADDR_HI", 0x0087_0e54, HI_20).on(GB10X),
    Reg::rw(
        "NV_PFB_HSHUB_EG_PCIE_FLUSH_SYSMEM_ADDR_LO",
        0x0087_06c0,
        u32::MAX,
    )
    .on(GB10X),
    Reg::rw(
        "NV_PFB_HSHUB_EG_PCIE_FLUSH_SYSMEM_ADDR_HI",
        0x0087_06c4,
        HI_20,
    )
    .on(GB10X),
    Reg::rw(
        "NV_PFB_FBHUB0_PCIE_FLUSH_SYSMEM_ADDR_LO",
        0x008a_1d58,
        u32::MAX,
    )
    .on(GB20X),
    Reg::rw(
        "NV_PFB_FBHUB0_PCIE_FLUSH_SYSMEM_ADDR_HI",
        0x008a_1d5c,
        HI_20,
    )
    .on(GB20X),
];

/// A pair of registers that hold an address.
#[derive(Clone, Copy, Debug)]
struct Pair {
    lo: u32,
    hi: Option<u32>,
    /// The low register holds bits 39:8 instead of 31:0, the high one what follows.
    shifted: bool,
}

impl Pair {
    const fn raw(lo: u32, hi: u32) -> Self {
        Self {
            lo,
            hi: Some(hi),
            shifted: false,
        }
    }

    fn join(self, lo: u32, hi: u32) -> u64 {
        if self.shifted {
            u64::from(lo) << 8 | u64::from(hi) << 40
        } else {
            u64::from(lo) & !0xff | u64::from(hi) << 32
        }
    }

    fn split(self, address: u64) -> (u32, u32) {
        // CAST: the two halves of the address.
        if self.shifted {
            ((address >> 8) as u32, (address >> 40) as u32)
        } else {
            (address as u32, (address >> 32) as u32)
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Variant {
    primary: Pair,
    second: Option<Pair>,
    also_shifted: bool,
}

impl Variant {
    const fn of(family: Family) -> Self {
        let (primary, second, also_shifted) = match family {
            Family::Turing => (
                Pair {
                    lo: 0x0010_0c10,
                    hi: None,
                    shifted: true,
                },
                None,
                false,
            ),
            Family::Ga100 | Family::Ga10x | Family::Ada => (
                Pair {
                    lo: 0x0010_0c10,
                    hi: Some(0x0010_0c40),
                    shifted: true,
                },
                None,
                false,
            ),
            Family::Hopper => (Pair::raw(0x0010_0a34, 0x0010_0a38), None, true),
            Family::Gb10x => (
                Pair::raw(0x0087_0e50, 0x0087_0e54),
                Some(Pair::raw(0x0087_06c0, 0x0087_06c4)),
                false,
            ),
            Family::Gb20x => (Pair::raw(0x008a_1d58, 0x008a_1d5c), None, false),
        };
        Self {
            primary,
            second,
            also_shifted,
        }
    }
}

/// The engine.
pub struct SysmemFlush {
    variant: Variant,
    values: Values,
    fault: Option<FlushFault>,
    /// When the driver last set a non-zero address.
    set_at_us: Option<u64>,
    stolen: bool,
    /// Is the page of somebody else set when the machine starts?
    foreign: bool,
}

impl SysmemFlush {
    /// The registers of `chip`, with the trouble that `plan` gives them.
    pub fn new(chip: &Chip, plan: &Plan, dirty: Option<Dirty>) -> Self {
        Self {
            variant: Variant::of(chip.family),
            values: Values::default(),
            fault: plan.flush,
            set_at_us: None,
            stolen: false,
            foreign: dirty.is_some_and(Dirty::has_foreign_flush_page),
        }
    }

    fn at(address: u32) -> At {
        let reg = super::find(REGS, address)
            .next()
            .unwrap_or_else(|| unreachable!("{address:#x} is a row of the table"));
        At { reg, index: 0 }
    }

    fn address_in(&self, pair: Pair) -> u64 {
        let hi = pair.hi.map_or(0, |hi| self.values.get(Self::at(hi)));
        pair.join(self.values.get(Self::at(pair.lo)), hi)
    }

    fn steal_if_due(&mut self, now_us: u64) -> bool {
        let due = self.fault == Some(FlushFault::Stolen)
            && !self.stolen
            && self
                .set_at_us
                .is_some_and(|at| now_us - at >= STOLEN_AFTER_US);
        if due {
            self.stolen = true;
            self.set_foreign();
        }
        due
    }

    fn set_foreign(&mut self) {
        let pair = self.variant.primary;
        let (lo, hi) = pair.split(STOLEN_ADDRESS);
        self.values.set(Self::at(pair.lo), lo);
        if let Some(register) = pair.hi {
            self.values.set(Self::at(register), hi);
        }
    }

    fn latch(&mut self, pair: Pair, now_us: u64) -> Effects {
        let address = self.address_in(pair);
        let is_second = self
            .variant
            .second
            .is_some_and(|second| second.lo == pair.lo);
        let mut effects = vec![Effect::FlushHalfSet(
            !is_second && self.variant.second.is_some(),
        )];
        if is_second && address != self.address_in(self.variant.primary) {
            effects.push(Effect::Complain(Complaint::new(
                BusRule::FlushOrder,
                "the two flush register pairs hold different addresses",
            )));
        }
        if !is_second {
            self.set_at_us = (address != 0).then_some(now_us);
            let or = (self.variant.also_shifted && address != 0).then_some(address << 8);
            effects.push(Effect::FlushPage { address, or });
        }
        effects
    }
}

impl Engine for SysmemFlush {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {
        self.values.reset();
        self.set_at_us = None;
        self.stolen = false;
    }

    fn machine_reset(&mut self) {
        if self.foreign {
            self.set_foreign();
        }
    }

    fn read(&mut self, at: At, cx: &Cx<'_>) -> Read {
        let mut effects = Effects::new();
        if self.steal_if_due(cx.now_us) {
            effects.push(Effect::Fault(FlushFault::Stolen.name()));
        }
        Read {
            value: self.values.get(at),
            effects,
        }
    }

    fn write(&mut self, at: At, value: u32, cx: &Cx<'_>) -> Effects {
        if self.fault == Some(FlushFault::Stuck) {
            return vec![Effect::Fault(FlushFault::Stuck.name())];
        }
        let mut before = Effects::new();
        if self.steal_if_due(cx.now_us) {
            before.push(Effect::Fault(FlushFault::Stolen.name()));
        }
        if self.stolen {
            before.push(Effect::Complain(Complaint::new(
                BusRule::FlushOrder,
                "the flush page now in the register belongs to someone else",
            )));
        }
        self.values.write(at, value);
        let pairs = [Some(self.variant.primary), self.variant.second];
        let latched = pairs
            .into_iter()
            .flatten()
            .find(|pair| pair.lo == at.address());
        before.extend(match latched {
            Some(pair) => self.latch(pair, cx.now_us),
            None => vec![Effect::FlushHalfSet(true)],
        });
        before
    }
}

#[cfg(test)]
mod tests;
