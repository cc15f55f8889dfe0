// SPDX-License-Identifier: GPL-2.0

//! What programs depend on, beyond being accepted.

use super::{
    booter_with,
    check,
    Driver,
    GSP,
    IMAGE,
    LIBOS,
    META,
    RAM,
    REST,
    SAVE_META,
    SEC2,
    UCODE, //
};

#[test]
fn frts() {
    fn with(driver: &mut Driver, change: impl FnOnce(&mut Vec<u8>)) {
        let mut data = driver.command(0x15, Some(driver.frts()));
        change(&mut data);
        let before = driver.wpr2();
        driver.run_fwsec(&data).unwrap();
        let failed = driver.read(0x1438) >> 16 != 0 || driver.read(GSP + 0x40) != 0;
        assert!(failed, "nothing tells the driver");
        assert_eq!(driver.wpr2(), before);
    }
    check(&[
        ("region exists", "ga102", &["FV-26"], |driver| {
            driver.run_frts();
            with(driver, |_| {});
        }),
        ("GA100 has none", "ga100", &["FV-26"], |driver| {
            with(driver, |_| {})
        }),
        ("2 MiB", "ga102", &["FV-26"], |driver| {
            with(driver, |data| data[0xa5] = 2);
        }),
        ("misaligned", "tu102", &["FV-26"], |driver| {
            with(driver, |data| data[0xa0] ^= 1);
        }),
        ("outside VRAM", "ga102", &["FV-26"], |driver| {
            with(driver, |data| data[0xa3] = 0x7f);
        }),
        ("not in VRAM", "ga102", &["FV-26"], |driver| {
            with(driver, |data| data[0xa8] = 1);
        }),
        ("wrong version", "ga102", &["FV-26"], |driver| {
            with(driver, |data| data[0x98] = 2);
        }),
        ("wrong VBIOS part", "ga102", &["FV-26"], |driver| {
            with(driver, |data| data[0x94] = 0);
        }),
        ("no such command", "tu102", &["FV-26"], |driver| {
            with(driver, |data| data[0x6c] = 0x16);
        }),
    ]);
}

#[test]
fn bootloader() {
    fn with(driver: &mut Driver, change: impl FnOnce(&mut Vec<u8>)) {
        let data = driver.command(0x15, Some(driver.frts()));
        driver.load_fwsec(&data);
        let mut descriptor = driver.descriptor();
        change(&mut descriptor);
        driver.port_dmem(GSP, &descriptor);
        driver.write(GSP + 0x40, 0);
        driver.run(GSP).unwrap();
        assert_ne!(driver.read(GSP + 0x40), 0);
        assert_eq!(driver.wpr2(), (0, 0));
    }
    check(&[
        ("aperture of VRAM", "tu102", &["FV-11"], |driver| {
            with(driver, |descriptor| descriptor[0x20] = 1);
        }),
        ("no such aperture", "tu102", &["FV-11"], |driver| {
            with(driver, |descriptor| descriptor[0x20] = 8);
        }),
        ("reserved word", "tu102", &["FV-12"], |driver| {
            with(driver, |descriptor| descriptor[0x1c] = 1);
        }),
        ("entry point", "tu102", &["FV-12"], |driver| {
            with(driver, |descriptor| descriptor[0x3c] = 1);
        }),
        ("misaligned base", "tu102", &["FV-12"], |driver| {
            with(driver, |descriptor| descriptor[0x24] = 0x80);
        }),
        ("misaligned size", "tu102", &["FV-12"], |driver| {
            with(driver, |descriptor| descriptor[0x30] = 1);
        }),
        ("over itself", "tu102", &["FV-12"], |driver| {
            with(driver, |descriptor| descriptor[0x39] = 0xfe);
        }),
        ("not mapped", "tu102", &["FV-14"], |driver| {
            with(driver, |descriptor| descriptor[0x28] = 0x7f);
        }),
        ("secure part too small", "tu102", &["FV-20"], |driver| {
            with(driver, |descriptor| descriptor[0x39] = 1);
        }),
        ("other code", "tu102", &["FV-19"], |driver| {
            with(driver, |descriptor| descriptor[0x25] ^= 0x10);
        }),
        ("DMA not allowed", "tu102", &["FV-10"], |driver| {
            let data = driver.command(0x15, Some(driver.frts()));
            driver.load_fwsec(&data);
            driver.write(GSP + 0x10c, 1);
            driver.run(GSP).unwrap();
        }),
        (
            "descriptor's memory gone while it runs",
            "tu102",
            &["FV-29", "FV-14"],
            |driver| {
                let data = driver.command(0x15, Some(driver.frts()));
                driver.load_fwsec(&data);
                driver.device.dma_unmap(REST.0, REST.1, false);
                driver.map(UCODE, 0x1000);
                driver.start(GSP);
                driver.device.dma_unmap(UCODE, 0x1000, false);
                driver.poll(GSP + 0x100, 0x10, 0x10).unwrap();
            },
        ),
    ]);
}

