// SPDX-License-Identifier: GPL-2.0

//! The FMC image in the guest's memory. Nobody tells FSP how long it is: its header does.

use crate::dma::{
    DmaError,
    Master, //
};

/// Bytes of the header.
const HEADER: u64 = 0x48;
/// Longest image. Real ones have a fifth of it.
const LONGEST: u64 = 1 << 20;

/// Why there is no image.
#[derive(Debug, PartialEq, Eq)]
pub enum ImageError {
    /// FSP cannot read it.
    Dma(DmaError),
    /// It does not begin as images do.
    Header(String),
}

/// Reads the image at `address`, and not one byte more.
///
/// # Errors
/// [`ImageError`]
pub fn read(memory: &Master<'_>, address: u64) -> Result<Vec<u8>, ImageError> {
    let mut header = [0; HEADER as usize];
    memory.read(address, &mut header).map_err(ImageError::Dma)?;
    let [_, _, header_len, _, a, b, c, d, ..] = header;
    let body = u64::from(u32::from_le_bytes([a, b, c, d]));
    let len = HEADER + body;
    if u64::from(header_len) != HEADER {
        return Err(ImageError::Header(format!(
            "FMC image has a header of {header_len:#x} bytes instead of {HEADER:#x}"
        )));
    }
    if body < 8 || len > LONGEST {
        return Err(ImageError::Header(format!(
            "FMC image has {len:#x} bytes by its header"
        )));
    }
    // CAST: bounded above.
    let mut image = vec![0; len as usize];
    memory.read(address, &mut image).map_err(ImageError::Dma)?;
    Ok(image)
}
