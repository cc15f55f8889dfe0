// SPDX-License-Identifier: GPL-2.0

//! Made-up GSP images.

use super::*;
use crate::synthetic::{
    elf64,
    mutations,
    poked,
    Built,
    Section, //
};
use proptest::prelude::*;
use std::{
    string::ToString,
    vec,
    vec::Vec, //
};

const GA10X: &str = ".fwsignature_ga10x";

fn section(name: &'static str, bytes: &[u8]) -> Section {
    Section {
        name,
        kind: 1,
        flags: 0,
        info: 0,
        bytes: bytes.to_vec(),
    }
}

/// The sections of a good image: image, version, a signature that is not asked for, one that is.
fn sections() -> Vec<Section> {
    vec![
        section(".fwimage", b"not an ELF file"),
        section(".fwversion", b"570.144\0"),
        section(".fwsignature_cc_ga10x", &[0xcc; 32]),
        section(GA10X, &[0x55; 32]),
    ]
}

/// A good image with one section changed.
fn with(index: usize, change: impl FnOnce(&mut Section)) -> Built {
    let mut sections = sections();
    change(&mut sections[index]);
    elf64(&sections)
}

/// Offset of a field of a section's header; sections count from 1, as in the file.
fn field(built: &Built, section: usize, offset: usize) -> usize {
    built.table + section * 0x40 + offset
}

fn error(file: &[u8]) -> At<GspImageError> {
    GspImage::parse(file, GA10X).unwrap_err()
}

fn elf(offset: usize, reason: ElfError) -> At<GspImageError> {
    At::new(offset, GspImageError::Elf(reason))
}

#[test]
fn image_signature_and_version_are_found() {
    let file = elf64(&sections()).file;
    let image = GspImage::parse(&file, GA10X).unwrap();
    assert_eq!(image.image, b"not an ELF file");
    assert_eq!(image.signature, [0x55; 32]);
    assert_eq!(image.version.as_str(), "570.144");
    let confidential = GspImage::parse(&file, ".fwsignature_cc_ga10x").unwrap();
    assert_eq!(confidential.signature, [0xcc; 32]);
}

#[test]
fn another_familys_signature_will_not_do() {
    let built = elf64(&sections());
    for name in [
        ".fwsignature_ad10x",
        ".fwsignature_ga10",
        "ga10x",
        ".fwsignature_ga10x\0",
    ] {
        let error = GspImage::parse(&built.file, name).unwrap_err();
        assert_eq!(
            error,
            At::new(built.table, GspImageError::NoSignature(name)),
            "{name}"
        );
    }
}

