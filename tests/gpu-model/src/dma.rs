// SPDX-License-Identifier: GPL-2.0

//! The guest's memory as the device may reach it: what is mapped, where, and in which direction.
//!
//! A client maps memory with a file descriptor, or without one when the range is not plain
//! memory. Under an IOMMU there is one mapping for each page, so bookkeeping and file mapping are
//! kept apart: a file is mapped once, however many ranges of it the device may use, and the table
//! of ranges decides about each access. A pointer never survives DMA_UNMAP.

mod backing;

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    ops::Range,
    sync::{
        Arc,
        Weak, //
    },
};

use thiserror::Error;

use backing::Backing;

/// Why a mapping was refused.
#[derive(Debug, Error)]
pub enum MapError {
    /// Size zero.
    #[error("mapping at {0:#x} has size zero")]
    Empty(u64),
    /// The end does not fit 64 bits.
    #[error("mapping at {0:#x} of {1:#x} bytes wraps around")]
    Wraps(u64, u64),
    /// Neither readable nor writable.
    #[error("mapping at {0:#x} is neither readable nor writable")]
    NoDirection(u64),
    /// Something is mapped there already.
    #[error("mapping at {0:#x} of {1:#x} bytes overlaps the one at {2:#x}")]
    Overlaps(u64, u64, u64),
    /// The file is shorter than the range.
    #[error("file of {len:#x} bytes cannot back {size:#x} bytes from offset {offset:#x}")]
    FileTooShort {
        /// Length of the file.
        len: u64,
        /// Offset of the range in the file.
        offset: u64,
        /// Length of the range.
        size: u64,
    },
    /// The file cannot be mapped.
    #[error("cannot map the memory file: {0}")]
    File(String),
}

impl From<MapError> for io::Error {
    fn from(error: MapError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// Why an access by the device was refused. Nothing has been transferred then.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DmaError {
    /// The command register forbids it.
    #[error("bus mastering is off")]
    BusMasterOff,
    /// The chip cannot put the address on the bus.
    #[error("{0:#x} needs more than the chip's {1} address bits")]
    AboveMask(u64, u32),
    /// No mapping at the given address.
    #[error("nothing is mapped at {0:#x}")]
    Unmapped(u64),
    /// A mapping that allows reading only.
    #[error("the mapping at {0:#x} is read-only")]
    ReadOnly(u64),
    /// A mapping that allows writing only.
    #[error("the mapping at {0:#x} is write-only")]
    WriteOnly(u64),
    /// A mapping without memory behind it.
    #[error("the mapping at {0:#x} is not memory")]
    NotMemory(u64),
}

/// Direction of an access, as the device sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The device reads guest memory.
    Read,
    /// The device writes guest memory.
    Write,
}

#[derive(Debug)]
struct Map {
    size: u64,
    readable: bool,
    writable: bool,
    memory: Option<(Arc<Backing>, u64)>,
}

/// All live mappings, and the width of the device's addresses.
#[derive(Debug)]
pub struct DmaSpace {
    maps: BTreeMap<u64, Map>,
    files: Vec<Weak<Backing>>,
    address_bits: u32,
}

/// A request to map a range.
#[derive(Debug)]
pub struct MapRequest {
    /// Bus address.
    pub address: u64,
    /// Length in bytes.
    pub size: u64,
    /// May the device read?
    pub readable: bool,
    /// May the device write?
    pub writable: bool,
    /// Memory behind the range, and the offset in it.
    pub memory: Option<(File, u64)>,
}

impl DmaSpace {
    /// No mappings; the device has `address_bits` address bits.
    pub fn new(address_bits: u32) -> Self {
        Self {
            maps: BTreeMap::new(),
            files: Vec::new(),
            address_bits,
        }
    }

    /// Number of live mappings.
    pub fn len(&self) -> usize {
        self.maps.len()
    }

