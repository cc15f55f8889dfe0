// SPDX-License-Identifier: GPL-2.0

//! A falcon: a microcontroller with instruction and data memory, and on the GSP a RISC-V core
//! beside it.
//!
//! It is reset, cleared, loaded, started, and halts. This module is the machine; what the program
//! on it does is for [`crate::boot`]. Registers are addressed by their offset in the window.

pub mod brom;
pub mod dma;
pub mod memory;
pub mod ports;
pub mod regs;

use std::ops::Range;

use crate::{
    chips::Family,
    engines::{
        flag,
        Cx,
        Effect,
        Effects,
        Read, //
    },
    faults::falcon::FalconFaults,
    regs::{
        At,
        Values, //
    },
    violations::FalconRule,
};

use dma::{
    Apertures,
    Dma,
    Register, //
};
use memory::{
    Dmem,
    DuplicateTag,
    Imem,
    BLOCK,
    BLOCKS, //
};
use ports::Ports;
use regs::{
    bits,
    offset, //
};

/// Bytes of BAR0 for one falcon.
pub const WINDOW: u32 = 0x4000;

/// Reset must be held for this long.
const RESET_US: u64 = 10;
/// So many reads of the reset register take as long.
const RESET_READS: u32 = 10;
/// Clearing the memories takes this long if nobody looks; a driver that looks sees it once.
const SCRUB_US: u64 = 1_000;
/// A program runs this long if nobody looks; a driver that looks sees it run once.
const RUN_US: u64 = 500;
/// Exception cause: no block has the tag of the address.
const EXCI_IMEM_MISS: u32 = 0x0a << 20;

/// Which falcon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The GPU system processor.
    Gsp,
    /// The security processor.
    Sec2,
}

impl Which {
    /// Start of the window in BAR0.
    pub const fn base(self) -> u32 {
        match self {
            Self::Gsp => 0x0011_0000,
            Self::Sec2 => 0x0084_0000,
        }
    }

    /// The falcon whose window holds `address`.
    pub fn at(address: u32) -> Option<Self> {
        [Self::Gsp, Self::Sec2]
            .into_iter()
            .find(|which| (which.base()..which.base() + WINDOW).contains(&address))
    }

    /// Its bit in the mask of engines that a program may run on.
    pub const fn engine_bit(self) -> u32 {
        match self {
            Self::Gsp => 0x400,
            Self::Sec2 => 0x001,
        }
    }

    /// Name for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsp => "GSP",
            Self::Sec2 => "SEC2",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    InReset {
        /// Upper bound of the time for which reset is held: the driver's last read before it.
        since_us: u64,
        reads: u32,
    },
    Scrubbing {
        since_us: u64,
        seen: bool,
    },
    Ready,
}

/// What the falcon core does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cpu {
    /// Halted, or never started.
    Halted,
    /// A program runs.
    Running {
        /// Since when.
        since_us: u64,
        /// Has the driver seen that it runs?
        seen: bool,
    },
    /// A program runs that never ends.
    Endless,
}

/// State of the RISC-V core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Riscv {
    /// Does it run?
    pub active: bool,
    /// Is it halted?
    pub halted: bool,
}

/// What a write did, beyond its effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// Nothing that concerns others.
    Nothing,
    /// The engine entered reset.
    Reset,
    /// The core was started.
    Start,
}

/// A falcon.
#[derive(Debug)]
pub struct Falcon {
    which: Which,
    by_dma: bool,
    values: Values,
    phase: Phase,
    cpu: Cpu,
    /// RISC-V state.
    pub riscv: Riscv,
    /// Instruction memory.
    pub imem: Imem,
    /// Data memory.
    pub dmem: Dmem,
    /// `MAILBOX0` and `MAILBOX1`.
    pub mailbox: [u32; 2],
    /// `FALCON_RM`.
    pub rm: u32,
    /// Interrupts that the RISC-V core lets through.
    pub riscv_irqmask: u32,
    /// Boot ROM registers.
    pub brom: brom::Registers,
    ports: Ports,
    dma: Dma,
    apertures: [u32; 8],
    fbif_ctl: u32,
    require_ctx: bool,
    bootvec: u32,
    exci: u32,
    irqstat: u32,
    irqmask: u32,
    alias_en: bool,
    riscv_selected: bool,
    brfetch: bool,
    /// A core selection has been asked for and not been seen to take effect.
    selecting: bool,
    faults: FalconFaults,
}

impl Falcon {
    /// The falcon as the card's own firmware leaves it.
    pub fn new(which: Which, family: Family, faults: FalconFaults) -> Self {
        let mut falcon = Self {
            which,
            by_dma: family.loads_by_dma(),
            values: Values::default(),
            phase: Phase::Ready,
            cpu: Cpu::Halted,
            riscv: Riscv {
                active: false,
                halted: true,
            },
            imem: Imem::scrubbed(),
            dmem: Dmem::scrubbed(),
            mailbox: [0; 2],
            rm: 0,
            riscv_irqmask: 0,
            brom: brom::Registers::default(),
            ports: Ports::default(),
            dma: Dma::default(),
            apertures: [0; 8],
            fbif_ctl: 0,
            require_ctx: true,
            bootvec: 0,
            exci: 0,
            irqstat: 0,
            irqmask: 0,
            alias_en: false,
            riscv_selected: false,
            brfetch: true,
            selecting: false,
            faults,
        };
        falcon.clear();
        falcon.phase = Phase::Ready;
        falcon
    }

    /// Back to the state after power-on.
    pub fn power_on(&mut self) {
        self.clear();
        self.riscv_selected = false;
        self.phase = Phase::Ready;
    }

