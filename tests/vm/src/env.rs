// SPDX-License-Identifier: GPL-2.0

//! Puts together what all guests share, from the command line and from what is on this machine.

use std::{
    path::{
        Path,
        PathBuf, //
    },
    sync::{
        atomic::AtomicBool,
        Arc, //
    },
};

use crate::{
    accel::{
        self,
        Accel, //
    },
    cases::Scenario,
    cli::Common,
    driver::Driver,
    error::{
        Context,
        Error,
        Result, //
    },
    initramfs::{
        self,
        Contents, //
    },
    kernel_image,
    paths::{
        Flavour,
        Paths, //
    },
    qemu::{
        Machine,
        PortFds, //
    },
    runner::Env,
    store::Store,
    vm::{
        Failure,
        Plan,
        Stop,
        Vm, //
    },
};

/// Our programs for the guest.
const CLIENTS: &[&str] = &["drm-probe", "nova-inspect"];

/// Those in C, which `tests/clients/c/Makefile` makes.
const C_CLIENTS: &[&str] = &["gem-client", "sync-client", "many-clients"];

/// Reads paths, finds programs, decides between KVM and emulation. Says on standard error what the user
/// should know.
///
/// # Errors
/// Names what is missing and how to make it.
pub fn prepare(common: &Common, stop: Stop) -> Result<Env> {
    let build = common.tree.join("build");
    let beside = own_folder()?;
    let mut env = Env {
        paths: Paths::of_tree(&common.tree)?,
        store: Store::new(build.join("vm/cache")),
        modules: common
            .modules
            .clone()
            .unwrap_or_else(|| build.join("modules")),
        model: common
            .gpu_model
            .clone()
            .unwrap_or_else(|| beside.join("gpu-model")),
        clients: Vec::new(),
        logs: build.join("vm"),
        accel: Accel::Tcg,
        cpus: common.cpus,
        stop,
    };
    let clients = common.clients.clone().unwrap_or(beside);
    for name in CLIENTS {
        env.clients.push(existing(clients.join(name), "--clients")?);
    }
    for name in C_CLIENTS {
        let path = build.join("clients").join(name);
        env.clients.push(existing(path, "--tree")?);
    }
    env.model = existing(env.model, "--gpu-model")?;
    env.accel = choose_accel(&env, &build)?;
    Ok(env)
}

/// A flag that SIGINT and SIGTERM set. A second signal ends this program at once; the kernel then kills
/// what it started.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn stop_on_signals() -> Result<Stop> {
    let stop: Stop = Arc::new(AtomicBool::new(false));
    for signal in signal_hook::consts::TERM_SIGNALS {
        let second =
            signal_hook::flag::register_conditional_shutdown(*signal, 130, Arc::clone(&stop));
        second
            .and_then(|_| signal_hook::flag::register(*signal, Arc::clone(&stop)))
            .context(|| "signal handlers")?;
    }
    Ok(stop)
}

fn own_folder() -> Result<PathBuf> {
    let own = std::env::current_exe().context(|| "this program's path")?;
    Ok(own.parent().map(Path::to_path_buf).unwrap_or_default())
}

fn existing(path: PathBuf, option: &str) -> Result<PathBuf> {
    if path.exists() {
        return Ok(path);
    }
    Err(Error::new(format!(
        "{} is not there: `make run` makes it, {option} tells another place",
        path.display()
    )))
}

fn choose_accel(env: &Env, build: &Path) -> Result<Accel> {
    let wish = std::env::var("NOVA_ACCEL").ok().filter(|w| !w.is_empty());
    let cache = build.join("vm/accel");
    let choice = accel::choose(
        wish.as_deref(),
        accel::kvm_usable(),
        &cache,
        &accel::boot_id(),
        || {
            trial_guest(env).map_err(|failure| match failure {
                Failure::Guest(fatal) => fatal.reason.to_string(),
                Failure::Harness(error) => error.to_string(),
            })
        },
    )?;
    if let Some(text) = choice.say {
        eprintln!("nova-vm: {text}");
    }
    Ok(choice.accel)
}

/// Boots the stock kernel under KVM to its first process.
fn trial_guest(env: &Env) -> std::result::Result<(), Failure> {
    let logs = env.logs.join("kvm-trial");
    std::fs::create_dir_all(&logs).context(|| logs.display().to_string())?;
    let initrd = logs.join("initrd");
    let contents = Contents {
        flavour: Flavour::Stock,
        driver: Driver::Ours,
        tlv: false,
        more_tools: false,
        chips: Vec::new(),
        firmware: PathBuf::new(),
        modules: None,
        clients: Vec::new(),
    };
    initramfs::build(&env.paths, &env.store, &contents, &initrd)?;
    let scenario = Scenario::new("kvm-trial", Vec::new());
    let machine = Machine {
        kernel: kernel_image::bootable(&env.paths.kernel_image(Flavour::Stock)?, &env.store)?,
        initrd,
        append: String::new(),
        memory_mib: scenario.memory_mib,
        cpus: env.cpus,
        accel: Accel::Kvm,
        clock_khz: None,
        iommu: false,
        gpus: Vec::new(),
        devices: &[],
        console: PortFds::default(),
        control: PortFds::default(),
        monitor_fd: -1,
    };
    let plan = Plan {
        machine,
        firmware: Path::new(""),
        gpus: &[],
        model: &env.model,
        logs: &logs,
        boot_limit: accel::TRIAL_LIMIT,
        watch: None,
    };
    Vm::boot(plan, env.stop.clone()).map(|vm| drop(vm.finish()))
}
