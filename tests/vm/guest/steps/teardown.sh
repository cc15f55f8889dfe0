# SPDX-License-Identifier: GPL-2.0
# Unbinds the driver, and tells in which order the kernel did what. The device tells its part in its trace.
tracing=/sys/kernel/tracing
[ -e $tracing/trace ] || mount -t tracefs trace $tracing
echo counter >$tracing/trace_clock
probe() { echo "$1" >>$tracing/kprobe_events || fail "the kernel cannot watch $1: $(tail -n 2 $tracing/error_log)"; }
# The child has devices below it, which go before it does: the last end is that of the child.
probe "p:child_goes device_del name=+0(+0(%di)):string"
probe "r:child_gone device_del"
probe "p:irq_freed pci_free_irq_vectors"
probe "p:memory_freed dma_free_attrs address=%cx"
probe "p:bar_unmapped iounmap"
probe "p:disabled pci_disable_device"
echo 'name ~ "*nova-drm*"' >$tracing/events/kprobes/child_goes/filter
echo 1 >$tracing/events/kprobes/enable

echo "$bdf" >$pci_driver/unbind
same "driver of $bdf" "$(driver_of "$device")" none

echo 0 >$tracing/events/kprobes/enable
# "task-pid [cpu] flags clock: event: (where) address=value"
sed -n 's/^.*: \(child_goes\|child_gone\|irq_freed\|memory_freed\|bar_unmapped\|disabled\): ([^)]*)\( address=\)\{0,1\}/witness \1 /p' $tracing/trace >/tmp/witness
echo >$tracing/kprobe_events
cat /tmp/witness
# With MSI-X a table is unmapped with the interrupt, which is not the registers.
order=$(awk '{print $2}' /tmp/witness | uniq | tr '\n' ' ' | sed 's/irq_freed bar_unmapped memory_freed/irq_freed memory_freed/')
same "order" "$order" "child_goes child_gone irq_freed memory_freed bar_unmapped disabled "
