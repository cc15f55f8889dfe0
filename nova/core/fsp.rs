// SPDX-License-Identifier: GPL-2.0

//! FSP: the processor that verifies what is to run on the GSP of Hopper and Blackwell, and starts it.
//!
//! It is there before the driver is, and takes one request at a time.

mod channel;
mod kunit;
mod regs;

use crate::{
    driver::Bar0,
    identify::is_gone,
    wait, //
};
use channel::{
    Channel,
    ChannelError,
    Port,
    Register,
    DEADLINE, //
};
use core::fmt;
use kernel::{
    device::Bound,
    io::{
        register::Array,
        Io, //
    },
    pci,
    prelude::*,
    time::Delta, //
};
use kernel_glue::fmt::Plain;
use nova_firmware::fsp::{
    cot,
    mctp::NvdmType,
    prc::{
        self,
        PrcError,
        VgpuMode, //
    },
    response::{
        Response,
        ResponseError, //
    },
    PACKET_MAX, //
};
use nova_hw::{
    chip::FspStatusRegister,
    fsp::{
        self,
        channel::Packet, //
    }, //
};

/// How long the most patient of the existing drivers waits for FSP's own boot.
const READY_DEADLINE: Delta = Delta::from_secs(5);

/// Time between two looks.
const READY_INTERVAL: Delta = Delta::from_millis(5);

/// FSP, which has finished its own boot.
pub(crate) struct Fsp<'a> {
    dev: &'a pci::Device<Bound>,
    channel: Channel<Card<'a>>,
    answer: KBox<[u8; PACKET_MAX]>,
}

/// Why a request has come to nothing.
///
/// `Display` says it after "FSP has not done it: ".
enum Failure {
    Channel(ChannelError),
    Response(ResponseError),
    Setting(PrcError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(err) => err.fmt(f),
            Self::Response(err) => write!(f, "it sent {err}"),
            Self::Setting(err) => write!(f, "it sent {err}"),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Channel(err) => err.into(),
            Failure::Response(_) | Failure::Setting(_) => EIO,
        }
    }
}

impl<'a> Fsp<'a> {
    /// Waits until FSP has finished its own boot, which `status` tells. Nothing is written.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if it does not within five seconds, `ENODEV` if the device has gone; after one log
    /// line. `ENOMEM`.
    pub(crate) fn wait_ready(
        dev: &'a pci::Device<Bound>,
        bar: &'a Bar0<'a>,
        status: FspStatusRegister,
    ) -> Result<Self> {
        let mut last = 0;
        wait::until(READY_INTERVAL, READY_DEADLINE, || {
            last = match status {
                FspStatusRegister::Gh100 => bar
                    .read(regs::NV_THERM_I2CS_SCRATCH_FSP_BOOT_COMPLETE_GH100)
                    .into_raw(),
                FspStatusRegister::Gb202 => bar
                    .read(regs::NV_THERM_I2CS_SCRATCH_FSP_BOOT_COMPLETE_GB202)
                    .into_raw(),
            };
            if last == u32::MAX && is_gone(dev, bar) {
                return Err(ENODEV);
            }
            Ok(fsp::is_ready(last).then_some(()))
        })
        .inspect_err(|&err| {
            if err == ETIMEDOUT {
                dev_err!(
                    dev,
                    "FSP has not booted within {} s (status reads {:#010x}, {:#010x} expected); power-cycle the machine\n",
                    READY_DEADLINE.as_millis() / 1000,
                    last,
                    fsp::READY
                );
            }
        })?;
        Ok(Self {
            dev,
            channel: Channel::new(Card { dev, bar }, DEADLINE),
            answer: KBox::init(pin_init::init_zeroed(), GFP_KERNEL)?,
        })
    }

