// SPDX-License-Identifier: GPL-2.0

//! The copy of the configuration space in BAR0, with the few private registers in it that
//! drivers write.

use super::{
    Cx,
    Effect,
    Effects,
    Engine,
    Read, //
};
use crate::{
    chips::{
        Chip,
        Families, //
    },
    regs::{
        At,
        Reg, //
    },
    violations::{
        BusRule, //
        Complaint,
    },
};

const DWORDS: u32 = 1024;
/// Bit 0: show the shadowed ROM.
const ROM_SHADOW: u32 = 0x050;
/// Any write lets the next MSI out.
const MSI_REARM: u32 = 0x704;

static REGS: &[Reg] = &[
    Reg::rw("NV_PCFG_XVE", 0x0008_8000, u32::MAX)
        .times(DWORDS)
        .on(Families::SEC2_BOOT),
    Reg::ro("NV_PCFG_EP", 0x0009_2000, 0)
        .times(DWORDS)
        .on(Families::FSP_BOOT),
];

/// The engine.
pub struct Mirror {
    base: u32,
}

impl Mirror {
    /// The mirror of `chip`.
    pub fn new(chip: &Chip) -> Self {
        Self {
            base: chip.family.config_mirror(),
        }
    }
}

impl Engine for Mirror {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {}

    fn read(&mut self, at: At, cx: &Cx<'_>) -> Read {
        cx.config.dword(u64::from(at.address() - self.base)).into()
    }

    fn write(&mut self, at: At, value: u32, _cx: &Cx<'_>) -> Effects {
        match at.address() - self.base {
            ROM_SHADOW => vec![Effect::Config {
                offset: 0x050,
                value,
                mask: 1,
            }],
            MSI_REARM => Effects::new(),
            offset => vec![Effect::Complain(Complaint::new(
                BusRule::Direction,
                format!("configuration dword {offset:#x} written through its mirror in BAR0"),
            ))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::testing::{
        complaints,
        Bench, //
    };

    #[test]
    fn mirror_shows_the_configuration_space() {
        for (chip, base, id) in [
            ("ga102", 0x88000, 0x2204_10de),
            ("gh100", 0x92000, 0x2331_10de),
        ] {
            let mut bench = Bench::new(chip, Mirror::new);
            assert_eq!(bench.read(base), id, "{chip}");
            assert_eq!(bench.read(base + 8) & 0xff, 0xa1, "{chip}");
            bench.read(base + 0xffc);
        }
    }

    #[test]
    fn only_rom_shadow_and_msi_rearm_may_be_written() {
        let mut bench = Bench::new("ga102", Mirror::new);
        assert_eq!(bench.write(0x88704, 0), []);
        assert_eq!(
            bench.write(0x88050, 0),
            [Effect::Config {
                offset: 0x50,
                value: 0,
                mask: 1
            }]
        );
        assert_eq!(complaints(&bench.write(0x88004, 7)), ["PV-06"]);
    }
}
