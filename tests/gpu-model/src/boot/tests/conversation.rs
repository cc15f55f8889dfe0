// SPDX-License-Identifier: GPL-2.0

//! The driver's part of the conversation with GSP-RM, through registers and guest memory.

use super::{
    driver::{
        Driver,
        GSP,
        SEC2, //
    },
    machine::{
        INIT_DONE,
        LIBOS, //
    },
};

const RUN_SEQUENCER: u32 = 0x1002;

impl Driver {
    /// Waits for a message of `function`; runs the sequencer on the way.
    pub(crate) fn wait_for(&mut self, function: u32) -> Option<Vec<u8>> {
        for _ in 0..100 {
            while let Some((number, payload)) = self.receive() {
                if number == function {
                    return Some(payload);
                }
                if number == RUN_SEQUENCER && self.run_sequencer(&payload).is_err() {
                    return None;
                }
            }
            self.tick();
        }
        None
    }

    /// From RISC-V active to the static information. `None` if GSP-RM does not say that it has
    /// booted.
    pub(crate) fn converse(&mut self) -> Option<()> {
        self.send_settings();
        self.wait_for(INIT_DONE)?;
        self.static_info().map(|_| ())
    }

    /// Waits for the end of a resume.
    pub(crate) fn resumed(&mut self) -> Option<()> {
        self.wait_for(INIT_DONE).map(|_| ())
    }

    /// Does what a sequencer's program says.
    pub(crate) fn run_sequencer(&mut self, payload: &[u8]) -> Result<(), ()> {
        let word = |i: usize| u32::from_le_bytes(payload[4 * i..4 * i + 4].try_into().unwrap());
        let count = word(1) as usize;
        let op = |i: usize| word(10 + i);
        let mut i = 0;
        while i < count {
            let address = u64::from(if i + 1 < count { op(i + 1) } else { 0 });
            match op(i) {
                0 => self.write(address, op(i + 2)),
                1 => self.modify(address, op(i + 2), op(i + 3)),
                2 => self.poll(address, op(i + 2), op(i + 3))?,
                3 => self.now += u64::from(op(i + 1)),
                4 => {
                    self.read(address);
                }
                5 => {
                    self.reset(GSP);
                    self.allow_dma(GSP);
                }
                6 => self.start(GSP),
                7 => self.poll(GSP + 0x100, 0x10, 0x10)?,
                _ => self.core_resume()?,
            }
            i += [3, 4, 6, 2, 3, 1, 1, 1, 1][op(i) as usize];
        }
        Ok(())
    }

    fn core_resume(&mut self) -> Result<(), ()> {
        self.reset(GSP);
        self.set_mailboxes(GSP, LIBOS);
        self.start(SEC2);
        self.poll(0x1180f8, 1 << 26, 1 << 26)?;
        if self.read(SEC2 + 0x40) != 0 || !self.riscv_active() {
            return Err(());
        }
        Ok(())
    }
}
