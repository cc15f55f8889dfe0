// SPDX-License-Identifier: GPL-2.0

//! Injected faults by name. Each is data in a [`Plan`] that an engine or the device consults;
//! none of them changes what counts as a violation.

pub mod falcon;
pub mod fmc;
pub mod fsp;
pub mod gsp_rm;
pub mod rom;

use thiserror::Error;

use crate::{
    chips::{
        BoardClass,
        Chip, //
    },
    engines::{
        pmc,
        secure_boot::Trouble, //
    },
    fsp::faults::Faults as FspFaults,
    gsp_rm::faults::Faults as GspFaults,
    vbios::damage::Damage,
    vram::MIB,
};

use falcon::{
    BootFaults,
    FalconFaults, //
};
use fmc::FmcFaults;

/// A fault as `--list-faults` shows it.
#[derive(Debug)]
pub struct FaultInfo {
    /// Name on the command line.
    pub name: &'static str,
    /// Name of the argument after `=`, if the fault takes one.
    pub argument: Option<&'static str>,
    /// What it does.
    pub description: &'static str,
    apply: fn(&mut Plan, &Request<'_>) -> Result<(), FaultError>,
}

struct Request<'a> {
    chip: &'a Chip,
    vram: u64,
    info: &'static FaultInfo,
    argument: Option<&'a str>,
}

/// Why a fault was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FaultError {
    /// No such fault.
    #[error("there is no fault \"{0}\"; --list-faults shows all")]
    Unknown(String),
    /// Argument missing.
    #[error("fault {0} needs an argument: {0}={1}")]
    NoArgument(&'static str, &'static str),
    /// Argument given to a fault that takes none.
    #[error("fault {0} takes no argument")]
    UnexpectedArgument(&'static str),
    /// Argument is not a number in range.
    #[error("fault {name}: \"{given}\" is not a number from {min:#x} to {max:#x}")]
    BadArgument {
        /// Fault.
        name: &'static str,
        /// What was given.
        given: String,
        /// Smallest number.
        min: u64,
        /// Largest number.
        max: u64,
    },
    /// Argument is none of the words that the fault knows.
    #[error("fault {name}: \"{given}\" is none of {words}")]
    NotAWord {
        /// Fault.
        name: &'static str,
        /// What was given.
        given: String,
        /// What could be given.
        words: String,
    },
    /// The chip has no such register to be wrong.
    #[error("fault {name} does not exist on {chip}: {why}")]
    NotOnThisChip {
        /// Fault.
        name: &'static str,
        /// Chip.
        chip: &'static str,
        /// Reason.
        why: &'static str,
    },
    /// Two faults want different things of the same register.
    #[error("faults {0} and {1} contradict each other")]
    Contradiction(&'static str, &'static str),
}

/// What the chip claims to be instead of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Fault that causes it.
    pub fault: &'static str,
    /// Value of `NV_PMC_BOOT_0`.
    pub boot_0: u32,
    /// Value of `NV_PMC_BOOT_1`.
    pub boot_1: u32,
    /// Value of `NV_PMC_BOOT_42`.
    pub boot_42: u32,
    /// Does `NV_PMC_BOOT_42` exist? Chips before Fermi do not have it.
    pub has_boot_42: bool,
}

/// What is wrong with the sysmem flush registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushFault {
    /// They ignore writes.
    Stuck,
    /// Somebody else writes them some time after the driver did.
    Stolen,
}

impl FlushFault {
    /// Name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stuck => "sysmem-flush-stuck",
            Self::Stolen => "sysmem-flush-stolen",
        }
    }
}

