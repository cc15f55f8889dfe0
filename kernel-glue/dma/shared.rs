// SPDX-License-Identifier: GPL-2.0

//! Memory that the processor and a device use at the same time.

use crate::compat::{
    dma::address,
    sync::barrier::{
        dma_mb,
        Read,
        Write, //
    }, //
};
use core::{
    marker::PhantomData,
    ops::{
        Deref,
        Range, //
    }, //
};
use kernel::{
    bindings,
    debugfs::BinaryWriter,
    device::{
        Bound,
        Device, //
    },
    dma::Coherent,
    fs::file,
    prelude::*,
    uaccess::UserSliceWriter, //
};

/// Coherent memory that is shared with a device, which may change it at any time.
///
/// It is used as a [`Detached`], which it is except that it borrows the device. Dropping it gives the memory
/// back: the device must no longer use it then.
pub struct Shared<'a> {
    memory: Detached,
    _dev: PhantomData<&'a Device<Bound>>,
}

impl<'a> Shared<'a> {
    /// Allocates `len` bytes, zeroed and aligned to a page.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `len` is 0, `ENOMEM`.
    pub fn alloc(dev: &'a Device<Bound>, len: usize) -> Result<Self> {
        Ok(Self {
            memory: Detached::alloc(dev, len)?,
            _dev: PhantomData,
        })
    }
}

impl Deref for Shared<'_> {
    type Target = Detached;

    fn deref(&self) -> &Detached {
        &self.memory
    }
}

/// Coherent memory that is shared with a device and may be there longer than the driver is bound, because
/// somebody reads it who does not know of that, as a debugfs file.
///
/// There are no references to the contents. What the device wrote is copied out, once, and then looked
/// at. Every access is checked against the bounds, volatile, and may be made from several threads; how
/// they agree on who writes what is their business, a race gives stale or torn bytes and no more.
///
/// Dropping it gives the memory back: the device must no longer use it then.
pub struct Detached(Coherent<[u8]>);

impl Detached {
    /// Allocates `len` bytes, zeroed and aligned to a page.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `len` is 0, `ENOMEM`.
    pub fn alloc(dev: &Device<Bound>, len: usize) -> Result<Self> {
        Coherent::zeroed_slice(dev, len, GFP_KERNEL).map(Self)
    }

    /// Returns the number of bytes, which is never 0.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the address of the first byte as the device sees it.
    pub fn dma_address(&self) -> u64 {
        address(&self.0)
    }

    /// Copies the bytes from `offset` on into `buffer`. Does not order this after earlier accesses; see
    /// [`load_u32`](Self::load_u32).
    ///
    /// # Errors
    ///
    /// `EINVAL` if they do not all lie inside the memory; nothing is copied then.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result {
        let source = self.at(offset, buffer.len())?;
        // SAFETY: `at` checked the bounds of `source`; `buffer` is no part of the shared memory, to
        // which there are no references. The call is opaque, hence as good as volatile.
        unsafe { bindings::memcpy(buffer.as_mut_ptr().cast(), source.cast(), buffer.len()) };
        Ok(())
    }

    /// Copies `bytes` to `offset`. Does not order this before later accesses; see
    /// [`store_u32`](Self::store_u32).
    ///
    /// # Errors
    ///
    /// `EINVAL` if they would not all lie inside the memory; nothing is copied then.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result {
        let target = self.at(offset, bytes.len())?;
        // SAFETY: As in `read`, the other way round.
        unsafe { bindings::memcpy(target.cast(), bytes.as_ptr().cast(), bytes.len()) };
        Ok(())
    }

    /// Loads a little-endian word, and orders this before every later access to memory that is shared
    /// with the device: what the device wrote before the word is seen by later reads.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the word is not aligned, or not inside the memory.
    pub fn load_u32(&self, offset: usize) -> Result<u32> {
        let word = self.word(offset)?;
        // SAFETY: `word` checked bounds and alignment; any bytes are a valid word.
        let value = unsafe { word.read_volatile() };
        dma_mb(Read);
        Ok(u32::from_le(value))
    }

    /// Stores a little-endian word, and orders this after every earlier write to memory that is shared
    /// with the device: who sees the word sees those too.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the word is not aligned, or not inside the memory.
    pub fn store_u32(&self, offset: usize, value: u32) -> Result {
        let word = self.word(offset)?;
        dma_mb(Write);
        // SAFETY: `word` checked bounds and alignment.
        unsafe { word.write_volatile(value.to_le()) };
        Ok(())
    }

    /// Returns a pointer to the `len` bytes from `offset` on, if all of them are inside.
    fn at(&self, offset: usize, len: usize) -> Result<*mut u8> {
        let Range { start, end } = offset..offset.checked_add(len).ok_or(EINVAL)?;
        if end > self.len() {
            return Err(EINVAL);
        }
        Ok(self.0.as_mut_ptr().cast::<u8>().wrapping_add(start))
    }

    /// Returns an aligned pointer to the word at `offset`, if all of it is inside.
    fn word(&self, offset: usize) -> Result<*mut u32> {
        // The memory itself is aligned to a page.
        if offset % align_of::<u32>() != 0 {
            return Err(EINVAL);
        }
        Ok(self.at(offset, size_of::<u32>())?.cast())
    }
}

