// SPDX-License-Identifier: GPL-2.0

//! A parent without hardware, and a driver of its children.

use super::*;
use crate::testing::{
    no_module,
    TestDevice, //
};
use kernel::{
    auxiliary::DeviceId,
    bindings,
    device_id::IdArray,
    new_mutex,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Mutex, //
    },
    types::Opaque, //
};

/// Both halves of the name of a child.
const NAMES: [&CStr; 2] = [c"kernel-glue-test", c"child"];

/// Writes down, as decimal digits, what happened after what.
struct Log(Atomic<u32>);

impl Log {
    fn note(&self, digit: u32) {
        self.0.store(self.0.load(Relaxed) * 10 + digit, Relaxed);
    }
}

/// Covariant data.
struct Part<'a> {
    number: u32,
    log: &'a Log,
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.number = 0;
        self.log.note(2);
    }
}

type PartLt = CovariantForLt!(for<'a> Part<'a>);

/// Data that are not covariant: what is in the lock could be exchanged for something that lives shorter.
type SlotLt = ForLt!(for<'a> Pin<KBox<Mutex<Option<&'a Log>>>>);

/// Private data of the driver: 0 if its parent gave something else than a [`Part`].
struct Seen<'a>(Option<Pin<&'a Part<'a>>>);

impl Drop for Seen<'_> {
    fn drop(&mut self) {
        if let Some(part) = self.0 {
            // 1 if the part is still what it was, 9 if it has been dropped.
            part.log.note(if part.number == 42 { 1 } else { 9 });
        }
    }
}

/// What the driver was told when it asked for data of either type.
static PART: Atomic<i32> = Atomic::new(0);
static SLOT: Atomic<i32> = Atomic::new(0);

struct TestDriver;

static TABLE: IdArray<DeviceId, (), 1> = IdArray::new([(DeviceId::new(NAMES[0], NAMES[1]), &())]);

impl Driver for TestDriver {
    type IdInfo = ();
    type Data<'bound> = Seen<'bound>;
    const ID_TABLE: IdTable<()> = &TABLE;

    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        _info: &'bound (),
    ) -> Result<impl BoundInit<Seen<'bound>> + 'bound> {
        let part = data::<PartLt>(dev);
        PART.store(part.as_ref().err().map_or(0, |err| err.to_errno()), Relaxed);
        let slot = data_with::<SlotLt, _>(dev, |slot| {
            if let Some(log) = slot.lock().take() {
                log.note(3);
            }
        });
        SLOT.store(slot.err().map_or(0, Error::to_errno), Relaxed);
        Ok(bound::value(Seen(part.ok())))
    }
}

type TestRegistration = kernel::driver::Registration<Adapter<TestDriver>>;

fn driver() -> Result<Pin<KBox<TestRegistration>>> {
    KBox::pin_init(
        TestRegistration::new(c"kernel-glue-test", no_module()),
        GFP_KERNEL,
    )
}

fn child<'a, F: ForLt + 'static>(
    parent: &'a TestDevice,
    data: impl PinInit<F::Of<'a>, Error>,
) -> Result<Pin<KBox<Child<'a, F>>>>
where
    for<'b> F::Of<'b>: Send + Sync,
{
    let init = Child::new(parent.bound(), NAMES[0], NAMES[1], 0, data);
    // SAFETY: The box is dropped by each case below, before the parent and the log.
    KBox::pin_init(unsafe { bound::as_pin_init(init) }, GFP_KERNEL)
}

#[kunit_tests(kernel_glue_auxiliary)]
mod tests {
    use super::*;

    #[test]
    fn covariant_data_are_lent_and_outlive_the_driver() -> Result {
        let (parent, log) = (TestDevice::new()?, Log(Atomic::new(0)));
        let _driver = driver()?;
        let part = Part {
            number: 42,
            log: &log,
        };
        let child = child::<PartLt>(&parent, Ok(part))?;
        assert_eq!(PART.load(Relaxed), 0);
        assert_eq!(SLOT.load(Relaxed), EINVAL.to_errno());
        assert_eq!(log.0.load(Relaxed), 0);
        drop(child);
        assert_eq!(log.0.load(Relaxed), 12);
        Ok(())
    }

    #[test]
    fn data_that_are_not_covariant_are_lent_to_a_closure() -> Result {
        let (parent, log) = (TestDevice::new()?, Log(Atomic::new(0)));
        let _driver = driver()?;
        let slot = KBox::pin_init(new_mutex!(Some(&log)), GFP_KERNEL)?;
        let child = child::<SlotLt>(&parent, Ok(slot))?;
        assert_eq!(PART.load(Relaxed), EINVAL.to_errno());
        assert_eq!(SLOT.load(Relaxed), 0);
        assert_eq!(log.0.load(Relaxed), 3);
        drop(child);
        Ok(())
    }

    #[test]
    fn a_driver_that_comes_later_finds_the_child() -> Result {
        let (parent, log) = (TestDevice::new()?, Log(Atomic::new(0)));
        let part = Part {
            number: 42,
            log: &log,
        };
        let child = child::<PartLt>(&parent, Ok(part))?;
        PART.store(1, Relaxed);
        let driver = driver()?;
        assert_eq!(PART.load(Relaxed), 0);
        // The driver may go first, too.
        drop(driver);
        assert_eq!(log.0.load(Relaxed), 1);
        drop(child);
        assert_eq!(log.0.load(Relaxed), 12);
        Ok(())
    }

    #[test]
    fn data_that_fail_to_come_up_make_no_child() -> Result {
        let parent = TestDevice::new()?;
        let _driver = driver()?;
        PART.store(1, Relaxed);
        let data = Err::<Part<'_>, Error>(EAGAIN);
        let child = child::<PartLt>(&parent, data);
        assert_eq!(child.err(), Some(EAGAIN));
        assert_eq!(PART.load(Relaxed), 1);
        Ok(())
    }

    #[test]
    fn a_child_of_a_c_driver_has_no_data() -> Result {
        let raw: KBox<Opaque<bindings::auxiliary_device>> = KBox::zeroed(GFP_KERNEL)?;
        // SAFETY: The device is a transparent wrapper, and valid for being asked for its data, of which it
        // has none.
        let child = unsafe { &*raw.get().cast::<Device<Bound>>() };
        assert_eq!(data::<PartLt>(child).err(), Some(ENOENT));
        assert_eq!(data_with::<SlotLt, _>(child, |_| ()).err(), Some(ENOENT));
        Ok(())
    }
}
