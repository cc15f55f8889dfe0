// SPDX-License-Identifier: GPL-2.0

//! What GSP-RM reads before it can talk: LibOS arguments, logs, its own arguments, queues.
//!
//! The order is that of the firmware as far as it is known: the LibOS table, the logs it names,
//! `RMARGS`, the table of the queues' pages, the header of the command queue.

use std::ops::Range;

use super::{
    logs::Log,
    memory::{
        complaint,
        GuestMemory,
        Io,
        Pages,
        PAGE, //
    },
    wire::{
        u32_at,
        u64_at,
        ENTRY, //
    },
    Findings,
};
use crate::violations::{
    Complaint,
    GspRule, //
};

/// Bytes of one slot of the LibOS table.
const SLOT: usize = 32;
/// Bytes of `GSP_ARGUMENTS_CACHED`.
const RMARGS_SIZE: usize = 72;
/// Pages that a table of queue pages may name: more would not be queues.
const MAX_QUEUE_PAGES: u32 = 0x1000;
/// Bytes of a queue's header that its writer owns.
pub const TX_HEADER: usize = 32;
/// Where a queue's header keeps how far it is written.
pub const WRITE_PTR: usize = 16;
/// Where the other direction's read pointer is, from the start of a queue.
pub const READ_PTR: usize = 32;

const LOGINIT: &str = "LOGINIT";
const RMARGS: &str = "RMARGS";

/// A region of the LibOS table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Region {
    name: String,
    address: u64,
    size: u64,
}

/// Where the two queues are in the queue memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Offset of the command queue.
    pub command: usize,
    /// Offset of the status queue.
    pub status: usize,
    /// Entries of the command queue.
    pub command_entries: u32,
    /// Entries of the status queue.
    pub status_entries: u32,
}

impl Geometry {
    /// Offset of entry `index` of the queue that begins at `queue`.
    pub fn entry(queue: usize, index: u32) -> usize {
        // CAST: a small number.
        queue + ENTRY + index as usize * ENTRY
    }

    /// Calls `visit` with offset and length of each piece of `len` bytes from entry `index` on.
    pub fn pieces(queue: usize, entries: u32, index: u32, len: usize) -> [(usize, usize); 2] {
        // CAST: a small number.
        let to_end = (entries - index) as usize * ENTRY;
        let first = len.min(to_end);
        [
            (Self::entry(queue, index), first),
            (Self::entry(queue, 0), len - first),
        ]
    }
}

/// All that GSP-RM stands on.
#[derive(Debug)]
pub struct Foundations {
    /// Early log.
    pub log_init: Log,
    /// Log of the resource manager, if the driver gave one.
    pub log_rm: Option<Log>,
    /// Bus address of `RMARGS`.
    pub rm_args: u64,
    /// Queue memory.
    pub pages: Pages,
    /// Queues in it.
    pub geometry: Geometry,
    /// Header of the command queue as it was at the start.
    pub command_header: [u8; TX_HEADER],
    /// Memory that GSP-RM uses for as long as it runs, and what for.
    pub owned: Vec<(Range<u64>, String)>,
    /// Memory that it needs until it has booted, and what for.
    pub needed_for_boot: Vec<(Range<u64>, String)>,
}

/// How GSP-RM is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// For the first time.
    Cold,
    /// After a suspend.
    Resume,
}

fn unusable(what: impl Into<String>) -> Complaint {
    Complaint::new(GspRule::InitTable, what)
}

fn misplaced(what: impl Into<String>) -> Complaint {
    Complaint::new(GspRule::Address, what)
}

/// A number that changes when the LibOS table at `address` does; `None` if it cannot be read.
pub fn fingerprint(memory: &dyn GuestMemory, address: u64) -> Option<u64> {
    let mut table = vec![0; PAGE as usize];
    memory.read(address, &mut table).ok()?;
    Some(hash(&table))
}

