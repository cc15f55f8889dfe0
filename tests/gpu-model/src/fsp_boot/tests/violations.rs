// SPDX-License-Identifier: GPL-2.0

//! One test for each rule about the boot that FSP starts: a driver that does everything right but one
//! thing.

use super::driver::{
    Driver,
    FMC,
    GSP,
    PARAMS, //
};
use crate::boot::tests::machine::{
    INIT_DONE,
    LIBOS,
    META,
    QUEUES,
    REST,
    SAVE_META, //
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

/// Boots with a description in which one thing is wrong; FMC has to refuse it.
fn meta_with(driver: &mut Driver, spoil: impl FnOnce(&mut [u64; 32])) {
    let mut meta = driver.meta();
    spoil(&mut meta);
    driver.write_this_meta(&meta);
    refused(driver);
}

/// Boots with parameters in which one thing is wrong; FMC has to refuse them.
fn params_with(driver: &mut Driver, spoil: impl FnOnce(&mut [u32; 20])) {
    let mut params = Driver::params();
    spoil(&mut params);
    driver.write_params(&params);
    refused(driver);
}

fn refused(driver: &mut Driver) {
    driver.start();
    let code = driver.wait_released().unwrap_err();
    assert!((1..0x100).contains(&code), "{code:#x}");
    assert_eq!(driver.riscv(), 0x10);
    assert_eq!(driver.wpr2(), (0, 0));
}

#[test]
fn boot_parameters() {
    check(&[
        ("target", "gh100", &["FSP-17"], |driver| {
            params_with(driver, |params| params[2] = 3);
        }),
        ("size", "gb100", &["FSP-17"], |driver| {
            params_with(driver, |params| params[3] = 255);
        }),
        ("no GSP-RM", "gb202", &["FSP-17"], |driver| {
            params_with(driver, |params| params[9] = 0);
        }),
        ("padding", "gb202", &["FSP-17"], |driver| {
            params_with(driver, |params| params[11] = 1);
        }),
        ("description nowhere", "gb202", &["PV-04"], |driver| {
            params_with(driver, |params| params[5] = 7);
        }),
        ("LibOS table nowhere", "gb202", &["PV-04"], |driver| {
            let mut params = Driver::params();
            params[13] = 7;
            driver.write_params(&params);
            driver.start();
            driver.wait_released().unwrap();
        }),
    ]);
}

#[test]
fn description_of_the_boot() {
    check(&[
        ("a place", "gh100", &["FSP-18"], |driver| {
            meta_with(driver, |meta| meta[19] = 0xfd00_0000);
        }),
        ("size of VRAM", "gb202", &["FSP-18"], |driver| {
            meta_with(driver, |meta| meta[22] = 4 << 30);
        }),
        ("heap outside", "gb202", &["FSP-18"], |driver| {
            meta_with(driver, |meta| meta[13] = 0x20_0000);
        }),
        ("PMU of another chip", "gh100", &["FSP-18"], |driver| {
            meta_with(driver, |meta| meta[30] = 0x182_0000 << 32);
        }),
        ("PMU of another release", "gb100", &["FSP-18"], |driver| {
            meta_with(driver, |meta| meta[30] = 0x192_0000 << 32);
        }),
        ("heap of another card", "gb202", &["FSP-18"], |driver| {
            meta_with(driver, |meta| meta[16] += 1 << 20);
        }),
        ("vGPU on a card without", "gb202", &["FSP-18"], |driver| {
            meta_with(driver, |meta| {
                meta[16] = 0x2450_0000;
                meta[30] |= 16;
            });
        }),
        ("no FRTS", "gb202", &["FSP-18"], |driver| {
            meta_with(driver, |meta| meta[20] = 0);
        }),
        ("image of 1 TiB", "gb202", &["FSP-18"], |driver| {
            meta_with(driver, |meta| meta[3] = 1 << 40);
        }),
        ("magic", "gb202", &["GV-24"], |driver| {
            meta_with(driver, |meta| meta[0] += 1);
        }),
        ("already verified", "gb202", &["GV-24"], |driver| {
            meta_with(driver, |meta| meta[31] = 0xa0a0_a0a0_a0a0_a0a0);
        }),
        ("table nowhere", "gb202", &["PV-04"], |driver| {
            meta_with(driver, |meta| meta[2] = 0x1000);
        }),
        ("another bootloader", "gh100", &["GV-24"], |driver| {
            meta_with(driver, |meta| meta[4] += 0x1000);
        }),
        ("bootloader's layout", "gh100", &["GV-24"], |driver| {
            meta_with(driver, |meta| meta[6] = 0x100);
        }),
        ("another signature", "gh100", &["GV-24"], |driver| {
            meta_with(driver, |meta| meta[9] = meta[4]);
        }),
        ("image too short", "gh100", &["GV-24"], |driver| {
            meta_with(driver, |meta| meta[3] -= 1);
        }),
    ]);
}

#[test]
fn resume() {
    check(&[
        ("of nothing", "gb202", &["FSP-18"], |driver| {
            driver.write_save_meta();
            driver.start_resume();
            driver.wait_released().unwrap_err();
        }),
        (
            "of what was not suspended",
            "gh100",
            &["FSP-18"],
            |driver| {
                driver.boot();
                driver.unload();
                driver.write_save_meta();
                driver.start_resume();
                driver.wait_released().unwrap_err();
            },
        ),
        ("described as a cold boot", "gh100", &["GV-24"], |driver| {
            driver.boot();
            driver.stop(3);
            driver.wait_halted().unwrap();
            let meta = driver.meta();
            driver.write_save_meta();
            let bytes: Vec<u8> = meta.iter().flat_map(|word| word.to_le_bytes()).collect();
            driver.memory_write(SAVE_META, &bytes);
            driver.start_resume();
            driver.wait_released().unwrap_err();
        }),
        (
            "cold boot described as one",
            "gb202",
            &["GV-24"],
            |driver| {
                driver.write_save_meta();
                params_with(driver, |params| params[4] = SAVE_META as u32);
            },
        ),
    ]);
}

#[test]
fn memory_in_use() {
    check(&[
        ("image changed", "gh100", &["FSP-19"], |driver| {
            driver.start();
            driver.memory_write(FMC + 0x1000, &[0xff]);
            driver.wait_released().unwrap();
        }),
        ("parameters changed", "gb202", &["FSP-19"], |driver| {
            driver.start();
            driver.memory_write(PARAMS, &[]);
            driver.wait_parsed();
            driver.memory_write(PARAMS, &[0xff]);
            driver.wait_released().unwrap();
        }),
        ("description changed", "gb202", &["FSP-19"], |driver| {
            driver.start();
            driver.memory_write(META + 248, &[]);
            driver.wait_loaded();
            driver.memory_write(META + 248, &[0xff]);
            driver.wait_released().unwrap();
        }),
        ("LibOS table changed", "gb202", &["GV-27"], |driver| {
            driver.start();
            driver.memory_write(LIBOS + 0xff0, &[1]);
            driver.wait_released().unwrap();
        }),
        (
            "unmapped under FMC",
            "gb202",
            &["FSP-19", "PV-04"],
            |driver| {
                driver.start();
                driver.device.dma_unmap(REST.0, REST.1, false);
                driver.wait_released().unwrap_err();
            },
        ),
        (
            "unmapped before GSP-RM has booted",
            "gb202",
            &["PV-05", "GV-26"],
            |driver| {
                driver.start_gsp();
                driver.device.dma_unmap(REST.0, REST.1, false);
            },
        ),
        (
            "unmapped before the halt is seen",
            "gh100",
            &["FSP-25"],
            |driver| {
                driver.boot();
                driver.stop(0);
                driver.tick();
                driver.device.dma_unmap(REST.0, REST.1, false);
            },
        ),
        ("unmapped before the halt", "gh100", &["FSP-25"], |driver| {
            driver.boot();
            driver.stop(0);
            driver.device.dma_unmap(REST.0, REST.1, false);
        }),
        ("unmapped under GSP-RM", "gh100", &["PV-05"], |driver| {
            driver.boot();
            driver.device.dma_unmap(REST.0, REST.1, false);
        }),
    ]);
}

#[test]
fn memory_that_goes_too_early_is_told_once() {
    let mut driver = Driver::new("gb202");
    let parts = [
        (REST.0, QUEUES - REST.0),
        (QUEUES, REST.0 + REST.1 - QUEUES),
    ];
    driver.device.dma_unmap(REST.0, REST.1, false);
    for (start, size) in parts {
        driver.map(start, size);
    }
    driver.boot();
    driver.stop(0);
    for (start, size) in parts {
        driver.device.dma_unmap(start, size, false);
    }
    assert_eq!(driver.rules(), ["FSP-25"], "{:?}", driver.complaints());
}

#[test]
fn registers_of_the_gsp() {
    check(&[
        ("mailbox", "gh100", &["FSP-20", "FSP-20"], |driver| {
            driver.write(GSP + 0x40, LIBOS as u32);
            driver.write(GSP + 0x44, 1);
            assert_eq!(driver.read(GSP + 0x40), 0, "it is not the driver's");
        }),
        ("reset", "gb100", &["FSP-20"], |driver| {
            driver.write(GSP + 0x3c0, 1);
        }),
        ("core selection", "gb202", &["FSP-20"], |driver| {
            driver.write(GSP + 0x1668, 0x10);
        }),
        ("start", "gb202", &["FSP-20"], |driver| {
            driver.write(GSP + 0x100, 2);
        }),
        ("transfer", "gb202", &["FSP-20"], |driver| {
            driver.write(GSP + 0x118, 0x600);
        }),
        (
            "reset under GSP-RM",
            "gb202",
            &["FSP-20", "GV-29"],
            |driver| {
                driver.boot();
                driver.write(GSP + 0x3c0, 1);
            },
        ),
        ("interrupt under FSP", "gb202", &["FSP-20"], |driver| {
            driver.start();
            driver.write(GSP + 0x4, 0x40);
        }),
        ("interrupt under FMC", "gb202", &["FSP-20"], |driver| {
            driver.start();
            driver.wait_unmasked();
            driver.write(GSP + 0x4, 0x40);
        }),
        ("version before the boot", "gb202", &["FSP-21"], |driver| {
            driver.write(GSP + 0x80, 0);
        }),
        ("version under FMC", "gb202", &["FSP-21"], |driver| {
            driver.start();
            driver.wait_unmasked();
            driver.write(GSP + 0x80, 0);
        }),
        ("interrupts read under FMC", "gb202", &["GV-30"], |driver| {
            driver.start();
            driver.wait_unmasked();
            assert_eq!(driver.read(GSP + 0x8) >> 8, 0xba_df41);
        }),
        ("byte of a register", "gb202", &["FV-01"], |driver| {
            let (now, mut out) = (driver.now, [0]);
            driver.device.bar0_read_at(now, GSP + 0x40, &mut out);
        }),
        ("no register", "gh100", &["FV-02"], |driver| {
            driver.read(GSP + 0x34);
        }),
        ("SEC2 read", "gh100", &["FSP-24"], |driver| {
            assert_eq!(driver.read(0x840100) >> 16, 0xbadf);
        }),
        ("SEC2 started", "gb202", &["FSP-24"], |driver| {
            driver.write(0x840100, 2);
        }),
    ]);
}

#[test]
fn a_register_that_is_not_the_drivers_does_not_change() {
    let mut driver = Driver::new("gb202");
    driver.write(GSP + 0x104, 0x100);
    assert_eq!(driver.read(GSP + 0x104), 0);
    driver.boot();
    driver.write(GSP + 0x40, 0);
    driver.write(GSP + 0x1388, 1);
    assert_eq!(driver.riscv(), 0x80);
}

#[test]
fn release() {
    check(&[
        ("under FMC", "gb202", &["PV-13"], |driver| {
            driver.start();
            driver.set_flush_page(0);
        }),
        ("under GSP-RM", "gh100", &["PV-13"], |driver| {
            driver.boot();
            driver.set_flush_page(0);
        }),
        ("before the halt", "gb100", &["PV-13"], |driver| {
            driver.boot();
            driver.stop(0);
            driver.set_flush_page(0);
        }),
        (
            "bus mastering off under FMC",
            "gb202",
            &["PV-12", "PV-03"],
            |driver| {
                driver.start();
                driver.device.config_write(4, &[0x02, 0x00]);
                driver.wait_released().unwrap_err();
            },
        ),
    ]);
}

#[test]
fn flush_page() {
    check(&[
        ("none", "gh100", &["FSP-26"], |driver| {
            driver.set_flush_page(0);
            driver.identify();
            driver.start();
        }),
        (
            "one of two pairs",
            "gb100",
            &["PV-09", "FSP-26"],
            |driver| {
                driver.set_flush_page(0);
                driver.identify();
                let page = crate::boot::tests::machine::FLUSH_PAGE;
                driver.write(0x87_0e54, (page >> 32) as u32);
                driver.write(0x87_0e50, page as u32);
                driver.start();
            },
        ),
    ]);
}

#[test]
fn doorbell_before_anything_runs_is_noted_only() {
    let mut driver = Driver::new("gb202");
    driver.write(GSP + 0xc00, 0);
    driver.boot();
    driver.unload();
    driver.write(GSP + 0xc00, 0);
    assert_eq!(driver.rules(), [""; 0]);
    driver.prepare();
    driver.start();
    driver.wait_unmasked();
    driver.write(GSP + 0xc00, 0);
    driver.wait_released().unwrap();
    driver.send_settings();
    driver.wait_for(INIT_DONE).unwrap();
    assert_eq!(driver.rules(), [""; 0]);
}

impl Driver {
    /// Waits until FSP lets others see the GSP.
    fn wait_unmasked(&mut self) {
        self.step_until(|driver| !Self::is_unreadable(driver.read(GSP + 0xf4)));
    }

    /// Waits until FMC has read its parameters.
    fn wait_parsed(&mut self) {
        self.wait_unmasked();
        self.step_until(|driver| driver.read(GSP + 0x40) == 0);
    }

    /// Waits until FMC has read everything.
    fn wait_loaded(&mut self) {
        self.wait_parsed();
        self.step_until(|driver| driver.riscv() != 0);
    }

    fn step_until(&mut self, is_there: impl Fn(&mut Self) -> bool) {
        for _ in 0..1000 {
            if is_there(self) {
                return;
            }
            self.now += 100;
        }
        panic!("it never comes: {:?}", self.complaints());
    }
}
