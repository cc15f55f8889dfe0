// SPDX-License-Identifier: GPL-2.0

//! How FWSEC gets into the falcon.

use super::{
    rom::{
        edited,
        v2,
        with, //
    },
    *, //
};
use crate::bytes::Region;

fn bootloader_load(rom: &[u8]) -> Result<BootloaderLoad, At<VbiosError>> {
    find(rom)?.bootloader_load()
}

fn dma_load(rom: &[u8]) -> Result<DmaLoad, At<VbiosError>> {
    find(rom)?.dma_load()
}

const fn region(offset: u32, size: u32) -> Region {
    Region { offset, size }
}

refused! { bootloader_load;
    bootloader_cannot_load_v3: rom::v3() => Malformed, 0x1101, VbiosError::WrongLoadMethod;
    bootloader_loads_data_to_0_only: with(v2(), &[(0x112c, "00 01 00 00")])
        => Malformed, 0x112c, VbiosError::DataBase(0x100);
    bootloader_needs_unsecure_code: with(v2(), &[(0x1120, "00 00 00 00 00 03 00 00")])
        => Malformed, 0x1124, VbiosError::NoUnsecureCode;
    code_beyond_imem: with(v2(), &[(0x1114, "00 FE 00 00")])
        => Malformed, 0x1114, VbiosError::CodeTooHigh(0x1_0100);
    code_base_ffffffff: with(v2(), &[(0x1114, "FF FF FF FF")])
        => Malformed, 0x1114, VbiosError::CodeTooHigh(0xffff_ffff);
    code_base_misaligned: with(v2(), &[(0x1114, "80 00 00 00")])
        => Malformed, 0x1114, VbiosError::Misaligned(0x80);
    secure_code_misaligned: with(v2(), &[(0x1120, "80 00 00 00")])
        => Malformed, 0x1120, VbiosError::Misaligned(0x80);
    data_misaligned: with(v2(), &[(0x1118, "80 03 00 00"), (0x1128, "80 03 00 00")])
        => Malformed, 0x1128, VbiosError::Misaligned(0x380);
}

refused! { dma_load;
    dma_cannot_load_v2: v2() => Malformed, 0x1101, VbiosError::WrongLoadMethod;
    code_size_no_multiple_of_256: edited(&[(0x1114, "D4 03 00 00")])
        => Malformed, 0x1114, VbiosError::Misaligned(0x3d4);
    code_size_0: edited(&[(0x1114, "00 00 00 00")]) => Malformed, 0x1114, VbiosError::CodeEmpty;
    code_one_block_beyond_24_bits: edited(&[(0x1110, "00 FE FF 00")])
        => Overflow, 0x1110, VbiosError::DestinationTooHigh(0xff_fe00);
    data_beyond_32_bits: edited(&[(0x111c, "00 FF FF FF")])
        => Overflow, 0x111c, VbiosError::DestinationTooHigh(0xffff_ff00);
}

#[test]
fn v2_through_the_bootloader() {
    let load = bootloader_load(&v2()).unwrap();
    let want = BootloaderLoad {
        padding: 0,
        object_size: 0x700,
        unsecure_code: region(0, 0x100),
        secure_code: region(0x100, 0x200),
        data: region(0x300, 0x400),
    };
    assert_eq!(load, want);
}

#[test]
fn the_bootloaders_descriptor_as_published() {
    let descriptor = bootloader_load(&v2())
        .unwrap()
        .descriptor(0x1_2345_6000)
        .unwrap();
    let mut want = [0; 84];
    for (at, word) in [
        (0x20, 4),
        (0x24, 0x2345_6000),
        (0x28, 1),
        (0x30, 0x100),
        (0x34, 0x100),
        (0x38, 0x200),
        (0x40, 0x2345_6300),
        (0x44, 1),
        (0x48, 0x400u32),
    ] {
        want[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    assert_eq!(descriptor, want);
}

#[test]
fn code_elsewhere_in_imem_is_padded() {
    // To IMEM 0x400, at virtual address 0x1000.
    let rom = with(
        v2(),
        &[
            (0x1114, "00 04 00 00"),
            (0x111c, "00 10 00 00"),
            (0x1120, "00 11 00 00"),
        ],
    );
    let load = bootloader_load(&rom).unwrap();
    let want = BootloaderLoad {
        padding: 0x400,
        object_size: 0xb00,
        unsecure_code: region(0x400, 0x100),
        secure_code: region(0x500, 0x200),
        data: region(0x700, 0x400),
    };
    assert_eq!(load, want);
    let descriptor = load.descriptor(0x1000).unwrap();
    assert_eq!(descriptor[0x2c..0x30], 0x400u32.to_le_bytes());
    assert_eq!(descriptor[0x40..0x48], 0x1700u64.to_le_bytes());
}

#[test]
fn code_may_fill_imem() {
    let rom = with(v2(), &[(0x1114, "00 FD 00 00")]);
    assert!(bootloader_load(&rom).is_ok());
}

#[test]
fn dma_addresses_the_bootloader_cannot_use() {
    let load = bootloader_load(&v2()).unwrap();
    let end = u64::MAX - 0xff;
    for (address, good) in [
        (0, true),
        (0x80, false),
        (0x1_2345_6001, false),
        (end - 0x700, true),
        (end - 0x600, false),
        (end, false),
    ] {
        let result = load.descriptor(address);
        assert_eq!(result.is_ok(), good, "{address:#x}");
        if !good {
            assert_eq!(result, Err(BadDmaAddress(address)));
        }
    }
}

#[test]
fn v3_by_dma() {
    let load = dma_load(&rom::v3()).unwrap();
    let want = DmaLoad {
        object_size: 0x700,
        imem: Transfer {
            source: 0,
            destination: 0,
            blocks: 3,
        },
        dmem: Transfer {
            source: 0x300,
            destination: 0,
            blocks: 4,
        },
        boot_rom: BootRomParameters {
            pkc_data_offset: 0x200,
            engine_id_mask: 0x400,
            ucode_id: 9,
        },
    };
    assert_eq!(load, want);
}

#[test]
fn the_object_has_whole_blocks() {
    let load = dma_load(&edited(&[(0x1120, "01 03 00 00")])).unwrap();
    assert_eq!((load.object_size, load.dmem.blocks), (0x700, 4));
}

#[test]
fn destinations_up_to_24_bits() {
    let rom = edited(&[(0x1110, "00 FD FF 00"), (0x111c, "00 FC FF 00")]);
    let load = dma_load(&rom).unwrap();
    assert_eq!(load.imem.destination, 0xff_fd00);
    assert_eq!(load.dmem.destination, 0xff_fc00);
}
