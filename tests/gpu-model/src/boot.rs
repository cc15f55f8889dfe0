// SPDX-License-Identifier: GPL-2.0

//! The way from reset to GSP-RM and back, on chips that boot through SEC2: two falcons, the
//! programs on them, and the few registers in which those leave their results.
//!
//! Nothing is executed. A program that [`identify`] knows has its documented effect, after
//! everything it depends on was checked. It takes effect when the driver has seen it run, or a
//! while later.

pub mod booter;
pub mod bootloader;
pub mod catalogue;
pub mod dirty;
pub mod firmware_dir;
pub mod fwsec;
pub mod identify;
pub mod loader;
mod programs;
pub mod radix3;
pub mod registers;
pub mod wpr2;
pub mod wpr_meta;

use std::ops::Range;

use crate::{
    chips::Chip,
    engines::{
        flag,
        fuse,
        pmc,
        Cx,
        Effect,
        Effects,
        Engine,
        Event,
        Read,
        Whole, //
    },
    falcon::{
        regs::{
            bits,
            offset, //
        },
        Did,
        Falcon,
        Which, //
    },
    faults::{
        falcon::BootFaults,
        Plan, //
    },
    gsp_rm::{
        self,
        habits::Habits,
        Access, //
    },
    phase::Stage,
    regs::{
        At,
        Reg, //
    },
    resident::{
        News,
        Resident, //
    },
    vbios::{
        self,
        fwsec::Fwsec, //
    },
    violations::{
        BusRule,
        FalconRule,
        GspRule, //
    },
};

use booter::Unload;
use catalogue::{
    Hash,
    Task,
    Ucode, //
};
use dirty::Dirty;
use firmware_dir::{
    Firmware,
    GspFiles, //
};
use identify::{
    Program,
    Programs,
    Refusal, //
};
use wpr2::Wpr2;

/// What locked registers read as.
const LOCKED: u32 = 0xbadf_4100;

/// What the model knows of the firmware that drivers load.
#[derive(Debug, Default)]
pub struct Known {
    /// FWSEC of the VBIOS.
    pub fwsec: Option<Fwsec>,
    /// Files on disk.
    pub files: Option<Firmware>,
}

/// The engine.
pub struct Boot {
    chip: &'static Chip,
    vram: u64,
    gsp: Falcon,
    sec2: Falcon,
    catalogue: Vec<Ucode>,
    bootloader: Hash,
    files: Option<GspFiles>,
    fwsec: Option<Fwsec>,
    plan: Plan,
    dirty: Option<Dirty>,
    wpr2: Wpr2,
    frts_error: u32,
    sb_error: u32,
    scrubber: u32,
    resumed: bool,
    /// Guest memory that firmware uses until GSP-RM has booted.
    boot_memory: Vec<Range<u64>>,
    /// Guest memory that the running programs use.
    program_memory: Vec<Range<u64>>,
    /// The libos address that the driver wrote since the last GSP reset.
    handed_over: [Option<u32>; 2],
    /// What the libos table was when the driver wrote its address.
    libos_hash: Option<u64>,
    rm: Resident,
    /// The region of a suspended GSP-RM.
    saved: Option<Range<u64>>,
    /// SEC2 was told to start the GSP again.
    resume_asked: bool,
    /// What was started on the GSP is the program that GSP-RM had the driver load.
    sequencer_runs: bool,
    /// The region was set up by this driver, not by one before it.
    is_ours: bool,
    /// The driver has tried to take it down.
    takedown_tried: bool,
}

