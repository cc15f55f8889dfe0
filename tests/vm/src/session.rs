// SPDX-License-Identifier: GPL-2.0

//! Judges a running guest from its events and the clock, without touching either: time comes in as a
//! number, so a hang of ten minutes is tested in no time.
//!
//! A step is over when the guest agent reported its result *and* the console showed the agent's end mark,
//! because the two ports race and a late splat must count for the step that caused it. Steps may be under way
//! together; see [`Order`].

use std::{
    fmt,
    time::Duration, //
};

use crate::{
    control::{
        self,
        Control, //
    },
    event::{
        Event,
        Who, //
    },
    log::{
        self,
        Tail, //
    },
    splat::{
        Detector,
        Kind,
        Splat, //
    },
};

mod steps;

pub use steps::Order;
use steps::Steps;

/// How long the console may still speak after QEMU ended.
const CONSOLE_GRACE: Duration = Duration::from_millis(500);
/// After a fatal report the guest ends by itself; this is how long it may take.
const PANIC_GRACE: Duration = Duration::from_secs(3);

/// Result of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepResult {
    /// Whether the script succeeded; a splat or a missing fact is judged by the caller.
    pub ok: bool,
    /// Why not.
    pub why: String,
    /// The script's output.
    pub notes: Vec<String>,
    /// Values the script measured.
    pub facts: Vec<(String, String)>,
    /// What the kernel complained about meanwhile.
    pub splats: Vec<Splat>,
    /// Kernel log of the step, without printk prefixes.
    pub kernel_log: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Why a guest cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Something did not happen in time.
    Hang {
        /// What was awaited.
        waiting_for: String,
        /// How long it was given.
        limit: Duration,
    },
    /// A program ended while it was needed.
    Died(Who, String),
    /// The guest kernel panicked; first line of its report.
    Panic(String),
    /// The user asked to stop.
    Interrupted,
}

/// The end of a guest, with the last words of its console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fatal {
    /// Why.
    pub reason: Reason,
    /// The kernel's reports that were not yet taken.
    pub splats: Vec<Splat>,
    /// Last console lines.
    pub tail: Vec<String>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hang { waiting_for, limit } => {
                write!(f, "no {waiting_for} within {:.1} s", limit.as_secs_f64())
            }
            Self::Died(who, status) => write!(f, "{who} ended unexpectedly ({status})"),
            Self::Panic(line) => write!(f, "the guest kernel stopped: {line}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// What the caller should know after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The guest agent waits for commands; its uptime in seconds.
    Ready(String),
    /// All running steps ended; in the order in which they were sent.
    StepsDone(Vec<StepResult>),
    /// The guest is lost.
    Fatal(Fatal),
}

enum Phase {
    Booting,
    Idle,
    Running(Steps),
}

/// The judge of one guest.
pub struct Session {
    phase: Phase,
    limit: Duration,
    deadline: Option<Duration>,
    /// A reason that only waits for the console's last words.
    ending: Option<Reason>,
    detector: Detector,
    tail: Tail,
}

impl Session {
    /// A guest that starts now and must be ready within `limit`.
    pub fn boot(now: Duration, limit: Duration) -> Self {
        Self {
            phase: Phase::Booting,
            limit,
            deadline: Some(now + limit),
            ending: None,
            detector: Detector::default(),
            tail: Tail::default(),
        }
    }

    /// Declares that these steps were sent to the guest, which has so long for all of them.
    pub fn start(&mut self, orders: Vec<Order>, now: Duration, limit: Duration) {
        self.limit = limit;
        self.deadline = Some(now + limit);
        self.phase = Phase::Running(Steps::new(orders, now));
    }

    /// When [`Session::tick`] must be called at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Reports found outside of any step; takes them.
    pub fn take_splats(&mut self) -> Vec<Splat> {
        self.detector.take()
    }

    /// The last console lines.
    pub fn tail(&self) -> Vec<String> {
        self.tail.lines()
    }

    /// Looks at one event.
    pub fn handle(&mut self, now: Duration, event: &Event) -> Option<Verdict> {
        match event {
            Event::Console(line) => self.console(now, line),
            Event::ConsoleClosed => self.ending.take().map(|reason| self.fatal(reason)),
            Event::Control(line) => self.control(now, line),
            // QEMU then waits for a debugger instead of ending.
            Event::Output(Who::Qemu, line) if line.starts_with("KVM internal error") => {
                Some(self.fatal(Reason::Died(Who::Qemu, line.clone())))
            }
            Event::Output(..) => None,
            Event::Exited(Who::Qemu, status) => {
                let panic = Reason::Died(Who::Qemu, status.clone());
                self.end_soon(now, panic, CONSOLE_GRACE);
                None
            }
            Event::Exited(who, status) => {
                Some(self.fatal(Reason::Died(who.clone(), status.clone())))
            }
            Event::Interrupted => Some(self.fatal(Reason::Interrupted)),
        }
    }

