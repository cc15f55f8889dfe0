// SPDX-License-Identifier: GPL-2.0

//! PROM: the 1 MiB window that shows the VBIOS flash. What lies past the image reads as ones.

use super::{
    flag,
    Cx,
    Effects,
    Engine,
    Read,
    Whole, //
};
use crate::{
    chips::Families,
    phase::Stage,
    regs::{
        At,
        Reg, //
    },
    violations::BusRule,
};

/// Size of the window in bytes.
pub const WINDOW: usize = 1 << 20;

static REGS: &[Reg] = &[Reg::ro("NV_PROM_DATA", 0x0030_0000, 0)
    .times(0x4_0000)
    .on(Families::SEC2_BOOT)];

/// The engine.
pub struct Prom {
    image: Vec<u8>,
    /// Reading too late was told since the last reset.
    complained: bool,
}

impl Prom {
    /// The window onto `image`.
    pub fn new(image: Vec<u8>) -> Self {
        Self {
            image,
            complained: false,
        }
    }
}

/// Has the driver had all that it needs of the VBIOS at this stage?
fn is_too_late(stage: Option<Stage>) -> bool {
    matches!(
        stage,
        Some(Stage::FrtsDone | Stage::BooterRuns | Stage::GspStarted | Stage::GspReady)
    )
}

impl Engine for Prom {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn mend(&mut self, whole: &Whole) {
        self.image.clone_from(&whole.rom);
    }

    fn reset(&mut self, _now_us: u64) {
        self.complained = false;
    }

    fn read(&mut self, at: At, cx: &Cx<'_>) -> Read {
        let offset = 4 * at.index as usize;
        let byte = |i: usize| self.image.get(offset + i).copied().unwrap_or(0xff);
        let late = is_too_late(cx.progress.stage()) && !self.complained;
        self.complained |= late;
        Read {
            value: u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]),
            effects: late
                .then(|| {
                    flag(
                        BusRule::Prom,
                        "VBIOS window read after boot has begun; it has to be read once, before",
                    )
                })
                .into_iter()
                .collect(),
        }
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
    fn window_shows_the_image_in_rom_order_and_then_ones() {
        let mut bench = Bench::new("ga102", |_| Prom::new(vec![0x55, 0xaa, 1, 2, 3]));
        assert_eq!(bench.read(0x300000), 0x0201_aa55);
        assert_eq!(bench.read(0x300004), 0xffff_ff03);
        assert_eq!(bench.read(0x3ffffc), 0xffff_ffff);
    }
}