impl Boot {
    /// The engine of `chip`, which finds the card as `dirty` says when the machine starts.
    pub fn new(
        chip: &'static Chip,
        vram: u64,
        plan: &Plan,
        known: Known,
        dirty: Option<Dirty>,
        habits: Habits,
    ) -> Self {
        let falcon = |which| Falcon::new(which, chip.family, plan.falcon);
        let mut catalogue = catalogue::known();
        let mut bootloader = catalogue::generic_bootloader();
        let mut files = None;
        if let Some(firmware) = known.files {
            // What is on disk is known more exactly than what is in the table.
            catalogue.retain(|known| {
                let same = |ucode: &Ucode| {
                    (ucode.task, &ucode.directory) == (known.task, &known.directory)
                };
                !firmware.ucodes.iter().any(same)
            });
            catalogue.extend(firmware.ucodes);
            bootloader = firmware.bootloader.unwrap_or(bootloader);
            files = Some(firmware.gsp);
        }
        Self {
            chip,
            vram,
            gsp: falcon(Which::Gsp),
            sec2: falcon(Which::Sec2),
            catalogue,
            bootloader,
            files,
            fwsec: known.fwsec,
            plan: plan.clone(),
            dirty,
            wpr2: Wpr2::default(),
            frts_error: 0,
            sb_error: 0,
            scrubber: 0,
            resumed: false,
            boot_memory: Vec::new(),
            program_memory: Vec::new(),
            handed_over: [None; 2],
            libos_hash: None,
            rm: Resident::new(chip, vram, habits, plan.gsp.clone()),
            saved: None,
            resume_asked: false,
            sequencer_runs: false,
            is_ours: false,
            takedown_tried: false,
        }
    }

    /// A driver that has seen a falcon fail may stop in the middle of what GSP-RM has asked of it.
    fn excuse_driver(&mut self, effects: &[Effect]) {
        let failed = effects.iter().any(|effect| match effect {
            // To be lived with.
            Effect::Fault("reset-ready-never") => false,
            Effect::Fault(_) => true,
            _ => false,
        });
        if failed {
            self.rm.excuse_driver();
        }
    }

    fn faults(&self) -> &BootFaults {
        &self.plan.boot
    }

    fn falcon(&mut self, which: Which) -> &mut Falcon {
        match which {
            Which::Gsp => &mut self.gsp,
            Which::Sec2 => &mut self.sec2,
        }
    }

    /// Lets everything happen that is due.
    fn settle(&mut self, cx: &Cx<'_>) -> Effects {
        let mut effects = self.gsp.settle(cx);
        effects.extend(self.sec2.settle(cx));
        for which in [Which::Gsp, Which::Sec2] {
            let is_resume = which == Which::Sec2 && self.resume_asked && !self.resumed;
            if !is_resume && self.falcon(which).is_due(cx.now_us) {
                effects.extend(self.finish(which, cx));
            }
        }
        effects
    }

    // Start and end of programs --------------------------------------------------------------

    fn started(&mut self, which: Which) -> Effects {
        let mut effects = Effects::new();
        let falcon = self.falcon(which);
        let (rm, mailbox, is_loaded) = (falcon.rm, falcon.mailbox, !falcon.imem.is_untouched());
        if is_loaded && rm != pmc::boot_0(self.chip.id) {
            effects.push(flag(
                FalconRule::RevisionNotTold,
                format!("{} started while FALCON_RM is {rm:#x}", which.name()),
            ));
        }
        if which == Which::Sec2 && self.resume_asked {
            // What runs is not what was loaded; GSP-RM says when it is done.
            effects.push(Effect::Event(Event {
                kind: "falcon",
                op: "start",
                name: "SEC2 resume of the GSP".into(),
                value: None,
            }));
            return effects;
        }
        let program = self.identify(which);
        let name = program_name(&program);
        let stage = match program {
            Ok(Program::Bootloader | Program::Fwsec(_)) => Some(Stage::FwsecRuns),
            Ok(Program::Ucode(ucode)) if ucode.task == Task::BooterLoad => Some(Stage::BooterRuns),
            Ok(Program::Ucode(ucode)) if ucode.task == Task::BooterUnload => {
                Some(Stage::UnloaderRuns)
            }
            _ => None,
        };
        let is_bootloader = matches!(program, Ok(Program::Bootloader));
        let event = Event {
            kind: "falcon",
            op: "start",
            name: format!("{} {name}", which.name()),
            value: Some(u64::from(mailbox[0]) | u64::from(mailbox[1]) << 32),
        };
        effects.push(Effect::Event(event));
        effects.extend(stage.map(Effect::Stage));
        self.takedown_tried |= stage == Some(Stage::UnloaderRuns);
        self.program_memory = self.memory_of(which, is_bootloader);
        effects
    }

