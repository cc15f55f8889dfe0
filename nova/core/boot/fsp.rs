// SPDX-License-Identifier: GPL-2.0

//! Booting the GSP by asking FSP to: Hopper and Blackwell.
//!
//! ```text
//! FSP            verifies the FMC, and starts it on the GSP
//! the FMC        sets up protected memory, copies GSP-RM there, unlocks the GSP, and starts GSP-RM
//!
//! GSP-RM         takes down by itself what the FMC has set up, and halts
//! ```
//!
//! The driver runs no program, and resets no processor: FSP would not let it.

use super::{
    Addresses,
    Method,
    Prepared,
    Start,
    Stop,
    Unbooted, //
};
use crate::{
    driver::Bar0,
    falcon::{
        Falcon,
        Gsp, //
    },
    fb::{
        self,
        sysmem_flush::{
            self,
            Page, //
        },
    },
    firmware::Files,
    fsp,
    gsp::SequencerTarget,
    identify::is_gone,
    timeline::Timeline,
    wait, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*,
    time::Delta, //
};
use kernel_glue::{
    dma::Shared,
    fmt::Plain,
    pci::{
        cut_off,
        Enabled, //
    }, //
};
use nova_firmware::{
    abi::r570_144::{
        fmc_boot_params::FmcBootParams,
        PAGE_SIZE, //
    },
    fsp::{
        cot::{
            self,
            Cot,
            Frts, //
        },
        prc::VgpuMode, //
    }, //
};
use nova_hw::{
    chip::{
        Chip,
        FspBoot, //
    },
    fb::{
        FspLayout,
        Layout, //
    },
    fsp::{
        gsp::{
            Core,
            Progress, //
        },
        vgpu, //
    },
    leftovers::{
        self,
        Leftovers, //
    }, //
};

/// How long the most patient of the existing drivers gives the FMC to boot GSP-RM.
const RELEASE_DEADLINE: Delta = Delta::from_secs(30);

/// Time before the first look: the FMC copies GSP-RM's 60 MiB.
const RELEASE_FIRST_LOOK: Delta = Delta::from_millis(10);

/// Time between two looks.
const RELEASE_INTERVAL: Delta = Delta::from_millis(5);

/// How long existing drivers give the GSP to halt.
const HALT_DEADLINE: Delta = Delta::from_secs(5);

/// Time between two looks.
const HALT_INTERVAL: Delta = Delta::from_millis(1);

/// How long FSP may keep a GSP to itself that somebody else has had started. That takes less than a second.
const FOREIGN_DEADLINE: Delta = Delta::from_secs(1);

/// The way of chips with FSP.
pub(super) struct Fsp;

impl Method for Fsp {
    fn find_leftovers(
        &self,
        dev: &pci::Device<Bound>,
        bar: &Bar0<'_>,
        chip: Chip,
    ) -> Result<Leftovers> {
        let gsp = Falcon::<Gsp>::new(dev, bar, chip.family());
        let look = || {
            let cpuctl = gsp.riscv_cpuctl();
            if cpuctl == u32::MAX && is_gone(dev, bar) {
                return Err(ENODEV);
            }
            Ok(Core::decode(cpuctl))
        };
        let is_settled = |core| matches!(core, Core::Halted | Core::Active);
        let core = match look()? {
            core if is_settled(core) => core,
            // Somebody's boot may be under way.
            _ => match wait::until(HALT_INTERVAL, FOREIGN_DEADLINE, || {
                Ok(Some(look()?).filter(|&core| is_settled(core)))
            }) {
                Err(ETIMEDOUT) => look()?,
                core => core?,
            },
        };
        let gsp = leftovers::Gsp::of_core(core, || gsp.mailbox0());
        Ok(Leftovers {
            wpr2: None,
            gsp,
            sec2_runs: false,
            // A page alone would be replaced without a word.
            flush_page: match gsp {
                leftovers::Gsp::Idle => 0,
                _ => sysmem_flush::found(bar, chip),
            },
        })
    }

