# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Finds headers, config, symbol list and source, in a directory of packages or on this system.
# Sourced. Reads and fills the variables of prepare-kdir's command line.
# shellcheck disable=SC2154 # those variables are prepare-kdir's

find_inputs() {
	if [ -n "$packages" ]; then
		[ -d "$packages" ] || refuse "--packages $packages: no such directory"
		packages=$(realpath -- "$packages")
		if compgen -G "$packages/*.deb" > /dev/null; then unpack_debs; fi
		if [ -z "$release" ]; then release=$(only_release "$packages"); fi
		find_below "$packages"
		complain_missing "in $packages"
	elif [ -n "$config$symvers$source_tree" ]; then
		[ -n "$release" ] || refuse "--release is needed with --source, --config and --symvers"
		complain_missing "on the command line"
	else
		release=${release:-$(uname -r)}
		find_below ""
		complain_missing_installed
	fi
	local file
	for file in "$config" "$symvers" ${vmlinux:+"$vmlinux"} ${stock_module:+"$stock_module"}; do
		[ -r "$file" ] || refuse "cannot read $file"
	done
	headers=${headers:-$work/none}
}

# Only the packages that matter here are unpacked: the others are large.
unpack_debs() {
	local deb unpacked=$work/packages
	command -v dpkg-deb > /dev/null || refuse "dpkg-deb is missing, so $packages/*.deb cannot be unpacked"
	mkdir "$unpacked"
	for deb in "$packages"/*.deb; do
		case ${deb##*/} in
		linux-headers-* | linux-kbuild-* | linux-source-* | linux-config-* | linux-base-*)
			dpkg-deb -x "$deb" "$unpacked" || refuse "cannot unpack $deb"
			;;
		esac
	done
	packages=$unpacked
}

only_release() {
	local found
	found=$(find "$1/usr/src" -maxdepth 1 -name 'linux-headers-*' ! -name '*-common*' -printf '%f\n' 2> /dev/null |
		sed 's/^linux-headers-//')
	[ -n "$found" ] || refuse "there are no linux-headers-<release> below $1/usr/src"
	[ "$(printf '%s\n' "$found" | wc -l)" = 1 ] ||
		refuse "several kernels below $1; choose one with --release" "$found"
	printf '%s\n' "$found"
}

# first FILE...: the first that exists.
first() {
	local file
	for file; do
		if [ -e "$file" ]; then
			printf '%s\n' "$file"
			return
		fi
	done
}

series() { printf '%s' "$release" | sed -E 's/^([0-9]+\.[0-9]+).*/\1/'; }

# find_below ROOT: fills what the command line left open.
find_below() {
	local root=$1
	headers=${headers:-$(first "$root/usr/src/linux-headers-$release" "$root/usr/lib/modules/$release/build" \
		"$root/lib/modules/$release/build")}
	config=${config:-$(first ${headers:+"$headers/.config"} "$root/boot/config-$release" \
		"$root/usr/lib/modules/$release/config" "$root/lib/modules/$release/config")}
	symvers=${symvers:-$(first ${headers:+"$headers/Module.symvers"})}
	vmlinux=${vmlinux:-$(first ${headers:+"$headers/vmlinux"})}
	source_tree=${source_tree:-$(first "$root/usr/src/linux-source-$(series).tar.xz" \
		"$root/usr/src/linux-source-$(series)")}
	if [ -z "$stock_module" ] && [ -d "$root/lib/modules/$release/kernel" ]; then
		stock_module=$(find "$root/lib/modules/$release/kernel" -name '*.ko*' -type f -print -quit)
	fi
}

complain_missing() {
	[ -e "$headers/rust/libkernel.rmeta" ] || [ -n "$source_tree" ] || refuse "no kernel source $1" "expected --source, or linux-source-$(series).tar.xz in usr/src"
	[ -n "$config" ] || refuse "no kernel configuration $1" "expected --config, or .config in the headers"
	[ -n "$symvers" ] || refuse "no Module.symvers $1" "expected --symvers, or one in the headers"
}

complain_missing_installed() {
	local wanted=()
	if [ -z "$headers" ] || [ -z "$config" ] || [ -z "$symvers" ]; then wanted+=("linux-headers-$release"); fi
	if [ ! -e "$headers/rust/libkernel.rmeta" ] && [ -z "$source_tree" ]; then wanted+=("linux-source-$(series)"); fi
	[ "${#wanted[@]}" = 0 ] ||
		refuse "headers or source of kernel $release are not installed" "apt install ${wanted[*]}"
}

# inputs_identity: one hash of all that decides what the KDIR will be.
inputs_identity() {
	{
		printf 'release %s cc %s\n' "$release" "$cc"
		sha256sum < "$config"
		sha256sum < "$symvers"
		if [ -n "$vmlinux" ]; then sha256sum < "$vmlinux"; fi
		if [ -d "$source_tree" ]; then
			find "$source_tree"/{Makefile,rust,scripts,include,arch/x86} -type f -printf '%P %s %T@\n' | sort
		else
			sha256sum < "$source_tree"
		fi
		if [ -d "$headers/include/generated" ]; then
			find "$headers/include/generated" -type f -exec sha256sum {} + | sed 's/ .*//' | sort
		fi
		toolchain_versions
		cat "$here/prepare-kdir" "$here"/lib/*.sh "$here/test/hello.rs" "$here/test/Kbuild"
	} | sha256sum | cut -d' ' -f1
}

unpack_source() {
	if [ -d "$source_tree" ]; then
		source_dir=$(realpath -- "$source_tree")
		return
	fi
	source_dir=$work/source
	mkdir "$source_dir"
	quietly "unpacking $(basename "$source_tree")" \
		tar --extract --file="$source_tree" --strip-components=1 --no-same-owner --directory="$source_dir"
}
