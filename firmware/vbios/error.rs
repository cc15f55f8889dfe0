// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with a card's ROM.

use crate::At;
use core::fmt;

/// Why something could not be read from a ROM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError<E> {
    /// The source failed.
    Source(E),
    /// The ROM is malformed, and where, from the start of the window.
    Rom(At<VbiosError>),
}

impl<E> From<At<VbiosError>> for ReadError<E> {
    fn from(error: At<VbiosError>) -> Self {
        Self::Rom(error)
    }
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Rom(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> core::error::Error for ReadError<E> {}

/// What sort of mistake a [`VbiosError`] is, in the terms of the established drivers' error numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `EINVAL`: the bytes make no sense.
    Malformed,
    /// `ENOENT`: BIT does not have the token.
    NotFound,
    /// `ERANGE`: code, data or signatures are not inside the ROM, or not inside what is loaded.
    OutOfRange,
    /// `EOVERFLOW`: a falcon's address is too high to be told to it.
    Overflow,
    /// `EOPNOTSUPP`: FWSEC takes no commands.
    Unsupported,
}

/// What is wrong with a ROM, or with FWSEC in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VbiosError {
    /// Something is said to be outside the window.
    OutsideWindow,
    /// An IFR header of unknown version.
    IfrVersion(u8),
    /// A part of the IFR header is said to be at an offset that is no multiple of 4 or outside the window.
    IfrPointer(usize),
    /// There is something else than the IFR's ROM directory.
    RomDirectory(u32),
    /// The first image is said to be at an offset that is no multiple of 512 or outside the window.
    RomStart(u32),
    /// An image starts so late that its headers may be outside the window.
    ImageTooLate,
    /// No image begins like that.
    RomSignature(u16),
    /// The PCI data structure is outside the image's first 1024 bytes, or outside the image.
    PcirOutside(u16),
    /// No PCI data structure begins like that.
    PcirSignature(u32),
    /// The PCI data structure says that the image has no bytes.
    ImageEmpty,
    /// An image with that many bytes ends outside the window.
    ImageOutside(usize),
    /// There is no PciAt image before the first FwSec one.
    NoPciAt,
    /// There is no FwSec image.
    NoFwSec,
    /// There is no BIT in the PciAt image.
    NoBit,
    /// BIT's header is not inside the PciAt image.
    BitOutside,
    /// BIT's header is shorter than 12 bytes.
    BitHeaderSize(u8),
    /// BIT's tokens are shorter than 6 bytes.
    TokenSize(u8),
    /// BIT has so many tokens that they are not all inside the PciAt image.
    TokensOutside(u8),
    /// BIT does not have a token with that id.
    NoToken(u8),
    /// The token's data are not of version 2.
    TokenVersion(u8),
    /// The token has too few bytes of data.
    TokenDataSize(u16),
    /// The token's data are not inside the PciAt image.
    TokenDataOutside(u16),
    /// A falcon pointer names something not inside the FwSec images.
    PointerOutside(u32),
    /// The ucode table is not of version 1.
    TableVersion(u8),
    /// The ucode table's header is shorter than 4 bytes.
    TableHeaderSize(u8),
    /// The ucode table's entries are shorter than 6 bytes.
    TableEntrySize(u8),
    /// The ucode table has so many entries that they are not all inside the FwSec images.
    TableOutside(u8),
    /// The ucode table does not have that application.
    NoApplication(u8),
    /// The descriptor does not say which version it is of.
    DescriptorUnversioned,
    /// The descriptor is of neither version 2 nor 3.
    DescriptorVersion(u8),
    /// The descriptor is too short for itself and the signatures.
    DescriptorSize(u16),
    /// Code and data are not inside the FwSec images.
    UcodeOutside,
    /// So many signatures are not inside the FwSec images.
    SignaturesOutside(u8),
    /// The secure code is not inside the code.
    SecureCodeOutside,
    /// The data are said to be elsewhere than right behind the code.
    DataNotBehindCode(u32),
    /// The descriptor is not of the version that this way of loading needs.
    WrongLoadMethod,
    /// The data are to be loaded to somewhere else than the start of DMEM.
    DataBase(u32),
    /// There is no code that may run before the secure code.
    NoUnsecureCode,
    /// A place or length is no multiple of 256.
    Misaligned(u32),
    /// There is no code.
    CodeEmpty,
    /// The code does not fit into IMEM.
    CodeTooHigh(u32),
    /// An address in falcon memory is wider than 24 bits.
    DestinationTooHigh(u32),
    /// The mask of engines has none whose fuses are known.
    EngineMask(u16),
    /// No fuse has that ucode's number.
    UcodeId(u8),
    /// The signature's place is not inside the data.
    SignaturePlace(u32),
    /// There is no signature for the card's fuse version.
    NoSignature {
        /// Version the card's fuse asks for.
        wanted: u8,
        /// Versions there are signatures for, one bit each.
        versions: u16,
        /// Number of signatures.
        count: u8,
    },
    /// The buffer is not as long as code and data. A mistake of the caller.
    BufferLength(usize),
    /// The table of interfaces is not inside the data.
    InterfacesOutside(u32),
    /// The table of interfaces is not of version 1.
    InterfacesVersion(u8),
    /// The header of the table of interfaces is shorter than 4 bytes.
    InterfacesHeaderSize(u8),
    /// The entries of the table of interfaces are shorter than 8 bytes.
    InterfacesEntrySize(u8),
    /// The table of interfaces has so many entries that one of them is not inside the data.
    InterfaceOutside(u8),
    /// There is no DMEMMAPPER among the interfaces.
    NoMapper,
    /// The DMEMMAPPER is not inside the data.
    MapperOutside(u32),
    /// No DMEMMAPPER begins like that.
    MapperSignature(u32),
    /// The DMEMMAPPER is not of version 3.
    MapperVersion(u16),
    /// The DMEMMAPPER is shorter than 64 bytes.
    MapperSize(u16),
    /// The buffer for the command is not inside the data.
    CommandOutside(u32),
    /// The buffer for the command is too short for it.
    CommandBufferSize(u32),
}

