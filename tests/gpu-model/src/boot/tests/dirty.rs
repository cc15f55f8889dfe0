// SPDX-License-Identifier: GPL-2.0

//! Cards as crashed drivers leave them, and how they become clean.

use super::{
    driver::{
        Driver,
        GSP,
        SEC2, //
    },
    machine::FLUSH_PAGE,
};
use crate::{
    boot::dirty::Dirty,
    chips::Family, //
};

/// Names of the states of a card that boots through SEC2.
fn states() -> Vec<&'static str> {
    let all = Dirty::ALL.iter();
    all.filter(|(_, state, _)| state.is_of(Family::Ga10x))
        .map(|(name, ..)| *name)
        .collect()
}

fn dirty(state: &str) -> Driver {
    let mut driver = Driver::with("ga102", &[], Dirty::by_name(state));
    driver.set_flush_page(FLUSH_PAGE);
    driver
}

#[test]
fn each_state_shows_in_the_registers() {
    for (state, wpr2, active, sec2_halted) in [
        ("frts-only", true, false, true),
        ("wpr2-set", true, false, true),
        ("gsp-running", true, true, true),
        ("stale-queues", true, true, true),
        ("sec2-running", true, false, false),
        ("foreign-flush-page", false, false, true),
    ] {
        let mut driver = dirty(state);
        assert_eq!(driver.read(0x1fa828) >> 4 != 0, wpr2, "{state}");
        assert_eq!(driver.riscv_active(), active, "{state}");
        let halted = driver.read(SEC2 + 0x100) & 0x10 != 0;
        assert_eq!(halted, sec2_halted, "{state}");
        let message = driver.read(GSP + 0x8) & 0x40 != 0;
        assert_eq!(message, state == "stale-queues", "{state}");
        assert_eq!(driver.rules(), [""; 0], "{state}");
    }
    assert_eq!(states().len(), 6);
}

#[test]
fn unload_firmware_cures_what_firmware_left() {
    for state in states() {
        let mut driver = dirty(state);
        driver.run_sb();
        if driver.read(0x1fa828) != 0 {
            assert_eq!(driver.run_booter_unload(), 0, "{state}");
        }
        driver.boot();
        driver.unload();
        assert_eq!(
            driver.rules(),
            [""; 0],
            "{state}: {:?}",
            driver.complaints()
        );
    }
}

#[test]
fn function_level_reset_cures_all_and_machine_reset_brings_it_back() {
    for state in states() {
        let mut driver = dirty(state);
        driver.device.config_write(0x80, &[0x10, 0xa9]);
        // The BARs stay where they are: nobody sets them again.
        driver.device.config_write(4, &[0x06, 0x00]);
        // The card's own firmware begins again, by the clock of the model.
        driver.now += 10_000_000;
        driver.identify();
        assert_eq!(driver.read(0x1fa828), 0, "{state}");
        assert!(!driver.riscv_active(), "{state}");
        driver.boot();
        driver.unload();
        assert_eq!(driver.rules(), [""; 0], "{state}");
    }
    let mut driver = dirty("gsp-running");
    driver.device.reset();
    driver.device.config_write(4, &[0x06, 0x00]);
    driver.now += 10_000_000;
    driver.identify();
    assert!(driver.riscv_active());
}

#[test]
fn foreign_flush_page_is_there_when_the_driver_comes() {
    let mut driver = Driver::with("ga102", &[], Some(Dirty::ForeignFlushPage));
    driver.device.reset();
    driver.device.config_write(4, &[0x06, 0x00]);
    driver.now += 10_000_000;
    driver.identify_only();
    assert_ne!(driver.read(0x100c10), 0);
}

#[test]
fn what_a_driver_found_is_not_held_against_it() {
    let mut driver = dirty("gsp-running");
    driver.set_flush_page(0);
    assert_eq!(driver.rules(), [""; 0]);
}
