// SPDX-License-Identifier: GPL-2.0

//! Controls: questions to objects and orders to them.
//!
//! A control that is not in the table is not supported. The board says that it has no engines
//! that run channels and no heads: nothing behind them is modelled.

use super::{
    boards,
    faults::InterruptTableFault,
    interrupts,
    objects::{
        class,
        status,
        Objects, //
    },
    wire::{
        put,
        put_u32,
        put_u64,
        u32_at,
        u64_at, //
    },
    CardFacts,
};
use crate::chips::Family;

/// What a control does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    GpcMask,
    TpcMask,
    MemorySystem,
    InterruptTable,
    /// The answer is that there are none: all parameters become zero but for the first words,
    /// which ask.
    Nothing {
        asked: usize,
    },
    FaultMethodBufferSize,
    SetPageDirectory,
    UnsetPageDirectory,
    /// An order that changes nothing that is modelled.
    Accept,
    /// An order about memory that the display uses.
    DisplayMemory,
    DisplayStaticInfo,
    SaveMemory,
    PowerStates,
}

struct Row {
    command: u32,
    /// Class of the object that it is for.
    class: u32,
    /// Bytes of the parameters.
    size: usize,
    needs_display: bool,
    kind: Kind,
}

const fn row(command: u32, class: u32, size: usize, kind: Kind) -> Row {
    Row {
        command,
        class,
        size,
        needs_display: false,
        kind,
    }
}

const fn display(command: u32, class: u32, size: usize, kind: Kind) -> Row {
    Row {
        needs_display: true,
        ..row(command, class, size, kind)
    }
}

#[rustfmt::skip]
const CONTROLS: &[Row] = &[
    row(0x2080_0137, class::SUBDEVICE, 4, Kind::GpcMask),
    row(0x2080_0138, class::SUBDEVICE, 8, Kind::TpcMask),
    row(0x2080_01b0, class::SUBDEVICE, 1284, Kind::Nothing { asked: 0 }),
    row(0x2080_0301, class::SUBDEVICE, 20, Kind::Accept),
    row(0x2080_0a1c, class::SUBDEVICE, 40, Kind::MemorySystem),
    row(0x2080_0a5c, class::SUBDEVICE, interrupts::SIZE, Kind::InterruptTable),
    row(0x2080_0a6f, class::SUBDEVICE, 1, Kind::Accept),
    row(0x2080_0ac2, class::SUBDEVICE, 24, Kind::SaveMemory),
    row(0x2080_0ac3, class::SUBDEVICE, 1, Kind::Accept),
    row(0x2080_1112, class::SUBDEVICE, 3212, Kind::Nothing { asked: 4 }),
    row(0x2080_2a08, class::SUBDEVICE, 4, Kind::FaultMethodBufferSize),
    row(0x2080_a7d7, class::SUBDEVICE, 2, Kind::PowerStates),
    row(0x0080_1306, class::DEVICE, 80, Kind::Nothing { asked: 0 }),
    row(0x0080_1813, class::DEVICE, 32, Kind::SetPageDirectory),
    row(0x0080_1814, class::DEVICE, 8, Kind::UnsetPageDirectory),
    display(0x2080_0a01, class::SUBDEVICE, 36, Kind::DisplayStaticInfo),
    display(0x2080_0a49, class::SUBDEVICE, 24, Kind::DisplayMemory),
    display(0x2080_0ac6, class::SUBDEVICE, 4104, Kind::Accept),
    display(0x0073_0102, class::DISPLAY_COMMON, 12, Kind::Nothing { asked: 8 }),
    display(0x0073_0107, class::DISPLAY_COMMON, 12, Kind::Nothing { asked: 4 }),
    display(0x0073_0287, class::DISPLAY_COMMON, 8, Kind::Nothing { asked: 4 }),
    display(0x0073_1365, class::DISPLAY_COMMON, 4, Kind::Accept),
];

