// SPDX-License-Identifier: GPL-2.0

//! What booter does on SEC2: verifies the driver's plan, takes GSP-RM into the protected region,
//! starts the GSP; or takes all that down again.

use std::ops::Range;

use super::{
    firmware_dir::GspFiles,
    radix3::{
        self,
        TableError,
        PAGE, //
    },
    wpr2::Wpr2,
    wpr_meta::{
        self,
        WprMeta,
        Wrong, //
    },
};
use crate::{
    chips::{
        Chip,
        Family, //
    },
    dma::{
        Direction,
        DmaError, //
    },
    engines::{
        Cx,
        Effect,
        Effects,
        Transfer, //
    },
    falcon::Falcon,
    violations::{
        BusRule,
        Complaint,
        FalconRule,
        GspRule,
        Rule, //
    },
};

/// What booter leaves in `MAILBOX0` when it refuses: the drivers know no code but "failed".
pub const FAILED: u32 = 0xff;

/// A refusal: what to hold against the driver.
pub type Refused = Complaint;

/// A boot that may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The region to be locked.
    pub region: Range<u64>,
    /// The plan; absent when a suspended state is resumed.
    pub meta: Option<WprMeta>,
    /// Guest memory that firmware uses until GSP-RM has booted.
    pub memory: Vec<Range<u64>>,
}

fn of_dma(what: &str, error: &DmaError) -> Complaint {
    let rule: Rule = match error {
        DmaError::BusMasterOff => BusRule::BusMasterOff.into(),
        _ => BusRule::StrayDma.into(),
    };
    Complaint {
        rule,
        what: format!("booter cannot read {what}: {error}"),
    }
}

fn of_plan(wrong: Wrong) -> Complaint {
    Complaint::new(
        GspRule::WprMeta,
        format!("booter refuses the plan: {}", wrong.0),
    )
}

fn of_table(error: TableError) -> Complaint {
    match error {
        TableError::Dma(what, error) => of_dma(what, &error),
        TableError::Malformed(what) => Complaint::new(
            GspRule::WprMeta,
            format!("booter refuses the image: {what}"),
        ),
    }
}

/// What booter finds.
pub struct Situation<'a> {
    /// Chip and board.
    pub chip: &'static Chip,
    /// The GSP.
    pub gsp: &'a Falcon,
    /// What FWSEC has set up.
    pub wpr2: Wpr2,
    /// The region of a suspended state, if there is one.
    pub saved: Option<&'a Range<u64>>,
    /// The files that the driver should have used.
    pub files: Option<&'a GspFiles>,
}

impl Situation<'_> {
    /// Is the GSP out of reset, and nothing on it?
    fn check_idle(&self) -> Result<(), Refused> {
        let wrong = |what: &str| Err(Complaint::new(FalconRule::BooterLoad, what));
        if !self.gsp.is_ready() {
            return wrong("booter started while the GSP is in reset or being cleared");
        }
        if self.gsp.riscv.active {
            return wrong("booter started while the RISC-V core of the GSP runs");
        }
        Ok(())
    }

    /// Is the GSP as a cold boot needs it?
    fn check_cold(&self) -> Result<(), Refused> {
        let wrong = |what: &str| Err(Complaint::new(FalconRule::BooterLoad, what));
        if self.gsp.is_running() || !self.gsp.imem.is_untouched() {
            return wrong("booter started although the GSP was not reset after its last program");
        }
        if self.gsp.mailbox == [0, 0] {
            return wrong("booter started while the GSP's mailboxes are zero");
        }
        if self.chip.family != Family::Ga100 && !self.wpr2.is_set() {
            return wrong("booter started although FWSEC has not set up WPR2");
        }
        Ok(())
    }
}

