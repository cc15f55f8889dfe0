// SPDX-License-Identifier: GPL-2.0

//! Picks the firmware files of a chip out of the distribution's firmware folder.
//!
//! Chips share big files through links. A shared file is packed once, and a link stands where the driver
//! looks for it.

use std::{
    collections::{
        BTreeMap,
        BTreeSet, //
    },
    fs,
    path::{
        Path,
        PathBuf, //
    },
};

use crate::{
    error::{
        Context,
        Error,
        Result, //
    },
    tlv, //
};

pub mod short;

/// The only firmware version the driver speaks; others in the package stay out of the guest.
pub const VERSION: &str = "570.144";

/// Files and links to pack, as paths below `/lib/firmware`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Path in the guest to file on this machine.
    pub files: BTreeMap<PathBuf, PathBuf>,
    /// Path in the guest to the path of the file it stands for.
    pub links: BTreeMap<PathBuf, PathBuf>,
}

impl Selection {
    fn add(&mut self, root: &Path, wanted: PathBuf) -> Result<()> {
        let real = fs::canonicalize(root.join(&wanted)).context(|| wanted.display().to_string())?;
        let inside = real
            .strip_prefix(root)
            .map_err(|_| {
                Error::new(format!(
                    "{} leads outside of {}",
                    wanted.display(),
                    root.display()
                ))
            })?
            .to_path_buf();
        if inside != wanted {
            self.links.insert(wanted, inside.clone());
        }
        self.files.insert(inside, real);
        Ok(())
    }
}

/// Selects the firmware of `chips` below `root` (the folder that holds `nvidia/`), and of the files `more`
/// below each chip's folder those that are there.
///
/// # Errors
/// Names the chip without firmware of [`VERSION`], or a link that leads outside.
pub fn select(root: &Path, chips: &[String], more: &[&str]) -> Result<Selection> {
    let root = fs::canonicalize(root).context(|| root.display().to_string())?;
    let mut selection = Selection::default();
    for chip in chips.iter().collect::<BTreeSet<_>>() {
        let folder = Path::new("nvidia").join(chip).join("gsp");
        let mut any = false;
        for entry in fs::read_dir(root.join(&folder))
            .context(|| format!("firmware of {chip}"))?
            .flatten()
        {
            let name = entry.file_name();
            if !name.to_string_lossy().contains(VERSION) {
                continue;
            }
            any = true;
            selection.add(&root, folder.join(&name))?;
        }
        for name in more {
            let wanted = Path::new("nvidia").join(chip).join(name);
            if root.join(&wanted).exists() {
                selection.add(&root, wanted)?;
            }
        }
        if !any {
            return Err(Error::new(format!(
                "{} holds no firmware {VERSION} for {chip}",
                root.display()
            )));
        }
    }
    // A file packed for one chip may be the target of another's link; never both.
    let Selection { files, links } = &mut selection;
    links.retain(|path, _| !files.contains_key(path));
    Ok(selection)
}

/// A file made from one of the distribution's.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    /// Name without a folder.
    pub name: String,
    /// Contents.
    pub bytes: Vec<u8>,
    /// The distribution's file behind it, with links resolved: chips that share it share the image too.
    pub source: PathBuf,
}

