/* SPDX-License-Identifier: ISC */
/* Router advertisements of one link (RFC 4861 6.2, RFC 4191, RFC 8106), driven by what the plan says. A pure core. */
#ifndef HEARTH_PROTO_RA_RA_H
#define HEARTH_PROTO_RA_RA_H

#include "base/event.h"
#include "base/ip.h"
#include "base/random.h"

enum ra_preference { RA_MEDIUM = 0, RA_HIGH = 1, RA_LOW = 3 }; /* RFC 4191 2.1, as on the wire */

/* Times are ends by our clock: what goes out counts down by itself, and is capped (RFC 9096 3.4: preferred 45 min,
 * valid 90 min), which every later advertisement extends. */
struct ra_prefix {
	struct prefix prefix;
	msec valid_until;
	msec preferred_until;
	bool autonomous; /* only where the prefix is a /64 */
};

struct ra_route {
	struct prefix prefix;
	enum ra_preference preference;
	msec until; /* MSEC_NEVER: as long as we advertise it */
};

/* What to advertise. The arrays belong to the caller; ra_configure() copies them. Of things named twice the first
 * counts; IPv4 prefixes, routes and servers are left out, as are search domains that are no label sequence. Limits:
 * limits.h. */
struct ra_config {
	bool default_router; /* false: router lifetime 0 (RFC 7788 11, G-4/G-5 relaxed) */
	enum ra_preference preference;
	bool managed;
	bool other;
	uint32_t mtu;   /* 0: no MTU option */
	uint8_t mac[6]; /* source link-layer address; all zeros: no option */
	const struct ra_prefix *prefixes;
	size_t prefix_count;
	const struct ra_route *routes;
	size_t route_count;
	const struct ip *dns;
	size_t dns_count;
	bool dns_ours;         /* the servers run on this router: they go when it says goodbye */
	const uint8_t *search; /* DNS label sequences, one after the other (RFC 8106 5.2), uncompressed */
	size_t search_len;
};

struct ra_env {
	void *ctx;
	struct random_source random;
	struct event_sink events;
	/* An ICMPv6 message without its checksum (the kernel fills it in), hop limit 255, from our link-local address;
	 * to ff02::1 if `to` is NULL. */
	void (*send)(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len);
};

#define RA_COUNTERS(X)                                                                                                 \
	X(TX, "sent")                                                                                                  \
	X(TX_UNICAST, "sent-unicast")                                                                                  \
	X(RS, "solicitations")                                                                                         \
	X(BAD_RS, "bad-solicitations")                                                                                 \
	X(RS_RATE, "solicitations-rate-limited")                                                                       \
	X(TRUNCATED, "options-left-out-for-size")                                                                      \
	X(BAD_RA, "bad-advertisements-of-others")                                                                      \
	X(INCONSISTENT, "advertisements-of-others-that-disagree")

enum ra_counter {
#define X(name, text) RA_COUNT_##name,
	RA_COUNTERS(X)
#undef X
	        RA_COUNTER_COUNT
};

extern const char *const ra_counter_names[RA_COUNTER_COUNT];

/* Unsolicited advertisements come after a random time between these (RFC 4861 6.2.1: the default maximum, and the
 * greatest minimum that this allows). That is just under 7 an hour, which RFC 7772 4 takes for what a sleeping
 * telephone can bear, and more than 4 in the router lifetime of 45 minutes. */
enum { RA_MAX_INTERVAL = 600 * SECOND, RA_MIN_INTERVAL = RA_MAX_INTERVAL / 4 * 3 };

/* How long a restored prefix has to be configured again before hosts are told that it is deprecated: a home that starts
 * needs a moment to find its uplinks, and hosts need not see its prefixes come and go for that. */
enum { RA_RESTORE_GRACE = 15 * SECOND };

struct ra;

/* Says nothing until it is configured. */
struct ra *ra_new(uint32_t link, const struct ra_env *);
void ra_free(struct ra *);

/* From now on this is true of the link. A prefix that is no longer in it is advertised as deprecated: preferred
 * lifetime 0, valid lifetime what hosts hold, for what is left of it but at most 2 hours (RFC 7788 11, RFC 7084 L-13,
 * RFC 9096 3.5); a route, server or search domain with lifetime 0 for as long as hosts may hold it. A change is
 * advertised at once, within the rate limit of RFC 4861 6.2.6, and twice more; a lifetime that is only extended when
 * half of what hosts hold is over, or with the next advertisement. */
void ra_configure(struct ra *, msec now, const struct ra_config *);

/* A prefix that was advertised before a restart and may still be in use: deprecated unless it is configured again
 * within RA_RESTORE_GRACE. `valid_until` is as ra_prefix_next() had it. */
void ra_restore(struct ra *, msec now, const struct prefix *, msec valid_until);

/* The prefixes that hosts of this link may still hold (to be stored), configured or withdrawn, until `valid_until`:
 * NULL gives the first, NULL comes after the last. Good until the next call that takes a time. */
const struct ra_prefix *ra_prefix_next(const struct ra *, const struct ra_prefix *after);

/* A received ICMPv6 message, its checksum verified, with the IPv6 hop limit it came with. Router Solicitations are
 * answered, Router Advertisements of others compared with ours (RFC 4861 6.2.7), anything else is ignored. */
void ra_input(struct ra *, msec now, const struct ip *from, uint8_t hop_limit, const uint8_t *data, size_t len);
msec ra_deadline(const struct ra *);
void ra_run(struct ra *, msec now);

/* Says goodbye: router and route lifetimes 0 (RFC 4861 6.2.5, RFC 4191 4), servers withdrawn if they are ours. Prefixes
 * are not deprecated, and other servers not withdrawn, unless `last` says that no other router serves the link: another
 * router there carries on with them. Sent from within this call; nothing is sent after it. */
void ra_goodbye(struct ra *, msec now, bool last);

uint64_t ra_counter(const struct ra *, enum ra_counter);

#endif
