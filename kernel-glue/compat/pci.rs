// SPDX-License-Identifier: GPL-2.0

//! What a PCI driver is told when it is probed, and can ask then.

use core::num::NonZero;
use kernel::{
    device::Core,
    pci::{
        Device,
        IdTable, //
    }, //
};

/// What the kernel crate says of the id by which a device was matched.
#[cfg(kernel_7_3)]
pub(crate) type Info<'bound, T> = Option<&'bound T>;
#[cfg(not(kernel_7_3))]
pub(crate) type Info<'bound, T> = &'bound T;

/// What `table` says of `dev`: nothing, if the driver was bound to it by hand.
#[cfg(kernel_7_3)]
pub(crate) fn info<'bound, T>(
    _dev: &Device<Core<'_>>,
    _table: IdTable<T>,
    info: Info<'bound, T>,
) -> Option<&'bound T> {
    info
}

/// The same. The kernel crate of 7.2 gives what the table says of its first id if the driver was bound by hand.
#[cfg(not(kernel_7_3))]
pub(crate) fn info<'bound, T>(
    dev: &Device<Core<'_>>,
    table: IdTable<T>,
    info: Info<'bound, T>,
) -> Option<&'bound T> {
    // SAFETY: The table lives for ever and ends with an empty id; `dev` is a valid PCI device.
    let id = unsafe { kernel::bindings::pci_match_id(table.as_ptr(), crate::pci::as_raw(dev)) };
    (!id.is_null()).then_some(info)
}

/// Returns how many virtual functions `dev` can have, if it can have any.
#[cfg(kernel_7_3)]
pub fn sriov_get_totalvfs(dev: &Device<Core<'_>>) -> Option<NonZero<u16>> {
    dev.sriov_get_totalvfs()
}

/// Returns how many virtual functions `dev` can have, if it can have any.
#[cfg(not(kernel_7_3))]
pub fn sriov_get_totalvfs(dev: &Device<Core<'_>>) -> Option<NonZero<u16>> {
    // SAFETY: `dev` is a valid PCI device.
    let total = unsafe { kernel::bindings::pci_sriov_get_totalvfs(crate::pci::as_raw(dev)) };
    NonZero::new(u16::try_from(total).ok()?)
}
