// SPDX-License-Identifier: GPL-2.0

use super::*;
use std::fs;

/// A made-up machine with one device.
struct Machine {
    directory: tempfile::TempDir,
    places: Places,
}

const ADDRESS: &str = "0000:01:00.0";

impl Machine {
    /// A GA102 with all its firmware.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let places = Places {
            sysfs: directory.path().join("sys"),
            firmware: vec![
                directory.path().join("updates"),
                directory.path().join("firmware"),
            ],
        };
        let machine = Self { directory, places };
        for (name, text) in [
            ("vendor", "0x10de\n"),
            ("device", "0x2204\n"),
            ("subsystem_vendor", "0x1043\n"),
            ("subsystem_device", "0x87b3\n"),
            ("class", "0x030000\n"),
            ("revision", "0xa1\n"),
            ("power_state", "D0\n"),
            (
                "resource",
                "0x00000000fa000000 0x00000000faffffff 0x0000000000040200\n\
                 0x0000004000000000 0x00000047ffffffff 0x000000000014220c\n\
                 0x0000000000000000 0x0000000000000000 0x0000000000000000\n\
                 0x0000004800000000 0x0000004801ffffff 0x000000000014220c\n\
                 0x0000000000000000 0x0000000000000000 0x0000000000000000\n\
                 0x000000000000f000 0x000000000000f07f 0x0000000000040101\n\
                 0x00000000000c0000 0x00000000000dffff 0x0000000000000212\n",
            ),
        ] {
            machine.put(name, text.as_bytes());
        }
        machine.put("config", &[0xde, 0x10, 0x04, 0x22, 0x07, 0x00]);
        machine.registers(0x1720_00a1, 0, 0x1720_a000);
        for file in Chip::Ga102.firmware_files() {
            machine.firmware("firmware", file.path);
        }
        machine
    }

    fn device(&self, name: &str) -> PathBuf {
        self.places
            .sysfs
            .join("bus/pci/devices")
            .join(ADDRESS)
            .join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.device(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn registers(&self, boot0: u32, boot1: u32, boot42: u32) {
        let mut page = vec![0; 0x1000];
        for (at, value) in [(0, boot0), (4, boot1), (0xa00, boot42)] {
            page[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        self.put("resource0", &page);
    }

    fn firmware(&self, directory: &str, path: &str) {
        let path = self.directory.path().join(directory).join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }

    fn inspect(&self) -> Report {
        inspect(&self.places, ADDRESS).unwrap()
    }

    fn refusal(&self) -> Refusal {
        self.inspect().verdict.unwrap_err()
    }

    /// The report with the machine's own directory cut out.
    fn text(&self) -> String {
        let text = self.inspect().text();
        text.replace(&self.directory.path().display().to_string(), "")
    }
}

#[test]
fn a_card_that_the_driver_would_take() {
    let machine = Machine::new();
    assert_eq!(
        machine.text(),
        "\
0000:01:00.0
  id: 10de:2204
  subsystem: 1043:87b3
  class: 030000
  revision: a1
  driver: none
  IOMMU group: none
  power state: D0
  memory decoded: yes
  BARs:
    - BAR 0, start 0xfa000000, size 0x1000000, kind 32-bit memory, prefetchable no
    - BAR 1, start 0x4000000000, size 0x800000000, kind 64-bit memory, prefetchable yes
    - BAR 3, start 0x4800000000, size 0x2000000, kind 64-bit memory, prefetchable yes
    - BAR 5, start 0xf000, size 0x80, kind ports, prefetchable no
    - BAR ROM, start 0xc0000, size 0x20000, kind 32-bit memory, prefetchable no
  ROM: not readable: the kernel has not been asked to enable it (write 1 to its file `rom`)
  BOOT_0: 0x172000a1
  BOOT_1: 0x0
  BOOT_42: 0x1720a000
  chip: GA102 (Ampere, 0.a)
  firmware:
    - file nvidia/ga102/gsp/gsp-570.144.bin, needed to boot, found /firmware/nvidia/ga102/gsp/gsp-570.144.bin
    - file nvidia/ga102/gsp/bootloader-570.144.bin, needed to boot, found /firmware/nvidia/ga102/gsp/bootloader-570.144.bin
    - file nvidia/ga102/gsp/booter_load-570.144.bin, needed to boot, found /firmware/nvidia/ga102/gsp/booter_load-570.144.bin
    - file nvidia/ga102/gsp/booter_unload-570.144.bin, needed to unload, found /firmware/nvidia/ga102/gsp/booter_unload-570.144.bin
  verdict: ok
"
    );
}

#[test]
fn cards_that_the_driver_would_leave_alone() {
    type Change = fn(&Machine);
    let cases: [(&str, Change, Errno, &str); 9] = [
        (
            "another vendor",
            |it| it.put("vendor", b"0x1002\n"),
            Errno::Enodev,
            "no GPU of NVIDIA's",
        ),
        (
            "its sound",
            |it| it.put("class", b"0x040300\n"),
            Errno::Enodev,
            "no GPU of NVIDIA's",
        ),
        (
            "a virtual function",
            |it| std::os::unix::fs::symlink("../0000:01:00.4", it.device("physfn")).unwrap(),
            Errno::Enodev,
            "virtual function: nova_core drives physical GPUs only",
        ),
        (
            "a small BAR0",
            |it| it.put("resource", b"0xfa000000 0xfa7fffff 0x40200\n"),
            Errno::Einval,
            "cannot map BAR0 (8388608 bytes, at least 16777216 needed)",
        ),
        (
            "a Kepler",
            |it| it.registers(0x0e40_00a2, 0, 0x0e40_a200),
            Errno::Enodev,
            "unsupported GPU (BOOT_42 0x0e40a200: unknown architecture 0xe, implementation 0x4)",
        ),
        (
            "one without BOOT_42",
            |it| it.registers(0x0860_00a2, u32::MAX, u32::MAX),
            Errno::Enodev,
            "chip older than Fermi (BOOT_0 0x086000a2)",
        ),
        (
            "one that has gone",
            |it| it.registers(u32::MAX, u32::MAX, u32::MAX),
            Errno::Enodev,
            "device does not answer (BOOT_42 0xffffffff)",
        ),
        (
            "a virtual GPU",
            |it| it.registers(0x1720_00a1, 1 << 16, 0x1720_a100),
            Errno::Enodev,
            "virtual GPU (BOOT_1 virtualization 1): nova_core drives physical GPUs only",
        ),
        (
            "one that is asleep",
            |it| it.put("power_state", b"D3hot\n"),
            Errno::Unknown,
            "the card is asleep (D3hot), its registers were not read",
        ),
    ];
    for (name, change, errno, reason) in cases {
        let machine = Machine::new();
        change(&machine);
        let refusal = machine.refusal();
        assert_eq!(
            (refusal.errno, refusal.reason.as_str()),
            (errno, reason),
            "{name}"
        );
    }
}

#[test]
fn a_card_whose_memory_is_off_is_not_read() {
    let machine = Machine::new();
    machine.put("config", &[0xde, 0x10, 0x04, 0x22, 0x00]);
    fs::remove_file(machine.device("resource0")).unwrap();
    assert!(machine
        .refusal()
        .reason
        .starts_with("the card does not decode its memory"));
}

#[test]
fn a_bar_that_cannot_be_mapped_is_told() {
    let machine = Machine::new();
    machine.put("resource0", b"short");
    let refusal = machine.refusal();
    assert_eq!(refusal.errno, Errno::Unknown);
    assert!(
        refusal.reason.starts_with("BAR0 cannot be read: "),
        "{}",
        refusal.reason
    );
}

#[test]
fn firmware_is_looked_for_as_the_kernel_does() {
    let machine = Machine::new();
    let path = "nvidia/ga102/gsp/bootloader-570.144.bin";
    machine.firmware("updates", path);
    assert!(machine.text().contains(&format!("found /updates/{path}")));
    for directory in ["updates", "firmware"] {
        fs::remove_file(machine.directory.path().join(directory).join(path)).unwrap();
    }
    let refusal = machine.refusal();
    assert_eq!(refusal.errno, Errno::Enoent);
    assert!(
        refusal.reason.contains(path) && refusal.reason.contains("install"),
        "{}",
        refusal.reason
    );
    machine.firmware("firmware", &format!("{path}.xz"));
    assert!(machine
        .text()
        .contains(&format!("found /firmware/{path}.xz")));
    assert_eq!(machine.inspect().verdict, Ok(()));
}

#[test]
fn what_is_needed_to_unload_may_be_missing() {
    let machine = Machine::new();
    let path = "firmware/nvidia/ga102/gsp/booter_unload-570.144.bin";
    fs::remove_file(machine.directory.path().join(path)).unwrap();
    assert!(machine
        .text()
        .contains("booter_unload-570.144.bin, needed to unload, found none\n"));
    assert_eq!(machine.inspect().verdict, Ok(()));
}

#[test]
fn a_rom_that_the_kernel_gives_is_shown() {
    let machine = Machine::new();
    let spec = gpu_model::vbios::Spec {
        device: 0x2204,
        descriptor: gpu_model::vbios::Descriptor::V3,
        units: [4, 2, 2, 6],
        noise: false,
    };
    machine.put("rom", &gpu_model::vbios::build(&spec));
    assert!(machine
        .text()
        .contains("    - offset 0x0, size 0x800, code PciAt, last no\n"));
}

#[test]
fn gpus_are_found_among_other_devices() {
    let machine = Machine::new();
    let other = machine.places.sysfs.join("bus/pci/devices/0000:00:1f.0");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("vendor"), "0x8086\n").unwrap();
    fs::write(other.join("class"), "0x030000\n").unwrap();
    assert_eq!(gpus(&machine.places).unwrap(), [ADDRESS]);
    assert!(inspect(&machine.places, "01:00.0").is_ok());
    assert!(inspect(&machine.places, "0000:02:00.0").is_err());
    assert!(inspect(&machine.places, "0000:01:00.0/../x").is_err());
}

/// All files below a directory, with their contents.
fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn nothing_is_written() {
    let machine = Machine::new();
    let before = contents(machine.directory.path());
    assert!(before.len() > 10);
    assert_eq!(machine.inspect().verdict, Ok(()));
    assert_eq!(contents(machine.directory.path()), before);
}
