// SPDX-License-Identifier: GPL-2.0

//! One serial port of a guest: a pipe each way, a log of the raw bytes, and lines as events.

use std::{
    fs::File,
    io::{
        Read,
        Write, //
    },
    os::fd::{
        AsRawFd,
        OwnedFd, //
    },
    path::PathBuf,
    sync::mpsc::Sender,
};

use rustix::pipe::{
    fcntl_setpipe_size,
    pipe_with,
    PipeFlags, //
};

use crate::{
    error::{
        Context,
        Result, //
    },
    event::Event,
    log::Lines,
    qemu::PortFds, //
};

/// Room for what the guest writes while this program is not scheduled.
const PIPE_BYTES: usize = 1 << 20;

/// Someone who looks at the raw bytes.
pub type Watch = Box<dyn FnMut(&[u8]) + Send>;

/// Both pipes of a port.
pub struct Port {
    from_guest: File,
    to_guest: File,
    ends: [OwnedFd; 2],
}

/// What becomes of the port's output.
pub struct Sink {
    /// Gets the raw bytes.
    pub log: PathBuf,
    /// Made of each line.
    pub event: fn(String) -> Event,
    /// Sent when the guest's end closes.
    pub at_end: Option<Event>,
    /// Gets the raw bytes, too.
    pub watch: Option<Watch>,
}

impl Port {
    /// Makes the pipes.
    ///
    /// # Errors
    /// When this process has too many files open.
    pub fn new() -> Result<Self> {
        let (from_guest, output) = pipe_with(PipeFlags::CLOEXEC).context(|| "serial port")?;
        let (input, to_guest) = pipe_with(PipeFlags::CLOEXEC).context(|| "serial port")?;
        // A smaller pipe still works; this only makes it patient.
        let _ = fcntl_setpipe_size(&from_guest, PIPE_BYTES);
        Ok(Self {
            from_guest: from_guest.into(),
            to_guest: to_guest.into(),
            ends: [output, input],
        })
    }

    /// The numbers of the guest's ends.
    pub fn fds(&self) -> PortFds {
        PortFds {
            output: self.ends[0].as_raw_fd(),
            input: self.ends[1].as_raw_fd(),
        }
    }

    /// Reads the port on a thread of its own until the guest's end closes. Returns the guest's ends, for
    /// QEMU to inherit, and the pipe to write to.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub fn open(self, mut sink: Sink, send: Sender<Event>) -> Result<([OwnedFd; 2], File)> {
        let mut log = File::create(&sink.log).context(|| sink.log.display().to_string())?;
        let mut port = self.from_guest;
        std::thread::spawn(move || {
            let mut lines = Lines::default();
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = port.read(&mut buffer) {
                let bytes = &buffer[..count];
                let _ = log.write_all(bytes);
                if let Some(watch) = &mut sink.watch {
                    watch(bytes);
                }
                for line in lines.push(bytes) {
                    // Nobody listens any more once the guest is judged; the log still gets everything.
                    let _ = send.send((sink.event)(line));
                }
            }
            for last in lines.rest().map(sink.event).into_iter().chain(sink.at_end) {
                let _ = send.send(last);
            }
        });
        Ok((self.ends, self.to_guest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Scratch;
    use std::{
        sync::mpsc::channel,
        time::Duration, //
    };

    #[test]
    fn single_bytes_faster_than_the_reader_are_not_lost() {
        let scratch = Scratch::new("serial");
        let port = Port::new().unwrap();
        let (send, events) = channel();
        let log = scratch.0.join("log");
        let sink = Sink {
            log: log.clone(),
            event: Event::Console,
            at_end: Some(Event::ConsoleClosed),
            watch: None,
        };
        // Written before anyone reads, as a guest does while the harness is not scheduled.
        let mut guest = File::from(port.ends[0].try_clone().unwrap());
        let text = "0123456789abcdef\n".repeat(2000) + "cut";
        for byte in text.bytes() {
            guest.write_all(&[byte]).unwrap();
        }
        let (ends, _to_guest) = port.open(sink, send).unwrap();
        drop((guest, ends));
        let mut seen = Vec::new();
        loop {
            match events
                .recv_timeout(Duration::from_secs(5))
                .expect("the end was not told")
            {
                Event::ConsoleClosed => break,
                Event::Console(line) => seen.push(line),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(seen.len(), 2001);
        assert_eq!(seen[2000], "cut");
        assert_eq!(std::fs::read_to_string(log).unwrap(), text);
    }
}
