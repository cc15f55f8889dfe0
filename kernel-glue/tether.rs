// SPDX-License-Identifier: GPL-2.0

//! An owner and what borrows from it, in one allocation.

use crate::{
    bound::{
        self,
        BoundInit, //
    },
    for_lt::{
        CovariantForLt,
        ForLt, //
    },
};
use core::{
    marker::{
        PhantomData,
        PhantomPinned, //
    },
    pin::Pin,
    ptr::addr_of_mut, //
};
use kernel::prelude::*;

/// Holds an owner `O` together with a value that borrows from it.
///
/// The borrower type is named by `F`, a [`trait@ForLt`] type: for an owner borrowed for `'a` the borrower
/// is `F::Of<'a>`. Dropping a `Tether` drops the borrower first and the owner second; nothing can
/// reverse this, because the borrower cannot be built before its owner, taken out, or replaced.
///
/// A chain is made by nesting: `Tether<Tether<A, B>, C>` drops `C`, then `B`, then `A`.
///
/// # Invariants
///
/// `owner` and `borrower` are initialised and pinned. `borrower` was made from a reference to `owner`,
/// and its real lifetime is that of the `Tether`; `'static` only stands in for it.
#[repr(C)]
pub struct Tether<O, F: ForLt> {
    // Declared first, hence dropped first.
    borrower: F::Of<'static>,
    owner: O,
    _pinned: PhantomPinned,
    // `Send` and `Sync` must hold for the borrower's real lifetime, not for `'static`; see below.
    _not_auto: PhantomData<*mut ()>,
}

// SAFETY: Both fields are `Send`, the borrower for whatever lifetime it really has.
unsafe impl<O: Send, F: ForLt> Send for Tether<O, F> where for<'a> F::Of<'a>: Send {}

// SAFETY: A shared `Tether` gives shared references to its fields only, and both are `Sync`.
unsafe impl<O: Sync, F: ForLt> Sync for Tether<O, F> where for<'a> F::Of<'a>: Sync {}

/// Says how to build what borrows from an `O`.
///
/// `'a` is chosen by the [`Tether`], so the borrower can borrow from the owner but cannot be smuggled
/// out, and nothing with a shorter life can be smuggled in.
pub trait Borrow<O, F: ForLt> {
    /// Returns the initialiser of the borrower.
    ///
    /// # Errors
    ///
    /// Those of the implementation; the owner is then dropped.
    fn borrow<'a>(self, owner: Pin<&'a O>) -> Result<impl BoundInit<F::Of<'a>>>;
}

impl<O, F: ForLt> Tether<O, F> {
    /// Builds the owner in place, then the borrower from it.
    ///
    /// If the borrower fails, the owner is dropped again.
    pub fn new(owner: impl BoundInit<O>, borrower: impl Borrow<O, F>) -> impl BoundInit<Self> {
        let init = move |slot: *mut Self| {
            // SAFETY: `slot` is valid for writes, so a pointer to its field is in bounds.
            let owner_slot = unsafe { addr_of_mut!((*slot).owner) };
            // SAFETY: As above.
            let borrower_slot = unsafe { addr_of_mut!((*slot).borrower) };

            // SAFETY: The promises about `slot` hold for its fields too: it is dropped with the
            // `Tether`, and on failure below it is dropped before the error is returned.
            unsafe { owner.init(owner_slot)? };

            // From here on the owner is dropped unless the borrower comes up.
            struct Undo<O>(*mut O);
            impl<O> Drop for Undo<O> {
                fn drop(&mut self) {
                    // SAFETY: The owner was initialised above, and no borrower exists.
                    unsafe { core::ptr::drop_in_place(self.0) }
                }
            }
            let undo = Undo(owner_slot);

            // SAFETY: The owner is initialised, is not moved before it is dropped, and is only
            // shared while the borrower exists.
            let pinned = unsafe { Pin::new_unchecked(&*owner_slot) };
            let init = borrower.borrow(pinned)?;

            // SAFETY: Lifetimes do not change layout; the slot is that of `F::Of<'static>`. The
            // borrower is dropped before the owner by field order, hence before `'a` ends.
            unsafe { init.init(borrower_slot.cast())? };

            core::mem::forget(undo);
            // INVARIANT: Both fields are initialised, the borrower from the owner.
            Ok(())
        };

        // SAFETY: On `Ok` both fields are initialised (the markers have no bytes); on `Err` the
        // owner was dropped by `Undo` or never came up.
        unsafe { bound::from_closure(init) }
    }

    /// Returns the tether as what it is: pinned.
    pub fn as_pin(&self) -> Pin<&Self> {
        // SAFETY: A `Tether` comes into being in a place that it does not leave before it is dropped; that
        // is what the `BoundInit` of `new` asks of the place, and there is no other way to make one.
        unsafe { Pin::new_unchecked(self) }
    }

    /// Returns the owner.
    pub fn owner(self: Pin<&Self>) -> Pin<&O> {
        // SAFETY: `owner` is structurally pinned.
        unsafe { self.map_unchecked(|this| &this.owner) }
    }

