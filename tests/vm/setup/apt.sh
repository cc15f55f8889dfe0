# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Looking up and downloading Debian packages with the sandbox's apt, whose state is kept in the
# cache. Sourced after lib.sh.

APT_DIR=$NOVA_CACHE/apt/$(sandbox_hash)
APT_OPTIONS=(
	-o "Dir::State=$APT_DIR/state" -o "Dir::State::status=/var/lib/dpkg/status"
	-o "Dir::Cache=$APT_DIR/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=1
)

in_sandbox() { "$SETUP_DIR/in-sandbox" -- "$@"; }

# refresh_lists: reads the archive's package lists unless that was done within the last hours.
# Without network the lists at hand serve, if there are any.
refresh_lists() (
	take_lock apt
	if [ -f "$APT_DIR/fresh" ] && [ -n "$(find "$APT_DIR/fresh" -mmin -720)" ]; then
		return 0
	fi
	mkdir -p "$APT_DIR/state/lists/partial" "$APT_DIR/cache/archives/partial"
	if long_step apt-update "reading the package lists of $SUITE and $BACKPORTS" \
		"$SETUP_DIR/in-sandbox" -- apt-get "${APT_OPTIONS[@]}" -o APT::Update::Error-Mode=any update; then
		touch "$APT_DIR/fresh"
	elif [ -f "$APT_DIR/fresh" ]; then
		say "going on with the package lists of $(date -r "$APT_DIR/fresh" +%F)"
	else
		explain_network apt-update
		die "the package lists could not be read" "See $(log_of apt-update)"
	fi
)

# package_names PREFIX: names of all packages offered that begin with PREFIX.
package_names() { in_sandbox apt-cache "${APT_OPTIONS[@]}" pkgnames "$1"; }

# package_versions NAME: the versions offered, newest first.
package_versions() {
	in_sandbox apt-cache "${APT_OPTIONS[@]}" show --all-versions "$1" 2> /dev/null |
		sed -n 's/^Version: //p' | sort -rVu
}

# download_packages STEP DIR NAME=VERSION...: puts the packages into DIR. apt checks signatures.
download_packages() {
	local step=$1 dir=$2 size
	shift 2
	mkdir -p "$dir"
	size=$(cd "$dir" && in_sandbox apt-get "${APT_OPTIONS[@]}" download --print-uris "$@" 2> /dev/null |
		awk '{ sum += $3 } END { printf "%d", (sum + 999999) / 1000000 }') || size='?'
	(
		cd "$dir"
		long_step "$step" "downloading $# packages ($size MB)" \
			"$SETUP_DIR/in-sandbox" -- apt-get "${APT_OPTIONS[@]}" download "$@"
	) || { explain_network "$step"; die "download failed: $*" "See $(log_of "$step")"; }
}

# unpack_packages DEB-DIR TARGET
unpack_packages() {
	# shellcheck disable=SC2016
	in_sandbox sh -euc 'for deb in "$1"/*.deb; do dpkg-deb -x "$deb" "$2"; done' unpack "$1" "$2"
}
