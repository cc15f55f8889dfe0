// SPDX-License-Identifier: GPL-2.0

//! Trace: one JSON object a line for everything that passes the model's doors.
//!
//! Tracing changes nothing but the time an access takes. Lines are buffered; [`Trace::flush`]
//! must be called before the process ends.

use std::{
    fs::File,
    io::{
        self,
        BufWriter,
        Write, //
    },
    path::Path,
};

use serde::Serialize;

/// One line of the trace.
#[derive(Clone, Debug, Serialize)]
pub struct Line<'a> {
    /// Microseconds since the model started.
    pub t_us: u64,
    /// `bar0`, `bar1` to `bar5`, `rom`, `config`, `dma_map`, `dma_unmap`, `dma`, `irq`, `reset`,
    /// `falcon`, `stage`, `rpc`, `gsp_rm`, `violation`, `fault` or `mark`.
    pub kind: &'a str,
    /// `R` or `W` where a direction exists, otherwise what was done.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub op: &'a str,
    /// Offset or bus address, in hex.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "hex")]
    pub addr: Option<u64>,
    /// Length in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Value moved, in hex.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "hex")]
    pub value: Option<u64>,
    /// Register, fault or rule.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub name: &'a str,
}

impl<'a> Line<'a> {
    /// A line with nothing but a time and a kind.
    pub fn new(t_us: u64, kind: &'a str) -> Self {
        Self {
            t_us,
            kind,
            op: "",
            addr: None,
            size: None,
            value: None,
            name: "",
        }
    }
}

fn hex<S: serde::Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(&format_args!("{value:#x}")),
        None => serializer.serialize_none(),
    }
}

/// Where trace lines go.
pub struct Trace {
    out: Option<BufWriter<Box<dyn Write + Send>>>,
}

impl Trace {
    /// A trace that keeps nothing.
    pub fn off() -> Self {
        Self { out: None }
    }

    /// A trace into the file at `path`, which is created or emptied.
    ///
    /// # Errors
    /// The operating system's error if the file cannot be created.
    pub fn to_file(path: &Path) -> io::Result<Self> {
        Ok(Self::to_writer(Box::new(File::create(path)?)))
    }

    /// A trace into `out`.
    pub fn to_writer(out: Box<dyn Write + Send>) -> Self {
        Self {
            out: Some(BufWriter::with_capacity(1 << 16, out)),
        }
    }

    /// Is anything kept? Callers skip the work of describing an access otherwise.
    pub fn is_on(&self) -> bool {
        self.out.is_some()
    }

    /// Adds `line`. If it cannot be written, says so once and keeps nothing more.
    pub fn write(&mut self, line: &Line<'_>) {
        let Some(out) = &mut self.out else { return };
        let result = serde_json::to_writer(&mut *out, line)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"));
        self.check(result);
    }

    /// Hands all buffered lines to the file.
    pub fn flush(&mut self) {
        let Some(out) = &mut self.out else { return };
        let result = out.flush();
        self.check(result);
    }

    fn check(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            eprintln!("gpu-model: cannot write the trace, so it ends here: {error}");
            self.out = None;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::{
        Arc,
        Mutex, //
    };

    /// A writer whose contents stay visible to the test.
    #[derive(Clone, Default)]
    pub(crate) struct Shared(pub(crate) Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(data);
            Ok(data.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shared {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn line_has_the_agreed_fields_in_order() {
        let shared = Shared::default();
        let mut trace = Trace::to_writer(Box::new(shared.clone()));
        trace.write(&Line {
            op: "R",
            addr: Some(0xa00),
            size: Some(4),
            value: Some(0x172a_1000),
            name: "NV_PMC_BOOT_42",
            ..Line::new(12, "bar0")
        });
        trace.write(&Line::new(13, "mark"));
        assert_eq!(shared.text(), "", "lines stay buffered");
        trace.flush();
        assert_eq!(
            shared.text(),
            "{\"t_us\":12,\"kind\":\"bar0\",\"op\":\"R\",\"addr\":\"0xa00\",\"size\":4,\
             \"value\":\"0x172a1000\",\"name\":\"NV_PMC_BOOT_42\"}\n\
             {\"t_us\":13,\"kind\":\"mark\"}\n"
        );
    }

    #[test]
    fn failing_writer_turns_the_trace_off() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut trace = Trace::to_writer(Box::new(Full));
        trace.write(&Line::new(0, "mark"));
        trace.flush();
        assert!(!trace.is_on());
    }
}
