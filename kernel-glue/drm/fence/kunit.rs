// SPDX-License-Identifier: GPL-2.0

//! Promises that are kept, broken and dropped, and who waits for them.

use super::*;
use crate::testing::TestSource;
use kernel::{
    new_spinlock,
    str::CStr,
    sync::{
        rcu,
        SpinLock, //
    },
    time::{
        Instant,
        Monotonic, //
    }, //
};
use kernel_glue::testing::later;

/// So long that who waits for so long has missed something.
const LONG: Delta = Delta::from_secs(20);
/// Much shorter than that, and longer than what is quick, even in an emulated machine.
const SOON: Delta = Delta::from_secs(10);

fn promise() -> Result<Promise<TestSource>> {
    Timeline::new().promise()
}

/// Names of driver and timeline, as they are printed.
fn names_are(fence: &Fence, driver: &CStr, timeline: &CStr) -> bool {
    let _rcu = rcu::read_lock();
    // SAFETY: The fence is alive, and names stay until the end of the RCU read-side critical section.
    let names = unsafe {
        [
            CStr::from_char_ptr(bindings::dma_fence_driver_name(fence.as_raw())),
            CStr::from_char_ptr(bindings::dma_fence_timeline_name(fence.as_raw())),
        ]
    };
    names == [driver, timeline]
}

/// Context and number of a fence.
fn place(fence: &Fence) -> (u64, u64) {
    // SAFETY: The fence is alive; both are set when it is made.
    unsafe { ((*fence.as_raw()).context, (*fence.as_raw()).seqno) }
}

#[kunit_tests(kernel_glue_drm_fence)]
mod tests {
    use super::*;

    #[test]
    fn a_new_fence_is_pending() -> Result {
        let promise = promise()?;
        assert_eq!(promise.fence().status(), None);
        assert!(!promise.fence().has_ended());
        Ok(())
    }

    #[test]
    fn a_promise_that_is_kept_ends_the_fence_without_an_error() -> Result {
        let promise = promise()?;
        let fence = ARef::from(promise.fence());
        promise.signal();
        assert_eq!(fence.status(), Some(Ok(())));
        Ok(())
    }

    #[test]
    fn a_promise_that_is_broken_says_why() -> Result {
        for error in [EIO, ENODEV, ETIME] {
            let promise = promise()?;
            let fence = ARef::from(promise.fence());
            promise.fail(error);
            assert_eq!(fence.status(), Some(Err(error)));
        }
        Ok(())
    }

    #[test]
    fn a_promise_that_is_dropped_is_cancelled() -> Result {
        let promise = promise()?;
        let fence = ARef::from(promise.fence());
        drop(promise);
        assert_eq!(fence.status(), Some(Err(ECANCELED)));
        Ok(())
    }

    #[test]
    fn an_early_return_cancels() -> Result {
        fn submit(seen: &mut Option<ARef<Fence>>) -> Result {
            let promise = promise()?;
            *seen = Some(ARef::from(promise.fence()));
            Err(EBUSY)?;
            promise.signal();
            Ok(())
        }
        let mut seen = None;
        assert_eq!(submit(&mut seen), Err(EBUSY));
        assert_eq!(seen.and_then(|fence| fence.status()), Some(Err(ECANCELED)));
        Ok(())
    }

    #[test]
    fn who_waits_for_what_is_over_does_not_wait() -> Result {
        let promise = promise()?;
        let fence = ARef::from(promise.fence());
        promise.signal();
        assert_eq!(fence.wait(Delta::from_millis(0)), Ok(()));
        assert_eq!(fence.wait(LONG), Ok(()));
        Ok(())
    }

    #[test]
    fn a_wait_ends_when_its_time_is_over() -> Result {
        let promise = promise()?;
        let start = Instant::<Monotonic>::now();
        assert_eq!(promise.fence().wait(Delta::from_millis(0)), Err(ETIME));
        assert_eq!(promise.fence().wait(Delta::from_millis(30)), Err(ETIME));
        assert!(start.elapsed() >= Delta::from_millis(25));
        assert_eq!(promise.fence().status(), None);
        Ok(())
    }

    #[test]
    fn another_thread_ends_the_wait() -> Result {
        let promise = promise()?;
        let fence = ARef::from(promise.fence());
        let start = Instant::<Monotonic>::now();
        let mut promise = Some(promise);
        let end = move || promise.take().map_or((), Promise::signal);
        later(KBox::new(end, GFP_KERNEL)?)?;
        assert_eq!(fence.wait(LONG), Ok(()));
        assert!(start.elapsed() < SOON);
        assert_eq!(fence.status(), Some(Ok(())));
        Ok(())
    }

    #[test]
    fn a_wait_also_ends_when_the_promise_is_broken() -> Result {
        let promise = promise()?;
        let fence = ARef::from(promise.fence());
        let mut promise = Some(promise);
        let end = move || promise.take().map_or((), |promise| promise.fail(EIO));
        later(KBox::new(end, GFP_KERNEL)?)?;
        assert_eq!(fence.wait(LONG), Ok(()));
        assert_eq!(fence.status(), Some(Err(EIO)));
        Ok(())
    }

    #[test]
    fn a_promise_may_end_under_a_spinlock() -> Result {
        let promise = promise()?;
        let fence = ARef::from(promise.fence());
        let init = new_spinlock!(Some(promise), "kernel_glue_test");
        let lock: Pin<KBox<SpinLock<_>>> = KBox::pin_init(init, GFP_KERNEL)?;
        let mut held = lock.lock();
        if let Some(promise) = held.take() {
            promise.signal();
        }
        drop(held);
        assert_eq!(fence.status(), Some(Ok(())));
        Ok(())
    }

    #[test]
    fn a_pending_fence_has_the_names_of_its_source() -> Result {
        let promise = promise()?;
        assert!(names_are(
            promise.fence(),
            c"kernel-glue-test",
            c"test-timeline"
        ));
        Ok(())
    }

    #[test]
    fn a_fence_that_has_ended_needs_nothing_of_its_source() -> Result {
        let promise = promise()?;
        let fence = ARef::from(promise.fence());
        promise.signal();
        assert!(names_are(&fence, c"detached-driver", c"signaled-timeline"));
        // SAFETY: The fence is alive.
        assert!(unsafe { (*fence.as_raw()).ops.is_null() });
        Ok(())
    }

    #[test]
    fn fences_of_a_timeline_are_numbered_in_turn() -> Result {
        let timeline = Timeline::<TestSource>::new();
        let (first, second) = (timeline.promise()?, timeline.promise()?);
        let (context, number) = place(first.fence());
        assert_eq!(place(second.fence()), (context, number + 1));
        Ok(())
    }

    #[test]
    fn timelines_have_contexts_of_their_own() -> Result {
        let (one, other) = (promise()?, promise()?);
        assert_ne!(place(one.fence()).0, place(other.fence()).0);
        Ok(())
    }
}
