// SPDX-License-Identifier: GPL-2.0

//! The steps under way in a guest, and whose is which word.
//!
//! Steps run together only if each is about a card of its own. What scripts say carries the step's number.
//! A kernel message that names one of the cards belongs to the step that is about it; any other message
//! belongs to all steps that are not over. A report of the kernel may be anybody's, and counts against all.

use std::time::Duration;

use super::{
    end_mark,
    StepResult, //
};
use crate::splat::Splat;

/// What all marks of the guest agent in the kernel log begin with.
const MARK: &str = "nova-vm: ";

/// A step that is sent to the guest.
#[derive(Debug, Clone)]
pub struct Order {
    /// Number of its own.
    pub id: u32,
    /// Script, for people.
    pub name: String,
    /// PCI address of the card that it is about.
    pub about: Option<String>,
}

struct Step {
    order: Order,
    result: Option<(bool, String)>,
    console_done: bool,
    over: Option<Duration>,
    notes: Vec<String>,
    facts: Vec<(String, String)>,
    kernel_log: Vec<String>,
}

/// Steps that were sent together.
pub(super) struct Steps {
    started: Duration,
    steps: Vec<Step>,
}

impl Steps {
    pub(super) fn new(orders: Vec<Order>, now: Duration) -> Self {
        let step = |order| Step {
            order,
            result: None,
            console_done: false,
            over: None,
            notes: Vec::new(),
            facts: Vec::new(),
            kernel_log: Vec::new(),
        };
        Self {
            started: now,
            steps: orders.into_iter().map(step).collect(),
        }
    }

    /// A message of the kernel, without printk prefixes; or a mark of the agent.
    pub(super) fn console(&mut self, text: &str, now: Duration) {
        if text.starts_with(MARK) {
            let marked = |step: &&mut Step| text == end_mark(step.order.id);
            if let Some(step) = self.steps.iter_mut().find(marked) {
                step.console_done = true;
                step.look(now);
            }
            return;
        }
        let names = |step: &Step| {
            let about = step.order.about.as_deref();
            about.is_some_and(|card| text.contains(card))
        };
        let named = self.steps.iter().any(names);
        for step in &mut self.steps {
            if names(step) || (!named && !step.console_done) {
                step.kernel_log.push(text.to_owned());
            }
        }
    }

    /// Output of a script.
    pub(super) fn note(&mut self, id: u32, text: String) {
        if let Some(step) = self.step(id) {
            step.notes.push(text);
        }
    }

    /// Something on the agent's port that is nobody's: shown with all.
    pub(super) fn foreign(&mut self, text: &str) {
        for step in &mut self.steps {
            step.notes.push(text.to_owned());
        }
    }

    /// A value that a script measured.
    pub(super) fn fact(&mut self, id: u32, name: String, value: String) {
        if let Some(step) = self.step(id) {
            step.facts.push((name, value));
        }
    }

    /// The agent's verdict on a script.
    pub(super) fn end(&mut self, id: u32, ok: bool, why: String, now: Duration) {
        if let Some(step) = self.step(id) {
            step.result = Some((ok, why));
            step.look(now);
        }
    }

    /// Whether all are over: both ports said so of each.
    pub(super) fn over(&self) -> bool {
        self.steps.iter().all(|step| step.over.is_some())
    }

    /// What is missing.
    pub(super) fn waiting_for(&self) -> String {
        let open = self.steps.iter().filter(|step| step.over.is_none());
        let what = open.map(|step| {
            let Order { name, about, .. } = &step.order;
            let what = match step.result {
                Some(_) => format!("end mark of '{name}' on the console"),
                None => format!("result of '{name}'"),
            };
            match about {
                Some(card) if self.steps.len() > 1 => format!("{what} about {card}"),
                _ => what,
            }
        });
        what.collect::<Vec<_>>().join(", ")
    }

    /// Results in the order of the orders.
    pub(super) fn results(self, splats: &[Splat]) -> Vec<StepResult> {
        let started = self.started;
        let result = |step: Step| {
            let (ok, why) = step.result.unwrap_or_default();
            StepResult {
                ok,
                why,
                notes: step.notes,
                facts: step.facts,
                splats: splats.to_vec(),
                kernel_log: step.kernel_log,
                took: step.over.unwrap_or_default().saturating_sub(started),
            }
        };
        self.steps.into_iter().map(result).collect()
    }

