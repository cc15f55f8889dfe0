// SPDX-License-Identifier: GPL-2.0

//! FSP, the foundation security processor of Hopper and Blackwell, as far as a driver meets it: a
//! memory with ports, queues, and commands that it answers.
//!
//! It has no GSP. Whoever owns it says in which state the GSP is, and starts it when a chain of
//! trust message has been [`Accepted`]. Commands are taken at the doorbell and answered a little
//! later, in [`Fsp::settle`], which is to be called before each access and as time passes.

mod commands;
mod cot;
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
    dma::{
        Direction,
        Master, //
    },
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
        Read,
        Transfer, //
    },
    faults::Plan,
    gsp_rm::Access,
    phase::Stage,
    recorder::Op,
    regs::{
        At,
        Reg, //
    },
    violations::{
        Complaint,
        FspRule, //
    },
};

use commands::{
    Board,
    Reply, //
};
use cot::{
    Judge,
    Refusal, //
};
use emem::{
    Emem,
    Port,
    CHANNEL_SIZE, //
};
use faults::{
    AnswerFault,
    Faults, //
};
use host::Host;
use image::ImageError;
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
/// From doorbell to answer.
const WORK_US: u64 = 1_000;
/// The same for the chain of trust, with an image to read and verify.
const COT_WORK_US: u64 = 5_000;

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
    /// SHA-384 of it.
    pub fmc_hash: [u8; signature::HASH_SIZE],
    /// Where FMC's boot parameters are in the guest's memory.
    pub boot_params: u64,
    /// Where FRTS is to be in VRAM; absent if a suspended GSP-RM is to be resumed.
    pub frts: Option<Range<u64>>,
}

