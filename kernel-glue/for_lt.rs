// SPDX-License-Identifier: GPL-2.0

//! Types over a lifetime.
//!
//! `Gpu<'a>` is a type for each lifetime `'a`. What all of them have in common, "`Gpu` of something", is
//! no type in Rust, yet a container that chooses the lifetime itself must be told of it: a
//! [`Tether`](crate::tether::Tether), the data of a child device. So there is a tag type that stands for
//! it, whose [`Of<'a>`](type@ForLt::Of) is `Gpu<'a>`. Two macros make tags, each in three spellings:
//!
//! ```text
//! type GpuLt = ForLt!(for<'a> Gpu<'a>);       the lifetime has a name
//! type GpuLt = ForLt!(Gpu<'_>);               it is left out, as in the argument of a function
//! type WordLt = ForLt!(u32);                  the type has none
//! ```
//!
//! [`CovariantForLt!`](macro@CovariantForLt) proves in addition that a `Gpu<'long>` may be used where a
//! `Gpu<'short>` is wanted, which [`cast_ref`](CovariantForLt::cast_ref()) does. If it is not so, the
//! error is at the part of the type that is to blame, and its notes name the type or, with
//! [`derive@Covariant`], the field.
//!
//! Name tags where items stand: inside of a function a lifetime that is left out of `Gpu` altogether is
//! one fixed lifetime.
//!
//! # Parameters of the surroundings
//!
//! A proof is an item of its own, and items do not see the parameters of what they stand in. Where a proof
//! needs them they are listed again, `for<'a, T> KBox<&'a T>`, and the proof then holds for every `T`.
//! Bounds other than lifetimes and `?Sized` cannot be given.
//!
//! [`derive@Covariant`] knows all bounds. It makes `View<'static, T>` the tag of `View<'a, T>`, for every
//! `T` that may stand there and lives for ever.
//!
//! # How it is done
//!
//! The traits are those of the kernel crate, so that its own types and functions take the tags; on 7.2, which
//! lacks one of them, they are made here. The macros are not: they prove more, they say what they failed to prove, and what they make cannot be forged.
//!
//! A tag holds `dyn for<'a> WithLt<'a, Of = Gpu<'a>>`, of which nobody ever has a value; it is the only
//! form in which Rust has a type that ranges over all lifetimes. As the compiler looks less closely at what
//! stands inside it than it should, the macro has the parts proved that need it, by items in a constant:
//!
//! - a structure with a field of the type, which must be well-formed for each lifetime;
//! - a function that returns the reference it is given, with a shorter lifetime in its type: that compiles
//!   if, and only if, the type is covariant.
//!
//! The value of the constant is evidence that they are there: only an `unsafe` function tells it.

use core::marker::PhantomData;
use kernel::prelude::kunit_tests;
pub use kernel_glue_macros::{
    Covariant,
    CovariantForLt,
    ForLt, //
};
// The traits, but not the macros of the same names: those above come first.
pub use crate::compat::for_lt::*;

/// Stands for a type over a lifetime; made by [`ForLt!`](macro@ForLt) and
/// [`CovariantForLt!`](macro@CovariantForLt).
///
/// `T` is `dyn for<'a> WithLt<'a, Of = …>`, `WF` the type for `'static`, `PROOF` what is proved.
#[doc(hidden)]
pub struct Tag<T: ?Sized, WF: 'static, const PROOF: u64>(PhantomData<(WF, T)>);

/// Says what a `dyn` type is for one lifetime.
#[doc(hidden)]
pub trait WithLt<'a> {
    /// The type for that lifetime.
    type Of: 'a;
}

/// Evidence of what was proved.
#[doc(hidden)]
pub mod proved {
    /// Numbers that nobody writes by accident, and that safe code cannot ask for.
    pub(super) const WELL_FORMED: u64 = 0x6c69_6665_7469_6d65;
    pub(super) const COVARIANT: u64 = 0x636f_7661_7269_616e;

    /// Says that a type is well-formed for every lifetime.
    ///
    /// # Safety
    ///
    /// It is.
    pub const unsafe fn well_formed() -> u64 {
        WELL_FORMED
    }

