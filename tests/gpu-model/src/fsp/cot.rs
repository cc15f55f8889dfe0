// SPDX-License-Identifier: GPL-2.0

//! The chain of trust message: what FSP checks before it starts the GSP, in its order.

use std::ops::Range;

use super::{
    image::{
        self,
        ImageError, //
    },
    packet::code,
    signature::{
        hash,
        Scheme,
        HASH_SIZE, //
    },
    Accepted,
    GspState, //
};
use crate::{
    boot::firmware_dir::FmcFile,
    chips::{
        Chip,
        Family, //
    },
    dma::{
        Direction,
        DmaError,
        Master, //
    },
    violations::{
        Complaint,
        FspRule, //
    },
};

/// Bytes of the whole packet.
pub const PACKET_SIZE: usize = 868;
/// Bytes of the payload, which it says itself.
const PAYLOAD_SIZE: u16 = 860;
/// Bytes of the fields for key and signature.
const FIELD_SIZE: usize = 384;
/// Bytes of FMC's boot parameters.
const BOOT_PARAMS_SIZE: u64 = 80;
/// Size of the FRTS region.
const FRTS_SIZE: u32 = 0x10_0000;
/// Addresses in the guest's memory have to be of pages.
const PAGE: u64 = 4096;

/// The message. Offsets are those in the packet, which is packed.
struct Cot<'a>(&'a [u8; PACKET_SIZE]);

impl Cot<'_> {
    fn bytes<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.0[offset..offset + N]);
        bytes
    }

    fn version(&self) -> u16 {
        u16::from_le_bytes(self.bytes(0x8))
    }

    fn size(&self) -> u16 {
        u16::from_le_bytes(self.bytes(0xa))
    }

    fn fmc(&self) -> u64 {
        u64::from_le_bytes(self.bytes(0xc))
    }

    fn frts_in_sysmem(&self) -> (u64, u32) {
        (
            u64::from_le_bytes(self.bytes(0x14)),
            u32::from_le_bytes(self.bytes(0x1c)),
        )
    }

    fn frts(&self) -> (u64, u32) {
        (
            u64::from_le_bytes(self.bytes(0x20)),
            u32::from_le_bytes(self.bytes(0x28)),
        )
    }

    fn hash(&self) -> [u8; HASH_SIZE] {
        self.bytes(0x2c)
    }

    fn key(&self) -> [u8; FIELD_SIZE] {
        self.bytes(0x5c)
    }

    fn signature(&self) -> [u8; FIELD_SIZE] {
        self.bytes(0x1dc)
    }

    fn boot_params(&self) -> u64 {
        u64::from_le_bytes(self.bytes(0x35c))
    }
}

/// Why FSP does not start the GSP.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Error code for the driver.
    pub code: u32,
    /// What the driver has done wrong; nothing if it is not to blame.
    pub complaint: Option<Complaint>,
}

fn refuse(code: u32, rule: FspRule, what: impl Into<String>) -> Refusal {
    Refusal {
        code,
        complaint: Some(Complaint::new(rule, what)),
    }
}

fn invalid(rule: FspRule, what: impl Into<String>) -> Refusal {
    refuse(code::INVALID_DATA, rule, what)
}

/// Distance from the end of video memory to the end of FRTS, with firmware 570.144.
pub fn frts_end_offset(family: Family) -> u64 {
    if family == Family::Hopper {
        0x20_0000
    } else {
        0x1c0_0000
    }
}

/// What the judgement depends on.
pub struct Judge<'a> {
    /// Chip.
    pub chip: &'static Chip,
    /// Bytes of video memory.
    pub vram: u64,
    /// What the GSP does.
    pub gsp: GspState,
    /// The guest's memory.
    pub memory: Master<'a>,
    /// The FMC that the driver should have loaded, if that is known.
    pub file: Option<&'a FmcFile>,
    /// Bus mastering was on when the driver rang.
    pub was_master: bool,
    /// And memory could be read that cannot be read now.
    pub was_readable: bool,
}

/// Can everything be read that `packet` names?
pub fn is_readable(packet: &[u8], memory: &Master<'_>) -> bool {
    let Ok(packet) = packet.try_into() else {
        return false;
    };
    let cot = Cot(packet);
    let params = memory.check(Direction::Read, cot.boot_params(), BOOT_PARAMS_SIZE);
    image::read(memory, cot.fmc()).is_ok() && params.is_ok()
}

