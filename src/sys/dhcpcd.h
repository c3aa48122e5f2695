/* SPDX-License-Identifier: ISC */
/* What dhcpcd tells its hook, understood: the pure half of the provider UPLINKS_DHCPCD (sys/uplinks.h).
 *
 * dhcpcd runs its hook for DHCPv4, router advertisements and DHCPv6 separately; each report replaces what the same
 * protocol said before, and the uplink is the sum of the three. */
#ifndef HEARTH_SYS_DHCPCD_H
#define HEARTH_SYS_DHCPCD_H

#include <json-c/json.h>

#include "home/uplink.h"

enum dhcpcd_part { DHCPCD_DHCP4, DHCPCD_RA, DHCPCD_DHCP6, DHCPCD_PARTS };

struct dhcpcd_state {
	struct uplink part[DHCPCD_PARTS];
	bool confirmed[DHCPCD_PARTS]; /* reported since dhcpcd_unconfirm() */
	unsigned left_out;            /* of the last report and of the sum: what did not fit into a struct uplink */
};

enum { DHCPCD_ERROR = 200 };

/* Takes one report, a JSON object of dhcpcd's environment variables ("reason", "interface", "new_..."). False with a
 * message in `error` if it makes no sense; `state` is then untouched. */
bool dhcpcd_report(struct dhcpcd_state *, const struct json_object *report, msec now, char error[DHCPCD_ERROR]);

/* The sum of the parts; `name` and `link` of `out` are kept, all else is replaced. False if there is nothing in it. */
bool dhcpcd_uplink(struct dhcpcd_state *, struct uplink *out);

/* Before dhcpcd is started again: from now on parts must be reported anew. */
void dhcpcd_unconfirm(struct dhcpcd_state *);
/* Empties the parts that were not; true if there were any. */
bool dhcpcd_forget_unconfirmed(struct dhcpcd_state *);

/* True for the environment variables that a report is made of: the CLI sends these and no others. */
bool dhcpcd_wants(const char *variable);

#endif
