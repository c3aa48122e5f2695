/* SPDX-License-Identifier: ISC */
/* Distributed prefix assignment (RFC 7695) with the parameters that HNCP gives it (RFC 7788 6.3): from each delegated
 * prefix every link gets one prefix, agreed between all routers, none overlapping.
 *
 * The caller tells the whole of what it knows each time something changes; the core works out the difference. */
#ifndef HEARTH_PROTO_PA_PA_H
#define HEARTH_PROTO_PA_PA_H

#include "base/event.h"
#include "base/ip.h"
#include "base/random.h"

/* RFC 7788 6.3.1 and 10.3. */
enum { PA_PRIORITY_DEFAULT = 2, PA_PRIORITY_ADMIN = 8, PA_PRIORITY_PROVIDER = 15, PA_PRIORITY_MAX = 15 };

/* RFC 7695 5; all may be changed by tests and the simulator. */
struct pa_params {
	msec adopt_max_delay;
	msec backoff_max_delay;
	msec flooding_delay;
	unsigned random_set_size;
};

extern const struct pa_params PA_PARAMS_HNCP; /* 0, 4 s, 5 s, 64 */

struct pa_delegated {
	struct prefix prefix;
	bool creatable; /* making a new assignment from it is desired (RFC 7788 6.3.2) */
};

struct pa_link {
	uint32_t id;      /* not 0; unique among links of both kinds */
	bool is_private;  /* a private link: no other node has a say in it (RFC 7695 2) */
	bool alone;       /* no other node is on this shared link, so nobody there can choose at the same time */
	uint8_t priority; /* advertised prefix priority for what we create here */
	uint8_t len6;     /* wanted prefix lengths, 0 = the rules of RFC 7788 6.3.2 (64; 24 for IPv4); as in */
	uint8_t len4;     /* struct prefix, so an IPv4 /24 is 120 */
};

/* An assignment that another node advertises. */
struct pa_advertised {
	uint32_t node;
	struct prefix prefix;
	uint8_t priority;
	uint32_t link; /* our shared link which it is on; 0 if it is on none of ours */
};

struct pa_input {
	uint32_t node; /* our own identifier */
	const struct pa_delegated *delegated;
	size_t delegated_count;
	const struct pa_link *links;
	size_t link_count;
	const struct pa_advertised *advertised;
	size_t advertised_count;
	const struct prefix *reserved; /* never to be assigned (DHCPv6 prefix exclude, RFC 6603) */
	size_t reserved_count;
};

/* One assigned prefix of one of our links. Read only. */
struct pa_assignment {
	uint32_t link;
	struct prefix delegated; /* the delegated prefix it comes from */
	struct prefix prefix;
	uint8_t priority;
	bool published; /* we advertise it (else another node on the link does) */
	bool applied;   /* the flooding delay has passed: it may be used */
	msec since;     /* when it was assigned */
	msec apply_at;  /* when it was or will be applied */
};

struct pa_env {
	void *ctx;
	struct random_source random;
	struct event_sink events;
	/* An assignment came, went, or changed. Never called from within pa_update()/pa_run() of the middle of a
	 * change: once, at its end. Must not call back except for reading. */
	void (*changed)(void *ctx);
};

struct pa;

struct pa *pa_new(const struct pa_params *, const struct pa_env *);
void pa_free(struct pa *);

/* The world is now as `in` says. Everything in it is copied. Delegated prefixes must not overlap each other; what does
 * is ignored, except for the widest (RFC 7788 6.3.1). */
void pa_update(struct pa *, msec now, const struct pa_input *in);
msec pa_deadline(const struct pa *);
void pa_run(struct pa *, msec now);

/* A prefix that `link` had before (from storage): preferred for that link when a new assignment is made and it is free,
 * and then made without the backoff delay. Kept until it is used or forgotten; at most PA_REMEMBERED_MAX a link, the
 * oldest goes first. */
void pa_remember(struct pa *, uint32_t link, const struct prefix *);

/* The assignments by link and prefix: NULL gives the first, NULL comes after the last. */
const struct pa_assignment *pa_next(const struct pa *, const struct pa_assignment *after);

#endif