impl BinaryWriter for Detached {
    fn write_to_slice(
        &self,
        writer: &mut UserSliceWriter,
        offset: &mut file::Offset,
    ) -> Result<usize> {
        self.0.write_to_slice(writer, offset)
    }
}

#[kunit_tests(kernel_glue_shared)]
mod tests {
    use super::*;
    use crate::testing::TestDevice;
    use kernel::page::PAGE_SIZE;

    /// Neither a whole number of pages nor of words.
    const LEN: usize = PAGE_SIZE + 6;

    /// All bytes of `memory`.
    fn contents(memory: &Shared<'_>) -> Result<KVec<u8>> {
        let mut bytes = KVec::from_elem(0xee, memory.len(), GFP_KERNEL)?;
        memory.read(0, &mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn memory_is_zeroed_and_has_the_length_that_was_asked_for() -> Result {
        let device = TestDevice::new()?;
        let memory = Shared::alloc(device.bound(), LEN)?;
        assert_eq!(memory.len(), LEN);
        assert_eq!(memory.dma_address() % PAGE_SIZE as u64, 0);
        assert!(contents(&memory)?.iter().all(|&byte| byte == 0));
        Ok(())
    }

    #[test]
    fn memory_without_bytes_is_refused() -> Result {
        let device = TestDevice::new()?;
        assert_eq!(Shared::alloc(device.bound(), 0).err(), Some(EINVAL));
        Ok(())
    }

    #[test]
    fn bytes_are_written_where_they_belong_and_nowhere_else() -> Result {
        let device = TestDevice::new()?;
        let memory = Shared::alloc(device.bound(), LEN)?;
        memory.write(PAGE_SIZE - 3, b"across")?;

        let mut middle = [0; 4];
        memory.read(PAGE_SIZE - 2, &mut middle)?;
        assert_eq!(&middle, b"cros");
        for (at, byte) in contents(&memory)?.into_iter().enumerate() {
            let inside = at.wrapping_sub(PAGE_SIZE - 3);
            assert_eq!(byte, b"across".get(inside).copied().unwrap_or(0));
        }
        Ok(())
    }

    #[test]
    fn words_are_little_endian() -> Result {
        let device = TestDevice::new()?;
        let memory = Shared::alloc(device.bound(), LEN)?;
        memory.store_u32(8, 0x1122_3344)?;
        let mut bytes = [0; 4];
        memory.read(8, &mut bytes)?;
        assert_eq!(bytes, [0x44, 0x33, 0x22, 0x11]);
        assert_eq!(memory.load_u32(8), Ok(0x1122_3344));
        Ok(())
    }

    #[test]
    fn the_last_byte_can_be_reached_and_none_behind_it() -> Result {
        let device = TestDevice::new()?;
        let memory = Shared::alloc(device.bound(), LEN)?;
        assert_eq!(memory.write(LEN - 2, b"ok"), Ok(()));
        assert_eq!(memory.read(LEN, &mut []), Ok(()));
        assert_eq!(memory.store_u32(PAGE_SIZE, 1), Ok(()));

        for (offset, len) in [
            (LEN - 1, 2),
            (LEN, 1),
            (LEN + 1, 0),
            (0, LEN + 1),
            (usize::MAX, 2),
        ] {
            let mut buffer = KVec::from_elem(0xee, len, GFP_KERNEL)?;
            assert_eq!(memory.write(offset, &buffer), Err(EINVAL));
            assert_eq!(memory.read(offset, &mut buffer), Err(EINVAL));
        }
        for offset in [PAGE_SIZE + 4, usize::MAX - 3] {
            assert_eq!(memory.store_u32(offset, u32::MAX), Err(EINVAL));
            assert_eq!(memory.load_u32(offset), Err(EINVAL));
        }
        assert!(contents(&memory)?.iter().all(|&byte| byte < 0xee));
        Ok(())
    }

    #[test]
    fn words_must_be_aligned() -> Result {
        let device = TestDevice::new()?;
        let memory = Shared::alloc(device.bound(), LEN)?;
        for offset in 1..4 {
            assert_eq!(memory.store_u32(offset, u32::MAX), Err(EINVAL));
            assert_eq!(memory.load_u32(offset), Err(EINVAL));
        }
        assert!(contents(&memory)?.iter().all(|&byte| byte == 0));
        Ok(())
    }
}
