// SPDX-License-Identifier: GPL-2.0

//! Boots as known drivers do them, access by access.

use super::{
    driver::{
        Driver,
        FMC,
        GSP,
        PARAMS, //
    },
    CHIPS,
};
use crate::{
    boot::tests::machine::{
        FLUSH_PAGE,
        INIT_DONE,
        LIBOS,
        META,
        REST,
        SAVE_META, //
    },
    vram::MIB,
};

#[test]
fn a_driver_that_does_everything_right_gets_to_gsp_rm_and_back() {
    for chip in ["gh100", "gb100", "gb102", "gb202", "gb207"] {
        let mut driver = Driver::new(chip);
        assert_eq!(driver.wpr2(), (0, 0), "{chip}");
        driver.boot();
        let end = 4096 * MIB - if chip == "gh100" { 2 * MIB } else { 28 * MIB };
        assert_eq!(driver.wpr2().1, end, "{chip}: it ends with FRTS");
        driver.unload();
        assert_eq!(driver.wpr2(), (0, 0), "{chip}");
        driver.set_flush_page(0);
        assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
    }
}

#[test]
fn boot_can_be_repeated_without_a_reset() {
    for chip in CHIPS {
        let mut driver = Driver::new(chip);
        for _ in 0..100 {
            driver.boot();
            driver.unload();
        }
        assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
    }
}

/// Upstream's nova-core: settings after the release, an interrupt cleared long before.
#[test]
fn order_of_one_known_driver_is_accepted() {
    for chip in ["gh100", "gb202"] {
        let mut driver = Driver::new(chip);
        driver.write(GSP + 0x4, 0x40);
        driver.read(0x1183a4);
        driver.start();
        driver.wait_released().unwrap();
        driver.write(GSP + 0x80, 0);
        assert_eq!((driver.riscv(), driver.riscv()), (0x80, 0x80));
        driver.send_settings();
        driver.wait_for(INIT_DONE).expect(chip);
        driver.static_info().expect(chip);
        driver.unload();
        driver.set_flush_page(0);
        assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
    }
}

/// The stock nouveau: settings in the queue, and the doorbell rung, before anything runs; mailboxes
/// are what it looks at first; the flush page is written again later and never cleared.
#[test]
fn order_of_another_known_driver_is_accepted() {
    for chip in ["gh100", "gb202"] {
        let mut driver = Driver::new(chip);
        if chip == "gh100" {
            driver.set_flush_page(FLUSH_PAGE >> 8);
        }
        for _ in 0..2 {
            driver.prepare();
            driver.send_settings();
            driver.read(0x1183a4);
            assert_eq!(driver.read(0x8f_2c00), driver.read(0x8f_2c04));
            driver.start();
            let mut is_released = false;
            for _ in 0..100 {
                driver.tick();
                let mailbox = driver.read(GSP + 0x40);
                if mailbox & 0xffff_ff00 == 0xbadf_4100 {
                    continue;
                }
                assert!([0, PARAMS as u32].contains(&mailbox));
                if driver.read(GSP + 0xf4) & 1 << 13 == 0 {
                    assert_eq!(mailbox, 0, "nothing is left when the lockdown is released");
                    is_released = true;
                    break;
                }
            }
            assert!(is_released, "{chip}");
            driver.write(GSP + 0x80, 0);
            assert_eq!(driver.riscv(), 0x80, "one look must do");
            driver.wait_for(INIT_DONE).expect(chip);
            driver.static_info().expect(chip);
            driver.write(GSP + 0x4, 0x40);
            driver.unload();
        }
        assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
    }
}

#[test]
fn memory_of_the_boot_may_go_when_it_is_over() {
    let mut driver = Driver::new("gb202");
    driver.start_gsp();
    // Everything else is in the same mapping in this machine.
    for (address, what) in [
        (FMC, "image"),
        (PARAMS, "parameters"),
        (META, "description"),
    ] {
        driver.memory_write(address, &[0xff; 80]);
        driver.read(0);
        assert_eq!(driver.rules(), [""; 0], "{what}");
    }
    driver.send_settings();
    driver.wait_for(INIT_DONE).unwrap();
    driver.memory_write(LIBOS, &[0xff; 80]);
    driver.tick();
    driver.unload();
    driver.device.dma_unmap(REST.0, REST.1, false);
    assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
}

#[test]
fn static_information_tells_where_things_were_put() {
    for (chip, frts_end) in [("gh100", 2 * MIB), ("gb100", 28 * MIB), ("gb202", 28 * MIB)] {
        let mut driver = Driver::new(chip);
        driver.start_gsp();
        driver.send_settings();
        driver.wait_for(INIT_DONE).unwrap();
        let info = driver.static_info().unwrap();
        let long = |at: usize| u64::from_le_bytes(info[at..at + 8].try_into().unwrap());
        let (heap, frts) = (long(1640), long(1648));
        assert_eq!(frts, 4096 * MIB - frts_end - MIB, "{chip}");
        let heap_size = driver.meta()[13];
        assert_eq!(
            heap + heap_size,
            driver.wpr2().0,
            "{chip}: below the region"
        );
        let usable_end = long(352 + 8) + 1;
        assert!(usable_end <= heap, "{chip}: {usable_end:#x} {heap:#x}");
    }
}

#[test]
fn suspended_state_can_be_resumed() {
    for chip in CHIPS {
        let mut driver = Driver::new(chip);
        driver.boot();
        let region = driver.wpr2();
        driver.write_save_meta();
        driver.stop(3);
        driver.wait_halted().unwrap();
        assert_eq!(driver.wpr2(), (0, 0), "{chip}");
        driver.resume();
        assert_eq!(driver.wpr2(), region, "{chip}");
        driver.wait_for(INIT_DONE).expect(chip);
        driver.unload();
        assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
    }
}

#[test]
fn memory_of_a_suspended_gsp_rm_may_be_moved() {
    let mut driver = Driver::new("gb202");
    driver.boot();
    driver.stop(3);
    driver.wait_halted().unwrap();
    driver.device.dma_unmap(REST.0, REST.1, false);
    assert_eq!(driver.rules(), [""; 0], "{:?}", driver.complaints());
}

#[test]
fn a_boot_that_failed_has_ended_the_suspend() {
    let mut driver = Driver::new("gb202");
    driver.boot();
    driver.stop(3);
    driver.wait_halted().unwrap();
    let mut meta = driver.meta();
    meta[1] = 7;
    driver.write_this_meta(&meta);
    driver.start();
    driver.wait_released().unwrap_err();
    driver.write_save_meta();
    driver.start_resume();
    driver.wait_released().unwrap_err();
    assert_eq!(driver.rules(), ["GV-24", "FSP-18"]);
}

impl Driver {
    /// Goes on with what was suspended.
    fn resume(&mut self) {
        self.tell_resume();
        self.start_resume();
        let released = self.wait_released();
        assert_eq!(released, Ok(()), "{:?}", self.complaints());
    }

    /// Asks FSP to go on, which it has to accept.
    pub(super) fn start_resume(&mut self) {
        let mut params = Self::params();
        params[4] = SAVE_META as u32;
        params[5] = (SAVE_META >> 32) as u32;
        params[12] = 0;
        params[13] = 0;
        self.write_params(&params);
        let mut packet = self.packet();
        packet[0x20..0x2c].fill(0);
        self.send_packet(&packet);
        assert_eq!(self.answer(), Some(0), "{:?}", self.complaints());
    }
}
