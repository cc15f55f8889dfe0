// SPDX-License-Identifier: GPL-2.0

//! A file in debugfs that shows registers.
//!
//! The one idea: the file borrows the registers from the private data, as a child would. Whoever reads it need not
//! ask whether the device is there. When the driver is unbound the file goes first, and readers are waited for.

mod testdev;

use core::pin::Pin;
use kernel::{
    device::Bound,
    driver,
    fmt,
    pci,
    prelude::*,
    InPlaceModule,
    ThisModule, //
};
use kernel_glue::{
    bound::{
        self,
        BoundInit, //
    },
    bound_init,
    compat::pci_device_table,
    debugfs::{
        Files,
        ModuleDir,
        Show, //
    },
    for_lt::{
        CovariantForLt,
        ForLt, //
    },
    pci::{
        Adapter,
        Bar,
        Driver,
        Enabled,
        Setup, //
    },
    tether::{
        Borrow,
        Tether, //
    },
};
use testdev::Bar0;

/// What the file shows: a reference to the registers.
type BarLt = CovariantForLt!(for<'a> &'a Bar0<'a>);

/// The files, over the lifetime of the registers.
type FilesLt = ForLt!(for<'a> Files<'a, BarLt>);

/// A device that the driver is bound to. Dropped top to bottom: the files, the registers, then the device is
/// disabled.
#[pin_data]
struct Sample<'bound> {
    #[pin]
    parts: Tether<Bar0<'bound>, FilesLt>,
    #[pin]
    enabled: Enabled<'bound>,
}

/// The file `knocks`. Reading it is knocking.
struct Knocks;

impl Show<BarLt> for Knocks {
    fn show(bar: &&Bar0<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", testdev::knock(bar))
    }
}

/// Makes the files.
struct Publish<'bound> {
    dev: &'bound pci::Device<Bound>,
}

impl<'bound> Borrow<Bar0<'bound>, FilesLt> for Publish<'bound> {
    fn borrow<'a>(self, bar: Pin<&'a Bar0<'bound>>) -> Result<impl BoundInit<Files<'a, BarLt>>> {
        Ok(Files::new(
            ModuleDir::handle().ok_or(ENOENT)?,
            self.dev.as_ref().name(),
            Ok(bar.get_ref()),
            |dir| dir.text::<Knocks>(c"knocks"),
        ))
    }
}

/// The driver.
struct SampleDriver;

pci_device_table!(PCI_TABLE, (), [(testdev::ID, ())]);

impl Driver for SampleDriver {
    type IdInfo = ();
    type Data<'bound> = Sample<'bound>;

    const ID_TABLE: pci::IdTable<()> = &PCI_TABLE;

    fn probe<'bound>(
        setup: Setup<'_, 'bound, '_>,
        _info: Option<&'bound ()>,
    ) -> Result<impl BoundInit<Sample<'bound>> + 'bound> {
        let enabled = setup.enable()?;
        let bar = setup.map_bar(0, c"sample_debugfs")?;
        testdev::select(&bar)?;

        let dev: &'bound pci::Device<Bound> = setup.finish();
        Ok(bound_init!(Sample {
            enabled <- bound::value(enabled),
            parts <- Tether::new(bound::value(bar), Publish { dev }),
        }))
    }
}

/// The module. Dropped top to bottom: the driver unbinds from every device first.
#[pin_data]
struct Module {
    #[pin]
    _driver: driver::Registration<Adapter<SampleDriver>>,
    _debugfs: ModuleDir,
}

impl InPlaceModule for Module {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _debugfs: ModuleDir::new(c"sample_debugfs")?,
            _driver <- driver::Registration::new(c"sample_debugfs", module),
        })
    }
}

module! {
    type: Module,
    name: "sample_debugfs",
    authors: ["The Nova developers"],
    description: "A file that shows registers, with kernel-glue",
    license: "GPL v2",
}
