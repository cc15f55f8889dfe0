// SPDX-License-Identifier: GPL-2.0

//! Programs the harness starts, and the promise that none of them outlives it.
//!
//! Each program leads its own process group, so that everything it starts dies with it; the kernel kills
//! it when the thread that started it is gone; and dropping its handle ends it.

use std::{
    io::{
        BufRead,
        BufReader, //
    },
    os::{
        fd::OwnedFd,
        unix::process::{
            CommandExt,
            ExitStatusExt, //
        },
    },
    process::{
        Child,
        Command,
        ExitStatus,
        Stdio, //
    },
    sync::mpsc::Sender,
    thread::JoinHandle,
    time::{
        Duration,
        Instant, //
    },
};

use rustix::{
    io::FdFlags,
    process::{
        kill_process_group,
        set_parent_process_death_signal,
        waitid,
        Pid,
        Signal,
        WaitId,
        WaitIdOptions, //
    },
};

use crate::{
    error::{
        Context,
        Error,
        Result, //
    },
    event::{
        Event,
        Who, //
    },
};

/// How long a program may take to end after a polite request.
const POLITE: Duration = Duration::from_secs(3);

/// How often a program that should end is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A running program. Dropping it kills its whole process group.
pub struct Program {
    who: Who,
    child: Child,
    pid: Pid,
    status: Option<ExitStatus>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts `command`. Lines of its standard error become [`Event::Output`]. The program inherits the
    /// connections in `inherit` under their present numbers; this process's copies are closed.
    ///
    /// Call from a thread that lives as long as the program should: the kernel kills the program when that
    /// thread ends.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(
        who: Who,
        mut command: Command,
        inherit: Vec<OwnedFd>,
        events: Sender<Event>,
    ) -> Result<Self> {
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        let parent = rustix::process::getpid();
        let prepare = move || {
            for fd in &inherit {
                // Cleared in the child only, so that no other program started meanwhile inherits it.
                rustix::io::fcntl_setfd(fd, FdFlags::empty())?;
            }
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the line above.
            if rustix::process::getppid() != Some(parent) {
                return Err(rustix::io::Errno::SRCH.into());
            }
            Ok(())
        };
        // SAFETY: the closure runs between fork and exec. It only makes system calls on values it owns and
        // neither allocates nor takes a lock.
        unsafe { command.pre_exec(prepare) };
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().context(|| format!("starting {name}"))?;
        let pid = Pid::from_child(&child);
        let stderr = child
            .stderr
            .take()
            .ok_or_else(|| Error::new("no pipe for standard error"))?;
        let speaker = who.clone();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr)
                .lines()
                .map_while(std::result::Result::ok)
            {
                if events.send(Event::Output(speaker.clone(), line)).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            who,
            child,
            pid,
            status: None,
            reader: Some(reader),
        })
    }

    /// Who it is.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Its exit status, once it ended; whatever it started is killed then. Does not wait.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            if let Ok(Some(_)) = waitid(WaitId::Pid(self.pid), look) {
                // Not yet reaped, it still keeps the number of its group from being used again.
                let _ = kill_process_group(self.pid, Signal::KILL);
                self.status = self.child.wait().ok();
            }
        }
        self.status
    }

    /// Sends a signal to the program itself.
    pub fn signal(&mut self, signal: Signal) {
        if self.ended().is_none() {
            let _ = rustix::process::kill_process(self.pid, signal);
        }
    }

    /// Waits until it ended by itself.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        while self.ended().is_none() && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
        self.status
    }

    /// Asks it to end, waits a little, then kills it. Returns its status.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.signal(Signal::TERM);
        if self.wait(POLITE).is_none() {
            let _ = kill_process_group(self.pid, Signal::KILL);
            self.wait(POLITE);
        }
        self.status
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = kill_process_group(self.pid, Signal::KILL);
            let _ = self.child.wait();
        }
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// An exit status in words.
pub fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        _ => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    /// Waits until process `pid` is no more than a zombie or gone.
    fn gone_within(pid: &str, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if stat.is_empty()
                || stat
                    .rsplit_once(") ")
                    .is_some_and(|(_, s)| s.starts_with('Z'))
            {
                return true;
            }
            std::thread::sleep(LOOK);
        }
        false
    }

    #[test]
    fn a_killed_program_is_noticed_within_a_second() {
        let (send, _events) = channel();
        let mut program = Program::start(Who::Qemu, shell("sleep 1000"), Vec::new(), send).unwrap();
        assert_eq!(program.ended(), None);
        program.signal(Signal::KILL);
        let status = program
            .wait(Duration::from_secs(1))
            .expect("the end was not noticed");
        assert_eq!(describe(status), "killed by signal 9");
    }

    #[test]
    fn what_it_says_and_how_it_ends_is_reported() {
        let (send, events) = channel();
        let mut program = Program::start(
            Who::Qemu,
            shell("echo no such device >&2; exit 7"),
            Vec::new(),
            send,
        )
        .unwrap();
        let line = events.recv_timeout(Duration::from_secs(5)).unwrap();
        assert_eq!(line, Event::Output(Who::Qemu, "no such device".into()));
        let status = program.wait(Duration::from_secs(5)).unwrap();
        assert_eq!(describe(status), "exit status 7");
    }

    #[test]
    fn dropping_it_kills_what_it_started_too() {
        let (send, events) = channel();
        let program = Program::start(
            Who::Qemu,
            shell("sleep 1000 & echo $! >&2; wait"),
            Vec::new(),
            send,
        )
        .unwrap();
        let Ok(Event::Output(_, grandchild)) = events.recv_timeout(Duration::from_secs(5)) else {
            panic!("no process id");
        };
        drop(program);
        assert!(
            gone_within(&grandchild, Duration::from_secs(2)),
            "process {grandchild} lives on"
        );
    }

    #[test]
    fn what_it_leaves_behind_at_its_end_is_killed() {
        let (send, events) = channel();
        let mut program = Program::start(
            Who::Qemu,
            shell("sleep 1000 & echo $! >&2"),
            Vec::new(),
            send,
        )
        .unwrap();
        let Ok(Event::Output(_, orphan)) = events.recv_timeout(Duration::from_secs(5)) else {
            panic!("no process id");
        };
        assert!(program.wait(Duration::from_secs(5)).is_some());
        assert!(
            gone_within(&orphan, Duration::from_secs(2)),
            "process {orphan} lives on"
        );
    }

    #[test]
    fn it_dies_with_the_thread_that_started_it() {
        let (send, _events) = channel();
        let thread = std::thread::spawn(move || {
            let program =
                Program::start(Who::Qemu, shell("exec sleep 1000"), Vec::new(), send).unwrap();
            let pid = program.pid().as_raw_nonzero().to_string();
            // Its handle is lost on purpose: nobody is left to end it.
            std::mem::forget(program);
            pid
        });
        let pid = thread.join().unwrap();
        assert!(
            gone_within(&pid, Duration::from_secs(2)),
            "process {pid} lives on"
        );
    }

    #[test]
    fn a_program_that_ignores_requests_is_killed() {
        let (send, events) = channel();
        let script = "trap '' TERM; echo up >&2; while :; do sleep 1; done";
        let mut program = Program::start(Who::Qemu, shell(script), Vec::new(), send).unwrap();
        events.recv_timeout(Duration::from_secs(5)).unwrap();
        let status = program.stop().expect("it survived");
        assert_eq!(describe(status), "killed by signal 9");
    }

    #[test]
    fn a_missing_program_is_named() {
        let (send, _events) = channel();
        let error = Program::start(
            Who::Qemu,
            Command::new("/no/such/program"),
            Vec::new(),
            send,
        )
        .err()
        .unwrap();
        assert!(error.to_string().contains("/no/such/program"), "{error}");
    }
}
