// SPDX-License-Identifier: GPL-2.0

//! Lengths, handles and lives of buffers.

use super::*;
use crate::testing::{
    card,
    Kind,
    OpenFile,
    TestDriver,
    TestObject, //
};
use kernel::page::PAGE_SIZE;
use kernel_glue::testing::TestDevice;

fn object(dev: &Device<TestDriver>, size: usize) -> Result<ARef<Object<TestDriver>>> {
    Object::new(dev, size, Ok(TestObject { imported: false }))
}

#[kunit_tests(kernel_glue_drm_gem)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_rounded_up_to_pages() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        for (asked, got) in [
            (1, PAGE_SIZE),
            (PAGE_SIZE - 1, PAGE_SIZE),
            (PAGE_SIZE, PAGE_SIZE),
            (PAGE_SIZE + 1, 2 * PAGE_SIZE),
        ] {
            assert_eq!(object(card.device(), asked)?.size(), got);
        }
        Ok(())
    }

    #[test]
    fn a_length_that_cannot_be_is_refused() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        for size in [0, usize::MAX, usize::MAX - PAGE_SIZE + 2] {
            assert_eq!(object(card.device(), size).err(), Some(EINVAL));
        }
        Ok(())
    }

    #[test]
    fn more_than_the_machine_has_is_refused() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        for size in [1 << 40, usize::MAX - PAGE_SIZE + 1] {
            assert_eq!(object(card.device(), size).err(), Some(ENOMEM));
        }
        Ok(())
    }

    #[test]
    fn a_handle_leads_back_to_the_object() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        let file = OpenFile::new(card.device(), Kind::Render)?;
        let object = object(card.device(), 1)?;
        let handle = object.create_handle(file.file())?;
        assert_ne!(handle, 0);
        let found = file.file().lookup(handle)?;
        assert_eq!(found.as_gem(), object.as_gem());
        assert_eq!(file.file().lookup(handle + 1).err(), Some(ENOENT));
        Ok(())
    }

    #[test]
    fn a_handle_is_of_one_file() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        let (file, other) = (
            OpenFile::new(card.device(), Kind::Render)?,
            OpenFile::new(card.device(), Kind::Render)?,
        );
        let handle = object(card.device(), 1)?.create_handle(file.file())?;
        assert_eq!(other.file().lookup(handle).err(), Some(ENOENT));
        Ok(())
    }

    #[test]
    fn a_file_of_another_device_gets_no_handle() -> Result {
        let parents = [TestDevice::new()?, TestDevice::new()?];
        let (one, other) = (card(&parents[0], 1)?, card(&parents[1], 2)?);
        let file = OpenFile::new(other.device(), Kind::Render)?;
        let object = object(one.device(), 1)?;
        assert_eq!(object.create_handle(file.file()), Err(EINVAL));
        Ok(())
    }

    #[test]
    fn objects_are_mapped_at_places_of_their_own() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        let (one, other) = (object(card.device(), 1)?, object(card.device(), 1)?);
        assert_eq!(one.mmap_offset() % PAGE_SIZE as u64, 0);
        assert_ne!(one.mmap_offset(), 0);
        assert_ne!(one.mmap_offset(), other.mmap_offset());
        Ok(())
    }

    #[test]
    fn an_object_outlives_its_device() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        let object = object(card.device(), 1)?;
        drop(card);
        assert_eq!(object.size(), PAGE_SIZE);
        Ok(())
    }
}
