// SPDX-License-Identifier: GPL-2.0

//! Made-up FMC images.

use super::*;
use crate::synthetic::{
    elf32,
    fmc_image,
    mutations,
    poked,
    tlv,
    Built,
    Section as BuiltSection, //
};
use proptest::prelude::*;
use std::{
    format,
    string::ToString,
    vec,
    vec::Vec, //
};
use Scheme::{
    EcdsaP384,
    Rsa3072, //
};

fn section(name: &'static str, bytes: Vec<u8>) -> BuiltSection {
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
        section("hash", vec![1; 48]),
        section("signature", vec![2; scheme.signature_size()]),
        section("publickey", vec![3; scheme.public_key_size()]),
        section("image", fmc_image(4, 123)),
    ]
}

/// A good image with one section changed, its checksum made right again.
fn with(index: usize, change: impl FnOnce(&mut Vec<u8>)) -> Built {
    let mut sections = sections(EcdsaP384);
    change(&mut sections[index].bytes);
    sections[index].info = crc32(&sections[index].bytes);
    elf32(&sections)
}

/// Offset of the header of the section of names.
const NAMES_AT: usize = 0x34 + 0x28;

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
        assert_eq!(fmc.image, fmc_image(4, 123));
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
    let empty = |section, expected| FmcError::Size {
        section,
        size: 0,
        expected,
    };
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
        ("no key", 2, 0, empty("publickey", 97)),
        ("no signature", 1, 0, empty("signature", 96)),
        ("no hash", 0, 0, empty("hash", 48)),
        ("no image", 3, 0, FmcError::ImageShort(0)),
        (
            "image without a whole header",
            3,
            0x17,
            FmcError::ImageShort(0x17),
        ),
        (
            "image short",
            3,
            122,
            FmcError::ImageSize {
                size: 122,
                said: 123,
            },
        ),
        (
            "image long",
            3,
            124,
            FmcError::ImageSize {
                size: 124,
                said: 123,
            },
        ),
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
fn an_image_ends_where_its_header_says() {
    let header = |header_size, body_size: u32, len| {
        let mut image = vec![4; len];
        image[2] = header_size;
        image[4..8].copy_from_slice(&body_size.to_le_bytes());
        ImageHeader::of(&image)
    };
    let wrong = |size, said| Err(FmcError::ImageSize { size, said });
    assert!(header(0x48, 0x10, 0x58).is_ok());
    assert!(header(0x50, 0x08, 0x58).is_ok());
    assert!(header(0x18, 0, 0x18).is_ok());
    assert_eq!(header(0x48, 0x10, 0x57), wrong(0x57, 0x58));
    assert_eq!(header(0x48, 0x10, 0x59), wrong(0x59, 0x58));
    assert_eq!(header(0, 0, 0x58), wrong(0x58, 0));
    assert_eq!(header(0xff, u32::MAX, 0xfe), wrong(0xfe, 0x1_0000_00fe));
    let error = header(0x48, 0x10, 0x57).unwrap_err().to_string();
    assert_eq!(
        error,
        "image has 0x57 bytes, of which its header makes 0x58"
    );
}

