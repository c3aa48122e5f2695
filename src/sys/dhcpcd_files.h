/* SPDX-License-Identifier: ISC */
/* The files a dhcpcd of ours is run with. */
#ifndef HEARTH_SYS_DHCPCD_FILES_H
#define HEARTH_SYS_DHCPCD_FILES_H

#include "sys/uplinks.h"

#define DHCPCD_PROGRAM "/usr/sbin/dhcpcd"

enum { DHCPCD_PATH = 256 };

struct dhcpcd_files {
	char config[DHCPCD_PATH];
	char hook[DHCPCD_PATH];
};

/* The text of the configuration for one interface; `machine` is what /etc/machine-id holds, or NULL. */
void dhcpcd_config(const char *ifname, const char *socket, const char *machine, char *out, size_t size);

/* Writes the configuration and the hook to the run directory. False with a message in `error`. */
bool dhcpcd_write_files(const struct uplinks_env *, const char *ifname, struct dhcpcd_files *out, char *error,
                        size_t size);

/* Removes the configuration of an interface whose client has ended; with NULL the hook, when all have. */
void dhcpcd_remove_files(const struct uplinks_env *, const char *ifname);

#endif
