/* SPDX-License-Identifier: ISC */
/* What the owner wrote: /etc/hearth/hearth.conf, read once at start into one value.
 *
 *     [router]
 *     name = r1                  ; a DNS label
 *
 *     [interface isp-a]          ; a kernel interface name or a pattern (isp-*); the first section that fits counts
 *     category = external        ; internal|external|leaf|guest|ad-hoc|hybrid
 *     uplink = dhcp              ; dhcp|none: only for external and hybrid, which default to dhcp
 *     wireless = no              ; yes|no: default is what the kernel says
 *     ignore = no                ; yes: not ours to touch
 *
 *     [uplink lab]               ; a static uplink
 *     interface = wan
 *     prefix = 2001:db8:a00::/56 ; as often as there are prefixes
 *     gateway = fe80::1          ; IPv4 too: one of each family
 *     dns = 2001:db8:a::53
 *
 * Reading is strict, so that a slip of the pen never means "as if it were not there": whatever is not understood is an
 * error that names file, line, what was wrong and what would be right. */
#ifndef HEARTH_SYS_CONFIG_H
#define HEARTH_SYS_CONFIG_H

#include "home/uplink.h"
#include "proto/hncp/hncp.h"

#define CONFIG_PATH "/etc/hearth/hearth.conf"

enum {
	CONFIG_INTERFACES = 64, /* sections; more are an error */
	CONFIG_UPLINKS = 8,
	CONFIG_IFNAME = 16, /* IFNAMSIZ */
	CONFIG_ERROR = 512,
};

enum config_wireless { CONFIG_WIRELESS_DETECT, CONFIG_WIRELESS_YES, CONFIG_WIRELESS_NO };

struct config_interface {
	char name[CONFIG_IFNAME]; /* or a pattern */
	enum hncp_category category;
	enum config_wireless wireless;
	bool dhcp; /* run a DHCP client here */
	bool ignore;
};

/* A static uplink: `uplink` is complete (lifetimes for ever) but for `link`, which is 0: the interface may come later.
 */
struct config_uplink {
	char interface[CONFIG_IFNAME];
	struct uplink uplink;
};

struct config {
	char name[HNCP_NAME_MAX + 1]; /* the router's; never empty */
	struct config_interface interfaces[CONFIG_INTERFACES];
	size_t interface_count;
	struct config_uplink uplinks[CONFIG_UPLINKS];
	size_t uplink_count;
};

/* The configuration of a home nobody configured; the router's name is made from `hostname` (NULL or useless: "router"),
 * cut at the first dot. */
void config_default(struct config *, const char *hostname);

/* Reads `path`, or gives the default configuration if there is no such file. False with a message in `error` if it
 * cannot be read or has a mistake; `out` is then untouched. */
bool config_read(const char *path, const char *hostname, struct config *out, char error[CONFIG_ERROR]);

/* The same from text; `path` is only for messages. */
bool config_parse(const char *path, const char *text, const char *hostname, struct config *out,
                  char error[CONFIG_ERROR]);

/* What is configured for the interface called `name`: never NULL, an internal interface unless mentioned. Lives as long
 * as the configuration. */
const struct config_interface *config_interface(const struct config *, const char *name);

#endif
