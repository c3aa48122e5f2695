/* SPDX-License-Identifier: ISC */
/* The route table (RFC 8966 3.2.6): learning routes, choosing among them, and holding what is lost. */
#include "proto/babel/babel_internal.h"

#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------------- destinations */

struct destination *babel_destination_find(const struct babel *b, const struct babel_key *key)
{
	return MAP_ENTRY_OR_NULL(map_find(&b->destinations, key), struct destination, node);
}

static void on_destination(struct timer *t, msec now);

struct destination *babel_destination_get(struct babel *b, const struct babel_key *key)
{
	struct destination *d = babel_destination_find(b, key);

	if (d)
		return d;
	d = NEW(struct destination);
	d->babel = b;
	d->pub.key = *key;
	list_init(&d->routes);
	timer_init(&d->timer, on_destination);
	map_insert(&b->destinations, key, &d->node);
	return d;
}

void babel_destination_free(struct destination *d)
{
	ASSERT(list_empty(&d->routes));
	timer_clear(&d->babel->timers, &d->timer);
	map_remove(&d->babel->destinations, &d->node);
	free(d);
}

void babel_destination_tidy(struct destination *d)
{
	if (!d->own && !d->shown && list_empty(&d->routes))
		babel_destination_free(d);
}

/* ------------------------------------------------------------------------------------------------------ selection */

bool babel_route_feasible(const struct route *r)
{
	return babel_source_feasible(r->destination->babel, &r->destination->pub.key, r->router_id, r->seqno,
	                             r->announced);
}

/* The smoothed metric (RFC 8966 A.3): a pure function of time since the metric last changed, so that looking at it
 * often does not alter it. Halves its distance to the metric every half-life, in straight pieces. */
static uint32_t smoothed(const struct route *r, msec now)
{
	msec half = SMOOTH_HELLOS * r->neighbour->interface->conf.hello_interval, age = now - r->smooth_at;
	msec away = ((msec)r->smooth_from - r->metric) * 256;

	if (r->smooth_from == r->metric || age / half >= 16)
		return (uint32_t)r->metric * 256;
	for (; age >= half; age -= half)
		away /= 2;
	return (uint32_t)((msec)r->metric * 256 + away - away * age / half / 2);
}

/* Takes up a new metric; one that comes from or goes to infinity is no fluctuation. */
static void set_metric(struct route *r, msec now)
{
	uint32_t sum = (uint32_t)r->announced + r->neighbour->pub.cost; /* RFC 8966 3.5.2 */
	uint16_t metric = (uint16_t)MIN(sum, (uint32_t)BABEL_INFINITY);

	if (metric == r->metric)
		return;
	bool jump = metric == BABEL_INFINITY || r->metric == BABEL_INFINITY;
	r->smooth_from = jump ? metric : smoothed(r, now) / 256;
	r->smooth_at = now;
	r->metric = metric;
}

/* Whether `r` is to replace `chosen`, the selected route or a better one than that (RFC 8966 3.6, A.3). */
static bool better(const struct route *r, const struct route *chosen, bool hysteresis, msec now, bool *later)
{
	if (!chosen)
		return true;
	if (r->metric >= chosen->metric)
		return false;
	if (!hysteresis || smoothed(r, now) < smoothed(chosen, now))
		return true;
	*later = true;
	return false;
}

/* The best usable route: never one that is unfeasible or infinite, and another than the selected one only if it is
 * better now and on average. `later` is set if time alone may change the answer. */
static struct route *choose(struct destination *d, msec now, bool *later)
{
	struct route *chosen = d->selected && d->selected->metric != BABEL_INFINITY && babel_route_feasible(d->selected)
	                               ? d->selected
	                               : NULL;
	bool hysteresis = chosen != NULL;

	LIST_EACH (r, &d->routes, struct route, item)
		if (r->metric != BABEL_INFINITY && better(r, chosen, hysteresis, now, later) && babel_route_feasible(r))
			chosen = r;
	return chosen;
}

/* Whether packets go the same way; the metric may be another. */
static bool same_way(const struct babel_route *a, const struct babel_route *b)
{
	return (a->metric == BABEL_INFINITY) == (b->metric == BABEL_INFINITY) && a->link == b->link &&
	       ip_equal(&a->via, &b->via) && id_equal(a->router_id, b->router_id);
}

