// SPDX-License-Identifier: GPL-2.0

//! Builds the guest's first root file system out of parts, dear ones cached.
//!
//! | part     | holds                                            | changes            |
//! |----------|--------------------------------------------------|--------------------|
//! | tools    | busybox, lspci, drm_info, … and their libraries  | with the sandbox   |
//! | more     | lsgpu, gputop, nvtop, for those who want them     | with their package |
//! | modules  | the stock modules ours need                      | with the kernel    |
//! | firmware | the files of the chips in this guest             | with the package   |
//! | payload  | agent, scripts, modules under test, our clients  | with each build    |
//!
//! Nothing is compressed: the kernel unpacks plain bytes several times faster under emulation than it could
//! uncompress them (0.2 s against 0.8 s for 64 MiB).

use std::{
    collections::{
        BTreeMap,
        BTreeSet, //
    },
    fs::{
        self,
        File, //
    },
    io,
    path::{
        Path,
        PathBuf, //
    },
    process::Command,
};

use crate::{
    cases::scripts,
    cpio::Archive,
    driver::Driver,
    elf,
    error::{
        Context,
        Error,
        Result, //
    },
    firmware,
    kmod::{
        Index,
        Module, //
    },
    paths::{
        Flavour,
        Paths, //
    },
    store::{
        Key,
        Store, //
    },
    tlv,
};

/// Programs of the sandbox that the guest gets, where they may be, and whether a test needs them.
const TOOLS: &[(&str, bool)] = &[
    ("/usr/bin/busybox", true),
    ("/usr/bin/lspci", true),
    ("/usr/bin/drm_info", true),
    ("/usr/bin/kmod", false),
    ("/usr/bin/drmdevice", true),
];

/// Programs for guests that want them, out of the packages of `guest-tools.list` or of the sandbox: with their
/// libraries they are larger than all others.
const MORE_TOOLS: &[&str] = &[
    "usr/bin/gputop",
    "usr/bin/lsgpu",
    "usr/bin/nvtop",
    "usr/bin/modetest",
    "usr/bin/proptest",
    "usr/bin/script",
    "usr/bin/vbltest",
];

/// Database behind `lspci -nn`; only NVIDIA's and the emulated chipset's vendors are packed.
const PCI_IDS: &str = "/usr/share/misc/pci.ids";
const PCI_VENDORS: &[&str] = &["10de", "8086", "1b36"];

/// What a guest is built from.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Which kernel it will boot.
    pub flavour: Flavour,
    /// Whose driver it will load.
    pub driver: Driver,
    /// Chips whose firmware it needs.
    pub chips: Vec<String>,
    /// Folder that holds `nvidia/` with that firmware.
    pub firmware: PathBuf,
    /// Folder with our `.ko` files for this kernel; a guest without them tests the harness itself.
    pub modules: Option<PathBuf>,
    /// Our own programs for the guest.
    pub clients: Vec<PathBuf>,
    /// Whether the firmware is in TLV files, and there is no other.
    pub tlv: bool,
    /// Whether it gets the programs that only some guests get.
    pub more_tools: bool,
}

/// Writes the complete image to `target`.
///
/// # Errors
/// Names the missing program, module or firmware.
pub fn build(paths: &Paths, store: &Store, contents: &Contents, target: &Path) -> Result<()> {
    let ours = match &contents.modules {
        Some(folder) => contents.driver.modules(paths, contents.flavour, folder)?,
        None => Vec::new(),
    };
    let firmware = match (contents.chips.is_empty(), contents.tlv) {
        (true, _) => None,
        (false, true) => Some(tlv_firmware(store, contents)?),
        (false, false) => Some(firmware(store, contents)?),
    };
    let parts = [
        tools(store)?,
        match contents.more_tools {
            true => Some(more_tools(store, &paths.guest_tools()?)?),
            false => None,
        },
        stock_modules(paths, store, contents, &ours)?,
        firmware,
    ];
    let mut image = File::create(target).context(|| target.display().to_string())?;
    for part in parts.iter().flatten() {
        let mut file = File::open(part).context(|| part.display().to_string())?;
        io::copy(&mut file, &mut image).context(|| target.display().to_string())?;
    }
    let payload = payload(contents, &ours)?;
    io::Write::write_all(&mut image, &payload).context(|| target.display().to_string())
}

fn tools(store: &Store) -> Result<Option<PathBuf>> {
    let mut key = Key::new("tools-1");
    let mut files: Vec<PathBuf> = Vec::new();
    for (program, required) in TOOLS {
        let path = PathBuf::from(program);
        if path.exists() {
            files.extend(elf::libraries(&path)?);
            files.push(path);
        } else if *required {
            return Err(Error::new(format!(
                "{program} is not installed here; run the set-up again"
            )));
        }
    }
    files.sort();
    files.dedup();
    for file in &files {
        key = key.stamp(file)?;
    }
    let make = || {
        let mut archive = Archive::new();
        for file in &files {
            let bytes = fs::read(file).context(|| file.display().to_string())?;
            archive.file(&guest_path(file), 0o755, &bytes);
        }
        archive.symlink("/bin/busybox", "/usr/bin/busybox");
        for applet in busybox_applets()?.iter().filter(|a| *a != "busybox") {
            archive.symlink(&format!("/bin/{applet}"), "/usr/bin/busybox");
        }
        for (link, target) in [
            ("/lib64", "/usr/lib64"),
            ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"),
        ] {
            archive.symlink(link, target);
        }
        if let Ok(text) = fs::read(PCI_IDS) {
            archive.file(
                PCI_IDS,
                0o644,
                vendor_excerpt(&String::from_utf8_lossy(&text)).as_bytes(),
            );
        }
        Ok(archive.finish())
    };
    store.file("tools", key, make).map(Some)
}

