// SPDX-License-Identifier: GPL-2.0

//! Which program does a falcon start? Found by what was loaded, and judged as the hardware would
//! judge it: tags, secure marks, signatures.

use super::catalogue::{
    self,
    hash,
    Signatures,
    Ucode, //
};
use crate::{
    falcon::{
        brom,
        memory::BLOCK,
        Falcon,
        Which, //
    },
    vbios::fwsec::{
        Fwsec,
        Signing, //
    },
    violations::{
        Complaint,
        FalconRule, //
    },
};

/// A program that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program<'a> {
    /// Nothing was loaded since reset: the core stops at once. A driver may do that on the GSP.
    Nothing,
    /// What GSP-RM has the driver run while it boots. It is not signed in any way.
    Sequencer,
    /// The generic bootloader, which fetches another program.
    Bootloader,
    /// FWSEC, loaded directly.
    Fwsec(&'a Fwsec),
    /// A program of the catalogue.
    Ucode(&'a Ucode),
}

/// Why nothing runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The core found no code at its boot vector.
    NoCode(Complaint),
    /// The hardware did not accept the code.
    Rejected(Complaint),
}

/// The fuse version that counts for a program, on the chip at hand.
pub type FuseVersion<'a> = &'a dyn Fn(Which, u32) -> u32;

/// All programs that are known.
pub struct Programs<'a, 'f> {
    /// Code of the generic bootloader.
    pub bootloader: catalogue::Hash,
    /// Programs for SEC2.
    pub catalogue: &'a [Ucode],
    /// FWSEC of the VBIOS.
    pub fwsec: Option<&'a Fwsec>,
    /// Directory of the firmware for the chip at hand.
    pub directory: &'f str,
    /// Its fuses.
    pub fuse_version: FuseVersion<'f>,
}

/// Finds the program at the boot vector of `falcon`.
///
/// # Errors
/// [`Refusal`] with the complaint against the driver.
pub fn identify<'a>(
    falcon: &Falcon,
    by_dma: bool,
    programs: &Programs<'a, '_>,
) -> Result<Program<'a>, Refusal> {
    let Some(entry) = falcon.entry_block() else {
        if falcon.which() == Which::Gsp && falcon.imem.is_untouched() {
            return Ok(Program::Nothing);
        }
        return Err(Refusal::NoCode(Complaint::new(
            FalconRule::BootVector,
            format!(
                "no valid block has the tag of boot vector {:#x}",
                falcon.bootvec()
            ),
        )));
    };
    let found = Found {
        falcon,
        entry,
        by_dma,
    };
    found.program(programs).map_err(Refusal::Rejected)
}

struct Found<'f> {
    falcon: &'f Falcon,
    entry: usize,
    by_dma: bool,
}

