// SPDX-License-Identifier: GPL-2.0

//! The transfer engine of a falcon: a short queue of block transfers between falcon memory and
//! an aperture.
//!
//! A request is judged when it is submitted and carried out when the driver next looks, or a
//! while later, so that a driver which does not wait is seen to overrun the queue.

use std::{
    collections::VecDeque,
    ops::Range, //
};

use super::{
    memory::{
        self,
        Dmem,
        Imem,
        BLOCK, //
    },
    regs::bits,
    Which, //
};
use crate::{
    dma::{
        Direction,
        DmaError, //
    },
    engines::{
        flag,
        Cx,
        Effect,
        Effects,
        Transfer, //
    },
    violations::{
        BusRule,
        Complaint,
        FalconRule, //
    },
};

/// Requests that fit the queue.
const DEPTH: usize = 4;
/// How long a transfer takes if nobody looks.
const UNOBSERVED_US: u64 = 100;

const CMD_IMEM: u32 = 1 << 4;
const CMD_WRITE: u32 = 1 << 5;
const SIZE_256: u32 = 6;
const TARGET_VRAM: u32 = 0;
const TARGET_INVALID: u32 = 3;
const PHYSICAL: u32 = 1 << 2;
/// Bits of an address that base and offset registers can make.
const REGISTER_BITS: u32 = 49;

/// The registers of a request, as the driver wrote them.
#[derive(Clone, Copy, Debug, Default)]
struct Registers {
    base: u32,
    base1: u32,
    memory_offset: u32,
    offset: u32,
    command: u32,
}

/// Aperture settings of the falcon, at the moment of a request.
#[derive(Clone, Copy, Debug)]
pub struct Apertures<'a> {
    /// `FBIF_TRANSCFG`.
    pub config: &'a [u32; 8],
    /// `FBIF_CTL`.
    pub control: u32,
    /// `DMACTL`.
    pub dmactl: u32,
}

#[derive(Clone, Debug)]
struct Request {
    address: u64,
    len: usize,
    from_vram: bool,
    to_imem: bool,
    secure: bool,
    tag: u32,
    destination: usize,
}

/// Which of the registers is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// `DMATRFBASE`.
    Base,
    /// `DMATRFBASE1`.
    Base1,
    /// `DMATRFMOFFS`.
    MemoryOffset,
    /// `DMATRFFBOFFS`.
    Offset,
}

/// The engine.
#[derive(Debug, Default)]
pub struct Dma {
    registers: Registers,
    queue: VecDeque<Request>,
    submitted_us: u64,
    /// After a new base the first wait is seen to be busy once.
    fresh_base: bool,
    busy_shown: bool,
    /// Something could not be carried out; only a reset ends the wait.
    stuck: bool,
    never_idle: bool,
}

impl Dma {
    /// The engine after reset; `never_idle` lets it never finish anything.
    pub fn new(never_idle: bool) -> Self {
        Self {
            never_idle,
            ..Self::default()
        }
    }

    /// Is a request queued?
    pub fn is_busy(&self) -> bool {
        !self.queue.is_empty() || self.stuck
    }

    /// Does the injected fault keep a request from finishing?
    pub fn fault_shows(&self) -> bool {
        self.never_idle && !self.queue.is_empty()
    }

    /// Bus addresses of guest memory that queued requests still read.
    pub fn in_flight(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.queue
            .iter()
            .filter(|request| !request.from_vram)
            .map(|request| request.address..request.address + request.len as u64)
    }

    /// Value of a register other than the command.
    pub fn read(&self, register: Register) -> u32 {
        match register {
            Register::Base => self.registers.base,
            Register::Base1 => self.registers.base1,
            Register::MemoryOffset => self.registers.memory_offset,
            Register::Offset => self.registers.offset,
        }
    }

