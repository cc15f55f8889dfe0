// SPDX-License-Identifier: GPL-2.0

//! The two files that are ELF: GSP-RM with 64 bits, FMC with 32.

use object::{
    Object,
    ObjectSection, //
};

use crate::error::{
    Context,
    Error,
    Result, //
};

/// Header of the note before the 20 bytes of the id: three words, and `GNU` with its end.
const NOTE_HEADER: usize = 16;
const BUILD_ID_SIZE: usize = 20;

/// The bytes of the section with this name.
pub(super) fn section<'a>(file: &'a [u8], name: &str) -> Result<&'a [u8]> {
    let found = match file.get(4) {
        Some(1) => bytes_of(
            &object::read::elf::ElfFile32::<object::Endianness>::parse(file)
                .context(|| "not an ELF file")?,
            name,
        ),
        _ => bytes_of(
            &object::read::elf::ElfFile64::<object::Endianness>::parse(file)
                .context(|| "not an ELF file")?,
            name,
        ),
    };
    found
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| Error::new(format!("it has no section {name}")))
}

/// The 20 bytes that name the build.
pub(super) fn build_id(file: &[u8]) -> Result<&[u8]> {
    section(file, ".note.gnu.build-id")?
        .get(NOTE_HEADER..NOTE_HEADER + BUILD_ID_SIZE)
        .ok_or_else(|| Error::new("its build id is too short"))
}

fn bytes_of<'a>(elf: &impl Object<'a>, name: &str) -> Option<&'a [u8]> {
    elf.section_by_name(name)?.data().ok()
}
