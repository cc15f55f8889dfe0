// SPDX-License-Identifier: GPL-2.0

//! `GSP_FMC_BOOT_PARAMS`: where the first image on the GSP of Hopper and later finds what it starts.

use super::{
    wire::{
        is_page,
        Wire, //
    },
    wpr_meta, //
};
use core::fmt;

/// Bytes of the structure.
pub const SIZE: usize = 80;

/// Offsets of the fields that are written, under their published names.
mod at {
    pub(super) const RM_BOOT_TARGET: usize = 8;
    pub(super) const GSP_RM_DESC_SIZE: usize = 12;
    pub(super) const GSP_RM_DESC_OFFSET: usize = 16;
    pub(super) const IS_GSP_RM_BOOT: usize = 36;
    pub(super) const RM_TARGET: usize = 40;
    pub(super) const BOOT_ARGS_OFFSET: usize = 48;
}

const COHERENT_SYSTEM_MEMORY: u32 = 1;
const NON_COHERENT_SYSTEM_MEMORY: u32 = 2;

/// Where things are. Both are DMA addresses of whole pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FmcBootParams {
    /// Address of `GspFwWprMeta`.
    pub wpr_meta: u64,
    /// Address of the LibOS table.
    pub libos_table: u64,
}

/// An address that is 0 or inside a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadAddress(pub u64);

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} is no page's address", self.0)
    }
}

impl core::error::Error for BadAddress {}

impl FmcBootParams {
    /// The structure's bytes.
    ///
    /// # Errors
    ///
    /// [`BadAddress`].
    pub fn encode(&self) -> Result<[u8; SIZE], BadAddress> {
        for address in [self.wpr_meta, self.libos_table] {
            if !is_page(address) {
                return Err(BadAddress(address));
            }
        }
        let mut params = Wire::<SIZE>::zeroed();
        // CAST: a small constant.
        params
            .put_u32::<{ at::RM_BOOT_TARGET }>(COHERENT_SYSTEM_MEMORY)
            .put_u32::<{ at::GSP_RM_DESC_SIZE }>(wpr_meta::SIZE as u32)
            .put_u64::<{ at::GSP_RM_DESC_OFFSET }>(self.wpr_meta)
            .put_u8::<{ at::IS_GSP_RM_BOOT }>(1)
            .put_u32::<{ at::RM_TARGET }>(NON_COHERENT_SYSTEM_MEMORY)
            .put_u64::<{ at::BOOT_ARGS_OFFSET }>(self.libos_table);
        Ok(params.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::words;
    use sha2::{
        Digest,
        Sha256, //
    };
    use std::format;

    const PARAMS: FmcBootParams = FmcBootParams {
        wpr_meta: 0x1_2345_6000,
        libos_table: 0x7_89ab_c000,
    };

    #[test]
    fn parameters_are_as_published() {
        let want = words(&[
            0,
            0,
            1,
            256,
            0x2345_6000,
            1,
            0,
            0,
            0,
            1,
            2,
            0,
            0x89ab_c000,
            7,
            0,
            0,
            0,
            0,
            0,
            0,
        ]);
        assert_eq!(PARAMS.encode().unwrap()[..], want);
    }

    #[test]
    fn parameters_have_the_known_hash() {
        let params = FmcBootParams {
            wpr_meta: 0x1_2360_0000,
            libos_table: 0x1_2370_0000,
        };
        assert_eq!(
            format!("{:x}", Sha256::digest(params.encode().unwrap())),
            "1dc2977e5815eb51b8c5523c54e3ce5a91fad3c58af121a72ff15cd4d7300325"
        );
    }

    #[test]
    fn addresses_are_of_whole_pages() {
        let meta = FmcBootParams {
            wpr_meta: 0x1_2345_6100,
            ..PARAMS
        };
        assert_eq!(meta.encode(), Err(BadAddress(0x1_2345_6100)));
        let table = FmcBootParams {
            libos_table: 0,
            ..PARAMS
        };
        assert_eq!(table.encode(), Err(BadAddress(0)));
    }
}
