// SPDX-License-Identifier: GPL-2.0

//! The first inputs that are made from NVIDIA's files.
//!
//! Built with `--features real-firmware` only. `NOVA_FIRMWARE_DIR` names the directory that holds
//! `nvidia/`, with the files uncompressed: usually `/lib/firmware`.

use nova_fuzz::{
    seeds::Seeds,
    targets, //
};
use std::path::PathBuf;

#[test]
fn what_is_kept_of_the_files_is_accepted() {
    let directory = std::env::var_os("NOVA_FIRMWARE_DIR").expect(
        "NOVA_FIRMWARE_DIR is not set; it must name the directory that holds nvidia/, such as /lib/firmware",
    );
    let mut seeds = Seeds::default();
    let number = seeds.add_firmware(&PathBuf::from(directory)).unwrap();
    // Two images of GSP-RM, three of FMC, and no more than the files there are.
    assert_eq!(seeds.of("gsp_image").count(), 2);
    assert_eq!(seeds.of("fmc").count(), 3);
    assert!((15..94).contains(&number), "{number}");
    for target in &targets::ALL {
        for (name, bytes) in seeds.of(target.name) {
            assert!((target.run)(bytes), "{}: {name}", target.name);
            println!("{}: {name}: {} bytes", target.name, bytes.len());
        }
    }
}
