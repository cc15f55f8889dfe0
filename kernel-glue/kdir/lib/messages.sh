# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What prepare-kdir tells its user. Sourced.
# shellcheck disable=SC2154 # variables of prepare-kdir

say() { printf 'prepare-kdir: %s\n' "$*" >&2; }

# refuse MESSAGE [DETAIL]...: no KDIR is better than a wrong one.
refuse() {
	printf 'prepare-kdir: error: %s\n' "$1" >&2
	shift
	if [ $# -gt 0 ]; then printf '%s\n' "$@" | sed 's/^/  /' >&2; fi
	exit 1
}

# quietly WHAT CMD...: one line when well, the end of the output when not. The command gets a process
# group of its own, so that an interruption ends all of it at once and not when make is done.
command_group=''
quietly() {
	local what=$1 start=$SECONDS log status=0
	shift
	log=$work/$(printf '%s' "$what" | tr -c 'a-z0-9\n' _).log
	if [ "${V:-0}" != 0 ]; then log=/dev/stderr; fi
	say "$what ..."
	set -m
	"$@" < /dev/null > "$log" 2>&1 &
	command_group=$!
	set +m
	wait "$command_group" || status=$?
	command_group=''
	if [ "$status" != 0 ]; then
		if [ -f "$log" ]; then tail -n 30 "$log" | sed 's/^/  | /' >&2; fi
		refuse "$what failed"
	fi
	say "$what: $((SECONDS - start)) s"
}

stop_command() {
	[ -n "$command_group" ] || return 0
	kill -TERM -- "-$command_group" 2> /dev/null || :
	wait "$command_group" 2> /dev/null || :
}