impl Found<'_> {
    fn code(&self, block: usize, len: usize) -> Option<&[u8]> {
        self.falcon.imem.bytes(block * BLOCK, len)
    }

    fn has(&self, block: usize, len: usize, want: &catalogue::Hash) -> bool {
        self.code(block, len)
            .is_some_and(|code| hash(code) == *want)
    }

    fn program<'a>(&self, programs: &Programs<'a, '_>) -> Result<Program<'a>, Complaint> {
        let fuse_version = programs.fuse_version;
        let bootloader = catalogue::GENERIC_BOOTLOADER_LEN;
        if !self.by_dma && self.has(self.entry, bootloader, &programs.bootloader) {
            self.on_engine(Which::Gsp, "the generic bootloader")?;
            self.blocks(self.entry, bootloader, false)?;
            return Ok(Program::Bootloader);
        }
        let first = if self.by_dma {
            self.entry
        } else {
            self.entry + 1
        };
        let ucode = programs
            .catalogue
            .iter()
            .filter(|ucode| ucode.front.is_none() == self.by_dma)
            .find(|ucode| self.has(first, ucode.code_len, &ucode.code));
        if let Some(ucode) = ucode {
            self.ucode(ucode, first, programs.directory, fuse_version)?;
            return Ok(Program::Ucode(ucode));
        }
        if let Some(fwsec) = programs.fwsec.filter(|_| self.by_dma) {
            if self.code(first, fwsec.imem.len()) == Some(&fwsec.imem) {
                self.fwsec(fwsec, first, fuse_version)?;
                return Ok(Program::Fwsec(fwsec));
            }
        }
        let block = self.falcon.imem.block(self.entry);
        Err(if block.is_some_and(|block| block.secure) || !self.by_dma {
            Complaint::new(
                FalconRule::Signature,
                format!(
                    "code on {} is none for which there is a signature",
                    self.name()
                ),
            )
        } else {
            Complaint::new(
                FalconRule::SecureMark,
                format!("code on {} is not marked secure", self.name()),
            )
        })
    }

    fn name(&self) -> &'static str {
        self.falcon.which().name()
    }

    fn on_engine(&self, which: Which, program: &str) -> Result<(), Complaint> {
        if self.falcon.which() == which {
            return Ok(());
        }
        Err(Complaint::new(
            FalconRule::WrongEngine,
            format!(
                "{program} started on {}; it is for {}",
                self.name(),
                which.name()
            ),
        ))
    }

    /// Are all blocks of the code whole, with consecutive tags and the right mark?
    fn blocks(&self, first: usize, len: usize, secure: bool) -> Result<(), Complaint> {
        let tag = self.falcon.imem.block(first).map_or(0, |block| block.tag);
        for i in 0..len.div_ceil(BLOCK) {
            let Some(block) = self.falcon.imem.block(first + i) else {
                break;
            };
            // CAST: fewer than 2^16 blocks.
            let want_tag = tag + i as u32;
            let what = if !block.valid {
                (FalconRule::PioSequence, "is not whole".to_owned())
            } else if block.tag != want_tag {
                (
                    FalconRule::DuplicateTag,
                    format!("has the tag {:#x}, not {want_tag:#x}", block.tag),
                )
            } else if block.secure != secure {
                let not = if secure { "not " } else { "" };
                (FalconRule::SecureMark, format!("is {not}marked secure"))
            } else {
                continue;
            };
            return Err(Complaint::new(
                what.0,
                format!(
                    "block {:#x} of the code on {} {}",
                    first + i,
                    self.name(),
                    what.1
                ),
            ));
        }
        Ok(())
    }

    fn tag(&self, block: usize, want: u32, program: &str) -> Result<(), Complaint> {
        match self.falcon.imem.block(block) {
            Some(block) if block.tag != want => Err(Complaint::new(
                FalconRule::DuplicateTag,
                format!(
                    "{program} begins with the tag {:#x}, not {want:#x}",
                    block.tag
                ),
            )),
            _ => Ok(()),
        }
    }

    fn ucode(
        &self,
        ucode: &Ucode,
        first: usize,
        directory: &str,
        fuse_version: FuseVersion<'_>,
    ) -> Result<(), Complaint> {
        let name = &ucode.name;
        self.on_engine(Ucode::ENGINE, name)?;
        if ucode.directory != directory {
            return Err(Complaint::new(
                FalconRule::WrongEngine,
                format!("{name} started on a chip whose firmware is that of {directory}"),
            ));
        }
        if let Some(front) = &ucode.front {
            if !self.has(self.entry, BLOCK, front) {
                return Err(Complaint::new(
                    FalconRule::Signature,
                    format!("the block in front of {name} is not its own"),
                ));
            }
            self.blocks(self.entry, BLOCK, false)?;
        }
        self.blocks(first, ucode.code_len, true)?;
        // The code is linked for the second block in both cases.
        self.tag(first, 1, name)?;
        let at = match &ucode.signatures {
            Signatures::Some { at, len } => self.some_signature(*at, *len, name)?,
            Signatures::One {
                at,
                len,
                hash: want,
            } => {
                let range = self.some_signature(*at, *len, name)?;
                if self.falcon.dmem.bytes(*at, *len).map(hash) != Some(*want) {
                    return Err(wrong_signature(name, "is not that of the file"));
                }
                range
            }
            Signatures::Versions {
                wanted,
                first,
                hashes,
            } => {
                let signature = brom::signature(
                    &self.falcon.brom,
                    self.falcon.which(),
                    wanted,
                    &self.falcon.dmem,
                )?;
                let version = fuse_version(Ucode::ENGINE, wanted.ucode_id);
                let index = first.checked_sub(version).map(|index| index as usize);
                let want = index.and_then(|index| hashes.get(index)).copied().flatten();
                check_signature(
                    name,
                    signature,
                    version,
                    want.is_some_and(|want| want == hash(signature)),
                )?;
                let at = wanted.signature as usize;
                at..at + signature.len()
            }
        };
        self.data(ucode, at)
    }

    fn some_signature(
        &self,
        at: usize,
        len: usize,
        name: &str,
    ) -> Result<std::ops::Range<usize>, Complaint> {
        let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        match self.falcon.dmem.bytes(at, len) {
            Some(bytes) if !is_zero(bytes) => Ok(at..at + len),
            _ => Err(wrong_signature(name, "is all zeros")),
        }
    }

    fn data(&self, ucode: &Ucode, signature: std::ops::Range<usize>) -> Result<(), Complaint> {
        let (Some(want), Some(data)) = (ucode.data, self.falcon.dmem.bytes(0, ucode.data_len))
        else {
            return Ok(());
        };
        let mut data = data.to_vec();
        if let Some(place) = data.get_mut(signature) {
            place.fill(0);
        }
        if hash(&data) == want {
            return Ok(());
        }
        Err(Complaint::new(
            FalconRule::Signature,
            format!("data memory of {} differs from the file", ucode.name),
        ))
    }

    fn fwsec(
        &self,
        fwsec: &Fwsec,
        first: usize,
        fuse_version: FuseVersion<'_>,
    ) -> Result<(), Complaint> {
        self.on_engine(Which::Gsp, "FWSEC")?;
        self.blocks(first, fwsec.imem.len(), true)?;
        self.tag(first, 0, "FWSEC")?;
        let Signing::Outside {
            at,
            engine_mask,
            ucode_id,
            signatures,
            ..
        } = &fwsec.signing
        else {
            return Err(Complaint::new(
                FalconRule::Signature,
                "FWSEC of this VBIOS has no signature for the boot ROM",
            ));
        };
        let wanted = brom::Wanted {
            ucode_id: *ucode_id,
            engine_mask: *engine_mask,
            signature: *at,
        };
        let signature = brom::signature(
            &self.falcon.brom,
            self.falcon.which(),
            &wanted,
            &self.falcon.dmem,
        )?;
        // A development VBIOS has none.
        if !signatures.is_empty() {
            let version = fuse_version(Which::Gsp, *ucode_id);
            let want = fwsec.signature(version);
            check_signature("FWSEC", signature, version, want == Some(signature))?;
        }
        Ok(())
    }
}

