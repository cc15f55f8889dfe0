// SPDX-License-Identifier: GPL-2.0

//! Sections of ELF files, as far as firmware containers use them.
//!
//! Sections are found by their whole name. A name that occurs twice is an error, because other readers
//! of these files disagree about which one counts.

use crate::{
    bytes::{
        overlap,
        range_within,
        u16_at,
        u32_at,
        u64_at, //
    },
    At, //
};
use core::{
    fmt,
    ops::Range, //
};

/// Section type of a string table.
const SHT_STRTAB: u32 = 3;

/// Section type of one that has no bytes in the file.
const SHT_NOBITS: u32 = 8;

/// Word size of an ELF file, which decides where its fields are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Elf32,
    Elf64,
}

/// What is wrong with an ELF file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfError {
    /// The file is too short for an ELF header.
    Short,
    /// The file is not a little-endian ELF file of the right class.
    Ident,
    /// Section headers are not of the size the class prescribes.
    HeaderSize(u16),
    /// There are no sections.
    NoSections,
    /// The section table is not inside the file.
    TableOutside,
    /// The section of names does not exist.
    NamesIndex(u16),
    /// The section of names is no string table inside the file that ends with a NUL.
    NamesMalformed,
    /// The name of a section does not begin inside the section of names.
    NameOutside(u32),
    /// There is no section of that name.
    Missing(&'static str),
    /// There are several sections of that name.
    Duplicate(&'static str),
    /// The section is not inside the file.
    Outside(&'static str),
    /// The section shares bytes with another one, or with the headers.
    Overlap(&'static str),
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("file too short for an ELF header"),
            Self::Ident => f.write_str("not an ELF file of the expected kind"),
            Self::HeaderSize(size) => write!(f, "section headers of {size} bytes"),
            Self::NoSections => f.write_str("no sections"),
            Self::TableOutside => f.write_str("section table outside the file"),
            Self::NamesIndex(index) => write!(f, "section names in nonexistent section {index}"),
            Self::NamesMalformed => f.write_str("malformed section names"),
            Self::NameOutside(offset) => {
                write!(f, "section name outside the names, at {offset:#x}")
            }
            Self::Missing(name) => write!(f, "no section {name}"),
            Self::Duplicate(name) => write!(f, "several sections {name}"),
            Self::Outside(name) => write!(f, "section {name} outside the file"),
            Self::Overlap(name) => write!(f, "section {name} overlaps another part of the file"),
        }
    }
}

/// A section that has been found, inside the file.
#[derive(Clone, Debug)]
pub(crate) struct Section<'a> {
    pub(crate) header: Found,
    pub(crate) bytes: &'a [u8],
}

/// Where the section headers of an ELF file are.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    class: Class,
    table: Range<usize>,
    names_index: u16,
}

/// The section headers of an ELF file, and their names.
#[derive(Clone, Debug)]
pub(crate) struct Sections<'a> {
    header: Header,
    table: &'a [u8],
    names: &'a [u8],
}

/// Where a section is, by its header.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) name: &'static str,
    /// Where its header is.
    pub(crate) header_at: usize,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) info: u32,
    /// May end behind the file's end.
    pub(crate) range: Range<usize>,
}

/// An ELF file whose headers have been checked.
#[derive(Debug)]
pub(crate) struct Elf<'a> {
    file: &'a [u8],
    sections: Sections<'a>,
}

/// A section header, unchecked.
struct RawSection {
    at: usize,
    name: u32,
    kind: u32,
    flags: u64,
    offset: u64,
    size: u64,
    info: u32,
}

impl Class {
    const fn ident(self) -> u8 {
        match self {
            Self::Elf32 => 1,
            Self::Elf64 => 2,
        }
    }

    const fn header_size(self) -> usize {
        match self {
            Self::Elf32 => 0x34,
            Self::Elf64 => 0x40,
        }
    }

    const fn section_header_size(self) -> usize {
        match self {
            Self::Elf32 => 0x28,
            Self::Elf64 => 0x40,
        }
    }

