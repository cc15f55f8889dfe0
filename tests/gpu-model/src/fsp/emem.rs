// SPDX-License-Identifier: GPL-2.0

//! EMEM, the memory that FSP shares with the host, and the ports through which the host sees it.

use super::registers::{
    ADDRESS,
    AINCR,
    AINCW,
    CHANNELS, //
};
use crate::recorder::Op;

/// Bytes of one channel, and so of the longest packet.
pub const CHANNEL_SIZE: usize = 1024;
/// Bytes there are. Ports can address 64 KiB; what is behind the channels is not known, so it is
/// nothing here.
const SIZE: usize = CHANNELS * CHANNEL_SIZE;

/// The memory.
pub struct Emem {
    bytes: Vec<u8>,
}

impl Emem {
    /// Memory of zeros.
    pub fn new() -> Self {
        Self {
            bytes: vec![0; SIZE],
        }
    }

    /// The dword at `address`; zero where no memory is.
    pub fn dword(&self, address: u16) -> u32 {
        let start = usize::from(address);
        match self.bytes.get(start..start + 4) {
            Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
            _ => 0,
        }
    }

    /// Writes the dword at `address`, if memory is there.
    pub fn set_dword(&mut self, address: u16, value: u32) {
        let start = usize::from(address);
        if let Some(place) = self.bytes.get_mut(start..start + 4) {
            place.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// The bytes from `start` to before `end`, if all of them are memory.
    pub fn bytes(&self, start: usize, end: usize) -> Option<&[u8]> {
        self.bytes.get(start..end)
    }

    /// Puts `data` at the beginning of the memory, as far as it fits.
    pub fn put(&mut self, data: &[u8]) {
        let len = data.len().min(self.bytes.len());
        self.bytes[..len].copy_from_slice(&data[..len]);
    }
}

/// A port: an address, and whether it moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// Address of the next dword.
    pub address: u16,
    /// Does it move after a write?
    pub moves_by_write: bool,
    /// Does it move after a read?
    pub moves_by_read: bool,
}

impl Port {
    /// The port after `value` was written to its control register.
    pub fn set(value: u32) -> Self {
        Self {
            // CAST: the mask leaves 16 bits.
            address: (value & ADDRESS) as u16,
            moves_by_write: value & AINCW != 0,
            moves_by_read: value & AINCR != 0,
        }
    }

    /// What the control register reads as.
    pub fn value(self) -> u32 {
        let mut value = u32::from(self.address);
        if self.moves_by_write {
            value |= AINCW;
        }
        if self.moves_by_read {
            value |= AINCR;
        }
        value
    }

    /// Does it move after an access of this kind?
    pub fn moves(self, op: Op) -> bool {
        match op {
            Op::Read => self.moves_by_read,
            Op::Write => self.moves_by_write,
        }
    }

    /// Returns the address of an access, and moves on if it is to.
    pub fn step(&mut self, op: Op) -> u16 {
        let address = self.address;
        if self.moves(op) {
            self.address = address.wrapping_add(4);
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_carries_from_dword_to_block_and_reads_back() {
        let mut port = Port::set(0x0100_0000);
        for _ in 0..217 {
            port.step(Op::Write);
        }
        assert_eq!(port.value(), 0x0100_0364, "three blocks were crossed");
        let mut port = Port::set(0x0200_00fc);
        assert_eq!(port.step(Op::Read), 0xfc);
        assert_eq!(port.value(), 0x0200_0100);
    }

    #[test]
    fn an_address_wraps_at_64_kib_and_nothing_is_behind_the_channels() {
        let mut port = Port::set(0x0300_fffc);
        assert_eq!(port.step(Op::Write), 0xfffc);
        assert_eq!(port.value(), 0x0300_0000);
        let mut emem = Emem::new();
        emem.set_dword(0x1ffc, 7);
        emem.set_dword(0x2000, 9);
        assert_eq!((emem.dword(0x1ffc), emem.dword(0x2000)), (7, 0));
        assert_eq!(emem.bytes(0x2000, 0x2004), None);
    }

    proptest! {
        #[test]
        fn a_port_is_a_counter_of_dwords(control: u32, steps in prop::collection::vec(any::<bool>(), 0..600)) {
            let mut port = Port::set(control);
            let moving = |is_write: bool| control >> if is_write { 24 } else { 25 } & 1;
            let mut moved = 0u32;
            for &is_write in &steps {
                let op = if is_write { Op::Write } else { Op::Read };
                let at = port.step(op);
                prop_assert_eq!(u32::from(at), ((control & 0xfffc) + 4 * moved) & 0xffff);
                prop_assert_eq!(at % 4, 0);
                moved += moving(is_write);
            }
            let want = ((control & 0xfffc) + 4 * moved) & 0xffff | control & 0x0300_0000;
            prop_assert_eq!(port.value(), want);
        }

        #[test]
        fn what_is_written_is_read_wherever_memory_is(address in 0u16..0x4000, value: u32) {
            let address = address & !3;
            let mut emem = Emem::new();
            emem.set_dword(address, value);
            let want = if address < 0x2000 { value } else { 0 };
            prop_assert_eq!(emem.dword(address), want);
        }
    }
}
