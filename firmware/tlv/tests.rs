// SPDX-License-Identifier: GPL-2.0

//! Made-up TLV files.

use super::*;
use crate::synthetic::{
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

const VERS: (&[u8; 4], &[u8]) = (b"VERS", b"1.0");

fn error(file: &[u8]) -> At<TlvError> {
    Tlv::parse(file).unwrap_err()
}

#[test]
fn the_published_smallest_file() {
    let file = words(&[0x5746_564e, 0x5352_4556, 3, 0x0030_2e31]);
    assert_eq!(file, tlv(&[VERS]));
    assert_eq!(Tlv::parse(&file).unwrap().version().as_str(), "1.0");
}

#[test]
fn values_are_found_in_any_order_among_others() {
    for blocks in [
        [
            VERS,
            (b"STRT", &[0xfd, 0, 0, 0]),
            (b"XYZ9", b"ignored"),
            (b"BLOB", b"12345"),
        ],
        [
            (b"BLOB", b"12345"),
            (b"XYZ9", b""),
            (b"STRT", &[0xfd, 0, 0, 0]),
            VERS,
        ],
    ] {
        let file = tlv(&blocks);
        let tlv = Tlv::parse(&file).unwrap();
        assert_eq!(tlv.number(tag::STRT), Ok(0xfd));
        let (at, blob) = tlv.bytes(tag::BLOB).unwrap();
        assert_eq!((blob, &file[at..][..5]), (&b"12345"[..], &b"12345"[..]));
    }
}

#[test]
fn what_fills_up_a_block_does_not_matter() {
    let mut file = tlv(&[VERS]);
    *file.last_mut().unwrap() = 0xff;
    assert!(Tlv::parse(&file).is_ok());
}

#[test]
fn files_that_are_not_whole_blocks_are_refused() {
    let good = tlv(&[(b"BLOB", b"12345"), VERS]);
    let vers_at = 4 + 8 + 8;
    let with_tail = |tail: &[u8]| [&good[..], tail].concat();
    for (name, file, want) in [
        ("empty", Vec::new(), At::new(0, TlvError::Magic)),
        ("three bytes", b"NVF".to_vec(), At::new(0, TlvError::Magic)),
        (
            "wrong magic",
            poked(&good, 0, 0x10de),
            At::new(0, TlvError::Magic),
        ),
        (
            "one stray byte",
            with_tail(&[0]),
            At::new(good.len(), TlvError::Trailing(1)),
        ),
        (
            "seven stray bytes",
            with_tail(b"BLOB\0\0\0"),
            At::new(good.len(), TlvError::Trailing(7)),
        ),
        (
            "block past end",
            poked(&good, 8, 0x100),
            At::new(4, TlvError::BlockOutside(tag::BLOB)),
        ),
        (
            "not filled up",
            good[..good.len() - 1].to_vec(),
            At::new(vers_at, TlvError::BlockOutside(tag::VERS)),
        ),
        (
            "tag not ASCII",
            poked(&good, 4, 0x4242_42c3),
            At::new(4, TlvError::Tag),
        ),
        (
            "length 0xffffffff",
            poked(&good, 8, u32::MAX),
            At::new(4, TlvError::BlockOutside(tag::BLOB)),
        ),
        (
            "length 0xfffffffd",
            poked(&good, 8, 0xffff_fffd),
            At::new(4, TlvError::BlockOutside(tag::BLOB)),
        ),
        (
            "length 0xfffffffc",
            poked(&good, 8, 0xffff_fffc),
            At::new(4, TlvError::BlockOutside(tag::BLOB)),
        ),
        (
            "no release",
            b"NVFW".to_vec(),
            At::new(4, TlvError::Missing(tag::VERS)),
        ),
        (
            "release empty",
            tlv(&[(b"VERS", b"")]),
            At::new(12, TlvError::NotText(tag::VERS)),
        ),
        (
            "release not printable",
            tlv(&[(b"VERS", b"1.0\0")]),
            At::new(12, TlvError::NotText(tag::VERS)),
        ),
        (
            "release too long",
            tlv(&[(b"VERS", &[b'1'; 64])]),
            At::new(12, TlvError::NotText(tag::VERS)),
        ),
        (
            "two releases",
            tlv(&[VERS, VERS]),
            At::new(16, TlvError::Duplicate(tag::VERS)),
        ),
    ] {
        assert_eq!(error(&file), want, "{name}");
    }
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    let file = tlv(&[
        VERS,
        (b"STRT", b"123"),
        (b"CDSZ", b"12345678"),
        (b"BLOB", b""),
        (b"SIGN", b"1"),
        (b"SIGN", b"2"),
    ]);
    let tlv = Tlv::parse(&file).unwrap();
    assert_eq!(
        tlv.number(tag::STRT),
        Err(At::new(16, TlvError::NotANumber(tag::STRT)))
    );
    assert_eq!(
        tlv.number(tag::CDSZ),
        Err(At::new(28, TlvError::NotANumber(tag::CDSZ)))
    );
    assert_eq!(
        tlv.bytes(tag::BLOB),
        Err(At::new(44, TlvError::Empty(tag::BLOB)))
    );
    assert_eq!(
        tlv.bytes(tag::SIGN),
        Err(At::new(64, TlvError::Duplicate(tag::SIGN)))
    );
    assert_eq!(
        tlv.number(tag::NSIG),
        Err(At::new(file.len(), TlvError::Missing(tag::NSIG)))
    );
}

#[test]
fn errors_name_the_tag() {
    assert_eq!(
        At::new(16, TlvError::Duplicate(tag::A0CO)).to_string(),
        "several A0CO at offset 0x10"
    );
    assert_eq!(
        TlvError::BlockOutside(Tag(*b"A\0\n\"")).to_string(),
        "A\\x00\\n\\\" is longer than the file"
    );
}

/// A `gsp.tlv` with this name and size.
fn gsp(name: &[u8], size: u32) -> Vec<u8> {
    tlv(&[
        (b"SIGN", &[7; 16]),
        (b"SIZE", &size.to_le_bytes()),
        (b"FILE", name),
        VERS,
    ])
}

#[test]
fn a_gsp_descriptor_names_its_companion() {
    let file = gsp(b"gsp.bin", 1 << 30);
    let descriptor = GspDescriptor::from_tlv(&Tlv::parse(&file).unwrap());
    let want = GspDescriptor {
        file_name: "gsp.bin",
        image_size: 1 << 30,
        signature: &[7; 16],
    };
    assert_eq!(descriptor, Ok(want));
    let longest = gsp(&[b'g'; 63], 1);
    assert!(GspDescriptor::from_tlv(&Tlv::parse(&longest).unwrap()).is_ok());
}

#[test]
fn bad_gsp_descriptors_are_refused() {
    use GspDescriptorError::*;
    for (name, file, want) in [
        ("no name", gsp(b"", 1), Tlv(TlvError::Empty(tag::FILE))),
        ("path", gsp(b"gsp/gsp.bin", 1), FileName),
        ("absolute path", gsp(b"/gsp.bin", 1), FileName),
        ("parent directory", gsp(b"..", 1), FileName),
        ("dots inside", gsp(b"a..b", 1), FileName),
        ("too long", gsp(&[b'g'; 64], 1), FileName),
        ("NUL", gsp(b"gsp.bin\0", 1), FileName),
        ("not ASCII", gsp("gsp.bün".as_bytes(), 1), FileName),
        ("no image", gsp(b"gsp.bin", 0), ImageEmpty),
        (
            "image too big",
            gsp(b"gsp.bin", (1 << 30) + 1),
            ImageTooBig((1 << 30) + 1),
        ),
    ] {
        let tlv = super::Tlv::parse(&file).unwrap();
        let error = GspDescriptor::from_tlv(&tlv).unwrap_err();
        assert_eq!(error.reason, want, "{name}");
    }
}

#[test]
fn no_damaged_file_panics() {
    let file = gsp(b"gsp.bin", 1234);
    let accepted = mutations(&file, file.len())
        .filter(|file| Tlv::parse(file).is_ok_and(|tlv| GspDescriptor::from_tlv(&tlv).is_ok()))
        .count();
    assert!(accepted > 0, "damage to unused bytes should not matter");
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..10),
    ) {
        // Tags A000, A001 and so on.
        let tags: Vec<[u8; 4]> = (0..10).map(|n| [b'A', b'0', b'0', b'0' + n]).collect();
        let mut blocks: Vec<(&[u8; 4], &[u8])> =
            tags.iter().zip(&values).map(|(tag, value)| (tag, &value[..])).collect();
        blocks.push(VERS);
        let file = tlv(&blocks);
        let tlv = Tlv::parse(&file).unwrap();
        for (tag, value) in blocks {
            let (at, read) = tlv.bytes(Tag(*tag)).unwrap();
            prop_assert_eq!(read, value);
            prop_assert_eq!(&file[at..][..value.len()], value);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..0x100)) {
        let with_magic = [&MAGIC[..], &bytes].concat();
        for file in [&bytes, &with_magic] {
            let _ = Tlv::parse(file).map_err(|error| error.to_string());
        }
    }
}
