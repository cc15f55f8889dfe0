// SPDX-License-Identifier: GPL-2.0

//! Finds the kernel's cries for help in its log. Any of them fails the claim that was being tested.

use crate::log;

/// Lines kept after the first one of a splat, so that the report shows the stack.
const KEPT_LINES: usize = 40;

/// What kind of trouble the kernel reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `WARN()` and friends.
    Warning,
    /// `BUG:` reports that are not a crash by themselves.
    Bug,
    /// An oops, a failed `BUG_ON()` or a fault.
    Oops,
    /// The kernel stopped.
    Panic,
    /// A lock used in an order or a context that can deadlock.
    Lockdep,
    /// Memory nothing points to any more.
    Leak,
    /// A task that did not run for too long.
    Hung,
    /// RCU waited too long for a CPU or a task.
    RcuStall,
    /// A memory, reference or DMA checker spoke.
    Checker,
    /// A Rust panic message.
    RustPanic,
    /// The IOMMU refused an access of a device.
    DmaFault,
}

/// One report of the kernel: its first line and what followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splat {
    /// What kind of trouble.
    pub kind: Kind,
    /// First line and the lines after it, without printk prefixes.
    pub lines: Vec<String>,
}

impl Splat {
    /// The first line.
    pub fn title(&self) -> &str {
        self.lines.first().map_or("", String::as_str)
    }
}

enum Where {
    Start,
    Anywhere,
}

/// Order matters: the first pattern that fits names the kind.
const PATTERNS: &[(Where, &str, Kind)] = &[
    (Where::Anywhere, "Kernel panic - not syncing", Kind::Panic),
    (Where::Anywhere, "panicked at ", Kind::RustPanic),
    (
        Where::Anywhere,
        "rcu_preempt detected stalls",
        Kind::RcuStall,
    ),
    (Where::Anywhere, "rcu_sched detected stalls", Kind::RcuStall),
    (
        Where::Anywhere,
        "self-detected stall on CPU",
        Kind::RcuStall,
    ),
    (Where::Anywhere, "detected expedited stalls", Kind::RcuStall),
    (Where::Anywhere, "soft lockup - CPU", Kind::Hung),
    (Where::Anywhere, "Hard LOCKUP", Kind::Hung),
    (Where::Anywhere, "blocked for more than", Kind::Hung),
    (
        Where::Start,
        "WARNING: possible circular locking",
        Kind::Lockdep,
    ),
    (
        Where::Start,
        "WARNING: possible recursive locking",
        Kind::Lockdep,
    ),
    (
        Where::Start,
        "WARNING: possible irq lock inversion",
        Kind::Lockdep,
    ),
    (
        Where::Start,
        "WARNING: inconsistent lock state",
        Kind::Lockdep,
    ),
    (Where::Start, "WARNING: bad unlock balance", Kind::Lockdep),
    (Where::Start, "WARNING: held lock freed", Kind::Lockdep),
    (
        Where::Start,
        "WARNING: lock held when returning",
        Kind::Lockdep,
    ),
    (Where::Start, "WARNING: suspicious RCU usage", Kind::Lockdep),
    (Where::Anywhere, "-safe -> ", Kind::Lockdep),
    (
        Where::Start,
        "INFO: trying to register non-static key",
        Kind::Lockdep,
    ),
    (Where::Start, "BUG: Invalid wait context", Kind::Lockdep),
    (Where::Start, "[ BUG: Invalid wait context ]", Kind::Lockdep),
    (Where::Start, "unreferenced object 0x", Kind::Leak),
    (Where::Anywhere, "new suspected memory leaks", Kind::Leak),
    (Where::Start, "BUG: KASAN", Kind::Checker),
    (Where::Start, "UBSAN:", Kind::Checker),
    (Where::Start, "refcount_t:", Kind::Checker),
    (Where::Start, "ODEBUG:", Kind::Checker),
    // The DMA-API checker complains through WARN.
    (Where::Anywhere, "list_add corruption", Kind::Checker),
    (Where::Anywhere, "list_del corruption", Kind::Checker),
    (Where::Anywhere, "DMAR: [DMA", Kind::DmaFault),
    (Where::Start, "Oops", Kind::Oops),
    (Where::Start, "BUG: kernel NULL pointer", Kind::Oops),
    (Where::Start, "BUG: unable to handle", Kind::Oops),
    (Where::Start, "general protection fault", Kind::Oops),
    (Where::Start, "kernel BUG at", Kind::Oops),
    (Where::Start, "BUG:", Kind::Bug),
    (Where::Start, "WARNING:", Kind::Warning),
];

/// Names the trouble a console line reports, if it does.
pub fn classify(line: &str) -> Option<Kind> {
    let text = log::message(line);
    PATTERNS.iter().find_map(|(place, pattern, kind)| {
        let hit = match place {
            Where::Start => text.starts_with(pattern),
            Where::Anywhere => text.contains(pattern),
        };
        hit.then_some(*kind)
    })
}

/// Collects splats out of a stream of console lines.
#[derive(Debug, Default)]
pub struct Detector {
    splats: Vec<Splat>,
    open: bool,
}

