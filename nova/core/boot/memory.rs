// SPDX-License-Identifier: GPL-2.0

//! The system memory from which the GSP is booted.

use crate::firmware::Files;
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use kernel_glue::{
    dma::{
        DevicePages,
        Shared, //
    },
    fmt::Plain, //
};
use nova_firmware::abi::r570_144::{
    radix3::{
        self,
        Radix3,
        Radix3Error, //
    },
    wpr_meta::{
        Places,
        Sizes,
        Sources, //
    },
    PAGE_SIZE, //
};
use nova_hw::fb::{
    FspLayout,
    Layout,
    Sec2Layout,
    VramRange, //
};

/// GSP-RM's image with its page tables, signature and bootloader, and the structure that names them.
///
/// The GPU reads them until GSP-RM has said that it is up; they must live until then, or until the GSP has
/// been taken down.
pub(crate) struct BootMemory<'a> {
    meta: Shared<'a>,
    _image: DevicePages<'a>,
    _tables: Shared<'a>,
    _bootloader: Shared<'a>,
    _signature: Shared<'a>,
}

impl<'a> BootMemory<'a> {
    /// Reads the image, and lets the GPU reach everything.
    ///
    /// Sleeps, for as long as it takes to read the image.
    ///
    /// # Errors
    ///
    /// Those of reading the image, after one log line; `EINVAL`, after one, if who boots the GSP would not
    /// accept the layout; `ENOMEM`.
    pub(crate) fn load(
        dev: &'a pci::Device<Bound>,
        files: &Files<'a>,
        layout: &Layout,
    ) -> Result<Self> {
        let copy = |bytes: &[u8]| {
            let memory = Shared::alloc(dev.as_ref(), bytes.len())?;
            memory.write(0, bytes)?;
            Ok::<_, Error>(memory)
        };
        let bootloader = files.gsp_bootloader()?;
        let image = files.load_image(dev)?;
        let tables = page_tables(dev, &image)?;
        let bootloader_memory = copy(bootloader.payload)?;
        let signature = copy(files.signature())?;

        // CAST: `usize` has 64 bits on every machine with such a GPU.
        let sources = Sources {
            radix3: tables.dma_address(),
            image_size: image.data().len() as u64,
            bootloader: bootloader_memory.dma_address(),
            bootloader_size: bootloader.payload.len() as u64,
            code_offset: bootloader.code_offset.into(),
            data_offset: bootloader.data_offset.into(),
            manifest_offset: bootloader.manifest_offset.into(),
            signature: signature.dma_address(),
            signature_size: files.signature().len() as u64,
        };
        let meta = match layout {
            Layout::Sec2(layout) => sources.with_places(&places(layout)),
            Layout::Fsp(layout) => sources.with_sizes(&sizes(layout)?),
        }
        .map_err(|err| {
            dev_err!(dev, "cannot tell the GPU what to boot: {}\n", Plain(err));
            EINVAL
        })?;
        Ok(Self {
            meta: copy(&meta)?,
            _image: image,
            _tables: tables,
            _bootloader: bootloader_memory,
            _signature: signature,
        })
    }

    /// DMA address of the structure that names everything.
    pub(super) fn meta_address(&self) -> u64 {
        self.meta.dma_address()
    }
}

/// Makes the page tables for the image: a page each for the upper two levels, then those of the third.
fn page_tables<'a>(dev: &'a pci::Device<Bound>, image: &DevicePages<'_>) -> Result<Shared<'a>> {
    let impossible = |err: Radix3Error| {
        dev_err!(dev, "no page tables for the GSP image: {}\n", Plain(err));
        EINVAL
    };
    let radix3 = Radix3::new(image.data().len()).map_err(impossible)?;
    let tables = Shared::alloc(dev.as_ref(), 2 * PAGE_SIZE + radix3.level2_size())?;
    // CAST: `u64` is no smaller.
    let page = |index: usize| tables.dma_address() + (index * PAGE_SIZE) as u64;
    let image_pages = image.page_addresses().iter().take(radix3.image_pages);

    let mut table = KVVec::from_elem(0, PAGE_SIZE, GFP_KERNEL)?;
    radix3::fill(&mut table, [page(1)]).map_err(impossible)?;
    tables.write(0, &table)?;
    let level2 = 2..2 + radix3.level2_pages;
    radix3::fill(&mut table, level2.map(page)).map_err(impossible)?;
    tables.write(PAGE_SIZE, &table)?;
    let mut table = KVVec::from_elem(0, radix3.level2_size(), GFP_KERNEL)?;
    radix3::fill(&mut table, image_pages.copied()).map_err(impossible)?;
    tables.write(2 * PAGE_SIZE, &table)?;
    Ok(tables)
}

fn places(layout: &Sec2Layout) -> Places {
    let range = |range: VramRange| range.start().raw()..range.end().raw();
    Places {
        fb_size: layout.fb.end().raw(),
        vga: layout.vga.start().raw(),
        frts: range(layout.frts),
        bootloader: layout.boot.start().raw(),
        image: layout.elf.start().raw(),
        heap: range(layout.heap),
        wpr: layout.wpr2.start().raw(),
        non_wpr_heap: layout.non_wpr_heap.start().raw(),
    }
}

fn sizes(layout: &FspLayout) -> Result<Sizes> {
    Ok(Sizes {
        frts: layout.frts_size,
        heap: layout.heap_size,
        non_wpr_heap: layout.non_wpr_heap_size,
        vga: layout.vga_workspace_size,
        pmu_reserved: layout.pmu_reserved_size.try_into()?,
        vf_partition_count: layout.vf_partition_count,
    })
}
