// SPDX-License-Identifier: GPL-2.0

//! Interrupts: the eventfds a client hands over, and which of them one interrupt goes to.

use std::{
    fs::File,
    io::{
        self,
        Write, //
    },
};

use crate::config_space::Caps;

const DATA_NONE: u32 = 1 << 0;
const DATA_EVENTFD: u32 = 1 << 2;
const ACTION_MASK: u32 = 1 << 3;
const ACTION_UNMASK: u32 = 1 << 4;
const ACTION_TRIGGER: u32 = 1 << 5;

/// Interrupt kinds, numbered as the protocol does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Legacy level interrupt.
    Intx = 0,
    /// Message signalled.
    Msi = 1,
    /// Message signalled, extended.
    Msix = 2,
}

/// Number of interrupt indices of the protocol: INTx, MSI, MSI-X, error, request.
pub const INDICES: usize = 5;

/// What a SET_IRQS message asks the device to do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Nothing more.
    None,
    /// The guest has finished with INTx: assert it again if its cause is still there.
    IntxUnmasked,
    /// Fire `start..start + count`, as a test of the path.
    Fire,
}

/// Why a SET_IRQS message was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IrqError {
    /// Index above the last one, or with no vectors on this device.
    #[error("interrupt index {0} does not exist on this device")]
    NoIndex(u32),
    /// More vectors than the index has.
    #[error("vectors {start}..{start}+{count} of interrupt index {index}, which has {has}")]
    NoVector {
        /// Interrupt index.
        index: u32,
        /// First vector.
        start: u32,
        /// Number of vectors.
        count: u32,
        /// Vectors there are.
        has: u32,
    },
    /// More eventfds than vectors.
    #[error("{fds} eventfds for {count} vectors")]
    TooManyFds {
        /// Descriptors received.
        fds: usize,
        /// Vectors named.
        count: u32,
    },
    /// Action or data type that is not understood.
    #[error("interrupt flags {0:#x} are not understood")]
    Flags(u32),
}

impl From<IrqError> for io::Error {
    fn from(error: IrqError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// The triggers of all interrupt kinds.
#[derive(Debug)]
pub struct Irqs {
    triggers: [Vec<Option<File>>; 3],
}

impl Irqs {
    /// No triggers; vectors as the capabilities say.
    pub fn new(caps: &Caps) -> Self {
        let empty = |count: u32| (0..count).map(|_| None).collect();
        Self {
            triggers: [empty(1), empty(caps.msi_vectors), empty(caps.msix_vectors)],
        }
    }

    /// Vectors of protocol index `index`.
    pub fn count(&self, index: usize) -> u32 {
        // CAST: at most 2048 vectors.
        self.triggers.get(index).map_or(0, |list| list.len() as u32)
    }

    /// Forgets all triggers: the client is gone.
    pub fn clear(&mut self) {
        for trigger in self.triggers.iter_mut().flatten() {
            *trigger = None;
        }
    }

    /// Carries out a SET_IRQS message.
    ///
    /// # Errors
    /// [`IrqError`]; nothing has changed then.
    pub fn set(
        &mut self,
        index: u32,
        flags: u32,
        start: u32,
        count: u32,
        fds: Vec<File>,
    ) -> Result<Request, IrqError> {
        let list = self
            .triggers
            .get_mut(index as usize)
            .filter(|list| !list.is_empty())
            .ok_or(IrqError::NoIndex(index))?;
        let no_vector = IrqError::NoVector {
            index,
            start,
            count,
            has: list.len() as u32,
        };
        let end = start.checked_add(count).ok_or(IrqError::Flags(flags))?;
        let Some(range) = list.get_mut(start as usize..end as usize) else {
            return Err(no_vector);
        };
        match flags {
            f if f == DATA_EVENTFD | ACTION_TRIGGER => {
                if fds.len() > range.len() {
                    return Err(IrqError::TooManyFds {
                        fds: fds.len(),
                        count,
                    });
                }
                let mut fds = fds.into_iter();
                for trigger in range {
                    *trigger = fds.next();
                }
                Ok(Request::None)
            }
            f if f == DATA_NONE | ACTION_TRIGGER && count == 0 => {
                list.iter_mut().for_each(|trigger| *trigger = None);
                Ok(Request::None)
            }
            f if f == DATA_NONE | ACTION_TRIGGER => Ok(Request::Fire),
            f if f == DATA_NONE | ACTION_UNMASK && index == Kind::Intx as u32 => {
                Ok(Request::IntxUnmasked)
            }
            f if f & (ACTION_MASK | ACTION_UNMASK) != 0 => Ok(Request::None),
            _ => Err(IrqError::Flags(flags)),
        }
    }

    /// The kind the guest has switched on: MSI-X before MSI before INTx.
    pub fn active(&self) -> Option<Kind> {
        [Kind::Msix, Kind::Msi, Kind::Intx]
            .into_iter()
            .find(|kind| self.triggers[*kind as usize].iter().any(Option::is_some))
    }

    /// Writes the eventfd of `vector` of `kind`. A vector that has none is masked: the event is
    /// lost, as it is on a bus. A closed descriptor on the other side is not an error.
    pub fn fire(&self, kind: Kind, vector: usize) -> bool {
        let Some(Some(file)) = self.triggers[kind as usize].get(vector) else {
            return false;
        };
        let mut writer: &File = file;
        writer.write_all(&1u64.to_ne_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests;
