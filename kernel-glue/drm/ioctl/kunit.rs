// SPDX-License-Identifier: GPL-2.0

//! What the DRM core makes of a table of ioctls.

use super::*;
use crate::{
    driver::Tables,
    testing::{
        card,
        Ask,
        Kind,
        OpenFile,
        TestArg,
        TestDriver, //
    },
};
use kernel_glue::testing::TestDevice;

/// Calls row `row` as the DRM core does when it has copied the argument.
fn call(file: &OpenFile, row: usize, arg: &mut TestArg) -> Result {
    let entry = TestDriver::IOCTLS.get(row).ok_or(ENOTTY)?;
    // SAFETY: The file is open on a device of this driver, whose row that is; the argument is of the row's
    // type.
    let result = unsafe {
        bindings::drm_ioctl_kernel(
            file.as_raw(),
            entry.0.func,
            core::ptr::from_mut(arg).cast(),
            entry.0.flags,
        )
    };
    kernel::error::to_result(c_int::try_from(result)?)
}

fn arg(number: u64) -> TestArg {
    TestArg { number, sum: 77 }
}

/// Takes away what files of the primary node have that a privileged program opened.
fn lose_authentication(file: &OpenFile) {
    // SAFETY: The file is open, and nobody else uses it.
    unsafe { (*file.file().as_raw()).authenticated = false };
}

#[kunit_tests(kernel_glue_drm_ioctl)]
mod tests {
    use super::*;

    const ADD: usize = 0;
    const ASK: usize = 1;

    #[test]
    fn rows_have_the_numbers_of_their_ioctls() {
        for (row, entry) in TestDriver::IOCTLS.iter().enumerate() {
            assert_eq!(entry.0.cmd, 0xc010_6440 + row as u32);
        }
        assert_eq!(Tables::<TestDriver>::DRIVER.num_ioctls, 2);
    }

    #[test]
    fn access_is_what_the_core_knows_by_these_bits() {
        // DRM_AUTH and DRM_RENDER_ALLOW of drm_ioctl.h.
        assert_eq!(Access::Render.flags(), 0x01 | 0x20);
        assert_eq!(Access::RenderUnauthenticated.flags(), 0x20);
    }

    #[test]
    fn a_call_gets_the_data_and_returns_the_argument() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 42)?;
        let file = OpenFile::new(card.device(), Kind::Render)?;
        let mut arg = arg(100);
        assert_eq!(call(&file, ADD, &mut arg), Ok(()));
        assert_eq!((arg.number, arg.sum), (100, 142));
        Ok(())
    }

    #[test]
    fn a_call_that_fails_leaves_the_argument_as_it_was() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 42)?;
        let file = OpenFile::new(card.device(), Kind::Render)?;
        let mut arg = arg(u64::MAX);
        assert_eq!(call(&file, ADD, &mut arg), Err(EOVERFLOW));
        assert_eq!((arg.number, arg.sum), (u64::MAX, 77));
        Ok(())
    }

    #[test]
    fn each_device_has_data_of_its_own() -> Result {
        let parents = [TestDevice::new()?, TestDevice::new()?];
        let cards = [card(&parents[0], 1)?, card(&parents[1], 2)?];
        for (card, wanted) in cards.iter().zip([11, 12]) {
            let file = OpenFile::new(card.device(), Kind::Render)?;
            let mut arg = arg(10);
            assert_eq!(call(&file, ASK, &mut arg), Ok(()));
            assert_eq!(arg.sum, wanted);
        }
        Ok(())
    }

    #[test]
    fn the_primary_node_wants_authentication_where_the_row_says_so() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 42)?;
        let file = OpenFile::new(card.device(), Kind::Primary)?;
        // This thread has all privileges.
        assert_eq!(call(&file, ADD, &mut arg(1)), Ok(()));
        lose_authentication(&file);
        assert_eq!(call(&file, ADD, &mut arg(1)), Err(EACCES));
        assert_eq!(call(&file, ASK, &mut arg(1)), Ok(()));
        Ok(())
    }

    #[test]
    fn a_render_node_never_wants_authentication() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 42)?;
        let file = OpenFile::new(card.device(), Kind::Render)?;
        lose_authentication(&file);
        assert_eq!(call(&file, ADD, &mut arg(1)), Ok(()));
        Ok(())
    }

    #[test]
    fn a_file_that_outlives_its_device_is_refused() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 42)?;
        let file = OpenFile::new(card.device(), Kind::Render)?;
        drop(card);
        assert_eq!(call(&file, ASK, &mut arg(1)), Err(ENODEV));
        let mut arg = arg(1);
        // Nor does a call get through that the core has already let in.
        // SAFETY: The file is open on a device of this driver, and the argument is that of the ioctl.
        let late = unsafe {
            handle::<TestDriver, Ask>(
                file.file().device().as_raw(),
                core::ptr::from_mut(&mut arg).cast(),
                file.file().as_raw(),
            )
        };
        assert_eq!(late, ENODEV.to_errno());
        assert_eq!(arg.sum, 77);
        Ok(())
    }
}