impl VbiosError {
    /// What sort of mistake it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoToken(_) => Kind::NotFound,
            Self::UcodeOutside | Self::SignaturesOutside(_) => Kind::OutOfRange,
            Self::DestinationTooHigh(_) => Kind::Overflow,
            Self::NoMapper => Kind::Unsupported,
            _ => Kind::Malformed,
        }
    }
}

impl fmt::Display for VbiosError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::OutsideWindow => f.write_str("outside the ROM window"),
            Self::IfrVersion(version) => write!(f, "IFR header of unknown version {version}"),
            Self::IfrPointer(to) => write!(f, "IFR header with impossible pointer {to:#x}"),
            Self::RomDirectory(found) => write!(f, "{found:#010x} instead of a ROM directory"),
            Self::RomStart(start) => write!(f, "impossible start of the first image {start:#x}"),
            Self::ImageTooLate => f.write_str("image too close to the end of the ROM window"),
            Self::RomSignature(found) => write!(f, "{found:#06x} instead of a ROM signature"),
            Self::PcirOutside(to) => {
                write!(
                    f,
                    "PCI data structure outside the image's headers, at {to:#x}"
                )
            }
            Self::PcirSignature(found) => {
                write!(f, "{found:#010x} instead of a PCI data structure")
            }
            Self::ImageEmpty => f.write_str("image without bytes"),
            Self::ImageOutside(size) => {
                write!(f, "image of {size:#x} bytes ends outside the ROM window")
            }
            Self::NoPciAt => f.write_str("no PciAt image"),
            Self::NoFwSec => f.write_str("no FwSec image"),
            Self::NoBit => f.write_str("no BIT in the image"),
            Self::BitOutside => f.write_str("BIT outside the image"),
            Self::BitHeaderSize(size) => write!(f, "BIT header of {size} bytes"),
            Self::TokenSize(size) => write!(f, "BIT tokens of {size} bytes"),
            Self::TokensOutside(count) => write!(f, "{count} BIT tokens do not fit the image"),
            Self::NoToken(id) => write!(f, "no BIT token '{}'", id.escape_ascii()),
            Self::TokenVersion(version) => {
                write!(f, "BIT token of version {version} instead of 2")
            }
            Self::TokenDataSize(size) => write!(f, "BIT token with only {size} bytes"),
            Self::TokenDataOutside(to) => {
                write!(f, "BIT token's data outside the image, at {to:#x}")
            }
            Self::PointerOutside(to) => write!(f, "pointer {to:#x} to outside the FwSec images"),
            Self::TableVersion(version) => {
                write!(f, "ucode table of version {version} instead of 1")
            }
            Self::TableHeaderSize(size) => write!(f, "ucode table header of {size} bytes"),
            Self::TableEntrySize(size) => write!(f, "ucode table entries of {size} bytes"),
            Self::TableOutside(count) => {
                write!(f, "{count} ucode table entries do not fit the FwSec images")
            }
            Self::NoApplication(id) => write!(f, "no application {id:#04x} in the ucode table"),
            Self::DescriptorUnversioned => f.write_str("ucode descriptor without version"),
            Self::DescriptorVersion(version) => {
                write!(f, "ucode descriptor of unknown version {version}")
            }
            Self::DescriptorSize(size) => write!(f, "ucode descriptor of {size:#x} bytes"),
            Self::UcodeOutside => f.write_str("code and data do not fit the FwSec images"),
            Self::SignaturesOutside(count) => {
                write!(f, "{count} signatures do not fit the FwSec images")
            }
            Self::SecureCodeOutside => f.write_str("secure code outside the code"),
            Self::DataNotBehindCode(at) => {
                write!(f, "data not right behind the code but at {at:#x}")
            }
            Self::WrongLoadMethod => f.write_str("ucode descriptor of another GPU generation"),
            Self::DataBase(base) => write!(f, "data for DMEM offset {base:#x} instead of 0"),
            Self::NoUnsecureCode => f.write_str("no code before the secure code"),
            Self::Misaligned(value) => write!(f, "{value:#x} is no multiple of 256"),
            Self::CodeEmpty => f.write_str("no code"),
            Self::CodeTooHigh(end) => write!(f, "code beyond IMEM, up to {end:#x}"),
            Self::DestinationTooHigh(base) => write!(f, "beyond falcon memory, from {base:#x}"),
            Self::EngineMask(mask) => write!(f, "mask of unknown engines {mask:#06x}"),
            Self::UcodeId(id) => write!(f, "impossible ucode id {id}"),
            Self::SignaturePlace(to) => {
                write!(f, "signature to be placed outside the data, at {to:#x}")
            }
            Self::NoSignature {
                wanted,
                versions,
                count,
            } => write!(
                f,
                "no signature for fuse version {wanted} ({count} signatures for versions {versions:#06x})"
            ),
            Self::BufferLength(len) => write!(f, "ucode buffer of wrong length {len:#x}"),
            Self::InterfacesOutside(to) => {
                write!(f, "table of interfaces outside the data, at {to:#x}")
            }
            Self::InterfacesVersion(version) => {
                write!(f, "table of interfaces of version {version} instead of 1")
            }
            Self::InterfacesHeaderSize(size) => {
                write!(f, "header of {size} bytes before the interfaces")
            }
            Self::InterfacesEntrySize(size) => write!(f, "interfaces of {size} bytes"),
            Self::InterfaceOutside(index) => write!(f, "interface {index} outside the data"),
            Self::NoMapper => f.write_str("no DMEMMAPPER among the interfaces"),
            Self::MapperOutside(to) => write!(f, "DMEMMAPPER outside the data, at {to:#x}"),
            Self::MapperSignature(found) => write!(f, "{found:#010x} instead of a DMEMMAPPER"),
            Self::MapperVersion(version) => {
                write!(f, "DMEMMAPPER of version {version} instead of 3")
            }
            Self::MapperSize(size) => write!(f, "DMEMMAPPER of {size} bytes"),
            Self::CommandOutside(to) => {
                write!(f, "command buffer outside the data, at {to:#x}")
            }
            Self::CommandBufferSize(size) => write!(f, "command buffer of {size:#x} bytes"),
        }
    }
}
