/* SPDX-License-Identifier: ISC */
/* Addresses and routes of the plan as rtnetlink writes them. Private to the kernel reconciler. */
#ifndef HEARTH_SYS_KERNEL_MESSAGE_H
#define HEARTH_SYS_KERNEL_MESSAGE_H

#include <linux/netlink.h>

#include "home/plan.h"
#include "sys/kernel.h"

/* Fills `m` (RTM_NEWROUTE or RTM_DELROUTE) in; a deletion then means exactly this route of ours and no other. */
void kernel_put_route(struct nlmsghdr *m, const struct plan_route *);

/* Fills `m` (RTM_NEWADDR or RTM_DELADDR) in; the lifetimes are those left at `now`. */
void kernel_put_address(struct nlmsghdr *m, const struct plan_address *, msec now);

/* Reads a route of the main table, anybody's; false if `m` is something else (cached, by type of service, ...). Of
 * several next hops the first counts. `*ours` says if it has our protocol number. */
bool kernel_get_route(const struct nlmsghdr *m, struct plan_route *out, bool *ours);

struct kernel_address {
	struct plan_address address; /* lifetimes as the kernel tells them: rounded up to a second */
	bool ours;
	bool duplicate; /* IFA_F_DADFAILED */
};

/* Reads an address; false if `m` makes no sense. */
bool kernel_get_address(const struct nlmsghdr *m, msec now, struct kernel_address *out);

/* The same place in the kernel's tables (what two cannot have at once): 0; else an order. */
int kernel_route_compare(const struct plan_route *, const struct plan_route *);
int kernel_address_compare(const struct plan_address *, const struct plan_address *);

/* The same way out: type, interface and next hop. */
bool kernel_route_same_way(const struct plan_route *, const struct plan_route *);

enum { KERNEL_TEXT = 200 };

/* "route D from S via G dev lan metric N"; "address A/L dev lan". */
const char *kernel_route_text(const struct plan_route *, char out[KERNEL_TEXT]);
const char *kernel_address_text(const struct plan_address *, char out[KERNEL_TEXT]);

#endif
