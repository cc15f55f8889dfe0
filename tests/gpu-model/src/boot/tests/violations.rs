// SPDX-License-Identifier: GPL-2.0

//! One test for each rule about falcons and their programs: a driver that does everything right
//! but one thing.

mod accepted;
mod machine;
mod programs;
mod signatures;

use super::{
    driver::{
        Driver,
        GSP,
        SEC2,
        UCODE, //
    },
    machine::{
        FLUSH_PAGE,
        IMAGE,
        LIBOS,
        META,
        RAM,
        REST,
        SAVE_META, //
    },
};

/// What a driver does wrong, on which chip, and the rules it breaks.
type Case = (
    &'static str,
    &'static str,
    &'static [&'static str],
    fn(&mut Driver),
);

fn check(cases: &[Case]) {
    for (name, chip, want, run) in cases {
        let mut driver = Driver::new(chip);
        run(&mut driver);
        let complaints = driver.complaints();
        assert_eq!(driver.rules(), *want, "{name} on {chip}: {complaints:#?}");
    }
}

/// Releases reset of SEC2 and waits; nothing else.
fn ready(driver: &mut Driver) {
    driver.reset(SEC2);
    driver.allow_dma(SEC2);
    if driver.by_dma {
        driver.modify(SEC2 + 0x600, 7, 5);
    }
}

/// Submits one transfer with the given registers.
fn submit(driver: &mut Driver, base: u64, memory: u32, offset: u32, command: u32) {
    driver.write(SEC2 + 0x110, (base >> 8) as u32);
    driver.write(SEC2 + 0x128, (base >> 40) as u32);
    driver.write(SEC2 + 0x114, memory);
    driver.write(SEC2 + 0x11c, offset);
    driver.write(SEC2 + 0x118, command);
}

/// Is the transfer done?
fn settles(driver: &mut Driver) -> bool {
    driver.poll(SEC2 + 0x118, 2, 2).is_ok()
}

/// Loads booter_load with the GSP ready for it, breaks something, and runs it.
fn booter_with(driver: &mut Driver, spoil: impl FnOnce(&mut Driver)) -> u32 {
    if driver.by_dma || driver.has_frts() {
        driver.run_frts();
    }
    driver.hand_over();
    driver.write_meta();
    driver.load_booter(SEC2, true);
    driver.set_mailboxes(SEC2, META);
    spoil(driver);
    driver.run(SEC2).unwrap();
    let result = driver.read(SEC2 + 0x40);
    assert!(!driver.riscv_active());
    result
}
