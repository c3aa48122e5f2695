/* SPDX-License-Identifier: ISC */
/* Brings the kernel's addresses, routes and forwarding switches to the plan, by comparing.
 *
 * What the kernel holds of ours is read once at the start (so what a crashed run left is found: kept if the plan wants
 * it, removed by the first apply if not) and followed by the kernel's notifications afterwards. Each apply issues only
 * the difference; nothing different costs no message. What somebody deletes is put back, each time after a longer
 * pause while it goes on; what somebody else made is never touched, not even when it takes the place of ours: that is
 * reported and tried again now and then.
 *
 * Ours are routes of the main table with protocol KERNEL_PROTOCOL and addresses with that IFA_PROTO (kernels before
 * 5.18 have none: there KERNEL_ADDRESS_MARK in IFA_RT_PRIORITY, which does nothing else for an address that makes no
 * prefix route). What belongs to an interface that is down or absent waits silently for it.
 *
 * Beside source-specific IPv6 defaults an unreachable ::/0 of the last metric is kept, without which the kernel loses
 * packets whenever one of them changes (kernel.c).
 *
 * The old values of the switches are kept in memory: a clean stop restores them, a crash leaves the machine a router
 * (harmless: the next start sets the same; only a later clean stop does not know what was there before). */
#ifndef HEARTH_SYS_KERNEL_H
#define HEARTH_SYS_KERNEL_H

#include "base/event.h"
#include "home/plan.h"
#include "sys/loop.h"

enum {
	KERNEL_PROTOCOL = 168,            /* of routes and addresses; iproute2 and the IANA know no one at it */
	KERNEL_ADDRESS_MARK = 0x48656172, /* "Hear" */
};

enum { KERNEL_ERROR_TEXT = 200 };

struct kernel_stats {
	uint64_t requests;      /* netlink messages that change something */
	uint64_t batches;       /* sent in so many system calls */
	uint64_t added;         /* addresses and routes new in the kernel */
	uint64_t replaced;      /* routes given another next hop, addresses another lifetime */
	uint64_t removed;       /* by us */
	uint64_t lost;          /* of ours, removed by others or by the kernel */
	uint64_t refused;       /* requests the kernel answered with an error */
	uint64_t switches;      /* sysctls written */
	uint64_t notifications; /* messages read */
	uint64_t resyncs;       /* everything read again */
	size_t routes;          /* of ours there now */
	size_t addresses;
	size_t waiting;                     /* wanted but not there, or not as wanted */
	char last_error[KERNEL_ERROR_TEXT]; /* "" if there was none */
	msec last_error_at;
};

/* What kernel_new() needs from outside. */
struct kernel_env {
	struct event_sink events;
	/* Somebody else on `link` has our IPv6 address `ip` (RFC 4862 5.4.5). May be NULL. */
	void (*duplicate)(void *ctx, msec now, uint32_t link, const struct ip *ip);
	void *ctx;
};

struct kernel;

/* Reads what there is; changes nothing yet. NULL with errno if netlink refuses. */
struct kernel *kernel_new(struct loop *, const struct kernel_env *);

/* Brings the kernel to `plan`, which is copied. Returns when the kernel has taken it: no window is left by an address
 * or a route that only changes. What the kernel refuses is reported once and tried again from the loop, ever slower. */
void kernel_apply(struct kernel *, msec now, const struct plan *plan);

/* If `remove`, first takes out of the kernel exactly what was put there and restores the switches. */
void kernel_free(struct kernel *, bool remove);

const struct kernel_stats *kernel_stats(struct kernel *);

#endif
