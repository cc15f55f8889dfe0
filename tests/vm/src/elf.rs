// SPDX-License-Identifier: GPL-2.0

//! The few facts the harness reads from ELF files: which libraries a tool needs, what a kernel module says
//! about itself, and whether a kernel can be entered directly.

use std::{
    collections::BTreeMap,
    path::{
        Path,
        PathBuf, //
    },
};

use object::{
    elf::{
        FileHeader64,
        PT_INTERP,
        PT_NOTE, //
    },
    read::elf::{
        Dyn,
        ElfFile64,
        FileHeader,
        ProgramHeader, //
    },
    Endianness,
    Object,
    ObjectSection, //
};

use crate::error::{
    Context,
    Error,
    Result, //
};

/// Where Debian and the ABI put shared libraries.
const LIBRARY_DIRS: &[&str] = &[
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
];

/// Xen ELF note with the 32-bit entry point that QEMU uses (PVH boot).
const XEN_ELFNOTE_PHYS32_ENTRY: u32 = 18;

type Elf<'a> = ElfFile64<'a, Endianness>;

fn open(bytes: &[u8]) -> Result<Elf<'_>> {
    Elf::parse(bytes).context(|| "not a 64-bit ELF file")
}

/// Names of the libraries and of the loader that a program asks for; empty for a static program.
///
/// # Errors
/// When `bytes` is not a sound ELF file.
pub fn needed(bytes: &[u8]) -> Result<Vec<String>> {
    let elf = open(bytes)?;
    let endian = elf.endian();
    let header: &FileHeader64<Endianness> = elf.elf_header();
    let mut names = Vec::new();
    for segment in header
        .program_headers(endian, bytes)
        .context(|| "program headers")?
    {
        if segment.p_type(endian) == PT_INTERP {
            let data = segment
                .data(endian, bytes)
                .map_err(|()| Error::new("the loader's name lies outside"))?;
            names.push(
                String::from_utf8_lossy(data)
                    .trim_end_matches('\0')
                    .to_owned(),
            );
        }
    }
    let sections = header.sections(endian, bytes).context(|| "sections")?;
    if let Some((dynamic, link)) = sections
        .dynamic(endian, bytes)
        .context(|| "dynamic section")?
    {
        let strings = sections
            .strings(endian, bytes, link)
            .context(|| "dynamic strings")?;
        for entry in dynamic
            .iter()
            .filter(|d| d.tag32(endian) == Some(object::elf::DT_NEEDED))
        {
            let name = entry.string(endian, strings).context(|| "library name")?;
            names.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    Ok(names)
}

/// All libraries a program needs, directly and through others, with the loader. Paths in this machine.
///
/// # Errors
/// Names the program and the library that is nowhere to be found.
pub fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    libraries_from(Path::new("/"), program)
}

/// The same for a program out of packages that were unpacked below `root`; what they do not hold comes from this
/// machine.
///
/// # Errors
/// Names the program and the library that is nowhere to be found.
pub fn libraries_from(root: &Path, program: &Path) -> Result<Vec<PathBuf>> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut queue = vec![program.to_path_buf()];
    while let Some(file) = queue.pop() {
        let bytes = std::fs::read(&file).context(|| file.display().to_string())?;
        for name in needed(&bytes).context(|| file.display().to_string())? {
            if found.contains_key(&name) {
                continue;
            }
            let path = find_library(root, &name).ok_or_else(|| {
                Error::new(format!(
                    "{} needs {name}, which is not installed",
                    file.display()
                ))
            })?;
            queue.push(path.clone());
            found.insert(name, path);
        }
    }
    Ok(found.into_values().collect())
}

fn find_library(root: &Path, name: &str) -> Option<PathBuf> {
    if name.starts_with('/') {
        return Some(PathBuf::from(name)).filter(|p| p.exists());
    }
    let inside = |root: &Path, dir: &str| root.join(dir.trim_start_matches('/')).join(name);
    [root, Path::new("/")]
        .into_iter()
        .flat_map(|root| LIBRARY_DIRS.iter().map(move |dir| inside(root, dir)))
        .find(|path| path.exists())
}

/// The `key=value` strings of a kernel module's `.modinfo`.
///
/// # Errors
/// When `bytes` is not a kernel module.
pub fn modinfo(bytes: &[u8]) -> Result<Vec<(String, String)>> {
    let elf = open(bytes)?;
    let section = elf
        .section_by_name(".modinfo")
        .ok_or_else(|| Error::new("no .modinfo: not a kernel module"))?;
    let data = section.data().context(|| ".modinfo")?;
    Ok(data
        .split(|&b| b == 0)
        .filter_map(|s| std::str::from_utf8(s).ok()?.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect())
}

/// Whether QEMU can enter this uncompressed kernel directly.
pub fn has_pvh_entry(bytes: &[u8]) -> bool {
    let Ok(elf) = open(bytes) else { return false };
    let endian = elf.endian();
    let Ok(headers) = elf.elf_header().program_headers(endian, bytes) else {
        return false;
    };
    headers
        .iter()
        .filter(|h| h.p_type(endian) == PT_NOTE)
        .any(|header| {
            let Ok(Some(mut notes)) = header.notes(endian, bytes) else {
                return false;
            };
            while let Ok(Some(note)) = notes.next() {
                if note.name() == b"Xen" && note.n_type(endian) == XEN_ELFNOTE_PHYS32_ENTRY {
                    return true;
                }
            }
            false
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_program_needs_the_c_library_and_a_loader() {
        let own = std::env::current_exe().unwrap();
        let names = needed(&std::fs::read(&own).unwrap()).unwrap();
        assert!(names.iter().any(|n| n.starts_with("libc.so")), "{names:?}");
        let libraries = libraries(&own).unwrap();
        assert!(
            libraries
                .iter()
                .any(|p| p.to_string_lossy().contains("ld-linux")),
            "{libraries:?}"
        );
    }

    #[test]
    fn libraries_of_packages_are_found_before_those_of_this_machine() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("usr/lib/x86_64-linux-gnu");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("libc.so.6"), b"").unwrap();
        let found = |name| find_library(root.path(), name).unwrap();
        assert_eq!(found("libc.so.6"), folder.join("libc.so.6"));
        assert!(!found("libm.so.6").starts_with(root.path()));
        assert_eq!(find_library(root.path(), "libnone.so"), None);
    }

    #[test]
    fn other_files_are_refused_with_a_reason() {
        assert!(needed(b"#!/bin/sh\n")
            .unwrap_err()
            .to_string()
            .contains("not a 64-bit ELF file"));
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(modinfo(&own)
            .unwrap_err()
            .to_string()
            .contains("not a kernel module"));
        assert!(!has_pvh_entry(&own));
        assert!(!has_pvh_entry(b""));
    }
}
