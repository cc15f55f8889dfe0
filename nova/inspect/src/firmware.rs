// SPDX-License-Identifier: GPL-2.0

//! A firmware file in any container: which it is, and what the driver would take from it.

use crate::{
    report::{
        digits,
        Fields,
        Report, //
    },
    verdict::{
        Errno,
        Refusal,
        Verdict, //
    },
};
use kind::Kind;
use nova_firmware::{
    booter::{
        Booter,
        BooterError,
        LoadMethod,
        Region, //
    },
    fmc::{
        Fmc,
        FmcError,
        ImageHeader,
        Scheme, //
    },
    generic_bootloader::{
        GenericBootloader,
        GenericBootloaderError, //
    },
    gsp_image::{
        GspImage,
        GspImageError, //
    },
    riscv::{
        GspBootloader,
        GspBootloaderError, //
    },
    tlv::{
        GspDescriptor,
        GspDescriptorError,
        Tlv, //
    },
    version::SUPPORTED,
    At, //
};
use nova_hw::chip::Chip;
use std::{
    collections::BTreeMap,
    path::Path, //
};

pub mod kind;
mod signature;

/// How the driver's log line goes on after the file's name.
const MALFORMED: &str = "is malformed: ";

/// The highest version that a card's fuses can ask for.
const MAX_FUSE: u32 = 16;

/// Reads a file as for `chip`, or for the chip whose directory it is in, or for any.
///
/// `kind` is what the file is; if it is not given, name and contents tell.
pub fn inspect(path: &Path, bytes: &[u8], kind: Option<Kind>, chip: Option<Chip>) -> Report {
    let chip = chip.or_else(|| chip_of(path));
    let mut found = Fields::new();
    found.put_hex("size", bytes.len());
    found.put("chip", chip.map(Chip::display_name));
    let verdict = kind
        .map_or_else(|| Kind::of(path, bytes), Ok)
        .and_then(|kind| {
            found.put("kind", kind.describe());
            found.put("container", container(bytes));
            read(kind, bytes, chip, &mut found)
        });
    // As in the driver's log line, but for the directory.
    let verdict = verdict.map_err(|refusal| Refusal {
        reason: format!("firmware {} {}", path.display(), refusal.reason),
        ..refusal
    });
    Report {
        subject: path.display().to_string(),
        found,
        verdict,
    }
}

/// The chip whose directory `path` leads through.
fn chip_of(path: &Path) -> Option<Chip> {
    let mut names = path.iter().rev().filter_map(|name| name.to_str());
    names.find_map(Chip::from_name)
}

fn container(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'N', b'V', b'F', b'W', ..] => "TLV",
        [0x7f, b'E', b'L', b'F', 1, ..] => "ELF32",
        [0x7f, b'E', b'L', b'F', ..] => "ELF64",
        _ => "bin",
    }
}

fn read(kind: Kind, bytes: &[u8], chip: Option<Chip>, found: &mut Fields) -> Verdict {
    if kind == Kind::GspImage {
        return gsp_image(bytes, chip, found);
    }
    if !kind.is_tlv(bytes) {
        return match kind {
            Kind::Booter => booter(chip, found, |method| Booter::parse(bytes, method)),
            Kind::GspBootloader => gsp_bootloader(GspBootloader::parse(bytes), found),
            Kind::GenericBootloader => generic_bootloader(GenericBootloader::parse(bytes), found),
            Kind::Fmc => fmc(chip, found, |scheme| Fmc::parse(bytes, scheme)),
            Kind::GspImage | Kind::GspDescriptor => {
                Err(Refusal::new(Errno::Einval, "is malformed: not a TLV file"))
            }
        };
    }
    let tlv = Tlv::parse(bytes).map_err(|error| malformed(&error))?;
    found.put("version", tlv.version().as_str());
    if !tlv.version().is_supported() {
        let reason = format!(
            "is of version {}, only {SUPPORTED} is supported",
            tlv.version()
        );
        return Err(Refusal::new(Errno::Einval, reason));
    }
    match kind {
        Kind::Booter => booter(chip, found, |method| Booter::from_tlv(&tlv, method)),
        Kind::GspBootloader => gsp_bootloader(GspBootloader::from_tlv(&tlv), found),
        Kind::GenericBootloader => generic_bootloader(GenericBootloader::from_tlv(&tlv), found),
        Kind::Fmc => fmc(chip, found, |scheme| Fmc::from_tlv(&tlv, scheme)),
        Kind::GspImage | Kind::GspDescriptor => gsp_descriptor(&tlv, found),
    }
}

