// SPDX-License-Identifier: GPL-2.0

//! The way from reset to GSP-RM and back, on chips that boot through FSP: FSP itself, the GSP with the
//! FMC that FSP starts on it, and the few registers in which that shows.
//!
//! The driver sends one message to [`Fsp`] and then looks at the GSP until GSP-RM runs. It loads
//! nothing and starts nothing; what it may touch of the GSP meanwhile is little. Nothing is executed:
//! FMC reads and checks what the real one would read, and each of its steps takes a while.

mod dirty;
mod fmc;
mod judge;
mod params;
mod plan;
mod registers;
mod witness;

use std::ops::Range;

use crate::{
    bar0::PRI_ERROR,
    boot::{
        dirty::Dirty,
        firmware_dir::{
            Firmware,
            GspFiles, //
        },
        wpr2::Wpr2, //
    },
    chips::Chip,
    engines::{
        flag,
        Cx,
        Effect,
        Effects,
        Engine,
        Read,
        Whole, //
    },
    falcon::{
        regs::{
            bits,
            offset, //
        },
        Falcon,
        Which, //
    },
    faults::{
        fmc::FmcFaults,
        Plan, //
    },
    fsp::{
        Fsp,
        GspState, //
    },
    gsp_rm::{
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
    violations::{
        BusRule,
        FspRule,
        GspRule, //
    },
};

use fmc::Job;

/// What registers of the GSP read as while others own them; the low byte says who, and varies.
const LOCKED: u32 = 0xbadf_4100;
/// From the last word of GSP-RM to the core's halt.
const HALTING_US: u64 = 500;
/// The same, of one that a former driver has left, from the first look at it.
const LATE_HALT_US: u64 = 500_000;

/// How far the GSP has come.
#[derive(Debug)]
enum State {
    /// Nothing was started since reset.
    Off,
    /// FSP has started FMC.
    Starting(Box<Job>),
    /// GSP-RM has the GSP, or what is left of it.
    Running,
    /// GSP-RM has stopped, and the core halts then.
    Halting {
        /// When, in microseconds; a while after the driver first looks, if absent.
        at: Option<u64>,
    },
    /// GSP-RM has stopped.
    Halted {
        /// Has the driver seen that?
        seen: bool,
    },
    /// FMC has refused to start it.
    Failed,
}

/// The engine.
pub struct FspBoot {
    chip: &'static Chip,
    vram: u64,
    fsp: Fsp,
    gsp: Falcon,
    /// The lockdown shows.
    lockdown: bool,
    rm: Resident,
    state: State,
    wpr2: Wpr2,
    /// The region of a suspended GSP-RM.
    saved: Option<plan::Layout>,
    files: Option<GspFiles>,
    faults: FmcFaults,
    dirty: Option<Dirty>,
    /// Guest memory that holds what GSP-RM is booted from.
    boot_memory: Vec<Range<u64>>,
    /// An injected fault has changed something: the driver may give up at any time.
    excused: bool,
    /// Reads of locked registers, so that no two look the same.
    locked_reads: u32,
}

impl FspBoot {
    /// The engine of `chip`, which finds the card as `dirty` says when the machine starts.
    pub fn new(
        chip: &'static Chip,
        vram: u64,
        plan: &Plan,
        files: Option<Firmware>,
        dirty: Option<Dirty>,
        habits: Habits,
    ) -> Self {
        let (fmc, gsp) = match files {
            Some(firmware) => (firmware.fmc, Some(firmware.gsp)),
            None => (None, None),
        };
        Self {
            chip,
            vram,
            fsp: Fsp::new(chip, vram, plan, fmc),
            gsp: Falcon::new(Which::Gsp, chip.family, plan.falcon),
            lockdown: true,
            rm: Resident::new(chip, vram, habits, plan.gsp.clone()),
            state: State::Off,
            wpr2: Wpr2::default(),
            saved: None,
            files: gsp,
            faults: plan.fmc.clone(),
            dirty,
            boot_memory: Vec::new(),
            excused: false,
            locked_reads: 0,
        }
    }

    /// The GSP as FSP sees it.
    fn gsp_state(&self) -> GspState {
        match self.state {
            State::Off => GspState::Off,
            State::Starting(_) => GspState::Starting,
            State::Running | State::Halting { .. } => GspState::Running,
            State::Halted { .. } => GspState::Halted,
            State::Failed => GspState::Failed,
        }
    }

    /// Lets everything happen that is due; of FMC's steps, one.
    fn settle(&mut self, cx: &Cx<'_>) -> Effects {
        let (mut effects, accepted) = self.fsp.settle(self.gsp_state(), cx);
        if let Some(accepted) = accepted {
            self.begin(&accepted, cx, &mut effects);
        }
        self.proceed(cx, &mut effects);
        if matches!(self.state, State::Halting { at: Some(at) } if cx.now_us >= at) {
            self.halt(&mut effects);
        }
        self.excuse_driver(&effects);
        effects
    }

    /// A driver that has seen something fail may take away what it has lent.
    fn excuse_driver(&mut self, effects: &[Effect]) {
        if effects
            .iter()
            .any(|effect| matches!(effect, Effect::Fault(_)))
        {
            self.excused = true;
            self.rm.excuse_driver();
        }
    }

    /// Has the driver, which has seen something fail, kept the card from memory? That is all it can do
    /// about firmware that does not stop, which then has nothing to work with.
    fn is_cut_off(&self, cx: &Cx<'_>) -> bool {
        self.excused && !cx.config.bus_master()
    }

    /// Follows what GSP-RM has done.
    fn heed(&mut self, news: Vec<News>, cx: &Cx<'_>) {
        for news in news {
            match news {
                News::Booted => self.boot_memory.clear(),
                News::Halted => {
                    self.state = State::Halting {
                        at: Some(cx.now_us + HALTING_US),
                    };
                }
                // Only SEC2 resumes anything.
                News::Resumed => {}
            }
        }
    }

    /// GSP-RM has stopped, and so does the core. What was locked for it is free again.
    fn halt(&mut self, effects: &mut Effects) {
        self.gsp.halt_riscv();
        self.state = State::Halted { seen: false };
        self.boot_memory.clear();
        if self.rm.has_stopped() {
            self.wpr2 = Wpr2::default();
            effects.push(Effect::Stage(Stage::Unloaded));
        }
        if !self.rm.is_suspended() {
            self.saved = None;
        }
    }

    // Reading --------------------------------------------------------------------------------

    fn read_gsp(&mut self, at: At, cx: &Cx<'_>) -> Read {
        let offset = at.address() - Which::Gsp.base();
        match &self.state {
            State::Starting(job) if job.is_masked() => return self.read_masked(offset),
            State::Starting(_) => {
                if let Some(read) = self.read_in_lockdown(offset) {
                    return read;
                }
            }
            _ if self.rm.is_locked_down() && !judge::is_open_in_lockdown(offset) => {
                return self.locked().into();
            }
            _ => {}
        }
        match offset {
            offset::HWCFG2 => {
                let lockdown = if self.lockdown { bits::LOCKDOWN } else { 0 };
                (bits::RESET_READY | bits::RISCV_PRESENT | lockdown).into()
            }
            // Only firmware may know, once FSP has had the GSP.
            offset::BCR_CTRL if !matches!(self.state, State::Off) => PRI_ERROR.into(),
            offset::RISCV_CPUCTL => {
                self.looked_at(cx);
                self.gsp.read(at)
            }
            _ => self.gsp.read(at),
        }
    }

    /// The driver looks whether the core has halted.
    fn looked_at(&mut self, cx: &Cx<'_>) {
        match &mut self.state {
            State::Halting { at } => {
                at.get_or_insert(cx.now_us + LATE_HALT_US);
            }
            State::Halted { seen } => {
                *seen = true;
                if !self.rm.is_suspended() {
                    self.rm.forget();
                }
            }
            _ => {}
        }
    }

    /// While FSP owns the GSP, nothing of it answers.
    fn read_masked(&mut self, offset: u32) -> Read {
        if self.faults.config_zero && offset == offset::HWCFG2 {
            return Read {
                value: 0,
                effects: vec![Effect::Fault("fmc-config-zero")],
            };
        }
        self.locked().into()
    }

    /// While FMC works, few registers answer.
    fn read_in_lockdown(&mut self, offset: u32) -> Option<Read> {
        if offset == offset::RISCV_CPUCTL || judge::is_open_in_lockdown(offset) {
            return None;
        }
        let mut effects = Effects::new();
        if !self.excused {
            effects.push(flag(
                GspRule::Lockdown,
                "register of the GSP read before the lockdown was released",
            ));
        }
        Some(Read {
            value: self.locked(),
            effects,
        })
    }

    fn locked(&mut self) -> u32 {
        self.locked_reads = self.locked_reads.wrapping_add(1);
        LOCKED | self.locked_reads & 0xff
    }
}

impl Engine for FspBoot {
    fn regs(&self) -> &'static [Reg] {
        &registers::TABLE
    }

    fn mend(&mut self, _whole: &Whole) {
        self.fsp.mend();
        self.gsp.mend();
        self.rm.mend();
        self.faults = FmcFaults::default();
    }

    fn reset(&mut self, now_us: u64) {
        self.fsp.reset(now_us);
        self.gsp.power_on();
        self.lockdown = true;
        self.rm.forget();
        self.state = State::Off;
        self.wpr2 = Wpr2::default();
        self.saved = None;
        self.boot_memory.clear();
        self.excused = false;
    }

    fn read(&mut self, at: At, cx: &Cx<'_>) -> Read {
        let mut effects = self.settle(cx);
        let address = at.address();
        let mut read = match address {
            registers::WPR2_LO => self.wpr2.lo.into(),
            registers::WPR2_HI => self.wpr2.hi.into(),
            _ => match Which::at(address) {
                Some(Which::Gsp) => self.read_gsp(at, cx),
                Some(Which::Sec2) => Read {
                    value: PRI_ERROR,
                    effects: vec![judge::sec2_used()],
                },
                None => self.fsp.read(at),
            },
        };
        self.excuse_driver(&read.effects);
        effects.append(&mut read.effects);
        Read {
            value: read.value,
            effects,
        }
    }

    fn write(&mut self, at: At, value: u32, cx: &Cx<'_>) -> Effects {
        let mut effects = self.settle(cx);
        let written = match Which::at(at.address()) {
            Some(Which::Gsp) => self.write_gsp(at, value, cx),
            Some(Which::Sec2) => vec![judge::sec2_used()],
            None => self.fsp.write(at, value, cx),
        };
        self.excuse_driver(&written);
        effects.extend(written);
        effects
    }

    fn tick(&mut self, cx: &Cx<'_>) -> Effects {
        let mut effects = self.settle(cx);
        if !self.is_cut_off(cx) {
            let news = self.rm.step(&mut self.gsp, cx, &mut effects);
            self.heed(news, cx);
            self.excuse_driver(&effects);
        }
        effects
    }

    fn observe(&mut self, access: Access, cx: &Cx<'_>) -> Effects {
        self.fsp.observe(access, cx);
        let mut effects = Effects::new();
        if self.is_cut_off(cx) {
            return effects;
        }
        let news = self.rm.observe(access, &mut self.gsp, cx, &mut effects);
        self.heed(news, cx);
        self.excuse_driver(&effects);
        effects
    }

    fn released(&mut self) -> Effects {
        let what = match self.state {
            _ if self.excused => return Effects::new(),
            State::Starting(_) => "device given back while FMC starts GSP-RM",
            State::Running if self.rm.is_alive() => "device given back while GSP-RM runs",
            State::Halting { .. } => "device given back before the GSP has halted",
            _ => return Effects::new(),
        };
        vec![flag(BusRule::AfterRelease, what)]
    }

    fn uses_memory(&self) -> bool {
        !self.excused && (matches!(self.state, State::Starting(_)) || self.rm.is_alive())
    }

    fn unmapped(&mut self, gone: &Range<u64>) -> Effects {
        let mut effects = self.rm.unmapped(gone);
        if self.excused {
            return effects;
        }
        let overlaps = |range: &Range<u64>| range.start < gone.end && gone.start < range.end;
        if let State::Starting(job) = &mut self.state {
            effects.extend(job.unmapped(gone));
        }
        if self.boot_memory.iter().any(overlaps) {
            // Once is enough: all of it goes away at the same time.
            self.boot_memory.clear();
            effects.push(flag(
                GspRule::BootMemory,
                "memory of the GSP image unmapped before GSP-RM has booted",
            ));
        }
        let waits = matches!(
            self.state,
            State::Halting { .. } | State::Halted { seen: false }
        );
        if let (true, Some(what)) = (waits, self.rm.owner_of(gone)) {
            let what = format!("{what} unmapped before the driver has seen the GSP halted");
            effects.push(flag(FspRule::UnmappedBeforeHalt, what));
            // The rest goes away at the same time.
            self.rm.forget();
        }
        effects
    }

    fn machine_reset(&mut self) {
        if let Some(dirty) = self.dirty {
            self.make_dirty(dirty);
        }
    }
}

#[cfg(test)]
mod tests;