    /// Is nothing mapped?
    pub fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// The mappings as a device sees them whose bus mastering is on or off.
    pub fn seen_by_master(&self, is_on: bool) -> Master<'_> {
        Master { space: self, is_on }
    }

    /// Adds a mapping.
    ///
    /// # Errors
    /// [`MapError`]; the table is unchanged then.
    pub fn map(&mut self, request: MapRequest) -> Result<(), MapError> {
        let MapRequest { address, size, .. } = request;
        if size == 0 {
            return Err(MapError::Empty(address));
        }
        let Some(last) = address.checked_add(size - 1) else {
            return Err(MapError::Wraps(address, size));
        };
        if !request.readable && !request.writable {
            return Err(MapError::NoDirection(address));
        }
        if let Some((&start, map)) = self.maps.range(..=last).next_back() {
            if start + (map.size - 1) >= address {
                return Err(MapError::Overlaps(address, size, start));
            }
        }
        let memory = match request.memory {
            None => None,
            Some((file, offset)) => Some((self.open(file, offset, size)?, offset)),
        };
        self.maps.insert(
            address,
            Map {
                size,
                readable: request.readable,
                writable: request.writable,
                memory,
            },
        );
        Ok(())
    }

    fn open(&mut self, file: File, offset: u64, size: u64) -> Result<Arc<Backing>, MapError> {
        let identity = backing::identity(&file).map_err(|e| MapError::File(e.to_string()))?;
        self.files.retain(|weak| weak.strong_count() != 0);
        let known = self
            .files
            .iter()
            .filter_map(Weak::upgrade)
            .find(|backing| backing.identity() == identity && backing.covers(offset, size));
        if let Some(backing) = known {
            return Ok(backing);
        }
        let backing = Arc::new(Backing::map(file, identity).map_err(MapError::File)?);
        if !backing.covers(offset, size) {
            let len = backing.len();
            return Err(MapError::FileTooShort { len, offset, size });
        }
        self.files.push(Arc::downgrade(&backing));
        Ok(backing)
    }

    /// Removes every mapping that lies inside `address..address + size` and returns their ranges.
    /// A mapping that only partly lies inside stays; no match is not an error.
    pub fn unmap(&mut self, address: u64, size: u64) -> Vec<Range<u64>> {
        let Some(last) = size.checked_sub(1).map(|n| address.saturating_add(n)) else {
            return Vec::new();
        };
        let gone: Vec<_> = self
            .maps
            .range(address..=last)
            .filter(|(start, map)| *start + (map.size - 1) <= last)
            .map(|(start, map)| *start..start.saturating_add(map.size))
            .collect();
        for range in &gone {
            self.maps.remove(&range.start);
        }
        gone
    }

    /// Removes all mappings and returns their ranges.
    pub fn unmap_all(&mut self) -> Vec<Range<u64>> {
        let maps = std::mem::take(&mut self.maps);
        maps.into_iter()
            .map(|(start, map)| start..start.saturating_add(map.size))
            .collect()
    }

    /// May the device move `len` bytes at `address` in the given direction?
    ///
    /// # Errors
    /// [`DmaError`] with the first address that stands in the way.
    pub fn check(
        &self,
        bus_master: bool,
        direction: Direction,
        address: u64,
        len: u64,
    ) -> Result<(), DmaError> {
        self.walk(bus_master, direction, address, len, |_, _, _, _| ())
    }

    /// Reads guest memory at `address` into `out`. The range may span adjacent mappings.
    ///
    /// # Errors
    /// [`DmaError`]; `out` is unchanged then.
    pub fn read(&self, bus_master: bool, address: u64, out: &mut [u8]) -> Result<(), DmaError> {
        let len = out.len() as u64;
        self.check(bus_master, Direction::Read, address, len)?;
        self.walk(
            bus_master,
            Direction::Read,
            address,
            len,
            |backing, offset, at, n| {
                backing.read(offset, &mut out[at..at + n]);
            },
        )
    }

    /// Writes `data` to guest memory at `address`. The range may span adjacent mappings.
    ///
    /// # Errors
    /// [`DmaError`]; guest memory is unchanged then.
    pub fn write(&self, bus_master: bool, address: u64, data: &[u8]) -> Result<(), DmaError> {
        let len = data.len() as u64;
        self.check(bus_master, Direction::Write, address, len)?;
        self.walk(
            bus_master,
            Direction::Write,
            address,
            len,
            |backing, offset, at, n| {
                backing.write(offset, &data[at..at + n]);
            },
        )
    }

    /// Calls `visit` with memory, offset in it, offset in the access and length, for each piece.
    fn walk(
        &self,
        bus_master: bool,
        direction: Direction,
        address: u64,
        len: u64,
        mut visit: impl FnMut(&Backing, u64, usize, usize),
    ) -> Result<(), DmaError> {
        if !bus_master {
            return Err(DmaError::BusMasterOff);
        }
        let mut done = 0;
        while done < len {
            let at = address
                .checked_add(done)
                .filter(|at| at >> self.address_bits == 0)
                .ok_or(DmaError::AboveMask(
                    address.saturating_add(done),
                    self.address_bits,
                ))?;
            let (start, map) = self
                .maps
                .range(..=at)
                .next_back()
                .filter(|(start, map)| at - *start < map.size)
                .ok_or(DmaError::Unmapped(at))?;
            match direction {
                Direction::Read if !map.readable => return Err(DmaError::WriteOnly(at)),
                Direction::Write if !map.writable => return Err(DmaError::ReadOnly(at)),
                _ => {}
            }
            let (backing, offset) = map.memory.as_ref().ok_or(DmaError::NotMemory(at))?;
            if direction == Direction::Write && !backing.is_writable() {
                return Err(DmaError::ReadOnly(at));
            }
            let inside = at - start;
            let piece = (map.size - inside).min(len - done);
            let above = (1u64 << self.address_bits) - at;
            let piece = piece.min(above);
            // CAST: both are bounded by the length of a slice in memory, or unused.
            visit(backing, offset + inside, done as usize, piece as usize);
            done += piece;
        }
        Ok(())
    }
}

/// Guest memory as the device reaches it at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Master<'a> {
    space: &'a DmaSpace,
    is_on: bool,
}

impl Master<'_> {
    /// As [`DmaSpace::check`].
    ///
    /// # Errors
    /// [`DmaError`] with the first address that stands in the way.
    pub fn check(&self, direction: Direction, address: u64, len: u64) -> Result<(), DmaError> {
        self.space.check(self.is_on, direction, address, len)
    }

    /// As [`DmaSpace::read`].
    ///
    /// # Errors
    /// [`DmaError`]; `out` is unchanged then.
    pub fn read(&self, address: u64, out: &mut [u8]) -> Result<(), DmaError> {
        self.space.read(self.is_on, address, out)
    }

    /// As [`DmaSpace::write`].
    ///
    /// # Errors
    /// [`DmaError`]; guest memory is unchanged then.
    pub fn write(&self, address: u64, data: &[u8]) -> Result<(), DmaError> {
        self.space.write(self.is_on, address, data)
    }
}

#[cfg(test)]
mod tests;
