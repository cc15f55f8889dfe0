// SPDX-License-Identifier: GPL-2.0

//! System memory that a device reads or writes while its driver is bound.
//!
//! [`DevicePages`] and [`Shared`] borrow the device, so that nothing of them can be used after unbinding;
//! [`Detached`] is for what cannot. None keeps the device from using
//! memory that has been given back: before one is dropped, the driver must have made the device stop, and the
//! place for that is the `Drop` of what borrows from it.

mod pages;
mod shared;

pub use pages::{
    DevicePages,
    DEVICE_PAGE_SIZE, //
};
pub use shared::{
    Detached,
    Shared, //
};
