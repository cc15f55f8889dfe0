// SPDX-License-Identifier: GPL-2.0

//! Firmware files on disk, with which the model can compare what a driver hands over.

use std::{
    fs::{
        self,
        File, //
    },
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::{
        Path,
        PathBuf, //
    },
};

use nova_firmware::{
    booter::{
        Booter,
        LoadMethod, //
    },
    fmc::{
        Fmc,
        Scheme, //
    },
    generic_bootloader::GenericBootloader,
    gsp_image::GspImage,
    riscv::GspBootloader, //
};
use thiserror::Error;

use super::{
    catalogue::{
        self,
        hash,
        Hash,
        Signatures,
        Task,
        Ucode, //
    },
    radix3::PAGE,
};
use crate::{
    chips::{
        Chip,
        Family, //
    },
    falcon::brom::Wanted, //
};

/// Version of the files, which is part of their names.
const VERSION: &str = "570.144";

/// Why the files cannot be used.
#[derive(Debug, Error)]
pub enum FirmwareError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is not what its name says.
    #[error("{} is malformed: {what}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// What booter or FMC compares.
#[derive(Debug)]
pub struct GspFiles {
    /// The bootloader.
    pub bootloader: Vec<u8>,
    /// Offsets of code, data and manifest in it.
    pub bootloader_offsets: [u64; 3],
    /// The signature for this chip.
    pub signature: Vec<u8>,
    file: File,
    image: Range<u64>,
}

impl GspFiles {
    /// Bytes of the image.
    pub fn image_len(&self) -> u64 {
        self.image.end - self.image.start
    }

    /// The page at `offset` of the image; the last one may be shorter.
    ///
    /// # Errors
    /// The operating system's error if the file cannot be read.
    pub fn image_page(&self, offset: u64) -> io::Result<Vec<u8>> {
        let len = self.image_len().saturating_sub(offset).min(PAGE);
        // CAST: at most a page.
        let mut page = vec![0; len as usize];
        self.file
            .read_exact_at(&mut page, self.image.start + offset)?;
        Ok(page)
    }
}

/// What FSP compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FmcFile {
    /// SHA-384 of the image.
    pub hash: [u8; 48],
    /// The key that has signed it.
    pub public_key: Vec<u8>,
}

/// The files of one chip.
#[derive(Debug)]
pub struct Firmware {
    /// Programs for SEC2; none on chips that FSP boots.
    pub ucodes: Vec<Ucode>,
    /// Code of the generic bootloader, where there is one.
    pub bootloader: Option<Hash>,
    /// The FMC, on chips that FSP boots.
    pub fmc: Option<FmcFile>,
    /// What booter or FMC compares.
    pub gsp: GspFiles,
}

/// Name of the directory whose booters `chip`, which boots through SEC2, uses.
pub fn directory(chip: &Chip) -> &'static str {
    match (chip.family, chip.name) {
        (_, "tu116" | "tu117") => "tu116",
        (Family::Turing, _) => "tu102",
        (Family::Ga100, _) => "ga100",
        (Family::Ga10x, _) => "ga102",
        _ => "ad102",
    }
}

/// Section of the image's file that holds the signature for `chip`.
fn signature_section(chip: &Chip) -> &'static str {
    match (chip.family, directory(chip)) {
        (Family::Turing, "tu116") => ".fwsignature_tu11x",
        (Family::Turing, _) => ".fwsignature_tu10x",
        (Family::Ga100, _) => ".fwsignature_ga100",
        (Family::Ga10x, _) => ".fwsignature_ga10x",
        (Family::Ada, _) => ".fwsignature_ad10x",
        (Family::Hopper, _) => ".fwsignature_gh100",
        (Family::Gb10x, _) => ".fwsignature_gb10x",
        (Family::Gb20x, _) => ".fwsignature_gb20x",
    }
}