/// Reads and checks everything that `address` leads to.
///
/// # Errors
/// The complaint against the driver.
pub fn load(
    situation: &Situation<'_>,
    address: u64,
    cx: &Cx<'_>,
    effects: &mut Effects,
) -> Result<Load, Refused> {
    situation.check_idle()?;
    let bytes = read_meta(address, cx, effects)?;
    let magic = wpr_meta::u64_at(&bytes, 0);
    if magic == wpr_meta::SUSPEND_MAGIC {
        return resume(situation, &bytes, cx);
    }
    if magic != wpr_meta::MAGIC {
        return Err(of_plan(Wrong(format!("magic is {magic:#x}"))));
    }
    situation.check_cold()?;
    let chip = situation.chip;
    let meta = WprMeta::parse(&bytes).map_err(of_plan)?;
    let vram = cx.vram.size();
    meta.check_layout(chip, vram, situation.wpr2)
        .map_err(of_plan)?;
    meta.check_host(chip.family.dma_bits()).map_err(of_plan)?;
    let memory = fetch(&meta, situation.files, cx, effects)?;
    Ok(Load {
        region: meta.region(),
        meta: Some(meta),
        memory,
    })
}

/// Brings back the state that was saved.
fn resume(
    situation: &Situation<'_>,
    bytes: &[u8; wpr_meta::SIZE],
    cx: &Cx<'_>,
) -> Result<Load, Refused> {
    let Some(region) = situation.saved else {
        return Err(Complaint::new(
            FalconRule::BooterLoad,
            "booter asked to resume, but no state was saved",
        ));
    };
    check_save_area(bytes, cx)?;
    Ok(Load {
        region: region.clone(),
        meta: None,
        memory: Vec::new(),
    })
}

/// Reads the structure that `MAILBOX0` and `MAILBOX1` name.
pub fn read_meta(
    address: u64,
    cx: &Cx<'_>,
    effects: &mut Effects,
) -> Result<[u8; wpr_meta::SIZE], Refused> {
    if address == 0 || address % wpr_meta::SIZE as u64 != 0 {
        return Err(of_plan(Wrong(format!(
            "its address {address:#x} is not a multiple of 256"
        ))));
    }
    let mut bytes = [0; wpr_meta::SIZE];
    read(address, &mut bytes, "its description", cx, effects)?;
    Ok(bytes)
}

fn read(
    address: u64,
    out: &mut [u8],
    what: &str,
    cx: &Cx<'_>,
    effects: &mut Effects,
) -> Result<(), Refused> {
    cx.memory()
        .read(address, out)
        .map_err(|error| of_dma(what, &error))?;
    effects.push(transfer(address, out.len() as u64));
    Ok(())
}

fn transfer(address: u64, len: u64) -> Effect {
    Effect::Transfer(Transfer {
        by: "booter",
        direction: Direction::Read,
        address,
        len,
        blocks: 0,
    })
}

/// Takes in bootloader, signature and image; compares them with the files, if there are any.
fn fetch(
    meta: &WprMeta,
    files: Option<&GspFiles>,
    cx: &Cx<'_>,
    effects: &mut Effects,
) -> Result<Vec<Range<u64>>, Refused> {
    let differs = |what: &str| {
        Complaint::new(
            GspRule::WprMeta,
            format!("booter refuses the image: {what} is not that of the firmware files"),
        )
    };
    // CAST: checked to be in VRAM, and 4 KiB.
    let mut bootloader = vec![0; meta.bootloader_size as usize];
    read(
        meta.bootloader,
        &mut bootloader,
        "the bootloader",
        cx,
        effects,
    )?;
    let mut signature = vec![0; meta.signature_size as usize];
    read(meta.signature, &mut signature, "the signature", cx, effects)?;
    if signature.iter().all(|byte| *byte == 0) {
        return Err(of_plan(Wrong(
            "the signature of the image is all zeros".into(),
        )));
    }
    let pages = radix3::walk(&cx.memory(), meta.radix3, meta.image_size).map_err(of_table)?;
    if let Some(files) = files {
        if bootloader != files.bootloader {
            return Err(differs("the bootloader"));
        }
        if meta.bootloader_offsets != files.bootloader_offsets {
            return Err(differs("the layout of the bootloader"));
        }
        if signature != files.signature {
            return Err(differs("the signature"));
        }
        compare_image(meta, &pages.data, files, cx)?;
    }
    effects.push(transfer(meta.radix3, meta.image_size));
    let page = |start: u64, len: u64| start..start + len.next_multiple_of(PAGE);
    let mut memory = pages.ranges();
    memory.push(page(meta.bootloader, meta.bootloader_size));
    memory.push(page(meta.signature, meta.signature_size));
    Ok(memory)
}

