// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::prelude::*;
use sha2::{
    Digest,
    Sha256, //
};
use std::{
    format,
    string::ToString,
    vec::Vec, //
};

/// A change to good numbers, and what is said about it.
type Case<T, E> = (fn(&mut T), E);

fn sources() -> Sources {
    Sources {
        radix3: 0x1_0000_1000,
        image_size: 0x3c9_9000,
        bootloader: 0x1_0000_2000,
        bootloader_size: 0x6000,
        code_offset: 0x1800,
        data_offset: 0x800,
        manifest_offset: 0,
        signature: 0x1_0000_9000,
        signature_size: 0x1000,
    }
}

/// GA102 with 8 GiB.
fn places() -> Places {
    Places {
        fb_size: 0x2_0000_0000,
        vga: 0x1_fff0_0000,
        frts: 0x1_ffe0_0000..0x1_fff0_0000,
        bootloader: 0x1_ffdf_a000,
        image: 0x1_fc16_0000,
        heap: 0x1_f420_0000..0x1_fc10_0000,
        wpr: 0x1_f410_0000,
        non_wpr_heap: 0x1_f400_0000,
    }
}

fn sizes() -> Sizes {
    Sizes {
        frts: 0x10_0000,
        heap: 0x870_0000,
        non_wpr_heap: 0x22_0000,
        vga: 0x2_0000,
        pmu_reserved: 0x182_0000,
        vf_partition_count: 3,
    }
}

/// The structure as 64-bit numbers.
fn numbers(meta: &[u8; SIZE]) -> Vec<u64> {
    let numbers = meta.chunks_exact(8);
    numbers
        .map(|it| u64::from_le_bytes(it.try_into().unwrap()))
        .collect()
}

const COMMON: [u64; 11] = [
    0xdc3a_ae21_371a_60b3,
    1,
    0x1_0000_1000,
    0x3c9_9000,
    0x1_0000_2000,
    0x6000,
    0x1800,
    0x800,
    0,
    0x1_0000_9000,
    0x1000,
];

#[test]
fn places_of_ga102() {
    let meta = sources().with_places(&places()).unwrap();
    let mut want = COMMON.to_vec();
    want.extend([
        0x1_f400_0000,
        0x1_f400_0000,
        0x10_0000,
        0x1_f410_0000,
        0x1_f420_0000,
        0x7f0_0000,
        0x1_fc16_0000,
        0x1_ffdf_a000,
        0x1_ffe0_0000,
        0x10_0000,
        0x1_fff0_0000,
        0x2_0000_0000,
        0x1_fff0_0000,
        0x10_0000,
    ]);
    want.resize(32, 0);
    assert_eq!(numbers(&meta), want);
}

#[test]
fn ga100_has_no_frts_region() {
    let sources = Sources {
        image_size: 0x1b3_4ea0,
        bootloader_size: 0x1000,
        code_offset: 0,
        data_offset: 0,
        ..sources()
    };
    let places = Places {
        fb_size: 0xa_0000_0000,
        vga: 0x9_fff0_0000,
        frts: 0x9_fff0_0000..0x9_fff0_0000,
        bootloader: 0x9_ffef_f000,
        image: 0x9_fe3c_0000,
        heap: 0x9_f770_0000..0x9_fe30_0000,
        wpr: 0x9_f760_0000,
        non_wpr_heap: 0x9_f750_0000,
    };
    let meta = numbers(&sources.with_places(&places).unwrap());
    assert_eq!(meta[19..22], [0x9_fff0_0000, 0, 0x9_fff0_0000]);
    assert_eq!(meta[16], 0x6c0_0000);
}

#[test]
fn fsp_is_told_sizes_only() {
    let meta = sources().with_sizes(&sizes()).unwrap();
    let mut want = COMMON.to_vec();
    want.extend([0, 0, 0x22_0000, 0, 0, 0x870_0000, 0, 0, 0, 0x10_0000]);
    want.extend([0, 0, 0, 0x2_0000]);
    want.resize(30, 0);
    want.extend([0x182_0000 << 32 | 3, 0]);
    assert_eq!(numbers(&meta), want);
}

#[test]
fn structures_for_fsp_have_the_known_hashes() {
    // Bootloader, monitor's code; heap, other heap, PMU, virtual functions; hash.
    for (name, bootloader_size, code_offset, heap, non_wpr_heap, pmu, vfs, want) in [
        (
            "GH100, 80 GiB",
            0x2_9000,
            0xb100,
            0x8c0_0000,
            0x20_0000,
            0,
            0,
            "e739a22cca3b074d80682210b22015c9523c756c3ad05219d7c5db81635834a3",
        ),
        (
            "GB100, 180 GiB",
            0x3_1000,
            0xb100,
            0x950_0000,
            0x20_0000,
            0x182_0000,
            0,
            "3eb1861ece90bc14b233b8ab1ee89a15b7d2c873eab021c0ac4ba3a3920dfd76",
        ),
        (
            "GB202, 32 GiB",
            0x3_1000,
            0xb200,
            0x870_0000,
            0x22_0000,
            0x182_0000,
            0,
            "4eb31905ed1a5a104c4c105974c6f283d7452ec5d2b25ea111e3293f82068e4e",
        ),
        (
            "GB202, 32 GiB, 32 virtual functions",
            0x3_1000,
            0xb200,
            0x2450_0000,
            0x22_0000,
            0x182_0000,
            32,
            "4222382829703d18d3aef694166b090ea0162e74c1a35faa19176ef0bda70d12",
        ),
    ] {
        let sources = Sources {
            radix3: 0x1_2380_0000,
            image_size: 0x3c9_9000,
            bootloader: 0x1_2390_0000,
            bootloader_size,
            code_offset,
            data_offset: 0xa00,
            manifest_offset: 0,
            signature: 0x1_23a0_0000,
            signature_size: 0x1000,
        };
        let sizes = Sizes {
            frts: 0x10_0000,
            heap,
            non_wpr_heap,
            vga: 0x2_0000,
            pmu_reserved: pmu,
            vf_partition_count: vfs,
        };
        let meta = sources.with_sizes(&sizes).unwrap();
        assert_eq!(format!("{:x}", Sha256::digest(meta)), want, "{name}");
    }
}

