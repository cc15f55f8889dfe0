// SPDX-License-Identifier: GPL-2.0

//! What FWSEC does: sets up the region for FRTS, or puts back what was there before boot.

use crate::{
    chips::{
        Chip,
        Family, //
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

use super::wpr2::Wpr2;

/// Interface that holds the command.
const DMEM_MAPPER: u32 = 4;
const MAPPER_SIZE: usize = 64;
const INIT_COMMAND: usize = 0x2c;
const FRTS: u32 = 0x15;
const SB: u32 = 0x19;
/// The command block of FRTS, and of SB.
const FRTS_BLOCK: usize = 44;
const SB_BLOCK: usize = 24;
const IN_FRAMEBUFFER: u32 = 2;
const FRTS_PAGES: u32 = 0x100;
const FRTS_ALIGNMENT: u64 = 128 << 10;
const PAGE_SHIFT: u32 = 12;

/// What the driver asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A region at this address, of this many bytes.
    Frts {
        /// First byte in VRAM.
        start: u64,
        /// Bytes.
        size: u64,
    },
    /// The state before boot.
    Sb,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// Start of the DMEM mapper in `dmem`.
fn mapper(dmem: &[u8], interface: usize) -> Option<usize> {
    let [version, header, entry_size, count] = u32_at(dmem, interface)?.to_le_bytes();
    if version != 1 {
        return None;
    }
    let at = (0..usize::from(count))
        .map(|i| interface + usize::from(header) + i * usize::from(entry_size))
        .find(|at| u32_at(dmem, *at) == Some(DMEM_MAPPER))?;
    let mapper = u32_at(dmem, at + 4)? as usize;
    let whole = dmem.get(mapper..mapper.checked_add(MAPPER_SIZE)?)?;
    whole.starts_with(b"DMAP").then_some(mapper)
}

/// Is `dmem` the data that the VBIOS holds, but for what a driver has to change in it?
///
/// # Errors
/// The complaint against the driver, which names the first byte that differs.
pub fn check_data(fwsec: &Fwsec, dmem: &[u8]) -> Result<(), Complaint> {
    let mut changed = Vec::new();
    if let Some(mapper) = mapper(&fwsec.dmem, fwsec.interface) {
        changed.push(mapper + INIT_COMMAND..mapper + INIT_COMMAND + 4);
        let at = u32_at(&fwsec.dmem, mapper + 8).unwrap_or(0) as usize;
        let size = u32_at(&fwsec.dmem, mapper + 0xc).unwrap_or(0) as usize;
        changed.push(at..at.saturating_add(size));
    }
    if let Signing::Outside { at, .. } = fwsec.signing {
        let at = at as usize;
        changed.push(at..at + crate::falcon::brom::SIGNATURE_SIZE);
    }
    let differs = fwsec
        .dmem
        .iter()
        .zip(dmem)
        .enumerate()
        .filter(|(i, _)| !changed.iter().any(|range| range.contains(i)))
        .find(|(_, (want, got))| want != got);
    match differs {
        None if dmem.len() >= fwsec.dmem.len() => Ok(()),
        None => Err(Complaint::new(
            FalconRule::Signature,
            format!(
                "FWSEC has {:#x} bytes of data, {:#x} were loaded",
                fwsec.dmem.len(),
                dmem.len()
            ),
        )),
        Some((at, _)) => Err(Complaint::new(
            FalconRule::Signature,
            format!("data of FWSEC differs from the VBIOS at {at:#x}"),
        )),
    }
}

/// Reads the command that the driver put into `dmem`.
///
/// # Errors
/// The complaint against the driver.
pub fn command(fwsec: &Fwsec, dmem: &[u8]) -> Result<Command, Complaint> {
    let wrong = |what: String| Complaint::new(FalconRule::Frts, what);
    let Some(mapper) = mapper(dmem, fwsec.interface) else {
        return Err(wrong("FWSEC finds no DMEM mapper in its data".into()));
    };
    let init = u32_at(dmem, mapper + INIT_COMMAND).unwrap_or(0);
    let len = match init {
        FRTS => FRTS_BLOCK,
        SB => SB_BLOCK,
        other => return Err(wrong(format!("FWSEC has no command {other:#x}"))),
    };
    let at = u32_at(dmem, mapper + 8).unwrap_or(u32::MAX) as usize;
    let Some(block) = at.checked_add(len).and_then(|end| dmem.get(at..end)) else {
        return Err(wrong(format!(
            "command buffer at {at:#x} is outside data memory"
        )));
    };
    let word = |i: usize| u32_at(block, 4 * i).unwrap_or(0);
    let vbios = [word(0), word(1), word(2), word(3), word(4), word(5)];
    if vbios != [1, 24, 0, 0, 0, 2] {
        return Err(wrong(format!("VBIOS part of the command is {vbios:x?}")));
    }
    if init == SB {
        return Ok(Command::Sb);
    }
    let region = [word(6), word(7), word(10)];
    if region != [1, 20, IN_FRAMEBUFFER] {
        return Err(wrong(format!(
            "version, size and medium of the FRTS region are {region:x?}"
        )));
    }
    Ok(Command::Frts {
        start: u64::from(word(8)) << PAGE_SHIFT,
        size: u64::from(word(9)) << PAGE_SHIFT,
    })
}

/// May a region be set up at `start`?
///
/// # Errors
/// The complaint against the driver.
pub fn check_frts(
    chip: &Chip,
    vram: u64,
    wpr2: Wpr2,
    start: u64,
    size: u64,
) -> Result<(), Complaint> {
    let wrong = |what: String| Err(Complaint::new(FalconRule::Frts, what));
    if chip.family == Family::Ga100 {
        return wrong("FRTS on GA100, which has none".into());
    }
    if wpr2.is_set() {
        return wrong("FRTS while WPR2 is set".into());
    }
    if size != u64::from(FRTS_PAGES) << PAGE_SHIFT {
        return wrong(format!("FRTS region of {size:#x} bytes; it has 1 MiB"));
    }
    if start % FRTS_ALIGNMENT != 0 {
        return wrong(format!("FRTS region at {start:#x} is not 128 KiB aligned"));
    }
    if start + size > vram {
        return wrong(format!("FRTS region at {start:#x} ends outside VRAM"));
    }
    Ok(())
}
