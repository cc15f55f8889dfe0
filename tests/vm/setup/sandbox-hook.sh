# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Setup hook of mmdebstrap, run with the new root as $1 before the first package list is read.
# It is handed over as text, not as a path: the namespace it runs in may not be allowed to read
# the home directory this tree lives in.
set -eu
root=$1
sources=$root/etc/apt/sources.list

# Backports come from the same mirror, with the same components and key, as the suite itself.
line=$(grep -m1 -E "^deb .* $SUITE " "$sources" || :)
if [ -z "$line" ]; then
	echo "sandbox-hook: no line for suite $SUITE in the generated sources.list" >&2
	exit 1
fi
printf '%s\n' "$line" | sed "s/ $SUITE / $BACKPORTS /" >> "$sources"

# Only QEMU is taken from there; everything else is the suite's own.
mkdir -p "$root/etc/apt/preferences.d"
cat > "$root/etc/apt/preferences.d/nova" <<PREFERENCES
Package: qemu-* seabios ipxe-qemu
Pin: release n=$BACKPORTS
Pin-Priority: 600
PREFERENCES
