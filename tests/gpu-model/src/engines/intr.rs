// SPDX-License-Identifier: GPL-2.0

//! The interrupt tree of the physical function: eight leaves of 32 vectors, one top.
//!
//! A leaf bit counts in the top register when it is enabled; the line is up when an enabled top
//! bit is. The line is an edge to the bus: a message goes out when it rises, and again when the
//! top is enabled while something is still pending.

use super::{
    Cx,
    Effect,
    Effects,
    Engine,
    Read, //
};
use crate::regs::{
    At,
    Reg, //
};

/// Leaf registers.
const LEAVES: usize = 8;
const LEAF: u32 = 0x00b8_1000;
const LEAF_EN_SET: u32 = 0x00b8_1200;
const LEAF_EN_CLEAR: u32 = 0x00b8_1400;
const TOP: u32 = 0x00b8_1600;
const TOP_EN_SET: u32 = 0x00b8_1608;
const TOP_EN_CLEAR: u32 = 0x00b8_1610;
/// One top bit for two leaves.
const TOP_BITS: u32 = 0xf;
const TOP_IGNORED: u32 = !TOP_BITS;

static REGS: &[Reg] = &[
    Reg::w1c("NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF", LEAF, u32::MAX).times(8),
    Reg::rw(
        "NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF_EN_SET",
        LEAF_EN_SET,
        u32::MAX,
    )
    .times(8),
    Reg::rw(
        "NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF_EN_CLEAR",
        LEAF_EN_CLEAR,
        u32::MAX,
    )
    .times(8),
    Reg::ro("NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_TOP", TOP, 0),
    Reg::rw(
        "NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_TOP_EN_SET",
        TOP_EN_SET,
        TOP_BITS,
    )
    .ignoring(TOP_IGNORED),
    Reg::rw(
        "NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_TOP_EN_CLEAR",
        TOP_EN_CLEAR,
        TOP_BITS,
    )
    .ignoring(TOP_IGNORED),
];

/// The engine.
#[derive(Debug, Default)]
pub struct Intr {
    pending: [u32; LEAVES],
    enabled: [u32; LEAVES],
    top_enabled: u32,
}

impl Intr {
    /// Marks `vector` (leaf number times 32 plus bit) as pending.
    pub fn raise(&mut self, vector: usize) -> Effects {
        let was_up = self.interrupt_pending();
        if let Some(leaf) = self.pending.get_mut(vector / 32) {
            *leaf |= 1 << (vector % 32);
        }
        self.edge(was_up)
    }

    fn top(&self) -> u32 {
        let live = |leaf: usize| self.pending[leaf] & self.enabled[leaf] != 0;
        (0..LEAVES)
            .filter(|&leaf| live(leaf))
            .fold(0, |top, leaf| top | 1 << (leaf / 2))
    }

    fn edge(&self, was_up: bool) -> Effects {
        if !was_up && self.interrupt_pending() {
            vec![Effect::Interrupt]
        } else {
            Effects::new()
        }
    }
}

impl Engine for Intr {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {
        *self = Self::default();
    }

    fn read(&mut self, at: At, _cx: &Cx<'_>) -> Read {
        let leaf = at.index as usize;
        match at.reg.offset {
            LEAF => self.pending[leaf],
            LEAF_EN_SET | LEAF_EN_CLEAR => self.enabled[leaf],
            TOP => self.top(),
            _ => self.top_enabled,
        }
        .into()
    }

    fn write(&mut self, at: At, value: u32, _cx: &Cx<'_>) -> Effects {
        let was_up = self.interrupt_pending();
        let leaf = at.index as usize;
        match at.reg.offset {
            LEAF => self.pending[leaf] &= !value,
            LEAF_EN_SET => self.enabled[leaf] |= value,
            LEAF_EN_CLEAR => self.enabled[leaf] &= !value,
            TOP_EN_SET => {
                self.top_enabled |= value & TOP_BITS;
                // Enabling sends again whatever is still pending.
                return self.edge(false);
            }
            TOP_EN_CLEAR => self.top_enabled &= !value,
            _ => {}
        }
        self.edge(was_up)
    }

    fn raise_vector(&mut self, vector: u32) -> Effects {
        // CAST: a small number.
        self.raise(vector as usize)
    }

    fn interrupt_pending(&self) -> bool {
        self.top() & self.top_enabled != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::testing::Bench;

    /// The GSP's vector on the chips whose handler is known: leaf 4, bit 27.
    const VECTOR: usize = 0x9b;
    const BIT: u32 = 1 << 27;

    fn enabled() -> Bench<Intr> {
        let mut bench = Bench::new("ga102", |_| Intr::default());
        bench.write(0xb81210, BIT);
        bench.write(0xb81608, 0xf);
        bench
    }

    #[test]
    fn handler_sequence_acknowledges_and_enables_again() {
        let mut bench = enabled();
        assert_eq!(bench.engine.raise(VECTOR), [Effect::Interrupt]);
        bench.write(0xb81610, 0xf);
        assert_eq!(bench.read(0xb81600), 1 << 2);
        assert_eq!(bench.read(0xb81010), BIT);
        bench.write(0xb81010, BIT);
        assert_eq!(bench.read(0xb81600), 0);
        assert_eq!(bench.write(0xb81608, 0xf), []);
    }

    #[test]
    fn cause_that_is_still_pending_is_sent_again_when_the_top_is_enabled() {
        let mut bench = enabled();
        bench.engine.raise(VECTOR);
        bench.write(0xb81610, 0xf);
        assert_eq!(bench.write(0xb81608, 0xf), [Effect::Interrupt]);
    }

    #[test]
    fn masked_leaf_or_top_sends_nothing_until_enabled() {
        let mut bench = Bench::new("ga102", |_| Intr::default());
        assert_eq!(bench.engine.raise(VECTOR), []);
        assert_eq!(bench.write(0xb81608, 0xf), []);
        assert_eq!(bench.read(0xb81600), 0, "leaf not enabled");
        assert_eq!(bench.write(0xb81210, BIT), [Effect::Interrupt]);
        assert_eq!(bench.engine.raise(VECTOR + 1), [], "already up");
        bench.write(0xb81410, u32::MAX);
        assert!(!bench.engine.interrupt_pending());
        bench.reset();
        assert_eq!(bench.read(0xb81010), 0);
    }

    #[test]
    fn vector_outside_the_tree_is_ignored() {
        assert_eq!(enabled().engine.raise(256), []);
    }
}
