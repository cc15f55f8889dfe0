// SPDX-License-Identifier: GPL-2.0

//! Healthy cards on the stock kernel: one chip of every generation through the whole life of the drivers,
//! all chips through probe, and two under an IOMMU.

use super::{
    Afterwards,
    Expect,
    Scenario,
    Step, //
};
use crate::gpu::{
    boots_by_fsp,
    Gpu,
    CHIPS, //
};

/// One chip of every way to come up.
const FULL_LIFE: &[&str] = &[
    "ga102", "tu102", "tu116", "ga100", "ad102", "gh100", "gb100", "gb202",
];

/// Chips of both boot methods, for scenarios that need not try more.
const ONE_OF_EACH_BOOT: &[&str] = &["ga102", "gh100"];

/// Chips of both ways to load a program into a falcon, and one that FSP boots.
const ONE_OF_EACH_LOADER: &[&str] = &["tu102", "ga102", "gb202"];

/// Chips with an aperture of 128 GiB: an emulated CPU has 40 address bits, and the firmware finds room for
/// one such card in a machine.
const HUGE_APERTURE: &[&str] = &["gh100", "gb100", "gb102"];

/// Cards in one machine when many are probed at once.
const CARDS_AT_ONCE: usize = 8;

pub(super) fn scenarios(rebinds: u32) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = FULL_LIFE
        .iter()
        .map(|chip| {
            let mut scenario = Scenario::new(*chip, vec![Gpu::new(chip)]);
            full_life(&mut scenario, rebinds);
            scenario.close()
        })
        .collect();
    for chip in ONE_OF_EACH_BOOT {
        let mut scenario = Scenario::new(format!("{chip}-iommu"), vec![Gpu::new(chip)]);
        scenario.iommu = true;
        short_life(&mut scenario);
        scenarios.push(scenario.close());
    }
    let mut tlv = many_cards("tlv-firmware".to_owned(), ONE_OF_EACH_LOADER);
    tlv.tlv = true;
    scenarios.push(tlv.close());
    for (number, chips) in groups().iter().enumerate() {
        let mut scenario = Scenario::new(format!("all-chips-{}", number + 1), cards(chips));
        load(&mut scenario, chips);
        rebind_siblings(&mut scenario, chips, rebinds);
        leave(&mut scenario, chips);
        scenarios.push(scenario.close());
    }
    scenarios
}

/// Chips that FSP boots and that go through no whole life bind again here, all at the same time: once, unless
/// more is asked for than usual.
fn rebind_siblings(scenario: &mut Scenario, chips: &[&str], rebinds: u32) {
    let times = if rebinds > super::REBINDS { rebinds } else { 1 };
    let limit = REBIND_LIMIT + REBIND_SECONDS * u64::from(times);
    for (gpu, chip) in chips.iter().enumerate() {
        if boots_by_fsp(chip) && !FULL_LIFE.contains(chip) {
            let step = Step::new("rebind", limit)
                .on(gpu)
                .arg("times", times.to_string());
            scenario.step(
                format!("{chip}: unbind and bind {times} times"),
                step.together(),
            );
        }
    }
}

/// Longest time for the endurance claim: so much, and so much more for each round. A round takes 1 to 2 s
/// under emulation, nearly all of it for loading the firmware, and more on a busy machine.
const REBIND_LIMIT: u64 = 30;
const REBIND_SECONDS: u64 = 15;
/// How often the clock is read, times the square of the rounds of the endurance claim: ten thousand times in
/// `make test`, a million times in `make endurance`.
const READS: u64 = 100;
/// Enough to meet some unbindings.
const LEAST_READS: u64 = 2_000;
/// How often at least it is read in a second, whatever the machine is doing.
const READS_PER_SECOND: u64 = 250;
/// Longest time to bind a card, firmware included.
pub(super) const BIND_LIMIT: u64 = 60;

/// All chips in as few machines as can be: at most [`CARDS_AT_ONCE`] cards, and one with a huge aperture.
pub(super) fn groups() -> Vec<Vec<&'static str>> {
    let (huge, small): (Vec<&str>, Vec<&str>) =
        CHIPS.iter().partition(|c| HUGE_APERTURE.contains(*c));
    let mut groups: Vec<Vec<&str>> = small
        .chunks(CARDS_AT_ONCE - 1)
        .map(<[&str]>::to_vec)
        .collect();
    for (group, chip) in huge.into_iter().enumerate() {
        groups[group].push(chip);
    }
    groups
}