    /// Looks at the clock.
    pub fn tick(&mut self, now: Duration) -> Option<Verdict> {
        if self.deadline.is_none_or(|d| now < d) {
            return None;
        }
        if let Some(reason) = self.ending.take() {
            return Some(self.fatal(reason));
        }
        let waiting_for = match &self.phase {
            Phase::Booting => "sign of life from the guest agent".to_owned(),
            Phase::Idle => return None,
            Phase::Running(steps) => steps.waiting_for(),
        };
        let limit = self.limit;
        Some(self.fatal(Reason::Hang { waiting_for, limit }))
    }

    fn console(&mut self, now: Duration, line: &str) -> Option<Verdict> {
        self.tail.push(line);
        let text = log::message(line);
        if self.detector.line(line) == Some(Kind::Panic) {
            self.end_soon(now, Reason::Panic(text.to_owned()), PANIC_GRACE);
        }
        if let Phase::Running(steps) = &mut self.phase {
            steps.console(text, now);
        }
        self.finish()
    }

    fn control(&mut self, now: Duration, line: &str) -> Option<Verdict> {
        let said = control::parse(line);
        match (&mut self.phase, said) {
            (Phase::Booting, Control::Ready(uptime)) => {
                self.phase = Phase::Idle;
                self.deadline = None;
                Some(Verdict::Ready(uptime))
            }
            (Phase::Running(steps), said) => {
                match said {
                    Control::Note(id, text) => steps.note(id, text),
                    Control::Foreign(text) => steps.foreign(&text),
                    Control::Fact(id, name, value) => steps.fact(id, name, value),
                    Control::End { id, ok, why } => steps.end(id, ok, why, now),
                    Control::Begin(_) | Control::Ready(_) => {}
                }
                self.finish()
            }
            _ => None,
        }
    }

    fn finish(&mut self) -> Option<Verdict> {
        if !matches!(&self.phase, Phase::Running(steps) if steps.over()) {
            return None;
        }
        let Phase::Running(steps) = std::mem::replace(&mut self.phase, Phase::Idle) else {
            return None;
        };
        self.deadline = None;
        Some(Verdict::StepsDone(steps.results(&self.detector.take())))
    }

    /// The guest is lost, but its console may still explain why: wait a little.
    fn end_soon(&mut self, now: Duration, reason: Reason, grace: Duration) {
        if self.ending.is_none() {
            self.ending = Some(reason);
            self.deadline = Some(now + grace);
        }
    }

    fn fatal(&mut self, reason: Reason) -> Verdict {
        self.deadline = None;
        Verdict::Fatal(Fatal {
            reason,
            splats: self.detector.take(),
            tail: self.tail.lines(),
        })
    }
}

