// SPDX-License-Identifier: GPL-2.0

//! Cards as somebody has left them, and what cures them.

use super::driver::{
    Driver,
    GSP, //
};
use crate::{
    boot::{
        dirty::Dirty,
        tests::machine::{
            FLUSH_PAGE,
            REST, //
        },
    },
    chips::Family,
};

fn dirty(chip: &str, state: &str) -> Driver {
    Driver::with(chip, &[], Dirty::by_name(state))
}

fn states() -> Vec<&'static str> {
    let all = Dirty::ALL.iter();
    all.filter(|(_, state, _)| state.is_of(Family::Gb20x))
        .map(|(name, ..)| *name)
        .collect()
}

impl Driver {
    /// Resets the function, and begins again.
    pub(super) fn reset_function(&mut self) {
        let capability = match self.device.chip().name {
            "gh100" | "gb202" => 0x60,
            _ => 0x40,
        };
        self.device.config_write(capability + 8, &[0x10, 0xa9]);
        self.begin_again();
    }

    /// The BARs stay where they are: nobody sets them again.
    fn begin_again(&mut self) {
        self.device.config_write(4, &[0x06, 0x00]);
        // FSP begins again, by the clock of the model.
        self.now += 10_000_000;
        self.identify();
        self.set_flush_page(FLUSH_PAGE);
    }
}

#[test]
fn each_state_shows_in_the_registers() {
    for (state, wpr2, riscv, mailbox, message) in [
        ("gsp-running", true, 0x80, 0x7ad1_b000, false),
        ("stale-queues", true, 0x80, 0x7ad1_b000, true),
        ("foreign-flush-page", false, 0x10, 0, false),
        ("fmc-failed", false, 0x10, 0x2f, false),
        ("gsp-suspended", true, 0x80, 0x8000_0000, false),
    ] {
        for chip in ["gh100", "gb202"] {
            let mut driver = dirty(chip, state);
            assert_eq!(driver.wpr2() != (0, 0), wpr2, "{state}");
            assert_eq!(driver.riscv(), riscv, "{state}");
            assert_eq!(driver.read(GSP + 0x40), mailbox, "{state}");
            assert_eq!(driver.read(GSP + 0x8) & 0x40 != 0, message, "{state}");
            assert_eq!(driver.rules(), [""; 0], "{state}");
        }
    }
    let mut driver = dirty("gb100", "gsp-locked");
    for _ in 0..100 {
        driver.tick();
        assert_eq!(driver.read(GSP + 0xf4) >> 8, 0xba_df41);
        assert_eq!(driver.riscv() >> 8, 0xba_df41);
    }
    assert_eq!(states().len(), 6);
}

#[test]
fn function_level_reset_cures_all_and_machine_reset_brings_it_back() {
    for state in states() {
        let mut driver = dirty("gb202", state);
        driver.reset_function();
        assert_eq!(driver.riscv(), 0x10, "{state}");
        assert_eq!(driver.wpr2(), (0, 0), "{state}");
        driver.boot();
        driver.unload();
        assert_eq!(
            driver.rules(),
            [""; 0],
            "{state}: {:?}",
            driver.complaints()
        );
    }
    let mut driver = dirty("gb202", "gsp-running");
    driver.device.reset();
    driver.begin_again();
    assert_eq!(driver.riscv(), 0x80);
}

#[test]
fn function_level_reset_ends_a_boot_wherever_it_is() {
    let steps: [fn(&mut Driver); 3] = [
        |driver| driver.start(),
        |driver| driver.start_gsp(),
        |driver| driver.boot(),
    ];
    for step in steps {
        let mut driver = Driver::new("gh100");
        step(&mut driver);
        driver.reset_function();
        assert_eq!(driver.read(GSP + 0xf4), 0x8000_2400);
        driver.device.dma_unmap(REST.0, REST.1, false);
        driver.tick();
        // That it was not stopped in order is told, and nothing else.
        assert_eq!(driver.rules(), ["PV-12"], "{:?}", driver.complaints());
    }
}

#[test]
fn what_was_found_excuses_nothing_that_comes_later() {
    let mut driver = dirty("gb202", "fmc-failed");
    driver.start();
    driver.device.dma_unmap(REST.0, REST.1, false);
    assert_eq!(driver.rules(), ["FSP-19"], "{:?}", driver.complaints());
}

#[test]
fn states_in_which_the_gsp_has_halted_need_no_cure() {
    for state in ["fmc-failed", "foreign-flush-page"] {
        let mut driver = dirty("gh100", state);
        driver.boot();
        driver.unload();
        assert_eq!(
            driver.rules(),
            [""; 0],
            "{state}: {:?}",
            driver.complaints()
        );
    }
    let mut driver = dirty("gb202", "gsp-suspended");
    driver.wait_halted().unwrap_err();
    driver.now += 500_000;
    driver.wait_halted().unwrap();
    driver.boot();
    driver.unload();
    assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
}

#[test]
fn a_running_gsp_is_not_started_again() {
    let mut driver = dirty("gb202", "gsp-running");
    let packet = driver.packet();
    driver.send_packet(&packet);
    assert_ne!(driver.answer(), Some(0));
    assert_eq!(driver.rules(), ["FSP-12"]);
}

#[test]
fn what_a_driver_found_is_not_held_against_it() {
    for state in states() {
        let mut driver = dirty("gb202", state);
        driver.set_flush_page(0);
        assert_eq!(driver.rules(), [""; 0], "{state}");
    }
}
