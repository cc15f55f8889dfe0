// SPDX-License-Identifier: GPL-2.0

//! The macros that make tables of ids. Those of 7.2 want one more name, for what only `modpost` reads.

#[cfg(kernel_7_3)]
pub use kernel::{
    acpi_device_table,
    auxiliary_device_table,
    pci_device_table, //
};

#[cfg(not(kernel_7_3))]
pub use crate::{
    __acpi_device_table as acpi_device_table,
    __auxiliary_device_table as auxiliary_device_table,
    __pci_device_table as pci_device_table, //
};

/// Makes a table from the bus, its name for `modpost`, the name of the table, the type of what the table says of
/// an id, and the rows.
#[cfg(not(kernel_7_3))]
#[doc(hidden)]
#[macro_export]
macro_rules! __device_table {
    ($bus:ident, $type:literal, $table:ident, $info:ty, $rows:expr) => {
        const $table: ::kernel::device_id::IdArray<
            ::kernel::$bus::DeviceId,
            $info,
            { $rows.len() },
        > = ::kernel::device_id::IdArray::new($rows);

        const _: () = {
            ::kernel::module_device_table!($type, __FOR_MODPOST, $table);
        };
    };
}

#[cfg(not(kernel_7_3))]
#[doc(hidden)]
#[macro_export]
macro_rules! __acpi_device_table {
    ($table:ident, $info:ty, $rows:expr) => {
        $crate::__device_table!(acpi, "acpi", $table, $info, $rows);
    };
}

#[cfg(not(kernel_7_3))]
#[doc(hidden)]
#[macro_export]
macro_rules! __auxiliary_device_table {
    ($table:ident, $info:ty, $rows:expr) => {
        $crate::__device_table!(auxiliary, "auxiliary", $table, $info, $rows);
    };
}

#[cfg(not(kernel_7_3))]
#[doc(hidden)]
#[macro_export]
macro_rules! __pci_device_table {
    ($table:ident, $info:ty, $rows:expr) => {
        $crate::__device_table!(pci, "pci", $table, $info, $rows);
    };
}
