// SPDX-License-Identifier: GPL-2.0

//! Files that show what borrows.
//!
//! [`kernel::debugfs`] wants data that live for ever, because whoever owns the files may forget them. Here
//! nobody owns them who could: [`Files`] come into being in private data only, see [`bound`]. So they may
//! borrow from the device and from what the driver has made of it, and the callback is given that.

use crate::{
    bound::{
        self,
        BoundInit, //
    },
    compat::pin_init::raw_try_init,
    for_lt::ForLt, //
};
use core::marker::{
    PhantomData,
    PhantomPinned, //
};
use kernel::{
    debugfs::{
        Dir,
        Scope,
        ScopedDir, //
    },
    fmt,
    prelude::*, //
};

/// A directory of files that show an `F::Of<'a>`, for as long as this value lives.
///
/// Dropping it removes the files, waits for who is reading one, and then drops the data. Who has a file open
/// gets `EIO` from then on.
#[pin_data]
pub struct Files<'a, F: ForLt + 'static>
where
    for<'b> F::Of<'b>: Send + Sync,
{
    #[pin]
    _scope: Scope<Lent<F>>,
    _borrowed: PhantomData<fn(&'a ()) -> &'a ()>,
    #[pin]
    _pinned: PhantomPinned,
}

impl<'a, F: ForLt + 'static> Files<'a, F>
where
    for<'b> F::Of<'b>: Send + Sync,
{
    /// Makes the directory `name` in `parent`, and in it what `make` says, which shows `data`.
    ///
    /// What debugfs cannot make is missing, without an error.
    ///
    /// # Errors
    ///
    /// Those of `data`.
    pub fn new(
        parent: Dir,
        name: &'a CStr,
        data: impl PinInit<F::Of<'a>, Error> + 'a,
        make: impl FnOnce(&Directory<'_, '_, F>) + 'a,
    ) -> impl BoundInit<Self> {
        let init = move |slot: *mut Self| {
            // SAFETY: `Lent` is transparent, and lifetimes do not change layout. What is hidden in it is valid
            // until it is dropped, because the contents of `slot` are dropped before `'a` ends.
            let lent = unsafe {
                pin_init::pin_init_from_closure(move |lent: *mut Lent<F>| {
                    raw_try_init(lent.cast::<F::Of<'a>>(), data)
                })
            };
            let scope = parent.scope(lent, name, |data, dir| make(&Directory { dir, data }));
            let files = try_pin_init!(Self {
                _scope <- scope,
                _borrowed: PhantomData,
                _pinned: PhantomPinned,
            }? Error);
            // SAFETY: `slot` is valid, and its contents are pinned and dropped in time.
            unsafe { raw_try_init(slot, files) }
        };
        // SAFETY: `raw_try_init` initialises the slot, or fails and leaves nothing in it.
        unsafe { bound::from_closure(init) }
    }
}

/// What is shown. Its real lifetime is hidden; `'static` stands in for it.
#[repr(transparent)]
struct Lent<F: ForLt>(F::Of<'static>);

// SAFETY: It is `Send` for its real lifetime.
unsafe impl<F: ForLt> Send for Lent<F> where for<'b> F::Of<'b>: Send {}

// SAFETY: It is `Sync` for its real lifetime.
unsafe impl<F: ForLt> Sync for Lent<F> where for<'b> F::Of<'b>: Sync {}

/// A directory that is being made.
pub struct Directory<'data, 'dir, F: ForLt + 'static> {
    dir: &'dir ScopedDir<'data, 'dir>,
    data: &'data Lent<F>,
}

impl<F: ForLt + 'static> Directory<'_, '_, F>
where
    for<'b> F::Of<'b>: Send + Sync,
{
    /// Makes a file with what `S` shows.
    pub fn text<S: Show<F>>(&self, name: &CStr) {
        self.dir.read_callback_file(name, self.data, &show::<F, S>);
    }
}

/// Writes the text of a file.
pub trait Show<F: ForLt>: 'static {
    /// Shows `data`, whose lifetime it cannot choose. Sleeps if it likes; several readers may call it at once.
    ///
    /// # Errors
    ///
    /// Those of the formatter.
    fn show(data: &F::Of<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

fn show<F: ForLt, S: Show<F>>(lent: &Lent<F>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let data: *const F::Of<'static> = &lent.0;
    // SAFETY: `lent` is valid while it is shown, at a lifetime that `S` cannot choose: it can neither keep what
    // is in there nor put anything of a shorter life into it.
    S::show(unsafe { &*data.cast() }, f)
}
