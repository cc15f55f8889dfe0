// SPDX-License-Identifier: GPL-2.0

//! The files that all threads share, opened anew when they are closed or their device has gone.

use std::{
    fs::{
        self,
        File, //
    },
    path::{
        Path,
        PathBuf, //
    },
    sync::{
        Arc,
        Mutex, //
    },
};

use crate::node;

/// Files that are open at a time. Threads meet in them, and one may hand objects to another.
pub const SLOTS: usize = 3;

/// Render nodes of one card.
pub struct Nodes {
    folder: PathBuf,
    slots: [Mutex<Option<Arc<File>>>; SLOTS],
}

impl Nodes {
    /// Nodes of the card with this PCI address.
    pub fn new(bdf: &str) -> Self {
        Self {
            folder: Path::new("/sys/bus/pci/devices").join(bdf).join("drm"),
            slots: Default::default(),
        }
    }

    /// The file in a slot, opened if need be; nothing while there is no device.
    pub fn file(&self, slot: usize) -> Option<Arc<File>> {
        let mut file = self.slots[slot].lock().ok()?;
        if file.is_none() {
            *file = self.open().map(Arc::new);
        }
        file.clone()
    }

    /// Lets go of `file`, if it is still in its slot. It is closed when no thread uses it any more.
    pub fn drop_file(&self, slot: usize, file: &Arc<File>) {
        if let Ok(mut held) = self.slots[slot].lock() {
            if held.as_ref().is_some_and(|held| Arc::ptr_eq(held, file)) {
                *held = None;
            }
        }
    }

    /// Opens the render node. Its number differs from bind to bind, while old files are still open.
    fn open(&self) -> Option<File> {
        let entries = fs::read_dir(&self.folder).ok()?;
        let name = entries
            .flatten()
            .map(|entry| entry.file_name())
            .find(|name| name.to_string_lossy().starts_with("renderD"))?;
        let path = Path::new("/dev/dri").join(name);
        node::open(&path.to_string_lossy()).ok()
    }
}
