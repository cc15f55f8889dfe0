// SPDX-License-Identifier: GPL-2.0

//! Watches how the driver carries out a program: each operation in its turn, nothing in between.
//!
//! Only writes can be out of place: reading a register changes nothing. Interrupt registers are
//! left out, because a handler may run at any time; doorbells, because GSP-RM may have found a
//! command before the driver rings for it; and the register for the version of what runs on the
//! core, which drivers write when SEC2 has started it: those that have put their settings into the
//! queue before are sent the program before they get to that.

use super::{
    Op,
    Program,
    TRAP, //
};
use crate::{
    gsp_rm::{
        registers as reg,
        Access,
        Findings, //
    },
    recorder,
    violations::{
        Complaint,
        GspRule, //
    },
};

/// Registers that belong to a reset of the core, beside the mailboxes.
const RESET: &[u32] = &[
    reg::ENGINE,
    reg::FALCON_RM,
    reg::BCR_CTRL,
    reg::FBIF_CTL,
    reg::DMACTL,
    reg::MAILBOX0,
    reg::ITFEN,
];
/// A pause may be shorter by so many parts of a hundred: that much two clocks may differ.
const CLOCK_ERROR: u64 = 1;
/// Polls without a timeout, and waits for a halt.
const DEFAULT_TIMEOUT_US: u64 = 4_000_000;
const HALT_TIMEOUT_US: u64 = 2_000_000;

/// How far the driver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Some operations are left.
    Under,
    /// The SEC2 was started for the resume, with these mailboxes of the GSP.
    Resume {
        /// Both mailboxes, the second one in the upper half.
        mailboxes: u64,
    },
    /// All is done, or has been given up.
    Over,
}

/// What has been seen of the operation whose turn it is.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Value that was last read from the operation's register.
    read: Option<u32>,
    /// Reset asserted, and then released.
    asserted: bool,
    released: bool,
    /// After the release.
    fbif: bool,
    dmactl: bool,
    mailbox: [Option<u32>; 2],
}

/// The watch.
#[derive(Debug)]
pub struct Watch {
    ops: Vec<Op>,
    is_broken: bool,
    next: usize,
    seen: Seen,
    /// When the operation before was done, and whether that was by a read, so that the time is
    /// exact.
    since: u64,
    exact: bool,
    over: bool,
}

impl Watch {
    /// Watches a program that is sent now.
    pub fn new(program: &Program, now_us: u64) -> Self {
        let mut watch = Self {
            ops: program.ops.clone(),
            is_broken: program.is_broken,
            next: 0,
            seen: Seen::default(),
            since: now_us,
            exact: false,
            over: false,
        };
        watch.over = watch.ops.is_empty() && !watch.is_broken;
        watch
    }

    /// The driver has the program from now on.
    pub fn begin(&mut self, now_us: u64) {
        self.since = now_us;
    }

    /// Is there something in the program that cannot be done?
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Does the program stop and resume the GSP?
    pub fn resumes(&self) -> bool {
        self.ops.contains(&Op::CoreResume)
    }

    /// Is there nothing left to wait for?
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Does the program say that the core is to be reset now, or after what nobody may have seen?
    pub fn allows_reset(&self) -> bool {
        let mut ops = self.ops[self.next..].iter();
        let next = ops.find(|op| !op.only_looks_or_waits());
        matches!(next, Some(Op::CoreReset | Op::CoreResume))
    }

    /// Is it the turn of the resume?
    pub fn awaits_resume(&self) -> bool {
        !self.over && self.ops.get(self.next) == Some(&Op::CoreResume)
    }

    /// Is it the turn of the program on the GSP to be started?
    pub fn awaits_start(&self) -> bool {
        !self.over && self.ops.get(self.next) == Some(&Op::CoreStart)
    }