/// The TLV files of `chip`, and the image that belongs to them, as upstream's nova-core asks for them.
///
/// # Errors
/// Names the file that is missing or malformed.
pub fn convert(root: &Path, chip: &str) -> Result<Vec<Made>> {
    let folder = root.join("nvidia").join(chip).join("gsp");
    let mut made = Vec::new();
    for entry in fs::read_dir(&folder)
        .context(|| format!("firmware of {chip}"))?
        .flatten()
    {
        let Some((name, kind)) = tlv::plan(&entry.file_name().to_string_lossy()) else {
            continue;
        };
        let path = entry.path();
        let source = fs::canonicalize(&path).context(|| path.display().to_string())?;
        let file = fs::read(&source).context(|| source.display().to_string())?;
        let mut add = |name: String, bytes: Result<Vec<u8>>| {
            made.push(Made {
                name,
                bytes: bytes.context(|| path.display().to_string())?,
                source: source.clone(),
            });
            Result::Ok(())
        };
        add(name, tlv::convert(kind, chip, &file))?;
        if kind == tlv::Kind::Gsp {
            add(
                tlv::COMPANION.to_owned(),
                tlv::companion(&file).map(<[u8]>::to_vec),
            )?;
        }
    }
    if made.is_empty() {
        return Err(Error::new(format!(
            "{} holds no firmware {VERSION} for {chip}",
            root.display()
        )));
    }
    made.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Scratch;

    fn package(name: &str) -> Scratch {
        let scratch = Scratch::new(name);
        let nvidia = scratch.0.join("nvidia");
        fs::create_dir_all(nvidia.join("ga102/gsp")).unwrap();
        fs::create_dir_all(nvidia.join("ad102/gsp")).unwrap();
        fs::create_dir_all(nvidia.join("ga104")).unwrap();
        fs::create_dir_all(nvidia.join("gv100/gsp")).unwrap();
        fs::write(nvidia.join("ga102/gsp/gsp-570.144.bin"), b"big").unwrap();
        fs::write(nvidia.join("ga102/gsp/gsp-535.113.01.bin"), b"old").unwrap();
        fs::write(nvidia.join("ad102/gsp/bootloader-570.144.bin"), b"own").unwrap();
        fs::create_dir_all(nvidia.join("ad102/acr")).unwrap();
        fs::write(nvidia.join("ad102/acr/bl.bin"), b"older").unwrap();
        let link =
            |target: &str, at: &str| std::os::unix::fs::symlink(target, nvidia.join(at)).unwrap();
        link(
            "../../ga102/gsp/gsp-570.144.bin",
            "ad102/gsp/gsp-570.144.bin",
        );
        link("../ga102/gsp", "ga104/gsp");
        scratch
    }

    #[test]
    fn a_shared_file_is_packed_once_and_linked() {
        let scratch = package("shared");
        let chips = ["ad102".to_owned(), "ga104".to_owned()];
        let selection = select(&scratch.0, &chips, &[]).unwrap();
        let files: Vec<_> = selection
            .files
            .keys()
            .map(|p| p.to_str().unwrap())
            .collect();
        assert_eq!(
            files,
            [
                "nvidia/ad102/gsp/bootloader-570.144.bin",
                "nvidia/ga102/gsp/gsp-570.144.bin"
            ]
        );
        let links: Vec<_> = selection
            .links
            .keys()
            .map(|p| p.to_str().unwrap())
            .collect();
        assert_eq!(
            links,
            [
                "nvidia/ad102/gsp/gsp-570.144.bin",
                "nvidia/ga104/gsp/gsp-570.144.bin"
            ]
        );
    }

    #[test]
    fn more_files_are_taken_where_they_are() {
        let scratch = package("more");
        let chips = ["ad102".to_owned(), "ga104".to_owned()];
        let more = &["acr/bl.bin"];
        let selection = select(&scratch.0, &chips, more).unwrap();
        let has = |path: &str| selection.files.contains_key(Path::new(path));
        assert!(has("nvidia/ad102/acr/bl.bin"));
        assert!(!has("nvidia/ga104/acr/bl.bin"));
    }

    #[test]
    fn a_malformed_file_is_named_when_it_is_converted() {
        let scratch = package("malformed");
        let error = convert(&scratch.0, "ad102").unwrap_err().to_string();
        assert!(
            error.contains("570.144.bin: ") && error.contains("ad102/gsp"),
            "{error}"
        );
        let error = convert(&scratch.0, "gv100").unwrap_err().to_string();
        assert!(error.contains("no firmware 570.144 for gv100"), "{error}");
    }

    #[test]
    fn a_chip_without_this_version_is_named() {
        let scratch = package("missing");
        let error = select(&scratch.0, &["gv100".to_owned()], &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("no firmware 570.144 for gv100"), "{error}");
        let error = select(&scratch.0, &["nv04".to_owned()], &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("firmware of nv04"), "{error}");
    }
}
