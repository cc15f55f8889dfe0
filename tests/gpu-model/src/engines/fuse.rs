// SPDX-License-Identifier: GPL-2.0

//! Fuses: is there a display, is debugging off, which firmware versions are still accepted.

use super::{
    Cx,
    Effect,
    Effects,
    Engine,
    Read,
    Whole, //
};
use crate::{
    chips::{
        Chip,
        Families,
        Family, //
    },
    falcon::Which,
    faults::Plan,
    regs::{
        At,
        Reg,
        Values, //
    },
};

const DISPLAY_TURING: u32 = 0x0002_1c04;
const DISPLAY: u32 = 0x0082_0c04;

const SINCE_GA100: Families = Families::of(&[
    Family::Ga100,
    Family::Ga10x,
    Family::Ada,
    Family::Hopper,
    Family::Gb10x,
    Family::Gb20x,
]);
/// Chips whose boot ROM compares firmware signatures with fuses that the driver reads.
const WITH_UCODE_VERSIONS: Families = Families::of(&[Family::Ga10x, Family::Ada]);

static REGS: &[Reg] = &[
    Reg::ro("NV_FUSE_OPT_SECURE_GSP_DEBUG_DIS", 0x0002_174c, 1).on(Families::TURING),
    Reg::ro("NV_FUSE_STATUS_OPT_1C00", 0x0002_1c00, 0).on(Families::TURING),
    Reg::ro("NV_FUSE_STATUS_OPT_DISPLAY", DISPLAY_TURING, 0).on(Families::TURING),
    Reg::ro("NV_FUSE_OPT_SECURE_GSP_DEBUG_DIS", 0x0082_074c, 1).on(SINCE_GA100),
    Reg::ro("NV_FUSE_STATUS_OPT_DISPLAY", DISPLAY, 0).on(SINCE_GA100),
    Reg::ro("NV_FUSE_OPT_FPF_NVDEC_UCODE_VERSION", 0x0082_4100, 0)
        .times(16)
        .on(WITH_UCODE_VERSIONS),
    Reg::ro("NV_FUSE_OPT_FPF_SEC2_UCODE_VERSION", 0x0082_4140, 0)
        .times(16)
        .on(WITH_UCODE_VERSIONS),
    Reg::ro("NV_FUSE_OPT_FPF_GSP_UCODE_VERSION", 0x0082_41c0, 0)
        .times(16)
        .on(WITH_UCODE_VERSIONS),
];

const SEC2_VERSIONS: u32 = 0x0082_4140;
const GSP_VERSIONS: u32 = 0x0082_41c0;
/// Ucode id of the booters.
const BOOTER: u32 = 3;
/// Thermometer code of version 2, for which no image has a signature.
const TOO_NEW: u32 = 0x3;

/// The fuse register that says which signature version of program `ucode_id` on `which` is
/// still accepted, as production boards have it.
///
/// The second signature of the booters for GA10x is all zeros, so those cards must ask for the
/// first one.
pub fn version_register(family: Family, plan: &Plan, which: Which, ucode_id: u32) -> u32 {
    match which {
        Which::Sec2 if plan.falcon.booter_fuse_too_new && ucode_id == BOOTER => TOO_NEW,
        Which::Gsp if plan.falcon.fwsec_fuse_too_new => TOO_NEW,
        Which::Sec2 if family == Family::Ga10x && ucode_id == BOOTER => 1,
        _ => 0,
    }
}

/// The version that a fuse register stands for: the number of its highest set bit, from 1.
pub fn version(register: u32) -> u32 {
    u32::BITS - (register & 0xffff).leading_zeros()
}

/// The engine.
pub struct Fuse {
    values: Values,
    fault: Option<&'static str>,
}

impl Fuse {
    /// The fuses of `chip`; boards without display have it fused off.
    pub fn new(chip: &Chip, plan: &Plan) -> Self {
        let mut values = Values::default();
        for ucode_id in 1..=16 {
            for (which, bank) in [(Which::Sec2, SEC2_VERSIONS), (Which::Gsp, GSP_VERSIONS)] {
                let register = version_register(chip.family, plan, which, ucode_id);
                values.preset(bank + 4 * (ucode_id - 1), register);
            }
        }
        let fused_off = u32::from(!chip.has_display());
        values.preset(DISPLAY_TURING, fused_off);
        values.preset(DISPLAY, fused_off);
        Self {
            values,
            fault: plan.falcon.fuse_fault(),
        }
    }
}

impl Engine for Fuse {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {}

    fn mend(&mut self, whole: &Whole) {
        *self = Self::new(whole.chip, &Plan::default());
    }

    fn read(&mut self, at: At, _cx: &Cx<'_>) -> Read {
        let mut read = Read::from(self.values.get(at));
        if read.value == TOO_NEW {
            read.effects.extend(self.fault.map(Effect::Fault));
        }
        read
    }

    fn write(&mut self, _at: At, _value: u32, _cx: &Cx<'_>) -> Effects {
        Effects::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::testing::Bench;

    fn fuses(chip: &str, faults: &[&str]) -> Bench<Fuse> {
        let plan = Plan::parse(Chip::by_name(chip).unwrap(), faults).unwrap();
        Bench::new(chip, |chip| Fuse::new(chip, &plan))
    }

    #[test]
    fn display_is_fused_off_on_compute_boards() {
        for (chip, address, want) in [
            ("tu106", 0x021c04, 0),
            ("ga100", 0x820c04, 1),
            ("ga102", 0x820c04, 0),
            ("ad107", 0x820c04, 0),
            ("gh100", 0x820c04, 1),
        ] {
            assert_eq!(fuses(chip, &[]).read(address), want, "{chip}");
        }
    }

    #[test]
    fn production_fuses_ask_for_signatures_that_exist() {
        let mut ga102 = fuses("ga102", &[]);
        assert_eq!(ga102.read(0x82074c), 1);
        assert_eq!(ga102.read(0x824148), 1, "booter: the first of two");
        for address in [0x824100, 0x82413c, 0x824144, 0x8241e0, 0x8241fc] {
            assert_eq!(ga102.read(address), 0, "{address:#x}");
        }
        assert_eq!(fuses("ad102", &[]).read(0x824148), 0);
    }

    #[test]
    fn cards_can_be_too_new_for_the_firmware() {
        let mut booter = fuses("ga102", &["fuse-version-too-new"]);
        assert_eq!((booter.read(0x824148), booter.read(0x8241e0)), (3, 0));
        let effects = booter.read_all(0x824148).effects;
        assert_eq!(effects, [Effect::Fault("fuse-version-too-new")]);
        let mut fwsec = fuses("ad102", &["fwsec-fuse-version-too-new"]);
        assert_eq!((fwsec.read(0x824148), fwsec.read(0x8241e0)), (0, 3));
    }

    #[test]
    fn version_is_the_highest_bit() {
        for (register, want) in [(0, 0), (1, 1), (2, 2), (3, 2), (0x8000, 16), (0x1_0001, 1)] {
            assert_eq!(version(register), want, "{register:#x}");
        }
    }
}
