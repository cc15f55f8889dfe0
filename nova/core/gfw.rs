// SPDX-License-Identifier: GPL-2.0

//! Waiting for the firmware that the card runs by itself after a reset.

use crate::{
    driver::Bar0,
    identify::is_gone, //
};
use kernel::{
    device::Bound,
    io::{
        poll::read_poll_timeout,
        register,
        Io, //
    },
    pci,
    prelude::*,
    time::Delta, //
};
use nova_hw::gfw::{
    self,
    Progress, //
};

register! {
    /// Which privilege levels may read [`NV_PGC6_AON_SECURE_SCRATCH_GROUP_05`].
    NV_PGC6_AON_SECURE_SCRATCH_GROUP_05_PRIV_LEVEL_MASK(u32) @ 0x00118128 {
        /// One bit a level; the CPU is level 0.
        3:0 read_protection;
    }

    /// Progress of the card's firmware; readable once the mask above says so.
    NV_PGC6_AON_SECURE_SCRATCH_GROUP_05(u32) @ 0x00118234 {
        /// `0xff` when it has finished.
        7:0 progress;
    }
}

/// How long the most patient of the existing drivers waits. How long cards take is not published.
const DEADLINE: Delta = Delta::from_secs(4);

/// Time between two looks.
const INTERVAL: Delta = Delta::from_millis(1);

/// What was last seen of the firmware.
#[derive(Clone, Copy)]
enum State {
    Protected,
    Progress(Progress),
}

/// Waits until the card's own firmware has set it up.
///
/// Sleeps. Nothing but the identification registers may be touched before it has finished.
///
/// # Errors
///
/// `ETIMEDOUT` after [`DEADLINE`], `ENODEV` if the device has gone; after one log line.
pub(crate) fn wait(dev: &pci::Device<Bound>, bar: &Bar0<'_>) -> Result {
    let mut last = State::Protected;

    let result = read_poll_timeout(
        || {
            last = read(bar);
            Ok(last)
        },
        |state| {
            matches!(
                state,
                State::Progress(Progress::Complete | Progress::CompleteOrGone)
            )
        },
        INTERVAL,
        DEADLINE,
    );

    match (last, result) {
        (State::Progress(Progress::CompleteOrGone), _) if is_gone(dev, bar) => Err(ENODEV),
        (_, Ok(_)) => Ok(()),
        (State::Protected, Err(err)) => {
            dev_err!(
                dev,
                "boot firmware of the card has not opened its progress register within {} s; power-cycle the machine\n",
                DEADLINE.as_millis() / 1000
            );
            Err(err)
        }
        (State::Progress(progress), Err(err)) => {
            dev_err!(
                dev,
                "boot firmware of the card has not finished within {} s ({:?}, Complete expected); power-cycle the machine\n",
                DEADLINE.as_millis() / 1000,
                progress
            );
            Err(err)
        }
    }
}

/// Looks once. The progress register is read only if it may be.
fn read(bar: &Bar0<'_>) -> State {
    let mask = bar
        .read(NV_PGC6_AON_SECURE_SCRATCH_GROUP_05_PRIV_LEVEL_MASK)
        .into_raw();
    if !gfw::is_readable(mask) {
        return State::Protected;
    }
    State::Progress(gfw::progress(
        bar.read(NV_PGC6_AON_SECURE_SCRATCH_GROUP_05).into_raw(),
    ))
}
