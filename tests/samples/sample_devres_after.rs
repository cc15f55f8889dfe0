// SPDX-License-Identifier: GPL-2.0

//! Two drivers that share registers, one borrowing from the other.
//!
//! The one idea: the child is gone before the parent unmaps the registers, and the types say so. So the child
//! is lent a plain reference. Nothing is counted, nothing can be revoked, and knocking cannot fail.
//!
//! `sample_devres_before.rs` does the same with `Devres` and `Arc`.

mod testdev;

use core::pin::Pin;
use kernel::{
    auxiliary,
    device::{
        Bound,
        Core, //
    },
    driver,
    pci,
    prelude::*,
    InPlaceModule,
    ModuleMetadata,
    ThisModule, //
};
use kernel_glue::{
    auxiliary::{
        data,
        Child, //
    },
    bound::{
        self,
        BoundInit, //
    },
    bound_init,
    compat::{
        auxiliary_device_table,
        pci_device_table, //
    },
    for_lt::{
        CovariantForLt,
        ForLt, //
    },
    pci::{
        Bar,
        Enabled,
        Setup, //
    },
    tether::{
        Borrow,
        Tether, //
    },
};
use testdev::Bar0;

/// Both halves of the name by which the child is matched.
const MODULE_NAME: &CStr = <LocalModule as ModuleMetadata>::NAME;
const CHILD_NAME: &CStr = c"knocker";

/// The type of the child's data: a reference to the parent's registers.
type SharedLt = CovariantForLt!(for<'a> &'a Bar0<'a>);

/// A device that the driver of the parent is bound to.
#[pin_data]
struct Parent<'bound> {
    #[pin]
    parts: Tether<Bar0<'bound>, ChildLt>,
    #[pin]
    enabled: Enabled<'bound>,
}

/// The child, over the lifetime of the registers.
type ChildLt = ForLt!(for<'a> Child<'a, SharedLt>);

struct ParentDriver;

pci_device_table!(PCI_TABLE, (), [(testdev::ID, ())]);

impl kernel_glue::pci::Driver for ParentDriver {
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
        Ok(bound_init!(Parent {
            enabled <- bound::value(enabled),
            parts <- Tether::new(bound::value(bar), Publish { dev }),
        }))
    }
}

/// Registers the child.
struct Publish<'bound> {
    dev: &'bound pci::Device<Bound>,
}

impl<'bound> Borrow<Bar0<'bound>, ChildLt> for Publish<'bound> {
    fn borrow<'a>(self, bar: Pin<&'a Bar0<'bound>>) -> Result<impl BoundInit<Child<'a, SharedLt>>> {
        Ok(Child::new(
            self.dev.as_ref(),
            MODULE_NAME,
            CHILD_NAME,
            0,
            Ok(bar.get_ref()),
        ))
    }
}

/// A child that its driver is bound to.
struct Knocker<'bound> {
    dev: &'bound auxiliary::Device<Bound>,
    bar: &'bound Bar0<'bound>,
}

struct KnockerDriver;

auxiliary_device_table!(
    AUXILIARY_TABLE,
    (),
    [(auxiliary::DeviceId::new(MODULE_NAME, CHILD_NAME), ())]
);

impl kernel_glue::auxiliary::Driver for KnockerDriver {
    type IdInfo = ();
    type Data<'bound> = Knocker<'bound>;

    const ID_TABLE: auxiliary::IdTable<()> = &AUXILIARY_TABLE;

    fn probe<'bound>(
        dev: &'bound auxiliary::Device<Core<'_>>,
        _info: &'bound (),
    ) -> Result<impl BoundInit<Knocker<'bound>> + 'bound> {
        let bar = *data::<SharedLt>(dev)?;
        dev_info!(dev, "probed: counted {}\n", testdev::knock(bar));
        Ok(bound::value(Knocker { dev, bar }))
    }
}

impl Drop for Knocker<'_> {
    fn drop(&mut self) {
        dev_info!(self.dev, "unbound: counted {}\n", testdev::knock(self.bar));
    }
}

/// The module. Dropped top to bottom: the parent unbinds first, and takes its child with it.
#[pin_data]
struct Sample {
    #[pin]
    _parent: driver::Registration<kernel_glue::pci::Adapter<ParentDriver>>,
    #[pin]
    _child: driver::Registration<kernel_glue::auxiliary::Adapter<KnockerDriver>>,
}

impl InPlaceModule for Sample {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _child <- driver::Registration::new(CHILD_NAME, module),
            _parent <- driver::Registration::new(MODULE_NAME, module),
        })
    }
}

module! {
    type: Sample,
    name: "sample_devres_after",
    authors: ["The Nova developers"],
    description: "Registers lent to a child, with kernel-glue",
    license: "GPL v2",
}
