// SPDX-License-Identifier: GPL-2.0

//! The answer of `INTERNAL_INTR_GET_KERNEL_TABLE`: which interrupt vector is whose.
//!
//! | offset | size | | |
//! |---|---|---|---|
//! | 0 | 4 | `tableLen` | entries there are, 128 at most |
//! | 4 | 16 each | `table` | engine (2), padding (2), `pmcIntrMask` (4), stalling vector (4), other vector (4) |
//! | 2052 | 14 | `subtreeMap` | not used |

use super::wire::Wire;
use crate::At;
use core::fmt;

/// Number of the method, of an internal subdevice.
pub const COMMAND: u32 = 0x2080_0a5c;

/// Bytes of the parameters, all 0 in the call.
pub const SIZE: usize = 2068;

/// The most entries there are.
pub const MAX_ENTRIES: usize = 128;

const ENTRY_SIZE: usize = 16;
const TABLE: usize = 4;

/// What a vector's number is if there is none.
const NO_VECTOR: u32 = u32::MAX;

/// An engine, as numbered in this table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine(pub u16);

impl Engine {
    /// The GSP itself.
    pub const GSP: Self = Self(50);
}

/// Why the table cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableError {
    /// There are fewer bytes than the parameters have.
    Short,
    /// There are said to be more entries than there is room for.
    TooMany(u32),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => write!(f, "interrupt table of less than {SIZE} bytes"),
            Self::TooMany(entries) => {
                write!(f, "interrupt table of {entries} entries, {MAX_ENTRIES} fit")
            }
        }
    }
}

impl core::error::Error for TableError {}

/// The table.
#[derive(Clone, Debug)]
pub struct InterruptTable<'a> {
    entries: &'a [u8],
}

/// Vectors of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vectors {
    /// Raised when the engine waits to be served.
    pub stall: Option<u32>,
    /// Raised when it goes on all the same.
    pub non_stall: Option<u32>,
}

impl<'a> InterruptTable<'a> {
    /// Reads the parameters of the answer.
    ///
    /// # Errors
    ///
    /// [`TableError`] and where.
    pub fn parse(params: &'a [u8]) -> Result<Self, At<TableError>> {
        let short = At::new(params.len(), TableError::Short);
        let params = params.get(..SIZE).ok_or(short)?;
        let said = Wire::<TABLE>::from_prefix(params)
            .ok_or(short)?
            .get_u32::<0>();
        // CAST: widening.
        let len = said as usize;
        if len > MAX_ENTRIES {
            return Err(At::new(0, TableError::TooMany(said)));
        }
        let entries = params.get(TABLE..TABLE + len * ENTRY_SIZE).ok_or(short)?;
        Ok(Self { entries })
    }

    /// Vectors of an engine, if it is in the table; its first entry counts.
    pub fn vectors(&self, engine: Engine) -> Option<Vectors> {
        let vector = |number: u32| (number != NO_VECTOR).then_some(number);
        self.entries
            .chunks_exact(ENTRY_SIZE)
            .filter_map(Wire::<ENTRY_SIZE>::from_prefix)
            .find(|entry| u16::from_le_bytes(entry.get::<0, 2>()) == engine.0)
            .map(|entry| Vectors {
                stall: vector(entry.get_u32::<8>()),
                non_stall: vector(entry.get_u32::<12>()),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{
        poke,
        poked, //
    };
    use proptest::{
        collection::vec as any_vec,
        prelude::*, //
    };
    use std::{
        string::ToString,
        vec,
        vec::Vec, //
    };

    fn table(entries: &[[u32; 4]]) -> Vec<u8> {
        let mut params = vec![0; SIZE];
        poke(&mut params, 0, entries.len() as u32);
        for (index, entry) in entries.iter().enumerate() {
            for (word, value) in entry.iter().enumerate() {
                poke(&mut params, 4 + 16 * index + 4 * word, *value);
            }
        }
        params
    }

    #[test]
    fn engines_are_found() {
        let params = table(&[
            [2, 0x400_0000, 154, u32::MAX],
            // What is behind the engine's number is padding.
            [0xabcd_0032, 0, 155, 7],
            [50, 0, 1, 1],
            [0, 0, u32::MAX, 0],
        ]);
        let table = InterruptTable::parse(&params).unwrap();
        for (engine, want) in [
            (Engine::GSP, Some((Some(155), Some(7)))),
            (Engine(2), Some((Some(154), None))),
            (Engine(0), Some((None, Some(0)))),
            (Engine(176), None),
        ] {
            let want = want.map(|(stall, non_stall)| Vectors { stall, non_stall });
            assert_eq!(table.vectors(engine), want, "{engine:?}");
        }
    }

    #[test]
    fn entries_beyond_the_end_do_not_count() {
        let params = poked(&table(&[[50, 0, 155, 0]]), 0, 0);
        let table = InterruptTable::parse(&params).unwrap();
        assert_eq!(table.vectors(Engine::GSP), None);
    }

    #[test]
    fn last_entry_counts() {
        let mut params = table(&[]);
        poke(&mut params, 0, 128);
        poke(&mut params, 4 + 16 * 127, 50);
        poke(&mut params, 4 + 16 * 127 + 8, 200);
        let table = InterruptTable::parse(&params).unwrap();
        assert_eq!(table.vectors(Engine::GSP).unwrap().stall, Some(200));
    }

    #[test]
    fn impossible_tables_are_refused() {
        for (name, params, want) in [
            (
                "129 entries",
                poked(&table(&[]), 0, 129),
                "interrupt table of 129 entries, 128 fit at offset 0x0",
            ),
            (
                "cut",
                table(&[])[..2067].to_vec(),
                "interrupt table of less than 2068 bytes at offset 0x813",
            ),
        ] {
            let error = InterruptTable::parse(&params).unwrap_err();
            assert_eq!(error.to_string(), want, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(mut params in any_vec(any::<u8>(), SIZE), len in 0..=128u32) {
            poke(&mut params, 0, len);
            let table = InterruptTable::parse(&params).unwrap();
            let _ = table.vectors(Engine::GSP);
        }
    }
}
