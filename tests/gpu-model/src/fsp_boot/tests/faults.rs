// SPDX-License-Identifier: GPL-2.0

//! What faults show to a driver that does nothing wrong.

use super::driver::{
    Driver,
    GSP, //
};
use crate::{
    boot::tests::machine::{
        INIT_DONE,
        REST, //
    },
    chips::Chip,
    faults::Plan,
};

type Show = fn(&mut Driver);

/// Fault, and what the driver sees. All of them fire, and none makes a violation.
const FAULTS: &[(&str, Show)] = &[
    ("fmc-mask-stuck", |driver| {
        driver.start();
        assert_eq!(driver.wait_released(), Err(0));
        assert_eq!(driver.read(GSP + 0x40) >> 8, 0xba_df41);
        driver.give_up();
    }),
    ("fmc-config-zero", |driver| {
        driver.start();
        assert_eq!(driver.read(GSP + 0xf4), 0);
        assert_eq!(driver.read(GSP + 0x40) >> 8, 0xba_df41);
        driver.wait_released().unwrap();
        driver.boot_goes_on();
        driver.unload();
    }),
    ("fmc-config-zero", |driver| {
        driver.start();
        assert_eq!(driver.read(GSP + 0xf4), 0);
        driver.give_up();
        assert_eq!(driver.riscv(), 0x10, "FMC has nothing to read");
    }),
    ("fmc-mailbox-stuck", |driver| {
        driver.start();
        assert_eq!(driver.wait_released(), Err(0));
        assert_eq!(driver.read(GSP + 0xf4), 0x8000_2400);
        driver.give_up();
    }),
    ("fmc-error=0x5a", |driver| {
        driver.start();
        assert_eq!(driver.wait_released(), Err(0x5a));
        driver.wait_halted().unwrap();
        assert_eq!(driver.wpr2(), (0, 0));
        driver.device.dma_unmap(REST.0, REST.1, false);
    }),
    ("fmc-lockdown-stuck", |driver| {
        driver.start();
        assert_eq!(driver.wait_released(), Err(0));
        assert_eq!(driver.read(GSP + 0x40), 0);
        assert_eq!(driver.riscv(), 0x80);
        driver.give_up();
    }),
    ("fmc-riscv-never-active", |driver| {
        driver.start();
        driver.wait_released().unwrap();
        assert_eq!(driver.riscv(), 0x10);
        driver.send_settings();
        assert_eq!(driver.wait_for(INIT_DONE), None);
        driver.give_up();
    }),
    ("gsp-stops-mute", |driver| {
        driver.boot();
        driver.tell_to_stop();
        for _ in 0..100 {
            driver.tick();
            assert_eq!(driver.read(GSP + 0x40), 0);
        }
        driver.wait_halted().unwrap();
        driver.give_up();
    }),
    ("gsp-never-halts", |driver| {
        driver.boot();
        driver.stop(0);
        driver.wait_halted().unwrap_err();
        assert_ne!(driver.wpr2(), (0, 0));
        driver.give_up();
    }),
    ("gsp-no-suspend-flag", |driver| {
        driver.boot();
        driver.tell_to_stop();
        driver.wait_halted().unwrap_err();
        assert_eq!(driver.read(GSP + 0x40), 0);
        driver.give_up();
    }),
    ("gsp-silent", |driver| {
        driver.start_gsp();
        driver.send_settings();
        assert_eq!(driver.wait_for(INIT_DONE), None);
        driver.wait_halted().unwrap_err();
        driver.give_up();
    }),
    ("gsp-dies-after-init", |driver| {
        driver.start_gsp();
        driver.send_settings();
        driver.wait_for(INIT_DONE).unwrap();
        assert_eq!(driver.static_info(), None);
        driver.wait_halted().unwrap_err();
        driver.give_up();
    }),
    ("fsp-no-response", |driver| {
        let packet = driver.packet();
        driver.send_packet(&packet);
        for _ in 0..7 {
            driver.tick();
            assert_eq!(driver.read(0x8f_2c84), 0);
        }
        driver.give_up();
    }),
    ("gsp-crash", |driver| {
        driver.boot();
        driver.send(76, &[0; 24]);
        driver.wait_halted().unwrap();
        driver.give_up();
    }),
    ("vanish-at=cot-sent", |driver| {
        let packet = driver.packet();
        driver.send_packet(&packet);
        assert_eq!(driver.read(0), u32::MAX);
    }),
    ("vanish-at=fmc-runs", |driver| {
        let packet = driver.packet();
        driver.send_packet(&packet);
        for _ in 0..10 {
            driver.tick();
        }
        assert_eq!(driver.read(0), u32::MAX);
    }),
    ("vanish-at=gsp-unloaded", |driver| {
        driver.boot();
        driver.stop(0);
        driver.tick();
        assert_eq!(driver.riscv(), u32::MAX);
    }),
];

