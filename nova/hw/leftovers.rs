// SPDX-License-Identifier: GPL-2.0

//! What someone else has left in the GPU: a driver that crashed, another kernel, another driver.
//!
//! On chips that FSP boots there is little to be seen but the GSP, and little else that would be in the way.

use crate::{
    fb::is_pri_error,
    fsp::gsp::Core,
    wpr2::Wpr2, //
};
use core::fmt;

/// What the GSP's first mailbox holds once GSP-RM has been told to unload and has done so.
pub const GSP_SUSPENDED: u32 = 0x8000_0000;

/// What the RISC-V core of the GSP is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gsp {
    /// Nothing.
    Idle,
    /// It has been told to stop, and has.
    Suspended,
    /// It runs, and may read and write system memory.
    Running,
    /// It neither runs nor has halted, as while FSP starts it.
    Starting,
    /// FSP does not let anybody look.
    Locked,
}

impl Gsp {
    /// From whether the core is active, and what `mailbox0` holds if it is.
    pub fn decode(active: bool, mailbox0: impl FnOnce() -> u32) -> Self {
        if !active {
            return Self::Idle;
        }
        match mailbox0() {
            GSP_SUSPENDED => Self::Suspended,
            _ => Self::Running,
        }
    }

    /// From what the core of a chip that FSP boots does, and what `mailbox0` holds if it is active.
    pub fn of_core(core: Core, mailbox0: impl FnOnce() -> u32) -> Self {
        match core {
            Core::Halted => Self::Idle,
            Core::Active => Self::decode(true, mailbox0),
            Core::Starting => Self::Starting,
            Core::WithFsp => Self::Locked,
        }
    }
}

/// Whether a falcon runs, by its `CPUCTL`. One that cannot be asked is taken for halted.
pub const fn falcon_runs(cpuctl: u32) -> bool {
    const HALTED_OR_STOPPED: u32 = 1 << 4 | 1 << 5;
    !is_pri_error(cpuctl) && cpuctl & HALTED_OR_STOPPED == 0
}

/// What was found before anything was touched.
///
/// `Display` names all of it that is not as after power-on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leftovers {
    /// Protected memory.
    pub wpr2: Option<Wpr2>,
    /// The GSP's RISC-V core.
    pub gsp: Gsp,
    /// The SEC2 falcon runs.
    pub sec2_runs: bool,
    /// Address of someone's sysmem flush page, 0 if there is none, or nobody has looked.
    pub flush_page: u64,
}

/// What has to happen before the GPU can be booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing: falcons are reset before they are used, and the flush page is replaced.
    None,
    /// What has stopped must be taken down all the way: by signed programs, or by waiting for it.
    TakeDown,
    /// The GPU must be reset first. GSP-RM runs and nobody can tell it to stop, since where it takes its
    /// messages from is not known; and it must not be let at system memory, which is no longer its own.
    Reset,
}

impl Leftovers {
    /// What has to happen.
    pub const fn remedy(&self) -> Remedy {
        match (self.gsp, self.wpr2) {
            (Gsp::Running | Gsp::Starting | Gsp::Locked, _) => Remedy::Reset,
            (Gsp::Suspended, _) | (Gsp::Idle, Some(_)) => Remedy::TakeDown,
            (Gsp::Idle, None) => Remedy::None,
        }
    }

    /// Whether the GPU cannot be booted if it is like that **after** a reset.
    ///
    /// A GSP of which nobody can tell whether it runs is no reason then: the reset is all that can be done,
    /// and FSP refuses by itself to start a GSP that runs.
    pub const fn is_in_use(&self) -> bool {
        !matches!(self.remedy(), Remedy::None) && !matches!(self.gsp, Gsp::Starting | Gsp::Locked)
    }

    /// Whether everything is as after power-on.
    pub const fn is_clean(&self) -> bool {
        matches!(self.remedy(), Remedy::None) && !self.sec2_runs && self.flush_page == 0
    }
}

