// SPDX-License-Identifier: GPL-2.0

//! The parent: it maps the registers, and lends them to two children.

use crate::{
    knocker::{
        self,
        Lock,
        LockLt, //
    },
    reader::{
        self,
        View,
        ViewLt, //
    },
    testdev::{
        self,
        Bar0, //
    },
    MODULE_NAME, //
};
use core::pin::Pin;
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use kernel_glue::{
    auxiliary::Child,
    bound::{
        self,
        BoundInit, //
    },
    bound_init,
    compat::pci_device_table,
    for_lt::ForLt,
    pci::{
        Driver,
        Enabled,
        Setup, //
    },
    tether::{
        Borrow,
        Tether, //
    },
};

/// A device that the driver is bound to. Dropped top to bottom, the tether its borrowers first: the knocker,
/// the reader, the registers, and then the device is disabled.
#[pin_data]
pub(crate) struct Parent<'bound> {
    #[pin]
    parts: Tether<Registers<'bound>, ChildrenLt>,
    #[pin]
    enabled: Enabled<'bound>,
}

/// The registers, which the children borrow.
struct Registers<'bound> {
    dev: &'bound pci::Device<Bound>,
    bar: Bar0<'bound>,
}

impl Drop for Registers<'_> {
    fn drop(&mut self) {
        dev_info!(self.dev, "unbound: counted {}\n", testdev::count(&self.bar));
    }
}

/// The children, for as long as the registers are there.
#[pin_data]
struct Children<'a> {
    #[pin]
    knocker: Child<'a, LockLt>,
    #[pin]
    reader: Child<'a, ViewLt>,
}

/// [`Children`] over the lifetime of the registers.
type ChildrenLt = ForLt!(for<'a> Children<'a>);

/// The driver of the parent.
pub(crate) struct ParentDriver;

pci_device_table!(PCI_TABLE, (), [(testdev::ID, ())]);

impl Driver for ParentDriver {
    type IdInfo = ();
    type Data<'bound> = Parent<'bound>;

    const ID_TABLE: pci::IdTable<()> = &PCI_TABLE;

    fn probe<'bound>(
        setup: Setup<'_, 'bound, '_>,
        _info: Option<&'bound ()>,
    ) -> Result<impl BoundInit<Parent<'bound>> + 'bound> {
        let enabled = setup.enable()?;
        let bar = setup.map_bar(0, MODULE_NAME)?;
        testdev::select(&bar)?;

        let dev: &'bound pci::Device<Bound> = setup.finish();
        let registers = bound::value(Registers { dev, bar });
        Ok(bound_init!(Parent {
            enabled <- bound::value(enabled),
            parts <- Tether::new(registers, Publish { dev }),
        }))
    }
}

/// Registers the children. Their drivers are probed at once.
struct Publish<'bound> {
    dev: &'bound pci::Device<Bound>,
}

impl<'bound> Borrow<Registers<'bound>, ChildrenLt> for Publish<'bound> {
    fn borrow<'a>(
        self,
        registers: Pin<&'a Registers<'bound>>,
    ) -> Result<impl BoundInit<Children<'a>>> {
        let dev = self.dev.as_ref();
        let bar = &registers.get_ref().bar;
        Ok(bound_init!(Children {
            reader <- Child::new(dev, MODULE_NAME, reader::NAME, 0, Ok(View { bar })),
            knocker <- Child::new(dev, MODULE_NAME, knocker::NAME, 0, Lock::new(bar)),
        }))
    }
}
