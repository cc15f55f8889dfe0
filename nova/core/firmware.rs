// SPDX-License-Identifier: GPL-2.0

//! The firmware files of a chip: found, checked, and kept for as long as the bring-up needs them.
//!
//! Files come in one of two containers, and all from the same one: which one is decided by the GSP image.

mod image;
mod modinfo;

pub(crate) use modinfo::ModuleInfo;

use image::Image;
use kernel::{
    device::Bound,
    firmware::Firmware,
    fmt,
    pci,
    prelude::*, //
};
use kernel_glue::{
    dma::DevicePages,
    fmt::Plain, //
};
use nova_firmware::{
    booter::Booter,
    fmc::Fmc,
    generic_bootloader::GenericBootloader,
    riscv::GspBootloader,
    tlv::Tlv,
    version::{
        Version,
        SUPPORTED, //
    },
    At, //
};
use nova_hw::{
    chip::Chip,
    firmware_files::{
        FirmwareFile,
        FirmwareKind,
        Need, //
    }, //
};

/// Where the files come from, for the log line of who lacks them.
const PACKAGE: &str = "linux-firmware 20250613 or later (Debian: firmware-nvidia-graphics)";

/// What is known of a chip's firmware after all its files were found sound.
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

/// The two containers.
#[derive(Clone, Copy)]
enum Container {
    Bin,
    Tlv,
}

impl Container {
    fn path(self, file: &FirmwareFile) -> &'static str {
        match self {
            Self::Bin => file.path,
            Self::Tlv => file.tlv_path,
        }
    }

    fn c_path(self, file: &FirmwareFile) -> &'static CStr {
        match self {
            Self::Bin => file.c_path,
            Self::Tlv => file.tlv_c_path,
        }
    }
}

/// The files of a chip, of which all that are needed for booting are there and sound.
///
/// The GSP image is not in memory; all others are.
pub(crate) struct Files<'a> {
    chip: Chip,
    container: Container,
    image: Image<'a>,
    /// All but the image. One that is needed only for unloading may be missing.
    others: KVec<(FirmwareKind, Firmware)>,
    info: FirmwareInfo,
}

impl<'a> Files<'a> {
    /// Finds every firmware file of `chip` and checks it.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOENT` if a file needed for booting is missing, `EINVAL` if it is malformed or of another release,
    /// `EFBIG` if the image is too big, and those of the firmware loader; after one log line. What is
    /// needed for unloading only is warned about.
    pub(crate) fn find(dev: &'a pci::Device<Bound>, chip: Chip) -> Result<Self> {
        let (container, image) = Image::find(dev, chip)?;
        let mut files = Self {
            chip,
            container,
            others: KVec::new(),
            info: FirmwareInfo {
                version: image.version,
                // CAST: `usize` has 64 bits on every machine with such a GPU.
                image_size: image.size as u64,
                bootloader_size: 0,
                can_unload: true,
            },
            image,
        };

        let others = chip.firmware_files().iter();
        for file in others.filter(|file| file.kind != FirmwareKind::GspImage) {
            match (files.add(dev, file), file.need) {
                (Err(err), Need::Boot) => return Err(err),
                (Err(_), Need::Unload) => files.info.can_unload = false,
                (Ok(()), _) => {}
            }
        }
        Ok(files)
    }

    /// What is known of the firmware.
    pub(crate) fn info(&self) -> FirmwareInfo {
        self.info
    }

    /// Reads the GSP image to where the GPU can read it. Sleeps.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the file is shorter than it says, `EFBIG` if it is longer, `ENOMEM`, and those of the
    /// firmware loader; after one log line.
    pub(crate) fn load_image(&self, dev: &'a pci::Device<Bound>) -> Result<DevicePages<'a>> {
        self.image.load(dev)
    }

    /// The GSP image's signature.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.image.signature
    }

