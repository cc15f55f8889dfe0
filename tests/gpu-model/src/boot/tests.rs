// SPDX-License-Identifier: GPL-2.0

//! Boots and stops a GSP through registers and guest memory, as a driver does.

mod conversation;
mod dirty;
mod driver;
pub(crate) mod firmware;
pub(crate) mod machine;
mod violations;

use driver::{
    Driver,
    GSP,
    SEC2,
    UCODE, //
};
use machine::{
    META,
    SAVE_META, //
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
        driver.converse().expect(chip);
        driver.stop(0);
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

#[test]
fn a_machine_that_is_switched_off_takes_the_card_with_it() {
    let mut driver = Driver::new("ga102");
    driver.boot();
    driver.device.disconnected();
    for _ in 0..100 {
        driver.tick();
    }
    assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
}

#[test]
fn a_mended_card_boots_where_it_failed_before() {
    let mut driver = Driver::with_faults("ga102", &["booter-error=5"]);
    driver.write_libos();
    driver.run_frts();
    driver.hand_over();
    assert_eq!(driver.run_booter_load(), 5);
    driver.run_sb();
    assert_eq!(driver.run_booter_unload(), 0);
    driver.device.mend();
    driver.boot();
    driver.unload();
    assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
}

#[test]
fn suspended_state_can_be_resumed() {
    for chip in BOTH {
        let mut driver = Driver::new(chip);
        driver.boot();
        driver.write_save_meta();
        driver.stop(3);
        driver.run_sb();
        assert_eq!(driver.run_booter(false, SAVE_META), 0, "{chip}");
        assert_eq!(driver.read(0x1fa828), 0, "{chip}");
        driver.tell_resume();
        assert_eq!(driver.run_booter(true, SAVE_META), 0, "{chip}");
        assert!(driver.riscv_active(), "{chip}");
        assert_eq!(driver.wpr2(), driver.region(), "{chip}");
        driver.resumed().expect(chip);
        driver.unload();
        assert_eq!(driver.rules(), [""; 0], "{chip}");
    }
}

#[test]
fn every_fault_of_falcons_and_programs_shows() {
    // Name, and what the driver sees. All of them fire, and none makes a violation of a driver
    // that did nothing wrong.
    for (fault, how) in FAULTS {
        let mut driver = Driver::with_faults("ga102", &[fault]);
        how(&mut driver);
        assert!(driver.device.recorder.counters.faults_fired > 0, "{fault}");
        assert_eq!(
            driver.rules(),
            [""; 0],
            "{fault}: {:?}",
            driver.complaints()
        );
    }
}

type Show = fn(&mut Driver);

const FAULTS: &[(&str, Show)] = &[
    ("scrub-stuck", |driver| {
        driver.pulse(GSP);
        driver.wait_scrubbed(GSP).unwrap_err();
    }),
    ("reset-ready-never", |driver| {
        driver.boot();
        driver.unload();
    }),
    ("core-select-stuck", |driver| {
        driver.write(GSP + 0x1668, 0x10);
        driver.pulse(GSP);
        driver.wait_scrubbed(GSP).unwrap();
        assert_eq!(driver.read(GSP + 0x1668) & 0x10, 0x10);
        driver.write(GSP + 0x1668, 0);
        driver.poll(GSP + 0x1668, 1, 1).unwrap_err();
    }),
    ("dma-stuck", |driver| {
        driver.reset(SEC2);
        driver.allow_dma(SEC2);
        driver.modify(SEC2 + 0x600, 7, 5);
        driver.write(SEC2 + 0x110, (UCODE >> 8) as u32);
        driver.write(SEC2 + 0x118, 0x600);
        driver.poll(SEC2 + 0x118, 2, 2).unwrap_err();
    }),
    ("falcon-never-halts", |driver| {
        driver.reset(GSP);
        driver.run(GSP).unwrap_err();
    }),
    ("brom-refuses-fwsec", |driver| {
        driver.run_frts();
        assert_eq!(driver.wpr2(), (0, 0));
    }),
    ("brom-refuses-booter", |driver| {
        driver.run_frts();
        driver.hand_over();
        assert_eq!(driver.run_booter_load(), META as u32);
        assert!(!driver.riscv_active());
    }),
    ("fwsec-error=0x2a", |driver| {
        driver.run_frts();
        assert_eq!(driver.read(0x1438), 0x2a_0000);
        assert_eq!(driver.wpr2(), (0, 0));
    }),
    ("fwsec-mailbox=0x2b", |driver| {
        let data = driver.command(0x15, Some(driver.frts()));
        driver.run_fwsec(&data).unwrap();
        assert_eq!(driver.read(GSP + 0x40), 0x2b);
        assert_eq!(driver.wpr2(), (0, 0));
    }),
    ("wpr2-missing", |driver| {
        driver.run_frts();
        assert_eq!((driver.read(0x1438), driver.wpr2()), (0, (0, 0)));
    }),
    ("wpr2-elsewhere", |driver| {
        driver.run_frts();
        assert_ne!(driver.wpr2(), driver.frts());
        assert_ne!(driver.wpr2(), (0, 0));
        driver.run_sb();
        assert_eq!(driver.run_booter_unload(), 0);
    }),
    ("booter-error=0x2c", |driver| {
        driver.run_frts();
        driver.hand_over();
        assert_eq!(driver.run_booter_load(), 0x2c);
        assert!(!driver.riscv_active());
        assert_eq!(driver.wpr2(), driver.frts());
    }),
    ("riscv-never-active", |driver| {
        driver.run_frts();
        driver.hand_over();
        assert_eq!(driver.run_booter_load(), 0);
        assert!(!driver.riscv_active());
        assert_eq!(driver.wpr2(), driver.region());
    }),
    ("sb-error=0x2d", |driver| {
        driver.boot();
        driver.stop(0);
        driver.run_sb();
        assert_eq!(driver.read(0x1454), 0x2d);
    }),
    ("sb-mailbox=0x2e", |driver| {
        driver.boot();
        driver.stop(0);
        let data = driver.command(0x19, None);
        driver.run_fwsec(&data).unwrap();
        assert_eq!(driver.read(GSP + 0x40), 0x2e);
    }),
    ("booter-unload-error=0x2f", |driver| {
        driver.boot();
        driver.stop(0);
        driver.run_sb();
        assert_eq!(driver.run_booter_unload(), 0x2f);
        assert_ne!(driver.read(0x1fa828), 0);
    }),
    ("booter-unload-leaves-wpr2", |driver| {
        driver.boot();
        driver.stop(0);
        driver.run_sb();
        assert_eq!(driver.run_booter_unload(), 0);
        assert_ne!(driver.read(0x1fa828), 0);
    }),
    ("resume-never", |driver| {
        driver.start_gsp();
        assert_eq!(driver.converse(), None);
        assert_eq!(driver.read(0x1180f8), 0);
    }),
    ("sec2-resume-error=0x30", |driver| {
        driver.start_gsp();
        assert_eq!(driver.converse(), None);
        assert_eq!(driver.read(SEC2 + 0x40), 0x30);
    }),
    ("riscv-lost-at-resume", |driver| {
        driver.start_gsp();
        assert_eq!(driver.converse(), None);
        assert_ne!(driver.read(0x1180f8), 0);
        assert!(!driver.riscv_active());
    }),
    ("vanish-at=frts-done", |driver| {
        let data = driver.command(0x15, Some(driver.frts()));
        driver.run_fwsec(&data).unwrap();
        assert_eq!(driver.read(0), u32::MAX);
    }),
    ("vanish-at=gsp-ready", |driver| {
        driver.start_gsp();
        driver.converse();
        assert_eq!(driver.read(0), u32::MAX);
    }),
    ("fuse-version-too-new", |driver| {
        assert_eq!(driver.read(0x824148), 3);
    }),
    ("fwsec-fuse-version-too-new", |driver| {
        assert_eq!(driver.read(0x8241e0), 3);
    }),
];

#[test]
fn knobs_that_change_no_outcome_are_used() {
    for chip in BOTH {
        let mut driver = Driver::with_faults(chip, &["start-by-alias"]);
        driver.boot();
        driver.unload();
        assert_eq!(driver.rules(), [""; 0], "{chip}");
        driver.write(GSP + 0x100, 2);
        assert_eq!(driver.rules(), ["FV-16"], "{chip}");
    }
    let mut driver = Driver::with_faults("ga102", &["core-select-survives-reset"]);
    driver.boot();
    driver.stop(0);
    driver.pulse(GSP);
    driver.wait_scrubbed(GSP).unwrap();
    assert_eq!(driver.read(GSP + 0x1668) & 0x10, 0x10);
    driver.run_sb();
    assert_eq!(driver.run_booter_unload(), 0);
    assert_eq!(driver.rules(), [""; 0]);
}
