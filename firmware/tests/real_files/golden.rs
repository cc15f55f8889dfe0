// SPDX-License-Identifier: GPL-2.0

//! What the files of linux-firmware 20260916 for release 570.144 hold: numbers and hashes, no contents.
//!
//! Hashes are SHA-256 in hexadecimal.

use nova_firmware::{
    booter::LoadMethod::{
        self,
        Dma,
        Pio, //
    },
    fmc::Scheme, //
};

/// A Booter image, or the scrubber, which has the same format.
pub(crate) struct BooterFile {
    pub(crate) path: &'static str,
    pub(crate) method: LoadMethod,
    pub(crate) payload_size: usize,
    pub(crate) patch_location: usize,
    pub(crate) signature_size: usize,
    /// Fuse version, engine, ucode.
    pub(crate) ids: (u32, u16, u8),
    /// Offset and size.
    pub(crate) os_data: (u32, u32),
    /// Offset and size.
    pub(crate) app: (u32, u32),
    pub(crate) brom_parameters: u32,
    /// Hash of the payload as it is.
    pub(crate) payload: &'static str,
    /// Hash of the payload with each of the signatures.
    pub(crate) signed: &'static [&'static str],
    /// Hash of the same file in the other container.
    pub(crate) tlv: Option<&'static str>,
}

