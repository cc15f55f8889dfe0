// SPDX-License-Identifier: GPL-2.0

//! The QEMU command line of a guest, as a pure function of what the guest is.

use std::path::PathBuf;

use crate::accel::Accel;

/// Everything QEMU must know about a guest.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Kernel image or uncompressed kernel.
    pub kernel: PathBuf,
    /// First root file system.
    pub initrd: PathBuf,
    /// Additional kernel parameters.
    pub append: String,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Number of CPUs.
    pub cpus: u32,
    /// How the CPUs are run.
    pub accel: Accel,
    /// Cycles of the CPUs in a millisecond, if the guest cannot be left to find out.
    pub clock_khz: Option<u64>,
    /// Whether devices sit behind an emulated IOMMU.
    pub iommu: bool,
    /// Sockets of the emulated GPUs, in the order of their root ports.
    pub gpus: Vec<PathBuf>,
    /// Devices of QEMU's own, on the root bus unless they say otherwise.
    pub devices: &'static [&'static str],
    /// Inherited pipes of the console.
    pub console: PortFds,
    /// Inherited pipes of the guest agent.
    pub control: PortFds,
    /// Inherited file descriptor of the QEMU monitor's connection.
    pub monitor_fd: i32,
}

/// An error on PCI Express, which QEMU can have happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceError {
    /// Where it is detected, as named on the command line.
    pub device: &'static str,
    /// What it is, as QEMU's command `pcie_aer_inject_error` calls it.
    pub name: &'static str,
}

/// File descriptors of a serial port's two pipes, as QEMU inherits them.
///
/// Pipes and not a socket: QEMU writes single bytes and drops them when a write would block, and a socket
/// blocks after a few hundred of them, because it accounts for each with a buffer of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PortFds {
    /// What the guest writes.
    pub output: i32,
    /// What the guest reads.
    pub input: i32,
}

/// All that the host or the translator can, except for byte-wise string moves, which are the slowest way to
/// copy under emulation: without them the kernel copies words.
const CPU: &str = "max,-erms,-fsrm";

/// First slot on the root bus used for root ports; 0 and 1 are taken by the chipset and the IOMMU.
const FIRST_SLOT: usize = 2;

/// The program and its arguments.
pub fn arguments(machine: &Machine) -> Vec<String> {
    let split = if machine.iommu {
        ",kernel-irqchip=split"
    } else {
        ""
    };
    let mut args: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| args.extend(words.iter().map(|w| (*w).to_owned()));

    add(&[
        "-nodefaults",
        "-no-user-config",
        "-vga",
        "none",
        "-display",
        "none",
        "-no-reboot",
    ]);
    add(&[
        "-M",
        &format!("q35,memory-backend=ram{split}"),
        "-accel",
        machine.accel.name(),
        "-cpu",
        CPU,
    ]);
    add(&["-smp", &machine.cpus.to_string()]);
    // Shared memory: the emulated GPUs read and write it directly.
    add(&[
        "-object",
        &format!(
            "memory-backend-memfd,id=ram,size={}M,share=on",
            machine.memory_mib
        ),
    ]);
    add(&["-kernel", &machine.kernel.to_string_lossy()]);
    add(&["-initrd", &machine.initrd.to_string_lossy()]);
    add(&["-append", &append(machine)]);
    for (name, PortFds { output, input }) in
        [("console", machine.console), ("control", machine.control)]
    {
        add(&[
            "-chardev",
            &format!("file,id={name},path=/dev/fd/{output},input-path=/dev/fd/{input}"),
        ]);
        add(&["-serial", &format!("chardev:{name}")]);
    }
    add(&[
        "-chardev",
        &format!("socket,id=monitor,fd={}", machine.monitor_fd),
    ]);
    add(&["-mon", "chardev=monitor,mode=control"]);
    if machine.iommu {
        // Must come before the devices it translates for.
        add(&["-device", "intel-iommu,caching-mode=on"]);
    }
    for (index, socket) in machine.gpus.iter().enumerate() {
        let port = index + 1;
        let slot = FIRST_SLOT + index;
        add(&[
            "-device",
            &format!("pcie-root-port,id=rp{port},chassis={port},slot={port},addr={slot:#x}"),
        ]);
        let device = serde_json::json!({
            "driver": "vfio-user-pci",
            "id": format!("gpu{index}"),
            "bus": format!("rp{port}"),
            "socket": { "type": "unix", "path": socket },
        });
        add(&["-device", &device.to_string()]);
    }
    for device in machine.devices {
        add(&["-device", device]);
    }
    args
}

