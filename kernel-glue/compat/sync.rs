// SPDX-License-Identifier: GPL-2.0

//! Barriers for memory that is shared with a device.

#[cfg(kernel_7_3)]
pub use kernel::sync::barrier;

/// Barriers.
#[cfg(not(kernel_7_3))]
pub mod barrier {
    /// Orders every access before the barrier before every access after it.
    pub struct Full;
    /// Orders reads.
    pub struct Read;
    /// Orders writes.
    pub struct Write;

    extern "C" {
        fn kernel_glue_dma_mb();
        fn kernel_glue_dma_rmb();
        fn kernel_glue_dma_wmb();
    }

    mod sealed {
        /// What a barrier orders.
        pub trait Order {
            /// The barrier, for memory that is shared with a device.
            const DMA: unsafe extern "C" fn();
        }
    }

    impl sealed::Order for Full {
        const DMA: unsafe extern "C" fn() = kernel_glue_dma_mb;
    }

    impl sealed::Order for Read {
        const DMA: unsafe extern "C" fn() = kernel_glue_dma_rmb;
    }

    impl sealed::Order for Write {
        const DMA: unsafe extern "C" fn() = kernel_glue_dma_wmb;
    }

    /// Orders accesses to coherent memory, as a device sees them.
    pub fn dma_mb<T: sealed::Order>(_: T) {
        // SAFETY: A barrier asks for nothing.
        unsafe { (T::DMA)() }
    }
}