impl Judge<'_> {
    /// Judges `packet`, and reads and verifies the image that it names.
    ///
    /// # Errors
    /// [`Refusal`] with the first thing that is wrong.
    pub fn judge(&self, packet: &[u8]) -> Result<Accepted, Refusal> {
        let cot = self.form(packet)?;
        if matches!(self.gsp, GspState::Starting | GspState::Running) {
            return Err(refuse(
                code::INVALID_STATE,
                FspRule::GspRuns,
                "chain of trust message while the GSP runs",
            ));
        }
        let frts = self.frts(&cot)?;
        self.addresses(&cot)?;
        let image = image::read(&self.memory, cot.fmc()).map_err(|error| match error {
            ImageError::Dma(error) => self.unreadable("FMC image", cot.fmc(), &error),
            ImageError::Header(what) => invalid(FspRule::Authentication, what),
        })?;
        self.authenticate(&cot, &image)?;
        Ok(Accepted {
            fmc: cot.fmc()..cot.fmc() + image.len() as u64,
            boot_params: cot.boot_params(),
            frts,
        })
    }

    fn form<'a>(&self, packet: &'a [u8]) -> Result<Cot<'a>, Refusal> {
        let Ok(packet) = packet.try_into() else {
            return Err(invalid(
                FspRule::CotForm,
                format!(
                    "chain of trust packet has {} bytes instead of {PACKET_SIZE}",
                    packet.len()
                ),
            ));
        };
        let cot = Cot(packet);
        if cot.size() != PAYLOAD_SIZE {
            return Err(invalid(
                FspRule::CotForm,
                format!(
                    "chain of trust message says that it has {} bytes instead of {PAYLOAD_SIZE}",
                    cot.size()
                ),
            ));
        }
        let version = if self.chip.family == Family::Hopper {
            1
        } else {
            2
        };
        if cot.version() != version {
            return Err(invalid(
                FspRule::CotForm,
                format!(
                    "chain of trust message has version {} instead of {version}",
                    cot.version()
                ),
            ));
        }
        Ok(cot)
    }

    /// Where FRTS is to be; nowhere if the GSP is to be resumed.
    fn frts(&self, cot: &Cot<'_>) -> Result<Option<Range<u64>>, Refusal> {
        let in_sysmem = cot.frts_in_sysmem();
        if in_sysmem != (0, 0) {
            return Err(invalid(
                FspRule::FrtsInSysmem,
                format!(
                    "FRTS asked for in the guest's memory, at {:#x} with {:#x} bytes",
                    in_sysmem.0, in_sysmem.1
                ),
            ));
        }
        let (end_offset, size) = cot.frts();
        if (end_offset, size) == (0, 0) {
            return Ok(None);
        }
        let wrong = |what: &str| {
            Err(invalid(
                FspRule::FrtsPlace,
                format!("FRTS of {size:#x} bytes, {end_offset:#x} before the end of VRAM: {what}"),
            ))
        };
        if size == 0 || end_offset == 0 {
            return wrong("one of the two is zero");
        }
        if size != FRTS_SIZE {
            return wrong("the size is 0x100000");
        }
        if end_offset > self.vram / 2 {
            return wrong("the distance counts from the end, not from the start");
        }
        if end_offset != frts_end_offset(self.chip.family) {
            return wrong("that is not the distance of this chip with 570.144");
        }
        let end = self.vram - end_offset;
        Ok(Some(end - u64::from(size)..end))
    }

    fn addresses(&self, cot: &Cot<'_>) -> Result<(), Refusal> {
        for (what, address) in [
            ("FMC image", cot.fmc()),
            ("FMC boot parameters", cot.boot_params()),
        ] {
            let fault = if address == 0 {
                "is zero"
            } else if address % PAGE != 0 {
                "is not that of a page"
            } else {
                continue;
            };
            return Err(invalid(
                FspRule::Address,
                format!("address of the {what}, {address:#x}, {fault}"),
            ));
        }
        let params = cot.boot_params();
        self.memory
            .check(Direction::Read, params, BOOT_PARAMS_SIZE)
            .map_err(|error| self.unreadable("FMC boot parameters", params, &error))
    }

    fn unreadable(&self, what: &str, address: u64, error: &DmaError) -> Refusal {
        let rule = if self.was_readable {
            FspRule::MemoryInUse
        } else {
            FspRule::Address
        };
        let complaint = Complaint::new(
            rule,
            format!("{what} at {address:#x} cannot be read: {error}"),
        );
        // Who gives up on FSP and stops it from using memory does what is right.
        let is_cut_off = self.was_master && *error == DmaError::BusMasterOff;
        Refusal {
            code: code::INVALID_DATA,
            complaint: (!is_cut_off).then_some(complaint),
        }
    }

    fn authenticate(&self, cot: &Cot<'_>, image: &[u8]) -> Result<(), Refusal> {
        let wrong = |what: &str| Err(invalid(FspRule::Authentication, what));
        let digest = hash(image);
        if digest != cot.hash() {
            return wrong("hash in the message is not that of the FMC image");
        }
        let scheme = Scheme::of(self.chip.family);
        let (key, signature) = (cot.key(), cot.signature());
        let (key, key_rest) = key.split_at(scheme.key_size());
        let (signature, signature_rest) = signature.split_at(scheme.signature_size());
        if key_rest.iter().chain(signature_rest).any(|byte| *byte != 0) {
            return wrong("public key or signature is followed by something else than zeros");
        }
        if let Err(what) = scheme.verify(key, &digest, signature) {
            return wrong(what);
        }
        match self.file {
            Some(file) if digest != file.hash => wrong("FMC image is not that of the file"),
            Some(file) if key != file.public_key => wrong("public key is not that of the file"),
            _ => Ok(()),
        }
    }
}
