// SPDX-License-Identifier: GPL-2.0

//! Falcons: resetting one, loading a program into it, running it.
//!
//! The steps have a type each, so that they cannot be taken in another order:
//!
//! ```text
//! Falcon ── reset ──► Blank ── load ──► Loaded ── run ──► what it left in its mailbox
//!                       └── reset_for_riscv: only the mailboxes are of use then
//! ```
//!
//! A reset clears a falcon's memories, so nothing of a program that ran before is left. A [`Ucode`] is a
//! program that is ready to be loaded any number of times.
//!
//! The sysmem flush page must be known to the GPU before a falcon is reset.

mod engine;
mod hal;
mod load;
mod regs;
mod ucode;

pub(crate) use engine::{
    Engine,
    Gsp,
    Sec2, //
};
pub(crate) use ucode::Ucode;

use crate::{
    driver::Bar0,
    identify::{
        is_gone,
        NV_PMC_BOOT_0, //
    },
    wait, //
};
use hal::{
    Core,
    Hal, //
};
use kernel::{
    device::Bound,
    fmt,
    io::{
        register::WithBase,
        Io, //
    },
    pci,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};
use nova_hw::chip::Family;
use regs::*;

/// How long the engine is held in reset. All existing drivers agree.
const RESET_HOLD: Delta = Delta::from_micros(10);

/// Time between two looks whether the memories are clear. It takes some 50 µs.
const SCRUB_INTERVAL: Delta = Delta::from_micros(50);

/// How long existing drivers let a program run: all of them end by themselves.
const HALT_DEADLINE: Delta = Delta::from_secs(2);

/// Time between two looks whether a program has ended. They take some milliseconds.
const HALT_INTERVAL: Delta = Delta::from_micros(200);

/// A falcon, in whatever state it is.
pub(crate) struct Falcon<'a, E: Engine> {
    dev: &'a pci::Device<Bound>,
    bar: &'a Bar0<'a>,
    hal: &'static dyn Hal<E>,
}

/// A falcon that has been reset and has no program.
#[must_use = "a falcon is reset in order to be loaded"]
pub(crate) struct Blank<'f, 'a, E: Engine>(&'f Falcon<'a, E>);

/// A falcon with a program, which has not been started.
#[must_use = "a program is loaded in order to be run"]
pub(crate) struct Loaded<'f, 'a, E: Engine> {
    falcon: &'f Falcon<'a, E>,
    name: &'static str,
}

/// What both mailboxes hold.
#[derive(Clone, Copy)]
pub(crate) struct Mailboxes(pub(crate) u32, pub(crate) u32);

impl From<u64> for Mailboxes {
    /// The halves of an address, the lower one first.
    fn from(address: u64) -> Self {
        // CAST: the halves.
        Self(address as u32, (address >> 32) as u32)
    }
}

impl<'a, E: Engine> Falcon<'a, E> {
    /// The falcon of a chip of `family`.
    pub(crate) fn new(
        dev: &'a pci::Device<Bound>,
        bar: &'a Bar0<'a>,
        family: &'static Family,
    ) -> Self {
        Self {
            dev,
            bar,
            hal: hal::of(family.falcon),
        }
    }

    /// Resets the engine and selects its falcon core. Whatever it was running ends.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if the memories are not cleared in time or the core does not change, `ENODEV` if the
    /// device has gone; after one log line.
    pub(crate) fn reset(&self) -> Result<Blank<'_, 'a, E>> {
        self.reset_engine()?;
        if self.hal.select(self, Core::Falcon)? {
            self.wait_scrubbed()?;
        }
        let boot0 = self.bar.read(NV_PMC_BOOT_0).into_raw();
        self.bar
            .write(WithBase::of::<E>(), NV_PFALCON_FALCON_RM::from_raw(boot0));
        Ok(Blank(self))
    }