/// A card of each boot method in one machine, which come, go, come again, and go with the modules.
pub(super) fn both_boots(name: &str) -> Scenario {
    let mut scenario = Scenario::new(name, cards(ONE_OF_EACH_BOOT));
    load(&mut scenario, ONE_OF_EACH_BOOT);
    for (gpu, chip) in ONE_OF_EACH_BOOT.iter().enumerate() {
        let step = Step::new("rebind", REBIND_LIMIT + REBIND_SECONDS)
            .on(gpu)
            .arg("times", "1");
        scenario.step(format!("{chip}: unbind and bind once"), step.together());
    }
    leave(&mut scenario, ONE_OF_EACH_BOOT);
    scenario
}

/// Everything a card and its drivers can go through in this state of the driver.
pub(super) fn full_life(scenario: &mut Scenario, rebinds: u32) {
    let chip = scenario.gpus[0].chip.clone();
    scenario.step(
        "nova_drm does not load before nova_core",
        Step::new("load_order", 20),
    );
    bind(scenario, &chip);
    ask(scenario);
    share(scenario);
    scenario.step(
        "a client whose card goes away sees ENODEV and can close",
        Step::new("unbind_open_fd", BIND_LIMIT).on(0),
    );
    scenario.step(
        "calls racing with unbind end in ENODEV",
        Step::new("stress_unbind", BIND_LIMIT).on(0),
    );
    scenario.step(
        "who holds the clock's file open reads it, and ENODEV while the driver is not bound",
        Step::new("clock", BIND_LIMIT).on(0),
    );
    if ONE_OF_EACH_BOOT.contains(&chip.as_str()) {
        read_while_unbinding(scenario, rebinds);
    }
    let times = Step::new("rebind", REBIND_LIMIT + REBIND_SECONDS * u64::from(rebinds))
        .on(0)
        .arg("times", rebinds.to_string());
    scenario.step(format!("unbind and bind {rebinds} times"), times);
    scenario.step(
        "nova_core cannot be removed under nova_drm",
        Step::new("rmmod_refused", 10).on(0),
    );
    scenario
        .step(
            "both modules unload and leave nothing",
            Step::new("unload", 20).on(0),
        )
        .gate();
    scenario.step(
        "the card binds again after a function-level reset",
        Step::new("reset", BIND_LIMIT).on(0),
    );
    scenario
        .step(
            "both modules unload a second time",
            Step::new("unload", 20).on(0),
        )
        .gate();
    scenario.step(
        "the child driver may come after the parent is bound",
        Step::new("child_after_core", BIND_LIMIT).on(0),
    );
    scenario.step(
        "nova_core unbinds last when all is over",
        Step::new("unload", 20).on(0),
    );
    if scenario.flavour == crate::paths::Flavour::Stock {
        scenario.step("the stand-alone module loads", Step::new("hello", 10));
        scenario.step(
            "the kernel is tainted by out-of-tree modules only",
            Step::new("taint", 10),
        );
    }
    scenario.afterwards(
        "the sysmem flush register is cleared at the end",
        Afterwards::FlushCleared(0),
    );
    scenario.afterwards(
        "probe to bound is seen by the device",
        Afterwards::ProbeCost(0),
    );
}

/// Threads read a register of a card that comes and goes. A read that reached it after it was given back would be
/// a violation.
fn read_while_unbinding(scenario: &mut Scenario, rebinds: u32) {
    let reads = LEAST_READS.max(READS * u64::from(rebinds).pow(2));
    let step = Step::new("clock_stress", BIND_LIMIT + reads / READS_PER_SECOND)
        .on(0)
        .arg("reads", reads.to_string());
    scenario.step(
        format!("the clock is read {reads} times while the card is unbound and bound"),
        step,
    );
}

