// SPDX-License-Identifier: GPL-2.0

//! The kinds of places that say `unsafe`, and the reason of each.

use crate::scan::{
    Form,
    Place, //
};

/// A kind of places.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// What is done there.
    pub name: &'static str,
    /// Why it has to be, and what makes it right.
    pub reason: &'static str,
    form: Form,
    /// One of these is in the text of the place. The first kind that has one is the kind of it.
    signs: &'static [&'static str],
}

/// All kinds, in the order in which they are tried.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "C function",
        reason: "The kernel crate has no safe function for it. What the C function asks of its arguments is \
                 said, or visible, where it is called.",
        form: Form::Block,
        // Those that the bindings lack are declared beside their use.
        signs: &["bindings :: ", "kernel_glue_drm_sizes", "kernel_glue_", "drm_syncobj_"],
    },
    Kind {
        name: "field of a C structure",
        reason: "It is read or set through the pointer that the C side gave, and that stays valid.",
        form: Form::Block,
        signs: &[
            "( * self . 0 )", "( * pdev )", "( * read )", "( * as_raw", "( * reg . get", "* reg . get", "( * raw )",
            "( * table", "( * self . as_gem", "( * gem )", "( * vmf )", "vm_private_data", ". as_raw ( ) ) .",
        ],
    },
    Kind {
        name: "pinned reference",
        reason: "What a tether or a registration holds stays where it was built, and is lent as that.",
        form: Form::Block,
        signs: &["new_unchecked", "map_unchecked"],
    },
    Kind {
        name: "building in place",
        reason: "A field is written, or dropped again, through a pointer to its place. This is what an initialiser \
                 is; ``bound_init!`` and ``Tether::new`` keep drivers from having to.",
        form: Form::Block,
        signs: &[
            "addr_of_mut",
            "& raw mut",
            "slot . write",
            "drop_in_place",
            ". init ( ",
            "raw_try_init",
            ". data . get ( ) =",
            ":: complete (",
        ],
    },
    Kind {
        name: "counted reference",
        reason: "What C returns with a reference is given to a value that gives it up; what owns a reference is \
                 there to be borrowed.",
        form: Form::Block,
        signs: &["ARef :: from_raw", "take (", "self . node . as_ref", "$ get (", "$ put ("],
    },
    Kind {
        name: "initialiser that only an adapter may run",
        reason: "It is made, or passed on to what is run by an adapter. That nothing else can is the promise of \
                 ``BoundInit``.",
        form: Form::Block,
        signs: &["from_closure", "as_pin_init"],
    },
    Kind {
        name: "pointer that a callback was given",
        reason: "C passes back the address that it was given at registration, which ends before the value does.",
        form: Form::Block,
        signs: &["cookie . cast",
            "work . cast", "data . cast", "file . cast", "driver_priv", "lend ::<", "drm . cast", "pdev . cast", "from_drm", "drvdata_borrow"],
    },
    Kind {
        name: "function of the kernel crate",
        reason: "It asks for what the types here make sure of: that the value is not forgotten, that what is shared \
                 lives for the whole binding, that nobody maps memory meanwhile.",
        form: Form::Block,
        signs: &[
            "new_with_lt",
            "DevresLt :: ",
            "dma_set_mask_and_coherent",
            "Adapter ::<",
            "SGTable :: from_raw",
            "( uninit )",
            "DIR . init",
            "cast_pin_init",
            "inc_len",
            "from_ptr",
            "Queue :: from_raw",
            "project_view",
            "Mmio :: from_raw",
            "Self :: share",
        ],
    },
    Kind {
        name: "memory that others write",
        reason: "Shared with a device or with user space, it is copied through pointers, since a reference would \
                 promise that it does not change.",
        form: Form::Block,
        signs: &["volatile", "unaligned", "copy_nonoverlapping", "read_raw", "read_part"],
    },
    Kind {
        name: "what the compiler may not know",
        reason: "Assembly without an instruction: the compiler learns that a value is in a register of the processor, \
                 and that memory may have changed.",
        form: Form::Block,
        signs: &["asm !"],
    },
    Kind {
        name: "section that unplugging waits for",
        reason: "It is entered with a device that somebody has a reference of.",
        form: Form::Block,
        signs: &["Plugged :: enter"],
    },
    Kind {
        name: "what an older kernel lacks",
        reason: "It is made of what that kernel has, in the way that newer kernels do.",
        form: Form::Block,
        signs: &["transmute ::< NonZero", "from_ref ( long )", "__pinned_init", "( T :: DMA )"],
    },
    Kind {
        name: "proof by a macro",
        reason: "The items beside it prove what is claimed of a type over a lifetime, or do not compile.",
        form: Form::Block,
        signs: &["proved"],
    },
    Kind {
        name: "done by a test in place of C",
        reason: "It calls a callback, or makes a device that no driver knows.",
        form: Form::Block,
        signs: &["hard ::<", "handle ::<", "shutdown (", "raw . get"],
    },
    Kind {
        name: "may be sent to, or shared with, other threads",
        reason: "The compiler cannot see it through a pointer or a lifetime that stands in for another.",
        form: Form::Impl,
        signs: &["Send for", "Sync for"],
    },
    Kind {
        name: "keeps what a trait promises",
        reason: "The trait is what other unsafe code rests on; the implementation, or the proof beside it, is what \
                 keeps it.",
        form: Form::Impl,
        signs: &["AlwaysRefCounted for", "for Fence :", "for SyncObj :", "for Object < D >:", "for $ type : ty", "ForLt for", "BoundInit", "CovariantForLt for", "DriverLayout for", "RegistrationOps for"],
    },
    Kind {
        name: "asks something of its caller",
        reason: "Not for drivers: each is called by C, by the macros, or by the safe functions beside it.",
        form: Form::Contract,
        signs: &[""],
    },
];

/// The kind of a place, as an index of [`KINDS`].
///
/// # Errors
///
/// A text that shows the place, if it is of no kind.
pub fn of(place: &Place) -> Result<usize, String> {
    KINDS
        .iter()
        .position(|kind| {
            kind.form == place.form && kind.signs.iter().any(|sign| place.text.contains(sign))
        })
        .ok_or_else(|| format!("of no known kind: `unsafe {}`", place.text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    fn kind(source: &str) -> Result<&'static str, String> {
        let places = scan(source).unwrap();
        of(&places[0]).map(|index| KINDS[index].name)
    }

    #[test]
    fn places_are_told_apart() {
        for (source, want) in [
            ("unsafe { bindings::f(x) }", "C function"),
            ("unsafe { (*pdev).field }", "field of a C structure"),
            ("unsafe { Pin::new_unchecked(x) }", "pinned reference"),
            ("unsafe { slot.write(x) }", "building in place"),
            (
                "unsafe impl Sync for T {}",
                "may be sent to, or shared with, other threads",
            ),
            ("unsafe fn f() {}", "asks something of its caller"),
        ] {
            assert_eq!(kind(source), Ok(want), "{source}");
        }
    }

    #[test]
    fn a_place_of_no_kind_is_shown() {
        let err = kind("unsafe { transmute(x) }").unwrap_err();
        assert_eq!(err, "of no known kind: `unsafe { transmute ( x ) }`");
        assert!(kind("unsafe impl FromBytes for T {}").is_err());
    }
}