/* Shows what is selected to the outside; a lost route stays as unreachable (RFC 8966 3.5.4). */
static void publish(struct destination *d, msec now)
{
	struct babel *b = d->babel;
	const struct route *r = d->selected;
	struct babel_route pub = d->pub;

	if (r) {
		pub.metric = r->metric;
		pub.link = r->neighbour->pub.link;
		pub.via = r->via;
		memcpy(pub.router_id, r->router_id, ROUTER_ID_LEN);
	} else {
		pub.metric = BABEL_INFINITY;
	}
	bool show = !d->own && (r || d->shown || d->said.finite);
	bool same = show == d->shown && same_way(&pub, &d->pub);
	d->pub = pub;
	if (same)
		return;
	if (show && r)
		event_report(&b->env.events, EVENT(BABEL_SELECTED, .prefix = d->pub.key.dst, .from = d->pub.key.src,
		                                   .addr = pub.via, .link = pub.link, .count = pub.metric));
	else if (show) {
		event_report(&b->env.events, EVENT(BABEL_LOST, .prefix = d->pub.key.dst, .from = d->pub.key.src));
		timer_set(&b->timers, &d->timer, now + hold_time(UPDATE_HELLOS * HELLO_INTERVAL));
	}
	d->shown = show;
	b->changed = true;
}

void babel_destination_select(struct destination *d, msec now)
{
	bool later = false;

	d->selected = d->own ? NULL : choose(d, now, &later);
	if (d->own || d->selected)
		timer_set(&d->babel->timers, &d->timer, later ? now + SECOND : MSEC_NEVER);
	publish(d, now);
	babel_update_trigger(d, now);
	if (!d->own && !d->selected)
		babel_request_starved(d, now);
	babel_request_satisfied(d, now);
}

static void on_destination(struct timer *t, msec now)
{
	struct destination *d = CONTAINER_OF(t, struct destination, timer);

	if (d->own || d->selected) {
		babel_destination_select(d, now);
		return;
	}
	d->shown = false;
	d->babel->changed = true;
	babel_destination_tidy(d);
}

/* --------------------------------------------------------------------------------------------------------- routes */

static void route_free(struct route *r)
{
	struct neighbour *n = r->neighbour;
	struct babel *b = neighbour_babel(n);

	timer_clear(&b->timers, &r->timer);
	list_remove(&r->item);
	map_remove(&n->routes, &r->node);
	n->pub.routes--;
	b->routes--;
	if (r->destination->selected == r)
		r->destination->selected = NULL;
	free(r);
}

static void route_retract(struct route *r, msec now)
{
	r->announced = BABEL_INFINITY;
	set_metric(r, now);
	babel_destination_select(r->destination, now);
}

static void on_route(struct timer *t, msec now)
{
	struct route *r = CONTAINER_OF(t, struct route, timer);
	struct destination *d = r->destination;

	if (now >= r->expire_at) {
		/* RFC 8966 3.5.3: first to infinity, then away */
		if (r->announced != BABEL_INFINITY) {
			r->expire_at = now + r->hold;
			r->ask_at = MSEC_NEVER;
			timer_set(&d->babel->timers, t, r->expire_at);
			route_retract(r, now);
			return;
		}
		route_free(r);
		babel_destination_select(d, now);
		babel_destination_tidy(d);
		return;
	}
	if (now >= r->ask_at) {
		if (d->selected == r) /* RFC 8966 3.8.2.3 */
			babel_neighbour_tell(r->neighbour, now,
			                     &(struct message) { .type = TLV_ROUTE_REQUEST, .key = d->pub.key });
		r->ask_at = MSEC_NEVER;
	}
	timer_set(&d->babel->timers, t, MIN(r->ask_at, r->expire_at));
}

/* Addresses that are never routed (RFC 8966 appendix C), and are no next hops either but for link-local ones. */
static bool never_routed(const struct prefix *p)
{
	static const struct prefix never[] = {
		{ { { 0xff } }, 8 },                                              /* ff00::/8 */
		{ { { [15] = 1 } }, IP_BITS },                                    /* ::1 */
		{ { { 0 } }, IP_BITS },                                           /* :: */
		{ { { [10] = 0xff, [11] = 0xff, [12] = 127 } }, IP4_OFFSET + 8 }, /* 127.0.0.0/8 */
		{ { { [10] = 0xff, [11] = 0xff, [12] = 224 } }, IP4_OFFSET + 4 }, /* 224.0.0.0/4 */
		{ { { [10] = 0xff, [11] = 0xff } }, IP_BITS },                    /* 0.0.0.0 */
	};

	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (prefix_contains(&never[i], p))
			return true;
	return false;
}

/* Whether an update may be taken up: for what is routed, not source-specific IPv4, which the kernel cannot hold
 * (RFC 9079 4, RFC 9080 REQ4), and by way of somebody else than us. */
