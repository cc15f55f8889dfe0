// SPDX-License-Identifier: GPL-2.0

//! Log buffers: rings of 64-bit words behind a counter of all words ever written.
//!
//! Records overwrite the page table that the driver left at the start, as on hardware.

use super::memory::GuestMemory;
use crate::dma::DmaError;

/// Virtual address that logging sites of the emulated firmware have; they name no real file.
const SITES: u64 = 0x0040_0000;

/// One log buffer.
#[derive(Clone, Debug)]
pub struct Log {
    address: u64,
    /// Words of the ring.
    words: u64,
    /// Words ever written.
    put: u64,
}

impl Log {
    /// An empty log of `size` bytes at a bus address.
    pub fn new(address: u64, size: u64) -> Self {
        Self {
            address,
            words: size / 8 - 1,
            put: 0,
        }
    }

    /// Adds a record: arguments, logging site, time. The counter moves once all words are there.
    ///
    /// # Errors
    /// [`DmaError`] if the buffer cannot be written.
    pub fn record(
        &mut self,
        memory: &mut dyn GuestMemory,
        now_us: u64,
        site: u64,
        arguments: &[u64],
    ) -> Result<(), DmaError> {
        let tail = [SITES + 0x20 * site, now_us * 1000];
        for word in arguments.iter().chain(&tail) {
            let at = self.address + 8 + 8 * (self.put % self.words);
            memory.write(at, &word.to_le_bytes())?;
            self.put += 1;
        }
        memory.write(self.address, &self.put.to_le_bytes())
    }
}
