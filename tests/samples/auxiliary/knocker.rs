// SPDX-License-Identifier: GPL-2.0

//! The child that changes what the device counts.

use crate::{
    testdev::{
        self,
        Bar0, //
    },
    MODULE_NAME, //
};
use kernel::{
    auxiliary::{
        self,
        Device, //
    },
    device::{
        Bound,
        Core, //
    },
    new_mutex,
    prelude::*,
    sync::Mutex, //
};
use kernel_glue::{
    auxiliary::{
        data_with,
        Driver, //
    },
    bound::{
        self,
        BoundInit, //
    },
    compat::auxiliary_device_table,
    for_lt::ForLt, //
};

/// Second half of the name by which this child is matched.
pub(crate) const NAME: &CStr = c"knocker";

/// What the parent lends to this child: the registers, for one at a time, because to knock takes more than
/// one access.
#[pin_data]
pub(crate) struct Lock<'a> {
    #[pin]
    bar: Mutex<&'a Bar0<'a>>,
}

impl<'a> Lock<'a> {
    pub(crate) fn new(bar: &'a Bar0<'a>) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            bar <- new_mutex!(bar),
        })
    }

    fn knock(&self) -> u32 {
        testdev::knock(&self.bar.lock())
    }
}

/// [`Lock`] over the lifetime of the registers. `CovariantForLt!` would not compile here.
pub(crate) type LockLt = ForLt!(for<'a> Lock<'a>);

/// A child that the driver is bound to. What it was lent it has to ask for each time.
pub(crate) struct Knocker<'bound> {
    dev: &'bound Device<Bound>,
}

/// The driver of this child.
pub(crate) struct KnockerDriver;

auxiliary_device_table!(
    KNOCKER_TABLE,
    (),
    [(auxiliary::DeviceId::new(MODULE_NAME, NAME), ())]
);

impl Driver for KnockerDriver {
    type IdInfo = ();
    type Data<'bound> = Knocker<'bound>;

    const ID_TABLE: auxiliary::IdTable<()> = &KNOCKER_TABLE;

    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        _info: &'bound (),
    ) -> Result<impl BoundInit<Knocker<'bound>> + 'bound> {
        let count = data_with::<LockLt, _>(dev, |lock| lock.knock())?;
        dev_info!(dev, "probed: counted {count}\n");
        Ok(bound::value(Knocker { dev }))
    }
}

impl Drop for Knocker<'_> {
    fn drop(&mut self) {
        // It has the type that it had in probe.
        if let Ok(count) = data_with::<LockLt, _>(self.dev, |lock| lock.knock()) {
            dev_info!(self.dev, "unbound: counted {count}\n");
        }
    }
}
