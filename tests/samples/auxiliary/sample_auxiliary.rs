// SPDX-License-Identifier: GPL-2.0

//! A parent and two children that borrow from it.
//!
//! The one idea: what a parent lends to the drivers of its children borrows from the parent's private data,
//! and how it is lent depends on its type. What the [`reader`] gets is covariant: a long lifetime may stand in
//! for a short one, so it is lent as a reference. What the [`knocker`] gets has a lock in it, through which
//! something that lives shorter could be stored, so it is lent to closures.

mod knocker;
mod parent;
mod reader;
#[path = "../testdev.rs"]
mod testdev;

use kernel::{
    driver::Registration,
    prelude::*,
    InPlaceModule,
    ModuleMetadata,
    ThisModule, //
};
use kernel_glue::{
    auxiliary,
    pci::{
        self,
        Bar, //
    }, //
};

/// First half of the name by which the children are matched.
const MODULE_NAME: &CStr = <LocalModule as ModuleMetadata>::NAME;

/// The module. Dropped top to bottom: the parent unbinds first, and takes its children with it.
#[pin_data]
struct Sample {
    #[pin]
    _parent: Registration<pci::Adapter<parent::ParentDriver>>,
    #[pin]
    _knocker: Registration<auxiliary::Adapter<knocker::KnockerDriver>>,
    #[pin]
    _reader: Registration<auxiliary::Adapter<reader::ReaderDriver>>,
}

impl InPlaceModule for Sample {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _reader <- Registration::new(reader::NAME, module),
            _knocker <- Registration::new(knocker::NAME, module),
            _parent <- Registration::new(MODULE_NAME, module),
        })
    }
}

module! {
    type: Sample,
    name: "sample_auxiliary",
    authors: ["The Nova developers"],
    description: "Auxiliary devices that borrow from their parent, with kernel-glue",
    license: "GPL v2",
}
