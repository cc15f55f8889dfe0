// SPDX-License-Identifier: GPL-2.0

//! `booter_*.bin`.

use super::{
    is_inside,
    judge,
    padded, //
};
use nova_firmware::booter::{
    fuse_version,
    Booter,
    LoadMethod, //
};

pub(super) fn run(data: &[u8]) -> bool {
    padded(data, |file| {
        [LoadMethod::Pio, LoadMethod::Dma]
            .into_iter()
            .fold(false, |accepted, method| {
                let booter = Booter::parse(file, method);
                judge(&booter);
                if let Ok(booter) = &booter {
                    check(booter, file, method);
                }
                accepted | booter.is_ok()
            })
    })
}

/// Checks what a Booter image promises; `file` is what it is from.
pub(super) fn check(booter: &Booter<'_>, file: &[u8], method: LoadMethod) {
    let payload = booter.payload();
    assert!(is_inside(payload, file) && !payload.is_empty());
    for region in [booter.os_code(), booter.os_data(), booter.app()] {
        let bytes = region.of(payload).expect("regions are inside the payload");
        assert_eq!(bytes.len(), region.size as usize);
    }
    assert!(booter.app().size != 0 && booter.app().offset % 256 == 0);
    assert!(booter.app().offset <= 0xffff);
    if method == LoadMethod::Dma {
        assert!((1..=16).contains(&booter.ucode_id()));
    }

    let patch = booter.patch_range();
    let data = booter.os_data().offset as usize;
    assert!(data <= patch.start && patch.end <= data + booter.os_data().size as usize);
    assert_eq!(patch.start - data, booter.brom_parameters() as usize);
    let signatures = booter.signatures();
    assert!((1..=16).contains(&signatures.len()));
    for signature in signatures.clone() {
        assert!(is_inside(signature, file) && signature.len() == patch.len());
    }

    for fuse in [0, 1, 3, 0x8000, u32::MAX] {
        let chosen = booter.signature_for(fuse_version(fuse));
        judge(&chosen);
        if let Ok(chosen) = chosen {
            assert!(signatures.clone().any(|signature| signature == chosen));
        }
    }
    let last = signatures.last().expect("there is one");
    let mut signed = vec![0; payload.len()];
    booter.write_signed(last, &mut signed).expect("it fits");
    assert_eq!(signed[patch.clone()], *last);
    assert_eq!(signed[..patch.start], payload[..patch.start]);
    assert_eq!(signed[patch.end..], payload[patch.end..]);
    judge(&booter.write_signed(&last[1..], &mut signed));
    judge(&booter.write_signed(last, &mut signed[1..]));
}