    /// Offsets of `e_shoff`, `e_shentsize`, `e_shnum` and `e_shstrndx`.
    const fn header_fields(self) -> [usize; 4] {
        match self {
            Self::Elf32 => [0x20, 0x2e, 0x30, 0x32],
            Self::Elf64 => [0x28, 0x3a, 0x3c, 0x3e],
        }
    }

    fn word_at(self, bytes: &[u8], at: usize) -> Option<u64> {
        match self {
            Self::Elf32 => u32_at(bytes, at).map(u64::from),
            Self::Elf64 => u64_at(bytes, at),
        }
    }

    /// Reads the section header `header`, which begins at `at` of the file.
    fn section(self, header: &[u8], at: usize) -> Option<RawSection> {
        let [flags, offset, size, info] = match self {
            Self::Elf32 => [0x08, 0x10, 0x14, 0x1c],
            Self::Elf64 => [0x08, 0x18, 0x20, 0x2c],
        };
        Some(RawSection {
            at,
            name: u32_at(header, 0)?,
            kind: u32_at(header, 4)?,
            flags: self.word_at(header, flags)?,
            offset: self.word_at(header, offset)?,
            size: self.word_at(header, size)?,
            info: u32_at(header, info)?,
        })
    }
}

impl RawSection {
    /// Where the section is, if a file can be that long.
    fn range(&self) -> Option<Range<usize>> {
        let offset = usize::try_from(self.offset).ok()?;
        let size = usize::try_from(self.size).ok()?;
        range_within(offset, size, usize::MAX)
    }
}

impl Header {
    /// Bytes of the header of an ELF64 file.
    pub(crate) const SIZE_64: usize = Class::Elf64.header_size();

    /// Checks the header, which is the beginning of `file`.
    pub(crate) fn parse(file: &[u8], class: Class) -> Result<Self, At<ElfError>> {
        let header = file
            .get(..class.header_size())
            .ok_or(At::new(0, ElfError::Short))?;
        if !matches!(header, [0x7f, b'E', b'L', b'F', bits, 1, ..] if *bits == class.ident()) {
            return Err(At::new(0, ElfError::Ident));
        }
        let [e_shoff, e_shentsize, e_shnum, e_shstrndx] = class.header_fields();
        let short = At::new(0, ElfError::Short);
        let table_offset = class.word_at(header, e_shoff).ok_or(short)?;
        let entry_size = u16_at(header, e_shentsize).ok_or(short)?;
        let number = u16_at(header, e_shnum).ok_or(short)?;
        let names_index = u16_at(header, e_shstrndx).ok_or(short)?;

        if usize::from(entry_size) != class.section_header_size() {
            return Err(At::new(e_shentsize, ElfError::HeaderSize(entry_size)));
        }
        if number == 0 {
            return Err(At::new(e_shnum, ElfError::NoSections));
        }
        if names_index >= number {
            return Err(At::new(e_shstrndx, ElfError::NamesIndex(names_index)));
        }
        // Cannot overflow: both have 16 bits.
        let table_size = usize::from(number) * usize::from(entry_size);
        let table = usize::try_from(table_offset)
            .ok()
            .and_then(|offset| range_within(offset, table_size, usize::MAX))
            .ok_or(At::new(e_shoff, ElfError::TableOutside))?;
        Ok(Self {
            class,
            table,
            names_index,
        })
    }

    /// Where the section headers are. May end behind the file's end.
    pub(crate) fn table(&self) -> Range<usize> {
        self.table.clone()
    }

    /// Where the sections' names are, by the section headers. May end behind the file's end.
    pub(crate) fn names(&self, table: &[u8]) -> Result<Range<usize>, At<ElfError>> {
        let section = self
            .raw_sections(table)
            .nth(usize::from(self.names_index))
            .ok_or(At::new(
                self.table.start,
                ElfError::NamesIndex(self.names_index),
            ))?;
        match section.range() {
            Some(range) if section.kind == SHT_STRTAB => Ok(range),
            _ => Err(At::new(section.at, ElfError::NamesMalformed)),
        }
    }

