// SPDX-License-Identifier: GPL-2.0

//! Telling firmware files apart.
//!
//! ELF files and TLV files say what they are. The others have a header that does not; their name does, and
//! failing that, that only one of the parsers takes them.

use crate::verdict::{
    Errno,
    Refusal, //
};
use clap::ValueEnum;
use nova_firmware::{
    booter::{
        Booter,
        LoadMethod, //
    },
    generic_bootloader::GenericBootloader,
    riscv::GspBootloader,
    tlv::{
        Tag,
        Tlv, //
    },
};
use std::path::Path;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// `gsp-*.bin`: GSP-RM.
    GspImage,
    /// `gsp.tlv`: what belongs to GSP-RM.
    GspDescriptor,
    /// `bootloader-*.bin`, `gsp_bootloader.tlv`.
    GspBootloader,
    /// `booter_load`, `booter_unload`, `scrubber`.
    Booter,
    /// `gen_bootloader`, `acr/bl.bin`.
    GenericBootloader,
    /// `fmc`.
    Fmc,
}

impl Kind {
    /// What `path` is by its name and by `bytes`, its contents.
    ///
    /// # Errors
    ///
    /// It is none of them, or cannot be told.
    pub fn of(path: &Path, bytes: &[u8]) -> Result<Self, Refusal> {
        let by_name = || Self::by_name(path).or_else(|| Self::by_parsers(bytes));
        let kind = match bytes {
            [0x7f, b'E', b'L', b'F', 1, ..] => Some(Self::Fmc),
            [0x7f, b'E', b'L', b'F', ..] => Some(Self::GspImage),
            [b'N', b'V', b'F', b'W', ..] => Self::by_tags(bytes).or_else(by_name),
            _ => by_name(),
        };
        kind.ok_or_else(|| {
            let reason = "is none of the driver's firmware files, or its name does not say which";
            Refusal::new(Errno::Einval, reason)
        })
    }

    /// What it is, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::GspImage => "GSP-RM",
            Self::GspDescriptor => "what belongs to GSP-RM",
            Self::GspBootloader => "GSP bootloader",
            Self::Booter => "Booter",
            Self::GenericBootloader => "generic falcon bootloader",
            Self::Fmc => "FMC",
        }
    }

    /// Whether a file of this kind is in the TLV container.
    pub(super) fn is_tlv(self, bytes: &[u8]) -> bool {
        self == Self::GspDescriptor || bytes.starts_with(b"NVFW")
    }

    fn by_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        [
            ("gen_bootloader", Self::GenericBootloader),
            ("bl.bin", Self::GenericBootloader),
            ("gsp_bootloader", Self::GspBootloader),
            ("bootloader", Self::GspBootloader),
            ("booter_", Self::Booter),
            ("scrubber", Self::Booter),
            ("fmc", Self::Fmc),
            ("gsp.tlv", Self::GspDescriptor),
            ("gsp", Self::GspImage),
        ]
        .into_iter()
        .find_map(|(start, kind)| name.starts_with(start).then_some(kind))
    }

    /// The kind whose tags a TLV file has.
    fn by_tags(bytes: &[u8]) -> Option<Self> {
        let tlv = Tlv::parse(bytes).ok()?;
        [
            (b"FILE", Self::GspDescriptor),
            (b"HASH", Self::Fmc),
            (b"NSIG", Self::Booter),
            (b"STRT", Self::GenericBootloader),
            (b"MFOF", Self::GspBootloader),
        ]
        .into_iter()
        .find_map(|(tag, kind)| tlv.bytes(Tag(*tag)).is_ok().then_some(kind))
    }

    /// The only kind whose parser takes the file.
    fn by_parsers(bytes: &[u8]) -> Option<Self> {
        let booter = [LoadMethod::Pio, LoadMethod::Dma]
            .into_iter()
            .any(|method| Booter::parse(bytes, method).is_ok());
        // Of the two bootloaders' descriptors this one is the shorter, so that its parser takes both.
        let generic =
            GenericBootloader::parse(bytes).is_ok() && GspBootloader::parse(bytes).is_err();
        let mut kinds = [
            (booter, Self::Booter),
            (GspBootloader::parse(bytes).is_ok(), Self::GspBootloader),
            (generic, Self::GenericBootloader),
        ]
        .into_iter()
        .filter_map(|(accepted, kind)| accepted.then_some(kind));
        kinds.next().filter(|_| kinds.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell() {
        for (path, want) in [
            (
                "nvidia/ga102/gsp/booter_load-570.144.bin",
                Some(Kind::Booter),
            ),
            ("booter_unload.tlv", Some(Kind::Booter)),
            ("bootloader-570.144.bin", Some(Kind::GspBootloader)),
            ("gen_bootloader-570.144.bin", Some(Kind::GenericBootloader)),
            ("acr/bl.bin", Some(Kind::GenericBootloader)),
            ("gsp-570.144.bin", Some(Kind::GspImage)),
            ("gsp.tlv", Some(Kind::GspDescriptor)),
            ("gsp_bootloader.tlv", Some(Kind::GspBootloader)),
            ("fmc-570.144.bin", Some(Kind::Fmc)),
            ("something.bin", None),
        ] {
            assert_eq!(Kind::by_name(Path::new(path)), want, "{path}");
        }
    }

    #[test]
    fn contents_tell_where_they_can() {
        for (name, bytes, want) in [
            ("x", &b"\x7fELF\x01"[..], Some(Kind::Fmc)),
            ("booter_load", b"\x7fELF\x02", Some(Kind::GspImage)),
            ("x", b"NVFW", None),
            ("fmc.tlv", b"NVFW", Some(Kind::Fmc)),
            ("x", b"", None),
        ] {
            assert_eq!(Kind::of(Path::new(name), bytes).ok(), want, "{name}");
        }
    }
}
