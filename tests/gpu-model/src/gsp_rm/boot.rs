// SPDX-License-Identifier: GPL-2.0

//! From the first instruction to `GSP_INIT_DONE`, and the last thing that GSP-RM does.

use super::{
    command_ring::CommandRing,
    events,
    faults::{
        self,
        Death,
        InterruptFault,
        UnloadFault, //
    },
    fingerprint, function as f,
    memory::{
        self,
        GuestMemory,
        Io, //
    },
    sequencer::{
        self,
        watch::Watch,
        Program, //
    },
    start, static_info,
    status_ring::{
        StatusRing,
        Worth, //
    },
    wire::Message,
    Findings, GspEffect, GspRm, Later, Link, State, AFTER_INIT_US, SPURIOUS, STOPPED,
};
use crate::violations::{
    Complaint,
    GspRule, //
};

impl GspRm {
    pub(super) fn begin(&mut self, now_us: u64, memory: &mut dyn GuestMemory) {
        self.spoke_at = now_us;
        if self.faults.death == Some(Death::Silent) {
            self.fault(Death::Silent.name());
            self.enter(State::Off);
            return;
        }
        let mut findings = Findings::new();
        let begun = if self.resuming {
            self.begin_again(now_us, memory, &mut findings)
        } else {
            self.begin_cold(now_us, memory, &mut findings)
        };
        self.complain_all(findings);
        if let Err(complaint) = begun {
            self.die(complaint);
        }
    }

    fn begin_cold(
        &mut self,
        now_us: u64,
        memory: &mut dyn GuestMemory,
        findings: &mut Findings,
    ) -> Result<(), Complaint> {
        let hash = fingerprint(memory, self.libos);
        if self.libos_hash.is_some() && self.libos_hash != hash {
            findings.push(Complaint::new(
                GspRule::InitTable,
                "the LibOS table was changed between the write to the mailboxes and the start",
            ));
        }
        self.libos_hash = hash;
        let mut base = start::read(memory, self.libos, findings)?;
        let log = &mut base.log_init;
        for (site, argument) in [self.libos, u64::from(self.card.chip.id), now_us]
            .into_iter()
            .enumerate()
        {
            log.record(memory, now_us, site as u64, &[argument])
                .map_err(|error| memory::complaint("write LOGINIT", &error))?;
        }
        let mut io = Io {
            memory,
            pages: &base.pages,
        };
        let status = StatusRing::new(base.geometry, &mut io)?;
        let mut commands = CommandRing::new(base.geometry, base.command_header);
        // What is there already was announced to nobody.
        commands.look(&io, findings)?;
        self.link = Some(Link {
            base,
            commands,
            status,
        });
        let [bar1, bar2] = static_info::bar_roots(&self.card);
        self.effects.push(GspEffect::BarRoots { bar1, bar2 });
        self.enter(State::Settings { system_info: false });
        Ok(())
    }

    fn begin_again(
        &mut self,
        now_us: u64,
        memory: &mut dyn GuestMemory,
        findings: &mut Findings,
    ) -> Result<(), Complaint> {
        self.resuming = false;
        // The driver need not have kept it.
        self.libos_hash = None;
        if let Some(link) = &self.link {
            start::read_again(memory, link.base.rm_args, findings)?;
        }
        self.boot_at(now_us);
        Ok(())
    }

    pub(super) fn after_settings(&mut self, now_us: u64) {
        let due = now_us + self.habits.latency_us;
        for index in 0..self.habits.prefill {
            let line = events::libos_print(&format!("early line {index}\n"));
            self.later.push((due, Later::Event(line, Worth::Needed)));
        }
        if self.habits.noise {
            for event in [
                events::libos_print("emulated PMU: hello\n"),
                events::nocat(now_us, "emulated"),
                events::lockdown(true),
                events::lockdown(false),
            ] {
                self.later
                    .push((due, Later::Event(event, Worth::Droppable)));
            }
        }
        if self.faults.unknown_event {
            self.fault(faults::UNKNOWN_EVENT);
            let event = events::of_number(0x1fff, now_us);
            self.later.push((due, Later::Event(event, Worth::Needed)));
        }
        if self.card.chip.family.boots_by_fsp() {
            self.boot_at(due);
        } else if self.faults.no_sequencer {
            self.fault(faults::NO_SEQUENCER);
            self.boot_at(due);
        } else {
            self.run_sequencer(due);
        }
    }

    fn run_sequencer(&mut self, due: u64) {
        // In the VRAM that GSP-RM keeps for itself, behind the roots of the page tables.
        let image_address = static_info::reserve(&self.card) + 0x1_0000;
        let program: Program = sequencer::program(
            self.habits.sequencer,
            self.card.chip.family,
            image_address,
            self.faults.sequencer,
        );
        if let Some(fault) = self.faults.sequencer {
            self.fault(fault.name());
        }
        if program.runs_image() {
            self.effects.push(GspEffect::WriteVram {
                address: image_address,
                data: sequencer::image().to_vec(),
            });
        }
        let watch = Watch::new(&program, due);
        let event = Message::event(f::GSP_RUN_CPU_SEQUENCER, program.payload.clone());
        self.later.push((due, Later::Event(event, Worth::Needed)));
        if watch.is_over() {
            self.boot_at(due);
            return;
        }
        self.enter(State::Sequencing {
            watch,
            halted: false,
        });
    }