fn check_signature(
    name: &str,
    signature: &[u8],
    version: u32,
    matches: bool,
) -> Result<(), Complaint> {
    if signature.iter().all(|byte| *byte == 0) {
        return Err(wrong_signature(name, "is all zeros"));
    }
    if !matches {
        return Err(wrong_signature(
            name,
            &format!("is not the one for fuse version {version}"),
        ));
    }
    Ok(())
}

fn wrong_signature(name: &str, what: &str) -> Complaint {
    Complaint::new(FalconRule::Signature, format!("signature of {name} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        boot::catalogue::Task,
        chips::Family,
        faults::falcon::FalconFaults, //
    };

    #[test]
    fn program_of_another_chip_is_known_and_not_accepted() {
        let mut falcon = Falcon::new(Which::Sec2, Family::Ga10x, FalconFaults::default());
        falcon.imem.fill(0, 1, true, &[9; BLOCK]);
        falcon.set_bootvec(0x100);
        assert!(falcon.dmem.put(0x10, &[7; 16]));
        let ucode = Ucode {
            name: "booter_load of ad102".into(),
            directory: "ad102".into(),
            task: Task::BooterLoad,
            code_len: BLOCK,
            code: hash(&[9; BLOCK]),
            front: None,
            data_len: 0x100,
            data: None,
            signatures: Signatures::Some { at: 0x10, len: 16 },
        };
        let programs = |directory| Programs {
            bootloader: catalogue::generic_bootloader(),
            catalogue: std::slice::from_ref(&ucode),
            fwsec: None,
            directory,
            fuse_version: &|_, _| 0,
        };
        let own = identify(&falcon, true, &programs("ad102"));
        assert_eq!(own, Ok(Program::Ucode(&ucode)));
        let Err(Refusal::Rejected(complaint)) = identify(&falcon, true, &programs("ga102")) else {
            panic!("accepted");
        };
        assert_eq!(complaint.rule, FalconRule::WrongEngine.into());
    }
}
