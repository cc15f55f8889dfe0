// SPDX-License-Identifier: GPL-2.0

//! Fences: promises that something will be over.
//!
//! A [`Fence`] is what others wait for: other drivers, and user space through a syncobj. There may be any
//! number of references to it, and they may outlive driver and device. Who made the promise has the only
//! [`Promise`] of the fence, and ends it once: by [`Promise::signal`], by [`Promise::fail`], or by dropping
//! it, which fails with `ECANCELED`. So no fence is left pending by a path that forgot about it.
//!
//! While a promise has not ended, the DRM core may ask its module for names, so it keeps the module loaded.
//! When it has, the core no longer needs anything of the module.

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

use core::{
    marker::PhantomData,
    mem::MaybeUninit, //
};
use kernel::{
    bindings,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Atomic,
            Relaxed, //
        }, //
    },
    time::Delta,
    types::Opaque,
    ModuleMetadata, //
};
use kernel_glue::{
    compat::{
        error::code::{
            ECANCELED,
            ETIME, //
        },
        module::this_module, //
    },
    event::jiffies, //
};

use crate::{
    counted::{
        counted,
        take, //
    },
    driver::c_chars, //
};

extern "C" {
    fn kernel_glue_fence_get(fence: *mut bindings::dma_fence);
    fn kernel_glue_fence_put(fence: *mut bindings::dma_fence);
    /// Makes a pending fence with one reference of the memory, and takes a reference to the module; not, if
    /// that is being unloaded.
    fn kernel_glue_fence_begin(
        fence: *mut bindings::dma_fence,
        operations: *const bindings::dma_fence_ops,
        owner: *mut c_void,
        context: u64,
        seqno: u64,
    ) -> bool;
    /// Ends it, with an error, if that is not 0, and gives up the reference to the module.
    fn kernel_glue_fence_end(fence: *mut bindings::dma_fence, owner: *mut c_void, error: c_int);
}

/// Something that will be over, successfully or not.
#[repr(transparent)]
pub struct Fence(Opaque<bindings::dma_fence>);

// SAFETY: A fence may be used and released by any thread.
unsafe impl Send for Fence {}

// SAFETY: A fence has a lock of its own, and may be used by several threads at a time.
unsafe impl Sync for Fence {}

// SAFETY: These functions count the references of a fence, which lives until there are none.
counted!(unsafe impl for Fence: kernel_glue_fence_get, kernel_glue_fence_put);

impl Fence {
    /// How it ended; `None` if it has not. May be called in any context but that of non-maskable interrupts.
    pub fn status(&self) -> Option<Result> {
        // SAFETY: The fence is alive.
        match unsafe { bindings::dma_fence_get_status(self.as_raw()) } {
            0 => None,
            error if error < 0 => Some(Err(Error::from_errno(error))),
            _ => Some(Ok(())),
        }
    }

    /// Returns whether it has ended, successfully or not.
    pub fn has_ended(&self) -> bool {
        self.status().is_some()
    }

    /// Waits until it has ended, successfully or not; [`status`](Self::status) tells. Sleeps.
    ///
    /// There is no wait without a limit: the promise may be that of another driver or of user space, and
    /// whoever unbinds the device waits for the ioctl that waits here.
    ///
    /// # Errors
    ///
    /// `ETIME` if it has not after `timeout`, `ERESTARTSYS` if the process is sent a signal before.
    pub fn wait(&self, timeout: Delta) -> Result {
        // SAFETY: The fence is alive, and the time is not negative.
        match unsafe { bindings::dma_fence_wait_timeout(self.as_raw(), true, jiffies(timeout)) } {
            0 => Err(ETIME),
            // CAST: Errors fit.
            error if error < 0 => Err(Error::from_errno(error as c_int)),
            _ => Ok(()),
        }
    }

    /// The fence as C knows it.
    pub(crate) fn as_raw(&self) -> *mut bindings::dma_fence {
        self.0.get()
    }
}

/// Who makes promises, as it is printed where fences are listed.
pub trait Source: 'static {
    /// The module whose code this is; `crate::LocalModule`.
    type OwnerModule: ModuleMetadata;

    /// Name of the driver.
    const DRIVER: &'static CStr;

    /// What the promises are about, such as the name of an engine.
    const TIMELINE: &'static CStr;
}