    /// The section headers `table`, whose names are in `names`.
    pub(crate) fn sections<'a>(
        &self,
        table: &'a [u8],
        names: &'a [u8],
    ) -> Result<Sections<'a>, At<ElfError>> {
        if names.last() != Some(&0) {
            let index = usize::from(self.names_index);
            // Cannot overflow: the table does not.
            let at = self.table.start + index * self.class.section_header_size();
            return Err(At::new(at, ElfError::NamesMalformed));
        }
        Ok(Sections {
            header: self.clone(),
            table,
            names,
        })
    }

    fn raw_sections<'a>(&self, table: &'a [u8]) -> impl Iterator<Item = RawSection> + use<'a> {
        let class = self.class;
        let size = class.section_header_size();
        let places = self.table.clone().step_by(size);
        places
            .zip(table.chunks_exact(size))
            .filter_map(move |(at, header)| class.section(header, at))
    }
}

impl<'a> Sections<'a> {
    /// The name of `section`, without its NUL.
    fn name_of(&self, section: &RawSection) -> Result<&'a [u8], At<ElfError>> {
        usize::try_from(section.name)
            .ok()
            .and_then(|start| self.names.get(start..))
            .and_then(|names| names.split(|&byte| byte == 0).next())
            // An empty rest means that the name begins where the names end.
            .filter(|_| usize::try_from(section.name).is_ok_and(|start| start < self.names.len()))
            .ok_or(At::new(section.at, ElfError::NameOutside(section.name)))
    }

    /// The only section called `name`.
    pub(crate) fn find(&self, name: &'static str) -> Result<Found, At<ElfError>> {
        let mut found: Option<RawSection> = None;
        for section in self.header.raw_sections(self.table) {
            if self.name_of(&section)? == name.as_bytes() {
                if found.is_some() {
                    return Err(At::new(section.at, ElfError::Duplicate(name)));
                }
                found = Some(section);
            }
        }
        let section = found.ok_or(At::new(self.header.table.start, ElfError::Missing(name)))?;
        let outside = At::new(section.at, ElfError::Outside(name));
        if section.kind == SHT_NOBITS {
            return Err(outside);
        }
        Ok(Found {
            name,
            header_at: section.at,
            kind: section.kind,
            flags: section.flags,
            info: section.info,
            range: section.range().ok_or(outside)?,
        })
    }

    /// Checks that `sections` share no byte with each other, the header, or the section table.
    pub(crate) fn check_apart(&self, sections: &[&Found]) -> Result<(), At<ElfError>> {
        let header = 0..self.header.class.header_size();
        for (index, section) in sections.iter().enumerate() {
            let others = sections.iter().take(index).map(|other| &other.range);
            if others
                .chain([&header, &self.header.table])
                .any(|other| overlap(other, &section.range))
            {
                return Err(At::new(section.header_at, ElfError::Overlap(section.name)));
            }
        }
        Ok(())
    }
}

impl<'a> Elf<'a> {
    /// Checks the headers of `file`.
    pub(crate) fn parse(file: &'a [u8], class: Class) -> Result<Self, At<ElfError>> {
        let header = Header::parse(file, class)?;
        let [e_shoff, ..] = class.header_fields();
        let table = file
            .get(header.table())
            .ok_or(At::new(e_shoff, ElfError::TableOutside))?;
        // Behind the file's end there is no NUL either.
        let names = file.get(header.names(table)?).unwrap_or_default();
        let sections = header.sections(table, names)?;
        Ok(Self { file, sections })
    }

    /// The only section called `name`, inside the file.
    pub(crate) fn section(&self, name: &'static str) -> Result<Section<'a>, At<ElfError>> {
        let header = self.sections.find(name)?;
        let bytes = self
            .file
            .get(header.range.clone())
            .ok_or(At::new(header.header_at, ElfError::Outside(name)))?;
        Ok(Section { header, bytes })
    }

    /// Checks that `sections` share no byte with each other, the header, or the section table.
    pub(crate) fn check_apart<const N: usize>(
        &self,
        sections: [&Section<'_>; N],
    ) -> Result<(), At<ElfError>> {
        self.sections
            .check_apart(&sections.map(|section| &section.header))
    }

    /// The sections, wherever they are.
    pub(crate) fn sections(&self) -> &Sections<'a> {
        &self.sections
    }
}
