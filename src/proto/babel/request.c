/* SPDX-License-Identifier: ISC */
/* Seqno requests (RFC 8966 3.2.7, 3.8): asking for routes that are not feasible, and passing on what others ask. */
#include "proto/babel/babel_internal.h"

#include <stdlib.h>
#include <string.h>

static struct source_key make_key(const struct babel_key *key, const uint8_t *router_id)
{
	struct source_key k = { .key = *key };

	memcpy(k.router_id, router_id, ROUTER_ID_LEN);
	return k;
}

static void send_request(struct neighbour *n, msec now, const struct source_key *key, uint16_t seqno, uint8_t hops)
{
	struct message m = { .type = TLV_SEQNO_REQUEST, .key = key->key, .seqno = seqno, .hop_count = hops };

	memcpy(m.router_id, key->router_id, ROUTER_ID_LEN);
	babel_neighbour_tell(n, now, &m);
	babel_count(neighbour_babel(n), BABEL_COUNT_SEQNO_REQUESTS);
}

void babel_request_free(struct request *r)
{
	timer_clear(&r->babel->timers, &r->timer);
	map_remove(&r->babel->requests, &r->node);
	free(r);
}

static struct request *request_find(const struct babel *b, const struct source_key *key)
{
	return MAP_ENTRY_OR_NULL(map_find(&b->requests, key), struct request, node);
}

static void ask_along(struct route *route, const struct request *r, msec now)
{
	route->requested_at = now;
	route->requested_seqno = route->seqno;
	send_request(route->neighbour, now, &r->key, r->seqno, REQUEST_HOPS);
}

/* Asks every neighbour that announces a route from this source (RFC 8966 3.8.2.1: SHOULD be all of them). */
static void ask(struct request *r, msec now)
{
	struct destination *d = babel_destination_find(r->babel, &r->key.key);

	if (!d)
		return;
	LIST_EACH (route, &d->routes, struct route, item)
		if (route->metric != BABEL_INFINITY && id_equal(route->router_id, r->key.router_id))
			ask_along(route, r, now);
}

static void on_request(struct timer *t, msec now)
{
	struct request *r = CONTAINER_OF(t, struct request, timer);

	if (!r->own || !r->sends) {
		babel_request_free(r);
		return;
	}
	/* RFC 8966 3.8.2.1 and appendix B: again, after twice the time */
	r->sends--;
	r->timeout *= 2;
	r->quiet_until = now + REQUEST_QUIET;
	timer_set(&r->babel->timers, t, now + r->timeout);
	ask(r, now);
}

/* A pending request for that, new or there already. NULL if there are too many. */
static struct request *request_get(struct babel *b, msec now, const struct source_key *key)
{
	struct request *r = request_find(b, key);

	if (r)
		return r;
	if (b->requests.count >= LIMIT_REQUESTS) {
		babel_limit_reached(b, now, BABEL_COUNT_ROUTE_LIMIT, "requests", LIMIT_REQUESTS);
		return NULL;
	}
	r = NEW(struct request);
	r->babel = b;
	r->key = *key;
	timer_init(&r->timer, on_request);
	map_insert(&b->requests, key, &r->node);
	return r;
}

/* Starts asking for `seqno` of a source. False if that is under way already. */
static bool start(struct babel *b, msec now, const struct source_key *key, uint16_t seqno, struct request **out)
{
	struct request *r = request_get(b, now, key);

	if (!r || (r->own && !seqno_less(r->seqno, seqno)))
		return false;
	r->seqno = seqno;
	r->own = true;
	r->sends = REQUEST_SENDS - 1;
	r->since = now;
	r->timeout = REQUEST_TIMEOUT;
	r->quiet_until = now + REQUEST_QUIET;
	timer_set(&b->timers, &r->timer, now + r->timeout);
	*out = r;
	return true;
}

/* What to ask for: one more than what we know of (RFC 8966 3.8.2.1). */
static uint16_t wanted_seqno(const struct route *r)
{
	const struct source *s = babel_source_find(r->destination->babel, &r->destination->pub.key, r->router_id);

	return (uint16_t)((s ? s->seqno : r->seqno) + 1);
}

/* Whether to ask along a route again before the time: because the neighbour came later, and may be the only way to the
 * source; or since it answered, but not far enough. The source has come back then with a seqno that is behind, and
 * takes one step for each request (RFC 8966 3.8.1.2). */
static bool fresh(const struct route *route, const struct request *r)
{
	return route->requested_at < r->since || route->requested_seqno != route->seqno;
}