impl Accepted {
    /// Is the image still the one that was verified? FMC runs from a copy of its own, but until
    /// the lockdown is released nobody tells the driver that it has been made.
    pub fn judge_image(&self, memory: &Master<'_>) -> Option<Complaint> {
        let what = match image::read(memory, self.fmc.start) {
            Ok(image) if signature::hash(&image) == self.fmc_hash => return None,
            Ok(_) | Err(ImageError::Header(_)) => {
                "FMC image changed before the lockdown was released".into()
            }
            Err(ImageError::Dma(error)) => {
                format!("FMC image cannot be read before the lockdown was released: {error}")
            }
        };
        Some(Complaint::new(FspRule::MemoryInUse, what))
    }
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
    pub fn read(&mut self, at: At, _cx: &Cx<'_>) -> Read {
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
                    self.host.armed();
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

    /// Lets everything happen that is due, while the GSP is in the state `gsp`. What is accepted
    /// has been answered, too.
    pub fn settle(&mut self, gsp: GspState, cx: &Cx<'_>) -> (Effects, Option<Accepted>) {
        let mut effects = Effects::new();
        let is_due = |pending: &mut Pending| pending.due_us <= cx.now_us;
        let Some(pending) = self.pending.take_if(is_due) else {
            return (effects, None);
        };
        let (reply, mut accepted) = self.work(&pending, gsp, cx, &mut effects);
        let kind = pending.command.kind;
        let answer = packet::answer(kind, reply.code, &reply.more);
        let Some(fault) = self.faults.answer else {
            effects.push(self.publish(kind, &answer));
            return (effects, accepted);
        };
        effects.push(Effect::Fault(fault.name()));
        effects.extend(self.publish_spoilt(fault, kind, answer));
        if !fault.is_harmless() {
            self.vgpu_told = false;
            accepted = None;
        }
        (effects, accepted)
    }

    /// Carries a command out.
    fn work(
        &mut self,
        pending: &Pending,
        gsp: GspState,
        cx: &Cx<'_>,
        effects: &mut Effects,
    ) -> (Reply, Option<Accepted>) {
        if pending.command.kind != nvdm::COT {
            let board = Board {
                family: self.chip.family,
                config: cx.config,
                vgpu_mode: self.faults.prc_value.unwrap_or(0),
            };
            let reply = board.handle(&pending.command, effects);
            if let Some(mode) = commands::vgpu_mode(&pending.command, &reply) {
                self.vgpu_told = mode == 1;
                let fault = self.faults.prc_value.map(|_| faults::PRC_VALUE);
                effects.extend(fault.map(Effect::Fault));
            }
            return (reply, None);
        }
        if !cx.progress.has_flush_page() {
            effects.push(flag(
                FspRule::FlushPage,
                "GSP to be started without a flush page in all of its registers",
            ));
        }
        let judge = Judge {
            chip: self.chip,
            vram: self.vram,
            gsp,
            memory: cx.memory(),
            file: self.file.as_ref(),
            was_master: pending.was_master,
            was_readable: pending.was_readable,
        };
        match judge.judge(&pending.command.packet) {
            Ok(accepted) => {
                effects.push(Effect::Transfer(Transfer {
                    by: "FSP",
                    direction: Direction::Read,
                    address: accepted.fmc.start,
                    len: accepted.fmc.end - accepted.fmc.start,
                    blocks: 0,
                }));
                (Reply::default(), Some(accepted))
            }
            Err(Refusal { code, complaint }) => {
                effects.extend(complaint.map(Effect::Complain));
                (Reply::refused(code), None)
            }
        }
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
        let is_unchanged = (old.head, old.tail) == (new.head, new.tail);
        if new.is_empty() {
            self.is_stale = false;
            self.host.burst_ends();
            return Effects::new();
        }
        if is_unchanged {
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

    /// The driver has written the head of its command queue.
    fn doorbell(&mut self, cx: &Cx<'_>) -> Effects {
        let mut effects = Effects::new();
        let Queue { head, tail } = self.commands[DRIVER];
        if head != 0 {
            effects.push(flag(
                FspRule::Pointer,
                format!("QUEUE_HEAD set to {head:#x}, where no packet begins"),
            ));
        }
        let has_tail = self.host.tail_written;
        if !has_tail && (head != tail || self.host.written != 0) {
            effects.push(flag(
                FspRule::TailMissing,
                format!("QUEUE_HEAD written while QUEUE_TAIL still is {tail:#x} from before"),
            ));
        }
        if head == tail {
            return effects;
        }
        if !self.is_ready(cx.now_us) {
            effects.push(flag(
                FspRule::TooEarly,
                "command before FSP has said that it is ready",
            ));
            return effects;
        }
        if self.pending.is_some() {
            effects.push(flag(
                FspRule::EmemInUse,
                "doorbell while FSP works on the command before",
            ));
            return effects;
        }
        if !cx.progress.is_boot_complete() {
            effects.push(flag(
                FspRule::ReadinessNotRead,
                "command by a driver that has not seen that FSP is ready",
            ));
        }
        if !self.messages[DRIVER].is_empty() {
            effects.push(flag(
                FspRule::NotAcknowledged,
                "command while the answer to the one before is still in the message queue",
            ));
        }
        effects.extend(self.take(has_tail, cx));
        effects
    }

    /// Takes the command out of the queue, and looks whether it is one.
    fn take(&mut self, has_tail: bool, cx: &Cx<'_>) -> Effects {
        let mut effects = Effects::new();
        let Queue { head, tail } = self.commands[DRIVER];
        self.commands[DRIVER].head = tail;
        let written = self.host.written;
        self.host = Host::default();
        let packet = match self.packet(head, tail) {
            Ok(packet) => packet,
            Err(what) => {
                effects.push(flag(FspRule::Packet, what));
                return effects;
            }
        };
        if has_tail && head == 0 && packet.len() != 4 * written {
            effects.push(flag(
                FspRule::Extent,
                format!(
                    "QUEUE_TAIL {tail:#x} says that there are {} dwords, and {written} were written",
                    packet.len() / 4
                ),
            ));
        }
        match Command::parse(&packet) {
            Ok(command) => {
                effects.push(Effect::Fsp {
                    to_driver: false,
                    command: command.kind,
                    name: nvdm::name(command.kind),
                    bytes: command.packet.len(),
                });
                if command.kind == nvdm::COT {
                    effects.push(Effect::Stage(Stage::CotSent));
                }
                let work_us = if command.kind == nvdm::COT {
                    COT_WORK_US
                } else {
                    WORK_US
                };
                let late_ms = self.faults.late_ms;
                effects.extend(late_ms.map(|_| Effect::Fault(faults::LATE)));
                self.pending = Some(Pending {
                    was_readable: command.kind == nvdm::COT
                        && cot::is_readable(&command.packet, &cx.memory()),
                    command,
                    due_us: cx.now_us + work_us + 1_000 * late_ms.unwrap_or(0),
                    was_master: cx.config.bus_master(),
                });
            }
            Err(what) => effects.push(flag(FspRule::Packet, what)),
        }
        effects
    }

    /// The packet from `head` to the dword at `tail`.
    fn packet(&self, head: u32, tail: u32) -> Result<Vec<u8>, String> {
        let outside = || {
            format!(
                "packet from {head:#x} to {tail:#x} is not one of whole dwords in the channel, \
                 with both headers"
            )
        };
        let (start, end) = (head as usize, tail as usize + 4);
        let is_whole = head % 4 == 0 && tail % 4 == 0;
        if !is_whole || end > CHANNEL_SIZE || end.saturating_sub(start) < 8 {
            return Err(outside());
        }
        self.emem
            .bytes(start, end)
            .map(<[u8]>::to_vec)
            .ok_or_else(outside)
    }

    /// Publishes an answer that is wrong, if it is there at all.
    fn publish_spoilt(&mut self, fault: AnswerFault, kind: u8, packet: Vec<u8>) -> Option<Effect> {
        let (packet, queue) = fault.apply(packet)?;
        let published = self.publish(kind, &packet);
        self.messages[DRIVER] = queue;
        Some(published)
    }

    /// Puts the answer to a command of type `kind` where the driver finds it.
    fn publish(&mut self, kind: u8, packet: &[u8]) -> Effect {
        self.emem.put(packet);
        // CAST: answers are short.
        let tail = packet.len() as u32 - 4;
        // Drivers read the head first, so it stays as it is and the tail says that there is news.
        self.messages[DRIVER] = Queue { head: 0, tail };
        Effect::Fsp {
            to_driver: true,
            command: kind,
            name: nvdm::name(kind),
            bytes: packet.len(),
        }
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
