// SPDX-License-Identifier: GPL-2.0

//! What the registers of a falcon say. Looking can be noticed: what was about to happen has
//! happened when the driver looks again.

use super::{
    aperture_index,
    dma::Register,
    memory::BLOCKS,
    regs::{
        bits,
        offset, //
    },
    Cpu,
    Falcon,
    Phase,
    Which, //
};
use crate::{
    engines::{
        flag,
        Effect,
        Effects,
        Read, //
    },
    regs::At,
    violations::FalconRule,
};

impl Falcon {
    /// Reads the register at `at`.
    pub fn read(&mut self, at: At) -> Read {
        let offset = at.address() - self.which.base();
        let mut effects = self.used_in_reset(offset);
        let value = match offset {
            offset::ENGINE => self.read_reset(),
            offset::HWCFG2 => self.read_hwcfg2(&mut effects),
            offset::DMACTL => self.read_dmactl(&mut effects),
            offset::IRQSTAT => self.irqstat,
            offset::IRQMASK => self.irqmask,
            offset::MAILBOX0 => self.mailbox[0],
            offset::MAILBOX1 => self.mailbox[1],
            offset::IDLESTATE => u32::from(self.is_running()),
            offset::RM => self.rm,
            offset::EXCI => self.exci,
            offset::CPUCTL => self.read_cpuctl(&mut effects),
            offset::BOOTVEC => self.bootvec,
            // CAST: 256 blocks.
            offset::HWCFG => (BLOCKS | BLOCKS << 9) as u32,
            offset::DMATRFBASE => self.dma.read(Register::Base),
            offset::DMATRFBASE1 => self.dma.read(Register::Base1),
            offset::DMATRFMOFFS => self.dma.read(Register::MemoryOffset),
            offset::DMATRFFBOFFS => self.dma.read(Register::Offset),
            offset::DMATRFCMD => {
                if self.dma.fault_shows() {
                    effects.push(Effect::Fault("dma-stuck"));
                }
                self.dma.read_command()
            }
            offset::IMEMC | offset::IMEMT | offset::IMEMD | offset::DMEMC | offset::DMEMD => {
                self.read_port(offset, &mut effects)
            }
            offset::FBIF_CTL => self.fbif_ctl,
            offset::MOD_SEL => self.brom.algorithm,
            offset::UCODE_ID => self.brom.ucode_id,
            offset::ENGIDMASK => self.brom.engine_mask,
            offset::PARAADDR => self.brom.signature,
            offset::RISCV_STATUS => u32::from(self.riscv.active),
            offset::RISCV_CPUCTL => {
                let active = if self.riscv.active {
                    bits::RISCV_ACTIVE
                } else {
                    0
                };
                let halted = if self.riscv.halted { bits::HALTED } else { 0 };
                active | halted
            }
            offset::RISCV_IRQMASK | offset::RISCV_IRQMASK_OLD => self.riscv_irqmask,
            offset::BCR_CTRL => self.read_bcr(&mut effects),
            _ => match aperture_index(offset) {
                Some(index) => self.apertures[index],
                None => self.values.get(at),
            },
        };
        Read { value, effects }
    }

    fn read_reset(&mut self) -> u32 {
        match &mut self.phase {
            Phase::InReset { reads, .. } => {
                *reads += 1;
                1
            }
            _ => 0,
        }
    }

    /// Is scrubbing still shown? The driver looks.
    fn look_at_scrubbing(&mut self, effects: &mut Effects) -> bool {
        match &mut self.phase {
            Phase::Scrubbing { seen, .. } => {
                *seen = true;
                if self.faults.scrub_stuck {
                    effects.push(Effect::Fault("scrub-stuck"));
                }
                true
            }
            _ => false,
        }
    }

    fn read_hwcfg2(&mut self, effects: &mut Effects) -> u32 {
        let mut value = if self.by_dma || self.which == Which::Gsp {
            bits::RISCV_PRESENT
        } else {
            0
        };
        if self.by_dma {
            if self.look_at_scrubbing(effects) {
                value |= bits::MEM_SCRUBBING;
            }
            if self.faults.reset_ready_never {
                effects.push(Effect::Fault("reset-ready-never"));
            } else if !matches!(self.phase, Phase::InReset { .. }) {
                value |= bits::RESET_READY;
            }
        }
        value
    }

    fn read_dmactl(&mut self, effects: &mut Effects) -> u32 {
        let scrubbing = !self.by_dma && self.look_at_scrubbing(effects);
        let scrubbing = if scrubbing { bits::DMACTL_SCRUBBING } else { 0 };
        scrubbing | u32::from(self.require_ctx)
    }

    fn read_cpuctl(&mut self, effects: &mut Effects) -> u32 {
        let alias = if self.alias_en { bits::ALIAS_EN } else { 0 };
        match &mut self.cpu {
            Cpu::Halted => alias | bits::HALTED,
            Cpu::Endless => alias,
            Cpu::Running { seen, .. } => {
                *seen = true;
                if self.faults.never_halts {
                    effects.push(Effect::Fault("falcon-never-halts"));
                }
                alias
            }
        }
    }

    fn read_bcr(&mut self, effects: &mut Effects) -> u32 {
        let core = if self.riscv_selected {
            bits::BCR_RISCV
        } else {
            0
        };
        let fetch = if self.brfetch { bits::BCR_BRFETCH } else { 0 };
        let valid = if self.selecting && self.faults.core_select_stuck {
            effects.push(Effect::Fault("core-select-stuck"));
            0
        } else {
            // The first look after a write sees the switch under way.
            u32::from(!std::mem::take(&mut self.selecting)) * bits::BCR_VALID
        };
        core | fetch | valid
    }

    fn read_port(&mut self, offset: u32, effects: &mut Effects) -> u32 {
        if !self.may_use_port(effects) {
            return 0;
        }
        match offset {
            offset::IMEMC => self.ports.imemc(),
            offset::IMEMT => self.ports.imemt(),
            offset::IMEMD => self.ports.read_imem(&self.imem),
            offset::DMEMC => self.ports.dmemc(),
            _ => self.ports.read_dmem(&self.dmem),
        }
    }

    pub(super) fn may_use_port(&mut self, effects: &mut Effects) -> bool {
        if self.by_dma {
            effects.push(flag(
                FalconRule::PioNotAvailable,
                "memory port used on a chip that hides it from the CPU",
            ));
            return false;
        }
        self.may_use_memory(effects)
    }

    pub(super) fn may_use_memory(&mut self, effects: &mut Effects) -> bool {
        match self.phase {
            Phase::Ready => true,
            Phase::Scrubbing { .. } => {
                effects.push(flag(
                    FalconRule::UsedWhileScrubbing,
                    format!(
                        "{} memory or core used while memories are being cleared",
                        self.which.name()
                    ),
                ));
                false
            }
            // Said already.
            Phase::InReset { .. } => false,
        }
    }

    pub(super) fn used_in_reset(&self, offset: u32) -> Effects {
        let is_in_reset = matches!(self.phase, Phase::InReset { .. });
        if !is_in_reset || matches!(offset, offset::ENGINE | offset::HWCFG2) {
            return Effects::new();
        }
        let rule = if offset == offset::BCR_CTRL {
            FalconRule::CoreSelect
        } else {
            FalconRule::UsedInReset
        };
        vec![flag(
            rule,
            format!("register used while {} is held in reset", self.which.name()),
        )]
    }
}
