// SPDX-License-Identifier: GPL-2.0

//! What FMC does on the GSP, step by step, from FSP's message to the release of the lockdown.
//!
//! A driver can look between any two steps. Their order is that on which known drivers depend: the
//! mailboxes are clear before the core is active, and it is active before the lockdown is released.

use std::ops::Range;

use super::{
    params::{
        self,
        Params, //
    },
    plan::{
        self,
        Layout, //
    },
    witness::Witness,
    FspBoot,
    State, //
};
use crate::{
    boot::{
        loader::{
            Loader,
            Refused, //
        },
        wpr2::Wpr2,
        wpr_meta::{
            self,
            WprMeta,
            Wrong, //
        },
    },
    chips::Chip,
    engines::{
        Cx,
        Effect,
        Effects,
        Event, //
    },
    fsp::Accepted,
    gsp_rm,
    phase::Stage,
    resident::Begin,
    violations::{
        Complaint,
        FspRule, //
    },
};

/// For messages and the trace.
const FMC: Loader = Loader("FMC");

/// How long each step takes. Real ones take longer in all, most of it for the copy of the image.
const MASKED_US: u64 = 3_000;
const HANDED_OVER_US: u64 = 1_000;
const LOADING_US: u64 = 3_000;
const LOADED_US: u64 = 1_000;

/// What FMC leaves in the mailbox when it refuses. Real codes are not known.
mod code {
    /// The boot parameters.
    pub const PARAMS: u32 = 0x11;
    /// The plan, or what it names.
    pub const PLAN: u32 = 0x12;
    /// The state that is to be resumed.
    pub const RESUME: u32 = 0x13;
    /// Nothing can be read.
    pub const MEMORY: u32 = 0x14;
}

/// How far FMC is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// FSP has the GSP, whose registers answer nobody.
    Masked,
    /// FMC runs; the mailboxes hold the address of its parameters.
    HandedOver,
    /// It has cleared them, and loads.
    Loading,
    /// It has loaded GSP-RM; the core is shown as active.
    Loaded,
}

/// A boot that is under way.
#[derive(Debug)]
pub struct Job {
    step: Step,
    /// When the step is over, in microseconds; never for a step that hangs.
    due_us: Option<u64>,
    boot_params: u64,
    /// Region that FSP was told; none for a resume.
    frts: Option<Range<u64>>,
    witnesses: Vec<Witness>,
    libos: u64,
    libos_hash: Option<u64>,
    description: u64,
    layout: Option<Layout>,
}

impl Job {
    /// Does FSP have the GSP?
    pub fn is_masked(&self) -> bool {
        self.step == Step::Masked
    }

    /// Guest memory has gone.
    pub fn unmapped(&mut self, gone: &Range<u64>) -> Option<Effect> {
        let effect = self
            .witnesses
            .iter()
            .find_map(|witness| witness.unmapped(gone))?;
        // Once is enough: all of it goes away at the same time.
        self.witnesses.clear();
        Some(effect)
    }

    /// A boot of somebody else that has come to nothing: FSP has the GSP, for ever.
    pub fn endless() -> Self {
        Self {
            step: Step::Masked,
            due_us: None,
            boot_params: 0,
            frts: None,
            witnesses: Vec::new(),
            libos: 0,
            libos_hash: None,
            description: 0,
            layout: None,
        }
    }

    fn go(&mut self, step: Step, now_us: u64, us: u64) {
        self.step = step;
        self.due_us = Some(now_us + us);
    }
}