/// Does a control; `params` becomes the answer. Gives the status.
pub fn control(
    card: &CardFacts,
    objects: &mut Objects,
    fault: Option<InterruptTableFault>,
    (client, handle, command): (u32, u32, u32),
    params: &mut [u8],
) -> u32 {
    let object = match objects.find(client, handle) {
        Ok(object) => object,
        Err(status) => return status,
    };
    let Some(row) = CONTROLS.iter().find(|row| row.command == command) else {
        return status::NOT_SUPPORTED;
    };
    if row.class != object.class {
        return status::INVALID_OBJECT_HANDLE;
    }
    if row.needs_display && !objects.has_display() {
        return status::NOT_SUPPORTED;
    }
    if row.size != params.len() {
        return status::INVALID_PARAM_STRUCT;
    }
    match row.kind {
        Kind::GpcMask => match boards::board(card.chip.name) {
            Some(board) => put_u32(params, 0, (1 << board.gpcs) - 1),
            None => return status::NOT_SUPPORTED,
        },
        Kind::TpcMask => match boards::board(card.chip.name) {
            Some(board) if u32_at(params, 0) < board.gpcs => {
                put_u32(params, 4, (1 << board.tpcs) - 1);
            }
            _ => return status::INVALID_ARGUMENT,
        },
        Kind::MemorySystem => memory_system(card, params),
        Kind::InterruptTable => put(params, 0, &interrupts::table(card, fault)),
        Kind::Nothing { asked } => params[asked..].fill(0),
        Kind::FaultMethodBufferSize => put_u32(params, 0, 0x5000),
        Kind::SetPageDirectory => return set_page_directory(card, objects, client, params),
        Kind::UnsetPageDirectory => return unset_page_directory(objects, client, params),
        Kind::Accept => {}
        Kind::DisplayMemory => return judge_display_memory(card, params),
        Kind::DisplayStaticInfo => params.fill(0),
        Kind::SaveMemory => {
            let list = (u32_at(params, 0), u32_at(params, 4));
            return match objects.find(list.0, list.1) {
                Ok(object) if object.class == class::MEMORY_LIST_SYSTEM => status::OK,
                Ok(_) => status::INVALID_OBJECT_HANDLE,
                Err(status) => status,
            };
        }
        // Neither of the two deep sleeps can be entered.
        Kind::PowerStates => params.fill(0),
    }
    status::OK
}

fn memory_system(card: &CardFacts, params: &mut [u8]) {
    params.fill(0);
    // Ampere and Ada keep compression data in raw form.
    params[2] = u8::from(matches!(
        card.chip.family,
        Family::Ga100 | Family::Ga10x | Family::Ada
    ));
    if let Some(board) = boards::board(card.chip.name) {
        put_u64(params, 0x08, u64::from(board.l2_kib) << 10);
        put_u32(params, 0x1c, board.ram_type);
    }
    params[0x10] = 1;
    put_u32(params, 0x14, 0x1_0000);
    put_u32(params, 0x18, 16);
}

fn set_page_directory(card: &CardFacts, objects: &mut Objects, client: u32, params: &[u8]) -> u32 {
    let (root, entries, flags) = (u64_at(params, 0), u32_at(params, 8), u32_at(params, 12));
    let is_in_vram = flags & 3 == 0;
    let is_possible =
        root % 0x10 == 0 && entries != 0 && (!is_in_vram || root + 0x1000 <= card.vram);
    if !is_possible {
        return status::INVALID_ARGUMENT;
    }
    match objects.find_mut(client, u32_at(params, 16)) {
        Ok(space) if space.class == class::VASPACE && space.is_externally_owned => {
            space.page_directory = Some(root);
            status::OK
        }
        Ok(_) => status::INVALID_ARGUMENT,
        Err(status) => status,
    }
}

fn unset_page_directory(objects: &mut Objects, client: u32, params: &[u8]) -> u32 {
    match objects.find_mut(client, u32_at(params, 0)) {
        Ok(space) => match space.page_directory.take() {
            Some(_) => status::OK,
            None => status::INVALID_STATE,
        },
        Err(status) => status,
    }
}

fn judge_display_memory(card: &CardFacts, params: &[u8]) -> u32 {
    let (address, size) = (u64_at(params, 0), u64_at(params, 8));
    match address.checked_add(size) {
        Some(end) if end <= card.vram => status::OK,
        _ => status::INVALID_ARGUMENT,
    }
}
