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
        Found,
        Header,
        Sections, //
    },
    version::Version,
    At, //
};
use core::{
    fmt,
    ops::Range, //
};

const IMAGE_SECTION: &str = ".fwimage";
const VERSION_SECTION: &str = ".fwversion";

/// What the table of pages given to the GSP can describe.
const MAX_IMAGE: usize = 1 << 30;

/// More than the names of all sections have.
const MAX_NAMES: usize = 64 << 10;

/// More than a release that could be printed has, with its terminator.
const MAX_VERSION: usize = 64;

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

/// A GSP image that is read part by part, because it is too big to be in memory twice.
///
/// Its header says where the section headers are; those say where their names are; and both together
/// say where everything else is, which [`GspSections`] tells.
///
/// No range is checked against the file's length, which who reads parts of a file may not know. Reading
/// what is behind the file's end fails, and means that the file is malformed.
#[derive(Clone, Debug)]
pub struct GspImageHeader(Header);

/// The sections of a GSP image.
#[derive(Clone, Debug)]
pub struct GspSections<'a> {
    sections: Sections<'a>,
    /// Where the file ends at the latest.
    limit: usize,
}

/// Where the parts of a GSP image are in its file, in the terms of [`GspImage`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GspParts {
    /// GSP-RM.
    pub image: Range<usize>,
    /// The signature for the family asked for.
    pub signature: Range<usize>,
}

impl GspImageHeader {
    /// Bytes of the header, with which the file begins.
    pub const SIZE: usize = Header::SIZE_64;

    /// Checks the header: the first [`SIZE`](Self::SIZE) bytes.
    ///
    /// # Errors
    ///
    /// [`GspImageError::Elf`] and where.
    pub fn parse(header: &[u8]) -> Result<Self, At<GspImageError>> {
        Header::parse(header, Class::Elf64)
            .map(Self)
            .map_err(elf_error)
    }

    /// Where the section headers are: 4 MiB at most, not empty.
    pub fn section_headers(&self) -> Range<usize> {
        self.0.table()
    }

    /// Where the sections' names are: 64 KiB at most.
    ///
    /// # Errors
    ///
    /// [`GspImageError::Elf`] and where.
    pub fn names(&self, section_headers: &[u8]) -> Result<Range<usize>, At<GspImageError>> {
        let names = self.0.names(section_headers).map_err(elf_error)?;
        if names.len() > MAX_NAMES {
            let reason = GspImageError::Elf(ElfError::NamesMalformed);
            return Err(At::new(self.0.table().start, reason));
        }
        Ok(names)
    }

    /// The sections, by their headers and names.
    ///
    /// # Errors
    ///
    /// [`GspImageError::Elf`] and where.
    pub fn sections<'a>(
        &self,
        section_headers: &'a [u8],
        names: &'a [u8],
    ) -> Result<GspSections<'a>, At<GspImageError>> {
        self.0
            .sections(section_headers, names)
            .map(|sections| GspSections {
                sections,
                limit: usize::MAX,
            })
            .map_err(elf_error)
    }
}

impl GspSections<'_> {
    fn find(&self, name: &'static str) -> Result<Found, At<ElfError>> {
        let section = self.sections.find(name)?;
        if section.range.end > self.limit {
            return Err(At::new(section.header_at, ElfError::Outside(name)));
        }
        Ok(section)
    }

    /// Where the release is: 64 bytes at most.
    ///
    /// To be read first of all, since nothing else in a file of another release need make sense.
    ///
    /// # Errors
    ///
    /// [`GspImageError::Elf`], [`GspImageError::VersionMalformed`], and where.
    pub fn version(&self) -> Result<Range<usize>, At<GspImageError>> {
        let section = self.find(VERSION_SECTION).map_err(elf_error)?;
        if section.range.len() > MAX_VERSION {
            return Err(At::new(section.header_at, GspImageError::VersionMalformed));
        }
        Ok(section.range)
    }

    /// Checks the release, which is `text`.
    ///
    /// # Errors
    ///
    /// [`GspImageError::VersionMalformed`], [`GspImageError::WrongVersion`], and where.
    pub fn check_version(&self, text: &[u8]) -> Result<Version, At<GspImageError>> {
        let section = self.find(VERSION_SECTION).map_err(elf_error)?;
        let malformed = At::new(section.header_at, GspImageError::VersionMalformed);
        let version = text
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

    /// Where the image is, and the signature, which is the section `signature_section`.
    ///
    /// # Errors
    ///
    /// [`GspImageError`] and where.
    pub fn parts(&self, signature_section: &'static str) -> Result<GspParts, At<GspImageError>> {
        let version = self.find(VERSION_SECTION).map_err(elf_error)?;
        let image = self.find(IMAGE_SECTION).map_err(elf_error)?;
        let signature = self.find(signature_section).map_err(|error| {
            error.map(|reason| match reason {
                ElfError::Missing(name) => GspImageError::NoSignature(name),
                other => GspImageError::Elf(other),
            })
        })?;
        self.sections
            .check_apart(&[&version, &image, &signature])
            .map_err(elf_error)?;

        for section in [&image, &signature] {
            if section.range.is_empty() {
                return Err(At::new(
                    section.header_at,
                    GspImageError::Empty(section.name),
                ));
            }
        }
        if image.range.len() > MAX_IMAGE {
            let reason = GspImageError::ImageTooBig(image.range.len());
            return Err(At::new(image.header_at, reason));
        }
        if signature.range.len() > MAX_SIGNATURE {
            let reason = GspImageError::SignatureTooBig(signature.range.len());
            return Err(At::new(signature.header_at, reason));
        }
        Ok(GspParts {
            image: image.range,
            signature: signature.range,
        })
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
        let elf = Elf::parse(file, Class::Elf64).map_err(elf_error)?;
        let sections = GspSections {
            sections: elf.sections().clone(),
            limit: file.len(),
        };
        // All of them are inside the file.
        let bytes = |range| file.get(range).unwrap_or_default();
        let version = sections.find(VERSION_SECTION).map_err(elf_error)?;
        let version = sections.check_version(bytes(version.range))?;
        let parts = sections.parts(signature_section)?;
        Ok(Self {
            image: bytes(parts.image),
            signature: bytes(parts.signature),
            version,
        })
    }
}

fn elf_error(error: At<ElfError>) -> At<GspImageError> {
    error.map(GspImageError::Elf)
}

#[cfg(test)]
mod tests;
