// SPDX-License-Identifier: GPL-2.0

//! What is dropped when a device is unbound, over a lifetime.

#[cfg(kernel_7_3)]
pub(crate) use kernel::devres::{
    DevresGuard,
    DevresLt, //
};

#[cfg(not(kernel_7_3))]
pub(crate) use before::{
    DevresGuard,
    DevresLt, //
};

/// Makes a [`DevresLt`] of what the `into_devres` of registers returns.
#[cfg(kernel_7_3)]
pub(crate) fn mapping<F: super::for_lt::ForLt>(shared: DevresLt<F>) -> DevresLt<F>
where
    for<'a> F::Of<'a>: Send,
{
    shared
}

#[cfg(not(kernel_7_3))]
pub(crate) use before::mapping;

#[cfg(not(kernel_7_3))]
mod before {
    use crate::for_lt::{
        CovariantForLt,
        ForLt, //
    };
    use core::ops::Deref;
    use kernel::{
        device::{
            Bound,
            Device, //
        },
        devres::Devres,
        prelude::*,
        revocable::RevocableGuard, //
    };

    pub(crate) fn mapping<F: ForLt>(shared: Devres<F::Of<'static>>) -> DevresLt<F>
    where
        for<'a> F::Of<'a>: Send,
    {
        DevresLt(shared)
    }

    /// As `kernel::devres::DevresLt` of 7.3.
    ///
    /// What is in there lives until the device is unbound; `'static` only stands in for that.
    pub(crate) struct DevresLt<F: ForLt>(Devres<F::Of<'static>>)
    where
        for<'a> F::Of<'a>: Send;

    impl<F: ForLt> DevresLt<F>
    where
        for<'a> F::Of<'a>: Send,
    {
        /// # Safety
        ///
        /// What `data` builds stays valid for as long as `dev` is bound, which may be longer than `'a`.
        pub(crate) unsafe fn new<'a>(
            dev: &'a Device<Bound>,
            data: impl PinInit<F::Of<'a>, Error>,
        ) -> Result<Self> {
            // SAFETY: Lifetimes do not change what a type looks like. Nobody gets at the value for longer
            // than the device is bound, and for that long it is valid, as the caller promises.
            let data = unsafe { pin_init::cast_pin_init(data) };
            Devres::new(dev, data).map(Self)
        }

        pub(crate) fn device(&self) -> &Device {
            self.0.device()
        }

        pub(crate) fn access_with<R>(
            &self,
            dev: &Device<Bound>,
            f: impl for<'a> FnOnce(&F::Of<'a>) -> R,
        ) -> Result<R> {
            self.0.access(dev).map(f)
        }

        pub(crate) fn try_access_with<R>(
            &self,
            f: impl for<'a> FnOnce(&F::Of<'a>) -> R,
        ) -> Option<R> {
            self.0.try_access_with(f)
        }
    }

    impl<F: CovariantForLt> DevresLt<F>
    where
        for<'a> F::Of<'a>: Send,
    {
        pub(crate) fn access<'a>(&'a self, dev: &'a Device<Bound>) -> Result<&'a F::Of<'a>> {
            self.0.access(dev).map(F::cast_ref)
        }

        pub(crate) fn try_access(&self) -> Option<DevresGuard<'_, F>> {
            self.0.try_access().map(DevresGuard)
        }
    }

    /// As `kernel::devres::DevresGuard` of 7.3, and no sounder.
    pub(crate) struct DevresGuard<'a, F: CovariantForLt>(RevocableGuard<'a, F::Of<'static>>);

    impl<'a, F: CovariantForLt> Deref for DevresGuard<'a, F> {
        type Target = F::Of<'a>;

        fn deref(&self) -> &Self::Target {
            F::cast_ref(&*self.0)
        }
    }
}
