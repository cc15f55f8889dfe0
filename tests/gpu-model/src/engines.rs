// SPDX-License-Identifier: GPL-2.0

//! Engines: each is a table of registers and one function that turns a write into effects.
//!
//! An engine never reaches out of itself. What an access sets off leaves as [`Effect`] values,
//! which the device carries out, so that a test sees them without a guest. The checks that are
//! the same for all registers (alignment, direction, reserved bits, chip) are made once, in
//! [`crate::bar0`], from the tables; an engine judges only what needs its state.

pub mod fuse;
pub mod intr;
pub mod mirror;
pub mod mmu;
pub mod pbus;
pub mod pdisp;
pub mod pfb;
pub mod pgc6;
pub mod pmc;
pub mod pramin;
pub mod prom;
pub mod ptimer;
pub mod secure_boot;
pub mod sysmem_flush;
pub mod therm;

use std::ops::Range;

use crate::{
    apertures::Window,
    boot::{
        self,
        Boot, //
    },
    chips::Chip,
    config_space::ConfigSpace,
    dma::{
        Direction,
        DmaSpace,
        Master, //
    },
    faults::Plan,
    fsp_boot::FspBoot,
    gsp_rm::{
        habits::Habits,
        Access, //
    },
    phase::{
        Progress,
        Stage, //
    },
    regs::{
        At,
        Reg, //
    },
    violations::{
        Complaint,
        Rule, //
    },
    vram::Vram,
};

/// What an engine may look at while it handles an access.
pub struct Cx<'a> {
    /// Microseconds since the model started.
    pub now_us: u64,
    /// The function's configuration space.
    pub config: &'a ConfigSpace,
    /// Video memory.
    pub vram: &'a Vram,
    /// The guest's memory.
    pub dma: &'a DmaSpace,
    /// How far the driver has come.
    pub progress: &'a Progress,
    /// When the read before this access was answered. The driver did not do anything before that
    /// which comes now, whenever it arrives.
    pub last_read_us: u64,
}

impl<'a> Cx<'a> {
    /// The guest's memory as the device reaches it now.
    pub fn memory(&self) -> Master<'a> {
        self.dma.seen_by_master(self.config.bus_master())
    }
}

/// A transfer between the device and the guest's memory, or video memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Who moved it.
    pub by: &'static str,
    /// Direction as the device sees it.
    pub direction: Direction,
    /// Address on the bus; of the first part, if there are several.
    pub address: u64,
    /// Bytes.
    pub len: u64,
    /// Blocks of falcon memory that were filled.
    pub blocks: u64,
}

/// Something for the trace that is not an access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Kind of trace line.
    pub kind: &'static str,
    /// What was done.
    pub op: &'static str,
    /// To whom.
    pub name: String,
    /// A value that goes with it.
    pub value: Option<u64>,
}

/// What an access set off, beyond the value read or stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A rule was broken.
    Complain(Complaint),
    /// The sysmem flush page was given another address; zero takes it away.
    FlushPage {
        /// Bus address.
        address: u64,
        /// Another reading of the register that a known driver means; see [`sysmem_flush`].
        or: Option<u64>,
    },
    /// One half of the flush address was written and does not count until the other is.
    FlushHalfSet(bool),
    /// The driver saw that secure boot is complete.
    BootSeenComplete,
    /// Some bits of a configuration dword are to be replaced.
    Config {
        /// Offset in the configuration space.
        offset: usize,
        /// New bits.
        value: u32,
        /// Which bits.
        mask: u32,
    },
    /// The interrupt line rose.
    Interrupt,
    /// The driver invalidated translations.
    TlbInvalidated,
    /// An injected fault changed what the guest saw.
    Fault(&'static str),
    /// Memory was moved.
    Transfer(Transfer),
    /// Something for the trace.
    Event(Event),
    /// A message between driver and GSP-RM has passed.
    Rpc {
        /// From GSP-RM to the driver?
        to_driver: bool,
        /// Number.
        function: u32,
        /// Name, if known.
        name: &'static str,
        /// Bytes of the payload.
        bytes: usize,
    },
    /// FSP has taken a command, or answered it.
    Fsp {
        /// From FSP to the driver?
        to_driver: bool,
        /// Type of the command.
        command: u8,
        /// Name of it, if known.
        name: &'static str,
        /// Bytes of the packet.
        bytes: usize,
    },
    /// GSP-RM has told where the page tables of both windows begin, in VRAM.
    WindowRoots {
        /// The table of BAR1.
        bar1: u64,
        /// The table of BAR2.
        bar2: u64,
    },
    /// GSP-RM has set the first entry of such a table.
    WindowEntry {
        /// Which window.
        window: Window,
        /// The entry.
        entry: u64,
    },
    /// Something happened for which this vector of the interrupt tree stands.
    Vector(u32),
    /// Boot, or its reverse, has come so far.
    Stage(Stage),
}

/// The effect of breaking `rule`.
pub fn flag(rule: impl Into<Rule>, what: impl Into<String>) -> Effect {
    Effect::Complain(Complaint::new(rule, what))
}

/// Effects of one access; almost always empty.
pub type Effects = Vec<Effect>;

/// The value of a read, and what the read set off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Value returned to the guest.
    pub value: u32,
    /// What else happened.
    pub effects: Effects,
}

