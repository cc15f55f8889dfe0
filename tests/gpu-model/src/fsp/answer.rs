// SPDX-License-Identifier: GPL-2.0

//! The work on a command, and its answer.

use super::{
    commands::{
        self,
        Board,
        Reply, //
    },
    cot::{
        Judge,
        Refusal, //
    },
    faults::{
        self,
        AnswerFault, //
    },
    packet::{
        self,
        nvdm, //
    },
    Accepted,
    Fsp,
    GspState,
    Pending,
    Queue,
    DRIVER, //
};
use crate::{
    dma::Direction,
    engines::{
        Cx,
        Effect,
        Effects,
        Transfer, //
    },
};

impl Fsp {
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

    /// Publishes an answer that is wrong, if it is there at all.
    fn publish_spoilt(&mut self, fault: AnswerFault, kind: u8, packet: Vec<u8>) -> Option<Effect> {
        let (packet, queue) = fault.apply(packet)?;
        let published = self.publish(kind, &packet);
        self.messages[DRIVER] = queue;
        Some(published)
    }

    /// Puts the answer to a command of type `kind` where the driver finds it.
    pub(super) fn publish(&mut self, kind: u8, packet: &[u8]) -> Effect {
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
