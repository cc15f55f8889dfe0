// SPDX-License-Identifier: GPL-2.0

//! The registers of one falcon window: 4 KiB of falcon, then boot ROM and RISC-V.

use crate::{
    chips::{
        Families,
        Family, //
    },
    regs::Reg,
};

/// Offsets in the window, of the registers that do something.
pub mod offset {
    /// Sets bits of `IRQSTAT`.
    pub const IRQSSET: u32 = 0x000;
    /// Clears bits of `IRQSTAT`.
    pub const IRQSCLR: u32 = 0x004;
    /// Pending interrupts.
    pub const IRQSTAT: u32 = 0x008;
    /// Sets bits of `IRQMASK`.
    pub const IRQMSET: u32 = 0x010;
    /// Clears bits of `IRQMASK`.
    pub const IRQMCLR: u32 = 0x014;
    /// Enabled interrupts.
    pub const IRQMASK: u32 = 0x018;
    /// First mailbox.
    pub const MAILBOX0: u32 = 0x040;
    /// Second mailbox.
    pub const MAILBOX1: u32 = 0x044;
    /// Is the core busy?
    pub const IDLESTATE: u32 = 0x04c;
    /// Where the driver tells programs what chip they are on.
    pub const RM: u32 = 0x084;
    /// What stopped the core.
    pub const EXCI: u32 = 0x0d0;
    /// Capabilities, and on newer chips reset and scrubbing state.
    pub const HWCFG2: u32 = 0x0f4;
    /// Start and state of the core.
    pub const CPUCTL: u32 = 0x100;
    /// Virtual address of the first instruction.
    pub const BOOTVEC: u32 = 0x104;
    /// Sizes of the memories.
    pub const HWCFG: u32 = 0x108;
    /// Permission for DMA, and on older chips scrubbing state.
    pub const DMACTL: u32 = 0x10c;
    /// Bits 39:8 of the base of transfers.
    pub const DMATRFBASE: u32 = 0x110;
    /// Offset in falcon memory.
    pub const DMATRFMOFFS: u32 = 0x114;
    /// A write submits a transfer.
    pub const DMATRFCMD: u32 = 0x118;
    /// Offset from the base.
    pub const DMATRFFBOFFS: u32 = 0x11c;
    /// Bits 48:40 of the base.
    pub const DMATRFBASE1: u32 = 0x128;
    /// Revision and security model.
    pub const HWCFG1: u32 = 0x12c;
    /// Start, for those who may not write `CPUCTL`.
    pub const CPUCTL_ALIAS: u32 = 0x130;
    /// Address of the instruction memory port.
    pub const IMEMC: u32 = 0x180;
    /// Data of the instruction memory port.
    pub const IMEMD: u32 = 0x184;
    /// Tag of the block that the port fills.
    pub const IMEMT: u32 = 0x188;
    /// Address of the data memory port.
    pub const DMEMC: u32 = 0x1c0;
    /// Data of the data memory port.
    pub const DMEMD: u32 = 0x1c4;
    /// Reset of the whole engine.
    pub const ENGINE: u32 = 0x3c0;
    /// Asks for an interrupt again if something is still pending.
    pub const INTR_RETRIGGER: u32 = 0x3e8;
    /// Apertures of DMA.
    pub const TRANSCFG: u32 = 0x600;
    /// Permission for physical addresses.
    pub const FBIF_CTL: u32 = 0x624;
    /// Signature algorithm.
    pub const MOD_SEL: u32 = 0x1180;
    /// Which ucode the signature is for.
    pub const UCODE_ID: u32 = 0x1198;
    /// Which engines the ucode may run on.
    pub const ENGIDMASK: u32 = 0x119c;
    /// Where in data memory the signature is.
    pub const PARAADDR: u32 = 0x1210;
    /// RISC-V state on Turing and GA100.
    pub const RISCV_STATUS: u32 = 0x1240;
    /// Interrupts that the RISC-V lets through, on Turing and GA100.
    pub const RISCV_IRQMASK_OLD: u32 = 0x12b4;
    /// RISC-V state from GA102 on.
    pub const RISCV_CPUCTL: u32 = 0x1388;
    /// Interrupts that the RISC-V lets through, from GA102 on.
    pub const RISCV_IRQMASK: u32 = 0x1528;
    /// Which core the engine runs.
    pub const BCR_CTRL: u32 = 0x1668;
}

