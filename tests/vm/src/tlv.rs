// SPDX-License-Identifier: GPL-2.0

//! Makes the TLV files that upstream's nova-core asks for out of the `.bin` files that linux-firmware ships.
//!
//! Both containers hold the same bytes; what differs is where the numbers stand. A `.bin` file has headers
//! that point at headers, a TLV file names each value:
//!
//! | `.bin`                        | `.tlv`                          | kept values                            |
//! |-------------------------------|---------------------------------|----------------------------------------|
//! | `booter_load`, `booter_unload` | same name                      | signatures, code, data, fuse           |
//! | `gen_bootloader`              | same name                       | start tag, code                        |
//! | `bootloader`                  | `gsp_bootloader`                | offsets of monitor and manifest        |
//! | `gsp`                         | `gsp`, beside it the bare image | this family's signature, size          |
//! | `fmc`                         | same name                       | hash, signature, public key            |
//!
//! It reads the `.bin` files by itself rather than with the driver's parsers, so that these are checked
//! by the result, and not the other way round.

use crate::error::{
    Context,
    Error,
    Result, //
};

mod bin;
mod image;

use bin::{
    word,
    Bin, //
};

/// The release all files belong to, as it stands in their names and in the `VERS` of what is made.
const RELEASE: &str = crate::firmware::VERSION;

/// Name of the bare image that a `gsp.tlv` points at.
pub const COMPANION: &str = "gsp.bin";

/// What a `.bin` file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Images that SEC2 runs.
    Booter,
    /// Loads FWSEC on chips whose falcons cannot do that by DMA.
    GenericBootloader,
    /// First thing the GSP's RISC-V core runs.
    GspBootloader,
    /// GSP-RM itself.
    Gsp,
    /// What FSP starts on the GSP.
    Fmc,
}

/// Names without release and extension: in linux-firmware, and as TLV.
const NAMES: &[(&str, &str, Kind)] = &[
    ("booter_load", "booter_load", Kind::Booter),
    ("booter_unload", "booter_unload", Kind::Booter),
    ("gen_bootloader", "gen_bootloader", Kind::GenericBootloader),
    ("bootloader", "gsp_bootloader", Kind::GspBootloader),
    ("gsp", "gsp", Kind::Gsp),
    ("fmc", "fmc", Kind::Fmc),
];

/// Section of the GSP image with the signature for a chip, by the beginning of the chip's name.
const SIGNATURES: &[(&str, &str)] = &[
    ("tu116", ".fwsignature_tu11x"),
    ("tu117", ".fwsignature_tu11x"),
    ("tu10", ".fwsignature_tu10x"),
    ("ga100", ".fwsignature_ga100"),
    ("ga10", ".fwsignature_ga10x"),
    ("ad10", ".fwsignature_ad10x"),
    ("gh100", ".fwsignature_gh100"),
    ("gb10", ".fwsignature_gb10x"),
    ("gb20", ".fwsignature_gb20x"),
];

/// What a file of linux-firmware becomes: its new name, and what it holds. `None` for a file that upstream's
/// driver does not ask for.
pub fn plan(bin_name: &str) -> Option<(String, Kind)> {
    let stem = bin_name
        .strip_suffix(".bin")?
        .strip_suffix(RELEASE)?
        .strip_suffix('-')?;
    NAMES
        .iter()
        .find(|(bin, _, _)| *bin == stem)
        .map(|(_, tlv, kind)| (format!("{tlv}.tlv"), *kind))
}

/// The TLV file made from a `.bin` file for `chip`. The image of a `Gsp` file is not in it: see [`companion`].
///
/// # Errors
/// Names what is wrong with the file, without its name.
pub fn convert(kind: Kind, chip: &str, file: &[u8]) -> Result<Vec<u8>> {
    let mut tlv = Builder::new();
    match kind {
        Kind::Booter => booter(&mut tlv, file)?,
        Kind::GenericBootloader => generic_bootloader(&mut tlv, file)?,
        Kind::GspBootloader => gsp_bootloader(&mut tlv, file)?,
        Kind::Gsp => gsp(&mut tlv, chip, file)?,
        Kind::Fmc => fmc(&mut tlv, file)?,
    }
    Ok(tlv.finish())
}

/// The bare image inside a `gsp` file, which is not in the TLV file but beside it.
///
/// # Errors
/// When there is none.
pub fn companion(file: &[u8]) -> Result<&[u8]> {
    image::section(file, ".fwimage")
}

