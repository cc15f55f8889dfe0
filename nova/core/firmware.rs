// SPDX-License-Identifier: GPL-2.0

//! The firmware files of a chip: requested, checked, and what of them the bring-up needs to know.

mod modinfo;

pub(crate) use modinfo::ModuleInfo;

use kernel::{
    device::Bound,
    firmware::Firmware,
    pci,
    prelude::*, //
};
use kernel_glue::fmt::Plain;
use nova_firmware::{
    booter::Booter,
    fmc::Fmc,
    generic_bootloader::GenericBootloader,
    gsp_image::GspImage,
    riscv::GspBootloader,
    version::Version, //
};
use nova_hw::{
    chip::Chip,
    firmware_files::{
        FirmwareFile,
        FirmwareKind,
        Need,
        FIRMWARE_VERSION, //
    }, //
};

/// Where the files come from, for the log line of who lacks them.
const PACKAGE: &str = "linux-firmware 20250613 or later (Debian: firmware-nvidia-graphics)";

/// What is known of a chip's firmware after all its files were read and found sound.
#[derive(Clone, Copy)]
pub(crate) struct FirmwareInfo {
    /// Release of GSP-RM.
    pub(crate) version: Version,
    /// Bytes of the GSP image, which will lie in video memory.
    pub(crate) image_size: u64,
    /// Bytes of the GSP bootloader, which will lie there too.
    pub(crate) bootloader_size: u64,
    /// Whether GSP-RM could be taken down again.
    pub(crate) can_unload: bool,
}

/// Requests every firmware file of `chip` and checks it.
///
/// Sleeps. The files are not kept.
///
/// # Errors
///
/// `ENOENT` if a file needed for booting is missing, `EINVAL` if it is malformed or of another release,
/// and those of the firmware loader; after one log line. What is needed for unloading only is warned
/// about.
pub(crate) fn check(dev: &pci::Device<Bound>, chip: Chip) -> Result<FirmwareInfo> {
    let mut info = FirmwareInfo {
        version: Version::new(FIRMWARE_VERSION.as_bytes()).ok_or(EINVAL)?,
        image_size: 0,
        bootloader_size: 0,
        can_unload: true,
    };

    for file in chip.firmware_files() {
        match (check_file(dev, chip, file, &mut info), file.need) {
            (Err(err), Need::Boot) => return Err(err),
            (Err(_), Need::Unload) => info.can_unload = false,
            (Ok(()), _) => {}
        }
    }
    Ok(info)
}

/// Requests and checks one file; fails after a log line, a warning if the GPU can be booted all the same.
fn check_file(
    dev: &pci::Device<Bound>,
    chip: Chip,
    file: &FirmwareFile,
    info: &mut FirmwareInfo,
) -> Result {
    macro_rules! complain {
        ($($what:tt)*) => {
            match file.need {
                Need::Boot => dev_err!(dev, "firmware {} {}\n", file.path, fmt!($($what)*)),
                Need::Unload => dev_warn!(
                    dev,
                    "firmware {} {}; the GPU will need a reset before a driver can bind again\n",
                    file.path,
                    fmt!($($what)*)
                ),
            }
        };
    }
    // The reasons have a type for each kind of file, and print alike.
    macro_rules! sound {
        ($parsed:expr) => {
            $parsed.map_err(|at| {
                complain!("is malformed: {}", Plain(at));
                EINVAL
            })?
        };
    }

    let firmware = Firmware::request_nowarn(file.c_path, dev.as_ref()).inspect_err(|&err| {
        if err == ENOENT {
            complain!("not found: install {}", PACKAGE);
        } else {
            complain!("cannot be loaded ({:?})", err);
        }
    })?;

    let data = firmware.data();
    let family = chip.family();
    match file.kind {
        FirmwareKind::GspImage => {
            let gsp = sound!(GspImage::parse(data, family.gsp_signature_section));
            info.version = gsp.version;
            // CAST: `usize` has 64 bits on every machine with such a GPU.
            info.image_size = gsp.image.len() as u64;
        }
        FirmwareKind::GspBootloader => {
            let bootloader = sound!(GspBootloader::parse(data));
            // CAST: As above.
            info.bootloader_size = bootloader.payload.len() as u64;
        }
        FirmwareKind::BooterLoad | FirmwareKind::BooterUnload => {
            let method = family.sec2().ok_or(EINVAL)?.load;
            sound!(Booter::parse(data, method));
        }
        FirmwareKind::GenericBootloader => {
            sound!(GenericBootloader::parse(data));
        }
        FirmwareKind::Fmc => {
            let scheme = family.fsp().ok_or(EINVAL)?.fmc_scheme;
            sound!(Fmc::parse(data, scheme));
        }
    }
    Ok(())
}
