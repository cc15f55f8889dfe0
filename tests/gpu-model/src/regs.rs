// SPDX-License-Identifier: GPL-2.0

//! Registers as data: what exists where, on which chips, and which bits may be written.

use std::collections::HashMap;

use crate::chips::Families;

/// One register, or an array of equal registers.
#[derive(Clone, Debug)]
pub struct Reg {
    /// Published name, without index.
    pub name: &'static str,
    /// BAR0 offset of the first element.
    pub offset: u32,
    /// Elements in the array; 1 for a single register.
    pub count: u32,
    /// Value after reset, unless the engine presets another one.
    pub reset: u32,
    /// Does a read return something?
    pub readable: bool,
    /// Bits that a write replaces.
    pub writable: u32,
    /// Bits that a write of one clears.
    pub write_1_clears: u32,
    /// Bits that a write may carry without meaning; they are not stored.
    pub write_ignored: u32,
    /// Chips that have it.
    pub chips: Families,
    /// May it be accessed a byte at a time?
    pub bytes: bool,
}

impl Reg {
    /// A register that can only be read.
    pub const fn ro(name: &'static str, offset: u32, reset: u32) -> Self {
        Self {
            name,
            offset,
            count: 1,
            reset,
            readable: true,
            writable: 0,
            write_1_clears: 0,
            write_ignored: 0,
            chips: Families::ALL,
            bytes: false,
        }
    }

    /// A register whose `writable` bits can be read and written.
    pub const fn rw(name: &'static str, offset: u32, writable: u32) -> Self {
        Self {
            writable,
            ..Self::ro(name, offset, 0)
        }
    }

    /// A register that can only be written.
    pub const fn wo(name: &'static str, offset: u32, writable: u32) -> Self {
        Self {
            readable: false,
            ..Self::rw(name, offset, writable)
        }
    }

    /// A status register whose `bits` are cleared by writing ones.
    pub const fn w1c(name: &'static str, offset: u32, bits: u32) -> Self {
        Self {
            write_1_clears: bits,
            ..Self::ro(name, offset, 0)
        }
    }

    /// The same register, on `chips` only.
    pub const fn on(self, chips: Families) -> Self {
        Self { chips, ..self }
    }

    /// The same register, except on chips outside `chips`.
    pub const fn among(self, chips: Families) -> Self {
        Self {
            chips: self.chips.and(chips),
            ..self
        }
    }

    /// The same register, which holds `reset` after reset.
    pub const fn resets_to(self, reset: u32) -> Self {
        Self { reset, ..self }
    }

    /// An array of `count` such registers, four bytes apart.
    pub const fn times(self, count: u32) -> Self {
        Self { count, ..self }
    }

    /// The same register; a write may also carry `bits`, which have no effect.
    pub const fn ignoring(self, bits: u32) -> Self {
        Self {
            write_ignored: bits,
            ..self
        }
    }

    /// The same register, which may be accessed a byte at a time.
    pub const fn by_bytes(self) -> Self {
        Self {
            bytes: true,
            ..self
        }
    }

    /// BAR0 offset of the first byte after the array.
    pub const fn end(&self) -> u32 {
        self.offset + 4 * self.count
    }

    /// Bits that a write may carry at all.
    pub const fn accepted(&self) -> u32 {
        self.writable | self.write_1_clears | self.write_ignored
    }

    /// Name of element `index`, with the index if there is more than one.
    pub fn display(&self, index: u32) -> String {
        if self.count == 1 {
            self.name.to_owned()
        } else {
            format!("{}({index})", self.name)
        }
    }
}

/// One element of a register array.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// The register.
    pub reg: &'static Reg,
    /// Which element of it.
    pub index: u32,
}

impl At {
    /// BAR0 offset of the element.
    pub fn address(self) -> u32 {
        self.reg.offset + 4 * self.index
    }
}

/// The stored values of an engine's registers.
///
/// A register without a stored value has its reset value.
#[derive(Debug, Default)]
pub struct Values {
    presets: HashMap<u32, u32>,
    current: HashMap<u32, u32>,
}

impl Values {
    /// Makes `value` the reset value of the register at `address`.
    pub fn preset(&mut self, address: u32, value: u32) {
        self.presets.insert(address, value);
    }

    /// Returns every register to its reset value.
    pub fn reset(&mut self) {
        self.current.clear();
    }

    /// The value of `at`.
    pub fn get(&self, at: At) -> u32 {
        let address = at.address();
        let preset = || self.presets.get(&address).copied();
        self.current
            .get(&address)
            .copied()
            .or_else(preset)
            .unwrap_or(at.reg.reset)
    }

    /// Sets the value of `at`, whatever its masks say: what the hardware does to itself.
    pub fn set(&mut self, at: At, value: u32) {
        self.current.insert(at.address(), value);
    }

    /// Applies a write by the driver to `at` and returns the new value.
    pub fn write(&mut self, at: At, value: u32) -> u32 {
        let old = self.get(at);
        let kept = old & !at.reg.writable & !(value & at.reg.write_1_clears);
        let new = kept | value & at.reg.writable;
        self.set(at, new);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static MIXED: Reg = Reg {
        write_1_clears: 0x0000_00f0,
        reset: 0x1200_00f0,
        ..Reg::rw("MIXED", 0x100, 0x0000_000f)
    };

    #[test]
    fn write_replaces_writable_bits_clears_status_bits_and_keeps_the_rest() {
        let at = At {
            reg: &MIXED,
            index: 0,
        };
        let mut values = Values::default();
        assert_eq!(values.get(at), 0x1200_00f0);
        assert_eq!(values.write(at, 0xffff_ff35), 0x1200_00c5);
        assert_eq!(values.get(at), 0x1200_00c5);
        values.reset();
        assert_eq!(values.get(at), 0x1200_00f0);
    }

    #[test]
    fn preset_replaces_the_reset_value_of_one_element() {
        static ARRAY: Reg = Reg::ro("ARRAY", 0x200, 7).times(4);
        let mut values = Values::default();
        values.preset(0x208, 9);
        assert_eq!(
            values.get(At {
                reg: &ARRAY,
                index: 1
            }),
            7
        );
        assert_eq!(
            values.get(At {
                reg: &ARRAY,
                index: 2
            }),
            9
        );
        assert_eq!(ARRAY.display(2), "ARRAY(2)");
        assert_eq!(ARRAY.end(), 0x210);
    }
}