pub(crate) const BOOTERS: [BooterFile; 11] = [
    BooterFile {
        path: "nvidia/tu102/gsp/booter_load-570.144.bin",
        method: Pio,
        payload_size: 0xe700,
        patch_location: 0x8700,
        signature_size: 16,
        ids: (0, 0x1, 0xd),
        os_data: (0x8500, 0x6200),
        app: (0x100, 0x8400),
        brom_parameters: 0x200,
        payload: "e0f0fc93da097b5b68e5af3adb58b2235ed1fad5fce0b23592d3895af44cb743",
        signed: &["1de31591beae01d3a59778d9066532c6e808029258927d270c31193265c3305f"],
        tlv: Some("00684cbaf90cf4b4d5b8924fd3c61b9cedbe4e87b9e011f963183656fbaca2ce"),
    },
    BooterFile {
        path: "nvidia/tu102/gsp/booter_unload-570.144.bin",
        method: Pio,
        payload_size: 0x9900,
        patch_location: 0x4e00,
        signature_size: 16,
        ids: (0, 0x1, 0xd),
        os_data: (0x4c00, 0x4d00),
        app: (0x100, 0x4b00),
        brom_parameters: 0x200,
        payload: "08de6763d1fcb4e60296de23a1dc0f6f30fd5b7f97af52200ba17731b9d246a2",
        signed: &["39769c4adbf8691d89624635d40c0b2bdae98a6a41478ab083d7da5c548eea12"],
        tlv: Some("b109ebce06e1829b7dab2d8c2ed5ba768aa3bb70e009413a623bcb03f55c63dc"),
    },
    BooterFile {
        path: "nvidia/tu116/gsp/booter_load-570.144.bin",
        method: Pio,
        payload_size: 0xe600,
        patch_location: 0x8600,
        signature_size: 16,
        ids: (0, 0x1, 0xd),
        os_data: (0x8400, 0x6200),
        app: (0x100, 0x8300),
        brom_parameters: 0x200,
        payload: "be0e00ca9379023438ad6466d9d9f38b2c97f694d54d154553e46479edc96af0",
        signed: &["859eae6e81d24e4832109460cdf8295733d4ea77d0cbc01e3a2ecc2cea98e487"],
        tlv: Some("6fbda6fb8e7f54a48b812cb062a1e53a0c37ce276379ee22a78517628e82b7d4"),
    },
    BooterFile {
        path: "nvidia/tu116/gsp/booter_unload-570.144.bin",
        method: Pio,
        payload_size: 0x9800,
        patch_location: 0x4d00,
        signature_size: 16,
        ids: (0, 0x1, 0xd),
        os_data: (0x4b00, 0x4d00),
        app: (0x100, 0x4a00),
        brom_parameters: 0x200,
        payload: "ee6593a30f7570512a4dd0792c8b720c6fed1bb3ee25509a76e39aa3b07df57f",
        signed: &["a609c36e71bf4d933fbd64e356287eb6070f6072dab07282304b184f1c680050"],
        tlv: Some("e8f00dee8eb870ac153d5e80ba7527f4b27d7434bff87eaea71f8e248df6e041"),
    },
    BooterFile {
        path: "nvidia/ga100/gsp/booter_load-570.144.bin",
        method: Pio,
        payload_size: 0xeb00,
        patch_location: 0x8900,
        signature_size: 384,
        ids: (0, 0x1, 0x3),
        os_data: (0x8700, 0x6400),
        app: (0x100, 0x8600),
        brom_parameters: 0x200,
        payload: "edacea964e7199268b031ac0baac60358eb6845b38456c0b3e7dc8e2c35daf86",
        signed: &["653506089df3a587df33ac2aa1eb336d40a0ea2e4852d80611754ab56cbfba68"],
        tlv: Some("9a314254a49e3821baaeb636fe7be4ad7062612069b283080de02874debf45c4"),
    },
    BooterFile {
        path: "nvidia/ga100/gsp/booter_unload-570.144.bin",
        method: Pio,
        payload_size: 0x9c00,
        patch_location: 0x4f00,
        signature_size: 384,
        ids: (0, 0x1, 0x3),
        os_data: (0x4d00, 0x4f00),
        app: (0x100, 0x4c00),
        brom_parameters: 0x200,
        payload: "419e6b3d942bcd52015d6b52eb4cc3cad1ac0d25b5fab9c8a9b6572d85f26469",
        signed: &["46c1397b90e3f781f54ba12e17bf5158d50b8df18722730131aa957e58a20ebb"],
        tlv: Some("d4131a118828707227e9c142cd4e8fec9c5568138201b9e910bd68fccdfbae0b"),
    },
    BooterFile {
        path: "nvidia/ga102/gsp/booter_load-570.144.bin",
        method: Dma,
        payload_size: 0xec00,
        patch_location: 0x8a10,
        signature_size: 384,
        ids: (1, 0x1, 0x3),
        os_data: (0x8a00, 0x6200),
        app: (0x100, 0x8900),
        brom_parameters: 0x10,
        payload: "6803188fef6bd352f7ab47b2cf13e18175ac3f12243fa6afae7c4e2872f246f0",
        signed: &[
            "89ce13f8bea10a9c799b6606aaef8aca7baf78d3dcb1204178a2bbff5bd6f265",
            "6803188fef6bd352f7ab47b2cf13e18175ac3f12243fa6afae7c4e2872f246f0",
        ],
        tlv: Some("8aed7d5818eebc7d22aa34d7144e3886db05c91f8158bca61c1ced232e7d843a"),
    },
    BooterFile {
        path: "nvidia/ga102/gsp/booter_unload-570.144.bin",
        method: Dma,
        payload_size: 0x9d00,
        patch_location: 0x5010,
        signature_size: 384,
        ids: (1, 0x1, 0x3),
        os_data: (0x5000, 0x4d00),
        app: (0x100, 0x4f00),
        brom_parameters: 0x10,
        payload: "023d474cd84acc33c840bf239c27f36b16f3f6709c88862f59892697a5959010",
        signed: &[
            "cdfb6158f2149f51151676f85bc2fd002232df5c4096b76cdcad6cc9075cc7c0",
            "023d474cd84acc33c840bf239c27f36b16f3f6709c88862f59892697a5959010",
        ],
        tlv: Some("a3b49a234d645ce2cffae0752fc8add68ccd95c2de790c18505cecb795394ee9"),
    },
    BooterFile {
        path: "nvidia/ad102/gsp/booter_load-570.144.bin",
        method: Dma,
        payload_size: 0xde00,
        patch_location: 0x7e10,
        signature_size: 384,
        ids: (1, 0x1, 0x3),
        os_data: (0x7e00, 0x6000),
        app: (0x100, 0x7d00),
        brom_parameters: 0x10,
        payload: "83e06ccd394eb73ab9e599a6db23be01e0df307d3ec4cfd64fa9499837a402da",
        signed: &[
            "c91ad3fe0b1b133e34ef4c4372e5d9df04cd7234369aafbd6bc8149387d0c5af",
            "0e208a9abe710588d1e805fb3483eefc23cbc1b953237995165b2738a7539fdc",
        ],
        tlv: Some("ece67314e1ff7628fc41ed55aefcda7f49d0a060983bc1782bf5d4f553b38e95"),
    },
    BooterFile {
        path: "nvidia/ad102/gsp/booter_unload-570.144.bin",
        method: Dma,
        payload_size: 0x9f00,
        patch_location: 0x5010,
        signature_size: 384,
        ids: (1, 0x1, 0x3),
        os_data: (0x5000, 0x4e00),
        app: (0x100, 0x4f00),
        brom_parameters: 0x10,
        payload: "8f83aef71b349cdbd3860aa81741a336b85d90e828b1bca89fce47b2dfd0867b",
        signed: &[
            "c971b59f7c0ad607a08cb0611dd8d6fc84a21195453eca5e6b92b1adddab65d7",
            "7fa91e56e2a3b396e3550b3ae380c64310f5a32e4a90f62d6a1c470644bf0c54",
        ],
        tlv: Some("e377f332078bd4ebf96953ee30c72ed4f98040c6be3c3bdfcacf155815fe5ccb"),
    },
    BooterFile {
        path: "nvidia/ad102/gsp/scrubber-570.144.bin",
        method: Dma,
        payload_size: 0x1d00,
        patch_location: 0x1a00,
        signature_size: 384,
        ids: (1, 0x1, 0xd),
        os_data: (0x1a00, 0x300),
        app: (0x100, 0x1900),
        brom_parameters: 0x0,
        payload: "176416fcb3ebc5f5ac3d99b3a5f29bdec2ff423b7ec232d51f0a69da6d31503c",
        signed: &[
            "054c99f041e52cc3b0d3e3f9d811dbedfd1d547e16689ac9a966c19ed3e06c72",
            "a7d51e40a49c134537ce266f4801e59c5770012f482f32ae45e61b96e94dad15",
        ],
        tlv: None,
    },
];

