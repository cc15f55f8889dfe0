// SPDX-License-Identifier: GPL-2.0

//! What happens to a card that is bound and cannot be prevented, or that the driver must refuse: sleep, resets,
//! errors on PCI Express. Each leaves a driver that knows what has become of its card, and can be bound anew.

use super::{
    chips::BIND_LIMIT,
    Scenario,
    Step, //
};
use crate::gpu::Gpu;

/// One chip of each way to boot.
const CHIPS: &[&str] = &["ga102", "gh100"];

/// The port in front of the first card.
const PORT: &str = "rp1";

pub(super) fn scenarios() -> Vec<Scenario> {
    CHIPS.iter().map(|chip| scenario(chip)).collect()
}

fn scenario(chip: &str) -> Scenario {
    let mut scenario = Scenario::new(format!("{chip}-events"), vec![Gpu::new(chip)]);
    scenario.short_firmware = true;
    scenario
        .step("both drivers bind", Step::new("bound", BIND_LIMIT).on(0))
        .gate();
    scenario.step(
        "the machine does not sleep while the card is bound, and the card goes on",
        event("sleep"),
    );
    scenario.step(
        "an error that the card survives does not end anything",
        event("nonfatal").after_error(PORT, "COMP_TIME"),
    );
    scenario.step(
        "a card that is to be reset is taken down before",
        event("reset"),
    );
    rebind(&mut scenario, "it can be bound anew after that");
    scenario.step(
        "an error that costs the card its life ends the conversation",
        event("fatal").after_error(PORT, "DLP"),
    );
    rebind(&mut scenario, "it can be bound anew after that, too");
    scenario.step(
        "both modules unload and leave nothing",
        Step::new("unload", 20).on(0),
    );
    scenario.close()
}

fn event(event: &'static str) -> Step {
    Step::new("pci_event", 60).on(0).arg("event", event)
}

fn rebind(scenario: &mut Scenario, name: &str) {
    let step = Step::new("rebind", BIND_LIMIT).on(0).arg("times", "1");
    scenario.step(name, step);
    scenario.step(
        format!("{name}: GSP-RM runs"),
        Step::new("pci_event", 10).on(0).arg("event", "bound"),
    );
}
