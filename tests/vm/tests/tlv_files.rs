// SPDX-License-Identifier: GPL-2.0

//! TLV files made from NVIDIA's real files have the published hashes, and the driver's parsers take them.
//!
//! Built with `--features real-firmware` only. `NOVA_FIRMWARE_DIR` names the directory that holds
//! `nvidia/`, with the files uncompressed.

use nova_firmware::tlv::{
    GspDescriptor,
    Tag,
    Tlv, //
};
use nova_vm::tlv;
use sha2::{
    Digest,
    Sha256, //
};
use std::{
    fs,
    path::PathBuf, //
};

/// Chip, file of linux-firmware without its release, length and SHA-256 of what it becomes.
#[rustfmt::skip]
const GOLDEN: &[(&str, &str, usize, &str)] = &[
    ("tu102", "booter_load", 59320, "00684cbaf90cf4b4d5b8924fd3c61b9cedbe4e87b9e011f963183656fbaca2ce"),
    ("tu102", "booter_unload", 39352, "b109ebce06e1829b7dab2d8c2ed5ba768aa3bb70e009413a623bcb03f55c63dc"),
    ("tu116", "booter_load", 59064, "6fbda6fb8e7f54a48b812cb062a1e53a0c37ce276379ee22a78517628e82b7d4"),
    ("ga100", "booter_load", 60712, "9a314254a49e3821baaeb636fe7be4ad7062612069b283080de02874debf45c4"),
    ("ga102", "booter_load", 61352, "8aed7d5818eebc7d22aa34d7144e3886db05c91f8158bca61c1ced232e7d843a"),
    ("ga102", "booter_unload", 41128, "a3b49a234d645ce2cffae0752fc8add68ccd95c2de790c18505cecb795394ee9"),
    ("ad102", "booter_load", 57768, "ece67314e1ff7628fc41ed55aefcda7f49d0a060983bc1782bf5d4f553b38e95"),
    ("tu102", "gen_bootloader", 820, "50532a27fdbf9ce49443d3fac5eeb4368e554fe8413ed3e911d0ead7d63b2aef"),
    ("tu102", "bootloader", 4172, "6f3269cdc577f58e3c3d75e6e790107965a318c96984e2172e57d91e96b2a04b"),
    ("ga102", "bootloader", 24652, "c947bd341ad031302a1f221abd5512140bed6d5c4023ec794f4eee24c45c329d"),
    ("gh100", "bootloader", 168012, "b7d1c5044edcb479507193083fba446493f3bdb39158869c7ea99393843da8ce"),
    ("gb100", "bootloader", 200780, "7d45c5f3517a5cd37d306e51a89aea686b30b6c4e4dd01f40d717ffca3297f20"),
    ("gb102", "bootloader", 200780, "7d45c5f3517a5cd37d306e51a89aea686b30b6c4e4dd01f40d717ffca3297f20"),
    ("gb202", "bootloader", 200780, "a15aa2f434500154033d10d116433dbaf5a1e16719b6de9f1da393bde56260f0"),
    ("gh100", "fmc", 166316, "115f76138bb8be14bff0bb4a898a85006affe6238c1b99c6360ed1216ca9fbba"),
    ("gb100", "fmc", 197744, "b0942f0637ea629fe17f8b112a01c1517e689154208f3aa1380a0aefa39100fd"),
    ("gb102", "fmc", 197744, "b0942f0637ea629fe17f8b112a01c1517e689154208f3aa1380a0aefa39100fd"),
    ("gb202", "fmc", 199536, "53c70ab167f9eeb91acbb7fa4097b131aa7677de84d13233936306b90137e786"),
    ("tu102", "gsp", 4180, "41592630db92d69a486dfe6e8197e2fa2cdecb04f08478c0d293cdd0d52b6744"),
    ("tu116", "gsp", 4180, "efeb1a19b81775be25ed5a946a024b226c382aff26fe8bac6f3c4ec445af5b6f"),
    ("ga100", "gsp", 4180, "439ef4553c9502651e25598be5239aed75b7376e0fecab726e1b0ed56f18ce02"),
    ("ga102", "gsp", 4180, "d86a0184d8d35a69acf6ae7688c1ac81d6845fd45f305659090abaad2db30c2d"),
    ("ad102", "gsp", 4180, "61d7edb244f74511eb5bd738123c7e6b164c166db51ca39a543d11b70f8f8662"),
    ("gh100", "gsp", 4180, "9771fa3b917ac74bec1887e405255f2d0b19531f61d8b58bab43b2a693dc7eb5"),
    ("gb100", "gsp", 4180, "f5f978f86b2455191c05f9231abb098cf853c8bfb3c55fa3deccd61895c94c5f"),
    ("gb102", "gsp", 4180, "f5f978f86b2455191c05f9231abb098cf853c8bfb3c55fa3deccd61895c94c5f"),
    ("gb202", "gsp", 4180, "7fa64b4fb156f6176d39684d237c7d8807f540750cab187581ec4b693735e5b4"),
];