/// Reads the files for `chip` below `root`, a directory such as `/lib/firmware`.
///
/// # Errors
/// [`FirmwareError`] for the first file that is missing or malformed.
pub fn read(root: &Path, chip: &Chip) -> Result<Firmware, FirmwareError> {
    let place = root.join("nvidia").join(chip.name).join("gsp");
    let path = |name: &str| place.join(format!("{name}-{VERSION}.bin"));
    let by_fsp = chip.family.boots_by_fsp();
    let mut ucodes = Vec::new();
    if !by_fsp {
        for (task, name) in [
            (Task::BooterLoad, "booter_load"),
            (Task::BooterUnload, "booter_unload"),
        ] {
            ucodes.push(ucode(chip, task, &path(name))?);
        }
    }
    let generic_bootloader = if by_fsp || chip.family.loads_by_dma() {
        None
    } else {
        Some(generic_bootloader(&path("gen_bootloader"))?)
    };
    let fmc = if by_fsp {
        Some(fmc(chip, &path("fmc"))?)
    } else {
        None
    };
    let bootloader_path = path("bootloader");
    let bootloader_file = whole(&bootloader_path)?;
    let bootloader = GspBootloader::parse(&bootloader_file)
        .map_err(|error| malformed(&bootloader_path, format!("{error:?}")))?;
    let image_path = path("gsp");
    let image_file = whole(&image_path)?;
    let image = GspImage::parse(&image_file, signature_section(chip))
        .map_err(|error| malformed(&image_path, format!("{error:?}")))?;
    let start = position(&image_file, image.image);
    Ok(Firmware {
        ucodes,
        bootloader: generic_bootloader,
        fmc,
        gsp: GspFiles {
            bootloader: bootloader.payload.to_vec(),
            bootloader_offsets: [
                u64::from(bootloader.code_offset),
                u64::from(bootloader.data_offset),
                u64::from(bootloader.manifest_offset),
            ],
            signature: image.signature.to_vec(),
            image: start..start + image.image.len() as u64,
            file: File::open(&image_path).map_err(|error| FirmwareError::Read {
                path: image_path.clone(),
                error,
            })?,
        },
    })
}

/// Where in `file` its part `slice` begins.
fn position(file: &[u8], slice: &[u8]) -> u64 {
    (slice.as_ptr() as usize - file.as_ptr() as usize) as u64
}

fn whole(path: &Path) -> Result<Vec<u8>, FirmwareError> {
    fs::read(path).map_err(|error| FirmwareError::Read {
        path: path.to_owned(),
        error,
    })
}

fn malformed(path: &Path, what: String) -> FirmwareError {
    FirmwareError::Malformed {
        path: path.to_owned(),
        what,
    }
}

fn generic_bootloader(path: &Path) -> Result<Hash, FirmwareError> {
    let file = whole(path)?;
    let bootloader =
        GenericBootloader::parse(&file).map_err(|error| malformed(path, format!("{error:?}")))?;
    Ok(hash(bootloader.code))
}

fn fmc(chip: &Chip, path: &Path) -> Result<FmcFile, FirmwareError> {
    let scheme = if chip.family == Family::Hopper {
        Scheme::Rsa3072
    } else {
        Scheme::EcdsaP384
    };
    let file = whole(path)?;
    let fmc = Fmc::parse(&file, scheme).map_err(|error| malformed(path, format!("{error:?}")))?;
    Ok(FmcFile {
        hash: *fmc.hash,
        public_key: fmc.public_key.to_vec(),
    })
}

fn ucode(chip: &Chip, task: Task, path: &Path) -> Result<Ucode, FirmwareError> {
    let by_dma = chip.family.loads_by_dma();
    let method = if by_dma {
        LoadMethod::Dma
    } else {
        LoadMethod::Pio
    };
    let file = whole(path)?;
    let booter =
        Booter::parse(&file, method).map_err(|error| malformed(path, format!("{error:?}")))?;
    let outside = || malformed(path, "a part lies outside the payload".into());
    let payload = booter.payload();
    let code = booter.app().of(payload).ok_or_else(outside)?;
    let data = booter.os_data().of(payload).ok_or_else(outside)?;
    let front = booter.os_code().of(payload).ok_or_else(outside)?;
    let hashes = booter
        .signatures()
        .map(|signature| {
            signature
                .iter()
                .any(|byte| *byte != 0)
                .then(|| hash(signature))
        })
        .collect::<Vec<_>>();
    let patch = booter.patch_range();
    let data_offset = position(payload, data) as usize;
    let at = patch
        .start
        .checked_sub(data_offset)
        .ok_or_else(|| malformed(path, "the signature does not belong into the data".into()))?;
    let directory = directory(chip);
    let signatures = match (by_dma, hashes.last().copied().flatten()) {
        (true, _) => Signatures::Versions {
            wanted: Wanted {
                ucode_id: u32::from(booter.ucode_id()),
                engine_mask: u32::from(booter.engine_id()),
                signature: booter.brom_parameters(),
            },
            first: booter.fuse_version(),
            hashes,
        },
        (false, Some(hash)) => Signatures::One {
            at,
            len: patch.len(),
            hash,
        },
        (false, None) => Signatures::Some {
            at,
            len: patch.len(),
        },
    };
    Ok(Ucode {
        name: catalogue::name(task, directory),
        directory: directory.to_owned(),
        task,
        code_len: code.len(),
        code: hash(code),
        front: (!by_dma).then(|| hash(front)),
        data_len: data.len(),
        data: Some(hash(data)),
        signatures,
    })
}
