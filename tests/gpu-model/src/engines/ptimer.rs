// SPDX-License-Identifier: GPL-2.0

//! PTIMER: the GPU's nanosecond clock.

use super::{
    Cx,
    Effects,
    Engine,
    Read, //
};
use crate::{
    chips::Chip,
    regs::{
        At,
        Reg,
        Values, //
    },
};

const TIME_0: u32 = 0x9400;
const TIME_1: u32 = 0x9410;
const USER_TIME_0: u32 = 0x00bb_0080;
const USER_TIME_1: u32 = 0x00bb_0084;
/// The low word counts in steps of 32 ns.
const TIME_0_MASK: u32 = 0xffff_ffe0;
const TIME_1_MASK: u32 = 0x1fff_ffff;

static REGS: &[Reg] = &[
    Reg::w1c("NV_PTIMER_INTR_0", 0x9100, 0x3),
    Reg::rw("NV_PTIMER_INTR_EN_0", 0x9140, 0x3),
    Reg::rw("NV_PTIMER_TIME_0", TIME_0, TIME_0_MASK).ignoring(0x1f),
    Reg::rw("NV_PTIMER_TIME_1", TIME_1, TIME_1_MASK),
    Reg::rw("NV_PTIMER_ALARM_0", 0x9420, 0xffff_ffe0),
    Reg::ro("NV_PTIMER_TIME_PRIV_LEVEL_MASK", 0x9430, 0x10),
    Reg::ro("NV_VIRTUAL_FUNCTION_TIME_0", USER_TIME_0, 0),
    Reg::ro("NV_VIRTUAL_FUNCTION_TIME_1", USER_TIME_1, 0),
];

/// The engine.
pub struct Ptimer {
    values: Values,
    /// Added to the model's clock, wrapping; changed when a driver sets the time.
    offset_ns: u64,
    settable: bool,
}

impl Ptimer {
    /// The clock of `chip`. Hopper and later do not let a driver set it.
    pub fn new(chip: &Chip) -> Self {
        Self {
            values: Values::default(),
            offset_ns: 0,
            settable: !chip.family.boots_by_fsp(),
        }
    }

    fn time_ns(&self, cx: &Cx<'_>) -> u64 {
        (cx.now_us * 1000).wrapping_add(self.offset_ns)
    }

    fn set_time(&mut self, time_ns: u64, cx: &Cx<'_>) {
        if self.settable {
            self.offset_ns = time_ns.wrapping_sub(cx.now_us * 1000);
        }
    }
}

impl Engine for Ptimer {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {
        self.values.reset();
        self.offset_ns = 0;
    }

    fn read(&mut self, at: At, cx: &Cx<'_>) -> Read {
        // CAST: the two halves of the time.
        match at.address() {
            TIME_0 | USER_TIME_0 => self.time_ns(cx) as u32 & TIME_0_MASK,
            TIME_1 | USER_TIME_1 => (self.time_ns(cx) >> 32) as u32 & TIME_1_MASK,
            _ => self.values.get(at),
        }
        .into()
    }

    fn write(&mut self, at: At, value: u32, cx: &Cx<'_>) -> Effects {
        let now = self.time_ns(cx);
        match at.address() {
            TIME_0 => self.set_time(now >> 32 << 32 | u64::from(value & TIME_0_MASK), cx),
            TIME_1 => self.set_time(u64::from(value) << 32 | now & 0xffff_ffff, cx),
            _ => {
                self.values.write(at, value);
            }
        }
        Effects::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::testing::Bench;

    #[test]
    fn time_advances_in_both_places() {
        let mut bench = Bench::new("ga102", Ptimer::new);
        bench.now_us = 5_000_000;
        assert_eq!(bench.read(0x9410), 1);
        assert_eq!(bench.read(0x9400), 705_032_704 & !0x1f);
        assert_eq!(bench.read(0xbb0080), bench.read(0x9400));
        bench.now_us += 1;
        assert_eq!(bench.read(0xbb0084), 1);
        assert_eq!(bench.read(0x9400), 705_033_704 & !0x1f);
    }

    #[test]
    fn driver_sets_the_time_high_half_first() {
        let mut bench = Bench::new("ga102", Ptimer::new);
        bench.now_us = 77;
        bench.write(0x9410, 0x1234);
        bench.write(0x9400, 0x5678_9ae0);
        assert_eq!(
            (bench.read(0x9410), bench.read(0x9400)),
            (0x1234, 0x5678_9ae0)
        );
        bench.now_us += 1000;
        assert_eq!(bench.read(0x9400), (0x5678_9ae0 + 1_000_000) & !0x1f);
        bench.reset();
        assert_eq!(bench.read(0x9410), 0);
    }

    #[test]
    fn time_cannot_be_set_from_hopper_on() {
        let mut bench = Bench::new("gh100", Ptimer::new);
        bench.write(0x9410, 0x1234);
        assert_eq!(bench.read(0x9410), 0);
    }
}
