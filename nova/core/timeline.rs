// SPDX-License-Identifier: GPL-2.0

//! When each stage of the bring-up began, and how long it took.

use kernel::{
    fmt,
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};

/// How many stages are remembered.
const CAPACITY: usize = 64;

/// The stages of one probe and what came after it, in the order in which they began.
///
/// It outlives the device, so that the files which show it may.
#[pin_data]
pub(crate) struct Timeline {
    epoch: Instant<Monotonic>,
    #[pin]
    stages: Mutex<Stages>,
}

struct Stages {
    stages: KVec<Stage>,
    /// How many stages are running now.
    depth: usize,
    /// Stages that came when there was no more room.
    forgotten: usize,
}

struct Stage {
    name: &'static str,
    /// How many other stages it is a part of.
    depth: usize,
    start: Delta,
    end: Option<(Delta, Result)>,
}

impl Timeline {
    /// Begins now.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let stages = Stages {
            stages: KVec::with_capacity(CAPACITY, GFP_KERNEL)?,
            depth: 0,
            forgotten: 0,
        };
        Arc::pin_init(
            pin_init!(Self {
                epoch: Instant::now(),
                stages <- new_mutex!(stages, "Timeline::stages"),
            }),
            GFP_KERNEL,
        )
    }

    /// Runs `work` as the stage `name`. A stage that is run by another one is a part of it.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub(crate) fn stage<T>(
        &self,
        name: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let index = self.begin(name);
        let result = work();
        self.end(index, result.as_ref().map_err(|&err| err).map(drop));
        result
    }

    /// Time since the timeline began.
    pub(crate) fn elapsed(&self) -> Delta {
        self.epoch.elapsed()
    }

    /// Notes that a stage begins; gives its index, or `None` if there is no room for it.
    fn begin(&self, name: &'static str) -> Option<usize> {
        let start = self.elapsed();
        let mut guard = self.stages.lock();
        let stage = Stage {
            name,
            depth: guard.depth,
            start,
            end: None,
        };
        guard.depth += 1;
        let index = guard.stages.len();
        match guard.stages.push_within_capacity(stage) {
            Ok(()) => Some(index),
            Err(_) => {
                guard.forgotten += 1;
                None
            }
        }
    }

    fn end(&self, index: Option<usize>, result: Result) {
        let end = self.elapsed();
        let mut guard = self.stages.lock();
        guard.depth = guard.depth.saturating_sub(1);
        if let Some(stage) = index.and_then(|index| guard.stages.get_mut(index)) {
            stage.end = Some((end, result));
        }
    }

    /// Text of the file `timeline`, a line for each stage: start and duration in microseconds, 0 or the
    /// errno, depth, name. A stage that is running has `-` for what is not known yet.
    pub(crate) fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guard = self.stages.lock();
        writeln!(f, "# start_us duration_us result depth stage")?;
        for stage in guard.stages.iter() {
            write!(f, "{} ", stage.start.as_micros_ceil())?;
            match stage.end {
                Some((end, result)) => {
                    let errno = result.err().map_or(0, Error::to_errno);
                    write!(f, "{} {errno}", (end - stage.start).as_micros_ceil())?;
                }
                None => f.write_str("- -")?,
            }
            writeln!(f, " {} {}", stage.depth, stage.name)?;
        }
        if guard.forgotten > 0 {
            writeln!(f, "# {} more stages not shown", guard.forgotten)?;
        }
        Ok(())
    }
}
