// SPDX-License-Identifier: GPL-2.0

//! ELF files with everything in them but the bulk of their sections.

use std::ops::Range;

/// Where the fields of headers are in each class of ELF files.
struct Layout {
    word: usize,
    header: usize,
    e_shoff: usize,
    e_shnum: usize,
    e_shstrndx: usize,
    section: usize,
    sh_offset: usize,
    sh_size: usize,
    sh_info: usize,
}

const ELF32: Layout = Layout {
    word: 4,
    header: 0x34,
    e_shoff: 0x20,
    e_shnum: 0x30,
    e_shstrndx: 0x32,
    section: 0x28,
    sh_offset: 0x10,
    sh_size: 0x14,
    sh_info: 0x1c,
};

const ELF64: Layout = Layout {
    word: 8,
    header: 0x40,
    e_shoff: 0x28,
    e_shnum: 0x3c,
    e_shstrndx: 0x3e,
    section: 0x40,
    sh_offset: 0x18,
    sh_size: 0x20,
    sh_info: 0x2c,
};

/// A copy of `file` whose sections, but that of names, `shrink(name, bytes)` has made shorter, with the
/// table right behind the header.
///
/// With `checksums`, those that sections have in their headers are made right again. `None`, if the file is
/// not one with sections and names.
pub(super) fn shrunk(
    file: &[u8],
    checksums: bool,
    shrink: impl Fn(&str, &mut Vec<u8>),
) -> Option<Vec<u8>> {
    let layout = match file.get(4)? {
        1 => &ELF32,
        _ => &ELF64,
    };
    let number = usize::from(u16::from_le_bytes(
        *file.get(layout.e_shnum..)?.first_chunk()?,
    ));
    let names = usize::from(u16::from_le_bytes(
        *file.get(layout.e_shstrndx..)?.first_chunk()?,
    ));
    let table_at = word(file, layout.e_shoff, layout.word)?;
    let table = file.get(table_at..table_at + number * layout.section)?;
    let sections: Vec<&[u8]> = table.chunks_exact(layout.section).collect();
    let bytes_of = |section: &[u8]| -> Option<Range<usize>> {
        let start = word(section, layout.sh_offset, layout.word)?;
        Some(start..start + word(section, layout.sh_size, layout.word)?)
    };
    let names = file.get(bytes_of(sections.get(names)?)?)?;

    let mut out = file.get(..layout.header)?.to_vec();
    put_word(&mut out, layout.e_shoff, layout.word, layout.header);
    let mut contents: Vec<u8> = Vec::new();
    let contents_at = layout.header + table.len();
    for (index, section) in sections.iter().enumerate() {
        let mut header = section.to_vec();
        let name = names
            .get(word(section, 0, 4)?..)?
            .split(|byte| *byte == 0)
            .next()?;
        let name = std::str::from_utf8(name).ok()?;
        if index != 0 {
            let bytes = file.get(bytes_of(section)?)?;
            let is_names = bytes.as_ptr() == names.as_ptr();
            let mut bytes = bytes.to_vec();
            if !is_names {
                shrink(name, &mut bytes);
            }
            put_word(
                &mut header,
                layout.sh_offset,
                layout.word,
                contents_at + contents.len(),
            );
            put_word(&mut header, layout.sh_size, layout.word, bytes.len());
            if checksums && word(section, layout.sh_info, 4)? != 0 {
                header[layout.sh_info..layout.sh_info + 4]
                    .copy_from_slice(&crc32(&bytes).to_le_bytes());
            }
            contents.extend(bytes);
        }
        out.extend(header);
    }
    out.extend(contents);
    Some(out)
}

fn word(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let mut word = [0; 8];
    word.get_mut(..size)?
        .copy_from_slice(bytes.get(at..at + size)?);
    usize::try_from(u64::from_le_bytes(word)).ok()
}

fn put_word(bytes: &mut [u8], at: usize, size: usize, value: usize) {
    let value = (value as u64).to_le_bytes();
    bytes[at..at + size].copy_from_slice(&value[..size]);
}

/// The CRC-32 of zlib and many others.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn checksums_are_those_of_zlib() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
