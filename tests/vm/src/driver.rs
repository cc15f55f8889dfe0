// SPDX-License-Identifier: GPL-2.0

//! Whose driver a guest puts on its cards. Ours is what the claims are about; the others are *oracles*:
//! they work on real cards, so an emulated one that they trip over is wrong. The samples are for no card, but
//! for devices that every QEMU has.

use std::path::Path;

use crate::{
    error::{
        Context,
        Error,
        Result, //
    },
    kmod::{
        Index,
        Module, //
    },
    paths::{
        Flavour,
        Paths,
        Series, //
    },
};

/// What a guest is to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Driver {
    /// The modules of this tree.
    Ours,
    /// nova-core as the kernel's source has it, built for the stock kernel.
    UpstreamNova,
    /// nouveau as the stock kernel's package has it.
    Nouveau,
    /// Small drivers of this tree, below `tests/samples`.
    Samples,
}

/// Modules of this tree, in loading order.
const OURS: &[&str] = &["nova_core", "nova_drm"];

/// The samples. None needs another module.
const SAMPLES: &[&str] = &[
    "sample_auxiliary",
    "sample_callbacks",
    "sample_debugfs",
    "sample_devres_after",
    "sample_pci",
    "sample_platform",
];

/// The sample that uses the kernel crate alone, and the first kernels whose it is.
pub const SAMPLE_OF_NEWER: (&str, Series) = ("sample_devres_before", (7, 3));

impl Driver {
    /// Name of its PCI module; the samples have several.
    pub fn module(self) -> &'static str {
        match self {
            Self::Ours | Self::UpstreamNova => "nova_core",
            Self::Nouveau => "nouveau",
            Self::Samples => "sample_pci",
        }
    }

    /// Name of its PCI driver, in sysfs and in front of its log lines.
    pub fn pci_name(self) -> &'static str {
        match self {
            Self::Ours => "nova_core",
            Self::UpstreamNova => "nova-core",
            Self::Nouveau => "nouveau",
            Self::Samples => "sample_pci",
        }
    }

    /// The devices that it drives and that are no cards, as QEMU calls them.
    pub fn devices(self) -> &'static [&'static str] {
        match self {
            Self::Ours | Self::UpstreamNova | Self::Nouveau => &[],
            Self::Samples => &[
                // Behind a port, so that it can be reset, and that errors can happen.
                "pcie-root-port,id=rp1,chassis=1,slot=1,hotplug=off",
                "pci-testdev,bus=rp1",
            ],
        }
    }

    /// Files below `nvidia/<chip>/` that it asks for besides those of the `gsp` folder, if they are there.
    /// nouveau takes the bootloader for FWSEC on Turing from an older release.
    pub fn more_firmware(self) -> &'static [&'static str] {
        match self {
            Self::Ours | Self::UpstreamNova | Self::Samples => &[],
            Self::Nouveau => &["acr/bl.bin"],
        }
    }

    /// How a person calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ours => "nova",
            Self::UpstreamNova => "upstream nova-core",
            Self::Nouveau => "nouveau",
            Self::Samples => "the samples",
        }
    }

    /// Whether it reads firmware from TLV files.
    pub fn wants_tlv(self) -> bool {
        self == Self::UpstreamNova
    }

    /// The modules that a guest must load itself, each after what it needs. `ours` is the folder with the
    /// modules of this tree for the guest's kernel.
    ///
    /// # Errors
    /// Names the module that is missing, and what makes it; or an oracle on a kernel it was not built for.
    pub fn modules(self, paths: &Paths, flavour: Flavour, ours: &Path) -> Result<Vec<Module>> {
        let oracle = matches!(self, Self::UpstreamNova | Self::Nouveau);
        if oracle && flavour != Flavour::Stock {
            return Err(Error::new(format!(
                "{} is there for the stock kernel only",
                self.title()
            )));
        }
        match self {
            Self::Ours => {
                let mut modules = built(ours, OURS)?;
                let hello = ours.join("hello.ko");
                if hello.exists() {
                    modules.push(Module::read(&hello)?);
                }
                Ok(modules)
            }
            Self::UpstreamNova => {
                let folder = paths.oracle_modules()?;
                Ok(vec![Module::read(&folder.join("nova-core.ko"))?])
            }
            Self::Nouveau => {
                let index = Index::scan(&paths.stock_modules()?)?;
                Ok(vec![index.module(self.module())?])
            }
            Self::Samples => {
                let mut modules = built(ours, SAMPLES)?;
                let (newer, since) = SAMPLE_OF_NEWER;
                if paths.series(flavour)? >= since {
                    modules.extend(built(ours, &[newer])?);
                }
                Ok(modules)
            }
        }
    }
}

/// Modules of this tree.
fn built(folder: &Path, names: &[&str]) -> Result<Vec<Module>> {
    let read = |name| Module::read(&folder.join(format!("{name}.ko")));
    let modules: Result<_> = names.iter().map(read).collect();
    modules.context(|| "module under test (`make samples`)")
}
