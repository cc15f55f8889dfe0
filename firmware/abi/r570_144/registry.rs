// SPDX-License-Identifier: GPL-2.0

//! `PACKED_REGISTRY_TABLE`, the payload of `SET_REGISTRY`: GSP-RM's settings.
//!
//! | offset | size | |
//! |---|---|---|
//! | 0 | 4 | bytes of the table, strings and all |
//! | 4 | 4 | number of entries |
//! | 8 | 16 each | entries: offset of key (4), type (1), padding (3), data (4), length (4) |
//! | then | | each entry's key and, unless it is a number, its value |
//!
//! Offsets are from the table's start; keys and strings end with a NUL.

use super::{
    element::HEADERS_SIZE,
    queue::QUEUE_SIZE,
    wire::Wire, //
};
use core::fmt;

const TABLE_HEADER_SIZE: usize = 8;
const ENTRY_SIZE: usize = 16;

/// Bytes of the longest key, without its NUL.
pub const MAX_KEY: usize = 63;

/// Bytes of the longest table: GSP-RM wants the call to be smaller than its queue.
pub const MAX_SIZE: usize = QUEUE_SIZE - HEADERS_SIZE - 1;

/// What a setting is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number.
    Dword(u32),
    /// Bytes.
    Binary(&'a [u8]),
    /// Text without a NUL.
    Text(&'a str),
}

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting<'a> {
    /// Its name: 1 to [`MAX_KEY`] printable characters.
    pub key: &'a str,
    /// What it is set to.
    pub value: Value<'a>,
}

/// Lets the GPU be reset through its bus.
const BUS_RESET: Setting<'static> = Setting {
    key: "RMSecBusResetEnable",
    value: Value::Dword(1),
};

/// Keeps the configuration of PCI Express across that.
const PCIE_CONFIG_SAVE: Setting<'static> = Setting {
    key: "RMForcePcieConfigSave",
    value: Value::Dword(1),
};

/// Boots GPUs whose PCI device is not in GSP-RM's own list.
const DEVICE_ID_IGNORE: Setting<'static> = Setting {
    key: "RMDevidCheckIgnore",
    value: Value::Dword(1),
};

/// Divides the GPU among virtual machines.
const SRIOV_MODE: Setting<'static> = Setting {
    key: "RMSetSriovMode",
    value: Value::Dword(1),
};

/// What the driver always sets.
pub const DEFAULTS: [Setting<'static>; 3] = [BUS_RESET, PCIE_CONFIG_SAVE, DEVICE_ID_IGNORE];

/// What the driver sets where the GPU is divided among virtual machines.
pub const FOR_VGPU: [Setting<'static>; 4] = [
    BUS_RESET,
    PCIE_CONFIG_SAVE,
    DEVICE_ID_IGNORE,
    SRIOV_MODE, //
];

/// What the driver sets on a GPU that is divided among virtual machines, or is not.
pub const fn settings(is_for_vgpu: bool) -> &'static [Setting<'static>] {
    if is_for_vgpu {
        &FOR_VGPU
    } else {
        &DEFAULTS
    }
}

/// Why settings cannot be packed. The number is that of the setting, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistryError {
    /// The key is empty, too long, or has other than printable characters.
    Key(usize),
    /// The key has been used before.
    Duplicate(usize),
    /// The text has a NUL in it.
    Text(usize),
    /// The table would have more than [`MAX_SIZE`] bytes.
    TooLong(usize),
    /// The table does not fit into the bytes for it.
    NoRoom {
        /// Bytes of the table.
        needed: usize,
        /// Bytes for it.
        room: usize,
    },
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(index) => write!(f, "setting {index} has an impossible name"),
            Self::Duplicate(index) => write!(f, "setting {index} has been set before"),
            Self::Text(index) => write!(f, "setting {index} is text with a NUL in it"),
            Self::TooLong(index) => {
                write!(
                    f,
                    "setting {index} makes the table longer than {MAX_SIZE:#x} bytes"
                )
            }
            Self::NoRoom { needed, room } => {
                write!(f, "settings need {needed:#x} bytes and have {room:#x}")
            }
        }
    }
}

