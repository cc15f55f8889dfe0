// SPDX-License-Identifier: GPL-2.0

//! What the drivers of a GPU's auxiliary children may use.

use crate::gpu::Gpu;
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use kernel_glue::for_lt::CovariantForLt;

/// First half of the name by which children are matched.
pub const MODULE_NAME: &CStr = <crate::LocalModule as kernel::ModuleMetadata>::NAME;

/// Second half of the name by which the child for `nova_drm` is matched.
pub const CHILD_NAME: &CStr = c"nova-drm";

/// [`NovaApi`] over the lifetime of the binding: the type of a child's registration data.
pub type NovaApiLt = CovariantForLt!(for<'a> NovaApi<'a>);

/// A GPU that is up, for as long as its driver is bound.
#[derive(Clone, Copy)]
pub struct NovaApi<'a> {
    dev: &'a pci::Device<Bound>,
    gpu: &'a Gpu<'a>,
}

impl<'a> NovaApi<'a> {
    pub(crate) fn new(dev: &'a pci::Device<Bound>, gpu: &'a Gpu<'a>) -> Self {
        Self { dev, gpu }
    }

    /// Length in bytes of the BAR through which the CPU reaches video memory.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the device has no such BAR.
    pub fn vram_bar_size(&self) -> Result<u64> {
        let index = vram_bar(self.dev)?;
        match self.dev.resource_len(index)? {
            0 => Err(ENODEV),
            size => Ok(size),
        }
    }

    /// Size of video memory in bytes, firmware's part included.
    pub fn vram_size(&self) -> u64 {
        self.gpu.vram_size()
    }
}

/// Index of the BAR through which video memory is reached: the one after the registers, which take two
/// where they are a 64-bit BAR.
///
/// # Errors
///
/// `EINVAL` if configuration space cannot be read.
fn vram_bar(dev: &pci::Device<Bound>) -> Result<u32> {
    /// Offset of BAR0 in configuration space.
    const BASE_ADDRESS_0: usize = 0x10;
    /// Bits 2:1 are 2 for a 64-bit memory BAR.
    const MEM_TYPE_MASK: u32 = 0x6;
    const MEM_TYPE_64: u32 = 0x4;

    use kernel::io::Io;
    let bar0 = dev.config_space().try_read32(BASE_ADDRESS_0)?;
    Ok(if bar0 & MEM_TYPE_MASK == MEM_TYPE_64 {
        2
    } else {
        1
    })
}
