// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::engines::testing::{
    complaints,
    Bench, //
};

const A: u64 = 0x1234_5678_9000;

fn flush(chip: &str, faults: &[&str]) -> Bench<SysmemFlush> {
    let plan = Plan::parse(Chip::by_name(chip).unwrap(), faults).unwrap();
    Bench::new(chip, |chip| SysmemFlush::new(chip, &plan, None))
}

fn page(effects: &[Effect]) -> Option<u64> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::FlushPage { address, .. } => Some(*address),
        _ => None,
    })
}

#[test]
fn each_layout_holds_the_address_of_the_known_sequence() {
    for (name, chip, writes, want) in [
        ("A", "tu102", &[(0x100c10, 0x0abc_def0)][..], 0xa_bcde_f000),
        (
            "B",
            "ga100",
            &[(0x100c40, 0x12), (0x100c10, 0x3456_7890)],
            A,
        ),
        (
            "B",
            "ad102",
            &[(0x100c40, 0x12), (0x100c10, 0x3456_7890)],
            A,
        ),
        (
            "C",
            "gh100",
            &[(0x100a38, 0x1234), (0x100a34, 0x5678_9000)],
            A,
        ),
        (
            "D",
            "gb100",
            &[
                (0x870e54, 0x1234),
                (0x870e50, 0x5678_9000),
                (0x8706c4, 0x1234),
                (0x8706c0, 0x5678_9000),
            ],
            A,
        ),
        (
            "E",
            "gb203",
            &[(0x8a1d5c, 0x1234), (0x8a1d58, 0x5678_9000)],
            A,
        ),
    ] {
        let mut bench = flush(chip, &[]);
        let mut all = Effects::new();
        for (address, value) in writes {
            all.extend(bench.write(*address, *value));
            assert_eq!(bench.read(*address), *value, "{name}: reads back");
        }
        assert_eq!(page(&all), Some(want), "{name}");
        assert_eq!(complaints(&all), [""; 0], "{name}");
        assert_eq!(
            all.iter().rfind(|e| matches!(e, Effect::FlushHalfSet(_))),
            Some(&Effect::FlushHalfSet(false)),
            "{name}: complete at the end"
        );
        bench.reset();
        assert_eq!(bench.read(writes[0].0), 0, "{name}: cleared by reset");
    }
}

#[test]
fn high_half_alone_is_only_half() {
    let mut bench = flush("ga102", &[]);
    assert_eq!(bench.write(0x100c40, 0x12), [Effect::FlushHalfSet(true)]);
    let mut bench = flush("gb100", &[]);
    bench.write(0x870e54, 1);
    assert_eq!(bench.write(0x870e50, 0x1000)[0], Effect::FlushHalfSet(true));
}

#[test]
fn second_pair_must_agree_with_the_first() {
    let mut bench = flush("gb102", &[]);
    bench.write(0x870e54, 1);
    bench.write(0x870e50, 0x1000);
    bench.write(0x8706c4, 2);
    assert_eq!(complaints(&bench.write(0x8706c0, 0x1000)), ["PV-09"]);
}

#[test]
fn gh100_offers_the_shifted_reading_too() {
    let mut bench = flush("gh100", &[]);
    let effects = bench.write(0x100a34, 0x0012_3450);
    assert!(effects.contains(&Effect::FlushPage {
        address: 0x12_3400,
        or: Some(0x1234_0000)
    }));
}

#[test]
fn stuck_register_ignores_writes() {
    let mut bench = flush("ga102", &["sysmem-flush-stuck"]);
    assert_eq!(
        bench.write(0x100c10, 7),
        [Effect::Fault("sysmem-flush-stuck")]
    );
    assert_eq!(bench.read(0x100c10), 0);
}

#[test]
fn stolen_register_changes_some_time_after_it_was_set() {
    for (chip, lo) in [
        ("tu102", 0x100c10),
        ("ga102", 0x100c10),
        ("gb202", 0x8a1d58),
    ] {
        let mut bench = flush(chip, &["sysmem-flush-stolen"]);
        bench.now_us = 1_000_000;
        assert_eq!(bench.read(lo), 0, "{chip}: not before the driver set it");
        bench.write(lo, 0x4000);
        bench.now_us += 49_999;
        assert_eq!(bench.read(lo), 0x4000, "{chip}");
        bench.now_us += 1;
        let read = bench.read_all(lo);
        assert_ne!(read.value, 0x4000, "{chip}");
        assert_eq!(
            read.effects,
            [Effect::Fault("sysmem-flush-stolen")],
            "{chip}"
        );
        assert_eq!(bench.read_all(lo).effects, [], "{chip}: stolen once");
        assert_eq!(complaints(&bench.write(lo, 0)), ["PV-09"], "{chip}");
    }
}