static bool update_acceptable(const struct neighbour *n, const struct message *m)
{
	const struct babel_interface_conf *conf = &n->interface->conf;
	const struct prefix hop = { m->addr, IP_BITS };

	if (never_routed(&m->key.dst) || (ip_is_linklocal(&m->key.dst.ip) && m->key.dst.len >= 10))
		return false;
	if (prefix_is_v4(&m->key.dst) && prefix_plain_len(&m->key.src))
		return false;
	if (m->metric == BABEL_INFINITY)
		return true;
	return !never_routed(&hop) && !ip_equal(&m->addr, &conf->linklocal) && !ip_equal(&m->addr, &conf->ipv4);
}

static struct route *route_new(struct neighbour *n, msec now, const struct babel_key *key)
{
	struct babel *b = neighbour_babel(n);

	if (b->routes >= LIMIT_ROUTES || n->routes.count >= LIMIT_ROUTES_OF_NEIGHBOUR) {
		babel_limit_reached(b, now, BABEL_COUNT_ROUTE_LIMIT, "routes", LIMIT_ROUTES);
		return NULL;
	}
	struct route *r = NEW(struct route);
	r->neighbour = n;
	r->destination = babel_destination_get(b, key);
	r->announced = r->metric = BABEL_INFINITY;
	r->requested_at = -MSEC_NEVER;
	timer_init(&r->timer, on_route);
	list_append(&r->destination->routes, &r->item);
	map_insert(&n->routes, key, &r->node);
	n->pub.routes++;
	b->routes++;
	return r;
}

static void set_expiry(struct route *r, msec now, uint16_t interval)
{
	msec every = from_centis(interval);

	r->hold = hold_time(every);
	r->expire_at = now + r->hold;
	r->ask_at = r->expire_at - every / 2;
	/* The timer finds out itself that it comes too early; it is moved only to come sooner. */
	timer_set_sooner(&r->destination->babel->timers, &r->timer, MIN(r->ask_at, r->expire_at));
}

/* A retraction: router-id, seqno and next hop mean nothing (RFC 8966 4.6.9). */
static void update_retraction(struct neighbour *n, msec now, const struct message *m)
{
	struct route *r = MAP_ENTRY_OR_NULL(map_find(&n->routes, &m->key), struct route, node);

	if (r && r->announced != BABEL_INFINITY)
		route_retract(r, now);
}

/* RFC 8966 3.5.3 */
void babel_route_update(struct neighbour *n, msec now, const struct message *m)
{
	struct babel *b = neighbour_babel(n);

	if (!update_acceptable(n, m)) {
		babel_count(b, BABEL_COUNT_BAD_TLV);
		return;
	}
	if (m->metric == BABEL_INFINITY) {
		update_retraction(n, now, m);
		return;
	}
	if (id_equal(m->router_id, b->router_id)) {
		babel_count(b, BABEL_COUNT_OWN_ECHO);
		update_retraction(n, now, m); /* whatever it said before, now it leads to us */
		return;
	}
	bool feasible = babel_source_feasible(b, &m->key, m->router_id, m->seqno, m->metric);
	struct route *r = MAP_ENTRY_OR_NULL(map_find(&n->routes, &m->key), struct route, node);
	if (!feasible) {
		babel_count(b, BABEL_COUNT_UNFEASIBLE);
		if (r && r->destination->selected == r && id_equal(r->router_id, m->router_id)) {
			/* It may be ignored, and the route used as it was, while a new seqno is asked for (3.8.2.2). */
			babel_request_for_unfeasible(r, now);
			return;
		}
	}
	if (!r && !(r = route_new(n, now, &m->key)))
		return;
	memcpy(r->router_id, m->router_id, ROUTER_ID_LEN);
	r->seqno = m->seqno;
	r->announced = m->metric;
	r->via = m->addr;
	set_expiry(r, now, m->interval);
	set_metric(r, now);
	babel_destination_select(r->destination, now);
	/* RFC 8966 3.8.2.2: also if it would be better than what we have */
	const struct route *selected = r->destination->selected;
	if (!feasible && !r->destination->own && r->metric != BABEL_INFINITY && selected &&
	    r->metric < selected->metric)
		babel_request_for_unfeasible(r, now);
}

void babel_route_retract_all(struct neighbour *n, msec now)
{
	MAP_EACH (r, &n->routes, struct route, node)
		if (r->announced != BABEL_INFINITY)
			route_retract(r, now);
}

void babel_routes_new_cost(struct neighbour *n, msec now)
{
	MAP_EACH (r, &n->routes, struct route, node) {
		set_metric(r, now);
		babel_destination_select(r->destination, now);
	}
}

void babel_routes_free(struct neighbour *n, msec now)
{
	bool stopped = neighbour_babel(n)->stopped;

	MAP_EACH_SAFE (r, &n->routes, struct route, node) {
		struct destination *d = r->destination;
		route_free(r);
		if (stopped)
			continue;
		babel_destination_select(d, now);
		babel_destination_tidy(d);
	}
}
