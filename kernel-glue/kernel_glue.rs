// SPDX-License-Identifier: GPL-2.0

//! What a lifetime-borrowing driver needs and the kernel crate of the target does not give.
//!
//! Every `unsafe` line of the project stands below this file (and in [`kernel_glue_drm`]), behind an
//! API that safe code cannot misuse. Nothing here knows what a GPU is.
//!
//! | module | gives |
//! |---|---|
//! | [`for_lt`] | types over a lifetime, which containers choose a lifetime for |
//! | [`bound`] | initialisers that only the driver core may run, so that what they make cannot be forgotten |
//! | [`tether`] | an owner and what borrows from it, in one allocation, torn down in the right order |
//! | [`pci`] | a PCI driver adapter whose private data is built by such an initialiser |
//! | [`devres`] | resources of a device, shared with those who may outlive the binding |
//! | [`dma`] | memory that a device uses, for as long as the driver is bound |
//! | [`firmware`] | parts of firmware files |
//! | [`mmio`] | registers that are accessed by one instruction, as C's are |
//! | [`irq`] | the interrupt of a device, with a handler that may borrow |
//! | [`work`] | work for another thread, which may borrow |
//! | [`event`] | waiting for what an interrupt or another thread brings about |
//! | [`debugfs`] | a directory that all devices of a module share, and files that borrow |
//! | [`compat`] | what a supported kernel lacks of the kernel crate of 7.3 |
//! | [`fmt`] | printing what only knows `core::fmt` |
//! | [`platform`] | a platform driver adapter of the same kind |
//! | [`auxiliary`] | the same for auxiliary drivers, and child devices that borrow from their parent's data |
//!
//! [`kernel_glue_drm`]: ../kernel_glue_drm/index.html

// Macros name this crate as others do.
extern crate self as kernel_glue;

mod adapter;
pub mod auxiliary;
pub mod bound;
pub mod compat;
pub mod debugfs;
pub mod devres;
pub mod dma;
pub mod event;
pub mod firmware;
pub mod fmt;
pub mod for_lt;
pub mod irq;
#[cfg(kernel_7_3)]
pub mod mmio;
pub mod pci;
pub mod platform;
#[cfg(CONFIG_KUNIT = "y")]
pub mod testing;
pub mod tether;
pub mod work;