    /// Calls `f` with the borrower, at a lifetime that `f` cannot choose.
    ///
    /// The borrow is shorter than the lifetime in the borrower. Were it as long, `f` could store a
    /// reference to one part of the borrower in another, and the borrower's destructor could follow it
    /// after the first part is gone.
    ///
    /// This works for every borrower; [`borrower`](Self::borrower) is simpler for covariant ones.
    pub fn with_borrower<R>(
        self: Pin<&Self>,
        f: impl for<'r, 'a> FnOnce(Pin<&'r F::Of<'a>>) -> R,
    ) -> R {
        let borrower = core::ptr::from_ref(&self.get_ref().borrower);

        // SAFETY: `borrower` is structurally pinned. Its real lifetime is no shorter than that of
        // `self`, and since `f` must work for every `'a` it can neither use it for longer nor put
        // anything of a shorter life into it.
        f(unsafe { Pin::new_unchecked(&*borrower.cast()) })
    }
}

impl<O, F: CovariantForLt> Tether<O, F> {
    /// Returns the borrower, its lifetime shortened to that of `self`.
    pub fn borrower(self: Pin<&Self>) -> Pin<&F::Of<'_>> {
        // SAFETY: `borrower` is structurally pinned, and `cast_ref` does not move it.
        unsafe { Pin::new_unchecked(F::cast_ref(&self.get_ref().borrower)) }
    }
}

#[kunit_tests(kernel_glue_tether)]
mod tests {
    use super::*;
    use kernel::sync::atomic::{
        Atomic,
        Relaxed, //
    };

    /// Writes down, as decimal digits, who was dropped after whom.
    struct Log(Atomic<u32>);

    impl Log {
        fn note(&self, digit: u32) {
            self.0.store(self.0.load(Relaxed) * 10 + digit, Relaxed);
        }
    }

    struct Owner<'l> {
        log: &'l Log,
        alive: u32,
    }

    impl Drop for Owner<'_> {
        fn drop(&mut self) {
            self.alive = 0;
            self.log.note(1);
        }
    }

    struct Borrower<'a>(&'a Owner<'a>);

    impl Drop for Borrower<'_> {
        fn drop(&mut self) {
            // 2 if the owner is still what it was, 9 if it has been dropped.
            self.0.log.note(if self.0.alive == 42 { 2 } else { 9 });
        }
    }

    type BorrowerLt = CovariantForLt!(for<'a> Borrower<'a>);

    struct Succeed;

    impl<'l> Borrow<Owner<'l>, BorrowerLt> for Succeed {
        fn borrow<'a>(self, owner: Pin<&'a Owner<'l>>) -> Result<impl BoundInit<Borrower<'a>>> {
            Ok(bound::value(Borrower(owner.get_ref())))
        }
    }

    /// Fails when asked for an initialiser, or when the initialiser is run.
    struct Fail {
        late: bool,
    }

    impl<'l> Borrow<Owner<'l>, BorrowerLt> for Fail {
        fn borrow<'a>(self, _owner: Pin<&'a Owner<'l>>) -> Result<impl BoundInit<Borrower<'a>>> {
            if !self.late {
                return Err(EAGAIN);
            }
            Ok(bound::pinned(Err::<Borrower<'a>, Error>(EBUSY)))
        }
    }

    fn owner(log: &Log) -> impl BoundInit<Owner<'_>> {
        bound::value(Owner { log, alive: 42 })
    }

    fn make<'l>(
        log: &'l Log,
        borrow: impl Borrow<Owner<'l>, BorrowerLt>,
    ) -> Result<Pin<KBox<Tether<Owner<'l>, BorrowerLt>>>> {
        // SAFETY: The box is dropped by each test below, before the log it borrows.
        KBox::pin_init(
            unsafe { bound::as_pin_init(Tether::new(owner(log), borrow)) },
            GFP_KERNEL,
        )
    }

    #[test]
    fn borrower_is_dropped_before_a_live_owner() -> Result {
        let log = Log(Atomic::new(0));
        let tether = make(&log, Succeed)?;
        assert_eq!(log.0.load(Relaxed), 0);
        drop(tether);
        assert_eq!(log.0.load(Relaxed), 21);
        Ok(())
    }

    #[test]
    fn both_accessors_show_the_owner_to_the_borrower() -> Result {
        let log = Log(Atomic::new(0));
        let tether = make(&log, Succeed)?;
        assert_eq!(tether.as_ref().borrower().0.alive, 42);
        assert_eq!(
            tether.as_ref().with_borrower(|borrower| borrower.0.alive),
            42
        );
        assert!(core::ptr::eq(
            tether.as_ref().owner().get_ref(),
            tether.as_ref().borrower().0
        ));
        Ok(())
    }

    #[test]
    fn owner_is_dropped_once_if_the_borrower_fails() {
        for (late, error) in [(false, EAGAIN), (true, EBUSY)] {
            let log = Log(Atomic::new(0));
            assert_eq!(make(&log, Fail { late }).err(), Some(error));
            assert_eq!(log.0.load(Relaxed), 1);
        }
    }
}
