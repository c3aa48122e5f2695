/* SPDX-License-Identifier: ISC */
/* The prefixes that this router delegates to the home: those of its uplinks, and a ULA or private IPv4 prefix of its
 * own making where the home has none (RFC 7788 6.2, 6.5). */
#include <string.h>

#include "home/internal.h"

/* RFC 7788 6.5: creation is delayed by "a random time span between 0 and 10 seconds"; the first part of it is for those
 * who had the prefix before. */
#define GENERATE_DELAY ((msec)10 * SECOND)
#define GENERATE_REMEMBERED ((msec)2 * SECOND)

static bool same_delegation(const struct own_delegation *d, const char *uplink, const struct prefix *p)
{
	return d->kind == VIEW_ISP && strcmp(d->uplink, uplink) == 0 && prefix_equal(&d->prefix, p);
}

static void remove_own(struct router *r, size_t i)
{
	struct own_delegation *d = &r->own[i];

	event_report(&r->env.events, EVENT(HOME_WITHDRAWN, .prefix = d->prefix));
	memmove(d, d + 1, (--r->own_count - i) * sizeof(*d));
	router_dirty(r, DIRTY_PUBLISH | DIRTY_PLAN);
}

/* Room for one more: where there is none the stale delegation that ends first goes. NULL if all are live. */
static struct own_delegation *make_room(struct router *r)
{
	size_t victim = HOME_OWN_MAX;

	if (r->own_count < HOME_OWN_MAX)
		return &r->own[r->own_count++];
	for (size_t i = 0; i < r->own_count; i++)
		if (!r->own[i].live && (victim == HOME_OWN_MAX || r->own[i].valid_until < r->own[victim].valid_until))
			victim = i;
	if (victim == HOME_OWN_MAX)
		return NULL;
	remove_own(r, victim);
	return &r->own[r->own_count++];
}

static struct own_delegation *add_own(struct router *r, const struct prefix *p, enum view_kind kind, const char *uplink)
{
	struct own_delegation *d = make_room(r);

	if (!d)
		return NULL;
	*d = (struct own_delegation) { .prefix = *p, .kind = kind, .live = true };
	strcpy(d->uplink, uplink);
	router_dirty(r, DIRTY_PUBLISH | DIRTY_PLAN);
	return d;
}

/* The provider's last word on one prefix. */
static void take_prefix(struct router *r, msec now, const struct uplink *up, const struct uplink_prefix *p)
{
	struct own_delegation *d = NULL;

	for (size_t i = 0; i < r->own_count; i++) {
		if (!same_delegation(&r->own[i], up->name, &p->prefix))
			continue;
		if (p->valid_until <= now) { /* withdrawn in so many words */
			remove_own(r, i);
			return;
		}
		d = &r->own[i];
	}
	if (p->valid_until <= now || !prefix_is_delegable(&p->prefix))
		return;
	if (!d) {
		d = add_own(r, &p->prefix, VIEW_ISP, up->name);
		if (!d)
			return;
		event_report(&r->env.events, EVENT(HOME_DELEGATED, .link = up->link, .prefix = p->prefix,
		                                   .count = msec_lifetime(p->valid_until, now)));
	}
	d->valid_until = p->valid_until;
	d->preferred_until = MIN(p->preferred_until, p->valid_until);
	d->hold_until = 0;
	d->live = true;
}

/* Flash renumbering (RFC 8978, RFC 9096 3.3): what vanished unsaid is deprecated, and kept only as long as hosts would
 * keep it anyway. */
static void make_stale(struct router *r, msec now, struct own_delegation *d)
{
	d->live = false;
	d->hold_until = 0;
	d->preferred_until = MIN(d->preferred_until, now);
	d->valid_until = MIN(d->valid_until, now + HOME_STALE_MAX);
	router_dirty(r, DIRTY_PUBLISH | DIRTY_PLAN);
}

static bool uplink_has(const struct uplink *up, const struct prefix *p)
{
	for (size_t i = 0; i < up->prefix_count; i++)
		if (prefix_equal(&up->prefixes[i].prefix, p))
			return true;
	return false;
}

