// SPDX-License-Identifier: GPL-2.0

//! A GPU while the driver is bound to it.

use crate::{
    debugfs::{
        Debugfs,
        Facts, //
    },
    driver::Bar0,
    fb::{
        self,
        sysmem_flush::{
            Page,
            SysmemFlush, //
        },
    },
    firmware,
    gfw, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*,
    types::CovariantForLt, //
};
use kernel_glue::{
    bound::{
        self,
        BoundInit, //
    },
    fmt::Plain, //
};
use nova_hw::chip::Identity;

/// [`Gpu`] over the lifetime for which BAR0 is mapped.
pub(crate) type GpuLt = CovariantForLt!(for<'a> Gpu<'a>);

/// A GPU that is up.
///
/// Dropped top to bottom: the files that show it, then the page that its last access to system memory
/// may need.
#[pin_data]
pub(crate) struct Gpu<'a> {
    #[pin]
    debugfs: Debugfs,
    vram_size: u64,
    _sysmem_flush: SysmemFlush<'a>,
}

impl<'a> Gpu<'a> {
    /// Brings the GPU behind `bar` up.
    ///
    /// # Errors
    ///
    /// Those of the stages, each after one log line; nothing is left changed.
    pub(crate) fn new(
        dev: &'a pci::Device<Bound>,
        bar: &'a Bar0<'a>,
        identity: Identity,
        flush_page: Page,
    ) -> impl BoundInit<Self> {
        bound::pinned(pin_init::pin_init_scope(move || {
            let chip = identity.chip;

            if chip.family().uses_gfw_boot {
                gfw::wait(dev, bar)?;
            }
            let vram_size = fb::vram_size(dev, bar, chip)?;
            let firmware = firmware::check(dev, chip)?;
            let layout = fb::layout(dev, bar, chip, vram_size, &firmware)?;

            // Up to here the GPU was only looked at, so that one which cannot be driven is left as it
            // was found.
            let sysmem_flush = SysmemFlush::new(dev, bar, flush_page)?;

            dev_info!(
                dev,
                "NVIDIA {}, {} MiB VRAM, firmware {}\n",
                Plain(identity),
                vram_size >> 20,
                firmware.version.as_str()
            );

            let facts = Facts {
                identity,
                vram_size,
                firmware,
                layout,
            };
            Ok(try_pin_init!(Self {
                debugfs <- Debugfs::new(dev, facts),
                vram_size,
                _sysmem_flush: sysmem_flush,
            }))
        }))
    }

    /// Size of video memory in bytes, firmware's part included.
    pub(crate) fn vram_size(&self) -> u64 {
        self.vram_size
    }
}