    /// Says that a type is well-formed for every lifetime, and covariant.
    ///
    /// # Safety
    ///
    /// It is.
    pub const unsafe fn covariant() -> u64 {
        COVARIANT
    }
}

impl<T: ?Sized + for<'a> WithLt<'a>, WF> ForLt for Tag<T, WF, { proved::WELL_FORMED }> {
    type Of<'a> = <T as WithLt<'a>>::Of;
}

impl<T: ?Sized + for<'a> WithLt<'a>, WF> ForLt for Tag<T, WF, { proved::COVARIANT }> {
    type Of<'a> = <T as WithLt<'a>>::Of;
}

// SAFETY: There is no such tag but for types that are covariant, by the promise asked by
// `proved::covariant`.
unsafe impl<T: ?Sized + for<'a> WithLt<'a>, WF> CovariantForLt
    for Tag<T, WF, { proved::COVARIANT }>
{
}

#[kunit_tests(kernel_glue_for_lt)]
mod tests {
    use super::*;
    use core::cell::Cell;
    use kernel::prelude::*;

    struct Words<'a>(&'a [u32]);

    /// Compiles only if the two are the same type.
    fn same<T>(_: &T, _: &T) -> bool {
        true
    }

    #[test]
    fn all_spellings_name_the_same_type() {
        let words = [1, 2];
        let it = Words(&words);
        assert!(same::<<ForLt!(for<'a> Words<'a>) as ForLt>::Of<'_>>(
            &it, &it
        ));
        assert!(same::<<ForLt!(Words<'_>) as ForLt>::Of<'_>>(&it, &it));
        assert!(same::<<CovariantForLt!(Words<'_>) as ForLt>::Of<'_>>(
            &it, &it
        ));
        assert!(same::<<CovariantForLt!(&[u32]) as ForLt>::Of<'_>>(
            &it.0, &it.0
        ));
        assert!(same::<<CovariantForLt!(u32) as ForLt>::Of<'_>>(
            &it.0[0], &it.0[1]
        ));
    }

    #[test]
    fn a_longer_life_is_cast_to_a_shorter_one() {
        static WORDS: [u32; 2] = [3, 4];

        /// Asks for one lifetime in both places.
        fn first<'a>(words: &'a Words<'a>, _: &'a u32) -> &'a u32 {
            &words.0[0]
        }

        type WordsLt = CovariantForLt!(Words<'_>);
        let (long, short) = (Words(&WORDS), 5);
        assert_eq!(*first(WordsLt::cast_ref(&long), &short), 3);
    }

    /// Reads what a tag with a parameter stands for.
    fn read<T: Copy + 'static>(value: &T) -> Result<T> {
        type Boxed<T> = CovariantForLt!(for<'a, T> KBox<(Cell<u32>, &'a T)>);

        let boxed: <Boxed<T> as ForLt>::Of<'_> = KBox::new((Cell::new(0), value), GFP_KERNEL)?;
        Ok(*Boxed::<T>::cast_ref(&boxed).1)
    }

    #[test]
    fn parameters_of_the_surroundings_can_be_listed() -> Result {
        assert_eq!(read(&6u8)?, 6);
        assert_eq!(read(&'x')?, 'x');
        Ok(())
    }

    #[derive(Covariant)]
    enum Either<'a, T: Copy, const N: usize> {
        One(&'a T),
        Many { all: &'a [T; N] },
    }

    impl<T: Copy, const N: usize> Either<'_, T, N> {
        fn last(&self) -> Option<T> {
            match self {
                Self::One(it) => Some(**it),
                Self::Many { all } => all.last().copied(),
            }
        }
    }

    #[test]
    fn a_type_can_be_its_own_tag() {
        type Tag = Either<'static, u16, 2>;
        let (one, all) = (7, [8, 9]);
        assert_eq!(Tag::cast_ref(&Either::One(&one)).last(), Some(7));
        assert_eq!(Tag::cast_ref(&Either::Many { all: &all }).last(), Some(9));
    }
}