    /// What assertion of reset does to everything but the reset register itself.
    fn clear(&mut self) {
        self.values.reset();
        self.cpu = Cpu::Halted;
        self.riscv = Riscv {
            active: false,
            halted: true,
        };
        self.imem = Imem::scrubbed();
        self.dmem = Dmem::scrubbed();
        self.mailbox = [0; 2];
        self.rm = 0;
        self.riscv_irqmask = 0;
        self.brom = brom::Registers::default();
        self.ports = Ports::default();
        self.dma = Dma::new(self.faults.dma_stuck);
        self.apertures = [0x110; 8];
        self.fbif_ctl = 0;
        self.require_ctx = true;
        self.bootvec = 0;
        self.exci = 0;
        self.irqstat = 0;
        self.irqmask = 0;
        self.alias_en = self.faults.start_by_alias;
        self.riscv_selected &= self.faults.core_select_survives_reset;
        self.brfetch = true;
        self.selecting = false;
    }

    /// Which falcon this is.
    pub fn which(&self) -> Which {
        self.which
    }

    /// State of the falcon core.
    pub fn cpu(&self) -> Cpu {
        self.cpu
    }

    /// Is the falcon core running?
    pub fn is_running(&self) -> bool {
        self.cpu != Cpu::Halted
    }

    /// Is the engine out of reset, and its memory cleared?
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// Aperture `index`, as programmed.
    pub fn aperture(&self, index: usize) -> Option<u32> {
        self.apertures.get(index).copied()
    }

    /// May it use physical addresses without a context?
    pub fn dma_allowed(&self) -> bool {
        self.fbif_ctl & bits::ALLOW_PHYS_NO_CTX != 0 && !self.require_ctx
    }

    /// Number of the block that `BOOTVEC` names, if there is one.
    pub fn entry_block(&self) -> Option<usize> {
        // CAST: a block size.
        self.imem.find(self.bootvec / BLOCK as u32)
    }

    /// `BOOTVEC`.
    pub fn bootvec(&self) -> u32 {
        self.bootvec
    }

    /// Has the running program come to its end?
    pub fn is_due(&self, now_us: u64) -> bool {
        match self.cpu {
            Cpu::Running { since_us, seen } => {
                !self.faults.never_halts && (seen || now_us.saturating_sub(since_us) >= RUN_US)
            }
            Cpu::Halted | Cpu::Endless => false,
        }
    }

    /// Ends the running program. `mailbox0` is what it leaves there, if it writes it.
    pub fn halt(&mut self, mailbox0: Option<u32>) {
        self.cpu = Cpu::Halted;
        self.irqstat |= bits::IRQ_HALT;
        if let Some(value) = mailbox0 {
            self.mailbox[0] = value;
        }
    }

    /// Ends the running program because there is none at its boot vector.
    pub fn halt_without_code(&mut self) {
        self.exci = EXCI_IMEM_MISS | self.bootvec & 0xf_ffff;
        self.halt(None);
    }

    /// Lets the falcon core run for ever, as if the driver of a former life had started it.
    pub fn run_for_ever(&mut self) {
        self.cpu = Cpu::Endless;
    }

    /// Starts the RISC-V core, as only firmware can.
    pub fn start_riscv(&mut self) {
        self.riscv_selected = true;
        self.riscv = Riscv {
            active: true,
            halted: false,
        };
    }

    /// Raises bits of `IRQSTAT`. Returns whether an interrupt that the RISC-V lets through is
    /// pending now.
    pub fn raise(&mut self, irqs: u32) -> bool {
        self.irqstat |= irqs;
        self.interrupt_pending()
    }

    /// Is an interrupt pending that the RISC-V lets through?
    pub fn interrupt_pending(&self) -> bool {
        self.irqstat & self.riscv_irqmask != 0
    }

    /// Bus addresses that queued transfers still read.
    pub fn transfers_in_flight(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.dma.in_flight()
    }

    /// Carries out what has become due by itself.
    pub fn settle(&mut self, cx: &Cx<'_>) -> Effects {
        if let Phase::Scrubbing { since_us, seen } = self.phase {
            let done = seen || cx.now_us.saturating_sub(since_us) >= SCRUB_US;
            if done && !self.faults.scrub_stuck {
                self.phase = Phase::Ready;
            }
        }
        let name = self.which.name();
        let effects = self.dma.settle(&mut self.imem, &mut self.dmem, name, cx);
        if effects
            .iter()
            .any(|effect| matches!(effect, Effect::Complain(_)))
        {
            self.irqstat |= bits::IRQ_DMA;
        }
        effects
    }

    // Reads ----------------------------------------------------------------------------------

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

    fn may_use_port(&mut self, effects: &mut Effects) -> bool {
        if self.by_dma {
            effects.push(flag(
                FalconRule::PioNotAvailable,
                "memory port used on a chip that hides it from the CPU",
            ));
            return false;
        }
        self.may_use_memory(effects)
    }

    fn may_use_memory(&mut self, effects: &mut Effects) -> bool {
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

    fn used_in_reset(&self, offset: u32) -> Effects {
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

    // Writes ---------------------------------------------------------------------------------

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

fn aperture_index(offset: u32) -> Option<usize> {
    let index = offset.checked_sub(offset::TRANSCFG)? / 4;
    // CAST: below eight.
    (index < 8).then_some(index as usize)
}

fn duplicate_tag(DuplicateTag { tag, old, new }: DuplicateTag) -> Effect {
    flag(
        FalconRule::DuplicateTag,
        format!("blocks {old:#x} and {new:#x} both have the tag {tag:#x}"),
    )
}
