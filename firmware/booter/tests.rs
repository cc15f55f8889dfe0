// SPDX-License-Identifier: GPL-2.0

//! Made-up Booter images: what is read from a good one, and why each bad one is refused.

use super::*;
use crate::{
    nvfw::BinError,
    synthetic::{
        mutations,
        poke,
        poked,
        tlv, //
    },
    tlv::TlvError, //
};
use image::*;
use proptest::prelude::*;
use std::{
    string::ToString,
    vec, //
};
use LoadMethod::{
    Dma,
    Pio, //
};

mod image;

fn error(file: &[u8], method: LoadMethod) -> At<BooterError> {
    match Booter::parse(file, method) {
        Ok(booter) => panic!("accepted: {booter:?}"),
        Err(error) => error,
    }
}

#[test]
fn all_numbers_of_a_good_image() {
    for (number, size, method) in [(1, 16, Pio), (1, 384, Pio), (2, 384, Dma)] {
        let image = image(number, size);
        let booter = Booter::parse(&image.file, method).expect("good image");
        assert_eq!(booter.payload(), &image.file[image.file.len() - PAYLOAD..]);
        assert_eq!(
            booter.os_code(),
            Region {
                offset: 0,
                size: 0x100
            }
        );
        assert_eq!(
            booter.app(),
            Region {
                offset: 0x100,
                size: 0x100
            }
        );
        assert_eq!(
            booter.os_data(),
            Region {
                offset: 0x200,
                size: 0x200
            }
        );
        assert_eq!(
            booter.app().of(booter.payload()),
            image.file[..].get(image.file.len() - 0x300..image.file.len() - 0x200)
        );
        assert_eq!(booter.brom_parameters(), 0x10);
        assert_eq!(booter.patch_range(), 0x210..0x210 + size as usize);
        assert_eq!(
            (booter.fuse_version(), booter.engine_id(), booter.ucode_id()),
            (number - 1, 1, 3)
        );
        assert_eq!(booter.signatures().len(), number as usize);
    }
}

#[test]
fn a_signature_changes_exactly_its_place() {
    let image = image(2, 384);
    let booter = Booter::parse(&image.file, Dma).unwrap();
    for (version, filling) in [(0, 2), (1, 1)] {
        let signature = booter.signature_for(version).unwrap();
        assert_eq!(signature, [filling; 384], "fuse version {version}");
        let mut signed = vec![0xee; PAYLOAD];
        booter.write_signed(signature, &mut signed).unwrap();
        assert_eq!(signed[0x210..0x390], [filling; 384]);
        signed[0x210..0x390].copy_from_slice(&booter.payload()[0x210..0x390]);
        assert_eq!(signed, booter.payload());
    }
}

#[test]
fn fuses_without_a_signature_are_refused() {
    let two = image(2, 384);
    let booter = Booter::parse(&two.file, Dma).unwrap();
    let none = NoSignature {
        wanted: 2,
        newest: 1,
        number: 2,
    };
    assert_eq!(booter.signature_for(2), Err(none), "card newer than file");
    assert_eq!(
        none.to_string(),
        "no signature for fuse version 2 (firmware fuse version 1, 2 signatures)"
    );

    let file = two.with(AT_FUSE_VERSION, 5);
    let booter = Booter::parse(&file, Dma).unwrap();
    assert_eq!(
        booter.signature_for(1),
        Err(NoSignature {
            wanted: 1,
            newest: 5,
            number: 2
        }),
        "card older"
    );
    assert_eq!(booter.signature_for(4).unwrap(), [2; 384]);
    assert_eq!(booter.signature_for(0).unwrap(), [2; 384]);
}

#[test]
fn signing_checks_lengths() {
    let image = image(1, 16);
    let booter = Booter::parse(&image.file, Pio).unwrap();
    let mut out = vec![0; PAYLOAD];
    assert_eq!(
        booter.write_signed(&[0; 15], &mut out),
        Err(PatchError::SignatureLength(15))
    );
    assert_eq!(
        booter.write_signed(&[0; 16], &mut out[1..]),
        Err(PatchError::BufferLength(PAYLOAD - 1))
    );
    assert!(out.iter().all(|&byte| byte == 0));
}

#[test]
fn fuse_registers() {
    for (register, want) in [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 2),
        (0x8000, 16),
        (0x1_0000, 0),
        (0xffff_0001, 1),
    ] {
        assert_eq!(fuse_version(register), want, "{register:#x}");
    }
    for (engine, want) in [
        (0x0001, Some(FuseBank::Sec2)),
        (0x0004, Some(FuseBank::Nvdec)),
        (0x0400, Some(FuseBank::Gsp)),
        (0x0405, Some(FuseBank::Sec2)),
        (0x0404, Some(FuseBank::Nvdec)),
        (0x0002, None),
        (0, None),
    ] {
        assert_eq!(FuseBank::of(engine), want, "{engine:#x}");
    }
}

