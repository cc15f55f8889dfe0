// SPDX-License-Identifier: GPL-2.0

//! Two drivers that share registers, as they had to when private data could not borrow.
//!
//! The one idea: nobody can tell who lets go last, so what is shared is counted (`Arc`); and whoever holds it
//! may hold it when the device has gone, so the registers in it can be revoked (`Devres`). Each access asks
//! whether they have been, and each caller has to think of something to do then.
//!
//! `sample_devres_after.rs` is the same without either. Only the kernel crate is used here.

mod testdev;

use kernel::{
    auxiliary,
    device::Core,
    driver,
    pci::{
        self,
        Bar, //
    },
    prelude::*,
    sync::{
        aref::ARef,
        Arc, //
    },
    types::CovariantForLt,
    InPlaceModule,
    ModuleMetadata,
    ThisModule, //
};

/// Both halves of the name by which the child is matched.
const MODULE_NAME: &CStr = <LocalModule as ModuleMetadata>::NAME;
const CHILD_NAME: &CStr = c"knocker";

/// What both drivers have, for as long as either wants.
struct Shared {
    bar: pci::DevresBar<{ testdev::BAR0_SIZE }>,
}

impl Shared {
    /// Knocks once.
    ///
    /// # Errors
    ///
    /// `ENXIO` if the parent has been unbound.
    fn knock(&self) -> Result<u32> {
        self.bar.try_access_with(testdev::knock).ok_or(ENXIO)
    }
}

/// The type of the child's data. There is nothing in it that borrows.
type SharedLt = CovariantForLt!(Arc<Shared>);

/// A device that the driver of the parent is bound to.
struct Parent<'bound> {
    _child: auxiliary::Registration<'bound, SharedLt>,
}

struct ParentDriver;

kernel::pci_device_table!(PCI_TABLE, (), [(testdev::ID, ())]);

impl pci::Driver for ParentDriver {
    type IdInfo = ();
    type Data<'bound> = Parent<'bound>;

    const ID_TABLE: pci::IdTable<()> = &PCI_TABLE;

    fn probe<'bound>(
        dev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<Parent<'bound>, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            dev.enable_device_mem()?;
            let bar = dev.iomap_region_sized(0, MODULE_NAME)?;
            testdev::select(&bar)?;

            let bar = bar.into_devres()?;
            let shared = Arc::new(Shared { bar }, GFP_KERNEL)?;
            let child = auxiliary::Registration::new(
                dev.as_ref(),
                CHILD_NAME,
                0,
                MODULE_NAME,
                Ok::<_, Error>(shared),
            )?;
            Ok(Ok::<_, Error>(Parent { _child: child }))
        })
    }
}

/// A child that its driver is bound to.
struct Knocker {
    dev: ARef<auxiliary::Device>,
    shared: Arc<Shared>,
}

struct KnockerDriver;

kernel::auxiliary_device_table!(
    AUXILIARY_TABLE,
    (),
    [(auxiliary::DeviceId::new(MODULE_NAME, CHILD_NAME), ())]
);

impl auxiliary::Driver for KnockerDriver {
    type IdInfo = ();
    type Data<'bound> = Knocker;

    const ID_TABLE: auxiliary::IdTable<()> = &AUXILIARY_TABLE;

    fn probe<'bound>(
        dev: &'bound auxiliary::Device<Core<'_>>,
        _info: &'bound (),
    ) -> impl PinInit<Knocker, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            let shared = dev.registration_data::<SharedLt>()?.get_ref().clone();
            dev_info!(dev, "probed: counted {}\n", shared.knock()?);
            Ok(Ok::<_, Error>(Knocker {
                dev: dev.into(),
                shared,
            }))
        })
    }
}

impl Drop for Knocker {
    fn drop(&mut self) {
        match self.shared.knock() {
            Ok(count) => dev_info!(self.dev, "unbound: counted {count}\n"),
            Err(_) => dev_warn!(self.dev, "unbound: the parent has gone\n"),
        }
    }
}

/// The module. Dropped top to bottom: the parent unbinds first, and takes its child with it.
#[pin_data]
struct Sample {
    #[pin]
    _parent: driver::Registration<pci::Adapter<ParentDriver>>,
    #[pin]
    _child: driver::Registration<auxiliary::Adapter<KnockerDriver>>,
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
    name: "sample_devres_before",
    authors: ["The Nova developers"],
    description: "Registers shared with Devres and Arc",
    license: "GPL v2",
}
