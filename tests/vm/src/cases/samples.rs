// SPDX-License-Identifier: GPL-2.0

//! The samples below `tests/samples`: each does on a device of QEMU what its documentation says, and what it
//! says when it is unbound shows the order in which things go.

use super::{
    debug::NO_KUNIT,
    Scenario,
    Step, //
};
use crate::{
    driver::{
        Driver,
        SAMPLE_OF_NEWER, //
    },
    paths::Flavour, //
};

/// Samples, and what they show.
const SAMPLES: &[(&str, &str)] = &[
    (
        "sample_pci",
        "private data of a PCI driver reach the device while they are dropped",
    ),
    (
        "sample_platform",
        "private data of a platform driver do so, too",
    ),
    (
        "sample_auxiliary",
        "children are unbound one after the other, and only then the registers go that they borrow",
    ),
    (
        "sample_devres_before",
        "two drivers share registers by Devres and Arc",
    ),
    (
        "sample_devres_after",
        "they do and say the same with neither",
    ),
];

/// The port in front of the device. It tells of errors, and the kernel asks whoever drives what is behind it.
const PORT: &str = "rp1";

/// What happens to the device of a driver with all callbacks.
const CALLED: &[(&str, &str)] = &[
    ("load", "a driver with all callbacks binds"),
    (
        "reset",
        "it is told before its device is reset, and afterwards",
    ),
    ("sleep", "it is told of sleep, and of its end"),
    (
        "nonfatal",
        "after an error it looks whether its device answers, and goes on",
    ),
    (
        "fatal",
        "after a worse one it has its device reset, sets it up again, and goes on",
    ),
    ("unload", "its private data have been there all the time"),
];

/// What happens to the device of a driver that has none of them.
const NOT_CALLED: &[(&str, &str)] = &[
    ("load", "a driver without callbacks binds"),
    ("sleep", "the machine sleeps without asking it"),
    ("nonfatal", "it is not said to survive errors"),
    ("reset", "its device is reset without telling it"),
    ("unload", "it is unbound all the same"),
];

pub(super) fn scenarios() -> Vec<Scenario> {
    // The debug kernel has no extended configuration space, in which devices tell of errors.
    let mut debug = scenario("samples-debug", false);
    debug.flavour = Flavour::Debug;
    debug.append = NO_KUNIT;
    debug.step("no memory is left behind", Step::new("no_leak", 60));
    debug.step(
        "the lock checker is still on",
        Step::new("lockdep_clean", 10),
    );
    vec![scenario("samples", true).close(), debug.close()]
}

fn scenario(name: &str, errors: bool) -> Scenario {
    let mut scenario = Scenario::new(name, Vec::new());
    scenario.driver = Driver::Samples;
    for (sample, shown) in SAMPLES {
        let claim = scenario.step(
            format!("{sample}: {shown}"),
            Step::new("sample", 30).arg("sample", *sample),
        );
        let (newer, since) = SAMPLE_OF_NEWER;
        if *sample == newer {
            claim.since(since);
        }
    }
    scenario.step(
        "sample_debugfs: a file that borrows registers goes before they do, readers or not",
        Step::new("sample_debugfs", 60),
    );
    let happens = |what: &&(&str, &str)| errors || !["nonfatal", "fatal"].contains(&what.0);
    for (what, shown) in CALLED.iter().filter(happens) {
        let step = called("sample_callbacks", what);
        scenario.step(format!("sample_callbacks: {shown}"), step);
    }
    for (what, shown) in NOT_CALLED.iter().filter(happens) {
        let step = called("sample_pci", what);
        scenario.step(format!("sample_pci: {shown}"), step);
    }
    scenario
}

fn called(sample: &'static str, what: &'static str) -> Step {
    let step = Step::new("sample_called", 60)
        .arg("sample", sample)
        .arg("what", what);
    match what {
        "nonfatal" => step.after_error(PORT, "COMP_TIME"),
        "fatal" => step.after_error(PORT, "DLP"),
        _ => step,
    }
}
