// SPDX-License-Identifier: GPL-2.0

//! Messages on their way out, and the interrupt that announces them.

use super::{
    events, faults::InterruptFault, function as f, lockdown::Lockdown, memory::Io,
    status_ring::Worth, GspEffect, GspRm, Later, Link, State, SPURIOUS_US, STOPPED,
};
use crate::violations::Complaint;

impl GspRm {
    pub(super) fn do_later(&mut self, now_us: u64, link: &mut Link) {
        let (due, rest) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|(at, _)| *at <= now_us);
        self.later = rest;
        let due: Vec<(u64, Later)> = due;
        for (_, later) in due {
            match later {
                Later::Reply(messages) => {
                    for message in messages {
                        link.status.push(message, Worth::Needed);
                    }
                }
                Later::Event(message, worth) => link.status.push(message, worth),
                Later::ReleaseLockdown => {
                    self.lockdown = None;
                    link.status.push(events::lockdown(false), Worth::Needed);
                }
                Later::Spurious(left) => {
                    self.effects.push(GspEffect::SpuriousInterrupt);
                    if left > 1 {
                        let next = Later::Spurious(left - 1);
                        self.later.push((now_us.saturating_add(SPURIOUS_US), next));
                    }
                }
            }
        }
    }

    pub(super) fn flush(
        &mut self,
        now_us: u64,
        link: &mut Link,
        io: &mut Io<'_>,
    ) -> Result<(), Complaint> {
        let faults = &self.faults;
        let published = link.status.flush(io, |index| faults.corruption(index))?;
        if let Some(fault) = published.corrupted {
            self.fault(fault);
        }
        for function in published.dropped {
            self.effects.push(GspEffect::State("event-dropped"));
            self.trace(function, 0);
        }
        if published.messages.is_empty() {
            return Ok(());
        }
        self.spoke_at = now_us;
        for (function, bytes) in published.messages {
            self.trace(function, bytes);
            match function {
                f::GSP_RUN_CPU_SEQUENCER => self.hand_over(now_us),
                f::GSP_LOCKDOWN_NOTICE if self.faults.lockdown_ms.is_some() => {
                    // The last one that was published counts; both come once.
                    let engages = self.has_booted && self.lockdown_is_planned();
                    self.lockdown = engages.then(Lockdown::default);
                }
                _ => {}
            }
        }
        self.raise();
        Ok(())
    }

    fn lockdown_is_planned(&self) -> bool {
        self.later
            .iter()
            .any(|(_, later)| matches!(later, Later::ReleaseLockdown))
    }

    /// From here on the driver does what the sequencer's program says.
    fn hand_over(&mut self, now_us: u64) {
        if let State::Sequencing { watch, halted } = &mut self.state {
            watch.begin(now_us);
            if watch.resumes() {
                *halted = true;
                self.effects.push(GspEffect::SetMailbox0(STOPPED));
            }
        }
    }

    fn raise(&mut self) {
        let deliver = self.faults.interrupts != Some(InterruptFault::None);
        if !deliver {
            self.fault(InterruptFault::None.name());
        }
        self.raised = true;
        self.effects.push(GspEffect::RaiseSwgen0 { deliver });
    }

    pub(super) fn leave_torso(
        &mut self,
        link: &mut Link,
        io: &mut Io<'_>,
    ) -> Result<(), Complaint> {
        self.do_later(u64::MAX, link);
        link.status.leave_torso(io, 1000)
    }
}
