// SPDX-License-Identifier: GPL-2.0

//! The ports through which the CPU writes falcon memory word by word, on Turing and GA100.

use super::{
    memory::{
        Dmem,
        Imem,
        BLOCK, //
    },
    regs::bits,
};
use crate::{
    engines::{
        flag,
        Effects, //
    },
    violations::FalconRule,
};

/// Bits of the control registers that hold the address, on Turing.
const ADDRESS: u32 = 0x0000_fffc;
const STORED: u32 = ADDRESS | bits::AINCW | bits::AINCR | bits::SECURE;

/// The first port of each memory.
#[derive(Debug, Default)]
pub struct Ports {
    imemc: u32,
    imemt: u32,
    dmemc: u32,
    /// A tag was written since the last block was begun.
    tag_is_fresh: bool,
    /// Words of the current block that were written, if one was begun in order.
    words: usize,
    /// The current block must not become valid.
    spoilt: bool,
}

impl Ports {
    /// `IMEMC` as it reads: the address has moved on.
    pub fn imemc(&self) -> u32 {
        self.imemc
    }

    /// `IMEMT`.
    pub fn imemt(&self) -> u32 {
        self.imemt
    }

    /// `DMEMC` as it reads.
    pub fn dmemc(&self) -> u32 {
        self.dmemc
    }

    /// Sets the address of the instruction port.
    pub fn set_imemc(&mut self, value: u32) -> Effects {
        let mut effects = self.incomplete("the port was moved");
        self.imemc = value & STORED;
        self.spoilt = false;
        let is_upload = value & bits::AINCR == 0;
        if is_upload && value & bits::AINCW == 0 {
            self.spoilt = true;
            effects.push(flag(
                FalconRule::PioSequence,
                "instruction port without auto-increment",
            ));
        }
        if is_upload && (value & ADDRESS) as usize % BLOCK != 0 {
            self.spoilt = true;
            effects.push(flag(
                FalconRule::PioSequence,
                format!(
                    "instruction port set to {:#x}, inside a block",
                    value & ADDRESS
                ),
            ));
        }
        effects
    }

    /// Sets the tag of the block that comes next.
    pub fn set_imemt(&mut self, value: u32) -> Effects {
        let effects = if self.words % (BLOCK / 4) == 0 {
            Effects::new()
        } else {
            vec![flag(
                FalconRule::PioSequence,
                "tag written in the middle of a block",
            )]
        };
        self.imemt = value;
        self.tag_is_fresh = true;
        effects
    }

    /// Writes a word of code.
    pub fn write_imem(&mut self, value: u32, imem: &mut Imem) -> Effects {
        let mut effects = Effects::new();
        let at = (self.imemc & ADDRESS) as usize;
        if at % BLOCK == 0 {
            self.words = 0;
            if !self.tag_is_fresh {
                self.spoilt = true;
                effects.push(flag(
                    FalconRule::PioSequence,
                    format!("block at {at:#x} begun without a tag"),
                ));
            }
            self.tag_is_fresh = false;
        }
        imem.write_port(at, value);
        self.words += 1;
        if self.words == BLOCK / 4 {
            self.words = 0;
            if !self.spoilt {
                let secure = self.imemc & bits::SECURE != 0;
                let duplicate = imem.complete(at / BLOCK, self.imemt, secure);
                effects.extend(duplicate.map(super::duplicate_tag));
            }
            self.spoilt = self.imemc & bits::AINCW == 0;
        }
        if self.imemc & bits::AINCW != 0 {
            self.imemc = advance(self.imemc);
        }
        effects
    }

    /// Reads a word of code; secure code reads as zero.
    pub fn read_imem(&mut self, imem: &Imem) -> u32 {
        let value = imem.read_port((self.imemc & ADDRESS) as usize);
        if self.imemc & bits::AINCR != 0 {
            self.imemc = advance(self.imemc);
        }
        value
    }

    /// Sets the address of the data port.
    pub fn set_dmemc(&mut self, value: u32) {
        self.dmemc = value & STORED;
    }

    /// Writes a word of data.
    pub fn write_dmem(&mut self, value: u32, dmem: &mut Dmem) {
        let fits = dmem.put((self.dmemc & ADDRESS) as usize, &value.to_le_bytes());
        debug_assert!(fits, "the address has 16 bits");
        if self.dmemc & bits::AINCW != 0 {
            self.dmemc = advance(self.dmemc);
        }
    }

    /// Reads a word of data.
    pub fn read_dmem(&mut self, dmem: &Dmem) -> u32 {
        let value = dmem.dword((self.dmemc & ADDRESS) as usize);
        if self.dmemc & bits::AINCR != 0 {
            self.dmemc = advance(self.dmemc);
        }
        value.unwrap_or(0)
    }

    /// A block that was begun and not finished, if there is one. `why` says why it matters now.
    pub fn incomplete(&mut self, why: &str) -> Effects {
        let words = std::mem::take(&mut self.words);
        if words == 0 {
            return Effects::new();
        }
        vec![flag(
            FalconRule::PioSequence,
            format!("block left with {words} of 64 words when {why}"),
        )]
    }
}

fn advance(control: u32) -> u32 {
    control & !ADDRESS | control.wrapping_add(4) & ADDRESS
}
