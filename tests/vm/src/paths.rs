// SPDX-License-Identifier: GPL-2.0

//! Where things are: `build/paths.env` as the set-up wrote it, or the file that `NOVA_PATHS` names, with the
//! environment on top.

use std::{
    collections::BTreeMap,
    path::{
        Path,
        PathBuf, //
    },
};

use crate::error::{
    Context,
    Error,
    Result, //
};

/// Which of the two kernels a guest boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flavour {
    /// The unmodified distribution kernel.
    Stock,
    /// Our kernel with lockdep, kmemleak, KUnit and Rust debug assertions.
    Debug,
}

impl Flavour {
    /// Name used in file names and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Debug => "debug",
        }
    }
}

/// A series of kernels, such as (7, 2).
pub type Series = (u32, u32);

/// The lines of `paths.env`, overridden by environment variables of the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    values: BTreeMap<String, String>,
}

impl Paths {
    /// Reads what the set-up wrote for `tree`.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn of_tree(tree: &Path) -> Result<Self> {
        match std::env::var_os("NOVA_PATHS") {
            Some(file) => Self::load(Path::new(&file)),
            None => Self::load(&tree.join("build/paths.env")),
        }
    }

    /// Reads `file` and lets the environment override each `NOVA_…` key.
    ///
    /// # Errors
    /// When the file cannot be read or a line is not `KEY=VALUE`; the text names the set-up to run.
    pub fn load(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).context(|| {
            format!(
                "{} (written by tests/vm/setup/prepare; `make run` does that)",
                file.display()
            )
        })?;
        let mut paths = Self::parse(&text).context(|| file.display().to_string())?;
        paths.overlay(std::env::vars());
        Ok(paths)
    }

    /// Parses `KEY=VALUE` lines. Blank lines and `#` comments are skipped, an `export ` prefix and one
    /// pair of quotes around the value are dropped; a later line wins.
    ///
    /// # Errors
    /// Names the first line that is none of these.
    pub fn parse(text: &str) -> Result<Self> {
        let mut values = BTreeMap::new();
        for (number, raw) in text.lines().enumerate() {
            let line = raw.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let bad = || {
                Error::new(format!(
                    "line {}: expected KEY=VALUE, found '{raw}'",
                    number + 1
                ))
            };
            let (key, value) = line.split_once('=').ok_or_else(bad)?;
            let key = key.trim_end();
            if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err(bad());
            }
            values.insert(
                key.to_owned(),
                unquote(value.trim()).ok_or_else(bad)?.to_owned(),
            );
        }
        Ok(Self { values })
    }

    /// Lets `NOVA_…` variables from `env` replace values; empty ones are ignored.
    pub fn overlay(&mut self, env: impl Iterator<Item = (String, String)>) {
        for (key, value) in env.filter(|(k, v)| k.starts_with("NOVA_") && !v.is_empty()) {
            self.values.insert(key, value);
        }
    }

    /// The value of `key`.
    ///
    /// # Errors
    /// When it is absent or empty.
    pub fn get(&self, key: &str) -> Result<&str> {
        self.find(key).ok_or_else(|| {
            Error::new(format!(
                "{key} is not set; run the set-up (`make run`) or set it in the environment"
            ))
        })
    }

    /// The value of `key`, or nothing when absent or empty.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.values
            .get(key)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// Release string of the kernel, as `uname -r` prints it in the guest.
    ///
    /// # Errors
    /// When the set-up did not provide that kernel.
    pub fn release(&self, flavour: Flavour) -> Result<&str> {
        self.get(match flavour {
            Flavour::Stock => "NOVA_RELEASE",
            Flavour::Debug => "NOVA_DEBUG_RELEASE",
        })
    }

    /// The series that the kernel is of.
    ///
    /// # Errors
    /// When the set-up did not provide that kernel, or its release does not begin with two numbers.
    pub fn series(&self, flavour: Flavour) -> Result<Series> {
        let release = self.release(flavour)?;
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(version)), Some(Ok(patch_level))) => Ok((version, patch_level)),
            _ => Err(Error::new(format!("'{release}' is no release of a kernel"))),
        }
    }

    /// The bootable kernel image.
    ///
    /// # Errors
    /// When the set-up did not provide it or the file is missing.
    pub fn kernel_image(&self, flavour: Flavour) -> Result<PathBuf> {
        self.existing(match flavour {
            Flavour::Stock => "NOVA_KERNEL_IMAGE",
            Flavour::Debug => "NOVA_DEBUG_IMAGE",
        })
    }

    /// Folder of the stock kernel's own modules (`…/lib/modules/<release>`).
    ///
    /// # Errors
    /// When the set-up did not provide it or the folder is missing.
    pub fn stock_modules(&self) -> Result<PathBuf> {
        let base = self.existing("NOVA_KERNEL_MODULES")?;
        let inner = base.join(self.release(Flavour::Stock)?);
        Ok(if inner.is_dir() { inner } else { base })
    }

    /// Folder with upstream's nova-core, built for the stock kernel.
    ///
    /// # Errors
    /// When the set-up did not build it (`tests/vm/setup/prepare --oracle`).
    pub fn oracle_modules(&self) -> Result<PathBuf> {
        self.existing("NOVA_ORACLE_MODULES")
            .context(|| "upstream's nova-core (`tests/vm/setup/prepare --oracle`)")
    }

    /// Folder that holds `nvidia/<chip>/…`.
    ///
    /// # Errors
    /// When the set-up did not provide it or it holds no `nvidia` folder.
    pub fn firmware(&self) -> Result<PathBuf> {
        let base = self.existing("NOVA_FIRMWARE")?;
        if base.ends_with("nvidia") {
            return Ok(base.parent().unwrap_or(&base).to_path_buf());
        }
        if base.join("nvidia").is_dir() {
            return Ok(base);
        }
        Err(Error::new(format!(
            "NOVA_FIRMWARE={} holds no nvidia/ folder",
            base.display()
        )))
    }

    /// Folder with the unpacked packages of `guest-tools.list`.
    ///
    /// # Errors
    /// When the set-up did not provide it or the folder is missing.
    pub fn guest_tools(&self) -> Result<PathBuf> {
        self.existing("NOVA_GUEST_TOOLS")
    }

    fn existing(&self, key: &str) -> Result<PathBuf> {
        let path = PathBuf::from(self.get(key)?);
        std::fs::metadata(&path).context(|| format!("{key}={}", path.display()))?;
        Ok(path)
    }
}

