// SPDX-License-Identifier: GPL-2.0

//! Work that is done later by another thread, for as long as a driver is bound.
//!
//! [`kernel::workqueue`] takes work that owns itself and may run when the driver has been unbound, so it
//! cannot borrow. Here a [`Work`] is part of the driver's private data: what it does may borrow for as long
//! as that lives, and dropping it waits until it is no longer being done.

use crate::bound::{
    self,
    BoundInit, //
};
use core::{
    marker::PhantomPinned,
    mem::offset_of,
    pin::Pin,
    ptr, //
};
use kernel::{
    bindings,
    prelude::*,
    sync::LockClassKey,
    types::Opaque, //
};

/// Makes an initialiser of a [`Work`] with the given name and handler, and a lock class of its own.
#[macro_export]
macro_rules! bound_work {
    ($name:literal, $handler:expr $(,)?) => {
        $crate::work::Work::new(
            ::kernel::c_str!($name),
            ::kernel::static_lock_class!(),
            $handler,
        )
    };
}

/// What is to be done.
pub trait Handler: Sync {
    /// Does it. Runs in a thread of the kernel, and may sleep.
    ///
    /// Is not called again before it has returned, however often the work was asked for meanwhile.
    fn run(&self);
}

/// Work that can be asked for.
///
/// Dropping it waits until the handler has returned, and drops the handler then. What was asked for and has
/// not begun may not be done at all.
///
/// # Invariants
///
/// `work` is initialised, and its function is [`run`] for `H`; `self` does not move.
#[repr(C)]
pub struct Work<H: Handler> {
    work: Opaque<bindings::work_struct>,
    handler: H,
    /// Others may hold a reference to this while it is dropped.
    _pinned: PhantomPinned,
}

// SAFETY: The work may be asked for and dropped on any thread, if the handler may be dropped there.
unsafe impl<H: Handler + Send> Send for Work<H> {}

// SAFETY: Work may be asked for by several threads at a time, and a handler may be used by them.
unsafe impl<H: Handler> Sync for Work<H> {}

impl<H: Handler> Work<H> {
    /// Builds the handler, and lets the work be asked for; [`bound_work!`](crate::bound_work) is simpler.
    ///
    /// `name` is shown by lockdep.
    ///
    /// # Errors
    ///
    /// Those of `handler`.
    pub fn new(
        name: &'static CStr,
        key: Pin<&'static LockClassKey>,
        handler: impl BoundInit<H>,
    ) -> impl BoundInit<Self> {
        const { assert!(offset_of!(Self, work) == 0) };
        let init = move |slot: *mut Self| {
            // SAFETY: What is promised of the slot holds for its fields.
            unsafe { handler.init(&raw mut (*slot).handler)? };
            // INVARIANT: `run` is for the same handler, and the slot is where the work stays.
            //
            // SAFETY: The work is the first field of the slot and may be overwritten; name and key live for
            // ever. It is not on the stack, where debug objects would look for it otherwise.
            unsafe {
                bindings::init_work_with_key(
                    slot.cast(),
                    Some(run::<H>),
                    false,
                    name.as_char_ptr(),
                    key.as_ptr(),
                )
            };
            Ok(())
        };

        // SAFETY: On `Ok` both fields are initialised (the marker has no bytes); on `Err` neither is.
        unsafe { bound::from_closure(init) }
    }

    /// Returns the handler.
    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// Asks for the work to be done. May be called in any context, that of an interrupt included.
    ///
    /// Returns whether that was news: it was not if it has been asked for before and has not begun.
    pub fn enqueue(&self) -> bool {
        // SAFETY: By the invariants, and the queue lives for ever. No processor is preferred.
        unsafe {
            bindings::queue_work_on(
                // CAST: The number stands for none, and is far from being negative.
                bindings::wq_misc_consts_WORK_CPU_UNBOUND as c_int,
                bindings::system_dfl_wq,
                self.work.get(),
            )
        }
    }

