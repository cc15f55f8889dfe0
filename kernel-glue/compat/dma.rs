// SPDX-License-Identifier: GPL-2.0

//! Memory for DMA. What 7.3 calls the address is called a handle in 7.2.

use kernel::dma::Coherent;

#[cfg(kernel_7_3)]
pub use kernel::dma::CoherentHandle;

/// The address of `memory` as the device sees it.
#[cfg(kernel_7_3)]
pub(crate) fn address(memory: &Coherent<[u8]>) -> u64 {
    memory.dma_address()
}

#[cfg(not(kernel_7_3))]
pub(crate) fn address(memory: &Coherent<[u8]>) -> u64 {
    memory.dma_handle()
}

#[cfg(not(kernel_7_3))]
pub use before::CoherentHandle;

#[cfg(not(kernel_7_3))]
mod before {
    use kernel::{
        alloc::Flags,
        device::{
            Bound,
            Device, //
        },
        dma::{
            self,
            DmaAddress, //
        },
        prelude::*, //
    };

    /// Coherent memory that the processor does not look at.
    pub struct CoherentHandle(dma::CoherentHandle);

    impl CoherentHandle {
        /// Allocates `size` bytes, zeroed.
        ///
        /// # Errors
        ///
        /// `EINVAL` if `size` is 0, `ENOMEM`.
        pub fn alloc(dev: &Device<Bound>, size: usize, flags: Flags) -> Result<Self> {
            dma::CoherentHandle::alloc(dev, size, flags).map(Self)
        }

        /// Returns the address as the device sees it.
        pub fn dma_address(&self) -> DmaAddress {
            self.0.dma_handle()
        }
    }
}
