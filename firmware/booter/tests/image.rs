// SPDX-License-Identifier: GPL-2.0

//! A made-up Booter image, in either container.

use crate::synthetic::{
    bin,
    poked,
    tlv,
    words, //
};
use std::{
    vec,
    vec::Vec, //
};

/// Offsets of the heavy-secure header's fields in every file made here.
pub(super) const SIG_OFFSET: usize = 0x18;
pub(super) const SIG_SIZE: usize = 0x1c;
pub(super) const PATCH_LOC: usize = 0x20;
pub(super) const PATCH_SIG: usize = 0x24;
pub(super) const META_OFFSET: usize = 0x28;
pub(super) const META_SIZE: usize = 0x2c;
pub(super) const NUM_SIG: usize = 0x30;
pub(super) const LOAD_OFFSET: usize = 0x34;
pub(super) const LOAD_SIZE: usize = 0x38;

/// What follows the signatures, at these distances from their end.
pub(super) const AT_PATCH_LOC: usize = 0x00;
pub(super) const AT_PATCH_SIG: usize = 0x04;
pub(super) const AT_FUSE_VERSION: usize = 0x08;
pub(super) const AT_ENGINE: usize = 0x0c;
pub(super) const AT_UCODE: usize = 0x10;
pub(super) const AT_NUM_SIG: usize = 0x14;
pub(super) const AT_OS_CODE: usize = 0x18;
pub(super) const AT_OS_CODE_SIZE: usize = 0x1c;
pub(super) const AT_OS_DATA: usize = 0x20;
pub(super) const AT_OS_DATA_SIZE: usize = 0x24;
pub(super) const AT_NUM_APPS: usize = 0x28;
pub(super) const AT_APP: usize = 0x2c;
pub(super) const AT_APP_SIZE: usize = 0x30;

pub(super) const PAYLOAD: usize = 0x400;

/// A file, and where the numbers after its signatures begin.
pub(super) struct Image {
    pub(super) file: Vec<u8>,
    pub(super) numbers: usize,
}

/// A file with `number` signatures of `size` bytes, the first all 1, the second all 2, and so on.
pub(super) fn image(number: u32, size: u32) -> Image {
    let signatures: Vec<u8> = (1..=number)
        .flat_map(|n| vec![n as u8; size as usize])
        .collect();
    let end = 0x3c + number * size;
    let at = |distance: usize| end + distance as u32;
    let mut header = words(&[
        0x3c,
        number * size,
        at(AT_PATCH_LOC),
        at(AT_PATCH_SIG),
        at(AT_FUSE_VERSION),
        12,
        at(AT_NUM_SIG),
        at(AT_OS_CODE),
        36,
    ]);
    header.extend(signatures);
    header.extend(words(&[0x210, 0, number - 1, 1, 3, number]));
    header.extend(words(&[0, 0x100, 0x200, 0x200, 1, 0x100, 0x100, 0x100, 0]));
    let payload: Vec<u8> = (0..PAYLOAD).map(|n| (n % 251) as u8).collect();
    Image {
        file: bin(&header, &payload),
        numbers: end as usize,
    }
}

impl Image {
    /// The file with one of the numbers after the signatures changed.
    pub(super) fn with(&self, distance: usize, value: u32) -> Vec<u8> {
        poked(&self.file, self.numbers + distance, value)
    }
}

/// The TLV file that says the same as `image`.
pub(super) fn as_tlv(image: &Image, signatures: u32) -> Vec<u8> {
    let payload = &image.file[image.file.len() - PAYLOAD..];
    let number = |distance: usize| &image.file[image.numbers + distance..][..4];
    tlv(&[
        (b"NSIG", &signatures.to_le_bytes()),
        (b"SIGN", &image.file[0x3c..image.numbers]),
        (b"PLOC", number(AT_PATCH_LOC)),
        (b"FUSE", number(AT_FUSE_VERSION)),
        (b"ENID", number(AT_ENGINE)),
        (b"UCID", number(AT_UCODE)),
        (b"CDOF", number(AT_OS_CODE)),
        (b"CDSZ", number(AT_OS_CODE_SIZE)),
        (b"DAOF", number(AT_OS_DATA)),
        (b"DASZ", number(AT_OS_DATA_SIZE)),
        (b"A0CO", number(AT_APP)),
        (b"A0CS", number(AT_APP_SIZE)),
        (b"BLOB", payload),
        (b"VERS", b"570.144"),
    ])
}
