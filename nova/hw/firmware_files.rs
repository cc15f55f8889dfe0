// SPDX-License-Identifier: GPL-2.0

//! The names of the firmware files of each chip.
//!
//! The paths are those of the linux-firmware project. Each file has a second name, under which newer
//! releases may bring it in another container; nobody ships those yet, so that they are asked for only
//! if the GSP image is not there under its first name. Each chip asks for files in its own directory;
//! which chips share a file is decided there, by symbolic links. A file is listed for a chip only if
//! linux-firmware has it for that chip, so that tools which collect a module's firmware (for an
//! initramfs, say) find everything they are told about.

use crate::chip::Chip;
use core::ffi::CStr;

pub use nova_firmware::version::SUPPORTED as FIRMWARE_VERSION;

/// What a firmware file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FirmwareKind {
    /// GSP-RM itself. Parsed by [`nova_firmware::gsp_image`].
    GspImage,
    /// What the GSP runs before GSP-RM. Parsed by [`nova_firmware::riscv`].
    GspBootloader,
    /// Runs on SEC2 to set up WPR2 and start the GSP. Parsed by [`nova_firmware::booter`].
    BooterLoad,
    /// Runs on SEC2 to take WPR2 down again. Parsed by [`nova_firmware::booter`].
    BooterUnload,
    /// Loads FWSEC into falcons that cannot do it alone. Parsed by
    /// [`nova_firmware::generic_bootloader`].
    GenericBootloader,
    /// Verified and started by FSP. Parsed by [`nova_firmware::fmc`].
    Fmc,
}

/// What the driver cannot do without a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// Start GSP-RM.
    Boot,
    /// Take GSP-RM down, so that the GPU needs a reset before a driver can start it again.
    Unload,
}

/// A firmware file of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirmwareFile {
    /// What it is for.
    pub kind: FirmwareKind,
    /// What fails without it.
    pub need: Need,
    /// Its path below the firmware directory: `nvidia/ga102/gsp/gsp-570.144.bin`.
    pub path: &'static str,
    /// The same path for interfaces that want a C string.
    pub c_path: &'static CStr,
    /// Its path in the other container: `nvidia/ga102/gsp/gsp.tlv`.
    pub tlv_path: &'static str,
    /// The same path for interfaces that want a C string.
    pub tlv_c_path: &'static CStr,
}

