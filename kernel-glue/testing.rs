// SPDX-License-Identifier: GPL-2.0

//! What several KUnit suites need.

use crate::{
    event::Event,
    new_event, //
};
use core::pin::Pin;
use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    faux,
    prelude::*,
    str::CString,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    workqueue::Queue,
    ThisModule, //
};

/// Number of the next device. A case that fails leaves its device behind.
static NEXT: Atomic<u32> = Atomic::new(0);

/// A device that is nothing but bound, and can reach all memory.
pub struct TestDevice(faux::Registration);

impl TestDevice {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// `ENODEV` if it cannot be registered, `ENOMEM`.
    pub fn new() -> Result<Self> {
        let number = NEXT.fetch_add(1, Relaxed);
        let name = CString::try_from_fmt(fmt!("kernel-glue-test.{}", number))?;
        let device = Self(faux::Registration::new(&name, None)?);
        let raw = core::ptr::from_ref(device.bound())
            .cast::<bindings::device>()
            .cast_mut();
        // SAFETY: The device is valid, nobody else knows of it yet, and it has no masks of its own.
        unsafe {
            (*raw).coherent_dma_mask = u64::MAX;
            (*raw).dma_mask = &raw mut (*raw).coherent_dma_mask;
        }
        Ok(device)
    }

    /// Lends it as the device that it is.
    pub fn bound(&self) -> &Device<Bound> {
        let faux: &faux::Device<Bound> = self.0.as_ref();
        faux.as_ref()
    }
}

/// What happened, in the order in which it did, as decimal digits.
#[pin_data]
pub struct Log {
    digits: Atomic<u32>,
    #[pin]
    event: Event,
}

impl Log {
    /// Makes one in which nothing has happened.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub fn new() -> Result<Pin<KBox<Self>>> {
        let init = pin_init!(Self {
            digits: Atomic::new(0),
            event <- new_event!("kernel_glue_test"),
        });
        KBox::pin_init(init, GFP_KERNEL)
    }

    /// Adds `digit`, which is not 0. One thread does at a time.
    pub fn note(&self, digit: u32) {
        self.digits.store(self.digits() * 10 + digit, Release);
        self.event.notify_all();
    }

    /// The digits so far.
    pub fn digits(&self) -> u32 {
        self.digits.load(Acquire)
    }

    /// Waits until there are these and no others. Sleeps.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` after ten seconds.
    pub fn wait_for(&self, digits: u32) -> Result {
        self.event
            .wait_timeout(Delta::from_secs(10), || self.digits() == digits)
    }
}

/// Calls `f` from another thread, when this one has had time to fall asleep.
///
/// Only one module may call [`Queue::try_spawn`]: the lock checker takes the name of its lock in
/// another module for another lock.
///
/// # Errors
///
/// `ENOMEM`.
pub fn later(mut f: KBox<dyn FnMut() + Send>) -> Result {
    let work = move || {
        fsleep(Delta::from_millis(20));
        f();
    };
    any_processor().try_spawn(GFP_KERNEL, work)?;
    Ok(())
}

/// Returns what drivers of suites are registered with: there is no module that this crate could name.
pub fn no_module() -> &'static ThisModule {
    struct NoModule(ThisModule);

    // SAFETY: There is nothing behind the pointer.
    unsafe impl Sync for NoModule {}

    // SAFETY: The kernel takes an owner that is null for itself.
    static NO_MODULE: NoModule = NoModule(unsafe { ThisModule::from_ptr(core::ptr::null_mut()) });

    &NO_MODULE.0
}

/// Returns the queue whose work may take long and runs on any processor.
///
/// The one of the kernel crate is deprecated, and the kernel says so.
pub fn any_processor() -> &'static Queue {
    // SAFETY: The queue is there before any module is, and stays.
    unsafe { Queue::from_raw(bindings::system_dfl_wq) }
}