    /// Guest memory that the program just started will read, as far as it is known yet.
    fn memory_of(&self, which: Which, is_bootloader: bool) -> Vec<Range<u64>> {
        if is_bootloader {
            return bootloader::Descriptor::read(&self.gsp)
                .map(|descriptor| descriptor.memory().to_vec())
                .unwrap_or_default();
        }
        if which == Which::Gsp {
            return Vec::new();
        }
        let address = address_in(self.sec2.mailbox);
        if Unload::of(self.sec2.mailbox) == Unload::Save(address) && address != 0 {
            let end = address.saturating_add(wpr_meta::SIZE as u64);
            return std::iter::once(address..end).collect();
        }
        Vec::new()
    }

    fn identify(&self, which: Which) -> Result<Program<'_>, Refusal> {
        if which == Which::Gsp && self.sequencer_runs {
            return Ok(Program::Sequencer);
        }
        let falcon = match which {
            Which::Gsp => &self.gsp,
            Which::Sec2 => &self.sec2,
        };
        let version = |which, ucode_id| {
            let register = fuse::version_register(self.chip.family, &self.plan, which, ucode_id);
            fuse::version(register)
        };
        let programs = Programs {
            bootloader: self.bootloader,
            catalogue: &self.catalogue,
            fwsec: self.fwsec.as_ref(),
            directory: firmware_dir::directory(self.chip),
            fuse_version: &version,
        };
        identify::identify(falcon, self.chip.family.loads_by_dma(), &programs)
    }

    fn finish(&mut self, which: Which, cx: &Cx<'_>) -> Effects {
        let mut effects = Effects::new();
        self.program_memory.clear();
        let program = self.identify(which);
        let name = program_name(&program);
        match program {
            Ok(Program::Nothing) => self.falcon(which).halt_without_code(),
            Ok(Program::Sequencer) => self.gsp.halt(Some(0)),
            Ok(Program::Bootloader) => self.finish_bootloader(cx, &mut effects),
            Ok(Program::Fwsec(_)) => self.finish_fwsec(cx, &mut effects),
            Ok(Program::Ucode(ucode)) => {
                let task = ucode.task;
                self.finish_ucode(task, cx, &mut effects);
            }
            Err(Refusal::NoCode(complaint)) => {
                effects.push(Effect::Complain(complaint));
                self.falcon(which).halt_without_code();
            }
            Err(Refusal::Rejected(complaint)) => {
                effects.push(Effect::Complain(complaint));
                self.falcon(which).halt(None);
            }
        }
        effects.push(Effect::Event(Event {
            kind: "falcon",
            op: "halt",
            name: format!("{} {name}", which.name()),
            value: Some(u64::from(self.falcon(which).mailbox[0])),
        }));
        effects
    }

    // GSP-RM ---------------------------------------------------------------------------------

    /// Follows what GSP-RM has done.
    fn heed(&mut self, news: Vec<News>, effects: &mut Effects) {
        for news in news {
            match news {
                News::Booted => self.boot_memory.clear(),
                News::Halted => self.gsp.halt_riscv(),
                News::Resumed => self.resume(effects),
            }
        }
    }

    /// SEC2 has started the GSP again.
    fn resume(&mut self, effects: &mut Effects) {
        let faults = self.faults().clone();
        if faults.resume_never {
            effects.push(Effect::Fault("resume-never"));
            self.rm.forget();
            return;
        }
        let mailbox = match faults.sec2_resume_error {
            Some(code) => {
                effects.push(Effect::Fault("sec2-resume-error"));
                self.rm.forget();
                code
            }
            None => 0,
        };
        self.sec2.halt(Some(mailbox));
        self.resumed = true;
        if faults.riscv_lost_at_resume {
            effects.push(Effect::Fault("riscv-lost-at-resume"));
            self.rm.forget();
        } else if mailbox == 0 {
            self.gsp.start_riscv();
        }
    }

    // Judgement of accesses ------------------------------------------------------------------

    /// The driver asserts reset of `which`.
    fn judge_reset(&self, which: Which, cx: &Cx<'_>) -> Effects {
        let mut effects = Effects::new();
        if !cx.progress.is_boot_complete() {
            effects.push(flag(
                FalconRule::ResetBeforeBoot,
                format!(
                    "{} reset before the card's own firmware was seen to finish",
                    which.name()
                ),
            ));
        }
        if cx.progress.flush_page() == 0 {
            effects.push(flag(
                FalconRule::ResetWithoutFlushPage,
                format!("{} reset while no sysmem flush page is set", which.name()),
            ));
        }
        // That of the GSP itself is judged by GSP-RM.
        if which == Which::Sec2 && self.rm.is_serving() {
            effects.push(flag(
                FalconRule::ResetUnderFirmware,
                "SEC2 reset while GSP-RM runs, which was not told to stop",
            ));
        }
        effects
    }

    /// The driver selects a core of the GSP.
    fn judge_core_select(&self, value: u32) -> Effects {
        if value & bits::BCR_RISCV != 0 || !self.rm.is_alive() {
            return Effects::new();
        }
        vec![flag(
            FalconRule::CoreSelect,
            "falcon core selected while GSP-RM runs on the RISC-V core",
        )]
    }

    /// The driver writes a mailbox of the GSP.
    fn judge_handover(&mut self, index: usize, value: u32) -> Effects {
        if value == self.gsp.mailbox[index] {
            // A known driver writes back what it has read, while memories are being cleared.
            return Effects::new();
        }
        let is_loaded = !self.gsp.imem.is_untouched();
        let old = self.handed_over[index].replace(value);
        if is_loaded || self.gsp.riscv.active || old.is_none() {
            return Effects::new();
        }
        vec![flag(
            FalconRule::Handshake,
            format!("MAILBOX{index} of the GSP changed after the libos address was written"),
        )]
    }
}

