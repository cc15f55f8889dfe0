// SPDX-License-Identifier: GPL-2.0

//! The falcon as a machine: accesses, reset, transfers, ports, start.

use super::{
    check,
    ready,
    settles,
    submit,
    Driver,
    FLUSH_PAGE,
    GSP,
    REST,
    SEC2,
    UCODE, //
};

#[test]
fn accesses_and_registers() {
    check(&[
        ("byte of a register", "ga102", &["FV-01"], |driver| {
            let mut out = [0];
            let now = driver.now;
            driver.device.bar0_read_at(now, GSP + 0x40, &mut out);
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
                let now = driver.now;
                driver.device.tick_at(now);
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
        (
            "run without a tag",
            "tu102",
            &["FV-22", "FV-17"],
            |driver| {
                ready(driver);
                driver.write(SEC2 + 0x180, 1 << 24);
                for _ in 0..64 {
                    driver.write(SEC2 + 0x184, 1);
                }
                driver.run(SEC2).unwrap();
            },
        ),
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

#[test]
fn reset_returns_every_register() {
    for (chip, registers) in [
        (
            "ga102",
            &[
                (0x1180, 1, 0),
                (0x1198, 3, 0),
                (0x119c, 1, 0),
                (0x1210, 0x10, 0),
                (0x110, 5, 0),
                (0x600, 5, 0x110),
                (0x61c, 5, 0x110),
                (0x1668, 0x10, 0x101),
            ][..],
        ),
        ("tu102", &[(0x180, 1 << 24, 0), (0x1c0, 1 << 24, 0)]),
    ] {
        let both = [
            (0x40, 7, 0),
            (0x44, 7, 0),
            (0x80, 7, 0),
            (0x84, 7, 0),
            (0x104, 0x100, 0),
            (0x10c, 0, 1),
            (0x624, 0x80, 0),
            (0x300, 7, 0),
            (0xc04, 7, 0),
        ];
        let mut driver = Driver::new(chip);
        for (offset, value, _) in both.iter().chain(registers) {
            driver.write(SEC2 + offset, *value);
        }
        driver.pulse(SEC2);
        driver.wait_scrubbed(SEC2).unwrap();
        for (offset, _, want) in both.iter().chain(registers) {
            assert_eq!(driver.read(SEC2 + offset), *want, "{chip} {offset:#x}");
        }
        assert_eq!(driver.rules(), [""; 0], "{chip}");
    }
}
