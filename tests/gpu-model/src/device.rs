// SPDX-License-Identifier: GPL-2.0

//! The function: all state of one emulated GPU, and the one place where effects are carried out.

use std::{
    io,
    path::PathBuf, //
};

use thiserror::Error;

use crate::{
    apertures::Apertures,
    bar0::{
        self,
        Bar0, //
    },
    boot::{
        dirty::Dirty,
        firmware_dir::{
            self,
            FirmwareError, //
        },
        Known, //
    },
    chips::{
        Chip,
        Family, //
    },
    config_space::{
        self,
        board::{
            self,
            Choices, //
        },
        ConfigSpace, //
    },
    dma::{
        DmaSpace,
        MapError,
        MapRequest, //
    },
    engines::{
        Cx,
        Parts,
        Whole, //
    },
    faults::{
        FaultError,
        Plan,
        RESET_CURES_NOTHING, //
    },
    gsp_rm::{
        self,
        habits::Habits, //
    },
    irq::{
        IrqError,
        Irqs,
        Kind,
        Request, //
    },
    phase::{
        Group,
        Progress, //
    },
    recorder::{
        Op,
        Recorder, //
    },
    trace::{
        Line,
        Trace, //
    },
    vbios,
    violations::{
        BusRule, //
        Complaint,
    },
    vram::{
        self,
        SizeError,
        Vram,
        MIB, //
    },
};

/// Bytes of guest memory the device uses at the flush address.
const FLUSH_PAGE_SIZE: u64 = 4096;

/// The command register in configuration space.
const COMMAND: u64 = 4;

/// How long after switching bus mastering off a client may take to reset the device. Time stands still for the
/// GSP until then.
const RESET_LIMIT_US: u64 = 300_000;

/// What is to be emulated.
pub struct Options {
    /// Chip and board.
    pub chip: &'static Chip,
    /// VRAM in bytes; the board's own size if absent.
    pub vram: Option<u64>,
    /// VBIOS image instead of the synthetic one.
    pub vbios: Option<Vec<u8>>,
    /// The synthetic VBIOS has less in it that nobody needs than a real card's.
    pub short_vbios: bool,
    /// Injected faults, `NAME` or `NAME=ARGUMENT`.
    pub faults: Vec<String>,
    /// Show an expansion ROM BAR.
    pub rom_bar: bool,
    /// Directory such as `/lib/firmware` whose files the model compares with what it is given.
    pub firmware_dir: Option<PathBuf>,
    /// State in which the card is when the machine starts, if it is not as new.
    pub dirty: Option<Dirty>,
    /// What GSP-RM does this way or that.
    pub habits: Habits,
}

impl Options {
    /// A board as it is sold, without faults.
    pub fn new(chip: &'static Chip) -> Self {
        Self {
            chip,
            vram: None,
            vbios: None,
            short_vbios: false,
            faults: Vec::new(),
            rom_bar: false,
            firmware_dir: None,
            dirty: None,
            habits: Habits::default(),
        }
    }
}

