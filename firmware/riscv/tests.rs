// SPDX-License-Identifier: GPL-2.0

//! Made-up GSP bootloaders.

use super::*;
use crate::synthetic::{
    bin,
    mutations,
    poked,
    tlv,
    words, //
};
use proptest::prelude::*;
use std::{
    string::ToString,
    vec::Vec, //
};

/// Offsets of the fields in a file whose descriptor follows the header at once.
const VERSION: usize = 0x18;
const MANIFEST: usize = 0x18 + 0x20;
const MANIFEST_SIZE: usize = 0x18 + 0x24;
const DATA: usize = 0x18 + 0x28;
const CODE: usize = 0x18 + 0x30;
const CODE_SIZE: usize = 0x18 + 0x34;

const PAYLOAD: [u8; 0x1000] = [0x5a; 0x1000];

/// A file whose descriptor has `len` words.
fn file(len: usize) -> Vec<u8> {
    let mut descriptor = [0; 21];
    descriptor[..14].copy_from_slice(&[
        5, 0xd00, 0x80, 0xd80, 0x10, 0, 0, 0x1234, 0x100, 0x200, 0x300, 0x400, 0x700, 0x900,
    ]);
    bin(&words(&descriptor[..len]), &PAYLOAD)
}

fn error(file: &[u8]) -> At<GspBootloaderError> {
    GspBootloader::parse(file).unwrap_err()
}

#[test]
fn descriptors_of_all_lengths_are_read() {
    for len in [14, 19, 21] {
        let file = file(len);
        let want = GspBootloader {
            payload: &PAYLOAD,
            app_version: 0x1234,
            manifest_offset: 0x100,
            data_offset: 0x300,
            code_offset: 0x700,
        };
        assert_eq!(GspBootloader::parse(&file), Ok(want), "{len} words");
    }
}

#[test]
fn a_descriptor_of_zeros_is_valid() {
    let mut descriptor = [0; 19];
    descriptor[0] = 4;
    let file = bin(&words(&descriptor), &PAYLOAD);
    let bootloader = GspBootloader::parse(&file).unwrap();
    assert_eq!(
        (
            bootloader.manifest_offset,
            bootloader.data_offset,
            bootloader.code_offset
        ),
        (0, 0, 0)
    );
}

#[test]
fn bad_descriptors_are_refused() {
    let good = file(19);
    for (name, at, value, want) in [
        (
            "version 3",
            VERSION,
            3,
            At::new(VERSION, GspBootloaderError::Version(3)),
        ),
        (
            "manifest misaligned",
            MANIFEST,
            0x180,
            At::new(MANIFEST, GspBootloaderError::Misaligned(0x180)),
        ),
        (
            "data misaligned",
            DATA,
            0x301,
            At::new(DATA, GspBootloaderError::Misaligned(0x301)),
        ),
        (
            "code misaligned",
            CODE,
            0x7ff,
            At::new(CODE, GspBootloaderError::Misaligned(0x7ff)),
        ),
        (
            "code past end",
            CODE_SIZE,
            0x901,
            At::new(CODE, GspBootloaderError::RegionOutside),
        ),
        (
            "manifest overflows",
            MANIFEST_SIZE,
            u32::MAX,
            At::new(MANIFEST, GspBootloaderError::RegionOutside),
        ),
        (
            "data far past end",
            DATA,
            0xffff_ff00,
            At::new(DATA, GspBootloaderError::RegionOutside),
        ),
        (
            "descriptor past end",
            0xc,
            0x107c,
            At::new(0x107c, GspBootloaderError::DescriptorOutside),
        ),
        (
            "descriptor offset overflows",
            0xc,
            u32::MAX,
            At::new(u32::MAX as usize, GspBootloaderError::DescriptorOutside),
        ),
        (
            "no payload",
            0x14,
            0,
            At::new(0x14, GspBootloaderError::Bin(BinError::PayloadEmpty)),
        ),
    ] {
        assert_eq!(error(&poked(&good, at, value)), want, "{name}");
    }
}

#[test]
fn a_descriptor_that_runs_into_the_payload_is_refused() {
    let short = file(13);
    assert_eq!(
        error(&short),
        At::new(0x18, GspBootloaderError::DescriptorOutside)
    );
}

#[test]
fn both_containers_give_the_same() {
    let tlv_file = tlv(&[
        (b"CDOF", &0x700u32.to_le_bytes()),
        (b"DAOF", &0x300u32.to_le_bytes()),
        (b"MFOF", &0x100u32.to_le_bytes()),
        (b"APPV", &0x1234u32.to_le_bytes()),
        (b"BLOB", &PAYLOAD),
        (b"VERS", b"570.144"),
    ]);
    let bin_file = file(19);
    let from_tlv = GspBootloader::from_tlv(&Tlv::parse(&tlv_file).unwrap());
    assert_eq!(from_tlv, Ok(GspBootloader::parse(&bin_file).unwrap()));
}

#[test]
fn offsets_are_checked_in_tlv_too() {
    let numbers = |code: u32| {
        tlv(&[
            (b"VERS", b"570.144"),
            (b"CDOF", &code.to_le_bytes()),
            (b"DAOF", &[0; 4]),
            (b"MFOF", &[0; 4]),
            (b"APPV", &[0; 4]),
            (b"BLOB", &PAYLOAD),
        ])
    };
    for (code, want) in [
        (0x80, GspBootloaderError::Misaligned(0x80)),
        (0x1100, GspBootloaderError::RegionOutside),
    ] {
        let file = numbers(code);
        let error = GspBootloader::from_tlv(&Tlv::parse(&file).unwrap()).unwrap_err();
        assert_eq!(error, At::new(0x1c, want), "{code:#x}");
    }
}

#[test]
fn no_damaged_bootloader_panics() {
    let accepted = mutations(&file(21), 0x70)
        .filter(|file| GspBootloader::parse(file).is_ok())
        .count();
    assert!(accepted > 0, "damage to unused bytes should not matter");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..0x100)) {
        let _ = GspBootloader::parse(&bytes).map_err(|error| error.to_string());
    }
}
