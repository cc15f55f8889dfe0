// SPDX-License-Identifier: GPL-2.0

//! Whether an FMC image is what was signed: what FSP finds out before it starts one.
//!
//! The key is the one in the file. Whether the card accepts that key only the card knows.

use nova_firmware::fmc::{
    Fmc,
    Scheme,
    HASH_SIZE, //
};
use p384::ecdsa;
use rsa::{
    pss,
    signature::Verifier,
    BigUint,
    RsaPublicKey, //
};
use sha2::{
    Digest,
    Sha384, //
};

/// The exponent that goes with each modulus.
const RSA_EXPONENT: u32 = 65_537;

/// Bytes of salt in an RSA signature.
const SALT_SIZE: usize = 48;

/// The hash of an image.
pub(super) fn sha384(image: &[u8]) -> [u8; HASH_SIZE] {
    Sha384::digest(image).into()
}

/// Whether the signature is one of the image, made with the private half of the key.
pub(super) fn is_valid(fmc: &Fmc<'_>, scheme: Scheme) -> bool {
    match scheme {
        Scheme::Rsa3072 => is_valid_rsa(fmc),
        Scheme::EcdsaP384 => is_valid_ecdsa(fmc),
    }
    .is_some()
}

/// RSASSA-PSS; all numbers begin with their highest byte.
fn is_valid_rsa(fmc: &Fmc<'_>) -> Option<()> {
    let modulus = BigUint::from_bytes_be(fmc.public_key);
    let key = RsaPublicKey::new(modulus, RSA_EXPONENT.into()).ok()?;
    let key = pss::VerifyingKey::<Sha384>::new_with_salt_len(key, SALT_SIZE);
    let signature = pss::Signature::try_from(fmc.signature).ok()?;
    key.verify(fmc.image, &signature).ok()
}

/// ECDSA with a point that is not compressed; both numbers of the signature have 48 bytes.
fn is_valid_ecdsa(fmc: &Fmc<'_>) -> Option<()> {
    let key = ecdsa::VerifyingKey::from_sec1_bytes(fmc.public_key).ok()?;
    let signature = ecdsa::Signature::from_slice(fmc.signature).ok()?;
    key.verify(fmc.image, &signature).ok()
}

#[cfg(test)]
mod tests;
