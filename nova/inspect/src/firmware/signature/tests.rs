// SPDX-License-Identifier: GPL-2.0

//! Signatures that OpenSSL has made over an image made up here, and what differs from them by a bit.

use super::*;
use Scheme::{
    EcdsaP384,
    Rsa3072, //
};

/// The modulus of a key made for this.
const RSA_KEY: &str = "\
    a43e8dec9c4b2332bd5d14fb510793dffb130e0190f13401d1416cc3fb5c875fa02a022fe58e4149c818f5f167e6aded\
    94e1a6d64ca2571b49f2b55045dbddfcc20d681bf968ec0dfabe8f77ade30eadb46756543a8e5ea3b2579148dcf30ff5\
    5fd447b9196d7f881897b68d1519506ebbf8c89d23612ba3006d11bb5ce844e96018b8618bb48cd971b698c37973c829\
    3f8d9bea2b41e0491f19a39494c6b340d0375d5b87bec08548765d8e26b4390755b68c873cfd4a62270b00a46ef8a5d1\
    b30bcceebcc96a357c7773aee2ffd278cdacb219d8c08117aee058e9dbadd367eea855ddbf2b0513636b68e4a267f664\
    0d9ddbbefc6563e64d494a92270a9690cb7c0e92fbda5387c7a2de187d21a6dac15b4bdc015a7d5abac4f44a3d9c034c\
    b596c7a8c5f1b894aea5a7cff1100a5e43a685827b2a40e1ed57c23f4c0100c914e37878421d8543fa85a12abf6eed03\
    746b7a48ea160ed51dfc48d8483bca3553638180c933c82737afa225b79d24435afb5c9cee4595aab10bf0fa1e7a00ad";

/// With a salt of 48 bytes.
const RSA_SIGNATURE: &str = "\
    0063b3d640c1820ca3d18c09656a01e0721a8b8991aecf3b4ca28844d3ac5c47ad5f0d1c0a5b4fce9b57c2a5c5bce97d\
    a17add505ff88fd0dcf5d71cff596898427c55bdf0cb4430ebb824f3ac6a4f12df395352a245ad742b2c0ce534b373cd\
    50ef4b7fd4a8ebdeb42d37f7cee90671e7d5a7ec267e44f438517a0ef2ecaa23c2a3c3d734d4277e02e1823c787cddf7\
    40b787b07c3a38e8c22be7f6826127cc7960ab860012406b846d4a80fea7790645395cc26aef9ae5bf823dbc0dc012f6\
    5d625310391d42ba278f4fa3ac271abea8bc4d9c5e4660728d8709fe8fdb67f5e14bdcdecbc78e1619eff3d097246c6c\
    d3bddb567e642224e387e50edf55094b2dda31480826d740a8dfff4c65c6debb217e497d058ffe25ab4a97c3bb53f69c\
    36fc1280c3f12520f560e3f7a24c65f89905f96d758f0df13ea87ceaa2ec2f58b96cd0f67bf2dd21a935c14c8a8a78bc\
    7af160d3e66f5ec63efbd9f545891b4b8a32d3b309b41962dd0a95bbff083e6760012707c02cdb4bb70bc5d6bba70048";

/// The point of a key made for this.
const ECDSA_KEY: &str = "\
    048b2f7c7c242188fcc8a792954c0e1e46c0a43a272713c690cab89867177d8fa867483844e68c08dcaece66bfc81d5b\
    58e519c53270a97dba28afee520172158c440a118fcfbe3cda2aaf9c8237c0af25edcd01838c1045673e15dafbf90735\
    b6";

/// Both numbers.
const ECDSA_SIGNATURE: &str = "\
    cf6aedf74ea46c3311642c15fd7e82dbdbe3f520e69a7b37740373d04c675f0b69f17c31910131468a1ccd35a6c0e71e\
    7eee2a3ef2afb0b26d9023c94df2f973614197fa78d678600f04e535c5f6e7c08c58e79e74f589effcab279014898d9b";

fn bytes(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn image() -> Vec<u8> {
    let mut image = vec![0; 0x48];
    image[..6].copy_from_slice(&[3, 4, 0x48, 0, 0, 1]);
    image.extend(0..=255u8);
    image
}

/// Whether the signature holds after a change to key, signature and image.
fn holds(scheme: Scheme, change: impl FnOnce(&mut [Vec<u8>; 3])) -> bool {
    let (key, signature) = match scheme {
        Rsa3072 => (RSA_KEY, RSA_SIGNATURE),
        EcdsaP384 => (ECDSA_KEY, ECDSA_SIGNATURE),
    };
    let mut parts = [bytes(key), bytes(signature), image()];
    change(&mut parts);
    let [public_key, signature, image] = &parts;
    let fmc = Fmc {
        hash: &[0; 48],
        public_key,
        signature,
        image,
    };
    is_valid(&fmc, scheme)
}

#[test]
fn good_signatures_hold() {
    assert!(holds(Rsa3072, |_| {}));
    assert!(holds(EcdsaP384, |_| {}));
}

#[test]
fn a_bit_anywhere_breaks_a_signature() {
    for scheme in [Rsa3072, EcdsaP384] {
        for (part, name) in ["key", "signature", "image"].into_iter().enumerate() {
            for at in [0, 50, 95] {
                let held = holds(scheme, |parts| parts[part][at] ^= 1);
                assert!(!held, "{scheme:?}: bit in byte {at} of the {name}");
            }
        }
    }
}

#[test]
fn what_is_no_key_or_signature_at_all_does_not_hold() {
    for scheme in [Rsa3072, EcdsaP384] {
        for part in 0..2 {
            for byte in [0, 0xff] {
                assert!(!holds(scheme, |parts| parts[part].fill(byte)));
            }
            assert!(!holds(scheme, |parts| parts[part].clear()));
        }
    }
}

#[test]
fn the_other_scheme_does_not_fit() {
    let fmc = |key: &'static [u8], signature: &'static [u8], image: &'static [u8]| Fmc {
        hash: &[0; 48],
        public_key: key,
        signature,
        image,
    };
    let leak = |digits| &*bytes(digits).leak();
    let image = image().leak();
    let rsa = fmc(leak(RSA_KEY), leak(RSA_SIGNATURE), image);
    let ecdsa = fmc(leak(ECDSA_KEY), leak(ECDSA_SIGNATURE), image);
    assert!(!is_valid(&rsa, EcdsaP384) && !is_valid(&ecdsa, Rsa3072));
}

#[test]
fn hashes_are_sha_384() {
    let want = "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da\
        274edebfe76f65fbd51ad2f14898b95b";
    assert_eq!(sha384(b"")[..], bytes(want));
}
