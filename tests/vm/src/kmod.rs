// SPDX-License-Identifier: GPL-2.0

//! Kernel modules: which ones a module needs, in loading order, and their bytes.
//!
//! Dependencies are read from each module's own `depends=`, not from `modules.dep`, which a package that
//! was only unpacked does not have.

use std::{
    collections::BTreeMap,
    fs,
    path::{
        Path,
        PathBuf, //
    },
};

use crate::{
    elf,
    error::{
        Context,
        Error,
        Result, //
    },
    kernel_image::pipe_through,
};

/// A module ready to be packed.
#[derive(Debug, Clone)]
pub struct Module {
    /// Name as `lsmod` prints it.
    pub name: String,
    /// Uncompressed ELF bytes.
    pub bytes: Vec<u8>,
    /// Names of the modules it needs directly.
    pub depends: Vec<String>,
}

impl Module {
    /// Reads a module file, unpacking `.xz`, `.zst` and `.gz`.
    ///
    /// # Errors
    /// When it cannot be read or is not a module.
    pub fn read(path: &Path) -> Result<Self> {
        let raw = fs::read(path).context(|| path.display().to_string())?;
        let unpacker = match path.extension().and_then(|e| e.to_str()) {
            Some("xz") => Some("xz"),
            Some("zst") => Some("zstd"),
            Some("gz") => Some("gzip"),
            _ => None,
        };
        let bytes = match unpacker {
            Some(program) => pipe_through(program, &raw).context(|| path.display().to_string())?,
            None => raw,
        };
        let info = elf::modinfo(&bytes).context(|| path.display().to_string())?;
        let depends = info
            .iter()
            .filter(|(key, _)| key == "depends")
            .flat_map(|(_, names)| names.split(','))
            .filter(|name| !name.is_empty())
            .map(normalise)
            .collect();
        let name =
            stem(path).ok_or_else(|| Error::new(format!("{}: not a .ko file", path.display())))?;
        Ok(Self {
            name,
            bytes,
            depends,
        })
    }
}

/// Finds modules by name below a `lib/modules/<release>` folder.
#[derive(Debug, Default)]
pub struct Index {
    files: BTreeMap<String, PathBuf>,
}

impl Index {
    /// Walks the folder once.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn scan(root: &Path) -> Result<Self> {
        let mut index = Self::default();
        let mut queue = vec![root.join("kernel")];
        while let Some(dir) = queue.pop() {
            for entry in fs::read_dir(&dir)
                .context(|| dir.display().to_string())?
                .flatten()
            {
                let path = entry.path();
                if entry.file_type().is_ok_and(|t| t.is_dir()) {
                    queue.push(path);
                } else if let Some(name) = stem(&path) {
                    index.files.insert(name, path);
                }
            }
        }
        Ok(index)
    }

    /// The modules named by `roots` and all they need, each after what it needs.
    ///
    /// # Errors
    /// Names a module that is missing, or a circle.
    pub fn closure(&self, roots: &[String]) -> Result<Vec<Module>> {
        let mut done: Vec<Module> = Vec::new();
        for root in roots {
            self.visit(root, &mut Vec::new(), &mut done)?;
        }
        Ok(done)
    }

    /// One module by name, without what it needs.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub fn module(&self, name: &str) -> Result<Module> {
        let name = normalise(name);
        let file = self
            .files
            .get(&name)
            .ok_or_else(|| Error::new(format!("the kernel package has no module {name}")))?;
        Module::read(file)
    }

    fn visit(&self, name: &str, path: &mut Vec<String>, done: &mut Vec<Module>) -> Result<()> {
        let name = normalise(name);
        if done.iter().any(|m| m.name == name) {
            return Ok(());
        }
        if path.contains(&name) {
            return Err(Error::new(format!(
                "modules need each other: {} -> {name}",
                path.join(" -> ")
            )));
        }
        let file = self.files.get(&name).ok_or_else(|| {
            Error::new(format!(
                "the kernel package has no module {name} (needed by {path:?})"
            ))
        })?;
        let module = Module::read(file)?;
        path.push(name);
        for needed in &module.depends {
            self.visit(needed, path, done)?;
        }
        path.pop();
        done.push(module);
        Ok(())
    }
}

/// Module names use `_` where file names may use `-`.
fn normalise(name: &str) -> String {
    name.replace('-', "_")
}

fn stem(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let (stem, _) = file
        .split_once(".ko")
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with('.'))?;
    Some(normalise(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_files_of_any_compression() {
        for (path, wanted) in [
            ("/m/drm.ko.xz", Some("drm")),
            ("/m/virtio-gpu.ko", Some("virtio_gpu")),
            ("/m/a.ko.zst", Some("a")),
            ("/m/modules.dep", None),
            ("/m/a.konfig", None),
        ] {
            assert_eq!(stem(Path::new(path)).as_deref(), wanted, "{path}");
        }
    }

    #[test]
    fn a_missing_module_is_named() {
        let error = Index::default()
            .closure(&["drm".to_owned()])
            .unwrap_err()
            .to_string();
        assert!(error.contains("no module drm"), "{error}");
    }
}
