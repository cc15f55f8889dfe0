// SPDX-License-Identifier: GPL-2.0

use super::*;
use std::collections::HashMap;

/// Tables by address; memory that was not written reads as zero.
#[derive(Default)]
struct Tables(HashMap<u64, u64>);

impl Tables {
    fn set(&mut self, address: u64, entry: u64) -> &mut Self {
        self.0.insert(address, entry);
        self
    }

    fn translate(&self, format: Format, va: u64) -> Result<Place, Fault> {
        format.translate(ROOT, va, &|memory, address| {
            let offset = if memory == Memory::System { SYSTEM } else { 0 };
            Some(*self.0.get(&(address + offset)).unwrap_or(&0))
        })
    }
}

const ROOT: u64 = 0x1000_0000;
/// Tables in system memory are kept this far up.
const SYSTEM: u64 = 1 << 60;
/// Indexes: root 0 in both formats, PD2 0, PD1 0x91, PD0 0xa2, small 0x167, big 0x16.
const VA: u64 = 0x12_3456_7000;
const PD1_INDEX: u64 = 0x91;
const PD0_INDEX: u64 = 0xa2;
const SMALL_INDEX: u64 = 0x167;
const BIG_INDEX: u64 = 0x16;

/// Everything above the tables of pages, which are at 0x6000 (small) and 0x7100 (big).
fn directories(format: Format) -> Tables {
    let mut tables = Tables::default();
    match format {
        Format::V2 => tables
            .set(ROOT, 0x2000 >> 4 | 2)
            .set(0x2000, 0x4000 >> 4 | 2)
            .set(0x4000 + 8 * PD1_INDEX, 0x5000 >> 4 | 2)
            .set(0x5000 + 16 * PD0_INDEX, 0x7100 >> 4 | 2)
            .set(0x5008 + 16 * PD0_INDEX, 0x6000 >> 4 | 2),
        Format::V3 => tables
            .set(ROOT, 0x2000 | 0x12)
            .set(0x2000, 0x3000 | 0x12)
            .set(0x3000, 0x4000 | 0x12)
            .set(0x4000 + 8 * PD1_INDEX, 0x5000 | 0x12)
            .set(0x5000 + 16 * PD0_INDEX, 0x7100 | 0x12)
            .set(0x5008 + 16 * PD0_INDEX, 0x6000 | 0x12),
    };
    tables
}

fn place(memory: Memory, address: u64, left: u64, read_only: bool) -> Result<Place, Fault> {
    Ok(Place {
        memory,
        address,
        left,
        read_only,
    })
}

const SMALL: u64 = 0x6000 + 8 * SMALL_INDEX;
const BIG: u64 = 0x7100 + 8 * BIG_INDEX;

#[test]
fn small_pages_lead_to_both_memories() {
    for (name, format, entry, wanted) in [
        (
            "v2 video",
            Format::V2,
            0x0600_0000_1234_5601,
            place(Memory::Video, 0x1_2345_6000, 0x1000, false),
        ),
        (
            "v2 system",
            Format::V2,
            0x8765_430d,
            place(Memory::System, 0x8_7654_3000, 0x1000, false),
        ),
        (
            "v2 read-only",
            Format::V2,
            0x8765_436d,
            place(Memory::System, 0x8_7654_3000, 0x1000, true),
        ),
        (
            "v3 video",
            Format::V3,
            0x1_2345_6681,
            place(Memory::Video, 0x1_2345_6000, 0x1000, false),
        ),
        (
            "v3 read-only",
            Format::V3,
            0x8_7654_30ad,
            place(Memory::System, 0x8_7654_3000, 0x1000, true),
        ),
        ("v2 peer", Format::V2, 0x1234_5603, Err(Fault::Peer)),
        ("v2 sparse", Format::V2, 0x8, Err(Fault::Sparse)),
        ("v3 sparse", Format::V3, 0x8, Err(Fault::Sparse)),
        ("v2 nothing", Format::V2, 0, Err(Fault::Unmapped(12))),
        ("v3 nothing", Format::V3, 0, Err(Fault::Unmapped(12))),
    ] {
        let mut tables = directories(format);
        tables.set(SMALL, entry);
        assert_eq!(tables.translate(format, VA), wanted, "{name}");
    }
}

#[test]
fn comptags_are_no_address() {
    let mut tables = directories(Format::V2);
    tables.set(SMALL, 0x06ff_fff0_1234_5601);
    let found = tables.translate(Format::V2, VA);
    assert_eq!(found, place(Memory::Video, 0x1_2345_6000, 0x1000, false));
}

#[test]
fn a_big_page_hides_the_small_one() {
    for (format, big) in [(Format::V2, 0x0123_4001), (Format::V3, 0x1234_0081)] {
        let mut tables = directories(format);
        tables.set(SMALL, 0x5555_5001).set(BIG, big);
        let found = tables.translate(format, VA + 4);
        let wanted = place(Memory::Video, 0x1234_7004, 0x1_0000 - 0x7004, false);
        assert_eq!(found, wanted, "{format:?}");
    }
}

#[test]
fn a_big_entry_may_rule_out_small_ones() {
    for (format, marker) in [(Format::V2, 0x20), (Format::V3, 0x18)] {
        let mut tables = directories(format);
        tables.set(
            SMALL,
            if format == Format::V2 {
                0x1234_5601
            } else {
                0x1_2345_6081
            },
        );
        assert!(tables.translate(format, VA).is_ok(), "{format:?}");
        tables.set(BIG, marker);
        let found = tables.translate(format, VA);
        assert_eq!(found, Err(Fault::Unmapped(16)), "{format:?}");
    }
}

#[test]
fn a_leaf_may_stand_in_a_directory() {
    for (format, entry) in [
        (Format::V2, 0x4000_0001 >> 4 | 1),
        (Format::V3, 0x4000_0081),
    ] {
        let mut tables = directories(format);
        tables.set(0x5000 + 16 * PD0_INDEX, entry);
        let found = tables.translate(format, VA);
        let inside = VA & 0x1f_ffff;
        let wanted = place(
            Memory::Video,
            0x4000_0000 + inside,
            0x20_0000 - inside,
            false,
        );
        assert_eq!(found, wanted, "{format:?}");
    }
}

#[test]
fn tables_may_be_in_system_memory() {
    let mut tables = directories(Format::V2);
    tables.set(0x4000 + 8 * PD1_INDEX, 0x5000 >> 4 | 2 << 1);
    assert_eq!(tables.translate(Format::V2, VA), Err(Fault::Unmapped(21)));
    tables.set(SYSTEM + 0x5008 + 16 * PD0_INDEX, 0x6000 >> 4 | 2);
    tables.set(SMALL, 0x1234_5601);
    assert!(tables.translate(Format::V2, VA).is_ok());
}

#[test]
fn the_level_that_leads_nowhere_is_told() {
    let empty = Tables::default();
    assert_eq!(empty.translate(Format::V2, VA), Err(Fault::Unmapped(47)));
    assert_eq!(empty.translate(Format::V3, VA), Err(Fault::Unmapped(56)));
    assert_eq!(empty.translate(Format::V2, 1 << 49), Err(Fault::TooHigh));
    assert_eq!(empty.translate(Format::V3, 1 << 57), Err(Fault::TooHigh));
    let gone = Format::V2.translate(ROOT, 0, &|_, _| None);
    assert_eq!(gone, Err(Fault::TableGone(ROOT)));
    let mut tables = Tables::default();
    tables.set(ROOT, 0x8);
    assert_eq!(tables.translate(Format::V2, VA), Err(Fault::Sparse));
}
