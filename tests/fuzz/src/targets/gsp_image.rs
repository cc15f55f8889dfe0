// SPDX-License-Identifier: GPL-2.0

//! `gsp-*.bin`, for every family of chips: the whole file at once, and as the driver reads it, part by part.

use super::{
    is_inside,
    judge, //
};
use nova_firmware::gsp_image::{
    GspImage,
    GspImageHeader, //
};
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
        in_parts(data, section, image.as_ref().ok());
        accepted | image.is_ok()
    })
}

/// Reads the parts that an image tells of; they are those of the `whole`, or there is none of both.
fn in_parts(file: &[u8], section: &'static str, whole: Option<&GspImage<'_>>) {
    let parts = || {
        let header = GspImageHeader::parse(file.get(..GspImageHeader::SIZE)?);
        judge(&header);
        let header = header.ok()?;
        let table = header.section_headers();
        assert!(!table.is_empty() && table.len() <= 4 << 20);
        let table = file.get(table)?;
        let names = header.names(table);
        judge(&names);
        let names = names.ok()?;
        assert!(names.len() <= 64 << 10);
        let sections = header.sections(table, file.get(names)?);
        judge(&sections);
        let sections = sections.ok()?;
        let version = sections.version();
        judge(&version);
        let version = version.ok()?;
        assert!(version.len() <= 64);
        let version = sections.check_version(file.get(version)?);
        judge(&version);
        let parts = sections.parts(section);
        judge(&parts);
        let parts = parts.ok()?;
        Some((
            file.get(parts.image)?,
            file.get(parts.signature)?,
            version.ok()?,
        ))
    };
    let whole = whole.map(|whole| (whole.image, whole.signature, whole.version));
    assert_eq!(parts(), whole);
}
