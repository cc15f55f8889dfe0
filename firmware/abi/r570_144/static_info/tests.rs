// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::synthetic::mutations;
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};
use std::{
    string::ToString,
    vec,
    vec::Vec, //
};

fn put(answer: &mut [u8], at: usize, bytes: &[u8]) {
    answer[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Writes region `index`: base, limit, reserved, then compressed, ISO and protected.
fn put_region(answer: &mut [u8], index: usize, numbers: [u64; 3], flags: [u8; 3]) {
    for (number, value) in numbers.into_iter().enumerate() {
        put(
            answer,
            0x160 + 48 * index + 8 * number,
            &value.to_le_bytes(),
        );
    }
    put(answer, 0x160 + 48 * index + 28, &flags);
}

/// An answer with one region that may be used and one that may not.
fn answer() -> Vec<u8> {
    let mut answer = vec![0; SIZE];
    answer[0x158] = 2;
    put_region(&mut answer, 0, [0, 0x1_f1ff_ffff, 0], [1, 1, 0]);
    let rest = [0x1_f200_0000, 0x1_ffff_ffff, 0xe00_0000];
    put_region(&mut answer, 1, rest, [1, 1, 0]);
    put(&mut answer, 0x4ec, b"NVIDIA GeForce RTX 3080\0");
    put(&mut answer, 0x600, &0x1_f300_0000u64.to_le_bytes());
    put(&mut answer, 0x608, &0x1_f301_0000u64.to_le_bytes());
    for (index, handle) in [0xc1d0_0001u32, 0xcaf0_0001, 0xcaf0_0002]
        .into_iter()
        .enumerate()
    {
        put(&mut answer, 0x640 + 4 * index, &handle.to_le_bytes());
    }
    put(&mut answer, 0x668, &0x1_f400_0000u64.to_le_bytes());
    put(&mut answer, 0x670, &0x1_ffe0_0000u64.to_le_bytes());
    answer
}

fn regions(answer: &[u8]) -> Vec<Range<u64>> {
    StaticInfo::parse(answer)
        .unwrap()
        .usable_regions(u64::MAX)
        .collect()
}

#[test]
fn fields_are_read() {
    let info = StaticInfo::parse(&answer()).unwrap();
    assert_eq!(info.name.unwrap().as_str(), "NVIDIA GeForce RTX 3080");
    assert!(info.usable_regions(8 << 30).eq(Some(0..0x1_f200_0000)));
    assert_eq!(info.bar1_page_directory, 0x1_f300_0000);
    assert_eq!(info.bar2_page_directory, 0x1_f301_0000);
    let InternalHandles {
        client,
        device,
        subdevice,
    } = info.handles;
    assert_eq!(
        [client, device, subdevice],
        [0xc1d0_0001, 0xcaf0_0001, 0xcaf0_0002]
    );
    assert_eq!(
        (info.non_wpr_heap, info.frts),
        (0x1_f400_0000, 0x1_ffe0_0000)
    );
}

#[test]
fn longer_answers_are_read_and_shorter_are_not() {
    let mut longer = answer();
    longer.extend([0xff; 100]);
    assert_eq!(StaticInfo::parse(&longer), StaticInfo::parse(&answer()));
    let error = StaticInfo::parse(&answer()[..1655]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "static info of less than 1656 bytes at offset 0x677"
    );
}

#[test]
fn only_ordinary_regions_are_usable() {
    for (name, numbers, flags, want) in [
        (
            "ordinary",
            [0x1000, 0x1fff, 0],
            [1, 1, 0],
            Some(0x1000..0x2000),
        ),
        ("one byte", [5, 5, 0], [1, 1, 0], Some(5..6)),
        ("other flags", [0, 9, 0], [2, 0xff, 0], Some(0..10)),
        ("backwards", [0x1000, 0xfff, 0], [1, 1, 0], None),
        ("endless", [0, u64::MAX, 0], [1, 1, 0], None),
        ("reserved", [0, 0xfff, 1], [1, 1, 0], None),
        ("protected", [0, 0xfff, 0], [1, 1, 1], None),
        ("not compressible", [0, 0xfff, 0], [0, 1, 0], None),
        ("not for display", [0, 0xfff, 0], [1, 0, 0], None),
    ] {
        let mut answer = answer();
        put_region(&mut answer, 0, numbers, flags);
        assert_eq!(regions(&answer), Vec::from_iter(want), "{name}");
    }
}

#[test]
fn there_are_16_regions_at_most() {
    let mut answer = answer();
    for index in 0..16 {
        let base = index as u64 * 0x1000;
        put_region(&mut answer, index, [base, base + 0xfff, 0], [1, 1, 0]);
    }
    for (said, want) in [(0, 0), (1, 1), (15, 15), (16, 16), (17, 16), (u32::MAX, 16)] {
        put(&mut answer, 0x158, &said.to_le_bytes());
        assert_eq!(regions(&answer).len(), want, "{said}");
    }
}

#[test]
fn regions_are_in_video_memory_and_apart() {
    let mut answer = answer();
    answer[0x158] = 4;
    for (index, [base, limit]) in [
        [0x1000, 0x2fff],
        [0x2fff, 0x3fff],
        [0x3000, 0x3fff],
        [0x4000, 0x4fff],
    ]
    .into_iter()
    .enumerate()
    {
        put_region(&mut answer, index, [base, limit, 0], [1, 1, 0]);
    }
    let info = StaticInfo::parse(&answer).unwrap();
    for (vram_size, want) in [
        (0x5000, &[(0x1000, 0x3000), (0x4000, 0x5000)][..]),
        (0x4fff, &[(0x1000, 0x3000)]),
        (0x2fff, &[]),
    ] {
        let regions = info.usable_regions(vram_size);
        let regions: Vec<_> = regions.map(|it| (it.start, it.end)).collect();
        assert_eq!(regions, want, "{vram_size:#x}");
    }
}

#[test]
fn names_that_cannot_be_printed_are_none() {
    for (name, bytes, want) in [
        ("UTF-8", "GPU \u{3b1}\0".as_bytes(), Some("GPU \u{3b1}")),
        (
            "63 bytes",
            &[b'x'; 63],
            Some(core::str::from_utf8(&[b'x'; 63]).unwrap()),
        ),
        ("without a NUL", &[b'x'; 64], None),
        ("not UTF-8", b"GPU \xff\0", None),
        ("cut character", b"GPU \xce\0", None),
        ("line's end", b"GPU\nfake: line\0", None),
        ("empty", b"\0", None),
    ] {
        let mut answer = answer();
        answer[0x4ec..0x52c].fill(0);
        put(&mut answer, 0x4ec, bytes);
        let info = StaticInfo::parse(&answer).unwrap();
        assert_eq!(info.name.as_ref().map(Name::as_str), want, "{name}");
    }
}

#[test]
fn damage_to_any_word_does_not_panic() {
    for answer in mutations(&answer(), SIZE) {
        if let Ok(info) = StaticInfo::parse(&answer) {
            assert!(info
                .usable_regions(u64::MAX)
                .all(|region| region.start < region.end));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_can_be_read(bytes in any_vec(any::<u8>(), SIZE)) {
        let info = StaticInfo::parse(&bytes).unwrap();
        prop_assert!(info.usable_regions(u64::MAX).count() <= MAX_REGIONS);
    }
}