/// A GSP bootloader.
pub(crate) struct BootloaderFile {
    pub(crate) path: &'static str,
    pub(crate) payload_size: usize,
    /// Of manifest, data and code.
    pub(crate) offsets: [u32; 3],
    pub(crate) app_version: u32,
    /// Hash of the payload.
    pub(crate) payload: &'static str,
    /// Hash of the same file in the other container.
    pub(crate) tlv: &'static str,
}

pub(crate) const BOOTLOADERS: [BootloaderFile; 7] = [
    BootloaderFile {
        path: "nvidia/tu102/gsp/bootloader-570.144.bin",
        payload_size: 0x1000,
        offsets: [0x0, 0x0, 0x0],
        app_version: 0x0,
        payload: "8765694cd38beaa4e2b8b1b83a31fb7aee6cb9d8b7c6bc7a86e6d931a3a056c2",
        tlv: "6f3269cdc577f58e3c3d75e6e790107965a318c96984e2172e57d91e96b2a04b",
    },
    BootloaderFile {
        path: "nvidia/ga100/gsp/bootloader-570.144.bin",
        payload_size: 0x1000,
        offsets: [0x0, 0x0, 0x0],
        app_version: 0x0,
        payload: "b80c6623f09df2f155ab335095575c637aef5e66cba6542e047422a6bab094e4",
        tlv: "2064c128b29c63340692902db80e8cdef535692cb0ddeee372d7ade74ea095ae",
    },
    BootloaderFile {
        path: "nvidia/ga102/gsp/bootloader-570.144.bin",
        payload_size: 0x6000,
        offsets: [0x0, 0x800, 0x1800],
        app_version: 0x0,
        payload: "3df651acb174fd5f5561a1996965b192f50c5d763168446ed0d4ead19d895768",
        tlv: "c947bd341ad031302a1f221abd5512140bed6d5c4023ec794f4eee24c45c329d",
    },
    BootloaderFile {
        path: "nvidia/ad102/gsp/bootloader-570.144.bin",
        payload_size: 0x9000,
        offsets: [0x0, 0x800, 0x4800],
        app_version: 0x0,
        payload: "45d6335a8185d6ff13e8d1484cea73f68d3d13aa1c19dc080ed1c3482dd5bac0",
        tlv: "4c896402b2f5630d62ef39bec092188f5757cadc34b4adc467678ec021d95329",
    },
    BootloaderFile {
        path: "nvidia/gh100/gsp/bootloader-570.144.bin",
        payload_size: 0x29000,
        offsets: [0x0, 0xa00, 0xb100],
        app_version: 0x0,
        payload: "0fcc7e9848940e0374657b71a3ad1c918568d9d9bc82e9b01ea9c33bbc2a0cde",
        tlv: "b7d1c5044edcb479507193083fba446493f3bdb39158869c7ea99393843da8ce",
    },
    BootloaderFile {
        path: "nvidia/gb100/gsp/bootloader-570.144.bin",
        payload_size: 0x31000,
        offsets: [0x0, 0xa00, 0xb100],
        app_version: 0x0,
        payload: "5891c8b5f851e1db44491220858c718c71f8cb5ae8f321ffe7b6af1104cbb5ba",
        tlv: "7d45c5f3517a5cd37d306e51a89aea686b30b6c4e4dd01f40d717ffca3297f20",
    },
    BootloaderFile {
        path: "nvidia/gb202/gsp/bootloader-570.144.bin",
        payload_size: 0x31000,
        offsets: [0x0, 0xa00, 0xb200],
        app_version: 0x0,
        payload: "8b8cf1a1067c6f9d0cd966ca9553f9a6894a71b69607171a4c2c98e62e5ead4b",
        tlv: "a15aa2f434500154033d10d116433dbaf5a1e16719b6de9f1da393bde56260f0",
    },
];

