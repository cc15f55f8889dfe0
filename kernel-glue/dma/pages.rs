// SPDX-License-Identifier: GPL-2.0

//! Memory that a device reads page by page.

use crate::{
    compat::c_enum::DMA_TO_DEVICE,
    firmware::FirmwareFile, //
};
use core::ptr;
use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::to_result,
    page::{
        page_align,
        AsPageIter,
        PAGE_SIZE, //
    },
    prelude::*,
    scatterlist::SGTable, //
};

/// Bytes of what a device calls a page, which may be less than a page of the processor.
pub const DEVICE_PAGE_SIZE: usize = 4096;

const _: () = assert!(PAGE_SIZE % DEVICE_PAGE_SIZE == 0);

/// Memory that a device reads, page by page, and nobody writes any more.
///
/// The pages are scattered; the device is given the address of each. Dropping it takes the pages from
/// the device, which must no longer read them then.
pub struct DevicePages<'a> {
    // Declared first, hence dropped first: the device loses the pages before they are freed.
    _mapping: Mapping<'a>,
    /// One for each device page.
    addresses: VVec<u64>,
    /// Whole pages of the processor.
    data: VVec<u8>,
    /// How many bytes of `data` are not padding.
    len: usize,
}

impl<'a> DevicePages<'a> {
    /// Lets `dev` read `data`, which is padded with zeros to whole pages.
    ///
    /// The padding may move `data`, unless its capacity is a multiple of [`PAGE_SIZE`].
    ///
    /// # Errors
    ///
    /// `EINVAL` if `data` is empty, `ENOMEM`, and those of the DMA layer if the device cannot be given
    /// that much memory: `EIO` or `EREMOTEIO`.
    pub fn from_vec(dev: &'a Device<Bound>, mut data: VVec<u8>) -> Result<Self> {
        let len = data.len();
        let padded = page_align(len).filter(|&len| len > 0).ok_or(EINVAL)?;
        data.resize(padded, 0, GFP_KERNEL)?;

        let mapping = Mapping::new(dev, &mut data)?;
        let addresses = mapping.table.page_addresses(padded / DEVICE_PAGE_SIZE)?;
        Ok(Self {
            _mapping: mapping,
            addresses,
            data,
            len,
        })
    }

    /// Lets the device of `file` read `len` bytes of it, from `offset` on.
    ///
    /// Unless the file is compressed, it is read straight into the pages. Sleeps.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the file has less than that, and those of [`FirmwareFile::read`] and
    /// [`from_vec`](Self::from_vec).
    pub fn from_firmware(file: &FirmwareFile<'a>, offset: usize, len: usize) -> Result<Self> {
        let padded = page_align(len).ok_or(EINVAL)?;
        let mut data = VVec::with_capacity(padded, GFP_KERNEL)?;
        let target = data.spare_capacity_mut().as_mut_ptr().cast::<u8>();

        // SAFETY: `data` has room for `len` bytes at `target`.
        unsafe { file.read_raw(offset, target, len)? };
        // SAFETY: `len` bytes were initialised, and are within the capacity.
        unsafe { data.inc_len(len) };
        Self::from_vec(file.device(), data)
    }

    /// Returns the addresses of the device pages as the device sees them, in the order of the data.
    pub fn page_addresses(&self) -> &[u64] {
        &self.addresses
    }

    /// Returns what the device reads, without the padding.
    pub fn data(&self) -> &[u8] {
        self.data.get(..self.len).unwrap_or(&self.data)
    }
}

/// Pages that a device may read, for as long as this value lives.
struct Mapping<'a> {
    table: Table,
    dev: &'a Device<Bound>,
}

impl<'a> Mapping<'a> {
    /// Maps all of `data`, which is whole pages and must stay where it is.
    fn new(dev: &'a Device<Bound>, data: &mut VVec<u8>) -> Result<Self> {
        let mut table = Table::new(data)?;
        // SAFETY: `dev` is bound, and the pages of the table are there and may be read.
        to_result(unsafe {
            bindings::dma_map_sgtable(as_raw(dev), &mut table.0, DMA_TO_DEVICE, 0)
        })?;
        Ok(Self { table, dev })
    }
}

impl Drop for Mapping<'_> {
    fn drop(&mut self) {
        // SAFETY: `new` mapped the table for this device, which is bound while it is borrowed.
        unsafe {
            bindings::dma_unmap_sgtable(as_raw(self.dev), &mut self.table.0, DMA_TO_DEVICE, 0)
        }
    }
}

/// A list of pages for the DMA layer.
struct Table(bindings::sg_table);

// SAFETY: The list belongs to the table, and does not care which thread uses it.
unsafe impl Send for Table {}

// SAFETY: Nothing changes the list through a shared reference.
unsafe impl Sync for Table {}

impl Table {
    /// Lists all pages of `data`, which is whole pages.
    fn new(data: &mut VVec<u8>) -> Result<Self> {
        let count = data.len() / PAGE_SIZE;
        let mut pages = VVec::with_capacity(count, GFP_KERNEL)?;
        for page in data.page_iter().take(count) {
            pages.push(page.as_ptr(), GFP_KERNEL)?;
        }

        let mut table = bindings::sg_table::default();
        // One entry for each page: a bigger one could be too big for a bounce buffer or for the device.
        //
        // SAFETY: `table` may be overwritten; `pages` are as many as is said, and whole.
        to_result(unsafe {
            bindings::sg_alloc_table_from_pages_segment(
                &mut table,
                pages.as_mut_ptr(),
                u32::try_from(count)?,
                0,
                data.len(),
                // CAST: A page is never that big.
                PAGE_SIZE as u32,
                bindings::GFP_KERNEL,
            )
        })?;
        Ok(Self(table))
    }

