// SPDX-License-Identifier: GPL-2.0

//! The table of interfaces in FWSEC's data, and DMEMMAPPER, the one that takes commands.
//!
//! | offset | size | table | | offset | size | DMEMMAPPER |
//! |---|---|---|---|---|---|---|
//! | 0 | 1 | version, 1 | | 0x00 | 4 | signature, "DMAP" |
//! | 1 | 1 | size of the header | | 0x04 | 2 | version, 3 |
//! | 2 | 1 | size of an entry | | 0x06 | 2 | size, 64 |
//! | 3 | 1 | number of entries | | 0x08 | 4 | offset of the command's buffer |
//! | | | **entry** | | 0x0c | 4 | size of the command's buffer |
//! | 0 | 4 | interface | | 0x2c | 4 | number of the command |
//! | 4 | 4 | offset | | | | |
//!
//! Offsets are from the start of the data.

use super::{
    command::{
        self,
        Command, //
    },
    VbiosError, //
};
use crate::{
    bytes::{
        array,
        range_within,
        u16_at,
        u32_at,
        Word, //
    },
    At, //
};
use core::ops::Range;

const VERSION: u8 = 1;
const HEADER_SIZE: usize = 4;
const ENTRY_SIZE: u8 = 8;

/// The interface that takes commands.
const DMEMMAPPER: u32 = 4;

const MAPPER_SIGNATURE: [u8; 4] = *b"DMAP";
const MAPPER_VERSION: u16 = 3;
const MAPPER_SIZE: u16 = 64;

/// Where commands go in FWSEC's data.
///
/// # Invariants
///
/// All bytes of both are inside the data they were found in.
pub(super) struct Mailbox {
    /// Where the 32-bit number of the command goes.
    number: usize,
    /// Where the command goes.
    buffer: usize,
}

impl Mailbox {
    /// Finds the place for `command` in `data`.
    ///
    /// The data are at `data_at` in the ROM, and `interfaces` is what the descriptor says is the
    /// table's offset.
    pub(super) fn find(
        data: &[u8],
        data_at: usize,
        interfaces: Word,
        command: Command,
    ) -> Result<Self, At<VbiosError>> {
        let mapper = find_mapper(data, data_at, interfaces)?;
        let error = |offset, reason| At::new(data_at + mapper.start + offset, reason);

        let header = data.get(mapper.clone()).unwrap_or_default();
        let signature = array(header, 0).unwrap_or_default();
        if signature != MAPPER_SIGNATURE {
            let found = u32::from_le_bytes(signature);
            return Err(error(0, VbiosError::MapperSignature(found)));
        }
        let version = u16_at(header, 4).unwrap_or_default();
        if version != MAPPER_VERSION {
            return Err(error(4, VbiosError::MapperVersion(version)));
        }
        let size = u16_at(header, 6).unwrap_or_default();
        if size < MAPPER_SIZE {
            return Err(error(6, VbiosError::MapperSize(size)));
        }
        let offset = u32_at(header, 0x08).unwrap_or_default();
        let buffer_size = u32_at(header, 0x0c).unwrap_or_default();
        // CAST: `usize` has at least 64 bits, as `bytes.rs` asserts.
        // There must be room for the longest command, whichever is given.
        let buffer = range_within(offset as usize, command::MAX_SIZE, data.len())
            .ok_or(error(0x08, VbiosError::CommandOutside(offset)))?;
        if (buffer_size as usize) < command.size() {
            return Err(error(0x0c, VbiosError::CommandBufferSize(buffer_size)));
        }
        // INVARIANT: the mapper and the buffer have been found inside the data, and the mapper is
        // longer than that.
        Ok(Self {
            number: mapper.start + 0x2c,
            buffer: buffer.start,
        })
    }

    /// Writes `command`, for which this place was found, into the same data.
    pub(super) fn write(self, data: &mut [u8], command: Command) {
        // By the type's invariant all bytes have a place.
        let mut put = |at: usize, bytes: &[u8]| {
            for (to, from) in data.iter_mut().skip(at).zip(bytes) {
                *to = *from;
            }
        };
        put(self.number, &command.number().to_le_bytes());
        let bytes = command.encode();
        put(self.buffer, bytes.get(..command.size()).unwrap_or_default());
    }
}

/// Where the first DMEMMAPPER in the table is. Its range is inside `data`.
fn find_mapper(
    data: &[u8],
    data_at: usize,
    interfaces: Word,
) -> Result<Range<usize>, At<VbiosError>> {
    let table = interfaces.size();
    let [version, header_size, entry_size, count] = array(data, table).ok_or(At::new(
        interfaces.at,
        VbiosError::InterfacesOutside(interfaces.value),
    ))?;
    let error = |offset, reason| At::new(data_at + table + offset, reason);
    if version != VERSION {
        return Err(error(0, VbiosError::InterfacesVersion(version)));
    }
    if usize::from(header_size) < HEADER_SIZE {
        return Err(error(1, VbiosError::InterfacesHeaderSize(header_size)));
    }
    if entry_size < ENTRY_SIZE {
        return Err(error(2, VbiosError::InterfacesEntrySize(entry_size)));
    }
    for index in 0..count {
        let entry = table + usize::from(header_size) + usize::from(entry_size) * usize::from(index);
        let (Some(interface), Some(offset)) = (u32_at(data, entry), u32_at(data, entry + 4)) else {
            return Err(error(3, VbiosError::InterfaceOutside(index)));
        };
        if interface == DMEMMAPPER {
            // CAST: `usize` has at least 64 bits, as `bytes.rs` asserts.
            return range_within(offset as usize, usize::from(MAPPER_SIZE), data.len()).ok_or(
                At::new(data_at + entry + 4, VbiosError::MapperOutside(offset)),
            );
        }
    }
    Err(error(3, VbiosError::NoMapper))
}
