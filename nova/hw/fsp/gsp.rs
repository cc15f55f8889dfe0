// SPDX-License-Identifier: GPL-2.0

//! The GSP while others have it, as its registers tell it.
//!
//! After FSP has accepted an FMC, nobody but FSP can read the GSP's registers for a while. Then the FMC
//! runs: it finds the address of its parameters in the mailboxes and clears them, boots GSP-RM, and
//! unlocks the GSP. If it fails it leaves an error code in the first mailbox.

use crate::fb::is_pri_error;
use core::fmt;

/// In `HWCFG2`: the GSP is locked down.
const PRIV_LOCKDOWN: u32 = 1 << 13;

/// In the RISC-V core's `CPUCTL`: it runs.
const ACTIVE: u32 = 1 << 7;
/// In the same: it has halted, or was never started.
const HALTED: u32 = 1 << 4;

/// Whether `raw` is what a register of the GSP reads while only FSP may read it.
///
/// `HWCFG2` is never 0 when it can be read, and neither is `CPUCTL` of a core that has been started or
/// not.
pub const fn is_out_of_reach(raw: u32) -> bool {
    raw == 0 || is_pri_error(raw)
}

/// How far the GSP has come after FSP has accepted its FMC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// FSP keeps its registers to itself.
    WithFsp,
    /// The address of the FMC's parameters is still in the mailboxes.
    Starting,
    /// The FMC has read its parameters and not unlocked the GSP yet.
    LockedDown,
    /// The GSP is the driver's.
    Released,
    /// The FMC has failed, with this error code.
    Failed(u32),
}

/// For "GSP has not come up: ".
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WithFsp => f.write_str("FSP keeps its registers to itself"),
            Self::Starting => f.write_str("the FMC has not read its parameters"),
            Self::LockedDown => f.write_str("the FMC has not unlocked it"),
            Self::Released => f.write_str("it has been unlocked"),
            Self::Failed(code) => write!(f, "the FMC failed with error {code:#x}"),
        }
    }
}

impl Progress {
    /// Decides by `hwcfg2`, which has to be read first, and by the mailboxes, which are read only if they
    /// matter. `boot_params` is the address that FSP puts into them.
    pub fn decide(
        hwcfg2: u32,
        mailbox0: impl FnOnce() -> u32,
        mailbox1: impl FnOnce() -> u32,
        boot_params: u64,
    ) -> Self {
        if is_out_of_reach(hwcfg2) {
            return Self::WithFsp;
        }
        match mailbox0() {
            // Out of reach again, or still: registers are not let go all at once.
            low if is_pri_error(low) => Self::WithFsp,
            0 if hwcfg2 & PRIV_LOCKDOWN == 0 => Self::Released,
            0 => Self::LockedDown,
            low if u64::from(mailbox1()) << 32 | u64::from(low) == boot_params => Self::Starting,
            code => Self::Failed(code),
        }
    }
}

/// What the GSP's RISC-V core does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// FSP keeps its registers to itself.
    WithFsp,
    /// It has halted, or was never started.
    Halted,
    /// It runs.
    Active,
    /// Neither: it is being started.
    Starting,
}

impl Core {
    /// From the RISC-V core's `CPUCTL`. A core that says both has halted.
    pub const fn decode(cpuctl: u32) -> Self {
        if is_pri_error(cpuctl) {
            Self::WithFsp
        } else if cpuctl & HALTED != 0 {
            Self::Halted
        } else if cpuctl & ACTIVE != 0 {
            Self::Active
        } else {
            Self::Starting
        }
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        same,
        Text, //
    };

    const PARAMS: u64 = 0x1_2350_0000;
    const LOW: u32 = 0x2350_0000;
    const LOCKED: u32 = 0x8000_2400;
    const RELEASED: u32 = 0x8000_0400;

    cases! { fsp_gsp_cases at fsp::gsp::cases:
        fn each_stage_of_a_boot_is_told_from_the_others() {
            use Progress::*;
            for (name, hwcfg2, mailbox0, mailbox1, want) in [
                ("mask", 0xbadf_4100, 0, 0, WithFsp),
                ("mask, other low byte", 0xbadf_41aa, 0, 0, WithFsp),
                ("decoupler", 0, 0, 0, WithFsp),
                ("mailbox not let go yet", LOCKED, 0xbadf_4100, 0, WithFsp),
                ("parameters there", LOCKED, LOW, 1, Starting),
                // An FMC that unlocks the GSP reads its parameters first.
                ("unlocked, parameters there", RELEASED, LOW, 1, Starting),
                ("running", LOCKED, 0, 0, LockedDown),
                ("done", RELEASED, 0, 0, Released),
                ("done, other bits", 0x0000_0400, 0, 0, Released),
                ("error", LOCKED, 0x5a, 0, Failed(0x5a)),
                ("error, unlocked", RELEASED, 0x5a, 0, Failed(0x5a)),
                ("somebody else's parameters", LOCKED, LOW, 2, Failed(LOW)),
                ("gone", u32::MAX, u32::MAX, u32::MAX, Failed(u32::MAX)),
            ] {
                let found = Progress::decide(hwcfg2, || mailbox0, || mailbox1, PARAMS);
                same!(found, want, "{name}");
            }
        }

        fn registers_are_read_only_while_they_matter() {
            let no = || unreachable!();
            same!(
                Progress::decide(0xbadf_4155, no, no, PARAMS),
                Progress::WithFsp
            );
            same!(
                Progress::decide(RELEASED, || 0, no, PARAMS),
                Progress::Released
            );
        }

        fn parameters_below_4_gib_are_known_too() {
            let found = Progress::decide(LOCKED, || LOW, || 0, LOW.into());
            same!(found, Progress::Starting);
        }

        fn what_keeps_the_gsp_is_named() {
            for (progress, text) in [
                (Progress::WithFsp, "FSP keeps its registers to itself"),
                (Progress::Starting, "the FMC has not read its parameters"),
                (Progress::LockedDown, "the FMC has not unlocked it"),
                (Progress::Released, "it has been unlocked"),
                (Progress::Failed(0x5a), "the FMC failed with error 0x5a"),
            ] {
                same!(Text::of(progress), text);
            }
        }

        fn a_core_runs_only_if_it_says_so() {
            for (cpuctl, want) in [
                (0x10, Core::Halted),
                (0x90, Core::Halted),
                (0x80, Core::Active),
                (0, Core::Starting),
                (0xbadf_4100, Core::WithFsp),
                (0xbadf_5040, Core::WithFsp),
            ] {
                same!(Core::decode(cpuctl), want, "{cpuctl:#x}");
            }
        }
    }
}
