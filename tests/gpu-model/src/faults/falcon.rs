// SPDX-License-Identifier: GPL-2.0

//! Faults of falcons, and of the programs that boot and stop the GSP.

use super::{
    FaultError,
    FaultInfo,
    Plan,
    Request, //
};
use crate::phase::Stage;

/// What is wrong with both falcons, and with the fuses for their programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FalconFaults {
    /// Memories are never clear after a reset.
    pub scrub_stuck: bool,
    /// The bit that says "can be reset" never sets.
    pub reset_ready_never: bool,
    /// A core selection never takes effect.
    pub core_select_stuck: bool,
    /// RISC-V stays selected through a reset.
    pub core_select_survives_reset: bool,
    /// Transfers never finish.
    pub dma_stuck: bool,
    /// Programs never end.
    pub never_halts: bool,
    /// The core can be started through the alias only.
    pub start_by_alias: bool,
    /// No booter has a signature for this card.
    pub booter_fuse_too_new: bool,
    /// No FWSEC has a signature for this card.
    pub fwsec_fuse_too_new: bool,
}

impl FalconFaults {
    /// Name of the fault that shows in the fuses.
    pub fn fuse_fault(&self) -> Option<&'static str> {
        if self.booter_fuse_too_new {
            Some("fuse-version-too-new")
        } else {
            self.fwsec_fuse_too_new
                .then_some("fwsec-fuse-version-too-new")
        }
    }
}

/// What is wrong with the programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BootFaults {
    /// The boot ROM does not accept FWSEC.
    pub brom_refuses_fwsec: bool,
    /// The boot ROM does not accept booters.
    pub brom_refuses_booter: bool,
    /// FWSEC leaves this error of FRTS.
    pub fwsec_error: Option<u32>,
    /// FWSEC leaves this in the mailbox after FRTS.
    pub fwsec_mailbox: Option<u32>,
    /// FRTS leaves no region.
    pub wpr2_missing: bool,
    /// FRTS leaves a region at another place.
    pub wpr2_elsewhere: bool,
    /// Booter leaves this in the mailbox.
    pub booter_error: Option<u32>,
    /// Booter succeeds, but the GSP does not run.
    pub riscv_never_active: bool,
    /// FWSEC leaves this error of SB.
    pub sb_error: Option<u32>,
    /// FWSEC leaves this in the mailbox after SB.
    pub sb_mailbox: Option<u32>,
    /// The program that takes down leaves this in the mailbox.
    pub booter_unload_error: Option<u32>,
    /// It succeeds, but the region stays.
    pub booter_unload_leaves_wpr2: bool,
    /// The GSP is never reported to run again.
    pub resume_never: bool,
    /// SEC2 leaves this in the mailbox when it starts the GSP again.
    pub sec2_resume_error: Option<u32>,
    /// The GSP is reported to run again, but does not.
    pub riscv_lost_at_resume: bool,
    /// The device vanishes here.
    pub vanish_at: Option<Stage>,
}

macro_rules! switch {
    ($name:literal, $part:ident . $field:ident, $description:literal) => {
        FaultInfo {
            name: $name,
            argument: None,
            description: $description,
            apply: |plan, request| {
                request.boots_by_sec2()?;
                plan.$part.$field = true;
                Ok(())
            },
        }
    };
}

macro_rules! code {
    ($name:literal, $field:ident, $max:literal, $description:literal) => {
        FaultInfo {
            name: $name,
            argument: Some("CODE"),
            description: $description,
            apply: |plan, request| {
                request.boots_by_sec2()?;
                // CAST: bounded by the call.
                plan.boot.$field = Some(request.number(1, $max)? as u32);
                Ok(())
            },
        }
    };
}