#[test]
fn bad_headers_are_refused() {
    let image = image(2, 384);
    let end = image.file.len() as u32;
    let numbers = image.numbers;
    for (name, at, value, want) in [
        (
            "magic",
            0,
            0x3b1d_14f0,
            At::new(0, BooterError::Bin(BinError::Magic(0x3b1d_14f0))),
        ),
        (
            "header past end",
            0xc,
            end - 35,
            At::new(end as usize - 35, BooterError::HeaderOutside),
        ),
        (
            "header offset overflows",
            0xc,
            u32::MAX,
            At::new(u32::MAX as usize, BooterError::HeaderOutside),
        ),
        (
            "patch location past end",
            PATCH_LOC,
            end - 3,
            At::new(PATCH_LOC, BooterError::PointerOutside),
        ),
        (
            "patch signature past end",
            PATCH_SIG,
            end,
            At::new(PATCH_SIG, BooterError::PointerOutside),
        ),
        (
            "number past end",
            NUM_SIG,
            u32::MAX,
            At::new(NUM_SIG, BooterError::PointerOutside),
        ),
        (
            "metadata of 8 bytes",
            META_SIZE,
            8,
            At::new(META_SIZE, BooterError::MetadataSize(8)),
        ),
        (
            "metadata of 16 bytes",
            META_SIZE,
            16,
            At::new(META_SIZE, BooterError::MetadataSize(16)),
        ),
        (
            "metadata past end",
            META_OFFSET,
            end - 11,
            At::new(META_OFFSET, BooterError::MetadataOutside),
        ),
        (
            "load header past end",
            LOAD_OFFSET,
            end - 19,
            At::new(LOAD_OFFSET, BooterError::LoadHeaderOutside),
        ),
        (
            "load header size",
            LOAD_SIZE,
            28,
            At::new(LOAD_SIZE, BooterError::LoadHeaderSize(28)),
        ),
        (
            "signatures past end",
            SIG_OFFSET,
            end - 767,
            At::new(SIG_OFFSET, BooterError::SignaturesOutside),
        ),
        (
            "signatures overflow",
            SIG_SIZE,
            u32::MAX,
            At::new(SIG_OFFSET, BooterError::SignaturesOutside),
        ),
        (
            "signatures of no bytes",
            SIG_SIZE,
            0,
            At::new(
                SIG_OFFSET,
                BooterError::SignaturesSize { size: 0, number: 2 },
            ),
        ),
        (
            "signatures of unequal size",
            SIG_SIZE,
            767,
            At::new(
                SIG_OFFSET,
                BooterError::SignaturesSize {
                    size: 767,
                    number: 2,
                },
            ),
        ),
        (
            "more signatures than bytes",
            SIG_SIZE,
            1,
            At::new(
                SIG_OFFSET,
                BooterError::SignaturesSize { size: 1, number: 2 },
            ),
        ),
        (
            "signatures shifted",
            numbers + AT_PATCH_SIG,
            4,
            At::new(numbers + AT_PATCH_SIG, BooterError::SignaturesShifted(4)),
        ),
        (
            "no signature",
            numbers + AT_NUM_SIG,
            0,
            At::new(numbers + AT_NUM_SIG, BooterError::NumberOfSignatures(0)),
        ),
        (
            "17 signatures",
            numbers + AT_NUM_SIG,
            17,
            At::new(numbers + AT_NUM_SIG, BooterError::NumberOfSignatures(17)),
        ),
        (
            "no app",
            numbers + AT_NUM_APPS,
            0,
            At::new(numbers + AT_NUM_APPS, BooterError::NumberOfApps(0)),
        ),
        (
            "two apps",
            numbers + AT_NUM_APPS,
            2,
            At::new(numbers + AT_NUM_APPS, BooterError::NumberOfApps(2)),
        ),
    ] {
        assert_eq!(error(&poked(&image.file, at, value), Dma), want, "{name}");
    }
    let short = &image.file[..23];
    assert_eq!(
        error(short, Dma),
        At::new(0, BooterError::Bin(BinError::Short))
    );
}

#[test]
fn an_app_record_past_the_end_is_refused() {
    // The payload comes first here, and the load header last, so that its last words can be cut off.
    let image = image(1, 16);
    let mut file = image.file.clone();
    let load_header = file[image.numbers + AT_OS_CODE..][..36].to_vec();
    let at = file.len();
    file.extend(load_header);
    poke(&mut file, LOAD_OFFSET, at as u32);
    assert!(Booter::parse(&file, Pio).is_ok());
    let want = At::new(LOAD_OFFSET, BooterError::LoadHeaderOutside);
    assert_eq!(error(&file[..at + 35], Pio), want);
}

