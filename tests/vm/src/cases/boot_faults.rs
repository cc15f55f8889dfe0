// SPDX-License-Identifier: GPL-2.0

//! Cards that break while they are brought up or taken down: falcons, the programs on them, the VBIOS, and a
//! GSP-RM that fails or lies. Each is refused with its errno and its line, or works all the same; and works
//! when it has been mended.

use super::{
    Errno,
    Expect,
    Scenario,
    Step, //
};
use crate::gpu::{
    pci_address,
    Gpu, //
};

/// Cards in one machine.
const AT_ONCE: usize = 14;

/// Seconds that a probe or its undoing may take: a wait of 5 s, and what comes before and after.
const LIMIT: u64 = 60;

/// What the driver must make of a fault.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// Probe fails, and one of the driver's lines holds this text.
    Fails(Errno, &'static str),
    /// Probe finds the card gone, and says so. A card that is pulled out does not come back.
    Gone(&'static str),
    /// Probe succeeds; a line with this text says that something is odd, or nothing does.
    Works(Option<&'static str>),
    /// Probe succeeds, and a line with this text comes when the card is unbound.
    UnbindSays(&'static str),
}

use Errno::*;
use Outcome::*;

/// Fault, chip, and what must come of it.
type Row = (&'static str, &'static str, Outcome);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("scrub-stuck", "ga102", Fails(Etimedout, "GSP")),
    ("scrub-stuck", "tu102", Fails(Etimedout, "GSP")),
    ("reset-ready-never", "ga102", Works(None)),
    ("core-select-stuck", "ga102", Fails(Etimedout, "GSP")),
    ("core-select-survives-reset", "ga102", Works(None)),
    ("dma-stuck", "ga102", Fails(Etimedout, "GSP")),
    ("falcon-never-halts", "ga102", Fails(Etimedout, "GSP")),
    ("falcon-never-halts", "tu102", Fails(Etimedout, "GSP")),
    ("start-by-alias", "ga102", Works(None)),
    ("fuse-version-too-new", "ga102", Fails(Einval, "booter")),
    ("fwsec-fuse-version-too-new", "ga102", Fails(Einval, "no signature for fuse version 2")),
    ("brom-refuses-fwsec", "ga102", Fails(Eio, "FWSEC")),
    ("brom-refuses-booter", "ga102", Fails(Eacces, "booter")),
    ("fwsec-error=3", "ga102", Fails(Eio, "error code 0x3")),
    ("fwsec-mailbox=5", "tu102", Fails(Eio, "mailbox reads 0x00000005")),
    ("wpr2-missing", "ga102", Fails(Eio, "it has not set up protected memory")),
    ("wpr2-elsewhere", "ga102", Fails(Eio, "expected")),
    ("booter-error=7", "ga102", Fails(Eio, "mailbox reads 0x00000007")),
    ("booter-error=9", "tu102", Fails(Eio, "mailbox reads 0x00000009")),
    ("riscv-never-active", "ga102", Fails(Etimedout, "GSP has not started within 5 s")),
    ("resume-never", "ga102", Fails(Etimedout, "SEC2 has not started the GSP again")),
    ("sec2-resume-error=4", "ga102", Fails(Eio, "mailbox reads 0x00000004")),
    ("riscv-lost-at-resume", "ga102", Fails(Eio, "SEC2 could not start the GSP again")),
    ("sb-error=6", "ga102", UnbindSays("0x6")),
    ("sb-mailbox=6", "ga102", UnbindSays("mailbox reads 0x00000006")),
    ("booter-unload-error=8", "ga102", UnbindSays("mailbox reads 0x00000008")),
    ("booter-unload-leaves-wpr2", "ga102", UnbindSays("has left protected memory")),
    ("vanish-at=fwsec-runs", "ga102", Gone("device has gone")),
    ("vanish-at=gsp-started", "ga102", Gone("device has gone")),
    ("prom-all-ones", "ga102", Fails(Einval, "VBIOS")),
    ("prom-truncated", "ga102", Fails(Einval, "VBIOS")),
    ("vbios-bad-signature", "ga102", Fails(Einval, "VBIOS")),
    ("vbios-bad-checksum", "ga102", Works(None)),
    ("vbios-no-bit", "ga102", Fails(Einval, "VBIOS")),
    ("vbios-endless", "ga102", Fails(Einval, "VBIOS")),
    ("fwsec-absent", "ga102", Fails(Einval, "VBIOS")),
    ("fwsec-signature-missing", "ga102", Fails(Einval, "no signature for fuse version 0")),
    ("fwsec-no-mapper", "ga102", Fails(Eopnotsupp, "VBIOS")),
    ("fwsec-too-big", "ga102", Fails(Erange, "VBIOS")),
    ("gsp-silent", "ga102", Fails(Etimedout, "GSP-RM is dead: it has not booted, and says nothing for 5 s")),
    ("gsp-no-init-done", "ga102", Fails(Etimedout, "GSP-RM is dead: it has not booted, and says nothing for 5 s")),
    ("gsp-no-sequencer", "ga102", Works(None)),
    ("gsp-late-init-done=2000", "ga102", Works(None)),
    ("gsp-dies-after-init", "ga102", Fails(Etimedout, "no answer to GET_GSP_STATIC_INFO (0x41) within 5 s")),
    ("gsp-crash", "ga102", Fails(Etimedout, "no answer to GSP_RM_CONTROL (0x4c) within 5 s")),
    ("gsp-bad-checksum=2", "ga102", Fails(Eio, "message checksum is off by")),
    ("gsp-absurd-length=2", "ga102", Fails(Eio, "impossible message length")),
    ("gsp-length-short=2", "ga102", Fails(Eio, "impossible message length")),
    ("gsp-seq-gap=3", "ga102", Fails(Eio, "instead of")),
    ("gsp-write-ptr-out-of-range=5", "ga102", Fails(Eio, "status queue write")),
    ("gsp-bad-signature=2", "ga102", Fails(Eio, "message signature")),
    ("gsp-elem-count-lie=2", "ga102", Fails(Eio, "message said to take")),
    ("gsp-unknown-event", "ga102", Works(Some("unknown events"))),
    ("gsp-event-burst=200", "ga102", Works(None)),
    ("gsp-event=0x1003", "ga102", Works(None)),
    ("gsp-event-race", "ga102", Works(None)),
    ("gsp-stops-reading", "ga102", Fails(Eio, "command queue read pointer moved")),
    ("gsp-lockdown=500", "ga102", Works(None)),
    ("gsp-reply-error=0x57", "ga102", Fails(Eio, "GSP-RM refused GET_GSP_STATIC_INFO (0x41): status")),
    ("gsp-reply-short", "ga102", Fails(Eio, "answered GET_GSP_STATIC_INFO (0x41) with nonsense")),
    ("gsp-reply-wrong-function", "ga102", Fails(Etimedout, "no answer to GET_GSP_STATIC_INFO (0x41) within 5 s")),
    ("gsp-continuation-broken", "ga102", Works(None)),
    ("gsp-static-info-regions=17", "ga102", Works(Some(", 24407 MiB usable VRAM"))),
    ("gsp-static-info-limit-below-base", "ga102", Works(Some(", 0 MiB usable VRAM"))),
    ("gsp-static-info-limit-all-ones", "ga102", Works(Some(", 0 MiB usable VRAM"))),
    ("gsp-static-info-all-reserved", "ga102", Works(Some(", 0 MiB usable VRAM"))),
    ("gsp-static-info-name-unterminated", "ga102", Works(None)),
    ("gsp-static-info-name-not-utf8", "ga102", Works(None)),
    ("gsp-empty-name", "ga102", Works(Some("GPU without a name"))),
    ("gsp-interrupt-table-lacks-gsp", "ga102", Works(Some("polling"))),
    ("gsp-interrupt-table-no-vector", "ga102", Works(Some("polling"))),
    ("gsp-interrupt-table-too-long", "ga102", Works(Some("polling"))),
    ("gsp-sequencer-bad-opcode", "ga102", Fails(Einval, "unknown sequencer step")),
    ("gsp-sequencer-truncated", "ga102", Fails(Einval, "is cut short")),
    ("gsp-sequencer-count", "ga102", Fails(Einval, "words of steps")),
    ("gsp-sequencer-bad-address", "ga102", Fails(Einval, "impossible register")),
    ("gsp-sequencer-poll-never", "ga102", Fails(Etimedout, "GSP-RM's sequencer, step")),
    ("gsp-sequencer-huge-delay", "ga102", Fails(Einval, "it wants to wait for")),
    ("gsp-sequencer-index", "ga102", Fails(Einval, "stores a register in place")),
    ("gsp-no-interrupt", "ga102", Works(None)),
    ("gsp-spurious-interrupts", "ga102", Works(None)),
    ("gsp-unload-no-reply", "ga102", UnbindSays("no answer to UNLOADING_GUEST_DRIVER (0x2f) within 5 s")),
    ("gsp-no-suspend-flag", "ga102", UnbindSays("GSP-RM has not stopped within 5 s")),
];

/// The same of chips that FSP boots. The first three wait for 30 s, and do it at the same time. A machine has
/// room for one card with a huge aperture. QEMU hides SR-IOV from the guest, so that nobody asks FSP for the mode
/// for virtual machines, and what it would say does not matter.
#[rustfmt::skip]
const FSP_ROWS: &[Row] = &[
    ("fmc-mask-stuck", "gh100", Fails(Etimedout, "GSP has not come up within 30 s: FSP keeps its registers to itself")),
    ("fmc-mailbox-stuck", "gb202", Fails(Etimedout, "GSP has not come up within 30 s: the FMC has not read its parameters")),
    ("fmc-lockdown-stuck", "gb202", Fails(Etimedout, "GSP has not come up within 30 s: the FMC has not unlocked it")),
    ("fmc-config-zero", "gb202", Works(None)),
    ("fmc-error=0x5a", "gb202", Fails(Eio, "GSP has not come up: the FMC failed with error 0x5a")),
    ("fmc-riscv-never-active", "gb202", Fails(Etimedout, "it has not booted, and says nothing for 5 s, and its core does not run")),
    ("gsp-stops-mute", "gb202", UnbindSays("GSP-RM has not stopped within 5 s")),
    ("gsp-never-halts", "gb202", UnbindSays("GSP is cut off from system memory")),
    ("gfw-never-completes", "gb202", Fails(Etimedout, "FSP has not booted within 5 s")),
    ("gfw-stuck=0x7f", "gb202", Fails(Etimedout, "FSP has not booted within 5 s")),
    ("gfw-slow=300", "gb202", Works(None)),
    ("vanish-at=cot-sent", "gb202", Gone("device has gone")),
    ("vanish-at=fmc-runs", "gb202", Gone("device has gone")),
    ("vanish-at=gsp-started", "gb202", Gone("device has gone")),
    ("fsp-no-response", "gh100", Fails(Etimedout, "FSP has not started the GSP: it has not answered within 2 s")),
    ("fsp-response-late=1000", "gb202", Works(None)),
    ("fsp-response-short", "gb202", Fails(Eio, "FSP has not started the GSP: it sent 16 bytes, a response has at least 20")),
    ("fsp-response-long", "gb202", Works(None)),
    ("fsp-response-huge", "gb202", Fails(Emsgsize, "FSP has not started the GSP: it sent a packet of 1028 bytes, 1024 are the most")),
    ("fsp-response-odd", "gb202", Fails(Einval, "FSP has not started the GSP: it sent a packet of 18 bytes, which are no whole words")),
    ("fsp-tail-below-head", "gb202", Fails(Eio, "FSP has not started the GSP: it sent a packet from 0x")),
    ("fsp-som-clear", "gb202", Fails(Eio, "FSP has not started the GSP: it sent a part of a message")),
    ("fsp-eom-clear", "gb202", Fails(Eio, "FSP has not started the GSP: it sent a part of a message")),
    ("fsp-wrong-vendor", "gb202", Fails(Eio, "FSP has not started the GSP: it sent no NVDM message")),
    ("fsp-wrong-message-type", "gb202", Fails(Eio, "FSP has not started the GSP: it sent no NVDM message")),
    ("fsp-wrong-nvdm-type", "gb202", Fails(Eio, "instead of a response")),
    ("fsp-wrong-command", "gb202", Fails(Eio, "FSP has not started the GSP: it sent a response to request")),
    ("fsp-command-bits", "gb202", Fails(Eio, "FSP has not started the GSP: it sent a response to request 0x114 after COT (0x14)")),
    ("fsp-error=0x9e", "gh100", Fails(Eio, "FSP has not started the GSP: it sent error 0x9e (FSP_ERR_IFS_ERR_INVALID_STATE)")),
    ("fsp-error=0x1e3", "gb202", Fails(Eio, "FSP has not started the GSP: it sent error 0x1e3 (FSP_ERR_PRC_ERROR_INVALID_KNOB_ID)")),
    ("fsp-header-noise", "gb202", Works(None)),
    ("fsp-stale-message", "gb202", Works(Some("FSP had a message for somebody else"))),
    ("fsp-prc-value=2", "gb202", Works(None)),
];

pub(super) fn scenarios() -> Vec<Scenario> {
    let machines = |name: &'static str, rows: &'static [Row]| {
        let numbered = rows.chunks(AT_ONCE).zip(1..);
        numbered.map(move |(rows, number)| machine(format!("{name}-{number}"), rows))
    };
    machines("fsp-faults", FSP_ROWS)
        .chain(machines("boot-faults", ROWS))
        .collect()
}

fn machine(name: String, rows: &[Row]) -> Scenario {
    let gpus = rows
        .iter()
        .map(|(fault, chip, _)| Gpu::with_fault(chip, fault));
    let mut scenario = Scenario::new(name, gpus.collect());
    scenario.short_firmware = true;
    scenario
        .step("the modules load", Step::new("fault_prepare", 20))
        .gate();
    for ((fault, chip, outcome), gpu) in rows.iter().zip(0..) {
        let bdf = pci_address(gpu);
        let what = format!("{chip} with {fault}");
        let (name, script, expect) = match *outcome {
            Fails(errno, line) => (
                format!("{what} fails with {errno:?}"),
                "fault_fails",
                Expect::Failure { bdf, errno, line },
            ),
            Gone(line) => (
                format!("{what} fails with {Enodev:?}"),
                "fault_fails",
                Expect::Failure {
                    bdf,
                    errno: Enodev,
                    line,
                },
            ),
            Works(None) => (format!("{what} works"), "fault_works", Expect::Success),
            Works(Some(line)) => (
                format!("{what} works, and something is said about it"),
                "fault_works",
                Expect::Says { bdf, line },
            ),
            UnbindSays(line) => (
                format!("{what} works, and its trouble at the end is told"),
                "fault_works",
                Expect::Says { bdf, line },
            ),
        };
        let mut step = Step::new(script, LIMIT).on(gpu).expecting(expect);
        if matches!(outcome, Works(_)) {
            step = step.arg("linger", "1");
        }
        scenario.step(name, step.together());
    }
    for ((fault, chip, outcome), gpu) in rows.iter().zip(0..) {
        if !matches!(outcome, Gone(_)) {
            scenario.step(
                format!("{chip} with {fault} works when it is mended"),
                Step::new("fault_works", LIMIT)
                    .on(gpu)
                    .mended(gpu)
                    .together(),
            );
        }
    }
    scenario.step("both modules unload", Step::new("unload", 30).on(0));
    scenario.close()
}

#[cfg(test)]
mod tests {
    use crate::cases::faults;
    use std::collections::BTreeSet;

    #[test]
    fn every_fault_of_the_emulated_gpu_is_tried() {
        let name = |fault: &str| fault.split('=').next().unwrap_or_default().to_owned();
        let tried: BTreeSet<String> = super::ROWS
            .iter()
            .chain(super::FSP_ROWS)
            .map(|(fault, ..)| name(fault))
            .chain(faults::tried().map(name))
            .collect();
        let known: BTreeSet<String> = gpu_model::faults::all()
            .map(|fault| fault.name.to_owned())
            .collect();
        assert_eq!(
            known.difference(&tried).collect::<Vec<_>>(),
            [""; 0],
            "not tried"
        );
        assert_eq!(
            tried.difference(&known).collect::<Vec<_>>(),
            [""; 0],
            "unknown"
        );
    }
}
