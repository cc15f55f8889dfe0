// SPDX-License-Identifier: GPL-2.0

//! Commands on their way in: in which order they may come, and who answers them.

use super::{
    command_ring, events,
    faults::{
        Death,
        ReplyFault,
        UnloadFault, //
    },
    function as f,
    memory::Io,
    objects, registry,
    server::{
        self,
        Answer, //
    },
    system_info,
    wire::{
        u32_at,
        Command,
        Message, //
    },
    Findings, GspEffect, GspRm, Later, Link, State, PATIENCE_US, STOPPING_US,
};
use crate::violations::{
    Complaint,
    GspRule, //
};

impl GspRm {
    pub(super) fn take_commands(
        &mut self,
        now_us: u64,
        link: &mut Link,
        io: &mut Io<'_>,
    ) -> Result<(), Complaint> {
        // While an answer waits for room, GSP-RM does nothing else.
        while self.reads_commands && !link.status.is_blocked() && !self.is_silent() {
            let mut findings = Findings::new();
            let command = link.commands.take(now_us, io, &mut findings);
            self.complain_all(findings);
            let Some(command) = command? else {
                break;
            };
            self.effects.push(GspEffect::Message {
                to_driver: false,
                function: command.header.function,
                name: f::name(command.header.function),
                bytes: command.payload.len(),
            });
            self.judge_overlap(&command);
            let read = link.commands.give_back(io)?;
            link.status.note_read_pointer(read);
            self.receive(now_us, command);
            if matches!(self.state, State::Off) {
                self.leave_torso(link, io)?;
                break;
            }
        }
        Ok(())
    }

    /// Only one call may be under way.
    fn judge_overlap(&mut self, command: &Command) {
        let waits = self
            .later
            .iter()
            .any(|(_, later)| matches!(later, Later::Reply(_)));
        if f::is_async(command.header.function) || self.is_stopping() {
            return;
        }
        if std::mem::take(&mut self.overlapped) || waits {
            self.complain(Complaint::new(
                GspRule::Overlap,
                format!(
                    "function {} was called before the call before it was answered",
                    command.header.function
                ),
            ));
        }
    }

    fn receive(&mut self, now_us: u64, command: Command) {
        if self.is_stopping() {
            self.complain(Complaint::new(
                GspRule::UnloadRequest,
                format!(
                    "function {} was called after UNLOADING_GUEST_DRIVER",
                    command.header.function
                ),
            ));
            return;
        }
        if !command_ring::is_readable(&command.header) {
            self.refuse(now_us, &command);
            return;
        }
        let mut findings = Findings::new();
        let assembled = self.assembler.feed(command, &mut findings);
        self.complain_all(findings);
        if let Some(refused) = assembled.refused {
            self.refuse(now_us, &refused);
        }
        if let Some(command) = assembled.complete {
            self.handle(now_us, &command);
        }
    }

    fn handle(&mut self, now_us: u64, command: &Command) {
        let mut findings = Findings::new();
        match command.header.function {
            f::GSP_SET_SYSTEM_INFO | f::SET_REGISTRY => {
                self.take_setting(now_us, command, &mut findings);
            }
            f::UNLOADING_GUEST_DRIVER => self.unload(now_us, command, &mut findings),
            function if !self.has_booted => {
                findings.push(Complaint::new(
                    GspRule::Order,
                    format!("function {function} was called before GSP-RM has booted"),
                ));
                if !f::is_async(function) {
                    let answer = Answer::bare(objects::status::INVALID_STATE);
                    self.reply(now_us, answer.messages(command));
                }
            }
            _ => self.serve(now_us, command, &mut findings),
        }
        self.complain_all(findings);
    }

    fn take_setting(&mut self, now_us: u64, command: &Command, findings: &mut Findings) {
        let function = command.header.function;
        let is_info = function == f::GSP_SET_SYSTEM_INFO;
        let fits = server::has_right_size(command, findings);
        match self.state {
            State::Settings { system_info } if system_info != is_info => {}
            _ => findings.push(Complaint::new(
                GspRule::Order,
                format!(
                    "{} came when GSP-RM was {}; it wants GSP_SET_SYSTEM_INFO, then SET_REGISTRY, \
                     each once",
                    f::name(function),
                    self.state()
                ),
            )),
        }
        let State::Settings { system_info } = &mut self.state else {
            return;
        };
        if is_info {
            *system_info = true;
            if fits {
                system_info::judge(&command.payload, &self.card, findings);
            }
            return;
        }
        self.settings = registry::parse(&command.payload, findings);
        self.after_settings(now_us);
    }