/// FNV-1a, which is enough to notice a change.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Reads everything and judges it.
///
/// # Errors
/// The [`Complaint`] that keeps GSP-RM from starting.
pub fn read(
    memory: &mut dyn GuestMemory,
    libos: u64,
    findings: &mut Findings,
) -> Result<Foundations, Complaint> {
    let regions = libos_table(memory, libos, findings)?;
    let mut logs = Vec::new();
    for region in regions.iter().filter(|it| it.name.starts_with("LOG")) {
        judge_log(memory, region, findings)?;
        logs.push(region);
    }
    if regions.first().map(|region| region.name.as_str()) != Some(LOGINIT) {
        return Err(unusable("the first LibOS argument is not LOGINIT"));
    }
    let args = regions
        .iter()
        .find(|region| region.name == RMARGS)
        .ok_or_else(|| unusable("no LibOS argument is named RMARGS"))?;
    let (pages, geometry) = rm_args(memory, args.address, Way::Cold, findings)?;
    let mut command_header = [0; TX_HEADER];
    let io = Io {
        memory,
        pages: &pages,
    };
    io.read(geometry.command, &mut command_header)?;
    let entries = judge_header(&command_header, geometry)?;
    let geometry = Geometry {
        command_entries: entries,
        ..geometry
    };
    let log = |name: &str| {
        let region = logs.iter().find(|region| region.name == name)?;
        Some(Log::new(region.address, region.size))
    };
    let mut owned: Vec<_> = logs
        .iter()
        .map(|region| (region.range(), region.name.clone()))
        .collect();
    for page in pages.addresses() {
        owned.push((*page..page + PAGE, "queue memory".into()));
    }
    Ok(Foundations {
        log_init: Log::new(regions[0].address, regions[0].size),
        log_rm: log("LOGRM"),
        rm_args: args.address,
        geometry,
        command_header,
        owned,
        needed_for_boot: vec![
            (libos..libos + PAGE, "LibOS table".into()),
            (args.range(), RMARGS.into()),
        ],
        pages,
    })
}

/// Reads `RMARGS` again, which the driver has rewritten for a resume.
///
/// # Errors
/// The [`Complaint`] that keeps GSP-RM from starting.
pub fn read_again(
    memory: &dyn GuestMemory,
    address: u64,
    findings: &mut Findings,
) -> Result<(), Complaint> {
    rm_args(memory, address, Way::Resume, findings).map(|_| ())
}

impl Region {
    fn range(&self) -> Range<u64> {
        self.address..self.address.saturating_add(self.size)
    }
}

/// The name that `id` packs: the first character is the most significant one that is not zero.
fn unpack(id: u64) -> String {
    id.to_be_bytes()
        .iter()
        .filter(|byte| **byte != 0)
        .map(|byte| char::from(*byte))
        .collect()
}

fn libos_table(
    memory: &dyn GuestMemory,
    libos: u64,
    findings: &mut Findings,
) -> Result<Vec<Region>, Complaint> {
    if libos == 0 || libos % PAGE != 0 {
        return Err(misplaced(format!(
            "the mailboxes name {libos:#x} as LibOS table, which is not the address of a page"
        )));
    }
    let mut table = vec![0; PAGE as usize];
    memory
        .read(libos, &mut table)
        .map_err(|error| complaint("read the LibOS table", &error))?;
    let mut regions: Vec<Region> = Vec::new();
    for slot in table.chunks_exact(SLOT) {
        let id = u64_at(slot, 0);
        if id == 0 {
            break;
        }
        let name = unpack(id);
        let region = Region {
            address: u64_at(slot, 8),
            size: u64_at(slot, 16),
            name,
        };
        let name = &region.name;
        if (slot[24], slot[25]) != (1, 1) {
            return Err(unusable(format!(
                "LibOS argument {name} is of kind {} at location {}, not contiguous system memory",
                slot[24], slot[25]
            )));
        }
        if slot[26..].iter().any(|byte| *byte != 0) {
            findings.push(unusable(format!("LibOS argument {name} has dirty padding")));
        }
        if region.address % PAGE != 0 || region.address == 0 {
            return Err(misplaced(format!(
                "LibOS argument {name} is at {:#x}, which is not the address of a page",
                region.address
            )));
        }
        if region.size == 0 || region.size % PAGE != 0 {
            return Err(unusable(format!(
                "LibOS argument {name} has {:#x} bytes, which are not whole pages",
                region.size
            )));
        }
        if regions.iter().any(|other| other.name == *name) {
            return Err(unusable(format!("LibOS argument {name} is there twice")));
        }
        regions.push(region);
    }
    Ok(regions)
}

fn judge_log(
    memory: &dyn GuestMemory,
    region: &Region,
    findings: &mut Findings,
) -> Result<(), Complaint> {
    let name = &region.name;
    // A page table that does not fit a page is not read; no log is that long.
    let pages = (region.size / PAGE).min(PAGE / 8 - 1);
    // CAST: less than a page.
    let mut start = vec![0; 8 + 8 * pages as usize];
    memory
        .read(region.address, &mut start)
        .map_err(|error| complaint(&format!("read log {name}"), &error))?;
    let put = u64_at(&start, 0);
    if put != 0 {
        findings.push(unusable(format!(
            "log {name} is not empty: put is {put:#x}"
        )));
    }
    for page in 0..pages {
        // CAST: as above.
        let said = u64_at(&start, 8 + 8 * page as usize);
        let is = region.address + PAGE * page;
        if said != is {
            findings.push(unusable(format!(
                "log {name} says that its page {page} is at {said:#x}, but it is at {is:#x}"
            )));
            break;
        }
    }
    // The whole buffer has to be there, not only its page table.
    let mut last = [0; 8];
    memory
        .read(region.range().end - 8, &mut last)
        .map_err(|error| complaint(&format!("reach the end of log {name}"), &error))
}

