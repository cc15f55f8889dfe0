# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Which kernel and firmware this tree uses: chosen once, then kept in build/versions.lock.
# Sourced after lib.sh. KERNEL=<series> (such as 7.2) chooses, and locks, on its own.

LOCK_FILE=$BUILD_DIR/versions${KERNEL:+-$KERNEL}.lock
# shellcheck disable=SC2034 # used by prepare
PATHS_FILE=$BUILD_DIR/paths${KERNEL:+-$KERNEL}.env
KERNEL_RELEASE='' KERNEL_VERSION='' KERNEL_SERIES='' FIRMWARE_VERSION=''

# Exit status of prepare when the archive does not offer the series that KERNEL asks for.
# shellcheck disable=SC2034 # used by steps/versions
NOT_OFFERED=69

read_lock() {
	KERNEL_RELEASE='' KERNEL_VERSION='' KERNEL_SERIES='' FIRMWARE_VERSION=''
	[ -f "$LOCK_FILE" ] || return 0
	local key value
	while IFS='=' read -r key value; do
		case $key in
		KERNEL_RELEASE) KERNEL_RELEASE=$value ;;
		KERNEL_VERSION) KERNEL_VERSION=$value ;;
		KERNEL_SERIES) KERNEL_SERIES=$value ;;
		FIRMWARE_VERSION) FIRMWARE_VERSION=$value ;;
		esac
	done < "$LOCK_FILE"
}

write_lock() {
	mkdir -p "$BUILD_DIR"
	cat > "$LOCK_FILE.partial" <<LOCK
# Versions this tree was prepared with. Remove this file to move to the newest.
KERNEL_RELEASE=$KERNEL_RELEASE
KERNEL_VERSION=$KERNEL_VERSION
KERNEL_SERIES=$KERNEL_SERIES
FIRMWARE_VERSION=$FIRMWARE_VERSION
LOCK
	mv "$LOCK_FILE.partial" "$LOCK_FILE"
}

# Places in the cache of what the lock names.
kernel_dir() { printf '%s/kernel/%s_%s\n' "$NOVA_CACHE" "$KERNEL_RELEASE" "$KERNEL_VERSION"; }
source_dir() { printf '%s/source/%s\n' "$NOVA_CACHE" "$KERNEL_VERSION"; }
firmware_dir() { printf '%s/firmware/%s\n' "$NOVA_CACHE" "$FIRMWARE_VERSION"; }
kdir_dir() {
	printf '%s/kdir/%s_%s\n' "$NOVA_CACHE" "$KERNEL_VERSION" \
		"$(hash_of "$(sandbox_hash)" "$KERNEL_RELEASE" "$TREE_DIR/kernel-glue/kdir/prepare-kdir" \
			"$TREE_DIR"/kernel-glue/kdir/lib/*)"
}

# To be raised when steps/debug-kernel or steps/oracle build something else than before.
DEBUG_RECIPE=1
ORACLE_RECIPE=1
debug_dir() {
	printf '%s/debug-kernel/%s_%s\n' "$NOVA_CACHE" "$KERNEL_VERSION" \
		"$(hash_of "$(sandbox_hash)" "$DEBUG_RECIPE" \
			"$(sed 's/#.*//; /^ *$/d' "$SETUP_DIR/debug-kernel.config")")"
}
# To be raised when steps/guest-tools leaves something else than before.
GUEST_TOOLS_RECIPE=1
guest_tools_dir() {
	printf '%s/guest-tools/%s\n' "$NOVA_CACHE" \
		"$(hash_of "$(sandbox_hash)" "$GUEST_TOOLS_RECIPE" \
			"$(sed 's/#.*//; /^ *$/d' "$SETUP_DIR/guest-tools.list")")"
}
oracle_dir() {
	printf '%s/oracle/%s_%s\n' "$NOVA_CACHE" "$KERNEL_VERSION" \
		"$(hash_of "$(basename "$(kdir_dir)")" "$ORACLE_RECIPE")"
}
