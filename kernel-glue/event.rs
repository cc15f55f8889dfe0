// SPDX-License-Identifier: GPL-2.0

//! Waiting for what another thread, or an interrupt, will bring about.

use core::{
    pin::Pin,
    ptr, //
};
use kernel::{
    bindings,
    current,
    prelude::*,
    sync::LockClassKey,
    task::might_sleep,
    time::{
        msecs_to_jiffies,
        Delta,
        Instant,
        Monotonic,
        Msecs, //
    },
    types::Opaque, //
};

/// Makes an initialiser of an [`Event`] with the given name, and a lock class of its own.
#[macro_export]
macro_rules! new_event {
    ($name:literal) => {
        $crate::event::Event::new(::kernel::c_str!($name), ::kernel::static_lock_class!())
    };
}

/// Something that may have happened when the next one looks.
///
/// It holds no value: whoever waits says by a condition what for, and whoever notifies has made that
/// condition true before.
///
/// Unlike the waits of [`kernel::sync::CondVar`], a wait here has a deadline and does not end when
/// somebody sends the process a signal, since hardware cannot be told to forget half of a command.
#[pin_data]
pub struct Event {
    #[pin]
    queue: Opaque<bindings::wait_queue_head>,
}

// SAFETY: A wait queue may be used by any thread.
unsafe impl Send for Event {}

// SAFETY: A wait queue has a lock of its own, and may be used by several threads at a time.
unsafe impl Sync for Event {}

impl Event {
    /// Makes an initialiser; [`new_event!`](crate::new_event) is simpler.
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        pin_init!(Self {
            queue <- Opaque::ffi_init(|slot| {
                // SAFETY: `slot` may be overwritten, and stays where it is; `name` and `key` live for
                // ever.
                unsafe { bindings::__init_waitqueue_head(slot, name.as_char_ptr(), key.as_ptr()) }
            }),
        })
    }

    /// Has everyone who waits look at their condition again. May be called in any context but that of
    /// non-maskable interrupts.
    pub fn notify_all(&self) {
        // SAFETY: The queue is initialised. 0 stands for all.
        unsafe { bindings::__wake_up(self.queue.get(), bindings::TASK_NORMAL, 0, ptr::null_mut()) };
    }

    /// Waits until `condition` is true, and returns at once if it is already. Sleeps; so may `condition`.
    ///
    /// `condition` is called after every notification, and a last time after `timeout`, so that one that
    /// comes true in time is not missed because this thread was not given the processor.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if it is not true after `timeout`.
    pub fn wait_timeout(&self, timeout: Delta, mut condition: impl FnMut() -> bool) -> Result {
        might_sleep();
        let start = Instant::<Monotonic>::now();
        let entry = Waiter::entry();
        let waiter = Waiter::queue(self, &entry);

        loop {
            // Read before the condition, which is thus looked at once more after the deadline.
            let elapsed = start.elapsed();
            if condition() {
                return Ok(());
            }
            if elapsed >= timeout {
                return Err(ETIMEDOUT);
            }
            waiter.sleep(timeout - elapsed);
        }
    }
}

/// This thread, in the queue of an event.
///
/// It is in the queue before the condition is looked at for the first time, so no notification is missed.
struct Waiter<'e> {
    event: &'e Event,
    entry: &'e Opaque<bindings::wait_queue_entry>,
}

impl<'e> Waiter<'e> {
    /// Returns what is to be put into the queue.
    fn entry() -> Opaque<bindings::wait_queue_entry> {
        Opaque::new(bindings::wait_queue_entry {
            flags: 0,
            private: current!().as_ptr().cast(),
            // It remembers a notification for which this thread is not asleep yet, so that the condition
            // may sleep too.
            func: Some(bindings::woken_wake_function),
            entry: bindings::list_head::default(),
        })
    }

    fn queue(event: &'e Event, entry: &'e Opaque<bindings::wait_queue_entry>) -> Self {
        // SAFETY: The queue is initialised, and so is the entry, which is in no other queue. It stays
        // where it is while it is borrowed, and `Drop` takes it out; nobody here forgets a `Waiter`.
        unsafe { bindings::add_wait_queue(event.queue.get(), entry.get()) };
        Self { event, entry }
    }

    /// Sleeps until the next notification, or about as long as `time`; or not, if there has been a
    /// notification since the last time.
    fn sleep(&self, time: Delta) {
        // A jiffy too early does not matter, the deadline is looked at again.
        // SAFETY: The entry is in a queue, and its function is the one that goes with this.
        unsafe {
            bindings::wait_woken(
                self.entry.get(),
                bindings::TASK_UNINTERRUPTIBLE,
                jiffies(time),
            );
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        // SAFETY: `queue` put the entry into this queue.
        unsafe { bindings::remove_wait_queue(self.event.queue.get(), self.entry.get()) }
    }
}

/// Returns `time` in jiffies, as functions in C take it that sleep; rounded up, and 0 if it is negative.
pub fn jiffies(time: Delta) -> c_long {
    let millis = time.as_micros_ceil().max(0).saturating_add(999) / 1000;
    let millis = Msecs::try_from(millis).unwrap_or(Msecs::MAX);
    // CAST: The function returns no more than `MAX_JIFFY_OFFSET`, which is less than the maximum.
    msecs_to_jiffies(millis) as c_long
}

#[kunit_tests(kernel_glue_event)]
mod tests {
    use super::*;
    use crate::testing::any_processor;
    use kernel::{
        sync::{
            atomic::{
                Acquire,
                Atomic,
                Relaxed,
                Release, //
            },
            Arc, //
        },
        time::delay::fsleep, //
    };

