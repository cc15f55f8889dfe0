// SPDX-License-Identifier: GPL-2.0

//! Inputs from NVIDIA's own files: their headers, without what is only handed to the GPU.

use super::{
    container::end_here,
    elf,
    Seeds, //
};
use nova_hw::{
    chip::Chip,
    firmware_files::FirmwareKind, //
};
use std::{
    collections::HashSet,
    fs,
    io,
    path::Path, //
};

/// Bytes kept of a section that no parser looks into.
const KEPT: usize = 32;

pub(super) fn add(seeds: &mut Seeds, directory: &Path) -> io::Result<()> {
    let mut seen = HashSet::new();
    for chip in Chip::ALL {
        for file in chip.firmware_files() {
            let path = directory.join(file.path);
            let error = |error: io::Error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            };
            // Many chips share a file by symbolic links.
            if !seen.insert(path.canonicalize().map_err(error)?) {
                continue;
            }
            let bytes = fs::read(&path).map_err(error)?;
            let (target, input) = match file.kind {
                FirmwareKind::GspImage => ("gsp_image", gsp_image(&bytes)),
                FirmwareKind::Fmc => ("fmc", elf::shrunk(&bytes, true, fmc_section)),
                FirmwareKind::BooterLoad | FirmwareKind::BooterUnload => {
                    ("booter", without_payload(&bytes))
                }
                FirmwareKind::GspBootloader => ("riscv_bootloader", without_payload(&bytes)),
                FirmwareKind::GenericBootloader => ("generic_bootloader", without_payload(&bytes)),
            };
            let input = input.ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{}: unexpected form", path.display()),
                )
            })?;
            let label = format!(
                "{}-{}",
                chip.name(),
                name(file.path).trim_end_matches(".bin")
            );
            seeds.add(target, label, input);
        }
    }
    Ok(())
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The sizes of the other sections count.
fn fmc_section(name: &str, bytes: &mut Vec<u8>) {
    if name == "image" {
        bytes.truncate(KEPT);
        end_here(bytes);
    }
}

fn gsp_image(file: &[u8]) -> Option<Vec<u8>> {
    elf::shrunk(file, false, |_, bytes| bytes.truncate(KEPT))
}

/// A `.bin` file up to its payload, which is the last thing in it.
fn without_payload(file: &[u8]) -> Option<Vec<u8>> {
    let data_offset = u32::from_le_bytes(*file.get(0x10..)?.first_chunk()?);
    Some(file.get(..usize::try_from(data_offset).ok()?)?.to_vec())
}
