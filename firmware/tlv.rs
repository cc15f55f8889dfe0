// SPDX-License-Identifier: GPL-2.0

//! The TLV container: tagged values one after another.
//!
//! After the magic bytes `NVFW` come blocks until the end of the file:
//!
//! | offset | size | |
//! |---|---|---|
//! | 0 | 4 | tag, ASCII |
//! | 4 | 4 | length L of the value |
//! | 8 | L | value |
//! | 8 + L | 0 to 3 | filled up to a multiple of 4; contents do not matter |
//!
//! Blocks may be in any order. Tags that nobody asks for are ignored; one that is asked for must be
//! there once. Every file has a `VERS`, the release it belongs to.

use crate::{
    bytes::{
        array,
        u32_at,
        Word, //
    },
    version::Version,
    At, //
};
use core::fmt;

mod gsp;

pub use gsp::{
    GspDescriptor,
    GspDescriptorError, //
};

const MAGIC: [u8; 4] = *b"NVFW";

/// Bytes of a block before its value.
const BLOCK_HEADER: usize = 8;

/// The name of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tag(pub [u8; 4]);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The tags this driver reads. Some mean different things in different files.
pub(crate) mod tag {
    use super::Tag;

    macro_rules! tags {
        ($($name:ident: $meaning:literal;)*) => {
            $(
                #[doc = $meaning]
                pub(crate) const $name: Tag = {
                    let [a, b, c, d] = match stringify!($name).as_bytes().first_chunk() {
                        Some(tag) => *tag,
                        None => [0; 4],
                    };
                    Tag([a, b, c, d])
                };
            )*
        };
    }

    tags! {
        VERS: "Release.";
        BLOB: "Payload.";
        FILE: "Name of the companion file.";
        SIZE: "Bytes of the companion file.";
        SIGN: "Signature, or all of them.";
        NSIG: "Number of signatures.";
        PLOC: "Where in the payload the signature goes.";
        FUSE: "Fuse version of the newest signature.";
        ENID: "Mask of engines.";
        UCID: "Ucode id.";
        CDOF: "Offset of the code.";
        CDSZ: "Size of the code.";
        DAOF: "Offset of the data.";
        DASZ: "Size of the data.";
        A0CO: "Offset of the signed code.";
        A0CS: "Size of the signed code.";
        STRT: "Start tag.";
        MFOF: "Offset of the manifest.";
        APPV: "App version.";
        HASH: "SHA-384 of the payload.";
        PKEY: "Public key.";
    }
}

/// A file whose blocks are whole and that has a readable release.
#[derive(Clone, Copy, Debug)]
pub struct Tlv<'a> {
    file: &'a [u8],
    version: Version,
}

/// What is wrong with a TLV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlvError {
    /// The file does not begin with `NVFW`.
    Magic,
    /// There are bytes at the end that are too few for a block.
    Trailing(usize),
    /// The tag is not ASCII.
    Tag,
    /// The block, with what fills it up, is longer than the file.
    BlockOutside(Tag),
    /// There is no block with that tag.
    Missing(Tag),
    /// There are several blocks with that tag.
    Duplicate(Tag),
    /// The value is empty.
    Empty(Tag),
    /// The value has not the four bytes a number has.
    NotANumber(Tag),
    /// The value is not printable ASCII, or too long.
    NotText(Tag),
}

impl fmt::Display for TlvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not a TLV file"),
            Self::Trailing(number) => write!(f, "{number} stray bytes at the end"),
            Self::Tag => f.write_str("tag is not ASCII"),
            Self::BlockOutside(tag) => write!(f, "{tag} is longer than the file"),
            Self::Missing(tag) => write!(f, "no {tag}"),
            Self::Duplicate(tag) => write!(f, "several {tag}"),
            Self::Empty(tag) => write!(f, "{tag} is empty"),
            Self::NotANumber(tag) => write!(f, "{tag} is not a 32-bit number"),
            Self::NotText(tag) => write!(f, "{tag} is not short printable text"),
        }
    }
}

/// A block: where it is, and the value's place and bytes.
#[derive(Clone, Copy)]
struct Block<'a> {
    tag: Tag,
    at: usize,
    value_at: usize,
    value: &'a [u8],
    /// Where the next block is.
    end: usize,
}

