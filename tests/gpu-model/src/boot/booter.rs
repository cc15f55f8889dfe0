// SPDX-License-Identifier: GPL-2.0

//! What booter does on SEC2: verifies the driver's plan, takes GSP-RM into the protected region,
//! starts the GSP; or takes all that down again.

use std::ops::Range;

use super::{
    firmware_dir::GspFiles,
    loader::{
        Loader,
        Refused, //
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
    engines::{
        Cx,
        Effects, //
    },
    falcon::Falcon,
    violations::{
        Complaint,
        FalconRule, //
    },
};

/// What booter leaves in `MAILBOX0` when it refuses: the drivers know no code but "failed".
pub const FAILED: u32 = 0xff;

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

/// For messages and the trace.
const BOOTER: Loader = Loader("booter");

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
    let bytes = BOOTER.read_meta(address, cx, effects)?;
    let magic = wpr_meta::u64_at(&bytes, 0);
    if magic == wpr_meta::SUSPEND_MAGIC {
        return resume(situation, &bytes, cx);
    }
    if magic != wpr_meta::MAGIC {
        return Err(BOOTER.of_plan(Wrong(format!("magic is {magic:#x}"))));
    }
    situation.check_cold()?;
    let chip = situation.chip;
    let vram = cx.vram.size();
    let plan = |bytes| {
        let meta = WprMeta::parse(bytes)?;
        meta.check_layout(chip, vram, situation.wpr2)?;
        meta.check_host(chip.family.dma_bits())?;
        Ok(meta)
    };
    let meta: WprMeta = plan(&bytes).map_err(|wrong| BOOTER.of_plan(wrong))?;
    let memory = BOOTER.fetch(&meta, situation.files, cx, effects)?;
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
    BOOTER.check_save_area(bytes, cx)?;
    Ok(Load {
        region: region.clone(),
        meta: None,
        memory: Vec::new(),
    })
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
    let bytes = BOOTER.read_meta(address, cx, effects)?;
    BOOTER.check_save_area(&bytes, cx)
}
