/* SPDX-License-Identifier: ISC */
/* Neighbours (RFC 8966 3.2.4, 3.4): Hello histories, IHUs, and the cost of the link to each. */
#include "proto/babel/babel_internal.h"

#include <stdlib.h>
#include <string.h>

struct neighbour *babel_neighbour_find(const struct interface *i, const struct ip *addr)
{
	return MAP_ENTRY_OR_NULL(map_find(&i->neighbours, addr), struct neighbour, node);
}

static int compare_route(const void *key, const struct map_node *node)
{
	return babel_key_compare(key, &MAP_ENTRY(node, struct route, node)->destination->pub.key);
}

/* ------------------------------------------------------------------------------------------------ Hello histories */

static void history_add(struct history *h, unsigned bit)
{
	h->bits = (uint16_t)(h->bits >> 1 | bit << 15);
	h->known = (uint8_t)MIN(h->known + 1, 16);
}

/* RFC 8966 A.1. False if the sender has lost its seqno: then it is a new neighbour. */
static bool history_hello(struct history *h, struct timers *timers, msec now, const struct message *m)
{
	int16_t ahead = (int16_t)(m->seqno - h->expected);

	if (h->heard) {
		if (ahead > 16 || ahead < -16)
			return false;
		for (; ahead > 0; ahead--)
			history_add(h, 0);
		if (ahead < 0) {
			h->bits = (uint16_t)(h->bits << -ahead);
			h->known = (uint8_t)MAX(h->known + ahead, 0);
		}
	}
	h->heard = true;
	history_add(h, 1);
	h->expected = (uint16_t)(m->seqno + 1);
	if (m->interval) { /* else it is unscheduled, and the promise before it holds (3.4.1) */
		h->interval = from_centis(m->interval);
		timer_set(timers, &h->timer, now + h->interval * 3 / 2);
	} else if (!h->interval) { /* nothing was ever promised, but who falls silent is to be forgotten */
		h->interval = HELLO_INTERVAL;
		timer_set(timers, &h->timer, now + h->interval);
	}
	return true;
}

/* A promised Hello has not come (RFC 8966 A.1). */
static void history_missed(struct neighbour *n, struct history *h, msec now)
{
	history_add(h, 0);
	h->expected++;
	if (!n->multicast.bits && !n->unicast.bits) {
		babel_neighbour_free(n, now, "silent");
		return;
	}
	timer_set(&neighbour_babel(n)->timers, &h->timer, now + h->interval);
	babel_neighbour_cost(n, now);
}

static void on_missed_multicast(struct timer *t, msec now)
{
	struct neighbour *n = CONTAINER_OF(t, struct neighbour, multicast.timer);

	history_missed(n, &n->multicast, now);
}

static void on_missed_unicast(struct timer *t, msec now)
{
	struct neighbour *n = CONTAINER_OF(t, struct neighbour, unicast.timer);

	history_missed(n, &n->unicast, now);
}

/* ---------------------------------------------------------------------------------------------------------- costs */

static bool two_of_three(const struct history *h) /* RFC 8966 A.2.1 */
{
	return __builtin_popcount(h->bits >> 13) >= 2;
}

/* 256 / beta, in units of the nominal cost (RFC 8966 A.2.2). Unicast Hellos tell nothing there. */
static uint16_t etx_rxcost(const struct neighbour *n)
{
	const struct history *h = &n->multicast;
	unsigned window = MAX(MIN(h->known, ETX_WINDOW), ETX_LEAST);
	unsigned heard = (unsigned)__builtin_popcount(h->bits >> (16 - window));

	if (!heard || (h->known >= ETX_DEAD && !(h->bits >> (16 - ETX_DEAD))))
		return BABEL_INFINITY;
	return (uint16_t)MIN(n->interface->conf.rxcost * window / heard, BABEL_INFINITY - 1U);
}

static uint16_t rxcost(const struct neighbour *n)
{
	if (n->interface->conf.wireless)
		return etx_rxcost(n);
	return two_of_three(&n->multicast) || two_of_three(&n->unicast) ? n->interface->conf.rxcost : BABEL_INFINITY;
}