#[test]
fn patch_locations_outside_the_data_are_refused() {
    let image = image(1, 16);
    let with_less_data = |location| {
        let mut file = image.with(AT_OS_DATA_SIZE, 0x100);
        poke(&mut file, image.numbers, location);
        file
    };
    for (name, file, location) in [
        ("in the code", image.with(AT_PATCH_LOC, 0x1f0), 0x1f0),
        ("past the payload", image.with(AT_PATCH_LOC, 0x3f1), 0x3f1),
        ("overflowing", image.with(AT_PATCH_LOC, u32::MAX), u32::MAX),
        (
            "past the data, in the payload",
            with_less_data(0x2f1),
            0x2f1,
        ),
    ] {
        let want = At::new(image.numbers, BooterError::PatchOutside(location));
        assert_eq!(error(&file, Pio), want, "{name}");
    }
    for location in [0x200, 0x3f0] {
        assert!(
            Booter::parse(&image.with(AT_PATCH_LOC, location), Pio).is_ok(),
            "{location:#x}"
        );
    }
    assert!(
        Booter::parse(&with_less_data(0x2f0), Pio).is_ok(),
        "data may end before the payload"
    );
}

#[test]
fn impossible_ids_are_refused() {
    let image = image(1, 16);
    for (name, method, distance, value, want) in [
        (
            "engine too wide",
            Pio,
            AT_ENGINE,
            0x1_0000,
            BooterError::EngineId(0x1_0000),
        ),
        (
            "ucode too big",
            Pio,
            AT_UCODE,
            0x100,
            BooterError::UcodeId(0x100),
        ),
        (
            "engine without fuses",
            Dma,
            AT_ENGINE,
            2,
            BooterError::EngineId(2),
        ),
        ("ucode 0", Dma, AT_UCODE, 0, BooterError::UcodeId(0)),
        ("ucode 17", Dma, AT_UCODE, 17, BooterError::UcodeId(17)),
    ] {
        let want = At::new(image.numbers + distance, want);
        assert_eq!(error(&image.with(distance, value), method), want, "{name}");
    }
    for (name, method, distance, value) in [
        ("no fuse is read", Pio, AT_ENGINE, 2),
        ("no fuse is read", Pio, AT_UCODE, 0),
        ("last ucode", Dma, AT_UCODE, 16),
        ("another engine", Dma, AT_ENGINE, 0x400),
    ] {
        assert!(
            Booter::parse(&image.with(distance, value), method).is_ok(),
            "{name}"
        );
    }
}

#[test]
fn bad_regions_are_refused() {
    let image = image(1, 16);
    for (name, method, distance, value, at, want) in [
        (
            "unsigned code outside",
            Pio,
            AT_OS_CODE_SIZE,
            0x401,
            AT_OS_CODE,
            BooterError::RegionOutside,
        ),
        (
            "unsigned code overflowing",
            Dma,
            AT_OS_CODE,
            u32::MAX,
            AT_OS_CODE,
            BooterError::RegionOutside,
        ),
        (
            "data outside",
            Dma,
            AT_OS_DATA_SIZE,
            0x201,
            AT_OS_DATA,
            BooterError::RegionOutside,
        ),
        (
            "app outside",
            Dma,
            AT_APP_SIZE,
            0x301,
            AT_APP,
            BooterError::RegionOutside,
        ),
        (
            "app overflowing",
            Dma,
            AT_APP_SIZE,
            u32::MAX,
            AT_APP,
            BooterError::RegionOutside,
        ),
        (
            "no app code",
            Dma,
            AT_APP_SIZE,
            0,
            AT_APP_SIZE,
            BooterError::EmptyApp,
        ),
        (
            "app misaligned",
            Dma,
            AT_APP,
            0x180,
            AT_APP,
            BooterError::Misaligned(0x180),
        ),
        (
            "data misaligned",
            Dma,
            AT_OS_DATA,
            0x1fc,
            AT_OS_DATA,
            BooterError::Misaligned(0x1fc),
        ),
        (
            "code misaligned",
            Pio,
            AT_OS_CODE,
            4,
            AT_OS_CODE,
            BooterError::Misaligned(4),
        ),
        (
            "code of odd length",
            Pio,
            AT_OS_CODE_SIZE,
            0xfe,
            AT_OS_CODE_SIZE,
            BooterError::PartialWord(0xfe),
        ),
        (
            "data of odd length",
            Pio,
            AT_OS_DATA_SIZE,
            0x1ff,
            AT_OS_DATA_SIZE,
            BooterError::PartialWord(0x1ff),
        ),
        (
            "app of odd length",
            Pio,
            AT_APP_SIZE,
            0xfd,
            AT_APP_SIZE,
            BooterError::PartialWord(0xfd),
        ),
        (
            "app does not follow",
            Pio,
            AT_OS_CODE_SIZE,
            0xfc,
            AT_OS_CODE_SIZE,
            BooterError::CodeNotContiguous,
        ),
        (
            "app and data overlap",
            Pio,
            AT_APP_SIZE,
            0x104,
            AT_APP,
            BooterError::RegionsOverlap,
        ),
    ] {
        let want = At::new(image.numbers + at, want);
        assert_eq!(error(&image.with(distance, value), method), want, "{name}");
    }
    for (name, distance, value) in [
        ("odd lengths", AT_APP_SIZE, 0xfd),
        ("unsigned code elsewhere", AT_OS_CODE_SIZE, 0x80),
        ("overlap", AT_APP_SIZE, 0x104),
    ] {
        assert!(
            Booter::parse(&image.with(distance, value), Dma).is_ok(),
            "{name} with DMA"
        );
    }
}