/// Bits of the registers.
pub mod bits {
    /// `IRQSTAT`: the core halted.
    pub const IRQ_HALT: u32 = 1 << 4;
    /// `IRQSTAT`: software interrupt 0, "there is a message".
    pub const IRQ_SWGEN0: u32 = 1 << 6;
    /// `IRQSTAT`: DMA went wrong.
    pub const IRQ_DMA: u32 = 1 << 16;
    /// `CPUCTL`, `CPUCTL_ALIAS`: start.
    pub const STARTCPU: u32 = 1 << 1;
    /// `CPUCTL`, `RISCV_CPUCTL`: the core is halted.
    pub const HALTED: u32 = 1 << 4;
    /// `CPUCTL`: `CPUCTL_ALIAS` works.
    pub const ALIAS_EN: u32 = 1 << 6;
    /// `RISCV_CPUCTL`: the core runs.
    pub const RISCV_ACTIVE: u32 = 1 << 7;
    /// `DMACTL`: DMA needs a context.
    pub const REQUIRE_CTX: u32 = 1;
    /// `DMACTL`: memories are being cleared (Turing, GA100).
    pub const DMACTL_SCRUBBING: u32 = 3 << 1;
    /// `HWCFG2`: there is a RISC-V core.
    pub const RISCV_PRESENT: u32 = 1 << 10;
    /// `HWCFG2`: memories are being cleared (GA102 and later).
    pub const MEM_SCRUBBING: u32 = 1 << 12;
    /// `HWCFG2`: firmware has the engine, and the driver may not use it (Hopper and later).
    pub const LOCKDOWN: u32 = 1 << 13;
    /// `HWCFG2`: the engine can be reset (GA102 and later).
    pub const RESET_READY: u32 = 1 << 31;
    /// `DMATRFCMD`: no room for a request.
    pub const DMA_FULL: u32 = 1;
    /// `DMATRFCMD`: nothing queued or in flight.
    pub const DMA_IDLE: u32 = 1 << 1;
    /// `FBIF_CTL`: physical addresses are allowed without a context.
    pub const ALLOW_PHYS_NO_CTX: u32 = 1 << 7;
    /// `BCR_CTRL`: the last selection took effect.
    pub const BCR_VALID: u32 = 1;
    /// `BCR_CTRL`: RISC-V instead of falcon.
    pub const BCR_RISCV: u32 = 1 << 4;
    /// `BCR_CTRL`: fetch the boot ROM's code.
    pub const BCR_BRFETCH: u32 = 1 << 8;
    /// Memory ports: the address moves on after each write.
    pub const AINCW: u32 = 1 << 24;
    /// Memory ports: the address moves on after each read.
    pub const AINCR: u32 = 1 << 25;
    /// `IMEMC`: blocks written are secure.
    pub const SECURE: u32 = 1 << 28;
}

/// Chips that load falcons through ports and have no boot ROM registers.
pub const BY_PORTS: Families = Families::of(&[Family::Turing, Family::Ga100]);
/// Chips that load falcons by DMA and check signatures in a boot ROM.
pub const BY_DMA: Families = Families::of(&[Family::Ga10x, Family::Ada]);
/// Chips that have the new RISC-V registers.
const SINCE_GA102: Families = Families::of(&[
    Family::Ga10x,
    Family::Ada,
    Family::Hopper,
    Family::Gb10x,
    Family::Gb20x,
]);
const SINCE_GA100: Families = Families::of(&[
    Family::Ga100,
    Family::Ga10x,
    Family::Ada,
    Family::Hopper,
    Family::Gb10x,
    Family::Gb20x,
]);
const ALL: u32 = u32::MAX;