#[test]
fn impossible_sources_are_refused() {
    let cases: [Case<Sources, WprMetaError>; 9] = [
        (|it| it.radix3 = 0, WprMetaError::Address("image", 0)),
        (
            |it| it.radix3 = 0x800,
            WprMetaError::Address("image", 0x800),
        ),
        (
            |it| it.bootloader = 1,
            WprMetaError::Address("bootloader", 1),
        ),
        (|it| it.signature = 0, WprMetaError::Address("signature", 0)),
        (|it| it.image_size = 0, WprMetaError::Empty("image")),
        (|it| it.signature_size = 0, WprMetaError::Empty("signature")),
        (
            |it| it.code_offset = 0x6000,
            WprMetaError::BootloaderOffset("code", 0x6000),
        ),
        (
            |it| it.data_offset = u64::MAX,
            WprMetaError::BootloaderOffset("data", u64::MAX),
        ),
        (
            |it| it.manifest_offset = 0x6001,
            WprMetaError::BootloaderOffset("manifest", 0x6001),
        ),
    ];
    for (change, want) in cases {
        let mut sources = sources();
        change(&mut sources);
        assert_eq!(sources.with_places(&places()), Err(want));
        assert_eq!(sources.with_sizes(&sizes()), Err(want));
    }
}

#[test]
fn impossible_places_are_refused() {
    use WprMetaError::{
        Alignment,
        Order, //
    };
    let cases: [Case<Places, WprMetaError>; 17] = [
        (|it| it.non_wpr_heap = it.wpr, Order("non-WPR heap")),
        (|it| it.wpr = it.heap.start, Order("protected region")),
        (|it| it.wpr = it.heap.start - 255, Order("protected region")),
        (|it| it.heap.end = it.heap.start, Order("heap")),
        (|it| it.heap.end = it.image + 1, Order("heap")),
        (|it| it.image += 0x1_0000, Order("image")),
        (|it| it.bootloader += 0x1000, Order("bootloader")),
        (|it| it.frts.end -= 0x10_0001, Order("FRTS region")),
        (|it| it.frts.end = it.vga + 1, Order("FRTS region")),
        (|it| it.fb_size = it.vga, Order("VGA workspace")),
        (
            |it| it.non_wpr_heap += 1,
            Alignment("non-WPR heap", 0x1_f400_0001),
        ),
        (
            |it| it.wpr -= 0x1000,
            Alignment("protected region", 0x1_f40f_f000),
        ),
        (
            |it| it.heap.start += 0x8_0000,
            Alignment("heap", 0x1_f428_0000),
        ),
        (
            |it| it.heap.end -= 1,
            Alignment("end of heap", 0x1_fc0f_ffff),
        ),
        (|it| it.image -= 0x8000, Alignment("image", 0x1_fc15_8000)),
        (
            |it| it.bootloader -= 1,
            Alignment("bootloader", 0x1_ffdf_9fff),
        ),
        (
            |it| it.frts.end -= 0x1_0000,
            Alignment("end of protected region", 0x1_ffef_0000),
        ),
    ];
    for (change, want) in cases {
        let mut places = places();
        change(&mut places);
        assert_eq!(sources().with_places(&places), Err(want));
    }
}

#[test]
fn impossible_sizes_are_refused() {
    let cases: [Case<Sizes, &str>; 4] = [
        (|it| it.frts = 0, "FRTS region is empty"),
        (|it| it.heap = 0, "heap is empty"),
        (|it| it.non_wpr_heap = 0, "non-WPR heap is empty"),
        (|it| it.vga = 0, "VGA workspace is empty"),
    ];
    for (change, want) in cases {
        let mut sizes = sizes();
        change(&mut sizes);
        let error = sources().with_sizes(&sizes).unwrap_err();
        assert_eq!(error.to_string(), want);
    }
}

proptest! {
    #[test]
    fn one_wild_place_never_panics(which in 0usize..9, value: u64) {
        let mut it = places();
        let field = match which {
            0 => &mut it.fb_size,
            1 => &mut it.vga,
            2 => &mut it.frts.start,
            3 => &mut it.frts.end,
            4 => &mut it.bootloader,
            5 => &mut it.image,
            6 => &mut it.heap.start,
            7 => &mut it.heap.end,
            _ => &mut it.wpr,
        };
        *field = value;
        if let Ok(meta) = sources().with_places(&it) {
            let meta = numbers(&meta);
            prop_assert!(meta[12] + meta[13] == meta[14] && meta[23] + meta[24] == meta[22]);
        }
    }
}
