// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::{
    bytes::u32_at,
    synthetic::words, //
};
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};
use std::{
    string::String,
    vec,
    vec::Vec, //
};

fn encoded(settings: &[Setting<'_>]) -> Result<Vec<u8>, RegistryError> {
    let mut out = vec![0xee; 0x4_0000];
    let size = encode(settings, &mut out)?;
    assert!(out[size..].iter().all(|&byte| byte == 0xee));
    out.truncate(size);
    Ok(out)
}

/// Reads a table as GSP-RM has to: key, type, data, length.
fn decoded(table: &[u8]) -> Vec<(Vec<u8>, u8, u32, u32)> {
    assert_eq!(u32_at(table, 0), Some(table.len() as u32));
    let number = u32_at(table, 4).unwrap() as usize;
    (0..number)
        .map(|index| {
            let at = 8 + 16 * index;
            let key = &table[u32_at(table, at).unwrap() as usize..];
            let key = key.split(|&byte| byte == 0).next().unwrap();
            let data = u32_at(table, at + 8).unwrap();
            let length = u32_at(table, at + 12).unwrap();
            (key.to_vec(), table[at + 4], data, length)
        })
        .collect()
}

fn dword(key: &str) -> Setting<'_> {
    Setting {
        key,
        value: Value::Dword(1),
    }
}

#[test]
fn defaults_are_as_published() {
    let mut want = words(&[0x75, 3, 0x38, 1, 1, 4, 0x4c, 1, 1, 4, 0x62, 1, 1, 4]);
    want.extend(b"RMSecBusResetEnable\0RMForcePcieConfigSave\0RMDevidCheckIgnore\0");
    assert_eq!(encoded(&DEFAULTS), Ok(want));
}

#[test]
fn a_divided_gpu_has_one_setting_more() {
    assert_eq!(settings(false), DEFAULTS);
    let (last, others) = settings(true).split_last().unwrap();
    assert_eq!(others, DEFAULTS);
    assert_eq!(*last, dword("RMSetSriovMode"));
}

#[test]
fn values_follow_their_keys() {
    let settings = [
        Setting {
            key: "a",
            value: Value::Text("xy"),
        },
        Setting {
            key: "bc",
            value: Value::Binary(&[0, 9]),
        },
        dword("d"),
    ];
    let mut want = words(&[8 + 48 + 5 + 5 + 2, 3]);
    want.extend(words(&[56, 3, 58, 3, 61, 2, 64, 2, 66, 1, 1, 4]));
    want.extend(b"a\0xy\0bc\0\0\x09d\0");
    assert_eq!(encoded(&settings), Ok(want));
    assert_eq!(encoded(&[]), Ok(words(&[8, 0])));
}

#[test]
fn impossible_settings_are_refused() {
    let long = "x".repeat(64);
    let huge = vec![0; MAX_SIZE];
    let text = |value| Setting {
        key: "text",
        value: Value::Text(value),
    };
    let huge = Setting {
        key: "huge",
        value: Value::Binary(&huge),
    };
    for (name, bad, want) in [
        ("no key", dword(""), RegistryError::Key(1)),
        ("long key", dword(&long), RegistryError::Key(1)),
        ("blank", dword("a b"), RegistryError::Key(1)),
        ("NUL in key", dword("a\0"), RegistryError::Key(1)),
        ("not ASCII", dword("\u{e9}"), RegistryError::Key(1)),
        ("twice", dword("first"), RegistryError::Duplicate(1)),
        ("NUL in text", text("a\0b"), RegistryError::Text(1)),
        ("huge", huge, RegistryError::TooLong(1)),
    ] {
        assert_eq!(encoded(&[dword("first"), bad]), Err(want), "{name}");
    }
    assert!(encoded(&[dword(&long[1..])]).is_ok());
}

#[test]
fn longest_table_is_smaller_than_the_queue() {
    let bytes = vec![0; MAX_SIZE];
    // A header, an entry, a key with its NUL.
    let longest = MAX_SIZE - 8 - 16 - 2;
    for (len, fits) in [(longest, true), (longest + 1, false)] {
        let setting = Setting {
            key: "k",
            value: Value::Binary(&bytes[..len]),
        };
        assert_eq!(size(&[setting]).is_ok(), fits, "{len}");
    }
    assert_eq!(MAX_SIZE + 80 + 1, 0x4_0000);
}

#[test]
fn tables_need_their_room() {
    let (needed, room) = (117, 116);
    let mut out = [0x55; 116];
    let error = encode(&DEFAULTS, &mut out);
    assert_eq!(error, Err(RegistryError::NoRoom { needed, room }));
    assert_eq!(out, [0x55; 116]);
}

proptest! {
    #[test]
    fn tables_can_be_read_back(settings in any_vec(("[!-~]{1,63}", any::<u32>(), any_vec(any::<u8>(), 0..40), 0u8..3), 0..8)) {
        let mut keys: Vec<&String> = settings.iter().map(|it| &it.0).collect();
        keys.sort();
        let unique = keys.windows(2).all(|it| it[0] != it[1]);
        let texts: Vec<String> = settings.iter().map(|it| it.2.escape_ascii().collect::<Vec<_>>()).map(|it| String::from_utf8(it).unwrap()).collect();
        let list: Vec<_> = settings.iter().zip(&texts).map(|((key, number, bytes, kind), text)| {
            let value = match kind {
                0 => Value::Dword(*number),
                1 => Value::Binary(bytes),
                _ => Value::Text(text),
            };
            Setting { key, value }
        }).collect();
        let table = encoded(&list);
        prop_assert_eq!(table.is_ok(), unique);
        for ((key, kind, data, length), setting) in table.iter().flat_map(|it| decoded(it)).zip(&list) {
            let table = table.as_ref().unwrap();
            prop_assert_eq!(&key[..], setting.key.as_bytes());
            let stored = || &table[data as usize..][..length as usize];
            match setting.value {
                Value::Dword(number) => prop_assert_eq!((kind, data, length), (1, number, 4)),
                Value::Binary(bytes) => prop_assert_eq!((kind, stored()), (2, bytes)),
                Value::Text(text) => prop_assert_eq!((kind, stored()), (3, &[text.as_bytes(), b"\0"].concat()[..])),
            }
        }
    }
}
