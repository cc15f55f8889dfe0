// SPDX-License-Identifier: GPL-2.0

//! Functions to be looked at, not to be called: each accesses one register, by one of the ways there are.
//!
//! They are compiled as the driver is, and `access-cost` counts their instructions. The module does nothing.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    devres,
    io::Io,
    pci,
    prelude::*, //
};
use kernel_glue::{
    devres as glue_devres,
    pci::Bar, //
};

/// Where the register is that all probes access, and nothing else is. Also in `raw.c`.
const AT: usize = 0x5a4;
const SIZE: usize = 0x1000;

type KernelBar<'a> = pci::Bar<'a, SIZE>;
type GlueBar<'a> = Bar<'a, SIZE>;

/// What is shared by either crate is the same, so that the ways to it can be compared.
type KernelShared = devres::DevresLt<GlueBar<'static>>;
type GlueShared = glue_devres::DevresLt<GlueBar<'static>>;

/// Reads through the kernel crate's BAR.
#[no_mangle]
#[inline(never)]
pub extern "Rust" fn probe_kernel_bar_read(bar: &KernelBar<'_>) -> u32 {
    bar.read32(AT)
}

/// Writes through the kernel crate's BAR.
#[no_mangle]
#[inline(never)]
pub extern "Rust" fn probe_kernel_bar_write(bar: &KernelBar<'_>, value: u32) {
    bar.write32(value, AT);
}

/// Reads through kernel-glue's BAR.
#[no_mangle]
#[inline(never)]
pub extern "Rust" fn probe_bar_read(bar: &GlueBar<'_>) -> u32 {
    bar.read32(AT)
}

/// Writes through kernel-glue's BAR.
#[no_mangle]
#[inline(never)]
pub extern "Rust" fn probe_bar_write(bar: &GlueBar<'_>, value: u32) {
    bar.write32(value, AT);
}

/// The probes of a handle, by the names of its methods.
macro_rules! shared {
    ($shared:ty, $guard:ident => $reference:expr, $access:ident, $access_with:ident, $try_access:ident, $try_access_with:ident) => {
        /// Reads through what `access` gives.
        #[no_mangle]
        #[inline(never)]
        pub extern "Rust" fn $access(shared: &$shared, dev: &Device<Bound>) -> Result<u32> {
            Ok(shared.access(dev)?.read32(AT))
        }

        /// Reads through what `access_with` gives.
        #[no_mangle]
        #[inline(never)]
        pub extern "Rust" fn $access_with(shared: &$shared, dev: &Device<Bound>) -> Result<u32> {
            shared.access_with(dev, |bar| bar.read32(AT))
        }

        /// Reads through what `try_access` gives.
        #[no_mangle]
        #[inline(never)]
        pub extern "Rust" fn $try_access(shared: &$shared) -> Option<u32> {
            let $guard = shared.try_access()?;
            Some($reference.read32(AT))
        }

        /// Reads through what `try_access_with` gives.
        #[no_mangle]
        #[inline(never)]
        pub extern "Rust" fn $try_access_with(shared: &$shared) -> Option<u32> {
            shared.try_access_with(|bar| bar.read32(AT))
        }
    };
}

shared!(
    GlueShared,
    guard => guard.get(),
    probe_access,
    probe_access_with,
    probe_try_access,
    probe_try_access_with
);
shared!(
    KernelShared,
    guard => (&*guard),
    probe_kernel_access,
    probe_kernel_access_with,
    probe_kernel_try_access,
    probe_kernel_try_access_with
);

struct Probes;

impl kernel::Module for Probes {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}

kernel::prelude::module! {
    type: Probes,
    name: "nova_probes",
    authors: ["The Nova developers"],
    description: "Functions that are looked at",
    license: "GPL v2",
}
