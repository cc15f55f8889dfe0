// SPDX-License-Identifier: GPL-2.0

//! Drivers of devices that no bus can list: firmware describes them, and where their registers are.

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

use crate::{
    adapter::register_hidden,
    bound::{
        self,
        BoundInit, //
    }, //
};
use kernel::{
    acpi,
    device::Core,
    of,
    platform::{
        self,
        Device, //
    },
    prelude::*, //
};

/// A platform driver; see [`kernel::platform::Driver`] for what is not said here.
pub trait Driver {
    /// What the id tables say of each id.
    type IdInfo: 'static;

    /// The driver's private data. It may borrow from the device for as long as the driver is bound.
    type Data<'bound>: Send + 'bound;

    /// The devices of a device tree that this driver matches.
    const OF_ID_TABLE: Option<of::IdTable<Self::IdInfo>> = None;

    /// The devices of ACPI tables that this driver matches.
    const ACPI_ID_TABLE: Option<acpi::IdTable<Self::IdInfo>> = None;

    /// Decides whether to drive `dev`, and says how to build the private data.
    ///
    /// Sleeps; runs with the device locked.
    ///
    /// # Errors
    ///
    /// `ENODEV` for a device that this driver does not want; the driver core stays quiet then.
    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        info: Option<&'bound Self::IdInfo>,
    ) -> Result<impl BoundInit<Self::Data<'bound>> + 'bound>;
}

/// Registers a [`Driver`]; give it to `module_driver!` or [`kernel::driver::Registration`].
///
/// It is deliberately no [`kernel::platform::Driver`]: that has a safe `probe`, by which anybody could get
/// the private data as a value and forget it.
pub struct Adapter<T: Driver>(T);

/// The [`kernel::platform::Driver`] that nobody outside can name.
struct Hidden<T: Driver>(T);

register_hidden!(platform, platform_driver);

impl<T: Driver> platform::Driver for Hidden<T> {
    type IdInfo = T::IdInfo;
    type Data<'bound> = T::Data<'bound>;

    const OF_ID_TABLE: Option<of::IdTable<Self::IdInfo>> = T::OF_ID_TABLE;
    const ACPI_ID_TABLE: Option<acpi::IdTable<Self::IdInfo>> = T::ACPI_ID_TABLE;

    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            let init = T::probe(dev, info)?;
            // SAFETY: The platform adapter of the kernel crate runs this initialiser straight into the
            // private data of `dev`, which the driver core drops at unbind, while `'bound` lasts.
            Ok(unsafe { bound::as_pin_init(init) })
        })
    }
}
