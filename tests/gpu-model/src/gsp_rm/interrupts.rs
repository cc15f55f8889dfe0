// SPDX-License-Identifier: GPL-2.0

//! The table of interrupt vectors, control 0x20800a5c.

use super::{
    faults::InterruptTableFault,
    wire::put_u32,
    CardFacts, //
};
use crate::chips::Family;

/// Bytes of the control's parameters.
pub const SIZE: usize = 2068;
/// Vector on which the GSP tells that there is a message: leaf 4, bit 27.
pub const GSP_VECTOR: u32 = 0x9b;
/// No such vector.
const NONE: u32 = 0xffff_ffff;
const ENTRY: usize = 16;
const TABLE: usize = 4;
const CAPACITY: u32 = 128;
const SUBTREES: usize = 0x804;

/// Numbers of engines in this table.
mod engine {
    pub const TIMER: u16 = 1;
    pub const DISPLAY: u16 = 2;
    pub const FB: u16 = 3;
    pub const FIFO: u16 = 4;
    pub const BUS: u16 = 5;
    pub const PMU: u16 = 14;
    pub const SEC2: u16 = 47;
    pub const GSP: u16 = 50;
    pub const DISPLAY_LOW: u16 = 176;
}

/// Engine, vector for what has to be handled at once, and for mere notifications.
type Entry = (u16, u32, u32);

fn entries(card: &CardFacts) -> Vec<Entry> {
    let mut entries = vec![
        (engine::TIMER, 0x98, NONE),
        (engine::FB, 0x92, NONE),
        (engine::FIFO, 0x8b, NONE),
        (engine::BUS, 0x91, NONE),
        (engine::PMU, 0x9a, NONE),
        (engine::SEC2, 0x9c, 0x1c),
        (engine::GSP, GSP_VECTOR, NONE),
    ];
    if card.chip.has_display() {
        entries.insert(1, (engine::DISPLAY, 0x9d, NONE));
    }
    if card.chip.family == Family::Gb20x {
        entries.push((engine::DISPLAY_LOW, 0x9e, NONE));
    }
    entries
}

/// The parameters, with what `fault` makes of them.
pub fn table(card: &CardFacts, fault: Option<InterruptTableFault>) -> Vec<u8> {
    let mut entries = entries(card);
    match fault {
        Some(InterruptTableFault::NoGsp) => entries.retain(|(id, ..)| *id != engine::GSP),
        Some(InterruptTableFault::NoVector) => {
            for (_, stall, _) in entries.iter_mut().filter(|(id, ..)| *id == engine::GSP) {
                *stall = NONE;
            }
        }
        _ => {}
    }
    let mut table = vec![0; SIZE];
    // CAST: a few.
    let mut count = entries.len() as u32;
    if fault == Some(InterruptTableFault::TooLong) {
        count = CAPACITY + 1;
    }
    put_u32(&mut table, 0, count);
    for (index, (id, stall, nonstall)) in entries.into_iter().enumerate() {
        let at = TABLE + ENTRY * index;
        put_u32(&mut table, at, u32::from(id));
        put_u32(&mut table, at + 8, stall);
        put_u32(&mut table, at + 12, nonstall);
    }
    // All vectors for what has to be handled at once are in leaf 4, which is in subtree 2. The
    // other kinds have none.
    table[SUBTREES..].fill(0xff);
    table[SUBTREES] = 2;
    table[SUBTREES + 1] = 2;
    table
}