    /// Resets the engine and selects its RISC-V core, which a program on another engine will start.
    ///
    /// # Errors
    ///
    /// As [`reset`](Self::reset).
    pub(crate) fn reset_for_riscv(&self, mailboxes: Mailboxes) -> Result {
        self.reset_engine()?;
        self.hal.select(self, Core::RiscV)?;
        self.write_mailboxes(mailboxes);
        Ok(())
    }

    /// Ends whatever the engine is running, without making it fit for anything else.
    ///
    /// For when something has gone wrong, which has been logged: nothing is waited for or checked.
    pub(crate) fn stop(&self) {
        self.pulse_reset();
    }

    fn reset_engine(&self) -> Result {
        self.hal.wait_reset_ready(self);
        let engine = self.pulse_reset();
        if engine.into_raw() == u32::MAX && is_gone(self.dev, self.bar) {
            return Err(ENODEV);
        }
        self.wait_scrubbed()
    }

    /// Resets the engine, and gives what its register held meanwhile.
    fn pulse_reset(&self) -> NV_PFALCON_FALCON_ENGINE {
        self.bar.write(
            WithBase::of::<E>(),
            NV_PFALCON_FALCON_ENGINE::zeroed().with_reset(true),
        );
        // The reset begins when the write has arrived, which reading waits for.
        let engine = self.bar.read(NV_PFALCON_FALCON_ENGINE::of::<E>());
        fsleep(RESET_HOLD);
        self.bar
            .write(WithBase::of::<E>(), NV_PFALCON_FALCON_ENGINE::zeroed());
        engine
    }

    fn wait_scrubbed(&self) -> Result {
        self.wait(
            fmt!("end of memory scrubbing"),
            SCRUB_INTERVAL,
            self.hal.scrub_deadline(),
            || self.hal.read_scrubbing(self.bar),
            |raw| !self.hal.is_scrubbing(raw),
        )
    }

    /// Starts what is in the falcon, whatever that is.
    pub(crate) fn start(&self) {
        let cpuctl = self.bar.read(NV_PFALCON_FALCON_CPUCTL::of::<E>());
        if cpuctl.alias_en() {
            self.bar.write(
                WithBase::of::<E>(),
                NV_PFALCON_FALCON_CPUCTL_ALIAS::zeroed().with_startcpu(true),
            );
        } else {
            self.bar.write(
                WithBase::of::<E>(),
                NV_PFALCON_FALCON_CPUCTL::zeroed().with_startcpu(true),
            );
        }
    }

    /// Waits until the program, called `name` in the log, has ended.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` after two seconds, `ENODEV` if the device has gone; after one log line.
    pub(crate) fn wait_halted(&self, name: &str) -> Result {
        self.wait(
            fmt!("end of {}", name),
            HALT_INTERVAL,
            HALT_DEADLINE,
            || {
                self.bar
                    .read(NV_PFALCON_FALCON_CPUCTL::of::<E>())
                    .into_raw()
            },
            |raw| NV_PFALCON_FALCON_CPUCTL::from_raw(raw).halted(),
        )
    }

    /// Reads the first mailbox.
    pub(crate) fn mailbox0(&self) -> u32 {
        self.bar
            .read(NV_PFALCON_FALCON_MAILBOX0::of::<E>())
            .into_raw()
    }

    /// Reads the second mailbox.
    pub(crate) fn mailbox1(&self) -> u32 {
        self.bar
            .read(NV_PFALCON_FALCON_MAILBOX1::of::<E>())
            .into_raw()
    }

    /// Writes both mailboxes.
    pub(crate) fn write_mailboxes(&self, Mailboxes(first, second): Mailboxes) {
        self.write_mailbox0(first);
        self.bar.write(
            WithBase::of::<E>(),
            NV_PFALCON_FALCON_MAILBOX1::from_raw(second),
        );
    }

    fn write_mailbox0(&self, value: u32) {
        self.bar.write(
            WithBase::of::<E>(),
            NV_PFALCON_FALCON_MAILBOX0::from_raw(value),
        );
    }

