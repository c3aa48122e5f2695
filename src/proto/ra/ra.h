/* SPDX-License-Identifier: ISC */
/* Router advertisements of one link (RFC 4861 6.2, RFC 4191, RFC 8106), driven by what the plan says. A pure core. */
#ifndef HEARTH_PROTO_RA_RA_H
#define HEARTH_PROTO_RA_RA_H

#include "base/event.h"
#include "base/ip.h"
#include "base/random.h"

enum ra_preference { RA_MEDIUM = 0, RA_HIGH = 1, RA_LOW = 3 }; /* RFC 4191 2.1, as on the wire */

/* Times are ends by our clock: what goes out counts down by itself. */
struct ra_prefix {
	struct prefix prefix;
	msec valid_until;
	msec preferred_until;
	bool autonomous; /* only where the prefix is a /64 */
};

struct ra_route {
	struct prefix prefix;
	enum ra_preference preference;
	msec until; /* MSEC_NEVER: as long as we advertise it, each time with the route lifetime below */
};

/* What to advertise. The arrays belong to the caller; ra_configure() copies them. */
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
	X(TRUNCATED, "options-left-out-for-size")

enum ra_counter {
#define X(name, text) RA_COUNT_##name,
	RA_COUNTERS(X)
#undef X
	        RA_COUNTER_COUNT
};

extern const char *const ra_counter_names[RA_COUNTER_COUNT];

struct ra;

/* Says nothing until it is configured. */
struct ra *ra_new(uint32_t link, const struct ra_env *);
void ra_free(struct ra *);

/* From now on this is true of the link. A prefix or default route that is no longer in it is advertised as deprecated
 * (preferred lifetime 0, valid lifetime what is left, at most 2 hours: RFC 7788 11, RFC 9096 L-13) until that has
 * passed. A change is advertised at once, within the rate limit of RFC 4861 6.2.4. */
void ra_configure(struct ra *, msec now, const struct ra_config *);

/* A prefix that was advertised before a restart and may still be in use: deprecated unless it is configured again. */
void ra_restore(struct ra *, msec now, const struct prefix *, msec valid_until);

/* The prefixes that hosts of this link may still hold (to be stored): NULL gives the first, NULL comes after the last.
 */
const struct ra_prefix *ra_prefix_next(const struct ra *, const struct ra_prefix *after);

/* A received ICMPv6 message with the IPv6 hop limit it came with. Only Router Solicitations matter. */
void ra_input(struct ra *, msec now, const struct ip *from, uint8_t hop_limit, const uint8_t *data, size_t len);
msec ra_deadline(const struct ra *);
void ra_run(struct ra *, msec now);

/* Says goodbye: router lifetime 0 (RFC 4861 6.2.5). Prefixes are not deprecated unless `last` says that no other router
 * serves the link: another router there carries on with them. Nothing is sent after it. */
void ra_goodbye(struct ra *, msec now, bool last);

uint64_t ra_counter(const struct ra *, enum ra_counter);

#endif
