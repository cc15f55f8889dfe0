// SPDX-License-Identifier: GPL-2.0

//! Decides once whether guests run under KVM: only if a guest really boots there.
//!
//! Some machines offer `/dev/kvm` that fails on ordinary guests. The verdict is kept until the next boot of
//! this machine; `NOVA_ACCEL=kvm` or `NOVA_ACCEL=tcg` overrides it.

use std::{
    fs,
    path::Path,
    time::Duration, //
};

use crate::error::{
    Error,
    Result, //
};

/// How a guest's CPUs are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accel {
    /// By the host's CPU.
    Kvm,
    /// By QEMU's translator.
    Tcg,
}

impl Accel {
    /// QEMU's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }
}

/// How long the trial guest may take to get ready.
pub const TRIAL_LIMIT: Duration = Duration::from_secs(8);

/// A decision and, when it was made just now and is not obvious, the sentence to tell the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What to use.
    pub accel: Accel,
    /// What to say, once.
    pub say: Option<String>,
}

/// Chooses. `trial` boots a guest under KVM and returns why it failed, if it did; it runs only when neither
/// `wish` (the value of `NOVA_ACCEL`) nor the verdict in `cache` for this `boot_id` settles the matter.
///
/// # Errors
/// When `wish` is neither `kvm` nor `tcg`.
pub fn choose(
    wish: Option<&str>,
    kvm_usable: bool,
    cache: &Path,
    boot_id: &str,
    trial: impl FnOnce() -> std::result::Result<(), String>,
) -> Result<Choice> {
    let quiet = |accel| Ok(Choice { accel, say: None });
    match wish {
        Some("kvm") => return quiet(Accel::Kvm),
        Some("tcg") => return quiet(Accel::Tcg),
        Some(other) => {
            return Err(Error::new(format!(
                "NOVA_ACCEL={other}: must be kvm or tcg"
            )))
        }
        None => {}
    }
    if !kvm_usable {
        return quiet(Accel::Tcg);
    }
    if let Some(accel) = remembered(cache, boot_id) {
        return quiet(accel);
    }
    let (accel, say) = match trial() {
        Ok(()) => (Accel::Kvm, None),
        Err(why) => (
            Accel::Tcg,
            Some(format!(
                "/dev/kvm is there, but a trial guest did not boot ({why}); using emulation"
            )),
        ),
    };
    // Without the cache the trial is repeated next time: slower, not wrong.
    let _ = cache.parent().map(fs::create_dir_all);
    let _ = fs::write(cache, format!("{boot_id} {}\n", accel.name()));
    Ok(Choice { accel, say })
}

fn remembered(cache: &Path, boot_id: &str) -> Option<Accel> {
    let text = fs::read_to_string(cache).ok()?;
    match text.trim_end().strip_prefix(boot_id)?.trim_start() {
        "kvm" => Some(Accel::Kvm),
        "tcg" => Some(Accel::Tcg),
        _ => None,
    }
}

/// Identifies the present boot of this machine.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// Whether this user may open `/dev/kvm`.
pub fn kvm_usable() -> bool {
    fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/kvm")
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Scratch;

    fn never() -> std::result::Result<(), String> {
        panic!("a trial guest was booted")
    }

    #[test]
    fn a_wish_is_granted_without_trial() {
        let cache = Path::new("/no/cache");
        assert_eq!(
            choose(Some("kvm"), false, cache, "b", never).unwrap().accel,
            Accel::Kvm
        );
        assert_eq!(
            choose(Some("tcg"), true, cache, "b", never).unwrap().accel,
            Accel::Tcg
        );
        assert!(choose(Some("xen"), true, cache, "b", never).is_err());
    }

    #[test]
    fn without_kvm_there_is_nothing_to_try() {
        let choice = choose(None, false, Path::new("/no/cache"), "b", never).unwrap();
        assert_eq!(
            choice,
            Choice {
                accel: Accel::Tcg,
                say: None
            }
        );
    }

    #[test]
    fn a_failed_trial_is_told_once_and_remembered_until_the_next_boot() {
        let scratch = Scratch::new("accel");
        let cache = scratch.0.join("accel");
        let first = choose(
            None,
            true,
            &cache,
            "boot-1",
            || Err("internal error".into()),
        )
        .unwrap();
        assert_eq!(first.accel, Accel::Tcg);
        assert!(first.say.unwrap().contains("internal error"));
        let second = choose(None, true, &cache, "boot-1", never).unwrap();
        assert_eq!(
            second,
            Choice {
                accel: Accel::Tcg,
                say: None
            }
        );
        let third = choose(None, true, &cache, "boot-2", || Ok(())).unwrap();
        assert_eq!(
            third,
            Choice {
                accel: Accel::Kvm,
                say: None
            }
        );
    }
}
