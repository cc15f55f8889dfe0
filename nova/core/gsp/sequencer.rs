// SPDX-License-Identifier: GPL-2.0

//! Steps that the GSP has the CPU take while it boots: register accesses, and starting its own cores.
//!
//! The list has been checked as a whole before the first step is taken. A step that fails ends the boot.

use crate::{
    driver::Bar0,
    identify::is_gone, //
};
use kernel::{
    device::Bound,
    io::{
        poll::read_poll_timeout,
        Io, //
    },
    pci,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    }, //
};
use kernel_glue::fmt::Plain;
use nova_firmware::abi::r570_144::sequencer::{
    Sequencer,
    Step,
    SAVED_REGISTERS, //
};

/// Time between two looks at a register that is waited for.
const POLL_INTERVAL: Delta = Delta::from_micros(100);

/// The longest wait or delay that a step may ask for. The longest one known is 4 s.
const MAX_WAIT_US: u32 = 10_000_000;

/// What steps do to the GSP's cores. Each of these logs why it fails.
pub(crate) trait SequencerTarget {
    /// Resets the GSP with its falcon core selected, lets it use physical addresses, and stops its DMA
    /// from being restricted: what `CORE_RESET` means.
    ///
    /// # Errors
    ///
    /// Those of the reset, after one log line.
    fn core_reset(&self) -> Result;

    /// Starts the GSP's falcon core.
    ///
    /// # Errors
    ///
    /// Those of the start, after one log line.
    fn core_start(&self) -> Result;

    /// Waits until the GSP's falcon core has halted.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if it does not, after one log line.
    fn core_wait_for_halt(&self) -> Result;

    /// Resets the GSP, gives it `libos`, the address of its arguments, again, and has SEC2 start its RISC-V
    /// core.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` or `EIO` if it does not start, after one log line.
    fn core_resume(&self, libos: u64) -> Result;
}

/// Takes the steps of `payload`. `libos` is the address of the arguments that the GSP was started with.
///
/// Sleeps.
///
/// # Errors
///
/// `EINVAL` if they make no sense, `ETIMEDOUT` if a register does not become what it should, `ENODEV` if
/// the device has gone, and those of `target`; after one log line.
pub(super) fn run(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    target: &(impl SequencerTarget + ?Sized),
    libos: u64,
    payload: &[u8],
) -> Result {
    let sequencer = Sequencer::parse(payload).map_err(|err| {
        dev_err!(dev, "GSP-RM's sequencer is malformed: {}\n", Plain(err));
        EINVAL
    })?;
    let mut saved = sequencer.saved;
    for (number, step) in sequencer.steps().enumerate() {
        take(dev, bar, target, libos, &mut saved, number, step)?;
    }
    Ok(())
}

/// Takes one step.
fn take(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    target: &(impl SequencerTarget + ?Sized),
    libos: u64,
    saved: &mut [u32; SAVED_REGISTERS],
    number: usize,
    step: Step,
) -> Result {
    match step {
        Step::Write { register, value } => write(bar, register, value),
        Step::Modify {
            register,
            mask,
            value,
        } => write(bar, register, read(bar, register)? & !mask | value),
        Step::Poll {
            register,
            mask,
            value,
            timeout_us,
            error,
        } => {
            let timeout = wait(dev, number, timeout_us)?;
            let mut last = 0;
            read_poll_timeout(
                || {
                    last = read(bar, register)?;
                    Ok(last)
                },
                |found| found & mask == value,
                POLL_INTERVAL,
                timeout,
            )
            .map_err(|err| {
                if last == u32::MAX && is_gone(dev, bar) {
                    return ENODEV;
                }
                dev_err!(
                    dev,
                    "GSP-RM's sequencer, step {}: register {:#x} is {:#x} after {} us, mask {:#x} should give {:#x} (error {:#x})\n",
                    number,
                    register,
                    last,
                    timeout_us,
                    mask,
                    value,
                    error
                );
                err
            })?;
            Ok(())
        }
        Step::Delay { us } => {
            fsleep(wait(dev, number, us)?);
            Ok(())
        }
        Step::Store { register, index } => {
            let place = saved.get_mut(index).ok_or(EINVAL)?;
            *place = read(bar, register)?;
            Ok(())
        }
        Step::CoreReset => target.core_reset(),
        Step::CoreStart => target.core_start(),
        Step::CoreWaitForHalt => target.core_wait_for_halt(),
        Step::CoreResume => target.core_resume(libos),
    }
}

/// The time that a step asks for, if it can be waited for.
fn wait(dev: &pci::Device<Bound>, number: usize, us: u32) -> Result<Delta> {
    if us > MAX_WAIT_US {
        dev_err!(
            dev,
            "GSP-RM's sequencer, step {}: it wants to wait for {} us, {} are the most\n",
            number,
            us,
            MAX_WAIT_US
        );
        return Err(EINVAL);
    }
    Ok(Delta::from_micros(i64::from(us)))
}

/// Registers have been checked to be within BAR0.
fn read(bar: &Bar0<'_>, register: u32) -> Result<u32> {
    // CAST: widening.
    bar.try_read32(register as usize)
}

fn write(bar: &Bar0<'_>, register: u32, value: u32) -> Result {
    // CAST: widening.
    bar.try_write32(value, register as usize)
}
