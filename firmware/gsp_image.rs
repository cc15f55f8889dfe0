// SPDX-License-Identifier: GPL-2.0

//! The GSP image: GSP-RM in an ELF64 container that serves several families of chips.
//!
//! The image proper is one section, and opaque. Each family has a section with its signature; some have
//! a second one, for confidential computing, whose name ends in the same letters.

use crate::{
    elf::{
        Class,
        Elf,
        ElfError,
        Section, //
    },
    version::Version,
    At, //
};
use core::fmt;

const IMAGE_SECTION: &str = ".fwimage";
const VERSION_SECTION: &str = ".fwversion";

/// What the table of pages given to the GSP can describe.
const MAX_IMAGE: usize = 1 << 30;

/// More than any signature has: those of r570 have 4 KiB.
const MAX_SIGNATURE: usize = 64 << 10;

/// A checked GSP image.
#[derive(Clone, Copy, Debug)]
pub struct GspImage<'a> {
    /// GSP-RM, to be given to the GPU unchanged. 1 byte to 1 GiB, not aligned in the file.
    pub image: &'a [u8],
    /// The signature for the family asked for. 1 byte to 64 KiB, not aligned in the file.
    pub signature: &'a [u8],
    /// The release, which is the supported one.
    pub version: Version,
}

/// What is wrong with a GSP image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GspImageError {
    /// The ELF container.
    Elf(ElfError),
    /// There is no signature for the family asked for; this section is missing.
    NoSignature(&'static str),
    /// The section has no bytes.
    Empty(&'static str),
    /// The image is bigger than 1 GiB, in bytes. Means `EFBIG`, while all others mean `EINVAL`.
    ImageTooBig(usize),
    /// The signature is bigger than 64 KiB, in bytes.
    SignatureTooBig(usize),
    /// The release cannot be read.
    VersionMalformed,
    /// The image is of a release that this driver does not support.
    WrongVersion(Version),
}

impl fmt::Display for GspImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elf(error) => error.fmt(f),
            Self::NoSignature(section) => {
                write!(f, "no signature for this chip (section {section})")
            }
            Self::Empty(section) => write!(f, "section {section} is empty"),
            Self::ImageTooBig(size) => write!(f, "image of {size:#x} bytes is bigger than 1 GiB"),
            Self::SignatureTooBig(size) => write!(f, "signature of {size:#x} bytes"),
            Self::VersionMalformed => f.write_str("version unknown or malformed"),
            Self::WrongVersion(version) => {
                write!(
                    f,
                    "version {version}, only {} is supported",
                    crate::version::SUPPORTED
                )
            }
        }
    }
}

impl<'a> GspImage<'a> {
    /// Checks a whole `gsp-*.bin` file and finds the signature in the section `signature_section`.
    ///
    /// # Errors
    ///
    /// [`GspImageError`] and where.
    pub fn parse(
        file: &'a [u8],
        signature_section: &'static str,
    ) -> Result<Self, At<GspImageError>> {
        let elf_error = |error: At<ElfError>| error.map(GspImageError::Elf);
        let elf = Elf::parse(file, Class::Elf64).map_err(elf_error)?;

        // First of all, since nothing else in a file of another release need make sense.
        let version_section = elf.section(VERSION_SECTION).map_err(elf_error)?;
        let version = check_version(&version_section)?;

        let image = elf.section(IMAGE_SECTION).map_err(elf_error)?;
        let signature = elf.section(signature_section).map_err(|error| {
            error.map(|reason| match reason {
                ElfError::Missing(name) => GspImageError::NoSignature(name),
                other => GspImageError::Elf(other),
            })
        })?;
        elf.check_apart(&[&version_section, &image, &signature])
            .map_err(elf_error)?;

        for section in [&image, &signature] {
            if section.bytes.is_empty() {
                return Err(At::new(
                    section.header_at,
                    GspImageError::Empty(section.name),
                ));
            }
        }
        if image.bytes.len() > MAX_IMAGE {
            let reason = GspImageError::ImageTooBig(image.bytes.len());
            return Err(At::new(image.header_at, reason));
        }
        if signature.bytes.len() > MAX_SIGNATURE {
            let reason = GspImageError::SignatureTooBig(signature.bytes.len());
            return Err(At::new(signature.header_at, reason));
        }
        Ok(Self {
            image: image.bytes,
            signature: signature.bytes,
            version,
        })
    }
}

fn check_version(section: &Section<'_>) -> Result<Version, At<GspImageError>> {
    let malformed = At::new(section.header_at, GspImageError::VersionMalformed);
    let version = section
        .bytes
        .strip_suffix(&[0])
        .and_then(Version::new)
        .ok_or(malformed)?;
    if !version.is_supported() {
        return Err(At::new(
            section.range.start,
            GspImageError::WrongVersion(version),
        ));
    }
    Ok(version)
}

#[cfg(test)]
mod tests;