    /// Takes note of an access.
    pub fn access(&mut self, now_us: u64, access: Access, findings: &mut Findings) -> Outcome {
        if self.over {
            return Outcome::Over;
        }
        let is_write = access.op == recorder::Op::Write;
        if is_write && is_tolerated(access.address) {
            return Outcome::Under;
        }
        let Some(op) = self.ops.get(self.next).copied() else {
            return self.behind_the_end(access, is_write, findings);
        };
        if let Op::DelayUs(us) = op {
            if !is_write && !self.next_reads(access.address) {
                return Outcome::Under;
            }
            self.judge_delay(now_us, us, findings);
            self.advance(now_us, is_write);
            return self.access(now_us, access, findings);
        }
        if !is_write {
            return self.read(now_us, op, access);
        }
        if self.has_given_up(now_us, op) {
            return self.after_giving_up(now_us, access, findings);
        }
        self.write(now_us, op, access, findings)
    }

    fn next_reads(&self, address: u32) -> bool {
        match self.ops.get(self.next + 1) {
            Some(Op::RegStore { address: at, .. } | Op::RegPoll { address: at, .. }) => {
                *at == address
            }
            _ => false,
        }
    }

    fn advance(&mut self, now_us: u64, is_write: bool) {
        self.next += 1;
        self.seen = Seen::default();
        self.since = now_us;
        self.exact = !is_write;
        self.over = self.next == self.ops.len() && !self.is_broken;
    }

    /// Writes may be seen late, so only a pause that began with a read can be judged.
    fn judge_delay(&mut self, now_us: u64, us: u32, findings: &mut Findings) {
        let took = now_us.saturating_sub(self.since);
        if self.exact && took * 100 < u64::from(us) * (100 - CLOCK_ERROR) {
            findings.push(sequencer(format!(
                "pause of {us} us was over after {took} us"
            )));
        }
    }

    fn read(&mut self, now_us: u64, op: Op, access: Access) -> Outcome {
        let done = match op {
            Op::RegPoll {
                address,
                mask,
                value,
                ..
            } => address == access.address && access.value & mask == value,
            Op::RegStore { address, .. } => address == access.address,
            Op::CoreWaitForHalt => access.address == reg::CPUCTL && access.value & reg::HALTED != 0,
            Op::RegModify { address, .. } if address == access.address => {
                self.seen.read = Some(access.value);
                false
            }
            _ => false,
        };
        if done {
            self.advance(now_us, false);
        }
        self.outcome()
    }

    fn write(&mut self, now_us: u64, op: Op, access: Access, findings: &mut Findings) -> Outcome {
        let Access { address, value, .. } = access;
        match op {
            Op::RegWrite {
                address: at,
                value: want,
            } if (at, want) == (address, value) => self.advance(now_us, true),
            Op::RegModify {
                address: at,
                mask,
                value: bits,
            } if at == address => {
                match self.seen.read {
                    Some(old) if value == (old & !mask) | bits => {}
                    Some(old) => findings.push(sequencer(format!(
                        "register {at:#x} held {old:#x} and was set to {value:#x}; bits {mask:#x} \
                         were to become {bits:#x}"
                    ))),
                    None => findings.push(sequencer(format!(
                        "register {at:#x} was to be modified and was written without being read"
                    ))),
                }
                self.advance(now_us, true);
            }
            Op::CoreReset if RESET.contains(&address) => {
                self.note_reset(address, value);
                if self.seen.fbif && self.seen.dmactl {
                    self.advance(now_us, true);
                }
            }
            Op::CoreStart if is_start(address, value, reg::CPUCTL, reg::CPUCTL_ALIAS) => {
                self.advance(now_us, true);
            }
            Op::CoreResume => return self.write_in_resume(access, findings),
            // Whoever looks at the whole program first finds out before doing anything.
            _ if self.is_broken => return self.behind_the_end(access, true, findings),
            _ => {
                self.over = true;
                findings.push(sequencer(format!(
                    "register {address:#x} was set to {value:#x} when it was the turn of {op:x?}"
                )));
            }
        }
        self.outcome()
    }

