// SPDX-License-Identifier: GPL-2.0

//! `bootloader-*.bin`.

use super::{
    is_inside,
    judge,
    padded, //
};
use nova_firmware::riscv::GspBootloader;

pub(super) fn run(data: &[u8]) -> bool {
    padded(data, |file| {
        let bootloader = GspBootloader::parse(file);
        judge(&bootloader);
        if let Ok(bootloader) = &bootloader {
            check(bootloader, file);
        }
        bootloader.is_ok()
    })
}

/// Checks what a bootloader promises; `file` is what it is from.
pub(super) fn check(bootloader: &GspBootloader<'_>, file: &[u8]) {
    assert!(is_inside(bootloader.payload, file) && !bootloader.payload.is_empty());
    for offset in [
        bootloader.manifest_offset,
        bootloader.data_offset,
        bootloader.code_offset,
    ] {
        assert!(offset % 256 == 0 && offset as usize <= bootloader.payload.len());
    }
}