/* RFC 8966 3.4.3, A.2: infinite if either direction is, and never 0. */
static uint16_t link_cost(const struct neighbour *n)
{
	uint32_t tx = n->pub.txcost, rx = n->pub.rxcost;

	if (tx == BABEL_INFINITY || rx == BABEL_INFINITY)
		return BABEL_INFINITY;
	if (!n->interface->conf.wireless)
		return (uint16_t)MAX(tx, 1U);
	return (uint16_t)MIN(MAX(tx, 256U) * rx / 256, BABEL_INFINITY - 1U);
}

/* Whether each Hello is to bring an IHU: on a link with losses (RFC 8966 3.4.2), and to a neighbour so new that it may
 * not have known us when the first came. */
bool babel_neighbour_needs_ihu(const struct neighbour *n)
{
	unsigned known = MAX(n->multicast.known, n->unicast.known);
	unsigned heard = (unsigned)MAX(__builtin_popcount(n->multicast.bits), __builtin_popcount(n->unicast.bits));

	return known <= FIRST_HELLOS || heard < known;
}

struct message babel_neighbour_make_ihu(const struct neighbour *n)
{
	return (struct message) { .type = TLV_IHU,
		                  .addr = n->pub.addr,
		                  .metric = n->pub.rxcost,
		                  .interval = to_centis(IHU_HELLOS * n->interface->conf.hello_interval) };
}

static void report_up(struct neighbour *n, msec now)
{
	n->up = true;
	n->pub.since = now;
	event_report(&neighbour_babel(n)->env.events,
	             EVENT(BABEL_NEIGHBOUR_UP, .link = n->pub.link, .addr = n->pub.addr));
}

static void report_down(struct neighbour *n, msec now, const char *why)
{
	n->up = false;
	n->pub.since = now;
	event_report(&neighbour_babel(n)->env.events,
	             EVENT(BABEL_NEIGHBOUR_DOWN, .link = n->pub.link, .addr = n->pub.addr, .text = why));
}

void babel_neighbour_cost(struct neighbour *n, msec now)
{
	uint16_t rx = rxcost(n), before = n->pub.cost;

	/* On a wire every change is news; where costs vary all the time, only whether there is one. */
	if (rx != n->pub.rxcost &&
	    (!n->interface->conf.wireless || (rx == BABEL_INFINITY) != (n->pub.rxcost == BABEL_INFINITY))) {
		n->ihu_soon = n->interface->ihus = true; /* the other side should know at once (RFC 8966 3.4.2) */
		babel_interface_flush_soon(n->interface, now);
	}
	n->pub.rxcost = rx;
	n->pub.cost = link_cost(n);
	if (n->pub.cost == before)
		return;
	if (n->pub.cost != BABEL_INFINITY && !n->up) {
		report_up(n, now);
		n->heard_update = false;
		n->dump_requests = 0;
		babel_neighbour_ask_all(n, now);
	} else if (n->pub.cost == BABEL_INFINITY && n->up) {
		report_down(n, now, rx == BABEL_INFINITY ? "hellos missed" : "does not hear us");
		if (rx == BABEL_INFINITY && neighbour_babel(n)->env.neighbour_lost)
			neighbour_babel(n)->env.neighbour_lost(neighbour_babel(n)->env.ctx, n->pub.link, &n->pub.addr);
	}
	babel_routes_new_cost(n, now);
}

/* ---------------------------------------------------------------------------------------------------- coming, going */

void babel_neighbour_deaf(struct neighbour *n, msec now)
{
	timer_clear(&neighbour_babel(n)->timers, &n->ihu_timer);
	n->pub.txcost = BABEL_INFINITY; /* RFC 8966 3.4.2 */
	babel_neighbour_cost(n, now);
}

static void on_ihu_timeout(struct timer *t, msec now)
{
	babel_neighbour_deaf(CONTAINER_OF(t, struct neighbour, ihu_timer), now);
}

static void on_unicast(struct timer *t, msec now)
{
	struct neighbour *n = CONTAINER_OF(t, struct neighbour, out_timer);

	(void)now;
	babel_wire_put_header(n->out, n->out_len - WIRE_HEADER);
	babel_packet_send(n->interface, &n->pub.addr, n->out, n->out_len);
	n->out_len = WIRE_HEADER;
}

