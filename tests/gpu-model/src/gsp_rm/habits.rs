// SPDX-License-Identifier: GPL-2.0

//! What GSP-RM may do this way or that, all of it right: a driver has to live with each.

use thiserror::Error;

/// What the driver is asked to do with `GSP_RUN_CPU_SEQUENCER`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sequencer {
    /// Nothing.
    Empty,
    /// To stop the GSP and resume it.
    Resume,
    /// What real firmware needs it for: to run a program on the GSP that prepares SEC2, and then
    /// to resume.
    #[default]
    Full,
}

/// All choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// Work for the CPU while GSP-RM boots, on chips where SEC2 starts it.
    pub sequencer: Sequencer,
    /// Events that a driver may ignore, before and after `GSP_INIT_DONE`.
    pub noise: bool,
    /// `GSP_INIT_DONE` carries an unused number.
    pub init_done_payload: bool,
    /// Further events before all others, so that the status queue wraps early.
    pub prefill: u32,
    /// Microseconds from start to the first message, and from request to reply.
    pub latency_us: u64,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            sequencer: Sequencer::default(),
            noise: true,
            init_done_payload: false,
            prefill: 0,
            latency_us: 0,
        }
    }
}

/// A choice that there is not.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "GSP-RM has no habit \"{0}\"; there are sequencer=empty|resume|full, noise=on|off, \
     init-done-payload=on|off, prefill=0..62, latency-us=0..4000000"
)]
pub struct NoSuchHabit(pub String);

impl Habits {
    /// Applies one choice, `NAME=VALUE`.
    ///
    /// # Errors
    /// [`NoSuchHabit`]
    pub fn set(&mut self, choice: &str) -> Result<(), NoSuchHabit> {
        let refuse = || NoSuchHabit(choice.to_owned());
        let number = |text: &str, max: u64| {
            text.parse::<u64>()
                .ok()
                .filter(|number| *number <= max)
                .ok_or_else(refuse)
        };
        match choice.split_once('=').ok_or_else(refuse)? {
            ("sequencer", "empty") => self.sequencer = Sequencer::Empty,
            ("sequencer", "resume") => self.sequencer = Sequencer::Resume,
            ("sequencer", "full") => self.sequencer = Sequencer::Full,
            ("noise", "on") => self.noise = true,
            ("noise", "off") => self.noise = false,
            ("init-done-payload", "on") => self.init_done_payload = true,
            ("init-done-payload", "off") => self.init_done_payload = false,
            // CAST: at most 62.
            ("prefill", text) => self.prefill = number(text, 62)? as u32,
            ("latency-us", text) => self.latency_us = number(text, 4_000_000)?,
            _ => return Err(refuse()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_and_others_refused() {
        let mut habits = Habits::default();
        for choice in [
            "sequencer=empty",
            "noise=off",
            "init-done-payload=on",
            "prefill=60",
            "latency-us=5",
        ] {
            habits.set(choice).unwrap();
        }
        assert_eq!(
            habits,
            Habits {
                sequencer: Sequencer::Empty,
                noise: false,
                init_done_payload: true,
                prefill: 60,
                latency_us: 5
            }
        );
        for choice in ["noise", "noise=loud", "prefill=63", "latency-us=x", "=", ""] {
            assert_eq!(habits.set(choice), Err(NoSuchHabit(choice.into())));
        }
    }
}
