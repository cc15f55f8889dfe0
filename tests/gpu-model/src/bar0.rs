// SPDX-License-Identifier: GPL-2.0

//! BAR0: finds the register behind an offset, applies the checks that are the same for all of
//! them, and hands the access to its engine.

use std::{
    collections::HashMap,
    ops::Range, //
};

use crate::{
    chips::Family,
    engines::{
        self,
        pmc,
        therm,
        Cx,
        Effect,
        Effects,
        Engine,
        Parts,
        Whole, //
    },
    falcon::Which,
    faults::Plan,
    gsp_rm,
    phase::{
        self,
        Group, //
    },
    regs::{
        At,
        Reg, //
    },
    violations::{
        BusRule,
        Complaint,
        FalconRule,
        FspRule,
        Rule, //
    },
};

/// What a read returns that no register answers.
pub const PRI_ERROR: u32 = 0xbadf_5040;

/// Arrays longer than this are found by range instead of by a table of all elements.
const INDEXED_COUNT: u32 = 256;

/// Blocks of BAR0, to say what an unknown register belongs to.
#[rustfmt::skip]
const BLOCKS: &[(u32, u32, &str)] = &[
    (0x000000, 0x001000, "PMC"),
    (0x001000, 0x002000, "PBUS"),
    (0x009000, 0x00a000, "PTIMER"),
    (0x020000, 0x021000, "PTHERM"),
    (0x021700, 0x022000, "FUSE (Turing)"),
    (0x088000, 0x089000, "configuration mirror up to Ada"),
    (0x092000, 0x093000, "configuration mirror from Hopper on"),
    (0x100000, 0x110000, "PFB"),
    (0x110000, 0x114000, "GSP falcon"),
    (0x118000, 0x119000, "PGC6"),
    (0x1fa000, 0x1fb000, "PFB MMU"),
    (0x300000, 0x400000, "PROM"),
    (0x600000, 0x700000, "PDISP"),
    (0x700000, 0x800000, "PRAMIN"),
    (0x820000, 0x825000, "FUSE"),
    (0x840000, 0x844000, "SEC2 falcon"),
    (0x870000, 0x871000, "HSHUB0"),
    (0x8a1000, 0x8a2000, "FBHUB0"),
    (0x8f0000, 0x8f4000, "FSP"),
    (0xad0000, 0xae0000, "PTHERM (GB20x)"),
    (0xb80000, 0xbc0000, "virtual function space of the physical function"),
];

/// The outcome of one access to one dword (or to bytes of one).
#[derive(Debug)]
pub struct Access {
    /// Name of the register, or of the block if there is none.
    pub name: String,
    /// Offset that stands for the register in statistics: its own, or its window's.
    pub key: u32,
    /// What kind of register it is, if it is one.
    pub group: Option<Group>,
    /// Value read; for a write, the value written.
    pub value: u32,
    /// What the access set off.
    pub effects: Effects,
}

#[derive(Clone, Copy)]
struct Place {
    engine: usize,
    at: At,
}

/// The register BAR of one chip.
pub struct Bar0 {
    engines: Vec<Box<dyn Engine>>,
    elements: HashMap<u32, Place>,
    windows: Vec<(usize, &'static Reg)>,
    family: Family,
    hidden: Option<u32>,
    flush_registers: Vec<u32>,
}

impl Bar0 {
    /// The registers of what `parts` says, with the faults of `plan`.
    pub fn new(parts: Parts, plan: &Plan) -> Self {
        let chip = parts.chip;
        let engines = engines::all(parts, plan);
        let mut elements = HashMap::new();
        let mut windows = Vec::new();
        let mut flush_registers = Vec::new();
        for (engine, reg) in engines
            .iter()
            .enumerate()
            .flat_map(|(i, engine)| engine.regs().iter().map(move |reg| (i, reg)))
            .filter(|(_, reg)| reg.chips.has(chip.family))
        {
            if reg.name.contains("FLUSH_SYSMEM") {
                flush_registers.push(reg.offset);
            }
            if reg.count > INDEXED_COUNT {
                windows.push((engine, reg));
                continue;
            }
            for index in 0..reg.count {
                let at = At { reg, index };
                elements.insert(at.address(), Place { engine, at });
            }
        }
        let hides_boot_42 = plan.identity.is_some_and(|claim| !claim.has_boot_42);
        Self {
            engines,
            elements,
            windows,
            family: chip.family,
            hidden: hides_boot_42.then_some(pmc::BOOT_42),
            flush_registers,
        }
    }