    fn serve(&mut self, now_us: u64, command: &Command, findings: &mut Findings) {
        let function = command.header.function;
        if self.told_static_info && self.faults.death == Some(Death::Crash) {
            let answer = self.server.serve(command, &self.faults, findings);
            // Nothing else will ever be said.
            self.later = vec![(now_us, Later::Reply(answer.messages(command)))];
            self.fault(Death::Crash.name());
            self.effects.push(GspEffect::Halt);
            self.enter(State::Off);
            return;
        }
        let answer = self.server.serve(command, &self.faults, findings);
        let entries = self.server.take_bar_entries();
        self.effects
            .extend(entries.into_iter().map(GspEffect::BarEntry));
        let mut messages = answer.messages(command);
        if function == f::GET_GSP_STATIC_INFO {
            self.told_static_info = true;
            self.spoil_static_info(&mut messages);
        }
        if function == f::GSP_RM_CONTROL {
            let table = u32_at(&command.payload, 8) == 0x2080_0a5c;
            if let Some(fault) = self.faults.interrupt_table.filter(|_| table) {
                self.fault(fault.name());
            }
        }
        if !f::is_async(function) {
            self.reply(now_us, messages);
        }
    }

    fn spoil_static_info(&mut self, messages: &mut Vec<Message>) {
        if let Some(fault) = self.faults.static_info {
            self.fault(fault.name());
        }
        let Some(fault) = self.faults.reply else {
            return;
        };
        self.fault(fault.name());
        match fault {
            ReplyFault::WrongFunction => messages[0].function += 1,
            ReplyFault::BrokenContinuation => {
                messages.insert(1, events::libos_print("in between\n"));
            }
            ReplyFault::Error(_) | ReplyFault::Short => {}
        }
    }

    fn unload(&mut self, now_us: u64, command: &Command, findings: &mut Findings) {
        let excused = self.fault_fired || now_us - self.spoke_at >= PATIENCE_US;
        if !self.has_booted && !excused {
            findings.push(Complaint::new(
                GspRule::Order,
                "UNLOADING_GUEST_DRIVER was called before GSP-RM has booted",
            ));
        }
        let mut suspends = false;
        if server::has_right_size(command, findings) {
            let payload = &command.payload;
            let (in_transition, gc6, level) = (payload[0], payload[1], u32_at(payload, 4));
            suspends = level != 0;
            let fits = u32::from(in_transition) == u32::from(suspends)
                && gc6 <= in_transition
                && matches!(level, 0 | 3 | 7);
            if !fits {
                findings.push(Complaint::new(
                    GspRule::UnloadRequest,
                    format!(
                        "UNLOADING_GUEST_DRIVER with in transition {in_transition}, GC6 {gc6}, \
                         level {level}"
                    ),
                ));
            }
        }
        self.suspended = suspends;
        if self.faults.unload == Some(UnloadFault::NoReply) {
            self.fault(UnloadFault::NoReply.name());
        } else {
            self.reply(now_us, Answer::bare(0).messages(command));
        }
        let at = now_us + self.habits.latency_us + STOPPING_US;
        self.enter(State::Stopping { at });
    }

    fn refuse(&mut self, now_us: u64, command: &Command) {
        let is_silent = f::is_async(command.header.function)
            && command.header.function != f::CONTINUATION_RECORD;
        if !is_silent {
            let answer = Answer::bare(server::result::INVALID_FORMAT);
            self.reply(now_us, answer.messages(command));
        }
    }

    pub(super) fn reply(&mut self, now_us: u64, messages: Vec<Message>) {
        let due = now_us + self.habits.latency_us;
        self.later.push((due, Later::Reply(messages)));
    }
}
