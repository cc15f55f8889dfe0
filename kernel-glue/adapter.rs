// SPDX-License-Identifier: GPL-2.0

//! What the adapters of all buses have in common.

/// Gives `Adapter<T>` the registration that the kernel crate's adapter for `$bus` has for `Hidden<T>`.
/// A function may be given that sets what it does not set in the structure.
///
/// A driver must not be able to name the implementation of `kernel::$bus::Driver`: its `probe` is a safe
/// method that hands out an initialiser which anybody may run, and whose value anybody may forget.
macro_rules! register_hidden {
    ($bus:ident, $c_driver:ident $(, $set:expr)?) => {
        // SAFETY: All is that of the kernel crate's own adapter, to which `register` delegates.
        unsafe impl<T: Driver> kernel::driver::DriverLayout for Adapter<T> {
            type DriverType = kernel::bindings::$c_driver;
            type DriverData<'bound> = T::Data<'bound>;
            const DEVICE_DRIVER_OFFSET: usize =
                core::mem::offset_of!(kernel::bindings::$c_driver, driver);
        }

        // SAFETY: As above.
        unsafe impl<T: Driver> kernel::driver::RegistrationOps for Adapter<T> {
            unsafe fn register(
                reg: &kernel::types::Opaque<Self::DriverType>,
                name: &'static kernel::str::CStr,
                module: &'static kernel::ThisModule,
            ) -> kernel::error::Result {
                // SAFETY: Nobody knows of the structure until it is registered below, which leaves what
                // it does not set itself as it is.
                $($set(unsafe { &mut *reg.get() });)?
                // SAFETY: The caller keeps the same promises.
                unsafe { kernel::$bus::Adapter::<Hidden<T>>::register(reg, name, module) }
            }

            unsafe fn unregister(reg: &kernel::types::Opaque<Self::DriverType>) {
                // SAFETY: The caller keeps the same promises.
                unsafe { kernel::$bus::Adapter::<Hidden<T>>::unregister(reg) }
            }
        }
    };
}
pub(crate) use register_hidden;
