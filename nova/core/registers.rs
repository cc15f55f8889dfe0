// SPDX-License-Identifier: GPL-2.0

//! BAR0 as it is shared with those who may be there when the driver is not bound any more.
//!
//! The driver itself borrows BAR0 for as long as it is bound, and need not ask. A file that somebody holds open
//! may be read at any time, and asks each time.

use crate::driver::{
    Bar0,
    BAR0_SIZE, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*,
    sync::Arc, //
};
use kernel_glue::{
    devres::{
        DevresBar,
        DevresLt, //
    },
    for_lt::CovariantForLt,
    pci::{
        Enabled,
        Setup, //
    }, //
};

type EnabledLt = CovariantForLt!(for<'a> Enabled<'a>);

/// BAR0, and that the device answers there. Both go when the driver is unbound, at the latest.
///
/// Dropped top to bottom, and the driver core does the same: what it is given last, it releases first. So the
/// device answers for as long as BAR0 is mapped.
pub(crate) struct Registers {
    pub(crate) bar: DevresBar<BAR0_SIZE>,
    pub(crate) enabled: DevresLt<EnabledLt>,
}

impl Registers {
    /// Has the driver core release `bar` before `enabled`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; both have been released then.
    pub(crate) fn new<'bound>(
        setup: &Setup<'_, 'bound, '_>,
        enabled: Enabled<'bound>,
        bar: Bar0<'bound>,
    ) -> Result<Arc<Self>> {
        let enabled = setup.share::<EnabledLt>(Ok(enabled))?;
        let bar = DevresBar::new(bar)?;
        Ok(Arc::new(Self { bar, enabled }, GFP_KERNEL)?)
    }
}

/// The registers of a device that is bound.
pub(crate) struct BoundRegisters<'bound> {
    pub(crate) dev: &'bound pci::Device<Bound>,
    pub(crate) shared: Arc<Registers>,
}

impl BoundRegisters<'_> {
    /// Returns BAR0.
    ///
    /// # Errors
    ///
    /// `EINVAL` if these are the registers of another device.
    pub(crate) fn bar(&self) -> Result<&Bar0<'_>> {
        self.shared.bar.access(self.dev.as_ref())
    }
}
