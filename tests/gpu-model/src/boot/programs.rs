// SPDX-License-Identifier: GPL-2.0

//! What programs leave behind when they end: in mailboxes and scratch registers, in the protected
//! region, on the GSP.

use super::{
    address_in,
    booter::{
        self,
        Unload,
        FAILED, //
    },
    bootloader,
    catalogue::Task,
    fwsec::{
        self,
        Command, //
    },
    wpr2::Wpr2,
    Boot, //
};
use crate::{
    engines::{
        flag,
        Cx,
        Effect,
        Effects, //
    },
    gsp_rm::WprLayout,
    phase::Stage,
    resident::Begin,
    violations::{
        Complaint,
        FalconRule, //
    },
};

/// Error code of FWSEC for a command that it refuses.
const FWSEC_REFUSED: u32 = 1;
/// Field of the scrubber's hand-off register that says it is done.
const SCRUBBER_DONE: u32 = 3 << 29;
/// Where the fault puts the region instead.
const ELSEWHERE: u64 = 1 << 20;

impl Boot {
    // FWSEC ----------------------------------------------------------------------------------

    pub(super) fn finish_bootloader(&mut self, cx: &Cx<'_>, effects: &mut Effects) {
        let Some(fwsec) = &self.fwsec else {
            effects.push(flag(
                FalconRule::Signature,
                "the bootloader fetched a program, but the VBIOS has no FWSEC",
            ));
            self.gsp.halt(Some(FAILED));
            return;
        };
        let fetched = bootloader::Descriptor::read(&self.gsp).and_then(|descriptor| {
            descriptor.check_aperture(&self.gsp)?;
            descriptor.fetch(&mut self.gsp, fwsec, cx, effects)
        });
        match fetched {
            Ok(()) => self.finish_fwsec(cx, effects),
            Err(complaint) => {
                effects.push(Effect::Complain(complaint));
                self.gsp.halt(Some(FAILED));
            }
        }
    }

    pub(super) fn finish_fwsec(&mut self, cx: &Cx<'_>, effects: &mut Effects) {
        if self.faults().brom_refuses_fwsec {
            effects.push(Effect::Fault("brom-refuses-fwsec"));
            self.gsp.halt(None);
            return;
        }
        let Some(fwsec) = &self.fwsec else {
            self.gsp.halt(Some(FAILED));
            return;
        };
        let dmem = self.gsp.dmem.bytes(0, fwsec.dmem.len()).unwrap_or_default();
        let command = fwsec::check_data(fwsec, dmem).and_then(|()| fwsec::command(fwsec, dmem));
        let mailbox = match command {
            Ok(Command::Frts { start, size }) => self.frts(start, size, cx, effects),
            Ok(Command::Sb) => self.sb(effects),
            Err(complaint) => {
                self.frts_error = FWSEC_REFUSED;
                effects.push(Effect::Complain(complaint));
                FAILED
            }
        };
        self.gsp.halt(Some(mailbox));
    }

    /// Returns what is left in the mailbox.
    fn frts(&mut self, start: u64, size: u64, cx: &Cx<'_>, effects: &mut Effects) -> u32 {
        let mut checked = fwsec::check_frts(self.chip, cx.vram.size(), self.wpr2, start, size);
        if checked.is_ok() && !cx.progress.is_boot_complete() {
            checked = Err(Complaint::new(
                FalconRule::Frts,
                "FRTS before the card's own firmware has finished",
            ));
        }
        if let Err(complaint) = checked {
            self.frts_error = FWSEC_REFUSED;
            effects.push(Effect::Complain(complaint));
            return 0;
        }
        let faults = self.faults().clone();
        if let Some(code) = faults.fwsec_error {
            effects.push(Effect::Fault("fwsec-error"));
            self.frts_error = code;
            return 0;
        }
        if let Some(code) = faults.fwsec_mailbox {
            effects.push(Effect::Fault("fwsec-mailbox"));
            return code;
        }
        self.frts_error = 0;
        if faults.wpr2_missing {
            effects.push(Effect::Fault("wpr2-missing"));
            return 0;
        }
        let start = if faults.wpr2_elsewhere {
            effects.push(Effect::Fault("wpr2-elsewhere"));
            start - ELSEWHERE
        } else {
            start
        };
        self.wpr2 = Wpr2::of(start..start + size);
        self.is_ours = true;
        self.takedown_tried = false;
        effects.push(Effect::Stage(Stage::FrtsDone));
        0
    }

