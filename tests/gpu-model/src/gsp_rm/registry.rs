// SPDX-License-Identifier: GPL-2.0

//! The settings of `SET_REGISTRY`.

use std::ops::Range;

use super::{
    wire::u32_at,
    Findings, //
};
use crate::violations::{
    Complaint,
    GspRule, //
};

const TABLE: usize = 8;
const ENTRY: usize = 16;

/// What a setting is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Dword(u32),
    /// Bytes.
    Binary(Vec<u8>),
    /// Text.
    Text(String),
}

/// Reads the table; entries that cannot be read are ignored and complained about.
pub fn parse(payload: &[u8], findings: &mut Findings) -> Vec<(String, Value)> {
    let mut complain = |what: String| findings.push(Complaint::new(GspRule::Registry, what));
    if payload.len() < TABLE {
        complain(format!("registry of {} bytes has no header", payload.len()));
        return Vec::new();
    }
    let (size, count) = (u32_at(payload, 0), u32_at(payload, 4));
    if size as usize != payload.len() {
        complain(format!(
            "registry says it has {size:#x} bytes, the message {:#x}",
            payload.len()
        ));
    }
    let room = (payload.len() - TABLE) / ENTRY;
    if count as usize > room {
        complain(format!(
            "registry says it has {count} entries, {room} fit into it"
        ));
    }
    // CAST: at most 2^32.
    let count = (count as usize).min(room);
    let strings = TABLE + ENTRY * count;
    let mut used: Vec<Range<usize>> = Vec::new();
    let mut settings: Vec<(String, Value)> = Vec::new();
    for index in 0..count {
        let entry = &payload[TABLE + ENTRY * index..TABLE + ENTRY * (index + 1)];
        match read_entry(payload, entry, strings) {
            Err(why) => complain(format!("registry entry {index}: {why}")),
            Ok((_, _, ranges))
                if ranges
                    .iter()
                    .any(|new| used.iter().any(|old| overlap(old, new))) =>
            {
                complain(format!("registry entry {index} overlaps another's strings"));
            }
            Ok((key, ..)) if settings.iter().any(|(other, _)| *other == key) => {
                complain(format!("registry key \"{key}\" is set twice"));
            }
            Ok((key, value, ranges)) => {
                used.extend(ranges);
                settings.push((key, value));
            }
        }
    }
    settings
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

type Entry = (String, Value, Vec<Range<usize>>);

fn read_entry(payload: &[u8], entry: &[u8], strings: usize) -> Result<Entry, String> {
    // CAST: 32-bit numbers, here and below.
    let name = u32_at(entry, 0) as usize;
    let (kind, data, length) = (entry[4], u32_at(entry, 8), u32_at(entry, 12));
    if entry[5..8] != [0; 3] {
        return Err("dirty padding".into());
    }
    let (key, key_range) = text(payload, name, strings).map_err(|why| format!("its key {why}"))?;
    if key.is_empty() {
        return Err("its key is empty".into());
    }
    match kind {
        1 => {
            // Drivers write 4 or 0 here.
            if length != 4 && length != 0 {
                return Err(format!("number of {length} bytes"));
            }
            Ok((key, Value::Dword(data), vec![key_range]))
        }
        2 => {
            let range = data as usize..(data as usize).saturating_add(length as usize);
            if range.start < strings || range.end > payload.len() {
                return Err(format!("its bytes {range:#x?} are outside"));
            }
            let bytes = payload[range.clone()].to_vec();
            Ok((key, Value::Binary(bytes), vec![key_range, range]))
        }
        3 => {
            let (value, range) =
                text(payload, data as usize, strings).map_err(|why| format!("its text {why}"))?;
            if length as usize != range.len() {
                return Err(format!(
                    "text of {} bytes is said to have {length}",
                    range.len()
                ));
            }
            Ok((key, Value::Text(value), vec![key_range, range]))
        }
        _ => Err(format!("type {kind} is none of number, bytes and text")),
    }
}

/// Text at an offset that is not before `strings`, and where it is with its NUL.
fn text(payload: &[u8], at: usize, strings: usize) -> Result<(String, Range<usize>), &'static str> {
    if at < strings || at >= payload.len() {
        return Err("is outside");
    }
    let bytes = &payload[at..];
    let len = bytes
        .iter()
        .position(|byte| *byte == 0)
        .ok_or("has no NUL")?;
    let text = std::str::from_utf8(&bytes[..len]).map_err(|_| "is not text")?;
    Ok((text.into(), at..at + len + 1))
}