/// Promises that end in the order in which they were made.
///
/// That order is the caller's duty. Others rely on it: of several fences of a timeline, they wait for the
/// last one alone. A promise whose fence nobody has seen may be dropped at any time.
pub struct Timeline<S> {
    context: u64,
    made: Atomic<u64>,
    _source: PhantomData<fn() -> S>,
}

impl<S: Source> Timeline<S> {
    /// Makes a timeline without promises.
    pub fn new() -> Self {
        Self {
            // SAFETY: This only counts up.
            context: unsafe { bindings::dma_fence_context_alloc(1) },
            made: Atomic::new(0),
            _source: PhantomData,
        }
    }

    /// Makes a promise. Sleeps.
    ///
    /// The path that ends it must neither allocate memory in a way that waits for other memory to be
    /// written out, nor take a lock under which somebody waits for a fence.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `ENODEV` if the module is being unloaded.
    pub fn promise(&self) -> Result<Promise<S>> {
        let memory = KBox::<Fence>::new_uninit(GFP_KERNEL)?;
        let seqno = self.made.fetch_add(1, Relaxed) + 1;
        let operations = Promise::<S>::OPERATIONS;

        let fence = KBox::into_raw(memory).cast::<Fence>();
        // SAFETY: The memory is a fence's and nobody else knows it; unless it becomes one, it is a box's
        // again. The operations are static, and their module stays for as long as they may be called. The
        // core frees the memory as it is right for a box, when all references have gone.
        let fence = unsafe {
            if !kernel_glue_fence_begin(fence.cast(), operations, owner::<S>(), self.context, seqno)
            {
                drop(KBox::from_raw(fence.cast::<MaybeUninit<Fence>>()));
                return Err(ENODEV);
            }
            take(fence)
        };
        Ok(Promise {
            fence: fence.ok_or(ENOMEM)?,
            outcome: Err(ECANCELED),
            _source: PhantomData,
        })
    }
}

impl<S: Source> Default for Timeline<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// The module of `S`; null if it is the kernel.
fn owner<S: Source>() -> *mut c_void {
    this_module::<S::OwnerModule>().cast()
}

/// The right, and the duty, to end a fence.
///
/// All methods, and dropping it, may be called in any context but that of non-maskable interrupts.
///
/// # Invariants
///
/// The fence is pending, and the promise owns a reference to the module of `S`.
pub struct Promise<S: Source> {
    fence: ARef<Fence>,
    outcome: Result,
    _source: PhantomData<fn() -> S>,
}

impl<S: Source> Promise<S> {
    /// There is neither `release` nor `wait`, with which the core would need the module for as long as the
    /// fence lives.
    const OPERATIONS: &'static bindings::dma_fence_ops = &const {
        bindings::dma_fence_ops {
            get_driver_name: Some(driver_name::<S>),
            get_timeline_name: Some(timeline_name::<S>),
            ..pin_init::zeroed()
        }
    };

    /// The fence that this promise will end.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Ends the fence successfully.
    pub fn signal(mut self) {
        self.outcome = Ok(());
    }

    /// Ends the fence: what was promised will not come to pass, because of `error`.
    pub fn fail(mut self, error: Error) {
        self.outcome = Err(error);
    }
}

impl<S: Source> Drop for Promise<S> {
    fn drop(&mut self) {
        let error = self.outcome.err().map_or(0, Error::to_errno);

        // SAFETY: By the type invariants the fence is pending, nothing else ends it, and there is a reference
        // to the module to be given up. Whoever is still in an operation is in an RCU read-side critical
        // section, for which the unloading of a module waits.
        unsafe { kernel_glue_fence_end(self.fence.as_raw(), owner::<S>(), error) };
    }
}

extern "C" fn driver_name<S: Source>(_fence: *mut bindings::dma_fence) -> *const c_char {
    c_chars(S::DRIVER)
}

extern "C" fn timeline_name<S: Source>(_fence: *mut bindings::dma_fence) -> *const c_char {
    c_chars(S::TIMELINE)
}
