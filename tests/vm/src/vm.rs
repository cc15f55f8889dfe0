// SPDX-License-Identifier: GPL-2.0

//! One running guest: its programs, its two serial ports, and the loop that feeds what they say to the
//! [`Session`].

use std::{
    fs::{
        self,
        File, //
    },
    io::{
        Write, //
    },
    os::{fd::AsRawFd, unix::net::UnixStream},
    path::Path,
    process::{
        Command,
        Stdio, //
    },
    sync::{
        atomic::{
            AtomicBool,
            Ordering, //
        },
        mpsc::{
            channel,
            Receiver,
            RecvTimeoutError,
            Sender, //
        },
        Arc,
    },
    time::{
        Duration,
        Instant, //
    },
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    control,
    error::{
        Context,
        Error,
        Result, //
    },
    event::{
        Event,
        Who, //
    },
    gpu::{
        self,
        Gpu, //
    },
    monitor::Monitor,
    process::{
        describe,
        Program, //
    },
    qemu::{
        self,
        DeviceError,
        Machine, //
    },
    serial::{
        Port,
        Sink,
        Watch, //
    },
    session::{
        Fatal,
        Order,
        Session,
        StepResult,
        Verdict, //
    },
    splat::Splat,
};

/// How often the programs are checked for life when nothing else happens.
const PULSE: Duration = Duration::from_millis(50);
/// How long a model may take to offer its socket.
const LISTEN_LIMIT: Duration = Duration::from_secs(10);
/// How long a model may take to write its report after QEMU left.
const REPORT_LIMIT: Duration = Duration::from_secs(10);
/// How long the kernel may take to list its blocked tasks.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Set when the user asked to stop; shared by all guests.
pub type Stop = Arc<AtomicBool>;

/// Why there is no result.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The guest was lost.
    Guest(Fatal),
    /// The harness could not do its part.
    Harness(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Harness(error)
    }
}

/// What to boot.
pub struct Plan<'a> {
    /// The virtual machine; sockets and descriptors are filled in here.
    pub machine: Machine,
    /// Its GPUs.
    pub gpus: &'a [Gpu],
    /// The `gpu-model` program.
    pub model: &'a Path,
    /// Folder that holds `nvidia/`, for the model.
    pub firmware: &'a Path,
    /// Folder for logs, reports and traces.
    pub logs: &'a Path,
    /// How long the boot may take.
    pub boot_limit: Duration,
    /// Gets every byte of the console as well; then the guest is for a person, and not waited for.
    pub watch: Option<Watch>,
}

/// A guest that answers.
pub struct Vm {
    session: Session,
    events: Receiver<Event>,
    // Programs before sockets: what is dropped first must not outlive its files.
    qemu: Program,
    models: Vec<Program>,
    control: File,
    console: File,
    monitor: Monitor,
    files: Vec<gpu::Files>,
    _sockets: TempDir,
    started: Instant,
    next_step: u32,
    stop: Stop,
    /// Uptime of the guest kernel when its agent was ready, in seconds.
    pub guest_uptime: String,
    /// Time from the start of QEMU to the ready agent.
    pub boot_time: Duration,
}

/// What a finished guest leaves behind.
pub struct Remains {
    /// Report and trace files of each GPU, and how its model ended.
    pub gpus: Vec<(gpu::Files, String)>,
    /// Kernel reports that no step claimed.
    pub splats: Vec<Splat>,
}

