// SPDX-License-Identifier: GPL-2.0

//! What the program prints, as text and as JSON, and how it exits: for inputs made up here, right ones and
//! wrong ones.
//!
//! `NOVA_BLESS=1 cargo test -p nova-inspect --test golden` writes the expected output anew, for review.

use gpu_model::vbios::{
    build,
    with_ifr_v3,
    Descriptor,
    Spec, //
};
use nova_firmware::{
    abi::r570_144::{
        element::Header,
        function::Function,
        queue::{
            Pointer,
            TxHeader,
            COMMAND_QUEUE,
            ENTRY_SIZE,
            FIRST_ENTRY,
            MEMORY_SIZE,
            READ_POINTER,
            STATUS_QUEUE, //
        },
        status::Status, //
    },
    fmc::Fmc,
    fsp::cot::{
        Cot,
        Frts, //
    }, //
};
use nova_fuzz::seeds::Seeds;
use p384::ecdsa::{
    signature::Signer,
    Signature,
    SigningKey, //
};
use sha2::{
    Digest,
    Sha384, //
};
use std::{
    fs,
    path::{
        Path,
        PathBuf, //
    },
    process::Command, //
};

/// Runs the program in `directory`; gives its exit status and what it printed.
fn run(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nova-inspect"))
        .current_dir(directory)
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// Compares with `golden/NAME`, or writes it.
fn compare(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("NOVA_BLESS").is_some() {
        fs::write(&path, found).unwrap();
        return;
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} differs; found:\n{found}",
        path.display()
    );
}

/// Runs a command with one file, both ways, and compares both outputs.
fn check(name: &str, command: &[&str], file: (&str, &[u8]), status: i32) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(file.0);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, file.1).unwrap();
    let arguments = [command, &[file.0]].concat();
    let (code, text) = run(directory.path(), &arguments);
    compare(&format!("{name}.txt"), &text);
    assert_eq!(code, Some(status), "{name}:\n{text}");
    let (code, json) = run(directory.path(), &[&arguments[..], &["--json"]].concat());
    compare(&format!("{name}.json"), &json);
    assert_eq!(code, Some(status), "{name}");
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
}

// --- VBIOS -------------------------------------------------------------------------------------------

fn rom(descriptor: Descriptor) -> Vec<u8> {
    build(&Spec {
        device: 0x2204,
        descriptor,
        units: [4, 2, 2, 6],
        noise: false,
    })
}

#[test]
fn vbios_of_ampere() {
    check(
        "vbios-v3",
        &["vbios"],
        ("ga102.rom", &rom(Descriptor::V3)),
        0,
    );
}

#[test]
fn vbios_of_turing_behind_an_ifr_header() {
    let rom = with_ifr_v3(rom(Descriptor::V2));
    check(
        "vbios-v2",
        &["vbios", "--chip", "tu102"],
        ("tu102.rom", &rom),
        0,
    );
}

#[test]
fn vbios_of_another_generation() {
    check(
        "vbios-wrong-chip",
        &["vbios", "--chip", "tu102"],
        ("ga102.rom", &rom(Descriptor::V3)),
        1,
    );
}

#[test]
fn vbios_that_nobody_reads() {
    check(
        "vbios-hopper",
        &["vbios", "--chip", "gh100"],
        ("gh100.rom", &[0xff; 1024]),
        0,
    );
}

#[test]
fn vbios_cut_short() {
    check(
        "vbios-cut",
        &["vbios"],
        ("cut.rom", &rom(Descriptor::V3)[..0x1000]),
        1,
    );
}

#[test]
fn vbios_without_its_token() {
    let mut rom = rom(Descriptor::V3);
    rom[0x98] = b'q';
    check("vbios-no-token", &["vbios"], ("x.rom", &rom), 1);
}