/// Programs out of packages that were unpacked below `root`, with libraries from there and from this machine.
fn more_tools(store: &Store, root: &Path) -> Result<PathBuf> {
    let mut files: BTreeSet<PathBuf> = BTreeSet::new();
    for program in MORE_TOOLS {
        let inside = root.join(program);
        let path = match inside.exists() {
            true => inside,
            false => Path::new("/").join(program),
        };
        files.extend(elf::libraries_from(root, &path)?);
        files.insert(path);
    }
    let mut key = Key::new("more-tools-1").text(&root.to_string_lossy());
    for file in &files {
        key = key.stamp(file)?;
    }
    let make = || {
        let mut archive = Archive::new();
        for file in &files {
            let bytes = fs::read(file).context(|| file.display().to_string())?;
            let inside = file
                .strip_prefix(root)
                .map(|path| Path::new("/").join(path));
            archive.file(
                &guest_path(inside.as_deref().unwrap_or(file)),
                0o755,
                &bytes,
            );
        }
        Ok(archive.finish())
    };
    store.file("more-tools", key, make)
}

/// Libraries live below `/usr` in the guest, whatever name they were found under.
fn guest_path(file: &Path) -> String {
    let text = file.to_string_lossy();
    if text.starts_with("/usr/") {
        text.into_owned()
    } else {
        format!("/usr{text}")
    }
}

fn busybox_applets() -> Result<Vec<String>> {
    let output = Command::new("/usr/bin/busybox")
        .arg("--list")
        .output()
        .context(|| "busybox --list")?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect())
}