    /// Waits until the GSP has halted, which it does by itself once GSP-RM has said that it will.
    fn take_leftovers_down(
        &self,
        dev: &pci::Device<Bound>,
        _enabled: &Enabled<'_>,
        bar: &Bar0<'_>,
        chip: Chip,
        _page: &Page,
    ) -> Result<bool> {
        Engine::new(dev, bar, chip).wait_halted()?;
        Ok(false)
    }

    fn prepare<'a>(
        &self,
        gpu: &Unbooted<'a>,
        files: &Files<'a>,
        timeline: &Timeline,
    ) -> Result<Prepared<'a>> {
        let &Unbooted { dev, bar, chip, .. } = gpu;
        let boot = chip.family().fsp().ok_or(EINVAL)?;
        let mut fsp =
            timeline.stage("fsp-ready", || fsp::Fsp::wait_ready(dev, bar, boot.status))?;
        let functions = if vgpu::is_worth_asking(chip.family(), gpu.total_vfs) {
            let mode = timeline.stage("vgpu-mode", || fsp.ask_vgpu_mode())?;
            vgpu::functions(mode, gpu.total_vfs)
        } else {
            vgpu::functions(VgpuMode::Disabled, gpu.total_vfs)
        };
        let layout = fb::fsp_layout(dev, chip, gpu.vram_size, functions)?;
        let start = Starter::new(gpu, fsp, files, boot, &layout)?;
        let stop = Stopper(Engine::new(dev, bar, chip));
        Ok(Prepared {
            layout: Layout::Fsp(layout),
            start: KBox::new(start, GFP_KERNEL)?,
            stop: KBox::new(stop, GFP_KERNEL)?,
        })
    }
}

/// Boots the GSP.
struct Starter<'a> {
    engine: Engine<'a>,
    fsp: fsp::Fsp<'a>,
    request: KBox<[u8; cot::PACKET_SIZE]>,
    _fmc: Shared<'a>,
    boot_params: Shared<'a>,
    app_version: u32,
}

impl<'a> Starter<'a> {
    /// Puts the FMC where FSP can read it, and makes the request to start it.
    ///
    /// # Errors
    ///
    /// `EINVAL` if FSP cannot be told, after one log line; `ENOMEM`.
    fn new(
        gpu: &Unbooted<'a>,
        fsp: fsp::Fsp<'a>,
        files: &Files<'a>,
        boot: &FspBoot,
        layout: &FspLayout,
    ) -> Result<Self> {
        let &Unbooted { dev, bar, chip, .. } = gpu;
        let fmc = files.fmc()?;
        let image = Shared::alloc(dev.as_ref(), fmc.image.len())?;
        image.write(0, fmc.image)?;
        let boot_params = Shared::alloc(dev.as_ref(), PAGE_SIZE)?;
        let request = Cot {
            version: boot.cot_version,
            fmc: &fmc,
            fmc_address: image.dma_address(),
            frts: Some(Frts {
                end_offset: layout.frts_end_offset,
                size: layout.frts_size.try_into()?,
            }),
            boot_params: boot_params.dma_address(),
        };
        let request = request.encode().map_err(|err| {
            dev_err!(dev, "cannot tell FSP what to start: {}\n", Plain(err));
            EINVAL
        })?;
        Ok(Self {
            engine: Engine::new(dev, bar, chip),
            fsp,
            request: KBox::new(request, GFP_KERNEL)?,
            _fmc: image,
            boot_params,
            app_version: files.gsp_bootloader()?.app_version,
        })
    }
}

impl Start for Starter<'_> {
    fn start(&mut self, timeline: &Timeline, addresses: Addresses) -> Result {
        let params = FmcBootParams {
            wpr_meta: addresses.meta,
            libos_table: addresses.libos,
        };
        let params = params.encode().map_err(|err| {
            dev_err!(
                self.engine.dev,
                "cannot tell the FMC what to boot: {}\n",
                Plain(err)
            );
            EINVAL
        })?;
        self.boot_params.write(0, &params)?;
        timeline.stage("chain-of-trust", || self.fsp.start_gsp(&self.request))?;
        timeline.stage("gsp-release", || {
            self.engine.wait_released(self.boot_params.dma_address())
        })?;
        // FSP's reset leaves 0 there, which is what this release has.
        if self.app_version != 0 {
            self.engine.gsp.write_os_version(self.app_version);
        }
        Ok(())
    }
}