fn malformed<E: std::fmt::Display>(error: &At<E>) -> Refusal {
    Refusal::at(Errno::Einval, MALFORMED, error)
}

/// What only some chips want of a file, and which chips.
fn not_for(chip: Chip, what: &str) -> Refusal {
    Refusal::new(
        Errno::Einval,
        format!("is not for {chip}, which has no {what}"),
    )
}

// --- each kind ---------------------------------------------------------------------------------------

/// Reads the image for one family, or for each.
fn gsp_image(bytes: &[u8], chip: Option<Chip>, found: &mut Fields) -> Verdict {
    let read = |section| {
        GspImage::parse(bytes, section).map_err(|error| match error.reason {
            GspImageError::ImageTooBig(_) => Refusal::at(Errno::Efbig, MALFORMED, &error),
            _ => malformed(&error),
        })
    };
    let mut families: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
    for chip in Chip::ALL {
        let family = chip.family();
        let names = families.entry(family.gsp_signature_section).or_default();
        if !names.contains(&family.name) {
            names.push(family.name);
        }
    }
    let mut signatures = Vec::new();
    let mut shown = None;
    let mut refusal = None;
    for (section, names) in families {
        match read(section) {
            Ok(image) => {
                signatures.push(
                    Fields::new()
                        .with("section", section)
                        .with_hex("size", image.signature.len())
                        .with("families", names.join(" ")),
                );
                shown = Some(image);
            }
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    if let Some(image) = shown {
        found.put("version", image.version.as_str());
        found.put_hex("image size", image.image.len());
        found.put("signatures", signatures);
    }
    match (chip, shown, refusal) {
        (Some(chip), ..) => read(chip.family().gsp_signature_section).map(|_| ()),
        (None, None, Some(refusal)) => Err(refusal),
        (None, ..) => Ok(()),
    }
}

fn gsp_descriptor(tlv: &Tlv<'_>, found: &mut Fields) -> Verdict {
    let descriptor = GspDescriptor::from_tlv(tlv).map_err(|error| match error.reason {
        GspDescriptorError::ImageTooBig(_) => Refusal::at(Errno::Efbig, MALFORMED, &error),
        _ => malformed(&error),
    })?;
    found.put("image file", descriptor.file_name);
    found.put_hex("image size", descriptor.image_size);
    found.put_hex("signature size", descriptor.signature.len());
    Ok(())
}

fn region(name: &'static str, region: Region) -> Fields {
    Fields::new()
        .with("part", name)
        .with_hex("offset", region.offset)
        .with_hex("size", region.size)
}

/// Reads a Booter for the method of the chip, or for each method.
fn booter<'a>(
    chip: Option<Chip>,
    found: &mut Fields,
    parse: impl Fn(LoadMethod) -> Result<Booter<'a>, At<BooterError>>,
) -> Verdict {
    let methods = match chip {
        Some(chip) => vec![
            chip.family()
                .sec2()
                .ok_or_else(|| not_for(chip, "Booter"))?
                .load,
        ],
        None => vec![LoadMethod::Pio, LoadMethod::Dma],
    };
    let mut accepted = Vec::new();
    let mut image = None;
    let mut refusal = None;
    for method in methods {
        match parse(method) {
            Ok(booter) => {
                accepted.push(match method {
                    LoadMethod::Pio => "word by word (Turing, GA100)",
                    LoadMethod::Dma => "by DMA (GA102 and later)",
                });
                image = Some(booter);
            }
            Err(error) => refusal = Some(malformed(&error)),
        }
    }
    let Some(booter) = image else {
        return refusal.map_or(Ok(()), Err);
    };
    found.put("can be loaded", accepted);
    found.put_hex("payload size", booter.payload().len());
    found.put(
        "parts",
        vec![
            region("code", booter.os_code()),
            region("signed code", booter.app()),
            region("data", booter.os_data()),
        ],
    );
    found.put("signatures", booter.signatures().len());
    found.put_hex("signature size", booter.patch_range().len());
    found.put_hex("signature goes to", booter.patch_range().start);
    found.put("newest fuse version", booter.fuse_version());
    let fuses = (0..=MAX_FUSE).filter(|wanted| booter.signature_for(*wanted).is_ok());
    let fuses: Vec<_> = fuses.map(|wanted| wanted.to_string()).collect();
    found.put("runs on fuse versions", fuses.join(" "));
    found.put_hex("engine mask", booter.engine_id());
    found.put("ucode id", u32::from(booter.ucode_id()));
    found.put_hex("signature in DMEM", booter.brom_parameters());
    Ok(())
}

fn gsp_bootloader(
    bootloader: Result<GspBootloader<'_>, At<GspBootloaderError>>,
    found: &mut Fields,
) -> Verdict {
    let bootloader = bootloader.map_err(|error| malformed(&error))?;
    found.put_hex("payload size", bootloader.payload.len());
    found.put("app version", bootloader.app_version);
    found.put_hex("manifest", bootloader.manifest_offset);
    found.put_hex("data", bootloader.data_offset);
    found.put_hex("code", bootloader.code_offset);
    Ok(())
}

fn generic_bootloader(
    bootloader: Result<GenericBootloader<'_>, At<GenericBootloaderError>>,
    found: &mut Fields,
) -> Verdict {
    let bootloader = bootloader.map_err(|error| malformed(&error))?;
    found.put_hex("code size", bootloader.code.len());
    found.put_hex("size in IMEM", bootloader.padded_size);
    found.put_hex("boot vector", bootloader.boot_vector());
    Ok(())
}

/// Reads an FMC image for the scheme of the chip, or for the one that fits.
fn fmc<'a>(
    chip: Option<Chip>,
    found: &mut Fields,
    parse: impl Fn(Scheme) -> Result<Fmc<'a>, At<FmcError>>,
) -> Verdict {
    let (scheme, image) = match chip {
        Some(chip) => {
            let scheme = chip
                .family()
                .fsp()
                .ok_or_else(|| not_for(chip, "FSP"))?
                .fmc_scheme;
            (scheme, parse(scheme))
        }
        None => match parse(Scheme::Rsa3072) {
            Ok(image) => (Scheme::Rsa3072, Ok(image)),
            Err(_) => (Scheme::EcdsaP384, parse(Scheme::EcdsaP384)),
        },
    };
    let image = image.map_err(|error| malformed(&error))?;
    found.put(
        "signed with",
        match scheme {
            Scheme::Rsa3072 => "RSA-3072 (Hopper)",
            Scheme::EcdsaP384 => "ECDSA P-384 (Blackwell)",
        },
    );
    found.put_hex("public key size", image.public_key.len());
    found.put_hex("signature size", image.signature.len());
    found.put_hex("image size", image.image.len());
    let header = ImageHeader::of(image.image);
    found.put("image header", header.ok().map(image_header));
    let hash = signature::sha384(image.image);
    let is_hash = hash == *image.hash;
    let is_signed = signature::is_valid(&image, scheme);
    found.put("image SHA-384 as said", digits(image.hash));
    found.put("image SHA-384 is that", is_hash);
    if !is_hash {
        found.put("image SHA-384 instead", digits(&hash));
    }
    found.put("signature fits key and image", is_signed);
    if !is_hash {
        return Err(not_signed("an image of another hash than it says"));
    }
    if !is_signed {
        return Err(not_signed("a signature that does not fit"));
    }
    Ok(())
}

fn image_header(header: ImageHeader) -> Fields {
    Fields::new()
        .with_hex("header size", header.header_size)
        .with_hex("body size", header.body_size)
        .with_hex("code size", header.code_size)
        .with_hex("data size", header.data_size)
}

/// The driver takes such a file, and fails when FSP does not.
fn not_signed(what: &str) -> Refusal {
    Refusal::new(Errno::Eio, format!("has {what}: FSP will not start it"))
}