void own_uplink_set(struct router *r, msec now, const struct uplink *up, bool gone)
{
	for (size_t i = 0; i < r->own_count; i++) {
		struct own_delegation *d = &r->own[i];
		bool ours = d->kind == VIEW_ISP && strcmp(d->uplink, up->name) == 0;
		/* While its first word after a restart is not complete, what we hold for it stays. */
		if (ours && d->live && (gone || !uplink_has(up, &d->prefix)) && (gone || d->hold_until <= now))
			make_stale(r, now, d);
	}
	for (size_t i = 0; !gone && i < up->prefix_count; i++)
		take_prefix(r, now, up, &up->prefixes[i]);
	router_dirty(r, DIRTY_PUBLISH | DIRTY_PLAN);
}

const struct uplink *own_exit(const struct router *r, const struct own_delegation *d)
{
	if (d->kind != VIEW_ISP)
		return NULL;
	for (size_t i = 0; i < r->uplink_count; i++) {
		const struct home_uplink *u = &r->uplinks[i];
		if (strcmp(u->up.name, d->uplink) == 0 && !ip_is_any(&u->up.gateway6))
			return &u->up;
	}
	return NULL;
}

/* A prefix of that kind in the home which makes one of our own unnecessary, or NULL. Our own do not count. */
static const struct view_delegation *other_of_kind(const struct router *r, enum view_kind kind, msec now)
{
	for (size_t i = 0; i < r->view.delegation_count; i++) {
		const struct view_delegation *d = &r->view.delegations[i];
		if (d->kind == kind && d->node != r->view.net.self && d->preferred_until > now &&
		    view_prefix_is_enough(&d->prefix))
			return d;
	}
	return NULL;
}

static struct own_delegation *own_of_kind(struct router *r, enum view_kind kind, msec now)
{
	for (size_t i = 0; i < r->own_count; i++)
		if (r->own[i].kind == kind && r->own[i].preferred_until > now)
			return &r->own[i];
	return NULL;
}

/* RFC 4193 3.2: fd00::/8 and 40 random bits. */
static struct prefix random_ula(const struct router *r)
{
	struct ip ip = { { 0xfd } };
	uint64_t random = random_u64(&r->env.random);

	for (int i = 1; i <= 5; i++, random >>= 8)
		ip.b[i] = (uint8_t)random;
	return prefix_make(&ip, 48);
}

static bool uplink_uses(const struct router *r, const struct prefix *p)
{
	for (size_t i = 0; i < r->uplink_count; i++)
		for (size_t j = 0; j < r->uplinks[i].up.address_count; j++)
			if (prefix_has_ip(p, &r->uplinks[i].up.addresses[j]))
				return true;
	return false;
}

/* A /16 of 10.0.0.0/8; random, so that homes that are joined rarely have the same. */
static struct prefix random_ipv4(const struct router *r)
{
	struct prefix p;

	do {
		const uint8_t net[4] = { 10, (uint8_t)random_below(&r->env.random, 256), 0, 0 };
		const struct ip ip = ip_from_v4(net);
		p = prefix_make(&ip, IP4_OFFSET + 16);
	} while (uplink_uses(r, &p)); /* 256 to choose from, and uplinks have few addresses */
	return p;
}

/* The prefix that the home had last, so that a home that lost the router which made it, or restarted, keeps its
 * addresses (RFC 7788 6.5: "using the last non-deprecated ULA prefix"); else a new one. */
static struct prefix choose(const struct router *r, int what)
{
	if (r->last[what].len && !uplink_uses(r, &r->last[what]))
		return r->last[what];
	return what == GENERATE_ULA ? random_ula(r) : random_ipv4(r);
}

static void generate(struct router *r, int what)
{
	const struct prefix p = choose(r, what);
	struct own_delegation *d = NULL;

	for (size_t i = 0; i < r->own_count; i++)
		if (r->own[i].kind != VIEW_ISP && prefix_equal(&r->own[i].prefix, &p))
			d = &r->own[i]; /* it was given up for another's, which has gone */
	if (!d)
		d = add_own(r, &p, what == GENERATE_ULA ? VIEW_ULA : VIEW_IPV4, "");
	if (!d)
		return;
	d->valid_until = d->preferred_until = MSEC_NEVER;
	d->live = true;
	router_dirty(r, DIRTY_PUBLISH | DIRTY_PLAN);
	event_report(&r->env.events,
	             what == GENERATE_ULA ? EVENT(HOME_ULA, .prefix = p) : EVENT(HOME_IPV4, .prefix = p));
}

