// SPDX-License-Identifier: GPL-2.0

//! A packet between driver and FSP, as it was captured: which message, its fields, and whether the driver
//! would send or take it.
//!
//! A request is one that the driver sends if it is, byte for byte, what the driver would make of the fields
//! that have been read from it.

use crate::{
    report::{
        digits,
        hex,
        Fields,
        Report, //
    },
    verdict::{
        Errno,
        Refusal,
        Verdict, //
    },
};
use nova_firmware::{
    fmc::{
        Fmc,
        HASH_SIZE, //
    },
    fsp::{
        cot::{
            self,
            Cot,
            Frts, //
        },
        mctp::{
            Headers,
            NvdmType,
            HEADERS_SIZE, //
        },
        prc::{
            self,
            Knob, //
        },
        response::{
            self,
            ErrorCode,
            Response, //
        },
        PACKET_MAX, //
    },
};

mod capture;

/// Reads a packet.
pub fn inspect(subject: String, file: &[u8]) -> Report {
    let (form, packet) = capture::read(file);
    let mut found = Fields::new();
    found.put("read as", form.describe());
    found.put_hex("size", packet.len());
    let verdict = read(&packet, &mut found);
    Report {
        subject,
        found,
        verdict,
    }
}

fn read(packet: &[u8], found: &mut Fields) -> Verdict {
    let Some(headers) = Headers::of(packet) else {
        let reason = format!("packet of {} bytes, less than its headers", packet.len());
        return Err(Refusal::new(Errno::Eio, reason));
    };
    found.put("transport", transport(headers.transport));
    found.put("message", message(headers));
    if packet.len() > PACKET_MAX || packet.len() % 4 != 0 {
        let reason = format!(
            "packet of {} bytes; they have a multiple of 4, and {PACKET_MAX} at most",
            packet.len()
        );
        return Err(Refusal::new(Errno::Eio, reason));
    }
    match headers.nvdm_type() {
        Some(NvdmType::COT) => cot(packet, found),
        Some(NvdmType::PRC) => prc(packet, found),
        Some(NvdmType::FSP_RESPONSE) => response(packet, found),
        other => {
            found.put_hex("payload size", packet.len() - HEADERS_SIZE);
            let what = other.map_or("no message of NVIDIA's".into(), |kind| {
                format!("message {kind}")
            });
            let reason = format!("{what}, which the driver neither sends nor waits for");
            Err(Refusal::new(Errno::Eio, reason))
        }
    }
}

// --- headers -----------------------------------------------------------------------------------------

/// `width` bits of `word` from `low` on.
fn bits(word: u32, low: u32, width: u32) -> u32 {
    (word >> low) & ((1 << width) - 1)
}

fn transport(word: u32) -> Fields {
    Fields::new()
        .with_hex("word", word)
        .with("first packet", bits(word, 31, 1) == 1)
        .with("last packet", bits(word, 30, 1) == 1)
        .with("number", bits(word, 28, 2))
        .with("tag owner", bits(word, 27, 1))
        .with("tag", bits(word, 24, 3))
        .with_hex("from endpoint", bits(word, 16, 8))
        .with_hex("to endpoint", bits(word, 8, 8))
        .with("version", bits(word, 0, 4))
}

fn message(headers: Headers) -> Fields {
    let word = headers.message;
    Fields::new()
        .with_hex("word", word)
        .with_hex("type", bits(word, 0, 7))
        .with("integrity check", bits(word, 7, 1) == 1)
        .with_hex("vendor", bits(word, 8, 16))
        .with("NVDM", headers.nvdm_type().map(|kind| kind.to_string()))
}

// --- messages ----------------------------------------------------------------------------------------