#[test]
fn vbios_that_takes_no_commands() {
    let mut rom = rom(Descriptor::V3);
    // The number of the interface that does, in the data behind code and signatures.
    let at = 0x1100 + 0x32c + 0x300 + 0x2c;
    assert_eq!(rom[at], 4);
    rom[at] = 5;
    check("vbios-no-mapper", &["vbios"], ("x.rom", &rom), 1);
}

// --- firmware ----------------------------------------------------------------------------------------

fn seed(target: &str, name: &str, zeros: usize) -> Vec<u8> {
    let seeds = Seeds::synthetic();
    let (_, bytes) = seeds.of(target).find(|(it, _)| *it == name).unwrap();
    [bytes, &vec![0; zeros]].concat()
}

/// An ELF64 file with the sections that GSP images have.
fn gsp_image(version: &[u8]) -> Vec<u8> {
    let sections = [
        (".fwversion", version),
        (".fwimage", &[7; 96][..]),
        (".fwsignature_ga10x", &[8; 32][..]),
        (".fwsignature_ad10x", &[9; 32][..]),
    ];
    let mut names = b"\0".to_vec();
    let mut contents = Vec::new();
    let mut table = vec![0; 0x40];
    let mut header = |name: u32, kind: u32, bytes: &[u8], contents: &mut Vec<u8>| {
        let at = 0x40 + contents.len() as u64;
        contents.extend(bytes);
        table.extend([name.to_le_bytes(), kind.to_le_bytes()].concat());
        table.extend([0; 16]);
        table.extend([at.to_le_bytes(), (bytes.len() as u64).to_le_bytes()].concat());
        table.extend([0; 24]);
    };
    for (name, bytes) in sections {
        header(names.len() as u32, 1, bytes, &mut contents);
        names.extend(name.as_bytes());
        names.push(0);
    }
    header(0, 3, &names, &mut contents);
    let mut file = vec![0; 0x40];
    file[..6].copy_from_slice(b"\x7fELF\x02\x01");
    file[0x28..0x30].copy_from_slice(&(0x40 + contents.len() as u64).to_le_bytes());
    file[0x3a] = 0x40;
    file[0x3c] = 6;
    file[0x3e] = 5;
    [file, contents, table].concat()
}

#[test]
fn firmware_booter() {
    let file = seed("booter", "synthetic", 0x400);
    check(
        "booter",
        &["firmware"],
        ("nvidia/ga102/gsp/booter_load-570.144.bin", &file),
        0,
    );
}

#[test]
fn firmware_booter_of_a_chip_without() {
    let file = seed("booter", "synthetic", 0x400);
    check(
        "booter-hopper",
        &["firmware", "--chip", "gh100"],
        ("booter_load-570.144.bin", &file),
        1,
    );
}

#[test]
fn firmware_booter_cut_short() {
    let file = seed("booter", "synthetic", 0x3ff);
    check(
        "booter-cut",
        &["firmware"],
        ("booter_load-570.144.bin", &file),
        1,
    );
}

#[test]
fn firmware_bootloader() {
    let file = seed("riscv_bootloader", "synthetic", 0x400);
    check(
        "bootloader",
        &["firmware"],
        ("bootloader-570.144.bin", &file),
        0,
    );
}

#[test]
fn firmware_generic_bootloader() {
    let file = seed("generic_bootloader", "synthetic", 0x400);
    check(
        "gen-bootloader",
        &["firmware"],
        ("gen_bootloader-570.144.bin", &file),
        0,
    );
}

#[test]
fn firmware_gsp_image() {
    check(
        "gsp",
        &["firmware"],
        ("gsp-570.144.bin", &gsp_image(b"570.144\0")),
        0,
    );
}

#[test]
fn firmware_gsp_image_for_a_chip_without_signature() {
    let path = "nvidia/tu102/gsp/gsp-570.144.bin";
    check(
        "gsp-no-signature",
        &["firmware"],
        (path, &gsp_image(b"570.144\0")),
        1,
    );
}

#[test]
fn firmware_gsp_image_of_another_release() {
    check(
        "gsp-release",
        &["firmware"],
        ("gsp.bin", &gsp_image(b"535.113.01\0")),
        1,
    );
}

