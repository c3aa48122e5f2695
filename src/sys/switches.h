/* SPDX-License-Identifier: ISC */
/* The kernel's switches (sysctls) that make this machine a router on its links. Private to the kernel reconciler.
 *
 * IPv6 forwards only if conf/all/forwarding says so, which also overwrites that of every interface; IPv4 asks the
 * interface a packet came in by. So every link of the plan forwards both as soon as one of them is inside, and those
 * inside also stop taking Router Advertisements. (On an uplink accept_ra is its client's business; the kernel's own
 * value 1 means "not while forwarding" anyway.) */
#ifndef HEARTH_SYS_SWITCHES_H
#define HEARTH_SYS_SWITCHES_H

#include "base/event.h"
#include "home/plan.h"

struct switches;

struct switches *switches_new(struct event_sink);
void switches_free(struct switches *);

/* Looks at the switches of the `n` links and writes those that are not as they should be; what was there before the
 * first time is remembered. A link that is gone is skipped. Returns how many were written. */
unsigned switches_apply(struct switches *, const struct plan_link *links, size_t n);

/* Writes back what was there before, on the interfaces that are still there. */
void switches_restore(struct switches *);

#endif
