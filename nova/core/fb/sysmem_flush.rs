// SPDX-License-Identifier: GPL-2.0

//! The page of system memory that the GPU needs for ordering its writes to system memory.

mod hal;

use crate::{
    driver::Bar0,
    identify::is_gone, //
};
use kernel::{
    device::Bound,
    page::PAGE_SIZE,
    pci,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};
use kernel_glue::{
    compat::dma::CoherentHandle,
    fmt::Plain, //
};
use nova_hw::{
    chip::Chip,
    sysmem_flush::{
        FlushError,
        SysmemFlush as Encoding, //
    },
};

/// The page, not yet made known to the GPU.
#[derive(Clone)]
pub(crate) struct Page {
    memory: Arc<CoherentHandle>,
    encoding: Encoding,
}

impl Page {
    /// How many bits the address of the page may have on `chip`.
    pub(crate) fn address_bits(chip: Chip) -> u32 {
        chip.family().sysmem_flush.address_bits()
    }

    /// Allocates the page. The device's DMA mask must not exceed [`address_bits`](Self::address_bits).
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn alloc(dev: &pci::Device<Bound>, chip: Chip) -> Result<Self> {
        Ok(Self {
            memory: Arc::new(
                CoherentHandle::alloc(dev.as_ref(), PAGE_SIZE, GFP_KERNEL)?,
                GFP_KERNEL,
            )?,
            encoding: chip.family().sysmem_flush,
        })
    }
}

/// The page, known to the GPU for as long as this value lives.
///
/// It must exist before the first falcon is reset and until the last one has run.
pub(crate) struct SysmemFlush<'a> {
    dev: &'a pci::Device<Bound>,
    bar: &'a Bar0<'a>,
    page: Page,
    /// The page is not this value's to withdraw.
    is_left: Atomic<bool>,
}

impl<'a> SysmemFlush<'a> {
    /// Makes `page` known to the GPU.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the chip's registers cannot hold its address, `EIO` if they do not take it, `ENODEV`
    /// if the device has gone, both where that [is checked](Encoding::is_checked); after one log line.
    pub(crate) fn new(dev: &'a pci::Device<Bound>, bar: &'a Bar0<'a>, page: Page) -> Result<Self> {
        let address = page.memory.dma_address();
        write(bar, page.encoding, address).map_err(|err| {
            dev_err!(dev, "{}\n", Plain(err));
            EINVAL
        })?;

        if page.encoding.is_checked() {
            let found = read(bar, page.encoding);
            if found != address {
                if is_gone(dev, bar) {
                    return Err(ENODEV);
                }
                dev_err!(
                    dev,
                    "GPU did not take the sysmem flush page: register says {:#x}, {:#x} was written\n",
                    found,
                    address
                );
                return Err(EIO);
            }
        }
        Ok(Self {
            dev,
            bar,
            page,
            is_left: Atomic::new(false),
        })
    }
}

impl SysmemFlush<'_> {
    /// Leaves the page known to the GPU. The caller has another handle of it, which he makes known again at
    /// once.
    pub(crate) fn leave(self) {
        self.forget();
    }

    /// Leaves the GPU alone from now on, because it has been reset and does not know the page any more.
    pub(crate) fn forget(&self) {
        self.is_left.store(true, Relaxed);
    }

    /// Has the GPU forget the page, unless it has already.
    ///
    /// No falcon may run or be reset from now on.
    pub(crate) fn withdraw(&self) {
        let address = self.page.memory.dma_address();
        match read(self.bar, self.page.encoding) {
            0 => {}
            // Address 0 can always be represented.
            found if found == address => {
                let _ = write(self.bar, self.page.encoding, 0);
            }
            // Someone else's page by now, or the device has gone. Either way not ours to clear.
            found => dev_warn!(
                self.dev,
                "sysmem flush page is {:#x} and not our {:#x}: left as it is\n",
                found,
                address
            ),
        }
    }
}

impl Drop for SysmemFlush<'_> {
    fn drop(&mut self) {
        if !self.is_left.load(Relaxed) {
            self.withdraw();
        }
    }
}

/// The address of the page that somebody else has made known to the GPU; 0 if there is none.
pub(crate) fn found(bar: &Bar0<'_>, chip: Chip) -> u64 {
    read(bar, chip.family().sysmem_flush)
}

/// Makes the page of somebody else known again, after [`found`] has found it.
pub(crate) fn put_back(bar: &Bar0<'_>, chip: Chip, address: u64) {
    // What has been read can be written.
    let _ = write(bar, chip.family().sysmem_flush, address);
}

fn read(bar: &Bar0<'_>, encoding: Encoding) -> u64 {
    encoding.decode(hal::read(bar, encoding))
}

fn write(bar: &Bar0<'_>, encoding: Encoding, address: u64) -> Result<(), FlushError> {
    for (register, value) in encoding.writes(address)? {
        hal::write(bar, encoding, register, value);
    }
    Ok(())
}
