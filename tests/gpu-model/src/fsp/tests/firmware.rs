// SPDX-License-Identifier: GPL-2.0

//! FMC images made up for tests, signed with keys that are made for each run of them.

use std::sync::LazyLock;

use p384::ecdsa::{
    self,
    signature::hazmat::PrehashSigner, //
};
use rsa::{
    pss,
    rand_core::{
        self,
        CryptoRng,
        RngCore, //
    },
    signature::{
        hazmat::RandomizedPrehashSigner,
        SignatureEncoding, //
    },
    traits::PublicKeyParts,
    RsaPrivateKey, //
};
use sha2::{
    Digest,
    Sha384, //
};

use crate::{
    boot::firmware_dir::FmcFile,
    chips::Chip,
    fsp::signature::Scheme, //
};

/// Numbers that look random and are always the same.
struct Numbers(u64);

impl RngCore for Numbers {
    fn next_u32(&mut self) -> u32 {
        // CAST: the upper half.
        (self.next_u64() >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Numbers {}

/// The seed is one with which primes are found soon: others take ten times as long.
static RSA: LazyLock<RsaPrivateKey> =
    LazyLock::new(|| RsaPrivateKey::new(&mut Numbers(41), 3072).unwrap());

/// An image, and what belongs to it.
#[derive(Clone)]
pub(crate) struct Fmc {
    pub(crate) image: Vec<u8>,
    pub(crate) hash: [u8; 48],
    pub(crate) key: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Fmc {
    /// A signed image for `chip`, of `body` bytes and the header that says so.
    pub(crate) fn new(chip: &Chip, body: u32) -> Self {
        let mut image = vec![0; 0x48];
        image[..3].copy_from_slice(&[3, 4, 0x48]);
        image[4..8].copy_from_slice(&body.to_le_bytes());
        // CAST: a pattern.
        image.extend((0..body).map(|i| ((i * 7) >> 3) as u8));
        Self::signed(chip, image)
    }

    /// `image` with a signature for `chip`.
    pub(crate) fn signed(chip: &Chip, image: Vec<u8>) -> Self {
        let hash: [u8; 48] = Sha384::digest(&image).into();
        let (key, signature) = match Scheme::of(chip.family) {
            Scheme::Rsa3072 => {
                let signer = pss::SigningKey::<Sha384>::new(RSA.clone());
                let signature = signer
                    .sign_prehash_with_rng(&mut Numbers(7), &hash)
                    .unwrap();
                (RSA.n().to_bytes_be(), signature.to_vec())
            }
            Scheme::EcdsaP384 => {
                let signer = ecdsa::SigningKey::from_slice(&[0x5a; 48]).unwrap();
                let signature: ecdsa::Signature = signer.sign_prehash(&hash).unwrap();
                let key = signer.verifying_key().to_encoded_point(false);
                (key.as_bytes().to_vec(), signature.to_vec())
            }
        };
        Self {
            image,
            hash,
            key,
            signature,
        }
    }

    /// What the model would have read from a file with this image.
    pub(crate) fn file(&self) -> FmcFile {
        FmcFile {
            hash: self.hash,
            public_key: self.key.clone(),
        }
    }

    /// The chain of trust packet that a driver of 570.144 sends for `chip` when it boots cold.
    pub(crate) fn packet(&self, chip: &Chip, image: u64, boot_params: u64) -> Vec<u8> {
        let is_hopper = chip.name == "gh100";
        let mut packet = vec![0; 868];
        let mut put = |at: usize, bytes: &[u8]| packet[at..at + bytes.len()].copy_from_slice(bytes);
        put(0x0, &0xc000_0000u32.to_le_bytes());
        put(0x4, &0x1410_de7eu32.to_le_bytes());
        put(0x8, &if is_hopper { 1u16 } else { 2 }.to_le_bytes());
        put(0xa, &860u16.to_le_bytes());
        put(0xc, &image.to_le_bytes());
        let frts_end: u64 = if is_hopper { 0x20_0000 } else { 0x1c0_0000 };
        put(0x20, &frts_end.to_le_bytes());
        put(0x28, &0x10_0000u32.to_le_bytes());
        put(0x2c, &self.hash);
        put(0x5c, &self.key);
        put(0x1dc, &self.signature);
        put(0x35c, &boot_params.to_le_bytes());
        packet
    }
}
