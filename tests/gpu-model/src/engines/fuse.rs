// SPDX-License-Identifier: GPL-2.0

//! Fuses: is there a display, is debugging off, which firmware versions are still accepted.

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

/// The engine.
pub struct Fuse {
    values: Values,
}

impl Fuse {
    /// The fuses of `chip`; boards without display have it fused off.
    pub fn new(chip: &Chip) -> Self {
        let mut values = Values::default();
        let fused_off = u32::from(!chip.has_display());
        values.preset(DISPLAY_TURING, fused_off);
        values.preset(DISPLAY, fused_off);
        Self { values }
    }
}

impl Engine for Fuse {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {}

    fn read(&mut self, at: At, _cx: &Cx<'_>) -> Read {
        self.values.get(at).into()
    }

    fn write(&mut self, _at: At, _value: u32, _cx: &Cx<'_>) -> Effects {
        Effects::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::testing::Bench;

    #[test]
    fn display_is_fused_off_on_compute_boards() {
        for (chip, address, want) in [
            ("tu106", 0x021c04, 0),
            ("ga100", 0x820c04, 1),
            ("ga102", 0x820c04, 0),
            ("ad107", 0x820c04, 0),
            ("gh100", 0x820c04, 1),
        ] {
            assert_eq!(Bench::new(chip, Fuse::new).read(address), want, "{chip}");
        }
    }

    #[test]
    fn production_fuses_select_signature_zero() {
        let mut bench = Bench::new("ga102", Fuse::new);
        assert_eq!(bench.read(0x82074c), 1);
        for address in [0x824100, 0x82413c, 0x824148, 0x8241e0, 0x8241fc] {
            assert_eq!(bench.read(address), 0, "{address:#x}");
        }
    }
}
