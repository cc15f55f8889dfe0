// SPDX-License-Identifier: GPL-2.0

//! Faults of FMC, the firmware that FSP starts on the GSP.

use super::{
    FaultInfo,
    Plan, //
};

/// What is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FmcFaults {
    /// FSP never lets anybody else see the GSP.
    pub mask_stuck: bool,
    /// While it does not, one register reads zero instead of an error.
    pub config_zero: bool,
    /// The mailboxes go on to hold the address of the boot parameters.
    pub mailbox_stuck: bool,
    /// FMC leaves this in the mailbox.
    pub error: Option<u32>,
    /// The lockdown is never released.
    pub lockdown_stuck: bool,
    /// The lockdown is released, but the GSP does not run.
    pub never_active: bool,
}

macro_rules! switch {
    ($name:literal, $field:ident, $description:literal) => {
        FaultInfo {
            name: $name,
            argument: None,
            description: $description,
            apply: |plan, request| {
                request.boots_by_fsp()?;
                plan.fmc.$field = true;
                Ok(())
            },
        }
    };
}

/// All of them.
pub const FAULTS: &[FaultInfo] = &[
    switch!(
        "fmc-mask-stuck",
        mask_stuck,
        "FSP accepts the boot, and the GSP's registers read 0xbadf41.. for ever"
    ),
    switch!(
        "fmc-config-zero",
        config_zero,
        "while FSP owns the GSP, its HWCFG2 reads zero instead of 0xbadf41.."
    ),
    switch!(
        "fmc-mailbox-stuck",
        mailbox_stuck,
        "FMC never takes the address of its boot parameters out of the GSP's mailboxes"
    ),
    FaultInfo {
        name: "fmc-error",
        argument: Some("CODE"),
        description: "FMC fails with CODE (1 to 0xff) in the GSP's mailbox",
        apply: |plan, request| {
            request.boots_by_fsp()?;
            // CAST: bounded by the call.
            plan.fmc.error = Some(request.number(1, 0xff)? as u32);
            Ok(())
        },
    },
    switch!(
        "fmc-lockdown-stuck",
        lockdown_stuck,
        "FMC has loaded GSP-RM, but never releases the lockdown"
    ),
    switch!(
        "fmc-riscv-never-active",
        never_active,
        "FMC releases the lockdown, but the GSP does not run"
    ),
];

impl Plan {
    /// Is something wrong with the way to the GSP through FMC?
    pub fn troubles_fmc(&self) -> bool {
        self.fmc != FmcFaults::default()
    }
}
