// SPDX-License-Identifier: GPL-2.0

//! The cards of this machine, looked at without disturbing them.
//!
//! All there is to know comes from sysfs, except for the chip, which is read from three registers of the
//! first page of BAR0. The page is mapped read-only, and only if the card is awake and its memory decoded.
//! Nothing is written, neither to the card nor to sysfs.

use crate::{
    report::{
        Fields,
        Report, //
    },
    vbios, //
    verdict::{
        Errno,
        Refusal,
        Verdict, //
    },
};
use nova_hw::{
    chip::{
        self,
        Chip,
        Identity, //
    },
    firmware_files::Need, //
};
use std::{
    io,
    path::{
        Path,
        PathBuf, //
    }, //
};
use sysfs::{
    Bar,
    Device, //
};

mod bar0;
mod sysfs;

/// NVIDIA's vendor id.
const VENDOR: u32 = 0x10de;

/// Classes of the functions that are GPUs: VGA and 3D controllers, without the programming interface.
const CLASSES: [u32; 2] = [0x0300, 0x0302];

/// How much of BAR0 the driver uses.
const BAR0_SIZE: u64 = 16 << 20;

/// Names of firmware files may end in one of these: the kernel can unpack them.
const SUFFIXES: [&str; 3] = ["", ".zst", ".xz"];

/// Where things are on this machine.
#[derive(Clone, Debug)]
pub struct Places {
    /// Usually `/sys`.
    pub sysfs: PathBuf,
    /// Directories that hold `nvidia/`, in the order in which the kernel looks into them.
    pub firmware: Vec<PathBuf>,
}

/// The addresses of all GPUs of NVIDIA's.
///
/// # Errors
///
/// The bus cannot be read.
pub fn gpus(places: &Places) -> io::Result<Vec<String>> {
    let mut addresses = Vec::new();
    for device in sysfs::devices(&places.sysfs)? {
        if is_gpu(&device) {
            addresses.push(device.address().to_owned());
        }
    }
    addresses.sort();
    Ok(addresses)
}

/// Looks at the card at a PCI address, which may lack its domain.
///
/// # Errors
///
/// There is no such device.
pub fn inspect(places: &Places, address: &str) -> io::Result<Report> {
    let device = Device::open(&places.sysfs, address)?;
    let mut found = Fields::new();
    describe(&device, &mut found);
    let verdict = judge(&device, places, &mut found);
    Ok(Report {
        subject: device.address().to_owned(),
        found,
        verdict,
    })
}

fn is_gpu(device: &Device) -> bool {
    let class = device.hex("class").map(|class| class >> 8);
    device.hex("vendor") == Some(VENDOR) && class.is_some_and(|class| CLASSES.contains(&class))
}

fn describe(device: &Device, found: &mut Fields) {
    let id = |vendor, device_id| {
        let (vendor, device_id) = (device.hex(vendor)?, device.hex(device_id)?);
        Some(format!("{vendor:04x}:{device_id:04x}"))
    };
    found.put("id", id("vendor", "device"));
    found.put("subsystem", id("subsystem_vendor", "subsystem_device"));
    found.put(
        "class",
        device.hex("class").map(|class| format!("{class:06x}")),
    );
    found.put(
        "revision",
        device
            .hex("revision")
            .map(|revision| format!("{revision:02x}")),
    );
    found.put("driver", device.link("driver"));
    found.put("IOMMU group", device.link("iommu_group"));
    found.put("power state", device.text("power_state"));
    found.put("memory decoded", device.memory_decoded());
    let bars = device.bars();
    found.put("BARs", bars.iter().map(Bar::describe).collect::<Vec<_>>());
    match device.rom() {
        Ok(rom) => {
            // The kernel ends its copy at the image that is the last one for it.
            found.put("ROM images, as the kernel sees them", vbios::images(&rom));
        }
        Err(_) => {
            found.put("ROM", "not readable: the kernel has not been asked to enable it (write 1 to its file `rom`)");
        }
    }
}

