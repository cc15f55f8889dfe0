// SPDX-License-Identifier: GPL-2.0

//! Containers made up here, with numbers that fit each other and no code in them.

use super::{
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
            bytes(b"BLOB", 4, 9),
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
