// SPDX-License-Identifier: GPL-2.0

//! Disassembled functions, as `objdump` writes them.

use std::collections::BTreeMap;

/// The arguments of `objdump` for what is read here.
pub const OBJDUMP: [&str; 4] = ["--disassemble", "--reloc", "--syms", "--no-show-raw-insn"];

/// An instruction.
#[derive(Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Its name, prefixes included.
    pub name: String,
    /// Its operands, in AT&T's order.
    pub operands: String,
    /// What it refers to that is not in this file.
    pub symbol: Option<String>,
    /// Address of what follows it in memory.
    pub next: u64,
}

/// Code of an object file: its instructions by address, and its functions by name.
#[derive(Debug, Default)]
pub struct Code {
    /// All instructions of `.text`.
    pub instructions: BTreeMap<u64, Instruction>,
    /// Addresses of the functions in `.text`. Functions of the same code may have one.
    pub functions: BTreeMap<String, u64>,
}

impl Code {
    /// Reads what `objdump` wrote about one file.
    pub fn parse(text: &str) -> Self {
        let mut code = Self::default();
        let mut section = "";
        let mut last = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("Disassembly of section ") {
                section = name.trim_end_matches(':');
            } else if section.is_empty() {
                code.symbol(line);
            } else if section != ".text" {
            } else if let Some(symbol) = relocation(line) {
                let at: Option<&mut Instruction> =
                    last.and_then(|address| code.instructions.get_mut(&address));
                if let Some(at) = at {
                    at.symbol = Some(symbol);
                }
            } else if let Some((address, instruction)) = instruction(line) {
                if let Some(before) = last.and_then(|it| code.instructions.get_mut(&it)) {
                    before.next = address;
                }
                code.instructions.insert(address, instruction);
                last = Some(address);
            }
        }
        code
    }

    /// A line such as `0000000000000070 g     F .text 0000000000000013 probe_bar_read`, with one tab in it.
    fn symbol(&mut self, line: &str) {
        let Some((before, after)) = line.split_once('\t') else {
            return;
        };
        let before: Vec<&str> = before.split_whitespace().collect();
        let [address, .., "F", ".text"] = before[..] else {
            return;
        };
        let name = after.split_whitespace().last();
        if let (Ok(address), Some(name)) = (u64::from_str_radix(address, 16), name) {
            self.functions.insert(name.to_owned(), address);
        }
    }
}

/// A line such as `7f: R_X86_64_PLT32 __x86_return_thunk-0x4`, behind tabs.
fn relocation(line: &str) -> Option<String> {
    let (_, rest) = line.trim_start().split_once(": R_X86_64_")?;
    let (_, symbol) = rest.split_once('\t')?;
    let symbol = match symbol.rfind(['-', '+']) {
        Some(end) => &symbol[..end],
        None => symbol,
    };
    Some(symbol.to_owned())
}

/// A line such as `78: mov 0x5a4(%rax),%eax`, with a tab and blanks.
fn instruction(line: &str) -> Option<(u64, Instruction)> {
    let (address, text) = line.split_once(":\t")?;
    let address = u64::from_str_radix(address.trim(), 16).ok()?;
    let text = text.split(['#', '<']).next()?.trim();
    let (name, operands) = text.split_once(' ').unwrap_or((text, ""));
    Some((
        address,
        Instruction {
            name: name.to_owned(),
            operands: operands.trim().to_owned(),
            symbol: None,
            next: address,
        },
    ))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Two functions of the same code under three names, as `objdump` 2.44 writes them.
    pub(crate) const TEXT: &str = "
probes.o:     file format elf64-x86-64

SYMBOL TABLE:
0000000000000000 l    d  .text\t0000000000000000 .text
0000000000000010 g     F .text\t0000000000000013 probe_a
0000000000000010 g     F .text\t0000000000000013 probe_b
0000000000000030 g     F .text\t0000000000000020 probe_c
0000000000000000         *UND*\t0000000000000000 __x86_return_thunk


Disassembly of section .text:

0000000000000010 <probe_a>:
  10:\tendbr64
  14:\tmov    0x8(%rdi),%rax
  18:\tmov    0x5a4(%rax),%eax
  1e:\tjmp    23 <probe_a+0x13>
\t\t\t1f: R_X86_64_PLT32\t__x86_return_thunk-0x4
  23:\tdata16 cs nopw 0x0(%rax,%rax,1)

0000000000000030 <probe_c>:
  30:\tendbr64
  34:\tcmp    %rsi,(%rdi)
  37:\tjne    45 <probe_c+0x15>
  39:\tmov    0x8(%rdi),%rax
  3d:\tmov    0x5a4(%rax),%edx
  43:\txor    %eax,%eax
  45:\tret

Disassembly of section .init.text:

0000000000000010 <init_module>:
  10:\txor    %eax,%eax
  12:\tret
";

    #[test]
    fn functions_are_found_under_all_their_names() {
        let code = Code::parse(TEXT);
        assert_eq!(code.functions.len(), 3);
        assert_eq!(code.functions["probe_b"], code.functions["probe_a"]);
    }

    #[test]
    fn instructions_know_what_follows_and_what_is_elsewhere() {
        let code = Code::parse(TEXT);
        assert_eq!(
            code.instructions[&0x1e],
            Instruction {
                name: "jmp".into(),
                operands: "23".into(),
                symbol: Some("__x86_return_thunk".into()),
                next: 0x23,
            }
        );
        assert_eq!(code.instructions[&0x18].operands, "0x5a4(%rax),%eax");
    }

    #[test]
    fn other_sections_are_left_out() {
        assert_eq!(Code::parse(TEXT).instructions[&0x10].name, "endbr64");
    }
}
