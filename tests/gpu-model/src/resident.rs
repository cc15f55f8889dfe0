// SPDX-License-Identifier: GPL-2.0

//! What runs on the GSP: between its registers, which an engine owns, and GSP-RM, which knows none.
//!
//! The engines differ in how GSP-RM gets onto the GSP and what is left when it has gone; what happens
//! in between is here. Of that, they are told what concerns them as [`News`].

use std::ops::Range;

use crate::{
    apertures::Window,
    chips::Chip,
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
    falcon::{
        regs::bits,
        Falcon, //
    },
    gsp_rm::{
        faults::Faults,
        habits::Habits,
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

/// What GSP-RM has done that its engine has to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It has said that it has booted: it needs nothing any more of what it was booted from.
    Booted,
    /// The RISC-V core is to halt.
    Halted,
    /// SEC2 is to start the core again.
    Resumed,
}

/// From where GSP-RM begins.
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// Bus address of the LibOS table.
    pub libos: u64,
    /// What the table was like when the driver named it, if it could be read.
    pub libos_hash: Option<u64>,
    /// Where the protected region is.
    pub layout: WprLayout,
}

/// GSP-RM, if it is there.
pub struct Resident {
    chip: &'static Chip,
    vram: u64,
    habits: Habits,
    faults: Faults,
    rm: Option<GspRm>,
}

impl Resident {
    /// Nothing runs on the GSP of a card with `chip` and `vram` bytes of memory.
    pub fn new(chip: &'static Chip, vram: u64, habits: Habits, faults: Faults) -> Self {
        Self {
            chip,
            vram,
            habits,
            faults,
            rm: None,
        }
    }

    /// Takes faults away.
    pub fn mend(&mut self) {
        self.faults = Faults::default();
        if let Some(rm) = &mut self.rm {
            rm.mend();
        }
    }

    /// It is gone, with all it knew.
    pub fn forget(&mut self) {
        self.rm = None;
    }

    /// GSP-RM begins, and has the interrupts of `core`.
    pub fn start(
        &mut self,
        begin: Begin,
        core: &mut Falcon,
        cx: &Cx<'_>,
        effects: &mut Effects,
    ) -> Vec<News> {
        // The apertures follow BAR0, which takes two registers on some chips.
        let first = if self.chip.family.bar0_is_64bit() {
            2
        } else {
            1
        };
        let address = |bar| cx.config.bar_address(bar).unwrap_or(0);
        let facts = CardFacts {
            chip: self.chip,
            vram: self.vram,
            registers: address(0),
            framebuffer: address(first),
            instance: address(first + 2),
            device_id: cx.config.dword(0),
            subsystem_id: cx.config.dword(SUBSYSTEM),
            // CAST: the lowest byte.
            revision: cx.config.dword(REVISION) as u8,
            config_mirror: self.chip.family.config_mirror(),
            wpr: begin.layout,
        };
        self.rm = Some(GspRm::start(
            facts,
            begin.libos,
            begin.libos_hash,
            self.habits,
            self.faults.clone(),
        ));
        self.step(core, cx, effects)
    }

    /// GSP-RM goes on after a suspend; nothing happens if it was not suspended.
    pub fn resume(&mut self, core: &mut Falcon, cx: &Cx<'_>, effects: &mut Effects) -> Vec<News> {
        if let Some(rm) = &mut self.rm {
            rm.resume();
        }
        self.step(core, cx, effects)
    }

    /// Lets GSP-RM work.
    pub fn step(&mut self, core: &mut Falcon, cx: &Cx<'_>, effects: &mut Effects) -> Vec<News> {
        let Some(rm) = &mut self.rm else {
            return Vec::new();
        };
        let done = rm.step(cx.now_us, &mut cx.memory());
        carry_out(done, core, cx, effects)
    }

