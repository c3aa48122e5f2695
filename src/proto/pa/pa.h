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

/* RFC 7695 7 and 3 (Flooding Delay); all may be changed by tests and the simulator. random_set_size is at most
 * PA_RANDOM_SET_MAX. */
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
	uint8_t priority; /* advertised prefix priority for what we create or adopt here */
	uint8_t len6;     /* wanted prefix lengths, 0 = the rules of RFC 7788 6.3.2 (64; 24 for IPv4); as in */
	uint8_t len4;     /* struct prefix, so an IPv4 /24 is 120. If there is none so short, a longer one is made */
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
	/* There is no other node in the whole network (not: none has been heard of yet), so nothing can collide and
	 * everything is made and applied at once. Leave it false until others had time to be found. */
	bool alone;
	const struct pa_delegated *delegated;
	size_t delegated_count;
	const struct pa_link *links;
	size_t link_count;
	const struct pa_advertised *advertised;
	size_t advertised_count;
	/* Never to be assigned by us (DHCPv6 prefix exclude, RFC 6603); what is assigned there is given up. To tell the
	 * other nodes is the caller's (RFC 7788 6.2: an assigned prefix of a private link, priority 15). */
	const struct prefix *reserved;
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
	msec apply_at;  /* when it was or will be applied; MSEC_NEVER while it is being adopted */
};

/* What happened how often since pa_new(). */
#define PA_COUNTERS(X)                                                                                                 \
	X(CREATED, "created")                                                                                          \
	X(RESTORED, "restored")                                                                                        \
	X(TAKEN, "taken-from-neighbour")                                                                               \
	X(ADOPTED, "adopted")                                                                                          \
	X(LOST, "lost-to-another")                                                                                     \
	X(POOL_EMPTY, "pool-empty")                                                                                    \
	X(LIMIT_DELEGATED, "too-many-delegated")                                                                       \
	X(LIMIT_LINKS, "too-many-links")                                                                               \
	X(LIMIT_ADVERTISED, "too-many-advertised")                                                                     \
	X(LIMIT_RESERVED, "too-many-reserved")

enum pa_counter {
#define X(name, text) PA_COUNT_##name,
	PA_COUNTERS(X)
#undef X
	        PA_COUNTER_COUNT
};

extern const char *const pa_counter_names[PA_COUNTER_COUNT];

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

/* The world is now as `in` says. Everything in it is copied, and its order means nothing. Of delegated prefixes that
 * overlap the widest counts (RFC 7788 6.3.1). What is beyond limits.h is ignored, counted and reported. */
void pa_update(struct pa *, msec now, const struct pa_input *in);
msec pa_deadline(const struct pa *);
void pa_run(struct pa *, msec now);

/* A prefix that `link` had, applied, before (from storage): it gets it again, without the backoff delay and applied at
 * once, when it is free or a neighbour on the link advertises it. Prefixes that went with their delegated prefix or
 * link are remembered by themselves. Kept until it is used; at most PA_REMEMBERED_MAX a link and
 * PA_REMEMBERED_TOTAL_MAX in all, the oldest goes first. */
void pa_remember(struct pa *, uint32_t link, const struct prefix *);

/* The assignments by link and prefix: NULL gives the first, NULL comes after the last. */
const struct pa_assignment *pa_next(const struct pa *, const struct pa_assignment *after);

uint64_t pa_counter(const struct pa *, enum pa_counter);

#endif
