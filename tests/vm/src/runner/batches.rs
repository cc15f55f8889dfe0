// SPDX-License-Identifier: GPL-2.0

//! Which steps of a scenario are under way at the same time: those next to each other that may be, up to the
//! first about a card that the others are about already, and not too many.

use std::{
    collections::BTreeSet,
    time::Duration, //
};

use crate::cases::{
    Check,
    Claim,
    Scenario,
    Step, //
};

/// Steps under way at once, at most: they share the guest's CPUs, and their cards the host's, while drivers
/// wait for cards against the clock.
const MOST: usize = 7;

/// So much more time for each step but one of a batch. They take turns on the guest's CPUs.
const TURN: Duration = Duration::from_secs(10);

/// The guest steps of a scenario with their claims, in order; each batch is run as one.
pub(super) fn of(scenario: &Scenario) -> Vec<Vec<(&Claim, &Step)>> {
    let mut batches: Vec<Vec<(&Claim, &Step)>> = Vec::new();
    let mut cards = BTreeSet::new();
    for claim in &scenario.claims {
        let Check::Guest(step) = &claim.check else {
            continue;
        };
        let taken = step.card().is_some_and(|card| cards.contains(card));
        match batches.last_mut() {
            Some(batch) if step.together && !taken && takes_more(batch) => {
                batch.push((claim, step));
            }
            _ => {
                cards.clear();
                batches.push(vec![(claim, step)]);
            }
        }
        cards.extend(step.card());
    }
    batches
}

fn takes_more(batch: &[(&Claim, &Step)]) -> bool {
    batch.len() < MOST && batch.iter().all(|(_, step)| step.together)
}

/// How long a batch may take.
pub(super) fn limit(batch: &[(&Claim, &Step)]) -> Duration {
    let longest = batch.iter().map(|(_, step)| step.limit).max();
    // CAST: a handful of cards.
    longest.unwrap_or_default() + TURN * batch.len().saturating_sub(1) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases;

    /// Names of the claims in each batch.
    fn names(scenario: &Scenario) -> Vec<Vec<&str>> {
        let mut names = Vec::new();
        for batch in of(scenario) {
            names.push(batch.iter().map(|(claim, _)| claim.name.as_str()).collect());
        }
        names
    }

    /// A scenario with a step for each: its name, the card that it is about, and whether it may have company.
    fn scenario(steps: &[(&str, usize, bool)]) -> Scenario {
        let mut scenario = Scenario::new("s", Vec::new());
        for (name, card, together) in steps {
            let step = Step::for_driver("bound", crate::driver::Driver::Ours).on(*card);
            scenario.claims.push(Claim {
                name: (*name).to_owned(),
                check: Check::Guest(Step {
                    together: *together,
                    limit: Duration::from_secs(20),
                    ..step
                }),
                gate: false,
                since: None,
            });
        }
        scenario
    }

    #[test]
    fn neighbours_that_may_be_together_are() {
        let steps = [
            ("a", 0, false),
            ("b", 1, true),
            ("c", 2, true),
            ("d", 3, false),
        ];
        let scenario = scenario(&steps);
        assert_eq!(names(&scenario), [vec!["a"], vec!["b", "c"], vec!["d"]]);
    }

    #[test]
    fn a_card_is_not_twice_in_a_batch() {
        let steps = [
            ("a", 0, true),
            ("b", 1, true),
            ("a again", 0, true),
            ("b again", 1, true),
        ];
        let scenario = scenario(&steps);
        assert_eq!(
            names(&scenario),
            [vec!["a", "b"], vec!["a again", "b again"]]
        );
    }

    #[test]
    fn a_batch_has_an_end() {
        let many: Vec<_> = (0..MOST + 1).map(|card| ("s", card, true)).collect();
        let scenario = scenario(&many);
        let sizes: Vec<usize> = of(&scenario).iter().map(Vec::len).collect();
        assert_eq!(sizes, [MOST, 1]);
    }

    #[test]
    fn one_alone_has_its_own_limit_and_company_adds_to_it() {
        let scenario = scenario(&[("a", 0, true), ("b", 1, true), ("c", 2, true)]);
        let batches = of(&scenario);
        assert_eq!(limit(&batches[0][..1]), Duration::from_secs(20));
        assert_eq!(limit(&batches[0]), Duration::from_secs(40));
    }

    #[test]
    fn whoever_has_company_is_about_a_card_and_needs_nobody() {
        for scenario in cases::all(cases::REBINDS) {
            for (claim, step) in of(&scenario).into_iter().filter(|b| b.len() > 1).flatten() {
                let name = scenario.full_name(claim);
                assert!(step.card().is_some(), "{name}: about no card");
                assert!(!step.marked && !step.ends && !claim.gate, "{name}");
            }
        }
    }
}
