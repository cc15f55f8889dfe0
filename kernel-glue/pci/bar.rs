// SPDX-License-Identifier: GPL-2.0

//! A BAR that is accessed without a call.

use crate::for_lt::Covariant;
use kernel::{
    device::{
        Bound,
        Device, //
    },
    pci,
    prelude::*, //
};

#[cfg(kernel_7_3)]
use crate::mmio::{
    Direct,
    DirectBackend, //
};
#[cfg(kernel_7_3)]
use kernel::io::{
    IoBase,
    Region, //
};

/// A mapped BAR of which at least `SIZE` bytes can be accessed by constant offsets.
///
/// It is the kernel's [`pci::Bar`], except that a register is read or written by one instruction: see
/// [`mmio`](crate::mmio). Made by [`Setup::map_bar`](super::Setup::map_bar).
#[derive(Covariant)]
pub struct Bar<'a, const SIZE: usize = 0> {
    inner: pci::Bar<'a, SIZE>,
    dev: &'a Device<Bound>,
}

impl<'a, const SIZE: usize> Bar<'a, SIZE> {
    pub(super) fn map(
        dev: &'a pci::Device<Bound>,
        index: u32,
        name: &'static CStr,
    ) -> Result<Self> {
        Ok(Self {
            inner: dev.iomap_region_sized(index, name)?,
            dev: dev.as_ref(),
        })
    }

    /// The device that it is a part of.
    pub(crate) fn device(&self) -> &'a Device<Bound> {
        self.dev
    }
}

#[cfg(kernel_7_3)]
impl<'r, const SIZE: usize> IoBase<'r> for &'r Bar<'_, SIZE> {
    type Backend = DirectBackend;
    type Target = Region<SIZE>;

    #[inline]
    fn as_view(self) -> Direct<'r, Region<SIZE>> {
        Direct::from((&self.inner).as_view())
    }
}

// In 7.2 there are no views, so that accesses are the kernel's own.
#[cfg(not(kernel_7_3))]
impl<const SIZE: usize> core::ops::Deref for Bar<'_, SIZE> {
    type Target = kernel::io::Mmio<SIZE>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}
