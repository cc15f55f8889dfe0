// SPDX-License-Identifier: GPL-2.0

//! Between the registers of the GSP and GSP-RM, which knows none.

use std::ops::Range;

use super::{
    address_in,
    Boot, //
};
use crate::{
    apertures::Window,
    dma::{
        DmaError,
        Master, //
    },
    engines::{
        Cx,
        Effect,
        Effects,
        Event, //
    },
    falcon::regs::bits,
    gsp_rm::{
        memory::GuestMemory,
        sequencer,
        Access,
        BarEntry,
        CardFacts,
        GspEffect,
        GspRm,
        WprLayout,
        GSP_VECTOR, //
    },
    phase::Stage,
};

impl GuestMemory for Master<'_> {
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), DmaError> {
        Master::read(self, address, out)
    }

    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), DmaError> {
        Master::write(self, address, data)
    }
}

/// Where the subsystem ids are in the configuration space.
const SUBSYSTEM: u64 = 0x2c;
/// Where the class and revision are.
const REVISION: u64 = 0x08;

impl Boot {
    /// GSP-RM begins, with the libos table that the mailboxes name.
    pub(super) fn start_rm(&mut self, layout: WprLayout, cx: &Cx<'_>, effects: &mut Effects) {
        let facts = CardFacts {
            chip: self.chip,
            vram: self.vram,
            registers: cx.config.bar_address(0).unwrap_or(0),
            framebuffer: cx.config.bar_address(1).unwrap_or(0),
            instance: cx.config.bar_address(3).unwrap_or(0),
            device_id: cx.config.dword(0),
            subsystem_id: cx.config.dword(SUBSYSTEM),
            // CAST: the lowest byte.
            revision: cx.config.dword(REVISION) as u8,
            config_mirror: self.chip.family.config_mirror(),
            wpr: layout,
        };
        let libos = address_in(self.gsp.mailbox);
        self.rm = Some(GspRm::start(
            facts,
            libos,
            self.libos_hash,
            self.habits,
            self.plan.gsp.clone(),
        ));
        self.step_rm(cx, effects);
    }

    /// Lets GSP-RM work.
    pub(super) fn step_rm(&mut self, cx: &Cx<'_>, effects: &mut Effects) {
        let Some(rm) = &mut self.rm else { return };
        let done = rm.step(cx.now_us, &mut cx.memory());
        self.carry_out_rm(done, cx, effects);
    }

    /// Tells GSP-RM of an access.
    pub(super) fn tell_rm(&mut self, access: Access, cx: &Cx<'_>) -> Effects {
        let mut effects = Effects::new();
        let Some(rm) = &mut self.rm else {
            return effects;
        };
        let done = rm.observe(cx.now_us, access, &mut cx.memory());
        self.carry_out_rm(done, cx, &mut effects);
        effects
    }

    /// Tells GSP-RM that memory has gone.
    pub(super) fn unmapped_rm(&mut self, gone: &Range<u64>) -> Effects {
        let Some(rm) = &mut self.rm else {
            return Effects::new();
        };
        let complaints = rm.unmapped(gone).into_iter();
        complaints
            .filter_map(|effect| match effect {
                GspEffect::Complain(complaint) => Some(Effect::Complain(complaint)),
                _ => None,
            })
            .collect()
    }

    /// Does GSP-RM of this driver work with the guest's memory?
    pub(super) fn rm_is_alive(&self) -> bool {
        self.rm.as_ref().is_some_and(GspRm::is_active)
    }

    /// Does GSP-RM serve calls, and has nobody told it to stop?
    pub(super) fn rm_is_serving(&self) -> bool {
        self.rm.as_ref().is_some_and(|rm| rm.state() == "running")
    }

    /// Is the program on the GSP the one that GSP-RM had the driver load?
    pub(super) fn is_sequencer_image(&self) -> bool {
        let start = self.gsp.imem.bytes(0, sequencer::MAGIC.len());
        self.rm.as_ref().is_some_and(GspRm::awaits_image) && start == Some(&sequencer::MAGIC)
    }

    /// Is the next start of SEC2 the resume?
    pub(super) fn awaits_resume(&self) -> bool {
        self.rm.as_ref().is_some_and(GspRm::awaits_resume)
    }

    /// Are the registers of the GSP locked?
    pub(super) fn is_locked_down(&self) -> bool {
        self.rm.as_ref().is_some_and(GspRm::is_locked_down)
    }

    fn carry_out_rm(&mut self, done: Vec<GspEffect>, cx: &Cx<'_>, effects: &mut Effects) {
        for effect in done {
            match effect {
                GspEffect::Complain(complaint) => effects.push(Effect::Complain(complaint)),
                GspEffect::RaiseSwgen0 { deliver } => {
                    self.gsp.riscv_irqmask |= bits::IRQ_SWGEN0;
                    let is_pending = self.gsp.raise(bits::IRQ_SWGEN0);
                    if deliver && is_pending {
                        effects.push(Effect::Vector(GSP_VECTOR));
                    }
                }
                GspEffect::SpuriousInterrupt => effects.push(Effect::Vector(GSP_VECTOR)),
                GspEffect::SetMailbox0(value) => self.gsp.mailbox[0] = value,
                GspEffect::Halt => {
                    self.gsp.riscv.active = false;
                    self.gsp.riscv.halted = true;
                }
                GspEffect::Resumed => self.resume(effects),
                GspEffect::WriteVram { address, data } => {
                    if let Err(error) = cx.vram.write(address, &data) {
                        eprintln!("gpu-model: GSP-RM cannot write VRAM at {address:#x}: {error}");
                    }
                }
                GspEffect::BarRoots { bar1, bar2 } => {
                    effects.push(Effect::WindowRoots { bar1, bar2 });
                }
                GspEffect::BarEntry(BarEntry { bar, entry, .. }) => {
                    let window = if bar == 0 { Window::Bar1 } else { Window::Bar2 };
                    effects.push(Effect::WindowEntry { window, entry });
                }
                GspEffect::Message {
                    to_driver,
                    function,
                    name,
                    bytes,
                } => effects.push(Effect::Rpc {
                    to_driver,
                    function,
                    name,
                    bytes,
                }),
                GspEffect::State(name) => self.rm_state(name, effects),
                GspEffect::Fault(name) => effects.push(Effect::Fault(name)),
            }
        }
    }

    fn rm_state(&mut self, name: &'static str, effects: &mut Effects) {
        effects.push(Effect::Event(Event {
            kind: "gsp_rm",
            op: "",
            name: name.to_owned(),
            value: None,
        }));
        match name {
            "running" => {
                // From here on it needs nothing of what it was booted from.
                self.boot_memory.clear();
                effects.push(Effect::Stage(Stage::GspReady));
            }
            "stopped" => effects.push(Effect::Stage(Stage::GspSuspended)),
            _ => {}
        }
    }

    /// SEC2 has started the GSP again.
    fn resume(&mut self, effects: &mut Effects) {
        let faults = self.faults().clone();
        if faults.resume_never {
            effects.push(Effect::Fault("resume-never"));
            self.rm = None;
            return;
        }
        let mailbox = match faults.sec2_resume_error {
            Some(code) => {
                effects.push(Effect::Fault("sec2-resume-error"));
                self.rm = None;
                code
            }
            None => 0,
        };
        self.sec2.halt(Some(mailbox));
        self.resumed = true;
        if faults.riscv_lost_at_resume {
            effects.push(Effect::Fault("riscv-lost-at-resume"));
            self.rm = None;
        } else if mailbox == 0 {
            self.gsp.start_riscv();
        }
    }
}
