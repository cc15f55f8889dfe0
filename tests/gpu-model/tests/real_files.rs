// SPDX-License-Identifier: GPL-2.0

//! FSP against NVIDIA's real FMC files, which are not part of this tree.
//!
//! Built with `--features real-firmware` only. `NOVA_FIRMWARE_DIR` names the directory that holds
//! `nvidia/`, with the files uncompressed: usually `/lib/firmware`.
//!
//! The message is made by the driver's own encoder, the device judges it with everything it has:
//! its own SHA-384, signatures, and the files themselves.

use std::{
    fs::{
        self,
        File, //
    },
    path::PathBuf,
};

use gpu_model::{
    chips::Chip,
    device::{
        Device,
        Options, //
    },
    dma::MapRequest,
    trace::Trace,
};
use nova_firmware::{
    fmc::{
        Fmc,
        Scheme, //
    },
    fsp::cot::{
        Cot,
        Frts, //
    },
};

const RAM: u64 = 0x1_2340_0000;
const RAM_SIZE: u64 = 0x20_0000;
const IMAGE: u64 = RAM;
const PARAMS: u64 = RAM + 0x10_0000;
const FLUSH_PAGE: u64 = RAM + 0x11_0000;

fn directory() -> PathBuf {
    std::env::var_os("NOVA_FIRMWARE_DIR")
        .expect(
            "NOVA_FIRMWARE_DIR is not set; it must name the directory that holds nvidia/, such as /lib/firmware",
        )
        .into()
}

struct Card {
    device: Device,
    now_us: u64,
}

impl Card {
    fn new(chip: &'static Chip) -> Self {
        let mut options = Options::new(chip);
        options.firmware_dir = Some(directory());
        let mut device = Device::new(options, Trace::off()).unwrap();
        let memory = rustix::fs::memfd_create("real-files", rustix::fs::MemfdFlags::CLOEXEC);
        let memory = File::from(memory.unwrap());
        memory.set_len(RAM_SIZE).unwrap();
        device
            .dma_map(MapRequest {
                address: RAM,
                size: RAM_SIZE,
                readable: true,
                writable: true,
                memory: Some((memory, 0)),
            })
            .unwrap();
        // The host's side of the link: memory space and bus mastering on.
        device.config_write(4, &[0x06, 0]);
        Self {
            device,
            now_us: 1_000_000,
        }
    }

    fn read(&mut self, offset: u64) -> u32 {
        let mut bytes = [0; 4];
        self.device.bar0_read_at(self.now_us, offset, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn write(&mut self, offset: u64, value: u32) {
        self.device
            .bar0_write_at(self.now_us, offset, &value.to_le_bytes());
    }

    /// What a driver does before it talks to FSP.
    fn get_ready(&mut self, boot_status: u64, flush: &[u64]) {
        self.read(0);
        self.read(0xa00);
        assert_eq!(self.read(boot_status), 0xff);
        for pair in flush.chunks(2) {
            self.write(pair[0], (FLUSH_PAGE >> 32) as u32);
            self.write(pair[1], FLUSH_PAGE as u32);
        }
    }

    /// Returns the dwords of the answer.
    fn exchange(&mut self, packet: &[u8]) -> Vec<u32> {
        self.write(0x8f2ac0, 0x0100_0000);
        for dword in packet.chunks_exact(4) {
            self.write(0x8f2ac4, u32::from_le_bytes(dword.try_into().unwrap()));
        }
        self.write(0x8f2c04, packet.len() as u32 - 4);
        self.write(0x8f2c00, 0);
        self.now_us += 10_000;
        assert_eq!((self.read(0x8f2c80), self.read(0x8f2c84)), (0, 0x10));
        self.write(0x8f2ac0, 0x0200_0000);
        (0..5).map(|_| self.read(0x8f2ac4)).collect()
    }
}

/// A chip, how its FMC is signed, version and FRTS of its message, where it says that it is ready,
/// and high and low half of each pair of flush registers.
type Row = (&'static str, Scheme, u16, u64, u64, &'static [u64]);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("gh100", Scheme::Rsa3072, 1, 0x20_0000, 0x200bc, &[0x100a38, 0x100a34]),
    ("gb100", Scheme::EcdsaP384, 2, 0x1c0_0000, 0x200bc, &[0x870e54, 0x870e50, 0x8706c4, 0x8706c0]),
    ("gb202", Scheme::EcdsaP384, 2, 0x1c0_0000, 0xad00bc, &[0x8a1d5c, 0x8a1d58]),
];

#[test]
fn fsp_starts_what_nvidia_has_signed_and_nothing_else() {
    for &(name, scheme, version, end_offset, boot_status, flush) in ROWS {
        let path = directory().join(format!("nvidia/{name}/gsp/fmc-570.144.bin"));
        let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let fmc = Fmc::parse(&file, scheme).unwrap();
        let cot = Cot {
            version,
            fmc: &fmc,
            fmc_address: IMAGE,
            frts: Some(Frts {
                end_offset,
                size: 0x10_0000,
            }),
            boot_params: PARAMS,
        };
        let packet = cot.encode().unwrap();
        let mut card = Card::new(Chip::by_name(name).unwrap());
        card.get_ready(boot_status, flush);

        let mut image = fmc.image.to_vec();
        image[0x1234] ^= 1;
        card.device.dma().write(true, IMAGE, &image).unwrap();
        assert_eq!(card.exchange(&packet)[4], 0xa1, "{name}: image changed");
        card.write(0x8f2c84, 0);
        let violations = card.device.recorder.violations();
        let ids: Vec<_> = violations.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, ["FSP-13"], "{name}: image changed");

        card.device.dma().write(true, IMAGE, fmc.image).unwrap();
        let answer = card.exchange(&packet);
        assert_eq!(answer[..2], [0xc000_0000, 0x1510_de7e], "{name}");
        assert_eq!(answer[3..], [0x14, 0], "{name}");
        assert_eq!(card.device.phase(), "fmc-runs", "{name}");
    }
}
