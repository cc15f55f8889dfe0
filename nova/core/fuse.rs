// SPDX-License-Identifier: GPL-2.0

//! Fuses that say which version of a signed program the card accepts, from GA102 on.

use crate::driver::Bar0;
use kernel::{
    io::{
        register,
        register::Array,
        Io, //
    },
    prelude::*, //
};
use nova_firmware::booter::FuseBank;

// One register for each ucode id, from 1. The version is the number of the highest bit set, from 1.
register! {
    NV_FUSE_OPT_FPF_NVDEC_UCODE_VERSION(u32)[16] @ 0x00824100 {
        15:0 data;
    }

    NV_FUSE_OPT_FPF_SEC2_UCODE_VERSION(u32)[16] @ 0x00824140 {
        15:0 data;
    }

    NV_FUSE_OPT_FPF_GSP_UCODE_VERSION(u32)[16] @ 0x008241c0 {
        15:0 data;
    }
}

/// Reads the register for the program that has the number `ucode_id` among those of an engine.
///
/// # Errors
///
/// `EINVAL` if there is none: numbers go from 1 to 16.
pub(crate) fn ucode_version(bar: &Bar0<'_>, bank: FuseBank, ucode_id: u8) -> Result<u32> {
    let index = usize::from(ucode_id).checked_sub(1).ok_or(EINVAL)?;

    macro_rules! read {
        ($register:ident) => {
            bar.read($register::try_at(index).ok_or(EINVAL)?).into_raw()
        };
    }
    Ok(match bank {
        FuseBank::Nvdec => read!(NV_FUSE_OPT_FPF_NVDEC_UCODE_VERSION),
        FuseBank::Sec2 => read!(NV_FUSE_OPT_FPF_SEC2_UCODE_VERSION),
        FuseBank::Gsp => read!(NV_FUSE_OPT_FPF_GSP_UCODE_VERSION),
    })
}