    /// So long that who waits for so long has missed something.
    const LONG: Delta = Delta::from_secs(20);
    /// Much shorter than that, and longer than what is quick, even in an emulated machine.
    const SOON: Delta = Delta::from_secs(10);

    #[pin_data]
    struct Flag {
        set: Atomic<u32>,
        #[pin]
        event: Event,
    }

    fn flag() -> Result<Arc<Flag>> {
        let init = pin_init!(Flag {
            set: Atomic::new(0),
            event <- new_event!("kernel_glue_test"),
        });
        Arc::pin_init(init, GFP_KERNEL)
    }

    /// Calls `f`, and returns what it returned and how long that took.
    fn timed<T>(f: impl FnOnce() -> T) -> (T, Delta) {
        let start = Instant::<Monotonic>::now();
        let value = f();
        (value, start.elapsed())
    }

    #[test]
    fn what_has_happened_is_not_waited_for() -> Result {
        let flag = flag()?;
        let mut looks = 0;
        let waited = flag.event.wait_timeout(Delta::ZERO, || {
            looks += 1;
            true
        });
        assert_eq!(waited, Ok(()));
        assert_eq!(looks, 1);
        Ok(())
    }

    #[test]
    fn what_does_not_happen_ends_at_the_deadline() -> Result {
        let flag = flag()?;
        let timeout = Delta::from_millis(30);
        let mut looks = 0;
        let (waited, time) = timed(|| {
            flag.event.wait_timeout(timeout, || {
                looks += 1;
                false
            })
        });
        assert_eq!(waited, Err(ETIMEDOUT));
        assert!(time >= timeout && time < SOON);
        // Before and after; and perhaps a few times when a jiffy was shorter than it should be.
        assert!(looks >= 2 && looks < 10);
        Ok(())
    }

    #[test]
    fn a_timeout_in_the_past_is_over() -> Result {
        let flag = flag()?;
        for timeout in [Delta::ZERO, Delta::from_nanos(i64::MIN)] {
            assert_eq!(flag.event.wait_timeout(timeout, || false), Err(ETIMEDOUT));
        }
        Ok(())
    }

    #[test]
    fn another_thread_ends_the_wait() -> Result {
        let flag = flag()?;
        let other = flag.clone();
        any_processor().try_spawn(GFP_KERNEL, move || {
            fsleep(Delta::from_millis(20));
            other.set.store(1, Release);
            other.event.notify_all();
        })?;

        let (waited, time) = timed(|| {
            flag.event
                .wait_timeout(LONG, || flag.set.load(Acquire) == 1)
        });
        assert_eq!(waited, Ok(()));
        assert!(time < SOON);
        Ok(())
    }

    #[test]
    fn everyone_who_waits_is_notified() -> Result {
        let flag = flag()?;
        for _ in 0..2 {
            let other = flag.clone();
            any_processor().try_spawn(GFP_KERNEL, move || {
                let ready = || other.set.load(Acquire) >= 10;
                other.set.fetch_add(1, Relaxed);
                if other.event.wait_timeout(LONG, ready).is_ok() {
                    other.set.fetch_add(1, Relaxed);
                }
                other.event.notify_all();
            })?;
        }

        let wait = |count| {
            let ready = || flag.set.load(Acquire) == count;
            flag.event.wait_timeout(LONG, ready)
        };
        let (waited, time) = timed(|| {
            while flag.set.load(Relaxed) < 2 {
                fsleep(Delta::from_millis(1));
            }
            // Give them the time to fall asleep; the test is as right, but weaker, if they do not.
            fsleep(Delta::from_millis(20));
            flag.set.fetch_add(10, Release);
            flag.event.notify_all();
            wait(14)
        });
        assert_eq!(waited, Ok(()));
        assert!(time < SOON);
        Ok(())
    }

    #[test]
    fn a_notification_while_the_condition_is_looked_at_is_not_lost() -> Result {
        let flag = flag()?;
        let (waited, time) = timed(|| {
            flag.event.wait_timeout(LONG, || {
                let set = flag.set.load(Relaxed) == 1;
                if !set {
                    flag.set.store(1, Relaxed);
                    flag.event.notify_all();
                    // The condition may sleep, and is not woken by the event meanwhile.
                    fsleep(Delta::from_millis(1));
                }
                set
            })
        });
        assert_eq!(waited, Ok(()));
        assert!(time < SOON);
        Ok(())
    }

    #[test]
    fn the_condition_is_looked_at_once_more_after_the_deadline() -> Result {
        let flag = flag()?;
        // As if this thread had been kept off the processor until long after the deadline.
        let waited = flag.event.wait_timeout(Delta::from_millis(5), || {
            let set = flag.set.load(Relaxed) == 1;
            fsleep(Delta::from_millis(20));
            flag.set.store(1, Relaxed);
            set
        });
        assert_eq!(waited, Ok(()));
        Ok(())
    }
}
