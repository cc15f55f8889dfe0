# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Regenerates the Rust metadata and puts together the part of source and objects that building
# a module needs. Sourced.
# shellcheck disable=SC2154 # variables of prepare-kdir

kmake() {
	env -u MAKEFLAGS -u KBUILD_OUTPUT make -C "$source_dir" O="$work/obj" -j"$jobs" \
		CC="$cc" HOSTCC="$cc" KERNELRELEASE="$release" "$@"
}

configure() {
	mkdir -p "$work/obj"
	cp "$config" "$work/obj/.config"
	chmod u+w "$work/obj/.config"
	quietly "configuring" kmake olddefconfig
}

regenerate() {
	# Nearly all of the time goes into `prepare`: with Rust on, it compiles the crates' metadata.
	quietly "compiling the kernel's Rust crates (1 to 2 minutes on two cores)" kmake prepare
	quietly "collecting what they export" kmake rust/
	quietly "preparing for modules" kmake modules_prepare
	# The rule that writes this file does so before the packaging's name is known to it.
	printf '%s\n' "$release" > "$work/obj/include/config/kernel.release"
	cp "$symvers" "$work/obj/Module.symvers"
}

# assemble TARGET: the kernel's own script for headers packages collects what modules in C need; what
# Rust needs is added. Source and objects end up in one tree without absolute paths in it.
assemble() {
	local target=$1 arch=x86
	[ -f "$source_dir/scripts/package/install-extmod-build" ] ||
		refuse "this kernel source has no scripts/package/install-extmod-build"
	(
		cd "$work/obj"
		srctree=$source_dir SRCARCH=$arch CC=$cc HOSTCC=$cc MAKE=make \
			sh "$source_dir/scripts/package/install-extmod-build" "$target"
	) || refuse "collecting the files of the KDIR failed"
	cp "$work/obj/.config" "$target/.config"

	# Sources of the crates (for rust-analyzer, rustdoc and extra bindings), then their metadata.
	cp -r "$source_dir/rust" "$target/"
	(cd "$work/obj" && find rust \( -name '*.rmeta' -o -name '*.so' -o -name '*.rlib' -o -name '*_generated.rs' \
		-o -name 'exports_*_generated.h' \) -print0 | cpio --quiet -0pdm "$target")
	# Proc macros are loaded by rustc, never debugged: their debug information is most of their size.
	find "$target/rust" -name '*.so' -exec strip --strip-debug {} +
	cp "$source_dir/.rustfmt.toml" "$source_dir/.clippy.toml" "$target/" 2> /dev/null || :
	if [ -n "$vmlinux" ]; then cp "$vmlinux" "$target/vmlinux"; fi

	# Debian's kernel Makefile reads this; elsewhere modules are built with CC= on the command line.
	cat > "$target/.kernelvariables" <<-VARIABLES
		override KERNELRELEASE = $release
		CC = $cc
		HOSTCC = $cc
	VARIABLES
}

write_stamp() {
	{
		printf 'release: %s\nidentity: %s\n' "$release" "$2"
		printf 'config: %s\nsymvers: %s\nsource: %s\n' "$config" "$symvers" "$source_tree"
		toolchain_versions | sed 's/^/tool: /'
	} > "$1/kdir-stamp"
}
