// SPDX-License-Identifier: GPL-2.0

//! The connection to QEMU's monitor: a command out, a reply back.

use std::{
    io::{
        BufRead,
        BufReader,
        Write, //
    },
    os::unix::net::UnixStream,
    time::Duration,
};

use crate::error::{
    Context,
    Error,
    Result, //
};

/// How long QEMU may take for a reply.
const REPLY: Duration = Duration::from_secs(3);

/// QEMU's monitor, which speaks QMP.
pub struct Monitor {
    stream: BufReader<UnixStream>,
    negotiated: bool,
}

impl Monitor {
    /// The other end is QEMU's.
    ///
    /// # Errors
    /// When the connection does not know timeouts.
    pub fn new(stream: UnixStream) -> Result<Self> {
        stream
            .set_read_timeout(Some(REPLY))
            .context(|| "monitor connection")?;
        Ok(Self {
            stream: BufReader::new(stream),
            negotiated: false,
        })
    }

    /// Has the error happen in this device, named as on the command line. Errors are named as for the command
    /// `pcie_aer_inject_error`.
    ///
    /// # Errors
    /// When QEMU does not answer, or does not know the device or the error.
    pub fn inject_error(&mut self, device: &str, error: &str) -> Result<()> {
        let line = format!("pcie_aer_inject_error {device} {error}");
        let command = serde_json::json!({
            "execute": "human-monitor-command",
            "arguments": { "command-line": line },
        });
        let reply = self.execute(&command.to_string())?;
        if reply["return"]
            .as_str()
            .is_some_and(|said| said.starts_with("OK"))
        {
            return Ok(());
        }
        Err(Error::new(format!("QEMU on '{line}': {reply}")))
    }

    /// Sends a break on the console, which makes the next letter a SysRq command.
    ///
    /// # Errors
    /// When QEMU does not answer.
    pub fn send_console_break(&mut self) -> Result<()> {
        self.execute(r#"{"execute":"chardev-send-break","arguments":{"id":"console"}}"#)
            .map(drop)
    }

    fn execute(&mut self, command: &str) -> Result<serde_json::Value> {
        if !self.negotiated {
            self.negotiated = true;
            self.exchange(r#"{"execute":"qmp_capabilities"}"#)?;
        }
        self.exchange(command)
    }

    /// Sends a command, and skips greeting and events up to its reply.
    fn exchange(&mut self, command: &str) -> Result<serde_json::Value> {
        let stream = self.stream.get_mut();
        writeln!(stream, "{command}").context(|| "monitor connection")?;
        loop {
            let mut line = String::new();
            let length = self
                .stream
                .read_line(&mut line)
                .context(|| "monitor connection")?;
            if length == 0 {
                return Err(Error::new("QEMU has closed its monitor".to_owned()));
            }
            let message: serde_json::Value =
                serde_json::from_str(&line).context(|| "reply of the monitor")?;
            if message.get("return").is_some() || message.get("error").is_some() {
                return Ok(message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// Plays QEMU: greets, then answers each command with the next of `replies`, an event before each.
    fn monitor(replies: &'static [&'static str]) -> (Monitor, thread::JoinHandle<Vec<String>>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let qemu = thread::spawn(move || {
            let mut input = BufReader::new(theirs.try_clone().unwrap()).lines();
            let mut output = theirs;
            writeln!(output, r#"{{"QMP":{{}}}}"#).unwrap();
            let mut commands = Vec::new();
            for reply in replies {
                commands.push(input.next().unwrap().unwrap());
                writeln!(output, r#"{{"event":"RESUME"}}"#).unwrap();
                writeln!(output, "{reply}").unwrap();
            }
            commands
        });
        (Monitor::new(ours).unwrap(), qemu)
    }

    #[test]
    fn capabilities_are_negotiated_once() {
        let (mut monitor, qemu) = monitor(&[
            r#"{"return":{}}"#,
            r#"{"return":"OK id: rp1\r\n"}"#,
            r#"{"return":{}}"#,
        ]);
        monitor.inject_error("rp1", "COMP_TIME").unwrap();
        monitor.send_console_break().unwrap();
        let commands = qemu.join().unwrap();
        assert!(commands[0].contains("qmp_capabilities"));
        assert!(commands[1].contains("pcie_aer_inject_error rp1 COMP_TIME"));
        assert!(commands[2].contains("chardev-send-break"));
    }

    #[test]
    fn a_device_that_qemu_does_not_know_is_told() {
        let (mut monitor, qemu) = monitor(&[
            r#"{"return":{}}"#,
            r#"{"return":"Device 'rp7' not found\r\n"}"#,
        ]);
        let error = monitor.inject_error("rp7", "COMP_TIME").unwrap_err();
        assert!(error.to_string().contains("not found"), "{error}");
        qemu.join().unwrap();
    }

    #[test]
    fn a_monitor_that_has_gone_is_told() {
        let (mut monitor, qemu) = monitor(&[]);
        qemu.join().unwrap();
        assert!(monitor.inject_error("rp1", "COMP_TIME").is_err());
    }
}
