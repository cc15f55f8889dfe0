// SPDX-License-Identifier: GPL-2.0

//! The firmware of all chips with most of GSP-RM cut out.
//!
//! Of the second that it takes to bind a card under emulation, nearly all goes into reading the 61 MiB of
//! GSP-RM, of which the kernel takes a hash each time. What a driver does about a broken card does not depend
//! on them. Driver and emulated GPU read the same files, so that neither sees a difference but the size.

use std::{
    fs,
    path::{
        Path,
        PathBuf, //
    },
};

use object::{
    read::elf::ElfFile64,
    Endianness,
    Object,
    ObjectSection, //
};

use super::{
    select,
    VERSION, //
};
use crate::{
    error::{
        Context,
        Error,
        Result, //
    },
    gpu::CHIPS,
    store::{
        Key,
        Store, //
    },
};

/// So much is kept of the image: more than one page of its page table tells.
const KEPT: usize = 3 << 20;

/// Section of the file that is cut.
const IMAGE: &str = ".fwimage";

/// Places in the header of an ELF file with 64 bits, and in that of a section.
const SECTIONS_AT: usize = 0x28;
const SECTION_HEADER: usize = 0x40;
const OFFSET_AT: usize = 0x18;
const SIZE_AT: usize = 0x20;

/// A folder like `root`, the one that holds `nvidia/`, with what is needed for [`CHIPS`].
///
/// # Errors
/// Names the file that is missing or malformed.
pub fn folder(root: &Path, store: &Store) -> Result<PathBuf> {
    let chips: Vec<String> = CHIPS.iter().map(|chip| (*chip).to_owned()).collect();
    let selection = select(root, &chips, &[])?;
    let mut key = Key::new("short-1");
    for file in selection.files.values() {
        key = key.stamp(file)?;
    }
    store.folder("short-firmware", key, |folder| {
        let place = |path: &Path| -> Result<PathBuf> {
            let place = folder.join(path);
            let parent = place.parent().unwrap_or(folder);
            fs::create_dir_all(parent).context(|| parent.display().to_string())?;
            Ok(place)
        };
        for (path, source) in &selection.files {
            let mut bytes = fs::read(source).context(|| source.display().to_string())?;
            if path.ends_with(format!("gsp-{VERSION}.bin")) {
                bytes = shortened(&bytes).context(|| source.display().to_string())?;
            }
            fs::write(place(path)?, bytes).context(|| path.display().to_string())?;
        }
        for (path, target) in &selection.links {
            // From the folder of the link up to the root, and down again.
            let up = path.components().skip(1).map(|_| "..");
            let target = up.collect::<PathBuf>().join(target);
            std::os::unix::fs::symlink(target, place(path)?)
                .context(|| path.display().to_string())?;
        }
        Ok(())
    })
}

/// The same file with less of the image, and the rest moved up.
fn shortened(file: &[u8]) -> Result<Vec<u8>> {
    let elf = ElfFile64::<Endianness>::parse(file).context(|| "not an ELF file")?;
    let image = elf
        .section_by_name(IMAGE)
        .and_then(|section| section.file_range())
        .ok_or_else(|| Error::new(format!("it has no section {IMAGE}")))?;
    let (start, size) = (to_usize(image.0)?, to_usize(image.1)?);
    let count = elf.sections().count();
    let Some(cut) = size.checked_sub(KEPT) else {
        return Err(Error::new(format!("its image has only {size:#x} bytes")));
    };
    let mut short = [&file[..start + KEPT], &file[start + size..]].concat();
    // Whatever lay behind the cut has moved.
    let move_up = |short: &mut [u8], at: usize| -> Result<usize> {
        let old = number(short, at)?;
        let new = if old > start { old - cut } else { old };
        put(short, at, new)?;
        Ok(new)
    };
    let sections = move_up(&mut short, SECTIONS_AT)?;
    // The first header is that of no section, and not counted.
    for index in 1..=count {
        let header = sections + index * SECTION_HEADER;
        if move_up(&mut short, header + OFFSET_AT)? == start {
            put(&mut short, header + SIZE_AT, KEPT)?;
        }
    }
    Ok(short)
}

fn to_usize(number: u64) -> Result<usize> {
    usize::try_from(number).context(|| "a number in its headers")
}

fn field(file: &[u8], at: usize) -> Result<[u8; 8]> {
    file.get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .ok_or_else(|| Error::new(format!("a header at {at:#x} is outside of the file")))
}

fn number(file: &[u8], at: usize) -> Result<usize> {
    to_usize(u64::from_le_bytes(field(file, at)?))
}

fn put(file: &mut [u8], at: usize, value: usize) -> Result<()> {
    field(file, at)?;
    file[at..at + 8].copy_from_slice(&(value as u64).to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with the image in front, a section behind it, and the names.
    fn elf(image: &[u8]) -> Vec<u8> {
        let names = b"\0.fwimage\0.after\0.shstrtab\0";
        let after = 64 + image.len();
        let names_at = after + 5;
        let sections_at = (names_at + names.len()).next_multiple_of(8);
        let mut file = vec![0; 64];
        file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        file[0x10] = 1;
        file[0x14] = 1;
        file[SECTIONS_AT..SECTIONS_AT + 8].copy_from_slice(&(sections_at as u64).to_le_bytes());
        file[0x34..0x40].copy_from_slice(&[64, 0, 0, 0, 0, 0, 64, 0, 4, 0, 3, 0]);
        file.extend(image);
        file.extend(b"after");
        file.extend(names);
        file.resize(sections_at, 0);
        for (name, kind, at, size) in [
            (0u32, 0u32, 0, 0),
            (1, 1, 64, image.len()),
            (10, 1, after, 5),
            (17, 3, names_at, names.len()),
        ] {
            let mut header = [0; SECTION_HEADER];
            header[..4].copy_from_slice(&name.to_le_bytes());
            header[4..8].copy_from_slice(&kind.to_le_bytes());
            header[OFFSET_AT..OFFSET_AT + 8].copy_from_slice(&(at as u64).to_le_bytes());
            header[SIZE_AT..SIZE_AT + 8].copy_from_slice(&(size as u64).to_le_bytes());
            file.extend(header);
        }
        file
    }

    #[test]
    fn the_image_is_cut_and_all_other_sections_are_as_before() {
        let image: Vec<u8> = (0..KEPT + 5000).map(|n| (n % 251) as u8).collect();
        let file = elf(&image);
        let short = shortened(&file).unwrap();
        assert_eq!(short.len(), file.len() - 5000);
        let elf = ElfFile64::<Endianness>::parse(&short[..]).unwrap();
        let data = |name: &str| elf.section_by_name(name).unwrap().data().unwrap();
        assert_eq!(data(IMAGE), &image[..KEPT]);
        assert_eq!(data(".after"), b"after");
    }

    #[test]
    fn a_small_image_is_no_gsp_rm() {
        let error = shortened(&elf(&[0; 100])).unwrap_err().to_string();
        assert_eq!(error, "its image has only 0x64 bytes");
    }
}
