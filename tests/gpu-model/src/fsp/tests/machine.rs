// SPDX-License-Identifier: GPL-2.0

//! A machine with an FSP, its readiness register and memory: what a driver is run against here.

use std::fs::File;

use crate::{
    boot::firmware_dir::FmcFile,
    chips::Chip,
    config_space::{
        board::{
            self,
            Choices, //
        },
        ConfigSpace, //
    },
    dma::{
        DmaSpace,
        MapRequest, //
    },
    engines::{
        self,
        therm::Therm,
        Cx,
        Effect,
        Effects,
        Engine,
        Transfer,
        Whole, //
    },
    faults::Plan,
    fsp::{
        Accepted,
        Fsp,
        GspState, //
    },
    gsp_rm::Access,
    phase::{
        Progress,
        Stage, //
    },
    recorder::Op,
    regs::At,
    violations::Complaint,
    vram::{
        Vram,
        MIB, //
    },
};

pub(crate) const EMEMC: u32 = 0x8f2ac0;
pub(crate) const EMEMD: u32 = 0x8f2ac4;
pub(crate) const QUEUE_HEAD: u32 = 0x8f2c00;
pub(crate) const QUEUE_TAIL: u32 = 0x8f2c04;
pub(crate) const MSGQ_HEAD: u32 = 0x8f2c80;
pub(crate) const MSGQ_TAIL: u32 = 0x8f2c84;

/// Video memory that FSP believes to have.
pub(crate) const VRAM: u64 = 4096 * MIB;
/// Guest memory begins here.
pub(crate) const RAM: u64 = 0x1_2340_0000;
pub(crate) const RAM_SIZE: u64 = 4 * MIB;
/// Long enough for any answer.
pub(crate) const LONG_US: u64 = 100_000;

pub(crate) struct Machine {
    pub(crate) chip: &'static Chip,
    pub(crate) fsp: Fsp,
    therm: Therm,
    pub(crate) gsp: GspState,
    pub(crate) now_us: u64,
    pub(crate) config: ConfigSpace,
    vram: Vram,
    pub(crate) dma: DmaSpace,
    pub(crate) progress: Progress,
    ram: File,
    /// What FSP has accepted, oldest first.
    pub(crate) accepted: Vec<Accepted>,
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) faults: Vec<&'static str>,
    pub(crate) stages: Vec<Stage>,
    pub(crate) transfers: Vec<Transfer>,
}

impl Machine {
    /// A machine whose driver has seen that FSP is ready, and has set a flush page.
    pub(crate) fn new(chip: &str) -> Self {
        Self::with_faults(chip, &[])
    }

    pub(crate) fn with_faults(chip: &str, faults: &[&str]) -> Self {
        let mut machine = Self::just_reset(chip, faults);
        machine.now_us = 1_000_000;
        machine.get_ready();
        machine
    }