/// A number of `size` bytes at `at`, 0 where the packet has ended.
fn number(packet: &[u8], at: usize, size: usize) -> u64 {
    let bytes = packet.get(at..).unwrap_or_default().iter().take(size);
    bytes
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Bytes up to the last that is not zero.
fn used(field: &[u8]) -> usize {
    let last = field.iter().rposition(|byte| *byte != 0);
    last.map_or(0, |last| last + 1)
}

/// Says where `packet` is not what the driver would have sent.
fn compare(packet: &[u8], sent: &[u8]) -> Verdict {
    let same = packet.iter().zip(sent).take_while(|(a, b)| a == b).count();
    if same == sent.len() && same == packet.len() {
        return Ok(());
    }
    let reason = if same == packet.len().min(sent.len()) {
        format!("{} bytes instead of {}", packet.len(), sent.len())
    } else {
        let (is, should) = (packet[same], sent[same]);
        format!("{is:#04x} at offset {same:#x}, where the driver sends {should:#04x}")
    };
    Err(Refusal {
        offset: Some(same),
        ..Refusal::new(
            Errno::Einval,
            format!("no request of the driver's: {reason}"),
        )
    })
}

fn cot(whole: &[u8], found: &mut Fields) -> Verdict {
    let Some(packet) = whole.first_chunk::<{ cot::PACKET_SIZE }>() else {
        let reason = format!(
            "no request of the driver's: {} bytes instead of {}",
            whole.len(),
            cot::PACKET_SIZE
        );
        return Err(Refusal::new(Errno::Einval, reason));
    };
    let (hash, rest) = packet[44..]
        .split_first_chunk::<HASH_SIZE>()
        .expect("a packet has room for a hash");
    let (key, rest) = rest.split_at(cot::FIELD_SIZE);
    let (signature, _) = rest.split_at(cot::FIELD_SIZE);
    let frts = Frts {
        end_offset: number(packet, 32, 8),
        // CAST: four bytes.
        size: number(packet, 40, 4) as u32,
    };
    let is_resume = (frts.end_offset, frts.size) == (0, 0);
    // CAST: two bytes.
    let version = number(packet, 8, 2) as u16;
    let (fmc_address, boot_params) = (number(packet, 12, 8), number(packet, 860, 8));
    found.put("version", u32::from(version));
    found.put("payload size", number(packet, 10, 2));
    found.put_hex("FMC", fmc_address);
    found.put_hex("FRTS in system memory", number(packet, 20, 8));
    found.put_hex("size of FRTS there", number(packet, 28, 4));
    found.put_hex("from FRTS to the end of memory", frts.end_offset);
    found.put_hex("size of FRTS", frts.size);
    found.put("resumes", is_resume);
    found.put("SHA-384 of the FMC", digits(hash));
    found.put("public key bytes", used(key));
    found.put("signature bytes", used(signature));
    found.put_hex("boot parameters", boot_params);

    let fmc = Fmc {
        hash,
        public_key: key,
        signature,
        // How long it is is not said.
        image: &[],
    };
    let request = Cot {
        version,
        fmc: &fmc,
        fmc_address,
        frts: (!is_resume).then_some(frts),
        boot_params,
    };
    let sent = request.encode().map_err(|error| {
        Refusal::new(
            Errno::Einval,
            format!("no request of the driver's: {error}"),
        )
    })?;
    compare(whole, &sent)
}

fn prc(packet: &[u8], found: &mut Fields) -> Verdict {
    // CAST: two bytes.
    let knob = Knob(number(packet, 10, 2) as u16);
    found.put_hex("sub-message", number(packet, 8, 1));
    found.put_hex("flags", number(packet, 9, 1));
    found.put_hex("knob", knob.0);
    compare(packet, &prc::read(Knob::VGPU_MODE))
}

fn response(packet: &[u8], found: &mut Fields) -> Verdict {
    let answered = number(packet, 12, 4);
    let known = u8::try_from(answered).ok().map(NvdmType);
    let payload = packet.get(response::SIZE..);
    if let Some(payload) = payload {
        // CAST: four bytes.
        let code = ErrorCode(number(packet, 16, 4) as u32);
        found.put_hex("task", number(packet, 8, 4));
        found.put(
            "to request",
            known.map_or(hex(answered), |kind| kind.to_string().into()),
        );
        found.put("result", code.to_string());
        let payload = (!payload.is_empty()).then(|| digits(payload));
        found.put("payload", payload);
    }
    // The driver knows what it has sent; here the response is asked. The driver sends nothing else.
    let sent = match known {
        Some(NvdmType::PRC) => NvdmType::PRC,
        _ => NvdmType::COT,
    };
    let refuse =
        |error: &dyn std::fmt::Display| Refusal::new(Errno::Eio, format!("FSP sent {error}"));
    Response::parse(packet, sent).map_err(|error| refuse(&error))?;
    if sent == NvdmType::PRC {
        let mode = prc::parse_vgpu_mode(packet).map_err(|error| refuse(&error))?;
        found.put(
            "vGPU mode, if that was asked",
            match mode {
                prc::VgpuMode::Disabled => "disabled",
                prc::VgpuMode::Enabled => "enabled",
            },
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> Option<String> {
        let report = inspect("packet".into(), text.as_bytes());
        report.verdict.err().map(|refusal| refusal.to_string())
    }

    /// A request to start an FMC, of words, the first of which are given.
    fn cot(words: &[u32]) -> String {
        let mut packet = vec![0u32; 217];
        packet[..3].copy_from_slice(&[0xc000_0000, 0x1410_de7e, 0x035c_0001]);
        // Addresses, FRTS, a key and a signature.
        packet[3] = 0x10_0000;
        packet[8] = 0x20_0000;
        packet[10] = 0x10_0000;
        packet[215] = 0x20_0000;
        for (place, word) in packet[2..].iter_mut().zip(words) {
            *place = *word;
        }
        packet.iter().map(|word| format!("{word:08x} ")).collect()
    }

    #[test]
    fn requests_are_the_drivers_or_not() {
        let good = cot(&[]);
        for (name, text, want) in [
            ("good", &good[..], None),
            (
                "version",
                &cot(&[0x035c_0003]),
                Some("no version 3 of the request is known"),
            ),
            (
                "size of the payload",
                &cot(&[0x0364_0001]),
                Some("0x64 at offset 0xa, where the driver sends 0x5c"),
            ),
            (
                "FRTS in system memory",
                &cot(&[0x035c_0001, 0x10_0000, 0, 7]),
                Some("0x07 at offset 0x14, where the driver sends 0x00"),
            ),
            (
                "short",
                &good[..good.len() - 9],
                Some("864 bytes instead of 868"),
            ),
            (
                "long",
                &format!("{good} 00000000"),
                Some("872 bytes instead of 868"),
            ),
            (
                "another setting",
                "c0000000 1310de7e 002d020c",
                Some("0x2d at offset 0xa, where the driver sends 0x29"),
            ),
            (
                "transport",
                "c0010000 1310de7e 0029020c",
                Some("0x01 at offset 0x2, where the driver sends 0x00"),
            ),
        ] {
            let want = want.map(|want| format!("EINVAL: no request of the driver's: {want}"));
            assert_eq!(verdict(text), want, "{name}");
        }
    }

    #[test]
    fn resuming_is_a_request_without_frts() {
        let resume = cot(&[0x035c_0002, 0x10_0000, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(verdict(&resume), None);
        let text = inspect("packet".into(), resume.as_bytes()).text();
        assert!(text.contains("\n  resumes: yes\n"), "{text}");
    }

    #[test]
    fn responses_are_taken_or_not() {
        for (text, want) in [
            ("c0000000 1510de7e 00000007 00000014 00000000", None),
            (
                "c0000000 1510de7e 00000007 00000013 00000000 00000002",
                Some("FSP sent the unknown value 0x2"),
            ),
            (
                "c0000000 1510de7e 00000007 00000013 00000000",
                Some("FSP sent 20 bytes, a setting takes at least 24"),
            ),
            (
                "c0000000 1510de7e 00000007 00000114 00000000",
                Some("FSP sent a response to request 0x114 after COT (0x14)"),
            ),
            (
                "c0000000 1510de7e 00000007 00000014",
                Some("FSP sent 16 bytes, a response has at least 20"),
            ),
            (
                "c0000000 1510027e",
                Some("no message of NVIDIA's, which the driver neither sends nor waits for"),
            ),
            (
                "c0000000 1610de7e 00000020",
                Some("message CAPS_QUERY (0x16), which the driver neither sends nor waits for"),
            ),
            (
                "0000 00c0 7ede 1015 0000",
                Some("packet of 10 bytes; they have a multiple of 4, and 1024 at most"),
            ),
            ("c0000000", Some("packet of 4 bytes, less than its headers")),
        ] {
            let want = want.map(|want| format!("EIO: {want}"));
            assert_eq!(verdict(text), want, "{text}");
        }
        let long = "c0000000 1510de7e ".to_owned() + &"00000000 ".repeat(255);
        assert!(verdict(&long).is_some_and(|it| it.contains("1024 at most")));
    }
}
