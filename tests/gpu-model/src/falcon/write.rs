// SPDX-License-Identifier: GPL-2.0

//! What writes to the registers of a falcon do.

use super::{
    aperture_index,
    dma::{
        Apertures,
        Register, //
    },
    regs::{
        bits,
        offset, //
    },
    Cpu,
    Did,
    Falcon,
    Phase,
    RESET_READS,
    RESET_US, //
};
use crate::{
    engines::{
        flag,
        Cx,
        Effects, //
    },
    regs::At,
    violations::FalconRule,
};

impl Falcon {
    /// Writes the register at `at`.
    pub fn write(&mut self, at: At, value: u32, cx: &Cx<'_>) -> (Effects, Did) {
        let offset = at.address() - self.which.base();
        if offset == offset::ENGINE {
            return self.write_reset(value, cx);
        }
        let mut effects = self.used_in_reset(offset);
        if !effects.is_empty() {
            return (effects, Did::Nothing);
        }
        effects.extend(self.written_while_running(offset));
        let mut did = Did::Nothing;
        match offset {
            offset::IRQSSET => self.irqstat |= value,
            offset::IRQSCLR => self.irqstat &= !value,
            offset::IRQMSET => self.irqmask |= value,
            offset::IRQMCLR => self.irqmask &= !value,
            offset::MAILBOX0 => self.mailbox[0] = value,
            offset::MAILBOX1 => self.mailbox[1] = value,
            offset::RM => self.rm = value,
            offset::CPUCTL => {
                if value & bits::STARTCPU != 0 {
                    did = self.start(false, cx, &mut effects);
                }
            }
            offset::CPUCTL_ALIAS => {
                if value & bits::STARTCPU != 0 {
                    did = self.start(true, cx, &mut effects);
                }
            }
            offset::BOOTVEC => self.bootvec = value,
            offset::DMACTL => self.require_ctx = value & bits::REQUIRE_CTX != 0,
            offset::DMATRFBASE => effects.extend(self.dma.write(Register::Base, value)),
            offset::DMATRFBASE1 => effects.extend(self.dma.write(Register::Base1, value)),
            offset::DMATRFMOFFS => effects.extend(self.dma.write(Register::MemoryOffset, value)),
            offset::DMATRFFBOFFS => effects.extend(self.dma.write(Register::Offset, value)),
            offset::DMATRFCMD => self.submit(value, cx, &mut effects),
            offset::IMEMC | offset::IMEMT | offset::IMEMD | offset::DMEMC | offset::DMEMD => {
                self.write_port(offset, value, &mut effects);
            }
            offset::FBIF_CTL => self.fbif_ctl = value & bits::ALLOW_PHYS_NO_CTX,
            offset::MOD_SEL => self.brom.algorithm = value & 0xff,
            offset::UCODE_ID => self.brom.ucode_id = value & 0xff,
            offset::ENGIDMASK => self.brom.engine_mask = value,
            offset::PARAADDR => self.brom.signature = value,
            offset::BCR_CTRL => self.select_core(value),
            _ => match aperture_index(offset) {
                Some(index) => self.apertures[index] = value,
                None => {
                    self.values.write(at, value);
                }
            },
        }
        (effects, did)
    }

    fn write_reset(&mut self, value: u32, cx: &Cx<'_>) -> (Effects, Did) {
        let name = self.which.name();
        let asserted = value & 1 != 0;
        match (self.phase, asserted) {
            (Phase::InReset { .. }, true) => (
                vec![flag(
                    FalconRule::ShortReset,
                    format!("reset of {name} asserted while it is asserted"),
                )],
                Did::Nothing,
            ),
            (Phase::InReset { since_us, reads }, false) => {
                self.phase = Phase::Scrubbing {
                    since_us: cx.now_us,
                    seen: false,
                };
                let held_us = cx.now_us.saturating_sub(since_us);
                let effects = if held_us < RESET_US && reads < RESET_READS {
                    vec![flag(
                        FalconRule::ShortReset,
                        format!(
                            "reset of {name} held for {held_us} µs at most; it needs {RESET_US}"
                        ),
                    )]
                } else {
                    Effects::new()
                };
                (effects, Did::Nothing)
            }
            (_, true) => {
                self.clear();
                self.phase = Phase::InReset {
                    since_us: cx.last_read_us,
                    reads: 0,
                };
                (Effects::new(), Did::Reset)
            }
            (_, false) => (Effects::new(), Did::Nothing),
        }
    }

    fn written_while_running(&self, offset: u32) -> Effects {
        let matters = matches!(
            offset,
            offset::MAILBOX0
                | offset::MAILBOX1
                | offset::BOOTVEC
                | offset::DMATRFBASE..=offset::DMATRFFBOFFS
                | offset::DMATRFBASE1
                | offset::IMEMC..=offset::IMEMT
                | offset::DMEMC..=offset::DMEMD
                | offset::MOD_SEL
                | offset::UCODE_ID
                | offset::ENGIDMASK
                | offset::PARAADDR
        );
        if !matters || !self.is_running() {
            return Effects::new();
        }
        vec![flag(
            FalconRule::WriteWhileRunning,
            format!(
                "register written that the program on {} uses",
                self.which.name()
            ),
        )]
    }

    fn start(&mut self, by_alias: bool, cx: &Cx<'_>, effects: &mut Effects) -> Did {
        if !self.may_use_memory(effects) {
            return Did::Nothing;
        }
        let name = self.which.name();
        let obstacle = if by_alias && !self.alias_en {
            Some("through its alias, which is closed")
        } else if !by_alias && self.faults.start_by_alias {
            Some("through CPUCTL, of which only the alias may be written")
        } else if self.is_running() {
            Some("while it runs")
        } else if self.riscv_selected || self.riscv.active {
            Some("while the engine is in RISC-V mode")
        } else {
            None
        };
        if let Some(obstacle) = obstacle {
            effects.push(flag(
                FalconRule::Start,
                format!("{name} started {obstacle}"),
            ));
            return Did::Nothing;
        }
        effects.extend(self.ports.incomplete("the core was started"));
        self.exci = 0;
        self.cpu = Cpu::Running {
            since_us: cx.now_us,
            seen: false,
        };
        Did::Start
    }

    fn submit(&mut self, command: u32, cx: &Cx<'_>, effects: &mut Effects) {
        if !self.may_use_memory(effects) {
            return;
        }
        let apertures = Apertures {
            config: &self.apertures,
            control: self.fbif_ctl,
            dmactl: u32::from(self.require_ctx),
        };
        let judged = self.dma.submit(command, self.which, apertures, cx);
        if !judged.is_empty() {
            self.irqstat |= bits::IRQ_DMA;
        }
        effects.extend(judged);
    }

    fn write_port(&mut self, offset: u32, value: u32, effects: &mut Effects) {
        if !self.may_use_port(effects) {
            return;
        }
        match offset {
            offset::IMEMC => effects.extend(self.ports.set_imemc(value)),
            offset::IMEMT => effects.extend(self.ports.set_imemt(value)),
            offset::IMEMD => effects.extend(self.ports.write_imem(value, &mut self.imem)),
            offset::DMEMC => self.ports.set_dmemc(value),
            _ => self.ports.write_dmem(value, &mut self.dmem),
        }
    }

    fn select_core(&mut self, value: u32) {
        let riscv = value & bits::BCR_RISCV != 0;
        if self.riscv_selected && !riscv {
            self.riscv.active = false;
            self.riscv.halted = true;
        }
        self.riscv_selected = riscv;
        self.brfetch = value & bits::BCR_BRFETCH != 0;
        self.selecting = true;
    }
}
