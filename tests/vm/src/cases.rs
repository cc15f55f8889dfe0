// SPDX-License-Identifier: GPL-2.0

//! The table of claims. A *scenario* is one boot; a *claim* is one sentence about it that is true or not.
//!
//! Claims of a scenario run in order and build on each other. Everything here is data: how a claim is
//! checked is told in [`crate::runner`], what the guest does in `guest/steps/`.

use std::time::Duration;

use crate::{
    driver::Driver,
    gpu::Gpu,
    paths::{
        Flavour,
        Series, //
    },
    qemu::DeviceError, //
};

mod boot_faults;
mod chips;
pub mod clients;
mod debug;
mod dirty;
mod faults;
pub mod flush;
pub mod layouts;
mod oracles;
mod pci_events;
mod samples;
pub mod scripts;
pub mod self_test;

/// Kernel error numbers a refused probe may end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errno {
    /// Input/output error.
    Eio,
    /// Permission denied.
    Eacces,
    /// No such device. The driver core does not log it.
    Enodev,
    /// Device or resource busy.
    Ebusy,
    /// Invalid argument.
    Einval,
    /// Connection timed out.
    Etimedout,
    /// Operation not supported.
    Eopnotsupp,
    /// Numerical result out of range.
    Erange,
    /// Message too long.
    Emsgsize,
}

impl Errno {
    /// Number and what the C library calls it.
    pub fn describe(self) -> (i32, &'static str) {
        match self {
            Self::Eio => (5, "Input/output error"),
            Self::Eacces => (13, "Permission denied"),
            Self::Enodev => (19, "No such device"),
            Self::Ebusy => (16, "Device or resource busy"),
            Self::Einval => (22, "Invalid argument"),
            Self::Etimedout => (110, "Connection timed out"),
            Self::Eopnotsupp => (95, "Operation not supported"),
            Self::Erange => (34, "Numerical result out of range"),
            Self::Emsgsize => (90, "Message too long"),
        }
    }
}

/// What makes a guest step a success, beyond its script's exit status and a silent kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Nothing more.
    Success,
    /// Probe of this GPU failed with this errno, after one line of the driver that holds this text (or
    /// none at all).
    Refusal {
        /// PCI address in the log.
        bdf: String,
        /// Result of probe.
        errno: Errno,
        /// Part of the driver's one line.
        line: Option<&'static str>,
    },
    /// As a refusal, but the driver may have said more than one line: one of them holds this text.
    Failure {
        /// PCI address in the log.
        bdf: String,
        /// Result of probe.
        errno: Errno,
        /// Part of one of the driver's lines.
        line: &'static str,
    },
    /// One of the driver's lines holds this text.
    Says {
        /// PCI address in the log.
        bdf: String,
        /// Part of a line.
        line: &'static str,
    },
    /// The driver logged exactly one line for each of these PCI addresses.
    OneLineEach(Vec<String>),
    /// The log holds these KUnit suites, and every case of every suite passed.
    Kunit {
        /// Names of suites.
        suites: &'static [&'static str],
    },
    /// The step's log names the chip of each GPU.
    Identity {
        /// PCI address in the log.
        bdf: String,
        /// Chip in capital letters.
        chip: String,
    },
}

/// One step in the guest.
#[derive(Debug, Clone)]
pub struct Step {
    /// Script below `guest/steps/`.
    pub script: &'static str,
    /// Shell variables for it.
    pub args: Vec<(String, String)>,
    /// How long it may take under emulation.
    pub limit: Duration,
    /// What else must hold.
    pub expect: Expect,
    /// Whether its register accesses are counted apart, between two marks in the trace.
    pub marked: bool,
    /// The GPU whose faults are taken away before.
    pub mends: Option<usize>,
    /// What happens on PCI Express before.
    pub injects: Option<DeviceError>,
    /// Whether the machine is to be off afterwards.
    pub ends: bool,
    /// Whether it may run at the same time as its neighbours, which are about other cards.
    pub together: bool,
}

