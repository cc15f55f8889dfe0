// SPDX-License-Identifier: GPL-2.0

//! Drivers that do anything at any time: the card may refuse what it likes, but it goes on, and a
//! reset of the function makes it as new.

use proptest::prelude::*;

use super::driver::{
    Driver,
    GSP, //
};
use crate::boot::tests::machine::REST;

/// Something that a driver can do.
#[derive(Clone, Debug)]
enum Deed {
    Read(u64),
    Write(u64, u32),
    Wait(u64),
    Send,
    Settings,
    Stop,
    Unmap,
    Map,
    Master(bool),
    Reset,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    // Registers that mean something, and any others.
    let offset = prop_oneof![
        prop::sample::select(vec![
            0x4u64, 0x8, 0x40, 0x44, 0x80, 0xf4, 0x100, 0x118, 0x3c0, 0xc00, 0x1388, 0x1668,
        ]),
        (0u64..0x1000).prop_map(|index| 4 * index),
    ];
    let deed = prop_oneof![
        4 => offset.clone().prop_map(Deed::Read),
        4 => (offset, any::<u32>()).prop_map(|(at, value)| Deed::Write(at, value)),
        4 => (0u64..20_000).prop_map(Deed::Wait),
        2 => Just(Deed::Send),
        1 => Just(Deed::Settings),
        1 => Just(Deed::Stop),
        1 => Just(Deed::Unmap),
        1 => Just(Deed::Map),
        1 => any::<bool>().prop_map(Deed::Master),
        1 => Just(Deed::Reset),
    ];
    prop::collection::vec(deed, 1..60)
}

impl Driver {
    fn do_it(&mut self, deed: &Deed, is_mapped: &mut bool) {
        match *deed {
            Deed::Read(offset) => {
                self.read(GSP + offset);
            }
            Deed::Write(offset, value) => self.write(GSP + offset, value),
            Deed::Wait(us) => {
                self.now += us;
                self.tick();
            }
            Deed::Send => {
                let packet = self.packet();
                self.send_packet(&packet);
            }
            Deed::Settings => self.send_settings(),
            Deed::Stop => self.send(47, &[0; 8]),
            Deed::Unmap if *is_mapped => {
                self.device.dma_unmap(REST.0, REST.1, false);
                *is_mapped = false;
            }
            Deed::Map if !*is_mapped => {
                self.map(REST.0, REST.1);
                *is_mapped = true;
            }
            Deed::Unmap | Deed::Map => {}
            Deed::Master(on) => {
                let command = if on { 0x06 } else { 0x02 };
                self.device.config_write(4, &[command, 0]);
            }
            Deed::Reset => self.reset_function(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_reset_makes_up_for_anything(deeds in deeds()) {
        let mut driver = Driver::new("gb202");
        let mut is_mapped = true;
        for deed in &deeds {
            driver.do_it(deed, &mut is_mapped);
        }
        driver.do_it(&Deed::Map, &mut is_mapped);
        driver.reset_function();
        let before = driver.rules().len();
        driver.boot();
        driver.unload();
        prop_assert_eq!(driver.wpr2(), (0, 0));
        prop_assert_eq!(&driver.complaints()[before..], [""; 0]);
    }
}
