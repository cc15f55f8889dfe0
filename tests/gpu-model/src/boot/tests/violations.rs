// SPDX-License-Identifier: GPL-2.0

//! One test for each rule about falcons and their programs: a driver that does everything right
//! but one thing.

use super::driver::{
    Driver,
    FLUSH_PAGE,
    GSP,
    IMAGE,
    META,
    RAM,
    REST,
    SEC2,
    UCODE, //
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

/// Releases reset of SEC2 and waits; nothing else.
fn ready(driver: &mut Driver) {
    driver.reset(SEC2);
    driver.allow_dma(SEC2);
    if driver.by_dma {
        driver.modify(SEC2 + 0x600, 7, 5);
    }
}

/// Submits one transfer with the given registers.
fn submit(driver: &mut Driver, base: u64, memory: u32, offset: u32, command: u32) {
    driver.write(SEC2 + 0x110, (base >> 8) as u32);
    driver.write(SEC2 + 0x128, (base >> 40) as u32);
    driver.write(SEC2 + 0x114, memory);
    driver.write(SEC2 + 0x11c, offset);
    driver.write(SEC2 + 0x118, command);
}

/// Is the transfer done?
fn settles(driver: &mut Driver) -> bool {
    driver.poll(SEC2 + 0x118, 2, 2).is_ok()
}

#[test]
fn accesses_and_registers() {
    check(&[
        ("byte of a register", "ga102", &["FV-01"], |driver| {
            let mut out = [0];
            driver.device.bar0_read_at(driver.now, GSP + 0x40, &mut out);
        }),
        ("no register", "ga102", &["FV-02"], |driver| {
            driver.read(GSP + 0x34);
        }),
        ("write to status", "ga102", &["FV-03"], |driver| {
            driver.write(SEC2 + 0x8, 1);
        }),
        ("read of a command", "tu102", &["FV-03"], |driver| {
            driver.read(GSP + 0x4);
        }),
        ("reserved bits", "ga102", &["FV-03"], |driver| {
            driver.write(GSP + 0x3c0, 0x100);
        }),
        ("boot ROM on Turing", "tu102", &["FV-02"], |driver| {
            driver.write(GSP + 0x1180, 1);
        }),
    ]);
}

#[test]
fn reset() {
    check(&[
        ("no flush page", "ga102", &["FV-05"], |driver| {
            driver.set_flush_page(0);
            driver.identify_only();
            driver.pulse(GSP);
        }),
        (
            "boot not seen",
            "ga102",
            &["PV-08", "PV-08", "FV-04", "PV-08", "PV-08"],
            |driver| {
                driver.device.reset();
                driver.device.config_write(4, &[0x06, 0x00]);
                driver.read(0);
                driver.read(0xa00);
                driver.set_flush_page(FLUSH_PAGE);
                driver.pulse(GSP);
            },
        ),
        ("pulse without pause", "ga102", &["FV-06"], |driver| {
            driver.read(0);
            driver.write(GSP + 0x3c0, 1);
            driver.write(GSP + 0x3c0, 0);
        }),
        ("asserted twice", "tu102", &["FV-06"], |driver| {
            driver.read(SEC2 + 0x3c0);
            driver.write(SEC2 + 0x3c0, 1);
            driver.write(SEC2 + 0x3c0, 1);
            driver.now += 10;
            driver.write(SEC2 + 0x3c0, 0);
        }),
        ("used in reset", "ga102", &["FV-07", "FV-07"], |driver| {
            driver.write(GSP + 0x3c0, 1);
            driver.write(GSP + 0x40, 1);
            assert_eq!(driver.read(GSP + 0x10c), 1, "reset value");
        }),
        ("core selected in reset", "ga102", &["FV-09"], |driver| {
            driver.write(GSP + 0x3c0, 1);
            driver.write(GSP + 0x1668, 0);
        }),
        ("port while scrubbing", "tu102", &["FV-08"], |driver| {
            driver.pulse(GSP);
            driver.write(GSP + 0x180, 1 << 24);
        }),
        ("transfer while scrubbing", "ga102", &["FV-08"], |driver| {
            driver.pulse(SEC2);
            driver.write(SEC2 + 0x118, 0x600);
        }),
        ("start while scrubbing", "ga102", &["FV-08"], |driver| {
            driver.pulse(GSP);
            driver.start(GSP);
        }),
        (
            "falcon selected under GSP-RM",
            "ga102",
            &["FV-09"],
            |driver| {
                driver.boot();
                driver.write(GSP + 0x1668, 0);
            },
        ),
        ("SEC2 reset under GSP-RM", "ga102", &["FV-34"], |driver| {
            driver.boot();
            driver.pulse(SEC2);
        }),
        ("GSP reset under GSP-RM", "ga102", &["GV-29"], |driver| {
            driver.boot();
            driver.pulse(GSP);
        }),
    ]);
}

#[test]
fn ten_reads_of_the_reset_register_are_long_enough() {
    let mut driver = Driver::new("ga102");
    driver.read(0);
    driver.write(GSP + 0x3c0, 1);
    let now = driver.now;
    for _ in 0..10 {
        driver.read(GSP + 0x3c0);
        driver.now = now;
    }
    driver.write(GSP + 0x3c0, 0);
    assert_eq!(driver.rules(), [""; 0]);
}

#[test]
fn transfers() {
    check(&[
        ("not allowed", "ga102", &["FV-10"], |driver| {
            driver.reset(SEC2);
            driver.write(SEC2 + 0x10c, 0);
            driver.modify(SEC2 + 0x600, 7, 5);
            submit(driver, UCODE, 0, 0, 0x600);
            assert!(!settles(driver));
        }),
        ("context demanded", "ga102", &["FV-10"], |driver| {
            driver.reset(SEC2);
            driver.modify(SEC2 + 0x624, 0x80, 0x80);
            driver.modify(SEC2 + 0x600, 7, 5);
            submit(driver, UCODE, 0, 0, 0x600);
        }),
        ("target 3", "ga102", &["FV-11"], |driver| {
            ready(driver);
            driver.modify(SEC2 + 0x600, 7, 7);
            submit(driver, UCODE, 0, 0, 0x600);
        }),
        ("virtual aperture", "ga102", &["FV-11"], |driver| {
            ready(driver);
            driver.modify(SEC2 + 0x600, 7, 1);
            submit(driver, UCODE, 0, 0, 0x600);
        }),
        ("small transfer of code", "ga102", &["FV-12"], |driver| {
            ready(driver);
            submit(driver, UCODE, 0, 0, 0x514);
        }),
        ("misaligned destination", "ga102", &["FV-12"], |driver| {
            ready(driver);
            submit(driver, UCODE, 0x80, 0, 0x600);
        }),
        ("misaligned source", "ga102", &["FV-12"], |driver| {
            ready(driver);
            submit(driver, UCODE, 0, 0x80, 0x614);
        }),
        ("beyond the memory", "ga102", &["FV-12"], |driver| {
            ready(driver);
            submit(driver, UCODE, 0x1_0000, 0, 0x600);
        }),
        (
            "fifth request without a wait",
            "ga102",
            &["FV-13"],
            |driver| {
                ready(driver);
                driver.write(SEC2 + 0x110, (UCODE >> 8) as u32);
                driver.write(SEC2 + 0x128, (UCODE >> 40) as u32);
                for _ in 0..5 {
                    driver.write(SEC2 + 0x118, 0x600);
                }
            },
        ),
        ("base changed in flight", "ga102", &["FV-13"], |driver| {
            ready(driver);
            submit(driver, UCODE, 0, 0, 0x600);
            driver.write(SEC2 + 0x110, 0);
        }),
        ("upper base too wide", "ga102", &["FV-14"], |driver| {
            ready(driver);
            driver.write(SEC2 + 0x128, 0x200);
            driver.write(SEC2 + 0x118, 0x600);
        }),
        ("not mapped", "ga102", &["FV-14"], |driver| {
            ready(driver);
            submit(driver, 0x10_0000, 0, 0, 0x600);
            assert!(!settles(driver));
            assert_ne!(driver.read(SEC2 + 0x8) & 1 << 16, 0, "error interrupt");
        }),
        ("above 47 bits", "ga102", &["FV-14"], |driver| {
            ready(driver);
            submit(driver, 1 << 47, 0, 0, 0x600);
        }),
        ("beyond VRAM", "ga102", &["FV-14"], |driver| {
            ready(driver);
            driver.modify(SEC2 + 0x600, 7, 4);
            submit(driver, 1 << 40, 0, 0, 0x600);
        }),
        ("bus master off", "ga102", &["PV-03"], |driver| {
            ready(driver);
            driver.device.config_write(4, &[0x02, 0x00]);
            submit(driver, UCODE, 0, 0, 0x600);
        }),
        ("to memory", "ga102", &["FV-15"], |driver| {
            ready(driver);
            submit(driver, UCODE, 0, 0, 0x620);
        }),
        (
            "memory gone in flight",
            "ga102",
            &["FV-29", "FV-14"],
            |driver| {
                ready(driver);
                driver.device.dma_unmap(REST.0, REST.1, false);
                driver.map(UCODE, 0x1000);
                driver.now += 1;
                submit(driver, UCODE, 0, 0, 0x600);
                driver.device.dma_unmap(UCODE, 0x1000, false);
                driver.now += 1000;
                driver.device.tick_at(driver.now);
            },
        ),
    ]);
}

#[test]
fn ports() {
    check(&[
        ("hidden", "ga102", &["FV-21", "FV-21"], |driver| {
            ready(driver);
            driver.write(SEC2 + 0x180, 1 << 24);
            driver.write(SEC2 + 0x1c4, 1);
        }),
        ("no tag", "tu102", &["FV-22"], |driver| {
            ready(driver);
            driver.write(SEC2 + 0x180, 1 << 24);
            driver.write(SEC2 + 0x184, 1);
        }),
        ("inside a block", "tu102", &["FV-22"], |driver| {
            ready(driver);
            driver.write(SEC2 + 0x180, 1 << 24 | 0x40);
        }),
        ("no auto-increment", "tu102", &["FV-22"], |driver| {
            ready(driver);
            driver.write(SEC2 + 0x180, 0x100);
        }),
        ("block left", "tu102", &["FV-22"], |driver| {
            ready(driver);
            driver.port_imem(SEC2, 0, 0, false, &[1; 0x80]);
            driver.write(SEC2 + 0x180, 1 << 24 | 0x100);
        }),
        (
            "started with half a block",
            "tu102",
            &["FV-22", "FV-17"],
            |driver| {
                ready(driver);
                driver.port_imem(SEC2, 0, 0, false, &[1; 0x80]);
                driver.run(SEC2).unwrap();
            },
        ),
        ("tag inside a block", "tu102", &["FV-22"], |driver| {
            ready(driver);
            driver.port_imem(SEC2, 0, 0, false, &[1; 0x80]);
            driver.write(SEC2 + 0x188, 1);
        }),
        ("tag twice", "tu102", &["FV-23"], |driver| {
            ready(driver);
            driver.port_imem(SEC2, 0, 7, false, &[1; 0x100]);
            driver.port_imem(SEC2, 0x100, 7, false, &[1; 0x100]);
        }),
        ("tag twice by transfers", "ga102", &["FV-23"], |driver| {
            ready(driver);
            driver.transfer(SEC2, (UCODE, 0), 0, 0x100, 0x614);
            driver.transfer(SEC2, (UCODE, 0), 0x100, 0x100, 0x614);
        }),
    ]);
}

#[test]
fn start() {
    check(&[
        ("while it runs", "ga102", &["FV-16"], |driver| {
            driver.reset(GSP);
            driver.write(GSP + 0x100, 2);
            driver.write(GSP + 0x100, 2);
        }),
        ("closed alias", "ga102", &["FV-16"], |driver| {
            driver.reset(GSP);
            driver.write(GSP + 0x130, 2);
        }),
        ("in RISC-V mode", "ga102", &["FV-16"], |driver| {
            driver.reset(GSP);
            driver.write(GSP + 0x1668, 0x111);
            driver.write(GSP + 0x100, 2);
        }),
        ("while RISC-V runs", "tu102", &["FV-16"], |driver| {
            driver.boot();
            driver.write(GSP + 0x100, 2);
        }),
        ("no block", "ga102", &["FV-17"], |driver| {
            driver.load_booter(SEC2, true);
            driver.write(SEC2 + 0x104, 0x1_0000);
            driver.run(SEC2).unwrap();
            assert_eq!(driver.read(SEC2 + 0xd0) >> 20 & 0x1f, 0xa, "exception");
        }),
        ("SEC2 without code", "ga102", &["FV-17"], |driver| {
            driver.reset(SEC2);
            driver.run(SEC2).unwrap();
        }),
        ("mailbox under a program", "ga102", &["FV-24"], |driver| {
            driver.reset(GSP);
            driver.start(GSP);
            driver.write(GSP + 0x40, 1);
        }),
        (
            "transfer register under a program",
            "ga102",
            &["FV-24"],
            |driver| {
                driver.reset(GSP);
                driver.start(GSP);
                driver.write(GSP + 0x114, 1);
            },
        ),
        ("revision not told", "ga102", &["FV-35"], |driver| {
            let data = driver.command(0x15, Some(driver.frts()));
            driver.load_fwsec(&data);
            driver.write(GSP + 0x84, 0);
            driver.run(GSP).unwrap();
        }),
    ]);
}

/// Loads booter_load with the GSP ready for it, breaks something, and runs it.
fn booter_with(driver: &mut Driver, spoil: impl FnOnce(&mut Driver)) -> u32 {
    if driver.by_dma || driver.has_frts() {
        driver.run_frts();
    }
    driver.hand_over();
    driver.write_meta();
    driver.load_booter(SEC2, true);
    driver.set_mailboxes(SEC2, META);
    spoil(driver);
    driver.run(SEC2).unwrap();
    let result = driver.read(SEC2 + 0x40);
    assert!(!driver.riscv_active());
    result
}

#[test]
fn boot_rom_and_signatures() {
    /// The mailbox stays as it was if the code never ran.
    fn refused(driver: &mut Driver, spoil: fn(&mut Driver)) {
        assert_eq!(booter_with(driver, spoil), META as u32);
    }
    check(&[
        ("no algorithm", "ga102", &["FV-18"], |driver| {
            refused(driver, |driver| driver.write(SEC2 + 0x1180, 0));
        }),
        ("wrong id", "ga102", &["FV-18"], |driver| {
            refused(driver, |driver| driver.write(SEC2 + 0x1198, 4));
        }),
        ("mask without SEC2", "ga102", &["FV-18"], |driver| {
            refused(driver, |driver| driver.write(SEC2 + 0x119c, 0x400));
        }),
        ("mask with more", "ga102", &["FV-18"], |driver| {
            refused(driver, |driver| driver.write(SEC2 + 0x119c, 0x401));
        }),
        ("wrong place", "ga102", &["FV-18"], |driver| {
            refused(driver, |driver| driver.write(SEC2 + 0x1210, 0));
        }),
        ("outside data memory", "ga102", &["FV-18"], |driver| {
            refused(driver, |driver| driver.write(SEC2 + 0x1210, 0xff00));
        }),
        ("no signature", "ga102", &["FV-19"], |driver| {
            let data = driver.booter(true).data.clone();
            driver.run_frts();
            driver.hand_over();
            driver.load_booter_with(SEC2, true, &data);
            driver.run(SEC2).unwrap();
        }),
        (
            "signature for another fuse",
            "ad102",
            &["FV-19"],
            |driver| {
                let mut data = driver.booter(true).data.clone();
                data[0x10..0x190].copy_from_slice(&driver.booter(true).signatures[0]);
                driver.run_frts();
                driver.hand_over();
                driver.load_booter_with(SEC2, true, &data);
                driver.run(SEC2).unwrap();
            },
        ),
        ("no signature on Turing", "tu102", &["FV-19"], |driver| {
            let data = driver.booter(true).data.clone();
            driver.load_booter_with(SEC2, true, &data);
            driver.run(SEC2).unwrap();
        }),
        (
            "another signature on Turing",
            "tu102",
            &["FV-19"],
            |driver| {
                let mut data = driver.signed_data(true);
                data[0x203] ^= 1;
                driver.load_booter_with(SEC2, true, &data);
                driver.run(SEC2).unwrap();
            },
        ),
        ("data beside the signature", "ga102", &["FV-19"], |driver| {
            let mut data = driver.signed_data(true);
            data[0x3ff] = 1;
            driver.load_booter_with(SEC2, true, &data);
            driver.run(SEC2).unwrap();
        }),
        ("unknown code", "ga102", &["FV-19"], |driver| {
            ready(driver);
            driver.transfer(SEC2, (IMAGE, 0x100), 0, 0x300, 0x614);
            driver.write(SEC2 + 0x104, 0x100);
            driver.run(SEC2).unwrap();
        }),
        (
            "FWSEC with the wrong signature",
            "ga102",
            &["FV-19"],
            |driver| {
                let mut data = driver.command(0x15, Some(driver.frts()));
                data[0x200..0x380].fill(0xa1);
                driver.run_fwsec(&data).unwrap();
                assert_eq!(driver.wpr2(), (0, 0));
            },
        ),
        ("FWSEC with other data", "ga102", &["FV-19"], |driver| {
            let mut data = driver.command(0x15, Some(driver.frts()));
            data[0x1ff] = 1;
            driver.run_fwsec(&data).unwrap();
        }),
        (
            "FWSEC with other data by the bootloader",
            "tu102",
            &["FV-19"],
            |driver| {
                let mut data = driver.command(0x15, Some(driver.frts()));
                data[0x1ff] = 1;
                driver.run_fwsec(&data).unwrap();
                assert_ne!(driver.read(GSP + 0x40), 0);
            },
        ),
        ("code not marked secure", "ga102", &["FV-20"], |driver| {
            driver.load_booter(SEC2, true);
            driver.transfer(SEC2, (UCODE, 0x200), 0x100, 0x100, 0x610);
            driver.run(SEC2).unwrap();
        }),
        ("front marked secure", "tu102", &["FV-20"], |driver| {
            driver.load_booter(SEC2, true);
            let front = driver.booter(true).front.clone();
            driver.port_imem(SEC2, 0, 0, true, &front);
            driver.run(SEC2).unwrap();
        }),
        ("secure code not marked", "tu102", &["FV-20"], |driver| {
            driver.load_booter(SEC2, true);
            let code = driver.booter(true).code.clone();
            driver.port_imem(SEC2, 0x100, 1, false, &code);
            driver.run(SEC2).unwrap();
        }),
        ("wrong first tag", "ga102", &["FV-23"], |driver| {
            driver.reset(SEC2);
            driver.load_booter(SEC2, true);
            driver.reset(SEC2);
            ready(driver);
            driver.transfer(SEC2, (UCODE + 0x100, 0), 0, 0x300, 0x614);
            driver.write(SEC2 + 0x104, 0);
            driver.run(SEC2).unwrap();
        }),
        ("booter on the GSP", "ga102", &["FV-28"], |driver| {
            driver.load_booter(GSP, true);
            driver.run(GSP).unwrap();
        }),
        (
            "booter on the GSP of Turing",
            "tu102",
            &["FV-28"],
            |driver| {
                driver.load_booter(GSP, true);
                driver.run(GSP).unwrap();
            },
        ),
    ]);
}

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
            driver.set_mailboxes(GSP, super::driver::LIBOS);
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
            assert_eq!(
                driver.run_booter(true, super::conversation::SAVE_META),
                0xff
            );
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
        (
            "save what is not suspended",
            "ga102",
            &["FV-27"],
            |driver| {
                driver.boot();
                driver.stop(0);
                driver.run_sb();
                driver.write_save_meta();
                let result = driver.run_booter(false, super::conversation::SAVE_META);
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
            },
        ),
        ("queues gone under GSP-RM", "ga102", &["PV-05"], |driver| {
            driver.boot();
            driver.device.dma_unmap(REST.0, REST.1, false);
        }),
    ]);
}

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
                    assert_eq!(driver.read(SEC2 + 0x118) & 1, 0, "room");
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
                driver.set_mailboxes(GSP, super::driver::LIBOS);
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
