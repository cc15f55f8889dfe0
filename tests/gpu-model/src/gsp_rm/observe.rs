// SPDX-License-Identifier: GPL-2.0

//! What GSP-RM notices of accesses to registers: doorbells, acknowledged interrupts, resets, the
//! sequencer's operations.

use super::{
    events, faults,
    memory::{
        GuestMemory,
        Io, //
    },
    registers as reg,
    sequencer::watch::Outcome,
    start,
    status_ring::Worth,
    Access, Findings, GspEffect, GspRm, State,
};
use crate::{
    recorder::Op,
    violations::{
        Complaint,
        GspRule, //
    },
};

impl GspRm {
    /// Takes note of an access to BAR0 that has just taken place, at `now_us`.
    ///
    /// Every access is to be told, in order, from the first [`GspRm::step`] on.
    pub fn observe(
        &mut self,
        now_us: u64,
        access: Access,
        memory: &mut dyn GuestMemory,
    ) -> Vec<GspEffect> {
        let Access { op, address, value } = access;
        self.judge_lockdown(now_us, access, memory);
        let resets = op == Op::Write && address == reg::ENGINE && value & 1 != 0;
        if resets {
            self.core_reset();
        }
        self.follow_sequencer(now_us, access, memory);
        if op == Op::Write {
            match address {
                reg::IRQSCLR if value & reg::SWGEN0 != 0 => self.acknowledged(now_us, memory),
                _ => {}
            }
            let doorbells = reg::DOORBELL..reg::DOORBELL + 8 * reg::DOORBELLS;
            if doorbells.contains(&address) && (address - reg::DOORBELL) % 8 == 0 {
                self.doorbell(now_us, (address - reg::DOORBELL) / 8, memory);
            }
        }
        std::mem::take(&mut self.effects)
    }

    fn doorbell(&mut self, now_us: u64, index: u32, memory: &mut dyn GuestMemory) {
        if index != 0 {
            self.complain(Complaint::new(
                GspRule::DoorbellIndex,
                format!("doorbell {index} was rung; GSP-RM has only doorbell 0"),
            ));
            return;
        }
        // The doorbell of a command that was found before it rang, which may be the one to stop.
        let was_found = self.unheralded_since.take().is_some();
        if matches!(self.state, State::Stopped) && was_found {
            return;
        }
        if matches!(self.state, State::Stopped) {
            self.complain(Complaint::new(
                GspRule::UnloadRequest,
                "the doorbell was rung after GSP-RM had stopped",
            ));
            return;
        }
        let effects = self.step(now_us, memory);
        self.effects.extend(effects);
        self.unheralded_since = None;
    }

    /// The driver has acknowledged the message interrupt and is to look into the queue now.
    fn acknowledged(&mut self, now_us: u64, memory: &mut dyn GuestMemory) {
        let was_raised = std::mem::take(&mut self.raised);
        if !was_raised || !matches!(self.state, State::Running) {
            return;
        }
        let Some(mut link) = self.link.take() else {
            return;
        };
        let mut io = Io {
            memory,
            pages: &link.base.pages,
        };
        if self.faults.event_race && !link.status.is_blocked() {
            let event = events::libos_print("just in time\n");
            link.status.push(event, Worth::Needed);
            self.fault(faults::EVENT_RACE);
            match link.status.flush(&mut io, |_| None) {
                Ok(published) => {
                    for (function, bytes) in published.messages {
                        self.trace(function, bytes);
                    }
                }
                Err(complaint) => self.complain(complaint),
            }
        }
        match link.status.look(&io) {
            Ok(()) if !link.status.is_drained() => self.unread_since = Some(now_us),
            Ok(()) => self.unread_since = None,
            Err(complaint) => self.complain(complaint),
        }
        self.link = Some(link);
    }

    /// The driver resets the GSP.
    fn core_reset(&mut self) {
        match &mut self.state {
            State::Sequencing { watch, halted } if watch.allows_reset() => *halted = true,
            State::Stopped if self.suspended => {}
            State::Stopped | State::Off => self.state = State::Off,
            State::Running | State::Stopping { .. } if !self.fault_fired => {
                self.complain(Complaint::new(
                    GspRule::Teardown,
                    format!("the GSP was reset while GSP-RM was {}", self.state()),
                ));
                self.enter(State::Off);
            }
            _ => self.enter(State::Off),
        }
    }

    fn follow_sequencer(&mut self, now_us: u64, access: Access, memory: &dyn GuestMemory) {
        let State::Sequencing { watch, .. } = &mut self.state else {
            return;
        };
        let mut findings = Findings::new();
        let was_resume = watch.resumes();
        let outcome = watch.access(now_us, access, &mut findings);
        // After another fault, the driver may give up at any point.
        if self.fault_fired && !watch.is_broken() {
            findings.clear();
        }
        match outcome {
            Outcome::Under => {}
            Outcome::Resume { mailboxes } => {
                if mailboxes != self.libos {
                    findings.push(Complaint::new(
                        GspRule::Sequencer,
                        format!(
                            "the GSP is to be resumed with {mailboxes:#x} in its mailboxes, not \
                             with the address {:#x} of the LibOS table",
                            self.libos
                        ),
                    ));
                }
                if start::fingerprint(memory, self.libos) != self.libos_hash {
                    findings.push(Complaint::new(
                        GspRule::BootMemory,
                        "the LibOS table was changed or freed before GSP-RM was resumed",
                    ));
                    self.libos_hash = None;
                }
                self.effects.push(GspEffect::Resumed);
                self.boot_at(now_us);
            }
            // Without a resume GSP-RM has been running all the time.
            Outcome::Over if !was_resume => self.boot_at(now_us),
            // The driver has given up, or does what it likes.
            Outcome::Over => self.enter(State::Off),
        }
        self.complain_all(findings);
    }

    fn judge_lockdown(&mut self, now_us: u64, access: Access, memory: &mut dyn GuestMemory) {
        let Some(mut lockdown) = self.lockdown else {
            return;
        };
        let Some(mut link) = self.link.take() else {
            return;
        };
        let io = Io {
            memory,
            pages: &link.base.pages,
        };
        let is_read = link.status.look(&io).is_ok() && link.status.is_drained();
        self.link = Some(link);
        lockdown.look(now_us, is_read);
        let is_deliberate = lockdown.access(now_us, access.op);
        self.lockdown = Some(lockdown);

        let is_free = matches!(access.address, reg::HWCFG2 | reg::MAILBOX0 | reg::MAILBOX1);
        let is_locked = (reg::GSP..reg::GSP_END).contains(&access.address) && !is_free;
        if is_deliberate && is_locked {
            self.complain(Complaint::new(
                GspRule::Lockdown,
                format!("register {:#x} was used during lockdown", access.address),
            ));
        }
    }
}