#[test]
fn the_header_of_an_image_is_read() {
    let mut image = fmc_image(4, 0x60);
    image[0x0c..0x10].copy_from_slice(&0x1234_5678u32.to_le_bytes());
    image[0x14..0x18].copy_from_slice(&0x9abc_def0u32.to_le_bytes());
    let want = ImageHeader {
        header_size: 0x48,
        body_size: 0x18,
        code_size: 0x1234_5678,
        data_size: 0x9abc_def0,
    };
    assert_eq!(ImageHeader::of(&image), Ok(want));
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
            "flags of the names",
            poked(&good, NAMES_AT + 8, 0),
            At::new(NAMES_AT, FmcError::SectionKind(".shstrtab")),
        ),
        (
            "type of the names",
            poked(&good, NAMES_AT + 4, 1),
            elf(NAMES_AT, ElfError::NamesMalformed),
        ),
        (
            "checksum of the names",
            poked(&good, NAMES_AT + 0x1c, 1),
            At::new(NAMES_AT, FmcError::Checksum(".shstrtab")),
        ),
        (
            "names cut before their last NUL",
            poked(&good, NAMES_AT + 0x14, 41),
            elf(NAMES_AT, ElfError::NamesMalformed),
        ),
        (
            "no names",
            poked(&good, NAMES_AT + 0x14, 0),
            elf(NAMES_AT, ElfError::NamesMalformed),
        ),
        (
            "names outside",
            poked(&good, NAMES_AT + 0x10, good.len() as u32),
            elf(NAMES_AT, ElfError::NamesMalformed),
        ),
        (
            "a name where the names end",
            poked(&good, field(1, 0), 42),
            elf(field(1, 0), ElfError::NameOutside(42)),
        ),
        (
            "a name far outside",
            poked(&good, field(1, 0), u32::MAX),
            elf(field(1, 0), ElfError::NameOutside(u32::MAX)),
        ),
        (
            "the end of a name",
            poked(&good, field(0, 0), 12),
            elf(0x34, ElfError::Missing("hash")),
        ),
        (
            "the names in another's bytes",
            poked(&good, field(0, 0x10), 0x124),
            elf(field(0, 0), ElfError::Overlap("hash")),
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
        (b"BLOB", &fmc_image(4, 123)),
        (b"VERS", b"570.144"),
    ]);
    let elf_file = elf32(&sections(EcdsaP384)).file;
    let from_tlv = Fmc::from_tlv(&Tlv::parse(&tlv_file).unwrap(), EcdsaP384);
    assert_eq!(from_tlv, Ok(Fmc::parse(&elf_file, EcdsaP384).unwrap()));
}

#[test]
fn damaged_tlv_files_are_refused() {
    type Blocks = Vec<([u8; 4], Vec<u8>)>;
    let good: Blocks = vec![
        (*b"VERS", b"570.144".to_vec()),
        (*b"HASH", vec![1; 48]),
        (*b"SIGN", vec![2; 96]),
        (*b"PKEY", vec![3; 97]),
        (*b"BLOB", fmc_image(4, 123)),
    ];
    let error = |change: &dyn Fn(&mut Blocks)| {
        let mut blocks = good.clone();
        change(&mut blocks);
        let blocks: Vec<_> = blocks
            .iter()
            .map(|(tag, value)| (tag, &value[..]))
            .collect();
        let file = tlv(&blocks);
        let error = Fmc::from_tlv(&Tlv::parse(&file).unwrap(), EcdsaP384).unwrap_err();
        error.reason.to_string()
    };
    for (index, tag) in [(1, "HASH"), (2, "SIGN"), (3, "PKEY"), (4, "BLOB")] {
        let missing = error(&|blocks| drop(blocks.remove(index)));
        assert_eq!(missing, format!("no {tag}"));
        let empty = error(&|blocks| blocks[index].1.clear());
        assert_eq!(empty, format!("{tag} is empty"));
        let twice = error(&|blocks| blocks.push(blocks[index].clone()));
        assert_eq!(twice, format!("several {tag}"));
    }
    for (index, size, want) in [
        (1, 49, "hash has 49 bytes instead of 48"),
        (2, 95, "signature has 95 bytes instead of 96"),
        (3, 385, "publickey has 385 bytes instead of 97"),
        (4, 7, "image of 7 bytes has no header"),
        (
            4,
            122,
            "image has 0x7a bytes, of which its header makes 0x7b",
        ),
        (
            4,
            124,
            "image has 0x7c bytes, of which its header makes 0x7b",
        ),
    ] {
        assert_eq!(error(&|blocks| blocks[index].1.resize(size, 9)), want);
    }
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
