// SPDX-License-Identifier: GPL-2.0

//! What FSP answers.
//!
//! | offset | size | | |
//! |---|---|---|---|
//! | 0 | 8 | headers | one packet, NVDM type FSP_RESPONSE |
//! | 8 | 4 | `taskId` | FSP's own affair |
//! | 12 | 4 | `commandNvdmType` | type of the request that is answered |
//! | 16 | 4 | `errorCode` | [`ErrorCode`] |
//! | 20 | | payload | of some requests; none if they failed |

use super::mctp::{
    Headers,
    NvdmType, //
};
use crate::bytes::u32_at;
use core::fmt;

/// Bytes of a response without a payload, and of the smallest one that is believed.
pub const SIZE: usize = 20;

/// Offsets behind the headers, under their published names.
mod at {
    pub(super) const TASK_ID: usize = 8;
    pub(super) const COMMAND_NVDM_TYPE: usize = 12;
    pub(super) const ERROR_CODE: usize = 16;
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// The request has been carried out.
    pub const OK: Self = Self(0);
    /// The request is not possible now.
    pub const INVALID_STATE: Self = Self(0x9e);
    /// A file in the GPU's own ROM is missing.
    pub const FILE_NOT_FOUND: Self = Self(0x9f);
    /// There is no such request.
    pub const NOT_SUPPORTED: Self = Self(0xa0);
    /// The request holds something impossible.
    pub const INVALID_DATA: Self = Self(0xa1);
    /// There is no such setting. Known from later releases only.
    pub const INVALID_KNOB_ID: Self = Self(0x1e3);

    /// The published name.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::OK => "FSP_OK",
            Self::INVALID_STATE => "FSP_ERR_IFS_ERR_INVALID_STATE",
            Self::FILE_NOT_FOUND => "FSP_ERR_IFR_FILE_NOT_FOUND",
            Self::NOT_SUPPORTED => "FSP_ERR_IFS_ERR_NOT_SUPPORTED",
            Self::INVALID_DATA => "FSP_ERR_IFS_ERR_INVALID_DATA",
            Self::INVALID_KNOB_ID => "FSP_ERR_PRC_ERROR_INVALID_KNOB_ID",
            _ => return None,
        })
    }
}

/// `error <number> (<name>)`, or without the name.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {:#x}", self.0)?;
        match self.name() {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

/// A response that says that the request has been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// Which task of FSP's carried it out.
    pub task_id: u32,
    /// What follows, of whatever length.
    pub payload: &'a [u8],
}

/// Why a packet is not the good response that was waited for.
///
/// `Display` gives what there is: to be put after "FSP sent ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseError {
    /// The packet has so many bytes only.
    Short(usize),
    /// The packet is one of several, by this word of the transport.
    NotSinglePacket(u32),
    /// The packet holds no message of NVIDIA's, by this word.
    NotNvdm(u32),
    /// The message is no response.
    Type(NvdmType),
    /// The response is to another request.
    Request {
        /// The type of the request it is to.
        answered: u32,
        /// The one that was sent.
        sent: NvdmType,
    },
    /// FSP refused the request.
    Refused(ErrorCode),
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(size) => write!(f, "{size} bytes, a response has at least {SIZE}"),
            Self::NotSinglePacket(transport) => {
                write!(f, "a part of a message, by its header {transport:#010x}")
            }
            Self::NotNvdm(message) => {
                write!(f, "no NVDM message, by its header {message:#010x}")
            }
            Self::Type(kind) => write!(f, "message {kind} instead of a response"),
            Self::Request { answered, sent } => {
                write!(f, "a response to request {answered:#x} after {sent}")
            }
            Self::Refused(code) => code.fmt(f),
        }
    }
}

impl core::error::Error for ResponseError {}

impl<'a> Response<'a> {
    /// Checks `packet`, which has been sent by FSP after a request of type `sent`.
    ///
    /// Endpoints, tag, number of the packet, version of the transport and the task are whatever FSP likes.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: the first thing that is wrong, and only then what FSP says.
    pub fn parse(packet: &'a [u8], sent: NvdmType) -> Result<Self, ResponseError> {
        let word = |at| u32_at(packet, at).ok_or(ResponseError::Short(packet.len()));
        let payload = packet
            .get(SIZE..)
            .ok_or(ResponseError::Short(packet.len()))?;
        let headers = Headers::of(packet).ok_or(ResponseError::Short(packet.len()))?;
        if !headers.is_single_packet() {
            return Err(ResponseError::NotSinglePacket(headers.transport));
        }
        match headers.nvdm_type() {
            Some(NvdmType::FSP_RESPONSE) => {}
            Some(other) => return Err(ResponseError::Type(other)),
            None => return Err(ResponseError::NotNvdm(headers.message)),
        }
        // All 32 bits count.
        let answered = word(at::COMMAND_NVDM_TYPE)?;
        if answered != u32::from(sent.0) {
            return Err(ResponseError::Request { answered, sent });
        }
        let code = ErrorCode(word(at::ERROR_CODE)?);
        if code != ErrorCode::OK {
            return Err(ResponseError::Refused(code));
        }
        Ok(Self {
            task_id: word(at::TASK_ID)?,
            payload,
        })
    }
}

#[cfg(test)]
mod tests;
