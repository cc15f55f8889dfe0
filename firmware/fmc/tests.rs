// SPDX-License-Identifier: GPL-2.0

//! Made-up FMC images.

use super::*;
use crate::synthetic::{
    elf32,
    mutations,
    poked,
    tlv,
    Built,
    Section as BuiltSection, //
};
use proptest::prelude::*;
use std::{
    string::ToString,
    vec,
    vec::Vec, //
};
use Scheme::{
    EcdsaP384,
    Rsa3072, //
};

fn section(name: &'static str, byte: u8, len: usize) -> BuiltSection {
    let bytes = vec![byte; len];
    BuiltSection {
        name,
        kind: 1,
        flags: 0xfff0_0102,
        info: crc32(&bytes),
        bytes,
    }
}

fn sections(scheme: Scheme) -> Vec<BuiltSection> {
    vec![
        section("hash", 1, 48),
        section("signature", 2, scheme.signature_size()),
        section("publickey", 3, scheme.public_key_size()),
        section("image", 4, 123),
    ]
}

/// A good image with one section changed, its checksum made right again.
fn with(index: usize, change: impl FnOnce(&mut Vec<u8>)) -> Built {
    let mut sections = sections(EcdsaP384);
    change(&mut sections[index].bytes);
    sections[index].info = crc32(&sections[index].bytes);
    elf32(&sections)
}

/// Offset of a field of a section's header; sections count from 0 and begin with the hash.
fn field(section: usize, offset: usize) -> usize {
    0x34 + (section + 2) * 0x28 + offset
}

fn error(file: &[u8]) -> At<FmcError> {
    Fmc::parse(file, EcdsaP384).unwrap_err()
}

#[test]
fn all_four_parts_are_found() {
    for scheme in [Rsa3072, EcdsaP384] {
        let file = elf32(&sections(scheme)).file;
        let fmc = Fmc::parse(&file, scheme).unwrap();
        assert_eq!(fmc.hash, &[1; 48]);
        assert_eq!(fmc.signature, vec![2; scheme.signature_size()]);
        assert_eq!(fmc.public_key, vec![3; scheme.public_key_size()]);
        assert_eq!(fmc.image, [4; 123]);
    }
}

#[test]
fn sizes_depend_on_the_scheme() {
    for (scheme, signature, key) in [(Rsa3072, 384, 384), (EcdsaP384, 96, 97)] {
        assert_eq!(
            (scheme.signature_size(), scheme.public_key_size()),
            (signature, key)
        );
    }
    let file = elf32(&sections(Rsa3072)).file;
    let want = FmcError::Size {
        section: "publickey",
        size: 384,
        expected: 97,
    };
    assert_eq!(error(&file), At::new(field(2, 0), want));
}

#[test]
fn sections_of_bad_size_are_refused() {
    for (name, section, size, want) in [
        (
            "hash short",
            0,
            47,
            FmcError::Size {
                section: "hash",
                size: 47,
                expected: 48,
            },
        ),
        (
            "hash long",
            0,
            49,
            FmcError::Size {
                section: "hash",
                size: 49,
                expected: 48,
            },
        ),
        (
            "signature long",
            1,
            97,
            FmcError::Size {
                section: "signature",
                size: 97,
                expected: 96,
            },
        ),
        (
            "signature of more than 384",
            1,
            385,
            FmcError::Size {
                section: "signature",
                size: 385,
                expected: 96,
            },
        ),
        (
            "key short",
            2,
            96,
            FmcError::Size {
                section: "publickey",
                size: 96,
                expected: 97,
            },
        ),
        ("no image", 3, 0, FmcError::ImageEmpty),
    ] {
        let built = with(section, |bytes| bytes.resize(size, 9));
        assert_eq!(
            error(&built.file),
            At::new(field(section, 0), want),
            "{name}"
        );
    }
}

#[test]
fn checksums_count_unless_zero() {
    let good = elf32(&sections(EcdsaP384)).file;
    let no_checksum = poked(&good, field(3, 0x1c), 0);
    assert!(Fmc::parse(&no_checksum, EcdsaP384).is_ok());
    for (section, name) in ["hash", "signature", "publickey", "image"]
        .into_iter()
        .enumerate()
    {
        let file = poked(&good, field(section, 0x1c), 0x1234_5678);
        assert_eq!(
            error(&file),
            At::new(field(section, 0), FmcError::Checksum(name))
        );
    }
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(
        error(&damaged),
        At::new(field(3, 0), FmcError::Checksum("image"))
    );
}

