// SPDX-License-Identifier: GPL-2.0

//! Fences that are put into syncobjs and found there again.

use super::*;
use crate::{
    fence::{
        Promise,
        Timeline, //
    },
    testing::{
        card,
        Kind,
        OpenFile,
        TestSource, //
    }, //
};
use kernel::time::Delta;
use kernel_glue::testing::TestDevice;

extern "C" {
    fn drm_syncobj_create(
        syncobj: *mut *mut raw::SyncObj,
        flags: u32,
        fence: *mut bindings::dma_fence,
    ) -> c_int;
    fn drm_syncobj_get_handle(
        file: *mut raw::File,
        syncobj: *mut raw::SyncObj,
        handle: *mut u32,
    ) -> c_int;
}

fn promise() -> Result<Promise<TestSource>> {
    Timeline::new().promise()
}

/// Makes a syncobj, as user space does by an ioctl.
fn syncobj(fence: Option<&Fence>) -> Result<ARef<SyncObj>> {
    let mut syncobj = ptr::null_mut();
    // SAFETY: The syncobj is written to a local variable, and comes with a reference; a fence may be null.
    unsafe {
        to_result(drm_syncobj_create(&mut syncobj, 0, raw_fence(fence)))?;
        take(syncobj)
    }
    .ok_or(ENOMEM)
}

/// Gives a file a handle, as user space does by an ioctl.
fn handle_of(syncobj: &SyncObj, file: &OpenFile) -> Result<u32> {
    let mut handle = 0;
    // SAFETY: Both are alive, and the result is written to a local variable.
    to_result(unsafe {
        drm_syncobj_get_handle(file.file().as_raw().cast(), syncobj.0.get(), &mut handle)
    })?;
    Ok(handle)
}

fn is_same(one: &Fence, other: &Fence) -> bool {
    one.as_raw() == other.as_raw()
}

fn point(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN)
}

#[kunit_tests(kernel_glue_drm_syncobj)]
mod tests {
    use super::*;

    #[test]
    fn a_new_syncobj_is_empty() -> Result {
        assert!(syncobj(None)?.fence().is_none());
        Ok(())
    }

    #[test]
    fn what_is_put_into_it_is_found() -> Result {
        let (first, second) = (promise()?, promise()?);
        let syncobj = syncobj(Some(first.fence()))?;
        assert!(syncobj.fence().is_some_and(|f| is_same(&f, first.fence())));
        syncobj.replace_fence(Some(second.fence()));
        assert!(syncobj.fence().is_some_and(|f| is_same(&f, second.fence())));
        syncobj.replace_fence(None);
        assert!(syncobj.fence().is_none());
        Ok(())
    }

    #[test]
    fn it_keeps_the_fence_of_a_promise_that_is_over() -> Result {
        let promise = promise()?;
        let syncobj = syncobj(Some(promise.fence()))?;
        promise.fail(EIO);
        assert_eq!(
            syncobj.fence().and_then(|fence| fence.status()),
            Some(Err(EIO))
        );
        Ok(())
    }

    #[test]
    fn a_point_is_over_when_those_before_it_are() -> Result {
        let (first, second) = (promise()?, promise()?);
        let syncobj = syncobj(None)?;
        syncobj.add_point(Link::new()?, first.fence(), point(5))?;
        syncobj.add_point(Link::new()?, second.fence(), point(7))?;
        let last = syncobj.fence().ok_or(ENOENT)?;
        second.signal();
        assert_eq!(last.status(), None);
        first.signal();
        assert_eq!(last.wait(Delta::from_secs(10)), Ok(()));
        Ok(())
    }

    #[test]
    fn timelines_do_not_nest() -> Result {
        let promise = promise()?;
        let (inner, outer) = (syncobj(None)?, syncobj(None)?);
        inner.add_point(Link::new()?, promise.fence(), point(1))?;
        let inner = inner.fence().ok_or(ENOENT)?;
        assert_eq!(outer.add_point(Link::new()?, &inner, point(1)), Err(EINVAL));
        assert!(outer.fence().is_none());
        Ok(())
    }

    #[test]
    fn a_handle_stands_for_the_syncobj_of_its_file() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        let (file, other) = (
            OpenFile::new(card.device(), Kind::Render)?,
            OpenFile::new(card.device(), Kind::Render)?,
        );
        let promise = promise()?;
        let syncobj = syncobj(None)?;
        let handle = handle_of(&syncobj, &file)?;

        assert!(file
            .file()
            .syncobj(handle)
            .is_ok_and(|found| found.0.get() == syncobj.0.get()));
        assert_eq!(file.file().fence(handle, 0).err(), Some(EINVAL));
        syncobj.replace_fence(Some(promise.fence()));
        let found = file.file().fence(handle, 0)?;
        assert!(is_same(&found, promise.fence()));

        for file in [file.file(), other.file()] {
            let wrong = handle + 1;
            assert_eq!(file.syncobj(wrong).err(), Some(ENOENT));
            assert_eq!(file.fence(wrong, 0).err(), Some(ENOENT));
        }
        assert_eq!(other.file().fence(handle, 0).err(), Some(ENOENT));
        Ok(())
    }

    #[test]
    fn points_are_found_by_their_numbers() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        let file = OpenFile::new(card.device(), Kind::Render)?;
        let (first, second) = (promise()?, promise()?);
        let syncobj = syncobj(None)?;
        let handle = handle_of(&syncobj, &file)?;
        syncobj.add_point(Link::new()?, first.fence(), point(5))?;
        syncobj.add_point(Link::new()?, second.fence(), point(7))?;

        // 4 is over when 5 is, 6 when 7 is, and 8 is not there.
        let found = [4, 6].map(|number| file.file().fence(handle, number));
        let [Ok(four), Ok(six)] = found else {
            return Err(ENOENT);
        };
        assert_eq!(file.file().fence(handle, 8).err(), Some(EINVAL));
        first.signal();
        assert_eq!(four.wait(Delta::from_secs(10)), Ok(()));
        assert_eq!(six.status(), None);
        second.signal();
        assert_eq!(six.wait(Delta::from_secs(10)), Ok(()));
        // What is over is found as such.
        let over = file.file().fence(handle, 5)?;
        assert_eq!(over.status(), Some(Ok(())));
        Ok(())
    }
}