impl fmt::Display for Leftovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut item = |item: fmt::Arguments<'_>| {
            let result = write!(f, "{separator}{item}");
            separator = ", ";
            result
        };
        match self.gsp {
            Gsp::Idle => {}
            Gsp::Suspended => item(format_args!("GSP suspended"))?,
            Gsp::Running => item(format_args!("GSP running"))?,
            Gsp::Starting => item(format_args!("GSP starting"))?,
            Gsp::Locked => item(format_args!("GSP locked"))?,
        }
        if self.sec2_runs {
            item(format_args!("SEC2 running"))?;
        }
        if let Some(wpr2) = self.wpr2 {
            item(format_args!("protected memory at {wpr2}"))?;
        }
        if self.flush_page != 0 {
            item(format_args!("sysmem flush page at {:#x}", self.flush_page))?;
        }
        if self.is_clean() {
            item(format_args!("nothing"))?;
        }
        Ok(())
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
    use crate::fb::VramAddr;

    const CLEAN: Leftovers = Leftovers {
        wpr2: None,
        gsp: Gsp::Idle,
        sec2_runs: false,
        flush_page: 0,
    };
    const WPR2: Option<Wpr2> = Some(Wpr2 {
        start: VramAddr::new(0x1000),
        end: VramAddr::new(0x3000),
    });

    cases! { leftovers_cases at leftovers::cases:
        fn each_state_has_its_name_and_its_remedy() {
            let gsp = |gsp| Leftovers { gsp, ..CLEAN };
            for (leftovers, text, remedy) in [
                (CLEAN, "nothing", Remedy::None),
                (
                    gsp(Gsp::Suspended),
                    "GSP suspended",
                    Remedy::TakeDown,
                ),
                (gsp(Gsp::Running), "GSP running", Remedy::Reset),
                (gsp(Gsp::Starting), "GSP starting", Remedy::Reset),
                (gsp(Gsp::Locked), "GSP locked", Remedy::Reset),
                (
                    Leftovers { wpr2: WPR2, ..CLEAN },
                    "protected memory at 0x1000..0x3000",
                    Remedy::TakeDown,
                ),
                (
                    Leftovers {
                        sec2_runs: true,
                        ..CLEAN
                    },
                    "SEC2 running",
                    Remedy::None,
                ),
                (
                    Leftovers {
                        flush_page: 0x1234_5000,
                        ..CLEAN
                    },
                    "sysmem flush page at 0x12345000",
                    Remedy::None,
                ),
                (
                    Leftovers {
                        wpr2: WPR2,
                        gsp: Gsp::Running,
                        sec2_runs: true,
                        flush_page: 0x5000,
                    },
                    "GSP running, SEC2 running, protected memory at 0x1000..0x3000, sysmem flush page at 0x5000",
                    Remedy::Reset,
                ),
            ] {
                same!(Text::of(leftovers), text);
                same!(leftovers.remedy(), remedy, "{text}");
                same!(leftovers.is_clean(), leftovers == CLEAN, "{text}");
            }
        }

        fn only_what_is_known_to_run_is_in_use_after_a_reset() {
            for (gsp, wpr2, want) in [
                (Gsp::Idle, None, false),
                (Gsp::Idle, WPR2, true),
                (Gsp::Suspended, None, true),
                (Gsp::Running, None, true),
                (Gsp::Starting, None, false),
                (Gsp::Locked, None, false),
            ] {
                let leftovers = Leftovers { gsp, wpr2, ..CLEAN };
                same!(leftovers.is_in_use(), want, "{leftovers}");
            }
        }

        fn a_core_that_fsp_boots_tells_what_it_does() {
            for (core, mailbox0, want) in [
                (Core::Active, 0x8000_0000, Gsp::Suspended),
                (Core::Active, 0, Gsp::Running),
                (Core::Starting, 0, Gsp::Starting),
            ] {
                same!(Gsp::of_core(core, || mailbox0), want, "{core:?}");
            }
            same!(Gsp::of_core(Core::Halted, || unreachable!()), Gsp::Idle);
            same!(Gsp::of_core(Core::WithFsp, || unreachable!()), Gsp::Locked);
        }

        fn a_gsp_that_is_not_active_is_not_asked_for_more() {
            same!(Gsp::decode(false, || unreachable!()), Gsp::Idle);
            for (mailbox0, want) in [
                (0x8000_0000, Gsp::Suspended),
                (0x8000_0001, Gsp::Running),
                (0, Gsp::Running),
            ] {
                same!(Gsp::decode(true, || mailbox0), want, "{mailbox0:#x}");
            }
        }

        fn a_falcon_runs_unless_it_says_that_it_does_not() {
            for (cpuctl, want) in [
                (0x10, false),
                (0x20, false),
                (0x50, false),
                (0x40, true),
                (0, true),
                (0xbadf_1100, false),
            ] {
                same!(falcon_runs(cpuctl), want, "{cpuctl:#x}");
            }
        }
    }
}
