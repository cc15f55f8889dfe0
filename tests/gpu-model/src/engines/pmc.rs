// SPDX-License-Identifier: GPL-2.0

//! PMC: who the chip says it is.

use super::{
    Cx,
    Effects,
    Engine,
    Read, //
};
use crate::{
    chips::{
        Chip,
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

/// Identification as all chips since the first one have it.
pub const BOOT_0: u32 = 0x0000_0000;
/// Endianness and virtualisation.
pub const BOOT_1: u32 = 0x0000_0004;
/// Identification as chips since Fermi have it.
pub const BOOT_42: u32 = 0x0000_0a00;

const MAJOR_REVISION: u32 = 0xa;
const MINOR_REVISION: u32 = 0x1;

static REGS: &[Reg] = &[
    Reg::ro("NV_PMC_BOOT_0", BOOT_0, 0),
    Reg::ro("NV_PMC_BOOT_1", BOOT_1, 0),
    Reg::rw("NV_PMC_ENABLE", 0x0200, 0xffff_ffff),
    Reg::rw("NV_PMC_DEVICE_ENABLE", 0x0600, 0xffff_ffff).on(Families::of(&[
        Family::Ga100,
        Family::Ga10x,
        Family::Ada,
        Family::Hopper,
        Family::Gb10x,
        Family::Gb20x,
    ])),
    Reg::ro("NV_PMC_BOOT_42", BOOT_42, 0),
];

/// `BOOT_0` of a chip with the given id, revision A1.
pub const fn boot_0(id: u32) -> u32 {
    id << 20 | MAJOR_REVISION << 4 | MINOR_REVISION
}

/// `BOOT_42` of a chip with the given id, revision A1.
pub const fn boot_42(id: u32) -> u32 {
    id << 20 | MAJOR_REVISION << 16 | MINOR_REVISION << 12
}

/// The engine.
pub struct Pmc {
    values: Values,
    identity_fault: Option<&'static str>,
}

impl Pmc {
    /// The PMC of `chip`, unless `plan` lets it claim to be another one.
    pub fn new(chip: &Chip, plan: &Plan) -> Self {
        let mut values = Values::default();
        let claimed = plan.identity.as_ref();
        values.preset(
            BOOT_0,
            claimed.map_or(boot_0(chip.id), |claim| claim.boot_0),
        );
        values.preset(BOOT_1, claimed.map_or(0, |claim| claim.boot_1));
        values.preset(
            BOOT_42,
            claimed.map_or(boot_42(chip.id), |claim| claim.boot_42),
        );
        Self {
            values,
            identity_fault: claimed.map(|claim| claim.fault),
        }
    }
}

impl Engine for Pmc {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {
        self.values.reset();
    }

    fn read(&mut self, at: At, _cx: &Cx<'_>) -> Read {
        let mut read = Read::from(self.values.get(at));
        if matches!(at.address(), BOOT_0 | BOOT_1 | BOOT_42) {
            read.effects
                .extend(self.identity_fault.map(super::Effect::Fault));
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
    use crate::engines::{
        testing::Bench,
        Effect, //
    };

    fn identity(chip: &str, faults: &[&str]) -> (u32, u32, u32) {
        let plan = Plan::parse(Chip::by_name(chip).unwrap(), faults).unwrap();
        let mut bench = Bench::new(chip, |chip| Pmc::new(chip, &plan));
        (bench.read(BOOT_0), bench.read(BOOT_1), bench.read(BOOT_42))
    }

    #[test]
    fn chips_identify_themselves() {
        assert_eq!(identity("ga102", &[]), (0x1720_00a1, 0, 0x172a_1000));
        assert_eq!(identity("tu117", &[]), (0x1670_00a1, 0, 0x167a_1000));
        assert_eq!(identity("gb207", &[]), (0x1b70_00a1, 0, 0x1b7a_1000));
        for chip in crate::chips::CHIPS {
            let (zero, _, forty_two) = identity(chip.name, &[]);
            assert_eq!(zero >> 20, chip.id, "{}", chip.name);
            assert_eq!(forty_two >> 20, chip.id, "{}", chip.name);
        }
    }

    #[test]
    fn faults_replace_the_identity() {
        assert_eq!(identity("ga102", &["unknown-chip"]).2, 0x1a3a_1000);
        assert_eq!(identity("ga102", &["unknown-arch"]).2, 0x140a_1000);
        assert_eq!(identity("ga102", &["ancient-chip"]).0 >> 24, 0x0a);
        assert_eq!(
            identity("ga102", &["virtual-function"]),
            (0x1720_00a1, 0x2_0000, 0x172a_1000)
        );
    }

    #[test]
    fn a_claimed_identity_counts_as_a_fired_fault() {
        let plan = Plan::parse(Chip::by_name("ga102").unwrap(), &["unknown-chip"]).unwrap();
        let mut bench = Bench::new("ga102", |chip| Pmc::new(chip, &plan));
        assert_eq!(
            bench.read_all(BOOT_42).effects,
            [Effect::Fault("unknown-chip")]
        );
        assert_eq!(bench.read_all(0x200).effects, []);
    }
}