void babel_neighbour_tell(struct neighbour *n, msec now, const struct message *m)
{
	struct timers *timers = &neighbour_babel(n)->timers;
	size_t len = babel_wire_write_single(n->out + n->out_len, sizeof(n->out) - n->out_len, m);

	if (!len) {
		timer_clear(timers, &n->out_timer);
		on_unicast(&n->out_timer, now);
		len = babel_wire_write_single(n->out + n->out_len, sizeof(n->out) - n->out_len, m);
		ASSERT(len);
	}
	n->out_len += len;
	timer_set_sooner(timers, &n->out_timer, now + UNICAST_DELAY);
}

void babel_neighbour_ask_all(struct neighbour *n, msec now)
{
	n->dump_requests++;
	n->asked_at = now;
	babel_neighbour_tell(n, now, &(struct message) { .type = TLV_ROUTE_REQUEST, .wildcard = true });
}

static struct neighbour *neighbour_new(struct interface *i, msec now, const struct ip *addr)
{
	if (i->neighbours.count >= LIMIT_NEIGHBOURS) {
		babel_limit_reached(i->babel, now, BABEL_COUNT_NEIGHBOUR_LIMIT, "neighbours", LIMIT_NEIGHBOURS);
		return NULL;
	}
	struct neighbour *n = NEW(struct neighbour);
	n->interface = i;
	n->pub = (struct babel_neighbour) { .link = i->link,
		                            .addr = *addr,
		                            .rxcost = BABEL_INFINITY,
		                            .txcost = BABEL_INFINITY,
		                            .cost = BABEL_INFINITY,
		                            .since = now };
	n->out_len = WIRE_HEADER;
	map_init(&n->routes, compare_route);
	timer_init(&n->multicast.timer, on_missed_multicast);
	timer_init(&n->unicast.timer, on_missed_unicast);
	timer_init(&n->ihu_timer, on_ihu_timeout);
	timer_init(&n->out_timer, on_unicast);
	map_insert(&i->neighbours, addr, &n->node);
	babel_interface_hello_soon(i, now);
	return n;
}

void babel_neighbour_free(struct neighbour *n, msec now, const char *why)
{
	struct interface *i = n->interface;
	struct timers *timers = &i->babel->timers;

	if (n->up && !i->babel->stopped)
		report_down(n, now, why);
	map_remove(&i->neighbours, &n->node);
	babel_routes_free(n, now);
	timer_clear(timers, &n->multicast.timer);
	timer_clear(timers, &n->unicast.timer);
	timer_clear(timers, &n->ihu_timer);
	timer_clear(timers, &n->out_timer);
	free(n);
}

void babel_neighbour_hello(struct interface *i, msec now, const struct ip *from, const struct message *m)
{
	struct neighbour *n = babel_neighbour_find(i, from);
	struct timers *timers = &i->babel->timers;

	if (n && !history_hello(m->unicast ? &n->unicast : &n->multicast, timers, now, m)) {
		babel_neighbour_free(n, now, "restarted"); /* RFC 8966 A.1 */
		n = NULL;
	} else if (n) {
		babel_neighbour_cost(n, now);
	}
	if (!n) {
		n = neighbour_new(i, now, from);
		if (!n)
			return;
		history_hello(m->unicast ? &n->unicast : &n->multicast, timers, now, m);
		babel_neighbour_cost(n, now);
	}
	if (n->up && !n->heard_update && n->dump_requests < DUMP_REQUESTS && now >= n->asked_at + DUMP_RETRY)
		babel_neighbour_ask_all(n, now);
}

void babel_neighbour_ihu(struct neighbour *n, msec now, const struct message *m)
{
	/* RFC 8966 4.6.6: those for others pass us by */
	if (!m->wildcard && !ip_equal(&m->addr, &n->interface->conf.linklocal))
		return;
	n->pub.txcost = m->metric;
	timer_set(&neighbour_babel(n)->timers, &n->ihu_timer, now + hold_time(from_centis(m->interval)));
	babel_neighbour_cost(n, now);
}