/// May the register be read while GSP-RM has locked the others?
fn is_open_in_lockdown(address: u32) -> bool {
    let offset = address - Which::Gsp.base();
    matches!(offset, offset::HWCFG2 | offset::MAILBOX0 | offset::MAILBOX1)
}

/// The address in two mailboxes.
fn address_in(mailbox: [u32; 2]) -> u64 {
    u64::from(mailbox[0]) | u64::from(mailbox[1]) << 32
}

fn program_name(program: &Result<Program<'_>, Refusal>) -> String {
    match program {
        Ok(Program::Nothing) => "without code".into(),
        Ok(Program::Sequencer) => "program of the sequencer".into(),
        Ok(Program::Bootloader) => "FWSEC by the generic bootloader".into(),
        Ok(Program::Fwsec(_)) => "FWSEC".into(),
        Ok(Program::Ucode(ucode)) => ucode.name.clone(),
        Err(_) => "unknown program".into(),
    }
}

impl Engine for Boot {
    fn regs(&self) -> &'static [Reg] {
        &registers::TABLE
    }

    fn mend(&mut self, whole: &Whole) {
        self.plan = Plan::default();
        self.fwsec = vbios::fwsec::find(&whole.rom);
        self.gsp.mend();
        self.sec2.mend();
        self.rm.mend();
    }

    fn reset(&mut self, _now_us: u64) {
        self.gsp.power_on();
        self.sec2.power_on();
        self.wpr2 = Wpr2::default();
        self.frts_error = 0;
        self.sb_error = 0;
        self.scrubber = 0;
        self.resumed = false;
        self.boot_memory.clear();
        self.program_memory.clear();
        self.handed_over = [None; 2];
        self.libos_hash = None;
        self.rm.forget();
        self.saved = None;
        self.resume_asked = false;
        self.sequencer_runs = false;
        self.is_ours = false;
        self.takedown_tried = false;
    }

    fn read(&mut self, at: At, cx: &Cx<'_>) -> Read {
        let mut effects = self.settle(cx);
        let address = at.address();
        let mut read = match Which::at(address) {
            Some(Which::Gsp) if self.rm.is_locked_down() && !is_open_in_lockdown(address) => {
                LOCKED.into()
            }
            Some(which) => self.falcon(which).read(at),
            None => self.read_result(address),
        };
        effects.append(&mut read.effects);
        self.excuse_driver(&effects);
        Read {
            value: read.value,
            effects,
        }
    }

    fn write(&mut self, at: At, value: u32, cx: &Cx<'_>) -> Effects {
        let mut effects = self.settle(cx);
        let Some(which) = Which::at(at.address()) else {
            return effects;
        };
        let offset = at.address() - which.base();
        if which == Which::Gsp {
            match offset {
                offset::MAILBOX0 => effects.extend(self.judge_handover(0, value)),
                offset::MAILBOX1 => effects.extend(self.judge_handover(1, value)),
                offset::BCR_CTRL => effects.extend(self.judge_core_select(value)),
                _ => {}
            }
        }
        let (written, did) = self.falcon(which).write(at, value, cx);
        effects.extend(written);
        if which == Which::Gsp && offset == offset::MAILBOX1 {
            self.libos_hash = gsp_rm::fingerprint(&cx.memory(), address_in(self.gsp.mailbox));
        }
        match did {
            Did::Nothing => {}
            Did::Reset => {
                effects.extend(self.judge_reset(which, cx));
                if which == Which::Gsp {
                    self.handed_over = [None; 2];
                    self.resumed = false;
                    self.resume_asked = false;
                }
            }
            Did::Start => {
                if which == Which::Gsp {
                    self.sequencer_runs = self.rm.is_sequencer_image(&self.gsp);
                }
                self.resume_asked |= which == Which::Sec2 && self.rm.awaits_resume();
                effects.extend(self.started(which));
            }
        }
        effects
    }

    fn tick(&mut self, cx: &Cx<'_>) -> Effects {
        let mut effects = self.settle(cx);
        let news = self.rm.step(&mut self.gsp, cx, &mut effects);
        self.heed(news, &mut effects);
        effects
    }

    fn observe(&mut self, access: Access, cx: &Cx<'_>) -> Effects {
        let mut effects = Effects::new();
        let news = self.rm.observe(access, &mut self.gsp, cx, &mut effects);
        self.heed(news, &mut effects);
        effects
    }

    fn released(&mut self) -> Effects {
        if !self.is_ours || self.takedown_tried {
            return Effects::new();
        }
        let what = if self.gsp.riscv.active {
            "device given back while the RISC-V core of the GSP runs"
        } else if self.wpr2.is_set() {
            "device given back while WPR2 is set"
        } else {
            return Effects::new();
        };
        vec![flag(BusRule::AfterRelease, what)]
    }

    fn uses_memory(&self) -> bool {
        self.rm.is_alive()
    }

    fn unmapped(&mut self, gone: &Range<u64>) -> Effects {
        let overlaps = |range: &Range<u64>| range.start < gone.end && gone.start < range.end;
        let mut effects = self.rm.unmapped(gone);
        let in_flight = [&self.gsp, &self.sec2]
            .into_iter()
            .flat_map(Falcon::transfers_in_flight)
            .any(|range| overlaps(&range));
        if in_flight || self.program_memory.iter().any(overlaps) {
            effects.push(flag(
                FalconRule::MemoryInUse,
                "memory unmapped that a transfer or a running program reads",
            ));
        }
        if self.boot_memory.iter().any(overlaps) {
            // Once is enough: all of it goes away at the same time.
            self.boot_memory.clear();
            effects.push(flag(
                GspRule::BootMemory,
                "memory of the GSP image unmapped before GSP-RM has booted",
            ));
        }
        effects
    }

    fn machine_reset(&mut self) {
        if let Some(dirty) = self.dirty {
            self.make_dirty(dirty);
        }
    }
}

impl Boot {
    fn read_result(&self, address: u32) -> Read {
        if address == registers::RESUMED && !self.resume_asked && !self.resumed {
            let effects = vec![flag(
                FalconRule::Handshake,
                "resume of the GSP awaited, which nobody has asked for",
            )];
            return Read { value: 0, effects };
        }
        let value = match address {
            registers::WPR2_LO => self.wpr2.lo,
            registers::WPR2_HI => self.wpr2.hi,
            registers::FRTS_ERROR => self.frts_error << 16,
            registers::SB_ERROR => self.sb_error,
            registers::RESUMED => u32::from(self.resumed) << 26,
            _ => self.scrubber,
        };
        value.into()
    }
}

#[cfg(test)]
pub(crate) mod tests;