impl Vm {
    /// Starts models and QEMU and waits until the guest agent is ready.
    ///
    /// Call from a thread that outlives the guest.
    ///
    /// # Errors
    /// [`Failure::Guest`] with the console's last lines when the guest does not come up.
    pub fn boot(mut plan: Plan<'_>, stop: Stop) -> std::result::Result<Self, Failure> {
        fs::create_dir_all(plan.logs).context(|| plan.logs.display().to_string())?;
        // Paths of sockets must be short.
        let sockets = tempfile::Builder::new()
            .prefix("nova-vm-")
            .tempdir()
            .context(|| "folder for sockets")?;
        let (send, events) = channel();
        let files: Vec<_> = (0..plan.gpus.len())
            .map(|i| gpu::Files::new(sockets.path(), plan.logs, i))
            .collect();
        let models = start_models(&plan, &files, &send, &events)?;

        let (console, control) = (Port::new()?, Port::new()?);
        let (monitor, monitor_end) = UnixStream::pair().context(|| "monitor connection")?;
        plan.machine.monitor_fd = monitor_end.as_raw_fd();
        plan.machine.console = console.fds();
        plan.machine.control = control.fds();
        plan.machine.gpus = files.iter().map(|f| f.socket.clone()).collect();

        let mut command = Command::new("qemu-system-x86_64");
        command
            .args(qemu::arguments(&plan.machine))
            .stdout(Stdio::null());
        let log = plan.logs.join("qemu.txt");
        let _ = fs::write(&log, format!("{command:?}\n"));
        let started = Instant::now();
        let interactive = plan.watch.is_some();
        let sink = Sink {
            log: plan.logs.join("console.txt"),
            event: Event::Console,
            at_end: Some(Event::ConsoleClosed),
            watch: plan.watch,
        };
        let (console_ends, console) = console.open(sink, send.clone())?;
        let sink = Sink {
            log: plan.logs.join("control.txt"),
            event: Event::Control,
            at_end: None,
            watch: None,
        };
        let (control_ends, control) = control.open(sink, send.clone())?;
        let ends = console_ends
            .into_iter()
            .chain(control_ends)
            .chain([monitor_end.into()])
            .collect();
        let qemu = Program::start(Who::Qemu, command, ends, send)?;

        let mut vm = Self {
            session: Session::boot(Duration::ZERO, plan.boot_limit),
            events,
            qemu,
            models,
            control,
            console,
            monitor: Monitor::new(monitor)?,
            files,
            _sockets: sockets,
            started,
            next_step: 1,
            stop,
            guest_uptime: String::new(),
            boot_time: Duration::ZERO,
        };
        if interactive {
            return Ok(vm);
        }
        match vm.run_until_verdict()? {
            Verdict::Ready(uptime) => vm.guest_uptime = uptime,
            other => {
                return Err(
                    Error::new(format!("the guest spoke before it was ready: {other:?}")).into(),
                )
            }
        }
        vm.boot_time = vm.started.elapsed();
        Ok(vm)
    }

    /// Runs a guest script and waits for its result.
    ///
    /// # Errors
    /// [`Failure::Guest`] when the guest is lost meanwhile.
    pub fn step(
        &mut self,
        script: &str,
        args: &[(String, String)],
        limit: Duration,
    ) -> std::result::Result<StepResult, Failure> {
        let mut results = self.steps(&[(script, args)], limit)?;
        results
            .pop()
            .ok_or_else(|| Error::new(format!("'{script}' has no result")).into())
    }

    /// Runs guest scripts, all at the same time, and waits for their results, which come in the same order.
    /// If there are several, each is about a card of its own, which its argument `bdf` names.
    ///
    /// # Errors
    /// [`Failure::Guest`] when the guest is lost meanwhile.
    pub fn steps(
        &mut self,
        scripts: &[(&str, &[(String, String)])],
        limit: Duration,
    ) -> std::result::Result<Vec<StepResult>, Failure> {
        let (mut orders, mut runs) = (Vec::new(), Vec::new());
        for (script, args) in scripts {
            let id = self.next_step;
            self.next_step += 1;
            let about = args.iter().find(|(name, _)| name == "bdf");
            orders.push(Order {
                id,
                name: (*script).to_owned(),
                about: about.map(|(_, card)| card.clone()),
            });
            runs.push((id, *script, *args));
        }
        self.session.start(orders, self.started.elapsed(), limit);
        // A guest that died meanwhile shows in the events.
        let _ = self
            .control
            .write_all(control::encode_run(&runs).as_bytes());
        match self.run_until_verdict()? {
            Verdict::StepsDone(results) => Ok(results),
            other => Err(Error::new(format!("steps ended oddly: {other:?}")).into()),
        }
    }

    /// Puts a mark into the trace of every GPU.
    pub fn mark(&mut self) {
        for model in &mut self.models {
            model.signal(Signal::USR1);
        }
    }

    /// Takes the faults of this GPU away.
    pub fn mend(&mut self, gpu: usize) {
        if let Some(model) = self.models.get_mut(gpu) {
            model.signal(Signal::USR2);
        }
    }

    /// Has an error happen in a device of QEMU's own.
    ///
    /// # Errors
    /// When QEMU cannot do that.
    pub fn inject_error(&mut self, error: DeviceError) -> Result<()> {
        self.monitor.inject_error(error.device, error.name)
    }

    /// Kills QEMU (`None`) or the model with this index, to see what the harness makes of it.
    pub fn sabotage(&mut self, model: Option<usize>) {
        match model {
            None => self.qemu.signal(Signal::KILL),
            Some(index) => self.models[index].signal(Signal::KILL),
        }
    }

    /// Process ids of everything this guest runs.
    pub fn process_ids(&self) -> Vec<i32> {
        std::iter::once(&self.qemu)
            .chain(&self.models)
            .map(|p| p.pid().as_raw_nonzero().get())
            .collect()
    }

    /// The console's connection, for a person to talk to the guest.
    ///
    /// # Errors
    /// When it cannot be duplicated.
    pub fn console(&self) -> Result<File> {
        self.console.try_clone().context(|| "console connection")
    }

