// SPDX-License-Identifier: GPL-2.0

//! Boots and stops a GSP through registers and guest memory, as a driver does.

mod driver;
mod firmware;

use driver::{
    Driver,
    GSP, //
};

const BOTH: [&str; 2] = ["ga102", "tu102"];

#[test]
fn a_driver_that_does_everything_right_gets_to_risc_v_active_and_back() {
    for chip in ["tu102", "tu116", "ga100", "ga102", "ad102"] {
        let mut driver = Driver::new(chip);
        if chip != "ga100" {
            driver.run_frts();
            assert_eq!(driver.read(0x1438) >> 16, 0, "{chip}");
            assert_eq!(driver.wpr2(), driver.frts(), "{chip}");
        }
        driver.hand_over();
        assert!(!driver.riscv_active(), "{chip}");
        assert_eq!(driver.run_booter_load(), 0, "{chip}: {:?}", driver.rules());
        assert!(driver.riscv_active(), "{chip}");
        assert_eq!(driver.wpr2(), driver.region(), "{chip}");
        driver.reset(GSP);
        driver.run_sb();
        assert_eq!(driver.read(0x1454), 0, "{chip}");
        assert_eq!(driver.run_booter_unload(), 0, "{chip}");
        assert_eq!(driver.read(0x1fa828), 0, "{chip}");
        assert_eq!(driver.rules(), [""; 0], "{chip}");
    }
}

#[test]
fn boot_can_be_repeated_without_a_device_reset() {
    for chip in BOTH {
        let mut driver = Driver::new(chip);
        for _ in 0..2 {
            driver.boot();
            driver.unload();
        }
        assert_eq!(driver.rules(), [""; 0], "{chip}");
    }
}
