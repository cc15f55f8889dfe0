// SPDX-License-Identifier: GPL-2.0

//! Firmware files made up for tests. None of their bytes are NVIDIA's.

use std::vec::Vec;

/// The words of a file or header as bytes.
pub(crate) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().copied().flat_map(u32::to_le_bytes).collect()
}

/// Writes a 32-bit number into a file.
pub(crate) fn poke(file: &mut [u8], at: usize, value: u32) {
    file[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// `file` with a 32-bit number changed.
pub(crate) fn poked(file: &[u8], at: usize, value: u32) -> Vec<u8> {
    let mut file = file.to_vec();
    poke(&mut file, at, value);
    file
}

/// A file with the header all `.bin` files have, one of its own right after it, and a payload.
pub(crate) fn bin(header: &[u8], payload: &[u8]) -> Vec<u8> {
    let data_offset = 0x18 + header.len() as u32;
    let total = (data_offset + payload.len() as u32).next_multiple_of(256);
    let mut file = words(&[0x10de, 1, total, 0x18, data_offset, payload.len() as u32]);
    file.extend(header);
    file.extend(payload);
    file
}

/// A TLV file.
pub(crate) fn tlv(blocks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"NVFW".to_vec();
    for (tag, value) in blocks {
        file.extend(*tag);
        file.extend((value.len() as u32).to_le_bytes());
        file.extend(*value);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    file
}

/// A section of an ELF file to be built.
#[derive(Clone)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) info: u32,
    pub(crate) bytes: Vec<u8>,
}

/// Where things are in an ELF file that has been built.
pub(crate) struct Built {
    pub(crate) file: Vec<u8>,
    /// Offset of the section table.
    pub(crate) table: usize,
    /// Offset of the section names.
    pub(crate) names: usize,
}

fn section_names(sections: &[Section]) -> (Vec<u8>, Vec<u32>) {
    let mut names = b"\0.shstrtab\0".to_vec();
    let mut offsets = Vec::new();
    for section in sections {
        offsets.push(names.len() as u32);
        names.extend(section.name.as_bytes());
        names.push(0);
    }
    (names, offsets)
}

/// An ELF64 file laid out as the GSP images are: contents, names, and the section table last.
pub(crate) fn elf64(sections: &[Section]) -> Built {
    let (names, name_offsets) = section_names(sections);
    let mut file = std::vec![0; 0x40];
    let mut table = std::vec![0; 0x40];
    let entry = |name: u32, kind: u32, flags: u64, offset: usize, size: usize, info: u32| {
        let mut entry = words(&[name, kind]);
        entry.extend(flags.to_le_bytes());
        entry.extend([0; 8]);
        entry.extend((offset as u64).to_le_bytes());
        entry.extend((size as u64).to_le_bytes());
        entry.extend(words(&[0, info, 1, 0, 0, 0]));
        entry
    };
    for (section, name) in sections.iter().zip(name_offsets) {
        let Section {
            kind,
            flags,
            info,
            ref bytes,
            ..
        } = *section;
        table.extend(entry(name, kind, flags, file.len(), bytes.len(), info));
        file.extend(bytes);
    }
    let names_at = file.len();
    table.extend(entry(1, 3, 0, names_at, names.len(), 0));
    file.extend(&names);
    let table_at = file.len();
    let number = (table.len() / 0x40) as u16;
    file.extend(table);
    file[..6].copy_from_slice(b"\x7fELF\x02\x01");
    file[0x28..0x30].copy_from_slice(&(table_at as u64).to_le_bytes());
    file[0x3a..0x3c].copy_from_slice(&0x40u16.to_le_bytes());
    file[0x3c..0x3e].copy_from_slice(&number.to_le_bytes());
    file[0x3e..0x40].copy_from_slice(&(number - 1).to_le_bytes());
    Built {
        file,
        table: table_at,
        names: names_at,
    }
}

/// An ELF32 file laid out as the FMC images are: the section table right after the header, names first.
pub(crate) fn elf32(sections: &[Section]) -> Built {
    let (names, name_offsets) = section_names(sections);
    let number = sections.len() + 2;
    let names_at = 0x34 + number * 0x28;
    let mut table = std::vec![0; 0x28];
    table.extend(words(&[
        1,
        3,
        0x20,
        0,
        names_at as u32,
        names.len() as u32,
        0,
        0,
        1,
        0,
    ]));
    let mut contents = names.clone();
    for (section, name) in sections.iter().zip(name_offsets) {
        contents.resize(contents.len().next_multiple_of(4), 0);
        let offset = (names_at + contents.len()) as u32;
        let size = section.bytes.len() as u32;
        let Section {
            kind, flags, info, ..
        } = *section;
        table.extend(words(&[
            name,
            kind,
            flags as u32,
            0,
            offset,
            size,
            0,
            info,
            4,
            0,
        ]));
        contents.extend(&section.bytes);
    }
    let mut file = std::vec![0; 0x34];
    file[..7].copy_from_slice(b"\x7fELF\x01\x01\x01");
    file[0x14] = 1;
    file[0x20] = 0x34;
    file[0x28] = 0x34;
    file[0x2e] = 0x28;
    file[0x30] = number as u8;
    file[0x32] = 1;
    file.extend(table);
    file.extend(contents);
    Built {
        file,
        table: 0x34,
        names: names_at,
    }
}

/// The image of an FMC, of `len` bytes, whose header says so.
pub(crate) fn fmc_image(byte: u8, len: usize) -> Vec<u8> {
    const HEADER: usize = 0x48;
    let mut image = std::vec![byte; len];
    image[2] = HEADER as u8;
    poke(&mut image, 4, (len - HEADER) as u32);
    image
}

/// Each header word of `file` up to `limit` replaced by values that tempt arithmetic into mistakes, and
/// `file` cut short at each byte up to `limit` and at the end.
pub(crate) fn mutations(file: &[u8], limit: usize) -> impl Iterator<Item = Vec<u8>> + '_ {
    let len = file.len() as u32;
    let tempting = [
        0,
        1,
        3,
        len - 1,
        len,
        len + 1,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fffc,
        0xffff_ffff,
    ];
    let limit = limit.min(file.len());
    let changed = (0..limit - 3).flat_map(move |at| tempting.map(|value| poked(file, at, value)));
    let cut = (0..limit)
        .chain([file.len() - 1])
        .map(move |len| file[..len].to_vec());
    changed.chain(cut)
}
