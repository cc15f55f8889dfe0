// SPDX-License-Identifier: GPL-2.0

//! Command line of the emulated GPU: reads the options, serves clients, writes the report.

#![forbid(unsafe_code)]

use std::{
    convert::Infallible,
    fs,
    os::{
        fd::OwnedFd,
        unix::{
            fs::FileTypeExt,
            net::UnixListener, //
        },
    },
    path::{
        Path,
        PathBuf, //
    },
    process::ExitCode,
    sync::{
        Arc,
        Mutex, //
    },
    thread,
    time::Duration,
};

use anyhow::{
    bail,
    Context,
    Result, //
};
use clap::{
    error::ErrorKind as UsageKind,
    CommandFactory,
    Parser, //
};
use gpu_model::{
    backend::Backend,
    boot::dirty::Dirty,
    chips::{
        Chip,
        CHIPS, //
    },
    device::{
        Device,
        DeviceError,
        Options, //
    },
    faults,
    gsp_rm::habits::Habits,
    report,
    trace::Trace,
    vram, //
};
use signal_hook::{
    consts::{
        SIGINT,
        SIGTERM,
        SIGUSR1,
        SIGUSR2, //
    },
    iterator::Signals,
};
use vfio_user::Server;

const STATUS_ERROR: u8 = 1;
/// How often firmware gets to work.
const TICK: Duration = Duration::from_millis(1);

/// An emulated NVIDIA GPU, served to a virtual machine over vfio-user.
///
/// Exit status: 0 no violation, 1 the model failed, 2 wrong usage, 3 the driver broke a rule.
#[derive(Parser)]
#[command(name = "gpu-model", version)]
struct Args {
    /// Chip to emulate, such as ga102
    #[arg(long, value_name = "NAME", required_unless_present_any = ["list_chips", "list_faults"])]
    chip: Option<String>,

    /// VRAM, such as 24G or 8192M [default: what the board has]
    #[arg(long, value_name = "SIZE")]
    vram: Option<String>,

    /// Unix socket to serve on
    #[arg(long, value_name = "PATH", required_unless_present_any = ["list_chips", "list_faults"])]
    socket: Option<PathBuf>,

    /// VBIOS image to show instead of a synthetic one
    #[arg(long, value_name = "FILE")]
    vbios: Option<PathBuf>,

    /// Show a synthetic VBIOS of 32 KiB instead of 1 MiB; no effect where there is none
    #[arg(long, conflicts_with = "vbios")]
    short_vbios: bool,

    /// Directory such as /lib/firmware with whose files firmware is compared
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,

    /// State of the card when the machine starts: clean, or dirty[=STATE]
    #[arg(long, value_name = "STATE", default_value = "clean")]
    start: String,

    /// What GSP-RM does this way or that, such as sequencer=empty; may be given more than once
    #[arg(long = "gsp", value_name = "NAME=VALUE")]
    gsp: Vec<String>,

    /// Fault to inject; may be given more than once
    #[arg(long = "fault", value_name = "NAME[=ARG]")]
    faults: Vec<String>,

    /// Show an expansion ROM BAR on VGA boards
    #[arg(long)]
    rom_bar: bool,

    /// File for the trace, one JSON object a line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// File for the report, written at the end
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// End when the first client disconnects
    #[arg(long)]
    once: bool,

    /// List the chips and end
    #[arg(long)]
    list_chips: bool,

    /// List the faults and end
    #[arg(long)]
    list_faults: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.list_chips {
        for chip in CHIPS {
            println!(
                "{}\t{}, {} GiB",
                chip.name,
                chip.board,
                chip.vram_mib / 1024
            );
        }
        return ExitCode::SUCCESS;
    }
    if args.list_faults {
        for fault in faults::all() {
            let argument = fault
                .argument
                .map_or(String::new(), |name| format!("={name}"));
            println!("{}{argument}\t{}", fault.name, fault.description);
        }
        return ExitCode::SUCCESS;
    }
    let Err(error) = run(args);
    eprintln!("gpu-model: {error:#}");
    ExitCode::from(STATUS_ERROR)
}

/// Serves clients until a signal, or the end of the first client with `--once`, ends the process.
fn run(args: Args) -> Result<Infallible> {
    let (Some(name), Some(socket)) = (&args.chip, &args.socket) else {
        bail!("--chip and --socket are needed");
    };
    let device = make_device(&args, name)?;
    let listener = listen(socket)?;
    let backend = Backend::new(Arc::new(Mutex::new(device)));
    let end = Arc::new(End {
        backend: backend.clone(),
        socket: socket.clone(),
        report: args.report.clone(),
    });
    handle_signals(Arc::clone(&end))?;
    tick(backend.clone())?;

    let server = Server::from_owned_fd(
        OwnedFd::from(listener),
        true,
        backend.irqs(),
        backend.regions(),
    );
    eprintln!("gpu-model: listening on {}", socket.display());
    let mut serving = backend.clone();
    loop {
        if let Err(error) = server.run(&mut serving) {
            eprintln!("gpu-model: client lost: {error}");
        }
        backend.lock().disconnected();
        if args.once {
            end.exit();
        }
    }
}

