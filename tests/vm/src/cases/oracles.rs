// SPDX-License-Identifier: GPL-2.0

//! Drivers that nobody here wrote, on the emulated cards: upstream's nova-core and the stock nouveau. Both
//! bring real cards up, so that a card which they refuse, complain about or use wrongly is badly emulated.

use std::time::Duration;

use super::{
    Afterwards,
    Scenario,
    Step, //
};
use crate::{
    driver::Driver,
    gpu::{
        boots_by_fsp,
        Gpu, //
    },
    paths::Series, //
};

/// Upstream's chips, by guest: of those that boot through SEC2, one of each way to load firmware into a falcon
/// and one of Ada's; of those that FSP boots, one of each generation. A guest has room for one with a huge
/// aperture.
const NOVA_CHIPS: &[&[&str]] = &[
    &["ga102", "tu102", "gb100"],
    &["tu116", "ad104", "gh100", "gb202"],
];

/// nouveau's chips: it needs a display engine, or a fuse that says there is none.
const NOUVEAU_CHIPS: &[&[&str]] = &[&["ga102", "gh100"], &["tu116", "ad102", "gb202"]];

/// The chip whose VBIOS is as long as a real card's. Both drivers read it whole, word by word, which takes
/// longer than all else: once is enough.
const WHOLE_VBIOS: &str = "ga102";

/// Seconds that loading may take for each card under emulation, firmware included.
const SECONDS_EACH: u64 = 40;

pub(super) fn scenarios() -> Vec<Scenario> {
    let nova = NOVA_CHIPS.iter().zip(1..).map(nova);
    nova.chain(NOUVEAU_CHIPS.iter().zip(1..).map(nouveau))
        .collect()
}

/// Guests of oracles have one card of each of these chips.
fn guest(driver: Driver, name: String, chips: &[&str]) -> Scenario {
    let card = |chip: &&str| Gpu {
        short_vbios: *chip != WHOLE_VBIOS && !boots_by_fsp(chip),
        ..Gpu::new(chip)
    };
    let gpus = chips.iter().map(card).collect();
    let mut scenario = Scenario::new(name, gpus);
    scenario.driver = driver;
    let limit = SECONDS_EACH * chips.len() as u64;
    scenario
        .step(
            format!("{} loads without an error", driver.title()),
            oracle_step(driver, "oracle_load", limit),
        )
        .gate();
    scenario
}

/// The first kernels whose nova-core takes the firmware in the form that guests of it are given.
const NOVA_SINCE: Series = (7, 3);

fn nova((chips, number): (&&[&str], usize)) -> Scenario {
    let driver = Driver::UpstreamNova;
    let mut scenario = guest(driver, format!("oracle-nova-{number}"), chips);
    for (index, chip) in chips.iter().enumerate() {
        scenario.step(
            format!("{chip} is bound, and GSP-RM has told its name"),
            oracle_step(driver, "oracle_nova_bound", 10).on(index),
        );
    }
    let again = |(_, chip): &(usize, &&str)| **chip != WHOLE_VBIOS;
    for (index, chip) in chips.iter().enumerate().filter(again) {
        scenario.step(
            format!("{chip} is unbound and bound again without an error"),
            oracle_step(driver, "oracle_rebind", SECONDS_EACH).on(index),
        );
    }
    unload(&mut scenario, driver);
    for (index, chip) in chips.iter().enumerate() {
        scenario.afterwards(
            format!("the flush register of {chip} is cleared"),
            Afterwards::FlushCleared(index),
        );
    }
    let mut scenario = scenario.close();
    scenario
        .claims
        .iter_mut()
        .for_each(|claim| claim.since(NOVA_SINCE));
    scenario
}

fn nouveau((chips, number): (&&[&str], usize)) -> Scenario {
    let driver = Driver::Nouveau;
    let mut scenario = guest(driver, format!("oracle-nouveau-{number}"), chips);
    for (index, chip) in chips.iter().enumerate() {
        scenario.step(
            format!("{chip} is bound, runs GSP-RM 570.144, and has card and render node"),
            oracle_step(driver, "oracle_nouveau_bound", 10).on(index),
        );
    }
    unload(&mut scenario, driver);
    scenario.close()
}

fn unload(scenario: &mut Scenario, driver: Driver) {
    let limit = SECONDS_EACH * scenario.gpus.len() as u64;
    let step = oracle_step(driver, "oracle_unload", limit);
    scenario.step(format!("{} unloads without an error", driver.title()), step);
}

fn oracle_step(driver: Driver, script: &'static str, seconds: u64) -> Step {
    Step {
        limit: Duration::from_secs(seconds),
        ..Step::for_driver(script, driver)
    }
}
