// SPDX-License-Identifier: GPL-2.0

//! What the registers of the GSP say at each step, to a driver that looks all the time.

use proptest::prelude::*;

use super::{
    driver::{
        Driver,
        GSP,
        PARAMS, //
    },
    CHIPS,
};

/// HWCFG2, both mailboxes, and the state of the RISC-V core.
type View = [u32; 4];

fn look(driver: &mut Driver) -> View {
    [0xf4, 0x40, 0x44, 0x1388].map(|offset| driver.read(GSP + offset))
}

/// What is seen from now on, each view once, until the core runs and nothing changes any more.
fn views(driver: &mut Driver) -> Vec<View> {
    let mut views = vec![look(driver)];
    for _ in 0..200 {
        driver.now += 100;
        let view = look(driver);
        if views.last() != Some(&view) {
            views.push(view);
        }
    }
    views
}

#[test]
fn each_step_shows_in_the_order_that_drivers_depend_on() {
    for chip in CHIPS {
        let mut driver = Driver::new(chip);
        assert_eq!(look(&mut driver), [0x8000_2400, 0, 0, 0x10], "{chip}: off");
        driver.start();
        let views = views(&mut driver);
        let is_masked = |view: &View| view.iter().all(|it| it & 0xffff_ff00 == 0xbadf_4100);
        let masked = views.iter().take_while(|view| is_masked(view)).count();
        assert!(masked > 1, "{chip}: the low byte varies");
        let address = [PARAMS as u32, (PARAMS >> 32) as u32];
        assert_eq!(
            views[masked..],
            [
                [0x8000_2400, address[0], address[1], 0],
                [0x8000_2400, 0, 0, 0],
                [0x8000_2400, 0, 0, 0x80],
                [0x8000_0400, 0, 0, 0x80],
            ],
            "{chip}"
        );
        assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
    }
}

#[test]
fn a_driver_that_looks_rarely_still_sees_one_step_at_a_time() {
    let mut driver = Driver::new("gb202");
    driver.start();
    let mut configs = Vec::new();
    for _ in 0..8 {
        driver.now += 10_000_000;
        configs.push(driver.read(GSP + 0xf4));
    }
    assert_eq!(configs[..3], [0x8000_2400; 3]);
    assert_eq!(configs[3..], [0x8000_0400; 5]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn however_slow_the_driver_is_it_gets_there(
        delays in prop::collection::vec(0u64..30_000, 1..1500),
        ticks in 0u32..3,
    ) {
        let mut driver = Driver::new("gb202");
        driver.delays = delays.into_iter();
        for _ in 0..ticks {
            driver.tick();
        }
        driver.boot();
        driver.unload();
        prop_assert_eq!(driver.wpr2(), (0, 0));
        prop_assert_eq!(driver.rules(), [""; 0]);
    }
}

#[test]
fn unload_shows_its_steps_too() {
    let mut driver = Driver::new("gh100");
    driver.boot();
    driver.stop(0);
    assert_eq!(driver.read(GSP + 0x40), 0x8000_0000);
    assert_eq!(driver.riscv(), 0x80, "the core halts later");
    assert_ne!(driver.wpr2(), (0, 0));
    driver.tick();
    assert_eq!(look(&mut driver), [0x8000_0400, 0x8000_0000, 0, 0x10]);
    assert_eq!(driver.wpr2(), (0, 0));
}

#[test]
fn core_selection_is_hidden_once_fsp_has_had_the_gsp() {
    let mut driver = Driver::new("gh100");
    assert_ne!(driver.read(GSP + 0x1668) >> 16, 0xbadf);
    driver.boot();
    assert_eq!(driver.read(GSP + 0x1668) >> 16, 0xbadf);
    assert_eq!(driver.rules(), [""; 0]);
}

#[test]
fn a_failed_boot_leaves_its_code_and_can_be_followed_by_a_good_one() {
    let mut driver = Driver::new("gb202");
    let mut meta = driver.meta();
    meta[1] = 2;
    driver.write_this_meta(&meta);
    driver.start();
    let code = driver.wait_released().unwrap_err();
    assert!((1..0x100).contains(&code), "{code:#x}");
    driver.wait_halted().unwrap();
    assert_eq!(driver.wpr2(), (0, 0));
    assert_eq!(driver.rules(), ["GV-24"]);
    driver.boot();
    driver.unload();
    assert_eq!(driver.rules(), ["GV-24"], "{:?}", driver.complaints());
}