    /// Waits until what was asked for before has been done. Sleeps.
    ///
    /// Must not be called by the handler, or with a lock held that the handler takes.
    pub fn flush(&self) {
        // SAFETY: By the invariants.
        unsafe { bindings::flush_work(self.work.get()) };
    }
}

impl<H: Handler> Drop for Work<H> {
    fn drop(&mut self) {
        // SAFETY: By the invariants. This waits for the handler, and what the handler asks for meanwhile is
        // not done any more.
        unsafe { bindings::disable_work_sync(self.work.get()) };
    }
}

/// # Safety
///
/// `work` points to the first field of a `Work<H>` that is not dropped meanwhile.
unsafe extern "C" fn run<H: Handler>(work: *mut bindings::work_struct) {
    // SAFETY: By the promise of the caller. Nobody has a mutable reference to any of it.
    let handler = unsafe { &*ptr::addr_of!((*work.cast::<Work<H>>()).handler) };
    handler.run();
}

#[kunit_tests(kernel_glue_work)]
mod tests {
    use super::*;
    use crate::testing::Log;
    use kernel::time::{
        delay::fsleep,
        Delta, //
    };

    /// Notes 1 when it begins, 2 when it ends, 3 when it is dropped.
    struct Recorder<'l> {
        log: &'l Log,
        /// How long it takes, in milliseconds.
        millis: i64,
    }

    impl Handler for Recorder<'_> {
        fn run(&self) {
            self.log.note(1);
            fsleep(Delta::from_millis(self.millis));
            self.log.note(2);
        }
    }

    impl Drop for Recorder<'_> {
        fn drop(&mut self) {
            self.log.note(3);
        }
    }

    fn work(log: &Log, millis: i64) -> Result<Pin<KBox<Work<Recorder<'_>>>>> {
        let init = bound_work!("kernel_glue_test", bound::value(Recorder { log, millis }));
        // SAFETY: The box is dropped by each case below, before the log that it borrows.
        KBox::pin_init(unsafe { bound::as_pin_init(init) }, GFP_KERNEL)
    }

    #[test]
    fn work_is_done_as_often_as_it_is_asked_for() -> Result {
        let log = Log::new()?;
        let work = work(&log, 0)?;
        assert_eq!(log.digits(), 0);
        assert!(work.enqueue());
        assert_eq!(log.wait_for(12), Ok(()));
        work.flush();
        assert!(work.enqueue());
        work.flush();
        assert_eq!(log.digits(), 1212);
        Ok(())
    }

    #[test]
    fn work_that_is_asked_for_while_it_is_done_is_done_once_more() -> Result {
        let log = Log::new()?;
        let work = work(&log, 50)?;
        work.enqueue();
        assert_eq!(log.wait_for(1), Ok(()));
        assert!(work.enqueue());
        assert!(!work.enqueue());
        assert_eq!(log.wait_for(1212), Ok(()));
        Ok(())
    }

    #[test]
    fn handler_is_dropped_when_it_has_returned() -> Result {
        let log = Log::new()?;
        let work = work(&log, 50)?;
        work.enqueue();
        assert_eq!(log.wait_for(1), Ok(()));
        // This will not be done any more.
        work.enqueue();
        drop(work);
        assert_eq!(log.digits(), 123);
        Ok(())
    }

    #[test]
    fn handler_that_was_never_asked_is_dropped() -> Result {
        let log = Log::new()?;
        let work = work(&log, 0)?;
        work.flush();
        assert_eq!(work.handler().millis, 0);
        drop(work);
        assert_eq!(log.digits(), 3);
        Ok(())
    }

    #[test]
    fn handler_that_fails_to_come_up_makes_no_work() {
        let init = bound_work!(
            "kernel_glue_test",
            bound::pinned(Err::<Recorder<'_>, Error>(EAGAIN)),
        );
        // SAFETY: Nothing comes of it.
        let failed = KBox::pin_init(unsafe { bound::as_pin_init(init) }, GFP_KERNEL);
        assert_eq!(failed.err(), Some(EAGAIN));
    }
}
