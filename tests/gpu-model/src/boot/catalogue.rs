// SPDX-License-Identifier: GPL-2.0

//! The programs that the model knows by their contents. None is executed: what a program does is
//! described elsewhere, and only a program that is known does it.
//!
//! The table below is of version 570.144, by hash. Files on disk can be added to it.

use std::sync::LazyLock;

use sha2::{
    Digest,
    Sha256, //
};

use crate::falcon::{
    brom::Wanted,
    Which, //
};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What a program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Starts GSP-RM.
    BooterLoad,
    /// Takes down what booter has set up.
    BooterUnload,
    /// Clears more of VRAM than the VBIOS has.
    Scrubber,
}

/// Signatures of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// One of this many bytes, not known; it must not be all zeros.
    Some {
        /// Offset in data memory.
        at: usize,
        /// Bytes.
        len: usize,
    },
    /// One of this hash.
    One {
        /// Offset in data memory.
        at: usize,
        /// Bytes.
        len: usize,
        /// Hash.
        hash: Hash,
    },
    /// Several, checked by the boot ROM. `None` stands for one that is all zeros.
    Versions {
        /// What the boot ROM must be told.
        wanted: Wanted,
        /// Fuse version of the first one; the following ones have lower versions.
        first: u32,
        /// Hashes.
        hashes: Vec<Option<Hash>>,
    },
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ucode {
    /// Name for messages.
    pub name: String,
    /// Directory of the firmware it belongs to, such as `ga102`.
    pub directory: String,
    /// What it does.
    pub task: Task,
    /// Bytes of secure code.
    pub code_len: usize,
    /// Hash of the secure code.
    pub code: Hash,
    /// Hash of the block in front of it that is not secure; absent where none is loaded.
    pub front: Option<Hash>,
    /// Bytes of data memory.
    pub data_len: usize,
    /// Hash of the data with zeros for the signature; absent if not known.
    pub data: Option<Hash>,
    /// Signatures.
    pub signatures: Signatures,
}

impl Ucode {
    /// Falcon that it runs on.
    pub const ENGINE: Which = Which::Sec2;
}

/// The hash of `bytes`.
pub fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The code of the generic bootloader, which is the same in all files.
pub fn generic_bootloader() -> Hash {
    unhex("6f442fbd706a3e7cb2c4d116553e246963eccf493dc12527e0658770a036b771")
}

/// Bytes of the generic bootloader.
pub const GENERIC_BOOTLOADER_LEN: usize = 0x200;

