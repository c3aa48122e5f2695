/* SPDX-License-Identifier: ISC */
/* Writing router advertisements (RFC 4861 4.2), and noting what they told. */
#include "proto/ra/internal.h"

#include "base/cursor.h"

#include <string.h>

enum {
	OPTION_UNIT = 8,
	/* RFC 8200 5: every link carries 1,280 octets, 40 of which are the IPv6 header. */
	PACKET_SIZE = 1280 - 40,
};

struct writer {
	struct ra *ra;
	msec now;
	const struct ip *to;
	enum ra_content content;
	unsigned packets; /* begun */
	struct cursor c;
	uint8_t bytes[PACKET_SIZE];
};

static void put_header(struct writer *w)
{
	const struct ra_config *conf = &w->ra->conf;
	struct cursor *c = &w->c;
	bool is_default = conf->default_router && w->content == RA_CONTENT_ALL;
	unsigned flags = (conf->managed ? RA_FLAG_MANAGED : 0) | (conf->other ? RA_FLAG_OTHER : 0);

	/* RFC 4191 2.2: the preference is 0 if the router lifetime is. */
	if (is_default)
		flags |= (unsigned)conf->preference << RA_PREFERENCE_SHIFT;
	cursor_put_u8(c, RA_TYPE_ADVERTISEMENT);
	cursor_put_u8(c, 0);
	cursor_put_u16(c, 0); /* the checksum, which the kernel fills in */
	cursor_put_u8(c, RA_CUR_HOP_LIMIT);
	cursor_put_u8(c, (uint8_t)flags);
	cursor_put_u16(c, is_default ? RA_PREFERRED_LIMIT : 0); /* RFC 9096 3.4 */
	cursor_put_u32(c, 0);                                   /* reachable time and */
	cursor_put_u32(c, 0);                                   /* retransmission timer: not specified by us */
}

static void put_option(struct cursor *c, enum ra_option type, size_t size)
{
	cursor_put_u8(c, (uint8_t)type);
	cursor_put_u8(c, (uint8_t)(size / OPTION_UNIT));
}

/* Starts a packet. Every one has the source link-layer address and the MTU, since each may be all that a host gets. */
static void begin_packet(struct writer *w)
{
	static const uint8_t no_mac[6];
	const struct ra_config *conf = &w->ra->conf;

	w->packets++;
	w->c = cursor_writer(w->bytes, sizeof(w->bytes));
	put_header(w);
	if (memcmp(conf->mac, no_mac, sizeof(no_mac)) != 0) {
		put_option(&w->c, RA_OPTION_SOURCE_LINK_ADDRESS, OPTION_UNIT);
		cursor_put(&w->c, conf->mac, sizeof(conf->mac));
	}
	if (conf->mtu) {
		put_option(&w->c, RA_OPTION_MTU, OPTION_UNIT);
		cursor_put_u16(&w->c, 0);
		cursor_put_u32(&w->c, conf->mtu);
	}
}

static void end_packet(struct writer *w)
{
	struct ra *ra = w->ra;

	ASSERT(cursor_ok(&w->c));
	ra->counters[w->to ? RA_COUNT_TX_UNICAST : RA_COUNT_TX]++;
	ra->env.send(ra->env.ctx, ra->link, w->to, w->bytes, cursor_done(&w->c));
}

/* Sees to it that `size` octets can be written, in a further packet if need be (RFC 4861 6.2.3). False, and counted, if
 * there are too many already. */
static bool make_room(struct writer *w, size_t size)
{
	if (cursor_left(&w->c) >= size)
		return true;
	if (w->packets == RA_PACKETS_MAX) {
		w->ra->counters[RA_COUNT_TRUNCATED]++;
		return false;
	}
	end_packet(w);
	begin_packet(w);
	return true;
}

/* What lifetimes an item has in this advertisement. */
struct lifetimes {
	uint32_t valid;
	uint32_t preferred;
};

static bool is_withdrawn(const struct writer *w, const struct ra_item *i)
{
	return !i->configured || w->content == RA_CONTENT_LAST;
}

static struct lifetimes prefix_lifetimes(const struct writer *w, const struct ra_item *i)
{
	/* RFC 7084 L-13: of a withdrawn prefix the valid lifetime counts down from what hosts were told last. It is not
	 * extended, and hosts do not cut it short (RFC 4862 5.5.3 e: below 2 hours they ignore it). */
	if (is_withdrawn(w, i))
		return (struct lifetimes) { .valid = msec_lifetime(i->told_valid, w->now) };
	/* RFC 9096 3.3, 3.4: never past the ends, and capped. */
	uint32_t valid = MIN(msec_lifetime(i->prefix.valid_until, w->now), (uint32_t)RA_VALID_LIMIT);
	uint32_t preferred = MIN(msec_lifetime(i->prefix.preferred_until, w->now), (uint32_t)RA_PREFERRED_LIMIT);
	return (struct lifetimes) { .valid = valid, .preferred = MIN(preferred, valid) };
}

static struct lifetimes item_lifetimes(const struct writer *w, const struct ra_item *i)
{
	if (i->kind == RA_KIND_PREFIX)
		return prefix_lifetimes(w, i);
	if (is_withdrawn(w, i) || w->content != RA_CONTENT_ALL)
		return (struct lifetimes) { 0 };
	uint32_t lifetime = ra_items_lifetime(w->ra, w->now);
	if (i->kind == RA_KIND_ROUTE)
		lifetime = MIN(lifetime, msec_lifetime(i->prefix.valid_until, w->now));
	return (struct lifetimes) { .valid = lifetime };
}

