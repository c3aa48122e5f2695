/* SPDX-License-Identifier: ISC */
/* One router as one value: packets, link events, leases and time go in; packets, plans and things to remember come out.
 * hearthd feeds it from real sockets, the simulator from virtual links; both run this same code. */
#ifndef HEARTH_HOME_ROUTER_H
#define HEARTH_HOME_ROUTER_H

#include "base/event.h"
#include "base/random.h"
#include "home/plan.h"
#include "home/uplink.h"
#include "home/view.h"
#include "proto/babel/babel.h"
#include "proto/pa/pa.h"
#include "proto/ra/ra.h"

enum { ROUTER_LINK_NAME = 16 };

enum router_proto { ROUTER_HNCP, ROUTER_BABEL, ROUTER_ICMP6 };

/* A packet, in or out. On the way out `multicast` means to the protocol's group, and `addr` and `port` say nothing. */
struct router_packet {
	enum router_proto proto;
	uint32_t link;
	struct ip addr; /* the other side */
	uint16_t port;  /* its port; 0 for ICMPv6 */
	bool multicast;
	uint8_t hop_limit; /* as received */
	const uint8_t *data;
	size_t len;
};

/* An interface that is ours to use. */
struct router_link {
	uint32_t link; /* kernel index, not 0 */
	char name[ROUTER_LINK_NAME];
	enum hncp_category category;
	bool up; /* carries packets and has a link-local address that may be used */
	bool wireless;
	bool dhcp; /* external: a DHCP client is to run */
	uint8_t mac[6];
	uint32_t mtu;
	struct ip linklocal;
};

struct router_env {
	void *ctx;
	struct random_source random;
	struct event_sink events;
	void (*send)(void *ctx, const struct router_packet *);
	/* The plan is now this; it lives until the next call or router_free(). */
	void (*plan)(void *ctx, const struct plan *);
	/* To be kept on disk under `name` (lower-case letters) and given to router_restore() after a restart. */
	void (*store)(void *ctx, const char *name, const uint8_t *data, size_t len);
};

/* Names of what is stored: all are to be restored before the first link is set. */
extern const char *const router_state_names[];
extern const size_t router_state_count;

struct router;

/* A router called `name` (a DNS label, copied) without links. What `env` refers to must outlive it. */
struct router *router_new(const char *name, const struct router_env *, msec now);
void router_free(struct router *);

/* Gives back what env->store was given before. Data that make no sense are refused (false) and change nothing. Only
 * before router_start(). */
bool router_restore(struct router *, msec now, const char *name, const uint8_t *data, size_t len);

/* Takes up its identity (restored or new); afterwards the inputs below are allowed. */
void router_start(struct router *, msec now);

/* An interface came or changed; the value is copied. */
void router_link_set(struct router *, msec now, const struct router_link *);
void router_link_gone(struct router *, msec now, uint32_t link);

/* An uplink came or changed; the value is copied. A delegated prefix that is missing from it although its lifetime has
 * not passed is deprecated, not forgotten (RFC 9096, RFC 8978). */
void router_uplink_set(struct router *, msec now, const struct uplink *);
void router_uplink_gone(struct router *, msec now, const char *name);

/* Duplicate address detection found that somebody else on `link` has our address `ip` (RFC 4862 5.4.5): another one is
 * taken instead. An address that is not ours is no error. */
void router_address_taken(struct router *, msec now, uint32_t link, const struct ip *ip);

void router_input(struct router *, msec now, const struct router_packet *);
msec router_deadline(const struct router *);
void router_run(struct router *, msec now);

/* Says goodbye to everyone; only router_free() makes sense afterwards. The last plan stays, to be removed. */
void router_goodbye(struct router *, msec now);

/* For those who show or check. All that these give is valid until the next input or run. */
const char *router_name(const struct router *);
const struct view *router_view(const struct router *);
const struct plan *router_plan(const struct router *);
const struct dncp *router_dncp(const struct router *);
const struct babel *router_babel(const struct router *);
const struct pa *router_pa(const struct router *);
/* NULL gives the first, NULL comes after the last. */
const struct router_link *router_link_next(const struct router *, const struct router_link *after);
const struct uplink *router_uplink_next(const struct router *, const struct uplink *after);
/* When this router's plan last changed in more than lifetimes. */
msec router_changed(const struct router *);
/* When the uplink was set first. */
msec router_uplink_since(const struct router *, const struct uplink *);
/* True while something that the standard makes us wait for is under way: assignments not applied yet, delays before
 * prefixes of our own. */
bool router_converging(const struct router *);

#endif
