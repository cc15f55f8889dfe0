// SPDX-License-Identifier: GPL-2.0

//! The command line.

use crate::{
    firmware,
    fsp,
    gsp_log,
    hw,
    report::Report,
    rpc,
    vbios, //
};
use clap::{
    Parser,
    Subcommand, //
};
use nova_hw::chip::Chip;
use std::{
    fs,
    io::{
        self,
        Write, //
    },
    path::{
        Path,
        PathBuf, //
    },
    process::ExitCode, //
};

/// Exit status if the driver would refuse what was looked at.
const REFUSED: u8 = 1;

/// Exit status if something could not be read.
const UNREADABLE: u8 = 2;

/// Shows what the nova driver would see in a VBIOS, a firmware file, a log buffer, a queue, a packet of
/// FSP's or a card.
///
/// The exit status is 0 if the driver would take all of it, 1 if it would refuse some, and 2 if something
/// could not be read. The last line about each names the errno and the reason.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A dump of a card's ROM, from the start of its window
    Vbios {
        /// The dump
        file: PathBuf,
        /// Read it as for this chip, such as ga102
        #[arg(long, value_parser = chip)]
        chip: Option<Chip>,
    },
    /// Firmware files in any container
    Firmware {
        /// The files, uncompressed
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Read them as for this chip; default: the one whose directory they are in
        #[arg(long, value_parser = chip)]
        chip: Option<Chip>,
        /// What they are; default: as name and contents tell
        #[arg(long)]
        kind: Option<firmware::kind::Kind>,
    },
    /// A log buffer of GSP-RM's, from debugfs
    GspLog {
        /// The whole buffer
        file: PathBuf,
        /// Show so many records only, the newest
        #[arg(long)]
        limit: Option<usize>,
    },
    /// A dump of the memory of both queues
    Rpc {
        /// The whole memory
        file: PathBuf,
    },
    /// Packets between driver and FSP, each in a file: binary, or words or bytes in hexadecimal
    Fsp {
        /// The packets, with their headers
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// A card of this machine, or all of them; nothing is written to them
    Hw {
        /// Address on the PCI bus, such as 01:00.0
        address: Option<String>,
        /// Where sysfs is
        #[arg(long, default_value = "/sys")]
        sysfs: PathBuf,
        /// Where firmware is, holding nvidia/; may be repeated
        #[arg(long, default_values = ["/lib/firmware/updates", "/lib/firmware"])]
        firmware_dir: Vec<PathBuf>,
    },
}

fn chip(name: &str) -> Result<Chip, String> {
    Chip::from_name(&name.to_ascii_lowercase()).ok_or_else(|| {
        let names: Vec<_> = Chip::ALL.iter().map(|chip| chip.name()).collect();
        format!("there are {}", names.join(" "))
    })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

impl Cli {
    /// Does what was asked, and prints what came of it.
    pub fn run(&self) -> ExitCode {
        let mut reports = Vec::new();
        let result = self.command.run(&mut reports);
        if let Err(error) = self.print(&reports) {
            // Nobody reads on.
            if error.kind() != io::ErrorKind::BrokenPipe {
                eprintln!("nova-inspect: {error}");
            }
            return ExitCode::from(UNREADABLE);
        }
        match result {
            Err(error) => {
                eprintln!("nova-inspect: {error}");
                ExitCode::from(UNREADABLE)
            }
            Ok(()) if reports.iter().all(|report| report.verdict.is_ok()) => ExitCode::SUCCESS,
            Ok(()) => ExitCode::from(REFUSED),
        }
    }

    fn print(&self, reports: &[Report]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            let reports: serde_json::Value = reports.iter().map(Report::json).collect();
            serde_json::to_writer_pretty(&mut out, &reports)?;
            writeln!(out)?;
        } else {
            reports
                .iter()
                .try_for_each(|report| out.write_all(report.text().as_bytes()))?;
        }
        out.flush()
    }
}

impl Command {
    fn run(&self, reports: &mut Vec<Report>) -> io::Result<()> {
        match self {
            Self::Vbios { file, chip } => {
                reports.push(vbios::inspect(
                    file.display().to_string(),
                    &read(file)?,
                    *chip,
                ));
            }
            Self::Firmware { files, chip, kind } => {
                for file in files {
                    reports.push(firmware::inspect(file, &read(file)?, *kind, *chip));
                }
            }
            Self::GspLog { file, limit } => {
                reports.push(gsp_log::inspect(
                    file.display().to_string(),
                    &read(file)?,
                    *limit,
                ));
            }
            Self::Rpc { file } => {
                reports.push(rpc::inspect(file.display().to_string(), &read(file)?));
            }
            Self::Fsp { files } => {
                for file in files {
                    reports.push(fsp::inspect(file.display().to_string(), &read(file)?));
                }
            }
            Self::Hw {
                address,
                sysfs,
                firmware_dir,
            } => {
                let places = hw::Places {
                    sysfs: sysfs.clone(),
                    firmware: firmware_dir.clone(),
                };
                let addresses = match address {
                    Some(address) => vec![address.clone()],
                    None => hw::gpus(&places)?,
                };
                if addresses.is_empty() {
                    return Err(io::Error::new(
                        io::ErrorKind::NotFound,
                        "no GPU of NVIDIA's in this machine",
                    ));
                }
                for address in addresses {
                    reports.push(hw::inspect(&places, &address)?);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn chips_are_known_by_name() {
        assert_eq!(chip("ga102"), Ok(Chip::Ga102));
        assert_eq!(chip("GA102"), Ok(Chip::Ga102));
        let error = chip("gk104").unwrap_err();
        assert!(
            error.contains("tu102") && error.contains("gb207"),
            "{error}"
        );
    }
}
