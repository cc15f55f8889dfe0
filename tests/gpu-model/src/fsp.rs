// SPDX-License-Identifier: GPL-2.0

//! FSP, the foundation security processor of Hopper and Blackwell, as far as a driver meets it: a
//! memory with ports, queues, and commands that it answers.
//!
//! It has no GSP. Whoever owns it says in which state the GSP is, and starts it when a chain of
//! trust message has been [`Accepted`]. Commands are taken at the doorbell and answered a little
//! later, in [`Fsp::settle`], which is to be called before each access and as time passes.

mod answer;
mod commands;
mod cot;
mod doorbell;
mod emem;
pub mod faults;
mod host;
mod image;
mod packet;
pub mod registers;
mod signature;

use std::ops::Range;

use crate::{
    boot::firmware_dir::FmcFile,
    chips::Chip,
    engines::{
        flag,
        secure_boot::{
            SecureBoot,
            COMPLETE, //
        },
        therm,
        Cx,
        Effect,
        Effects,
        Read, //
    },
    faults::Plan,
    gsp_rm::Access,
    recorder::Op,
    regs::{
        At,
        Reg, //
    },
    violations::FspRule,
};

use emem::{
    Emem,
    Port, //
};
use faults::Faults;
use host::Host;
use packet::{
    nvdm,
    Command, //
};
use registers::{
    Register,
    CHANNELS, //
};

/// The channel of drivers.
const DRIVER: usize = 0;

/// Both ends of the driver's queue of commands when FSP has taken a chain of trust message from it.
const OLD_REQUEST: u32 = cot::PACKET_SIZE as u32 - 4;

/// What the GSP does, which decides whether FSP may start it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GspState {
    /// It was not started since reset.
    Off,
    /// FSP has started it, and the driver may not use it yet.
    Starting,
    /// GSP-RM runs.
    Running,
    /// GSP-RM has stopped.
    Halted,
    /// FMC has refused what it was to load, and stopped.
    Failed,
}

/// What a chain of trust message asks for, after FSP has found it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Where the FMC image is in the guest's memory.
    pub fmc: Range<u64>,
    /// Where FMC's boot parameters are in the guest's memory.
    pub boot_params: u64,
    /// Where FRTS is to be in VRAM; absent if a suspended GSP-RM is to be resumed.
    pub frts: Option<Range<u64>>,
}

/// Head and tail of a queue: addresses in EMEM of the first and the last dword.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    head: u32,
    tail: u32,
}

impl Queue {
    fn is_empty(self) -> bool {
        self.head == self.tail
    }
}

/// A command that FSP works on.
#[derive(Debug)]
struct Pending {
    command: Command,
    due_us: u64,
    /// Bus mastering was on when the driver rang.
    was_master: bool,
    /// What the message names could be read then.
    was_readable: bool,
}

/// FSP.
pub struct Fsp {
    chip: &'static Chip,
    vram: u64,
    file: Option<FmcFile>,
    boot: SecureBoot,
    emem: Emem,
    ports: [Port; CHANNELS],
    commands: [Queue; CHANNELS],
    messages: [Queue; CHANNELS],
    host: Host,
    pending: Option<Pending>,
    vgpu_told: bool,
    faults: Faults,
    /// What is in the message queue is the answer that nobody has asked for.
    is_stale: bool,
}

impl Fsp {
    /// FSP of `chip` with `vram` bytes of video memory, with the trouble that `plan` gives it.
    /// Images are compared with `file` if there is one.
    pub fn new(chip: &'static Chip, vram: u64, plan: &Plan, file: Option<FmcFile>) -> Self {
        let mut fsp = Self {
            chip,
            vram,
            file,
            boot: SecureBoot::new(plan.secure_boot.map(|(_, trouble)| trouble)),
            emem: Emem::new(),
            ports: [Port::default(); CHANNELS],
            commands: [Queue::default(); CHANNELS],
            messages: [Queue::default(); CHANNELS],
            host: Host::default(),
            pending: None,
            vgpu_told: false,
            faults: plan.fsp.clone(),
            is_stale: false,
        };
        fsp.reset(0);
        fsp
    }

