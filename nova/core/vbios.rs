// SPDX-License-Identifier: GPL-2.0

//! The card's own ROM, read through its window in BAR0.
//!
//! Each word is a slow access, and the parser asks only for those it needs.

use crate::{
    driver::Bar0,
    identify::is_gone, //
};
use core::convert::Infallible;
use kernel::{
    device::Bound,
    io::{
        register,
        register::Array,
        Io, //
    },
    pci,
    prelude::*, //
};
use kernel_glue::{
    compat::error::code::EOPNOTSUPP,
    fmt::Plain, //
};
use nova_firmware::vbios::{
    Kind,
    ReadError,
    RomSource,
    VbiosError,
    WINDOW_SIZE, //
};

register! {
    /// The ROM, word by word.
    NV_PROM_DATA(u32)[0x4_0000] @ 0x00300000 {
        31:0 data;
    }
}

const _: () = assert!(0x4_0000 * 4 == WINDOW_SIZE);

/// The ROM. May be read once the card's own firmware has finished.
pub(crate) struct Rom<'a>(pub(crate) &'a Bar0<'a>);

impl RomSource for Rom<'_> {
    // Whatever is read may be what stands in the ROM: no value tells a failure.
    type Error = Infallible;

    fn read(&mut self, offset: usize, out: &mut [u8]) -> Result<(), Infallible> {
        let words = out.chunks_exact_mut(4).zip(offset / 4..);
        for (out, index) in words {
            let word = match NV_PROM_DATA::try_at(index) {
                Some(register) => self.0.read(register).into_raw(),
                // Behind the end of the window, as behind that of the ROM.
                None => u32::MAX,
            };
            out.copy_from_slice(&word.to_le_bytes());
        }
        Ok(())
    }
}

/// Logs what is wrong with the ROM, and gives the errno.
pub(crate) fn complain(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    error: ReadError<Infallible>,
) -> Error {
    let at = match error {
        ReadError::Rom(at) => at,
        ReadError::Source(never) => match never {},
    };
    if is_gone(dev, bar) {
        return ENODEV;
    }
    dev_err!(
        dev,
        "VBIOS is malformed: {}; power-cycle the machine, and if that does not help flash the card's VBIOS anew\n",
        Plain(at)
    );
    errno(at.reason)
}

fn errno(error: VbiosError) -> Error {
    match error.kind() {
        Kind::Malformed => EINVAL,
        Kind::NotFound => ENOENT,
        Kind::OutOfRange => ERANGE,
        Kind::Overflow => EOVERFLOW,
        Kind::Unsupported => EOPNOTSUPP,
    }
}
