# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The checks that stand between a regenerated KDIR and its use. The kernel itself checks next to
# nothing: without MODVERSIONS a symbol is a name, and a wrong layout is silent memory corruption.
# Sourced.
# shellcheck disable=SC2154 # variables of prepare-kdir

# Options that describe the machine a kernel is built on. They reach no structure and no function.
harmless='BUILD_SALT|MODULE_SIG_KEY|OPENSSL_SUPPORTS_ML_DSA'

# config_differences A B: one line for each option that differs; an absent one counts as unset.
config_differences() {
	awk -v harmless="^CONFIG_($harmless)\$" '
		function note(name, value) {
			gsub(/^"|"$/, "", value) # auto.conf has strings without quotes
			names[name]
			values[FILENAME == ARGV[1] ? 1 : 2, name] = value
		}
		/^CONFIG_[A-Za-z0-9_]+=/ { at = index($0, "="); note(substr($0, 1, at - 1), substr($0, at + 1)) }
		/^# CONFIG_[A-Za-z0-9_]+ is not set$/ { note($2, "n") }
		END {
			for (name in names) {
				a = (1, name) in values ? values[1, name] : "n"
				b = (2, name) in values ? values[2, name] : "n"
				if (a != b && name !~ harmless) printf "%s: %s -> %s\n", name, a, b
			}
		}' "$1" "$2" | sort
}

# some TEXT: its first lines, and how many there are.
some() {
	printf '%s\n' "$1" | head -n 10
	local count
	count=$(printf '%s\n' "$1" | wc -l)
	if [ "$count" -gt 10 ]; then printf '... %d in all\n' "$count"; fi
}

# What can be refused in a second, before anything is built.
verify_early() {
	local stock=$headers/include/config/auto.conf differences
	[ -f "$stock" ] || return 0
	differences=$(config_differences "$stock" "$config")
	[ -z "$differences" ] || refuse "the configuration is not the one the stock headers were made from" \
		"$(some "$differences")" "headers: $stock" "config:  $config"
}

verify_source_version() {
	local version
	[ -f "$source_dir/Makefile" ] || refuse "$source_tree is not a kernel source"
	version=$(awk '$2 == "=" && /^(VERSION|PATCHLEVEL|SUBLEVEL)/ { print $3 }' "$source_dir/Makefile" |
		head -n 3 | paste -sd.)
	case $release in
	"$version" | "$version"[-+~]*) return ;;
	esac
	# A first release of a series may be spelled without the third number.
	case $version in *.0) case $release in "${version%.0}" | "${version%.0}"[-+~]*) return ;; esac ;; esac
	refuse "the source is of version $version, the kernel of $release" \
		"Both must be of the same version; linux-source moves on with every kernel update."
}

verify_config() {
	local differences
	differences=$(config_differences "$config" "$work/obj/.config")
	[ -z "$differences" ] || refuse "this source and toolchain do not accept the kernel's configuration" \
		"$(some "$differences")" \
		"Wrong config file, wrong source, or a tool that differs from the kernel's build."
	say "configuration: equal (but for ${harmless//|/, })"
}

# Stock headers contain results of compiling the stock kernel: structure offsets among them.
verify_generated() {
	local stock=$headers/include/generated file filter="CONFIG_($harmless)[ =]"
	[ -d "$stock" ] || return 0
	local compared=()
	for file in asm-offsets.h bounds.h rq-offsets.h timeconst.h autoconf.h rustc_cfg; do
		[ -f "$stock/$file" ] || continue
		diff <(grep -vE "$filter" "$stock/$file") <(grep -vE "$filter" "$work/obj/include/generated/$file") \
			> "$work/difference" ||
			refuse "$file differs from the stock headers' (<)" "$(some "$(grep '^[<>]' "$work/difference")")"
		compared+=("$file")
	done
	say "generated headers: ${compared[*]} equal to the stock ones"
}

# Rust symbols carry a hash of compiler and crate in their names, so equal sets of names mean that
# the same compiler saw the same crates.
verify_symbols() {
	local difference count
	awk -F'\t' '$3 == "vmlinux" && $2 ~ /^(_R|rust_)/ { print $2 }' "$symvers" | sort -u > "$work/stock-symbols"
	sed -nE 's/^EXPORT_SYMBOL_RUST_GPL\((.*)\);$/\1/p' "$work"/obj/rust/exports_*_generated.h |
		sort -u > "$work/our-symbols"
	count=$(wc -l < "$work/stock-symbols")
	[ "$count" -gt 0 ] || refuse "$symvers lists no Rust symbols" "It is not of a kernel with CONFIG_RUST=y."
	difference=$(diff "$work/stock-symbols" "$work/our-symbols" | grep '^[<>]' || :)
	[ -z "$difference" ] || refuse "the regenerated Rust crates do not export what the kernel exports" \
		"$(some "$difference")" "<  in $symvers" ">  in the regenerated crates"
	difference=$(find "$work/obj/rust" -name '*.o' -exec nm --defined-only {} + 2> /dev/null |
		awk '$3 ~ /^(_R|rust_)/ { print $3 }' | sort -u | comm -13 - "$work/stock-symbols")
	[ -z "$difference" ] || refuse "exported Rust symbols are not defined in the regenerated objects" \
		"$(some "$difference")"
	say "Rust symbols: all $count equal to the kernel's"
}

# verify_probe KDIR: builds a small module the way any user would and looks at what came out.
verify_probe() {
	local kdir=$1 probe=$work/probe magic wanted
	mkdir -p "$probe"
	cp "$here/test/hello.rs" "$here/test/Kbuild" "$probe/"
	quietly "building a probe module" env -u MAKEFLAGS make -C "$kdir" M="$probe" CC="$cc" modules
	magic=$(modinfo -F vermagic "$probe/hello.ko")
	[ "${magic%% *}" = "$release" ] || refuse "a module built here would be for another kernel" \
		"module: $magic" "kernel: $release"
	if [ -n "$stock_module" ]; then
		wanted=$(modinfo -F vermagic "$stock_module")
		[ "$magic" = "$wanted" ] || refuse "the version magic of a module built here is not the kernel's" \
			"module: $magic" "kernel: $wanted (of $stock_module)"
	fi
	say "version magic: $magic"
}