#[test]
fn firmware_tlv_files() {
    for (name, seed_name) in [
        ("tlv-booter", "booter"),
        ("tlv-gsp", "gsp"),
        ("tlv-bootloader", "gsp_bootloader"),
        ("tlv-gen-bootloader", "gen_bootloader"),
    ] {
        // The name does not say what it is; the tags do.
        check(
            name,
            &["firmware"],
            ("file.tlv", &seed("tlv", seed_name, 0)),
            0,
        );
    }
}

/// An FMC in TLV, and where its signature is: signed with a key made here, that of Blackwell's kind.
fn fmc() -> (Vec<u8>, usize) {
    let mut image = vec![9; 0x148];
    image[..8].copy_from_slice(&[3, 4, 0x48, 0, 0, 1, 0, 0]);
    let key = SigningKey::from_slice(&[7; 48]).unwrap();
    let signature: Signature = key.sign(&image);
    let point = key.verifying_key().to_encoded_point(false);
    let mut file = b"NVFW".to_vec();
    for (tag, value) in [
        (b"VERS", &b"570.144"[..]),
        (b"BLOB", &image),
        (b"HASH", &Sha384::digest(&image)),
        (b"PKEY", point.as_bytes()),
        (b"SIGN", &signature.to_bytes()),
    ] {
        file.extend(tag);
        file.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        file.extend(value);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    let signature_at = file.len() - 96;
    (file, signature_at)
}

#[test]
fn firmware_fmc_that_fsp_would_start() {
    check(
        "fmc",
        &["firmware", "--chip", "gb202"],
        ("file.tlv", &fmc().0),
        0,
    );
}

#[test]
fn firmware_fmc_that_fsp_would_not_start() {
    let (mut file, signature_at) = fmc();
    file[signature_at] ^= 1;
    check("fmc-signature", &["firmware"], ("file.tlv", &file), 1);
    // Its hash is made up.
    let file = seed("fmc", "ecdsa", 0);
    check("fmc-hash", &["firmware"], ("fmc-570.144.bin", &file), 1);
}

#[test]
fn firmware_fmc_that_does_not_end_where_it_says() {
    let (mut file, _) = fmc();
    // The lowest byte of the image's own size: after the magic, a version of 8 bytes, and two headers.
    file[4 + 8 + 8 + 8 + 4] += 8;
    check("fmc-size", &["firmware"], ("file.tlv", &file), 1);
}

#[test]
fn firmware_tlv_with_a_byte_too_many() {
    check(
        "tlv-trailing",
        &["firmware"],
        ("booter_load.tlv", &seed("tlv", "booter", 1)),
        1,
    );
}

#[test]
fn firmware_of_no_kind() {
    check("nothing", &["firmware"], ("x.bin", b"text"), 1);
}

#[test]
fn several_files_are_all_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name| directory.path().join(name);
    fs::write(
        path("bootloader.bin"),
        seed("riscv_bootloader", "synthetic", 0x400),
    )
    .unwrap();
    fs::write(path("gsp.bin"), b"").unwrap();
    let (code, text) = run(directory.path(), &["firmware", "gsp.bin", "bootloader.bin"]);
    assert_eq!(code, Some(1));
    assert_eq!(text.matches("verdict: ").count(), 2, "{text}");
    let (code, text) = run(
        directory.path(),
        &["firmware", "bootloader.bin", "missing.bin"],
    );
    assert_eq!(code, Some(2));
    assert!(
        text.contains("verdict: ok\nnova-inspect: missing.bin: "),
        "{text}"
    );
}

// --- logs --------------------------------------------------------------------------------------------

#[test]
fn log_buffer() {
    let log = [7, 8, 0x4000_1000, 1_000_000, 0x4000_2000, 1_000_100];
    let words = [log.len() as u64].into_iter().chain(log).chain([0; 5]);
    let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    check("log", &["gsp-log"], ("loginit", &bytes), 0);
}