/// One row of the table: programs that are loaded through ports.
struct ByPorts(
    Task,
    &'static str,
    usize,
    usize,
    usize,
    &'static str,
    &'static str,
);
/// One row of the table: programs that the boot ROM checks.
struct ByDma(
    Task,
    usize,
    usize,
    u32,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

use Task::{
    BooterLoad as Load,
    BooterUnload as Unload,
    Scrubber, //
};

/// Directory, bytes of code, of data and of the signature; hashes of secure code and of the block
/// in front.
#[rustfmt::skip]
const BY_PORTS: &[ByPorts] = &[
    ByPorts(Load, "tu102", 0x8400, 0x6200, 16,
        "4d1690f2340e46cd4f304962e96ec4d5a54aedd2059d6c96e9c12ad32b281ef0",
        "21736b22e33b8842a2b3f4f09192682689208c33fa4a3cb3043d48e31d0ce71d"),
    ByPorts(Unload, "tu102", 0x4b00, 0x4d00, 16,
        "cfed6249b5f4bf2e120c601493d1b840af84b3f2f5b7625c4327c52fd238d2ff",
        "ef3aa2d4319bc2974f713f580f8d15c5dd1c9d967bedd81fad135972c40c70b6"),
    ByPorts(Load, "tu116", 0x8300, 0x6200, 16,
        "8e5edf2218ebe68e612165549d5816eb5ddd1102a66a39e019eff998cd49214d",
        "30662df0a2f82920ea448975fbe95efce1baed522446d0f28ca36776fbc74b5c"),
    ByPorts(Unload, "tu116", 0x4a00, 0x4d00, 16,
        "1fc942a474cb9dd096f57bb3bf2d4e41b9e807b418de9acd75b9b5f9ca4c5e83",
        "05a3f5b2431dd0b0dc04522bd31b496280e67a541fd50102a2cf547bf3992fba"),
    ByPorts(Load, "ga100", 0x8600, 0x6400, 384,
        "cd23e5e6fc1793ed00bc1ed2d878d7365b86b4e0bcff7882a093f8420be7fb03",
        "545e90dafb12b0df7599afaf4333b21f21acbdcc1042fd6772317e84f37a489b"),
    ByPorts(Unload, "ga100", 0x4c00, 0x4f00, 384,
        "e5c57afa12946e9440495e37369f46c502761a3915bc00dbc5d12b4a62d218e1",
        "3707c1596190680cd4202c77f481b9f66494d86121bcef9a9f79cfd325b9bba8"),
];

/// Bytes of code and data, offset of the signature; directory; hashes of code, and of the
/// signatures for fuse versions 1 and 0 (empty for one that is all zeros).
#[rustfmt::skip]
const BY_DMA: &[ByDma] = &[
    ByDma(Load, 0x8900, 0x6200, 0x10, "ga102",
        "c13735b06dc8054579f5009b079402f1a3a75775b19668d54fb2abdd442e1c12",
        "774ba82f3ef1dcb639f8723e54b7ccc2c5eb46fff1196fa76f2bce5b2c900d30", ""),
    ByDma(Unload, 0x4f00, 0x4d00, 0x10, "ga102",
        "cfb62679609cf8252fa9ec46e0528705c78a6c4ee34f5fe19761a25af328806f",
        "06e0b71b960df1e028b9a41f97df6005fe1964f1c0cffa2181984a4c323d48d3", ""),
    ByDma(Load, 0x7d00, 0x6000, 0x10, "ad102",
        "cc554149af920f2d886867ab7b5ff61a51071e930790a27021a53148ed98fc47",
        "5486209e8239da2d2b6c9190e836a76881a6d070a9b5840f845c575333b84bbf",
        "a96640a57a9e61ce5691e23e8e3e2bbfada0dcfba617c15a1f59f6b67afa076f"),
    ByDma(Unload, 0x4f00, 0x4e00, 0x10, "ad102",
        "52dc95c40dacbdf5d214be03caf715f9ebbb3feee64df466a6bfcd7f1a9e058c",
        "628af527d0f9819ab6780ea9ddf4583755817c20d18ea95ab6be9ebe42d7f944",
        "2227d99efa1f3429d0cc997a9dc41a4513d2c81b4c5920f84e63f043406bef68"),
    ByDma(Scrubber, 0x1900, 0x300, 0, "ad102",
        "addac6c7c003d8483e2fd28714b56363f73800880bc56a1aaeb10d9ea8f7d79f",
        "692c56d3f54f1dda5578181d22d14b341637422bbefb4f0de97d7384b49e8480",
        "7510284c049dfba411cf4ffaed264d83595e2be859aee05be9c7e39ae4540c95"),
];

/// Ucode id of booters and of the scrubber, on chips that have a fuse for it.
const BOOTER_ID: u32 = 3;
const SCRUBBER_ID: u32 = 0xd;
/// Signatures of programs that are loaded through ports belong here in data memory.
const PORTS_SIGNATURE: usize = 0x200;

static KNOWN: LazyLock<Vec<Ucode>> = LazyLock::new(table);

/// The programs of version 570.144.
pub fn known() -> Vec<Ucode> {
    KNOWN.clone()
}

fn table() -> Vec<Ucode> {
    let by_ports = BY_PORTS.iter().map(|row| Ucode {
        name: name(row.0, row.1),
        directory: row.1.to_owned(),
        task: row.0,
        code_len: row.2,
        code: unhex(row.5),
        front: Some(unhex(row.6)),
        data_len: row.3,
        data: Some(hash(&vec![0; row.3])),
        signatures: Signatures::Some {
            at: PORTS_SIGNATURE,
            len: row.4,
        },
    });
    let by_dma = BY_DMA.iter().map(|row| Ucode {
        name: name(row.0, row.4),
        directory: row.4.to_owned(),
        task: row.0,
        code_len: row.1,
        code: unhex(row.5),
        front: None,
        data_len: row.2,
        // Those for Ada have data of their own, whose hash is not known.
        data: (row.4 == "ga102").then(|| hash(&vec![0; row.2])),
        signatures: Signatures::Versions {
            wanted: Wanted {
                ucode_id: if row.0 == Scrubber {
                    SCRUBBER_ID
                } else {
                    BOOTER_ID
                },
                engine_mask: Ucode::ENGINE.engine_bit(),
                signature: row.3,
            },
            first: 1,
            hashes: [row.6, row.7]
                .map(|hex| (!hex.is_empty()).then(|| unhex(hex)))
                .to_vec(),
        },
    });
    by_ports.chain(by_dma).collect()
}

/// Name of the program with `task` from `directory`.
pub fn name(task: Task, directory: &str) -> String {
    let task = match task {
        Load => "booter_load",
        Unload => "booter_unload",
        Scrubber => "scrubber",
    };
    format!("{task} of {directory}")
}

fn unhex(hex: &str) -> Hash {
    let mut hash = [0; 32];
    for (byte, digits) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digit = |c: u8| char::from(c).to_digit(16).unwrap_or_default();
        // CAST: two hexadecimal digits.
        *byte = (digit(digits[0]) << 4 | digit(digits[1])) as u8;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chip_directory_has_a_program_to_load_and_to_unload() {
        let known = known();
        for directory in ["tu102", "tu116", "ga100", "ga102", "ad102"] {
            for task in [Load, Unload] {
                let matching = known
                    .iter()
                    .filter(|ucode| ucode.directory == directory && ucode.task == task);
                assert_eq!(matching.count(), 1, "{directory} {task:?}");
            }
        }
        assert_eq!(known.len(), 11);
    }

    #[test]
    fn hashes_are_whole_and_different() {
        let mut seen = std::collections::HashSet::new();
        for row in BY_PORTS {
            assert_eq!((row.5.len(), row.6.len()), (64, 64), "{}", row.1);
            assert!(seen.insert(row.5) && seen.insert(row.6));
        }
        for row in BY_DMA {
            assert_eq!((row.5.len(), row.6.len()), (64, 64), "{}", row.4);
            assert!(seen.insert(row.5) && seen.insert(row.6));
        }
    }

    #[test]
    fn hexadecimal_text_becomes_bytes() {
        assert_eq!(unhex("6f44ff")[..4], [0x6f, 0x44, 0xff, 0]);
    }
}