#[test]
fn unexpected_headers_are_refused() {
    let good = elf32(&sections(EcdsaP384)).file;
    let with_byte = |at: usize, value: u8| {
        let mut file = good.clone();
        file[at] = value;
        file
    };
    let elf = |offset, reason| At::new(offset, FmcError::Elf(reason));
    for (name, file, want) in [
        ("51 bytes", good[..51].to_vec(), elf(0, ElfError::Short)),
        ("64 bits", with_byte(4, 2), elf(0, ElfError::Ident)),
        (
            "a machine",
            with_byte(0x12, 0xf3),
            At::new(0, FmcError::Header),
        ),
        (
            "five sections",
            with_byte(0x30, 5),
            At::new(0, FmcError::Header),
        ),
        (
            "flags",
            poked(&good, field(0, 8), 0x2),
            At::new(field(0, 0), FmcError::SectionKind("hash")),
        ),
        (
            "type",
            poked(&good, field(3, 4), 7),
            At::new(field(3, 0), FmcError::SectionKind("image")),
        ),
        (
            "outside",
            poked(&good, field(1, 0x10), u32::MAX),
            elf(field(1, 0), ElfError::Outside("signature")),
        ),
        (
            "in the section table",
            poked(&good, field(0, 0x10), 0x34),
            elf(field(0, 0), ElfError::Overlap("hash")),
        ),
        (
            "over another",
            poked(&good, field(0, 0x10), good.len() as u32 - 48),
            elf(field(3, 0), ElfError::Overlap("image")),
        ),
    ] {
        assert_eq!(error(&file), want, "{name}");
    }
}

#[test]
fn missing_and_double_sections_are_refused() {
    let mut twice = sections(EcdsaP384);
    twice[1].name = "hash";
    let built = elf32(&twice);
    assert_eq!(
        error(&built.file),
        At::new(field(1, 0), FmcError::Elf(ElfError::Duplicate("hash")))
    );

    for (index, name) in ["hash", "signature", "publickey", "image"]
        .into_iter()
        .enumerate()
    {
        let mut less = sections(EcdsaP384);
        less[index].name = "other";
        let built = elf32(&less);
        assert_eq!(
            error(&built.file),
            At::new(built.table, FmcError::Elf(ElfError::Missing(name)))
        );
    }
}

#[test]
fn both_containers_give_the_same() {
    let tlv_file = tlv(&[
        (b"HASH", &[1; 48]),
        (b"SIGN", &[2; 96]),
        (b"PKEY", &[3; 97]),
        (b"BLOB", &[4; 123]),
        (b"VERS", b"570.144"),
    ]);
    let elf_file = elf32(&sections(EcdsaP384)).file;
    let from_tlv = Fmc::from_tlv(&Tlv::parse(&tlv_file).unwrap(), EcdsaP384);
    assert_eq!(from_tlv, Ok(Fmc::parse(&elf_file, EcdsaP384).unwrap()));
}

#[test]
fn sizes_are_checked_in_tlv_too() {
    let file = tlv(&[
        (b"VERS", b"570.144"),
        (b"HASH", &[1; 48]),
        (b"SIGN", &[2; 96]),
        (b"PKEY", &[3; 385]),
        (b"BLOB", &[4; 123]),
    ]);
    let error = Fmc::from_tlv(&Tlv::parse(&file).unwrap(), EcdsaP384).unwrap_err();
    assert_eq!(
        error.reason,
        FmcError::Size {
            section: "publickey",
            size: 385,
            expected: 97
        }
    );
}

#[test]
fn no_damaged_image_panics() {
    let file = elf32(&sections(EcdsaP384)).file;
    let accepted = mutations(&file, file.len())
        .filter(|file| Fmc::parse(file, EcdsaP384).is_ok())
        .count();
    assert!(accepted > 0, "damage to unused bytes should not matter");
}

proptest! {
    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..0x200),
        changes in prop::collection::vec((0usize..0x300, any::<u8>()), 0..8),
    ) {
        let _ = Fmc::parse(&bytes, Rsa3072).map_err(|error| error.to_string());
        let mut file = elf32(&sections(EcdsaP384)).file;
        for (at, value) in changes {
            if let Some(byte) = file.get_mut(at) {
                *byte = value;
            }
        }
        let _ = Fmc::parse(&file, EcdsaP384).map_err(|error| error.to_string());
    }
}
