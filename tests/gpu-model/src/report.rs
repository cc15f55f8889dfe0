// SPDX-License-Identifier: GPL-2.0

//! The report written at the end of a run.

use std::{
    fs,
    io,
    path::Path, //
};

use serde_json::{
    json,
    Map,
    Value, //
};

use crate::device::Device;

/// Exit status when the driver broke no rule.
pub const STATUS_CLEAN: i32 = 0;
/// Exit status when it did.
pub const STATUS_VIOLATIONS: i32 = 3;

/// The report on what `device` saw.
pub fn report(device: &Device) -> Value {
    let recorder = &device.recorder;
    let registers: Map<String, Value> = recorder
        .registers()
        .map(|(address, name, touches)| (format!("{address:#08x} {name}"), json!(touches)))
        .collect();
    json!({
        "chip": device.chip().name,
        "vram": device.vram_size(),
        "phase": device.phase(),
        "violations": recorder.violations(),
        "counters": recorder.counters,
        "registers": registers,
    })
}

/// The exit status that goes with `device`'s report.
pub fn status(device: &Device) -> i32 {
    if device.recorder.violations().is_empty() {
        STATUS_CLEAN
    } else {
        STATUS_VIOLATIONS
    }
}

/// Writes the report to `path`, which is never seen half-written.
///
/// # Errors
/// The operating system's error if the file cannot be written.
pub fn write(device: &Device, path: &Path) -> io::Result<()> {
    let text = format!("{:#}\n", report(device));
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    fs::write(&partial, text)?;
    fs::rename(&partial, path)
}