/// What is looked at when the guest is gone and the models have reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Afterwards {
    /// The sysmem flush register of this GPU was written and its last value is 0.
    FlushCleared(usize),
    /// The flush register of this GPU was never set to 0 by the driver.
    FlushLeft(usize),
    /// Accesses to this GPU in the marked step are counted and shown.
    ProbeCost(usize),
    /// What the driver wrote when it was unbound reached this GPU before the registers were unmapped, and in the
    /// right order.
    Teardown {
        /// Which GPU.
        gpu: usize,
        /// In which part of the trace, counted from 0: a marked step has a part of its own.
        part: usize,
    },
    /// This GPU's registers were never written, and read at most so often.
    Untouched {
        /// Which GPU.
        gpu: usize,
        /// Reads allowed over the whole run.
        reads: u64,
    },
    /// This register of a GPU was never read.
    NotRead {
        /// Which GPU.
        gpu: usize,
        /// Register offset.
        offset: u64,
    },
    /// This register of a GPU was read more than once: the driver waited for it.
    Polled {
        /// Which GPU.
        gpu: usize,
        /// Register offset.
        offset: u64,
    },
    /// What this GPU's firmware was told of the layout of its memory, at each boot.
    Told {
        /// Which GPU.
        gpu: usize,
        /// What is right.
        layout: layouts::Layout,
    },
    /// No GPU saw anything real hardware would refuse.
    NoViolation,
    /// The kernel did not complain outside of any step.
    QuietKernel,
}

/// How a claim is checked.
#[derive(Debug, Clone)]
pub enum Check {
    /// By a step in the guest.
    Guest(Step),
    /// After the guest is gone.
    Afterwards(Afterwards),
}

/// One sentence that is true or not.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The sentence.
    pub name: String,
    /// How it is checked.
    pub check: Check,
    /// Whether the claims after it make no sense without it.
    pub gate: bool,
    /// The first kernels for which it is meant, if not for all.
    pub since: Option<Series>,
}

/// One boot and what is claimed about it.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Short name, the first part of each claim's full name.
    pub name: String,
    /// Which kernel.
    pub flavour: Flavour,
    /// Whose driver.
    pub driver: Driver,
    /// Whether the firmware is there as TLV files only, even for a driver that does not insist.
    pub tlv: bool,
    /// Whether it has the programs that only some guests get.
    pub more_tools: bool,
    /// Whether most of GSP-RM is cut out, where its size does not matter.
    pub short_firmware: bool,
    /// Whether the GPUs sit behind an IOMMU.
    pub iommu: bool,
    /// Additional kernel parameters.
    pub append: &'static str,
    /// The cards.
    pub gpus: Vec<Gpu>,
    /// Guest memory.
    pub memory_mib: u32,
    /// In order.
    pub claims: Vec<Claim>,
}

impl Scenario {
    /// A guest without claims yet, on the stock kernel.
    pub fn new(name: impl Into<String>, gpus: Vec<Gpu>) -> Self {
        Self {
            name: name.into(),
            flavour: Flavour::Stock,
            driver: Driver::Ours,
            tlv: false,
            more_tools: false,
            short_firmware: false,
            iommu: false,
            append: "",
            gpus,
            memory_mib: 2048,
            claims: Vec::new(),
        }
    }

    /// Full name of a claim, as printed and as matched by `--only`.
    pub fn full_name(&self, claim: &Claim) -> String {
        format!("{}: {}", self.name, claim.name)
    }

    fn step(&mut self, name: impl Into<String>, step: Step) -> &mut Claim {
        self.push(name, Check::Guest(step))
    }

    fn afterwards(&mut self, name: impl Into<String>, what: Afterwards) -> &mut Claim {
        self.push(name, Check::Afterwards(what))
    }

    fn push(&mut self, name: impl Into<String>, check: Check) -> &mut Claim {
        self.claims.push(Claim {
            name: name.into(),
            check,
            gate: false,
            since: None,
        });
        let last = self.claims.len() - 1;
        &mut self.claims[last]
    }

    /// What holds for every guest.
    fn close(mut self) -> Self {
        if !self.gpus.is_empty() {
            self.afterwards(
                "no access that hardware would refuse",
                Afterwards::NoViolation,
            );
        }
        self.afterwards(
            "the kernel has nothing to complain about",
            Afterwards::QuietKernel,
        );
        self
    }
}

impl Claim {
    fn gate(&mut self) {
        self.gate = true;
    }

    fn since(&mut self, series: Series) {
        self.since = Some(series);
    }
}

impl Step {
    fn new(script: &'static str, seconds: u64) -> Self {
        Self {
            script,
            args: Vec::new(),
            limit: Duration::from_secs(seconds),
            expect: Expect::Success,
            marked: false,
            mends: None,
            injects: None,
            ends: false,
            together: false,
        }
    }