fn unquote(value: &str) -> Option<&str> {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.strip_suffix(quote);
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_quotes_comments_and_repeats_are_understood() {
        let text = "# by the set-up\n\nNOVA_RELEASE=7.3.4\nexport NOVA_KDIR=\"/k dir\"\nA='x=y'\nNOVA_RELEASE=7.3.5\n";
        let paths = Paths::parse(text).unwrap();
        assert_eq!(paths.get("NOVA_RELEASE").unwrap(), "7.3.5");
        assert_eq!(paths.get("NOVA_KDIR").unwrap(), "/k dir");
        assert_eq!(paths.get("A").unwrap(), "x=y");
    }

    #[test]
    fn the_series_are_the_first_two_numbers_of_a_release() {
        for (release, wanted) in [
            ("7.2.12+deb13-amd64", Some((7, 2))),
            ("7.10-nova-debug", Some((7, 10))),
            ("7", None),
            ("next", None),
        ] {
            let paths = Paths::parse(&format!("NOVA_RELEASE={release}")).unwrap();
            assert_eq!(paths.series(Flavour::Stock).ok(), wanted, "{release}");
        }
    }

    #[test]
    fn malformed_lines_are_named() {
        for (text, wanted) in [
            (
                "A=1\nnonsense\n",
                "line 2: expected KEY=VALUE, found 'nonsense'",
            ),
            ("=1", "line 1: expected KEY=VALUE, found '=1'"),
            ("A B=1", "line 1: expected KEY=VALUE, found 'A B=1'"),
            ("A=\"open", "line 1: expected KEY=VALUE, found 'A=\"open'"),
        ] {
            assert_eq!(
                Paths::parse(text).unwrap_err().to_string(),
                wanted,
                "{text:?}"
            );
        }
    }

    #[test]
    fn environment_overrides_only_nova_keys_that_are_not_empty() {
        let mut paths = Paths::parse("NOVA_KDIR=/a\nHOME=/h\n").unwrap();
        let env = [("NOVA_KDIR", "/b"), ("HOME", "/x"), ("NOVA_RELEASE", "")];
        paths.overlay(env.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(paths.get("NOVA_KDIR").unwrap(), "/b");
        assert_eq!(paths.get("HOME").unwrap(), "/h");
        assert!(paths.find("NOVA_RELEASE").is_none());
    }

    #[test]
    fn a_missing_key_says_what_to_do() {
        let text = Paths::default()
            .get("NOVA_RELEASE")
            .unwrap_err()
            .to_string();
        assert!(text.contains("NOVA_RELEASE is not set"), "{text}");
        assert!(text.contains("make run"), "{text}");
    }
}
