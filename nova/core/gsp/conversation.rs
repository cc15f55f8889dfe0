// SPDX-License-Identifier: GPL-2.0

//! What driver and GSP-RM say to each other when GSP-RM boots, and when it is taken down.

use super::{
    events::Reporter,
    logs,
    regs,
    rpc::{
        self,
        BootClock,
        CALL_TIMEOUT, //
    },
    sequencer::{
        self,
        SequencerTarget, //
    },
    Gsp, //
};
use crate::identify::is_gone;
use kernel::{
    io::{
        poll::read_poll_timeout,
        Io, //
    },
    prelude::*,
    time::Delta, //
};
use kernel_glue::fmt::Plain;
use nova_firmware::abi::r570_144::{
    function::Function,
    interrupt_table::{
        self,
        Engine,
        InterruptTable, //
    },
    registry,
    rm_control::Control,
    static_info::{
        self,
        Name,
        StaticInfo, //
    },
    status::Status,
    system_info::{
        ConfigMirror,
        PciId,
        SystemInfo, //
    },
    unloading::{
        Unloading,
        STOPPED, //
    }, //
};
use nova_hw::{
    bars::{
        Bars,
        PLACES, //
    },
    chip::Architecture, //
};

/// First address that a user's mapping cannot have, with four levels of page tables.
const MAX_USER_VA: u64 = (1 << 47) - 4096;

/// Offset of the first base address register in the configuration space.
const BASE_ADDRESS_0: usize = 0x10;

/// How long GSP-RM may take to stop after it has said that it will. Existing drivers wait 2 to 5 s.
const STOP_TIMEOUT: Delta = Delta::from_secs(5);

/// Time between two looks at the mailbox.
const STOP_INTERVAL: Delta = Delta::from_millis(1);