impl<'a> Block<'a> {
    /// Reads the block at `at`; `None` at the end of the file.
    fn read(file: &'a [u8], at: usize) -> Option<Result<Self, At<TlvError>>> {
        let rest = file.get(at..).filter(|rest| !rest.is_empty())?;
        let header = array(rest, 0).map(Tag).zip(u32_at(rest, 4));
        let Some((tag, len)) = header else {
            return Some(Err(At::new(at, TlvError::Trailing(rest.len()))));
        };
        if !tag.0.is_ascii() {
            return Some(Err(At::new(at, TlvError::Tag)));
        }
        let block = || {
            let len = usize::try_from(len).ok()?;
            let value_at = at.checked_add(BLOCK_HEADER)?;
            let end = value_at.checked_add(len.checked_next_multiple_of(4)?)?;
            let value = file.get(value_at..end)?.get(..len)?;
            Some(Self {
                tag,
                at,
                value_at,
                value,
                end,
            })
        };
        Some(block().ok_or(At::new(at, TlvError::BlockOutside(tag))))
    }
}

impl<'a> Tlv<'a> {
    /// Checks that `file` consists of whole blocks, one of which is a readable release.
    ///
    /// # Errors
    ///
    /// [`TlvError`] and where. All of them mean that the file is malformed.
    pub fn parse(file: &'a [u8]) -> Result<Self, At<TlvError>> {
        if !file.starts_with(&MAGIC) {
            return Err(At::new(0, TlvError::Magic));
        }
        blocks(file).try_for_each(|block| block.map(|_| ()))?;
        let version = find(file, tag::VERS)?;
        let version = Version::new(version.value)
            .ok_or(At::new(version.value_at, TlvError::NotText(tag::VERS)))?;
        Ok(Self { file, version })
    }

    /// The release the file belongs to. Not necessarily a supported one.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The value of `tag`, which is not empty, after its place in the file.
    ///
    /// # Errors
    ///
    /// [`TlvError::Missing`], [`TlvError::Duplicate`], [`TlvError::Empty`].
    pub fn bytes(&self, tag: Tag) -> Result<(usize, &'a [u8]), At<TlvError>> {
        let block = find(self.file, tag)?;
        if block.value.is_empty() {
            return Err(At::new(block.at, TlvError::Empty(tag)));
        }
        Ok((block.value_at, block.value))
    }

    /// The number that is the value of `tag`.
    pub(crate) fn word(&self, tag: Tag) -> Result<Word, At<TlvError>> {
        let block = find(self.file, tag)?;
        match *block.value {
            [a, b, c, d] => Ok(Word {
                at: block.value_at,
                value: u32::from_le_bytes([a, b, c, d]),
            }),
            _ => Err(At::new(block.at, TlvError::NotANumber(tag))),
        }
    }

    /// The number that is the value of `tag`.
    ///
    /// # Errors
    ///
    /// [`TlvError::Missing`], [`TlvError::Duplicate`], [`TlvError::NotANumber`].
    pub fn number(&self, tag: Tag) -> Result<u32, At<TlvError>> {
        self.word(tag).map(|word| word.value)
    }
}

/// All blocks of `file` up to the first malformed one.
fn blocks<'a>(file: &'a [u8]) -> impl Iterator<Item = Result<Block<'a>, At<TlvError>>> {
    let mut next = Some(MAGIC.len());
    core::iter::from_fn(move || {
        let block = Block::read(file, next?)?;
        // Each block is at least as long as its header, so that this ends.
        next = block.as_ref().ok().map(|block| block.end);
        Some(block)
    })
}

/// The only block with that tag.
fn find(file: &[u8], tag: Tag) -> Result<Block<'_>, At<TlvError>> {
    let mut found = None;
    for block in blocks(file) {
        let block = block?;
        if block.tag == tag && found.replace(block).is_some() {
            return Err(At::new(block.at, TlvError::Duplicate(tag)));
        }
    }
    found.ok_or(At::new(file.len(), TlvError::Missing(tag)))
}

#[cfg(test)]
mod tests;