    /// Returns the addresses of the `count` device pages to which the table is mapped.
    ///
    /// What is one entry to the device may be many to the processor: an IOMMU can make scattered pages
    /// lie side by side.
    fn page_addresses(&self, count: usize) -> Result<VVec<u64>> {
        let mut addresses = VVec::with_capacity(count, GFP_KERNEL)?;
        // SAFETY: The table is valid for as long as `self` lives, and nobody changes it.
        let table = unsafe { SGTable::from_raw(ptr::from_ref(&self.0).cast_mut()) };
        for entry in table.iter() {
            for start in (0..entry.dma_len()).step_by(DEVICE_PAGE_SIZE) {
                addresses.push(entry.dma_address() + start, GFP_KERNEL)?;
            }
        }
        if addresses.len() != count {
            return Err(EIO);
        }
        Ok(addresses)
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // SAFETY: `new` allocated the table.
        unsafe { bindings::sg_free_table(&mut self.0) }
    }
}

fn as_raw(dev: &Device<Bound>) -> *mut bindings::device {
    // CAST: `Device` is a transparent wrapper of an `Opaque<device>`.
    ptr::from_ref(dev).cast::<bindings::device>().cast_mut()
}

#[kunit_tests(kernel_glue_pages)]
mod tests {
    use super::*;
    use crate::testing::TestDevice;

    /// `len` bytes that tell where they are from.
    fn bytes(len: usize) -> Result<VVec<u8>> {
        let mut data = VVec::with_capacity(len, GFP_KERNEL)?;
        for at in 0..len {
            // CAST: A remainder by 251 is a byte.
            data.push((at % 251) as u8 + 1, GFP_KERNEL)?;
        }
        Ok(data)
    }

    /// The physical address of each device page, which is what a device without an IOMMU uses.
    fn physical(pages: &DevicePages<'_>) -> Result<VVec<u64>> {
        let mut addresses = VVec::new();
        for page in pages.data.chunks(DEVICE_PAGE_SIZE) {
            let offset = page.as_ptr().addr() % PAGE_SIZE;
            // SAFETY: The data are in memory of `vmalloc()`.
            let frame = unsafe { bindings::vmalloc_to_pfn(page.as_ptr().cast()) };
            addresses.push((frame * PAGE_SIZE + offset) as u64, GFP_KERNEL)?;
        }
        Ok(addresses)
    }

    #[test]
    fn each_page_is_found_where_it_is() -> Result {
        let device = TestDevice::new()?;
        // More than one piece of the list of pages has room for.
        let len = 300 * PAGE_SIZE;
        let pages = DevicePages::from_vec(device.bound(), bytes(len)?)?;
        assert_eq!(pages.page_addresses().len(), len / DEVICE_PAGE_SIZE);
        assert!(pages.page_addresses() == &physical(&pages)?[..]);
        Ok(())
    }

    #[test]
    fn data_are_padded_with_zeros_to_whole_pages() -> Result {
        let device = TestDevice::new()?;
        for (len, padded) in [
            (1, PAGE_SIZE),
            (PAGE_SIZE, PAGE_SIZE),
            (2 * PAGE_SIZE + 5, 3 * PAGE_SIZE),
        ] {
            let pages = DevicePages::from_vec(device.bound(), bytes(len)?)?;
            assert_eq!(pages.page_addresses().len(), padded / DEVICE_PAGE_SIZE);
            assert!(pages.data() == &bytes(len)?[..]);
            assert_eq!(pages.data.len(), padded);
            assert!(pages.data[len..].iter().all(|&byte| byte == 0));
        }
        Ok(())
    }

    #[test]
    fn no_data_are_refused() -> Result {
        let device = TestDevice::new()?;
        let pages = DevicePages::from_vec(device.bound(), VVec::new());
        assert_eq!(pages.err(), Some(EINVAL));
        Ok(())
    }

    #[test]
    fn pages_that_an_iommu_put_side_by_side_are_told_apart() -> Result {
        let mut table = bindings::sg_table::default();
        // SAFETY: `table` may be overwritten.
        to_result(unsafe { bindings::sg_alloc_table(&mut table, 3, bindings::GFP_KERNEL) })?;
        let mut table = Table(table);
        // Three pages of the processor, of which the device sees two together, elsewhere.
        table.0.nents = 2;
        // SAFETY: The table has three entries, one after the other.
        unsafe {
            (*table.0.sgl).dma_address = 0x7000_0000;
            (*table.0.sgl).dma_length = 2 * DEVICE_PAGE_SIZE as u32;
            (*table.0.sgl.add(1)).dma_address = 0x5000;
            (*table.0.sgl.add(1)).dma_length = DEVICE_PAGE_SIZE as u32;
        }

        let addresses = table.page_addresses(3)?;
        assert!(addresses[..] == [0x7000_0000, 0x7000_1000, 0x5000]);
        assert_eq!(table.page_addresses(2).err(), Some(EIO));
        assert_eq!(table.page_addresses(4).err(), Some(EIO));
        Ok(())
    }
}
