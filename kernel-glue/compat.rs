// SPDX-License-Identifier: GPL-2.0

//! What differs between the kernel crates of the kernels that are supported.
//!
//! Everything has the name and the meaning that it has on 7.3, at the same path as in the kernel crate. There
//! it is the kernel crate's own; where 7.2 lacks it, it is made here, of what 7.2 has. Nothing else in the
//! project knows for which kernel it is compiled.
//!
//! What has no other use than in this crate is private to it.

pub(crate) mod auxiliary;
pub(crate) mod c_enum;
pub(crate) mod devres;
pub mod dma;
pub mod error;
pub(crate) mod for_lt;
pub mod module;
pub mod pci;
pub mod pin_init;
pub mod sync;
pub(crate) mod table;

pub use table::{
    acpi_device_table,
    auxiliary_device_table,
    pci_device_table, //
};