/// A GSP image, with the signature for one family.
pub(crate) struct GspFile {
    pub(crate) path: &'static str,
    pub(crate) section: &'static str,
    pub(crate) image_size: usize,
    /// Hash of the image.
    pub(crate) image: &'static str,
    /// Hash of the signature.
    pub(crate) signature: &'static str,
    /// The file's build id, which goes into the other container.
    pub(crate) build_id: [u8; 20],
    /// Hash of the `gsp.tlv` for the same family.
    pub(crate) tlv: &'static str,
}

const TU102_IMAGE: (usize, &str) = (
    0x1b3_4ea0,
    "2d1bb5c60b208cfd115f015b17dd04a6fece05fd2c0dcba3625d9d48cce3ceea",
);
const GA102_IMAGE: (usize, &str) = (
    0x3c9_9000,
    "574c85ded65d056b79c68d4ec849e7360066f521031122b2184744da21e55c28",
);

const TU102_BUILD_ID: [u8; 20] = [
    0x0a, 0xa3, 0xbd, 0x98, 0xed, 0xd2, 0xcb, 0xe8, 0x70, 0x8c, 0x89, 0x80, 0x3e, 0xff, 0xc7, 0x9e,
    0xdb, 0x4e, 0x45, 0xa7,
];
const GA102_BUILD_ID: [u8; 20] = [
    0x1e, 0x56, 0x54, 0xb5, 0x16, 0x60, 0xfd, 0x9c, 0x46, 0x21, 0x33, 0xe4, 0x63, 0x81, 0xaf, 0x21,
    0x83, 0xdd, 0x43, 0x71,
];

const fn tu102(section: &'static str, signature: &'static str, tlv: &'static str) -> GspFile {
    GspFile {
        path: "nvidia/tu102/gsp/gsp-570.144.bin",
        section,
        image_size: TU102_IMAGE.0,
        image: TU102_IMAGE.1,
        signature,
        build_id: TU102_BUILD_ID,
        tlv,
    }
}