    /// The registers.
    pub fn regs() -> &'static [Reg] {
        &registers::TABLE
    }

    /// Returns to the state after reset, at `now_us`.
    pub fn reset(&mut self, now_us: u64) {
        self.boot.reset(now_us);
        self.emem = Emem::new();
        self.ports = [Port::default(); CHANNELS];
        self.commands = [Queue::default(); CHANNELS];
        self.messages = [Queue::default(); CHANNELS];
        self.host = Host::default();
        self.pending = None;
        self.vgpu_told = false;
        self.is_stale = self.faults.stale;
        if self.is_stale {
            // Of the request only this is left.
            self.commands[DRIVER] = Queue {
                head: OLD_REQUEST,
                tail: OLD_REQUEST,
            };
            self.publish(nvdm::COT, &packet::answer(nvdm::COT, 0, &[]));
        }
    }

    /// Takes all faults away; what the driver has done stays.
    pub fn mend(&mut self) {
        self.boot.mend();
        self.faults = Faults::default();
        if std::mem::take(&mut self.is_stale) {
            self.messages[DRIVER] = Queue::default();
        }
    }

    /// An access to BAR0 has taken place, of FSP or of somebody else.
    pub fn observe(&mut self, access: Access, cx: &Cx<'_>) {
        if access.op == Op::Read && therm::is_boot_status(self.chip.family, access.address) {
            self.boot.looked_at(cx.now_us);
        }
    }

    /// Reads a register that the table says can be read.
    pub fn read(&mut self, at: At) -> Read {
        let mut effects = Effects::new();
        let register = Register::at(at.address());
        let value = match register {
            Register::Ememc(port) => self.ports[port].value(),
            Register::Ememd(port) => {
                effects.extend(self.judge_data(port, Op::Read));
                let address = self.ports[port].step(Op::Read);
                self.emem.dword(address)
            }
            Register::QueueHead(queue) => self.commands[queue].head,
            Register::QueueTail(queue) => self.commands[queue].tail,
            Register::MsgqHead(queue) => self.messages[queue].head,
            Register::MsgqTail(queue) => {
                if queue == DRIVER && self.is_stale {
                    effects.push(Effect::Fault(faults::STALE));
                }
                self.messages[queue].tail
            }
            Register::Scratch => 0,
        };
        Read { value, effects }
    }

    /// Writes a register that the table says can be written.
    pub fn write(&mut self, at: At, value: u32, cx: &Cx<'_>) -> Effects {
        let register = Register::at(at.address());
        let mut effects = match register.channel() {
            Some(DRIVER) | None => Effects::new(),
            // Data are judged once for each burst.
            Some(_) if matches!(register, Register::Ememd(_)) => Effects::new(),
            Some(channel) => vec![other_channel(channel)],
        };
        match register {
            Register::Ememc(port) => {
                self.ports[port] = Port::set(value);
                if port == DRIVER {
                    self.host.port_set();
                }
            }
            Register::Ememd(port) => {
                effects.extend(self.judge_data(port, Op::Write));
                let address = self.ports[port].step(Op::Write);
                self.emem.set_dword(address, value);
            }
            Register::QueueHead(queue) => {
                self.commands[queue].head = value;
                if queue == DRIVER {
                    effects.extend(self.doorbell(cx));
                }
            }
            Register::QueueTail(queue) => {
                self.commands[queue].tail = value;
                self.host.tail_written |= queue == DRIVER;
            }
            Register::MsgqHead(queue) => {
                let old = self.messages[queue];
                effects.extend(self.acknowledge(queue, Queue { head: value, ..old }));
            }
            Register::MsgqTail(queue) => {
                let old = self.messages[queue];
                effects.extend(self.acknowledge(queue, Queue { tail: value, ..old }));
            }
            Register::Scratch => {}
        }
        effects
    }

    /// Was the driver told that the board is in vGPU mode?
    pub fn vgpu_enabled(&self) -> bool {
        self.vgpu_told
    }

    fn is_ready(&self, now_us: u64) -> bool {
        self.boot.progress(now_us) == COMPLETE
    }

    /// The driver moves data through a port.
    fn judge_data(&mut self, port: usize, op: Op) -> Effects {
        if port != DRIVER {
            return vec![other_channel(port)];
        }
        let in_use = if self.pending.is_some() {
            Some("FSP works on a command")
        } else if !self.messages[DRIVER].is_empty() {
            Some("an answer was not read and acknowledged")
        } else {
            None
        };
        self.host.access(op, self.ports[port], in_use)
    }

    /// The driver sets a message queue, which can only mean that it is empty.
    fn acknowledge(&mut self, queue: usize, new: Queue) -> Effects {
        let old = std::mem::replace(&mut self.messages[queue], new);
        if queue != DRIVER {
            return Effects::new();
        }
        if new.is_empty() {
            self.is_stale = false;
            return Effects::new();
        }
        if new == old {
            return Effects::new();
        }
        vec![flag(
            FspRule::Pointer,
            format!(
                "message queue set to head {:#x} and tail {:#x}, which is not empty",
                new.head, new.tail
            ),
        )]
    }
}

fn other_channel(channel: usize) -> Effect {
    flag(
        FspRule::Extent,
        format!("channel {channel} of FSP used, which is not the driver's"),
    )
}

#[cfg(test)]
pub(crate) mod tests;
