// SPDX-License-Identifier: GPL-2.0

//! A debugfs directory that all devices of a module share.
//!
//! [`kernel::debugfs::Dir`] is owned by whoever makes it, and a second directory of the same name is
//! silently no directory at all. So the module makes it once, and each device takes a handle.

use kernel::{
    debugfs::Dir,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        global_lock, //
    }, //
};

global_lock! {
    // SAFETY: `init` is called by `ModuleDir::new` before it stores `READY`, and every use of the lock
    // checks `READY` first.
    unsafe(uninit) static DIR: Mutex<Option<Dir>> = None;
}

/// Nobody has made a [`ModuleDir`] yet.
const UNUSED: u32 = 0;
/// Somebody is making one.
const CLAIMED: u32 = 1;
/// The lock can be used.
const READY: u32 = 2;

static STATE: Atomic<u32> = Atomic::new(UNUSED);

/// The directory, for as long as the module holds this value and any device a handle.
pub struct ModuleDir(());

impl ModuleDir {
    /// Makes the directory. A module does this once, before it registers its drivers.
    ///
    /// # Errors
    ///
    /// `EBUSY` the second time.
    pub fn new(name: &CStr) -> Result<Self> {
        STATE.cmpxchg(UNUSED, CLAIMED, Relaxed).map_err(|_| EBUSY)?;
        // SAFETY: The exchange above succeeds once in the life of the module.
        unsafe { DIR.init() };
        *DIR.lock() = Some(Dir::new(name));
        STATE.store(READY, Release);
        Ok(Self(()))
    }

    /// Returns a handle to the directory; `None` if the module has none, or none any more.
    pub fn handle() -> Option<Dir> {
        if STATE.load(Acquire) != READY {
            return None;
        }
        DIR.lock().clone()
    }
}

impl Drop for ModuleDir {
    fn drop(&mut self) {
        *DIR.lock() = None;
    }
}