const fn ga102(section: &'static str, signature: &'static str, tlv: &'static str) -> GspFile {
    GspFile {
        path: "nvidia/ga102/gsp/gsp-570.144.bin",
        section,
        image_size: GA102_IMAGE.0,
        image: GA102_IMAGE.1,
        signature,
        build_id: GA102_BUILD_ID,
        tlv,
    }
}

pub(crate) const GSP_IMAGES: [GspFile; 8] = [
    tu102(
        ".fwsignature_tu10x",
        "058fcef0cda922f7283a40f0b191a33e7801c801412a283bb93cebfafae54596",
        "41592630db92d69a486dfe6e8197e2fa2cdecb04f08478c0d293cdd0d52b6744",
    ),
    tu102(
        ".fwsignature_tu11x",
        "ca7b794de0e5ee870240583486f2cfdd69f634f121353aeb54c5f6beeaa56ac8",
        "efeb1a19b81775be25ed5a946a024b226c382aff26fe8bac6f3c4ec445af5b6f",
    ),
    tu102(
        ".fwsignature_ga100",
        "b598752c75131a22340560fb1b1b6fd4053fe73828575eec1adf3abae380c450",
        "439ef4553c9502651e25598be5239aed75b7376e0fecab726e1b0ed56f18ce02",
    ),
    ga102(
        ".fwsignature_ga10x",
        "38a70fc20c45cb15ac28c958d127b976a59f6dec5fb2403724e096271178e76e",
        "d86a0184d8d35a69acf6ae7688c1ac81d6845fd45f305659090abaad2db30c2d",
    ),
    ga102(
        ".fwsignature_ad10x",
        "98b18fb9f2de1d445bfa9055810398c129decdb231b156333e8865bad28022ce",
        "61d7edb244f74511eb5bd738123c7e6b164c166db51ca39a543d11b70f8f8662",
    ),
    ga102(
        ".fwsignature_gh100",
        "0aa55d2d84bc2c6ad5b444bff388e4b4013beb35b1e41c8f80e008358fdd3425",
        "9771fa3b917ac74bec1887e405255f2d0b19531f61d8b58bab43b2a693dc7eb5",
    ),
    ga102(
        ".fwsignature_gb10x",
        "471e7d3c120ba412474f3eff96b8aaca7ff470b9f113caf94f29f6ffc1c9d2ba",
        "f5f978f86b2455191c05f9231abb098cf853c8bfb3c55fa3deccd61895c94c5f",
    ),
    ga102(
        ".fwsignature_gb20x",
        "b61ff23a7d98f5724e49dcd3d7e231dc9d8361c0e5a7a8784aa47a3009d1c8b7",
        "7fa64b4fb156f6176d39684d237c7d8807f540750cab187581ec4b693735e5b4",
    ),
];