/// What the agent writes to the kernel log after step `id`.
pub fn end_mark(id: u32) -> String {
    format!("nova-vm: end {id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn console(text: &str) -> Event {
        Event::Console(format!("[    1.000000] {text}"))
    }

    fn ready() -> Session {
        let mut session = Session::boot(s(0), s(60));
        let verdict = session.handle(s(3), &Event::Control("# ready 2.5".into()));
        assert_eq!(verdict, Some(Verdict::Ready("2.5".into())));
        session
    }

    fn stepping() -> Session {
        let mut session = ready();
        let order = Order {
            id: 1,
            name: "bind".into(),
            about: None,
        };
        session.start(vec![order], s(4), s(10));
        session
    }

    fn fatal(verdict: Option<Verdict>) -> Fatal {
        match verdict {
            Some(Verdict::Fatal(fatal)) => fatal,
            other => panic!("expected the end of the guest, found {other:?}"),
        }
    }

    fn only(verdict: Option<Verdict>) -> StepResult {
        match verdict {
            Some(Verdict::StepsDone(mut results)) if results.len() == 1 => results.remove(0),
            other => panic!("expected the end of the step, found {other:?}"),
        }
    }

    #[test]
    fn a_boot_that_never_gets_ready_is_a_hang_with_the_last_log_lines() {
        let mut session = Session::boot(s(0), s(60));
        for n in 0..30 {
            session.handle(s(1), &console(&format!("line {n}")));
        }
        assert_eq!(session.tick(s(59)), None);
        let end = fatal(session.tick(s(60)));
        assert_eq!(
            end.reason.to_string(),
            "no sign of life from the guest agent within 60.0 s"
        );
        assert_eq!(end.tail.len(), 20);
        assert!(end.tail[19].ends_with("line 29"));
    }

    #[test]
    fn a_step_ends_only_when_both_ports_said_so() {
        let mut session = stepping();
        session.handle(s(5), &Event::Control("# 1 driver: nova_core".into()));
        session.handle(s(5), &Event::Control("# 1 fact bar 256".into()));
        assert_eq!(
            session.handle(s(5), &Event::Control("ok 1 bind".into())),
            None
        );
        session.handle(s(5), &console("nova_core 0000:01:00.0: NVIDIA GA102"));
        let result = only(session.handle(s(6), &console("nova-vm: end 1")));
        assert!(result.ok);
        assert_eq!(result.notes, ["driver: nova_core"]);
        assert_eq!(result.facts, [("bar".to_owned(), "256".to_owned())]);
        assert_eq!(result.kernel_log, ["nova_core 0000:01:00.0: NVIDIA GA102"]);
        assert_eq!(result.took, s(2));
        assert_eq!(session.deadline(), None);
    }

    #[test]
    fn a_splat_between_result_and_mark_belongs_to_the_step() {
        let mut session = stepping();
        session.handle(s(5), &Event::Control("ok 1 bind".into()));
        session.handle(s(5), &console("WARNING: a.c:1 at f"));
        let result = only(session.handle(s(5), &console("nova-vm: end 1")));
        assert_eq!(result.splats.len(), 1);
    }

    #[test]
    fn a_step_without_result_is_a_hang_named_after_it() {
        let mut session = stepping();
        assert_eq!(session.deadline(), Some(s(14)));
        assert_eq!(session.tick(s(13)), None);
        let end = fatal(session.tick(s(14)));
        assert_eq!(end.reason.to_string(), "no result of 'bind' within 10.0 s");
    }

    #[test]
    fn a_result_without_mark_is_a_hang_of_the_console() {
        let mut session = stepping();
        session.handle(s(5), &Event::Control("ok 1 bind".into()));
        let end = fatal(session.tick(s(14)));
        assert!(
            end.reason.to_string().contains("end mark of 'bind'"),
            "{}",
            end.reason
        );
    }

    #[test]
    fn the_result_of_another_step_is_not_this_one() {
        let mut session = stepping();
        session.handle(s(5), &Event::Control("ok 9 old".into()));
        session.handle(s(5), &console("nova-vm: end 9"));
        assert!(matches!(
            fatal(session.tick(s(14))).reason,
            Reason::Hang { .. }
        ));
    }

    #[test]
    fn a_dead_model_ends_the_guest_at_once() {
        let mut session = stepping();
        let who = Who::Gpu(0, "ga102".into());
        let end = fatal(session.handle(s(5), &Event::Exited(who, "signal 9".into())));
        assert_eq!(
            end.reason.to_string(),
            "gpu-model 0 (ga102) ended unexpectedly (signal 9)"
        );
    }

    #[test]
    fn a_dead_qemu_ends_the_guest_when_its_console_is_read_out() {
        let mut session = stepping();
        assert_eq!(
            session.handle(s(5), &Event::Exited(Who::Qemu, "signal 9".into())),
            None
        );
        session.handle(s(5), &console("last words"));
        let end = fatal(session.handle(s(5), &Event::ConsoleClosed));
        assert_eq!(end.reason.to_string(), "QEMU ended unexpectedly (signal 9)");
        assert!(end.tail[0].ends_with("last words"));
    }

    #[test]
    fn a_dead_qemu_with_a_stuck_console_still_ends_within_half_a_second() {
        let mut session = stepping();
        session.handle(s(5), &Event::Exited(Who::Qemu, "exit status 1".into()));
        assert_eq!(session.deadline(), Some(s(5) + CONSOLE_GRACE));
        assert!(matches!(
            fatal(session.tick(s(6))).reason,
            Reason::Died(Who::Qemu, _)
        ));
    }

    #[test]
    fn a_panic_is_the_reason_even_though_qemu_ends_after_it() {
        let mut session = stepping();
        session.handle(
            s(5),
            &console("Kernel panic - not syncing: Fatal exception"),
        );
        session.handle(s(5), &Event::Exited(Who::Qemu, "exit status 0".into()));
        let end = fatal(session.handle(s(5), &Event::ConsoleClosed));
        assert!(matches!(end.reason, Reason::Panic(_)), "{}", end.reason);
        assert_eq!(end.splats.len(), 1);
    }

    #[test]
    fn a_cpu_that_kvm_cannot_run_ends_the_guest_at_once() {
        let mut session = Session::boot(s(0), s(60));
        let line = "KVM internal error. Suberror: 1".to_owned();
        let end = fatal(session.handle(s(1), &Event::Output(Who::Qemu, line)));
        assert!(
            end.reason.to_string().contains("KVM internal error"),
            "{}",
            end.reason
        );
    }

    #[test]
    fn the_user_can_always_stop() {
        let end = fatal(ready().handle(s(9), &Event::Interrupted));
        assert_eq!(end.reason, Reason::Interrupted);
    }

    #[test]
    fn an_idle_guest_has_no_deadline() {
        let mut session = ready();
        assert_eq!((session.deadline(), session.tick(s(9999))), (None, None));
    }
}
