// SPDX-License-Identifier: GPL-2.0

//! `fmc-*.bin`, signed in either way.

use super::{
    is_inside,
    judge, //
};
use nova_firmware::fmc::{
    Fmc,
    Scheme, //
};

pub(super) fn run(data: &[u8]) -> bool {
    [Scheme::Rsa3072, Scheme::EcdsaP384]
        .into_iter()
        .fold(false, |accepted, scheme| {
            let fmc = Fmc::parse(data, scheme);
            judge(&fmc);
            if let Ok(fmc) = &fmc {
                check(fmc, data, scheme);
            }
            accepted | fmc.is_ok()
        })
}

/// Checks what an FMC image promises; `file` is what it is from.
pub(super) fn check(fmc: &Fmc<'_>, file: &[u8], scheme: Scheme) {
    assert!(is_inside(fmc.image, file));
    // FSP takes for the image what its header says.
    let body = u32::from_le_bytes(fmc.image[4..8].try_into().expect("four bytes"));
    let said = u64::from(fmc.image[2]) + u64::from(body);
    assert_eq!(said, fmc.image.len() as u64);
    assert!(is_inside(fmc.hash, file));
    assert!(is_inside(fmc.public_key, file) && fmc.public_key.len() == scheme.public_key_size());
    assert!(is_inside(fmc.signature, file) && fmc.signature.len() == scheme.signature_size());
}
