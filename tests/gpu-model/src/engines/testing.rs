// SPDX-License-Identifier: GPL-2.0

//! Drives one engine from a test, without device or guest.

use super::*;
use crate::config_space::board::{
    self,
    Choices, //
};

/// An engine on a bench: addresses instead of table rows, and a clock the test sets.
pub(crate) struct Bench<E> {
    pub(crate) engine: E,
    pub(crate) now_us: u64,
    config: ConfigSpace,
    vram: Vram,
    dma: DmaSpace,
    progress: Progress,
    chip: &'static Chip,
}

impl<E: Engine> Bench<E> {
    pub(crate) fn new(chip: &str, make: impl FnOnce(&'static Chip) -> E) -> Self {
        let chip = Chip::by_name(chip).unwrap();
        Self {
            engine: make(chip),
            now_us: 0,
            config: board::build(chip, Choices::default()),
            vram: Vram::new(16 << 20).unwrap(),
            dma: DmaSpace::new(chip.family.dma_bits()),
            progress: Progress::default(),
            chip,
        }
    }

    fn at(&self, address: u32) -> At {
        let reg = find(self.engine.regs(), address)
            .find(|reg| reg.chips.has(self.chip.family))
            .unwrap_or_else(|| panic!("{address:#x} does not exist on {}", self.chip.name));
        At {
            reg,
            index: (address - reg.offset) / 4,
        }
    }

    pub(crate) fn read_all(&mut self, address: u32) -> Read {
        let at = self.at(address);
        let cx = Cx {
            now_us: self.now_us,
            config: &self.config,
            vram: &self.vram,
            dma: &self.dma,
            progress: &self.progress,
            last_read_us: 0,
        };
        self.engine.read(at, &cx)
    }

    pub(crate) fn read(&mut self, address: u32) -> u32 {
        self.read_all(address).value
    }

    pub(crate) fn write(&mut self, address: u32, value: u32) -> Effects {
        let at = self.at(address);
        let cx = Cx {
            now_us: self.now_us,
            config: &self.config,
            vram: &self.vram,
            dma: &self.dma,
            progress: &self.progress,
            last_read_us: 0,
        };
        self.engine.write(at, value, &cx)
    }

    pub(crate) fn write_byte(&mut self, address: u32, value: u8) {
        let at = self.at(address & !3);
        let cx = Cx {
            now_us: self.now_us,
            config: &self.config,
            vram: &self.vram,
            dma: &self.dma,
            progress: &self.progress,
            last_read_us: 0,
        };
        self.engine
            .write_bytes(at, address as usize & 3, &[value], &cx);
    }

    pub(crate) fn read_byte(&mut self, address: u32) -> u8 {
        let at = self.at(address & !3);
        let cx = Cx {
            now_us: self.now_us,
            config: &self.config,
            vram: &self.vram,
            dma: &self.dma,
            progress: &self.progress,
            last_read_us: 0,
        };
        let mut out = [0];
        self.engine
            .read_bytes(at, address as usize & 3, &mut out, &cx);
        out[0]
    }

    pub(crate) fn vram(&self) -> &Vram {
        &self.vram
    }

    pub(crate) fn reset(&mut self) {
        self.engine.reset(self.now_us);
    }
}

/// The complaints among `effects`, as rule ids.
pub(crate) fn complaints(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Complain(complaint) => Some(complaint.rule.id()),
            _ => None,
        })
        .collect()
}
