// SPDX-License-Identifier: GPL-2.0

//! PDISP, as far as it matters without driving a display: where the VGA emulation keeps its
//! workspace, and the CRTC port through which VGA registers are locked and unlocked.

use super::{
    Cx,
    Effect,
    Effects,
    Engine,
    Read, //
};
use crate::{
    chips::{
        Families,
        Family, //
    },
    faults::Plan,
    regs::{
        At,
        Reg, //
    },
};

const VGA_WORKSPACE_BASE: u32 = 0x0062_5f04;
const WITH_DISPLAY: Families = Families::of(&[Family::Turing, Family::Ga10x, Family::Ada]);
const CRTC_INDEX: usize = 0;
const CRTC_DATA: usize = 1;
/// CRTC register that reads as zero while the extended registers are locked.
const CRTC_LOCK_STATUS: u8 = 0x1f;
/// CRTC register that takes the key.
const CRTC_LOCK: u8 = 0x3f;
const UNLOCK_KEY: u8 = 0x57;

static REGS: &[Reg] = &[
    Reg::rw("NV_PDISP_VGA_CRTC", 0x0060_13d4, 0xffff)
        .by_bytes()
        .on(WITH_DISPLAY),
    Reg::ro("NV_PDISP_VGA_WORKSPACE_BASE", VGA_WORKSPACE_BASE, 0).on(WITH_DISPLAY),
];

/// The engine.
pub struct Pdisp {
    workspace: u32,
    workspace_fault: Option<&'static str>,
    crtc_index: u8,
    unlocked: bool,
}

impl Pdisp {
    /// No workspace is set up, unless `plan` has one.
    pub fn new(plan: &Plan) -> Self {
        Self {
            workspace: plan.vga_workspace.map_or(0, |(_, value)| value),
            workspace_fault: plan.vga_workspace.map(|(fault, _)| fault),
            crtc_index: 0,
            unlocked: false,
        }
    }

    fn crtc(&self) -> u8 {
        match self.crtc_index {
            CRTC_LOCK_STATUS => u8::from(self.unlocked),
            _ => 0,
        }
    }
}

impl Engine for Pdisp {
    fn regs(&self) -> &'static [Reg] {
        REGS
    }

    fn reset(&mut self, _now_us: u64) {
        self.crtc_index = 0;
        self.unlocked = false;
    }

    fn read(&mut self, at: At, _cx: &Cx<'_>) -> Read {
        if at.address() == VGA_WORKSPACE_BASE {
            return Read {
                value: self.workspace,
                effects: self
                    .workspace_fault
                    .map(Effect::Fault)
                    .into_iter()
                    .collect(),
            };
        }
        u32::from_le_bytes([self.crtc_index, self.crtc(), 0, 0]).into()
    }

    fn write(&mut self, at: At, value: u32, cx: &Cx<'_>) -> Effects {
        self.write_bytes(at, 0, &value.to_le_bytes(), cx)
    }

    fn write_bytes(&mut self, _at: At, lane: usize, data: &[u8], _cx: &Cx<'_>) -> Effects {
        for (i, &byte) in data.iter().enumerate() {
            match lane + i {
                CRTC_INDEX => self.crtc_index = byte,
                CRTC_DATA if self.crtc_index == CRTC_LOCK => self.unlocked = byte == UNLOCK_KEY,
                _ => {}
            }
        }
        Effects::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chips::Chip,
        engines::testing::Bench, //
    };

    fn pdisp(faults: &[&str]) -> Bench<Pdisp> {
        let plan = Plan::parse(Chip::by_name("ga102").unwrap(), faults).unwrap();
        Bench::new("ga102", |_| Pdisp::new(&plan))
    }

    #[test]
    fn vga_registers_are_unlocked_and_locked_with_keys() {
        let mut bench = pdisp(&[]);
        bench.write_byte(0x6013d4, 0x1f);
        assert_eq!(bench.read_byte(0x6013d5), 0, "locked after reset");
        bench.write_byte(0x6013d4, 0x3f);
        bench.write_byte(0x6013d5, 0x57);
        bench.write_byte(0x6013d4, 0x1f);
        assert_ne!(bench.read_byte(0x6013d5), 0);
        bench.write_byte(0x6013d4, 0x3f);
        bench.write_byte(0x6013d5, 0x99);
        bench.write_byte(0x6013d4, 0x1f);
        assert_eq!(bench.read_byte(0x6013d5), 0);
    }

    #[test]
    fn workspace_is_absent_or_past_the_end_of_vram() {
        assert_eq!(pdisp(&[]).read(0x625f04), 0);
        let value = pdisp(&["vga-workspace-outside"]).read(0x625f04);
        assert_eq!(value & 8, 8, "valid");
        assert_eq!(u64::from(value >> 8) << 16, (24 << 30) + (1 << 20));
    }
}
