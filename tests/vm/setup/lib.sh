# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the scripts of this directory: messages, the cache, locks, long steps.
# Sourced, never run. The caller has `set -eu`.

SETUP_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TREE_DIR=$(cd "$SETUP_DIR/../../.." && pwd -P)
BUILD_DIR=$TREE_DIR/build
# Ordinary users often lack these in PATH; losetup, mount and pivot_root live there.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# shellcheck source-path=SCRIPTDIR source=suite.conf
. "$SETUP_DIR/suite.conf"

# Where everything heavy lives. Shared by all clones of this user.
NOVA_CACHE=${NOVA_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/nova}
case $NOVA_CACHE in
/*) ;;
*) NOVA_CACHE=$PWD/$NOVA_CACHE ;;
esac
export NOVA_CACHE

# ---- messages ----------------------------------------------------------------------------------

say() { printf 'setup: %s\n' "$*" >&2; }

# die MESSAGE [CURE]...: the last thing printed is the reason and what to do about it.
die() {
	printf 'setup: error: %s\n' "$1" >&2
	shift
	local cure
	for cure; do printf '  %s\n' "$cure" >&2; done
	exit 1
}

# ---- cache -------------------------------------------------------------------------------------

# hash_of FILE-OR-TEXT...: 16 hex digits. An argument that names a file stands for its content.
hash_of() {
	local part
	for part; do
		if [ -f "$part" ]; then cat "$part"; else printf '%s\n' "$part"; fi
	done | sha256sum | cut -c1-16
}

# To be raised when steps/sandbox changes in a way that changes what is in the sandbox.
SANDBOX_RECIPE=1
sandbox_hash() {
	hash_of "$SANDBOX_RECIPE" "$SUITE $BACKPORTS $COMPONENTS $DEB_ARCH" "${NOVA_MIRROR:-}" \
		"$(sed 's/#.*//; /^ *$/d' "$SETUP_DIR/packages.list" "$SETUP_DIR/sandbox-hook.sh")"
}

sandbox_dir() { printf '%s/sandbox/%s\n' "$NOVA_CACHE" "$(sandbox_hash)"; }

# take_lock NAME: held until this (sub)shell and its children are gone. Taking it again is a no-op.
HELD_LOCKS=' '
take_lock() {
	local lock_fd
	case $HELD_LOCKS in *" $1 "*) return 0 ;; esac
	HELD_LOCKS="$HELD_LOCKS$1 "
	mkdir -p "$NOVA_CACHE/locks"
	exec {lock_fd}> "$NOVA_CACHE/locks/$1"
	if ! flock --nonblock "$lock_fd"; then
		say "$1: another run is at it; waiting"
		flock "$lock_fd"
	fi
}

# remove_tree DIR: as rm -rf, but never follows a forgotten mount out of the cache.
remove_tree() {
	[ -e "$1" ] || [ -L "$1" ] || return 0
	rm -rf --one-file-system -- "$1" ||
		die "cannot remove $1" "Remove it by hand (as root if need be) and try again."
}

# clear_partials KIND: what interrupted runs left of one kind. The caller holds the lock of that kind.
clear_partials() {
	local left
	for left in "$NOVA_CACHE/$1"/*.{partial,work,lock}; do remove_tree "$left"; done
}

# need_space GIB: refuses to start what the disk cannot hold.
need_space() {
	local free
	mkdir -p "$NOVA_CACHE"
	free=$(df -Pk "$NOVA_CACHE" | awk 'NR == 2 { print int($4 / 1048576) }')
	[ "$free" -ge "$1" ] ||
		die "$NOVA_CACHE has $free GiB free; this needs $1 GiB" \
			"Free some space, or set NOVA_CACHE to a directory on a larger disk."
}

# ---- long steps --------------------------------------------------------------------------------

STEP_PGID=

stop_step() {
	trap - INT TERM HUP
	if [ -n "$STEP_PGID" ]; then
		kill -TERM -- "-$STEP_PGID" 2> /dev/null || :
		local tries=100
		while [ "$tries" -gt 0 ] && kill -0 -- "-$STEP_PGID" 2> /dev/null; do
			sleep 0.1
			tries=$((tries - 1))
		done
		kill -KILL -- "-$STEP_PGID" 2> /dev/null || :
	fi
	printf '\nsetup: interrupted\n' >&2
	exit "$1"
}

# log_of NAME: path of the log of the step NAME.
log_of() { printf '%s/logs/%s.log\n' "$BUILD_DIR" "$1"; }

# long_step NAME WHAT CMD...: runs CMD with its output in build/logs/NAME.log (and on the terminal
# with V=1), shows what is being done and for how long. Returns CMD's status and, if that is not 0,
# has printed the end of the log.
long_step() {
	local name=$1 what=$2 log start status=0
	shift 2
	log=$(log_of "$name")
	mkdir -p "$(dirname "$log")"
	start=$SECONDS
	trap 'stop_step 130' INT
	trap 'stop_step 143' TERM
	trap 'stop_step 129' HUP
	# Own process group (job control), so that an interruption can reach all of it.
	set -m
	if [ "${V:-0}" != 0 ]; then
		say "$name: $what"
		"$@" < /dev/null > >(tee "$log" >&2) 2>&1 &
	else
		"$@" < /dev/null > "$log" 2>&1 &
	fi
	STEP_PGID=$!
	set +m
	if [ "${V:-0}" = 0 ] && [ -t 2 ]; then
		while kill -0 "$STEP_PGID" 2> /dev/null; do
			printf '\rsetup: %s: %s ... %d s' "$name" "$what" $((SECONDS - start)) >&2
			sleep 0.5
		done
		printf '\r\033[K' >&2
	elif [ "${V:-0}" = 0 ]; then
		say "$name: $what"
	fi
	wait "$STEP_PGID" || status=$?
	STEP_PGID=
	trap - INT TERM HUP
	if [ "$status" = 0 ]; then
		say "$name: $what: done in $((SECONDS - start)) s"
	else
		say "$name: $what: FAILED after $((SECONDS - start)) s; the end of $log:"
		tail -n 20 "$log" | sed 's/^/  | /' >&2
	fi
	return "$status"
}

# explain_network NAME: a second reading of a failed download's log, for the commonest reasons.
explain_network() {
	local log
	log=$(log_of "$1")
	if grep -qE 'Temporary failure resolving|Could not resolve|Network is unreachable|Connection timed out|Could not connect' "$log"; then
		die "the package mirror cannot be reached" \
			"Check the network. Behind a proxy set http_proxy, or Acquire::http::Proxy in apt's configuration;" \
			"NOVA_MIRROR=<URL of a Debian mirror> picks another mirror."
	elif grep -qE ' 40[0-9] +[A-Z]|Forbidden|Unauthorized' "$log"; then
		die "the package mirror refused a download" \
			"$(grep -m1 -E ' 40[0-9] +[A-Z]|Forbidden|Unauthorized' "$log")" \
			"NOVA_MIRROR=<URL of a Debian mirror> picks another mirror."
	elif grep -qE 'NO_PUBKEY|no valid OpenPGP|Missing key|not signed' "$log"; then
		die "this machine's Debian archive keys do not know $SUITE" \
			"Update the package debian-archive-keyring (or debian-keyring) of your distribution."
	elif grep -qE 'No space left on device' "$log"; then
		die "the disk is full" "Free some space, or set NOVA_CACHE to a directory on a larger disk."
	fi
}