    /// Resets all engines.
    pub fn reset(&mut self, now_us: u64) {
        for engine in &mut self.engines {
            engine.reset(now_us);
        }
    }

    /// Takes all faults away.
    pub fn mend(&mut self, whole: &Whole) {
        for engine in &mut self.engines {
            engine.mend(whole);
        }
    }

    /// The machine was reset, not only the function: [`Self::reset`] comes before.
    pub fn machine_reset(&mut self) {
        for engine in &mut self.engines {
            engine.machine_reset();
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, cx: &Cx<'_>) -> Effects {
        let engines = self.engines.iter_mut();
        engines.flat_map(|engine| engine.tick(cx)).collect()
    }

    /// Tells all engines of an access that has taken place.
    pub fn observe(&mut self, access: gsp_rm::Access, cx: &Cx<'_>) -> Effects {
        let engines = self.engines.iter_mut();
        engines
            .flat_map(|engine| engine.observe(access, cx))
            .collect()
    }

    /// The driver gives the device back.
    pub fn released(&mut self) -> Effects {
        let engines = self.engines.iter_mut();
        engines.flat_map(|engine| engine.released()).collect()
    }

    /// Does some engine work with the guest's memory on its own?
    pub fn uses_memory(&self) -> bool {
        self.engines.iter().any(|engine| engine.uses_memory())
    }

    /// A vector of the interrupt tree became pending.
    pub fn raise_vector(&mut self, vector: u32) -> Effects {
        let engines = self.engines.iter_mut();
        engines
            .flat_map(|engine| engine.raise_vector(vector))
            .collect()
    }

    /// A range of the guest's memory can no longer be reached.
    pub fn unmapped(&mut self, gone: &Range<u64>) -> Effects {
        let engines = self.engines.iter_mut();
        engines.flat_map(|engine| engine.unmapped(gone)).collect()
    }

    /// Is some engine's interrupt line up?
    pub fn interrupt_pending(&self) -> bool {
        self.engines.iter().any(|engine| engine.interrupt_pending())
    }

    /// Reads `out`, which lies inside the dword at the aligned `address` from byte `lane` on.
    pub fn read(&mut self, address: u32, lane: usize, out: &mut [u8], cx: &Cx<'_>) -> Access {
        let Some(place) = self.place(address) else {
            let bytes = PRI_ERROR.to_le_bytes();
            out.copy_from_slice(&bytes[lane..lane + out.len()]);
            return self.unknown(address, "read", value_of(out));
        };
        let reg = place.at.reg;
        let mut effects = alignment(address, reg, out.len());
        if reg.readable {
            effects.extend(self.engines[place.engine].read_bytes(place.at, lane, out, cx));
        } else {
            let bytes = PRI_ERROR.to_le_bytes();
            out.copy_from_slice(&bytes[lane..lane + out.len()]);
            effects.push(complain(
                address,
                BusRule::Direction,
                "read of a write-only register",
            ));
        }
        self.access(place, value_of(out), effects)
    }

    /// Writes `data`, which lies inside the dword at the aligned `address` from byte `lane` on.
    pub fn write(&mut self, address: u32, lane: usize, data: &[u8], cx: &Cx<'_>) -> Access {
        let value = value_of(data);
        let Some(place) = self.place(address) else {
            return self.unknown(address, "write", value);
        };
        let reg = place.at.reg;
        let mut effects = alignment(address, reg, data.len());
        if reg.accepted() == 0 {
            effects.push(complain(
                address,
                BusRule::Direction,
                "write to a read-only register",
            ));
            return self.access(place, value, effects);
        }
        let engine = &mut self.engines[place.engine];
        let is_whole = data.len() == 4;
        if is_whole {
            let reserved = value & !reg.accepted();
            // Reserved bits may be written back as they were read.
            if reserved != 0 && reserved & !engine.read(place.at, cx).value != 0 {
                effects.push(complain(
                    address,
                    BusRule::Direction,
                    "write of ones to reserved bits",
                ));
            }
            effects.extend(engine.write(place.at, value, cx));
        } else {
            effects.extend(engine.write_bytes(place.at, lane, data, cx));
        }
        self.access(place, value, effects)
    }

    /// What kind of register this is, as far as order is concerned. On chips that FSP boots no driver
    /// waits for it before it uses registers.
    fn group(&self, address: u32) -> Group {
        match address {
            pmc::BOOT_0 | pmc::BOOT_1 | pmc::BOOT_42 => Group::Identity,
            _ if self.flush_registers.contains(&address) => Group::Flush,
            _ if self.family.boots_by_fsp() || phase::is_usable_before_boot(address) => {
                Group::BeforeBoot
            }
            _ => Group::AfterBoot,
        }
    }

    fn place(&self, address: u32) -> Option<Place> {
        if self.hidden == Some(address) {
            return None;
        }
        self.elements.get(&address).copied().or_else(|| {
            self.windows.iter().find_map(|&(engine, reg)| {
                (reg.offset..reg.end()).contains(&address).then(|| Place {
                    engine,
                    at: At {
                        reg,
                        index: (address - reg.offset) / 4,
                    },
                })
            })
        })
    }

    fn access(&self, place: Place, value: u32, effects: Effects) -> Access {
        let At { reg, index } = place.at;
        let is_window = reg.count > INDEXED_COUNT;
        Access {
            name: if is_window {
                reg.name.to_owned()
            } else {
                reg.display(index)
            },
            key: if is_window {
                reg.offset
            } else {
                place.at.address()
            },
            group: Some(self.group(place.at.address())),
            value,
            effects,
        }
    }

    /// Is this where other chips that FSP boots say that it is ready?
    fn is_boot_status_elsewhere(&self, address: u32) -> bool {
        self.family.boots_by_fsp() && therm::is_boot_status_of_any(address)
    }

    /// An access that no register of this chip answers: says whether another chip has it.
    fn unknown(&self, address: u32, verb: &str, value: u32) -> Access {
        let elsewhere = self
            .engines
            .iter()
            .flat_map(|engine| engines::find(engine.regs(), address))
            .next();
        let block = BLOCKS
            .iter()
            .find(|(start, end, _)| (*start..*end).contains(&address))
            .map_or("no known block", |(_, _, name)| name);
        let (rule, name, what) = match elsewhere {
            Some(reg) if reg.name == "NV_PROM_DATA" => (
                BusRule::Prom,
                reg.name.to_owned(),
                format!(
                    "{verb} of the VBIOS window, which {:?} does not have",
                    self.family
                ),
            ),
            Some(reg) => (
                BusRule::NoSuchRegister,
                reg.name.to_owned(),
                format!(
                    "{verb} of {}, which {:?} does not have",
                    reg.name, self.family
                ),
            ),
            None => (
                BusRule::NoSuchRegister,
                format!("unknown in {block}"),
                format!("{verb} of an unknown register ({block})"),
            ),
        };
        Access {
            name,
            key: address,
            group: None,
            value,
            effects: vec![if self.is_boot_status_elsewhere(address) {
                Effect::Complain(Complaint::new(FspRule::ReadinessElsewhere, what))
            } else {
                complain(address, rule, what)
            }],
        }
    }
}

fn value_of(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// The breach of `rule` at `address`; falcons have numbers of their own for some rules.
fn complain(address: u32, rule: BusRule, what: impl Into<String>) -> Effect {
    let rule = match (Which::at(address), rule) {
        (Some(_), BusRule::Alignment) => FalconRule::Alignment.into(),
        (Some(_), BusRule::NoSuchRegister) => FalconRule::NoSuchRegister.into(),
        (Some(_), BusRule::Direction) => FalconRule::Direction.into(),
        (_, rule) => Rule::from(rule),
    };
    Effect::Complain(Complaint {
        rule,
        what: what.into(),
    })
}

/// Whole dwords only, except for the registers that are accessed by bytes.
fn alignment(address: u32, reg: &Reg, len: usize) -> Effects {
    let fits = len == 4 || reg.bytes && len == 1;
    if fits {
        return Effects::new();
    }
    vec![complain(
        address,
        BusRule::Alignment,
        format!("access to {len} bytes of a dword register"),
    )]
}

#[cfg(test)]
mod tests;