fn rm_args(
    memory: &dyn GuestMemory,
    address: u64,
    way: Way,
    findings: &mut Findings,
) -> Result<(Pages, Geometry), Complaint> {
    let mut args = [0; RMARGS_SIZE];
    memory
        .read(address, &mut args)
        .map_err(|error| complaint("read RMARGS", &error))?;
    let table = u64_at(&args, 0);
    let count = u32_at(&args, 8);
    let (command, status) = (u64_at(&args, 16), u64_at(&args, 24));
    if table == 0 || table % PAGE != 0 {
        return Err(misplaced(format!(
            "RMARGS says that the queues are at {table:#x}, which is not the address of a page"
        )));
    }
    if !(3..=MAX_QUEUE_PAGES).contains(&count) {
        return Err(unusable(format!(
            "RMARGS says that the queues have {count} pages"
        )));
    }
    let bytes = u64::from(count) * PAGE;
    let table_bytes = (8 * u64::from(count)).next_multiple_of(PAGE);
    let fits = command % PAGE == 0
        && status % PAGE == 0
        && command >= table_bytes
        && status >= command.saturating_add(2 * PAGE)
        && status.saturating_add(2 * PAGE) <= bytes;
    if !fits {
        return Err(unusable(format!(
            "RMARGS puts the queues at {command:#x} and {status:#x} of {bytes:#x} bytes, of which \
             the page table takes {table_bytes:#x}"
        )));
    }
    let (old_level, flags, in_transition) = (u32_at(&args, 32), u32_at(&args, 36), args[40]);
    let want = match way {
        Way::Cold => (0, 0, 0),
        Way::Resume => (3, 5, 1),
    };
    if (old_level, flags, in_transition) != want {
        findings.push(unusable(format!(
            "RMARGS has old level {old_level}, flags {flags:#x}, in transition {in_transition}; \
             this start needs {}, {:#x}, {}",
            want.0, want.1, want.2
        )));
    }
    if args[48] != 1 {
        findings.push(unusable(format!(
            "RMARGS has bDmemStack {}, not 1",
            args[48]
        )));
    }
    // CAST: at most MAX_QUEUE_PAGES.
    let mut list = vec![0; 8 * count as usize];
    memory
        .read(table, &mut list)
        .map_err(|error| complaint("read the queues' page table", &error))?;
    let pages: Vec<_> = list.chunks_exact(8).map(|entry| u64_at(entry, 0)).collect();
    if pages[0] != table {
        return Err(unusable(format!(
            "the queues' page table says that it is at {:#x}, but it is at {table:#x}",
            pages[0]
        )));
    }
    if let Some(page) = pages.iter().find(|page| **page % PAGE != 0 || **page == 0) {
        return Err(misplaced(format!(
            "the queues' page table names {page:#x}, which is not the address of a page"
        )));
    }
    // CAST: less than MAX_QUEUE_PAGES pages.
    let geometry = Geometry {
        command: command as usize,
        status: status as usize,
        command_entries: 0,
        status_entries: ((bytes - status) / PAGE - 1) as u32,
    };
    Ok((Pages::new(pages), geometry))
}

/// Judges the header of the command queue; gives the number of its entries.
fn judge_header(header: &[u8; TX_HEADER], geometry: Geometry) -> Result<u32, Complaint> {
    let size = geometry.status - geometry.command;
    // CAST: less than MAX_QUEUE_PAGES pages.
    let entries = (size / ENTRY - 1) as u32;
    let want = [
        ("version", 0, 0),
        ("size", 4, size as u32),
        ("entry size", 8, ENTRY as u32),
        ("entry count", 12, entries),
        ("flags (only bit 0, swapped read pointers)", 20, 1),
        ("offset of the read pointer", 24, READ_PTR as u32),
        ("offset of the entries", 28, ENTRY as u32),
    ];
    for (name, offset, want) in want {
        let is = u32_at(header, offset);
        if is != want {
            return Err(unusable(format!(
                "the header of the command queue has {name} {is:#x}, not {want:#x}"
            )));
        }
    }
    Ok(entries)
}

/// The header that GSP-RM gives the status queue.
pub fn status_header(geometry: Geometry) -> [u8; TX_HEADER] {
    // CAST: small numbers.
    let fields = [
        0,
        (geometry.status_entries + 1) * ENTRY as u32,
        ENTRY as u32,
        geometry.status_entries,
        0,
        1,
        READ_PTR as u32,
        ENTRY as u32,
    ];
    let mut header = [0; TX_HEADER];
    for (bytes, field) in header.chunks_exact_mut(4).zip(fields) {
        bytes.copy_from_slice(&field.to_le_bytes());
    }
    header
}
