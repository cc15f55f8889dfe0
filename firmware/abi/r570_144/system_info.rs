// SPDX-License-Identifier: GPL-2.0

//! `GspSystemInfo`, the payload of `GSP_SET_SYSTEM_INFO`: the GPU's place in the machine.

use super::wire::Wire;

/// Bytes of the payload.
pub const SIZE: usize = 928;

/// Offsets of the fields that are written, under their published names.
mod at {
    pub(super) const GPU_PHYS_ADDR: usize = 0;
    pub(super) const GPU_PHYS_FB_ADDR: usize = 8;
    pub(super) const GPU_PHYS_INST_ADDR: usize = 16;
    pub(super) const NV_DOMAIN_BUS_DEVICE_FUNC: usize = 32;
    pub(super) const MAX_USER_VA: usize = 72;
    pub(super) const PCI_CONFIG_MIRROR_BASE: usize = 80;
    pub(super) const PCI_CONFIG_MIRROR_SIZE: usize = 84;
    pub(super) const PCI_DEVICE_ID: usize = 88;
    pub(super) const PCI_SUB_DEVICE_ID: usize = 92;
    pub(super) const PCI_REVISION_ID: usize = 96;
    pub(super) const IS_PRIMARY: usize = 896;
}

const CONFIG_MIRROR_SIZE: u32 = 0x1000;

/// Where BAR0 shows the PCI configuration space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigMirror {
    /// Turing, Ampere, Ada.
    Turing,
    /// Hopper, Blackwell.
    Hopper,
}

impl ConfigMirror {
    /// The mirror's BAR0 offset.
    pub const fn base(self) -> u32 {
        match self {
            Self::Turing => 0x8_8000,
            Self::Hopper => 0x9_2000,
        }
    }
}

/// A vendor's number for a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PciId {
    /// Who numbered it.
    pub vendor: u16,
    /// The number.
    pub device: u16,
}

impl PciId {
    const fn packed(self) -> u32 {
        // CAST: widening.
        (self.device as u32) << 16 | self.vendor as u32
    }
}

/// The GPU's place in the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemInfo {
    /// Bus address of BAR0, the registers.
    pub registers: u64,
    /// Bus address of the BAR that shows video memory (BAR1).
    pub framebuffer: u64,
    /// Bus address of the BAR after that, PCI resource **3** if the one before has 64 bits.
    pub instance: u64,
    /// PCI bus.
    pub bus: u8,
    /// PCI device (bits 7:3) and function.
    pub devfn: u8,
    /// First address that a user's mapping cannot have.
    pub max_user_va: u64,
    /// Where BAR0 shows the PCI configuration space.
    pub config_mirror: ConfigMirror,
    /// PCI vendor and device.
    pub device: PciId,
    /// PCI subsystem.
    pub subsystem: PciId,
    /// PCI revision.
    pub revision: u8,
    /// Whether the machine's firmware used this GPU for its output.
    pub is_primary: bool,
}

impl SystemInfo {
    /// The payload.
    pub fn encode(&self) -> [u8; SIZE] {
        let bus_devfn = u64::from(self.bus) << 8 | u64::from(self.devfn);
        let mut info = Wire::<SIZE>::zeroed();
        info.put_u64::<{ at::GPU_PHYS_ADDR }>(self.registers)
            .put_u64::<{ at::GPU_PHYS_FB_ADDR }>(self.framebuffer)
            .put_u64::<{ at::GPU_PHYS_INST_ADDR }>(self.instance)
            .put_u64::<{ at::NV_DOMAIN_BUS_DEVICE_FUNC }>(bus_devfn)
            .put_u64::<{ at::MAX_USER_VA }>(self.max_user_va)
            .put_u32::<{ at::PCI_CONFIG_MIRROR_BASE }>(self.config_mirror.base())
            .put_u32::<{ at::PCI_CONFIG_MIRROR_SIZE }>(CONFIG_MIRROR_SIZE)
            .put_u32::<{ at::PCI_DEVICE_ID }>(self.device.packed())
            .put_u32::<{ at::PCI_SUB_DEVICE_ID }>(self.subsystem.packed())
            .put_u32::<{ at::PCI_REVISION_ID }>(u32::from(self.revision))
            .put_u8::<{ at::IS_PRIMARY }>(u8::from(self.is_primary));
        info.into_bytes()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::synthetic::words;

    /// The sample whose checksum is published.
    pub(in super::super) const SAMPLE: SystemInfo = SystemInfo {
        registers: 0xf000_0000,
        framebuffer: 0x40_0000_0000,
        instance: 0x50_0000_0000,
        bus: 1,
        devfn: 0,
        max_user_va: 0x7fff_ffff_f000,
        config_mirror: ConfigMirror::Turing,
        device: PciId {
            vendor: 0x10de,
            device: 0x2204,
        },
        subsystem: PciId {
            vendor: 0x10de,
            device: 0x1467,
        },
        revision: 0xa1,
        is_primary: false,
    };

    #[test]
    fn fields_are_where_they_are_published() {
        let mut want = words(&[0xf000_0000, 0, 0, 0x40, 0, 0x50, 0, 0, 0x100, 0]);
        want.resize(72, 0);
        want.extend(words(&[0xffff_f000, 0x7fff, 0x8_8000, 0x1000]));
        want.extend(words(&[0x2204_10de, 0x1467_10de, 0xa1]));
        want.resize(928, 0);
        assert_eq!(SAMPLE.encode()[..], want);
    }

    #[test]
    fn primary_and_mirror_are_told() {
        let info = SystemInfo {
            is_primary: true,
            config_mirror: ConfigMirror::Hopper,
            bus: 0x41,
            devfn: 0x19,
            ..SAMPLE
        };
        let mut want = SAMPLE.encode();
        want[896] = 1;
        want[80..84].copy_from_slice(&0x9_2000u32.to_le_bytes());
        want[32..34].copy_from_slice(&[0x19, 0x41]);
        assert_eq!(info.encode(), want);
    }
}