#[test]
fn every_fault_shows_and_makes_no_violation() {
    for chip in ["gh100", "gb202"] {
        for (fault, how) in FAULTS {
            let mut driver = Driver::with_faults(chip, &[fault]);
            how(&mut driver);
            let fired = driver.device.recorder.counters.faults_fired;
            assert!(fired > 0 || fault.starts_with("vanish"), "{fault}");
            let complaints = driver.complaints();
            assert_eq!(driver.rules(), [""; 0], "{fault} on {chip}: {complaints:?}");
        }
    }
}

/// Faults of GSP-RM that need nothing but a boot to show, and an argument.
#[test]
fn faults_of_gsp_rm_show_on_these_chips_too() {
    let mut tried = 0;
    for info in crate::faults::gsp_rm::FAULTS {
        let fault = match info.argument {
            Some(_) => format!("{}=2", info.name),
            None => info.name.to_owned(),
        };
        let chip = Chip::by_name("gb202").unwrap();
        let needs_more = info.name.starts_with("gsp-interrupt")
            || info.name.starts_with("gsp-event-race")
            || info.name.starts_with("gsp-no-interrupt");
        if needs_more || Plan::parse(chip, &[&fault]).is_err() {
            continue;
        }
        let mut driver = Driver::with_faults("gb202", &[&fault]);
        driver.start_gsp();
        driver.send_settings();
        driver.wait_for(INIT_DONE);
        for _ in 0..50 {
            driver.tick();
        }
        driver.static_info();
        driver.send(76, &[0; 24]);
        driver.send(47, &[0; 8]);
        for _ in 0..50 {
            driver.tick();
        }
        let fired = driver.device.recorder.counters.faults_fired;
        assert!(fired > 0, "{fault}");
        tried += 1;
    }
    assert!(tried > 25, "{tried}");
}

#[test]
fn a_machine_that_is_switched_off_takes_the_card_with_it() {
    let mut driver = Driver::new("gb202");
    driver.boot();
    driver.device.disconnected();
    for _ in 0..100 {
        driver.tick();
    }
    assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
}

#[test]
fn firmware_that_runs_must_be_kept_from_memory_before_it_goes() {
    let mut driver = Driver::with_faults("gb202", &["gsp-dies-after-init"]);
    driver.start_gsp();
    driver.send_settings();
    driver.wait_for(INIT_DONE).unwrap();
    driver.device.dma_unmap(REST.0, REST.1, false);
    driver.tick();
    assert_eq!(driver.rules(), ["PV-04"], "{:?}", driver.complaints());
}

#[test]
fn a_mended_card_boots_where_it_failed_before() {
    for fault in [
        "fmc-error=5",
        "fmc-riscv-never-active",
        "gsp-stops-mute",
        "gsp-crash",
    ] {
        let mut driver = Driver::with_faults("gb202", &[fault]);
        driver.start();
        if driver.wait_released().is_ok() && driver.riscv() == 0x80 {
            driver.boot_goes_on();
            if fault == "gsp-crash" {
                driver.send(76, &[0; 24]);
            } else {
                driver.tell_to_stop();
            }
        }
        driver.wait_halted().unwrap();
        driver.device.mend();
        driver.boot();
        driver.unload();
        driver.set_flush_page(0);
        assert_eq!(
            driver.rules(),
            [""; 0],
            "{fault}: {:?}",
            driver.complaints()
        );
    }
}

impl Driver {
    /// From the release of the lockdown to the static information.
    fn boot_goes_on(&mut self) {
        self.send_settings();
        self.wait_for(INIT_DONE).expect("GSP_INIT_DONE");
        self.static_info().expect("an answer");
    }

    /// Takes everything away from a card that does not do what it should, which must not reach memory
    /// then.
    fn give_up(&mut self) {
        self.device.config_write(4, &[0x02, 0x00]);
        self.device.dma_unmap(REST.0, REST.1, false);
        for _ in 0..20 {
            self.tick();
        }
    }
}
