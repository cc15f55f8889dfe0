// SPDX-License-Identifier: GPL-2.0

//! A debugfs directory that all devices of a module share.
//!
//! [`kernel::debugfs::Dir`] is owned by whoever makes it, and a second directory of the same name is
//! silently no directory at all. So the module makes it once, and each device takes a handle.
//!
//! A device may leave files behind that are to stay when it is not bound any more. The module has no
//! other place for what outlives a device, so the directory keeps them.
//!
//! [`Files`] are the opposite: they go before what they show, and may borrow it.

mod files;

pub use files::{
    Directory,
    Files,
    Show, //
};

use kernel::{
    debugfs::Dir,
    prelude::*,
    str::CString,
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
    unsafe(uninit) static DIR: Mutex<Option<Contents>> = None;
}

/// Nobody has made a [`ModuleDir`] yet.
const UNUSED: u32 = 0;
/// Somebody is making one.
const CLAIMED: u32 = 1;
/// The lock can be used.
const READY: u32 = 2;

static STATE: Atomic<u32> = Atomic::new(UNUSED);

/// The directory, and what is kept in it.
struct Contents {
    // Declared first, hence dropped first.
    kept: KVec<(CString, KBox<dyn Send>)>,
    dir: Dir,
}

impl Contents {
    /// Takes out what is kept by that name.
    fn take(&mut self, name: &CStr) -> Option<KBox<dyn Send>> {
        let index = self.kept.iter().position(|(it, _)| **it == *name)?;
        self.kept.remove(index).ok().map(|(_, files)| files)
    }
}

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
        *DIR.lock() = Some(Contents {
            kept: KVec::new(),
            dir: Dir::new(name),
        });
        STATE.store(READY, Release);
        Ok(Self(()))
    }

    /// Returns a handle to the directory; `None` if the module has none, or none any more.
    pub fn handle() -> Option<Dir> {
        if STATE.load(Acquire) != READY {
            return None;
        }
        DIR.lock().as_ref().map(|contents| contents.dir.clone())
    }

    /// Keeps `files` until they are [discarded](Self::discard), others are kept by the same name, or the
    /// module drops the directory.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the module has no directory, `ENOMEM`.
    pub fn keep(name: &CStr, files: KBox<dyn Send>) -> Result {
        if STATE.load(Acquire) != READY {
            return Err(ENOENT);
        }
        let name = CString::try_from(name)?;
        let mut guard = DIR.lock();
        let contents = guard.as_mut().ok_or(ENOENT)?;
        let before = contents.take(&name);
        let result = contents.kept.push((name, files), GFP_KERNEL);
        // Removing files waits for who reads them.
        drop(guard);
        drop(before);
        Ok(result?)
    }

    /// Drops what is kept by that name, if anything is.
    ///
    /// Sleeps.
    pub fn discard(name: &CStr) {
        if STATE.load(Acquire) != READY {
            return;
        }
        let kept = DIR.lock().as_mut().and_then(|contents| contents.take(name));
        drop(kept);
    }
}

impl Drop for ModuleDir {
    fn drop(&mut self) {
        let contents = DIR.lock().take();
        drop(contents);
    }
}
