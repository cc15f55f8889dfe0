// SPDX-License-Identifier: GPL-2.0

//! What the hardware accepts as a program.

use super::{
    booter_with,
    check,
    ready,
    Driver,
    GSP,
    IMAGE,
    META,
    SEC2,
    UCODE, //
};

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