    /// Waits until an interactive guest is off, however long that takes. Returns whether it went by itself
    /// and in peace.
    pub fn wait_until_off(&mut self) -> bool {
        loop {
            match self.next_event() {
                Some(Event::Exited(Who::Qemu, status)) => return status == "exit status 0",
                Some(Event::Exited(who, status)) => {
                    eprintln!("\r\nnova-vm: {who} ended ({status}); the guest has lost its card");
                    return false;
                }
                Some(Event::Interrupted) => return false,
                _ => {}
            }
        }
    }

    /// Ends the guest and waits for the models' reports.
    pub fn finish(mut self) -> Remains {
        self.qemu.stop();
        let mut gpus = Vec::new();
        for (model, files) in self.models.iter_mut().zip(&self.files) {
            let end = match model.wait(REPORT_LIMIT) {
                Some(status) => describe(status),
                None => {
                    model.stop();
                    format!(
                        "did not end within {} s after QEMU left",
                        REPORT_LIMIT.as_secs()
                    )
                }
            };
            gpus.push((files.clone(), end));
        }
        Remains {
            gpus,
            splats: self.session.take_splats(),
        }
    }

    fn run_until_verdict(&mut self) -> std::result::Result<Verdict, Failure> {
        loop {
            let event = self.next_event();
            let now = self.started.elapsed();
            let verdict = event
                .and_then(|e| self.session.handle(now, &e))
                .or_else(|| self.session.tick(now));
            match verdict {
                Some(Verdict::Fatal(mut fatal)) => {
                    if matches!(fatal.reason, crate::session::Reason::Hang { .. }) {
                        fatal.tail.extend(self.blocked_tasks());
                    }
                    return Err(Failure::Guest(fatal));
                }
                Some(verdict) => return Ok(verdict),
                None => {}
            }
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        let left = self
            .session
            .deadline()
            .map_or(PULSE, |d| d.saturating_sub(self.started.elapsed()));
        match self
            .events
            .recv_timeout(left.clamp(Duration::from_millis(1), PULSE))
        {
            Ok(event) => return Some(event),
            Err(RecvTimeoutError::Timeout) => {}
            // All readers ended: only the programs can tell why.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(PULSE),
        }
        if self.stop.load(Ordering::Relaxed) {
            return Some(Event::Interrupted);
        }
        std::iter::once(&mut self.qemu)
            .chain(&mut self.models)
            .find_map(|program| {
                let status = program.ended()?;
                Some(Event::Exited(program.who().clone(), describe(status)))
            })
    }

    /// After a hang, asks the kernel which tasks are blocked: SysRq-w, as a break and a letter on the
    /// console. A guest that does not take interrupts any more does not answer.
    fn blocked_tasks(&mut self) -> Vec<String> {
        let _ = self.monitor.send_console_break();
        let _ = self.console.write_all(b"w");
        let deadline = Instant::now() + LAST_WORDS;
        let mut lines = Vec::new();
        while let Ok(event) = self
            .events
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            if let Event::Console(line) = event {
                lines.push(line);
            }
        }
        lines
    }
}

fn start_models(
    plan: &Plan<'_>,
    files: &[gpu::Files],
    send: &Sender<Event>,
    events: &Receiver<Event>,
) -> std::result::Result<Vec<Program>, Failure> {
    let mut models = Vec::new();
    for (index, (gpu, files)) in plan.gpus.iter().zip(files).enumerate() {
        // Of an earlier run: must not be taken for this one's.
        let _ = fs::remove_file(&files.report);
        let who = Who::Gpu(index, gpu.chip.clone());
        let mut command = gpu::command(plan.model, gpu, files, plan.firmware);
        command.stdout(Stdio::null());
        models.push(Program::start(who, command, Vec::new(), send.clone())?);
    }
    let mut listening = 0;
    let mut said = Vec::new();
    let deadline = Instant::now() + LISTEN_LIMIT;
    while listening < models.len() {
        match events.recv_timeout(PULSE) {
            Ok(Event::Output(_, line)) if gpu::is_listening(&line) => listening += 1,
            Ok(Event::Output(who, line)) => said.push(format!("{who}: {line}")),
            // Silence: by now a dead model's last words have been heard.
            _ => {
                if let Some((status, who)) = models
                    .iter_mut()
                    .find_map(|m| Some((m.ended()?, m.who().clone())))
                {
                    let status = describe(status);
                    return Err(Error::new(format!(
                        "{who} did not start ({status}): {}",
                        said.join("; ")
                    ))
                    .into());
                }
            }
        }
        if Instant::now() > deadline {
            return Err(Error::new(format!(
                "{listening} of {} emulated GPUs offer a socket after {} s: {}",
                models.len(),
                LISTEN_LIMIT.as_secs(),
                said.join("; ")
            ))
            .into());
        }
    }
    Ok(models)
}
