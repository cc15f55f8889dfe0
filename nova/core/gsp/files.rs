// SPDX-License-Identifier: GPL-2.0

//! The conversation with GSP-RM as files in debugfs.

use super::{
    diagnostics::Diagnostics,
    logs::Logs, //
};
use crate::timeline::Timeline;
use kernel::{
    debugfs::ScopedDir,
    fmt,
    sync::Arc, //
};

/// What the files show. It borrows nothing from the device.
pub(crate) struct Files {
    logs: Arc<Logs>,
    text: Text,
}

/// What the files with text show.
pub(super) struct Text {
    diagnostics: Arc<Diagnostics>,
    timeline: Arc<Timeline>,
}

impl Files {
    pub(super) fn new(
        logs: Arc<Logs>,
        diagnostics: Arc<Diagnostics>,
        timeline: Arc<Timeline>,
    ) -> Self {
        Self {
            logs,
            text: Text::new(diagnostics, timeline),
        }
    }

    /// Makes the files in `dir`.
    pub(crate) fn make<'data>(&'data self, dir: &ScopedDir<'data, '_>) {
        dir.read_binary_file(c"loginit", &self.logs.init);
        dir.read_binary_file(c"logintr", &self.logs.intr);
        dir.read_binary_file(c"logrm", &self.logs.rm);
        self.text.make(dir);
    }
}

impl Text {
    pub(super) fn new(diagnostics: Arc<Diagnostics>, timeline: Arc<Timeline>) -> Self {
        Self {
            diagnostics,
            timeline,
        }
    }

    /// Makes the files with text in `dir`.
    pub(super) fn make<'data>(&'data self, dir: &ScopedDir<'data, '_>) {
        dir.read_callback_file(c"queues", self, &queues);
        dir.read_callback_file(c"rpc", self, &rpc);
        dir.read_callback_file(c"timeline", self, &timeline);
    }
}

/// Where the queues are, and what has come through them.
fn queues(text: &Text, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.diagnostics.show_queues(f)
}

/// The last messages.
fn rpc(text: &Text, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.diagnostics.show_history(f)
}

/// Stages of the bring-up.
fn timeline(text: &Text, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.timeline.show(f)
}