#[test]
fn log_buffer_that_is_none() {
    check("log-short", &["gsp-log"], ("loginit", &[0; 12]), 1);
}

#[test]
fn log_buffer_that_nothing_was_written_to() {
    let header = nova_firmware::abi::r570_144::libos::log_header(0x1_0000_0000).unwrap();
    let mut bytes = header.to_vec();
    bytes.resize(0x1_0000, 0);
    check("log-empty", &["gsp-log"], ("logrm", &bytes), 0);
}

// --- queues ------------------------------------------------------------------------------------------

/// Queue memory in which both sides have done something.
struct Queues(Vec<u8>);

impl Queues {
    fn new() -> Self {
        Self(vec![0; MEMORY_SIZE])
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Sets a queue's header, and how far its reader is.
    fn header(&mut self, queue: usize, write: u32, read: u32) {
        let write = Pointer::new(write).unwrap();
        self.put(queue, &TxHeader { write }.encode());
        let other = COMMAND_QUEUE + STATUS_QUEUE - queue;
        self.put(other + READ_POINTER, &read.to_le_bytes());
    }

    fn message(&mut self, queue: usize, entry: usize, header: Header, payload: &[u8]) {
        let bytes = [&header.encode(payload).unwrap(), payload].concat();
        for (index, bytes) in bytes.chunks(ENTRY_SIZE).enumerate() {
            let at = queue + FIRST_ENTRY + (entry + index) % 63 * ENTRY_SIZE;
            self.put(at, bytes);
        }
    }

    /// A boot as far as the first answer, which the driver has not read yet.
    fn boot() -> Self {
        let mut queues = Self::new();
        let call = |number, function, len| Header::call(number, function, len).unwrap();
        let event = |number, function, len| Header::from_gsp(number, function, len).unwrap();
        queues.message(
            COMMAND_QUEUE,
            0,
            call(0, Function::GSP_SET_SYSTEM_INFO, 928),
            &[1; 928],
        );
        queues.message(
            COMMAND_QUEUE,
            1,
            call(1, Function::SET_REGISTRY, 40),
            &[2; 40],
        );
        queues.message(
            COMMAND_QUEUE,
            2,
            call(2, Function::GET_GSP_STATIC_INFO, 1656),
            &[0; 1656],
        );
        queues.header(COMMAND_QUEUE, 3, 3);

        let sequencer = seed("sequencer", "every-step", 0);
        let function = Function::GSP_RUN_CPU_SEQUENCER;
        queues.message(
            STATUS_QUEUE,
            0,
            event(0, function, sequencer.len()),
            &sequencer,
        );
        queues.message(STATUS_QUEUE, 1, event(1, Function::GSP_INIT_DONE, 0), &[]);
        let mut log = [0; 272];
        log[0] = 31;
        log[12..20].copy_from_slice(b"trouble\n");
        queues.message(STATUS_QUEUE, 2, event(2, Function::OS_ERROR_LOG, 272), &log);
        let mut info = [0; 1656];
        info[1260..1263].copy_from_slice(b"GPU");
        queues.message(
            STATUS_QUEUE,
            3,
            event(3, Function::GET_GSP_STATIC_INFO, 1656),
            &info,
        );
        let mut failed = event(4, Function::GSP_RM_CONTROL, 24);
        failed.result = Status(0x56);
        queues.message(STATUS_QUEUE, 4, failed, &[0; 24]);
        queues.header(STATUS_QUEUE, 5, 2);
        queues
    }
}

#[test]
fn queues_after_boot() {
    check("rpc", &["rpc"], ("queues", &Queues::boot().0), 0);
}

#[test]
fn queues_that_nothing_was_written_to() {
    check("rpc-empty", &["rpc"], ("queues", &Queues::new().0), 0);
}

#[test]
fn queues_around_the_end_of_the_ring() {
    let mut queues = Queues::new();
    let header = Header::from_gsp(70, Function::POST_EVENT, 9000).unwrap();
    queues.message(STATUS_QUEUE, 62, header, &[5; 9000]);
    queues.header(STATUS_QUEUE, 2, 62);
    check("rpc-wrap", &["rpc"], ("queues", &queues.0), 0);
}

#[test]
fn queues_with_a_message_that_is_not_believed() {
    let mut queues = Queues::boot();
    queues.0[STATUS_QUEUE + FIRST_ENTRY + 3 * ENTRY_SIZE + 100] ^= 1;
    check("rpc-checksum", &["rpc"], ("queues", &queues.0), 1);
}

#[test]
fn queues_with_a_gap() {
    let mut queues = Queues::boot();
    let header = Header::from_gsp(7, Function::GSP_INIT_DONE, 0).unwrap();
    queues.message(STATUS_QUEUE, 4, header, &[]);
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("queues"), &queues.0).unwrap();
    let (code, text) = run(directory.path(), &["rpc", "queues"]);
    assert_eq!(code, Some(1));
    let want = "verdict: EIO: status queue: message number 7 instead of 4 at offset 0x46024\n";
    assert!(text.ends_with(want), "{text}");
}

