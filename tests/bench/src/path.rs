// SPDX-License-Identifier: GPL-2.0

//! The straight way through a function.
//!
//! That is the shortest of all ways from the call to the return on which the register is accessed: where it
//! is not, because the device has gone, is of no interest. A register is accessed by an instruction with its
//! offset, or by a call of the kernel's function for it. What is called counts as one instruction, and is
//! named.

use crate::{
    code::{
        Code,
        Instruction, //
    },
    AT,
};
use std::collections::{
    BTreeSet,
    VecDeque, //
};

/// What the straight way costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// Instructions, except those that do nothing (`endbr64`, `nop`).
    pub instructions: usize,
    /// How often memory or a register is accessed, the stack aside.
    pub accesses: usize,
    /// How often the register is.
    pub registers: usize,
    /// Functions of the kernel that are called.
    pub calls: Vec<String>,
}

/// The ways out of an instruction.
struct Exits {
    inside: Vec<u64>,
    returns: bool,
}

/// Counts what the straight way through `function` costs.
///
/// # Errors
///
/// A line that says why there is none.
pub fn cost(code: &Code, function: &str) -> Result<Cost, String> {
    let start = *code
        .functions
        .get(function)
        .ok_or_else(|| format!("{function}: no such function"))?;
    // Shortest way first. The ways that have met the register and those that have not are told apart.
    let mut ways = VecDeque::from([vec![start]]);
    let mut met = BTreeSet::from([(start, false)]);
    while let Some(way) = ways.pop_front() {
        let accessed = registers(code, &way) > 0;
        let here = way[way.len() - 1];
        let exits = exits(code, here).ok_or_else(|| format!("{function}: runs into {here:#x}"))?;
        if exits.returns && accessed {
            return Ok(sum(code, &way));
        }
        for next in exits.inside {
            if met.insert((next, accessed)) {
                let mut longer = way.clone();
                longer.push(next);
                ways.push_back(longer);
            }
        }
    }
    Err(format!("{function}: accesses no register at {AT:#x}"))
}

fn exits(code: &Code, at: u64) -> Option<Exits> {
    let it = code.instructions.get(&at)?;
    let target = || u64::from_str_radix(&it.operands, 16).ok();
    let (inside, returns) = match it.name.as_str() {
        "ret" => (vec![], true),
        // To a thunk, or to a function that returns to the caller.
        "jmp" if it.symbol.is_some() => (vec![], true),
        "jmp" => (vec![target()?], false),
        name if name.starts_with('j') => (vec![it.next, target()?], false),
        _ => (vec![it.next], false),
    };
    Some(Exits { inside, returns })
}

fn sum(code: &Code, way: &[u64]) -> Cost {
    let instructions = || way.iter().map(|at| &code.instructions[at]);
    Cost {
        instructions: instructions().filter(|it| !idle(it)).count(),
        accesses: instructions().filter(|it| accesses_memory(it)).count(),
        registers: registers(code, way),
        calls: instructions().filter_map(call).map(str::to_owned).collect(),
    }
}

fn registers(code: &Code, way: &[u64]) -> usize {
    let marked = format!("{AT:#x}(");
    way.iter()
        .map(|at| &code.instructions[at])
        .filter(|it| it.operands.contains(&marked) || call(it).is_some_and(accesses_register))
        .count()
}

fn idle(it: &Instruction) -> bool {
    // With prefixes, "nop" is among the operands.
    it.name == "endbr64" || it.name.contains("nop") || it.operands.contains("nop")
}

fn accesses_memory(it: &Instruction) -> bool {
    let stack = it.operands.contains("(%rsp");
    it.operands.contains('(') && it.name != "lea" && !idle(it) && !stack
}

fn call(it: &Instruction) -> Option<&str> {
    it.symbol
        .as_deref()
        .filter(|name| matches!(it.name.as_str(), "call" | "jmp") && !name.ends_with("thunk"))
}

/// Whether a function of the kernel is one that accesses a register.
pub fn accesses_register(name: &str) -> bool {
    let name = name.strip_prefix("rust_helper_");
    let name = name.and_then(|name| name.strip_prefix("read").or(name.strip_prefix("write")));
    name.is_some_and(|name| matches!(name, "b" | "w" | "l" | "q"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::tests::TEXT;

    #[test]
    fn a_plain_read_costs_two_loads() {
        let cost = cost(&Code::parse(TEXT), "probe_b").unwrap();
        assert_eq!(
            (cost.instructions, cost.accesses, cost.registers),
            (3, 2, 1)
        );
        assert_eq!(cost.calls, [""; 0]);
    }

    #[test]
    fn the_way_on_which_nothing_is_accessed_does_not_count() {
        let cost = cost(&Code::parse(TEXT), "probe_c").unwrap();
        assert_eq!(
            (cost.instructions, cost.accesses, cost.registers),
            (6, 3, 1)
        );
    }

    #[test]
    fn calls_are_named_and_may_be_the_access() {
        let text = "
0000000000000000 g     F .text\t0000000000000013 f

Disassembly of section .text:
   0:\tcall   5 <f+0x5>
\t\t\t1: R_X86_64_PLT32\trust_helper_rcu_read_lock-0x4
   3:\tdata16 cs nopw 0x0(%rax,%rax,1)
   5:\tjmp    a <f+0xa>
\t\t\t6: R_X86_64_PLT32\trust_helper_readl-0x4
";
        let cost = cost(&Code::parse(text), "f").unwrap();
        assert_eq!((cost.instructions, cost.registers), (2, 1));
        assert_eq!(
            cost.calls,
            ["rust_helper_rcu_read_lock", "rust_helper_readl"]
        );
    }

    #[test]
    fn a_function_that_accesses_nothing_has_no_cost() {
        let text = TEXT.replace("0x5a4", "0x5a8");
        let err = cost(&Code::parse(&text), "probe_a").unwrap_err();
        assert_eq!(err, "probe_a: accesses no register at 0x5a4");
        assert!(cost(&Code::parse(&text), "probe_d").is_err());
    }

    #[test]
    fn helpers_for_registers_are_known_from_others() {
        assert!(accesses_register("rust_helper_readl"));
        assert!(accesses_register("rust_helper_writeq"));
        assert!(!accesses_register("rust_helper_rcu_read_lock"));
        assert!(!accesses_register("rust_helper_readl_relaxed"));
    }
}
