// SPDX-License-Identifier: GPL-2.0

//! PRAMIN: a 1 MiB window onto VRAM that needs no page tables, and the flush that goes with it.

use super::{
    Cx,
    Effect,
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
    violations::{
        BusRule, //
        Complaint,
    },
};

const WINDOW_OLD: u32 = 0x0000_1700;
const WINDOW_NEW: u32 = 0x0010_fd40;
const FLUSH: u32 = 0x0007_0000;
const WINDOW_OLD_BASE: u32 = 0x00ff_ffff;
const WINDOW_OLD_TARGET: u32 = 0x0300_0000;

static REGS: &[Reg] = &[
    Reg::rw(
        "NV_PBUS_BAR0_WINDOW",
        WINDOW_OLD,
        WINDOW_OLD_BASE | WINDOW_OLD_TARGET,
    )
    .on(Families::SEC2_BOOT),
    Reg::rw("NV_UFLUSH_FB_FLUSH", FLUSH, 0x1),
    Reg::rw("NV_XAL_EP_BAR0_WINDOW", WINDOW_NEW, 0x007f_ffff).on(Families::FSP_BOOT),
    Reg::rw("NV_PRAMIN_DATA", 0x0070_0000, u32::MAX).times(0x4_0000),
];

/// The engine.
#[derive(Default)]
pub struct Pramin {
    values: Values,
    base: u64,
    shows_vram: bool,
}

impl Pramin {
    fn place(&mut self, at: At, window: u32) {
        let is_old = at.address() == WINDOW_OLD;
        let base = if is_old {
            window & WINDOW_OLD_BASE
        } else {
            window
        };
        self.base = u64::from(base) << 16;
        self.shows_vram = !is_old || window & WINDOW_OLD_TARGET == 0;
    }

    fn sysmem_target() -> Effect {
        Effect::Complain(Complaint::new(
            BusRule::NoSuchRegister,
            "PRAMIN window shows system memory, which is not modelled",
        ))
    }
}

impl Engine for Pramin {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {
        self.values.reset();
        self.base = 0;
        self.shows_vram = true;
    }

    fn read(&mut self, at: At, cx: &Cx<'_>) -> Read {
        match at.address() {
            WINDOW_OLD | WINDOW_NEW => self.values.get(at).into(),
            // A flush is over before it can be asked for.
            FLUSH => 0.into(),
            _ if !self.shows_vram => Read {
                value: crate::bar0::PRI_ERROR,
                effects: vec![Self::sysmem_target()],
            },
            _ => {
                let mut bytes = [0; 4];
                let address = self.base + 4 * u64::from(at.index);
                match cx.vram.read(address, &mut bytes) {
                    Ok(()) => u32::from_le_bytes(bytes).into(),
                    Err(_) => crate::bar0::PRI_ERROR.into(),
                }
            }
        }
    }

    fn write(&mut self, at: At, value: u32, cx: &Cx<'_>) -> Effects {
        match at.address() {
            WINDOW_OLD | WINDOW_NEW => {
                let window = self.values.write(at, value);
                self.place(at, window);
                Effects::new()
            }
            FLUSH => Effects::new(),
            _ if !self.shows_vram => vec![Self::sysmem_target()],
            _ => {
                let address = self.base + 4 * u64::from(at.index);
                if let Err(error) = cx.vram.write(address, &value.to_le_bytes()) {
                    eprintln!("gpu-model: VRAM at {address:#x} cannot be written: {error}");
                }
                Effects::new()
            }
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

    fn pramin(chip: &str) -> Bench<Pramin> {
        let mut bench = Bench::new(chip, |_| Pramin::default());
        bench.reset();
        bench
    }

    #[test]
    fn window_moves_over_vram() {
        for (chip, window) in [("ga102", 0x1700), ("gh100", 0x10fd40)] {
            let mut bench = pramin(chip);
            bench.write(window, 0x20);
            bench.write(0x700010, 0x1122_3344);
            let mut raw = [0; 4];
            bench.vram().read(0x20_0010, &mut raw).unwrap();
            assert_eq!(raw, [0x44, 0x33, 0x22, 0x11], "{chip}");
            bench.write(window, 0x10);
            assert_eq!(bench.read(0x700010), 0, "{chip}");
            assert_eq!(bench.read(0x7ffffc), 0, "{chip}");
            bench.write(window, 0x1f);
            assert_eq!(bench.read(0x710010), 0x1122_3344, "{chip}");
            assert_eq!(bench.read(window), 0x1f, "{chip}");
        }
    }

    #[test]
    fn flush_is_over_at_once() {
        let mut bench = pramin("ga102");
        bench.write(0x70000, 1);
        assert_eq!(bench.read(0x70000) & 2, 0);
    }

    #[test]
    fn window_onto_system_memory_is_not_modelled() {
        let mut bench = pramin("ga102");
        bench.write(0x1700, 0x0200_0000);
        assert_eq!(complaints(&bench.read_all(0x700000).effects), ["PV-07"]);
        assert_eq!(complaints(&bench.write(0x700000, 1)), ["PV-07"]);
    }
}