/// Everything that is to go wrong.
///
/// Fields hold the name of the fault that set them and what it wants.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Another identity.
    pub identity: Option<Claim>,
    /// Secure boot does not come up.
    pub secure_boot: Option<(&'static str, Trouble)>,
    /// BAR0 has another size, in bytes.
    pub bar0_size: Option<(&'static str, u64)>,
    /// From this BAR0 access on (the first is 1) the device is gone.
    pub gone_from: Option<(&'static str, u64)>,
    /// Trouble with the flush registers.
    pub flush: Option<FlushFault>,
    /// Value of the VRAM size register.
    pub vram_register: Option<(&'static str, u32)>,
    /// Value of the VGA workspace register.
    pub vga_workspace: Option<(&'static str, u32)>,
    /// A function-level reset is acknowledged and changes nothing.
    pub reset_cures_nothing: bool,
    /// Trouble with falcons.
    pub falcon: FalconFaults,
    /// Trouble with the programs on them.
    pub boot: BootFaults,
    /// Trouble with FMC.
    pub fmc: FmcFaults,
    /// Trouble with FSP.
    pub fsp: FspFaults,
    /// Trouble with GSP-RM.
    pub gsp: GspFaults,
    /// The VBIOS is broken.
    pub rom: Option<(&'static str, Damage)>,
}

/// Name of the fault that makes function-level resets idle.
pub const RESET_CURES_NOTHING: &str = "reset-cures-nothing";

/// All faults.
pub fn all() -> impl Iterator<Item = &'static FaultInfo> {
    [
        FAULTS,
        falcon::FAULTS,
        fmc::FAULTS,
        fsp::FAULTS,
        gsp_rm::FAULTS,
        rom::FAULTS,
    ]
    .into_iter()
    .flatten()
}

/// Faults of the bus, of identification and of what a driver meets first.
const FAULTS: &[FaultInfo] = &[
    FaultInfo {
        name: "gfw-never-completes",
        argument: None,
        description: "secure boot (GFW or FSP) reports no progress, for ever",
        apply: |plan, request| plan.set_boot(request, Trouble::StuckAt(0)),
    },
    FaultInfo {
        name: "gfw-mask-closed",
        argument: None,
        description: "the privilege mask of the boot progress register never lets the CPU read it",
        apply: |plan, request| {
            if request.chip.family.boots_by_fsp() {
                return Err(request.not_here("its boot status has no privilege mask"));
            }
            plan.set_boot(request, Trouble::NeverOpens)
        },
    },
    FaultInfo {
        name: "gfw-stuck",
        argument: Some("VALUE"),
        description: "secure boot progress stays at VALUE (0 to 0xfe)",
        apply: |plan, request| {
            // CAST: bounded by the call.
            let value = request.number(0, 0xfe)? as u8;
            plan.set_boot(request, Trouble::StuckAt(value))
        },
    },
    FaultInfo {
        name: "gfw-slow",
        argument: Some("MS"),
        description: "boot begins at the driver's first look at its progress (or at the privilege \
                      mask of it) and takes MS milliseconds (1 to 60000), up to Ada the first \
                      third behind the closed mask",
        apply: |plan, request| {
            let us = request.number(1, 60_000)? * 1000;
            plan.set_boot(request, Trouble::SlowOnceLookedAt(us))
        },
    },
    FaultInfo {
        name: "unknown-chip",
        argument: None,
        description: "identification registers of GB110: a known architecture, not a known chip",
        apply: |plan, request| plan.claim(request, 0x1a3),
    },
    FaultInfo {
        name: "unknown-arch",
        argument: None,
        description: "identification registers of GV100: an architecture without GSP firmware",
        apply: |plan, request| plan.claim(request, 0x140),
    },
    FaultInfo {
        name: "ancient-chip",
        argument: None,
        description: "NV_PMC_BOOT_0 of GT200, which has no NV_PMC_BOOT_42",
        apply: |plan, request| {
            plan.set_identity(Claim {
                fault: request.info.name,
                boot_0: 0x0a00_00a1,
                boot_1: 0,
                boot_42: crate::bar0::PRI_ERROR,
                has_boot_42: false,
            })
        },
    },
    FaultInfo {
        name: "virtual-function",
        argument: None,
        description: "NV_PMC_BOOT_1 says that this is a virtual function",
        apply: |plan, request| {
            let id = request.chip.id;
            plan.set_identity(Claim {
                fault: request.info.name,
                boot_0: pmc::boot_0(id),
                boot_1: 2 << 16,
                boot_42: pmc::boot_42(id),
                has_boot_42: true,
            })
        },
    },
    FaultInfo {
        name: "bar0-small",
        argument: None,
        description: "BAR0 is 8 MiB",
        apply: |plan, request| {
            plan.bar0_size = Some((request.info.name, 8 * MIB));
            Ok(())
        },
    },
    FaultInfo {
        name: "bar0-all-ones-from",
        argument: Some("N"),
        description: "from the Nth BAR0 access on, reads are all ones and writes vanish",
        apply: |plan, request| {
            plan.gone_from = Some((request.info.name, request.number(1, u64::MAX)?));
            Ok(())
        },
    },
    FaultInfo {
        name: RESET_CURES_NOTHING,
        argument: None,
        description: "a function-level reset is acknowledged and changes nothing",
        apply: |plan, _| {
            plan.reset_cures_nothing = true;
            Ok(())
        },
    },
    FaultInfo {
        name: FlushFault::Stuck.name(),
        argument: None,
        description: "the sysmem flush registers ignore writes",
        apply: |plan, _| plan.set_flush(FlushFault::Stuck),
    },
    FaultInfo {
        name: FlushFault::Stolen.name(),
        argument: None,
        description: "50 ms after the driver set the flush page, the register holds another one",
        apply: |plan, _| plan.set_flush(FlushFault::Stolen),
    },
    FaultInfo {
        name: "vram-zero",
        argument: None,
        description: "the VRAM size register reads zero",
        apply: |plan, request| plan.set_vram(request, 0),
    },
    FaultInfo {
        name: "vram-pri-error",
        argument: None,
        description: "the VRAM size register reads a bus error pattern (0xbadf....)",
        apply: |plan, request| plan.set_vram(request, crate::bar0::PRI_ERROR),
    },
    FaultInfo {
        name: "vga-workspace-outside",
        argument: None,
        description: "the VGA workspace register is valid and points past the end of VRAM",
        apply: |plan, request| {
            let has_register =
                request.chip.class == BoardClass::Vga && !request.chip.family.boots_by_fsp();
            if !has_register {
                return Err(request.not_here("it has no VGA workspace register"));
            }
            // CAST: VRAM is at most 1 TiB.
            let address = ((request.vram + MIB) >> 16) as u32;
            plan.vga_workspace = Some((request.info.name, address << 8 | 1 << 3));
            Ok(())
        },
    },
];

impl Request<'_> {
    fn not_here(&self, why: &'static str) -> FaultError {
        FaultError::NotOnThisChip {
            name: self.info.name,
            chip: self.chip.name,
            why,
        }
    }

    fn boots_by_fsp(&self) -> Result<(), FaultError> {
        if !self.chip.family.boots_by_fsp() {
            return Err(self.not_here("its firmware is not started through FSP"));
        }
        Ok(())
    }

    fn number(&self, min: u64, max: u64) -> Result<u64, FaultError> {
        let given = self.argument.unwrap_or_default();
        let parsed = match given.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => given.parse(),
        };
        parsed
            .ok()
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| FaultError::BadArgument {
                name: self.info.name,
                given: given.to_owned(),
                min,
                max,
            })
    }
}

impl Plan {
    /// Reads faults of the form `NAME` or `NAME=ARGUMENT` for a board with its default VRAM.
    ///
    /// # Errors
    /// [`FaultError`] for the first one that is wrong.
    pub fn parse<S: AsRef<str>>(chip: &Chip, faults: &[S]) -> Result<Self, FaultError> {
        Self::parse_for(chip, chip.vram_mib * MIB, faults)
    }

    /// Like [`Plan::parse`], for a board with `vram` bytes of VRAM.
    ///
    /// # Errors
    /// [`FaultError`] for the first one that is wrong.
    pub fn parse_for<S: AsRef<str>>(
        chip: &Chip,
        vram: u64,
        faults: &[S],
    ) -> Result<Self, FaultError> {
        let mut plan = Self::default();
        for text in faults {
            let text = text.as_ref();
            let (name, argument) = match text.split_once('=') {
                Some((name, argument)) => (name, Some(argument)),
                None => (text, None),
            };
            let info = all()
                .find(|info| info.name == name)
                .ok_or_else(|| FaultError::Unknown(name.to_owned()))?;
            match (info.argument, argument) {
                (Some(what), None) => return Err(FaultError::NoArgument(info.name, what)),
                (None, Some(_)) => return Err(FaultError::UnexpectedArgument(info.name)),
                _ => {}
            }
            let request = Request {
                chip,
                vram,
                info,
                argument,
            };
            (info.apply)(&mut plan, &request)?;
        }
        Ok(plan)
    }

    fn set_boot(&mut self, request: &Request<'_>, trouble: Trouble) -> Result<(), FaultError> {
        let name = request.info.name;
        match self.secure_boot.replace((name, trouble)) {
            Some((other, old)) if old != trouble => Err(FaultError::Contradiction(other, name)),
            _ => Ok(()),
        }
    }

    fn set_identity(&mut self, claim: Claim) -> Result<(), FaultError> {
        match self.identity.replace(claim) {
            Some(old) if old != claim => Err(FaultError::Contradiction(old.fault, claim.fault)),
            _ => Ok(()),
        }
    }

    fn claim(&mut self, request: &Request<'_>, id: u32) -> Result<(), FaultError> {
        self.set_identity(Claim {
            fault: request.info.name,
            boot_0: pmc::boot_0(id),
            boot_1: 0,
            boot_42: pmc::boot_42(id),
            has_boot_42: true,
        })
    }

    fn set_flush(&mut self, fault: FlushFault) -> Result<(), FaultError> {
        match self.flush.replace(fault) {
            Some(old) if old != fault => Err(FaultError::Contradiction(old.name(), fault.name())),
            _ => Ok(()),
        }
    }

    fn set_vram(&mut self, request: &Request<'_>, value: u32) -> Result<(), FaultError> {
        let name = request.info.name;
        match self.vram_register.replace((name, value)) {
            Some((other, old)) if old != value => Err(FaultError::Contradiction(other, name)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(chip: &str, faults: &[&str]) -> Result<Plan, FaultError> {
        Plan::parse(Chip::by_name(chip).unwrap(), faults)
    }

    #[test]
    fn every_fault_can_be_given_on_some_chip() {
        for info in all() {
            let text = match info.argument {
                Some("STAGE") => format!("{}=frts-done", info.name),
                Some(_) => format!("{}=3", info.name),
                None => info.name.to_owned(),
            };
            let given = ["ga102", "gb202"].map(|chip| parse(chip, &[&text]));
            let is_given = given.iter().any(Result::is_ok);
            assert!(is_given, "{text}: {given:?}");
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names = std::collections::HashSet::new();
        for info in all() {
            assert!(names.insert(info.name), "{}", info.name);
        }
    }

    #[test]
    fn wrong_faults_are_refused_with_the_reason() {
        for (chip, faults, want) in [
            ("ga102", &["gfw"][..], "there is no fault \"gfw\"; --list-faults shows all"),
            ("ga102", &["gfw-stuck"], "fault gfw-stuck needs an argument: gfw-stuck=VALUE"),
            ("ga102", &["vram-zero=1"], "fault vram-zero takes no argument"),
            (
                "ga102",
                &["gfw-stuck=0xff"],
                "fault gfw-stuck: \"0xff\" is not a number from 0x0 to 0xfe",
            ),
            (
                "ga102",
                &["bar0-all-ones-from=0"],
                "fault bar0-all-ones-from: \"0\" is not a number from 0x1 to 0xffffffffffffffff",
            ),
            (
                "gh100",
                &["gfw-mask-closed"],
                "fault gfw-mask-closed does not exist on gh100: its boot status has no privilege mask",
            ),
            (
                "ga102",
                &["gfw-slow=0"],
                "fault gfw-slow: \"0\" is not a number from 0x1 to 0xea60",
            ),
            (
                "ga102",
                &["gfw-slow=300", "gfw-mask-closed"],
                "faults gfw-slow and gfw-mask-closed contradict each other",
            ),
            (
                "ga100",
                &["vga-workspace-outside"],
                "fault vga-workspace-outside does not exist on ga100: it has no VGA workspace register",
            ),
            (
                "ga102",
                &["unknown-chip", "unknown-arch"],
                "faults unknown-chip and unknown-arch contradict each other",
            ),
            (
                "ga102",
                &["sysmem-flush-stuck", "sysmem-flush-stolen"],
                "faults sysmem-flush-stuck and sysmem-flush-stolen contradict each other",
            ),
            (
                "ga102",
                &["vram-zero", "vram-pri-error"],
                "faults vram-zero and vram-pri-error contradict each other",
            ),
            (
                "ga102",
                &["gfw-stuck=1", "gfw-mask-closed"],
                "faults gfw-stuck and gfw-mask-closed contradict each other",
            ),
            (
                "ga102",
                &["gsp-silent", "gsp-crash"],
                "faults gsp-silent and gsp-crash contradict each other",
            ),
            (
                "ga102",
                &["gsp-reply-error=0x51", "gsp-reply-short"],
                "faults gsp-reply-error and gsp-reply-short contradict each other",
            ),
            (
                "ga102",
                &["fsp-no-response"],
                "fault fsp-no-response does not exist on ga102: its firmware is not started through FSP",
            ),
            (
                "gh100",
                &["fsp-error=0"],
                "fault fsp-error: \"0\" is not a number from 0x1 to 0xffffffff",
            ),
            (
                "gb202",
                &["fsp-response-odd", "fsp-response-huge"],
                "faults fsp-response-odd and fsp-response-huge contradict each other",
            ),
            (
                "gh100",
                &["gsp-sequencer-index"],
                "fault gsp-sequencer-index does not exist on gh100: its GSP-RM needs no sequencer",
            ),
        ] {
            assert_eq!(parse(chip, faults).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn faults_that_do_not_meet_can_be_combined() {
        let plan = parse(
            "ga102",
            &["vram-zero", "bar0-all-ones-from=0x10", "gfw-stuck=7"],
        )
        .unwrap();
        assert_eq!(plan.gone_from, Some(("bar0-all-ones-from", 16)));
        assert_eq!(plan.vram_register, Some(("vram-zero", 0)));
        assert_eq!(plan.secure_boot, Some(("gfw-stuck", Trouble::StuckAt(7))));
    }
}
