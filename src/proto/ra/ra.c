/* SPDX-License-Identifier: ISC */
/* When router advertisements are sent (RFC 4861 6.2), and what of others is read. */
#include "proto/ra/internal.h"

#include "base/cursor.h"

#include <stdlib.h>
#include <string.h>

/* RFC 4861 10. */
enum {
	MAX_INITIAL_RTR_ADVERT_INTERVAL = 16 * SECOND,
	MAX_INITIAL_RTR_ADVERTISEMENTS = 3,
	MIN_DELAY_BETWEEN_RAS = 3 * SECOND,
	MAX_RA_DELAY_TIME = SECOND / 2,
};

enum { HOP_LIMIT = 255, OPTION_UNIT = 8 };

const char *const ra_counter_names[RA_COUNTER_COUNT] = {
#define X(name, text) [RA_COUNT_##name] = text,
	RA_COUNTERS(X)
#undef X
};

struct ra *ra_new(uint32_t link, const struct ra_env *env)
{
	struct ra *ra = NEW(struct ra);

	ra->link = link;
	ra->env = *env;
	ra->last_multicast = RA_NEVER_TOLD;
	ra->answers_since = RA_NEVER_TOLD;
	ra->next_multicast = MSEC_NEVER;
	return ra;
}

void ra_free(struct ra *ra)
{
	if (!ra)
		return;
	ra_items_free(&ra->items);
	free(ra);
}

/* RFC 4861 6.2.6: multicast advertisements are at least MIN_DELAY_BETWEEN_RAS apart. */
static void schedule(struct ra *ra, msec at)
{
	ra->next_multicast = MIN(ra->next_multicast, MAX(at, ra->last_multicast + MIN_DELAY_BETWEEN_RAS));
}

/* Something that hosts should know (RFC 4861 6.2.4): now, and again soon as when an interface starts to advertise. */
static void announce(struct ra *ra, msec now)
{
	ra->initial_left = MAX_INITIAL_RTR_ADVERTISEMENTS;
	schedule(ra, now);
}

static bool head_differs(const struct ra_config *a, const struct ra_config *b)
{
	return a->default_router != b->default_router || (a->default_router && a->preference != b->preference) ||
	       a->managed != b->managed || a->other != b->other || a->mtu != b->mtu ||
	       memcmp(a->mac, b->mac, sizeof(a->mac)) != 0;
}

void ra_configure(struct ra *ra, msec now, const struct ra_config *conf)
{
	msec refresh_at;

	if (ra->gone)
		return;
	bool news = !ra->advertising || head_differs(&ra->conf, conf);
	enum ra_change change = ra_items_configure(ra, now, conf, &refresh_at);
	ra->conf = *conf;
	ra->conf.prefixes = NULL;
	ra->conf.routes = NULL;
	ra->conf.dns = NULL;
	ra->conf.search = NULL;
	ra->advertising = true;
	if (news || change == RA_NEWS)
		announce(ra, now);
	else if (change == RA_REFRESH)
		schedule(ra, MAX(now, refresh_at));
}

void ra_restore(struct ra *ra, msec now, const struct prefix *prefix, msec valid_until)
{
	if (!ra->gone)
		ra_items_restore(ra, now, prefix, valid_until);
}

const struct ra_prefix *ra_prefix_next(const struct ra *ra, const struct ra_prefix *after)
{
	bool found = !after;

	for (size_t n = 0; n < ra->items.count; n++) {
		const struct ra_item *i = &ra->items.at[n];
		if (found && i->kind == RA_KIND_PREFIX)
			return &i->prefix;
		found |= &i->prefix == after;
	}
	return NULL;
}

static void advertise_to_all(struct ra *ra, msec now)
{
	ra_advertise(ra, now, NULL, RA_CONTENT_ALL);
	ra->pending_count = 0; /* who waited has heard it */
	ra->last_multicast = now;
	/* RFC 4861 6.2.4. */
	msec interval = random_between(&ra->env.random, RA_MIN_INTERVAL, RA_MAX_INTERVAL);
	if (ra->initial_left)
		ra->initial_left--;
	if (ra->initial_left)
		interval = MIN(interval, (msec)MAX_INITIAL_RTR_ADVERT_INTERVAL);
	ra->next_multicast = now + interval;
}

static void answer_pending(struct ra *ra, msec now)
{
	for (size_t i = 0; i < ra->pending_count;) {
		struct ra_pending *p = &ra->pending[i];
		if (p->at > now) {
			i++;
			continue;
		}
		ra_advertise(ra, now, &p->to, RA_CONTENT_ALL);
		*p = ra->pending[--ra->pending_count];
	}
}

void ra_run(struct ra *ra, msec now)
{
	bool news = ra_items_run(ra, now);

	if (!ra->advertising)
		return;
	if (news)
		announce(ra, now);
	if (ra->next_multicast <= now)
		advertise_to_all(ra, now);
	answer_pending(ra, now);
}

msec ra_deadline(const struct ra *ra)
{
	if (ra->gone)
		return MSEC_NEVER;
	msec at = MIN(ra->next_multicast, ra_items_deadline(ra));
	for (size_t i = 0; i < ra->pending_count; i++)
		at = MIN(at, ra->pending[i].at);
	return at;
}