/// Kernel parameters every guest gets: all messages on the console, an oops ends the guest at once, and the
/// harness may ask for the state of blocked tasks.
fn append(machine: &Machine) -> String {
    let mut text =
        "console=ttyS0 loglevel=8 printk.devkmsg=on panic=-1 oops=panic sysrq_always_enabled=1"
            .to_owned();
    if let Some(khz) = machine.clock_khz {
        text.push_str(&format!(" tsc_early_khz={khz}"));
    }
    if machine.iommu {
        text.push_str(" intel_iommu=on");
    }
    if !machine.append.is_empty() {
        text.push(' ');
        text.push_str(&machine.append);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            kernel: "/k/vmlinux".into(),
            initrd: "/r/initrd".into(),
            append: String::new(),
            memory_mib: 1024,
            cpus: 2,
            accel: Accel::Tcg,
            clock_khz: None,
            iommu: false,
            gpus: vec!["/s/gpu0".into(), "/s/gpu1".into()],
            devices: &["pci-testdev"],
            console: PortFds {
                output: 7,
                input: 8,
            },
            control: PortFds {
                output: 9,
                input: 10,
            },
            monitor_fd: 11,
        }
    }

    fn joined(machine: &Machine) -> String {
        arguments(machine).join(" ")
    }

    #[test]
    fn each_gpu_sits_behind_its_own_root_port() {
        let line = joined(&machine());
        for wanted in [
            "pcie-root-port,id=rp1,chassis=1,slot=1,addr=0x2",
            "pcie-root-port,id=rp2,chassis=2,slot=2,addr=0x3",
            r#""bus":"rp2""#,
            r#""type":"unix""#,
            r#""path":"/s/gpu1""#,
        ] {
            assert!(line.contains(wanted), "{wanted} missing in {line}");
        }
    }

    #[test]
    fn console_is_the_first_port_and_control_the_second() {
        let line = joined(&machine());
        let console = line.find("chardev:console").unwrap();
        assert!(console < line.find("chardev:control").unwrap());
        assert!(line.contains("id=console,path=/dev/fd/7,input-path=/dev/fd/8"));
    }

    #[test]
    fn the_iommu_precedes_the_devices_and_is_enabled_in_the_guest() {
        let plain = joined(&machine());
        assert!(!plain.contains("iommu"), "{plain}");
        let line = joined(&Machine {
            iommu: true,
            ..machine()
        });
        assert!(line.contains("kernel-irqchip=split") && line.contains(" intel_iommu=on"));
        assert!(
            line.find("intel-iommu,caching-mode=on").unwrap()
                < line.find("pcie-root-port").unwrap()
        );
    }

    #[test]
    fn a_guest_is_told_its_clock() {
        let line = joined(&Machine {
            clock_khz: Some(2_596_142),
            ..machine()
        });
        assert!(line.contains(" tsc_early_khz=2596142 "), "{line}");
        assert!(!joined(&machine()).contains("tsc_early_khz"));
    }

    #[test]
    fn devices_of_qemus_own_follow_the_cards() {
        let line = joined(&machine());
        assert!(line.ends_with(" -device pci-testdev"), "{line}");
    }

    #[test]
    fn guest_memory_is_shared() {
        assert!(joined(&machine()).contains("memory-backend-memfd,id=ram,size=1024M,share=on"));
    }
}
