// SPDX-License-Identifier: GPL-2.0

//! Made-up generic bootloaders.

use super::*;
use crate::synthetic::{
    bin,
    mutations,
    poked,
    tlv,
    words, //
};
use std::{
    vec,
    vec::Vec, //
};

const START_TAG: usize = 0x18;
const DMEM_OFFSET: usize = 0x1c;
const CODE: usize = 0x20;
const CODE_SIZE: usize = 0x24;

/// A file with 0x1f0 bytes of code and 0x100 of data.
fn file() -> Vec<u8> {
    bin(&words(&[0xfd, 0, 0, 0x1f0, 0x200, 0x100]), &[0x11; 0x300])
}

fn error(file: &[u8]) -> At<GenericBootloaderError> {
    GenericBootloader::parse(file).unwrap_err()
}

#[test]
fn code_goes_to_the_top_of_imem() {
    let file = file();
    let bootloader = GenericBootloader::parse(&file).unwrap();
    assert_eq!(
        bootloader,
        GenericBootloader {
            code: &[0x11; 0x1f0],
            padded_size: 0x200,
            start_tag: 0xfd
        }
    );
    assert_eq!(bootloader.boot_vector(), 0xfd00);
    assert_eq!(bootloader.imem_destination(0x1_0000), Some(0xfe00));
    assert_eq!(bootloader.imem_destination(0x200), Some(0));
    assert_eq!(bootloader.imem_destination(0x1ff), None);
}

#[test]
fn the_older_file_has_its_parts_elsewhere() {
    // As in acr/bl.bin: the descriptor at 0x100, the payload at 0x200.
    let mut file = words(&[0x10de, 1, 0x500, 0x100, 0x200, 0x300]);
    file.resize(0x100, 0);
    file.extend(words(&[0xfd, 0, 0, 0x200, 0x200, 0x100]));
    file.resize(0x500, 0x22);
    let bootloader = GenericBootloader::parse(&file).unwrap();
    assert_eq!(
        (bootloader.code, bootloader.start_tag),
        (&[0x22; 0x200][..], 0xfd)
    );
}

#[test]
fn bad_descriptors_are_refused() {
    let good = file();
    for (name, at, value, want) in [
        (
            "start tag",
            START_TAG,
            0x1_0000,
            At::new(START_TAG, GenericBootloaderError::StartTag(0x1_0000)),
        ),
        (
            "DMEM offset",
            DMEM_OFFSET,
            4,
            At::new(DMEM_OFFSET, GenericBootloaderError::DmemOffset(4)),
        ),
        (
            "code past end",
            CODE,
            0x111,
            At::new(CODE_SIZE, GenericBootloaderError::CodeOutside),
        ),
        (
            "code overflows",
            CODE_SIZE,
            u32::MAX,
            At::new(CODE_SIZE, GenericBootloaderError::CodeOutside),
        ),
        (
            "no code",
            CODE_SIZE,
            0,
            At::new(CODE_SIZE, GenericBootloaderError::CodeEmpty),
        ),
        (
            "descriptor past end",
            0xc,
            0x319,
            At::new(0x319, GenericBootloaderError::DescriptorOutside),
        ),
        (
            "magic",
            0,
            0,
            At::new(0, GenericBootloaderError::Bin(BinError::Magic(0))),
        ),
    ] {
        assert_eq!(error(&poked(&good, at, value)), want, "{name}");
    }
}

#[test]
fn code_must_fit_imem() {
    let with_code = |size: u32| bin(&words(&[0xfd, 0, 0, size, 0, 0]), &vec![0; size as usize]);
    assert!(GenericBootloader::parse(&with_code(0x1_0000)).is_ok());
    let want = At::new(CODE_SIZE, GenericBootloaderError::CodeTooBig(0x1_0001));
    assert_eq!(error(&with_code(0x1_0001)), want);
}

#[test]
fn both_containers_give_the_same() {
    let tlv_file = tlv(&[
        (b"STRT", &0xfdu32.to_le_bytes()),
        (b"CDSZ", &0x1f0u32.to_le_bytes()),
        (b"BLOB", &[0x11; 0x300]),
        (b"VERS", b"570.144"),
    ]);
    let bin_file = file();
    let from_tlv = GenericBootloader::from_tlv(&Tlv::parse(&tlv_file).unwrap());
    assert_eq!(from_tlv, Ok(GenericBootloader::parse(&bin_file).unwrap()));
}

#[test]
fn the_published_tiny_tlv() {
    let file = tlv(&[
        (b"STRT", &0xfdu32.to_le_bytes()),
        (b"CDSZ", &5u32.to_le_bytes()),
        (b"BLOB", &[1, 2, 3, 4, 5]),
        (b"VERS", b"1.0"),
    ]);
    assert_eq!(file.len(), 56);
    let tlv = Tlv::parse(&file).unwrap();
    let want = GenericBootloader {
        code: &[1, 2, 3, 4, 5],
        padded_size: 0x100,
        start_tag: 0xfd,
    };
    assert_eq!(GenericBootloader::from_tlv(&tlv), Ok(want));
    assert!(!tlv.version().is_supported());
}

#[test]
fn no_damaged_bootloader_panics() {
    let accepted = mutations(&file(), 0x40)
        .filter(|file| GenericBootloader::parse(file).is_ok_and(|it| it.padded_size > 0))
        .count();
    assert!(accepted > 0, "damage to unused bytes should not matter");
}
