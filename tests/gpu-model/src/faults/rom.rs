// SPDX-License-Identifier: GPL-2.0

//! Faults of the VBIOS.

use super::{
    FaultError,
    FaultInfo,
    Plan,
    Request, //
};
use crate::vbios::damage::Damage;

macro_rules! damage {
    ($name:literal, $damage:ident, $description:literal) => {
        FaultInfo {
            name: $name,
            argument: None,
            description: $description,
            apply: |plan, request| plan.set_rom(request, Damage::$damage),
        }
    };
}

/// All of them.
pub const FAULTS: &[FaultInfo] = &[
    damage!("prom-all-ones", AllOnes, "the VBIOS window reads all ones"),
    damage!(
        "prom-truncated",
        Truncated,
        "the VBIOS ends in the middle of its last image"
    ),
    damage!(
        "vbios-bad-signature",
        BadSignature,
        "the VBIOS does not begin with the signature of a ROM"
    ),
    damage!(
        "vbios-bad-checksum",
        BadChecksum,
        "the bytes of the first image do not add up to zero"
    ),
    damage!(
        "vbios-no-bit",
        NoBit,
        "the VBIOS has no BIOS information table"
    ),
    damage!(
        "vbios-endless",
        Endless,
        "no image of the VBIOS is marked as the last"
    ),
    damage!(
        "fwsec-absent",
        FwsecAbsent,
        "the ucode table of the VBIOS has no FWSEC"
    ),
    FaultInfo {
        name: "fwsec-signature-missing",
        argument: None,
        description: "FWSEC has no signature for the version that the fuse asks for",
        apply: |plan, request| {
            if !request.chip.family.loads_by_dma() {
                return Err(request.not_here("its FWSEC has no separate signatures"));
            }
            plan.set_rom(request, Damage::SignatureMissing)
        },
    },
    damage!(
        "fwsec-no-mapper",
        NoMapper,
        "FWSEC has no interface through which a command could be given"
    ),
    damage!(
        "fwsec-too-big",
        TooBig,
        "FWSEC says that it is bigger than the image it is in"
    ),
];

impl Plan {
    fn set_rom(&mut self, request: &Request<'_>, damage: Damage) -> Result<(), FaultError> {
        request.boots_by_sec2()?;
        let name = request.info.name;
        match self.rom.replace((name, damage)) {
            Some((other, old)) if old != damage => Err(FaultError::Contradiction(other, name)),
            _ => Ok(()),
        }
    }
}
