// SPDX-License-Identifier: GPL-2.0

//! A dump of a card's ROM: what the driver would find in it before it runs FWSEC.

use crate::{
    report::{
        Fields,
        Report,
        Value, //
    },
    verdict::{
        Refusal,
        Verdict, //
    },
};
use nova_firmware::{
    vbios::{
        Application,
        BootloaderLoad,
        CodeType,
        Command,
        DmaLoad,
        Dump,
        FrtsRegion,
        Fwsec,
        Images,
        ReadError,
        RomSource,
        Signatures,
        Vbios,
        VbiosError, //
    },
    At, //
};
use nova_hw::chip::Chip;
use std::convert::Infallible;

/// How the driver's log line begins.
const MALFORMED: &str = "VBIOS is malformed: ";

/// A dump that counts what is read of it.
struct Counted<'a> {
    dump: Dump<'a>,
    words: usize,
}

impl RomSource for Counted<'_> {
    type Error = Infallible;

    fn read(&mut self, offset: usize, out: &mut [u8]) -> Result<(), Infallible> {
        self.words += out.len() / 4;
        self.dump.read(offset, out)
    }
}

/// Reads a dump, which begins where the card's ROM window does, as for `chip` if that is known.
pub fn inspect(subject: String, bytes: &[u8], chip: Option<Chip>) -> Report {
    let mut rom = Counted {
        dump: Dump(bytes),
        words: 0,
    };
    let mut found = Fields::new();
    found.put_hex("size", bytes.len());
    found.put("chip", chip.map(Chip::display_name));
    found.put("images", images(bytes));
    let verdict = if chip.is_some_and(|chip| chip.family().sec2().is_none()) {
        let note = "the driver does not read the VBIOS of this chip: FSP does what FWSEC would";
        found.put("note", note);
        Ok(())
    } else {
        fwsec(&mut rom, &mut found, chip)
    };
    found.put("words the driver reads", rom.words);
    Report {
        subject,
        found,
        verdict,
    }
}

fn refused(error: ReadError<Infallible>) -> Refusal {
    match error {
        ReadError::Rom(at) => malformed(at),
        ReadError::Source(never) => match never {},
    }
}

fn malformed(at: At<VbiosError>) -> Refusal {
    Refusal::at(at.reason.into(), MALFORMED, &at)
}

/// All images up to the last, or to the first malformed one.
pub(crate) fn images(bytes: &[u8]) -> Vec<Fields> {
    let mut dump = Dump(bytes);
    let Ok(images) = Images::new(&mut dump) else {
        return Vec::new();
    };
    images
        .map_while(Result::ok)
        .map(|image| {
            let code = match image.code_type {
                CodeType::PciAt => "PciAt".into(),
                CodeType::Efi => "EFI".into(),
                CodeType::Nbsi => "NBSI".into(),
                CodeType::FwSec => "FwSec".into(),
                CodeType::Other(other) => format!("type {other:#04x}"),
            };
            Fields::new()
                .with_hex("offset", image.range.start)
                .with_hex("size", image.range.len())
                .with("code", code)
                .with("last", image.last)
        })
        .collect()
}

fn fwsec(rom: &mut Counted<'_>, found: &mut Fields, chip: Option<Chip>) -> Verdict {
    let vbios = Vbios::read(rom).map_err(refused)?;
    found.put_hex("PciAt", vbios.pci_at().start);
    found.put_hex("FwSec", vbios.fwsec_region().start);
    found.put_hex("FwSec size", vbios.fwsec_region().len());
    found.put_hex("BIT", vbios.bit_offset());
    found.put("BIT checksum ok", vbios.bit_checksum_matches());
    // The driver does not ask for the version; what is read for it here is not counted.
    let words = rom.words;
    let version = vbios.version(rom).ok().flatten();
    rom.words = words;
    found.put("version", version.map(|version| version.to_string()));

    let fwsec = vbios
        .fwsec(rom, Application::FwsecProduction)
        .map_err(refused)?;
    let mut fields = Fields::new();
    let verdict = application(rom, &fwsec, &mut fields, chip);
    found.put("FWSEC", fields);
    verdict
}

