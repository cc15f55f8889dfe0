// SPDX-License-Identifier: GPL-2.0

//! The settings' table and what may be wrong with it.

use super::guest::{
    registry as golden,
    words, //
};
use crate::gsp_rm::registry::{
    parse,
    Value, //
};

fn errors(table: &[u8]) -> (usize, Vec<String>) {
    let mut findings = Vec::new();
    let settings = parse(table, &mut findings);
    let errors = findings
        .into_iter()
        .map(|complaint| {
            assert_eq!(complaint.rule.id(), "GV-19");
            complaint.what
        })
        .collect();
    (settings.len(), errors)
}

fn put(table: &mut [u8], at: usize, value: u32) {
    table[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn both_lengths_of_a_number_are_right() {
    for length in [0, 4] {
        assert_eq!(errors(&golden(length)), (3, vec![]));
    }
}

#[test]
fn each_mistake_costs_its_entry() {
    type Change = fn(&mut Vec<u8>);
    let changes: &[(&str, usize, Change, &str)] = &[
        ("size", 3, |t| put(t, 0, 0x76), "bytes, the message"),
        ("key outside", 2, |t| put(t, 8, 0x75), "its key is outside"),
        (
            "key in the entries",
            2,
            |t| put(t, 8, 8),
            "its key is outside",
        ),
        ("type", 2, |t| t[12] = 4, "type 4"),
        ("type zero", 2, |t| t[12] = 0, "type 0"),
        ("padding", 2, |t| t[13] = 1, "dirty padding"),
        ("length", 2, |t| put(t, 20, 8), "number of 8 bytes"),
        ("no NUL", 2, |t| *t.last_mut().unwrap() = b'x', "has no NUL"),
        ("same key", 2, |t| put(t, 24, 0x38), "overlaps"),
        ("tail of another key", 2, |t| put(t, 24, 0x3a), "overlaps"),
        ("empty key", 2, |t| t[0x38] = 0, "empty"),
        (
            "text outside",
            2,
            |t| {
                t[12] = 3;
                put(t, 16, 0x75);
            },
            "its text is outside",
        ),
        (
            "bytes outside",
            2,
            |t| {
                t[12] = 2;
                put(t, 16, 0x70);
                put(t, 20, 6);
            },
            "are outside",
        ),
    ];
    for (name, left, change, want) in changes {
        let mut table = golden(4);
        change(&mut table);
        let (settings, errors) = errors(&table);
        assert_eq!(settings, *left, "{name}: {errors:?}");
        assert_eq!(errors.len(), 1, "{name}: {errors:?}");
        assert!(errors[0].contains(want), "{name}: {errors:?}");
    }
}

#[test]
fn impossible_tables_are_noticed() {
    assert_eq!(errors(&[8, 0, 0]).1, ["registry of 3 bytes has no header"]);
    let (settings, errors) = errors(&words(&[8, 1]));
    assert_eq!(settings, 0);
    assert_eq!(errors, ["registry says it has 1 entries, 0 fit into it"]);
}

#[test]
fn same_key_in_two_places_is_a_duplicate() {
    let mut table = words(&[0, 2, 40, 1, 1, 4, 42, 1, 2, 4]);
    table.extend(b"a\0a\0");
    let size = table.len() as u32;
    put(&mut table, 0, size);
    let (settings, errors) = errors(&table);
    assert_eq!(
        (settings, errors),
        (1, vec!["registry key \"a\" is set twice".into()])
    );
}

#[test]
fn text_and_bytes_are_read() {
    let mut table = words(&[0, 2, 40, 3, 42, 4, 46, 2, 48, 3]);
    table.extend(b"t\0abc\0b\0\x01\0\x02");
    let size = table.len() as u32;
    put(&mut table, 0, size);
    let mut findings = Vec::new();
    let settings = parse(&table, &mut findings);
    assert_eq!(findings, []);
    assert_eq!(
        settings,
        [
            ("t".into(), Value::Text("abc".into())),
            ("b".into(), Value::Binary(vec![1, 0, 2]))
        ]
    );
}
