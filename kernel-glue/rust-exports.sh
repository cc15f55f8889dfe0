#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# usage: rust-exports.sh "PROVIDER OBJECTS" "CONSUMER OBJECTS"
#
# Prints one RUST_EXPORT(symbol) line for each Rust symbol that some consumer object leaves undefined and
# some provider object defines. $NM is the nm to use.

set -eu

: "${NM:=nm}"
providers=$1
consumers=$2

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The functions that module! generates belong to their module, and the prefixed symbols are made by the
# compiler for padding, CFI and the address sanitizer.
wanted='^_R'
unwanted='_init_module$|_cleanup_module$|__pfx|__cfi|__odr_asan'

# shellcheck disable=SC2086 # a list of objects
$NM -u $consumers | awk '{ print $NF }' | grep -E "$wanted" | sort -u > "$tmp/undefined" || true
# shellcheck disable=SC2086
$NM --defined-only $providers | awk '$2 ~ /^[TRDB]$/ { print $3 }' |
	grep -E "$wanted" | grep -vE "$unwanted" | sort -u > "$tmp/defined" || true

comm -12 "$tmp/undefined" "$tmp/defined" | sed 's/.*/RUST_EXPORT(&)/'