const fn c_str(bytes: &'static [u8]) -> &'static CStr {
    match CStr::from_bytes_with_nul(bytes) {
        Ok(c_str) => c_str,
        // Evaluated at compile time only, by the macro below.
        Err(_) => panic!("path with a NUL inside"),
    }
}

/// A path as text and as a C string.
macro_rules! path {
    ($($part:expr),+) => {
        (
            concat!("nvidia/", $($part),+),
            const { c_str(concat!("nvidia/", $($part),+, "\0").as_bytes()) },
        )
    };
}

macro_rules! file {
    ($chip:literal, $kind:ident, $need:ident, $file:literal) => {
        file!($chip, $kind, $need, $file, $file)
    };
    ($chip:literal, $kind:ident, $need:ident, $file:literal, $tlv:literal) => {{
        const PATH: (&str, &CStr) = path!(
            $chip,
            "/gsp/",
            $file,
            "-",
            nova_firmware::release!(),
            ".bin"
        );
        const TLV: (&str, &CStr) = path!($chip, "/gsp/", $tlv, ".tlv");
        FirmwareFile {
            kind: FirmwareKind::$kind,
            need: Need::$need,
            path: PATH.0,
            c_path: PATH.1,
            tlv_path: TLV.0,
            tlv_c_path: TLV.1,
        }
    }};
}

/// The files of one chip, by what its family needs.
macro_rules! files {
    (tu10x $chip:literal) => {
        &[
            file!($chip, GspImage, Boot, "gsp"),
            file!($chip, GspBootloader, Boot, "bootloader", "gsp_bootloader"),
            file!($chip, BooterLoad, Boot, "booter_load"),
            file!($chip, BooterUnload, Unload, "booter_unload"),
            file!($chip, GenericBootloader, Boot, "gen_bootloader"),
        ]
    };
    // FWSEC runs only when GSP-RM is taken down.
    (ga100 $chip:literal) => {
        &[
            file!($chip, GspImage, Boot, "gsp"),
            file!($chip, GspBootloader, Boot, "bootloader", "gsp_bootloader"),
            file!($chip, BooterLoad, Boot, "booter_load"),
            file!($chip, BooterUnload, Unload, "booter_unload"),
            file!($chip, GenericBootloader, Unload, "gen_bootloader"),
        ]
    };
    (ga10x $chip:literal) => {
        &[
            file!($chip, GspImage, Boot, "gsp"),
            file!($chip, GspBootloader, Boot, "bootloader", "gsp_bootloader"),
            file!($chip, BooterLoad, Boot, "booter_load"),
            file!($chip, BooterUnload, Unload, "booter_unload"),
        ]
    };
    (gh100 $chip:literal) => {
        &[
            file!($chip, GspImage, Boot, "gsp"),
            file!($chip, GspBootloader, Boot, "bootloader", "gsp_bootloader"),
            file!($chip, Fmc, Boot, "fmc"),
        ]
    };
}

impl Chip {
    /// The firmware files of the chip. The GSP image is always the first.
    pub const fn firmware_files(self) -> &'static [FirmwareFile] {
        match self {
            Self::Tu102 => files!(tu10x "tu102"),
            Self::Tu104 => files!(tu10x "tu104"),
            Self::Tu106 => files!(tu10x "tu106"),
            Self::Tu117 => files!(tu10x "tu117"),
            Self::Tu116 => files!(tu10x "tu116"),
            Self::Ga100 => files!(ga100 "ga100"),
            Self::Ga102 => files!(ga10x "ga102"),
            Self::Ga103 => files!(ga10x "ga103"),
            Self::Ga104 => files!(ga10x "ga104"),
            Self::Ga106 => files!(ga10x "ga106"),
            Self::Ga107 => files!(ga10x "ga107"),
            Self::Gh100 => files!(gh100 "gh100"),
            Self::Ad102 => files!(ga10x "ad102"),
            Self::Ad103 => files!(ga10x "ad103"),
            Self::Ad104 => files!(ga10x "ad104"),
            Self::Ad106 => files!(ga10x "ad106"),
            Self::Ad107 => files!(ga10x "ad107"),
            Self::Gb100 => files!(gh100 "gb100"),
            Self::Gb102 => files!(gh100 "gb102"),
            Self::Gb202 => files!(gh100 "gb202"),
            Self::Gb203 => files!(gh100 "gb203"),
            Self::Gb205 => files!(gh100 "gb205"),
            Self::Gb206 => files!(gh100 "gb206"),
            Self::Gb207 => files!(gh100 "gb207"),
        }
    }

    /// The chip's file of that kind, if it has one.
    pub fn firmware_file(self, kind: FirmwareKind) -> Option<&'static FirmwareFile> {
        self.firmware_files().iter().find(|file| file.kind == kind)
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        check,
        same,
        Text, //
    };
    use crate::chip::BootMethod;

    cases! { firmware_files_cases at firmware_files::cases:
        fn the_table_can_be_walked_at_compile_time() {
            // As the list of a module's firmware has to be.
            const FILES: usize = {
                let (mut chip, mut files) = (0, 0);
                while chip < Chip::ALL.len() {
                    files += Chip::ALL[chip].firmware_files().len();
                    chip += 1;
                }
                files
            };
            same!(FILES, 94);
        }

        fn paths_follow_from_chip_kind_and_release() {
            use FirmwareKind::*;
            for chip in Chip::ALL {
                for file in chip.firmware_files() {
                    let name = match file.kind {
                        GspImage => "gsp",
                        GspBootloader => "bootloader",
                        BooterLoad => "booter_load",
                        BooterUnload => "booter_unload",
                        GenericBootloader => "gen_bootloader",
                        Fmc => "fmc",
                    };
                    let want = Text::of(format_args!("nvidia/{}/gsp/{name}-570.144.bin", chip.name()));
                    same!(want, file.path);
                    same!(file.c_path.to_str(), Ok(file.path));
                    let name = match file.kind {
                        GspBootloader => "gsp_bootloader",
                        _ => name,
                    };
                    let want = Text::of(format_args!("nvidia/{}/gsp/{name}.tlv", chip.name()));
                    same!(want, file.tlv_path);
                    same!(file.tlv_c_path.to_str(), Ok(file.tlv_path));
                }
            }
        }

        fn files_are_found_by_kind() {
            for chip in Chip::ALL {
                let is_fsp = chip.boot_method() == BootMethod::Fsp;
                check!(
                    chip.firmware_file(FirmwareKind::GspImage).is_some(),
                    "{chip}"
                );
                same!(
                    chip.firmware_file(FirmwareKind::Fmc).is_some(),
                    is_fsp,
                    "{chip}"
                );
                same!(
                    chip.firmware_file(FirmwareKind::BooterLoad).is_some(),
                    !is_fsp,
                    "{chip}"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Boot;
    use std::{
        collections::BTreeSet,
        vec::Vec, //
    };

    #[test]
    fn as_many_files_as_linux_firmware_has() {
        let all: Vec<_> = Chip::ALL
            .iter()
            .flat_map(|chip| chip.firmware_files())
            .collect();
        let paths: BTreeSet<_> = all.iter().map(|file| file.path).collect();
        assert_eq!((all.len(), paths.len()), (94, 94));
    }

    #[test]
    fn kinds_and_needs_follow_from_the_family() {
        use FirmwareKind::*;
        use Need::Unload;
        for chip in Chip::ALL {
            let mut want = std::vec![(GspImage, Need::Boot), (GspBootloader, Need::Boot)];
            match chip.family().boot {
                Boot::Sec2(sec2) => {
                    want.extend([(BooterLoad, Need::Boot), (BooterUnload, Unload)]);
                    if sec2.fwsec_through_generic_bootloader {
                        let need = if sec2.runs_fwsec_frts {
                            Need::Boot
                        } else {
                            Unload
                        };
                        want.push((GenericBootloader, need));
                    }
                }
                Boot::Fsp(_) => want.push((Fmc, Need::Boot)),
            }
            let files: Vec<_> = chip
                .firmware_files()
                .iter()
                .map(|file| (file.kind, file.need))
                .collect();
            assert_eq!(files, want, "{chip}");
        }
    }
}
