// SPDX-License-Identifier: GPL-2.0

//! Signatures of FMC images, verified as FSP does it.
//!
//! A real FSP knows which keys it may trust. This one takes the key that it is given: what is
//! signed must be what is there, whoever has signed it.

use p384::ecdsa::{
    self,
    signature::hazmat::PrehashVerifier, //
};
use rsa::{
    pss,
    BigUint,
    RsaPublicKey, //
};
use sha2::{
    Digest,
    Sha384, //
};

use crate::chips::Family;

/// Bytes of an SHA-384.
pub const HASH_SIZE: usize = 48;
/// Exponent of all RSA keys; only the modulus is sent.
const RSA_EXPONENT: u32 = 65_537;

/// How images are signed, and with it the sizes of keys and signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSASSA-PSS with 3072 bits, SHA-384 and a salt of its size.
    Rsa3072,
    /// ECDSA on P-384: an uncompressed point, and two numbers.
    EcdsaP384,
}

impl Scheme {
    /// That of `family`.
    pub fn of(family: Family) -> Self {
        if family == Family::Hopper {
            Self::Rsa3072
        } else {
            Self::EcdsaP384
        }
    }

    /// Bytes of a public key.
    pub const fn key_size(self) -> usize {
        match self {
            Self::Rsa3072 => 384,
            Self::EcdsaP384 => 97,
        }
    }

    /// Bytes of a signature.
    pub const fn signature_size(self) -> usize {
        match self {
            Self::Rsa3072 => 384,
            Self::EcdsaP384 => 96,
        }
    }

    /// Was the image with `hash` signed by `key`? Both have the sizes of the scheme.
    ///
    /// # Errors
    /// What is wrong, for a complaint.
    pub fn verify(
        self,
        key: &[u8],
        hash: &[u8; HASH_SIZE],
        signature: &[u8],
    ) -> Result<(), &'static str> {
        let invalid = "signature is not one of this image by this key";
        match self {
            Self::Rsa3072 => {
                let modulus = BigUint::from_bytes_be(key);
                let key = RsaPublicKey::new(modulus, RSA_EXPONENT.into())
                    .map_err(|_| "public key is no RSA modulus")?;
                let signature = pss::Signature::try_from(signature).map_err(|_| invalid)?;
                pss::VerifyingKey::<Sha384>::new(key)
                    .verify_prehash(hash, &signature)
                    .map_err(|_| invalid)
            }
            Self::EcdsaP384 => {
                let key = ecdsa::VerifyingKey::from_sec1_bytes(key)
                    .map_err(|_| "public key is no uncompressed point of P-384")?;
                let signature = ecdsa::Signature::from_slice(signature).map_err(|_| invalid)?;
                key.verify_prehash(hash, &signature).map_err(|_| invalid)
            }
        }
    }
}

/// SHA-384 of `bytes`.
pub fn hash(bytes: &[u8]) -> [u8; HASH_SIZE] {
    Sha384::digest(bytes).into()
}
