/* SPDX-License-Identifier: ISC */
/* A process between us and dhcpcd, which sees to it that dhcpcd ends when we do, however we end.
 *
 * PR_SET_PDEATHSIG on dhcpcd itself does not do: the kernel clears it when dhcpcd drops its privileges. And a dhcpcd
 * that is killed leaves its helper processes behind, which hold the DHCPv6 port, so that the next one hears nothing.
 * The guard gives dhcpcd a process group and sweeps it up. */
#ifndef HEARTH_SYS_DHCPCD_GUARD_H
#define HEARTH_SYS_DHCPCD_GUARD_H

#include <sys/types.h>

/* Starts `argv` under a guard; what it prints goes to `output`. Returns the guard's process, whose end (with the exit
 * status of dhcpcd, or 128 and its signal) is dhcpcd's end; -1 with errno.
 *
 * SIGTERM to the guard ends dhcpcd in good order, which takes its addresses away, within 5 seconds. If we die, dhcpcd
 * is killed and its addresses stay: the routes of the home go on working until we are back. */
pid_t dhcpcd_guard(const char *const argv[], int output);

#endif