/* Ours and that of a greater node identifier are both there: ours goes (RFC 7788 6.5). Hosts keep addresses of a ULA
 * until they are told otherwise, so it is deprecated first; IPv4 has no such thing. */
static void give_up(struct router *r, msec now, struct own_delegation *own, const struct prefix *other)
{
	if (own->kind == VIEW_ULA && !prefix_equal(&own->prefix, other))
		make_stale(r, now, own);
	else
		remove_own(r, (size_t)(own - r->own));
}

/* Another's prefix becomes the home's last one by having been used for long. */
static void remember_other(struct router *r, msec now, int what, const struct prefix *p)
{
	if (!prefix_equal(&r->seen[what], p)) {
		r->seen[what] = *p;
		r->seen_since[what] = now;
	}
	msec at = r->seen_since[what] + HOME_ADOPTED;
	if (!r->last[what].len || at <= now)
		r->last[what] = *p;
	else
		router_wake(r, at);
}

/* The maker of the home's ULA or IPv4 prefix has vanished: nothing else has, so links and hosts keep what they have
 * from it until somebody, mostly with the same prefix, has taken over. */
static void keep_orphan(struct router *r, msec now, int what)
{
	const struct view_delegation d = {
		.prefix = r->orphan[what],
		.kind = what == GENERATE_ULA ? VIEW_ULA : VIEW_IPV4,
		.valid_until = r->orphan_until[what],
		.preferred_until = r->orphan_until[what],
		.assignable = true,
	};

	if (!d.prefix.len || d.valid_until <= now)
		return;
	view_delegation_add(&r->view, &d);
	router_wake(r, d.valid_until);
}

/* Who remembers the home's prefix comes before who would make a new one. */
static msec generate_delay(const struct router *r, int what)
{
	return r->last[what].len ? random_between(&r->env.random, 0, GENERATE_REMEMBERED)
	                         : random_between(&r->env.random, GENERATE_REMEMBERED, GENERATE_DELAY);
}

static void update_generated(struct router *r, msec now, int what)
{
	enum view_kind kind = what == GENERATE_ULA ? VIEW_ULA : VIEW_IPV4;
	const struct view_delegation *other = other_of_kind(r, kind, now);
	struct own_delegation *own = own_of_kind(r, kind, now);

	if (other) {
		remember_other(r, now, what, &other->prefix);
	} else if (r->seen[what].len) {
		r->orphan[what] = r->seen[what];
		r->orphan_until[what] = now + HOME_ORPHANED;
		r->seen[what] = (struct prefix) { 0 };
	}
	if (own && !other)
		r->last[what] = own->prefix;
	if (own || other) {
		r->generate_at[what] = MSEC_NEVER;
		if (own && other && other->node > r->view.net.self)
			give_up(r, now, own, &other->prefix);
		return;
	}
	keep_orphan(r, now, what);
	if (r->generate_at[what] == MSEC_NEVER)
		r->generate_at[what] = now + generate_delay(r, what);
	if (r->generate_at[what] <= now) {
		r->generate_at[what] = MSEC_NEVER;
		generate(r, what);
	}
	router_wake(r, r->generate_at[what]);
}

void own_update(struct router *r, msec now)
{
	for (size_t i = r->own_count; i-- > 0;) {
		struct own_delegation *d = &r->own[i];
		if (d->hold_until && d->hold_until <= now && d->live)
			make_stale(r, now, d);
		if (d->valid_until <= now) {
			remove_own(r, i);
			continue;
		}
		router_wake(r, d->valid_until);
		router_wake(r, d->preferred_until > now ? d->preferred_until : MSEC_NEVER);
		router_wake(r, d->hold_until ? d->hold_until : MSEC_NEVER);
	}
	update_generated(r, now, GENERATE_ULA);
	update_generated(r, now, GENERATE_IPV4);
}
