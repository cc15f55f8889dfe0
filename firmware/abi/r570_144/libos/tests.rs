// SPDX-License-Identifier: GPL-2.0

use super::*;
use std::vec::Vec;

fn region(address: u64, size: u64) -> Region {
    Region { address, size }
}

fn regions() -> Regions {
    Regions {
        log_init: region(0x1_0000_0000, 0x1_0000),
        log_intr: region(0x1_0001_0000, 0x1_0000),
        log_rm: region(0x1_0002_0000, 0x1_0000),
        rm_args: region(0x1_0003_0000, 0x1000),
    }
}

#[test]
fn names_are_as_published() {
    for (name, want) in [
        ("LOGINIT", 0x004c_4f47_494e_4954),
        ("LOGINTR", 0x004c_4f47_494e_5452),
        ("LOGRM", 0x0000_004c_4f47_524d),
        ("LOGMNOC", 0x004c_4f47_4d4e_4f43),
        ("LOGKRNL", 0x004c_4f47_4b52_4e4c),
        ("RMARGS", 0x0000_524d_4152_4753),
    ] {
        assert_eq!(id8(name), want, "{name}");
    }
}

#[test]
fn table_is_as_published() {
    let mut table = [0xff; TABLE_SIZE];
    regions().encode(&mut table).unwrap();
    let mut want = Vec::new();
    for (name, address, size) in [
        (b"TINIGOL\0", 0x1_0000_0000u64, 0x1_0000u64),
        (b"RTNIGOL\0", 0x1_0001_0000, 0x1_0000),
        (b"MRGOL\0\0\0", 0x1_0002_0000, 0x1_0000),
        (b"SGRAMR\0\0", 0x1_0003_0000, 0x1000),
    ] {
        want.extend(name);
        want.extend(address.to_le_bytes());
        want.extend(size.to_le_bytes());
        want.extend([1, 1, 0, 0, 0, 0, 0, 0]);
    }
    want.resize(TABLE_SIZE, 0);
    assert_eq!(table[..], want);
}

#[test]
fn regions_are_of_whole_pages() {
    for (name, bad) in [
        ("no address", region(0, 0x1000)),
        ("inside a page", region(0x1_0003_0040, 0x1000)),
        ("empty", region(0x1_0003_0000, 0)),
        ("a part of a page", region(0x1_0003_0000, 72)),
        ("too long", region(0x1_0003_0000, 0xffff_ffff_ffff_f000)),
    ] {
        let regions = Regions {
            rm_args: bad,
            ..regions()
        };
        let mut table = [0x55; TABLE_SIZE];
        let want = BadRegion {
            name: "RMARGS",
            region: bad,
        };
        assert_eq!(regions.encode(&mut table), Err(want), "{name}");
        assert_eq!(table, [0x55; TABLE_SIZE], "{name}");
    }
}

#[test]
fn logs_begin_with_their_pages() {
    let header = log_header(0x12_3450_0000).unwrap();
    assert_eq!(header.len(), 136);
    let words: Vec<_> = header
        .chunks_exact(8)
        .map(|it| u64::from_le_bytes(it.try_into().unwrap()))
        .collect();
    assert_eq!(words[..3], [0, 0x12_3450_0000, 0x12_3450_1000]);
    assert_eq!(words[16], 0x12_3450_f000);
    assert!(log_header(0x800).is_err() && log_header(0).is_err());
    assert!(log_header(0xffff_ffff_ffff_0000).is_err());
}
