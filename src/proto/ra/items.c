/* SPDX-License-Identifier: ISC */
/* What hosts are told: the things configured, and those withdrawn for as long as a host may hold them. */
#include "proto/ra/internal.h"

#include "base/cursor.h"

#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 63, NAME_MAX_LEN = 255 };

/* Ends that are worked out anew from lifetimes in seconds differ a little each time: less than this is no change. */
enum { SLACK = 5 * SECOND };

static const size_t kind_max[RA_KIND_COUNT] = {
	[RA_KIND_PREFIX] = RA_PREFIXES_MAX,
	[RA_KIND_DNS] = RA_SERVERS_MAX,
	[RA_KIND_NAME] = RA_NAMES_MAX,
	[RA_KIND_ROUTE] = RA_ROUTES_MAX,
};

static bool same_thing(const struct ra_item *a, const struct ra_item *b)
{
	return a->kind == b->kind && prefix_equal(&a->prefix.prefix, &b->prefix.prefix) && a->name_len == b->name_len &&
	       (!a->name_len || memcmp(a->name, b->name, a->name_len) == 0);
}

static struct ra_item *find(const struct ra_items *items, const struct ra_item *like)
{
	for (size_t i = 0; i < items->count; i++)
		if (same_thing(&items->at[i], like))
			return &items->at[i];
	return NULL;
}

static size_t count_kind(const struct ra_items *items, enum ra_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < items->count; i++)
		n += items->at[i].kind == kind;
	return n;
}

/* Adds `item`, whose name the list owns from now on. The items stay ordered by kind. */
static void append(struct ra_items *items, const struct ra_item *item)
{
	size_t i = items->count++;

	items->at = mem_resize(items->at, items->count, sizeof(*items->at));
	for (; i > 0 && items->at[i - 1].kind > item->kind; i--)
		items->at[i] = items->at[i - 1];
	items->at[i] = *item;
}

static void drop(struct ra_items *items, size_t i)
{
	free(items->at[i].name);
	items->count--;
	for (; i < items->count; i++)
		items->at[i] = items->at[i + 1];
}

void ra_items_free(struct ra_items *items)
{
	for (size_t i = 0; i < items->count; i++)
		free(items->at[i].name);
	free(items->at);
	*items = (struct ra_items) { 0 };
}

/* Sees to it that one more of `kind` fits, which is needed up to `until`: that costs the withdrawn one that ends
 * soonest, if it ends sooner. False if there is none. */
static bool make_room(struct ra_items *items, enum ra_kind kind, msec until)
{
	struct ra_item *soonest = NULL;

	if (count_kind(items, kind) < kind_max[kind])
		return true;
	for (size_t n = 0; n < items->count; n++) {
		struct ra_item *i = &items->at[n];
		if (i->kind == kind && !i->configured && i->prefix.valid_until < until) {
			soonest = i;
			until = i->prefix.valid_until;
		}
	}
	if (soonest)
		drop(items, (size_t)(soonest - items->at));
	return soonest;
}

/* The configuration being read: what is in it, and what changes by it. */
struct reading {
	struct ra *ra;
	msec now;
	struct ra_items items;
	enum ra_change change;
	msec refresh_at;
};

static void note(struct reading *r, enum ra_change change)
{
	r->change = MAX(r->change, change);
}

/* What hosts were told by the last multicast ends at `told`; it really ends at `until`. */
static void compare_end(struct reading *r, msec told, msec until)
{
	msec last = r->ra->last_multicast;

	if (told == RA_NEVER_TOLD || last == RA_NEVER_TOLD)
		return;
	if (msec_add(until, SLACK) < told || (told <= r->now && until > r->now)) {
		note(r, RA_NEWS);
	} else if (told + SLACK < until) {
		note(r, RA_REFRESH);
		r->refresh_at = MIN(r->refresh_at, last + (told - last) / 2);
	}
}

static void report_deprecated(const struct ra *ra, msec now, const struct ra_item *i)
{
	event_report(&ra->env.events, EVENT(RA_DEPRECATED, .link = ra->link, .prefix = i->prefix.prefix,
	                                    .count = msec_lifetime(i->prefix.valid_until, now)));
}

/* Takes one thing of the configuration. `item` has what identifies it and what the configuration says; what hosts hold
 * is taken over from before. Its name is copied. */
