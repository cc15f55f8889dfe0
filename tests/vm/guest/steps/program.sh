# SPDX-License-Identifier: GPL-2.0
# A program that nobody here wrote looks at the card, while a client has memory on it. It must say what it says of a
# card that it knows nothing about, or of one without a display, and end in peace.
node=$(node_of "$device" renderD)
says() { grep -qF -- "$1" /tmp/said || fail "$program does not say '$1', but: $(cat /tmp/said)"; }
# What it is asked in a terminal of its own, since it asks how large that is.
in_terminal() {
	mkdir -p /dev/pts
	[ -e /dev/pts/ptmx ] || mount -t devpts devpts /dev/pts
	script -qec "stty rows 40 cols 100; $*" /tmp/script </dev/null >/tmp/said 2>&1
}
rm -f /tmp/holder; : >/tmp/holder
many-clients hold "$node" 7 >/tmp/holder 2>&1 &
client=$!
trap 'kill -9 $client; wait $client || true' EXIT
until_true 20 grep -q ready /tmp/holder || fail "the client did not start: $(cat /tmp/holder)"
status=0 wanted=0
opened="opened device \`NVIDIA Graphics and Compute\` on driver \`nova-drm\` (version 0.0.0 at 0)"
case $program in
drmdevice)
	drmdevice >/tmp/said 2>&1 || status=$?
	says "--- Opening device node $node ---"
	says "vendor_id     10de" ;;
gputop)
	# It has lines for clients that use engines, and there is none.
	in_terminal gputop -n 2 -d 1 || status=$?
	! grep -E "DRM minor|ssert" /tmp/said || fail "gputop says more than that nobody uses an engine" ;;
lsgpu)
	lsgpu -p >/tmp/said 2>&1 || status=$?
	says "$(node_of "$device" card)"
	says "render device                   : $node"
	says "DRIVER                          : $driver"
	says "PCI_SLOT_NAME                   : $bdf" ;;
modetest)
	modetest -M nova-drm >/tmp/said 2>&1 || status=$?
	wanted=1
	says "$opened"
	says "drmModeGetResources failed: Operation not supported" ;;
nvtop)
	nvtop -s >/tmp/said 2>&1 || status=$?
	says "No GPU to monitor." ;;
proptest)
	proptest -M nova-drm >/tmp/said 2>&1 || status=$?
	wanted=1
	says "$opened"
	says "Failed to get resources: Operation not supported" ;;
vbltest)
	vbltest -M nova-drm >/tmp/said 2>&1 || status=$?
	wanted=255
	says "$opened"
	says "drmWaitVBlank (relative) failed" ;;
esac
same "status of $program" "$status" "$wanted"
