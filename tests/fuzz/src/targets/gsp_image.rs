// SPDX-License-Identifier: GPL-2.0

//! `gsp-*.bin`, for every family of chips.

use super::{
    is_inside,
    judge, //
};
use nova_firmware::gsp_image::GspImage;
use nova_hw::chip::Chip;

pub(super) fn run(data: &[u8]) -> bool {
    let mut sections: Vec<_> = Chip::ALL
        .iter()
        .map(|chip| chip.family().gsp_signature_section)
        .collect();
    sections.dedup();
    sections.into_iter().fold(false, |accepted, section| {
        let image = GspImage::parse(data, section);
        judge(&image);
        if let Ok(image) = &image {
            assert!(is_inside(image.image, data) && !image.image.is_empty());
            assert!(is_inside(image.signature, data));
            assert!((1..=64 << 10).contains(&image.signature.len()));
            assert!(image.version.is_supported());
        }
        accepted | image.is_ok()
    })
}