#[test]
fn queues_with_impossible_pointers() {
    for (name, at, want) in [
        (
            "write",
            STATUS_QUEUE + 0x10,
            "status queue: write pointer: 0x3f is beyond the last of 63 entries at offset 0x41010",
        ),
        (
            "read",
            COMMAND_QUEUE + READ_POINTER,
            "status queue: read pointer: 0x3f is beyond the last of 63 entries at offset 0x1020",
        ),
    ] {
        let mut queues = Queues::boot();
        queues.put(at, &63u32.to_le_bytes());
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("queues"), &queues.0).unwrap();
        let (code, text) = run(directory.path(), &["rpc", "queues"]);
        assert_eq!(code, Some(1), "{name}");
        assert!(
            text.ends_with(&format!("verdict: EIO: {want}\n")),
            "{name}: {text}"
        );
    }
}

#[test]
fn queues_cut_short() {
    check(
        "rpc-cut",
        &["rpc"],
        ("queues", &Queues::boot().0[..0x1000]),
        1,
    );
}

// --- packets of FSP ----------------------------------------------------------------------------------

fn cot() -> Vec<u8> {
    let fmc = Fmc {
        hash: &[1; 48],
        public_key: &[2; 97],
        signature: &[3; 96],
        image: &[],
    };
    let cot = Cot {
        version: 2,
        fmc: &fmc,
        fmc_address: 0x1_2340_0000,
        frts: Some(Frts {
            end_offset: 0x1c0_0000,
            size: 0x10_0000,
        }),
        boot_params: 0x1_2350_0000,
    };
    cot.encode().unwrap().to_vec()
}

#[test]
fn fsp_request_to_start_an_fmc() {
    check("fsp-cot", &["fsp"], ("cot", &cot()), 0);
    let mut misaligned = cot();
    misaligned[13] = 1;
    check("fsp-cot-address", &["fsp"], ("cot", &misaligned), 1);
}

#[test]
fn fsp_request_for_the_vgpu_mode() {
    let bytes = b"00 00 00 c0 7e de 10 13 0c 02 29 00\n";
    check("fsp-prc", &["fsp"], ("prc.txt", bytes), 0);
}

#[test]
fn fsp_responses() {
    for (name, words, status) in [
        (
            "fsp-response",
            "c0000000 1510de7e 00000007 00000014 00000000",
            0,
        ),
        (
            "fsp-response-vgpu",
            "c0000000 1510de7e 00000007 00000013 00000000 abcd0001",
            0,
        ),
        (
            "fsp-response-refused",
            "c0000000 1510de7e 00000007 00000014 000000a1",
            1,
        ),
        (
            "fsp-response-part",
            "9a050300 1510de7e 00000007 00000014 00000000",
            1,
        ),
    ] {
        check(name, &["fsp"], ("packet.txt", words.as_bytes()), status);
    }
}