/* Whether an item is mentioned at all. */
static bool is_due(const struct writer *w, const struct ra_item *i)
{
	if (i->kind == RA_KIND_PREFIX && w->content == RA_CONTENT_GOODBYE)
		return false;
	if ((i->kind == RA_KIND_DNS || i->kind == RA_KIND_NAME) && w->content == RA_CONTENT_GOODBYE)
		return i->kind == RA_KIND_DNS && w->ra->conf.dns_ours;
	if (!i->configured)
		return i->prefix.valid_until > w->now && i->quiet_until <= w->now;
	/* One that is over is mentioned as long as a host may hold it. */
	return i->prefix.valid_until > w->now || i->told_valid > w->now;
}

static void note_told(const struct writer *w, struct ra_item *i, struct lifetimes l)
{
	msec valid = w->now + (msec)l.valid * SECOND;

	i->told_valid = MAX(i->told_valid, valid);
	if (w->to)
		return;
	i->last_valid = valid;
	i->last_preferred = w->now + (msec)l.preferred * SECOND;
}

/* RFC 4861 4.6.2. RFC 7084 L-6: on-link always, autonomous where it can be. */
static void put_prefix(struct writer *w, struct ra_item *i)
{
	enum { SIZE = 32, ON_LINK = 0x80, AUTONOMOUS = 0x40 };
	struct lifetimes l = item_lifetimes(w, i);
	struct cursor *c = &w->c;

	if (!make_room(w, SIZE))
		return;
	put_option(c, RA_OPTION_PREFIX, SIZE);
	cursor_put_u8(c, i->prefix.prefix.len);
	cursor_put_u8(c, ON_LINK | (i->prefix.autonomous ? AUTONOMOUS : 0));
	cursor_put_u32(c, l.valid);
	cursor_put_u32(c, l.preferred);
	cursor_put_u32(c, 0);
	cursor_put(c, i->prefix.prefix.ip.b, sizeof(i->prefix.prefix.ip.b));
	note_told(w, i, l);
}

/* RFC 4191 2.3. */
static void put_route(struct writer *w, struct ra_item *i)
{
	const struct prefix *p = &i->prefix.prefix;
	size_t octets = p->len == 0 ? 0 : p->len <= 64 ? 8 : 16;
	struct lifetimes l = item_lifetimes(w, i);
	struct cursor *c = &w->c;

	if (!make_room(w, OPTION_UNIT + octets))
		return;
	put_option(c, RA_OPTION_ROUTE, OPTION_UNIT + octets);
	cursor_put_u8(c, p->len);
	cursor_put_u8(c, (uint8_t)((unsigned)i->preference << RA_PREFERENCE_SHIFT));
	cursor_put_u32(c, l.valid);
	cursor_put(c, p->ip.b, octets);
	note_told(w, i, l);
}

/* What a server or a name takes in its option. */
static size_t item_size(const struct ra_item *i)
{
	return i->kind == RA_KIND_DNS ? sizeof(i->prefix.prefix.ip.b) : i->name_len;
}

static size_t padded(size_t size)
{
	return (size + OPTION_UNIT - 1) / OPTION_UNIT * OPTION_UNIT;
}

/* RFC 8106 5: one RDNSS or DNSSL option for as many items from `first` on as have its lifetime and fit into the packet.
 * Returns the index after the last of them. */
static size_t put_shared(struct writer *w, size_t first, enum ra_option type)
{
	struct ra_item *at = w->ra->items.at;
	struct lifetimes l = item_lifetimes(w, &at[first]);
	size_t size = OPTION_UNIT + item_size(&at[first]);
	size_t end = first + 1;

	if (!make_room(w, padded(size)))
		return end;
	for (; end < w->ra->items.count && at[end].kind == at[first].kind && is_due(w, &at[end]); end++) {
		size_t larger = size + item_size(&at[end]);
		if (item_lifetimes(w, &at[end]).valid != l.valid || padded(larger) > cursor_left(&w->c))
			break;
		size = larger;
	}
	put_option(&w->c, type, padded(size));
	cursor_put_u16(&w->c, 0);
	cursor_put_u32(&w->c, l.valid);
	for (struct ra_item *i = &at[first]; i < &at[end]; i++) {
		cursor_put(&w->c, i->kind == RA_KIND_DNS ? i->prefix.prefix.ip.b : i->name, item_size(i));
		note_told(w, i, l);
	}
	cursor_put_zero(&w->c, padded(size) - size);
	return end;
}

/* The option of the item at index `i`, perhaps shared with those after it. Returns the index of the next. */
static size_t put_item(struct writer *w, size_t i)
{
	struct ra_item *item = &w->ra->items.at[i];

	switch (item->kind) {
	case RA_KIND_PREFIX:
		put_prefix(w, item);
		return i + 1;
	case RA_KIND_ROUTE:
		put_route(w, item);
		return i + 1;
	case RA_KIND_DNS:
		return put_shared(w, i, RA_OPTION_DNS_SERVER);
	default:
		return put_shared(w, i, RA_OPTION_DNS_SEARCH);
	}
}

void ra_advertise(struct ra *ra, msec now, const struct ip *to, enum ra_content content)
{
	struct writer w = { .ra = ra, .now = now, .to = to, .content = content };

	begin_packet(&w);
	for (size_t i = 0; i < ra->items.count;)
		i = is_due(&w, &ra->items.at[i]) ? put_item(&w, i) : i + 1;
	end_packet(&w);
}
