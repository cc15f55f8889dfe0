// SPDX-License-Identifier: GPL-2.0

//! Registers that matter to GSP-RM, because it has them accessed or notices when they are.

/// First register of the GSP.
pub const GSP: u32 = 0x110000;
/// Register after the GSP's last.
pub const GSP_END: u32 = 0x114000;
/// Clears interrupt causes.
pub const IRQSCLR: u32 = 0x110004;
/// Sets bits of the interrupt mask.
pub const IRQMSET: u32 = 0x110010;
/// Clears bits of the interrupt mask.
pub const IRQMCLR: u32 = 0x110014;
/// "There is a message".
pub const SWGEN0: u32 = 1 << 6;
/// First mailbox.
pub const MAILBOX0: u32 = 0x110040;
/// Second mailbox.
pub const MAILBOX1: u32 = 0x110044;
/// Interface enables.
pub const ITFEN: u32 = 0x110048;
/// Version of what runs on the core, for whoever wants to know.
pub const FALCON_OS: u32 = 0x110080;
/// The driver's copy of `NV_PMC_BOOT_0`.
pub const FALCON_RM: u32 = 0x110084;
/// What the core has.
pub const HWCFG2: u32 = 0x1100f4;
/// Start and halt.
pub const CPUCTL: u32 = 0x110100;
/// Start, where the other one is locked.
pub const CPUCTL_ALIAS: u32 = 0x110130;
/// "Start" in both.
pub const STARTCPU: u32 = 1 << 1;
/// "Halted" in [`CPUCTL`].
pub const HALTED: u32 = 1 << 4;
/// Where a program starts.
pub const BOOTVEC: u32 = 0x110104;
/// DMA switch.
pub const DMACTL: u32 = 0x11010c;
/// Base of transfers, in units of 256 bytes.
pub const DMATRFBASE: u32 = 0x110110;
/// Offset in the falcon's memory.
pub const DMATRFMOFFS: u32 = 0x110114;
/// Starts a transfer.
pub const DMATRFCMD: u32 = 0x110118;
/// "Nothing under way" in [`DMATRFCMD`].
pub const DMA_IDLE: u32 = 1 << 1;
/// Offset from the base.
pub const DMATRFFBOFFS: u32 = 0x11011c;
/// Upper bits of the base.
pub const DMATRFBASE1: u32 = 0x110128;
/// Where in program memory the port writes.
pub const IMEMC: u32 = 0x110180;
/// The port of program memory.
pub const IMEMD: u32 = 0x110184;
/// Tag of the block that the port writes.
pub const IMEMT: u32 = 0x110188;
/// Engine reset.
pub const ENGINE: u32 = 0x1103c0;
/// Evaluates interrupt causes again.
pub const INTR_RETRIGGER: u32 = 0x1103e8;
/// Where transfers with context 0 go.
pub const TRANSCFG0: u32 = 0x110600;
/// Lets transfers without context be physical.
pub const FBIF_CTL: u32 = 0x110624;
/// That bit.
pub const ALLOW_PHYS_NO_CTX: u32 = 1 << 7;
/// First doorbell; they are 8 bytes apart.
pub const DOORBELL: u32 = 0x110c00;
/// Doorbells.
pub const DOORBELLS: u32 = 8;
/// Boot ROM: which signature algorithm.
pub const MOD_SEL: u32 = 0x111180;
/// Boot ROM: which version the program has.
pub const UCODE_ID: u32 = 0x111198;
/// Boot ROM: which engines the program is for.
pub const ENGIDMASK: u32 = 0x11119c;
/// Boot ROM: where its parameters are.
pub const PARAADDR: u32 = 0x111210;
/// Which of the cores runs.
pub const BCR_CTRL: u32 = 0x111668;
/// Start of SEC2.
pub const SEC2_CPUCTL: u32 = 0x840100;
/// Start of SEC2, where the other one is locked.
pub const SEC2_CPUCTL_ALIAS: u32 = 0x840130;
/// Where the processor re-arms the message interrupt.
pub const MSI_REARM: u32 = 0x088704;
/// The interrupt tree, first and last register.
pub const INTERRUPT_TREE: (u32, u32) = (0xb81000, 0xb81fff);
