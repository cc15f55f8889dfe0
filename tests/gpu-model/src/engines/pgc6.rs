// SPDX-License-Identifier: GPL-2.0

//! PGC6: scratch registers in the always-on island: boot progress, usable VRAM.

use super::{
    secure_boot::{
        SecureBoot,
        COMPLETE, //
    },
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
        Reg, //
    },
    violations::{
        BusRule, //
        Complaint,
    },
};

const PRIV_LEVEL_MASK: u32 = 0x0011_8128;
const GFW_BOOT: u32 = 0x0011_8234;
const USABLE_FB_SIZE: u32 = 0x0011_83a4;
/// Read protection as it stands once level 0, the CPU, may read.
const READABLE_BY_ALL: u32 = 0xf;
/// Read protection before: the three privileged levels only.
const READABLE_BY_FIRMWARE: u32 = 0xe;

static REGS: &[Reg] = &[
    Reg::ro(
        "NV_PGC6_AON_SECURE_SCRATCH_GROUP_05_PRIV_LEVEL_MASK",
        PRIV_LEVEL_MASK,
        0,
    )
    .on(Families::SEC2_BOOT),
    Reg::ro(
        "NV_PGC6_AON_SECURE_SCRATCH_GROUP_05_0_GFW_BOOT",
        GFW_BOOT,
        0,
    )
    .on(Families::SEC2_BOOT),
    Reg::ro("NV_USABLE_FB_SIZE_IN_MB", USABLE_FB_SIZE, 0).on(Families::of(&[
        Family::Ga10x,
        Family::Ada,
        Family::Hopper,
        Family::Gb10x,
        Family::Gb20x,
    ])),
];

/// The engine.
pub struct Pgc6 {
    boot: SecureBoot,
    boot_fault: Option<&'static str>,
    usable_mib: u32,
    vram_fault: Option<&'static str>,
}

impl Pgc6 {
    /// The registers, with `vram_register` as the usable VRAM in MiB unless `plan` has another.
    pub fn new(plan: &Plan, vram_register: u32) -> Self {
        Self {
            boot: SecureBoot::new(plan.secure_boot.map(|(_, trouble)| trouble)),
            boot_fault: plan.secure_boot.map(|(fault, _)| fault),
            usable_mib: plan.vram_register.map_or(vram_register, |(_, value)| value),
            vram_fault: plan.vram_register.map(|(fault, _)| fault),
        }
    }

    fn read_mask(&mut self, now_us: u64) -> Read {
        self.boot.looked_at(now_us);
        if self.boot.is_open(now_us) {
            return READABLE_BY_ALL.into();
        }
        Read {
            value: READABLE_BY_FIRMWARE,
            effects: self.fault_shows(),
        }
    }

    fn fault_shows(&self) -> Effects {
        self.boot_fault.map(Effect::Fault).into_iter().collect()
    }

    fn read_progress(&self, cx: &Cx<'_>) -> Read {
        if !self.boot.is_open(cx.now_us) {
            let mut effects = self.fault_shows();
            effects.push(Effect::Complain(Complaint::new(
                BusRule::TooEarly,
                "boot progress read while its privilege mask does not allow the CPU to",
            )));
            return Read {
                value: crate::bar0::PRI_ERROR,
                effects,
            };
        }
        let progress = self.boot.progress(cx.now_us);
        Read {
            value: u32::from(progress),
            // No fault lets boot complete and changes anything after that.
            effects: if progress == COMPLETE {
                vec![Effect::BootSeenComplete]
            } else {
                self.fault_shows()
            },
        }
    }
}