#[test]
fn booter() {
    /// The driver is told by a mailbox that is not zero.
    fn refused(driver: &mut Driver, spoil: fn(&mut Driver)) {
        assert_eq!(booter_with(driver, spoil), 0xff);
    }
    check(&[
        ("GSP not reset after FWSEC", "ga102", &["FV-25"], |driver| {
            driver.run_frts();
            driver.set_mailboxes(GSP, LIBOS);
            assert_eq!(driver.run_booter_load(), 0xff);
        }),
        ("GSP in reset", "ga102", &["FV-25"], |driver| {
            refused(driver, |driver| driver.pulse(GSP));
        }),
        ("no libos address", "tu102", &["FV-25"], |driver| {
            driver.run_frts();
            driver.reset(GSP);
            assert_eq!(driver.run_booter_load(), 0xff);
        }),
        ("no FRTS", "ga102", &["FV-25"], |driver| {
            driver.hand_over();
            assert_eq!(driver.run_booter_load(), 0xff);
        }),
        ("resume without a state", "ga102", &["FV-25"], |driver| {
            driver.run_frts();
            driver.hand_over();
            driver.write_save_meta();
            assert_eq!(driver.run_booter(true, SAVE_META), 0xff);
        }),
        ("no plan", "ga102", &["GV-24"], |driver| {
            refused(driver, |driver| driver.set_mailboxes(SEC2, 0));
        }),
        ("plan misplaced", "ga102", &["GV-24"], |driver| {
            refused(driver, |driver| driver.set_mailboxes(SEC2, META + 8));
        }),
        ("plan not mapped", "ga102", &["PV-04"], |driver| {
            refused(driver, |driver| driver.set_mailboxes(SEC2, 0x1000));
        }),
        ("plan overwritten", "ga102", &["GV-24"], |driver| {
            refused(driver, |driver| driver.memory_write(META, &[0; 8]));
        }),
        (
            "address changed after it was handed over",
            "ga102",
            &["FV-36", "FV-36"],
            |driver| {
                driver.hand_over();
                driver.set_mailboxes(GSP, 0x5_0000_5000);
            },
        ),
        (
            "resume that nobody asked for",
            "ga102",
            &["FV-36"],
            |driver| {
                driver.read(0x1180f8);
            },
        ),
        ("level 0 with two entries", "ga102", &["GV-24"], |driver| {
            refused(driver, |driver| driver.memory_write(RAM + 0x10008, &[1]));
        }),
        ("page misaligned", "tu102", &["GV-24"], |driver| {
            refused(driver, |driver| driver.memory_write(RAM + 0x12008, &[1]));
        }),
        ("page not mapped", "ga102", &["PV-04"], |driver| {
            refused(driver, |driver| driver.memory_write(RAM + 0x1300b, &[0x7f]));
        }),
        ("page of the image differs", "ga102", &["GV-24"], |driver| {
            refused(driver, |driver| {
                driver.memory_write(IMAGE + 0x10_0321, &[0xee])
            });
        }),
        ("rest of the last page", "ga102", &["GV-24"], |driver| {
            refused(driver, |driver| {
                driver.memory_write(IMAGE + 513 * 4096 + 0x123, &[1])
            });
        }),
        ("bootloader differs", "tu102", &["GV-24"], |driver| {
            refused(driver, |driver| driver.memory_write(RAM + 0x4fff, &[1]));
        }),
        ("signature differs", "ga102", &["GV-24"], |driver| {
            refused(driver, |driver| driver.memory_write(RAM + 0x3000, &[1]));
        }),
        (
            "image gone before GSP-RM has booted",
            "ga102",
            &["GV-26"],
            |driver| {
                driver.device.dma_unmap(REST.0, REST.1, false);
                let (start, size) = REST;
                let middle = IMAGE + 0x10_0000;
                driver.map(start, middle - start);
                driver.map(middle, 0x1000);
                driver.map(middle + 0x1000, start + size - middle - 0x1000);
                driver.start_gsp();
                driver.device.dma_unmap(middle, 0x1000, false);
            },
        ),
    ]);
}

