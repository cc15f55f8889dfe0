// SPDX-License-Identifier: GPL-2.0

//! The registers by which a driver says that it has changed page tables.

use super::{
    Cx,
    Effect,
    Effects,
    Engine,
    Read, //
};
use crate::regs::{
    At,
    Reg,
    Values, //
};

const PDB: u32 = 0x00b8_30a0;
const UPPER_PDB: u32 = 0x00b8_30a4;
const INVALIDATE: u32 = 0x00b8_30b0;
const TRIGGER: u32 = 1 << 31;

static REGS: &[Reg] = &[
    // Aperture and address bits 39:12.
    Reg::rw(
        "NV_VIRTUAL_FUNCTION_PRIV_MMU_INVALIDATE_PDB",
        PDB,
        0xffff_fff2,
    ),
    Reg::rw(
        "NV_VIRTUAL_FUNCTION_PRIV_MMU_INVALIDATE_UPPER_PDB",
        UPPER_PDB,
        0x000f_ffff,
    ),
    Reg::rw(
        "NV_VIRTUAL_FUNCTION_PRIV_MMU_INVALIDATE",
        INVALIDATE,
        TRIGGER | 0x07ff_ffff,
    ),
];

/// The engine.
#[derive(Default)]
pub struct Mmu {
    values: Values,
}

impl Engine for Mmu {
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
        let new = self.values.write(at, value);
        if at.address() == INVALIDATE && new & TRIGGER != 0 {
            // Done before it can be asked for.
            self.values.set(at, new & !TRIGGER);
            return vec![Effect::TlbInvalidated];
        }
        Effects::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::testing::Bench;

    #[test]
    fn invalidation_is_over_at_once() {
        let mut bench = Bench::new("ga102", |_| Mmu::default());
        assert_eq!(bench.write(PDB, 0x0200_0010), []);
        assert_eq!(bench.write(UPPER_PDB, 0), []);
        assert_eq!(
            bench.write(INVALIDATE, 0x8000_0007),
            [Effect::TlbInvalidated]
        );
        assert_eq!(bench.read(INVALIDATE), 7);
        assert_eq!(bench.read(PDB), 0x0200_0010);
    }

    #[test]
    fn without_the_trigger_nothing_is_invalidated() {
        let mut bench = Bench::new("gh100", |_| Mmu::default());
        assert_eq!(bench.write(INVALIDATE, 7), []);
    }
}
