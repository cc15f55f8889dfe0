// SPDX-License-Identifier: GPL-2.0

//! The samples below `tests/samples`: each does on a device of QEMU what its documentation says, and what it
//! says when it is unbound shows the order in which things go.

use super::{
    debug::NO_KUNIT,
    Scenario,
    Step, //
};
use crate::{
    driver::Driver,
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

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut debug = scenario("samples-debug");
    debug.flavour = Flavour::Debug;
    debug.append = NO_KUNIT;
    debug.step(
        "the lock checker is still on",
        Step::new("lockdep_clean", 10),
    );
    vec![scenario("samples").close(), debug.close()]
}

fn scenario(name: &str) -> Scenario {
    let mut scenario = Scenario::new(name, Vec::new());
    scenario.driver = Driver::Samples;
    for (sample, shown) in SAMPLES {
        scenario.step(
            format!("{sample}: {shown}"),
            Step::new("sample", 30).arg("sample", *sample),
        );
    }
    scenario
}