impl Detector {
    /// Looks at one console line. Returns the kind if a *new* report starts here.
    pub fn line(&mut self, line: &str) -> Option<Kind> {
        let text = log::message(line).to_owned();
        let kind = classify(line);
        if let Some(current) = self.splats.last_mut().filter(|_| self.open) {
            // An oops repeats itself in other words; a panic after it is news.
            let same_report = kind.is_none_or(|k| k != Kind::Panic && k != Kind::Leak);
            if same_report && current.lines.len() <= KEPT_LINES {
                self.open = !text.starts_with("---[ end ") && !text.is_empty();
                current.lines.push(text);
                return None;
            }
        }
        self.open = kind.is_some();
        if let Some(kind) = kind {
            self.splats.push(Splat {
                kind,
                lines: vec![text],
            });
        }
        kind
    }

    /// Takes what was found since the last call.
    pub fn take(&mut self) -> Vec<Splat> {
        self.open = false;
        std::mem::take(&mut self.splats)
    }

    /// Whether anything was found since the last [`Detector::take`].
    pub fn found(&self) -> bool {
        !self.splats.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_report_is_recognised() {
        for (line, wanted) in [
            (
                "[    5.1] WARNING: drivers/gpu/x.c:12 at f+0x1/0x2, CPU#0: insmod/99",
                Kind::Warning,
            ),
            (
                "WARNING: CPU: 1 PID: 7 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110",
                Kind::Warning,
            ),
            (
                "[    5.1] BUG: sleeping function called from invalid context at x.c:1",
                Kind::Bug,
            ),
            (
                "BUG: kernel NULL pointer dereference, address: 0000000000000008",
                Kind::Oops,
            ),
            ("[1.0] Oops: Oops: 0002 [#1] SMP NOPTI", Kind::Oops),
            ("kernel BUG at mm/slub.c:1!", Kind::Oops),
            (
                "Oops: general protection fault, probably for non-canonical address 0x1: 0000",
                Kind::Oops,
            ),
            (
                "[1.0] Kernel panic - not syncing: Fatal exception",
                Kind::Panic,
            ),
            (
                "WARNING: possible circular locking dependency detected",
                Kind::Lockdep,
            ),
            ("WARNING: suspicious RCU usage", Kind::Lockdep),
            (
                "[    9.1][  T44] WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected",
                Kind::Lockdep,
            ),
            ("[ BUG: Invalid wait context ]", Kind::Lockdep),
            (
                "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
                Kind::Leak,
            ),
            (
                "unreferenced object 0xffff888003b6e000 (size 512):",
                Kind::Leak,
            ),
            (
                "INFO: task insmod:77 blocked for more than 120 seconds.",
                Kind::Hung,
            ),
            (
                "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:1]",
                Kind::Hung,
            ),
            (
                "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                Kind::RcuStall,
            ),
            (
                "rcu: INFO: rcu_preempt self-detected stall on CPU",
                Kind::RcuStall,
            ),
            (
                "BUG: KASAN: slab-use-after-free in f+0x1/0x2",
                Kind::Checker,
            ),
            ("refcount_t: underflow; use-after-free.", Kind::Checker),
            (
                "rust_kernel: panicked at drivers/x.rs:3:4:",
                Kind::RustPanic,
            ),
            (
                "DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0x0",
                Kind::DmaFault,
            ),
        ] {
            assert_eq!(classify(line), Some(wanted), "{line}");
        }
    }

    #[test]
    fn ordinary_lines_are_not_reports() {
        for line in [
            "[    0.1] DMAR: IOMMU enabled",
            "[    1.2] ACPI BIOS Warning (bug): Optional FADT field",
            "[    1.2] nova_core 0000:01:00.0: WARNING in the middle is text",
            "[    1.2] Spectre V2 : WARNING: Unprivileged eBPF is enabled",
            "[    1.2] kmemleak: Kernel memory leak detector initialized",
            "[    1.2] debug: unmapping init",
            "",
        ] {
            assert_eq!(classify(line), None, "{line}");
        }
    }

    #[test]
    fn a_report_keeps_its_stack_and_ends_at_the_trace_end() {
        let mut detector = Detector::default();
        assert_eq!(
            detector.line("[ 1.0] WARNING: a.c:1 at f"),
            Some(Kind::Warning)
        );
        assert_eq!(detector.line("[ 1.0] Call Trace:"), None);
        assert_eq!(
            detector.line("[ 1.0] ---[ end trace 0000000000000000 ]---"),
            None
        );
        assert_eq!(detector.line("[ 1.1] nova_core: fine again"), None);
        let splats = detector.take();
        assert_eq!(splats.len(), 1);
        assert_eq!(splats[0].lines.len(), 3, "{splats:?}");
        assert!(!detector.found());
    }

    #[test]
    fn an_oops_told_in_two_lines_is_one_report_and_the_panic_after_it_another() {
        let mut detector = Detector::default();
        detector.line("BUG: kernel NULL pointer dereference, address: 0");
        detector.line("Oops: Oops: 0000 [#1] SMP");
        detector.line("Kernel panic - not syncing: Fatal exception");
        let kinds: Vec<_> = detector.take().iter().map(|s| s.kind).collect();
        assert_eq!(kinds, [Kind::Oops, Kind::Panic]);
    }

    #[test]
    fn two_warnings_are_two_reports() {
        let mut detector = Detector::default();
        detector.line("WARNING: a.c:1 at f");
        detector.line("---[ end trace 0 ]---");
        detector.line("WARNING: b.c:2 at g");
        let titles: Vec<_> = detector
            .take()
            .iter()
            .map(|s| s.title().to_owned())
            .collect();
        assert_eq!(titles, ["WARNING: a.c:1 at f", "WARNING: b.c:2 at g"]);
    }
}
