# SPDX-License-Identifier: GPL-2.0
#
# Words the step scripts are written in. A step runs under "set -e" and fails by its exit status.

# Name of the PCI driver, in sysfs and in front of its log lines: that of the module.
driver=nova_core
pci_driver=/sys/bus/pci/drivers/$driver

# The device under test, when the step got one.
device=/sys/bus/pci/devices/${bdf:-none}

fail() { echo "$*"; exit 1; }

# fact NAME VALUE: a measured value for the harness.
fact() { echo "fact $1 $2"; }

# same WHAT FOUND WANTED
same() { [ "$2" = "$3" ] || fail "$1: found '$2', wanted '$3'"; }

# Name of the driver bound to a device folder, or "none".
driver_of() {
	if [ -e "$1/driver" ]; then basename "$(readlink "$1/driver")"; else echo none; fi
}

# Kernel messages since the running step began.
kernel_log() {
	dmesg | awk "/nova-vm: begin $step /"'{text=""; next} {text=text $0 "\n"} END{printf "%s", text}'
}

# Fails if the kernel has logged an error since the running step began: levels 0 to 3.
no_kernel_errors() {
	errors=$(dmesg -r | awk "/nova-vm: begin $step /"'{text=""; next} /^<[0-3]>/{text=text $0 "\n"} END{printf "%s", text}')
	[ -z "$errors" ] || fail "the kernel logged errors: $errors"
}

# ktap COMMAND...: a client that prints KTAP.
ktap() {
	status=0
	"$@" >/tmp/ktap 2>&1 || status=$?
	ktap_result $status
}

# ktap_result STATUS: what a client has printed into /tmp/ktap. Each case that it promised must be there and hold.
ktap_result() {
	grep -vE '^(ok |KTAP|1\.\.|# ready)' /tmp/ktap || true
	promised=$(sed -n 's/^1\.\.//p' /tmp/ktap)
	same "cases that hold" "$(grep -c '^ok ' /tmp/ktap || true)" "$promised"
	[ "$1" -eq 0 ] || fail "the client's status is $1"
	fact cases "$promised"
}

# until_true SECONDS COMMAND...: polls, because user space must wait for uevents and unbinds.
until_true() {
	tries=$(($1 * 20)); shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		usleep 50000
	done
}

# Whether the device may write to memory: bit 2 of its command register.
masters_the_bus() {
	command=$(hexdump -s 4 -n 2 -e '1/2 "%u"' "$device/config")
	[ $((command & 4)) -ne 0 ]
}

load_stock_modules() {
	[ -e /nova/stock-modules ] || return 0
	while read -r name; do
		[ -e "/sys/module/$name" ] || insmod "/lib/modules/$(uname -r)/kernel/$name.ko"
	done </nova/stock-modules
}

# Folder of vgem's device, which is there without being loaded where it is built in.
vgem=/sys/devices/faux/vgem

# Loads the stock drivers that share buffers with ours.
load_partners() {
	if [ ! -e $vgem ]; then
		while read -r name; do
			[ -e "/sys/module/$name" ] || insmod "/lib/modules/$(uname -r)/kernel/$name.ko"
		done </nova/partner-modules
	fi
	[ -e $vgem/drm ] || fail "there is no vgem"
}

# Loads the driver that the step was told. nouveau is asked for in words to use GSP-RM, because it would fall
# back to driving some cards without.
insmod_oracle() {
	case $module in
	nouveau) insmod /nova/modules/nouveau.ko config=NvGspRm=1 ;;
	*) insmod "/nova/modules/$module.ko" ;;
	esac
}

# load NAME: loads a module under test unless it is there.
load() {
	[ -e "/sys/module/$1" ] || insmod "/nova/modules/$1.ko"
}

# Folder of the auxiliary child of a PCI device, or nothing.
child_of() {
	for child in "$1"/nova_core.nova-drm.*; do
		[ -e "$child" ] && echo "$child" && return
	done
}

# node_of FOLDER PREFIX: device node of a PCI device, such as /dev/dri/renderD128.
node_of() {
	for entry in "$1"/drm/"$2"*; do
		[ -e "$entry" ] && echo "/dev/dri/$(basename "$entry")" && return
	done
}

# Folder of the device that QEMU counts with.
testdev() {
	for found in /sys/bus/pci/devices/*; do
		[ "$(cat "$found/vendor" "$found/device")" = "0x1b36
0x0005" ] && echo "$found" && return
	done
}

# Lets all devices go to sleep and wakes them up again. The machine itself stays awake.
sleep_for_a_moment() {
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	echo devices >/sys/power/pm_test
	echo freeze >/sys/power/state
}

# Length in bytes of line INDEX (from 0) of the device's resource file.
resource_length() {
	set -- $(sed -n "$(($1 + 1))p" "$device/resource")
	[ $(($2)) -eq 0 ] && echo 0 || echo $(($2 - $1 + 1))
}

# The video memory BAR is the first one after BAR0; a 64-bit BAR0 takes two lines.
vram_bar_length() {
	set -- "$(resource_length 1)" "$(resource_length 2)"
	[ "$1" -gt 0 ] && echo "$1" || echo "$2"
}