    /// GSP-RM will have booted at `due`, if no fault is in the way.
    pub(super) fn boot_at(&mut self, due: u64) {
        let mut at = due;
        if let Some(ms) = self.faults.late_init_done_ms {
            self.fault(faults::LATE_INIT_DONE);
            at += ms * 1000;
        }
        if self.faults.no_init_done {
            self.fault(faults::NO_INIT_DONE);
            at = u64::MAX;
        }
        self.enter(State::Booting { at });
    }

    pub(super) fn proceed(
        &mut self,
        now_us: u64,
        link: &mut Link,
        io: &mut Io<'_>,
    ) -> Result<(), Complaint> {
        match self.state {
            State::Booting { at } if now_us >= at => {
                if self.libos_hash.is_some()
                    && !self.fault_fired
                    && fingerprint(io.memory, self.libos) != self.libos_hash
                {
                    self.complain(Complaint::new(
                        GspRule::BootMemory,
                        "the LibOS table was changed or freed before GSP-RM has booted",
                    ));
                }
                self.finish_boot(now_us, link, io)
            }
            // What is left to say comes first.
            State::Stopping { at } if now_us >= at && self.later.is_empty() => {
                if !link.status.is_blocked() {
                    self.stop();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn finish_boot(
        &mut self,
        now_us: u64,
        link: &mut Link,
        io: &mut Io<'_>,
    ) -> Result<(), Complaint> {
        let event = events::init_done(self.habits.init_done_payload);
        self.later
            .push((now_us, Later::Event(event, Worth::Needed)));
        if let Some(log) = &mut link.base.log_rm {
            for site in 0x100..0x104 {
                log.record(io.memory, now_us, site, &[site, self.card.vram])
                    .map_err(|error| memory::complaint("write LOGRM", &error))?;
            }
        }
        self.has_booted = true;
        self.enter(State::Running);
        if self.faults.death == Some(Death::AfterInit) {
            // What has been said is still delivered.
            self.reads_commands = false;
            self.fault(Death::AfterInit.name());
            return Ok(());
        }
        if self.faults.stops_reading {
            self.reads_commands = false;
            let read = link.commands.feign_full(io)?;
            link.status.note_read_pointer(read);
            self.fault(faults::STOPS_READING);
        }
        self.plan_events(now_us);
        Ok(())
    }

    fn plan_events(&mut self, now_us: u64) {
        let due = now_us + AFTER_INIT_US;
        if self.habits.noise {
            let line = events::libos_print("emulated PMU: at work\n");
            self.later.push((due, Later::Event(line, Worth::Droppable)));
        }
        if self.faults.unknown_event {
            let event = events::of_number(0x1fff, now_us);
            self.later
                .push((now_us, Later::Event(event, Worth::Needed)));
        }
        if let Some(number) = self.faults.event {
            self.fault(faults::EVENT);
            let event = events::of_number(number, now_us);
            self.later.push((due, Later::Event(event, Worth::Needed)));
        }
        if let Some(count) = self.faults.event_burst {
            self.fault(faults::EVENT_BURST);
            for index in 0..count {
                let line = events::libos_print(&format!("line {index} of a burst\n"));
                self.later.push((now_us, Later::Event(line, Worth::Needed)));
            }
        }
        if let Some(ms) = self.faults.lockdown_ms {
            self.fault(faults::LOCKDOWN);
            let event = events::lockdown(true);
            self.later.push((due, Later::Event(event, Worth::Needed)));
            self.later.push((due + ms * 1000, Later::ReleaseLockdown));
        }
        if self.faults.interrupts == Some(InterruptFault::Spurious) {
            self.fault(InterruptFault::Spurious.name());
            self.later.push((due, Later::Spurious(SPURIOUS)));
        }
    }

    fn stop(&mut self) {
        if self.faults.unload == Some(UnloadFault::NoFlag) {
            self.fault(UnloadFault::NoFlag.name());
            self.enter(State::Off);
            return;
        }
        match self.faults.unload {
            Some(UnloadFault::Mute) => {
                self.fault(UnloadFault::Mute.name());
                self.effects.push(GspEffect::Halt);
            }
            Some(UnloadFault::NoHalt) => {
                self.fault(UnloadFault::NoHalt.name());
                self.effects.push(GspEffect::SetMailbox0(STOPPED));
            }
            _ => {
                self.effects.push(GspEffect::SetMailbox0(STOPPED));
                self.effects.push(GspEffect::Halt);
            }
        }
        self.enter(State::Stopped);
    }
}