    /// Says for others to read which version of its program the engine runs.
    pub(crate) fn write_os_version(&self, version: u32) {
        self.bar
            .write(WithBase::of::<E>(), NV_PFALCON_FALCON_OS::from_raw(version));
    }

    /// Whether the engine's RISC-V core runs.
    pub(crate) fn is_riscv_active(&self) -> bool {
        self.hal.is_riscv_active(self.bar)
    }

    /// Reads `CPUCTL` as it is, for who wants to know in which state somebody else left the falcon.
    pub(crate) fn cpuctl(&self) -> u32 {
        self.bar
            .read(NV_PFALCON_FALCON_CPUCTL::of::<E>())
            .into_raw()
    }

    /// Reads what the falcon has and does, undecoded: others may not let it be read.
    pub(crate) fn hwcfg2(&self) -> u32 {
        self.bar
            .read(NV_PFALCON_FALCON_HWCFG2::of::<E>())
            .into_raw()
    }

    /// Reads what the engine's RISC-V core does, undecoded. From GA102 on.
    pub(crate) fn riscv_cpuctl(&self) -> u32 {
        self.bar.read(NV_PRISCV_RISCV_CPUCTL::of::<E>()).into_raw()
    }

    /// Reads a register until it is as wanted. `what` is waited for, in the words of the log.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` after `deadline`, `ENODEV` if the device has gone; after one log line.
    fn wait(
        &self,
        what: fmt::Arguments<'_>,
        interval: Delta,
        deadline: Delta,
        read: impl Fn() -> u32,
        is_done: impl Fn(u32) -> bool,
    ) -> Result {
        let mut last = 0;
        wait::until(interval, deadline, || {
            last = read();
            // All ones would be taken for almost anything.
            if last == u32::MAX && is_gone(self.dev, self.bar) {
                return Err(ENODEV);
            }
            Ok(is_done(last).then_some(()))
        })
        .inspect_err(|&err| {
            if err == ETIMEDOUT {
                dev_err!(
                    self.dev,
                    "{} falcon: no {} within {} ms (register reads {:#010x}); power-cycle the machine\n",
                    E::NAME,
                    what,
                    deadline.as_millis(),
                    last
                );
            }
        })
    }
}

impl<'f, 'a, E: Engine> Blank<'f, 'a, E> {
    /// Lets the falcon's DMA use physical addresses.
    pub(crate) fn allow_dma(&self) {
        let bar = self.0.bar;
        bar.update(NV_PFALCON_FBIF_CTL::of::<E>(), |ctl| {
            ctl.with_allow_phys_no_ctx(true)
        });
        bar.write(WithBase::of::<E>(), NV_PFALCON_FALCON_DMACTL::zeroed());
    }

    /// Loads `ucode`.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if the falcon's DMA does not get on, `ENODEV` if the device has gone; after one log
    /// line.
    pub(crate) fn load(self, ucode: &Ucode<'_>) -> Result<Loaded<'f, 'a, E>> {
        self.allow_dma();
        load::load(self.0, ucode)?;
        Ok(Loaded {
            falcon: self.0,
            name: ucode.name(),
        })
    }
}

impl<E: Engine> Loaded<'_, '_, E> {
    /// Starts the program with `mailbox0`, and gives what is in that mailbox when it has ended.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if it does not end, `ENODEV` if the device has gone; after one log line.
    pub(crate) fn run(self, mailbox0: u32) -> Result<u32> {
        self.falcon.write_mailbox0(mailbox0);
        self.start()
    }

    /// The same with both mailboxes.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub(crate) fn run_with(self, mailboxes: Mailboxes) -> Result<u32> {
        self.falcon.write_mailboxes(mailboxes);
        self.start()
    }

    fn start(self) -> Result<u32> {
        self.falcon.start();
        self.falcon.wait_halted(self.name)?;
        Ok(self.falcon.mailbox0())
    }
}