void babel_request_starved(struct destination *d, msec now)
{
	bool starved = false;

	/* Each unfeasible route has its own source; asking for another one would be answered with what we have. */
	LIST_EACH (route, &d->routes, struct route, item) {
		struct source_key key = make_key(&d->pub.key, route->router_id);
		struct request *r;
		if (route->metric == BABEL_INFINITY)
			continue;
		if (start(d->babel, now, &key, wanted_seqno(route), &r)) {
			starved = true;
			ask(r, now);
		} else if ((r = request_find(d->babel, &key)) && r->own && fresh(route, r)) {
			ask_along(route, r, now);
		}
	}
	if (starved)
		event_report(&d->babel->env.events,
		             EVENT(BABEL_STARVED, .prefix = d->pub.key.dst, .from = d->pub.key.src));
}

void babel_request_for_unfeasible(struct route *route, msec now)
{
	struct destination *d = route->destination;
	struct source_key key = make_key(&d->pub.key, route->router_id);
	uint16_t seqno = wanted_seqno(route);
	struct request *r;

	if (start(d->babel, now, &key, seqno, &r))
		ask_along(route, r, now);
}

/* Whether what we announce answers the request (RFC 8966 3.8.1.2). */
static bool answers(const struct advert *a, const uint8_t *router_id, uint16_t seqno)
{
	return a->finite && (!id_equal(a->router_id, router_id) || !seqno_less(a->seqno, seqno));
}

void babel_request_satisfied(struct destination *d, msec now)
{
	struct babel *b = d->babel;

	if (!b->requests.count)
		return;
	struct advert a = babel_destination_advert(d);
	struct source_key from = { .key = d->pub.key };
	struct map_node *node = map_find_from(&b->requests, &from);

	while (node) {
		struct request *r = MAP_ENTRY(node, struct request, node);
		if (babel_key_compare(&r->key.key, &d->pub.key))
			return;
		node = map_next(node);
		/* What we want ourselves is a feasible route from that source, or any when we had none. */
		if (!answers(&a, r->key.router_id, r->seqno))
			continue;
		struct interface *i = r->for_link ? babel_interface_find(b, r->for_link) : NULL;
		if (i)
			babel_update_answer(i, now, &d->pub.key); /* 3.8.1.2: as an urgent TLV */
		babel_request_free(r);
	}
}

/* The neighbour to pass a request on to: the next hop of a feasible route, or of any, but not who asks. */
static struct neighbour *forward_to(struct destination *d, const struct neighbour *asker)
{
	struct route *feasible = NULL, *any = NULL;

	LIST_EACH (r, &d->routes, struct route, item) {
		if (r->neighbour == asker || r->metric == BABEL_INFINITY)
			continue;
		struct route **best = babel_route_feasible(r) ? &feasible : &any;
		if (!*best || r->metric < (*best)->metric)
			*best = r;
	}
	return feasible ? feasible->neighbour : any ? any->neighbour : NULL;
}

static void forward(struct destination *d, struct neighbour *asker, msec now, const struct message *m)
{
	struct babel *b = d->babel;
	struct source_key key = make_key(&m->key, m->router_id);
	struct neighbour *to = forward_to(d, asker);
	struct request *r = request_find(b, &key);

	/* RFC 8966 3.8.1.2: not if it is redundant */
	if (r && !seqno_less(r->seqno, m->seqno) && now < r->quiet_until) {
		r->for_link = asker->interface->link;
		return;
	}
	if (!to || !(r = request_get(b, now, &key)))
		return;
	if (!r->own || seqno_less(r->seqno, m->seqno)) {
		r->seqno = m->seqno;
		timer_set(&b->timers, &r->timer, now + REQUEST_MEMORY);
		r->own = false;
	}
	r->for_link = asker->interface->link;
	r->quiet_until = now + REQUEST_QUIET;
	send_request(to, now, &key, m->seqno, (uint8_t)(m->hop_count - 1));
}

void babel_request_received(struct neighbour *n, msec now, const struct message *m)
{
	struct babel *b = neighbour_babel(n);
	struct destination *d = babel_destination_find(b, &m->key);

	if (!d)
		return;
	struct advert a = babel_destination_advert(d);
	if (!a.finite)
		return;
	if (!answers(&a, m->router_id, m->seqno) && id_equal(m->router_id, b->router_id)) {
		/* By one, however much is asked for, and however often: a seqno that runs away from what is known
		 * elsewhere looks old there half-way round (RFC 8966 3.2.1). Who asked too soon asks again. */
		if (b->seqno_until > now + SEQNO_BURST * SEQNO_STEP)
			return;
		b->seqno_until = MAX(b->seqno_until, now) + SEQNO_STEP;
		b->seqno++;
		a.seqno = b->seqno;
		babel_update_answer(n->interface, now, &m->key);
		babel_request_satisfied(d, now);
	} else if (answers(&a, m->router_id, m->seqno)) {
		babel_update_answer(n->interface, now, &m->key);
	} else if (m->hop_count >= 2) {
		forward(d, n, now, m);
	}
}
