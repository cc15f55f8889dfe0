// SPDX-License-Identifier: GPL-2.0

//! The logs that GSP-RM and its operating system write, and what is kept of them after a failed probe.

use super::{
    diagnostics::Diagnostics,
    files::Text, //
};
use crate::timeline::Timeline;
use kernel::{
    debugfs::{
        BinaryWriter,
        Scope, //
    },
    device::Bound,
    fs::file,
    pci,
    prelude::*,
    sync::Arc,
    uaccess::UserSliceWriter, //
};
use kernel_glue::{
    debugfs::ModuleDir,
    dma::Detached, //
};
use nova_firmware::abi::r570_144::libos::{
    self,
    LOG_SIZE, //
};

/// One log: a ring of words that only NVIDIA's decoder can make sense of.
///
/// It does not borrow the device, because a file cannot; whoever drops it makes sure that the GSP has
/// stopped.
pub(super) struct Log(Detached);

impl Log {
    fn alloc(dev: &pci::Device<Bound>) -> Result<Self> {
        let memory = Detached::alloc(dev.as_ref(), LOG_SIZE)?;
        let header = libos::log_header(memory.dma_address()).map_err(|_| EINVAL)?;
        memory.write(0, &header)?;
        Ok(Self(memory))
    }

    /// Where it is, as the GSP sees it.
    pub(super) fn dma_address(&self) -> u64 {
        self.0.dma_address()
    }

    /// The log as it is now.
    fn copy(&self) -> Result<KVVec<u8>> {
        let mut copy = KVVec::from_elem(0, LOG_SIZE, GFP_KERNEL)?;
        self.0.read(0, &mut copy)?;
        Ok(copy)
    }
}

impl BinaryWriter for Log {
    fn write_to_slice(
        &self,
        writer: &mut UserSliceWriter,
        offset: &mut file::Offset,
    ) -> Result<usize> {
        self.0.write_to_slice(writer, offset)
    }
}

/// The logs.
pub(super) struct Logs {
    /// Of the boot.
    pub(super) init: Log,
    /// Of interrupt handling.
    pub(super) intr: Log,
    /// Of GSP-RM.
    pub(super) rm: Log,
}

impl Logs {
    /// Allocates the logs, empty.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL` if the memory is where no log can be.
    pub(super) fn alloc(dev: &pci::Device<Bound>) -> Result<Arc<Self>> {
        let logs = Self {
            init: Log::alloc(dev)?,
            intr: Log::alloc(dev)?,
            rm: Log::alloc(dev)?,
        };
        Ok(Arc::new(logs, GFP_KERNEL)?)
    }
}

/// What is left of a GPU that did not come up, or went down badly.
struct Remains {
    init: KVVec<u8>,
    intr: KVVec<u8>,
    rm: KVVec<u8>,
    text: Text,
}

/// Keeps copies of the logs, and all else that can be told, in the directory that the device would have,
/// until the device is probed again or the module goes.
///
/// # Errors
///
/// `ENOMEM`; `ENOENT` if the module has no directory.
pub(super) fn keep(
    dev: &pci::Device<Bound>,
    logs: &Logs,
    diagnostics: Arc<Diagnostics>,
    timeline: Arc<Timeline>,
) -> Result {
    let remains = Remains {
        init: logs.init.copy()?,
        intr: logs.intr.copy()?,
        rm: logs.rm.copy()?,
        text: Text::new(diagnostics, timeline),
    };
    let name = dev.as_ref().name();
    let parent = ModuleDir::handle().ok_or(ENOENT)?;
    let files: Pin<KBox<Scope<Remains>>> = KBox::pin_init(
        parent.scope(Ok::<_, Error>(remains), name, |remains: &Remains, dir| {
            dir.read_binary_file(c"loginit", &remains.init);
            dir.read_binary_file(c"logintr", &remains.intr);
            dir.read_binary_file(c"logrm", &remains.rm);
            remains.text.make(dir);
        }),
        GFP_KERNEL,
    )?;
    ModuleDir::keep(name, KBox::new(files, GFP_KERNEL)?)
}

/// Forgets what was kept of a device.
pub(super) fn discard(dev: &pci::Device<Bound>) {
    ModuleDir::discard(dev.as_ref().name());
}