#[test]
fn code_beyond_falcon_memory_is_refused() {
    let image = image(1, 16);
    let mut file = image.file.clone();
    let payload = file.len() - PAYLOAD;
    file.resize(payload + 0x1_0400, 0);
    poke(&mut file, 0x14, 0x1_0400);
    for (name, method, distance) in [
        ("app", Dma, AT_APP),
        ("app", Pio, AT_APP),
        ("unsigned code", Pio, AT_OS_CODE),
    ] {
        let bad = poked(&file, image.numbers + distance, 0x1_0000);
        let want = At::new(
            image.numbers + distance,
            BooterError::DestinationTooHigh(0x1_0000),
        );
        assert_eq!(error(&bad, method), want, "{name} with {method:?}");
    }
}

#[test]
fn both_containers_give_the_same() {
    for (number, size, method) in [(1, 16, Pio), (2, 384, Dma)] {
        let image = image(number, size);
        let file = as_tlv(&image, number);
        let tlv = Tlv::parse(&file).unwrap();
        let from_tlv = Booter::from_tlv(&tlv, method).unwrap();
        let from_bin = Booter::parse(&image.file, method).unwrap();
        assert_eq!(std::format!("{from_tlv:?}"), std::format!("{from_bin:?}"));
    }
}

#[test]
fn the_same_is_checked_in_both_containers() {
    let image = image(1, 16);
    let no_signatures = as_tlv(&image, 0);
    let error = Booter::from_tlv(&Tlv::parse(&no_signatures).unwrap(), Pio).unwrap_err();
    assert_eq!(error.reason, BooterError::NumberOfSignatures(0));

    let file = tlv(&[(b"VERS", b"570.144"), (b"BLOB", b"x")]);
    let error = Booter::from_tlv(&Tlv::parse(&file).unwrap(), Pio).unwrap_err();
    assert_eq!(
        error,
        At::new(file.len(), BooterError::Tlv(TlvError::Missing(tag::SIGN)))
    );
    assert_eq!(error.to_string(), "no SIGN at offset 0x20");
}

#[test]
fn no_damaged_image_panics() {
    for image in [image(1, 16), image(2, 384)] {
        let limit = image.numbers + 0x40;
        let accepted = mutations(&image.file, limit)
            .filter(|file| [Pio, Dma].iter().any(|&method| signs(file, method)))
            .count();
        assert!(accepted > 0, "damage to unused bytes should not matter");
    }
}

/// Whether `file` is accepted. If so, all that can be done with it is done.
fn signs(file: &[u8], method: LoadMethod) -> bool {
    let Ok(booter) = Booter::parse(file, method) else {
        return false;
    };
    for region in [booter.os_code(), booter.os_data(), booter.app()] {
        assert!(region.of(booter.payload()).is_some());
    }
    for version in [0, 1, 2, u32::MAX] {
        if let Ok(signature) = booter.signature_for(version) {
            let mut out = vec![0; booter.payload().len()];
            assert_eq!(booter.write_signed(signature, &mut out), Ok(()));
        }
    }
    true
}

proptest! {
    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..0x600),
        changes in prop::collection::vec((0usize..0x600, any::<u8>()), 0..8),
    ) {
        let _ = Booter::parse(&bytes, Pio).map_err(|error| error.to_string());
        let mut file = image(1, 16).file;
        for (at, value) in changes {
            if let Some(byte) = file.get_mut(at) {
                *byte = value;
            }
        }
        signs(&file, Pio);
        signs(&file, Dma);
    }
}