    fn write_in_resume(&mut self, access: Access, findings: &mut Findings) -> Outcome {
        let Access { address, value, .. } = access;
        if is_start(address, value, reg::SEC2_CPUCTL, reg::SEC2_CPUCTL_ALIAS) {
            self.over = true;
            if !self.seen.released {
                findings.push(sequencer(
                    "SEC2 was started for the resume before the GSP was reset",
                ));
            }
            let [low, high] = self.seen.mailbox.map(Option::unwrap_or_default);
            return Outcome::Resume {
                mailboxes: u64::from(high) << 32 | u64::from(low),
            };
        }
        if RESET.contains(&address) || address == reg::MAILBOX1 {
            self.note_reset(address, value);
            return Outcome::Under;
        }
        self.over = true;
        findings.push(sequencer(format!(
            "register {address:#x} was set to {value:#x} during the resume"
        )));
        Outcome::Over
    }

    fn note_reset(&mut self, address: u32, value: u32) {
        let seen = &mut self.seen;
        match address {
            reg::ENGINE if value & 1 != 0 => {
                *seen = Seen {
                    asserted: true,
                    ..Seen::default()
                };
            }
            reg::ENGINE => seen.released = seen.asserted,
            reg::FBIF_CTL if seen.released && value & reg::ALLOW_PHYS_NO_CTX != 0 => {
                seen.fbif = true;
            }
            reg::DMACTL if seen.released && value == 0 => seen.dmactl = true,
            reg::MAILBOX0 => seen.mailbox[0] = Some(value),
            reg::MAILBOX1 => seen.mailbox[1] = Some(value),
            _ => {}
        }
    }

    /// A driver that has waited long enough may stop, or go on as if nothing had happened.
    fn has_given_up(&self, now_us: u64, op: Op) -> bool {
        let timeout = match op {
            Op::RegPoll { timeout_us: 0, .. } => DEFAULT_TIMEOUT_US,
            Op::RegPoll { timeout_us, .. } => u64::from(timeout_us),
            Op::CoreWaitForHalt => HALT_TIMEOUT_US,
            _ => return false,
        };
        now_us.saturating_sub(self.since) >= timeout
    }

    fn after_giving_up(&mut self, now_us: u64, access: Access, findings: &mut Findings) -> Outcome {
        // What only reads or waits may have been done meanwhile, unseen.
        let ops = self.ops[self.next..].iter();
        let skipped = ops.take_while(|op| op.only_looks_or_waits());
        let next = self.next + skipped.count();
        let goes_on = match self.ops.get(next) {
            Some(Op::RegWrite { address, value }) => {
                (*address, *value) == (access.address, access.value)
            }
            Some(Op::RegModify { address, .. }) => *address == access.address,
            Some(Op::CoreReset | Op::CoreResume) => access.address == reg::ENGINE,
            _ => false,
        };
        if goes_on {
            self.next = next - 1;
            self.advance(now_us, true);
            return self.access(now_us, access, findings);
        }
        self.over = true;
        Outcome::Over
    }

    /// Behind the operations there is a broken one: the driver has to stop here.
    fn behind_the_end(
        &mut self,
        access: Access,
        is_write: bool,
        findings: &mut Findings,
    ) -> Outcome {
        if is_write {
            self.over = true;
            if (access.address, access.value) == TRAP {
                findings.push(sequencer("the sequencer went on behind a broken operation"));
            }
        }
        self.outcome()
    }

    fn outcome(&self) -> Outcome {
        if self.over {
            Outcome::Over
        } else {
            Outcome::Under
        }
    }
}

fn sequencer(what: impl Into<String>) -> Complaint {
    Complaint::new(GspRule::Sequencer, what)
}

fn is_start(address: u32, value: u32, cpuctl: u32, alias: u32) -> bool {
    (address == cpuctl || address == alias) && value & reg::STARTCPU != 0
}

/// Registers that an interrupt handler writes.
fn is_tolerated(address: u32) -> bool {
    let (first, last) = reg::INTERRUPT_TREE;
    let doorbells = reg::DOORBELL..reg::DOORBELL + 8 * reg::DOORBELLS;
    matches!(
        address,
        reg::IRQSCLR
            | reg::FALCON_OS
            | reg::IRQMSET
            | reg::IRQMCLR
            | reg::INTR_RETRIGGER
            | reg::MSI_REARM
    ) || (first..=last).contains(&address)
        || doorbells.contains(&address)
}
