// SPDX-License-Identifier: GPL-2.0

//! The table of ioctls beside that of Linux, and what a pending fence means for this module.

use crate::{
    driver::NovaDrm,
    ioctl::{
        GemCreate,
        GemInfo,
        GemMmapOffset,
        GetParam, //
    },
    LocalModule, //
};
use kernel::prelude::*;
use kernel_glue_drm::{
    driver::Driver,
    fence::{
        Source,
        Timeline, //
    },
    ioctl::{
        Access,
        Ioctl, //
    },
    testing::users_of, //
};

/// Number, name and access of an ioctl.
fn row<I: Ioctl<NovaDrm>>() -> (u32, &'static CStr, Access) {
    (I::COMMAND, I::NAME, I::ACCESS)
}

#[kunit_tests(nova_drm_ioctl)]
mod ioctls {
    use super::*;

    #[test]
    fn numbers_names_and_permissions_are_those_of_linux() {
        let everyone = Access::RenderUnauthenticated;
        assert!(row::<GetParam>() == (0xc010_6440, c"NOVA_GETPARAM", everyone));
        assert!(row::<GemCreate>() == (0xc010_6441, c"NOVA_GEM_CREATE", Access::Render));
        assert!(row::<GemInfo>() == (0xc010_6442, c"NOVA_GEM_INFO", Access::Render));
    }

    #[test]
    fn additions_stand_behind_those_of_linux() {
        assert!(row::<GemMmapOffset>() == (0xc010_6443, c"NOVA_GEM_MMAP_OFFSET", Access::Render));
        assert_eq!(NovaDrm::IOCTLS.len(), 4);
    }
}

/// Makes promises in the name of this module.
struct Ours;

impl Source for Ours {
    type OwnerModule = LocalModule;
    const DRIVER: &'static CStr = c"nova-drm";
    const TIMELINE: &'static CStr = c"test";
}

#[kunit_tests(nova_drm_fence)]
mod fences {
    use super::*;

    #[test]
    fn a_pending_fence_keeps_the_module() -> Result {
        let timeline = Timeline::<Ours>::new();
        let before = users_of::<LocalModule>();
        let (first, second) = (timeline.promise()?, timeline.promise()?);
        assert_eq!(users_of::<LocalModule>(), before + 2);
        first.signal();
        assert_eq!(users_of::<LocalModule>(), before + 1);
        drop(second);
        assert_eq!(users_of::<LocalModule>(), before);
        Ok(())
    }

    #[test]
    fn a_fence_that_has_ended_does_not() -> Result {
        let before = users_of::<LocalModule>();
        let promise = Timeline::<Ours>::new().promise()?;
        let kept = kernel::sync::aref::ARef::from(promise.fence());
        promise.fail(ENODEV);
        assert_eq!(users_of::<LocalModule>(), before);
        assert_eq!(kept.status(), Some(Err(ENODEV)));
        Ok(())
    }
}
