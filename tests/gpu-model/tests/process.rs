// SPDX-License-Identifier: GPL-2.0

//! The whole process, driven by a vfio-user client instead of a virtual machine.

use std::{
    io::{
        BufRead,
        BufReader, //
    },
    path::{
        Path,
        PathBuf, //
    },
    process::{
        Child,
        Command,
        Output,
        Stdio, //
    },
    time::{
        Duration,
        Instant, //
    },
};

use rustix::process::{
    kill_process,
    Pid,
    Signal, //
};
use serde_json::Value;
use tempfile::TempDir;
use vfio_user::Client;

const CONFIG: u32 = 7;

struct Model {
    child: Child,
    dir: TempDir,
}

impl Model {
    fn start(extra: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), extra)
    }

    fn start_in(dir: TempDir, extra: &[&str]) -> Self {
        let mut child = command()
            .args(["--chip", "ga102", "--socket"])
            .arg(dir.path().join("socket"))
            .arg("--report")
            .arg(dir.path().join("report"))
            .arg("--trace")
            .arg(dir.path().join("trace"))
            .args(extra)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stderr = child.stderr.take().unwrap();
        BufReader::new(stderr).read_line(&mut line).unwrap();
        let socket = dir.path().join("socket");
        assert_eq!(
            line,
            format!("gpu-model: listening on {}\n", socket.display())
        );
        Self { child, dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn client(&self) -> Client {
        let mut client = Client::new(&self.path("socket")).unwrap();
        client.region_write(CONFIG, 4, &[6, 0]).unwrap();
        client
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    fn status(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }

    fn report(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("report")).unwrap()).unwrap()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // Already gone in the good case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_gpu-model"))
}

fn output(args: &[&str]) -> Output {
    command().args(args).output().unwrap()
}

fn read(client: &mut Client, region: u32, offset: u64) -> u32 {
    let mut out = [0; 4];
    client.region_read(region, offset, &mut out).unwrap();
    u32::from_le_bytes(out)
}

/// Waits as a driver does: for the privilege mask, then for the progress.
fn wait_for_boot(client: &mut Client) {
    let deadline = Instant::now() + Duration::from_secs(20);
    for (address, mask) in [(0x118128, 1), (0x118234, 0xff)] {
        while read(client, 0, address) & mask != mask {
            assert!(Instant::now() < deadline, "{address:#x} never opens");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn once_ends_clean_after_a_clean_client() {
    let mut model = Model::start(&["--once"]);
    let mut client = model.client();
    assert_eq!(read(&mut client, CONFIG, 0), 0x2204_10de);
    assert_eq!(read(&mut client, 0, 0x000), 0x1720_00a1);
    assert_eq!(read(&mut client, 0, 0xa00), 0x172a_1000);
    client.reset().unwrap();
    client.shutdown().unwrap();
    drop(client);
    assert_eq!(model.status(), 0);
    assert!(!model.path("socket").exists());
    let report = model.report();
    assert_eq!(report["violations"], serde_json::json!([]));
    assert_eq!(report["counters"]["resets"], 1);
    let trace = std::fs::read_to_string(model.path("trace")).unwrap();
    let lines: Vec<Value> = trace
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 5, "{trace}");
    assert_eq!(lines[3]["name"], "NV_PMC_BOOT_42");
    assert_eq!(lines[4]["kind"], "reset");
}

#[test]
fn violation_sets_the_exit_status() {
    let mut model = Model::start(&["--once"]);
    let mut client = model.client();
    assert_eq!(read(&mut client, 0, 0x8f2c00) >> 16, 0xbadf);
    client.shutdown().unwrap();
    drop(client);
    assert_eq!(model.status(), 3);
    assert_eq!(model.report()["violations"][0]["id"], "PV-07");
}

#[test]
fn second_client_is_served_and_term_ends_the_run() {
    let mut model = Model::start(&["--fault", "vram-zero"]);
    for _ in 0..2 {
        let mut client = model.client();
        client.reset().unwrap();
        client.region_write(CONFIG, 4, &[6, 0]).unwrap();
        for (address, want) in [(0, 0x1720_00a1), (0xa00, 0x172a_1000)] {
            assert_eq!(read(&mut client, 0, address), want);
        }
        wait_for_boot(&mut client);
        assert_eq!(read(&mut client, 0, 0x1183a4), 0);
        client.shutdown().unwrap();
    }
    model.signal(Signal::TERM);
    assert_eq!(model.status(), 0);
    assert!(!model.path("socket").exists());
    assert_eq!(model.report()["counters"]["faults_fired"], 2);
}

#[test]
fn marks_reach_the_trace_while_the_model_runs() {
    let mut model = Model::start(&[]);
    model.signal(Signal::USR1);
    let is_marked = |path: &Path| std::fs::read_to_string(path).unwrap().contains("\"mark\"");
    let trace = model.path("trace");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_marked(&trace) {
        assert!(Instant::now() < deadline, "no mark in the trace");
        std::thread::sleep(Duration::from_millis(2));
    }
    model.signal(Signal::INT);
    assert_eq!(model.status(), 0);
}

#[test]
fn stale_socket_is_replaced_and_a_live_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    drop(std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap());
    let model = Model::start_in(dir, &[]);
    let socket = model.path("socket");
    let second = output(&["--chip", "tu102", "--socket", socket.to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(1));
    let text = String::from_utf8(second.stderr).unwrap();
    assert!(text.contains("is in use by another process"), "{text}");
    assert!(socket.exists());
}

#[test]
fn wrong_usage_exits_with_two_and_says_why() {
    for (args, want) in [
        (
            &["--chip", "gb110", "--socket", "/nonexistent/s"][..],
            "there is no chip \"gb110\"",
        ),
        (&["--chip", "ga102"], "--socket"),
        (&["--socket", "/nonexistent/s"], "--chip"),
        (
            &[
                "--chip",
                "tu102",
                "--socket",
                "/nonexistent/s",
                "--vram",
                "65M",
            ],
            "the next lower size that fits is 64 MiB",
        ),
        (
            &[
                "--chip",
                "ga102",
                "--socket",
                "/nonexistent/s",
                "--fault",
                "nope",
            ],
            "there is no fault \"nope\"",
        ),
    ] {
        let output = output(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(want), "{args:?}: {text}");
    }
    let output = output(&["--chip", "ga102", "--socket", "/nonexistent/s"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "no such folder is not wrong usage"
    );
}

#[test]
fn options_that_name_nothing_are_refused() {
    for (arguments, status, message) in [
        (
            &["--chip", "ga102", "--socket", "/nonexistent/s", "--start", "dirty=muddy"][..],
            2,
            "\"dirty=muddy\" is neither clean nor dirty[=STATE] with a STATE of gsp-running, wpr2-set",
        ),
        (
            &["--chip", "ga102", "--socket", "/nonexistent/s", "--start", "filthy"],
            2,
            "\"filthy\" is neither clean",
        ),
        (
            &["--chip", "gh100", "--socket", "/nonexistent/s", "--start", "dirty=wpr2-set"],
            2,
            "gh100 cannot be left in the state wpr2-set, which belongs to another way of booting",
        ),
        (
            &["--chip", "ga102", "--socket", "/nonexistent/s", "--gsp", "sequencer=odd"],
            2,
            "GSP-RM has no habit \"sequencer=odd\"",
        ),
        (
            &["--chip", "ga102", "--socket", "/nonexistent/s", "--fault", "vanish-at=noon"],
            2,
            "\"noon\" is none of fwsec-runs, frts-done",
        ),
        (
            &["--chip", "ga102", "--socket", "/nonexistent/s", "--firmware-dir", "/nonexistent"],
            1,
            "cannot read /nonexistent/nvidia/ga102/gsp/booter_load-570.144.bin",
        ),
    ] {
        let output = output(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(message), "{error}");
        assert_eq!(output.status.code(), Some(status), "{error}");
    }
}

#[test]
fn lists_have_one_line_each() {
    for (option, lines, sample) in [
        ("--list-chips", 24, "ga102\tGeForce RTX 3090, 24 GiB"),
        (
            "--list-faults",
            gpu_model::faults::all().count(),
            "bar0-small\tBAR0 is 8 MiB",
        ),
    ] {
        let output = output(&[option]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), lines, "{text}");
        assert!(text.lines().all(|line| line.contains('\t')), "{text}");
        assert!(text.lines().any(|line| line == sample), "{text}");
    }
}