/// Makes the device; whatever the command line got wrong ends the process with status 2.
fn make_device(args: &Args, name: &str) -> Result<Device> {
    let Some(chip) = Chip::by_name(name) else {
        usage(&format!(
            "there is no chip \"{name}\"; --list-chips shows all"
        ));
    };
    let vram = match args.vram.as_deref().map(vram::parse_size).transpose() {
        Ok(vram) => vram,
        Err(error) => usage(&format!("--vram: {error}")),
    };
    let vbios = match &args.vbios {
        Some(path) => {
            Some(fs::read(path).with_context(|| format!("cannot read VBIOS {}", path.display()))?)
        }
        None => None,
    };
    let trace = match &args.trace {
        Some(path) => Trace::to_file(path)
            .with_context(|| format!("cannot create trace {}", path.display()))?,
        None => Trace::off(),
    };
    let options = Options {
        chip,
        vram,
        vbios,
        short_vbios: args.short_vbios,
        faults: args.faults.clone(),
        rom_bar: args.rom_bar,
        firmware_dir: args.firmware_dir.clone(),
        dirty: start_state(args),
        habits: habits(args),
    };
    match Device::new(options, trace) {
        Ok(device) => Ok(device),
        Err(error @ (DeviceError::Memory(_) | DeviceError::Firmware(_))) => Err(error.into()),
        Err(error) => usage(&error.to_string()),
    }
}

/// The state that `--start` names; `dirty` alone is what a crashed driver usually leaves.
fn start_state(args: &Args) -> Option<Dirty> {
    let name = match args.start.as_str() {
        "clean" => return None,
        "dirty" => "gsp-running",
        other => other.strip_prefix("dirty=").unwrap_or(other),
    };
    let state = Dirty::by_name(name).filter(|_| args.start.starts_with("dirty"));
    if state.is_none() {
        let states: Vec<_> = Dirty::ALL.iter().map(|(name, ..)| *name).collect();
        usage(&format!(
            "--start: \"{}\" is neither clean nor dirty[=STATE] with a STATE of {}",
            args.start,
            states.join(", ")
        ));
    }
    state
}

fn habits(args: &Args) -> Habits {
    let mut habits = Habits::default();
    for choice in &args.gsp {
        if let Err(error) = habits.set(choice) {
            usage(&format!("--gsp: {error}"));
        }
    }
    habits
}

fn usage(message: &str) -> ! {
    Args::command()
        .error(UsageKind::ValueValidation, message)
        .exit()
}

/// Binds `socket`. A file left there by a model that died is replaced; a live one is not.
fn listen(socket: &Path) -> Result<UnixListener> {
    let is_socket = fs::symlink_metadata(socket).is_ok_and(|meta| meta.file_type().is_socket());
    if is_socket {
        if is_bound(socket) {
            bail!("{} is in use by another process", socket.display());
        }
        fs::remove_file(socket)
            .with_context(|| format!("cannot remove stale socket {}", socket.display()))?;
    }
    UnixListener::bind(socket).with_context(|| format!("cannot listen on {}", socket.display()))
}

/// Does a process have `socket` open under this name? Found without connecting, which a model
/// that serves one client would take for that client.
fn is_bound(socket: &Path) -> bool {
    let name = socket.to_string_lossy();
    fs::read_to_string("/proc/net/unix").is_ok_and(|table| {
        table
            .lines()
            .any(|line| line.ends_with(&format!(" {name}")))
    })
}

/// What is left to do at the end, from whichever thread it comes.
struct End {
    backend: Backend,
    socket: PathBuf,
    report: Option<PathBuf>,
}

impl End {
    /// Writes the report, flushes the trace, removes the socket; returns the exit status.
    fn finish(&self, device: &mut Device) -> Result<u8> {
        device.recorder.flush();
        let removed = fs::remove_file(&self.socket);
        if let Some(path) = &self.report {
            report::write(device, path)
                .with_context(|| format!("cannot write report {}", path.display()))?;
        }
        removed.with_context(|| format!("cannot remove socket {}", self.socket.display()))?;
        Ok(u8::try_from(report::status(device)).unwrap_or(STATUS_ERROR))
    }

    /// Ends the process. The device stays locked, so nothing happens to it meanwhile.
    fn exit(&self) -> ! {
        let mut device = self.backend.lock();
        let status = self.finish(&mut device).unwrap_or_else(|error| {
            eprintln!("gpu-model: {error:#}");
            STATUS_ERROR
        });
        std::process::exit(i32::from(status))
    }
}

/// Lets the device's own firmware work, whether or not the guest looks at it.
fn tick(backend: Backend) -> Result<()> {
    thread::Builder::new()
        .name("tick".into())
        .spawn(move || loop {
            thread::sleep(TICK);
            backend.lock().tick();
        })
        .context("cannot start the tick thread")?;
    Ok(())
}

fn handle_signals(end: Arc<End>) -> Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGUSR1, SIGUSR2]).context("cannot handle signals")?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGUSR1 => end.backend.lock().mark(),
                    SIGUSR2 => end.backend.lock().mend(),
                    _ => end.exit(),
                }
            }
        })
        .context("cannot start the signal thread")?;
    Ok(())
}
