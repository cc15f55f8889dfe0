# SPDX-License-Identifier: GPL-2.0
# The agent runs scripts, passes arguments and reports facts.
same argument "$word" spoken
fact release "$(uname -r)"
