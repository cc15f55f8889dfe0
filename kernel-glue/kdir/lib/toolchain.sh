# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The compilers must be the very ones the kernel was built with: Rust metadata is readable by the
# same rustc only, and structure layouts are what bindgen and the C compiler make of one config.
# Sourced.
# shellcheck disable=SC2154 # variables of prepare-kdir

# config_value NAME: value of CONFIG_NAME without quotes; empty if it is not set.
config_value() { sed -n "s/^CONFIG_$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$config" | head -n 1; }

# The compiler's own name is the first word of its version text, so the name matters too.
choose_compiler() {
	if [ -z "$cc" ]; then cc=$(config_value CC_VERSION_TEXT | cut -d' ' -f1); fi
	cc=${cc:-gcc}
}

# first_line CMD...: first line of the command's output, empty if it cannot be run.
first_line() { "$@" 2> /dev/null | head -n 1 || :; }

pahole_version() { first_line pahole --version | sed -nE 's/^v([0-9]+)\.([0-9]+).*/\1\2/p'; }

toolchain_versions() {
	first_line rustc --version
	first_line bindgen --version workaround-for-0.69.0
	first_line "$cc" --version
	first_line clang --version
	first_line ld --version
	pahole_version
}

# same_version WHAT FOUND WANTED CURE
same_version() {
	[ "$2" = "$3" ] && return
	refuse "$1 is not the one that built kernel $release" \
		"here:   ${2:-(not found)}" "kernel: $3" "$4"
}

check_toolchain() {
	[ -n "$(config_value RUST)" ] ||
		refuse "kernel $release was built without Rust (CONFIG_RUST is not set in $config)"
	local tool sysroot core wanted
	for tool in make bc flex bison rustc bindgen clang pahole modinfo nm "$cc"; do
		command -v "$tool" > /dev/null || refuse "the command $tool is missing" \
			"apt install make bc flex bison rustc rust-src bindgen clang libclang-dev pahole kmod binutils gcc-14 libelf-dev libssl-dev libdw-dev"
	done
	same_version rustc "$(first_line rustc --version)" "$(config_value RUSTC_VERSION_TEXT)" \
		"Install that version (on Debian: of the suite the kernel was built in), and rust-src with it."
	wanted=$(config_value BINDGEN_VERSION_TEXT)
	if [ -n "$wanted" ]; then
		same_version bindgen "$(first_line bindgen --version workaround-for-0.69.0)" "$wanted" "Install that version."
	fi
	same_version "the C compiler" "$(first_line "$cc" --version)" "$(config_value CC_VERSION_TEXT)" \
		"Install that version, or name it with --cc."
	wanted=$(config_value PAHOLE_VERSION)
	if [ -n "$wanted" ]; then same_version pahole "$(pahole_version)" "$wanted" "Install that version."; fi

	sysroot=$(rustc --print sysroot)
	core=$sysroot/lib/rustlib/src/rust/library/core/src/lib.rs
	[ -f "$core" ] || refuse "the source of Rust's core library is missing ($core)" "apt install rust-src"
	core=$(realpath "$core")
	wanted=$(rustc --version | cut -d' ' -f2)
	case $core in
	*/rustc-"$wanted"/*) ;;
	*/rustc-*) refuse "rust-src is not of the same version as rustc" "here:  $core" "rustc: $wanted" ;;
	esac
}
