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
mod read;
pub mod regs;
mod write;

use std::ops::Range;

use crate::{
    chips::Family,
    engines::{
        flag,
        Cx,
        Effect,
        Effects, //
    },
    faults::falcon::FalconFaults,
    regs::Values,
    violations::FalconRule,
};

use dma::Dma;
use memory::{
    Dmem,
    DuplicateTag,
    Imem,
    BLOCK, //
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

    /// Takes faults away. What hangs goes on hanging until the next reset.
    pub fn mend(&mut self) {
        self.faults = FalconFaults::default();
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

    /// Sets `BOOTVEC` without a register access.
    #[cfg(test)]
    pub(crate) fn set_bootvec(&mut self, address: u32) {
        self.bootvec = address;
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

    /// Halts the RISC-V core.
    pub fn halt_riscv(&mut self) {
        self.riscv = Riscv {
            active: false,
            halted: true,
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
