// SPDX-License-Identifier: GPL-2.0

//! Made-up ROMs, and why each bad one is refused.

use super::*;
use sha2::{
    Digest,
    Sha256, //
};
use std::{
    format,
    string::String,
    vec,
    vec::Vec, //
};

mod bits;
mod chain;
mod commands;
mod counting;
mod golden;
mod ifrs;
mod loads;
mod properties;
mod reads;
mod rom;
mod signing;
mod ucodes;

use counting::Counting;

/// The region the tests tell FRTS: 1 MiB near the end of 24 GiB without display.
fn frts() -> Command {
    Command::Frts(FrtsRegion::new(0x5_ffe0_0000, 0x10_0000).unwrap())
}

fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The error of a source that cannot fail.
fn rom_error<E: fmt::Debug>(error: ReadError<E>) -> At<VbiosError> {
    match error {
        ReadError::Rom(error) => error,
        ReadError::Source(error) => panic!("the source failed: {error:?}"),
    }
}

/// All that is done before FWSEC's code is read.
fn find(rom: &[u8]) -> Result<Fwsec, At<VbiosError>> {
    let mut source = Counting::new(rom);
    Vbios::read(&mut source)
        .and_then(|vbios| vbios.fwsec(&mut source, Application::FwsecProduction))
        .map_err(rom_error)
}

/// Code and data as `rom` has them.
fn ucode(rom: &[u8], fwsec: &Fwsec) -> Vec<u8> {
    let mut ucode = vec![0; fwsec.ucode_size()];
    fwsec
        .read_ucode(&mut Counting::new(rom), &mut ucode)
        .expect("inside the ROM");
    ucode
}

/// What the falcon is given on a card with that fuse, to run `command`.
fn prepare(rom: &[u8], fuse: u32, command: Command) -> Result<Vec<u8>, At<VbiosError>> {
    let fwsec = find(rom)?;
    let mut ucode = ucode(rom, &fwsec);
    fwsec.patch(&mut ucode, command)?;
    if let Some(signatures) = fwsec.signatures()? {
        signatures
            .choose(fuse)?
            .read(&mut Counting::new(rom), &mut ucode)
            .map_err(rom_error)?;
    }
    Ok(ucode)
}

/// The error of a ROM that is refused, with what sort of mistake that is.
fn refusal<T: fmt::Debug>(result: Result<T, At<VbiosError>>) -> (Kind, At<VbiosError>) {
    let error = result.expect_err("a malformed ROM");
    (error.reason.kind(), error)
}

/// One test for each ROM that is refused: how it is tried, with what, and what comes of it.
macro_rules! refused {
    ($try:expr; $($name:ident: $rom:expr => $kind:ident, $offset:expr, $reason:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let want = (Kind::$kind, At::new($offset, $reason));
                assert_eq!(refusal($try(&$rom)), want);
            }
        )*
    };
}

/// One test for each ROM that FWSEC is found in, unharmed.
macro_rules! accepted {
    ($($name:ident: $rom:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let rom = $rom;
                let fwsec = find(&rom).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(ucode(&rom, &fwsec), rom::ucode());
            }
        )*
    };
}

use {
    accepted,
    refused, //
};

/// The longest message fits a line of the log.
#[test]
fn errors_say_what_and_where() {
    let error = find(&rom::edited(&[(0x1086, "01")])).unwrap_err();
    assert_eq!(
        format!("{}", ReadError::<fmt::Error>::Rom(error)),
        "no application 0x85 in the ucode table at offset 0x1080"
    );
    let error = prepare(&rom::v3(), 4, Command::Sb).unwrap_err();
    assert_eq!(
        format!("{error}"),
        "no signature for fuse version 3 (2 signatures for versions 0x0003) at offset 0x1128"
    );
    let error = find(&rom::edited(&[(0x8a, "02")])).unwrap_err();
    assert_eq!(format!("{error}"), "no BIT token 'p' at offset 0x80");
}
