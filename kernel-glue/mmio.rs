// SPDX-License-Identifier: GPL-2.0

//! Registers in memory that are accessed by one instruction.
//!
//! The kernel crate reads a register by calling a function of the kernel, which contains C's `readl()`: C
//! inlines that, and Rust cannot, unless kernel and crate were built by one LLVM (`RUST_INLINE_HELPERS`),
//! which kernels of distributions are not. [`Direct`] is a view like [`Mmio`], with the same checks and
//! methods ([`kernel::io::Io`]), whose accesses are that instruction. Where it is not known which one that
//! is, they are the kernel's.

#[cfg(CONFIG_X86_64)]
use core::{
    arch::asm,
    sync::atomic::{
        compiler_fence,
        Ordering::SeqCst, //
    }, //
};
use kernel::{
    io::{
        IoBackend,
        IoBase,
        IoCapable,
        Mmio,
        MmioBackend, //
    },
    prelude::*,
    ptr::KnownSize, //
};

/// A view of registers.
///
/// Accesses are ordered as those of `readl()` and `writel()` are.
pub struct Direct<'a, T: ?Sized>(Mmio<'a, T>);

impl<T: ?Sized> Clone for Direct<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Direct<'_, T> {}

impl<'a, T: ?Sized> From<Mmio<'a, T>> for Direct<'a, T> {
    #[inline]
    fn from(view: Mmio<'a, T>) -> Self {
        Self(view)
    }
}

impl<'a, T: ?Sized + KnownSize> IoBase<'a> for Direct<'a, T> {
    type Backend = DirectBackend;
    type Target = T;

    #[inline]
    fn as_view(self) -> Self {
        self
    }
}

/// How a [`Direct`] view is accessed.
pub struct DirectBackend;

impl IoBackend for DirectBackend {
    type View<'a, T: ?Sized + KnownSize> = Direct<'a, T>;

    #[inline]
    fn as_ptr<'a, T: ?Sized + KnownSize>(view: Self::View<'a, T>) -> *mut T {
        MmioBackend::as_ptr(view.0)
    }

    #[inline]
    unsafe fn project_view<'a, T: ?Sized + KnownSize, U: ?Sized + KnownSize>(
        view: Self::View<'a, T>,
        ptr: *mut U,
    ) -> Self::View<'a, U> {
        // SAFETY: The caller projects what `as_ptr` returned, which is the pointer of the view in `view`.
        Direct(unsafe { MmioBackend::project_view(view.0, ptr) })
    }
}

/// Implements accesses of one width, whose register of the processor is of `$class`, written `$register`.
macro_rules! capable {
    ($type:ty, $class:ident, $register:literal) => {
        // On this architecture `readl()` is `mov`, and nothing before or after it may change places with it.
        #[cfg(CONFIG_X86_64)]
        impl IoCapable<$type> for DirectBackend {
            #[inline]
            fn io_read(view: Direct<'_, $type>) -> $type {
                compiler_fence(SeqCst);
                // SAFETY: By the invariant of `Mmio`, registers are mapped there for as long as the view
                // lives, and it is aligned.
                let value = unsafe { Self::as_ptr(view).read_volatile() };
                in_a_register!(value, $class, $register)
            }

            #[inline]
            fn io_write(view: Direct<'_, $type>, value: $type) {
                let value = in_a_register!(value, $class, $register);
                // SAFETY: As above.
                unsafe { Self::as_ptr(view).write_volatile(value) };
                compiler_fence(SeqCst);
            }
        }

        #[cfg(not(CONFIG_X86_64))]
        impl IoCapable<$type> for DirectBackend {
            #[inline]
            fn io_read(view: Direct<'_, $type>) -> $type {
                MmioBackend::io_read(view.0)
            }

            #[inline]
            fn io_write(view: Direct<'_, $type>, value: $type) {
                MmioBackend::io_write(view.0, value);
            }
        }
    };
}

/// Returns `$value`, of which the compiler knows no more than that it is in a register of the processor, and
/// that memory may have changed.
///
/// So the access beside it is a plain `mov`, as C's is, and never part of an instruction that calculates: who
/// emulates a device for a guest need not understand those.
#[cfg(CONFIG_X86_64)]
macro_rules! in_a_register {
    ($value:ident, $class:ident, $register:literal) => {{
        let mut value = $value;
        // SAFETY: This is no instruction at all.
        unsafe {
            asm!(
                concat!("/* ", $register, " */"),
                value = inout($class) value,
                options(nostack, preserves_flags),
            );
        }
        value
    }};
}
#[cfg(CONFIG_X86_64)]
use in_a_register;

capable!(u8, reg_byte, "{value}");
capable!(u16, reg, "{value:x}");
capable!(u32, reg, "{value:e}");
#[cfg(CONFIG_64BIT)]
capable!(u64, reg, "{value:r}");

#[kunit_tests(kernel_glue_mmio)]
mod tests {
    use super::*;
    use core::cell::UnsafeCell;
    use kernel::io::{
        Io,
        MmioRaw,
        Region, //
    };

    /// Memory that is taken for registers.
    #[repr(C, align(8))]
    struct Registers(UnsafeCell<[u8; 16]>);

    impl Registers {
        fn new() -> Self {
            Self(UnsafeCell::new(core::array::from_fn(|at| at as u8)))
        }

        /// Lends it as registers, whose addresses are no pointers to Rust.
        fn view(&self) -> Result<Direct<'_, Region<16>>> {
            let raw = MmioRaw::new_region(self.0.get().addr(), 16)?;
            // Makes the address good for accesses that the compiler does not see.
            let _ = self.0.get().expose_provenance();
            // SAFETY: The memory stays where it is for as long as it is borrowed, and is aligned.
            Ok(unsafe { Mmio::from_raw(raw) }.into())
        }

        fn bytes(self) -> [u8; 16] {
            self.0.into_inner()
        }
    }

    #[test]
    fn each_width_reads_what_is_there_and_no_more() -> Result {
        let registers = Registers::new();
        let view = registers.view()?;
        assert_eq!(view.read8(3), 0x03);
        assert_eq!(view.read16(6), 0x0706);
        assert_eq!(view.read32(12), 0x0f0e_0d0c);
        assert_eq!(view.try_read64(8)?, 0x0f0e_0d0c_0b0a_0908);
        Ok(())
    }

    #[test]
    fn each_width_writes_its_bytes_and_no_more() -> Result {
        let registers = Registers::new();
        let view = registers.view()?;
        view.write8(0xa0, 1);
        view.write16(0xb1b0, 2);
        view.write32(0xc3c2_c1c0, 4);
        view.try_write64(0xd7d6_d5d4_d3d2_d1d0, 8)?;
        assert_eq!(
            registers.bytes(),
            [
                0x00, 0xa0, 0xb0, 0xb1, 0xc0, 0xc1, 0xc2, 0xc3, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5,
                0xd6, 0xd7
            ]
        );
        Ok(())
    }

    #[test]
    fn what_is_outside_or_askew_is_refused() -> Result {
        let registers = Registers::new();
        let view = registers.view()?;
        assert_eq!(view.try_read32(16).err(), Some(EINVAL));
        assert_eq!(view.try_read32(2).err(), Some(EINVAL));
        assert_eq!(view.try_write64(0, 12).err(), Some(EINVAL));
        Ok(())
    }
}
