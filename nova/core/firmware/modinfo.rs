// SPDX-License-Identifier: GPL-2.0

//! The list of firmware files in the module, for tools that collect them into an initramfs.

use kernel::{
    firmware::ModInfoBuilder,
    prelude::*, //
};
use nova_hw::chip::Chip;

/// Every file of every chip. For `module_firmware!`, which runs it twice: to measure, and to fill.
pub(crate) struct ModuleInfo<const N: usize>(ModInfoBuilder<N>);

impl<const N: usize> ModuleInfo<N> {
    /// Builds the list when the module is compiled.
    pub(crate) const fn create(module_name: &'static CStr) -> ModInfoBuilder<N> {
        let mut list = Self(ModInfoBuilder::new(module_name));
        let mut chip = 0;
        while chip < Chip::ALL.len() {
            let files = Chip::ALL[chip].firmware_files();
            let mut file = 0;
            while file < files.len() {
                list = Self(list.0.new_entry().push(files[file].path));
                file += 1;
            }
            chip += 1;
        }
        list.0
    }
}