fn vendor_excerpt(ids: &str) -> String {
    let mut keep = false;
    let mut text = String::new();
    for line in ids.lines() {
        if !line.starts_with(['\t', '#']) && !line.is_empty() {
            let word = line.split_whitespace().next().unwrap_or_default();
            // Class lines ("C 03  …") stand at the end and are short: keep them all.
            keep = PCI_VENDORS.contains(&word) || word == "C";
        }
        if keep {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Stock drivers that share buffers with ours. They are loaded by the steps that want them.
const PARTNERS: [&str; 1] = ["vgem"];

fn stock_modules(
    paths: &Paths,
    store: &Store,
    contents: &Contents,
    ours: &[Module],
) -> Result<Option<PathBuf>> {
    if contents.flavour != Flavour::Stock {
        // The debug kernel has everything built in.
        return Ok(None);
    }
    let mut roots: Vec<String> = vec!["drm".to_owned()];
    let partners = PARTNERS.map(str::to_owned);
    for name in ours.iter().flat_map(|m| &m.depends) {
        if !ours.iter().any(|m| &m.name == name) && !roots.contains(name) {
            roots.push(name.clone());
        }
    }
    let root = paths.stock_modules()?;
    let mut key = Key::new("modules-2").stamp(&root)?;
    for name in roots.iter().chain(&partners) {
        key = key.text(name);
    }
    let release = paths.release(Flavour::Stock)?;
    let make = || {
        let index = Index::scan(&root)?;
        let needed = index.closure(&roots)?.len();
        // What comes after is there for the partners only.
        let modules = index.closure(&[&roots[..], &partners[..]].concat())?;
        let mut archive = Archive::new();
        let mut dep = String::new();
        let (mut order, mut partner_order) = (String::new(), String::new());
        for (i, module) in modules.iter().enumerate() {
            archive.file(
                &format!("/lib/modules/{release}/kernel/{}.ko", module.name),
                0o644,
                &module.bytes,
            );
            let depends: Vec<String> = module
                .depends
                .iter()
                .map(|d| format!("kernel/{d}.ko"))
                .collect();
            dep.push_str(&format!(
                "kernel/{}.ko: {}\n",
                module.name,
                depends.join(" ")
            ));
            let list = if i < needed {
                &mut order
            } else {
                &mut partner_order
            };
            list.push_str(&format!("{}\n", module.name));
        }
        archive.file(
            &format!("/lib/modules/{release}/modules.dep"),
            0o644,
            dep.as_bytes(),
        );
        archive.file("/nova/stock-modules", 0o644, order.as_bytes());
        archive.file("/nova/partner-modules", 0o644, partner_order.as_bytes());
        Ok(archive.finish())
    };
    store.file("modules", key, make).map(Some)
}

fn firmware(store: &Store, contents: &Contents) -> Result<PathBuf> {
    let more = contents.driver.more_firmware();
    let selection = firmware::select(&contents.firmware, &contents.chips, more)?;
    let mut key = Key::new("firmware-1");
    for (path, file) in &selection.files {
        key = key.text(&path.to_string_lossy()).stamp(file)?;
    }
    for (link, target) in &selection.links {
        key = key
            .text(&link.to_string_lossy())
            .text(&target.to_string_lossy());
    }
    let make = || {
        let mut archive = Archive::new();
        for (path, file) in &selection.files {
            let bytes = fs::read(file).context(|| file.display().to_string())?;
            archive.file(&format!("/lib/firmware/{}", path.display()), 0o644, &bytes);
        }
        for (link, target) in &selection.links {
            archive.symlink(
                &format!("/lib/firmware/{}", link.display()),
                &format!("/lib/firmware/{}", target.display()),
            );
        }
        Ok(archive.finish())
    };
    store.file("firmware", key, make)
}

/// The firmware of the chips as upstream's nova-core wants it. The key is made of the files that are
/// converted, and of the converter's version: raise it when the result changes.
fn tlv_firmware(store: &Store, contents: &Contents) -> Result<PathBuf> {
    let Contents {
        chips,
        firmware: root,
        ..
    } = contents;
    let mut key = Key::new("tlv-1");
    for (path, file) in &firmware::select(root, chips, &[])?.files {
        key = key.text(&path.to_string_lossy()).stamp(file)?;
    }
    for chip in chips {
        key = key.text(chip);
    }
    let make = || {
        let mut archive = Archive::new();
        // Chips that share an image get it once.
        let mut images: BTreeMap<PathBuf, String> = BTreeMap::new();
        for chip in chips.iter().collect::<BTreeSet<_>>() {
            for made in firmware::convert(root, chip)? {
                let path = format!("/lib/firmware/nvidia/{chip}/gsp/{}", made.name);
                match images.get(&made.source) {
                    Some(first) if made.name == tlv::COMPANION => archive.symlink(&path, first),
                    _ => archive.file(&path, 0o644, &made.bytes),
                }
                if made.name == tlv::COMPANION {
                    images.entry(made.source).or_insert(path);
                }
            }
        }
        Ok(archive.finish())
    };
    store.file("firmware", key, make)
}

fn payload(contents: &Contents, ours: &[Module]) -> Result<Vec<u8>> {
    let mut archive = Archive::new();
    archive.file("/init", 0o755, scripts::INIT.as_bytes());
    archive.file("/nova/lib.sh", 0o644, scripts::LIBRARY.as_bytes());
    for (name, text) in scripts::STEPS {
        archive.file(&format!("/nova/steps/{name}.sh"), 0o644, text.as_bytes());
    }
    for module in ours {
        archive.file(
            &format!("/nova/modules/{}.ko", module.name),
            0o644,
            &module.bytes,
        );
    }
    for client in &contents.clients {
        let name = client
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let bytes = fs::read(client).context(|| format!("{} (`cargo build`)", client.display()))?;
        archive.file(&format!("/usr/bin/{name}"), 0o755, &bytes);
        for library in elf::libraries(client)? {
            let bytes = fs::read(&library).context(|| library.display().to_string())?;
            archive.file(&guest_path(&library), 0o755, &bytes);
        }
    }
    for folder in [
        "/dev",
        "/proc",
        "/sys",
        "/tmp",
        "/root",
        "/mnt",
        "/nova/modules",
    ] {
        archive.directory(folder);
    }
    Ok(archive.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excerpt_keeps_wanted_vendors_and_all_classes() {
        let ids = "# head\n10de  NVIDIA\n\t2204  GA102\n1002  AMD\n\t1234  x\n8086  Intel\nC 03  Display\n\t00  VGA\n";
        assert_eq!(
            vendor_excerpt(ids),
            "10de  NVIDIA\n\t2204  GA102\n8086  Intel\nC 03  Display\n\t00  VGA\n"
        );
    }

    #[test]
    fn libraries_move_below_usr() {
        assert_eq!(
            guest_path(Path::new("/lib64/ld-linux-x86-64.so.2")),
            "/usr/lib64/ld-linux-x86-64.so.2"
        );
        assert_eq!(guest_path(Path::new("/usr/bin/lspci")), "/usr/bin/lspci");
    }

    #[test]
    fn the_payload_of_a_guest_without_modules_has_an_agent_and_all_scripts() {
        let contents = Contents {
            flavour: Flavour::Debug,
            driver: Driver::Ours,
            tlv: false,
            more_tools: false,
            chips: vec![],
            firmware: PathBuf::new(),
            modules: None,
            clients: vec![],
        };
        let entries = crate::cpio::read(&payload(&contents, &[]).unwrap()).unwrap();
        let find = |path: &str| entries.iter().find(|e| e.path == path);
        assert_eq!(find("init").unwrap().mode & 0o777, 0o755);
        for (name, _) in scripts::STEPS {
            assert!(find(&format!("nova/steps/{name}.sh")).is_some(), "{name}");
        }
    }
}
