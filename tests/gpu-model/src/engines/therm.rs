// SPDX-License-Identifier: GPL-2.0

//! PTHERM scratch register in which the FSP says that it has booted.

use super::{
    secure_boot::{
        SecureBoot,
        Trouble,
        COMPLETE, //
    },
    Cx,
    Effect,
    Effects,
    Engine,
    Read,
    Whole, //
};
use crate::{
    chips::{
        Families,
        Family, //
    },
    faults::Plan,
    regs::{
        At,
        Reg, //
    },
};

static REGS: &[Reg] = &[
    Reg::ro("NV_THERM_I2CS_SCRATCH", 0x0002_00bc, 0)
        .on(Families::of(&[Family::Hopper, Family::Gb10x])),
    Reg::ro("NV_THERM_I2CS_SCRATCH", 0x00ad_00bc, 0).on(Families::of(&[Family::Gb20x])),
];

/// Is `address` where some chip that FSP boots has the register, though perhaps not this one?
pub fn is_boot_status_of_any(address: u32) -> bool {
    super::find(REGS, address).next().is_some()
}

/// Is `address` the register on chips of `family`?
pub fn is_boot_status(family: Family, address: u32) -> bool {
    super::find(REGS, address).any(|reg| reg.chips.has(family))
}

/// The engine.
pub struct Therm {
    boot: SecureBoot,
    fault: Option<&'static str>,
    is_stuck: bool,
}

impl Therm {
    /// The register, with the trouble that `plan` gives secure boot.
    pub fn new(plan: &Plan) -> Self {
        Self {
            boot: SecureBoot::new(plan.secure_boot.map(|(_, trouble)| trouble)),
            fault: plan.secure_boot.map(|(fault, _)| fault),
            is_stuck: matches!(plan.secure_boot, Some((_, Trouble::StuckAt(_)))),
        }
    }
}

impl Engine for Therm {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, now_us: u64) {
        self.boot.reset(now_us);
    }

    fn mend(&mut self, _whole: &Whole) {
        self.boot.mend();
        self.fault = None;
        self.is_stuck = false;
    }

    /// Unlike the progress byte of older chips, this register shows only the end.
    fn read(&mut self, _at: At, cx: &Cx<'_>) -> Read {
        self.boot.looked_at(cx.now_us);
        let progress = self.boot.progress(cx.now_us);
        let mut effects = Effects::new();
        effects.extend(self.fault.map(Effect::Fault));
        if progress == COMPLETE {
            effects.push(Effect::BootSeenComplete);
        }
        let shown = progress == COMPLETE || self.is_stuck;
        Read {
            value: if shown { u32::from(progress) } else { 0 },
            effects,
        }
    }

    fn write(&mut self, _at: At, _value: u32, _cx: &Cx<'_>) -> Effects {
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

    fn therm(chip: &str, faults: &[&str]) -> Bench<Therm> {
        let plan = Plan::parse(Chip::by_name(chip).unwrap(), faults).unwrap();
        Bench::new(chip, |_| Therm::new(&plan))
    }

    #[test]
    fn fsp_reports_success_a_while_after_reset() {
        for (chip, address) in [("gh100", 0x200bc), ("gb100", 0x200bc), ("gb202", 0xad00bc)] {
            let mut bench = therm(chip, &[]);
            assert_eq!(bench.read_all(address), Read::from(0), "{chip}");
            bench.now_us = 60_000;
            let read = bench.read_all(address);
            assert_eq!(read.value, 0xff, "{chip}");
            assert_eq!(read.effects, [Effect::BootSeenComplete], "{chip}");
        }
    }

    #[test]
    fn slow_fsp_shows_nothing_until_it_has_booted() {
        let mut bench = therm("gh100", &["gfw-slow=300"]);
        bench.now_us = 1_000_000;
        for (age, value) in [(0, 0), (150_000, 0), (299_999, 0), (300_000, 0xff)] {
            bench.now_us = 1_000_000 + age;
            assert_eq!(bench.read(0x200bc), value, "{age}");
        }
    }

    #[test]
    fn stuck_fsp_shows_its_value_for_ever() {
        let mut bench = therm("gb202", &["gfw-stuck=0xfe"]);
        bench.now_us = 1 << 40;
        assert_eq!(bench.read(0xad00bc), 0xfe);
        assert_eq!(
            bench.read_all(0xad00bc).effects,
            [Effect::Fault("gfw-stuck")]
        );
    }
}
