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
    pci_address,
    Gpu, //
};

/// One chip of each way to load firmware into a falcon.
const CHIPS: &[&str] = &["tu102", "ga102"];

/// States of `gpu-model --start dirty=STATE`, and part of the line that names what was found.
const STATES: &[(&str, &str)] = &[
    (
        "gsp-running",
        "left in the GPU: GSP running, protected memory at",
    ),
    ("wpr2-set", "left in the GPU: protected memory at"),
    ("frts-only", "left in the GPU: protected memory at"),
    (
        "stale-queues",
        "left in the GPU: GSP running, protected memory at",
    ),
    (
        "sec2-running",
        "left in the GPU: SEC2 running, protected memory at",
    ),
    (
        "foreign-flush-page",
        "left in the GPU: sysmem flush page at",
    ),
];

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
    let gpus = STATES.iter().map(|(state, _)| Gpu::left(chip, state));
    let mut scenario = Scenario::new(format!("{chip}-dirty"), gpus.collect());
    scenario.short_firmware = true;
    scenario
        .step("the modules load", Step::new("fault_prepare", 20))
        .gate();
    for ((state, line), gpu) in STATES.iter().zip(0..) {
        let says = super::Expect::Says {
            bdf: pci_address(gpu),
            line,
        };
        scenario.step(
            format!("a card left as {state} is recovered, and what was found is told"),
            Step::new("fault_works", LIMIT).on(gpu).expecting(says),
        );
        scenario.step(
            format!("the card that was left as {state} binds again"),
            Step::new("fault_works", LIMIT).on(gpu),
        );
    }
    scenario.step("both modules unload", Step::new("unload", 30).on(0));
    for ((state, _), gpu) in STATES.iter().zip(0..) {
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
                line: "GPU is in use all the same (GSP running, protected memory at",
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
    let mut scenario = Scenario::new("power-off", vec![Gpu::new("ga102"), Gpu::new("tu102")]);
    scenario.short_firmware = true;
    scenario
        .step("both drivers bind", Step::new("load_modules", LIMIT))
        .gate();
    scenario.step(
        "devices are shut down without a complaint",
        Step::new("power_off", LIMIT).ending(),
    );
    for (chip, gpu) in ["ga102", "tu102"].iter().zip(0..) {
        scenario.afterwards(
            format!("{chip} is left without a flush page at power-off"),
            Afterwards::FlushCleared(gpu),
        );
    }
    scenario.close()
}

#[cfg(test)]
mod tests {
    use super::{
        CHIPS,
        STATES, //
    };
    use gpu_model::{
        boot::dirty::Dirty,
        chips::{
            Chip,
            Family, //
        },
    };
    use std::collections::BTreeSet;

    fn family(chip: &str) -> Family {
        Chip::by_name(chip).unwrap().family
    }

    #[test]
    fn every_state_of_the_emulated_gpu_is_recovered_from() {
        let by_sec2 = |state: &Dirty| CHIPS.iter().all(|chip| state.is_of(family(chip)));
        let known: BTreeSet<&str> = Dirty::ALL
            .iter()
            .filter(|(_, state, _)| by_sec2(state))
            .map(|(name, ..)| *name)
            .collect();
        let tried: BTreeSet<&str> = STATES.iter().map(|(name, _)| *name).collect();
        assert_eq!(tried, known);
    }
}
