// SPDX-License-Identifier: GPL-2.0

//! Requests for made-up images. Those for NVIDIA's are in `tests/real_files.rs`.

use super::*;
use crate::bytes::u32_at;
use std::{
    string::ToString,
    vec::Vec, //
};

/// A change to a good request, and what is said about it.
type Case = (&'static str, fn(&mut Cot<'static>), CotError);

const HASH: [u8; HASH_SIZE] = [1; HASH_SIZE];

const RSA: Fmc<'static> = Fmc {
    hash: &HASH,
    public_key: &[2; 384],
    signature: &[3; 384],
    image: &[4; 0x1800],
};

const ECDSA: Fmc<'static> = Fmc {
    public_key: &[2; 97],
    signature: &[3; 96],
    ..RSA
};

/// GH100 as it boots.
const GH100: Cot<'static> = Cot {
    version: 1,
    fmc: &RSA,
    fmc_address: 0x1_2340_0000,
    frts: Some(Frts {
        end_offset: 0x20_0000,
        size: 0x10_0000,
    }),
    boot_params: 0x1_2350_0000,
};

/// GB202 as it boots.
const GB202: Cot<'static> = Cot {
    version: 2,
    fmc: &ECDSA,
    frts: Some(Frts {
        end_offset: 0x1c0_0000,
        size: 0x10_0000,
    }),
    ..GH100
};

fn words_of(packet: &[u8]) -> Vec<u32> {
    let words = (0..packet.len()).step_by(4);
    words.map(|at| u32_at(packet, at).unwrap()).collect()
}

#[test]
fn the_words_around_the_crypto_are_as_published() {
    let gh100 = words_of(&GH100.encode().unwrap());
    let want = [
        0xc000_0000,
        0x1410_de7e,
        0x035c_0001,
        0x2340_0000,
        0x1,
        0,
        0,
        0,
        0x20_0000,
        0,
        0x10_0000,
    ];
    assert_eq!(gh100[..11], want);
    assert_eq!(gh100[215..], [0x2350_0000, 1]);

    let gb202 = words_of(&GB202.encode().unwrap());
    assert_eq!((gb202[2], gb202[8]), (0x035c_0002, 0x1c0_0000));
}

#[test]
fn resuming_says_nothing_of_frts() {
    let cold = GH100.encode().unwrap();
    let resume = Cot {
        frts: None,
        ..GH100
    };
    let resume = resume.encode().unwrap();
    assert_eq!(resume[32..44], [0; 12]);
    assert_eq!((&resume[..32], &resume[44..]), (&cold[..32], &cold[44..]));
}

#[test]
fn the_crypto_is_copied_and_filled_up_with_zeros() {
    let gh100 = GH100.encode().unwrap();
    assert_eq!(gh100[44..92], [1; 48]);
    assert_eq!(gh100[92..476], [2; 384]);
    assert_eq!(gh100[476..860], [3; 384]);
    let gb202 = GB202.encode().unwrap();
    assert_eq!(gb202[44..92], [1; 48]);
    assert_eq!(
        (&gb202[92..189], &gb202[189..476]),
        (&[2; 97][..], &[0; 287][..])
    );
    assert_eq!(
        (&gb202[476..572], &gb202[572..860]),
        (&[3; 96][..], &[0; 288][..])
    );
}

#[test]
fn impossible_requests_are_refused() {
    use CotError::{
        Address,
        Size,
        Version, //
    };
    const FEW: Fmc<'static> = Fmc {
        public_key: &[],
        ..RSA
    };
    const LONG_KEY: Fmc<'static> = Fmc {
        public_key: &[2; 385],
        ..RSA
    };
    const LONG_SIGNATURE: Fmc<'static> = Fmc {
        signature: &[3; 385],
        ..RSA
    };
    const fn frts(end_offset: u64, size: u32) -> Frts {
        Frts { end_offset, size }
    }
    let cases: [Case; 17] = [
        ("version 0", |it| it.version = 0, Version(0)),
        ("version 3", |it| it.version = 3, Version(3)),
        ("no FMC", |it| it.fmc_address = 0, Address("FMC", 0)),
        (
            "FMC not aligned",
            |it| it.fmc_address = 0x1_2340_0100,
            Address("FMC", 0x1_2340_0100),
        ),
        (
            "FMC too high",
            |it| it.fmc_address = 1 << 52,
            Address("FMC", 1 << 52),
        ),
        (
            "end of the FMC too high",
            |it| it.fmc_address = (1 << 52) - 0x1000,
            Address("FMC", (1 << 52) - 0x1000),
        ),
        (
            "FMC at the end of everything",
            |it| it.fmc_address = u64::MAX - 0xfff,
            Address("FMC", u64::MAX - 0xfff),
        ),
        (
            "no parameters",
            |it| it.boot_params = 0,
            Address("boot parameters", 0),
        ),
        (
            "parameters not aligned",
            |it| it.boot_params += 8,
            Address("boot parameters", 0x1_2350_0008),
        ),
        (
            "parameters too high",
            |it| it.boot_params = 1 << 52,
            Address("boot parameters", 1 << 52),
        ),
        ("no key", |it| it.fmc = &FEW, Size("public key", 0)),
        (
            "key too long",
            |it| it.fmc = &LONG_KEY,
            Size("public key", 385),
        ),
        (
            "signature too long",
            |it| it.fmc = &LONG_SIGNATURE,
            Size("signature", 385),
        ),
        (
            "FRTS at the end",
            |it| it.frts = Some(frts(0, 0x10_0000)),
            CotError::Frts(frts(0, 0x10_0000)),
        ),
        (
            "no FRTS",
            |it| it.frts = Some(frts(0x20_0000, 0)),
            CotError::Frts(frts(0x20_0000, 0)),
        ),
        (
            "FRTS not aligned",
            |it| it.frts = Some(frts(0x21_0000, 0x10_0000)),
            CotError::Frts(frts(0x21_0000, 0x10_0000)),
        ),
        (
            "size of FRTS not aligned",
            |it| it.frts = Some(frts(0x20_0000, 0x10_1000)),
            CotError::Frts(frts(0x20_0000, 0x10_1000)),
        ),
    ];
    for (name, change, want) in cases {
        let mut cot = GH100;
        change(&mut cot);
        assert_eq!(cot.encode(), Err(want), "{name}");
    }
}

#[test]
fn the_highest_addresses_are_taken() {
    let cot = Cot {
        fmc_address: (1 << 52) - 0x2000,
        boot_params: (1 << 52) - 0x1000,
        ..GH100
    };
    let words = words_of(&cot.encode().unwrap());
    assert_eq!((words[3], words[4]), (0xffff_e000, 0xf_ffff));
    assert_eq!((words[215], words[216]), (0xffff_f000, 0xf_ffff));
}

#[test]
fn errors_print_the_number() {
    for (error, want) in [
        (CotError::Version(3), "no version 3 of the request is known"),
        (
            CotError::Address("FMC", 0x100),
            "FMC at 0x100, which FSP cannot be told",
        ),
        (
            CotError::Size("signature", 385),
            "signature has 385 bytes instead of 1 to 384",
        ),
        (
            CotError::Frts(Frts {
                end_offset: 0x21_0000,
                size: 0x10_0000,
            }),
            "FRTS of 0x100000 bytes, 0x210000 from the end of video memory, which FSP cannot create",
        ),
    ] {
        assert_eq!(error.to_string(), want);
    }
}
