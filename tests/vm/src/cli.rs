// SPDX-License-Identifier: GPL-2.0

//! The command line, as a value.

use std::path::PathBuf;

use crate::{
    cases,
    error::{
        Error,
        Result, //
    },
};

/// Text of `--help`.
pub const USAGE: &str = "\
usage: nova-vm run  [--chip NAME] [--vram SIZE] [--fault NAME[=ARG]]... [--debug] [--iommu] [--shell]
                    [--trace FILE] [--timeline FILE.svg] [--start dirty[=STATE]]
       nova-vm test [--only PATTERN] [--list] [--jobs N] [--junit FILE] [--rebinds N | --short]
       nova-vm bench [--chips LIST] [--json FILE]
       nova-vm fuzz  [--calls N] [--seed N]
       nova-vm tlv  --chip NAME --output DIR [--firmware DIR]

run    boots one guest with an emulated GPU, loads both modules and shows what a user would see;
       --timeline: draws what driver and device did meanwhile; --start: the card as somebody left it
test   runs the table of claims; the last line reads 'N passed, N failed'. --jobs: guests at a time (default:
       one more than there are CPUs); --rebinds: rounds of the endurance claims (default: 10); --short: only
       one guest with two cards, for a kernel that is tried beside the one that everything is tried on
bench  measures what it costs to bring a card up, for each driver; --chips: with commas between
       (default: ga102,tu116,gh100,gb202); --json: writes the table for programs
fuzz   makes ioctls that nobody meant, in the debug kernel, while the card comes and goes; --calls: how many
       (default: 100000); --seed: where the random numbers begin (default: 1)
tlv    makes the TLV files that upstream's nova-core wants from the .bin files of linux-firmware.
       --firmware: the folder that holds nvidia/ (default: NOVA_FIRMWARE)

All take: --tree DIR (default: the current folder), --modules DIR (default: TREE/build/modules; holds one
folder for each kernel release), --gpu-model FILE and --clients DIR (default: beside nova-vm), --cpus N.
TREE/build/paths.env, or the file that NOVA_PATHS names, tells where kernels and firmware are; variables of
the same names override it.
NOVA_ACCEL=kvm|tcg settles how CPUs are run. Logs of each guest: TREE/build/vm/<name>/.
";

/// Options of both commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// Top of the source tree.
    pub tree: PathBuf,
    /// Folder with a folder of modules for each release.
    pub modules: Option<PathBuf>,
    /// The emulated GPU.
    pub gpu_model: Option<PathBuf>,
    /// Folder with our clients.
    pub clients: Option<PathBuf>,
    /// CPUs of each guest.
    pub cpus: u32,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Show one guest.
    Run {
        /// Chip name.
        chip: String,
        /// Video memory with unit.
        vram: Option<String>,
        /// Injected faults.
        faults: Vec<String>,
        /// Debug kernel.
        debug: bool,
        /// Emulated IOMMU.
        iommu: bool,
        /// Interactive.
        shell: bool,
        /// Where to put the GPU's trace.
        trace: Option<PathBuf>,
        /// Where to put a picture of the bring-up.
        timeline: Option<PathBuf>,
        /// State that somebody left the card in.
        start: Option<String>,
    },
    /// Run claims.
    Test {
        /// Pattern of full names.
        only: Option<String>,
        /// Print the names only.
        list: bool,
        /// Guests at a time.
        jobs: usize,
        /// Where to put JUnit XML.
        junit: Option<PathBuf>,
        /// How often cards are unbound and bound.
        rebinds: u32,
        /// No more than one guest.
        short: bool,
    },
    /// Compare drivers.
    Bench {
        /// Chip names.
        chips: Vec<String>,
        /// Where to put the table as JSON.
        json: Option<PathBuf>,
    },
    /// Make ioctls that nobody meant.
    Fuzz {
        /// How many.
        calls: u64,
        /// Where the random numbers begin.
        seed: u64,
    },
    /// Convert firmware files.
    Tlv {
        /// Chip name.
        chip: String,
        /// Folder that holds `nvidia/`.
        firmware: Option<PathBuf>,
        /// Where to put the files.
        output: PathBuf,
    },
    /// Print the usage.
    Help,
}