/// Why a device could not be made.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// The VRAM size does not fit the chip.
    #[error(transparent)]
    Vram(#[from] SizeError),
    /// A fault was refused.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// The VBIOS image cannot be shown.
    #[error("VBIOS image of {0} bytes: the window holds 1 to {window} bytes", window = 1 << 20)]
    VbiosSize(usize),
    /// A VBIOS was given to a chip whose driver never sees it.
    #[error("{0} has no VBIOS window, so --vbios has no effect on it")]
    NoVbiosWindow(&'static str),
    /// A fault of the synthetic VBIOS, and another VBIOS.
    #[error("faults of the VBIOS are made for the synthetic one, not for --vbios")]
    DamagedVbios,
    /// The chip boots in another way than the state comes from.
    #[error("{0} cannot be left in the state {1}, which belongs to another way of booting")]
    NotLeftLikeThat(&'static str, &'static str),
    /// Firmware files cannot be used.
    #[error(transparent)]
    Firmware(#[from] FirmwareError),
    /// VRAM could not be allocated.
    #[error("cannot allocate VRAM: {0}")]
    Memory(#[from] io::Error),
}

/// One emulated GPU.
pub struct Device {
    chip: &'static Chip,
    plan: Plan,
    config: ConfigSpace,
    /// When bus mastering was switched off under a working GSP-RM. A client that resets the bus does that, too,
    /// a moment before; it is only complained about if no reset comes.
    cut_off_at: Option<u64>,
    bar0: Bar0,
    vram: Vram,
    apertures: Apertures,
    /// A machine is there: whoever connects begins with the configuration space.
    has_client: bool,
    dma: DmaSpace,
    irqs: Irqs,
    progress: Progress,
    bar0_accesses: u64,
    vanished: bool,
    last_read_us: u64,
    rom: Vec<u8>,
    short_vbios: bool,
    /// Everything that is remembered about the run.
    pub recorder: Recorder,
}

impl Device {
    /// Makes the device; its boot starts now.
    ///
    /// # Errors
    /// [`DeviceError`] if the options contradict the chip, or memory is short.
    pub fn new(options: Options, trace: Trace) -> Result<Self, DeviceError> {
        let chip = options.chip;
        let bytes = options.vram.unwrap_or(chip.vram_mib * MIB);
        let vram_register = vram::size_register(chip, bytes)?;
        let plan = Plan::parse_for(chip, bytes, &options.faults)?;
        let rom = rom_image(chip, options.vbios, options.short_vbios, &plan)?;
        if let Some(state) = options.dirty.filter(|state| !state.is_of(chip.family)) {
            return Err(DeviceError::NotLeftLikeThat(chip.name, state.name()));
        }
        let files = match &options.firmware_dir {
            Some(root) => Some(firmware_dir::read(root, chip)?),
            None => None,
        };
        let parts = Parts {
            chip,
            vram: bytes,
            vram_register,
            rom: rom.clone(),
            known: Known {
                fwsec: vbios::fwsec::find(&rom),
                files,
            },
            dirty: options.dirty,
            habits: options.habits,
        };
        let config = board::build(
            chip,
            Choices {
                rom_bar: options.rom_bar,
                bar0_size: plan.bar0_size.map(|(_, size)| size),
            },
        );
        let mut device = Self {
            chip,
            bar0: Bar0::new(parts, &plan),
            irqs: Irqs::new(config.caps()),
            config,
            cut_off_at: None,
            vram: Vram::new(bytes)?,
            apertures: Apertures::new(chip.family),
            has_client: false,
            dma: DmaSpace::new(chip.family.dma_bits()),
            progress: Progress::default(),
            bar0_accesses: 0,
            vanished: false,
            last_read_us: 0,
            recorder: Recorder::new(trace),
            plan,
            rom,
            short_vbios: options.short_vbios,
        };
        if let Some((fault, _)) = device.plan.rom {
            device.recorder.fault(0, fault, None);
        }
        if let Some((fault, _)) = device.plan.bar0_size {
            device.recorder.fault(0, fault, None);
        }
        device.bar0.reset(device.recorder.now_us());
        device.bar0.machine_reset();
        Ok(device)
    }

    /// Chip that is emulated.
    pub fn chip(&self) -> &'static Chip {
        self.chip
    }

    /// VRAM in bytes.
    pub fn vram_size(&self) -> u64 {
        self.vram.size()
    }

    /// Configuration space, for region sizes and vector counts.
    pub fn config(&self) -> &ConfigSpace {
        &self.config
    }

    /// Interrupt triggers, for vector counts.
    pub fn irqs(&self) -> &Irqs {
        &self.irqs
    }

    /// How far the driver has come.
    pub fn phase(&self) -> &'static str {
        self.progress.phase()
    }

    /// Guest memory as the device may reach it.
    pub fn dma(&self) -> &DmaSpace {
        &self.dma
    }

    // Regions --------------------------------------------------------------------------------

    /// Reads the configuration space.
    pub fn config_read(&mut self, offset: u64, out: &mut [u8]) {
        self.has_client = true;
        self.config.read(offset, out);
        let now = self.recorder.now_us();
        self.recorder.counters.config_reads += 1;
        self.recorder
            .access(now, "config", Op::Read, offset, out, "");
    }

    /// Writes the configuration space.
    pub fn config_write(&mut self, offset: u64, data: &[u8]) {
        self.has_client = true;
        let now = self.recorder.now_us();
        self.recorder.counters.config_writes += 1;
        self.recorder
            .access(now, "config", Op::Write, offset, data, "");
        let was_master = self.config.bus_master();
        let effects = self.config.write(offset, data);
        if was_master && !self.config.bus_master() && self.bar0.uses_memory() {
            self.cut_off_at = Some(now);
        } else if self.config.bus_master() {
            self.complain_of_cut_off(now);
        }
        for effect in effects {
            match effect {
                config_space::Effect::FunctionLevelReset if self.plan.reset_cures_nothing => {
                    self.recorder.counters.function_level_resets += 1;
                    self.recorder.fault(now, RESET_CURES_NOTHING, None);
                }
                config_space::Effect::FunctionLevelReset => {
                    self.recorder.counters.function_level_resets += 1;
                    self.progress.function_level_reset();
                    self.reset_engines(now, "function-level");
                }
                config_space::Effect::BarMoved { index, from, to } => self.complain(
                    now,
                    Complaint::new(
                        BusRule::Config,
                        format!("BAR{index} moved from {from:#x} while memory decode was on"),
                    ),
                    offset,
                    to,
                ),
            }
        }
    }

    /// Bus mastering was switched off under a working GSP-RM, and no reset has come.
    fn complain_of_cut_off(&mut self, now: u64) {
        if self.cut_off_at.take().is_some() {
            let what = "bus mastering switched off while GSP-RM works with memory";
            self.complain(now, Complaint::new(BusRule::Config, what), COMMAND, 0);
        }
    }

    /// Reads BAR0.
    pub fn bar0_read(&mut self, offset: u64, out: &mut [u8]) {
        let now = self.recorder.now_us();
        self.bar0_read_at(now, offset, out);
    }

    /// Reads BAR0 at a given time.
    pub fn bar0_read_at(&mut self, now: u64, offset: u64, out: &mut [u8]) {
        self.recorder.counters.bar0_reads += 1;
        if !self.admit(now, offset) {
            out.fill(0xff);
            self.recorder.access(now, "bar0", Op::Read, offset, out, "");
            return;
        }
        self.judge_length(now, offset, out.len());
        let mut done = 0;
        while done < out.len() {
            let (address, lane, len) = lane(offset + done as u64, out.len() - done);
            let cx = Cx {
                now_us: now,
                config: &self.config,
                vram: &self.vram,
                dma: &self.dma,
                progress: &self.progress,
                last_read_us: self.last_read_us,
            };
            let piece = &mut out[done..done + len];
            let access = self.bar0.read(address, lane, piece, &cx);
            self.finish(now, address, Op::Read, len, access);
            done += len;
        }
        self.last_read_us = now;
    }

    /// Writes BAR0.
    pub fn bar0_write(&mut self, offset: u64, data: &[u8]) {
        let now = self.recorder.now_us();
        self.bar0_write_at(now, offset, data);
    }

    /// Writes BAR0 at a given time.
    pub fn bar0_write_at(&mut self, now: u64, offset: u64, data: &[u8]) {
        self.recorder.counters.bar0_writes += 1;
        if !self.admit(now, offset) {
            self.recorder
                .access(now, "bar0", Op::Write, offset, data, "");
            return;
        }
        self.judge_length(now, offset, data.len());
        let mut done = 0;
        while done < data.len() {
            let (address, lane, len) = lane(offset + done as u64, data.len() - done);
            let cx = Cx {
                now_us: now,
                config: &self.config,
                vram: &self.vram,
                dma: &self.dma,
                progress: &self.progress,
                last_read_us: self.last_read_us,
            };
            let piece = &data[done..done + len];
            let access = self.bar0.write(address, lane, piece, &cx);
            self.finish(now, address, Op::Write, len, access);
            done += len;
        }
    }

    /// Reads the expansion ROM.
    pub fn rom_read(&mut self, offset: u64, out: &mut [u8]) {
        out.fill(0xff);
        if let Some(source) = usize::try_from(offset)
            .ok()
            .and_then(|at| self.rom.get(at..))
        {
            let len = out.len().min(source.len());
            out[..len].copy_from_slice(&source[..len]);
        }
        let now = self.recorder.now_us();
        self.recorder.counters.other_reads += 1;
        self.recorder.access(now, "rom", Op::Read, offset, out, "");
    }

    // DMA and interrupts ---------------------------------------------------------------------

    /// Maps guest memory.
    ///
    /// # Errors
    /// [`MapError`]; nothing is mapped then.
    pub fn dma_map(&mut self, request: MapRequest) -> Result<(), MapError> {
        let now = self.recorder.now_us();
        self.recorder.counters.dma_maps += 1;
        let (address, size) = (request.address, request.size);
        let flags = u64::from(request.readable) | u64::from(request.writable) << 1;
        let op = if request.memory.is_some() { "fd" } else { "" };
        self.recorder.event(&Line {
            op,
            addr: Some(address),
            size: Some(size),
            value: Some(flags),
            ..Line::new(now, "dma_map")
        });
        self.dma.map(request)
    }

    /// Unmaps guest memory; `all` stands for every range there is.
    pub fn dma_unmap(&mut self, address: u64, size: u64, all: bool) {
        let now = self.recorder.now_us();
        self.recorder.counters.dma_unmaps += 1;
        self.recorder.event(&Line {
            op: if all { "all" } else { "" },
            addr: Some(address),
            size: Some(size),
            ..Line::new(now, "dma_unmap")
        });
        let gone = if all {
            self.dma.unmap_all()
        } else {
            self.dma.unmap(address, size)
        };
        for range in &gone {
            let effects = self.bar0.unmapped(range);
            self.carry_out(now, 0, 0, effects);
        }
        let page = self.progress.flush_page();
        if page != 0 && gone.iter().any(|range| range.contains(&page)) {
            self.complain(
                now,
                Complaint::new(
                    BusRule::UnmappedInUse,
                    "sysmem flush page unmapped while its address is still in the register",
                ),
                page,
                0,
            );
        }
    }

    /// Sets interrupt triggers.
    ///
    /// # Errors
    /// [`IrqError`]; nothing has changed then.
    pub fn set_irqs(
        &mut self,
        index: u32,
        flags: u32,
        start: u32,
        count: u32,
        fds: Vec<std::fs::File>,
    ) -> Result<(), IrqError> {
        match self.irqs.set(index, flags, start, count, fds)? {
            Request::None => {}
            Request::IntxUnmasked => {
                if self.bar0.interrupt_pending() {
                    self.interrupt();
                }
            }
            Request::Fire => {
                let kind = [Kind::Intx, Kind::Msi, Kind::Msix][index as usize];
                for vector in start..start + count {
                    self.fire(kind, vector as usize);
                }
            }
        }
        Ok(())
    }

    /// Sends one interrupt on vector 0 of whatever the guest has switched on.
    fn interrupt(&mut self) {
        match self.irqs.active() {
            Some(Kind::Intx) if !self.config.intx_enabled() => {}
            Some(kind) => self.fire(kind, 0),
            None => {}
        }
    }

    fn fire(&mut self, kind: Kind, vector: usize) {
        let now = self.recorder.now_us();
        let op = match kind {
            Kind::Intx => "INTx",
            Kind::Msi => "MSI",
            Kind::Msix => "MSI-X",
        };
        if self.irqs.fire(kind, vector) {
            self.recorder.counters.irqs += 1;
            self.recorder.event(&Line {
                op,
                value: Some(vector as u64),
                ..Line::new(now, "irq")
            });
        }
    }

    // Resets and the client ------------------------------------------------------------------

    /// The machine resets the device.
    pub fn reset(&mut self) {
        let now = self.recorder.now_us();
        self.cut_off_at = None;
        self.config.reset();
        self.progress.device_reset();
        self.reset_engines(now, "device");
        self.bar0.machine_reset();
    }

    /// Lets time pass: what firmware does by itself happens here.
    pub fn tick(&mut self) {
        let now = self.recorder.now_us();
        self.tick_at(now);
    }

    /// Lets time pass up to a given moment.
    pub fn tick_at(&mut self, now: u64) {
        if !self.has_client {
            // The machine is off, and the card with it.
            return;
        }
        if let Some(since) = self.cut_off_at {
            if now < since + RESET_LIMIT_US {
                return;
            }
            self.complain_of_cut_off(now);
        }
        let cx = Cx {
            now_us: now,
            config: &self.config,
            vram: &self.vram,
            dma: &self.dma,
            progress: &self.progress,
            last_read_us: self.last_read_us,
        };
        let effects = self.bar0.tick(&cx);
        self.carry_out(now, 0, 0, effects);
    }

    fn reset_engines(&mut self, now: u64, op: &str) {
        self.recorder.counters.resets += 1;
        self.recorder.event(&Line {
            op,
            ..Line::new(now, "reset")
        });
        self.bar0.reset(now);
        self.apertures.reset();
        self.vanished = false;
        if let Err(error) = self.vram.clear() {
            eprintln!("gpu-model: VRAM cannot be cleared: {error}");
        }
    }

    /// The client is gone, and with it all memory and triggers. Nothing is held against the
    /// driver: its machine was switched off.
    pub fn disconnected(&mut self) {
        self.has_client = false;
        self.dma.unmap_all();
        self.irqs.clear();
        self.recorder.flush();
    }

    /// Takes all faults away that concern what happens after identification; what a driver has made of
    /// the card stays as it is.
    pub fn mend(&mut self) {
        self.plan = Plan::default();
        self.vanished = false;
        if let Ok(rom) = rom_image(self.chip, None, self.short_vbios, &self.plan) {
            self.rom.clone_from(&rom);
            let chip = self.chip;
            self.bar0.mend(&Whole { chip, rom });
        }
        let now = self.recorder.now_us();
        self.recorder.event(&Line::new(now, "mend"));
    }

    /// The harness marks a moment in the trace.
    pub fn mark(&mut self) {
        let now = self.recorder.now_us();
        self.recorder.event(&Line::new(now, "mark"));
        self.recorder.flush();
    }

    // Judgement ------------------------------------------------------------------------------

    /// Does the access reach the registers? Not if the device is gone, asleep or not decoding.
    fn admit(&mut self, now: u64, offset: u64) -> bool {
        self.bar0_accesses += 1;
        self.complain_of_cut_off(now);
        if let Some((fault, from)) = self.plan.gone_from {
            if self.bar0_accesses >= from {
                self.recorder.fault(now, fault, Some(offset));
                return false;
            }
        }
        if self.vanished {
            self.recorder.fault(now, "vanish-at", Some(offset));
            return false;
        }
        let obstacle = if self.config.in_d3hot() {
            "BAR0 accessed in D3hot"
        } else if !self.config.memory_enabled() {
            "BAR0 accessed while memory decode is off"
        } else {
            return true;
        };
        self.complain(now, Complaint::new(BusRule::DecodeOff, obstacle), offset, 0);
        false
    }

    fn judge_length(&mut self, now: u64, offset: u64, len: usize) {
        if len > 4 || offset % 4 + len as u64 > 4 {
            self.complain(
                now,
                Complaint::new(
                    BusRule::Alignment,
                    format!("BAR0 accessed with {len} bytes, not within one dword"),
                ),
                offset,
                0,
            );
        }
    }

    fn finish(&mut self, now: u64, address: u32, op: Op, len: usize, access: bar0::Access) {
        let bar0::Access {
            name,
            key,
            group,
            value,
            effects,
        } = access;
        let bytes = value.to_le_bytes();
        let shown = &bytes[..len];
        self.recorder
            .access(now, "bar0", op, u64::from(address), shown, &name);
        self.recorder.touch(key, op, || name);
        let complaint = self
            .progress
            .access(address, group.unwrap_or(Group::BeforeBoot));
        if let (Some(complaint), Some(_)) = (complaint, group) {
            self.complain(now, complaint, u64::from(address), u64::from(value));
        }
        self.carry_out(now, address, value, effects);
        let cx = Cx {
            now_us: now,
            config: &self.config,
            vram: &self.vram,
            dma: &self.dma,
            progress: &self.progress,
            last_read_us: self.last_read_us,
        };
        let seen = gsp_rm::Access { op, address, value };
        let effects = self.bar0.observe(seen, &cx);
        self.carry_out(now, address, value, effects);
    }

    fn complain_io(&mut self, now: u64, offset: u64, value: u64) {
        let what = "I/O BAR accessed, behind which nothing is modelled";
        let complaint = Complaint::new(BusRule::NoSuchRegister, what);
        self.complain(now, complaint, offset, value);
    }

    fn complain(&mut self, now: u64, complaint: Complaint, address: u64, value: u64) {
        if self.vanished {
            // A card that is gone has nothing to object to: whatever is done does not reach it.
            return;
        }
        let phase = self.progress.phase();
        self.recorder
            .violation(now, complaint, address, value, phase);
    }
}

const BAR_KINDS: [&str; 6] = ["bar0", "bar1", "bar2", "bar3", "bar4", "bar5"];

/// Splits off the part of an access that lies in one dword: its address, first byte, length.
fn lane(offset: u64, left: usize) -> (u32, usize, usize) {
    // CAST: BAR0 is at most 64 MiB, and the callers check the end of the region.
    let address = (offset & !3) as u32;
    let lane = (offset & 3) as usize;
    (address, lane, left.min(4 - lane))
}

fn rom_image(
    chip: &Chip,
    given: Option<Vec<u8>>,
    short: bool,
    plan: &Plan,
) -> Result<Vec<u8>, DeviceError> {
    match given {
        Some(_) if chip.family.boots_by_fsp() => Err(DeviceError::NoVbiosWindow(chip.name)),
        Some(_) if plan.rom.is_some() => Err(DeviceError::DamagedVbios),
        Some(image) if image.is_empty() || image.len() > 1 << 20 => {
            Err(DeviceError::VbiosSize(image.len()))
        }
        Some(image) => Ok(image),
        None if chip.family.boots_by_fsp() => Ok(Vec::new()),
        None => {
            let spec = if short {
                vbios::Spec::short(chip)
            } else {
                vbios::Spec::for_chip(chip)
            };
            let mut rom = vbios::build(&spec);
            if let Some((_, damage)) = plan.rom {
                damage.apply(&spec, &mut rom);
            }
            // The flash of GA100 starts with a header that the hardware does not skip.
            Ok(if chip.family == Family::Ga100 {
                vbios::with_ifr_v3(rom)
            } else {
                rom
            })
        }
    }
}

mod effects;
mod window;

#[cfg(test)]
mod tests;