    fn sb(&mut self, effects: &mut Effects) -> u32 {
        let faults = self.faults().clone();
        if let Some(code) = faults.sb_error {
            effects.push(Effect::Fault("sb-error"));
            self.sb_error = code;
            return 0;
        }
        if let Some(code) = faults.sb_mailbox {
            effects.push(Effect::Fault("sb-mailbox"));
            return code;
        }
        self.sb_error = 0;
        effects.push(Effect::Stage(Stage::SbDone));
        0
    }

    // SEC2 -----------------------------------------------------------------------------------

    pub(super) fn finish_ucode(&mut self, task: Task, cx: &Cx<'_>, effects: &mut Effects) {
        if self.faults().brom_refuses_booter {
            effects.push(Effect::Fault("brom-refuses-booter"));
            self.sec2.halt(None);
            return;
        }
        let mailbox = match task {
            Task::BooterLoad => self.booter_load(cx, effects),
            Task::BooterUnload => self.booter_unload(cx, effects),
            Task::Scrubber => {
                self.scrubber = SCRUBBER_DONE;
                0
            }
        };
        self.sec2.halt(Some(mailbox));
    }

    fn booter_load(&mut self, cx: &Cx<'_>, effects: &mut Effects) -> u32 {
        let address = address_in(self.sec2.mailbox);
        let situation = booter::Situation {
            chip: self.chip,
            gsp: &self.gsp,
            wpr2: self.wpr2,
            saved: self.saved.as_ref(),
            files: self.files.as_ref(),
        };
        let load = match booter::load(&situation, address, cx, effects) {
            Ok(load) => load,
            Err(complaint) => {
                effects.push(Effect::Complain(complaint));
                return FAILED;
            }
        };
        if let Some(code) = self.faults().booter_error {
            effects.push(Effect::Fault("booter-error"));
            return code;
        }
        self.wpr2 = Wpr2::of(load.region);
        self.is_ours = true;
        self.takedown_tried = false;
        self.boot_memory = load.memory;
        effects.push(Effect::Stage(Stage::GspStarted));
        if self.faults().riscv_never_active {
            effects.push(Effect::Fault("riscv-never-active"));
            return 0;
        }
        self.gsp.start_riscv();
        let news = match load.meta {
            Some(meta) => {
                let begin = Begin {
                    libos: address_in(self.gsp.mailbox),
                    libos_hash: self.libos_hash,
                    layout: WprLayout {
                        non_wpr_heap_offset: meta.plain_heap.0,
                        frts_offset: meta.frts.0,
                    },
                };
                self.rm.start(begin, &mut self.gsp, cx, effects)
            }
            None => {
                self.saved = None;
                self.rm.resume(&mut self.gsp, cx, effects)
            }
        };
        self.heed(news, effects);
        0
    }

    fn booter_unload(&mut self, cx: &Cx<'_>, effects: &mut Effects) -> u32 {
        let request = Unload::of(self.sec2.mailbox);
        let checked = booter::check_unload(&self.gsp, self.wpr2).and_then(|()| match request {
            Unload::Save(address) => {
                booter::check_save(address, self.rm.is_suspended(), cx, effects)
            }
            Unload::Remove | Unload::Keep => Ok(()),
        });
        if let Err(complaint) = checked {
            effects.push(Effect::Complain(complaint));
            return FAILED;
        }
        if let Some(code) = self.faults().booter_unload_error {
            effects.push(Effect::Fault("booter-unload-error"));
            return code;
        }
        if self.faults().booter_unload_leaves_wpr2 {
            effects.push(Effect::Fault("booter-unload-leaves-wpr2"));
        } else if request != Unload::Keep {
            if matches!(request, Unload::Save(_)) {
                self.saved = Some(self.wpr2.range());
            }
            self.wpr2 = Wpr2::default();
            self.is_ours = false;
        }
        self.boot_memory.clear();
        effects.push(Effect::Stage(Stage::Unloaded));
        0
    }
}
