// SPDX-License-Identifier: GPL-2.0

//! The registration of an auxiliary device, with data that need not be covariant.

use crate::for_lt::{
    CovariantForLt,
    ForLt, //
};
use core::pin::Pin;
use kernel::{
    auxiliary::Device,
    device::Bound,
    prelude::*, //
};

#[cfg(kernel_7_3)]
pub(crate) use kernel::auxiliary::Registration;

/// As [`Registration`] of 7.3.
#[cfg(not(kernel_7_3))]
pub(crate) type Registration<'a, F> = kernel::auxiliary::Registration<'a, before::Any<F>>;

/// As `Device::registration_data()` of 7.3.
///
/// # Errors
///
/// `EINVAL` if they are not of type `F`, `ENOENT` if there are none.
#[cfg(kernel_7_3)]
pub(crate) fn registration_data<F: CovariantForLt + 'static>(
    child: &Device<Bound>,
) -> Result<Pin<&F::Of<'_>>> {
    child.registration_data::<F>()
}

/// As `Device::registration_data_with()` of 7.3.
///
/// # Errors
///
/// Those of [`registration_data`].
#[cfg(kernel_7_3)]
pub(crate) fn registration_data_with<F: ForLt + 'static, R>(
    child: &Device<Bound>,
    f: impl for<'a> FnOnce(Pin<&F::Of<'a>>) -> R,
) -> Result<R> {
    child.registration_data_with::<F, R>(f)
}

#[cfg(not(kernel_7_3))]
pub(crate) fn registration_data<F: CovariantForLt + 'static>(
    child: &Device<Bound>,
) -> Result<Pin<&F::Of<'_>>> {
    child.registration_data::<before::Any<F>>()
}

#[cfg(not(kernel_7_3))]
pub(crate) fn registration_data_with<F: ForLt + 'static, R>(
    child: &Device<Bound>,
    f: impl for<'a> FnOnce(Pin<&F::Of<'a>>) -> R,
) -> Result<R> {
    // What comes out has a lifetime that is not its own; `f` must take it for any.
    child.registration_data::<before::Any<F>>().map(f)
}

#[cfg(not(kernel_7_3))]
mod before {
    use crate::for_lt::ForLt;
    use core::marker::PhantomData;

    /// Makes a tag of the kernel crate, which means a covariant one in 7.2, of any tag.
    pub(crate) struct Any<F>(PhantomData<F>);

    // SAFETY: `F` may not be covariant. But the tag can be named in this file only, which asks for data by it
    // where they are covariant, or gives them to a closure that must take them for any lifetime. The kernel
    // crate does no more than hand them out.
    unsafe impl<F: ForLt> kernel::types::ForLt for Any<F> {
        type Of<'a> = F::Of<'a>;
    }
}
