# SPDX-License-Identifier: GPL-2.0
# One of our clients on one kind of node, as root or as an ordinary user. udev would give the nodes' groups to users;
# here there is none.
node=$(node_of "$device" "$node")
chmod a+rw "$(node_of "$device" card)" "$(node_of "$device" renderD)"
case $user in
root) ktap "$client" "$node" ;;
user) ktap "$client" "$node" user ;;
esac
