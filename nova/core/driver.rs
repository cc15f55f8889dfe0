// SPDX-License-Identifier: GPL-2.0

//! Binding to the PCI device of a GPU.

mod callbacks;

use crate::{
    api::{
        NovaApi,
        NovaApiLt,
        CHILD_NAME,
        MODULE_NAME, //
    },
    boot::{
        self,
        leftovers, //
    },
    fb::sysmem_flush,
    gfw,
    gpu::{
        Found,
        Gpu,
        GpuLt, //
    },
    gsp::Interrupts,
    identify,
    registers::{
        BoundRegisters,
        Registers, //
    },
    timeline::Timeline, //
};
use core::{
    num::NonZero,
    pin::Pin, //
};
use kernel::{
    device::{
        Bound,
        Core, //
    },
    dma::DmaMask,
    pci,
    prelude::*,
    sizes::SZ_16M,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};
use kernel_glue::{
    auxiliary::Child,
    bound::{
        self,
        BoundInit, //
    },
    bound_init,
    compat::{
        pci::sriov_get_totalvfs,
        pci_device_table, //
    },
    for_lt::ForLt,
    pci::{
        is_virtual_function,
        Bar,
        Callbacks,
        Driver,
        Setup, //
    },
    tether::{
        Borrow,
        Tether, //
    },
};
use nova_hw::chip::Chip;

/// How much of BAR0 the driver uses, and the least that a GPU of any supported chip has.
pub(crate) const BAR0_SIZE: usize = SZ_16M;

/// Index of the BAR with the registers.
const BAR0: u32 = 0;

/// BAR0 while the driver is bound.
pub(crate) type Bar0<'a> = Bar<'a, BAR0_SIZE>;

/// A GPU that the driver is bound to.
///
/// Everything goes in the reverse of the order in which it came, because each part borrows from the
/// next: the auxiliary child first, whose driver uses the GPU; then its interrupts; then the [`Gpu`], which
/// still reaches its registers while it is dropped; then the BAR; and last the device is disabled. These two
/// stay until the driver core releases them, if a file that shows the clock shares them.
#[pin_data]
pub(crate) struct NovaCore<'bound> {
    /// `Users` borrow from `Gpu`, `Gpu` from `Bar0`.
    #[pin]
    parts: Tether<BarAndGpu<'bound>, UsersLt>,
}

impl NovaCore<'_> {
    fn gpu(&self) -> &Gpu<'_> {
        self.parts.as_pin().owner().borrower().get_ref()
    }
}

/// The registers, and the GPU that is driven by them.
type BarAndGpu<'bound> = Tether<BoundRegisters<'bound>, GpuLt>;

/// Who calls the GPU from outside.
///
/// Dropped top to bottom: the auxiliary child first, while calls are still answered.
#[pin_data]
struct Users<'a> {
    #[pin]
    child: Child<'a, NovaApiLt>,
    #[pin]
    enabled: InterruptsEnabled,
    #[pin]
    interrupts: Interrupts<'a>,
}

/// [`Users`] over the lifetime of the GPU.
type UsersLt = ForLt!(for<'a> Users<'a>);

/// The PCI driver.
pub(crate) struct Nova;

pci_device_table!(
    PCI_TABLE,
    <Nova as Driver>::IdInfo,
    [
        // The class and not the device id tells GPUs from the other functions of a card; which chip it
        // is, the chip says itself.
        (
            pci::DeviceId::from_class_and_vendor(
                pci::Class::DISPLAY_VGA,
                pci::ClassMask::ClassSubclass,
                pci::Vendor::NVIDIA
            ),
            ()
        ),
        (
            pci::DeviceId::from_class_and_vendor(
                pci::Class::DISPLAY_3D,
                pci::ClassMask::ClassSubclass,
                pci::Vendor::NVIDIA
            ),
            ()
        ),
    ]
);

impl Driver for Nova {
    type IdInfo = ();
    type Data<'bound> = NovaCore<'bound>;

    const ID_TABLE: pci::IdTable<()> = &PCI_TABLE;
    const CALLBACKS: Callbacks<Self> = Callbacks::NONE.sleep().reset().recovery();

