// SPDX-License-Identifier: GPL-2.0

//! Auxiliary devices and their drivers.

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

use crate::{
    adapter::register_hidden,
    bound::{
        self,
        BoundInit, //
    },
    compat::auxiliary::{
        registration_data,
        registration_data_with,
        Registration, //
    },
    for_lt::{
        CovariantForLt,
        ForLt, //
    }, //
};
use core::{
    marker::{
        PhantomData,
        PhantomPinned, //
    },
    pin::Pin, //
};
use kernel::{
    auxiliary::{
        self,
        Device,
        IdTable, //
    },
    device::{
        self,
        Bound,
        Core, //
    },
    prelude::*, //
};

/// A child device, registered for as long as this value lives.
///
/// Its driver reads the data of type `F` with [`data`] or [`data_with`]. Dropping a `Child` unbinds that
/// driver, waits until it is gone, and then drops the data.
pub struct Child<'a, F: ForLt + 'static> {
    _registration: Registration<'a, SealedLt<F>>,
    // Else safe code could exchange it for another through a mutable reference.
    _pinned: PhantomPinned,
}

// SAFETY: A registration can be released from any thread, and with it the data.
unsafe impl<F: ForLt + 'static> Send for Child<'_, F> where for<'a> F::Of<'a>: Send {}

// SAFETY: Nothing can be done with a shared `Child`.
unsafe impl<F: ForLt + 'static> Sync for Child<'_, F> where for<'a> F::Of<'a>: Send {}

impl<'a, F: ForLt + 'static> Child<'a, F>
where
    for<'b> F::Of<'b>: Send + Sync,
{
    /// Registers the child `<modname>.<name>.<id>` of `parent`.
    ///
    /// A driver that is loaded already is probed before this returns, while `parent` is still being
    /// probed; it must rely on `data` alone.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the name is too long (39 bytes with module name and dot), `EEXIST` if it is taken,
    /// `ENOMEM`, or those of `data`. A child whose driver fails to probe is not an error.
    pub fn new(
        parent: &'a device::Device<Bound>,
        modname: &'a CStr,
        name: &'a CStr,
        id: u32,
        data: impl PinInit<F::Of<'a>, Error>,
    ) -> impl BoundInit<Self> {
        let init = move |slot: *mut Self| {
            let data = try_pin_init!(Sealed { data <- data });
            let child = Self {
                // SAFETY: The registration goes straight into a slot whose contents are dropped
                // before `'a` ends and are never forgotten.
                _registration: unsafe {
                    Registration::new_with_lt(parent, name, id, modname, data)?
                },
                _pinned: PhantomPinned,
            };
            // SAFETY: `slot` is valid for writes.
            unsafe { slot.write(child) };
            Ok(())
        };

        // SAFETY: The closure writes the whole slot, or fails before it touches it.
        unsafe { bound::from_closure(init) }
    }
}

/// The data of a child device, which only this module can read.
///
/// `Device::registration_data_with()` lends data to a closure for as long as the lifetime in the data. Through
/// a lock in there, the closure could store a reference to one part of the data in another, for the
/// destructor to follow when the first part is gone.
#[pin_data]
struct Sealed<T> {
    #[pin]
    data: T,
}

impl<T> Sealed<T> {
    fn get(self: Pin<&Self>) -> Pin<&T> {
        // SAFETY: `data` is structurally pinned.
        unsafe { self.map_unchecked(|this| &this.data) }
    }
}

/// [`Sealed`] over the lifetime of what it holds.
struct SealedLt<F>(PhantomData<F>);

impl<F: ForLt> ForLt for SealedLt<F> {
    type Of<'a> = Sealed<F::Of<'a>>;
}

// SAFETY: A structure with one field is covariant if the field is.
unsafe impl<F: CovariantForLt> CovariantForLt for SealedLt<F> {}

/// Returns the data that the parent's driver registered `child` with.
///
/// # Errors
///
/// `EINVAL` if they are not of type `F`, which means the very same tag; `ENOENT` if there are none, because
/// the parent's driver is not written in Rust.
pub fn data<F: CovariantForLt + 'static>(child: &Device<Bound>) -> Result<Pin<&F::Of<'_>>> {
    registration_data::<SealedLt<F>>(child).map(Sealed::get)
}

/// Calls `f` with the data that the parent's driver registered `child` with, at a lifetime that `f` cannot
/// choose. This works for all data; [`data`] is simpler where they are covariant.
///
/// # Errors
///
/// Those of [`data`].
pub fn data_with<F: ForLt + 'static, R>(
    child: &Device<Bound>,
    f: impl for<'r, 'a> FnOnce(Pin<&'r F::Of<'a>>) -> R,
) -> Result<R> {
    registration_data_with::<SealedLt<F>, R>(child, |sealed| f(sealed.get()))
}

/// An auxiliary driver; see [`kernel::auxiliary::Driver`] for what is not said here.
pub trait Driver {
    /// What the id table says of each id.
    type IdInfo: 'static;

    /// The driver's private data. It may borrow from the device for as long as the driver is bound.
    type Data<'bound>: Send + 'bound;

    /// The devices this driver matches.
    const ID_TABLE: IdTable<Self::IdInfo>;

    /// Decides whether to drive `dev`, and says how to build the private data.
    ///
    /// Sleeps; runs with the device locked.
    ///
    /// # Errors
    ///
    /// `ENODEV` for a device that this driver does not want; the driver core stays quiet then.
    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        info: &'bound Self::IdInfo,
    ) -> Result<impl BoundInit<Self::Data<'bound>> + 'bound>;
}

/// Registers a [`Driver`]; give it to `module_driver!` or [`kernel::driver::Registration`].
///
/// It is deliberately no [`kernel::auxiliary::Driver`]: that has a safe `probe`, by which anybody could get
/// the private data as a value and forget it.
pub struct Adapter<T: Driver>(T);

/// The [`kernel::auxiliary::Driver`] that nobody outside can name.
struct Hidden<T: Driver>(T);

register_hidden!(auxiliary, auxiliary_driver);

impl<T: Driver> auxiliary::Driver for Hidden<T> {
    type IdInfo = T::IdInfo;
    type Data<'bound> = T::Data<'bound>;

    const ID_TABLE: IdTable<Self::IdInfo> = T::ID_TABLE;

    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        info: &'bound Self::IdInfo,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            let init = T::probe(dev, info)?;
            // SAFETY: The auxiliary adapter of the kernel crate runs this initialiser straight into
            // the private data of `dev`, which the driver core drops at unbind, while `'bound` lasts.
            Ok(unsafe { bound::as_pin_init(init) })
        })
    }
}
