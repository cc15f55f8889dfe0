// SPDX-License-Identifier: GPL-2.0

//! Programs made up for the tests of the ways in. The numbers of some are those of real files.

use nova_firmware::vbios::{
    BootRomParameters,
    DmaLoad,
    Transfer, //
};
use std::vec::Vec;

/// The numbers in a Booter's file.
#[derive(Clone, Copy)]
pub(crate) struct Numbers {
    payload: u32,
    app: (u32, u32),
    data: (u32, u32),
    patch: u32,
    signatures: (u32, u32),
    fuse_engine_ucode: [u32; 3],
}

impl Numbers {
    /// `booter_load` of GA102.
    pub(crate) const GA102_LOAD: Self = Self {
        payload: 0xec00,
        app: (0x100, 0x8900),
        data: (0x8a00, 0x6200),
        patch: 0x8a10,
        signatures: (2, 384),
        fuse_engine_ucode: [1, 1, 3],
    };
    /// `booter_load` of TU102.
    pub(crate) const TU102_LOAD: Self = Self {
        payload: 0xe700,
        app: (0x100, 0x8400),
        data: (0x8500, 0x6200),
        patch: 0x8700,
        signatures: (1, 16),
        fuse_engine_ucode: [0, 1, 0xd],
    };
}

/// A `booter_*.bin` file with these numbers and a payload of zeros.
pub(crate) fn booter_file(numbers: Numbers) -> Vec<u8> {
    /// Where the headers are, and how long all of them are.
    const HS: u32 = 0x18;
    const VALUES: u32 = HS + 9 * 4;
    const META: u32 = VALUES + 3 * 4;
    const LOAD: u32 = META + 3 * 4;
    const SIGNATURES: u32 = LOAD + 9 * 4;

    let (number, size) = numbers.signatures;
    let data_at = SIGNATURES + number * size;
    let words: [&[u32]; 6] = [
        // The header of all files.
        &[0x10de, 1, 0, HS, data_at, numbers.payload],
        // The heavy-secure one.
        &[
            SIGNATURES,
            number * size,
            VALUES,
            VALUES + 4,
            META,
            12,
            VALUES + 8,
            LOAD,
            36,
        ],
        &[numbers.patch, 0, number],
        &numbers.fuse_engine_ucode,
        // The load header.
        &[0, 0x100, numbers.data.0, numbers.data.1, 1],
        &[numbers.app.0, numbers.app.1, 0, 0],
    ];
    let mut file: Vec<u8> = words
        .into_iter()
        .flatten()
        .copied()
        .flat_map(u32::to_le_bytes)
        .collect();
    file.resize((data_at + numbers.payload) as usize, 0);
    file
}

/// A FWSEC with three blocks of code for the third block of IMEM, and two of data.
pub(crate) fn fwsec_dma_load() -> DmaLoad {
    DmaLoad {
        object_size: 0x500,
        imem: Transfer {
            source: 0,
            destination: 0x200,
            blocks: 3,
        },
        dmem: Transfer {
            source: 0x300,
            destination: 0,
            blocks: 2,
        },
        boot_rom: BootRomParameters {
            pkc_data_offset: 0x40,
            engine_id_mask: 0x400,
            ucode_id: 9,
        },
    }
}
