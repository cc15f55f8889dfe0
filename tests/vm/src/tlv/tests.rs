// SPDX-License-Identifier: GPL-2.0

//! Made-up files in, and what the driver's parsers read out of the result. NVIDIA's own files are tried by
//! `tests/tlv_files.rs`.

use super::*;
use nova_firmware::{
    booter::{
        Booter,
        LoadMethod, //
    },
    generic_bootloader::GenericBootloader,
    riscv::GspBootloader,
    tlv::{
        Tag,
        Tlv, //
    },
};

fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

/// A `.bin` file with this header after the first six words, and this payload at its end.
fn bin(header: &[u32], payload: &[u8]) -> Vec<u8> {
    let payload_at = 24 + 4 * header.len() as u32;
    let mut file = bytes_of(&[0x10de, 1, 0x1_0000, 24, payload_at, payload.len() as u32]);
    file.extend(bytes_of(header));
    file.extend(payload);
    file
}

/// Two signatures of 16 bytes, open code of 256 bytes, an app of 512 and data of 256.
fn booter_words() -> Vec<u32> {
    // Header at 24, signatures at 60, then the words pointed at, from 92 on.
    let mut words = vec![60, 32, 92, 96, 100, 12, 112, 116, 36];
    words.extend([0x1111_1111; 4].iter().chain(&[0x2222_2222; 4]));
    words.extend([0x300, 0, 1, 1, 3, 2]);
    words.extend([0, 0x100, 0x300, 0x100, 1, 0x100, 0x200, 0x300, 0]);
    words
}

#[test]
fn a_booter_is_the_same_in_both_containers() {
    let file = bin(&booter_words(), &[7; 0x400]);
    let made = convert(Kind::Booter, "ga102", &file).unwrap();
    let tlv = Tlv::parse(&made).unwrap();
    let old = Booter::parse(&file, LoadMethod::Dma).unwrap();
    let new = Booter::from_tlv(&tlv, LoadMethod::Dma).unwrap();
    assert_eq!(new.payload(), old.payload());
    assert_eq!(new.os_code(), old.os_code());
    assert_eq!(new.os_data(), old.os_data());
    assert_eq!(new.app(), old.app());
    assert_eq!(new.patch_range(), old.patch_range());
    assert_eq!(
        (new.fuse_version(), new.engine_id(), new.ucode_id()),
        (1, 1, 3)
    );
    assert!(new.signatures().eq([&[0x11; 16][..], &[0x22; 16]]));
    assert_eq!(tlv.version().as_str(), "570.144");
}

#[test]
fn bootloaders_are_the_same_in_both_containers() {
    let file = bin(&[0xfd, 0, 0, 0x200, 0x200, 0x100], &[9; 0x300]);
    let made = convert(Kind::GenericBootloader, "tu102", &file).unwrap();
    let tlv = Tlv::parse(&made).unwrap();
    let (old, new) = (
        GenericBootloader::parse(&file),
        GenericBootloader::from_tlv(&tlv),
    );
    assert_eq!(new.unwrap(), old.unwrap());

    let mut words = [0; 21];
    (words[0], words[7]) = (5, 42);
    (words[8], words[10], words[12]) = (0x100, 0x200, 0x300);
    let file = bin(&words, &[3; 0x1000]);
    let made = convert(Kind::GspBootloader, "ga102", &file).unwrap();
    let tlv = Tlv::parse(&made).unwrap();
    let new = GspBootloader::from_tlv(&tlv).unwrap();
    assert_eq!(new, GspBootloader::parse(&file).unwrap());
    assert_eq!((new.app_version, new.code_offset), (42, 0x300));
}

#[test]
fn values_are_filled_up_to_four_bytes() {
    let mut tlv = Builder::new();
    tlv.bytes(b"BLOB", &[1, 2, 3, 4, 5]);
    tlv.number(b"STRT", 0xfd);
    let made = tlv.finish();
    assert_eq!(made.len(), 4 + (8 + 8) + (8 + 4) + (8 + 8));
    let tlv = Tlv::parse(&made).unwrap();
    assert_eq!(tlv.bytes(Tag(*b"BLOB")).unwrap().1, [1, 2, 3, 4, 5]);
    assert_eq!(tlv.number(Tag(*b"STRT")).unwrap(), 0xfd);
}

#[test]
fn names_follow_upstream() {
    for (bin, wanted) in [
        ("bootloader-570.144.bin", Some("gsp_bootloader.tlv")),
        ("booter_load-570.144.bin", Some("booter_load.tlv")),
        ("gsp-570.144.bin", Some("gsp.tlv")),
        ("scrubber-570.144.bin", None),
        ("gsp-535.113.01.bin", None),
        ("gsp.bin", None),
    ] {
        assert_eq!(plan(bin).map(|(name, _)| name).as_deref(), wanted, "{bin}");
    }
}

#[test]
fn every_chip_has_a_signature() {
    for chip in crate::gpu::CHIPS {
        assert!(
            SIGNATURES.iter().any(|(start, _)| chip.starts_with(start)),
            "{chip}"
        );
    }
}

#[test]
fn what_is_no_such_file_is_told() {
    let good = booter_words();
    let changed = |index: usize, value: u32| {
        let mut words = good.clone();
        words[index] = value;
        bin(&words, &[7; 0x400])
    };
    let mut magic = bin(&good, &[7; 0x400]);
    magic[0] = 0;
    let short = bin(&good, &[7; 0x400])[..0x100].to_vec();
    for (name, file, wanted) in [
        ("magic", magic, "its magic number is 0x1000"),
        ("payload cut off", short, "are outside of the file"),
        (
            "signatures elsewhere",
            changed(0, 0x8000),
            "0x20 bytes at 0x8000 are outside",
        ),
        ("two apps", changed(27, 2), "number of apps is 0x2, not 0x1"),
        ("no signature", changed(22, 0), "0 signatures in 32 bytes"),
        (
            "three signatures",
            changed(22, 3),
            "3 signatures in 32 bytes",
        ),
    ] {
        let error = convert(Kind::Booter, "ga102", &file)
            .unwrap_err()
            .to_string();
        assert!(error.contains(wanted), "{name}: {error}");
    }
    let error = convert(Kind::Fmc, "gh100", &[0; 64])
        .unwrap_err()
        .to_string();
    assert!(error.contains("not an ELF file"), "{error}");
}
