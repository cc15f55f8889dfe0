// SPDX-License-Identifier: GPL-2.0

//! `nova_core`: brings an NVIDIA GPU up and hands it to the drivers of its children.
//!
//! Start reading at [`driver`], the probe of the PCI device, and follow one call into each stage of the
//! bring-up, in order. What children may use is [`api`].

pub mod api;
mod boot;
mod booter;
mod clock;
mod debugfs;
mod driver;
mod falcon;
mod fb;
mod firmware;
mod fsp;
mod fuse;
mod fwsec;
mod gfw;
mod gpu;
mod gsp;
mod identify;
mod kunit;
mod registers;
mod timeline;
mod vbios;
mod wait;

use kernel::{
    driver::Registration,
    prelude::*,
    InPlaceModule,
    ModuleMetadata,
    ThisModule, //
};
use kernel_glue::{
    debugfs::ModuleDir,
    pci::Adapter, //
};

/// The module. Dropped top to bottom: the driver unbinds from every GPU first.
#[pin_data]
struct NovaModule {
    #[pin]
    _driver: Registration<Adapter<driver::Nova>>,
    _debugfs: ModuleDir,
}

impl InPlaceModule for NovaModule {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let name = <LocalModule as ModuleMetadata>::NAME;
        try_pin_init!(Self {
            _debugfs: ModuleDir::new(debugfs::DIRECTORY)?,
            _driver <- Registration::new(name, module),
        })
    }
}

module! {
    type: NovaModule,
    name: "nova_core",
    authors: ["The Nova developers"],
    description: "Core driver for NVIDIA GPUs, from Turing on",
    license: "GPL v2",
}

kernel::module_firmware!(firmware::ModuleInfo);