    /// Has FSP verify an FMC and start it on the GSP, as the packet `request` says.
    ///
    /// What the packet names must stay in memory from now on, even if this fails, until the GSP runs GSP-RM
    /// or has halted. That the GSP runs is not known afterwards. Sleeps.
    ///
    /// # Errors
    ///
    /// `EIO` if FSP refuses, or answers nonsense; `EMSGSIZE` and `EINVAL` if its answer has an impossible
    /// length; `ETIMEDOUT` if it does not answer; `ENODEV` if the device has gone. After one log line.
    pub(crate) fn start_gsp(&mut self, request: &[u8; cot::PACKET_SIZE]) -> Result {
        let done = self.exchange(request).and_then(|answer| {
            Response::parse(answer, NvdmType::COT)
                .map(drop)
                .map_err(Failure::Response)
        });
        done.or_else(|failure| {
            self.check_presence(&failure)?;
            dev_err!(
                self.dev,
                "FSP has not started the GSP: {}; power-cycle the machine\n",
                Plain(&failure)
            );
            Err(failure.into())
        })
    }

    /// Asks whether the card is divided among virtual machines. If FSP does not tell, it is not, and a
    /// warning is logged.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the device has gone, after one log line.
    pub(crate) fn ask_vgpu_mode(&mut self) -> Result<VgpuMode> {
        let mode = self
            .exchange(&prc::read_vgpu_mode())
            .and_then(|answer| prc::parse_vgpu_mode(answer).map_err(Failure::Setting));
        mode.or_else(|failure| {
            self.check_presence(&failure)?;
            dev_warn!(
                self.dev,
                "FSP has not told the vGPU mode: {}; going on without vGPU\n",
                Plain(&failure)
            );
            Ok(VgpuMode::Disabled)
        })
    }

    /// Makes sure that what has failed was FSP, and not a device that is no longer there: what was read of an
    /// answer is all ones then, from some word on.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the device has gone, which has been logged.
    fn check_presence(&self, failure: &Failure) -> Result {
        match failure {
            Failure::Channel(ChannelError::Gone) => Err(ENODEV),
            _ if self.channel.is_gone() => Err(ENODEV),
            _ => Ok(()),
        }
    }

    /// Sends a packet, and gives the one that FSP answers.
    fn exchange(&mut self, request: &[u8]) -> Result<&[u8], Failure> {
        self.channel
            .exchange(request, &mut self.answer)
            .map_err(Failure::Channel)
    }
}

/// The channel's registers.
struct Card<'a> {
    dev: &'a pci::Device<Bound>,
    bar: &'a Bar0<'a>,
}

/// The driver's channel, and the port through which it accesses FSP's memory.
const CHANNEL: usize = 0;

impl Port for Card<'_> {
    fn read(&self, register: Register) -> u32 {
        macro_rules! get {
            ($register:ident) => {
                self.bar.read(regs::$register::at(CHANNEL)).into_raw()
            };
        }
        match register {
            Register::Ememc => get!(NV_PFSP_EMEMC),
            Register::Ememd => get!(NV_PFSP_EMEMD),
            Register::QueueHead => get!(NV_PFSP_QUEUE_HEAD),
            Register::QueueTail => get!(NV_PFSP_QUEUE_TAIL),
            Register::MsgqHead => get!(NV_PFSP_MSGQ_HEAD),
            Register::MsgqTail => get!(NV_PFSP_MSGQ_TAIL),
        }
    }

    fn write(&self, register: Register, value: u32) {
        macro_rules! put {
            ($register:ident) => {
                self.bar.write(regs::$register::at(CHANNEL), value.into())
            };
        }
        match register {
            Register::Ememc => put!(NV_PFSP_EMEMC),
            Register::Ememd => put!(NV_PFSP_EMEMD),
            Register::QueueHead => put!(NV_PFSP_QUEUE_HEAD),
            Register::QueueTail => put!(NV_PFSP_QUEUE_TAIL),
            Register::MsgqHead => put!(NV_PFSP_MSGQ_HEAD),
            Register::MsgqTail => put!(NV_PFSP_MSGQ_TAIL),
        }
    }

    fn is_gone(&self) -> bool {
        is_gone(self.dev, self.bar)
    }

    fn dropped(&self, packet: Packet) {
        dev_info!(
            self.dev,
            "FSP had a message for somebody else ({:#x}..{:#x}): dropped\n",
            packet.head,
            packet.tail
        );
    }
}
