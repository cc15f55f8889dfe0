// SPDX-License-Identifier: GPL-2.0

//! The GSP image: found and checked by its headers, and then read straight to where the GPU reads it.

use super::{
    Complaint,
    Container, //
};
use core::ops::Range;
use kernel::{
    device::Bound,
    firmware::Firmware,
    page::page_align,
    pci,
    prelude::*,
    str::CString, //
};
use kernel_glue::{
    dma::DevicePages,
    firmware::FirmwareFile, //
};
use nova_firmware::{
    gsp_image::{
        GspImageError,
        GspImageHeader, //
    },
    tlv::{
        GspDescriptor,
        GspDescriptorError,
        Tlv, //
    },
    version::Version,
    At, //
};
use nova_hw::{
    chip::Chip,
    firmware_files::{
        self,
        FirmwareKind, //
    }, //
};

/// A GSP image that has been found.
pub(super) struct Image<'a> {
    /// Its release.
    pub(super) version: Version,
    /// Its bytes.
    pub(super) size: usize,
    /// The signature for the chip.
    pub(super) signature: KVVec<u8>,
    source: Source<'a>,
}

/// Where the image is.
enum Source<'a> {
    /// In a part of this file, whose path is given.
    Section {
        file: FirmwareFile<'a>,
        range: Range<usize>,
        path: &'static str,
    },
    /// All of the file of this path.
    Companion(CString),
}

impl<'a> Image<'a> {
    /// Finds the image of `chip`, and in which container it comes. It is not read.
    ///
    /// # Errors
    ///
    /// `ENOENT`, `EINVAL`, `EFBIG`, and those of the firmware loader; after one log line.
    pub(super) fn find(dev: &'a pci::Device<Bound>, chip: Chip) -> Result<(Container, Self)> {
        let file = chip.firmware_file(FirmwareKind::GspImage).ok_or(ENOENT)?;
        let complaint = Complaint {
            dev,
            path: file.path,
            need: file.need,
        };
        match FirmwareFile::open(dev.as_ref(), file.c_path) {
            Ok(bin) => {
                let image = Self::in_elf(bin, chip, &complaint)?;
                Ok((Container::Bin, image))
            }
            Err(err) if err == ENOENT => {
                match Firmware::request_nowarn(file.tlv_c_path, dev.as_ref()) {
                    Ok(tlv) => {
                        let image = Self::beside_tlv(dev, &tlv, chip, file)?;
                        Ok((Container::Tlv, image))
                    }
                    Err(_) => Err(complaint.cannot_load(err)),
                }
            }
            Err(err) => Err(complaint.cannot_load(err)),
        }
    }

    fn in_elf(file: FirmwareFile<'a>, chip: Chip, complaint: &Complaint<'_>) -> Result<Self> {
        let malformed = |at: At<GspImageError>| match at.reason {
            GspImageError::ImageTooBig(_) => {
                complaint.malformed(at);
                EFBIG
            }
            _ => complaint.malformed(at),
        };
        let read = |range: Range<usize>| read(&file, range, complaint);

        let header = read(0..GspImageHeader::SIZE)?;
        let header = GspImageHeader::parse(&header).map_err(malformed)?;
        let table = read(header.section_headers())?;
        let names = read(header.names(&table).map_err(malformed)?)?;
        let sections = header.sections(&table, &names).map_err(malformed)?;

        let version = read(sections.version().map_err(malformed)?)?;
        let version = sections.check_version(&version).map_err(malformed)?;
        let parts = sections
            .parts(chip.family().gsp_signature_section)
            .map_err(malformed)?;
        let signature = read(parts.signature)?;
        // That the image is all there is known from its last byte.
        read(parts.image.end.saturating_sub(1)..parts.image.end)?;
        let path = chip
            .firmware_file(FirmwareKind::GspImage)
            .ok_or(ENOENT)?
            .path;
        Ok(Self {
            version,
            size: parts.image.len(),
            signature,
            source: Source::Section {
                file,
                range: parts.image,
                path,
            },
        })
    }

    fn beside_tlv(
        dev: &'a pci::Device<Bound>,
        tlv: &Firmware,
        chip: Chip,
        file: &firmware_files::FirmwareFile,
    ) -> Result<Self> {
        let complaint = Complaint {
            dev,
            path: file.tlv_path,
            need: file.need,
        };
        let tlv = Tlv::parse(tlv.data()).map_err(|at| complaint.malformed(at))?;
        complaint.check_release(tlv.version())?;
        let descriptor = GspDescriptor::from_tlv(&tlv).map_err(|at: At<GspDescriptorError>| {
            match at.reason {
                GspDescriptorError::ImageTooBig(_) => {
                    complaint.malformed(at);
                    EFBIG
                }
                _ => complaint.malformed(at),
            }
        })?;
        let mut signature = KVVec::new();
        signature.extend_from_slice(descriptor.signature, GFP_KERNEL)?;
        let path =
            CString::try_from_fmt(fmt!("nvidia/{}/gsp/{}", chip.name(), descriptor.file_name))?;
        Ok(Self {
            version: tlv.version(),
            // CAST: `usize` has 64 bits on every machine with such a GPU.
            size: descriptor.image_size as usize,
            signature,
            source: Source::Companion(path),
        })
    }

    /// Reads the image to where the GPU can read it.
    ///
    /// # Errors
    ///
    /// `ENOENT`, `EINVAL`, `EFBIG`, those of the firmware loader and of mapping memory; after one log line.
    pub(super) fn load(&self, dev: &'a pci::Device<Bound>) -> Result<DevicePages<'a>> {
        let complaint = |path| Complaint {
            dev,
            path,
            need: firmware_files::Need::Boot,
        };
        match &self.source {
            Source::Section { file, range, path } => {
                DevicePages::from_firmware(file, range.start, range.len())
                    .map_err(|err| complaint(path).cannot_load(err))
            }
            Source::Companion(path) => {
                let name = path.to_str()?;
                let data = self.read_companion(dev, path, &complaint(name))?;
                DevicePages::from_vec(dev.as_ref(), data)
                    .map_err(|err| complaint(name).cannot_load(err))
            }
        }
    }

    fn read_companion(
        &self,
        dev: &pci::Device<Bound>,
        path: &CStr,
        complaint: &Complaint<'_>,
    ) -> Result<VVec<u8>> {
        let file =
            FirmwareFile::open(dev.as_ref(), path).map_err(|err| complaint.cannot_load(err))?;
        let mut data = VVec::with_capacity(page_align(self.size).ok_or(EFBIG)?, GFP_KERNEL)?;
        data.resize(self.size, 0, GFP_KERNEL)?;
        file.read(0, &mut data).map_err(|err| match err {
            EINVAL => complaint.malformed(fmt!("it has less than {:#x} bytes", self.size)),
            err => complaint.cannot_load(err),
        })?;
        if file.read(self.size, &mut [0]).is_ok() {
            complaint.malformed(fmt!("it has more than {:#x} bytes", self.size));
            return Err(EFBIG);
        }
        Ok(data)
    }
}

/// Reads a part of a file.
fn read(
    file: &FirmwareFile<'_>,
    range: Range<usize>,
    complaint: &Complaint<'_>,
) -> Result<KVVec<u8>> {
    let mut bytes = KVVec::from_elem(0, range.len(), GFP_KERNEL)?;
    file.read(range.start, &mut bytes)
        .map_err(|err| match err {
            EINVAL => complaint.malformed(fmt!(
                "the file ends before its part at {:#x}..{:#x} does",
                range.start,
                range.end
            )),
            err => complaint.cannot_load(err),
        })?;
    Ok(bytes)
}
