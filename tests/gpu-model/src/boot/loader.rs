// SPDX-License-Identifier: GPL-2.0

//! What the firmware that starts GSP-RM reads of guest memory, whichever firmware that is: booter on
//! SEC2, or the FMC on chips that boot through FSP.

use std::ops::Range;

use super::{
    firmware_dir::GspFiles,
    radix3::{
        self,
        TableError,
        PAGE, //
    },
    wpr_meta::{
        self,
        WprMeta,
        Wrong, //
    },
};
use crate::{
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
    violations::{
        BusRule,
        Complaint,
        GspRule,
        Rule, //
    },
};

/// A refusal: what to hold against the driver.
pub type Refused = Complaint;

/// Who reads, by the name that messages and the trace use.
#[derive(Clone, Copy, Debug)]
pub struct Loader(pub &'static str);

impl Loader {
    /// The refusal of a plan.
    pub fn of_plan(self, wrong: Wrong) -> Refused {
        Complaint::new(
            GspRule::WprMeta,
            format!("{} refuses the plan: {}", self.0, wrong.0),
        )
    }

    fn of_image(self, what: impl AsRef<str>) -> Refused {
        Complaint::new(
            GspRule::WprMeta,
            format!("{} refuses the image: {}", self.0, what.as_ref()),
        )
    }

    fn of_dma(self, what: &str, error: &DmaError) -> Refused {
        let rule: Rule = match error {
            DmaError::BusMasterOff => BusRule::BusMasterOff.into(),
            _ => BusRule::StrayDma.into(),
        };
        Complaint {
            rule,
            what: format!("{} cannot read {what}: {error}", self.0),
        }
    }

    fn of_table(self, error: TableError) -> Refused {
        match error {
            TableError::Dma(what, error) => self.of_dma(what, &error),
            TableError::Malformed(what) => self.of_image(what),
        }
    }

    /// Fills `out` from guest memory.
    ///
    /// # Errors
    /// The complaint against the driver; `what` says what could not be read.
    pub fn read(
        self,
        address: u64,
        out: &mut [u8],
        what: &str,
        cx: &Cx<'_>,
        effects: &mut Effects,
    ) -> Result<(), Refused> {
        cx.memory()
            .read(address, out)
            .map_err(|error| self.of_dma(what, &error))?;
        effects.push(self.transfer(address, out.len() as u64));
        Ok(())
    }

    fn transfer(self, address: u64, len: u64) -> Effect {
        Effect::Transfer(Transfer {
            by: self.0,
            direction: Direction::Read,
            address,
            len,
            blocks: 0,
        })
    }

    /// Reads the structure that describes a boot or a suspended state.
    ///
    /// # Errors
    /// The complaint against the driver.
    pub fn read_meta(
        self,
        address: u64,
        cx: &Cx<'_>,
        effects: &mut Effects,
    ) -> Result<[u8; wpr_meta::SIZE], Refused> {
        if address == 0 || address % wpr_meta::SIZE as u64 != 0 {
            return Err(self.of_plan(Wrong(format!(
                "its address {address:#x} is not a multiple of 256"
            ))));
        }
        let mut bytes = [0; wpr_meta::SIZE];
        self.read(address, &mut bytes, "its description", cx, effects)?;
        Ok(bytes)
    }

    /// Takes in bootloader, signature and image; compares them with the files, if there are any.
    /// Returns the guest memory that holds them.
    ///
    /// # Errors
    /// The complaint against the driver.
    pub fn fetch(
        self,
        meta: &WprMeta,
        files: Option<&GspFiles>,
        cx: &Cx<'_>,
        effects: &mut Effects,
    ) -> Result<Vec<Range<u64>>, Refused> {
        let differs =
            |what: &str| self.of_image(format!("{what} is not that of the firmware files"));
        // CAST: checked to be in VRAM, and 4 KiB.
        let mut bootloader = vec![0; meta.bootloader_size as usize];
        self.read(
            meta.bootloader,
            &mut bootloader,
            "the bootloader",
            cx,
            effects,
        )?;
        let mut signature = vec![0; meta.signature_size as usize];
        self.read(meta.signature, &mut signature, "the signature", cx, effects)?;
        if signature.iter().all(|byte| *byte == 0) {
            return Err(self.of_plan(Wrong("the signature of the image is all zeros".into())));
        }
        let pages = radix3::walk(&cx.memory(), meta.radix3, meta.image_size)
            .map_err(|error| self.of_table(error))?;
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
            self.compare_image(meta, &pages.data, files, cx)?;
        }
        effects.push(self.transfer(meta.radix3, meta.image_size));
        let page = |start: u64, len: u64| start..start + len.next_multiple_of(PAGE);
        let mut memory = pages.ranges();
        memory.push(page(meta.bootloader, meta.bootloader_size));
        memory.push(page(meta.signature, meta.signature_size));
        Ok(memory)
    }

    fn compare_image(
        self,
        meta: &WprMeta,
        pages: &[u64],
        files: &GspFiles,
        cx: &Cx<'_>,
    ) -> Result<(), Refused> {
        if meta.image_size != files.image_len() {
            return Err(self.of_image(format!(
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
                .map_err(|error| self.of_dma("a page of the image", &error))?;
            let want = files.image_page(at).map_err(|error| {
                self.of_image(format!("the model cannot read the firmware file: {error}"))
            })?;
            if got[..want.len()] != *want {
                return Err(
                    self.of_image(format!("it differs from the file in the page at {at:#x}"))
                );
            }
            if got[want.len()..].iter().any(|byte| *byte != 0) {
                return Err(self.of_image("the rest of its last page is not zero"));
            }
        }
        Ok(())
    }

    /// Checks the structure that says where suspended state is kept, and the table of its pages.
    ///
    /// # Errors
    /// The complaint against the driver.
    pub fn check_save_area(self, bytes: &[u8; wpr_meta::SIZE], cx: &Cx<'_>) -> Result<(), Refused> {
        let (magic, revision) = (wpr_meta::u64_at(bytes, 0), wpr_meta::u64_at(bytes, 8));
        if magic != wpr_meta::SUSPEND_MAGIC || revision != 2 {
            return Err(Complaint::new(
                GspRule::WprMeta,
                format!("save area with magic {magic:#x}, revision {revision}"),
            ));
        }
        let (table, size) = (wpr_meta::u64_at(bytes, 16), wpr_meta::u64_at(bytes, 24));
        radix3::walk(&cx.memory(), table, size).map_err(|error| self.of_table(error))?;
        Ok(())
    }
}
