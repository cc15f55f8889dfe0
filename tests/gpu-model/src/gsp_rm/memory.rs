// SPDX-License-Identifier: GPL-2.0

//! Guest memory as GSP-RM reaches it: by bus address, or by offset in the shared queue memory.

use std::sync::Arc;

use crate::{
    dma::DmaError,
    violations::{
        BusRule,
        Complaint,
        GspRule,
        Rule, //
    },
};

/// Bytes of a page of the GSP, whatever the guest's pages are.
pub const PAGE: u64 = 0x1000;

/// Memory of the guest, seen from the bus.
pub trait GuestMemory {
    /// Reads `out.len()` bytes at a bus address.
    ///
    /// # Errors
    /// [`DmaError`]; `out` is not to be used then.
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), DmaError>;

    /// Writes `data` at a bus address.
    ///
    /// # Errors
    /// [`DmaError`].
    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), DmaError>;
}

/// States what a failed access means: `doing` says what it was for.
pub fn complaint(doing: &str, error: &DmaError) -> Complaint {
    let rule = match error {
        DmaError::BusMasterOff => Rule::from(BusRule::BusMasterOff),
        DmaError::AboveMask(..) => Rule::from(GspRule::Address),
        _ => Rule::from(BusRule::StrayDma),
    };
    Complaint::new(rule, format!("GSP-RM cannot {doing}: {error}"))
}

/// The queue memory's pages, by the table the driver gave. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pages {
    pages: Arc<[u64]>,
}

impl Pages {
    /// Pages at these bus addresses.
    pub fn new(pages: Vec<u64>) -> Self {
        Self {
            pages: pages.into(),
        }
    }

    /// Bus addresses of the pages.
    pub fn addresses(&self) -> &[u64] {
        &self.pages
    }

    /// Calls `visit` with bus address and range in the access, for each page that it touches.
    fn walk<E>(
        &self,
        offset: usize,
        len: usize,
        mut visit: impl FnMut(u64, usize, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let page_size = PAGE as usize;
        let mut done = 0;
        while done < len {
            let at = offset + done;
            let inside = at % page_size;
            let piece = (page_size - inside).min(len - done);
            visit(
                self.pages[at / page_size] + inside as u64,
                done,
                done + piece,
            )?;
            done += piece;
        }
        Ok(())
    }
}

/// Queue memory, open for access.
pub struct Io<'a> {
    /// Guest memory.
    pub memory: &'a mut dyn GuestMemory,
    /// Where the queue memory is in it.
    pub pages: &'a Pages,
}

impl Io<'_> {
    /// Reads at an offset in the queue memory.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), Complaint> {
        self.pages
            .walk(offset, out.len(), |address, from, to| {
                self.memory.read(address, &mut out[from..to])
            })
            .map_err(|error| complaint("read the queues", &error))
    }

    /// Reads a number at an offset in the queue memory.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn read_u32(&self, offset: usize) -> Result<u32, Complaint> {
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Writes at an offset in the queue memory.
    ///
    /// # Errors
    /// [`Complaint`] about the memory.
    pub fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Complaint> {
        let memory = &mut *self.memory;
        self.pages
            .walk(offset, data.len(), |address, from, to| {
                memory.write(address, &data[from..to])
            })
            .map_err(|error| complaint("write the queues", &error))
    }
}