#[test]
fn every_field_of_the_plan_is_checked() {
    // Index of the 8-byte word, and what is added to it.
    const WRONG: &[(&str, usize, u64)] = &[
        ("revision", 1, 1),
        ("radix-3 table", 2, 8),
        ("image size", 3, 1 << 40),
        ("bootloader", 4, 1 << 47),
        ("bootloader size", 5, 1 << 30),
        ("code offset", 6, 0x1000),
        ("data offset", 7, 0x1000),
        ("manifest offset", 8, 0x1000),
        ("signature", 9, 1),
        ("signature size", 10, 4096),
        ("reserved start", 11, 4096),
        ("heap outside", 12, 4096),
        ("its size", 13, 4096),
        ("region start", 14, 4096),
        ("heap", 15, 4096),
        ("heap size", 16, 1 << 30),
        ("image", 17, 4096),
        ("boot binary", 18, 1),
        ("FRTS", 19, 4096),
        ("FRTS size", 20, 4096),
        ("region end", 21, 4096),
        ("VRAM", 22, 1 << 20),
        ("VGA workspace", 23, 4096),
        ("its size", 24, 4096),
        ("boot count", 25, 1),
        ("padding", 30, 1 << 16),
        ("verified", 31, 1),
    ];
    for (name, index, delta) in WRONG {
        let mut driver = Driver::new("ga102");
        let mut meta = driver.meta();
        meta[*index] = meta[*index].wrapping_add(*delta);
        let result = booter_with(&mut driver, |driver| driver.write_this_meta(&meta));
        assert_eq!(result, 0xff, "{name}");
        assert_eq!(
            driver.rules(),
            ["GV-24"],
            "{name}: {:?}",
            driver.complaints()
        );
    }
}

#[test]
fn takedown() {
    check(&[
        ("nothing to take down", "ga102", &["FV-27"], |driver| {
            assert_eq!(driver.run_booter_unload(), 0xff);
        }),
        ("GSP runs", "tu102", &["FV-34", "FV-27"], |driver| {
            driver.boot();
            assert_eq!(driver.run_booter_unload(), 0xff);
        }),
        ("VBIOS read again", "ga102", &["PV-14"], |driver| {
            driver.read(0x300000);
            driver.run_frts();
            driver.read(0x300000);
            driver.read(0x300004);
        }),
        (
            "save what is not suspended",
            "ga102",
            &["FV-27"],
            |driver| {
                driver.boot();
                driver.stop(0);
                driver.run_sb();
                driver.write_save_meta();
                let result = driver.run_booter(false, SAVE_META);
                assert_eq!(result, 0xff);
            },
        ),
        ("given back with a region", "ga102", &["PV-13"], |driver| {
            driver.run_frts();
            driver.set_flush_page(0);
        }),
        ("given back with GSP-RM", "tu102", &["PV-13"], |driver| {
            driver.boot();
            driver.set_flush_page(0);
        }),
        (
            "bus master off under GSP-RM",
            "ga102",
            &["PV-12"],
            |driver| {
                driver.boot();
                driver.device.config_write(4, &[0x02, 0x00]);
                driver.device.bar0_read(0, &mut [0; 4]);
            },
        ),
        (
            "bus master off in a reset of the bus",
            "ga102",
            &[],
            |driver| {
                driver.boot();
                driver.device.config_write(4, &[0x00, 0x00]);
                driver.device.tick();
                driver.device.reset();
            },
        ),
        ("queues gone under GSP-RM", "ga102", &["PV-05"], |driver| {
            driver.boot();
            driver.device.dma_unmap(REST.0, REST.1, false);
        }),
    ]);
}