    /// PCI address of the card that it is about.
    pub fn card(&self) -> Option<&str> {
        let bdf = self.args.iter().find(|(name, _)| name == "bdf");
        bdf.map(|(_, card)| card.as_str())
    }

    /// A step that works with any driver, and is told with which.
    pub fn for_driver(script: &'static str, driver: Driver) -> Self {
        Self::new(script, 0)
            .arg("module", driver.module())
            .arg("oracle", driver.pci_name())
    }

    fn arg(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }

    /// The same step, which is about this GPU.
    pub fn on(self, gpu: usize) -> Self {
        self.arg("bdf", crate::gpu::pci_address(gpu))
    }

    fn expecting(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }

    fn ending(mut self) -> Self {
        self.ends = true;
        self
    }

    fn mended(mut self, gpu: usize) -> Self {
        self.mends = Some(gpu);
        self
    }

    fn after_error(mut self, device: &'static str, name: &'static str) -> Self {
        self.injects = Some(DeviceError { device, name });
        self
    }

    fn marked(mut self) -> Self {
        self.marked = true;
        self
    }

    fn together(mut self) -> Self {
        self.together = true;
        self
    }
}

/// How often the endurance claims unbind and bind a card, if the user does not say: enough to see what the
/// second time finds of the first. `make endurance` does it a hundred times, which takes a quarter of an hour.
pub const REBINDS: u32 = 10;

/// Every scenario, telling ones first. Endurance claims go `rebinds` rounds.
pub fn all(rebinds: u32) -> Vec<Scenario> {
    let mut scenarios = chips::scenarios(rebinds);
    scenarios.extend(clients::scenarios());
    scenarios.extend(layouts::scenarios());
    scenarios.extend(faults::scenarios());
    scenarios.extend(boot_faults::scenarios());
    scenarios.extend(dirty::scenarios());
    scenarios.extend(pci_events::scenarios());
    scenarios.extend(oracles::scenarios());
    scenarios.extend(debug::scenarios(rebinds));
    scenarios.extend(samples::scenarios());
    scenarios
}

/// Name of the only scenario of [`short`].
pub const SHORT: &str = "both-boots";

/// What is tried on a kernel of an older series beside all that is tried on the newest.
pub fn short() -> Vec<Scenario> {
    vec![chips::both_boots(SHORT).close()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::is_plain;
    use std::collections::BTreeSet;

    #[test]
    fn every_claim_has_a_name_of_its_own() {
        let mut names = BTreeSet::new();
        for scenario in all(REBINDS) {
            for claim in &scenario.claims {
                let name = scenario.full_name(claim);
                assert!(names.insert(name.clone()), "{name} twice");
            }
        }
    }

    #[test]
    fn every_step_has_a_script_and_plain_arguments() {
        for scenario in all(REBINDS) {
            for claim in &scenario.claims {
                let Check::Guest(step) = &claim.check else {
                    continue;
                };
                let known = scripts::STEPS.iter().any(|(name, _)| *name == step.script);
                assert!(
                    known,
                    "{}: no script {}",
                    scenario.full_name(claim),
                    step.script
                );
                for (name, value) in &step.args {
                    assert!(
                        is_plain(value),
                        "{}: {name}={value}",
                        scenario.full_name(claim)
                    );
                }
            }
        }
    }

    #[test]
    fn every_chip_is_probed() {
        let probed: BTreeSet<String> = all(REBINDS)
            .iter()
            .flat_map(|s| s.gpus.clone())
            .map(|g| g.chip)
            .collect();
        for chip in crate::gpu::CHIPS {
            assert!(probed.contains(*chip), "{chip}");
        }
    }

    #[test]
    fn every_gpu_a_claim_names_is_there() {
        for scenario in all(REBINDS) {
            for claim in &scenario.claims {
                let Check::Afterwards(what) = &claim.check else {
                    continue;
                };
                let gpu = match what {
                    Afterwards::FlushCleared(gpu)
                    | Afterwards::FlushLeft(gpu)
                    | Afterwards::ProbeCost(gpu) => *gpu,
                    Afterwards::Untouched { gpu, .. }
                    | Afterwards::NotRead { gpu, .. }
                    | Afterwards::Polled { gpu, .. }
                    | Afterwards::Teardown { gpu, .. }
                    | Afterwards::Told { gpu, .. } => *gpu,
                    Afterwards::NoViolation | Afterwards::QuietKernel => continue,
                };
                assert!(gpu < scenario.gpus.len(), "{}", scenario.full_name(claim));
            }
        }
    }
}
