// SPDX-License-Identifier: GPL-2.0

//! Containers made up here, with numbers that fit each other and no code in them.

use super::{
    elf::crc32,
    words,
    Seeds, //
};

pub(super) fn add(seeds: &mut Seeds) {
    seeds.add("booter", "synthetic", booter());
    seeds.add(
        "generic_bootloader",
        "synthetic",
        bin(&words(&[0xfd, 0, 0, 0x1f0, 0x200, 0]), 0x200),
    );
    let mut descriptor = words(&[5, 0, 0, 0, 0, 0, 0, 0]);
    descriptor.extend(words(&[0, 0x100, 0x100, 0x100, 0x200, 0x100]));
    seeds.add("riscv_bootloader", "synthetic", bin(&descriptor, 0));
    seeds.add("fmc", "rsa", fmc(384, 384));
    seeds.add("fmc", "ecdsa", fmc(97, 96));
    for (name, blocks) in tlv_files() {
        seeds.add("tlv", name, tlv(&blocks));
    }
}

/// A file with the header that most have, its own header, and a payload that is cut off.
fn bin(header: &[u8], kept: usize) -> Vec<u8> {
    let data = 0x18 + u32::try_from(header.len()).expect("a short header");
    let mut file = words(&[0x10de, 1, 0x1000, 0x18, data, 0x400]);
    file.extend(header);
    file.extend(vec![0; kept]);
    file
}

fn booter() -> Vec<u8> {
    // Header at 0x18, two signatures, then what the header points to.
    let signatures = 0x18 + 36;
    let pointed = signatures + 32;
    let (metadata, load) = (pointed + 12, pointed + 24);
    let mut header = words(&[
        signatures,
        32,
        pointed,
        pointed + 4,
        metadata,
        12,
        pointed + 8,
        load,
        36,
    ]);
    header.extend([0xa0; 16]);
    header.extend([0xa1; 16]);
    header.extend(words(&[0x210, 0, 2]));
    header.extend(words(&[1, 1, 9]));
    header.extend(words(&[0, 0x100, 0x200, 0x200, 1]));
    header.extend(words(&[0x100, 0x100, 0, 0]));
    bin(&header, 0)
}

/// Makes the header of an FMC's image, of which `bytes` are the beginning, say that the image ends there.
pub(super) fn end_here(bytes: &mut [u8]) {
    let len = u8::try_from(bytes.len()).expect("a short image");
    bytes[2] = len;
    bytes[4..8].fill(0);
}

fn fmc_image() -> Vec<u8> {
    let mut image = vec![4; 0x20];
    end_here(&mut image);
    image
}

/// The ELF file of an FMC: six sections, whose table follows the header.
fn fmc(key: usize, signature: usize) -> Vec<u8> {
    const NAMES: &[u8] = b"\0.shstrtab\0hash\0signature\0publickey\0image\0";
    let mut file = b"\x7fELF\x01\x01\x01".to_vec();
    file.resize(0x10, 0);
    file.extend(words(&[0, 1, 0, 0, 0x34, 0, 0x34, 0x28_0000, 0x1_0006]));
    file.extend([0; 0x28]);
    let mut contents = Vec::new();
    for (name, kind, flags, checksum, bytes) in [
        (1, 3, 0x20, false, NAMES.to_vec()),
        (11, 1, 0xfff0_0102, true, vec![1; 48]),
        (16, 1, 0xfff0_0102, true, vec![3; signature]),
        (26, 1, 0xfff0_0102, true, vec![2; key]),
        (36, 1, 0xfff0_0102, true, fmc_image()),
    ] {
        let number = |number: usize| u32::try_from(number).expect("a small file");
        let at = number(0x124 + contents.len());
        let checksum = if checksum { crc32(&bytes) } else { 0 };
        let size = number(bytes.len());
        file.extend(words(&[name, kind, flags, 0, at, size, 0, checksum, 4, 0]));
        contents.extend(bytes);
        contents.resize(contents.len().next_multiple_of(4), 0);
    }
    file.extend(contents);
    file
}

/// Tags with their values.
pub(super) type Blocks = Vec<([u8; 4], Vec<u8>)>;

fn tlv_files() -> [(&'static str, Blocks); 6] {
    let number = |tag: &[u8; 4], value: u32| (*tag, words(&[value]));
    let bytes = |tag: &[u8; 4], value: u8, len: usize| (*tag, vec![value; len]);
    let version = (*b"VERS", b"570.144".to_vec());
    let fmc = |key, signature| {
        vec![
            version.clone(),
            bytes(b"HASH", 1, 48),
            bytes(b"PKEY", 2, key),
            bytes(b"SIGN", 3, signature),
            (*b"BLOB", fmc_image()),
        ]
    };
    [
        (
            "booter",
            vec![
                number(b"NSIG", 2),
                bytes(b"SIGN", 0xa0, 32),
                number(b"PLOC", 0x210),
                number(b"FUSE", 1),
                number(b"ENID", 1),
                number(b"UCID", 9),
                number(b"CDOF", 0),
                number(b"CDSZ", 0x100),
                number(b"DAOF", 0x200),
                number(b"DASZ", 0x200),
                number(b"A0CO", 0x100),
                number(b"A0CS", 0x100),
                bytes(b"BLOB", 0, 0x400),
                version.clone(),
            ],
        ),
        (
            "gen_bootloader",
            vec![
                number(b"STRT", 0xfd),
                number(b"CDSZ", 0x1f0),
                bytes(b"BLOB", 0, 0x200),
                version.clone(),
            ],
        ),
        (
            "gsp_bootloader",
            vec![
                number(b"CDOF", 0x200),
                number(b"DAOF", 0x100),
                number(b"MFOF", 0),
                number(b"APPV", 5),
                bytes(b"BLOB", 0, 0x200),
                version.clone(),
            ],
        ),
        ("fmc-rsa", fmc(384, 384)),
        ("fmc-ecdsa", fmc(97, 96)),
        (
            "gsp",
            vec![
                bytes(b"SIGN", 5, 64),
                number(b"SIZE", 63_553_536),
                (*b"FILE", b"gsp.bin".to_vec()),
                bytes(b"BLID", 6, 20),
                version,
            ],
        ),
    ]
}

/// A TLV file with these blocks.
fn tlv(blocks: &Blocks) -> Vec<u8> {
    let mut file = b"NVFW".to_vec();
    for (tag, value) in blocks {
        file.extend(tag);
        file.extend(
            u32::try_from(value.len())
                .expect("a short value")
                .to_le_bytes(),
        );
        file.extend(value);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    file
}
