// SPDX-License-Identifier: GPL-2.0

//! User space: programs that everybody has, our own in C and Rust, many at a time, killed ones, and calls that nobody
//! meant while the driver comes and goes.

use super::{
    chips::BIND_LIMIT,
    debug::{
        nothing_is_found,
        NO_KUNIT, //
    },
    Scenario,
    Step, //
};
use crate::{
    gpu::Gpu,
    paths::Flavour, //
};

/// The card. What user space sees of it does not depend on the chip.
const CHIP: &str = "ga102";

/// Name of the scenario of `nova-vm fuzz`.
pub const FUZZING: &str = "fuzz-ioctl";

/// Calls that nobody meant, if the user does not say, on the stock kernel and under the checkers, which make each
/// call some times slower. They reach all calls and all their errors that way.
const CALLS: u64 = 60_000;
const CALLS_DEBUG: u64 = 20_000;
/// Where their random numbers begin.
const SEED: u64 = 1;
/// Longest time for so many of them: some seconds for the rounds of binding, and so many calls a second.
const FUZZ_LIMIT: u64 = 120;
const CALLS_EACH_SECOND: u64 = 400;

/// Clients at a time, when the card goes away under them.
const CLIENTS: &str = "64";

/// Programs that nobody here wrote, of libdrm, igt and nvtop, and what they do.
const PROGRAMS: &[(&str, &str)] = &[
    ("drmdevice", "libdrm finds the card and its nodes"),
    ("modetest", "is told that there is no display"),
    ("proptest", "is told that there is no display"),
    ("vbltest", "is told that nothing is scanned out"),
    ("lsgpu", "igt finds the card, its nodes and its driver"),
    ("gputop", "igt has no line for a client that uses no engine"),
    ("nvtop", "leaves a card alone that it does not know"),
];

/// Rounds of the comparison with vgem.
const ROUNDS: &str = "100";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![scenario(Flavour::Stock), scenario(Flavour::Debug)]
}

/// Only the calls that nobody meant, so many of them, under the checkers.
pub fn fuzzing(calls: u64, seed: u64) -> Scenario {
    let mut scenario = guest(FUZZING, Flavour::Debug);
    fuzz(&mut scenario, calls, seed);
    nothing_is_found(&mut scenario);
    scenario.close()
}

/// Only the comparison of objects with those of vgem, longer, and whatever comes of it.
pub fn measuring() -> Scenario {
    let mut scenario = guest("bench-objects", Flavour::Stock);
    let step = Step::new("bench_objects", 120).on(0);
    scenario.step(
        "objects are measured",
        step.arg("rounds", "500").arg("percent", "0"),
    );
    scenario
}

fn guest(name: &str, flavour: Flavour) -> Scenario {
    let mut scenario = Scenario::new(name, vec![Gpu::new(CHIP)]);
    scenario.flavour = flavour;
    scenario.short_firmware = true;
    scenario.append = match flavour {
        Flavour::Stock => "",
        Flavour::Debug => NO_KUNIT,
    };
    scenario
        .step("the card is bound", Step::new("bound", BIND_LIMIT).on(0))
        .gate();
    scenario
}

fn scenario(flavour: Flavour) -> Scenario {
    let name = match flavour {
        Flavour::Stock => "clients",
        Flavour::Debug => "clients-debug",
    };
    let mut scenario = guest(name, flavour);
    scenario.more_tools = true;
    for (program, shown) in PROGRAMS {
        scenario.step(
            format!("{program}: {shown}"),
            Step::new("program", 30).on(0).arg("program", *program),
        );
    }
    for (client, what) in [("gem-client", "objects"), ("sync-client", "syncobjs")] {
        for (node, node_name) in [("renderD", "render"), ("card", "primary")] {
            for (user, user_name) in [("root", "root"), ("user", "an ordinary user")] {
                let step = Step::new("client", 60).on(0).arg("client", client);
                scenario.step(
                    format!("{what} are what {user_name} expects of a {node_name} node"),
                    step.arg("node", node).arg("user", user),
                );
            }
        }
    }
    scenario.step(
        "memory of a killed client is returned to the page",
        Step::new("killed_client", 60).on(0).arg("mebibytes", "48"),
    );
    scenario.step(
        format!("{CLIENTS} clients that use objects see the card go"),
        Step::new("many_clients", 180).on(0).arg("clients", CLIENTS),
    );
    if flavour == Flavour::Stock {
        let step = Step::new("bench_objects", 60).on(0).arg("rounds", ROUNDS);
        scenario.step(
            "objects cost no more than those of vgem",
            step.arg("percent", "90"),
        );
        fuzz(&mut scenario, CALLS, SEED);
        scenario.step(
            "both modules unload and leave nothing",
            Step::new("unload", 20).on(0),
        );
    } else {
        fuzz(&mut scenario, CALLS_DEBUG, SEED);
        nothing_is_found(&mut scenario);
    }
    scenario.close()
}

fn fuzz(scenario: &mut Scenario, calls: u64, seed: u64) {
    let limit = FUZZ_LIMIT + calls / CALLS_EACH_SECOND;
    let step = Step::new("fuzz_ioctl", limit)
        .on(0)
        .arg("calls", calls.to_string())
        .arg("seed", seed.to_string())
        .arg("seconds", (limit - FUZZ_LIMIT / 4).to_string());
    scenario.step(
        format!("{calls} calls that nobody meant do no harm while the card comes and goes"),
        step,
    );
}
