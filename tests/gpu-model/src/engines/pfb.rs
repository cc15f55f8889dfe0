// SPDX-License-Identifier: GPL-2.0

//! PFB: VRAM range of older chips, row-remapper lock of GA100.
//!
//! The sysmem flush page is an engine of its own, [`super::sysmem_flush`]; write-protected region 2
//! belongs to [`crate::boot`].

use super::{
    Cx,
    Effect,
    Effects,
    Engine,
    Read, //
};
use crate::{
    chips::{
        Families,
        Family, //
    },
    faults::Plan,
    regs::{
        At,
        Reg,
        Values, //
    },
};

const LOCAL_MEMORY_RANGE: u32 = 0x0010_0ce0;

static REGS: &[Reg] = &[
    Reg::ro("NV_PFB_PRI_MMU_LOCAL_MEMORY_RANGE", LOCAL_MEMORY_RANGE, 0)
        .on(Families::of(&[Family::Turing, Family::Ga100])),
    // No lock: the lower bound is above the upper one.
    Reg::ro("NV_PFB_PRI_MMU_LOCK_CFG_PRIV_LEVEL_MASK", 0x001f_a7c8, 1).on(Families::GA100),
    Reg::ro("NV_PFB_PRI_MMU_LOCK_ADDR_LO", 0x001f_a82c, 0xffff_fff0).on(Families::GA100),
    Reg::ro("NV_PFB_PRI_MMU_LOCK_ADDR_HI", 0x001f_a830, 0).on(Families::GA100),
];

/// The engine.
pub struct Pfb {
    values: Values,
    vram_fault: Option<&'static str>,
}

impl Pfb {
    /// The registers, with `vram_register` as the VRAM range unless `plan` has another value.
    pub fn new(plan: &Plan, vram_register: u32) -> Self {
        let mut values = Values::default();
        let range = plan.vram_register.map_or(vram_register, |(_, value)| value);
        values.preset(LOCAL_MEMORY_RANGE, range);
        Self {
            values,
            vram_fault: plan.vram_register.map(|(fault, _)| fault),
        }
    }
}

impl Engine for Pfb {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {
        self.values.reset();
    }

    fn read(&mut self, at: At, _cx: &Cx<'_>) -> Read {
        let mut read = Read::from(self.values.get(at));
        if at.address() == LOCAL_MEMORY_RANGE {
            read.effects.extend(self.vram_fault.map(Effect::Fault));
        }
        read
    }

    fn write(&mut self, at: At, value: u32, _cx: &Cx<'_>) -> Effects {
        self.values.write(at, value);
        Effects::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chips::Chip,
        engines::testing::Bench, //
    };

    fn pfb(chip: &str, faults: &[&str]) -> Bench<Pfb> {
        let plan = Plan::parse(Chip::by_name(chip).unwrap(), faults).unwrap();
        Bench::new(chip, |_| Pfb::new(&plan, 0x208))
    }

    #[test]
    fn ga100_lock_is_readable_and_empty() {
        let mut bench = pfb("ga100", &[]);
        assert_eq!(bench.read(0x1fa7c8) & 1, 1);
        assert!(bench.read(0x1fa830) >> 4 < bench.read(0x1fa82c) >> 4);
    }

    #[test]
    fn vram_range_is_what_the_board_or_the_fault_says() {
        assert_eq!(pfb("tu106", &[]).read(0x100ce0), 0x208);
        let read = pfb("tu106", &["vram-zero"]).read_all(0x100ce0);
        assert_eq!(
            (read.value, &read.effects[..]),
            (0, &[Effect::Fault("vram-zero")][..])
        );
    }
}