#[test]
fn other_releases_are_refused_by_name() {
    for (name, text, want) in [
        (
            "older",
            &b"535.113.01\0"[..],
            Some("version 535.113.01, only 570.144 is supported"),
        ),
        (
            "newer",
            b"610.00\0",
            Some("version 610.00, only 570.144 is supported"),
        ),
        (
            "longer",
            b"570.144.1\0",
            Some("version 570.144.1, only 570.144 is supported"),
        ),
        ("empty section", b"", None),
        ("only a NUL", b"\0", None),
        ("not terminated", b"570.144", None),
        ("NUL inside", b"570.\x00144\0", None),
        ("not printable", b"570.144\n\0", None),
        ("64 bytes", &[b'1'; 64], None),
        (
            "64 bytes and a NUL",
            b"1111111111111111111111111111111111111111111111111111111111111111\0",
            None,
        ),
    ] {
        let built = with(1, |version| version.bytes = text.to_vec());
        let error = error(&built.file);
        match want {
            Some(text) => {
                assert_eq!(error.reason.to_string(), text, "{name}");
                assert_eq!(error.offset, 0x40 + 15, "{name}");
            }
            None => {
                let at = field(&built, 2, 0);
                assert_eq!(
                    error,
                    At::new(at, GspImageError::VersionMalformed),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn sections_of_bad_size_are_refused() {
    let no_image = with(0, |image| image.bytes.clear());
    let want = At::new(field(&no_image, 1, 0), GspImageError::Empty(".fwimage"));
    assert_eq!(error(&no_image.file), want);

    let no_signature = with(3, |signature| signature.bytes.clear());
    let want = At::new(field(&no_signature, 4, 0), GspImageError::Empty(GA10X));
    assert_eq!(error(&no_signature.file), want);

    let largest = with(3, |signature| signature.bytes = vec![0; 0x1_0000]);
    assert!(GspImage::parse(&largest.file, GA10X).is_ok());
    let larger = with(3, |signature| signature.bytes = vec![0; 0x1_0001]);
    let want = At::new(
        field(&larger, 4, 0),
        GspImageError::SignatureTooBig(0x1_0001),
    );
    assert_eq!(error(&larger.file), want);
}

#[test]
fn an_image_of_more_than_1_gib_is_too_big() {
    // Zeroed memory that nobody writes to costs no memory.
    let built = elf64(&sections());
    let mut file = vec![0; (1 << 30) + 1 + 0x1000];
    file[..built.file.len()].copy_from_slice(&built.file);
    let size_at = field(&built, 1, 0x20);
    let offset_at = field(&built, 1, 0x18);
    file[offset_at..][..8].copy_from_slice(&0x1000u64.to_le_bytes());
    file[size_at..][..8].copy_from_slice(&(1u64 << 30).to_le_bytes());
    assert!(GspImage::parse(&file, GA10X).is_ok());
    file[size_at..][..8].copy_from_slice(&((1u64 << 30) + 1).to_le_bytes());
    let want = At::new(
        field(&built, 1, 0),
        GspImageError::ImageTooBig((1 << 30) + 1),
    );
    assert_eq!(error(&file), want);
}

#[test]
fn bad_elf_headers_are_refused() {
    let Built { file, table, .. } = elf64(&sections());
    let with_byte = |at: usize, value: u8| {
        let mut file = file.clone();
        file[at] = value;
        file
    };
    for (name, file, want) in [
        ("empty", Vec::new(), elf(0, ElfError::Short)),
        ("63 bytes", file[..63].to_vec(), elf(0, ElfError::Short)),
        ("magic", with_byte(1, b'e'), elf(0, ElfError::Ident)),
        ("32 bits", with_byte(4, 1), elf(0, ElfError::Ident)),
        ("big-endian", with_byte(5, 2), elf(0, ElfError::Ident)),
        (
            "section header size",
            with_byte(0x3a, 0x28),
            elf(0x3a, ElfError::HeaderSize(0x28)),
        ),
        (
            "no sections",
            with_byte(0x3c, 0),
            elf(0x3c, ElfError::NoSections),
        ),
        (
            "names in no section",
            with_byte(0x3e, 6),
            elf(0x3e, ElfError::NamesIndex(6)),
        ),
        (
            "one section too many",
            with_byte(0x3c, 7),
            elf(0x28, ElfError::TableOutside),
        ),
        (
            "table past end",
            poked(&file, 0x28, table as u32 + 1),
            elf(0x28, ElfError::TableOutside),
        ),
        (
            "table offset overflows",
            poked(&poked(&file, 0x28, u32::MAX), 0x2c, u32::MAX),
            elf(0x28, ElfError::TableOutside),
        ),
        (
            "table cut",
            file[..file.len() - 1].to_vec(),
            elf(0x28, ElfError::TableOutside),
        ),
        (
            "names in the null section",
            with_byte(0x3e, 0),
            elf(table, ElfError::NamesMalformed),
        ),
        (
            "names in a section of another type",
            with_byte(0x3e, 1),
            elf(table + 0x40, ElfError::NamesMalformed),
        ),
    ] {
        assert_eq!(error(&file), want, "{name}");
    }
}

#[test]
fn bad_section_names_are_refused() {
    let built = elf64(&sections());
    let names_header = field(&built, 5, 0);
    let names_size = built.table - built.names;
    for (name, at, value, want) in [
        (
            "names past end",
            names_header + 0x18,
            u32::MAX,
            elf(names_header, ElfError::NamesMalformed),
        ),
        (
            "names end without NUL",
            names_header + 0x20,
            names_size as u32 - 1,
            elf(names_header, ElfError::NamesMalformed),
        ),
        (
            "no names",
            names_header + 0x20,
            0,
            elf(names_header, ElfError::NamesMalformed),
        ),
        (
            "name past names",
            field(&built, 3, 0),
            names_size as u32,
            elf(
                field(&built, 3, 0),
                ElfError::NameOutside(names_size as u32),
            ),
        ),
        (
            "name far past names",
            field(&built, 3, 0),
            u32::MAX,
            elf(field(&built, 3, 0), ElfError::NameOutside(u32::MAX)),
        ),
    ] {
        assert_eq!(error(&poked(&built.file, at, value)), want, "{name}");
    }
}

#[test]
fn bad_sections_are_refused() {
    let built = elf64(&sections());
    let Built { ref file, .. } = built;
    let (image, version, signature) = (1, 2, 4);
    let image_offset = 0x40;
    for (name, section, offset, value, want) in [
        (
            "image past end",
            image,
            0x18,
            u32::MAX,
            ElfError::Outside(".fwimage"),
        ),
        (
            "image size overflows",
            image,
            0x24,
            u32::MAX,
            ElfError::Outside(".fwimage"),
        ),
        (
            "image without bytes in the file",
            image,
            4,
            8,
            ElfError::Outside(".fwimage"),
        ),
        (
            "version past end",
            version,
            0x18,
            file.len() as u32 - 7,
            ElfError::Outside(".fwversion"),
        ),
        (
            "signature past end",
            signature,
            0x20,
            u32::MAX,
            ElfError::Outside(GA10X),
        ),
        (
            "signature in the header",
            signature,
            0x18,
            0x20,
            ElfError::Overlap(GA10X),
        ),
        (
            "signature in the section table",
            signature,
            0x18,
            built.table as u32,
            ElfError::Overlap(GA10X),
        ),
        (
            "signature in the image",
            signature,
            0x18,
            image_offset,
            ElfError::Overlap(GA10X),
        ),
        (
            "signature in the version",
            signature,
            0x18,
            image_offset + 16,
            ElfError::Overlap(GA10X),
        ),
    ] {
        let file = poked(file, field(&built, section, offset), value);
        assert_eq!(error(&file), elf(field(&built, section, 0), want), "{name}");
    }
    // A section that nobody asks for may be anywhere.
    let elsewhere = poked(file, field(&built, 3, 0x18), u32::MAX);
    assert!(GspImage::parse(&elsewhere, GA10X).is_ok());
}

#[test]
fn missing_and_double_sections_are_refused() {
    for (name, wanted) in [(".fwimage", 0), (".fwversion", 1)] {
        let mut less = sections();
        less.remove(wanted);
        let built = elf64(&less);
        assert_eq!(
            error(&built.file),
            elf(built.table, ElfError::Missing(name))
        );
    }
    for (name, wanted) in [(".fwimage", 0), (".fwversion", 1), (GA10X, 3)] {
        let mut more = sections();
        more.push(more[wanted].clone());
        let built = elf64(&more);
        assert_eq!(
            error(&built.file),
            elf(field(&built, 5, 0), ElfError::Duplicate(name))
        );
    }
}

#[test]
fn no_damaged_image_panics() {
    let built = elf64(&sections());
    let file = &built.file;
    let accepted = mutations(file, file.len())
        .filter(|file| GspImage::parse(file, GA10X).is_ok())
        .count();
    assert!(accepted > 0, "damage to unused bytes should not matter");
}

proptest! {
    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..0x200),
        changes in prop::collection::vec((0usize..0x400, any::<u8>()), 0..8),
    ) {
        let _ = GspImage::parse(&bytes, GA10X).map_err(|error| error.to_string());
        let mut file = elf64(&sections()).file;
        for (at, value) in changes {
            if let Some(byte) = file.get_mut(at) {
                *byte = value;
            }
        }
        let _ = GspImage::parse(&file, GA10X).map_err(|error| error.to_string());
    }
}

/// Reads an image as somebody does who never has all of `file`. `None` if it ends too early.
fn read_in_parts(
    file: &[u8],
    signature_section: &'static str,
) -> Option<Result<(Vec<u8>, Vec<u8>, Version), At<GspImageError>>> {
    let read = |range: Range<usize>| file.get(range);
    let header = match GspImageHeader::parse(read(0..GspImageHeader::SIZE)?) {
        Ok(header) => header,
        Err(error) => return Some(Err(error)),
    };
    let table = read(header.section_headers())?;
    let names = match header.names(table) {
        Ok(names) => read(names)?,
        Err(error) => return Some(Err(error)),
    };
    let sections = match header.sections(table, names) {
        Ok(sections) => sections,
        Err(error) => return Some(Err(error)),
    };
    let version = match sections.version() {
        Ok(version) => sections.check_version(read(version)?),
        Err(error) => Err(error),
    };
    let version = match version {
        Ok(version) => version,
        Err(error) => return Some(Err(error)),
    };
    let parts = match sections.parts(signature_section) {
        Ok(parts) => parts,
        Err(error) => return Some(Err(error)),
    };
    let image = read(parts.image)?.to_vec();
    let signature = read(parts.signature)?.to_vec();
    Some(Ok((image, signature, version)))
}

#[test]
fn reading_in_parts_finds_the_same() {
    let file = elf64(&sections()).file;
    let (image, signature, version) = read_in_parts(&file, GA10X).unwrap().unwrap();
    let whole = GspImage::parse(&file, GA10X).unwrap();
    assert_eq!(
        (&image[..], &signature[..], version),
        (whole.image, whole.signature, whole.version)
    );
}

#[test]
fn reading_in_parts_refuses_the_same() {
    let file = elf64(&sections()).file;
    let mut refused = 0;
    for file in mutations(&file, file.len()) {
        let whole = GspImage::parse(&file, GA10X).map(|image| image.image.to_vec());
        let parts = read_in_parts(&file, GA10X);
        match parts {
            // Where the whole is refused for the place of something, a part cannot be read.
            None => assert!(whole.is_err(), "{whole:?}"),
            Some(parts) => assert_eq!(
                parts.map(|(image, _, _)| image).is_ok(),
                whole.is_ok(),
                "{whole:?}"
            ),
        }
        refused += usize::from(whole.is_err());
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn nobody_is_made_to_read_much() {
    let huge = |section: &mut Section| section.bytes = vec![b'1'; 65];
    let built = with(1, huge);
    let header = GspImageHeader::parse(&built.file).unwrap();
    let table = &built.file[header.section_headers()];
    let names = &built.file[header.names(table).unwrap()];
    let sections = header.sections(table, names).unwrap();
    assert_eq!(
        sections.version(),
        Err(At::new(
            field(&built, 2, 0),
            GspImageError::VersionMalformed
        ))
    );

    // The last section header is that of the names.
    let built = elf64(&self::sections());
    let header = GspImageHeader::parse(&built.file).unwrap();
    let size = field(&built, 5, 0x20);
    for (len, want) in [(0x1_0000, true), (0x1_0001, false)] {
        let file = poked(&built.file, size, len);
        let table = &file[header.section_headers()];
        assert_eq!(header.names(table).is_ok(), want, "{len:#x}");
    }
}