/// HS header, whose fields are offsets in the file; and the load header, whose fields are offsets in the
/// payload.
fn booter(tlv: &mut Builder, file: &[u8]) -> Result<()> {
    let bin = Bin::open(file)?;
    let [signatures_at, signatures_size, patch, patch_signature, meta, meta_size, count, load, _] =
        bin.header()?;
    let at = |place: u32| word(file, place);
    let count = at(count)?;
    let load_header: [u32; 9] = bin::words(file, load)?;
    let [code, code_size, data, data_size, apps, app, app_size, ..] = load_header;
    let [fuse, engine, ucode] = bin::words(file, meta)?;
    for (what, found, wanted) in [
        ("size of the metadata", meta_size, 12),
        ("offset into the signatures", at(patch_signature)?, 0),
        ("number of apps", apps, 1),
        ("end of the open code", code_size, app),
    ] {
        if found != wanted {
            return Err(Error::new(format!("{what} is {found:#x}, not {wanted:#x}")));
        }
    }
    if !(1..=15).contains(&count) || signatures_size % count != 0 {
        return Err(Error::new(format!(
            "{count} signatures in {signatures_size} bytes"
        )));
    }
    tlv.number(b"NSIG", count);
    tlv.bytes(b"SIGN", bin::slice(file, signatures_at, signatures_size)?);
    tlv.number(b"PLOC", at(patch)?);
    tlv.number(b"FUSE", fuse);
    tlv.number(b"ENID", engine);
    tlv.number(b"UCID", ucode);
    tlv.number(b"CDOF", code);
    tlv.number(b"CDSZ", code_size);
    tlv.number(b"DAOF", data);
    tlv.number(b"DASZ", data_size);
    tlv.number(b"A0CO", app);
    tlv.number(b"A0CS", app_size);
    tlv.bytes(b"BLOB", bin.payload);
    Ok(())
}

fn generic_bootloader(tlv: &mut Builder, file: &[u8]) -> Result<()> {
    let bin = Bin::open(file)?;
    let [start_tag, _, _, code_size] = bin.header()?;
    tlv.number(b"STRT", start_tag);
    tlv.number(b"CDSZ", code_size);
    tlv.bytes(b"BLOB", bin.payload);
    Ok(())
}

fn gsp_bootloader(tlv: &mut Builder, file: &[u8]) -> Result<()> {
    let bin = Bin::open(file)?;
    let header: [u32; 14] = bin.header()?;
    let [version, .., app_version, manifest, _, data, _, code, _] = header;
    if version < 4 {
        return Err(Error::new(format!("its descriptor has version {version}")));
    }
    tlv.number(b"CDOF", code);
    tlv.number(b"DAOF", data);
    tlv.number(b"MFOF", manifest);
    tlv.number(b"APPV", app_version);
    tlv.bytes(b"BLOB", bin.payload);
    Ok(())
}

fn gsp(tlv: &mut Builder, chip: &str, file: &[u8]) -> Result<()> {
    let (_, signature) = SIGNATURES
        .iter()
        .find(|(start, _)| chip.starts_with(start))
        .ok_or_else(|| Error::new(format!("no signature is known for {chip}")))?;
    let size = u32::try_from(companion(file)?.len()).context(|| "the image is too large")?;
    tlv.bytes(b"SIGN", image::section(file, signature)?);
    tlv.number(b"SIZE", size);
    tlv.bytes(b"FILE", COMPANION.as_bytes());
    tlv.bytes(b"BLID", image::build_id(file)?);
    Ok(())
}

fn fmc(tlv: &mut Builder, file: &[u8]) -> Result<()> {
    for (tag, name) in [
        (b"HASH", "hash"),
        (b"SIGN", "signature"),
        (b"PKEY", "publickey"),
        (b"BLOB", "image"),
    ] {
        tlv.bytes(tag, image::section(file, name)?);
    }
    Ok(())
}

/// A TLV file being written.
struct Builder(Vec<u8>);

impl Builder {
    fn new() -> Self {
        Self(b"NVFW".to_vec())
    }

    fn number(&mut self, tag: &[u8; 4], value: u32) {
        self.bytes(tag, &value.to_le_bytes());
    }

    fn bytes(&mut self, tag: &[u8; 4], value: &[u8]) {
        // CAST: values are parts of firmware files, of less than 4 GiB.
        let length = value.len() as u32;
        self.0.extend(tag);
        self.0.extend(length.to_le_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes(b"VERS", RELEASE.as_bytes());
        self.0
    }
}

#[cfg(test)]
mod tests;
