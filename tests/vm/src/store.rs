// SPDX-License-Identifier: GPL-2.0

//! Files that are dear to make and depend only on their inputs: kept by a hash of those inputs.
//!
//! A file appears under its final name only when complete (written beside it, then renamed), so that an
//! interrupted run leaves nothing half-valid.

use std::{
    fmt::Write as _,
    fs::{
        self,
        File, //
    },
    io::Write,
    os::unix::fs::MetadataExt,
    path::{
        Path,
        PathBuf, //
    },
    time::SystemTime,
};

use sha2::{
    Digest,
    Sha256, //
};

use crate::error::{
    Context,
    Result, //
};

/// Files of one kind beyond this many are removed, the longest unused first.
const KEPT_PER_KIND: usize = 16;

/// A hash being made of everything a cached file depends on.
#[derive(Clone, Default)]
pub struct Key(Sha256);

impl Key {
    /// Starts with the name of the format, so that a new format never meets old files.
    pub fn new(format: &str) -> Self {
        Self::default().text(format)
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Adds bytes, with their length, so that neighbours cannot run into each other.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds a file by its path, size and time of change: for files too big to read each time.
    ///
    /// # Errors
    /// When the file is missing.
    pub fn stamp(self, path: &Path) -> Result<Self> {
        let meta = fs::metadata(path).context(|| path.display().to_string())?;
        let stamp = format!(
            "{}:{}:{}.{}",
            path.display(),
            meta.len(),
            meta.mtime(),
            meta.mtime_nsec()
        );
        Ok(self.text(&stamp))
    }

    /// The first 10 bytes: enough to tell files apart that are not made by an enemy.
    fn hex(self) -> String {
        let mut text = String::new();
        for byte in self.0.finalize().iter().take(10) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// A folder of such files.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// Uses `dir`, which is created when first needed.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The file for `key`, made by `make` if it is not there yet.
    ///
    /// # Errors
    /// Whatever `make` returns, or a failure to write.
    pub fn file(
        &self,
        kind: &str,
        key: Key,
        make: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<PathBuf> {
        let path = self.dir.join(format!("{kind}-{}", key.hex()));
        if let Ok(file) = File::options().append(true).open(&path) {
            // Marks it as used, for pruning; a read-only cache is no harm.
            let _ = file.set_modified(SystemTime::now());
            return Ok(path);
        }
        let bytes = make()?;
        fs::create_dir_all(&self.dir).context(|| self.dir.display().to_string())?;
        let temporary = temporary(&path);
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&temporary)?;
            file.write_all(&bytes)?;
            fs::rename(&temporary, &path)
        };
        write().context(|| format!("writing {}", path.display()))?;
        self.prune(kind);
        Ok(path)
    }

    /// The folder for `key`, filled by `make` if it is not there yet.
    ///
    /// # Errors
    /// Whatever `make` returns, or a failure to put it into its place.
    pub fn folder(
        &self,
        kind: &str,
        key: Key,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let path = self.dir.join(format!("{kind}-{}", key.hex()));
        if let Ok(folder) = File::open(&path) {
            let _ = folder.set_modified(SystemTime::now());
            return Ok(path);
        }
        let temporary = temporary(&path);
        fs::create_dir_all(&temporary).context(|| temporary.display().to_string())?;
        let made = make(&temporary).and_then(|()| {
            // Somebody else may have been faster.
            fs::rename(&temporary, &path)
                .or_else(|error| path.is_dir().then_some(()).ok_or(error))
                .context(|| path.display().to_string())
        });
        let _ = fs::remove_dir_all(&temporary);
        self.prune(kind);
        made.map(|()| path)
    }

    fn prune(&self, kind: &str) {
        let prefix = format!("{kind}-");
        let Ok(entries) = fs::read_dir(&self.dir) else {
            return;
        };
        let mut files: Vec<(SystemTime, PathBuf)> = entries
            .flatten()
            .filter(|e| e.file_name().to_string_lossy().starts_with(&prefix))
            .filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path())))
            .collect();
        files.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
        for (_, old) in files.into_iter().skip(KEPT_PER_KIND) {
            let _ = fs::remove_file(&old).or_else(|_| fs::remove_dir_all(&old));
        }
    }
}

/// A name beside `path` that nobody else uses.
fn temporary(path: &Path) -> PathBuf {
    let (process, thread) = (std::process::id(), std::thread::current().id());
    path.with_extension(format!("tmp{process}-{thread:?}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A folder for one test, removed at its end.
    pub(crate) struct Scratch(pub(crate) PathBuf);

    impl Scratch {
        pub(crate) fn new(name: &str) -> Self {
            let dir =
                std::env::temp_dir().join(format!("nova-vm-test-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir_all(&dir).unwrap();
            Self(dir)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_same_key_is_made_once() {
        let scratch = Scratch::new("once");
        let store = Store::new(&scratch.0);
        let first = store
            .file("a", Key::new("v1").text("x"), || Ok(b"made".to_vec()))
            .unwrap();
        let again = store
            .file("a", Key::new("v1").text("x"), || panic!("made twice"))
            .unwrap();
        assert_eq!(first, again);
        assert_eq!(fs::read(again).unwrap(), b"made");
    }

    #[test]
    fn a_folder_is_made_once_and_only_as_a_whole() {
        let scratch = Scratch::new("folder");
        let store = Store::new(&scratch.0);
        let key = || Key::new("v1");
        let failed = store.folder("a", key(), |folder| {
            fs::write(folder.join("half"), b"made").unwrap();
            Err(crate::error::Error::new("no"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 0);
        let make = |folder: &Path| {
            fs::write(folder.join("file"), b"made").unwrap();
            Ok(())
        };
        let first = store.folder("a", key(), make).unwrap();
        let again = store.folder("a", key(), |_| panic!("made twice")).unwrap();
        assert_eq!(first, again);
        assert_eq!(fs::read(again.join("file")).unwrap(), b"made");
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 1);
    }

    #[test]
    fn different_inputs_never_share_a_file() {
        let hex = |parts: &[&str]| parts.iter().fold(Key::new("v1"), |k, p| k.text(p)).hex();
        assert_ne!(hex(&["ab", "c"]), hex(&["a", "bc"]));
        assert_ne!(hex(&["a"]), hex(&["a", ""]));
    }

    #[test]
    fn a_failed_making_leaves_nothing() {
        let scratch = Scratch::new("fail");
        let store = Store::new(&scratch.0);
        let failed = store.file("a", Key::new("v1"), || Err(crate::error::Error::new("no")));
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 0);
    }
}