impl FspBoot {
    /// FSP has found the message right: it takes the GSP and starts FMC.
    pub(super) fn begin(&mut self, accepted: &Accepted, cx: &Cx<'_>, effects: &mut Effects) {
        self.excused = false;
        self.gsp.power_on();
        // FMC runs on the core; that is not what it shows as active.
        self.gsp.riscv.halted = false;
        // CAST: the halves of the address.
        self.gsp.mailbox = [
            accepted.boot_params as u32,
            (accepted.boot_params >> 32) as u32,
        ];
        self.lockdown = true;
        self.wpr2 = Wpr2::default();
        self.boot_memory.clear();
        if accepted.frts.is_some() {
            self.rm.forget();
            self.saved = None;
        }
        let memory = cx.memory();
        let end = |start: u64, len: usize| start..start.saturating_add(len as u64);
        let mut bytes = [0; params::SIZE];
        // Whatever cannot be read now cannot be read by FMC, which complains.
        let named = memory
            .read(accepted.boot_params, &mut bytes)
            .map_or(None, |()| Some(Params::read(&bytes)));
        let mut witnesses = vec![
            Witness::new("FMC image", accepted.fmc.clone(), &memory),
            Witness::new(
                "FMC's boot parameters",
                end(accepted.boot_params, params::SIZE),
                &memory,
            ),
        ];
        if let Some(named) = named {
            let range = end(named.description, wpr_meta::SIZE);
            witnesses.push(Witness::new("description of the boot", range, &memory));
        }
        self.state = State::Starting(Box::new(Job {
            step: Step::Masked,
            due_us: Some(cx.now_us + MASKED_US),
            boot_params: accepted.boot_params,
            frts: accepted.frts.clone(),
            witnesses,
            libos: 0,
            libos_hash: named.and_then(|named| gsp_rm::fingerprint(&memory, named.libos)),
            description: 0,
            layout: None,
        }));
        effects.push(Effect::Event(Event {
            kind: "falcon",
            op: "start",
            name: "GSP FMC".into(),
            value: Some(accepted.boot_params),
        }));
        effects.push(Effect::Stage(Stage::FmcRuns));
    }

    /// Takes the next step, if it is due.
    pub(super) fn proceed(&mut self, cx: &Cx<'_>, effects: &mut Effects) {
        let State::Starting(job) = &mut self.state else {
            return;
        };
        if job.due_us.is_none_or(|due| cx.now_us < due) {
            return;
        }
        let now = cx.now_us;
        let hangs = match job.step {
            Step::Masked if self.faults.mask_stuck => Some("fmc-mask-stuck"),
            Step::HandedOver if self.faults.mailbox_stuck => Some("fmc-mailbox-stuck"),
            Step::Loaded if self.faults.lockdown_stuck => Some("fmc-lockdown-stuck"),
            _ => None,
        };
        if let Some(fault) = hangs {
            job.due_us = None;
            effects.push(Effect::Fault(fault));
            return;
        }
        if self.is_cut_off(cx) {
            // The driver has given up, and FMC has nothing to read.
            return self.fail(code::MEMORY, None, effects);
        }
        let State::Starting(job) = &mut self.state else {
            return;
        };
        match job.step {
            Step::Masked => job.go(Step::HandedOver, now, HANDED_OVER_US),
            Step::HandedOver => {
                self.gsp.mailbox = [0; 2];
                let read = read_params(job, self.chip, cx, effects);
                match read {
                    Ok(()) => job.go(Step::Loading, now, LOADING_US),
                    Err(refused) => self.fail(code::PARAMS, Some(refused), effects),
                }
            }
            Step::Loading => self.load(cx, effects),
            Step::Loaded => self.release(cx, effects),
        }
    }

    /// Verifies everything, and takes GSP-RM into the protected region.
    fn load(&mut self, cx: &Cx<'_>, effects: &mut Effects) {
        let State::Starting(job) = &self.state else {
            return;
        };
        let loaded = match &job.frts {
            Some(frts) => {
                let frts = frts.clone();
                self.load_cold(job.description, &frts, cx, effects)
                    .map_err(|refused| (code::PLAN, refused))
            }
            None => self
                .load_again(job.description, cx, effects)
                .map(|layout| (layout, Vec::new()))
                .map_err(|refused| (code::RESUME, refused)),
        };
        let (layout, memory) = match loaded {
            Ok(loaded) => loaded,
            Err((code, refused)) => return self.fail(code, Some(refused), effects),
        };
        if let Some(code) = self.faults.error {
            effects.push(Effect::Fault("fmc-error"));
            return self.fail(code, None, effects);
        }
        self.wpr2 = Wpr2::of(layout.region.clone());
        self.boot_memory = memory;
        if self.faults.never_active {
            effects.push(Effect::Fault("fmc-riscv-never-active"));
            self.gsp.halt_riscv();
        } else {
            self.gsp.start_riscv();
        }
        effects.push(Effect::Stage(Stage::GspStarted));
        if let State::Starting(job) = &mut self.state {
            job.layout = Some(layout);
            job.go(Step::Loaded, cx.now_us, LOADED_US);
        }
    }