impl Gsp<'_> {
    /// Leaves word of what GSP-RM has to know before it boots, for it to find when it looks into its queue for
    /// the first time. It does not answer.
    ///
    /// `is_for_vgpu` tells whether the card is divided among virtual machines.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the machine has given the GPU no addresses, after one log line; `ENOMEM`.
    pub(crate) fn introduce(&self, is_for_vgpu: bool) -> Result {
        let info = self.system_info()?.encode();
        self.rpc.leave(Function::GSP_SET_SYSTEM_INFO, &info)?;

        let settings = registry::settings(is_for_vgpu);
        let size = registry::size(settings).map_err(|_| EINVAL)?;
        let mut table = KVVec::from_elem(0, size, GFP_KERNEL)?;
        registry::encode(settings, &mut table).map_err(|_| EINVAL)?;
        self.rpc.leave(Function::SET_REGISTRY, &table)
    }

    /// Has the conversation of a boot, once the GSP has been started: does what GSP-RM asks for until it is
    /// ready, and asks what it knows about the GPU. It has been [introduced](Self::introduce) to the machine.
    ///
    /// GSP-RM is waited for by polling; [`Gsp::enable_interrupts`] changes that. There are `vram_size`
    /// bytes of video memory.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if GSP-RM does not do its part in time, `EIO` if it breaks the rules, `ENODEV` if the
    /// device has gone, and those of the sequencer, after one log line; `ENOMEM`.
    pub(crate) fn start_conversation(
        &self,
        target: &(impl SequencerTarget + ?Sized),
        vram_size: u64,
    ) -> Result<StaticInfo> {
        let reporter = Reporter::new(self.dev.as_ref())?;
        for function in Reporter::EVENTS {
            self.rpc.listen(function, reporter.clone())?;
        }
        self.timeline
            .stage("gsp-rm-init", || self.wait_until_ready(target))?;
        self.booted.populate(());
        let info = self
            .timeline
            .stage("static-info", || self.ask_static_info())?;
        self.timeline
            .stage("interrupt-table", || self.find_vector(&info))?;
        self.ready.populate(());

        self.announce(&info, vram_size);
        Ok(info)
    }

    /// Says in the log what has come up.
    fn announce(&self, info: &StaticInfo, vram_size: u64) {
        let usable: u64 = info
            .usable_regions(vram_size)
            .map(|region| region.end - region.start)
            .sum();
        dev_info!(
            self.dev,
            "GSP-RM ready: {}, {} MiB usable VRAM\n",
            info.name
                .as_ref()
                .map_or("GPU without a name", Name::as_str),
            usable >> 20
        );
    }

    /// Takes GSP-RM down; calls fail from now on, and there are no more interrupts.
    ///
    /// A GSP-RM that has not booted cannot be asked to stop; nothing is done then.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `EIO` if the GSP is dead or dies, or this was called before; `ETIMEDOUT` if it does not stop in time,
    /// `ENODEV` if it has gone. All but calling twice has been logged.
    pub(crate) fn unload(&self) -> Result {
        self.disable_interrupts();
        self.rpc.check()?;
        if self.booted.as_ref().is_none() {
            self.rpc.stop();
            return Ok(());
        }
        let payload = Unloading::Unload.encode();
        let answered = self.rpc.call(
            Function::UNLOADING_GUEST_DRIVER,
            &payload,
            KVVec::new(),
            CALL_TIMEOUT,
        );
        self.rpc.stop();
        answered?;

        read_poll_timeout(
            || Ok(self.bar.read(regs::NV_PGSP_FALCON_MAILBOX0).into_raw()),
            |&mailbox| mailbox == STOPPED,
            STOP_INTERVAL,
            STOP_TIMEOUT,
        )
        .map_err(|err| {
            if is_gone(self.dev, self.bar) {
                return ENODEV;
            }
            dev_err!(
                self.dev,
                "GSP-RM has not stopped within {} s: mailbox is {:#x}, {:#x} expected\n",
                STOP_TIMEOUT.as_millis() / 1000,
                self.bar.read(regs::NV_PGSP_FALCON_MAILBOX0).into_raw(),
                STOPPED
            );
            err
        })?;
        Ok(())
    }

    /// Calls the method `command` of an object; its parameters are overwritten by those of the answer.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// Those of a call, and those that the method's status means; all after one log line.
    pub(crate) fn control(&self, control: Control, params: &mut [u8]) -> Result {
        let size = u32::try_from(params.len()).map_err(|_| EINVAL)?;
        let mut payload = KVVec::new();
        payload.extend_from_slice(&control.encode(size), GFP_KERNEL)?;
        payload.extend_from_slice(params, GFP_KERNEL)?;
        let answer = KVVec::from_elem(0, payload.len(), GFP_KERNEL)?;
        let function = Function::GSP_RM_CONTROL;
        let answer = self.rpc.call(function, &payload, answer, CALL_TIMEOUT)?;

        let (status, answered) = control.parse(&answer, size).map_err(|err| {
            dev_err!(
                self.dev,
                "GSP-RM answered method {:#x} with nonsense: {}\n",
                control.command,
                Plain(err)
            );
            EIO
        })?;
        if status != Status::OK {
            dev_err!(
                self.dev,
                "GSP-RM failed method {:#x}: {}\n",
                control.command,
                Plain(status)
            );
            return Err(rpc::errno(status));
        }
        params.copy_from_slice(answered);
        Ok(())
    }

    /// The GPU's place in the machine.
    fn system_info(&self) -> Result<SystemInfo> {
        let dev = self.dev;
        let config = dev.config_space();
        let mut bases = [0; PLACES];
        for (place, base) in bases.iter_mut().enumerate() {
            *base = config.try_read32(BASE_ADDRESS_0 + 4 * place)?;
        }
        let bars = Bars::find(bases).ok_or_else(|| {
            dev_err!(
                dev,
                "GPU has not the three memory BARs it should have (BARs read {:#x?})\n",
                bases
            );
            ENODEV
        })?;
        let [devfn, bus] = dev.dev_id().to_le_bytes();
        Ok(SystemInfo {
            registers: dev.resource_start(bars.registers)?,
            framebuffer: dev.resource_start(bars.framebuffer)?,
            instance: dev.resource_start(bars.instance)?,
            bus,
            devfn,
            max_user_va: MAX_USER_VA,
            config_mirror: match self.chip.family().architecture {
                Architecture::Turing | Architecture::Ampere | Architecture::Ada => {
                    ConfigMirror::Turing
                }
                Architecture::Hopper
                | Architecture::BlackwellGb10x
                | Architecture::BlackwellGb20x => ConfigMirror::Hopper,
            },
            device: PciId {
                vendor: dev.vendor_id().as_raw(),
                device: dev.device_id(),
            },
            subsystem: PciId {
                vendor: dev.subsystem_vendor_id(),
                device: dev.subsystem_device_id(),
            },
            revision: dev.revision_id(),
            is_primary: false,
        })
    }

    /// Does what GSP-RM asks for until it says that it is ready.
    fn wait_until_ready(&self, target: &(impl SequencerTarget + ?Sized)) -> Result {
        const WANTED: [Function; 2] = [Function::GSP_RUN_CPU_SEQUENCER, Function::GSP_INIT_DONE];
        let clock = BootClock::start();
        loop {
            let message = self.rpc.wait_for_event(&WANTED, &clock)?;
            if message.function == Function::GSP_RUN_CPU_SEQUENCER {
                self.timeline.stage("sequencer", || {
                    let libos = self.libos_address();
                    sequencer::run(self.dev, self.bar, target, libos, &message.payload)
                })?;
            } else if message.result == Status::OK {
                return Ok(());
            } else {
                dev_err!(
                    self.dev,
                    "GSP-RM has failed to boot: {}\n",
                    Plain(message.result)
                );
                return Err(rpc::errno(message.result));
            }
        }
    }

    /// Asks what GSP-RM knows about the GPU.
    fn ask_static_info(&self) -> Result<StaticInfo> {
        let payload = KVVec::from_elem(0, static_info::SIZE, GFP_KERNEL)?;
        let answer = KVVec::from_elem(0, static_info::SIZE, GFP_KERNEL)?;
        let answer = self.rpc.call(
            Function::GET_GSP_STATIC_INFO,
            &payload,
            answer,
            CALL_TIMEOUT,
        )?;
        StaticInfo::parse(&answer).map_err(|err| {
            dev_err!(self.dev, "GSP-RM's answer is malformed: {}\n", Plain(err));
            EIO
        })
    }

    /// Asks by which vector GSP-RM interrupts. It can be lived without.
    fn find_vector(&self, info: &StaticInfo) -> Result {
        let control = Control {
            client: info.handles.client,
            object: info.handles.subdevice,
            command: interrupt_table::COMMAND,
        };
        let mut params = KVVec::from_elem(0, interrupt_table::SIZE, GFP_KERNEL)?;
        if let Err(err) = self.control(control, &mut params) {
            // Only a GSP that is alive can be polled.
            return self.rpc.check().map_err(|_| err);
        }
        let table = match InterruptTable::parse(&params) {
            Ok(table) => table,
            Err(err) => {
                dev_warn!(self.dev, "{}: polling GSP-RM\n", Plain(err));
                return Ok(());
            }
        };
        let stall = table.vectors(Engine::GSP).and_then(|it| it.stall);
        match stall.and_then(|number| self.tree.vector_of(number)) {
            Some(vector) => {
                self.vector.populate(vector);
            }
            None => dev_warn!(
                self.dev,
                "GSP-RM names no interrupt vector of its own that the chip has ({:x?}): polling it\n",
                stall
            ),
        }
        Ok(())
    }

    /// Keeps what can be told of a GSP that did not come up, or has died.
    pub(super) fn keep_remains(&self) {
        let kept = logs::keep(
            self.dev,
            &self.logs,
            self.diagnostics.clone(),
            self.timeline.clone(),
        );
        if let Err(err) = kept {
            dev_warn!(self.dev, "logs of GSP-RM cannot be kept ({:?})\n", err);
        }
    }
}
