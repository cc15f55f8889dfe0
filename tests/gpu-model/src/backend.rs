// SPDX-License-Identifier: GPL-2.0

//! The vfio-user side: turns a client's messages into calls on the [`Device`].
//!
//! A mistake of the guest is never an error reply: posted writes must not be answered at all, and
//! an error reply to a read looks to the guest like a dead device. Such mistakes are the
//! device's to judge. Only malformed messages of the client itself are refused.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        Mutex,
        MutexGuard, //
    },
};

use vfio_bindings::bindings::vfio::{
    vfio_region_info,
    VFIO_IRQ_INFO_EVENTFD,
    VFIO_REGION_INFO_FLAG_READ,
    VFIO_REGION_INFO_FLAG_WRITE, //
};
use vfio_user::{
    DmaMapFlags,
    DmaUnmapFlags,
    IrqInfo,
    ServerBackend,
    ServerRegion, //
};

use crate::{
    config_space,
    device::Device,
    dma::MapRequest,
    irq, //
};

const REGION_ROM: u32 = 6;
const REGION_CONFIG: u32 = 7;
const REGIONS: u32 = 9;
/// Longest access that is served at once; clients announce no more than this.
const MAX_TRANSFER: usize = 1 << 20;

/// A device shared between the thread that serves and the one that ends the run.
#[derive(Clone)]
pub struct Backend {
    device: Arc<Mutex<Device>>,
}

impl Backend {
    /// Serves `device`.
    pub fn new(device: Arc<Mutex<Device>>) -> Self {
        Self { device }
    }

    /// The device. A thread that panicked while it held the lock leaves the device as it was.
    pub fn lock(&self) -> MutexGuard<'_, Device> {
        self.device
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Region descriptions: six BARs, ROM, configuration space, and the unused VGA region.
    pub fn regions(&self) -> Vec<ServerRegion> {
        (0..REGIONS)
            .map(|index| {
                let size = self.region_size(index);
                let writable = if index == REGION_ROM {
                    0
                } else {
                    VFIO_REGION_INFO_FLAG_WRITE
                };
                let flags = if size == 0 {
                    0
                } else {
                    VFIO_REGION_INFO_FLAG_READ | writable
                };
                ServerRegion {
                    region_info: vfio_region_info {
                        argsz: u32::try_from(size_of::<vfio_region_info>()).unwrap_or(u32::MAX),
                        flags,
                        index,
                        size,
                        ..Default::default()
                    },
                    sparse_areas: Vec::new(),
                    mmap_fd: None,
                }
            })
            .collect()
    }

    /// Interrupt descriptions: INTx, MSI, MSI-X, and the unused error and request indices.
    pub fn irqs(&self) -> Vec<IrqInfo> {
        let device = self.lock();
        (0..irq::INDICES)
            .map(|index| IrqInfo {
                // CAST: below five.
                index: index as u32,
                flags: VFIO_IRQ_INFO_EVENTFD,
                count: device.irqs().count(index),
            })
            .collect()
    }

    fn region_size(&self, region: u32) -> u64 {
        let device = self.lock();
        let config = device.config();
        match region {
            REGION_ROM => config.rom_size().map_or(0, u64::from),
            REGION_CONFIG => config_space::SIZE as u64,
            _ => config
                .bars()
                .get(region as usize)
                .and_then(|bar| bar.map(|bar| bar.size))
                .unwrap_or(0),
        }
    }

    /// Is the access inside the region? Says so on standard error if not.
    fn inside(&self, region: u32, offset: u64, len: usize) -> io::Result<()> {
        let size = self.region_size(region);
        let end = offset.checked_add(len as u64);
        // No bytes are inside of anything, but not of what does not exist.
        if size > 0 && len <= MAX_TRANSFER && end.is_some_and(|end| end <= size) {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{len} bytes at {offset:#x} of region {region}, which has {size:#x} bytes"),
        ))
    }
}

impl ServerBackend for Backend {
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> io::Result<()> {
        self.inside(region, offset, data.len())?;
        let mut device = self.lock();
        match region {
            0 => device.bar0_read(offset, data),
            REGION_ROM => device.rom_read(offset, data),
            REGION_CONFIG => device.config_read(offset, data),
            bar => device.aperture_read(bar as usize, offset, data),
        }
        Ok(())
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> io::Result<()> {
        if let Err(error) = self.inside(region, offset, data.len()) {
            // A posted write must not be answered, not even with an error.
            eprintln!("gpu-model: write dropped: {error}");
            return Ok(());
        }
        let mut device = self.lock();
        match region {
            0 => device.bar0_write(offset, data),
            REGION_ROM => {}
            REGION_CONFIG => device.config_write(offset, data),
            bar => device.aperture_write(bar as usize, offset, data),
        }
        Ok(())
    }

    fn dma_map(
        &mut self,
        flags: DmaMapFlags,
        offset: u64,
        address: u64,
        size: u64,
        fd: Option<File>,
    ) -> io::Result<()> {
        let request = MapRequest {
            address,
            size,
            readable: flags.contains(DmaMapFlags::READ),
            writable: flags.contains(DmaMapFlags::WRITE),
            memory: fd.map(|file| (file, offset)),
        };
        Ok(self.lock().dma_map(request)?)
    }

    fn dma_unmap(&mut self, flags: DmaUnmapFlags, address: u64, size: u64) -> io::Result<()> {
        let all = flags.contains(DmaUnmapFlags::UNMAP_ALL);
        self.lock().dma_unmap(address, size, all);
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        self.lock().reset();
        Ok(())
    }

    fn set_irqs(
        &mut self,
        index: u32,
        flags: u32,
        start: u32,
        count: u32,
        fds: Vec<File>,
    ) -> io::Result<()> {
        Ok(self.lock().set_irqs(index, flags, start, count, fds)?)
    }
}

#[cfg(test)]
mod tests;
