// SPDX-License-Identifier: GPL-2.0

//! Programs for falcons, as the driver keeps them.

use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use kernel_glue::{
    dma::Shared,
    fmt::Plain, //
};
use nova_hw::falcon::{
    dma,
    pio, //
};

/// A program that is ready to be loaded, any number of times.
///
/// It lives in memory, so that it is there when files cannot be read any more.
pub(crate) struct Ucode<'a> {
    name: &'static str,
    load: Load<'a>,
}

/// How a program gets into a falcon, and where its bytes are.
pub(super) enum Load<'a> {
    /// The falcon fetches it.
    Dma {
        object: Shared<'a>,
        program: dma::Program,
    },
    /// The driver writes it.
    Pio {
        object: KVVec<u8>,
        program: pio::Program,
        /// What the program itself fetches when it runs.
        fetched: Option<Shared<'a>>,
    },
}

impl<'a> Ucode<'a> {
    /// A program that the falcon fetches: `bytes`, and zeros up to the length that the program says.
    ///
    /// # Errors
    ///
    /// `EINVAL`, after a log line, if the memory is where the falcon cannot reach it, or without one if
    /// there are more bytes; `ENOMEM`.
    pub(crate) fn dma(
        dev: &'a pci::Device<Bound>,
        name: &'static str,
        program: dma::Program,
        bytes: &[u8],
    ) -> Result<Self> {
        // CAST: `usize` has 64 bits on every machine with such a GPU.
        let object = Shared::alloc(dev.as_ref(), program.object_size() as usize)?;
        object.write(0, bytes)?;
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
        fetched: Option<Shared<'a>>,
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

    pub(super) fn load(&self) -> &Load<'a> {
        &self.load
    }
}