    /// Writes a register other than the command.
    pub fn write(&mut self, register: Register, value: u32) -> Effects {
        let mut effects = self.overrun();
        let is_base = matches!(register, Register::Base | Register::Base1);
        if effects.is_empty() && is_base && self.is_busy() {
            effects.push(flag(
                FalconRule::DmaQueueFull,
                "base of transfers changed while a transfer is in flight",
            ));
        }
        if !effects.is_empty() {
            self.queue.clear();
        }
        match register {
            Register::Base => {
                self.registers.base = value;
                self.fresh_base = true;
            }
            Register::Base1 => self.registers.base1 = value,
            Register::MemoryOffset => self.registers.memory_offset = value,
            Register::Offset => self.registers.offset = value,
        }
        effects
    }

    /// Value of the command register; the driver has looked.
    pub fn read_command(&mut self) -> u32 {
        if self.fresh_base && !self.queue.is_empty() {
            self.fresh_base = false;
        } else {
            self.busy_shown = true;
        }
        let full = if self.queue.len() >= DEPTH {
            bits::DMA_FULL
        } else {
            0
        };
        let idle = if self.is_busy() { 0 } else { bits::DMA_IDLE };
        self.registers.command & !(bits::DMA_FULL | bits::DMA_IDLE) | full | idle
    }

    /// Submits a request.
    pub fn submit(
        &mut self,
        command: u32,
        which: Which,
        apertures: Apertures<'_>,
        cx: &Cx<'_>,
    ) -> Effects {
        let effects = self.overrun();
        if !effects.is_empty() {
            self.queue.clear();
            return effects;
        }
        self.registers.command = command;
        match self.judge(which, apertures, cx) {
            Ok(request) => {
                self.queue.push_back(request);
                self.submitted_us = cx.now_us;
                self.busy_shown = false;
                Effects::new()
            }
            Err(Refused { complaint, hangs }) => {
                self.stuck |= hangs;
                vec![Effect::Complain(complaint)]
            }
        }
    }

    fn overrun(&self) -> Effects {
        if self.queue.len() < DEPTH {
            return Effects::new();
        }
        vec![flag(
            FalconRule::DmaQueueFull,
            "transfer register written while the queue is full",
        )]
    }

    fn judge(
        &self,
        which: Which,
        apertures: Apertures<'_>,
        cx: &Cx<'_>,
    ) -> Result<Request, Refused> {
        let Registers {
            base,
            base1,
            memory_offset,
            offset,
            command,
        } = self.registers;
        let len = 4usize << (command >> 8 & 7);
        let to_imem = command & CMD_IMEM != 0;
        if command & CMD_WRITE != 0 {
            return Err(Refused::dropped(
                FalconRule::DmaDirection,
                "transfer from the falcon to memory asked for by the host",
            ));
        }
        if to_imem && command >> 8 & 7 != SIZE_256 {
            return Err(Refused::dropped(
                FalconRule::DmaShape,
                format!("transfer of {len} bytes to instruction memory, which takes 256 at a time"),
            ));
        }
        // CAST: 24 or 32 bits.
        let destination = memory_offset as usize;
        if destination % len != 0 || offset as usize % len != 0 {
            return Err(Refused::dropped(
                FalconRule::DmaShape,
                format!("offsets {memory_offset:#x} and {offset:#x} are not multiples of {len}"),
            ));
        }
        if destination + len > memory::SIZE {
            return Err(Refused::dropped(
                FalconRule::DmaShape,
                format!(
                    "transfer to {memory_offset:#x}, beyond {:#x} bytes of memory",
                    memory::SIZE
                ),
            ));
        }
        let config = apertures.config[(command >> 12 & 7) as usize];
        let target = config & 3;
        if target == TARGET_INVALID {
            return Err(Refused::stuck(
                FalconRule::DmaAperture,
                "aperture with target 3",
            ));
        }
        if config & PHYSICAL == 0 {
            return Err(Refused::stuck(
                FalconRule::DmaAperture,
                "virtual aperture without a context",
            ));
        }
        if apertures.control & bits::ALLOW_PHYS_NO_CTX == 0 {
            return Err(Refused::stuck(
                FalconRule::DmaNotAllowed,
                "physical transfer although FBIF_CTL does not allow it",
            ));
        }
        if apertures.dmactl & bits::REQUIRE_CTX != 0 {
            return Err(Refused::stuck(
                FalconRule::DmaNotAllowed,
                "transfer although DMACTL demands a context",
            ));
        }
        if base1 >> (REGISTER_BITS - 40) != 0 {
            return Err(Refused::stuck(
                FalconRule::DmaAddress,
                format!("DMATRFBASE1 is {base1:#x}; it has 9 bits"),
            ));
        }
        let address = (u64::from(base1) << 40) + (u64::from(base) << 8) + u64::from(offset);
        let from_vram = target == TARGET_VRAM;
        if from_vram {
            if address + len as u64 > cx.vram.size() {
                return Err(Refused::stuck(
                    FalconRule::DmaAddress,
                    format!("transfer from {address:#x}, beyond the end of VRAM"),
                ));
            }
        } else if let Err(error) = cx.memory().check(Direction::Read, address, len as u64) {
            let what = format!("{} cannot read its transfer: {error}", which.name());
            let rule = match error {
                DmaError::BusMasterOff => BusRule::BusMasterOff.into(),
                _ => FalconRule::DmaAddress.into(),
            };
            return Err(Refused {
                complaint: Complaint { rule, what },
                hangs: true,
            });
        }
        Ok(Request {
            address,
            len,
            from_vram,
            to_imem,
            secure: command >> 2 & 3 == 1,
            tag: offset / BLOCK as u32,
            destination,
        })
    }