/// The registers of one window, named after engine `$name`, from `$base` on.
macro_rules! window {
    ($name:literal, $base:expr) => {{
        const fn at(offset: u32) -> u32 {
            $base + offset
        }
        macro_rules! name {
            ($register:literal) => {
                concat!("NV_P", $name, "_", $register)
            };
        }
        [
            Reg::wo(name!("FALCON_IRQSSET"), at(0x000), ALL),
            Reg::wo(name!("FALCON_IRQSCLR"), at(0x004), ALL),
            Reg::ro(name!("FALCON_IRQSTAT"), at(0x008), 0),
            Reg::rw(name!("FALCON_IRQMODE"), at(0x00c), ALL),
            Reg::wo(name!("FALCON_IRQMSET"), at(0x010), ALL),
            Reg::wo(name!("FALCON_IRQMCLR"), at(0x014), ALL),
            Reg::ro(name!("FALCON_IRQMASK"), at(0x018), 0),
            Reg::rw(name!("FALCON_IRQDEST"), at(0x01c), ALL),
            Reg::rw(name!("FALCON_MAILBOX0"), at(0x040), ALL),
            Reg::rw(name!("FALCON_MAILBOX1"), at(0x044), ALL),
            Reg::rw(name!("FALCON_ITFEN"), at(0x048), 3),
            Reg::ro(name!("FALCON_IDLESTATE"), at(0x04c), 0),
            Reg::rw(name!("FALCON_CURCTX"), at(0x050), ALL),
            Reg::rw(name!("FALCON_NXTCTX"), at(0x054), ALL),
            Reg::rw(name!("FALCON_OS"), at(0x080), ALL),
            Reg::rw(name!("FALCON_RM"), at(0x084), ALL),
            Reg::rw(name!("FALCON_DEBUG1"), at(0x090), ALL),
            Reg::rw(name!("FALCON_DEBUGINFO"), at(0x094), ALL),
            Reg::ro(name!("FALCON_EXCI"), at(0x0d0), 0),
            Reg::ro(name!("FALCON_HWCFG2"), at(0x0f4), 0),
            Reg::rw(name!("FALCON_CPUCTL"), at(0x100), 0x4f),
            Reg::rw(name!("FALCON_BOOTVEC"), at(0x104), ALL),
            Reg::ro(name!("FALCON_HWCFG"), at(0x108), 0),
            Reg::rw(name!("FALCON_DMACTL"), at(0x10c), 1).resets_to(1),
            Reg::rw(name!("FALCON_DMATRFBASE"), at(0x110), ALL),
            Reg::rw(name!("FALCON_DMATRFMOFFS"), at(0x114), ALL),
            Reg::rw(name!("FALCON_DMATRFCMD"), at(0x118), 0x0001_773c),
            Reg::rw(name!("FALCON_DMATRFFBOFFS"), at(0x11c), ALL),
            Reg::rw(name!("FALCON_DMATRFBASE1"), at(0x128), ALL),
            Reg::ro(name!("FALCON_HWCFG1"), at(0x12c), 0xca10_1136),
            Reg::wo(name!("FALCON_CPUCTL_ALIAS"), at(0x130), 2),
            Reg::rw(name!("FALCON_TRACEIDX"), at(0x148), 0xff),
            Reg::ro(name!("FALCON_TRACEPC"), at(0x14c), 0),
            Reg::ro(name!("FALCON_EXTERRADDR"), at(0x168), 0),
            Reg::rw(name!("FALCON_EXTERRSTAT"), at(0x16c), ALL),
            Reg::rw(name!("FALCON_IMEMC"), at(0x180), 0x13ff_fffc),
            Reg::rw(name!("FALCON_IMEMD"), at(0x184), ALL),
            Reg::rw(name!("FALCON_IMEMT"), at(0x188), 0xffff),
            Reg::rw(name!("FALCON_DMEMC"), at(0x1c0), 0x1fff_fffc),
            Reg::rw(name!("FALCON_DMEMD"), at(0x1c4), ALL),
            Reg::rw(name!("FALCON_ICD_CMD"), at(0x200), ALL),
            Reg::ro(name!("FALCON_ICD_RDATA"), at(0x20c), 0),
            Reg::ro(name!("FALCON_SCTL"), at(0x240), 0x3000),
            Reg::ro(name!("FALCON_SCTL1"), at(0x250), 0xf),
            Reg::ro(name!("FALCON_EXE_PRIV_LEVEL_MASK"), at(0x28c), 0xff),
            Reg::rw(name!("FALCON_COMMON_SCRATCH"), at(0x300), ALL).times(16),
            Reg::rw(name!("FALCON_ENGINE"), at(0x3c0), 1),
            Reg::ro(name!("FALCON_RESET_PRIV_LEVEL_MASK"), at(0x3c4), 0x11),
            Reg::wo(name!("FALCON_INTR_RETRIGGER"), at(0x3e8), 1)
                .times(2)
                .on(SINCE_GA100),
            // Bit 20 would say that this is a development board.
            Reg::ro(name!("SCP_CTL_STAT"), at(0x408), 0),
            Reg::rw(name!("FBIF_TRANSCFG"), at(0x600), 0x0001_f337)
                .times(8)
                .resets_to(0x110),
            Reg::rw(name!("FBIF_CTL"), at(0x624), 0x80),
            Reg::rw(name!("MAILBOX"), at(0x804), ALL).times(4),
            // Head and tail of queue i have the indices 2i and 2i + 1. Heads of the GSP are doorbells.
            Reg::rw(name!("QUEUE_HEAD_TAIL"), at(0xc00), ALL).times(16),
            Reg::rw(name!("MSGQ_HEAD_TAIL"), at(0xc80), ALL).times(16),
            Reg::rw(name!("FALCON_MOD_SEL"), at(0x1180), 0xff).on(BY_DMA),
            Reg::rw(name!("FALCON_BROM_CURR_UCODE_ID"), at(0x1198), 0xff).on(BY_DMA),
            Reg::rw(name!("FALCON_BROM_ENGIDMASK"), at(0x119c), ALL).on(BY_DMA),
            Reg::rw(name!("FALCON_BROM_PARAADDR"), at(0x1210), ALL).on(BY_DMA),
            Reg::ro(name!("RISCV_CORE_SWITCH_RISCV_STATUS"), at(0x1240), 0).on(BY_PORTS),
            Reg::ro(name!("RISCV_IRQMASK"), at(0x12b4), 0).on(BY_PORTS),
            Reg::rw(name!("RISCV_IRQDEST"), at(0x12b8), ALL).on(BY_PORTS),
            Reg::ro(name!("RISCV_CPUCTL"), at(0x1388), 0).on(SINCE_GA102),
            Reg::ro(name!("RISCV_RPC"), at(0x13ec), 0).on(SINCE_GA102),
            Reg::ro(name!("RISCV_IRQMASK"), at(0x1528), 0).on(SINCE_GA102),
            Reg::rw(name!("RISCV_IRQDEST"), at(0x152c), ALL).on(SINCE_GA102),
            Reg::rw(name!("RISCV_IRQDELEG"), at(0x1534), ALL).on(SINCE_GA102),
            // Drivers write back the read-only bit 0 as they found it.
            Reg::rw(name!("RISCV_BCR_CTRL"), at(0x1668), 0x110)
                .ignoring(1)
                .on(SINCE_GA102),
        ]
    }};
}

/// The registers of the GSP's window, on all chips.
pub fn gsp() -> impl Iterator<Item = Reg> {
    window!("GSP", super::Which::Gsp.base()).into_iter()
}

/// The registers of SEC2's window.
pub fn sec2() -> impl Iterator<Item = Reg> {
    window!("SEC", super::Which::Sec2.base()).into_iter()
}