    fn load_cold(
        &self,
        description: u64,
        frts: &Range<u64>,
        cx: &Cx<'_>,
        effects: &mut Effects,
    ) -> Result<(Layout, Vec<Range<u64>>), Refused> {
        let bytes = FMC.read_meta(description, cx, effects)?;
        let magic = wpr_meta::u64_at(&bytes, 0);
        if magic != wpr_meta::MAGIC {
            return Err(FMC.of_plan(Wrong(format!(
                "magic is {magic:#x}, and FRTS was asked for"
            ))));
        }
        let of_plan = |wrong| FMC.of_plan(wrong);
        let meta = WprMeta::parse(&bytes).map_err(of_plan)?;
        effects.extend(plan::told(&meta));
        let vram = cx.vram.size();
        plan::check(&meta, self.chip, vram, self.fsp.vgpu_enabled(), frts)
            .and_then(|()| plan::place(&meta, frts))
            .map_err(|Wrong(what)| {
                Complaint::new(FspRule::WprMeta, format!("FMC refuses the plan: {what}"))
            })
            .and_then(|layout| {
                meta.check_host(self.chip.family.dma_bits())
                    .map_err(of_plan)?;
                let memory = FMC.fetch(&meta, self.files.as_ref(), cx, effects)?;
                Ok((layout, memory))
            })
    }

    /// Brings back what was suspended.
    fn load_again(
        &self,
        description: u64,
        cx: &Cx<'_>,
        effects: &mut Effects,
    ) -> Result<Layout, Refused> {
        let bytes = FMC.read_meta(description, cx, effects)?;
        FMC.check_save_area(&bytes, cx)?;
        self.saved.clone().ok_or_else(|| {
            Complaint::new(
                FspRule::WprMeta,
                "FMC asked to resume, but nothing is suspended",
            )
        })
    }

    /// The driver may have the GSP now, and GSP-RM begins.
    fn release(&mut self, cx: &Cx<'_>, effects: &mut Effects) {
        let State::Starting(job) = std::mem::replace(&mut self.state, State::Running) else {
            return;
        };
        self.lockdown = false;
        effects.push(Effect::Event(Event {
            kind: "falcon",
            op: "release",
            name: "GSP lockdown".into(),
            value: None,
        }));
        let memory = cx.memory();
        effects.extend(
            job.witnesses
                .iter()
                .filter_map(|witness| witness.check(&memory)),
        );
        let Some(layout) = job.layout.filter(|_| self.gsp.riscv.active) else {
            // Nothing has begun, so that FSP may try again.
            self.state = State::Halted { seen: false };
            return;
        };
        let news = if job.frts.is_some() {
            let begin = Begin {
                libos: job.libos,
                libos_hash: job.libos_hash,
                layout: layout.told,
            };
            self.saved = Some(layout);
            self.rm.start(begin, &mut self.gsp, cx, effects)
        } else {
            self.rm.resume(&mut self.gsp, cx, effects)
        };
        self.heed(news, cx);
    }

    /// FMC gives up and leaves `code`.
    fn fail(&mut self, code: u32, refused: Option<Refused>, effects: &mut Effects) {
        effects.extend(refused.map(Effect::Complain));
        effects.push(Effect::Event(Event {
            kind: "falcon",
            op: "fail",
            name: "GSP FMC".into(),
            value: Some(u64::from(code)),
        }));
        self.gsp.mailbox = [code, 0];
        self.gsp.halt_riscv();
        self.state = State::Failed;
    }
}

fn read_params(
    job: &mut Job,
    chip: &Chip,
    cx: &Cx<'_>,
    effects: &mut Effects,
) -> Result<(), Refused> {
    let mut bytes = [0; params::SIZE];
    FMC.read(
        job.boot_params,
        &mut bytes,
        "its boot parameters",
        cx,
        effects,
    )?;
    let params = Params::parse(&bytes, chip, job.frts.is_none()).map_err(|what| {
        Complaint::new(
            FspRule::BootParams,
            format!("FMC refuses its boot parameters: {what}"),
        )
    })?;
    job.libos = params.libos;
    job.description = params.description;
    Ok(())
}