/// Describes FWSEC, and prepares it in each way the driver would.
fn application(
    rom: &mut Counted<'_>,
    fwsec: &Fwsec,
    fields: &mut Fields,
    chip: Option<Chip>,
) -> Verdict {
    fields.put_hex("offset", fwsec.ucode().start);
    fields.put_hex("size", fwsec.ucode_size());
    let through_bootloader = chip
        .and_then(|chip| chip.family().sec2())
        .map(|sec2| sec2.fwsec_through_generic_bootloader);
    // Without a chip the descriptor says which generation it is for.
    let through_bootloader = through_bootloader.unwrap_or_else(|| fwsec.dma_load().is_err());
    if through_bootloader {
        bootloader_load(&fwsec.bootloader_load().map_err(malformed)?, fields);
    } else {
        dma_load(&fwsec.dma_load().map_err(malformed)?, fields);
    }

    let signatures = fwsec.signatures().map_err(malformed)?;
    fields.put("signatures", signatures.as_ref().map(describe_signatures));
    let mut ucode = vec![0; fwsec.ucode_size()];
    fwsec.read_ucode(rom, &mut ucode).map_err(refused)?;
    if let Some(signatures) = &signatures {
        // Which one, says a fuse of the card; all are as long.
        let any = fuses().find_map(|(_, fuse)| signatures.choose(fuse).ok());
        any.map_or(Ok(()), |signature| signature.read(rom, &mut ucode))
            .map_err(refused)?;
    }

    let region = FrtsRegion::new(0, 1 << 20).expect("a region of whole pages");
    for command in [Command::Frts(region), Command::Sb] {
        fwsec
            .patch(&mut ucode.clone(), command)
            .map_err(malformed)?;
    }
    fields.put("takes commands", true);
    Ok(())
}

fn dma_load(load: &DmaLoad, fields: &mut Fields) {
    let transfer = |transfer: &nova_firmware::vbios::Transfer| {
        Fields::new()
            .with_hex("from", transfer.source)
            .with_hex("to", transfer.destination)
            .with("blocks", transfer.blocks)
    };
    fields.put("loaded by", "the falcon's DMA (GA102 and later)");
    fields.put(
        "transfers",
        vec![transfer(&load.imem), transfer(&load.dmem)],
    );
    fields.put_hex("engine mask", load.boot_rom.engine_id_mask);
    fields.put("ucode id", u32::from(load.boot_rom.ucode_id));
    fields.put_hex("signature in DMEM", load.boot_rom.pkc_data_offset);
}

fn bootloader_load(load: &BootloaderLoad, fields: &mut Fields) {
    let region = |name: &'static str, region: nova_firmware::booter::Region| {
        Fields::new()
            .with("part", name)
            .with_hex("offset", region.offset)
            .with_hex("size", region.size)
    };
    fields.put("loaded by", "the generic bootloader (Turing, GA100)");
    fields.put_hex("object size", load.object_size);
    fields.put(
        "parts",
        vec![
            region("code", load.unsecure_code),
            region("secure code", load.secure_code),
            region("data", load.data),
        ],
    );
}

/// Fuse versions, each with what the register reads: a bit for each version that was ever burnt.
fn fuses() -> impl Iterator<Item = (u32, u32)> {
    (0..=16).map(|version| (version, 1 << version >> 1))
}

/// The signatures by the fuse versions they are for.
fn describe_signatures(signatures: &Signatures) -> Value {
    let versions = fuses().filter_map(|(version, fuse)| {
        let signature = signatures.choose(fuse).ok()?;
        Some(
            Fields::new()
                .with("fuse version", version)
                .with_hex("offset", signature.offset()),
        )
    });
    Fields::new()
        .with("fuses", format!("{:?}", signatures.bank()))
        .with("ucode id", u32::from(signatures.ucode_id()))
        .with("choices", versions.collect::<Vec<_>>())
        .into()
}
