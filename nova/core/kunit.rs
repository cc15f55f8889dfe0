// SPDX-License-Identifier: GPL-2.0

//! Suites about what belongs to no other module.

#[cfg(CONFIG_KUNIT = "y")]
mod pure;

use kernel::prelude::*;

#[kunit_tests(nova_core_wait)]
mod wait {
    use crate::wait;
    use kernel::{
        prelude::*,
        time::{
            Delta,
            Instant,
            Monotonic, //
        },
    };

    const INTERVAL: Delta = Delta::from_micros(50);

    #[test]
    fn what_is_there_at_once_is_not_waited_for() {
        let mut looks = 0;
        let seen = wait::until(Delta::from_secs(60), Delta::from_secs(60), || {
            looks += 1;
            Ok(Some(looks))
        });
        assert_eq!(seen, Ok(1));
    }

    #[test]
    fn what_comes_later_is_seen() {
        let mut looks = 0;
        let seen = wait::until(INTERVAL, Delta::from_secs(10), || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        });
        assert_eq!(seen, Ok(3));
    }

    #[test]
    fn a_look_that_took_too_long_is_not_the_last() {
        let mut looks = 0;
        let seen = wait::until(INTERVAL, Delta::from_millis(1), || {
            looks += 1;
            // As if the machine had not let us run for a while.
            kernel::time::delay::fsleep(Delta::from_millis(3));
            Ok((looks == 2).then_some(looks))
        });
        assert_eq!(seen, Ok(2));
    }

    #[test]
    fn what_never_happens_at_once_is_looked_for_later() {
        let start = Instant::<Monotonic>::now();
        let first = Delta::from_millis(3);
        let seen = wait::after(first, INTERVAL, Delta::from_secs(10), || {
            Ok(Some(start.elapsed()))
        });
        assert!(seen.is_ok_and(|elapsed| elapsed >= first));
    }

    #[test]
    fn waiting_ends_with_the_deadline_or_an_error() {
        let never = wait::until(INTERVAL, Delta::from_millis(1), || Ok(None::<()>));
        assert_eq!(never, Err(ETIMEDOUT));
        let mut looks = 0;
        let gone = wait::until(INTERVAL, Delta::from_secs(60), || {
            looks += 1;
            Err::<Option<()>, _>(ENODEV)
        });
        assert_eq!(gone, Err(ENODEV));
        assert_eq!(looks, 1);
    }
}
