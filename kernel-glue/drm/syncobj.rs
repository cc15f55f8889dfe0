// SPDX-License-Identifier: GPL-2.0

//! Syncobjs: places for fences, which user space has handles of.
//!
//! User space makes them, waits for them and shares them by ioctls of the DRM core. A driver only takes
//! fences out of them, to wait for, and puts fences into them, which user space waits for. A syncobj holds
//! one fence, or, as a timeline, one for each of several points.

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

use crate::{
    counted::{
        counted,
        take, //
    },
    driver::Driver,
    fence::Fence,
    file::File, //
};
use core::{
    mem::ManuallyDrop,
    num::NonZeroU64,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    sync::aref::ARef,
    types::Opaque, //
};

/// Structures that only C looks into.
mod raw {
    #[repr(C)]
    pub(super) struct SyncObj([u8; 0]);
    #[repr(C)]
    pub(super) struct Chain([u8; 0]);
    #[repr(C)]
    pub(super) struct File([u8; 0]);
}

extern "C" {
    fn drm_syncobj_find(file: *mut raw::File, handle: u32) -> *mut raw::SyncObj;
    fn drm_syncobj_find_fence(
        file: *mut raw::File,
        handle: u32,
        point: u64,
        flags: u64,
        fence: *mut *mut bindings::dma_fence,
    ) -> c_int;
    fn drm_syncobj_replace_fence(syncobj: *mut raw::SyncObj, fence: *mut bindings::dma_fence);
    /// Makes a fence that of a point, and takes the chain; not, if the fence is itself that of a point.
    fn kernel_glue_syncobj_add_point(
        syncobj: *mut raw::SyncObj,
        chain: *mut raw::Chain,
        fence: *mut bindings::dma_fence,
        point: u64,
    ) -> bool;
    fn kernel_glue_syncobj_get(syncobj: *mut raw::SyncObj);
    fn kernel_glue_syncobj_put(syncobj: *mut raw::SyncObj);
    /// The fence in a syncobj with a reference to it, or null.
    fn kernel_glue_syncobj_fence(syncobj: *mut raw::SyncObj) -> *mut bindings::dma_fence;
    /// Memory for a point of a timeline, or null.
    fn kernel_glue_chain_alloc() -> *mut raw::Chain;
    fn kernel_glue_chain_free(chain: *mut raw::Chain);
}

/// A place for fences.
#[repr(transparent)]
pub struct SyncObj(Opaque<raw::SyncObj>);

// SAFETY: A syncobj may be used and released by any thread.
unsafe impl Send for SyncObj {}

// SAFETY: A syncobj has a lock of its own, and may be used by several threads at a time.
unsafe impl Sync for SyncObj {}

// SAFETY: These functions count the references of a syncobj, which lives until there are none.
counted!(unsafe impl for SyncObj: kernel_glue_syncobj_get, kernel_glue_syncobj_put);

impl SyncObj {
    /// The fence in it: that of the last point, if it is a timeline.
    pub fn fence(&self) -> Option<ARef<Fence>> {
        // SAFETY: By the reference, the syncobj is alive; the fence comes with one of its own.
        unsafe { take(kernel_glue_syncobj_fence(self.0.get())) }
    }

    /// Puts another fence, or none, in the place of all that are in it.
    pub fn replace_fence(&self, fence: Option<&Fence>) {
        // SAFETY: By the references, syncobj and fence are alive; a fence may be null.
        unsafe { drm_syncobj_replace_fence(self.0.get(), raw_fence(fence)) }
    }

    /// Makes `fence` that of `point` of a timeline.
    ///
    /// A point is over when its fence and those of all points before it are. Points that do not increase are
    /// user space's mistake, and confuse nobody else.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `fence` is that of a point of a timeline, as [`File::fence`] finds them: timelines do not nest.
    pub fn add_point(&self, link: Link, fence: &Fence, point: NonZeroU64) -> Result {
        let (link, fence) = (ManuallyDrop::new(link), fence.as_raw());
        // SAFETY: By the references, syncobj and fence are alive. The memory is a link's that is in no
        // timeline; if it is taken, it is the syncobj's from here on.
        let taken = unsafe {
            kernel_glue_syncobj_add_point(self.0.get(), link.0.as_ptr(), fence, point.get())
        };
        if !taken {
            drop(ManuallyDrop::into_inner(link));
            return Err(EINVAL);
        }
        Ok(())
    }
}

impl<D: Driver> File<D> {
    /// The syncobj of one of the file's handles.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such handle.
    pub fn syncobj(&self, handle: u32) -> Result<ARef<SyncObj>> {
        // SAFETY: The file is valid by the borrow, and every driver of this crate has syncobjs. What is
        // found comes with a reference.
        unsafe { take(drm_syncobj_find(self.as_raw().cast(), handle)) }.ok_or(ENOENT)
    }

    /// What has to be waited for until a point of a syncobj is over; point 0 if it is no timeline.
    ///
    /// It does not wait until somebody puts a fence there: user space can, and ioctls keep the device from
    /// being unplugged.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such handle; `EINVAL` if there is no fence, or none for that point, yet.
    pub fn fence(&self, handle: u32, point: u64) -> Result<ARef<Fence>> {
        let mut fence = ptr::null_mut();
        // SAFETY: As above; the fence is written to a local variable, and comes with a reference.
        unsafe {
            let file = self.as_raw().cast();
            to_result(drm_syncobj_find_fence(file, handle, point, 0, &mut fence))?;
            take(fence)
        }
        .ok_or(EINVAL)
    }
}

fn raw_fence(fence: Option<&Fence>) -> *mut bindings::dma_fence {
    fence.map_or(ptr::null_mut(), Fence::as_raw)
}

/// Memory for a point of a timeline.
///
/// It is allocated ahead, because a fence is put into its place when nothing may fail any more.
///
/// # Invariants
///
/// The pointer is to memory for a link, which this value owns.
pub struct Link(NonNull<raw::Chain>);

// SAFETY: It is memory and no more.
unsafe impl Send for Link {}

impl Link {
    /// Allocates one. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub fn new() -> Result<Self> {
        // SAFETY: It may be called by anyone who may sleep.
        NonNull::new(unsafe { kernel_glue_chain_alloc() })
            .map(Self)
            .ok_or(ENOMEM)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // SAFETY: By the type invariants the memory is this value's.
        unsafe { kernel_glue_chain_free(self.0.as_ptr()) }
    }
}
