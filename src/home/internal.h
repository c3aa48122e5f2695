/* SPDX-License-Identifier: ISC */
/* What the files of home/ share: the router's insides. Each file below owns one part of the data flow:
 *
 *     delegation.c   our uplinks and generated prefixes   ->  own delegations
 *     view.c         what all nodes publish               ->  view
 *     assign.c       view, links                          ->  input of prefix assignment
 *     address.c      assignments, view                    ->  our addresses
 *     publish.c      all of the above                     ->  our node data
 *     plan.c         view, assignments, addresses, Babel  ->  plan, announcements to Babel
 *     advertise.c    view, plan                           ->  router advertisements
 *     state.c        what must survive a restart          <-> bytes
 */
#ifndef HEARTH_HOME_INTERNAL_H
#define HEARTH_HOME_INTERNAL_H

#include "base/map.h"
#include "home/limits.h"
#include "home/router.h"

enum { ROUTER_SECRET_LEN = 16 };

/* One of our interfaces and the cores that serve it. */
struct home_link {
	struct router_link state;
	struct ra *ra;        /* inside links */
	bool endpoint;        /* DNCP and Babel run there now */
	bool advertised;      /* hosts have been told something here */
	msec up_since;        /* if it is up */
	msec preferred_until; /* another router has vanished from here: hosts are to prefer us until then */
	struct ip babel_ipv4; /* the IPv4 address Babel was told */
};

/* An uplink and since when we have it. */
struct home_uplink {
	struct uplink up;
	msec since;
	bool gone; /* taken away; kept here only while its prefixes are stale */
};

/* A prefix that this router delegates to the home. */
struct own_delegation {
	struct prefix prefix;
	enum view_kind kind;
	char uplink[UPLINK_NAME]; /* where an ISP's prefix comes from */
	msec valid_until;
	msec preferred_until;
	msec hold_until; /* restored from storage: counts as live until then, or until its uplink speaks */
	bool live;       /* in the uplink's last word; generated ones always */
};

/* An IPv4 address that we advertise and, after ADDRESS_APPLY_DELAY, use (RFC 7788 6.4). */
struct own_ipv4 {
	uint32_t link;
	struct prefix prefix;
	struct ip ip;
	msec use_at;
};

/* Our interface identifier in this prefix is somebody else's already, so many times (RFC 7217 6). */
struct taken_address {
	uint32_t link;
	struct prefix prefix;
	uint32_t attempts;
};

/* What has changed and must be worked out again. */
enum {
	DIRTY_VIEW = 1 << 0,    /* the shared state or our links */
	DIRTY_PUBLISH = 1 << 1, /* what we publish */
	DIRTY_PLAN = 1 << 2,    /* what we must do */
};

/* Indices of what a router generates itself. */
enum { GENERATE_ULA, GENERATE_IPV4 };

struct router {
	char name[HNCP_NAME_MAX + 1];
	struct router_env env;
	unsigned dirty;
	msec now;  /* of the last input, so that work left over is due then and not before */
	msec next; /* when a lifetime or a delay of ours runs out */
	bool stopped;

	uint32_t node_id;
	uint8_t secret[ROUTER_SECRET_LEN]; /* of our interface identifiers (RFC 7217) */

	struct dncp *dncp;
	struct pa *pa;
	struct babel *babel;

	struct home_link *links[HOME_LINKS_MAX]; /* by index */
	size_t link_count;
	struct home_uplink uplinks[HOME_UPLINKS_MAX];
	size_t uplink_count;
	struct own_delegation own[HOME_OWN_MAX];
	size_t own_count;
	msec generate_at[2]; /* when we make a ULA or IPv4 prefix of our own unless another has; MSEC_NEVER: no need */
	struct prefix last[2];   /* the ULA and IPv4 prefix that the home had last; len 0: none yet */
	struct prefix seen[2];   /* those of others that are in use now, */
	struct prefix orphan[2]; /* those whose maker has vanished, */
	msec orphan_until[2];    /* and how long they go on without one */
	msec seen_since[2];      /* and since when */
	struct own_ipv4 ipv4[HOME_IPV4_MAX];
	size_t ipv4_count;
	struct taken_address taken[HOME_TAKEN_MAX];
	size_t taken_count;

	struct view view;
	struct plan plan;
	msec changed; /* when the plan last did, but for lifetimes */

	uint8_t *published; /* the node data as last given to DNCP, to see whether anything differs */
	size_t published_len;
	msec published_at;

	struct remembered *remembered; /* assignments from before the restart, by interface name */
	size_t remembered_count;
	struct state_digest *stored; /* what is on disk already, so that nothing is written twice */
};

/* The home_link of an interface index; NULL if it is not ours. */
struct home_link *router_link(const struct router *, uint32_t link);
/* True if the link is up and on the inside. */
bool home_link_is_inside(const struct home_link *);
void router_dirty(struct router *, unsigned what);
/* Tells Babel how things are on an endpoint link. */
void router_babel_link(struct router *, msec now, const struct home_link *);
/* The work loop must run at `at` at the latest. */
void router_wake(struct router *, msec at);

/* delegation.c */
void own_uplink_set(struct router *, msec now, const struct uplink *, bool gone);
/* Drops what has ended, makes or gives up generated prefixes; marks what that changes. Needs a fresh view. */
void own_update(struct router *, msec now);
/* The uplink through which packets from an own delegation leave now; NULL if there is none. */
const struct uplink *own_exit(const struct router *, const struct own_delegation *);

/* assign.c */
void assign_update(struct router *, msec now);

/* address.c */
/* Works out which IPv4 addresses we advertise; marks the publication if that changed. */
void address_update(struct router *, msec now);
/* Our address from an applied assignment; false if there is none that may be used yet. */
bool address_of(const struct router *, const struct pa_assignment *, msec now, struct ip *out);
/* The IPv6 address that names this node (RFC 7788 6.4); false if we have none. */
bool address_primary(const struct router *, struct ip *out, uint32_t *link);

/* publish.c */
/* Asks DNCP to republish if what we have to say differs from what was said. */
void publish_check(struct router *, msec now);
/* env->node_data of DNCP. */
void publish_write(void *ctx, msec now, struct cursor *out);

/* plan.c */
void plan_update(struct router *, msec now);
/* When an assignment's lifetimes end: with those of the delegated prefix it was made from. */
void plan_lifetimes(const struct router *, const struct pa_assignment *, msec *valid, msec *preferred);

/* advertise.c */
/* Brings the router advertisements of all links to what view and plan say. */
void advertise_update(struct router *, msec now);

/* state.c */
void state_free(struct router *);
/* Stores what has changed. */
void state_save(struct router *, msec now);
/* Tells prefix assignment and the advertisements of a new link what they had before the restart. */
void state_link(struct router *, msec now, struct home_link *);
/* Remembers what a link had that goes, for when an interface of its name comes back: under another index, perhaps. */
void state_link_gone(struct router *, msec now, const struct home_link *);

#endif