/// What the driver would do, step by step as in its probe.
fn judge(device: &Device, places: &Places, found: &mut Fields) -> Verdict {
    if !is_gpu(device) {
        return Err(Refusal::new(Errno::Enodev, "no GPU of NVIDIA's"));
    }
    if device.link("physfn").is_some() {
        let reason = "virtual function: nova_core drives physical GPUs only";
        return Err(Refusal::new(Errno::Enodev, reason));
    }
    let size = device
        .bars()
        .into_iter()
        .find(|bar| bar.index == 0)
        .map_or(0, |bar| bar.size);
    if size < BAR0_SIZE {
        let reason = format!("cannot map BAR0 ({size} bytes, at least {BAR0_SIZE} needed)");
        return Err(Refusal::new(Errno::Einval, reason));
    }
    let identity = identify(device, found)?;
    found.put("chip", identity.to_string());
    firmware(identity.chip, places, found)
}

/// Reads which chip it is, if that disturbs nobody.
fn identify(device: &Device, found: &mut Fields) -> Result<Identity, Refusal> {
    let unknown = |reason: String| Refusal::new(Errno::Unknown, reason);
    match device.text("power_state").as_deref() {
        None | Some("D0" | "unknown") => {}
        Some(state) => {
            return Err(unknown(format!(
                "the card is asleep ({state}), its registers were not read"
            )))
        }
    }
    if device.memory_decoded() == Some(false) {
        let reason = "the card does not decode its memory, because no driver has enabled it; its registers were not read";
        return Err(unknown(reason.into()));
    }
    let refused = |refusal: chip::Refusal| Refusal::new(Errno::Enodev, refusal.to_string());
    let registers = bar0::read(&device.file("resource0"))
        .map_err(|error| unknown(format!("BAR0 cannot be read: {error}")))?;
    found.put_hex("BOOT_0", registers.boot0);
    chip::check_boot0(registers.boot0).map_err(refused)?;
    found.put_hex("BOOT_1", registers.boot1);
    found.put_hex("BOOT_42", registers.boot42);
    let identity = chip::identify(registers.boot42).map_err(refused)?;
    match registers.boot1 >> 16 & 3 {
        0 => Ok(identity),
        kind => {
            let reason = format!(
                "virtual GPU (BOOT_1 virtualization {kind}): nova_core drives physical GPUs only"
            );
            Err(Refusal::new(Errno::Enodev, reason))
        }
    }
}

/// Looks for the chip's firmware files.
fn firmware(chip: Chip, places: &Places, found: &mut Fields) -> Verdict {
    let mut missing = None;
    let mut files = Vec::new();
    for file in chip.firmware_files() {
        let place = locate(&places.firmware, file.path);
        if place.is_none() && file.need == Need::Boot {
            missing = missing.or(Some(file.path));
        }
        files.push(
            Fields::new()
                .with("file", file.path)
                .with(
                    "needed to",
                    match file.need {
                        Need::Boot => "boot",
                        Need::Unload => "unload",
                    },
                )
                .with("found", place.map(|place| place.display().to_string())),
        );
    }
    found.put("firmware", files);
    match missing {
        None => Ok(()),
        Some(path) => Err(Refusal::new(
            Errno::Enoent,
            format!("firmware {path} not found: install linux-firmware 20250613 or later (Debian: firmware-nvidia-graphics)"),
        )),
    }
}

/// The file that the kernel would load.
fn locate(directories: &[PathBuf], path: &str) -> Option<PathBuf> {
    // The kernel tries all directories with one suffix before it tries the next.
    SUFFIXES
        .iter()
        .flat_map(|suffix| {
            let name = format!("{path}{suffix}");
            directories
                .iter()
                .map(move |directory| directory.join(Path::new(&name)))
        })
        .find(|place| place.is_file())
}

#[cfg(test)]
mod tests;