/// Understands the words after the program's name.
///
/// # Errors
/// Names the word that makes no sense.
pub fn parse(words: impl IntoIterator<Item = String>) -> Result<(Common, Command)> {
    let mut words = words.into_iter();
    let mut common = Common {
        tree: PathBuf::from("."),
        modules: None,
        gpu_model: None,
        clients: None,
        cpus: 2,
    };
    let (mut chip, mut vram, mut faults, mut trace) = ("ga102".to_owned(), None, Vec::new(), None);
    let (mut debug, mut iommu, mut shell) = (false, false, false);
    let (mut only, mut list, mut jobs, mut junit) = (None, false, guests_here(), None);
    let (mut rebinds, mut brief) = (cases::REBINDS, false);
    let (mut firmware, mut output, mut timeline, mut start) = (None, None, None, None);
    let (mut calls, mut seed) = (100_000, 1);
    let (mut chips, mut json) = ("ga102,tu116,gh100,gb202".to_owned(), None);

    let verb = words.next().unwrap_or_else(|| "--help".to_owned());
    let (running, testing, converting) = (verb == "run", verb == "test", verb == "tlv");
    let (comparing, fuzzing) = (verb == "bench", verb == "fuzz");
    if ["--help", "-h", "help"].contains(&verb.as_str()) {
        return Ok((common, Command::Help));
    }
    if !running && !testing && !converting && !comparing && !fuzzing {
        return Err(Error::new(format!(
            "'{verb}' is none of run, test, bench, fuzz and tlv; see nova-vm --help"
        )));
    }
    while let Some(word) = words.next() {
        let (name, mut inline) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => {
                (name.to_owned(), Some(value.to_owned()))
            }
            _ => (word, None),
        };
        let mut value = || {
            inline
                .take()
                .or_else(|| words.next())
                .ok_or_else(|| Error::new(format!("{name} needs a value")))
        };
        match name.as_str() {
            "--tree" => common.tree = value()?.into(),
            "--modules" => common.modules = Some(value()?.into()),
            "--gpu-model" => common.gpu_model = Some(value()?.into()),
            "--clients" => common.clients = Some(value()?.into()),
            "--cpus" => common.cpus = number(&name, &value()?)?,
            "--chip" if running || converting => chip = value()?.to_lowercase(),
            "--vram" if running => vram = Some(value()?),
            "--fault" if running => faults.push(value()?),
            "--trace" if running => trace = Some(value()?.into()),
            "--timeline" if running => timeline = Some(value()?.into()),
            "--start" if running => start = dirty_state(&value()?)?,
            "--debug" if running => debug = true,
            "--iommu" if running => iommu = true,
            "--shell" if running => shell = true,
            "--only" if testing => only = Some(value()?),
            "--list" if testing => list = true,
            "--short" if testing => brief = true,
            "--jobs" if testing => jobs = number(&name, &value()?)?,
            "--rebinds" if testing => rebinds = number(&name, &value()?)?,
            "--calls" if fuzzing => calls = number(&name, &value()?)?,
            "--seed" if fuzzing => seed = number(&name, &value()?)?,
            "--chips" if comparing => chips = value()?.to_lowercase(),
            "--json" if comparing => json = Some(value()?.into()),
            "--firmware" if converting => firmware = Some(value()?.into()),
            "--output" if converting => output = Some(value()?.into()),
            "--junit" if testing => junit = Some(value()?.into()),
            "--help" | "-h" => return Ok((common, Command::Help)),
            _ => {
                return Err(Error::new(format!(
                    "nova-vm {verb} does not know '{name}'; see nova-vm --help"
                )))
            }
        }
        if inline.is_some() {
            return Err(Error::new(format!("{name} takes no value")));
        }
    }
    let command = if comparing {
        Command::Bench {
            chips: chips.split(',').map(str::to_owned).collect(),
            json,
        }
    } else if fuzzing {
        Command::Fuzz { calls, seed }
    } else if converting {
        Command::Tlv {
            chip,
            firmware,
            output: output.ok_or_else(|| Error::new("tlv needs --output DIR"))?,
        }
    } else if running {
        Command::Run {
            chip,
            vram,
            faults,
            debug,
            iommu,
            shell,
            trace,
            timeline,
            start,
        }
    } else {
        Command::Test {
            // Else the claims about the harness would be tried as well.
            only: only.or_else(|| brief.then(|| cases::SHORT.to_owned())),
            list,
            jobs,
            junit,
            rebinds,
            short: brief,
        }
    };
    Ok((common, command))
}

