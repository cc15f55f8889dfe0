// SPDX-License-Identifier: GPL-2.0

//! What `GSP_SET_SYSTEM_INFO` says about the machine, compared with the card.

use super::{
    wire::{
        u32_at,
        u64_at, //
    },
    CardFacts, Findings,
};
use crate::violations::{
    Complaint,
    GspRule, //
};

/// Smallest end of user address space that a 64-bit machine has.
const MIN_USER_VA: u64 = 1 << 46;
const MIRROR_SIZE: u32 = 0x1000;
/// Where the ACPI data are, and their first part.
const ACPI: usize = 160;
const ACPI_DOD_LIST: usize = ACPI + 8;

/// Judges a payload of the right length.
pub fn judge(payload: &[u8], card: &CardFacts, findings: &mut Findings) {
    let mut complain = |what: String| findings.push(Complaint::new(GspRule::SystemInfo, what));
    for (name, offset, want) in [
        ("gpuPhysAddr (BAR0)", 0, card.registers),
        ("gpuPhysFbAddr (BAR1)", 8, card.framebuffer),
        ("gpuPhysInstAddr (the BAR after BAR1)", 16, card.instance),
    ] {
        let is = u64_at(payload, offset);
        // A driver that is known to run on real cards takes resources 1 and 3 for the apertures
        // everywhere; there is nothing where BAR0 takes two registers.
        let is_halved = card.chip.family.bar0_is_64bit() && offset != 0 && is == 0;
        if is != want && !is_halved {
            complain(format!("{name} is {is:#x}, the BAR is at {want:#x}"));
        }
    }
    for (name, offset, want) in [
        ("pciConfigMirrorBase", 80, card.config_mirror),
        ("pciConfigMirrorSize", 84, MIRROR_SIZE),
        ("PCIDeviceID", 88, card.device_id),
        ("PCISubDeviceID", 92, card.subsystem_id),
        ("PCIRevisionID", 96, u32::from(card.revision)),
    ] {
        let is = u32_at(payload, offset);
        if is != want {
            complain(format!("{name} is {is:#x}, the card has {want:#x}"));
        }
    }
    let max_user_va = u64_at(payload, 72);
    if max_user_va < MIN_USER_VA {
        complain(format!(
            "maxUserVa is {max_user_va:#x}, too small for a 64-bit machine"
        ));
    }
    // Bus and device are the guest's; only the width of the field can be judged.
    let place = u64_at(payload, 32);
    if place & 0xffff_0000 != 0 {
        complain(format!(
            "nvDomainBusDeviceFunc is {place:#x}: bus and device take 16 bits, the domain the \
             upper 32"
        ));
    }
    let list_len = u32_at(payload, ACPI_DOD_LIST);
    if payload[ACPI] > 1 || list_len > 64 || list_len % 4 != 0 {
        complain(format!(
            "ACPI data with bValid {} and a display list of {list_len} bytes",
            payload[ACPI]
        ));
    }
}
