// SPDX-License-Identifier: GPL-2.0

//! What several KUnit suites need: a driver, a device of it, open files, and how often a module is used.

use crate::{
    device::Device,
    driver::{
        Driver,
        Info, //
    },
    fence::Source,
    file::File,
    gem::DriverObject,
    ioctl::{
        number,
        Access,
        Entry,
        Ioctl, //
    },
    registration::Registration, //
};
use core::pin::Pin;
use kernel::{
    bindings,
    error::from_err_ptr,
    prelude::*,
    ModuleMetadata,
    ThisModule, //
};
use kernel_glue::{
    bound,
    compat::module::this_module,
    for_lt::ForLt,
    testing::TestDevice, //
};

extern "C" {
    /// Opens a file of a minor.
    fn kernel_glue_test_open(minor: *mut c_void) -> *mut c_void;
}

/// How many there are that keep module `M` from being unloaded.
pub fn users_of<M: ModuleMetadata>() -> i32 {
    // SAFETY: The module is the one that this code is in, or one that it uses.
    unsafe { bindings::module_refcount(this_module::<M>()) }
}

/// Stands for the kernel, which is never unloaded: suites do not know in which module they are.
pub(crate) struct NoModule;

impl ModuleMetadata for NoModule {
    const NAME: &'static CStr = c"kernel_glue_test";

    // SAFETY: The kernel takes an owner that is null for itself.
    const THIS_MODULE: ThisModule = unsafe { ThisModule::from_ptr(core::ptr::null_mut()) };
}

/// Makes promises.
pub(crate) struct TestSource;

impl Source for TestSource {
    type OwnerModule = NoModule;
    const DRIVER: &'static CStr = c"kernel-glue-test";
    const TIMELINE: &'static CStr = c"test-timeline";
}

/// A driver whose data is a number.
pub(crate) struct TestDriver;

impl Driver for TestDriver {
    type Data = ForLt!(u32);
    type File = ();
    type Object = TestObject;
    type OwnerModule = NoModule;

    const INFO: Info = Info {
        name: c"kernel-glue-test",
        desc: c"driver of the suites",
        version: (1, 2, 3),
    };

    const IOCTLS: &'static [Entry<Self>] = &[Entry::new::<Add>(), Entry::new::<Ask>()];
}

/// What the driver knows of a buffer.
pub(crate) struct TestObject {
    /// Whether it comes from another driver.
    pub(crate) imported: bool,
}

impl DriverObject for TestObject {
    fn imported() -> impl PinInit<Self, Error> {
        Ok(Self { imported: true })
    }
}

/// Argument of both ioctls.
#[derive(FromBytes, IntoBytes)]
#[repr(C)]
pub(crate) struct TestArg {
    /// In.
    pub(crate) number: u64,
    /// Out.
    pub(crate) sum: u64,
}

/// Adds the driver's number. Fails with `EOVERFLOW` where there is no sum.
pub(crate) struct Add;

impl Ioctl<TestDriver> for Add {
    type Arg = TestArg;

    const COMMAND: u32 = number::<TestArg>(0);
    const NAME: &'static CStr = c"TEST_ADD";
    const ACCESS: Access = Access::Render;

    fn call(data: Pin<&u32>, _file: &File<TestDriver>, mut arg: TestArg) -> Result<TestArg> {
        arg.sum = arg.number.checked_add(u64::from(*data)).ok_or(EOVERFLOW)?;
        Ok(arg)
    }
}

/// The same, for everyone.
pub(crate) struct Ask;

impl Ioctl<TestDriver> for Ask {
    type Arg = TestArg;

    const COMMAND: u32 = number::<TestArg>(1);
    const NAME: &'static CStr = c"TEST_ASK";
    const ACCESS: Access = Access::RenderUnauthenticated;

    fn call(data: Pin<&u32>, file: &File<TestDriver>, arg: TestArg) -> Result<TestArg> {
        Add::call(data, file, arg)
    }
}

/// A device of the driver, below `parent`.
pub(crate) fn card<'a>(
    parent: &'a TestDevice,
    number: u32,
) -> Result<Pin<KBox<Registration<'a, TestDriver>>>> {
    let init = Registration::new(parent.bound(), Ok(number));
    // SAFETY: Suites drop the box before the parent.
    KBox::pin_init(unsafe { bound::as_pin_init(init) }, GFP_KERNEL)
}

/// Which node of a device is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `renderD…`
    Render,
    /// `card…`
    Primary,
}

/// A file that the suite itself has open.
pub(crate) struct OpenFile(*mut bindings::file);

impl OpenFile {
    /// Opens a node.
    pub(crate) fn new(device: &Device<TestDriver>, kind: Kind) -> Result<Self> {
        let drm = device.as_raw();
        // SAFETY: A registered device has both minors, and they are valid for as long as it is.
        let file = from_err_ptr(unsafe {
            kernel_glue_test_open(match kind {
                Kind::Render => (*drm).render.cast(),
                Kind::Primary => (*drm).primary.cast(),
            })
        })?;
        Ok(Self(file.cast()))
    }

    /// The file as the driver sees it.
    pub(crate) fn file(&self) -> &File<TestDriver> {
        // SAFETY: It is open on a device of this driver for as long as this value lives.
        unsafe { File::from_raw((*self.0).private_data.cast()) }
    }

    /// The file as C knows it.
    pub(crate) fn as_raw(&self) -> *mut bindings::file {
        self.0
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // SAFETY: This gives up the reference that opening the file has returned. It is closed at once
        // and not by some other thread later.
        unsafe { bindings::__fput_sync(self.0) }
    }
}
