// SPDX-License-Identifier: GPL-2.0

//! Programs for falcons, as the driver keeps them.

use kernel::{
    device::Bound,
    dma::{
        Coherent,
        CoherentBox, //
    },
    pci,
    prelude::*, //
};
use kernel_glue::fmt::Plain;
use nova_hw::falcon::{
    dma,
    pio, //
};

/// A program that is ready to be loaded, any number of times.
///
/// It lives in memory, so that it is there when files cannot be read any more.
pub(crate) struct Ucode {
    name: &'static str,
    load: Load,
}

/// How a program gets into a falcon, and where its bytes are.
pub(super) enum Load {
    /// The falcon fetches it.
    Dma {
        object: Coherent<[u8]>,
        program: dma::Program,
    },
    /// The driver writes it.
    Pio {
        object: KVVec<u8>,
        program: pio::Program,
        /// What the program itself fetches when it runs.
        fetched: Option<Coherent<[u8]>>,
    },
}

impl Ucode {
    /// A program that the falcon fetches. `fill` writes it to zeros that are as long as the program says.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL`, after a log line, if the memory is where the falcon cannot reach it; those of
    /// `fill`.
    pub(crate) fn dma(
        dev: &pci::Device<Bound>,
        name: &'static str,
        program: dma::Program,
        fill: impl FnOnce(&mut [u8]) -> Result,
    ) -> Result<Self> {
        // CAST: `usize` has 64 bits on every machine with such a GPU.
        let object = shared(dev, program.object_size() as usize, fill)?;
        program.check_address(object.dma_address()).map_err(|err| {
            dev_err!(dev, "{}: {}\n", name, Plain(err));
            EINVAL
        })?;
        let load = Load::Dma { object, program };
        Ok(Self { name, load })
    }

    /// A program that the driver writes to the falcon, from `object`. When it runs, it may need `fetched`.
    pub(crate) fn pio(
        name: &'static str,
        program: pio::Program,
        object: KVVec<u8>,
        fetched: Option<Coherent<[u8]>>,
    ) -> Self {
        let load = Load::Pio {
            object,
            program,
            fetched,
        };
        Self { name, load }
    }

    /// What it is called in the log.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn load(&self) -> &Load {
        &self.load
    }
}

/// Memory that the GPU reads: `len` bytes that are zero but for what `fill` writes.
///
/// # Errors
///
/// `ENOMEM`, and those of `fill`.
pub(crate) fn shared(
    dev: &pci::Device<Bound>,
    len: usize,
    fill: impl FnOnce(&mut [u8]) -> Result,
) -> Result<Coherent<[u8]>> {
    let mut memory = CoherentBox::<[u8]>::zeroed_slice(dev.as_ref(), len, GFP_KERNEL)?;
    fill(&mut memory)?;
    Ok(memory.into())
}
