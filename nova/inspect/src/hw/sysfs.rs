// SPDX-License-Identifier: GPL-2.0

//! PCI devices as sysfs shows them. Files are only read.

use crate::report::Fields;
use std::{
    fs::{
        self,
        File, //
    },
    io::{
        self,
        Read, //
    },
    path::{
        Path,
        PathBuf, //
    }, //
};

/// Bits of a resource's flags.
const IO: u64 = 0x100;
const PREFETCHABLE: u64 = 0x2000;
const WIDE: u64 = 0x10_0000;

/// The ROM's place in the list of resources.
const ROM: usize = 6;

/// Offset of the command register in the configuration space, and its bit for memory.
const COMMAND: usize = 4;
const MEMORY: u8 = 2;

/// No ROM is longer.
const MAX_ROM: u64 = 16 << 20;

/// A device.
#[derive(Debug)]
pub(super) struct Device {
    directory: PathBuf,
    address: String,
}

/// A range of addresses that a device answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// 0 to 5, or 6 for the ROM.
    pub(super) index: usize,
    start: u64,
    /// Bytes.
    pub(super) size: u64,
    flags: u64,
}

/// All devices of the bus.
pub(super) fn devices(sysfs: &Path) -> io::Result<Vec<Device>> {
    let bus = sysfs.join("bus/pci/devices");
    let entries = fs::read_dir(&bus)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", bus.display())))?;
    entries
        .map(|entry| {
            let entry = entry?;
            Ok(Device {
                directory: entry.path(),
                address: entry.file_name().to_string_lossy().into_owned(),
            })
        })
        .collect()
}

impl Device {
    /// The device at `address`, which may lack the domain.
    pub(super) fn open(sysfs: &Path, address: &str) -> io::Result<Self> {
        let address = match address.matches(':').count() {
            1 => format!("0000:{address}"),
            _ => address.to_owned(),
        };
        let directory = sysfs.join("bus/pci/devices").join(&address);
        if address.contains('/') || !directory.is_dir() {
            let reason = format!("no PCI device {address}");
            return Err(io::Error::new(io::ErrorKind::NotFound, reason));
        }
        Ok(Self { directory, address })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The path of one of its files.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The text of a file, without the end of the line.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = fs::read_to_string(self.file(name)).ok()?;
        Some(text.trim().to_owned())
    }

    /// The number in a file, written as `0x…`.
    pub(super) fn hex(&self, name: &str) -> Option<u32> {
        u32::try_from(hex(&self.text(name)?)?).ok()
    }

    /// The name that a symbolic link leads to.
    pub(super) fn link(&self, name: &str) -> Option<String> {
        let to = fs::read_link(self.file(name)).ok()?;
        Some(to.file_name()?.to_string_lossy().into_owned())
    }

    /// Whether the device answers to addresses of its BARs; `None` if its configuration cannot be read.
    pub(super) fn memory_decoded(&self) -> Option<bool> {
        let mut command = [0; COMMAND + 1];
        File::open(self.file("config"))
            .ok()?
            .read_exact(&mut command)
            .ok()?;
        let [.., command] = command;
        Some(command & MEMORY != 0)
    }

    /// The BARs and the ROM, those that are there.
    pub(super) fn bars(&self) -> Vec<Bar> {
        let text = self.text("resource").unwrap_or_default();
        text.lines()
            .take(ROM + 1)
            .enumerate()
            .filter_map(|(index, line)| Bar::parse(index, line))
            .collect()
    }

    /// What the kernel gives of the ROM, which is nothing unless it has been asked to enable it.
    pub(super) fn rom(&self) -> io::Result<Vec<u8>> {
        let mut rom = Vec::new();
        File::open(self.file("rom"))?
            .take(MAX_ROM)
            .read_to_end(&mut rom)?;
        if rom.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(rom)
    }
}

impl Bar {
    /// Reads a line of the file `resource`; `None` if there is no such BAR.
    fn parse(index: usize, line: &str) -> Option<Self> {
        let mut numbers = line.split_whitespace().map(hex);
        let (start, end, flags) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let size = end.checked_sub(start)?.checked_add(1)?;
        (flags != 0).then_some(Self {
            index,
            start,
            size,
            flags,
        })
    }

    pub(super) fn describe(&self) -> Fields {
        let name = match self.index {
            ROM => "ROM".to_owned(),
            index => index.to_string(),
        };
        let kind = match (self.flags & IO != 0, self.flags & WIDE != 0) {
            (true, _) => "ports",
            (false, true) => "64-bit memory",
            (false, false) => "32-bit memory",
        };
        Fields::new()
            .with("BAR", name)
            .with_hex("start", self.start)
            .with_hex("size", self.size)
            .with("kind", kind)
            .with("prefetchable", self.flags & PREFETCHABLE != 0)
    }
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::Bar;

    #[test]
    fn resources_are_read() {
        for (line, want) in [
            (
                "0x00000000fa000000 0x00000000faffffff 0x0000000000040200",
                Some((0xfa00_0000, 16 << 20)),
            ),
            (
                "0x0000000000000000 0x0000000000000000 0x0000000000000000",
                None,
            ),
            ("0x10 0x10 0x200", Some((0x10, 1))),
            ("0x10 0x0f 0x200", None),
            ("0x0 0xffffffffffffffff 0x200", None),
            ("0x10 0x1f", None),
            ("16 31 512", None),
            ("", None),
        ] {
            let bar = Bar::parse(0, line).map(|bar| (bar.start, bar.size));
            assert_eq!(bar, want, "{line}");
        }
    }
}
