// SPDX-License-Identifier: GPL-2.0

//! Cards that somebody else has left as a crash, a kexec or another driver leaves them: the driver recovers
//! them and binds, or says why not and leaves them as they were. And cards that the driver itself leaves when
//! the machine goes down.

use super::{
    Afterwards,
    Scenario,
    Step, //
};
use crate::gpu::{
    boots_by_fsp,
    pci_address,
    Gpu, //
};

/// One chip of each way to load firmware into a falcon, and one that FSP boots.
const CHIPS: &[&str] = &["tu102", "ga102", "gb202"];

/// A state of `gpu-model --start dirty=STATE`, and part of the line that names what was found, if that is
/// anything that stands in the way.
type State = (&'static str, Option<&'static str>);

/// States of chips that boot through SEC2.
const SEC2_STATES: &[State] = &[
    (
        "gsp-running",
        Some("left in the GPU: GSP running, protected memory at"),
    ),
    ("wpr2-set", Some("left in the GPU: protected memory at")),
    ("frts-only", Some("left in the GPU: protected memory at")),
    (
        "stale-queues",
        Some("left in the GPU: GSP running, protected memory at"),
    ),
    (
        "sec2-running",
        Some("left in the GPU: SEC2 running, protected memory at"),
    ),
    (
        "foreign-flush-page",
        Some("left in the GPU: sysmem flush page at"),
    ),
];

/// States of chips that FSP boots. A foreign flush page is replaced, and of a boot that failed nothing is left.
const FSP_STATES: &[State] = &[
    ("gsp-running", Some("left in the GPU: GSP running")),
    ("stale-queues", Some("left in the GPU: GSP running")),
    ("gsp-suspended", Some("left in the GPU: GSP suspended")),
    ("gsp-locked", Some("left in the GPU: GSP locked")),
    ("fmc-failed", None),
    ("foreign-flush-page", None),
];

fn states(chip: &str) -> &'static [State] {
    if boots_by_fsp(chip) {
        FSP_STATES
    } else {
        SEC2_STATES
    }
}

/// Seconds for a recovery, with waits for who does not answer and a reset, and a boot.
const LIMIT: u64 = 60;

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = CHIPS.iter().map(|chip| recovery(chip)).collect();
    scenarios.push(no_cure());
    scenarios.push(power_off());
    scenarios
}

/// A machine with a card in each state.
fn recovery(chip: &str) -> Scenario {
    let states = states(chip);
    let gpus = states.iter().map(|(state, _)| Gpu::left(chip, state));
    let mut scenario = Scenario::new(format!("{chip}-dirty"), gpus.collect());
    scenario.short_firmware = true;
    scenario
        .step("the modules load", Step::new("fault_prepare", 20))
        .gate();
    for ((state, line), gpu) in states.iter().zip(0..) {
        let step = Step::new("fault_works", LIMIT).on(gpu).together();
        let (name, step) = match line {
            Some(line) => (
                format!("a card left as {state} is recovered, and what was found is told"),
                step.expecting(super::Expect::Says {
                    bdf: pci_address(gpu),
                    line,
                }),
            ),
            None => (format!("a card left as {state} works"), step),
        };
        scenario.step(name, step);
    }
    for ((state, _), gpu) in states.iter().zip(0..) {
        scenario.step(
            format!("the card that was left as {state} binds again"),
            Step::new("fault_works", LIMIT).on(gpu).together(),
        );
    }
    scenario.step("both modules unload", Step::new("unload", 30).on(0));
    for ((state, _), gpu) in states.iter().zip(0..) {
        scenario.afterwards(
            format!("the flush register of the card left as {state} is cleared"),
            Afterwards::FlushCleared(gpu),
        );
    }
    scenario.close()
}

/// Fault that leaves a card as it is when it is reset.
pub(super) const NO_CURE: &str = "reset-cures-nothing";

/// Cards that cannot be recovered: their GSP runs, and no reset stops it.
fn no_cure() -> Scenario {
    let gpus = CHIPS.iter().map(|chip| Gpu {
        faults: vec![NO_CURE.to_owned()],
        ..Gpu::left(chip, "gsp-running")
    });
    let mut scenario = Scenario::new("dirty-for-good", gpus.collect());
    scenario.short_firmware = true;
    scenario
        .step("the modules load", Step::new("fault_prepare", 20))
        .gate();
    for (chip, gpu) in CHIPS.iter().zip(0..) {
        for time in ["is refused", "is refused again, being as it was"] {
            let refused = super::Expect::Failure {
                bdf: pci_address(gpu),
                errno: super::Errno::Ebusy,
                line: if boots_by_fsp(chip) {
                    "GPU is in use all the same (GSP running"
                } else {
                    "GPU is in use all the same (GSP running, protected memory at"
                },
            };
            scenario.step(
                format!("a {chip} that no reset cures {time}"),
                Step::new("fault_fails", LIMIT).on(gpu).expecting(refused),
            );
        }
    }
    scenario.step("both modules unload", Step::new("unload", 30).on(0));
    scenario.close()
}

/// The machine is switched off with a card bound.
fn power_off() -> Scenario {
    let gpus = CHIPS.iter().map(|chip| Gpu::new(chip));
    let mut scenario = Scenario::new("power-off", gpus.collect());
    scenario.short_firmware = true;
    scenario
        .step("both drivers bind", Step::new("load_modules", LIMIT))
        .gate();
    scenario.step(
        "devices are shut down without a complaint",
        Step::new("power_off", LIMIT).ending(),
    );
    for (chip, gpu) in CHIPS.iter().zip(0..) {
        scenario.afterwards(
            format!("{chip} is left without a flush page at power-off"),
            Afterwards::FlushCleared(gpu),
        );
    }
    scenario.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpu_model::{
        boot::dirty::Dirty,
        chips::Chip, //
    };
    use std::collections::BTreeSet;

    #[test]
    fn every_state_of_the_emulated_gpu_is_recovered_from() {
        for name in CHIPS {
            let family = Chip::by_name(name).unwrap().family;
            let known: BTreeSet<&str> = Dirty::ALL
                .iter()
                .filter(|(_, state, _)| state.is_of(family))
                .map(|(name, ..)| *name)
                .collect();
            let tried: BTreeSet<&str> = states(name).iter().map(|(name, _)| *name).collect();
            assert_eq!(tried, known, "{name}");
        }
    }
}