/// Takes the GSP down.
struct Stopper<'a>(Engine<'a>);

impl Stop for Stopper<'_> {
    fn stop(&self) {
        if !matches!(self.0.wait_halted(), Ok(()) | Err(ENODEV)) {
            dev_warn!(
                self.0.dev,
                "GSP is cut off from system memory; it will be reset when a driver binds again\n"
            );
            cut_off(self.0.dev);
        }
    }
}

impl Stopper<'_> {
    /// Refuses what only programs of chips without FSP need.
    fn refuse(&self, what: &str) -> Result {
        dev_err!(
            self.0.dev,
            "GSP-RM wants its core to be {}, which nobody but FSP can do\n",
            what
        );
        Err(EIO)
    }
}

impl SequencerTarget for Stopper<'_> {
    fn core_reset(&self) -> Result {
        self.refuse("reset")
    }

    fn core_start(&self) -> Result {
        self.refuse("started")
    }

    fn core_wait_for_halt(&self) -> Result {
        self.refuse("waited for")
    }

    fn core_resume(&self, _libos: u64) -> Result {
        self.refuse("started again")
    }
}

/// The GSP, as far as the driver can see it.
struct Engine<'a> {
    dev: &'a pci::Device<Bound>,
    bar: &'a Bar0<'a>,
    gsp: Falcon<'a, Gsp>,
}

impl<'a> Engine<'a> {
    fn new(dev: &'a pci::Device<Bound>, bar: &'a Bar0<'a>, chip: Chip) -> Self {
        Self {
            dev,
            bar,
            gsp: Falcon::new(dev, bar, chip.family()),
        }
    }

    /// Waits until the FMC has booted GSP-RM and unlocked the GSP. `boot_params` is the address that it was
    /// given.
    ///
    /// # Errors
    ///
    /// `EIO` if the FMC fails, `ETIMEDOUT` if it does not get there, `ENODEV` if the device has gone; after
    /// one log line.
    fn wait_released(&self, boot_params: u64) -> Result {
        let mut last = Progress::WithFsp;
        wait::after(
            RELEASE_FIRST_LOOK,
            RELEASE_INTERVAL,
            RELEASE_DEADLINE,
            || {
                last = Progress::decide(
                    self.gsp.hwcfg2(),
                    || self.gsp.mailbox0(),
                    || self.gsp.mailbox1(),
                    boot_params,
                );
                match last {
                    Progress::Released => Ok(Some(())),
                    Progress::Failed(_) if is_gone(self.dev, self.bar) => Err(ENODEV),
                    Progress::Failed(_) => Err(EIO),
                    Progress::WithFsp | Progress::Starting | Progress::LockedDown => Ok(None),
                }
            },
        )
        .inspect_err(|&err| match err {
            ENODEV => {}
            ETIMEDOUT => dev_err!(
                self.dev,
                "GSP has not come up within {} s: {}; power-cycle the machine\n",
                RELEASE_DEADLINE.as_millis() / 1000,
                Plain(last)
            ),
            _ => dev_err!(
                self.dev,
                "GSP has not come up: {}; power-cycle the machine\n",
                Plain(last)
            ),
        })
    }

    /// Waits until the GSP has halted. One that was never started has.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if it does not, `ENODEV` if the device has gone; after one log line.
    fn wait_halted(&self) -> Result {
        let mut last = 0;
        wait::until(HALT_INTERVAL, HALT_DEADLINE, || {
            last = self.gsp.riscv_cpuctl();
            if last == u32::MAX && is_gone(self.dev, self.bar) {
                return Err(ENODEV);
            }
            Ok((Core::decode(last) == Core::Halted).then_some(()))
        })
        .inspect_err(|&err| {
            if err == ETIMEDOUT {
                dev_err!(
                    self.dev,
                    "GSP has not halted within {} s (CPUCTL reads {:#010x})\n",
                    HALT_DEADLINE.as_millis() / 1000,
                    last
                );
            }
        })
    }
}
