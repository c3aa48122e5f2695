/* SPDX-License-Identifier: ISC */
/* What the files of this folder share: the items that are advertised (items.c), how they are written (encode.c), and
 * when (ra.c). */
#ifndef HEARTH_PROTO_RA_INTERNAL_H
#define HEARTH_PROTO_RA_INTERNAL_H

#include "proto/ra/limits.h"
#include "proto/ra/ra.h"

/* ICMPv6 message types and options (RFC 4861 4, RFC 4191 2.3, RFC 8106 5). */
enum { RA_TYPE_SOLICITATION = 133, RA_TYPE_ADVERTISEMENT = 134 };

enum ra_option {
	RA_OPTION_SOURCE_LINK_ADDRESS = 1,
	RA_OPTION_PREFIX = 3,
	RA_OPTION_MTU = 5,
	RA_OPTION_ROUTE = 24,
	RA_OPTION_DNS_SERVER = 25,
	RA_OPTION_DNS_SEARCH = 31,
};

enum { RA_FLAG_MANAGED = 0x80, RA_FLAG_OTHER = 0x40, RA_PREFERENCE_SHIFT = 3 };

/* RFC 4291 2.1: what hosts are told to start their packets with; the current value of "Assigned Numbers". */
enum { RA_CUR_HOP_LIMIT = 64 };

/* RFC 9096 4: ND_PREFERRED_LIMIT and ND_VALID_LIMIT, seconds. */
enum { RA_PREFERRED_LIMIT = 2700, RA_VALID_LIMIT = 5400 };

/* RFC 7084 L-13, RFC 7788 11: how long a withdrawn prefix is advertised as deprecated, at most. */
#define RA_DEPRECATION ((msec)2 * HOUR)

/* Before any time: nobody was ever told. */
#define RA_NEVER_TOLD INT64_MIN

/* In the order in which they are written, so that what is left out for size is what hosts miss least. */
enum ra_kind { RA_KIND_PREFIX, RA_KIND_DNS, RA_KIND_NAME, RA_KIND_ROUTE, RA_KIND_COUNT };

/* One thing that hosts are told, and what they hold of it. */
struct ra_item {
	/* The prefix, or the route's, or the server as a /128, and its ends: as configured (a route has both alike,
	 * servers and names have none), and for a withdrawn one `valid_until` is how long that is advertised. */
	struct ra_prefix prefix;
	enum ra_kind kind;
	enum ra_preference preference; /* of a route */
	uint8_t *name;                 /* of a search domain: a label sequence, owned */
	size_t name_len;
	bool configured;  /* false: withdrawn */
	msec quiet_until; /* of a restored one: not mentioned before (RA_RESTORE_GRACE) */
	msec told_valid;  /* no host holds it for longer than this */
	msec last_valid;  /* what the last multicast said */
	msec last_preferred;
};

struct ra_items {
	struct ra_item *at; /* the configured ones first, in the order of the configuration */
	size_t count;
};

/* How much hosts must know of a change. */
enum ra_change {
	RA_SAME,
	RA_REFRESH, /* only lives longer: before half of what hosts hold is over */
	RA_NEWS,    /* at once, and repeated */
};

struct ra_pending {
	struct ip to;
	msec at;
};

struct ra {
	uint32_t link;
	struct ra_env env;
	bool advertising; /* has been configured and has not said goodbye */
	bool gone;
	struct ra_config conf; /* without its arrays: those are in `items` */
	struct ra_items items;
	msec last_multicast; /* RA_NEVER_TOLD before the first */
	msec next_multicast;
	unsigned initial_left; /* advertisements still to follow quickly (RFC 4861 6.2.4) */
	struct ra_pending pending[RA_ANSWERS_MAX];
	size_t pending_count;
	msec answers_since; /* the 3 seconds in which answers to single hosts are counted */
	unsigned answers;
	uint64_t counters[RA_COUNTER_COUNT];
};

/* Brings the items to the configuration; what is not in it any more becomes withdrawn. `refresh_at` is when a
 * RA_REFRESH is due. */
enum ra_change ra_items_configure(struct ra *, msec now, const struct ra_config *, msec *refresh_at);
void ra_items_restore(struct ra *, msec now, const struct prefix *, msec valid_until);
/* Forgets what is over. True if a restored prefix is now to be deprecated. */
bool ra_items_run(struct ra *, msec now);
msec ra_items_deadline(const struct ra *);
void ra_items_free(struct ra_items *);

/* Seconds that option lifetimes without an end of their own have (RFC 9096 3.4). */
uint32_t ra_items_lifetime(const struct ra *, msec now);

enum ra_content {
	RA_CONTENT_ALL,
	RA_CONTENT_GOODBYE, /* no default router, no routes, no servers of ours; prefixes not mentioned */
	RA_CONTENT_LAST,    /* as that, and every prefix deprecated, servers and names withdrawn */
};

/* Sends an advertisement to `to` (NULL: all nodes) in as many packets as it needs, and notes what was told. */
void ra_advertise(struct ra *, msec now, const struct ip *to, enum ra_content);

#endif