impl From<u32> for Read {
    fn from(value: u32) -> Self {
        Self {
            value,
            effects: Effects::new(),
        }
    }
}

/// What a card without faults consists of.
pub struct Whole {
    /// Chip.
    pub chip: &'static Chip,
    /// VBIOS.
    pub rom: Vec<u8>,
}

/// A block of registers.
pub trait Engine: Send {
    /// The registers, on all chips; [`crate::bar0`] picks those of this one.
    fn regs(&self) -> &'static [Reg];

    /// Returns to the state after reset, at `now_us`.
    fn reset(&mut self, now_us: u64);

    /// Reads a register that the table says can be read.
    fn read(&mut self, at: At, cx: &Cx<'_>) -> Read;

    /// Writes a register that the table says can be written.
    fn write(&mut self, at: At, value: u32, cx: &Cx<'_>) -> Effects;

    /// Reads `out.len()` bytes from byte `lane` of a register that may be accessed by bytes.
    fn read_bytes(&mut self, at: At, lane: usize, out: &mut [u8], cx: &Cx<'_>) -> Effects {
        let read = self.read(at, cx);
        out.copy_from_slice(&read.value.to_le_bytes()[lane..lane + out.len()]);
        read.effects
    }

    /// Writes `data` to byte `lane` of a register that may be accessed by bytes.
    fn write_bytes(&mut self, at: At, lane: usize, data: &[u8], cx: &Cx<'_>) -> Effects {
        let mut bytes = self.read(at, cx).value.to_le_bytes();
        bytes[lane..lane + data.len()].copy_from_slice(data);
        self.write(at, u32::from_le_bytes(bytes), cx)
    }

    /// Time has passed.
    fn tick(&mut self, _cx: &Cx<'_>) -> Effects {
        Effects::new()
    }

    /// An access to BAR0 has taken place, of this or of another engine.
    fn observe(&mut self, _access: Access, _cx: &Cx<'_>) -> Effects {
        Effects::new()
    }

    /// The driver gives the device back.
    fn released(&mut self) -> Effects {
        Effects::new()
    }

    /// Does it work with the guest's memory on its own?
    fn uses_memory(&self) -> bool {
        false
    }

    /// This vector of the interrupt tree became pending.
    fn raise_vector(&mut self, _vector: u32) -> Effects {
        Effects::new()
    }

    /// A range of the guest's memory can no longer be reached.
    fn unmapped(&mut self, _gone: &Range<u64>) -> Effects {
        Effects::new()
    }

    /// The machine was reset, and [`Engine::reset`] was called: a card that was left dirty by
    /// somebody is dirty again.
    fn machine_reset(&mut self) {}

    /// Whatever was wrong is right from now on; what the driver has made of the engine stays.
    fn mend(&mut self, _whole: &Whole) {}

    /// Is the interrupt line of this engine up?
    fn interrupt_pending(&self) -> bool {
        false
    }
}

/// What engines are made from.
pub struct Parts {
    /// Chip and board.
    pub chip: &'static Chip,
    /// Bytes of VRAM.
    pub vram: u64,
    /// Value of the register that says so.
    pub vram_register: u32,
    /// What the VBIOS window shows.
    pub rom: Vec<u8>,
    /// What is known of the driver's firmware.
    pub known: boot::Known,
    /// State of the card when the machine starts, if it is not as new.
    pub dirty: Option<boot::dirty::Dirty>,
    /// What GSP-RM does this way or that.
    pub habits: Habits,
}

/// All engines, with the changes that injected faults ask for.
pub fn all(parts: Parts, plan: &Plan) -> Vec<Box<dyn Engine>> {
    let Parts {
        chip,
        vram,
        vram_register,
        rom,
        known,
        dirty,
        habits,
    } = parts;
    let boot: Box<dyn Engine> = if chip.family.boots_by_fsp() {
        Box::new(FspBoot::new(chip, vram, plan, known.files, dirty, habits))
    } else {
        Box::new(Boot::new(chip, vram, plan, known, dirty, habits))
    };
    vec![
        Box::new(pmc::Pmc::new(chip, plan)),
        Box::new(pbus::Pbus::default()),
        Box::new(ptimer::Ptimer::new(chip)),
        Box::new(therm::Therm::new(plan)),
        Box::new(fuse::Fuse::new(chip, plan)),
        Box::new(mirror::Mirror::new(chip)),
        Box::new(pfb::Pfb::new(plan, vram_register)),
        Box::new(sysmem_flush::SysmemFlush::new(chip, plan, dirty)),
        boot,
        Box::new(pgc6::Pgc6::new(plan, vram_register)),
        Box::new(prom::Prom::new(rom)),
        Box::new(pdisp::Pdisp::new(plan)),
        Box::new(pramin::Pramin::default()),
        Box::new(intr::Intr::default()),
        Box::new(mmu::Mmu::default()),
    ]
}

/// Does some engine have a register at `address` on any chip? Names it if so.
pub fn find(table: &'static [Reg], address: u32) -> impl Iterator<Item = &'static Reg> {
    table
        .iter()
        .filter(move |reg| (reg.offset..reg.end()).contains(&address))
}

#[cfg(test)]
pub(crate) mod testing;