    fn probe<'bound>(
        mut setup: Setup<'_, 'bound, '_>,
        info: Option<&'bound ()>,
    ) -> Result<impl BoundInit<NovaCore<'bound>> + 'bound> {
        // Bound by hand to a device that is no GPU of NVIDIA.
        info.ok_or(ENODEV)?;

        if is_virtual_function(setup.device()) {
            dev_info!(
                setup.device(),
                "virtual function: nova_core drives physical GPUs only\n"
            );
            return Err(ENODEV);
        }

        let enabled = setup.enable()?;
        let bar = setup.map_bar(BAR0, c"nova_core").inspect_err(|_| {
            dev_err!(
                setup.device(),
                "cannot map BAR0 ({} bytes, at least {} needed)\n",
                setup.device().resource_len(BAR0).unwrap_or(0),
                BAR0_SIZE
            );
        })?;

        let registers = Registers::new(&setup, enabled, bar)?;
        let (bar, enabled) = (
            setup.access(&registers.bar)?,
            setup.access(&registers.enabled)?,
        );

        let timeline = Timeline::new()?;
        let identity = identify::identify(setup.device(), bar)?;
        let chip = identity.chip;
        let flush_page = set_up_dma(&mut setup, chip)?;
        if chip.family().uses_gfw_boot {
            timeline.stage("card-firmware", || gfw::wait(setup.device(), bar))?;
        }
        // From here to `Gpu::new`, which withdraws the page if it is known, nothing may fail.
        let method = boot::method(chip);
        let flush_page_known = timeline.stage("leftovers", || {
            leftovers::clear(&mut setup, enabled, bar, method, chip, &flush_page)
        })?;
        enabled.set_master();
        let total_vfs = sriov_get_totalvfs(setup.device());

        let dev: &'bound pci::Device<Bound> = setup.finish();
        let found = Found {
            identity,
            method,
            total_vfs: total_vfs.map_or(0, NonZero::get),
            registers: registers.clone(),
            flush_page,
            flush_page_known,
            timeline,
        };
        let registers = BoundRegisters {
            dev,
            shared: registers,
        };
        let gpu = Tether::new(bound::value(registers), BringUp { dev, found });
        Ok(bound_init!(NovaCore {
            parts <- Tether::new(gpu, Publish { dev }),
        }))
    }

    fn shutdown<'bound>(_dev: &'bound pci::Device<Core<'_>>, data: Pin<&NovaCore<'bound>>) {
        data.gpu().shut_down();
    }
}

/// Sets the DMA mask, and allocates the sysmem flush page, which may have to lie lower than the mask
/// allows: where Linux puts coherent memory can only be told by a mask.
fn set_up_dma(setup: &mut Setup<'_, '_, '_>, chip: Chip) -> Result<sysmem_flush::Page> {
    let bits = chip.family().dma_mask_bits;
    let flush_bits = sysmem_flush::Page::address_bits(chip).min(bits);

    set_mask(setup, flush_bits)?;
    let page = sysmem_flush::Page::alloc(setup.device(), chip)?;
    if flush_bits < bits {
        set_mask(setup, bits)?;
    }
    Ok(page)
}

fn set_mask(setup: &mut Setup<'_, '_, '_>, bits: u32) -> Result {
    let mask = DmaMask::try_new(bits)?;
    setup.dma_set_mask_and_coherent(mask).inspect_err(|_| {
        dev_err!(
            setup.device(),
            "no DMA to {}-bit addresses on this machine\n",
            bits
        );
    })
}

/// Builds the [`Gpu`] on top of BAR0.
struct BringUp<'bound> {
    dev: &'bound pci::Device<Bound>,
    found: Found,
}

impl<'bound> Borrow<BoundRegisters<'bound>, GpuLt> for BringUp<'bound> {
    fn borrow<'a>(
        self,
        registers: Pin<&'a BoundRegisters<'bound>>,
    ) -> Result<impl BoundInit<Gpu<'a>>> {
        Ok(Gpu::new(self.dev, registers.get_ref().bar()?, self.found))
    }
}

/// Number of the next child. Numbers are not used again, so that a log line names one binding only.
static NEXT_CHILD: Atomic<u32> = Atomic::new(0);

/// Lets others at the GPU: GSP-RM by its interrupts, and `nova_drm` by the auxiliary device that it binds to.
struct Publish<'bound> {
    dev: &'bound pci::Device<Bound>,
}

impl<'bound> Borrow<BarAndGpu<'bound>, UsersLt> for Publish<'bound> {
    fn borrow<'a>(self, gpu: Pin<&'a BarAndGpu<'bound>>) -> Result<impl BoundInit<Users<'a>>> {
        let gpu = gpu.borrower().get_ref();
        let interrupts = Interrupts::new(self.dev, gpu.gsp());
        let child = Child::new(
            self.dev.as_ref(),
            MODULE_NAME,
            CHILD_NAME,
            NEXT_CHILD.fetch_add(1, Relaxed),
            Ok(NovaApi::new(self.dev, gpu)),
        );
        Ok(bound_init!(Users {
            interrupts <- interrupts,
            enabled <- InterruptsEnabled::new(gpu),
            child <- child,
        }))
    }
}

/// That GSP-RM interrupts, if it can: its handler is there, and nobody has called GSP-RM yet.
struct InterruptsEnabled;

impl InterruptsEnabled {
    fn new<'a>(gpu: &'a Gpu<'_>) -> impl BoundInit<Self> + use<'a> {
        bound::pinned(pin_init::pin_init_scope(move || {
            gpu.gsp().enable_interrupts()?;
            Ok(Ok::<_, Error>(Self))
        }))
    }
}
