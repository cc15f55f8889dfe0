// SPDX-License-Identifier: GPL-2.0

//! PBUS scratch registers, and the strap register next to them that older drivers ask for the
//! crystal frequency. Firmware writes the scratch registers; a driver only reads results there.

use super::{
    Cx,
    Effects,
    Engine,
    Read, //
};
use crate::{
    chips::Families,
    regs::{
        At,
        Reg,
        Values, //
    },
};

static REGS: &[Reg] = &[
    // Numbers 0x0e and 0x15, which are missing here, belong to the boot of the GSP.
    Reg::ro("NV_PBUS_SW_SCRATCH", 0x1400, 0).times(14),
    Reg::ro("NV_PBUS_SW_SCRATCH_0F", 0x143c, 0).times(6),
    Reg::ro("NV_PBUS_SW_SCRATCH_16", 0x1458, 0).times(42),
    // On chips whose boot does not use them they are here after all.
    Reg::ro("NV_PBUS_SW_SCRATCH_0E", 0x1438, 0).on(Families::FSP_BOOT),
    Reg::ro("NV_PBUS_SW_SCRATCH_15", 0x1454, 0).on(Families::FSP_BOOT),
    Reg::ro("NV_PEXTDEV_BOOT_0", 0x0010_1000, 0),
];

/// The engine.
#[derive(Default)]
pub struct Pbus {
    values: Values,
}

impl Engine for Pbus {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {
        self.values.reset();
    }

    fn read(&mut self, at: At, _cx: &Cx<'_>) -> Read {
        self.values.get(at).into()
    }

    fn write(&mut self, at: At, value: u32, _cx: &Cx<'_>) -> Effects {
        self.values.write(at, value);
        Effects::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::testing::Bench;

    #[test]
    fn scratch_and_straps_are_zero() {
        let mut bench = Bench::new("ga102", |_| Pbus::default());
        for address in [0x1400, 0x1434, 0x143c, 0x1450, 0x1458, 0x14fc, 0x101000] {
            assert_eq!(bench.read(address), 0, "{address:#x}");
        }
    }
}
