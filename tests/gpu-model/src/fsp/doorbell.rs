// SPDX-License-Identifier: GPL-2.0

//! The doorbell: what is in the command queue, and whether it is a command.

use super::{
    cot,
    emem::CHANNEL_SIZE,
    faults,
    host::Host,
    packet::{
        nvdm,
        Command, //
    },
    Fsp,
    Pending,
    Queue,
    DRIVER, //
};
use crate::{
    engines::{
        flag,
        Cx,
        Effect,
        Effects, //
    },
    phase::Stage,
    violations::FspRule,
};

/// From doorbell to answer.
const WORK_US: u64 = 1_000;
/// The same for the chain of trust, with an image to read and verify.
const COT_WORK_US: u64 = 5_000;

impl Fsp {
    /// The driver has written the head of its command queue.
    pub(super) fn doorbell(&mut self, cx: &Cx<'_>) -> Effects {
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
                    if !cx.progress.has_flush_page() {
                        effects.push(flag(
                            FspRule::FlushPage,
                            "GSP to be started without a flush page in all of its registers",
                        ));
                    }
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
}