static void take(struct reading *r, struct ra_item item)
{
	struct ra_item *before = find(&r->ra->items, &item);

	if (find(&r->items, &item))
		return;
	if (!make_room(&r->items, item.kind, MSEC_NEVER)) {
		r->ra->counters[RA_COUNT_TRUNCATED]++;
		return;
	}
	item.configured = true;
	item.told_valid = before ? before->told_valid : RA_NEVER_TOLD;
	item.last_valid = before ? before->last_valid : RA_NEVER_TOLD;
	item.last_preferred = before ? before->last_preferred : RA_NEVER_TOLD;
	item.name = mem_copy(item.name, item.name_len);
	if (!before || !before->configured || before->preference != item.preference ||
	    before->prefix.autonomous != item.prefix.autonomous)
		note(r, RA_NEWS);
	if (before && before->configured && (item.kind == RA_KIND_PREFIX || item.kind == RA_KIND_ROUTE))
		compare_end(r, item.last_valid, item.prefix.valid_until);
	if (before && before->configured && item.kind == RA_KIND_PREFIX) {
		compare_end(r, item.last_preferred, item.prefix.preferred_until);
		if (item.prefix.preferred_until <= r->now && before->prefix.preferred_until > r->now)
			report_deprecated(r->ra, r->now, &item);
	}
	append(&r->items, &item);
}

static void take_prefixes(struct reading *r, const struct ra_config *conf)
{
	for (size_t i = 0; i < conf->prefix_count; i++) {
		struct ra_prefix p = conf->prefixes[i];
		/* RFC 4861 6.2.1: not the link-local prefix. RFC 4862 5.5.3 d: hosts make addresses of a /64 only. */
		if (prefix_is_v4(&p.prefix) || ip_is_linklocal(&p.prefix.ip))
			continue;
		p.autonomous &= p.prefix.len == 64;
		p.preferred_until = MIN(p.preferred_until, p.valid_until);
		take(r, (struct ra_item) { .kind = RA_KIND_PREFIX, .prefix = p });
	}
}

static void take_routes(struct reading *r, const struct ra_config *conf)
{
	for (size_t i = 0; i < conf->route_count; i++) {
		const struct ra_route *route = &conf->routes[i];
		if (prefix_is_v4(&route->prefix))
			continue;
		struct ra_prefix p = { .prefix = route->prefix,
			               .valid_until = route->until,
			               .preferred_until = route->until };
		take(r, (struct ra_item) { .kind = RA_KIND_ROUTE, .prefix = p, .preference = route->preference });
	}
}

static void take_servers(struct reading *r, const struct ra_config *conf)
{
	for (size_t i = 0; i < conf->dns_count; i++) {
		const struct ip *server = &conf->dns[i];
		/* RFC 8106 5.3.1: unicast addresses. */
		if (ip_is_v4(server) || ip_is_multicast(server) || ip_is_any(server))
			continue;
		struct ra_prefix p = { .prefix = prefix_make(server, IP_BITS),
			               .valid_until = MSEC_NEVER,
			               .preferred_until = MSEC_NEVER };
		take(r, (struct ra_item) { .kind = RA_KIND_DNS, .prefix = p });
	}
}

/* The next domain name of a run of label sequences (RFC 1035 3.1): its length, and its start in `name`. 0 at the end,
 * or if what comes is none. */
static size_t next_name(struct cursor *c, const uint8_t **name)
{
	size_t begun = cursor_done(c);
	uint8_t label;

	*name = c->at;
	while ((label = cursor_get_u8(c)) && label <= LABEL_MAX)
		cursor_skip(c, label);
	size_t len = cursor_done(c) - begun;
	return cursor_ok(c) && !label && len <= NAME_MAX_LEN ? len : 0;
}

static void take_names(struct reading *r, const struct ra_config *conf)
{
	struct cursor c = cursor_reader(conf->search, conf->search_len);
	struct ra_prefix p = { .valid_until = MSEC_NEVER, .preferred_until = MSEC_NEVER };
	const uint8_t *name;

	for (size_t len; cursor_left(&c) && (len = next_name(&c, &name));) {
		if (len == 1)
			continue; /* the root is padding (RFC 8106 5.2) */
		struct ra_item item = { .kind = RA_KIND_NAME, .prefix = p, .name_len = len };
		uint8_t copy[NAME_MAX_LEN];
		memcpy(copy, name, len);
		item.name = copy;
		take(r, item);
	}
}

