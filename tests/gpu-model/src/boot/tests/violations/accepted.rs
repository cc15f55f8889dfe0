// SPDX-License-Identifier: GPL-2.0

//! What looks odd, and is right.

use super::{
    check,
    ready,
    settles,
    GSP,
    LIBOS,
    SEC2,
    UCODE, //
};

#[test]
fn what_known_drivers_do_is_accepted() {
    check(&[
        ("SWGEN0 cleared before anything", "ga102", &[], |driver| {
            driver.write(GSP + 4, 0x40);
        }),
        ("doorbells before the GSP runs", "ga102", &[], |driver| {
            driver.write(GSP + 0xc00, 0);
            driver.boot();
        }),
        (
            "mailbox rewritten while scrubbing, two pulses",
            "ga102",
            &[],
            |driver| {
                driver.read(GSP + 0x1668);
                driver.modify(GSP + 0x48, 3, 0);
                driver.write(GSP + 0x14, u32::MAX);
                for _ in 0..2 {
                    driver.pulse(GSP);
                    driver.modify(GSP + 0x40, 0, 0);
                    driver.wait_scrubbed(GSP).unwrap();
                }
                driver.set_mailboxes(GSP, LIBOS);
            },
        ),
        (
            "several transfers before one wait",
            "ga102",
            &[],
            |driver| {
                ready(driver);
                driver.write(SEC2 + 0x110, (UCODE >> 8) as u32);
                driver.write(SEC2 + 0x128, (UCODE >> 40) as u32);
                for i in 0..4 {
                    driver.write(SEC2 + 0x114, 256 * i);
                    driver.write(SEC2 + 0x11c, 256 * i);
                    driver.write(SEC2 + 0x118, 0x600);
                }
                assert!(settles(driver));
            },
        ),
        (
            "RISC-V selected before booter, and deselected after",
            "ga102",
            &[],
            |driver| {
                driver.run_frts();
                driver.reset(GSP);
                driver.modify(GSP + 0x1668, 0x111, 0x111);
                driver.set_mailboxes(GSP, LIBOS);
                assert_eq!(driver.run_booter_load(), 0);
                driver.converse().unwrap();
                driver.stop(0);
                driver.write(GSP + 0x1668, 0);
                driver.poll(GSP + 0x1668, 1, 1).unwrap();
                driver.run_sb();
                assert_eq!(driver.run_booter_unload(), 0);
            },
        ),
        ("sleep with memory on", "ga102", &[], |driver| {
            driver.boot();
            driver.stop(0);
            assert_eq!(driver.run_booter(false, 0xdead_dead_dead_dead), 0);
            assert_ne!(driver.read(0x1fa828), 0);
        }),
        ("configuration and SCP status", "tu102", &[], |driver| {
            assert_eq!(driver.read(SEC2 + 0x108), 0x2_0100);
            driver.read(SEC2 + 0x12c);
            assert_eq!(driver.read(SEC2 + 0x408) & 1 << 20, 0);
        }),
    ]);
}