    /// Carries out what is due. `by` names the falcon in the trace.
    pub fn settle(
        &mut self,
        imem: &mut Imem,
        dmem: &mut Dmem,
        by: &'static str,
        cx: &Cx<'_>,
    ) -> Effects {
        let due = self.busy_shown || cx.now_us.saturating_sub(self.submitted_us) >= UNOBSERVED_US;
        if !due || self.never_idle {
            return Effects::new();
        }
        self.busy_shown = false;
        self.flush(imem, dmem, by, cx)
    }

    fn flush(
        &mut self,
        imem: &mut Imem,
        dmem: &mut Dmem,
        by: &'static str,
        cx: &Cx<'_>,
    ) -> Effects {
        let mut effects = Effects::new();
        while let Some(request) = self.queue.pop_front() {
            let mut data = vec![0; request.len];
            let result = if request.from_vram {
                cx.vram
                    .read(request.address, &mut data)
                    .map_err(|error| error.to_string())
            } else {
                cx.memory()
                    .read(request.address, &mut data)
                    .map_err(|error| error.to_string())
            };
            if let Err(error) = result {
                self.stuck = true;
                effects.push(flag(
                    FalconRule::DmaAddress,
                    format!("memory of a queued transfer cannot be read any more: {error}"),
                ));
                continue;
            }
            effects.push(Effect::Transfer(Transfer {
                by,
                direction: Direction::Read,
                address: request.address,
                len: request.len as u64,
                blocks: 1,
            }));
            effects.extend(request.store(&data, imem, dmem));
        }
        effects
    }
}

impl Request {
    fn store(&self, data: &[u8], imem: &mut Imem, dmem: &mut Dmem) -> Effects {
        if !self.to_imem {
            let fits = dmem.put(self.destination, data);
            debug_assert!(fits, "judged when submitted");
            return Effects::new();
        }
        let mut block = [0; BLOCK];
        block.copy_from_slice(data);
        let duplicate = imem.fill(self.destination / BLOCK, self.tag, self.secure, &block);
        duplicate.map(super::duplicate_tag).into_iter().collect()
    }
}

struct Refused {
    complaint: Complaint,
    /// Does the engine stay busy for ever?
    hangs: bool,
}

impl Refused {
    fn dropped(rule: FalconRule, what: impl Into<String>) -> Self {
        Self {
            complaint: Complaint::new(rule, what),
            hangs: false,
        }
    }

    fn stuck(rule: FalconRule, what: impl Into<String>) -> Self {
        Self {
            complaint: Complaint::new(rule, what),
            hangs: true,
        }
    }
}
