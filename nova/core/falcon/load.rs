// SPDX-License-Identifier: GPL-2.0

//! Bringing a program into a falcon that has been reset.

use super::{
    regs::*,
    ucode::Load,
    Engine,
    Falcon,
    Ucode, //
};
use kernel::{
    fmt,
    io::{
        register::WithBase,
        Io, //
    },
    prelude::*,
    time::Delta, //
};
use kernel_glue::fmt::Plain;
use nova_firmware::vbios::BootloaderLoad;
use nova_hw::falcon::{
    dma::{
        self,
        Memory, //
    },
    pio, //
};

/// How long existing drivers give one transfer.
const DMA_DEADLINE: Delta = Delta::from_secs(2);

/// Time between two looks at the queue of transfers. A transfer takes about a microsecond, so the first look
/// finds what it is for; a shorter time than this would be spent spinning.
const DMA_INTERVAL: Delta = Delta::from_micros(50);

/// The aperture through which programs are fetched.
const DMA_APERTURE: usize = 0;

/// `SIZE` for transfers of whole blocks: 4 bytes shifted by this.
const BLOCK_SIZE: u32 = 6;

/// `ALGO` for RSA with 3072 bits.
const RSA3K: u32 = 1;

pub(super) fn load<E: Engine>(falcon: &Falcon<'_, E>, ucode: &Ucode<'_>) -> Result {
    match ucode.load() {
        Load::Dma { object, program } => dma(falcon, object.dma_address(), program),
        Load::Pio {
            object,
            program,
            fetched,
        } => {
            pio(falcon, object, program);
            if fetched.is_some() {
                // CAST: a small constant.
                open_aperture(falcon, BootloaderLoad::APERTURE as usize)?;
            }
            Ok(())
        }
    }
}

/// Lets an aperture reach system memory by physical addresses.
fn open_aperture<E: Engine>(falcon: &Falcon<'_, E>, aperture: usize) -> Result {
    const COHERENT_SYSMEM: u32 = 1;
    const PHYSICAL: u32 = 1;

    let transcfg = NV_PFALCON_FBIF_TRANSCFG::of::<E>()
        .try_at(aperture)
        .ok_or(EINVAL)?;
    falcon.bar.try_update(transcfg, |transcfg| {
        transcfg
            .with_const_target::<COHERENT_SYSMEM>()
            .with_const_mem_type::<PHYSICAL>()
    })
}

fn dma<E: Engine>(falcon: &Falcon<'_, E>, object: u64, program: &dma::Program) -> Result {
    let bar = falcon.bar;
    open_aperture(falcon, DMA_APERTURE)?;
    for part in program.parts() {
        fetch(falcon, object, &part)?;
    }

    let boot_rom = program.boot_rom();
    bar.write(
        WithBase::of::<E>(),
        NV_PFALCON2_FALCON_BROM_PARAADDR::from_raw(boot_rom.pkc_data_offset),
    );
    bar.write(
        WithBase::of::<E>(),
        NV_PFALCON2_FALCON_BROM_ENGIDMASK::from_raw(boot_rom.engine_id_mask.into()),
    );
    bar.write(
        WithBase::of::<E>(),
        NV_PFALCON2_FALCON_BROM_CURR_UCODE_ID::zeroed().with_ucode_id(boot_rom.ucode_id),
    );
    bar.write(
        WithBase::of::<E>(),
        NV_PFALCON2_FALCON_MOD_SEL::zeroed().with_const_algo::<RSA3K>(),
    );
    bar.write(
        WithBase::of::<E>(),
        NV_PFALCON_FALCON_BOOTVEC::from_raw(program.boot_vector()),
    );
    Ok(())
}

/// Has the falcon fetch one part of a program.
///
/// Transfers are queued, and only the last one is waited for.
fn fetch<E: Engine>(falcon: &Falcon<'_, E>, object: u64, part: &dma::Part) -> Result {
    let bar = falcon.bar;
    let blocks = part.blocks(object).map_err(|err| {
        dev_err!(falcon.dev, "{} falcon: {}\n", E::NAME, Plain(err));
        EINVAL
    })?;
    if blocks.len() == 0 {
        return Ok(());
    }

    let command = NV_PFALCON_FALCON_DMATRFCMD::zeroed().with_const_size::<BLOCK_SIZE>();
    let command = match part.memory() {
        Memory::Imem => command.with_imem(true).with_const_sec::<1>(),
        Memory::Dmem => command,
    };

    bar.write(
        WithBase::of::<E>(),
        NV_PFALCON_FALCON_DMATRFBASE::from_raw(blocks.base),
    );
    bar.write(
        WithBase::of::<E>(),
        NV_PFALCON_FALCON_DMATRFBASE1::from_raw(blocks.base1),
    );
    for block in blocks {
        wait_queue(falcon, fmt!("room in the DMA queue"), |queue| !queue.full())?;
        bar.write(
            WithBase::of::<E>(),
            NV_PFALCON_FALCON_DMATRFMOFFS::from_raw(block.falcon),
        );
        bar.write(
            WithBase::of::<E>(),
            NV_PFALCON_FALCON_DMATRFFBOFFS::from_raw(block.object),
        );
        bar.write(WithBase::of::<E>(), command);
    }
    wait_queue(falcon, fmt!("end of DMA"), |queue| queue.idle())
}

fn wait_queue<E: Engine>(
    falcon: &Falcon<'_, E>,
    what: fmt::Arguments<'_>,
    is_done: impl Fn(NV_PFALCON_FALCON_DMATRFCMD) -> bool,
) -> Result {
    falcon.wait(
        what,
        DMA_INTERVAL,
        DMA_DEADLINE,
        || {
            falcon
                .bar
                .read(NV_PFALCON_FALCON_DMATRFCMD::of::<E>())
                .into_raw()
        },
        |raw| is_done(NV_PFALCON_FALCON_DMATRFCMD::from_raw(raw)),
    )
}

fn pio<E: Engine>(falcon: &Falcon<'_, E>, object: &[u8], program: &pio::Program) {
    let bar = falcon.bar;
    for code in program.code() {
        bar.write(
            WithBase::of::<E>(),
            // CAST: a program's code ends below 64 KiB.
            NV_PFALCON_FALCON_IMEMC::zeroed()
                .with_aincw(true)
                .with_secure(code.secure)
                .with_offset(code.destination as u16),
        );
        for (tag, words) in code.blocks(object) {
            bar.write(
                WithBase::of::<E>(),
                NV_PFALCON_FALCON_IMEMT::zeroed().with_tag(tag),
            );
            for word in words {
                bar.write(WithBase::of::<E>(), NV_PFALCON_FALCON_IMEMD::from_raw(word));
            }
        }
    }
    for run in program.data(object) {
        bar.write(
            WithBase::of::<E>(),
            // CAST: a program's data end below 64 KiB.
            NV_PFALCON_FALCON_DMEMC::zeroed()
                .with_aincw(true)
                .with_offset(run.offset as u16),
        );
        for word in run.words {
            bar.write(WithBase::of::<E>(), NV_PFALCON_FALCON_DMEMD::from_raw(word));
        }
    }
    bar.write(
        WithBase::of::<E>(),
        NV_PFALCON_FALCON_BOOTVEC::from_raw(program.boot_vector()),
    );
}
