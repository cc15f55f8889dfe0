// SPDX-License-Identifier: GPL-2.0

//! The FMC: the first image that runs on the GSP of Hopper and Blackwell, verified by FSP.
//!
//! The container is an ELF32 file whose header never varies, with a hash, a signature, a public key and
//! the image as sections. Each section's header holds a CRC-32 of its bytes.

mod image;

pub use image::ImageHeader;

use crate::{
    crc32::crc32,
    elf::{
        Class,
        Elf,
        ElfError,
        Section, //
    },
    tlv::{
        tag,
        Tlv,
        TlvError, //
    },
    At, //
};
use core::fmt;

/// How an image is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSA with 3072 bits: Hopper.
    Rsa3072,
    /// ECDSA on the curve P-384: Blackwell.
    EcdsaP384,
}

impl Scheme {
    /// Bytes of a public key.
    pub const fn public_key_size(self) -> usize {
        match self {
            Self::Rsa3072 => 384,
            Self::EcdsaP384 => 97,
        }
    }

    /// Bytes of a signature.
    pub const fn signature_size(self) -> usize {
        match self {
            Self::Rsa3072 => 384,
            Self::EcdsaP384 => 96,
        }
    }
}

/// Bytes of the hash, an SHA-384.
pub const HASH_SIZE: usize = 48;

/// The ELF header all FMC files have.
const HEADER: [u8; 0x34] = [
    0x7f, 0x45, 0x4c, 0x46, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x34, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x34, 0x00, 0x00, 0x00, 0x00, 0x00, 0x28, 0x00,
    0x06, 0x00, 0x01, 0x00,
];

/// What the header of a section says of its kind.
#[derive(Clone, Copy)]
struct Kind {
    sh_type: u32,
    sh_flags: u64,
}

/// The section of names, which is the first.
const NAMES: Kind = Kind {
    sh_type: 3,
    sh_flags: 0x20,
};

/// The sections with contents.
const CONTENTS: Kind = Kind {
    sh_type: 1,
    sh_flags: 0xfff0_0102,
};

/// A checked FMC image.
///
/// That the hash is the image's is not checked; FSP does that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fmc<'a> {
    /// SHA-384 of the image.
    pub hash: &'a [u8; HASH_SIZE],
    /// The public key, of the size the scheme prescribes.
    pub public_key: &'a [u8],
    /// The signature, of the size the scheme prescribes.
    pub signature: &'a [u8],
    /// The image, of the size its [`ImageHeader`] says, to be given to the GPU unchanged.
    pub image: &'a [u8],
}

/// What is wrong with an FMC image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FmcError {
    /// The ELF container.
    Elf(ElfError),
    /// The TLV container.
    Tlv(TlvError),
    /// The file does not begin with the header all such files have.
    Header,
    /// The section has not the type or flags it should have.
    SectionKind(&'static str),
    /// The section's bytes do not match its checksum.
    Checksum(&'static str),
    /// The section has the wrong size.
    Size {
        /// Name of the section.
        section: &'static str,
        /// Its size in bytes.
        size: usize,
        /// What it should be.
        expected: usize,
    },
    /// The image has so many bytes only, too few for its header.
    ImageShort(usize),
    /// The image ends elsewhere than its header says.
    ImageSize {
        /// Bytes of the image.
        size: usize,
        /// What its header says.
        said: u64,
    },
}

impl fmt::Display for FmcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elf(error) => error.fmt(f),
            Self::Tlv(error) => error.fmt(f),
            Self::Header => f.write_str("unexpected ELF header"),
            Self::SectionKind(section) => write!(f, "section {section} is of an unexpected kind"),
            Self::Checksum(section) => write!(f, "checksum of section {section} is wrong"),
            Self::Size {
                section,
                size,
                expected,
            } => {
                write!(f, "{section} has {size} bytes instead of {expected}")
            }
            Self::ImageShort(size) => write!(f, "image of {size} bytes has no header"),
            Self::ImageSize { size, said } => write!(
                f,
                "image has {size:#x} bytes, of which its header makes {said:#x}"
            ),
        }
    }
}