/* From configured to withdrawn. False if no host ever heard of it, or all have forgotten it. */
static bool withdraw(const struct ra *ra, msec now, struct ra_item *i)
{
	i->configured = false;
	if (i->told_valid <= now)
		return false;
	msec end = i->told_valid;
	if (i->kind == RA_KIND_PREFIX) {
		/* RFC 7788 11: for the rest of its valid lifetime, at most 2 hours; RFC 9096 3.5: at least as long as
		 * hosts hold it, which is less. */
		end = MIN(MAX(i->prefix.valid_until, i->told_valid), now + RA_DEPRECATION);
		i->told_valid = MIN(i->told_valid, i->prefix.valid_until);
	}
	i->prefix.valid_until = end;
	i->prefix.preferred_until = MIN(i->prefix.preferred_until, now);
	if (i->kind == RA_KIND_PREFIX)
		report_deprecated(ra, now, i);
	return true;
}

/* What was there before and is not in the configuration is withdrawn from now on, or was before. */
static void keep_withdrawn(struct reading *r)
{
	struct ra_items *before = &r->ra->items;

	for (size_t n = 0; n < before->count; n++) {
		struct ra_item *i = &before->at[n];
		if (find(&r->items, i))
			continue;
		if (i->configured) {
			note(r, RA_NEWS);
			if (!withdraw(r->ra, r->now, i))
				continue;
		}
		if (!make_room(&r->items, i->kind, i->prefix.valid_until))
			continue;
		append(&r->items, i);
		i->name = NULL; /* it moved */
		i->name_len = 0;
	}
}

enum ra_change ra_items_configure(struct ra *ra, msec now, const struct ra_config *conf, msec *refresh_at)
{
	struct reading r = { .ra = ra, .now = now, .refresh_at = MSEC_NEVER };

	take_prefixes(&r, conf);
	take_servers(&r, conf);
	take_names(&r, conf);
	take_routes(&r, conf);
	keep_withdrawn(&r);
	ra_items_free(&ra->items);
	ra->items = r.items;
	*refresh_at = r.refresh_at;
	return r.change;
}

void ra_items_restore(struct ra *ra, msec now, const struct prefix *prefix, msec valid_until)
{
	struct ra_item item = {
		.kind = RA_KIND_PREFIX,
		.prefix = { .prefix = *prefix,
		            .valid_until = MIN(valid_until, now + RA_DEPRECATION),
		            .preferred_until = now,
		            .autonomous = prefix->len == 64 },
		.quiet_until = now + RA_RESTORE_GRACE,
		/* RFC 9096 3.5: what was advertised was capped, so hosts hold it no longer than this. */
		.told_valid = MIN(valid_until, now + (msec)RA_VALID_LIMIT * SECOND),
		.last_valid = RA_NEVER_TOLD,
		.last_preferred = RA_NEVER_TOLD,
	};

	if (valid_until <= now || prefix_is_v4(prefix) || find(&ra->items, &item) ||
	    !make_room(&ra->items, RA_KIND_PREFIX, item.prefix.valid_until))
		return;
	append(&ra->items, &item);
}

bool ra_items_run(struct ra *ra, msec now)
{
	bool news = false;

	for (size_t i = 0; i < ra->items.count;) {
		struct ra_item *item = &ra->items.at[i];
		if (!item->configured && item->prefix.valid_until <= now) {
			drop(&ra->items, i);
			continue;
		}
		if (!item->configured && item->quiet_until && item->quiet_until <= now) {
			item->quiet_until = 0;
			report_deprecated(ra, now, item);
			news = true;
		}
		i++;
	}
	return news;
}

msec ra_items_deadline(const struct ra *ra)
{
	msec at = MSEC_NEVER;

	for (size_t n = 0; n < ra->items.count; n++) {
		const struct ra_item *i = &ra->items.at[n];
		if (i->configured)
			continue;
		at = MIN(at, i->prefix.valid_until);
		if (i->quiet_until)
			at = MIN(at, i->quiet_until);
	}
	return at;
}

uint32_t ra_items_lifetime(const struct ra *ra, msec now)
{
	uint32_t longest = 0;
	bool any = false;

	/* RFC 9096 3.4: the longest that a prefix of ours has left; without prefixes there is nothing to outlive. */
	for (size_t n = 0; n < ra->items.count; n++) {
		const struct ra_item *i = &ra->items.at[n];
		if (i->kind != RA_KIND_PREFIX || !i->configured)
			continue;
		longest = MAX(longest, msec_lifetime(i->prefix.valid_until, now));
		any = true;
	}
	return any ? MIN(longest, (uint32_t)RA_VALID_LIMIT) : RA_VALID_LIMIT;
}