fn compare_image(
    meta: &WprMeta,
    pages: &[u64],
    files: &GspFiles,
    cx: &Cx<'_>,
) -> Result<(), Refused> {
    let wrong = |what: String| {
        Complaint::new(
            GspRule::WprMeta,
            format!("booter refuses the image: {what}"),
        )
    };
    if meta.image_size != files.image_len() {
        return Err(wrong(format!(
            "it has {:#x} bytes, the file {:#x}",
            meta.image_size,
            files.image_len()
        )));
    }
    let mut got = vec![0; PAGE as usize];
    for (i, address) in pages.iter().enumerate() {
        let at = i as u64 * PAGE;
        cx.memory()
            .read(*address, &mut got)
            .map_err(|error| of_dma("a page of the image", &error))?;
        let want = files
            .image_page(at)
            .map_err(|error| wrong(format!("the model cannot read the firmware file: {error}")))?;
        if got[..want.len()] != *want {
            return Err(wrong(format!(
                "it differs from the file in the page at {at:#x}"
            )));
        }
        if got[want.len()..].iter().any(|byte| *byte != 0) {
            return Err(wrong("the rest of its last page is not zero".into()));
        }
    }
    Ok(())
}

/// What booter_unload is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unload {
    /// Remove the region.
    Remove,
    /// Leave the region where it is: the card goes to sleep with memory on.
    Keep,
    /// Save state as this structure says, then remove the region.
    Save(u64),
}

impl Unload {
    /// Reads the request from the mailboxes.
    pub fn of(mailbox: [u32; 2]) -> Self {
        match mailbox {
            [0xff, 0xff] => Self::Remove,
            [0xdead_dead, 0xdead_dead] => Self::Keep,
            [lo, hi] => Self::Save(u64::from(lo) | u64::from(hi) << 32),
        }
    }
}

/// May what booter has set up be removed?
///
/// # Errors
/// The complaint against the driver.
pub fn check_unload(gsp: &Falcon, wpr2: Wpr2) -> Result<(), Refused> {
    let wrong = |what: &str| Err(Complaint::new(FalconRule::Unload, what));
    if gsp.riscv.active {
        return wrong("booter_unload started while the RISC-V core of the GSP runs");
    }
    if !wpr2.is_set() {
        return wrong("booter_unload started although WPR2 is not set");
    }
    Ok(())
}

/// Checks the structure that says where suspended state is to be saved.
///
/// # Errors
/// The complaint against the driver.
pub fn check_save(
    address: u64,
    is_suspended: bool,
    cx: &Cx<'_>,
    effects: &mut Effects,
) -> Result<(), Refused> {
    if !is_suspended {
        return Err(Complaint::new(
            FalconRule::Unload,
            format!("booter_unload told to save, by {address:#x}, what is not suspended"),
        ));
    }
    let bytes = read_meta(address, cx, effects)?;
    check_save_area(&bytes, cx)
}

fn check_save_area(bytes: &[u8; wpr_meta::SIZE], cx: &Cx<'_>) -> Result<(), Refused> {
    let (magic, revision) = (wpr_meta::u64_at(bytes, 0), wpr_meta::u64_at(bytes, 8));
    if magic != wpr_meta::SUSPEND_MAGIC || revision != 2 {
        return Err(Complaint::new(
            GspRule::WprMeta,
            format!("save area with magic {magic:#x}, revision {revision}"),
        ));
    }
    let (table, size) = (wpr_meta::u64_at(bytes, 16), wpr_meta::u64_at(bytes, 24));
    radix3::walk(&cx.memory(), table, size).map_err(of_table)?;
    Ok(())
}