/* Reads the options of a solicitation or advertisement. False if they are no whole options (RFC 4861 6.1.1, 6.1.2). */
static bool read_options(struct cursor *c, bool *link_address, uint32_t *mtu)
{
	*link_address = false;
	*mtu = 0;
	while (cursor_left(c)) {
		uint8_t type = cursor_get_u8(c);
		size_t units = cursor_get_u8(c);
		if (!units)
			return false;
		struct cursor value = cursor_sub(c, units * OPTION_UNIT - 2);
		if (type == RA_OPTION_SOURCE_LINK_ADDRESS)
			*link_address = true;
		if (type == RA_OPTION_MTU && units == 1) {
			cursor_skip(&value, 2);
			*mtu = cursor_get_u32(&value);
		}
	}
	return cursor_ok(c);
}

/* RFC 4861 6.1.1. The checksum was the kernel's business. */
static bool solicitation_is_valid(const struct ip *from, uint8_t hop_limit, struct cursor *c, bool *link_address)
{
	uint32_t mtu;
	uint8_t code = cursor_get_u8(c);

	cursor_skip(c, 2 + 4); /* checksum, reserved */
	if (!cursor_ok(c) || hop_limit != HOP_LIMIT || code != 0 || ip_is_multicast(from) || ip_is_v4(from))
		return false;
	if (!read_options(c, link_address, &mtu))
		return false;
	return !ip_is_any(from) || !*link_address;
}

static bool is_pending(const struct ra *ra, const struct ip *from)
{
	for (size_t i = 0; i < ra->pending_count; i++)
		if (ip_equal(&ra->pending[i].to, from))
			return true;
	return false;
}

/* Whether one more answer to a single host is within the limit; counts it if so. */
static bool may_answer_alone(struct ra *ra, msec now)
{
	if (now >= ra->answers_since + MIN_DELAY_BETWEEN_RAS) {
		ra->answers_since = now;
		ra->answers = 0;
	}
	if (ra->answers == RA_ANSWERS_MAX || ra->pending_count == RA_ANSWERS_MAX) {
		ra->counters[RA_COUNT_RS_RATE]++;
		return false;
	}
	ra->answers++;
	return true;
}

/* RFC 4861 6.2.6, with a unicast answer where RFC 7772 5.1 recommends it. */
static void answer(struct ra *ra, msec now, const struct ip *from, bool link_address)
{
	msec delay = random_below(&ra->env.random, MAX_RA_DELAY_TIME + 1);

	if (!ip_is_any(from) && link_address) {
		if (is_pending(ra, from))
			return; /* the delay counts from the first */
		if (may_answer_alone(ra, now)) {
			ra->pending[ra->pending_count++] = (struct ra_pending) { .to = *from, .at = now + delay };
			return;
		}
	}
	schedule(ra, MAX(now, ra->last_multicast + MIN_DELAY_BETWEEN_RAS) + delay);
}

static void solicitation(struct ra *ra, msec now, const struct ip *from, uint8_t hop_limit, struct cursor *c)
{
	bool link_address;

	ra->counters[RA_COUNT_RS]++;
	if (!solicitation_is_valid(from, hop_limit, c, &link_address))
		ra->counters[RA_COUNT_BAD_RS]++;
	else if (ra->advertising)
		answer(ra, now, from, link_address);
}

/* RFC 4861 6.1.2, 6.2.7. Lifetimes are not compared: every router caps and counts them down on its own. */
static void advertisement(struct ra *ra, const struct ip *from, uint8_t hop_limit, struct cursor *c)
{
	enum { FLAGS = RA_FLAG_MANAGED | RA_FLAG_OTHER };
	const struct ra_config *conf = &ra->conf;
	bool link_address;
	uint32_t mtu;
	uint8_t code = cursor_get_u8(c);

	cursor_skip(c, 2);
	uint8_t cur_hop_limit = cursor_get_u8(c);
	uint8_t flags = cursor_get_u8(c) & FLAGS;
	cursor_skip(c, 2 + 4 + 4); /* router lifetime; reachable time and retransmission timer, which we leave open */
	if (!cursor_ok(c) || hop_limit != HOP_LIMIT || code != 0 || !ip_is_linklocal(from) ||
	    !read_options(c, &link_address, &mtu)) {
		ra->counters[RA_COUNT_BAD_RA]++;
		return;
	}
	if (!ra->advertising)
		return;
	unsigned ours = (conf->managed ? RA_FLAG_MANAGED : 0) | (conf->other ? RA_FLAG_OTHER : 0);
	if ((cur_hop_limit && cur_hop_limit != RA_CUR_HOP_LIMIT) || flags != ours ||
	    (mtu && conf->mtu && mtu != conf->mtu))
		ra->counters[RA_COUNT_INCONSISTENT]++;
}

void ra_input(struct ra *ra, msec now, const struct ip *from, uint8_t hop_limit, const uint8_t *data, size_t len)
{
	struct cursor c = cursor_reader(data, len);
	uint8_t type = cursor_get_u8(&c);

	if (type == RA_TYPE_SOLICITATION)
		solicitation(ra, now, from, hop_limit, &c);
	else if (type == RA_TYPE_ADVERTISEMENT)
		advertisement(ra, from, hop_limit, &c);
}

void ra_goodbye(struct ra *ra, msec now, bool last)
{
	if (ra->advertising)
		/* At once even if the last one was less than MIN_DELAY_BETWEEN_RAS ago: one that waits would not be
		 * sent at all, and hosts would keep a router that is gone. */
		ra_advertise(ra, now, NULL, last ? RA_CONTENT_LAST : RA_CONTENT_GOODBYE);
	ra->advertising = false;
	ra->gone = true;
	ra->pending_count = 0;
	ra->next_multicast = MSEC_NEVER;
}

uint64_t ra_counter(const struct ra *ra, enum ra_counter counter)
{
	ASSERT(counter < RA_COUNTER_COUNT);
	return ra->counters[counter];
}