    /// A machine that nobody has touched.
    pub(crate) fn just_reset(chip: &str, faults: &[&str]) -> Self {
        let chip = Chip::by_name(chip).unwrap();
        let plan = Plan::parse(chip, faults).unwrap();
        let fd = rustix::fs::memfd_create("fsp-test", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let ram = File::from(fd);
        ram.set_len(RAM_SIZE).unwrap();
        let mut machine = Self {
            chip,
            fsp: Fsp::new(chip, VRAM, &plan, None),
            therm: Therm::new(&plan),
            gsp: GspState::Off,
            now_us: 0,
            config: board::build(chip, Choices::default()),
            vram: Vram::new(16 << 20).unwrap(),
            dma: DmaSpace::new(chip.family.dma_bits()),
            progress: Progress::default(),
            ram,
            accepted: Vec::new(),
            complaints: Vec::new(),
            faults: Vec::new(),
            stages: Vec::new(),
            transfers: Vec::new(),
        };
        machine.fsp.reset(0);
        machine.therm.reset(0);
        machine.map(RAM, RAM_SIZE);
        machine.config.write(4, &[0x06, 0]);
        machine
    }

    /// What a driver does before it sends anything.
    pub(crate) fn get_ready(&mut self) {
        let boot_status = self.boot_status();
        assert_eq!(self.read(boot_status), 0xff);
        self.progress.set_flush_page(RAM);
    }

    pub(crate) fn boot_status(&self) -> u32 {
        if self.chip.name.starts_with("gb20") {
            0xad00bc
        } else {
            0x200bc
        }
    }

    pub(crate) fn map(&mut self, address: u64, size: u64) {
        let request = MapRequest {
            address,
            size,
            readable: true,
            writable: true,
            memory: Some((self.ram.try_clone().unwrap(), address - RAM)),
        };
        self.dma.map(request).unwrap();
    }

    pub(crate) fn put(&self, address: u64, bytes: &[u8]) {
        self.dma.write(true, address, bytes).unwrap();
    }

    /// Another card, of which only this is different.
    pub(crate) fn set_vram(&mut self, bytes: u64) {
        self.fsp.vram = bytes;
    }

    pub(crate) fn use_file(&mut self, file: FmcFile) {
        self.fsp.file = Some(file);
    }

    pub(crate) fn mend(&mut self) {
        self.fsp.mend();
        let chip = self.chip;
        let rom = Vec::new();
        self.therm.mend(&Whole { chip, rom });
    }

    fn with_cx<T>(&mut self, run: impl FnOnce(&mut Fsp, &mut Therm, &Cx<'_>) -> T) -> T {
        let cx = Cx {
            now_us: self.now_us,
            config: &self.config,
            vram: &self.vram,
            dma: &self.dma,
            progress: &self.progress,
            last_read_us: 0,
        };
        run(&mut self.fsp, &mut self.therm, &cx)
    }

    pub(crate) fn carry_out(&mut self, effects: Effects) {
        for effect in effects {
            match effect {
                Effect::Complain(complaint) => self.complaints.push(complaint),
                Effect::Fault(name) => self.faults.push(name),
                Effect::Stage(stage) => self.stages.push(stage),
                Effect::Transfer(transfer) => self.transfers.push(transfer),
                Effect::BootSeenComplete => self.progress.boot_complete_seen(),
                _ => {}
            }
        }
    }

    pub(crate) fn settle(&mut self) {
        let gsp = self.gsp;
        let (effects, accepted) = self.with_cx(|fsp, _, cx| fsp.settle(gsp, cx));
        self.accepted.extend(accepted);
        self.carry_out(effects);
    }

    /// Time passes, in steps as the model's thread does it.
    pub(crate) fn wait(&mut self, us: u64) {
        let end = self.now_us + us;
        while self.now_us < end {
            self.now_us = end.min(self.now_us + 1_000);
            self.settle();
        }
    }

    fn at(&self, address: u32) -> At {
        let reg = engines::find(Fsp::regs(), address)
            .find(|reg| reg.chips.has(self.chip.family))
            .unwrap_or_else(|| panic!("{address:#x} is no register of FSP"));
        At {
            reg,
            index: (address - reg.offset) / 4,
        }
    }

    fn observed(&mut self, op: Op, address: u32, value: u32) {
        let access = Access { op, address, value };
        self.with_cx(|fsp, _, cx| fsp.observe(access, cx));
    }

    pub(crate) fn read(&mut self, address: u32) -> u32 {
        self.settle();
        let read = if address == self.boot_status() {
            self.with_cx(|_, therm, cx| {
                let reg = engines::find(therm.regs(), address).next().unwrap();
                therm.read(At { reg, index: 0 }, cx)
            })
        } else {
            let at = self.at(address);
            self.fsp.read(at)
        };
        self.carry_out(read.effects);
        self.observed(Op::Read, address, read.value);
        read.value
    }

    pub(crate) fn write(&mut self, address: u32, value: u32) {
        self.settle();
        let at = self.at(address);
        let effects = self.with_cx(|fsp, _, cx| fsp.write(at, value, cx));
        self.carry_out(effects);
        self.observed(Op::Write, address, value);
    }

    // What drivers do --------------------------------------------------------------------------

    pub(crate) fn write_emem(&mut self, packet: &[u8]) {
        self.write(EMEMC, 0x0100_0000);
        for dword in packet.chunks(4) {
            let mut bytes = [0; 4];
            bytes[..dword.len()].copy_from_slice(dword);
            self.write(EMEMD, u32::from_le_bytes(bytes));
        }
    }

    /// Sends a packet as all known drivers do.
    pub(crate) fn send(&mut self, packet: &[u8]) {
        self.write_emem(packet);
        self.write(QUEUE_TAIL, packet.len() as u32 - 4);
        self.write(QUEUE_HEAD, 0);
    }

    /// Waits for an answer, and takes it as nova-core does; `None` if there is none.
    pub(crate) fn receive(&mut self) -> Option<Vec<u8>> {
        for _ in 0..200 {
            let head = self.read(MSGQ_HEAD);
            let tail = self.read(MSGQ_TAIL);
            if head != tail {
                let packet = self.read_emem((tail - head + 4) as usize / 4);
                self.write(MSGQ_TAIL, 0);
                self.write(MSGQ_HEAD, 0);
                return Some(packet);
            }
            self.wait(10_000);
        }
        None
    }

    pub(crate) fn read_emem(&mut self, dwords: usize) -> Vec<u8> {
        self.write(EMEMC, 0x0200_0000);
        (0..dwords)
            .flat_map(|_| self.read(EMEMD).to_le_bytes())
            .collect()
    }

    /// Sends a packet, and returns the dwords of the answer.
    pub(crate) fn exchange(&mut self, packet: &[u8]) -> Option<Vec<u32>> {
        self.send(packet);
        self.receive().map(|packet| dwords(&packet))
    }

    /// The rules that were broken since the last call.
    pub(crate) fn broken(&mut self) -> Vec<String> {
        let complaints = std::mem::take(&mut self.complaints);
        complaints
            .into_iter()
            .map(|complaint| complaint.rule.id())
            .collect()
    }

    pub(crate) fn assert_clean(&mut self) {
        assert_eq!(self.complaints, []);
    }
}

pub(crate) fn dwords(packet: &[u8]) -> Vec<u32> {
    packet
        .chunks_exact(4)
        .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
        .collect()
}

/// A packet with the headers of all commands.
pub(crate) fn command(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = 0xc000_0000u32.to_le_bytes().to_vec();
    packet.extend([0x7e, 0xde, 0x10, kind]);
    packet.extend(payload);
    packet.resize(packet.len().next_multiple_of(4), 0);
    packet
}

/// A command that FSP does not know.
pub(crate) fn unknown() -> Vec<u8> {
    command(0x12, &[1, 2, 3, 4])
}
