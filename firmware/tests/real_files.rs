// SPDX-License-Identifier: GPL-2.0

//! The parsers against NVIDIA's real files, which are not part of this tree.
//!
//! Built with `--features real-firmware` only. `NOVA_FIRMWARE_DIR` names the directory that holds
//! `nvidia/`, with the files uncompressed: usually `/lib/firmware`.
//!
//! Each file is also converted to the TLV container, in the way NVIDIA's own tool does it. The result
//! must have the published hash, and must be read back as the same thing.

use golden::{
    BooterFile,
    BootloaderFile,
    FmcFile,
    GspFile, //
};
use nova_firmware::{
    booter::{
        Booter,
        Region, //
    },
    fmc::Fmc,
    fsp::cot::{
        Cot,
        Frts, //
    },
    generic_bootloader::GenericBootloader,
    gsp_image::{
        GspImage,
        GspImageError, //
    },
    riscv::GspBootloader,
    tlv::{
        GspDescriptor,
        Tlv, //
    },
};
use sha2::{
    Digest,
    Sha256,
    Sha384, //
};
use std::{
    fs,
    path::PathBuf, //
};

#[path = "real_files/golden.rs"]
mod golden;

/// Reads a file below the firmware directory.
fn read(path: &str) -> Vec<u8> {
    let directory = std::env::var_os("NOVA_FIRMWARE_DIR").expect(
        "NOVA_FIRMWARE_DIR is not set; it must name the directory that holds nvidia/, such as /lib/firmware",
    );
    let path = PathBuf::from(directory).join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A TLV file of release 570.144.
fn tlv(blocks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"NVFW".to_vec();
    for (tag, value) in blocks.iter().chain(&[(b"VERS", &b"570.144"[..])]) {
        file.extend(*tag);
        file.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        file.extend(*value);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    file
}

fn number(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}

fn assert_sha256(bytes: &[u8], want: &str, what: &str) {
    assert_eq!(sha256(bytes), want, "{what}");
}

#[test]
fn booters() {
    for file in &golden::BOOTERS {
        let BooterFile { path, method, .. } = *file;
        let bytes = read(path);
        let booter =
            Booter::parse(&bytes, method).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(booter.payload().len(), file.payload_size, "{path}");
        let patch = file.patch_location..file.patch_location + file.signature_size;
        assert_eq!(booter.patch_range(), patch, "{path}");
        let ids = (booter.fuse_version(), booter.engine_id(), booter.ucode_id());
        assert_eq!(ids, file.ids, "{path}");
        let region = |(offset, size)| Region { offset, size };
        assert_eq!(booter.os_code(), region((0, 0x100)), "{path}");
        assert_eq!(booter.os_data(), region(file.os_data), "{path}");
        assert_eq!(booter.app(), region(file.app), "{path}");
        assert_eq!(booter.brom_parameters(), file.brom_parameters, "{path}");

        assert_sha256(booter.payload(), file.payload, path);
        let mut signed = vec![0; booter.payload().len()];
        assert_eq!(booter.signatures().len(), file.signed.len(), "{path}");
        for (signature, want) in booter.signatures().zip(file.signed) {
            booter.write_signed(signature, &mut signed).unwrap();
            assert_sha256(&signed, want, path);
        }
    }
}

#[test]
fn booters_and_fuses() {
    for file in &golden::BOOTERS {
        let bytes = read(file.path);
        let booter = Booter::parse(&bytes, file.method).unwrap();
        let signatures: Vec<_> = booter.signatures().collect();
        assert_eq!(
            booter.signature_for(0).ok(),
            signatures.last().copied(),
            "{}",
            file.path
        );
        if signatures.len() == 2 {
            assert_eq!(booter.signature_for(1), Ok(signatures[0]), "{}", file.path);
        }
        let too_new = u32::try_from(signatures.len()).unwrap();
        assert!(booter.signature_for(too_new).is_err(), "{}", file.path);
    }
}

#[test]
fn booters_as_tlv() {
    for file in &golden::BOOTERS {
        let BooterFile { path, method, .. } = *file;
        let Some(want) = file.tlv else { continue };
        let bytes = read(path);
        let booter = Booter::parse(&bytes, method).unwrap();
        let signatures: Vec<u8> = booter.signatures().flatten().copied().collect();
        let converted = tlv(&[
            (b"NSIG", &number(booter.signatures().len())),
            (b"SIGN", &signatures),
            (b"PLOC", &number(booter.patch_range().start)),
            (b"FUSE", &booter.fuse_version().to_le_bytes()),
            (b"ENID", &u32::from(booter.engine_id()).to_le_bytes()),
            (b"UCID", &u32::from(booter.ucode_id()).to_le_bytes()),
            (b"CDOF", &booter.os_code().offset.to_le_bytes()),
            (b"CDSZ", &booter.os_code().size.to_le_bytes()),
            (b"DAOF", &booter.os_data().offset.to_le_bytes()),
            (b"DASZ", &booter.os_data().size.to_le_bytes()),
            (b"A0CO", &booter.app().offset.to_le_bytes()),
            (b"A0CS", &booter.app().size.to_le_bytes()),
            (b"BLOB", booter.payload()),
        ]);
        assert_sha256(&converted, want, path);
        let read_back = Booter::from_tlv(&Tlv::parse(&converted).unwrap(), method).unwrap();
        assert!(
            format!("{read_back:?}") == format!("{booter:?}"),
            "{path} differs as TLV"
        );
    }
}

#[test]
fn gsp_bootloaders() {
    for file in &golden::BOOTLOADERS {
        let BootloaderFile { path, .. } = *file;
        let bytes = read(path);
        let bootloader =
            GspBootloader::parse(&bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
        let GspBootloader {
            payload,
            app_version,
            manifest_offset,
            data_offset,
            code_offset,
        } = bootloader;
        assert_eq!(payload.len(), file.payload_size, "{path}");
        assert_eq!(
            [manifest_offset, data_offset, code_offset],
            file.offsets,
            "{path}"
        );
        assert_eq!(app_version, file.app_version, "{path}");
        assert_sha256(payload, file.payload, path);

        let converted = tlv(&[
            (b"CDOF", &code_offset.to_le_bytes()),
            (b"DAOF", &data_offset.to_le_bytes()),
            (b"MFOF", &manifest_offset.to_le_bytes()),
            (b"APPV", &app_version.to_le_bytes()),
            (b"BLOB", payload),
        ]);
        assert_sha256(&converted, file.tlv, path);
        let read_back = GspBootloader::from_tlv(&Tlv::parse(&converted).unwrap());
        assert!(read_back == Ok(bootloader), "{path} differs as TLV");
    }
}

#[test]
fn generic_bootloaders() {
    for path in [
        "nvidia/tu102/gsp/gen_bootloader-570.144.bin",
        "nvidia/tu102/acr/bl.bin",
    ] {
        let bytes = read(path);
        let bootloader =
            GenericBootloader::parse(&bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_sha256(
            bootloader.code,
            "6f442fbd706a3e7cb2c4d116553e246963eccf493dc12527e0658770a036b771",
            path,
        );
        assert_eq!(
            (bootloader.start_tag, bootloader.padded_size),
            (0xfd, 0x200),
            "{path}"
        );
        assert_eq!(bootloader.boot_vector(), 0xfd00, "{path}");
        assert_eq!(
            bootloader.imem_destination(0x1_0000),
            Some(0xfe00),
            "{path}"
        );
    }
}

#[test]
fn the_generic_bootloader_as_tlv() {
    let bytes = read("nvidia/tu102/gsp/gen_bootloader-570.144.bin");
    let bootloader = GenericBootloader::parse(&bytes).unwrap();
    let payload = &bytes[0x30..];
    assert_sha256(
        payload,
        "f21f1cfbb8fffa8067685314367fc4c50f3f84dd99eda7c19db4292d9269b9d9",
        "payload",
    );
    let converted = tlv(&[
        (b"STRT", &number(0xfd)),
        (b"CDSZ", &number(0x200)),
        (b"BLOB", payload),
    ]);
    let want = "50532a27fdbf9ce49443d3fac5eeb4368e554fe8413ed3e911d0ead7d63b2aef";
    assert_sha256(&converted, want, "TLV");
    let read_back = GenericBootloader::from_tlv(&Tlv::parse(&converted).unwrap());
    assert_eq!(read_back, Ok(bootloader));
}

#[test]
fn gsp_images() {
    let mut last = (String::new(), Vec::new());
    for file in &golden::GSP_IMAGES {
        let GspFile { path, section, .. } = *file;
        if last.0 != path {
            last = (path.into(), read(path));
            let image =
                GspImage::parse(&last.1, section).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_sha256(image.image, file.image, path);
        }
        let image =
            GspImage::parse(&last.1, section).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(image.image.len(), file.image_size, "{path}");
        assert_eq!(image.version.as_str(), "570.144", "{path}");
        assert_eq!(image.signature.len(), 0x1000, "{path} {section}");
        assert_sha256(image.signature, file.signature, section);

        let converted = tlv(&[
            (b"SIGN", image.signature),
            (b"SIZE", &number(image.image.len())),
            (b"FILE", b"gsp.bin"),
            (b"BLID", &file.build_id),
        ]);
        assert_sha256(&converted, file.tlv, section);
        let tlv = Tlv::parse(&converted).unwrap();
        assert!(tlv.version().is_supported());
        let descriptor = GspDescriptor::from_tlv(&tlv).unwrap();
        assert_eq!(
            (descriptor.file_name, descriptor.image_size as usize),
            ("gsp.bin", file.image_size)
        );
        assert!(
            descriptor.signature == image.signature,
            "{section} differs as TLV"
        );
    }
}

#[test]
fn the_signature_name_of_an_older_driver_does_not_exist() {
    let bytes = read("nvidia/ga102/gsp/gsp-570.144.bin");
    let error = GspImage::parse(&bytes, ".fwsignature_gh10x").unwrap_err();
    assert_eq!(
        error.reason,
        GspImageError::NoSignature(".fwsignature_gh10x")
    );
}

#[test]
fn images_of_another_release_are_refused() {
    for (path, section) in [
        ("nvidia/tu102/gsp/gsp-535.113.01.bin", ".fwsignature_tu10x"),
        ("nvidia/ga102/gsp/gsp-535.113.01.bin", ".fwsignature_ga10x"),
    ] {
        let bytes = read(path);
        let error = GspImage::parse(&bytes, section).expect_err(path);
        assert_eq!(
            error.reason.to_string(),
            "version 535.113.01, only 570.144 is supported",
            "{path}"
        );
    }
}

#[test]
fn fmc_images() {
    for file in &golden::FMCS {
        let FmcFile { path, scheme, .. } = *file;
        let bytes = read(path);
        let fmc = Fmc::parse(&bytes, scheme).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(fmc.image.len(), file.image_size, "{path}");
        let parts = [&fmc.hash[..], fmc.signature, fmc.public_key, fmc.image];
        assert_eq!(parts.map(sha256), file.hashes, "{path}");
        assert_eq!(Sha384::digest(fmc.image).as_slice(), fmc.hash, "{path}");

        let converted = tlv(&[
            (b"HASH", fmc.hash),
            (b"SIGN", fmc.signature),
            (b"PKEY", fmc.public_key),
            (b"BLOB", fmc.image),
        ]);
        assert_sha256(&converted, file.tlv, path);
        let read_back = Fmc::from_tlv(&Tlv::parse(&converted).unwrap(), scheme);
        assert!(read_back == Ok(fmc), "{path} differs as TLV");
    }
}

#[test]
fn requests_to_start_an_fmc() {
    for file in &golden::FMCS {
        let FmcFile {
            path, scheme, cot, ..
        } = file;
        let bytes = read(path);
        let fmc = Fmc::parse(&bytes, *scheme).unwrap();
        let packet = |frts| {
            let cot = Cot {
                version: cot.version,
                fmc: &fmc,
                fmc_address: 0x1_2340_0000,
                frts,
                boot_params: 0x1_2350_0000,
            };
            cot.encode().unwrap()
        };
        let cold = packet(Some(Frts {
            end_offset: cot.frts_end_offset,
            size: 0x10_0000,
        }));
        let words: Vec<_> = cold
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .collect();
        assert_eq!(words[..11], cot.words, "{path}");
        assert_eq!(words[215..], [0x2350_0000, 1], "{path}");
        assert_sha256(&cold, cot.cold, path);
        assert_sha256(&packet(None), cot.resume, path);
    }
}
