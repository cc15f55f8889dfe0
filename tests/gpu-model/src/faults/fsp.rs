// SPDX-License-Identifier: GPL-2.0

//! Faults of FSP.

use super::{
    FaultError,
    FaultInfo,
    Plan,
    Request, //
};
use crate::fsp::faults::{
    self,
    AnswerFault, //
};

fn spoil_answer(
    plan: &mut Plan,
    request: &Request<'_>,
    fault: AnswerFault,
) -> Result<(), FaultError> {
    request.boots_by_fsp()?;
    match plan.fsp.answer.replace(fault) {
        Some(old) if old != fault => Err(FaultError::Contradiction(old.name(), fault.name())),
        _ => Ok(()),
    }
}

macro_rules! answer {
    ($fault:ident, $description:literal) => {
        FaultInfo {
            name: AnswerFault::$fault.name(),
            argument: None,
            description: $description,
            apply: |plan, request| spoil_answer(plan, request, AnswerFault::$fault),
        }
    };
}

/// All of them.
pub const FAULTS: &[FaultInfo] = &[
    answer!(None, "FSP takes commands and never answers"),
    FaultInfo {
        name: faults::LATE,
        argument: Some("MS"),
        description: "FSP needs MS milliseconds (1 to 600000) more for each command",
        apply: |plan, request| {
            request.boots_by_fsp()?;
            plan.fsp.late_ms = Some(request.number(1, 600_000)?);
            Ok(())
        },
    },
    answer!(
        Short,
        "answers of FSP have 16 bytes: their error code is missing"
    ),
    answer!(
        Long,
        "answers of FSP have four bytes more than they need; the command is carried out"
    ),
    answer!(
        Huge,
        "answers of FSP have 1028 bytes, by the queue; a channel has 1024"
    ),
    answer!(Odd, "answers of FSP have 18 bytes: no whole dwords"),
    answer!(
        TailBelowHead,
        "the queue says that FSP's answer ends before it begins"
    ),
    answer!(
        NotFirst,
        "answers of FSP do not say that they are the first packet of a message"
    ),
    answer!(
        NotLast,
        "answers of FSP do not say that they are the last packet of a message"
    ),
    answer!(Vendor, "answers of FSP come from another vendor"),
    answer!(MessageType, "answers of FSP are no vendor-defined messages"),
    answer!(NvdmType, "answers of FSP say that they are none"),
    answer!(Command, "FSP answers another command than it was given"),
    answer!(
        CommandBits,
        "FSP answers command 0x114 instead of 0x14, and so on"
    ),
    FaultInfo {
        name: AnswerFault::Error(0).name(),
        argument: Some("CODE"),
        description: "FSP refuses each command with CODE (1 to 0xffffffff)",
        apply: |plan, request| {
            // CAST: bounded by the call.
            let code = request.number(1, u64::from(u32::MAX))? as u32;
            spoil_answer(plan, request, AnswerFault::Error(code))
        },
    },
    answer!(
        HeaderNoise,
        "answers of FSP have endpoints, tag, sequence and version set, which mean nothing"
    ),
    FaultInfo {
        name: faults::STALE,
        argument: None,
        description: "an answer is in FSP's queue before anybody has asked",
        apply: |plan, request| {
            request.boots_by_fsp()?;
            plan.fsp.stale = true;
            Ok(())
        },
    },
    FaultInfo {
        name: faults::PRC_VALUE,
        argument: Some("VALUE"),
        description:
            "FSP says that the vGPU mode is VALUE (0 to 0xffff); known are 0, off, and 1, on",
        apply: |plan, request| {
            request.boots_by_fsp()?;
            // CAST: bounded by the call.
            plan.fsp.prc_value = Some(request.number(0, 0xffff)? as u16);
            Ok(())
        },
    },
];
