// SPDX-License-Identifier: GPL-2.0

//! The table of firmware files, and the columns that say how to read them, against linux-firmware.
//!
//! Built with `--features real-firmware` only. `NOVA_FIRMWARE_DIR` names the directory that holds
//! `nvidia/`, with the files uncompressed: usually `/lib/firmware`.

use nova_firmware::{
    booter::Booter,
    fmc::Fmc,
    generic_bootloader::GenericBootloader,
    gsp_image::GspImage,
    riscv::GspBootloader, //
};
use nova_hw::{
    chip::{
        Chip,
        Family, //
    },
    fb::{
        vga_workspace,
        FspLayout,
        Sec2Inputs,
        Sec2Layout,
        VramAddr, //
    },
    firmware_files::FirmwareKind, //
};
use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf, //
};

const GIB: u64 = 1 << 30;

/// Reads a file below the firmware directory.
fn read(path: &str) -> Vec<u8> {
    let directory = std::env::var_os("NOVA_FIRMWARE_DIR").expect(
        "NOVA_FIRMWARE_DIR is not set; it must name the directory that holds nvidia/, such as /lib/firmware",
    );
    let path = PathBuf::from(directory).join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Checks a file as the driver does; gives the size of what is handed to the GPU.
fn check(family: &Family, kind: FirmwareKind, file: &[u8]) -> Result<usize, String> {
    let load = || {
        family
            .sec2()
            .map(|sec2| sec2.load)
            .ok_or("not booted through SEC2")
    };
    let scheme = || {
        family
            .fsp()
            .map(|fsp| fsp.fmc_scheme)
            .ok_or("not booted through FSP")
    };
    match kind {
        FirmwareKind::GspImage => GspImage::parse(file, family.gsp_signature_section)
            .map(|image| image.image.len())
            .map_err(|error| error.to_string()),
        FirmwareKind::GspBootloader => GspBootloader::parse(file)
            .map(|bootloader| bootloader.payload.len())
            .map_err(|error| error.to_string()),
        FirmwareKind::BooterLoad | FirmwareKind::BooterUnload => Booter::parse(file, load()?)
            .map(|booter| booter.payload().len())
            .map_err(|error| error.to_string()),
        FirmwareKind::GenericBootloader => GenericBootloader::parse(file)
            .map(|bootloader| bootloader.code.len())
            .map_err(|error| error.to_string()),
        FirmwareKind::Fmc => Fmc::parse(file, scheme()?)
            .map(|fmc| fmc.image.len())
            .map_err(|error| error.to_string()),
    }
}

#[test]
fn every_file_of_every_chip_is_there_and_good() {
    for chip in Chip::ALL {
        let mut sizes = BTreeMap::new();
        for file in chip.firmware_files() {
            let bytes = read(file.path);
            let size = check(chip.family(), file.kind, &bytes)
                .unwrap_or_else(|error| panic!("{}: {error}", file.path));
            sizes.insert(file.path, size as u64);
        }
        let size_of = |kind| sizes[chip.firmware_file(kind).unwrap().path];
        let (elf_size, bl_size) = (
            size_of(FirmwareKind::GspImage),
            size_of(FirmwareKind::GspBootloader),
        );
        assert_eq!(
            (elf_size, bl_size),
            expected_sizes(chip.family().name),
            "{chip}"
        );
        assert_layout(chip, elf_size, bl_size);
    }
}

/// Bytes of GSP image and bootloader, by family.
fn expected_sizes(family: &str) -> (u64, u64) {
    match family {
        "tu10x" | "tu11x" | "ga100" => (0x1b3_4ea0, 0x1000),
        "ga10x" => (0x3c9_9000, 0x6000),
        "ad10x" => (0x3c9_9000, 0x9000),
        "gh100" => (0x3c9_9000, 0x2_9000),
        "gb10x" | "gb20x" => (0x3c9_9000, 0x3_1000),
        other => panic!("family {other} is not known here"),
    }
}

/// The real files fit the smallest and the biggest cards.
fn assert_layout(chip: Chip, elf_size: u64, bl_size: u64) {
    for gib in [2, 4, 8, 24, 80, 192] {
        let fb_end = VramAddr::new(gib * GIB);
        if chip.family().sec2().is_some() {
            let vga = vga_workspace(fb_end, None).unwrap();
            let inputs = Sec2Inputs {
                fb_end,
                vga,
                row_remapper_lock: None,
                elf_size,
                bl_size,
            };
            let layout = Sec2Layout::compute(chip.family(), &inputs);
            let reserved = layout.unwrap().reserved().unwrap();
            assert!(
                reserved.len() <= 0x1000_0000,
                "{chip} with {gib} GiB reserves {reserved}"
            );
        } else {
            FspLayout::compute(chip.family(), fb_end, None).unwrap();
        }
    }
}