    fn step(&mut self, id: u32) -> Option<&mut Step> {
        self.steps.iter_mut().find(|step| step.order.id == id)
    }
}

impl Step {
    fn look(&mut self, now: Duration) {
        if self.console_done && self.result.is_some() && self.over.is_none() {
            self.over = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn two() -> Steps {
        let order = |id, card: &str| Order {
            id,
            name: "bind".into(),
            about: Some(card.into()),
        };
        let orders = vec![order(1, "0000:01:00.0"), order(2, "0000:02:00.0")];
        Steps::new(orders, s(4))
    }

    fn end(steps: &mut Steps, id: u32, at: u64) {
        steps.end(id, true, String::new(), s(at));
        steps.console(&end_mark(id), s(at));
    }

    fn logs(steps: Steps) -> [Vec<String>; 2] {
        let results = steps.results(&[]);
        [results[0].kernel_log.clone(), results[1].kernel_log.clone()]
    }

    #[test]
    fn a_message_belongs_to_the_card_that_it_names() {
        let mut steps = two();
        for line in [
            "nova-vm: begin 1 bind",
            "nova-vm: begin 2 bind",
            "nova_core 0000:02:00.0: two",
            "nova_core 0000:01:00.0: one",
            "someone else",
        ] {
            steps.console(line, s(5));
        }
        let [one, two] = logs(steps);
        assert_eq!(one, ["nova_core 0000:01:00.0: one", "someone else"]);
        assert_eq!(two, ["nova_core 0000:02:00.0: two", "someone else"]);
    }

    #[test]
    fn after_its_end_a_step_hears_of_its_own_card_only() {
        let mut steps = two();
        end(&mut steps, 1, 5);
        steps.console("nova_core 0000:01:00.0: late", s(6));
        steps.console("someone else", s(6));
        let [one, two] = logs(steps);
        assert_eq!(one, ["nova_core 0000:01:00.0: late"]);
        assert_eq!(two, ["someone else"]);
    }

    #[test]
    fn they_are_over_when_each_is_and_each_has_its_own_time() {
        let mut steps = two();
        end(&mut steps, 2, 6);
        steps.end(1, false, "exit 1".into(), s(8));
        assert!(!steps.over());
        steps.console(&end_mark(1), s(9));
        assert!(steps.over());
        let results = steps.results(&[]);
        let took: Vec<_> = results.iter().map(|r| r.took).collect();
        assert_eq!(took, [s(5), s(2)]);
        assert_eq!((results[0].ok, results[1].ok), (false, true));
        assert_eq!(results[0].why, "exit 1");
    }

    #[test]
    fn facts_and_notes_go_by_number_and_what_has_none_to_all() {
        let mut steps = two();
        steps.note(1, "mine".into());
        steps.fact(2, "errno".into(), "No such device".into());
        steps.note(9, "of an earlier step".into());
        steps.foreign("sh: out of memory");
        let results = steps.results(&[]);
        assert_eq!(results[0].notes, ["mine", "sh: out of memory"]);
        assert_eq!(results[1].notes, ["sh: out of memory"]);
        assert!(results[0].facts.is_empty());
        assert_eq!(results[1].facts.len(), 1);
    }

    #[test]
    fn a_report_of_the_kernel_counts_against_all() {
        let splat = Splat {
            kind: crate::splat::Kind::Warning,
            lines: vec!["WARNING: a.c:1".into()],
        };
        let results = two().results(&[splat]);
        assert!(results.iter().all(|result| result.splats.len() == 1));
    }

    #[test]
    fn what_is_missing_is_told_with_its_card() {
        let mut steps = two();
        end(&mut steps, 1, 5);
        assert_eq!(steps.waiting_for(), "result of 'bind' about 0000:02:00.0");
        steps.end(2, true, String::new(), s(6));
        let wanted = "end mark of 'bind' on the console about 0000:02:00.0";
        assert_eq!(steps.waiting_for(), wanted);
    }
}