impl Engine for Pgc6 {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, now_us: u64) {
        self.boot.reset(now_us);
    }

    fn read(&mut self, at: At, cx: &Cx<'_>) -> Read {
        match at.address() {
            PRIV_LEVEL_MASK => self.read_mask(cx.now_us),
            GFW_BOOT => self.read_progress(cx),
            USABLE_FB_SIZE => Read {
                value: self.usable_mib,
                effects: self.vram_fault.map(Effect::Fault).into_iter().collect(),
            },
            _ => at.reg.reset.into(),
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
        bar0::PRI_ERROR,
        chips::Chip,
        engines::testing::{
            complaints,
            Bench, //
        },
    };

    fn pgc6(chip: &str, faults: &[&str]) -> Bench<Pgc6> {
        let plan = Plan::parse(Chip::by_name(chip).unwrap(), faults).unwrap();
        Bench::new(chip, |_| Pgc6::new(&plan, 0x6000))
    }

    #[test]
    fn mask_opens_before_progress_completes() {
        let mut bench = pgc6("ga102", &[]);
        assert_eq!(bench.read(0x118128) & 1, 0);
        bench.now_us = 30_000;
        assert_eq!(bench.read(0x118128) & 1, 1);
        assert_eq!(bench.read(0x118234), 127);
        bench.now_us = 60_000;
        let read = bench.read_all(0x118234);
        assert_eq!(
            (read.value, &read.effects[..]),
            (0xff, &[Effect::BootSeenComplete][..])
        );
        bench.reset();
        assert_eq!(bench.read(0x118128) & 1, 0, "a reset begins again");
    }

    #[test]
    fn progress_behind_a_closed_mask_is_a_violation() {
        let mut bench = pgc6("tu102", &[]);
        let read = bench.read_all(0x118234);
        assert_eq!(read.value, PRI_ERROR);
        assert_eq!(complaints(&read.effects), ["PV-08"]);
    }

    #[test]
    fn boot_faults_last_for_ever() {
        for (fault, open, progress) in [
            ("gfw-never-completes", 1, Some(0x00)),
            ("gfw-stuck=0x7f", 1, Some(0x7f)),
            ("gfw-mask-closed", 0, None),
        ] {
            let mut bench = pgc6("ad102", &[fault]);
            bench.now_us = 1 << 40;
            assert_eq!(bench.read(0x118128) & 1, open, "{fault}");
            let name = fault.split('=').next().unwrap();
            let read = bench.read_all(0x118234);
            assert!(format!("{:?}", read.effects).contains(name), "{fault}");
            assert_eq!(progress.unwrap_or(PRI_ERROR), read.value, "{fault}");
        }
    }

    #[test]
    fn slow_boot_counts_from_the_first_read_of_the_mask() {
        let fault = &[Effect::Fault("gfw-slow")][..];
        let mut bench = pgc6("ga102", &["gfw-slow=300"]);
        bench.now_us = 60_000_000;
        for (age_us, mask, progress, effects) in [
            (0, 0xe, None, fault),
            (99_999, 0xe, None, fault),
            (100_000, 0xf, Some(0x55), fault),
            (200_000, 0xf, Some(0xaa), fault),
            (300_000, 0xf, Some(0xff), &[Effect::BootSeenComplete]),
        ] {
            bench.now_us = 60_000_000 + age_us;
            let is_closed = mask == 0xe;
            let read = bench.read_all(0x118128);
            assert_eq!(read.value, mask, "{age_us}");
            assert_eq!(read.effects, if is_closed { fault } else { &[] });
            if let Some(progress) = progress {
                let read = bench.read_all(0x118234);
                assert_eq!((read.value, &read.effects[..]), (progress, effects));
            }
        }
        bench.reset();
        bench.now_us += 1_000_000;
        assert_eq!(bench.read(0x118128), 0xe, "a reset begins again");
    }

    #[test]
    fn slow_boot_that_nobody_looked_at_cannot_be_read() {
        let mut bench = pgc6("ga102", &["gfw-slow=1"]);
        bench.now_us = 1 << 40;
        let read = bench.read_all(0x118234);
        assert_eq!(read.value, PRI_ERROR);
        assert_eq!(complaints(&read.effects), ["PV-08"]);
    }

    #[test]
    fn usable_vram_is_what_the_board_or_the_fault_says() {
        assert_eq!(pgc6("ga102", &[]).read(0x1183a4), 0x6000);
        assert_eq!(pgc6("ga102", &["vram-zero"]).read(0x1183a4), 0);
        assert_eq!(
            pgc6("ga102", &["vram-pri-error"]).read(0x1183a4) >> 16,
            0xbadf
        );
    }
}
