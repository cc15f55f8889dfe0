// SPDX-License-Identifier: GPL-2.0

//! Binding to the auxiliary device of a GPU.

use crate::ioctl;
use kernel::{
    auxiliary,
    device::Core,
    prelude::*, //
};
use kernel_glue::{
    auxiliary::{
        data,
        Driver, //
    },
    bound::BoundInit,
    compat::auxiliary_device_table, //
};
use kernel_glue_drm::{
    driver::{
        self as drm,
        Info, //
    },
    ioctl::Entry,
    registration::Registration, //
};
use nova_core::api::{
    NovaApiLt,
    CHILD_NAME,
    MODULE_NAME, //
};

/// The driver of the auxiliary device, and of the DRM device made for it.
pub(crate) struct NovaDrm;

auxiliary_device_table!(
    AUXILIARY_TABLE,
    <NovaDrm as Driver>::IdInfo,
    [(auxiliary::DeviceId::new(MODULE_NAME, CHILD_NAME), ())]
);

impl Driver for NovaDrm {
    type IdInfo = ();
    type Data<'bound> = Registration<'bound, Self>;

    const ID_TABLE: auxiliary::IdTable<()> = &AUXILIARY_TABLE;

    fn probe<'bound>(
        child: &'bound auxiliary::Device<Core<'_>>,
        _info: &'bound (),
    ) -> Result<impl BoundInit<Registration<'bound, Self>> + 'bound> {
        let api = *data::<NovaApiLt>(child)?;

        // The DRM device hangs below the PCI device: libdrm does not know auxiliary devices.
        Ok(Registration::new(child.parent(), Ok(api)))
    }
}

impl drm::Driver for NovaDrm {
    type Data = NovaApiLt;
    type File = ();
    type Object = ();
    type OwnerModule = crate::LocalModule;

    const INFO: Info = Info {
        name: c"nova-drm",
        desc: c"NVIDIA Graphics and Compute",
        version: (0, 0, 0),
    };

    const IOCTLS: &'static [Entry<Self>] = &[
        Entry::new::<ioctl::GetParam>(),
        Entry::new::<ioctl::GemCreate>(),
        Entry::new::<ioctl::GemInfo>(),
        Entry::new::<ioctl::GemMmapOffset>(),
    ];
}
