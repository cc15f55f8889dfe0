// SPDX-License-Identifier: GPL-2.0

//! System memory that GSP-RM uses for as long as it runs.

use super::logs::Logs;
use kernel::{
    device::{
        Bound,
        Device, //
    },
    pci,
    prelude::*,
    sync::Arc, //
};
use kernel_glue::{
    compat::sync::barrier::{
        dma_mb,
        Full, //
    },
    dma::Shared,
    fmt::Plain, //
};
use nova_firmware::abi::r570_144::{
    channel::{
        self,
        OutOfRange,
        SharedMemory, //
    },
    libos::{
        Region,
        Regions,
        LOG_SIZE,
        TABLE_SIZE, //
    },
    queue,
    rm_args::{
        RmArgs,
        Start, //
    },
    PAGE_SIZE, //
};

/// The memory of both queues.
pub(super) struct QueueMemory<'a>(Shared<'a>);

impl<'a> QueueMemory<'a> {
    /// Allocates the memory, and sets up what is the driver's part of it.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL` if the memory is where no such memory can be.
    pub(super) fn alloc(dev: &'a Device<Bound>) -> Result<Self> {
        let this = Self(Shared::alloc(dev, queue::MEMORY_SIZE)?);
        let place = this.place()?;
        let mut page = page()?;
        channel::set_up(&this, place, &mut page).map_err(|OutOfRange| EINVAL)?;
        Ok(this)
    }

    /// Where it is, as the GSP sees it.
    fn place(&self) -> Result<queue::Memory> {
        queue::Memory::new(self.0.dma_address()).map_err(|_| EINVAL)
    }
}

impl SharedMemory for QueueMemory<'_> {
    fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), OutOfRange> {
        self.0.read(offset, out).map_err(|_| OutOfRange)
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), OutOfRange> {
        self.0.write(offset, bytes).map_err(|_| OutOfRange)
    }

    fn load_u32(&self, offset: usize) -> Result<u32, OutOfRange> {
        self.0.load_u32(offset).map_err(|_| OutOfRange)
    }

    fn store_u32(&self, offset: usize, value: u32) -> Result<(), OutOfRange> {
        // A read pointer says what has been read, and not only what has been written.
        dma_mb(Full);
        self.0.store_u32(offset, value).map_err(|_| OutOfRange)
    }
}

/// What GSP-RM and its operating system are started with.
pub(super) struct Arguments<'a> {
    libos: Shared<'a>,
    _rm_args: Shared<'a>,
}

impl<'a> Arguments<'a> {
    /// Allocates the pages and fills them in.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL`, after one log line, if some memory is where no such memory can be.
    pub(super) fn alloc(
        dev: &'a pci::Device<Bound>,
        logs: &Arc<Logs>,
        queues: &QueueMemory<'_>,
    ) -> Result<Self> {
        let rm_args = Shared::alloc(dev.as_ref(), PAGE_SIZE)?;
        let args = RmArgs {
            queues: queues.place()?,
            start: Start::Cold,
        };
        rm_args.write(0, &args.encode())?;

        // CAST: constants; `usize` has 64 bits on every machine with such a GPU.
        let log = |address| Region {
            address,
            size: LOG_SIZE as u64,
        };
        let regions = Regions {
            log_init: log(logs.init.dma_address()),
            log_intr: log(logs.intr.dma_address()),
            log_rm: log(logs.rm.dma_address()),
            rm_args: Region {
                address: rm_args.dma_address(),
                size: PAGE_SIZE as u64,
            },
        };
        let mut table = page()?;
        regions.encode(&mut table).map_err(|err| {
            dev_err!(dev, "{}\n", Plain(err));
            EINVAL
        })?;
        let libos = Shared::alloc(dev.as_ref(), TABLE_SIZE)?;
        libos.write(0, &table[..])?;
        Ok(Self {
            libos,
            _rm_args: rm_args,
        })
    }

    /// DMA address of the table that names all the rest.
    pub(super) fn libos_address(&self) -> u64 {
        self.libos.dma_address()
    }
}

/// A page to prepare things in, which does not belong on the stack.
fn page() -> Result<KBox<[u8; PAGE_SIZE]>> {
    KBox::init(pin_init::init_zeroed(), GFP_KERNEL)
}
