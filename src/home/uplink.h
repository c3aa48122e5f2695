/* SPDX-License-Identifier: ISC */
/* What an uplink gives the home: a value that a provider (dhcpcd, netifd, the owner's command) fills in and the router
 * takes as an input. */
#ifndef HEARTH_HOME_UPLINK_H
#define HEARTH_HOME_UPLINK_H

#include "base/ip.h"

enum {
	UPLINK_NAME = 32,
	UPLINK_PREFIXES = 8,
	UPLINK_ADDRESSES = 8,
	UPLINK_DNS = 8,
	UPLINK_SEARCH = 255,
};

struct uplink_prefix {
	struct prefix prefix;
	msec valid_until;
	msec preferred_until;
};

/* Zeroes mean "none". What does not fit is left out by the provider, who reports it. */
struct uplink {
	char name[UPLINK_NAME]; /* unique on this router; the interface's name for DHCP uplinks */
	uint32_t link;
	struct uplink_prefix prefixes[UPLINK_PREFIXES]; /* delegated to us */
	size_t prefix_count;
	struct ip gateway6;                    /* link-local of the provider's router */
	struct ip addresses[UPLINK_ADDRESSES]; /* ours on the uplink, put there by the client: IPv6 global and IPv4 */
	size_t address_count;
	struct ip gateway4;
	struct ip dns[UPLINK_DNS];
	size_t dns_count;
	uint8_t search[UPLINK_SEARCH]; /* DNS label sequences */
	size_t search_len;
};

#endif