    /// Tells GSP-RM of an access.
    pub fn observe(
        &mut self,
        access: Access,
        core: &mut Falcon,
        cx: &Cx<'_>,
        effects: &mut Effects,
    ) -> Vec<News> {
        let Some(rm) = &mut self.rm else {
            return Vec::new();
        };
        let done = rm.observe(cx.now_us, access, &mut cx.memory());
        carry_out(done, core, cx, effects)
    }

    /// Tells GSP-RM that memory has gone.
    pub fn unmapped(&mut self, gone: &Range<u64>) -> Effects {
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

    /// A driver that has seen something else fail may stop in the middle of what GSP-RM has asked of
    /// it.
    pub fn excuse_driver(&mut self) {
        if let Some(rm) = &mut self.rm {
            rm.excuse_driver();
        }
    }

    /// Does GSP-RM of this driver work with the guest's memory?
    pub fn is_alive(&self) -> bool {
        self.rm.as_ref().is_some_and(GspRm::is_active)
    }

    /// Does GSP-RM serve calls, and has nobody told it to stop?
    pub fn is_serving(&self) -> bool {
        self.rm.as_ref().is_some_and(|rm| rm.state() == "running")
    }

    /// Has it been told to sleep, and done so?
    pub fn is_suspended(&self) -> bool {
        self.rm.as_ref().is_some_and(GspRm::is_suspended)
    }

    /// Has it stopped because the driver asked for it?
    pub fn has_stopped(&self) -> bool {
        self.rm.as_ref().is_some_and(GspRm::has_stopped)
    }

    /// What GSP-RM has, or had when it stopped, in this guest memory.
    pub fn owner_of(&self, range: &Range<u64>) -> Option<String> {
        self.rm.as_ref()?.owner_of(range)
    }

    /// Is the program on the GSP the one that GSP-RM had the driver load?
    pub fn is_sequencer_image(&self, core: &Falcon) -> bool {
        let start = core.imem.bytes(0, sequencer::MAGIC.len());
        self.rm.as_ref().is_some_and(GspRm::awaits_image) && start == Some(&sequencer::MAGIC)
    }

    /// Is the next start of SEC2 the resume?
    pub fn awaits_resume(&self) -> bool {
        self.rm.as_ref().is_some_and(GspRm::awaits_resume)
    }

    /// Are the registers of the GSP locked?
    pub fn is_locked_down(&self) -> bool {
        self.rm.as_ref().is_some_and(GspRm::is_locked_down)
    }
}

fn carry_out(
    done: Vec<GspEffect>,
    core: &mut Falcon,
    cx: &Cx<'_>,
    effects: &mut Effects,
) -> Vec<News> {
    let mut news = Vec::new();
    for effect in done {
        match effect {
            GspEffect::Complain(complaint) => effects.push(Effect::Complain(complaint)),
            GspEffect::RaiseSwgen0 { deliver } => {
                core.riscv_irqmask |= bits::IRQ_SWGEN0;
                let is_pending = core.raise(bits::IRQ_SWGEN0);
                if deliver && is_pending {
                    effects.push(Effect::Vector(GSP_VECTOR));
                }
            }
            GspEffect::SpuriousInterrupt => effects.push(Effect::Vector(GSP_VECTOR)),
            GspEffect::SetMailbox0(value) => core.mailbox[0] = value,
            GspEffect::Halt => news.push(News::Halted),
            GspEffect::Resumed => news.push(News::Resumed),
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
            GspEffect::State(name) => {
                effects.push(Effect::Event(Event {
                    kind: "gsp_rm",
                    op: "",
                    name: name.to_owned(),
                    value: None,
                }));
                match name {
                    "running" => {
                        news.push(News::Booted);
                        effects.push(Effect::Stage(Stage::GspReady));
                    }
                    "stopped" => effects.push(Effect::Stage(Stage::GspSuspended)),
                    _ => {}
                }
            }
            GspEffect::Fault(name) => effects.push(Effect::Fault(name)),
        }
    }
    news
}
