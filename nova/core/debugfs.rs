// SPDX-License-Identifier: GPL-2.0

//! What the driver knows of a GPU, below `/sys/kernel/debug/nova-core/<PCI address>/`.

use crate::{
    firmware::FirmwareInfo,
    gsp, //
};
use kernel::{
    debugfs::{
        Dir,
        Scope, //
    },
    device::Bound,
    fmt,
    pci,
    prelude::*, //
};
use kernel_glue::debugfs::ModuleDir;
use nova_hw::{
    chip::Identity,
    fb::Layout, //
};

/// The directory of all GPUs.
pub(crate) const DIRECTORY: &CStr = c"nova-core";

/// What was found out during probe, and does not change afterwards.
pub(crate) struct Facts {
    pub(crate) identity: Identity,
    pub(crate) vram_size: u64,
    pub(crate) firmware: FirmwareInfo,
    pub(crate) layout: Layout,
    /// The conversation with GSP-RM.
    pub(crate) gsp: gsp::Files,
}

/// The files of one GPU. They go when this is dropped.
#[pin_data]
pub(crate) struct Debugfs {
    #[pin]
    files: Scope<Facts>,
    parent: Dir,
}

impl Debugfs {
    pub(crate) fn new<'a>(
        dev: &'a pci::Device<Bound>,
        facts: Facts,
    ) -> impl PinInit<Self, Error> + 'a {
        try_pin_init!(Self {
            parent: ModuleDir::handle().ok_or(ENOENT)?,
            files <- parent.scope(facts, dev.as_ref().name(), |facts, dir| {
                dir.read_callback_file(c"identity", facts, &identity);
                dir.read_callback_file(c"firmware", facts, &firmware);
                dir.read_callback_file(c"layout", facts, &layout);
                facts.gsp.make(dir);
            }),
        })
    }
}

/// Chip, generation and revision, in one line.
fn identity(facts: &Facts, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{}", facts.identity)
}

/// Release and sizes of the firmware.
fn firmware(facts: &Facts, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let info = &facts.firmware;
    writeln!(f, "version: {}", info.version.as_str())?;
    writeln!(f, "image: {:#x} bytes", info.image_size)?;
    writeln!(f, "bootloader: {:#x} bytes", info.bootloader_size)?;
    writeln!(f, "unload: {}", if info.can_unload { "yes" } else { "no" })
}

/// Where the regions of GSP-RM lie in video memory, or how big they are.
fn layout(facts: &Facts, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "vram: {:#x} bytes", facts.vram_size)?;
    write!(f, "{}", facts.layout)
}