/// Chip, and length and SHA-256 of the bare image.
#[rustfmt::skip]
const COMPANIONS: &[(&str, usize, &str)] = &[
    ("tu102", 28_528_288, "2d1bb5c60b208cfd115f015b17dd04a6fece05fd2c0dcba3625d9d48cce3ceea"),
    ("ga102", 63_541_248, "574c85ded65d056b79c68d4ec849e7360066f521031122b2184744da21e55c28"),
    ("gh100", 63_541_248, "574c85ded65d056b79c68d4ec849e7360066f521031122b2184744da21e55c28"),
    ("gb102", 63_541_248, "574c85ded65d056b79c68d4ec849e7360066f521031122b2184744da21e55c28"),
    ("gb202", 63_541_248, "574c85ded65d056b79c68d4ec849e7360066f521031122b2184744da21e55c28"),
];

/// Chip, and SHA-256 of its FMC in a TLV file with the tags of [`OTHER_ORDER`]: a second statement of the same
/// values, from another source.
const REORDERED: &[(&str, &str)] = &[
    (
        "gh100",
        "a100fe2b0f0cdadafd23479ff6356628defcff2f787b0ad723376ee649743301",
    ),
    (
        "gb100",
        "03dbfdddf43c05f9821a2b1a74503fe21d252f3140aa0fcf7efce70cc463d141",
    ),
    (
        "gb202",
        "01c696ee8033b1d927ba4d6a2298239353876c562e4d5b51611dc993b617a631",
    ),
];
const OTHER_ORDER: [&[u8; 4]; 5] = [b"VERS", b"BLOB", b"HASH", b"PKEY", b"SIGN"];

fn firmware(chip: &str, name: &str) -> Vec<u8> {
    let directory = std::env::var_os("NOVA_FIRMWARE_DIR").expect(
        "NOVA_FIRMWARE_DIR is not set; it must name the directory that holds nvidia/, such as /lib/firmware",
    );
    let path = PathBuf::from(directory).join(format!("nvidia/{chip}/gsp/{name}-570.144.bin"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn converted_files_have_the_published_hashes() {
    for (chip, name, length, hash) in GOLDEN {
        let (_, kind) = tlv::plan(&format!("{name}-570.144.bin")).unwrap();
        let made = tlv::convert(kind, chip, &firmware(chip, name)).unwrap();
        assert_eq!(
            (made.len(), sha256(&made).as_str()),
            (*length, *hash),
            "{chip} {name}"
        );
        assert!(Tlv::parse(&made).unwrap().version().is_supported());
    }
}

#[test]
fn an_fmc_is_the_same_by_two_sources() {
    for (chip, hash) in REORDERED {
        let made = tlv::convert(tlv::Kind::Fmc, chip, &firmware(chip, "fmc")).unwrap();
        let parsed = Tlv::parse(&made).unwrap();
        let mut other = b"NVFW".to_vec();
        for tag in OTHER_ORDER {
            let (_, value) = parsed.bytes(Tag(*tag)).unwrap();
            other.extend(tag);
            other.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
            other.extend(value);
            other.resize(other.len().next_multiple_of(4), 0);
        }
        assert_eq!(sha256(&other).as_str(), *hash, "{chip}");
    }
}

#[test]
fn companions_have_the_published_hashes_and_the_promised_size() {
    for (chip, length, hash) in COMPANIONS {
        let file = firmware(chip, "gsp");
        let image = tlv::companion(&file).unwrap();
        assert_eq!(
            (image.len(), sha256(image).as_str()),
            (*length, *hash),
            "{chip}"
        );
        let made = tlv::convert(tlv::Kind::Gsp, chip, &file).unwrap();
        let descriptor = GspDescriptor::from_tlv(&Tlv::parse(&made).unwrap()).unwrap();
        assert_eq!(descriptor.file_name, tlv::COMPANION);
        assert_eq!(descriptor.image_size as usize, *length, "{chip}");
    }
}
