// SPDX-License-Identifier: GPL-2.0

//! `gen_bootloader-*.bin` and `acr/bl.bin`.

use super::{
    is_inside,
    judge,
    padded, //
};
use nova_firmware::generic_bootloader::GenericBootloader;

pub(super) fn run(data: &[u8]) -> bool {
    padded(data, |file| {
        let bootloader = GenericBootloader::parse(file);
        judge(&bootloader);
        if let Ok(bootloader) = &bootloader {
            check(bootloader, file);
        }
        bootloader.is_ok()
    })
}

/// Checks what a generic bootloader promises; `file` is what it is from.
pub(super) fn check(bootloader: &GenericBootloader<'_>, file: &[u8]) {
    let (code, padded) = (bootloader.code, bootloader.padded_size);
    assert!(is_inside(code, file) && !code.is_empty());
    assert_eq!(padded as usize, code.len().next_multiple_of(256));
    assert!(padded <= 0x1_0000);
    assert_eq!(
        bootloader.boot_vector() >> 8,
        u32::from(bootloader.start_tag)
    );
    for imem in [0, 0xfe00, 0x1_0000] {
        let destination = bootloader.imem_destination(imem);
        assert!(destination.is_none_or(|at| at + padded == imem));
    }
}