/// Bind, ask, leave.
pub(super) fn short_life(scenario: &mut Scenario) {
    let chip = scenario.gpus[0].chip.clone();
    bind(scenario, &chip);
    scenario.step(
        "GETPARAM is the length of the video memory BAR",
        Step::new("getparam", 10).on(0),
    );
    let times = Step::new("rebind", REBIND_LIMIT + REBIND_SECONDS * 5)
        .on(0)
        .arg("times", "5");
    scenario.step("unbind and bind 5 times", times);
    if scenario.iommu && scenario.flavour == crate::paths::Flavour::Stock {
        // Between two marks each: the bind before, and this.
        const PART: usize = 3;
        scenario.step(
            "the child goes, then interrupts, then memory, then the registers",
            Step::new("teardown", 30).on(0).marked(),
        );
        scenario.afterwards(
            "every register write of that has reached the card while its registers were mapped",
            Afterwards::Teardown { gpu: 0, part: PART },
        );
    }
    scenario.step(
        "both modules unload and leave nothing",
        Step::new("unload", 20).on(0),
    );
    scenario.step(
        "nova-inspect recognises the card without a driver",
        Step::new("inspect", 10).on(0).arg("chip", chip),
    );
    scenario.afterwards(
        "the sysmem flush register is cleared at the end",
        Afterwards::FlushCleared(0),
    );
}

fn bind(scenario: &mut Scenario, chip: &str) {
    let bdf = crate::gpu::pci_address(0);
    let identity = Expect::Identity {
        bdf,
        chip: chip.to_uppercase(),
    };
    scenario
        .step(
            "both drivers bind, and GSP-RM is ready",
            Step::new("bound", BIND_LIMIT)
                .on(0)
                .expecting(identity)
                .marked(),
        )
        .gate();
}

fn ask(scenario: &mut Scenario) {
    let chip = scenario.gpus[0].chip.clone();
    scenario
        .step(
            "card and render node are there and say whose they are",
            Step::new("nodes", 10).on(0),
        )
        .gate();
    scenario.step("VERSION names the driver", Step::new("version", 10).on(0));
    scenario.step(
        "GETPARAM is the length of the video memory BAR",
        Step::new("getparam", 10).on(0),
    );
    scenario.step(
        "every wrong call is refused with its errno",
        Step::new("errno_table", 20).on(0),
    );
    scenario.step(
        "libdrm, lspci and drm_info see what the card is",
        Step::new("drm_info", 20).on(0),
    );
    let debugfs = Step::new("debugfs", 10).on(0).arg("chip", chip);
    scenario.step("debugfs tells identity, firmware and layout", debugfs);
}

/// Buffers that other drivers have too.
fn share(scenario: &mut Scenario) {
    scenario.step(
        "buffers are shared with vgem and with a process, both ways",
        Step::new("prime", 30).on(0),
    );
    scenario.step(
        "shared buffers outlive their card, out of reach",
        Step::new("prime_unplug", BIND_LIMIT).on(0),
    );
    scenario.step(
        "a module whose buffer is in use elsewhere is not unloaded",
        Step::new("prime_modules", 30).on(0),
    );
}

/// Several cards in one machine: each binds, and each goes.
pub(super) fn many_cards(name: String, chips: &[&str]) -> Scenario {
    let mut scenario = Scenario::new(name, cards(chips));
    load(&mut scenario, chips);
    leave(&mut scenario, chips);
    scenario
}

fn cards(chips: &[&str]) -> Vec<Gpu> {
    chips.iter().map(|chip| Gpu::new(chip)).collect()
}

fn load(scenario: &mut Scenario, chips: &[&str]) {
    scenario
        .step(
            "both modules load",
            Step::new("load_modules", BIND_LIMIT * chips.len() as u64),
        )
        .gate();
    for (index, chip) in chips.iter().enumerate() {
        scenario.step(
            format!("{chip} is bound, and GSP-RM is ready"),
            Step::new("bound", 20).on(index),
        );
        scenario.step(
            format!("{chip} answers GETPARAM"),
            Step::new("getparam", 20).on(index),
        );
    }
}

fn leave(scenario: &mut Scenario, chips: &[&str]) {
    scenario.step(
        "both modules unload with all cards bound",
        Step::new("unload", 30).on(0),
    );
    for (index, chip) in chips.iter().enumerate() {
        scenario.afterwards(
            format!("the flush register of {chip} is cleared"),
            Afterwards::FlushCleared(index),
        );
    }
}