    /// What the GSP runs before GSP-RM.
    pub(crate) fn gsp_bootloader(&self) -> Result<GspBootloader<'_>> {
        self.parsed(
            FirmwareKind::GspBootloader,
            GspBootloader::parse,
            GspBootloader::from_tlv,
        )
    }

    /// What FSP starts on the GSP.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none.
    pub(crate) fn fmc(&self) -> Result<Fmc<'_>> {
        let scheme = self.chip.family().fsp().ok_or(ENOENT)?.fmc_scheme;
        self.parsed(
            FirmwareKind::Fmc,
            |data| Fmc::parse(data, scheme),
            |tlv| Fmc::from_tlv(tlv, scheme),
        )
    }

    /// A Booter, and the path of its file.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none.
    pub(crate) fn booter(&self, kind: FirmwareKind) -> Result<(Booter<'_>, &'static str)> {
        let method = self.chip.family().sec2().ok_or(ENOENT)?.load;
        let booter = self.parsed(
            kind,
            |data| Booter::parse(data, method),
            |tlv| Booter::from_tlv(tlv, method),
        )?;
        let file = self.chip.firmware_file(kind).ok_or(ENOENT)?;
        Ok((booter, self.container.path(file)))
    }

    /// What loads FWSEC on chips whose falcons need help.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none.
    pub(crate) fn generic_bootloader(&self) -> Result<GenericBootloader<'_>> {
        self.parsed(
            FirmwareKind::GenericBootloader,
            GenericBootloader::parse,
            GenericBootloader::from_tlv,
        )
    }

    /// A file that has been found sound, in the terms of its parser.
    fn parsed<'s, T, E>(
        &'s self,
        kind: FirmwareKind,
        bin: impl FnOnce(&'s [u8]) -> Result<T, At<E>>,
        tlv: impl FnOnce(&Tlv<'s>) -> Result<T, At<E>>,
    ) -> Result<T> {
        let mut others = self.others.iter();
        let (_, file) = others.find(|(of, _)| *of == kind).ok_or(ENOENT)?;
        match self.container {
            Container::Bin => bin(file.data()).map_err(|_| EINVAL),
            Container::Tlv => {
                let file = Tlv::parse(file.data()).map_err(|_| EINVAL)?;
                tlv(&file).map_err(|_| EINVAL)
            }
        }
    }

    /// Requests a file, and keeps it if it is sound; fails after a log line, a warning if the GPU can be
    /// booted all the same.
    fn add(&mut self, dev: &pci::Device<Bound>, file: &FirmwareFile) -> Result {
        let complaint = Complaint {
            dev,
            path: self.container.path(file),
            need: file.need,
        };
        let firmware = Firmware::request_nowarn(self.container.c_path(file), dev.as_ref())
            .map_err(|err| complaint.cannot_load(err))?;
        if matches!(self.container, Container::Tlv) {
            let tlv = Tlv::parse(firmware.data()).map_err(|at| complaint.malformed(at))?;
            complaint.check_release(tlv.version())?;
        }
        self.others.push((file.kind, firmware), GFP_KERNEL)?;
        self.check(file.kind, &complaint).inspect_err(|_| {
            self.others.pop();
        })
    }

    /// Checks the file that was added last.
    fn check(&mut self, kind: FirmwareKind, complaint: &Complaint<'_>) -> Result {
        let container = self.container;
        let family = self.chip.family();
        let (_, firmware) = self.others.last().ok_or(ENOENT)?;
        let data = firmware.data();

        // The reasons have a type for each kind of file, and print alike.
        macro_rules! sound {
            ($parser:ident $(, $argument:expr)?) => {
                match container {
                    Container::Bin => $parser::parse(data $(, $argument)?),
                    Container::Tlv => {
                        let tlv = Tlv::parse(data).map_err(|at| complaint.malformed(at))?;
                        $parser::from_tlv(&tlv $(, $argument)?)
                    }
                }
                .map_err(|at| complaint.malformed(at))?
            };
        }

        match kind {
            FirmwareKind::GspImage => return Err(EINVAL),
            FirmwareKind::GspBootloader => {
                let bootloader = sound!(GspBootloader);
                // CAST: `usize` has 64 bits on every machine with such a GPU.
                self.info.bootloader_size = bootloader.payload.len() as u64;
            }
            FirmwareKind::BooterLoad | FirmwareKind::BooterUnload => {
                sound!(Booter, family.sec2().ok_or(EINVAL)?.load);
            }
            FirmwareKind::GenericBootloader => {
                sound!(GenericBootloader);
            }
            FirmwareKind::Fmc => {
                sound!(Fmc, family.fsp().ok_or(EINVAL)?.fmc_scheme);
            }
        }
        Ok(())
    }
}

/// Says what is wrong with a file.
struct Complaint<'a> {
    dev: &'a pci::Device<Bound>,
    path: &'a str,
    need: Need,
}

impl Complaint<'_> {
    fn log(&self, what: fmt::Arguments<'_>) {
        match self.need {
            Need::Boot => dev_err!(self.dev, "firmware {} {}\n", self.path, what),
            Need::Unload => dev_warn!(
                self.dev,
                "firmware {} {}; the GPU will need a reset before a driver can bind again\n",
                self.path,
                what
            ),
        }
    }

    fn cannot_load(&self, err: Error) -> Error {
        if err == ENOENT {
            self.log(fmt!("not found: install {}", PACKAGE));
        } else {
            self.log(fmt!("cannot be loaded ({:?})", err));
        }
        err
    }

    fn malformed(&self, reason: impl core::fmt::Display) -> Error {
        self.log(fmt!("is malformed: {}", Plain(reason)));
        EINVAL
    }

    fn check_release(&self, version: Version) -> Result {
        if version.is_supported() {
            return Ok(());
        }
        self.log(fmt!(
            "is of version {}, only {} is supported",
            version.as_str(),
            SUPPORTED
        ));
        Err(EINVAL)
    }
}
