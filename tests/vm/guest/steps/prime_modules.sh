# SPDX-License-Identifier: GPL-2.0
# Who exports a buffer cannot be unloaded while another driver has it, though nobody has a node of it open.
load_partners

# refused WHAT MODULE: the client shares, and the module is refused until the client has gone.
refused() {
	rm -f /tmp/go /tmp/held; mkfifo /tmp/go
	drm-probe prime-hold "$(node_of "$device" renderD)" "$(node_of $vgem card)" "$1" </tmp/go >/tmp/held 2>&1 &
	client=$!
	exec 4>/tmp/go
	until_true 5 grep -q ready /tmp/held || fail "the client did not start: $(cat /tmp/held)"
	! rmmod "$2" 2>/dev/null || fail "$2 was unloaded while its memory was in use"
	echo go >&4
	exec 4>&-
	wait $client || fail "the client failed: $(cat /tmp/held)"
	same "contents" "$(tail -n 1 /tmp/held)" "$3"
	until_true 5 rmmod "$2" 2>/dev/null || fail "$2 cannot be unloaded when its memory is free"
}

refused ours-in-vgem nova_drm "ours kept"
load nova_drm
until_true 5 node_of "$device" renderD >/dev/null || fail "no render node after loading nova_drm again"
# Built into some kernels.
if [ -e /sys/module/vgem/refcnt ]; then refused vgems-in-ours vgem "vgem's kept"; fi