impl<'a> Fmc<'a> {
    /// Checks a whole `fmc-*.bin` file signed in the way of `scheme`.
    ///
    /// # Errors
    ///
    /// [`FmcError`] and where. All of them mean that the file is malformed.
    pub fn parse(file: &'a [u8], scheme: Scheme) -> Result<Self, At<FmcError>> {
        let elf_error = |error: At<ElfError>| error.map(FmcError::Elf);
        let elf = Elf::parse(file, Class::Elf32).map_err(elf_error)?;
        if !file.starts_with(&HEADER) {
            return Err(At::new(0, FmcError::Header));
        }
        let names = elf.section(".shstrtab").map_err(elf_error)?;
        let hash = elf.section("hash").map_err(elf_error)?;
        let signature = elf.section("signature").map_err(elf_error)?;
        let public_key = elf.section("publickey").map_err(elf_error)?;
        let image = elf.section("image").map_err(elf_error)?;
        let contents = [&hash, &signature, &public_key, &image];
        elf.check_apart([&names, &hash, &signature, &public_key, &image])
            .map_err(elf_error)?;
        check_section(&names, NAMES)?;
        contents
            .into_iter()
            .try_for_each(|section| check_section(section, CONTENTS))?;

        let part = |section: &Section<'a>| Part {
            name: section.header.name,
            at: section.header.header_at,
            bytes: section.bytes,
        };
        Self::check(
            part(&hash),
            part(&public_key),
            part(&signature),
            part(&image),
            scheme,
        )
    }

    /// Checks a whole `fmc.tlv` file signed in the way of `scheme`.
    ///
    /// # Errors
    ///
    /// As [`Fmc::parse`]; the release is not checked.
    pub fn from_tlv(file: &Tlv<'a>, scheme: Scheme) -> Result<Self, At<FmcError>> {
        let part = |name, tag| match file.bytes(tag) {
            Ok((at, bytes)) => Ok(Part { name, at, bytes }),
            Err(error) => Err(error.map(FmcError::Tlv)),
        };
        Self::check(
            part("hash", tag::HASH)?,
            part("publickey", tag::PKEY)?,
            part("signature", tag::SIGN)?,
            part("image", tag::BLOB)?,
            scheme,
        )
    }

    fn check(
        hash: Part<'a>,
        public_key: Part<'a>,
        signature: Part<'a>,
        image: Part<'a>,
        scheme: Scheme,
    ) -> Result<Self, At<FmcError>> {
        ImageHeader::of(image.bytes).map_err(|reason| At::new(image.at, reason))?;
        Ok(Self {
            hash: hash
                .bytes
                .try_into()
                .map_err(|_| hash.wrong_size(HASH_SIZE))?,
            public_key: public_key.of_size(scheme.public_key_size())?,
            signature: signature.of_size(scheme.signature_size())?,
            image: image.bytes,
        })
    }
}

/// One of the four things in a file.
#[derive(Clone, Copy)]
struct Part<'a> {
    name: &'static str,
    at: usize,
    bytes: &'a [u8],
}

impl<'a> Part<'a> {
    fn of_size(self, expected: usize) -> Result<&'a [u8], At<FmcError>> {
        if self.bytes.len() != expected {
            return Err(self.wrong_size(expected));
        }
        Ok(self.bytes)
    }

    fn wrong_size(self, expected: usize) -> At<FmcError> {
        let Self {
            name: section,
            at,
            bytes,
        } = self;
        At::new(
            at,
            FmcError::Size {
                section,
                size: bytes.len(),
                expected,
            },
        )
    }
}

fn check_section(section: &Section<'_>, kind: Kind) -> Result<(), At<FmcError>> {
    if section.header.kind != kind.sh_type || section.header.flags != kind.sh_flags {
        return Err(At::new(
            section.header.header_at,
            FmcError::SectionKind(section.header.name),
        ));
    }
    // 0 means that there is no checksum.
    if section.header.info != 0 && section.header.info != crc32(section.bytes) {
        return Err(At::new(
            section.header.header_at,
            FmcError::Checksum(section.header.name),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
