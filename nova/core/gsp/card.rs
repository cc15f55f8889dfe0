// SPDX-License-Identifier: GPL-2.0

//! The GSP of a card, as the other side of the conversation.

use super::{
    memory::QueueMemory,
    regs,
    rpc::Peer, //
};
use crate::{
    driver::Bar0,
    falcon::{
        Falcon,
        Gsp, //
    },
    identify, //
};
use kernel::{
    device::Bound,
    io::{
        register::Array,
        Io, //
    },
    pci, //
};
use nova_firmware::abi::r570_144::channel::{
    OutOfRange,
    SharedMemory, //
};

/// The queues in system memory, and the registers.
pub(super) struct Card<'a> {
    pub(super) dev: &'a pci::Device<Bound>,
    pub(super) bar: &'a Bar0<'a>,
    pub(super) falcon: Falcon<'a, Gsp>,
    pub(super) queues: QueueMemory<'a>,
}

impl Peer for Card<'_> {
    fn ring(&self) {
        self.bar.write(regs::NV_PGSP_QUEUE_HEAD::at(0), 0.into());
    }

    fn is_gone(&self) -> bool {
        identify::is_gone(self.dev, self.bar)
    }

    fn is_running(&self) -> bool {
        self.falcon.is_riscv_active()
    }
}

impl SharedMemory for Card<'_> {
    fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), OutOfRange> {
        self.queues.read(offset, out)
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), OutOfRange> {
        self.queues.write(offset, bytes)
    }

    fn load_u32(&self, offset: usize) -> Result<u32, OutOfRange> {
        self.queues.load_u32(offset)
    }

    fn store_u32(&self, offset: usize, value: u32) -> Result<(), OutOfRange> {
        self.queues.store_u32(offset, value)
    }
}
