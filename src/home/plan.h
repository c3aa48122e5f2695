/* SPDX-License-Identifier: ISC */
/* The plan: everything the kernel and the uplinks' clients must be brought to, and nothing else. It is a value; sys/
 * compares it with reality and issues the difference, the simulator forwards its packets by it.
 *
 * Arrays are sorted as their compare functions say and live as long as the plan. Interfaces are named by their kernel
 * index, which is also their HNCP endpoint identifier. */
#ifndef HEARTH_HOME_PLAN_H
#define HEARTH_HOME_PLAN_H

#include "base/arena.h"
#include "base/ip.h"
#include "proto/hncp/hncp.h"

/* An address of ours on an interface. It never makes a prefix route by itself: those are in `routes`. */
struct plan_address {
	uint32_t link;
	struct ip ip;
	uint8_t len;          /* bits of 128 (IPv4: plus 96) of the prefix it is from */
	msec valid_until;     /* MSEC_NEVER: for ever */
	msec preferred_until; /* passed: deprecated */
};

/* Kernel priorities: of routes to one place the lowest wins, so what is attached beats what is learnt. All are below
 * the 256 of the on-link routes that the kernel has made from advertisements if it was a host here before: such a route
 * may outlive by an hour what it says. */
enum {
	PLAN_METRIC_LINK = 100,
	PLAN_METRIC_UPLINK = 150,
	PLAN_METRIC_BABEL = 200,
	PLAN_METRIC_DISCARD = 0x7fffffff,
};

enum plan_route_type {
	PLAN_UNICAST,
	PLAN_UNREACHABLE, /* answer "no route" rather than follow a wider prefix */
};

/* A route of the main table with Hearth's protocol number. */
struct plan_route {
	struct prefix dst;
	struct prefix src; /* PREFIX_ALL (PREFIX_ALL4 for IPv4) unless source-specific; IPv4 is never source-specific */
	enum plan_route_type type;
	uint32_t link;   /* 0 for PLAN_UNREACHABLE */
	struct ip via;   /* IP_ANY: directly on the link */
	uint32_t metric; /* kernel priority, always set: the kernel's 1024 for 0 would never compare equal */
};

/* How an interface is to be set up. */
struct plan_link {
	uint32_t link;
	enum hncp_category category;
	bool forwarding; /* inside links: forward, take no RAs, be a router */
	bool dhcp;       /* an uplink whose DHCP client we run */
};

struct plan {
	struct arena arena;
	const struct plan_link *links; /* by link: every interface that is ours to touch */
	size_t link_count;
	const struct plan_address *addresses; /* by link, address */
	size_t address_count;
	const struct plan_route *routes; /* by dst, src, metric: at most one for each of these */
	size_t route_count;
};

int plan_address_compare(const struct plan_address *, const struct plan_address *);
/* By dst, src and metric: two that compare equal are the same route of the kernel, perhaps with another next hop. */
int plan_route_compare(const struct plan_route *, const struct plan_route *);

/* True if they differ in lifetimes at most: nothing that anybody would call a change. */
bool plan_same_shape(const struct plan *, const struct plan *);

/* True if nothing the kernel sees differs. Lifetimes count as different only by more than 1 second. */
bool plan_equal(const struct plan *, const struct plan *);

void plan_free(struct plan *);

#endif
