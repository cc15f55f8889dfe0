// SPDX-License-Identifier: GPL-2.0

//! The table of falcon ucodes: which application has its descriptor where.
//!
//! | offset | size | header | | offset | size | entry |
//! |---|---|---|---|---|---|---|
//! | 0 | 1 | version, 1 | | 0 | 1 | application |
//! | 1 | 1 | size of the header | | 1 | 1 | target |
//! | 2 | 1 | size of an entry | | 2 | 4 | pointer to the descriptor |
//! | 3 | 1 | number of entries | | | | |

use super::{
    source::Reader,
    ReadError,
    RomSource,
    Vbios,
    VbiosError, //
};
use crate::{
    bytes::{
        range_within,
        Word, //
    },
    At, //
};

const VERSION: u8 = 1;
const HEADER_SIZE: usize = 4;
const ENTRY_SIZE: u8 = 6;

/// An application in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Application {
    /// FWSEC signed for GPUs as they are sold.
    FwsecProduction = 0x85,
    /// FWSEC signed for GPUs whose fuses allow debugging.
    FwsecDebug = 0x45,
}

/// The pointer to the descriptor of `application`, given the pointer to the table.
///
/// If there are several, the first counts.
pub(super) fn find<S: RomSource>(
    rom: &mut Reader<'_, S>,
    vbios: &Vbios,
    table: Word,
    application: Application,
) -> Result<Word, ReadError<S::Error>> {
    let at = vbios.resolve(table, HEADER_SIZE)?;
    let [version, header_size, entry_size, count] = rom.bytes(at)?;
    if version != VERSION {
        return Err(At::new(at, VbiosError::TableVersion(version)).into());
    }
    if usize::from(header_size) < HEADER_SIZE {
        return Err(At::new(at + 1, VbiosError::TableHeaderSize(header_size)).into());
    }
    if entry_size < ENTRY_SIZE {
        return Err(At::new(at + 2, VbiosError::TableEntrySize(entry_size)).into());
    }
    let entries = at + usize::from(header_size);
    let size = usize::from(entry_size) * usize::from(count);
    if range_within(entries, size, vbios.fwsec.end).is_none() {
        return Err(At::new(at + 3, VbiosError::TableOutside(count)).into());
    }
    // CAST: the enum's discriminants are its values in the table.
    let wanted = application as u8;
    for entry in (entries..)
        .step_by(usize::from(entry_size))
        .take(usize::from(count))
    {
        if rom.bytes(entry)? == [wanted] {
            return rom.word(entry + 2);
        }
    }
    Err(At::new(at, VbiosError::NoApplication(wanted)).into())
}
