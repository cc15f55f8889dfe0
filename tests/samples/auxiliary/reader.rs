// SPDX-License-Identifier: GPL-2.0

//! The child that looks at the registers.

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
    prelude::*, //
};
use kernel_glue::{
    auxiliary::{
        data,
        Driver, //
    },
    bound::{
        self,
        BoundInit, //
    },
    compat::auxiliary_device_table,
    for_lt::CovariantForLt, //
};

/// Second half of the name by which this child is matched.
pub(crate) const NAME: &CStr = c"reader";

/// What the parent lends to this child.
pub(crate) struct View<'a> {
    pub(crate) bar: &'a Bar0<'a>,
}

/// [`View`] over the lifetime of the registers. The macro proves it covariant.
pub(crate) type ViewLt = CovariantForLt!(for<'a> View<'a>);

/// A child that the driver is bound to. It keeps what it was lent.
pub(crate) struct Reader<'bound> {
    dev: &'bound Device<Bound>,
    view: Pin<&'bound View<'bound>>,
}

/// The driver of this child.
pub(crate) struct ReaderDriver;

auxiliary_device_table!(
    READER_TABLE,
    (),
    [(auxiliary::DeviceId::new(MODULE_NAME, NAME), ())]
);

impl Driver for ReaderDriver {
    type IdInfo = ();
    type Data<'bound> = Reader<'bound>;

    const ID_TABLE: auxiliary::IdTable<()> = &READER_TABLE;

    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        _info: &'bound (),
    ) -> Result<impl BoundInit<Reader<'bound>> + 'bound> {
        let view = data::<ViewLt>(dev)?;
        dev_info!(dev, "probed: counted {}\n", testdev::count(view.bar));
        Ok(bound::value(Reader { dev, view }))
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let count = testdev::count(self.view.bar);
        dev_info!(self.dev, "unbound: counted {count}\n");
    }
}