/// An FMC image.
pub(crate) struct FmcFile {
    pub(crate) path: &'static str,
    pub(crate) scheme: Scheme,
    pub(crate) image_size: usize,
    /// Hashes of hash, signature, public key and image.
    pub(crate) hashes: [&'static str; 4],
    /// Hash of the same file in the other container.
    pub(crate) tlv: &'static str,
    /// The request that starts it.
    pub(crate) cot: CotPacket,
}

/// The request to start an FMC, with the image at 0x123400000 and its parameters at 0x123500000.
pub(crate) struct CotPacket {
    pub(crate) version: u16,
    /// From the end of video memory to the end of FRTS, which has 1 MiB.
    pub(crate) frts_end_offset: u64,
    /// The first eleven words of the packet.
    pub(crate) words: [u32; 11],
    /// Hash of the packet.
    pub(crate) cold: &'static str,
    /// Hash of the packet where the GSP resumes.
    pub(crate) resume: &'static str,
}

pub(crate) const FMCS: [FmcFile; 3] = [
    FmcFile {
        path: "nvidia/gh100/gsp/fmc-570.144.bin",
        scheme: Scheme::Rsa3072,
        image_size: 0x2_8648,
        hashes: [
            "df94423f7b86f7a8390a1cc52ccab461d4867bdd2e42be752ca464420ba68528",
            "e3a1008ff88108db36b4653a22afcc91469e5b3501277e5544557e0fea136f28",
            "b6590fa3546ab7f77966dc56f4b12ff7d662c8181b95dcc52dba4bfb64c588fb",
            "29ba35ac564419f4656793b656aa6626c3dc866c73b529bc6e24f4726c750c3d",
        ],
        tlv: "115f76138bb8be14bff0bb4a898a85006affe6238c1b99c6360ed1216ca9fbba",
        cot: CotPacket {
            version: 1,
            frts_end_offset: 0x20_0000,
            words: [
                0xc000_0000,
                0x1410_de7e,
                0x035c_0001,
                0x2340_0000,
                1,
                0,
                0,
                0,
                0x20_0000,
                0,
                0x10_0000,
            ],
            cold: "7032f7e3fb8a44dbfa67038e3458dfc8727603f604acbc67c8f122a4e40ac0e7",
            resume: "9042e14ea09a7b2c56e26c83c1f22730ee0cd9f8a8f2100e03260c6dd5463946",
        },
    },
    FmcFile {
        path: "nvidia/gb100/gsp/fmc-570.144.bin",
        scheme: Scheme::EcdsaP384,
        image_size: 0x3_0348,
        hashes: [
            "26b79042acf2b36a68ed90ba80d65a422eb51fe7eb026dc1291f8697943ae8d9",
            "3fa4eedd17071a214372c7e9f9de8cdbf4b5d93913be9053430680fc8b1d643a",
            "af870e5dde972840588bfb94a87f94b19ad6659dae6e1343dd0d22f16074ba39",
            "f565db712ca5a8c5e38b33ab5a795eea9114689e2b9c49de37de11a13111ac52",
        ],
        tlv: "b0942f0637ea629fe17f8b112a01c1517e689154208f3aa1380a0aefa39100fd",
        cot: CotPacket {
            version: 2,
            frts_end_offset: 0x1c0_0000,
            words: [
                0xc000_0000,
                0x1410_de7e,
                0x035c_0002,
                0x2340_0000,
                1,
                0,
                0,
                0,
                0x1c0_0000,
                0,
                0x10_0000,
            ],
            cold: "6701f16a28914ad31037e66e14c3da22f9ac9f5652a1ca31067f1af23717861f",
            resume: "619c079c063b858db096ba218e0d97d647098224ac83bda30c3fd98d2b6a9a24",
        },
    },
    FmcFile {
        path: "nvidia/gb202/gsp/fmc-570.144.bin",
        scheme: Scheme::EcdsaP384,
        image_size: 0x3_0a48,
        hashes: [
            "cb7b4c0a097bc01082b76d8459cfd6f9f96692b12239b91b9ec663c187d29a20",
            "55e10425a843b18887833a8ed79f870276ed75657a773373d762f26a3981292d",
            "af870e5dde972840588bfb94a87f94b19ad6659dae6e1343dd0d22f16074ba39",
            "e4d176500d82d824c1a915202aca89e093c27febf8be1cf1a0705b544c2d6ddb",
        ],
        tlv: "53c70ab167f9eeb91acbb7fa4097b131aa7677de84d13233936306b90137e786",
        cot: CotPacket {
            version: 2,
            frts_end_offset: 0x1c0_0000,
            words: [
                0xc000_0000,
                0x1410_de7e,
                0x035c_0002,
                0x2340_0000,
                1,
                0,
                0,
                0,
                0x1c0_0000,
                0,
                0x10_0000,
            ],
            cold: "b31788d7a44c89efbbec8e75afb27ade0167f7ac273c5cfb170a922c917f2d36",
            resume: "85e8d631b86a93b9f8e263ebf406208e85e42dd91a139794c86b1af91e932739",
        },
    },
];
