// SPDX-License-Identifier: GPL-2.0

//! The generic bootloader of Turing and GA100: fetches a program by a descriptor that the driver
//! puts at the start of data memory.

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
    falcon::{
        memory::{
            self,
            BLOCK, //
        },
        Falcon, //
    },
    vbios::fwsec::{
        Fwsec,
        Signing, //
    },
    violations::{
        BusRule,
        Complaint,
        FalconRule, //
    },
};

use super::catalogue::GENERIC_BOOTLOADER_LEN;

/// Bytes of the descriptor.
const DESCRIPTOR: usize = 84;
/// Low bits of an aperture: physical, in system memory that is coherent or not.
const SYSTEM_MEMORY: [u32; 2] = [5, 6];

/// The descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    aperture: u32,
    code_base: u64,
    plain: (u32, u32),
    secure: (u32, u32),
    data_base: u64,
    data_size: u32,
}

impl Descriptor {
    /// Reads the descriptor in data memory.
    ///
    /// # Errors
    /// The complaint against the driver.
    pub fn read(falcon: &Falcon) -> Result<Self, Complaint> {
        let wrong = |what: String| Err(Complaint::new(FalconRule::DmaShape, what));
        let word = |at: usize| falcon.dmem.dword(at).unwrap_or(0);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let descriptor = Self {
            aperture: word(0x20),
            code_base: long(0x24),
            plain: (word(0x2c), word(0x30)),
            secure: (word(0x34), word(0x38)),
            data_base: long(0x40),
            data_size: word(0x48),
        };
        if (0..0x20).step_by(4).any(|at| word(at) != 0) {
            return wrong("reserved words of the bootloader's descriptor are not zero".into());
        }
        if [0x3c, 0x4c, 0x50].iter().any(|at| word(*at) != 0) {
            return wrong("entry point or arguments in the bootloader's descriptor".into());
        }
        debug_assert_eq!(DESCRIPTOR, 0x54);
        if (descriptor.code_base | descriptor.data_base) % BLOCK as u64 != 0 {
            return wrong(format!(
                "bases {:#x} and {:#x} of code and data are not 256-aligned",
                descriptor.code_base, descriptor.data_base
            ));
        }
        let parts = [descriptor.plain.0, descriptor.plain.1, descriptor.secure.0];
        if parts.iter().any(|value| value % BLOCK as u32 != 0) {
            return wrong(format!(
                "offsets and sizes {parts:x?} of code are not multiples of 256"
            ));
        }
        let room = memory::SIZE - GENERIC_BOOTLOADER_LEN;
        let end = |part: (u32, u32)| part.0 as usize + part.1 as usize;
        if end(descriptor.plain).max(end(descriptor.secure)) > room {
            return wrong("code would overwrite the bootloader".into());
        }
        if descriptor.data_size as usize > memory::SIZE {
            return wrong(format!("{:#x} bytes of data", descriptor.data_size));
        }
        Ok(descriptor)
    }

    /// Can the falcon use the aperture that the descriptor names?
    ///
    /// # Errors
    /// The complaint against the driver.
    pub fn check_aperture(&self, falcon: &Falcon) -> Result<(), Complaint> {
        let config = falcon.aperture(self.aperture as usize);
        if !config.is_some_and(|config| SYSTEM_MEMORY.contains(&(config & 7))) {
            return Err(Complaint::new(
                FalconRule::DmaAperture,
                format!(
                    "bootloader told to use aperture {}, which is not physical system memory",
                    self.aperture
                ),
            ));
        }
        if !falcon.dma_allowed() {
            return Err(Complaint::new(
                FalconRule::DmaNotAllowed,
                "bootloader started although physical DMA is not allowed",
            ));
        }
        Ok(())
    }

    /// Guest memory that the bootloader reads.
    pub fn memory(&self) -> [std::ops::Range<u64>; 3] {
        let part = |base: u64, (offset, size): (u32, u32)| {
            let start = base.saturating_add(u64::from(offset));
            start..start.saturating_add(u64::from(size))
        };
        [
            part(self.code_base, self.plain),
            part(self.code_base, self.secure),
            part(self.data_base, (0, self.data_size)),
        ]
    }

    /// Fetches code and data into `falcon`, and checks that they are `fwsec`.
    ///
    /// # Errors
    /// The complaint against the driver.
    pub fn fetch(
        &self,
        falcon: &mut Falcon,
        fwsec: &Fwsec,
        cx: &Cx<'_>,
        effects: &mut Effects,
    ) -> Result<(), Complaint> {
        let Signing::Inside { non_secure } = fwsec.signing else {
            return Err(Complaint::new(
                FalconRule::Signature,
                "FWSEC of this VBIOS is not made for the generic bootloader",
            ));
        };
        let [plain, secure, data] = self.memory();
        let plain = read(plain, cx, effects)?;
        let secure = read(secure, cx, effects)?;
        let data = read(data, cx, effects)?;
        let (front, rest) = fwsec.imem.split_at(non_secure.min(fwsec.imem.len()));
        if plain.len() != front.len()
            || secure.len().next_multiple_of(BLOCK) != rest.len().next_multiple_of(BLOCK)
        {
            return Err(Complaint::new(
                FalconRule::SecureMark,
                format!(
                    "FWSEC has {:#x} bytes of plain and {:#x} of secure code; the descriptor says {:#x} and {:#x}",
                    front.len(), rest.len(), plain.len(), secure.len()
                ),
            ));
        }
        if plain != front || !secure.starts_with(rest) {
            return Err(Complaint::new(
                FalconRule::Signature,
                "code that the bootloader fetched is not FWSEC of this VBIOS",
            ));
        }
        install(falcon, self.plain.0, &plain, false);
        install(falcon, self.secure.0, &secure, true);
        super::fwsec::check_data(fwsec, &data)?;
        let fits = falcon.dmem.put(0, &data);
        debug_assert!(fits, "checked with the descriptor");
        Ok(())
    }
}

fn read(
    range: std::ops::Range<u64>,
    cx: &Cx<'_>,
    effects: &mut Effects,
) -> Result<Vec<u8>, Complaint> {
    let len = range.end - range.start;
    // CAST: at most the size of falcon memory.
    let mut bytes = vec![0; len as usize];
    cx.memory().read(range.start, &mut bytes).map_err(|error| {
        let what = format!("bootloader cannot fetch: {error}");
        match error {
            DmaError::BusMasterOff => Complaint::new(BusRule::BusMasterOff, what),
            _ => Complaint::new(FalconRule::DmaAddress, what),
        }
    })?;
    effects.push(Effect::Transfer(Transfer {
        by: "GSP bootloader",
        direction: Direction::Read,
        address: range.start,
        len,
        // CAST: as above.
        blocks: len.div_ceil(BLOCK as u64),
    }));
    Ok(bytes)
}

fn install(falcon: &mut Falcon, at: u32, code: &[u8], secure: bool) {
    for (i, chunk) in code.chunks(BLOCK).enumerate() {
        let mut block = [0; BLOCK];
        block[..chunk.len()].copy_from_slice(chunk);
        let index = at as usize / BLOCK + i;
        // CAST: fewer than 2^16 blocks.
        falcon.imem.fill(index, index as u32, secure, &block);
    }
}
