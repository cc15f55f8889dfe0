// SPDX-License-Identifier: GPL-2.0

//! Choosing the signature that a card's fuses ask for, and putting it into the payload.

use super::Booter;
use core::fmt;

/// The fuses that hold the versions of an engine's images, one register for each ucode id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FuseBank {
    /// `NV_FUSE_OPT_FPF_SEC2_UCODE*_VERSION`.
    Sec2,
    /// `NV_FUSE_OPT_FPF_NVDEC_UCODE*_VERSION`.
    Nvdec,
    /// `NV_FUSE_OPT_FPF_GSP_UCODE*_VERSION`.
    Gsp,
}

impl FuseBank {
    /// The bank for images whose mask of engines is `engine_id`; of several engines the first counts.
    pub const fn of(engine_id: u16) -> Option<Self> {
        if engine_id & 0x0001 != 0 {
            Some(Self::Sec2)
        } else if engine_id & 0x0004 != 0 {
            Some(Self::Nvdec)
        } else if engine_id & 0x0400 != 0 {
            Some(Self::Gsp)
        } else {
            None
        }
    }
}

/// The version a fuse register stands for: the number of its highest bit set among 15:0, from 1; or 0.
pub const fn fuse_version(register: u32) -> u32 {
    u32::BITS - (register & 0xffff).leading_zeros()
}

/// No signature in the file is for the card's fuse version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSignature {
    /// Version the card's fuse asks for.
    pub wanted: u32,
    /// Version the file's newest signature is for.
    pub newest: u32,
    /// Number of signatures in the file.
    pub number: usize,
}

impl fmt::Display for NoSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            wanted,
            newest,
            number,
        } = self;
        write!(
            f,
            "no signature for fuse version {wanted} (firmware fuse version {newest}, {number} signatures)"
        )
    }
}

impl core::error::Error for NoSignature {}

/// The payload cannot be signed as asked for. Both mean a mistake of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchError {
    /// The signature is not as long as the file's signatures.
    SignatureLength(usize),
    /// The buffer is not as long as the payload.
    BufferLength(usize),
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignatureLength(len) => write!(f, "signature of wrong length {len:#x}"),
            Self::BufferLength(len) => write!(f, "payload buffer of wrong length {len:#x}"),
        }
    }
}

impl core::error::Error for PatchError {}

impl<'a> Booter<'a> {
    /// The signature for a card whose fuse version (see [`fuse_version`]) is `wanted`.
    ///
    /// Version 0, and chips whose falcons have no such fuse, take the last one.
    ///
    /// # Errors
    ///
    /// [`NoSignature`], if the card is too new for the file, or the other way round.
    pub fn signature_for(&self, wanted: u32) -> Result<&'a [u8], NoSignature> {
        let newest = self.fuse_version();
        let none = NoSignature {
            wanted,
            newest,
            number: self.signatures().len(),
        };
        let mut signatures = self.signatures();
        let chosen = match wanted {
            0 => signatures.last(),
            _ => newest
                .checked_sub(wanted)
                .and_then(|index| usize::try_from(index).ok())
                .and_then(|index| signatures.nth(index)),
        };
        chosen.ok_or(none)
    }

    /// Writes the payload to `out` with `signature` in its place.
    ///
    /// # Errors
    ///
    /// [`PatchError`]; `out` is then unchanged.
    pub fn write_signed(&self, signature: &[u8], out: &mut [u8]) -> Result<(), PatchError> {
        let patch = self.patch_range();
        if signature.len() != patch.len() {
            return Err(PatchError::SignatureLength(signature.len()));
        }
        if out.len() != self.payload().len() {
            return Err(PatchError::BufferLength(out.len()));
        }
        out.copy_from_slice(self.payload());
        // By the type's invariant the range is inside the payload, and so inside `out`.
        if let Some(place) = out.get_mut(patch) {
            place.copy_from_slice(signature);
        }
        Ok(())
    }
}