/// `clean`, `dirty` for what a crash most often leaves, or `dirty=STATE`.
fn dirty_state(word: &str) -> Result<Option<String>> {
    match word.split_once('=').unwrap_or((word, "gsp-running")) {
        ("dirty", state) => Ok(Some(state.to_owned())),
        ("clean", _) => Ok(None),
        _ => Err(Error::new(format!(
            "--start {word}: must be clean, dirty or dirty=STATE"
        ))),
    }
}

/// Guests at a time: one more than there are CPUs, because a guest often waits for the clock.
fn guests_here() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get) + 1
}

fn number<T: std::str::FromStr + PartialEq + Default>(name: &str, text: &str) -> Result<T> {
    text.parse()
        .ok()
        .filter(|n| *n != T::default())
        .ok_or_else(|| Error::new(format!("{name} {text}: must be a number from 1 on")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Result<(Common, Command)> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_fault_with_an_argument_survives_both_spellings() {
        for line in [
            "run --chip GH100 --fault gfw-stuck=0x7f --shell",
            "run --chip=gh100 --fault=gfw-stuck=0x7f --shell",
        ] {
            let (_, command) = words(line).unwrap();
            let wanted = Command::Run {
                chip: "gh100".into(),
                vram: None,
                faults: vec!["gfw-stuck=0x7f".into()],
                debug: false,
                iommu: false,
                shell: true,
                trace: None,
                timeline: None,
                start: None,
            };
            assert_eq!(command, wanted, "{line}");
        }
    }

    #[test]
    fn test_options_are_read() {
        let (common, command) = words("test --only ga102* --jobs 3 --tree /t --list").unwrap();
        assert_eq!(common.tree, PathBuf::from("/t"));
        let wanted = Command::Test {
            only: Some("ga102*".into()),
            list: true,
            jobs: 3,
            junit: None,
            rebinds: cases::REBINDS,
            short: false,
        };
        assert_eq!(command, wanted);
        let (_, command) = words("test --short").unwrap();
        assert!(matches!(command, Command::Test { short: true, .. }));
    }

    #[test]
    fn chips_to_compare_are_a_list() {
        let (_, command) = words("bench --chips GA102,tu116 --json /j").unwrap();
        let wanted = Command::Bench {
            chips: vec!["ga102".into(), "tu116".into()],
            json: Some("/j".into()),
        };
        assert_eq!(command, wanted);
    }

    #[test]
    fn a_fuzzer_is_told_how_much_and_from_where() {
        let (_, command) = words("fuzz --calls 5000000 --seed 7").unwrap();
        let wanted = Command::Fuzz {
            calls: 5_000_000,
            seed: 7,
        };
        assert_eq!(command, wanted);
    }

    #[test]
    fn conversion_is_told_what_and_where() {
        let (_, command) = words("tlv --chip tu116 --output /o --firmware=/f").unwrap();
        let wanted = Command::Tlv {
            chip: "tu116".into(),
            firmware: Some("/f".into()),
            output: "/o".into(),
        };
        assert_eq!(command, wanted);
    }

    #[test]
    fn nonsense_is_named() {
        for (line, wanted) in [
            ("walk", "'walk' is none of run, test, bench, fuzz and tlv"),
            ("tlv --chip ga102", "tlv needs --output DIR"),
            ("test --output x", "nova-vm test does not know '--output'"),
            ("run --only x", "nova-vm run does not know '--only'"),
            ("test --shell", "nova-vm test does not know '--shell'"),
            ("test --jobs none", "--jobs none: must be a number"),
            ("test --jobs 0", "--jobs 0: must be a number from 1 on"),
            ("run --chip", "--chip needs a value"),
            ("run --start muddy", "--start muddy: must be clean"),
            ("run --shell=yes", "--shell takes no value"),
        ] {
            let error = words(line).unwrap_err().to_string();
            assert!(error.contains(wanted), "{line}: {error}");
        }
    }
}