impl core::error::Error for RegistryError {}

impl<'a> Value<'a> {
    /// The number of its type, its bytes among the strings, and whether a NUL follows them.
    fn parts(self) -> (u8, &'a [u8], bool) {
        match self {
            Self::Dword(_) => (1, &[], false),
            Self::Binary(bytes) => (2, bytes, false),
            Self::Text(text) => (3, text.as_bytes(), true),
        }
    }
}

impl Setting<'_> {
    fn is_key_possible(&self) -> bool {
        (1..=MAX_KEY).contains(&self.key.len()) && self.key.bytes().all(|it| it.is_ascii_graphic())
    }

    /// Bytes of the setting in the table.
    fn size(&self) -> usize {
        let (_, bytes, nul) = self.value.parts();
        // Saturating: no slice is that long, but two may be.
        (ENTRY_SIZE + self.key.len() + 1 + usize::from(nul)).saturating_add(bytes.len())
    }
}

/// Bytes of the table with these settings.
///
/// # Errors
///
/// [`RegistryError`], except [`RegistryError::NoRoom`].
pub fn size(settings: &[Setting<'_>]) -> Result<usize, RegistryError> {
    let mut size = TABLE_HEADER_SIZE;
    for (index, setting) in settings.iter().enumerate() {
        // PANIC: there are more settings than the index.
        let before = &settings[..index];
        if !setting.is_key_possible() {
            return Err(RegistryError::Key(index));
        }
        if before.iter().any(|it| it.key == setting.key) {
            return Err(RegistryError::Duplicate(index));
        }
        if matches!(setting.value, Value::Text(text) if text.contains('\0')) {
            return Err(RegistryError::Text(index));
        }
        size = size.saturating_add(setting.size());
        if size > MAX_SIZE {
            return Err(RegistryError::TooLong(index));
        }
    }
    Ok(size)
}

/// Writes the table to the start of `out`; gives its size. The rest of `out` is not touched.
///
/// # Errors
///
/// [`RegistryError`]; then nothing is written.
pub fn encode(settings: &[Setting<'_>], out: &mut [u8]) -> Result<usize, RegistryError> {
    let needed = size(settings)?;
    let room = out.len();
    let table = out
        .get_mut(..needed)
        .ok_or(RegistryError::NoRoom { needed, room })?;
    table.fill(0);
    // PANIC, for all of the below: the table has the size of all that is written to it.
    // CAST: the table is smaller than `MAX_SIZE`.
    let mut header = Wire::<TABLE_HEADER_SIZE>::zeroed();
    header
        .put_u32::<0>(needed as u32)
        .put_u32::<4>(settings.len() as u32);
    let strings_at = TABLE_HEADER_SIZE + settings.len() * ENTRY_SIZE;
    let (entries, strings) = table.split_at_mut(strings_at);
    entries[..TABLE_HEADER_SIZE].copy_from_slice(&header.into_bytes());
    let mut used = 0;
    let entries = entries[TABLE_HEADER_SIZE..].chunks_exact_mut(ENTRY_SIZE);
    for (entry, setting) in entries.zip(settings) {
        let (kind, bytes, nul) = setting.value.parts();
        let key = setting.key.as_bytes();
        let key_at = used;
        let value_at = key_at + key.len() + 1;
        used = value_at + bytes.len() + usize::from(nul);
        strings[key_at..key_at + key.len()].copy_from_slice(key);
        strings[value_at..value_at + bytes.len()].copy_from_slice(bytes);
        let (data, length) = match setting.value {
            Value::Dword(number) => (number, 4),
            _ => ((strings_at + value_at) as u32, (used - value_at) as u32),
        };
        let mut packed = Wire::<ENTRY_SIZE>::zeroed();
        packed
            .put_u32::<0>((strings_at + key_at) as u32)
            .put_u8::<4>(kind)
            .put_u32::<8>(data)
            .put_u32::<12>(length);
        entry.copy_from_slice(&packed.into_bytes());
    }
    Ok(needed)
}

#[cfg(test)]
mod tests;
