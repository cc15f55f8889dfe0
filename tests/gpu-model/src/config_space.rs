// SPDX-License-Identifier: GPL-2.0

//! PCI configuration space: 4096 bytes, each with masks that say what a write may do.
//!
//! The client emulates BAR addresses, MSI and MSI-X for the guest, but forwards every write to
//! here, sizing writes included. So each read-only bit is protected here, a BAR's address is
//! learned only from writes that are not sizing, and the function-level reset is recognised
//! from the write to Device Control: no message announces it.

pub mod board;
mod layout;

use layout::Layout;
pub use layout::{
    Bar,
    Caps, //
};

/// Bytes of configuration space.
pub const SIZE: usize = 4096;

const COMMAND: usize = 0x04;
const COMMAND_MEMORY: u16 = 1 << 1;
const COMMAND_BUS_MASTER: u16 = 1 << 2;
const COMMAND_INTX_DISABLE: u16 = 1 << 10;
const BAR_0: usize = 0x10;
const ROM: usize = 0x30;
const DEVICE_CONTROL_FLR: u16 = 1 << 15;
const POWER_STATE_MASK: u16 = 3;
const D3_HOT: u16 = 3;

/// What a write to the configuration space set off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Function-level reset: the configuration space has already been reset.
    FunctionLevelReset,
    /// A BAR was given another address while memory decode was on.
    BarMoved {
        /// BAR register number.
        index: usize,
        /// Address before.
        from: u64,
        /// Address now.
        to: u64,
    },
}

/// The configuration space of one function.
#[derive(Debug)]
pub struct ConfigSpace {
    layout: Layout,
    bytes: Box<[u8; SIZE]>,
    addresses: [u32; 6],
}

impl ConfigSpace {
    /// The configuration space that `layout` describes, as after reset.
    fn new(layout: Layout) -> Self {
        let bytes = layout.reset.clone();
        Self {
            layout,
            bytes,
            addresses: [0; 6],
        }
    }

    /// Returns every byte to its reset value.
    pub fn reset(&mut self) {
        self.bytes.copy_from_slice(&self.layout.reset[..]);
        self.addresses = [0; 6];
    }

    /// The function was reset. Where its BARs are stays known: the client answers reads of them
    /// itself and forgets nothing, so that the guest, which restores what has changed, finds
    /// nothing to restore.
    fn function_level_reset(&mut self) {
        let addresses = self.addresses;
        let bars: [u8; 24] = std::array::from_fn(|i| self.bytes[BAR_0 + i]);
        self.reset();
        self.addresses = addresses;
        self.bytes[BAR_0..BAR_0 + bars.len()].copy_from_slice(&bars);
    }

    /// BARs by register number; the upper half of a 64-bit BAR is absent.
    pub fn bars(&self) -> &[Option<Bar>; 6] {
        &self.layout.bars
    }

    /// Size of the expansion ROM BAR in bytes, if there is one.
    pub fn rom_size(&self) -> Option<u32> {
        self.layout.rom_size
    }

    /// Where the capabilities are.
    pub fn caps(&self) -> &Caps {
        &self.layout.caps
    }

    /// Fills `out` from `offset`; what lies past the end reads as zero.
    pub fn read(&self, offset: u64, out: &mut [u8]) {
        out.fill(0);
        let Ok(offset) = usize::try_from(offset) else {
            return;
        };
        let Some(source) = self.bytes.get(offset..) else {
            return;
        };
        let len = out.len().min(source.len());
        out[..len].copy_from_slice(&source[..len]);
    }

    /// The dword at `offset`, which must be aligned; zero past the end.
    pub fn dword(&self, offset: u64) -> u32 {
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn word(&self, offset: usize) -> u16 {
        u16::from_le_bytes([self.bytes[offset], self.bytes[offset + 1]])
    }

    /// Is memory decode on?
    pub fn memory_enabled(&self) -> bool {
        self.word(COMMAND) & COMMAND_MEMORY != 0
    }

    /// Is bus mastering on?
    pub fn bus_master(&self) -> bool {
        self.word(COMMAND) & COMMAND_BUS_MASTER != 0
    }

    /// May INTx be asserted?
    pub fn intx_enabled(&self) -> bool {
        self.word(COMMAND) & COMMAND_INTX_DISABLE == 0
    }

    /// Is the function in D3hot, where it answers configuration accesses only?
    pub fn in_d3hot(&self) -> bool {
        self.word(self.layout.caps.power + 4) & POWER_STATE_MASK == D3_HOT
    }

    /// Address of BAR register `index` as last set by a write that was not sizing. Both halves
    /// for a 64-bit BAR.
    pub fn bar_address(&self, index: usize) -> Option<u64> {
        let bar = self.layout.bars.get(index)?.as_ref()?;
        let low = u64::from(self.addresses[index]);
        Some(if bar.is_64bit {
            low | u64::from(self.addresses[index + 1]) << 32
        } else {
            low
        })
    }

    /// Writes `data` at `offset` through the masks; what lies past the end is dropped.
    pub fn write(&mut self, offset: u64, data: &[u8]) -> Vec<Effect> {
        let Ok(offset) = usize::try_from(offset) else {
            return Vec::new();
        };
        if offset >= SIZE {
            return Vec::new();
        }
        let data = &data[..data.len().min(SIZE - offset)];
        let mut raw = self.bytes.clone();
        raw[offset..offset + data.len()].copy_from_slice(data);
        for (i, &value) in data.iter().enumerate() {
            let at = offset + i;
            let writable = self.layout.writable[at];
            let cleared = value & self.layout.write_1_clears[at];
            self.bytes[at] = self.bytes[at] & !writable & !cleared | value & writable;
        }
        let touched = offset..offset + data.len();
        let flr = self.layout.caps.express + 8;
        let flr_written = touched.contains(&(flr + 1))
            && u16::from_le_bytes([raw[flr], raw[flr + 1]]) & DEVICE_CONTROL_FLR != 0;
        if flr_written {
            self.function_level_reset();
            return vec![Effect::FunctionLevelReset];
        }
        self.learn_addresses(&raw, touched)
    }

    /// Stores `value` into the dword at `offset` through the mask that applies to writes from the
    /// BAR0 mirror.
    pub fn write_private(&mut self, offset: usize, value: u32, mask: u32) {
        let old = self.dword(offset as u64);
        let new = old & !mask | value & mask;
        self.bytes[offset..offset + 4].copy_from_slice(&new.to_le_bytes());
    }

    fn learn_addresses(
        &mut self,
        raw: &[u8; SIZE],
        touched: std::ops::Range<usize>,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let before: Vec<_> = (0..6).map(|i| self.bar_address(i)).collect();
        for (i, address) in self.addresses.iter_mut().enumerate() {
            let at = BAR_0 + 4 * i;
            if !touched.contains(&at) || !touched.contains(&(at + 3)) {
                continue;
            }
            let is_sizing = raw[at..at + 4] == [0xff; 4];
            if !is_sizing {
                *address = self.layout.address_bits(i)
                    & u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]]);
            }
        }
        if self.memory_enabled() {
            for (index, from) in before.into_iter().enumerate() {
                let (Some(from), Some(to)) = (from, self.bar_address(index)) else {
                    continue;
                };
                if from != 0 && from != to {
                    effects.push(Effect::BarMoved { index, from, to });
                }
            }
        }
        effects
    }

    /// The expansion ROM register, for tests of its sizing.
    pub fn rom_register(&self) -> u32 {
        self.dword(ROM as u64)
    }
}

#[cfg(test)]
mod tests;
