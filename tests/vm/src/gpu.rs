// SPDX-License-Identifier: GPL-2.0

//! The emulated GPUs of a guest: what is asked for, and how `gpu-model` is started.

use std::{
    path::{
        Path,
        PathBuf, //
    },
    process::Command,
};

/// Every chip of the driver's table, in the order of its documentation.
pub const CHIPS: &[&str] = &[
    "tu102", "tu104", "tu106", "tu116", "tu117", "ga100", "ga102", "ga103", "ga104", "ga106",
    "ga107", "ad102", "ad103", "ad104", "ad106", "ad107", "gh100", "gb100", "gb102", "gb202",
    "gb203", "gb205", "gb206", "gb207",
];

/// One emulated GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// Chip name as `gpu-model --list-chips` prints it.
    pub chip: String,
    /// Video memory with unit, such as `24G`; the model's default for the chip if not given.
    pub vram: Option<String>,
    /// Faults to inject, as `NAME` or `NAME=ARG`.
    pub faults: Vec<String>,
    /// Whether its VBIOS is shorter than a real card's.
    pub short_vbios: bool,
    /// What state a driver before ours has left the card in; a clean one if not given.
    pub dirty: Option<String>,
}

impl Gpu {
    /// A healthy card.
    pub fn new(chip: &str) -> Self {
        Self {
            chip: chip.to_owned(),
            vram: None,
            short_vbios: false,
            faults: Vec::new(),
            dirty: None,
        }
    }

    /// A card with one injected fault.
    pub fn with_fault(chip: &str, fault: &str) -> Self {
        Self {
            faults: vec![fault.to_owned()],
            ..Self::new(chip)
        }
    }
}

impl Gpu {
    /// A card that somebody left in this state.
    pub fn left(chip: &str, state: &str) -> Self {
        Self {
            dirty: Some(state.to_owned()),
            ..Self::new(chip)
        }
    }
}

/// PCI address of the GPU with this index in the guest: each sits alone behind its own root port, and the
/// firmware numbers the buses in the order of the ports.
pub fn pci_address(index: usize) -> String {
    format!("0000:{:02x}:00.0", index + 1)
}

/// Files one model reads and writes.
#[derive(Debug, Clone)]
pub struct Files {
    /// Socket QEMU connects to; kept short, because socket paths are limited to 107 bytes.
    pub socket: PathBuf,
    /// JSON summary written at the end.
    pub report: PathBuf,
    /// JSON lines, one for each access.
    pub trace: PathBuf,
}

impl Files {
    /// Names for GPU `index` of a guest.
    pub fn new(sockets: &Path, logs: &Path, index: usize) -> Self {
        Self {
            socket: sockets.join(format!("gpu{index}")),
            report: logs.join(format!("gpu{index}-report.json")),
            trace: logs.join(format!("gpu{index}-trace.jsonl")),
        }
    }
}

/// The command that starts the model. `firmware` is the folder that holds `nvidia/`: it compares what it is
/// given to run with the files there.
pub fn command(program: &Path, gpu: &Gpu, files: &Files, firmware: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--chip", &gpu.chip, "--once"]);
    if let Some(vram) = &gpu.vram {
        command.args(["--vram", vram]);
    }
    if gpu.short_vbios {
        command.arg("--short-vbios");
    }
    for fault in &gpu.faults {
        command.args(["--fault", fault]);
    }
    if let Some(state) = &gpu.dirty {
        command.args(["--start", &format!("dirty={state}")]);
    }
    command.arg("--firmware-dir").arg(firmware);
    command.arg("--socket").arg(&files.socket);
    command.arg("--report").arg(&files.report);
    command.arg("--trace").arg(&files.trace);
    command
}

/// Whether FSP boots the GSP of this chip, and the VBIOS has no part in it.
pub fn boots_by_fsp(chip: &str) -> bool {
    chip.starts_with("gh") || chip.starts_with("gb")
}

/// Whether a line of the model's standard error says that QEMU may connect.
pub fn is_listening(line: &str) -> bool {
    line.starts_with("gpu-model: listening on ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_carries_chip_memory_faults_and_state() {
        let mut gpu = Gpu::with_fault("ga102", "gfw-stuck=0x7f");
        gpu.vram = Some("24G".into());
        gpu.short_vbios = true;
        gpu.dirty = Some("wpr2-set".into());
        let files = Files::new(Path::new("/s"), Path::new("/l"), 1);
        let command = command(Path::new("gpu-model"), &gpu, &files, Path::new("/f"));
        let words: Vec<_> = command.get_args().map(|a| a.to_str().unwrap()).collect();
        let wanted =
            "--chip ga102 --once --vram 24G --short-vbios --fault gfw-stuck=0x7f --start dirty=wpr2-set \
                      --firmware-dir /f --socket /s/gpu1 \
                      --report /l/gpu1-report.json --trace /l/gpu1-trace.jsonl";
        assert_eq!(words.join(" "), wanted);
    }

    #[test]
    fn every_card_has_a_bus_of_its_own() {
        assert_eq!(pci_address(0), "0000:01:00.0");
        assert_eq!(pci_address(15), "0000:10:00.0");
    }
}