/// All of them.
pub const FAULTS: &[FaultInfo] = &[
    switch!(
        "scrub-stuck",
        falcon.scrub_stuck,
        "falcon memories are never reported clear after a reset"
    ),
    FaultInfo {
        name: "reset-ready-never",
        argument: None,
        description:
            "falcons never say that they can be reset; real ones sometimes do not, and work",
        apply: |plan, request| {
            request.has_boot_rom()?;
            plan.falcon.reset_ready_never = true;
            Ok(())
        },
    },
    FaultInfo {
        name: "core-select-stuck",
        argument: None,
        description: "a switch between falcon and RISC-V core never takes effect; RISC-V stays \
                      selected through a reset, so that there is something to switch",
        apply: |plan, request| {
            request.has_boot_rom()?;
            plan.falcon.core_select_stuck = true;
            plan.falcon.core_select_survives_reset = true;
            Ok(())
        },
    },
    FaultInfo {
        name: "core-select-survives-reset",
        argument: None,
        description: "the RISC-V core stays selected through a reset, and is at first",
        apply: |plan, request| {
            request.has_boot_rom()?;
            plan.falcon.core_select_survives_reset = true;
            Ok(())
        },
    },
    FaultInfo {
        name: "dma-stuck",
        argument: None,
        description: "transfers into falcon memory never finish",
        apply: |plan, request| {
            request.has_boot_rom()?;
            plan.falcon.dma_stuck = true;
            Ok(())
        },
    },
    switch!(
        "falcon-never-halts",
        falcon.never_halts,
        "programs on falcons never end"
    ),
    switch!(
        "start-by-alias",
        falcon.start_by_alias,
        "falcons can be started through CPUCTL_ALIAS only, and say so"
    ),
    FaultInfo {
        name: "fuse-version-too-new",
        argument: None,
        description: "the fuse for booters asks for version 2, for which none has a signature",
        apply: |plan, request| {
            request.has_boot_rom()?;
            plan.falcon.booter_fuse_too_new = true;
            Ok(())
        },
    },
    FaultInfo {
        name: "fwsec-fuse-version-too-new",
        argument: None,
        description: "the fuses for programs on the GSP ask for version 2, for which FWSEC of the \
                      synthetic VBIOS has no signature",
        apply: |plan, request| {
            request.has_boot_rom()?;
            plan.falcon.fwsec_fuse_too_new = true;
            Ok(())
        },
    },
    switch!(
        "brom-refuses-fwsec",
        boot.brom_refuses_fwsec,
        "FWSEC does not run: it halts with the mailbox untouched"
    ),
    switch!(
        "brom-refuses-booter",
        boot.brom_refuses_booter,
        "booters do not run: they halt with the mailbox untouched"
    ),
    code!(
        "fwsec-error",
        fwsec_error,
        0xffff,
        "FRTS fails with CODE (1 to 0xffff) in its scratch register"
    ),
    code!(
        "fwsec-mailbox",
        fwsec_mailbox,
        0xffff_ffff,
        "FRTS fails with CODE (not 0) in the mailbox"
    ),
    switch!(
        "wpr2-missing",
        boot.wpr2_missing,
        "FRTS succeeds, but there is no protected region"
    ),
    switch!(
        "wpr2-elsewhere",
        boot.wpr2_elsewhere,
        "FRTS succeeds, but the protected region is 1 MiB below what was asked for"
    ),
    code!(
        "booter-error",
        booter_error,
        0xffff_ffff,
        "booter fails with CODE (not 0) in the mailbox"
    ),
    switch!(
        "riscv-never-active",
        boot.riscv_never_active,
        "booter succeeds, but the GSP does not run"
    ),
    code!(
        "sb-error",
        sb_error,
        0xffff,
        "FWSEC fails to put back the state before boot: CODE (1 to 0xffff) in its scratch register"
    ),
    code!(
        "sb-mailbox",
        sb_mailbox,
        0xffff_ffff,
        "the same, with CODE (not 0) in the mailbox"
    ),
    code!(
        "booter-unload-error",
        booter_unload_error,
        0xffff_ffff,
        "booter_unload fails with CODE (not 0) in the mailbox"
    ),
    switch!(
        "booter-unload-leaves-wpr2",
        boot.booter_unload_leaves_wpr2,
        "booter_unload succeeds, but the protected region stays"
    ),
    switch!(
        "resume-never",
        boot.resume_never,
        "when SEC2 is to start the GSP again, nothing happens"
    ),
    code!(
        "sec2-resume-error",
        sec2_resume_error,
        0xffff_ffff,
        "when SEC2 is to start the GSP again, it leaves CODE (not 0) in the mailbox"
    ),
    switch!(
        "riscv-lost-at-resume",
        boot.riscv_lost_at_resume,
        "when SEC2 is to start the GSP again it says so, but the GSP does not run"
    ),
    FaultInfo {
        name: "vanish-at",
        argument: Some("STAGE"),
        description: "the device is gone (reads all ones) from STAGE of the boot on: gsp-started, \
                      gsp-ready, gsp-suspended or gsp-unloaded; up to Ada also fwsec-runs, \
                      frts-done, booter-runs, sb-done or unloader-runs; from Hopper on cot-sent or fmc-runs",
        apply: |plan, request| {
            let given = request.argument.unwrap_or_default();
            let Some(stage) = Stage::by_name(given) else {
                return Err(FaultError::NotAWord {
                    name: request.info.name,
                    given: given.to_owned(),
                    words: Stage::ALL.map(Stage::name).join(", "),
                });
            };
            if !stage.is_of(request.chip.family) {
                return Err(request.not_here("its boot has no such stage"));
            }
            plan.boot.vanish_at = Some(stage);
            Ok(())
        },
    },
];

impl Request<'_> {
    pub(super) fn boots_by_sec2(&self) -> Result<(), FaultError> {
        if self.chip.family.boots_by_fsp() {
            return Err(self.not_here("its firmware is not started through SEC2"));
        }
        Ok(())
    }

    fn has_boot_rom(&self) -> Result<(), FaultError> {
        if self.chip.family.loads_by_dma() {
            return Ok(());
        }
        Err(self.not_here("its falcons have no such registers"))
    }
}

impl Plan {
    /// Is something wrong with the way to the GSP?
    pub fn troubles_boot(&self) -> bool {
        self.falcon != FalconFaults::default() || self.boot != BootFaults::default()
    }
}
