/* SPDX-License-Identifier: ISC */
/* Every rule of RFC 8966 and RFC 9079, seen from outside: one router among peers that are played by hand. */
#include "support/babel_bench.h"

/* ------------------------------------------------------------------------------------------------ neighbours, costs */

static void neighbours(void **state)
{
	struct bench *b = bench_new();
	const struct babel_neighbour *n;

	(void)state;
	ihu(b, 1, 1, 96); /* not a neighbour before its Hello */
	assert_null(babel_neighbour_next(b->babel, NULL));
	forget(b);
	hello(b, 1, 1);
	n = babel_neighbour_next(b->babel, NULL);
	assert_non_null(n);
	assert_null(babel_neighbour_next(b->babel, n));
	assert_int_equal(n->rxcost, BABEL_INFINITY); /* one of three is not two */
	run(b, 100);
	assert_non_null(sent(b, TLV_HELLO, 1)); /* it gets two quickly, whatever our interval is */
	hello(b, 1, 1);
	assert_int_equal(n->rxcost, 96);
	assert_int_equal(n->cost, BABEL_INFINITY);
	forget(b);
	run(b, 30);
	assert_int_equal(sent(b, TLV_IHU, 0)->m.metric, 96); /* told at once */
	assert_null(sent(b, TLV_ROUTE_REQUEST, 0));
	ihu(b, 1, 1, 120);
	assert_int_equal(n->cost, 120); /* RFC 8966 A.2.1: what the other says */
	assert_int_equal(b->events[EVENT_BABEL_NEIGHBOUR_UP], 1);
	run(b, 30);
	assert_true(sent(b, TLV_ROUTE_REQUEST, 0)->m.wildcard);
	assert_true(sent(b, TLV_ROUTE_REQUEST, 0)->unicast);
	/* an IHU for somebody else says nothing */
	say(b, 1, 1, (struct message) { .type = TLV_IHU, .addr = peer_addr(3), .metric = 9, .interval = 100 });
	assert_int_equal(n->cost, 120);
	ihu(b, 1, 1, 0); /* a cost is never 0 (3.4.3) */
	assert_int_equal(n->cost, 1);
	ihu(b, 1, 1, BABEL_INFINITY);
	assert_int_equal(n->cost, BABEL_INFINITY);
	assert_int_equal(b->events[EVENT_BABEL_NEIGHBOUR_DOWN], 1);
	ihu(b, 1, 1, 96);

	/* Silence: the second Hello is missed at 6 + 4 s, and the cost follows; the rest of the history runs out. */
	msec from = b->now;
	while (n->cost != BABEL_INFINITY)
		run(b, 10);
	print_message("a silent neighbour is given up after %d ms\n", (int)(b->now - from));
	assert_in_range(b->now - from, 5500, 10100);
	run(b, 2 * MINUTE);
	assert_null(babel_neighbour_next(b->babel, NULL));
	bench_free(b);
}

static void hello_kinds(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	/* Unicast Hellos count, on a wire (RFC 8966 A.2.1). */
	for (uint16_t i = 0; i < 2; i++)
		say(b, 1, 1,
		    (struct message) {
		            .type = TLV_HELLO, .unicast = true, .seqno = (uint16_t)(65535 + i), .interval = 400 });
	ihu(b, 1, 1, 96);
	assert_int_equal(babel_neighbour_next(b->babel, NULL)->cost, 96);
	/* Unscheduled ones count and promise nothing: the timer of the one before goes on (3.4.1). */
	meet(b, 1, 2, 96);
	const struct babel_neighbour *n = babel_neighbour_next(b->babel, babel_neighbour_next(b->babel, NULL));
	run(b, 5 * SECOND);
	hello_every(b, 1, 2, 0);
	assert_int_equal(n->cost, 96);
	run(b, 6 * SECOND); /* two missed, one of three heard ... */
	assert_int_equal(n->cost, BABEL_INFINITY);
	/* A neighbour that only ever said unscheduled ones is forgotten, too. */
	hello_every(b, 2, 3, 0);
	run(b, 3 * MINUTE);
	assert_null(babel_neighbour_next(b->babel, NULL));

	/* A restart, seen by a jump of the seqno: the routes are gone at once (A.1). */
	meet(b, 1, 4, 96);
	route(b, 1, 4, P1, NULL, 1, 1, 0);
	assert_via(b, P1, NULL, 4, 96);
	b->hello[4] += 17;
	hello(b, 1, 4);
	assert_via(b, P1, NULL, 4, BABEL_INFINITY);
	/* Fewer are a slower or faster sender. */
	meet(b, 1, 5, 96);
	for (int i = 0; i < 10; i++)
		hello(b, 1, 5);
	b->hello[5] -= 5;
	hello(b, 1, 5);
	route(b, 1, 5, P1, NULL, 2, 1, 0);
	assert_via(b, P1, NULL, 5, 96);
	b->hello[5] += 2; /* two lost, one of three heard */
	hello(b, 1, 5);
	assert_via(b, P1, NULL, 5, BABEL_INFINITY);
	hello(b, 1, 5);
	assert_via(b, P1, NULL, 5, 96);
	bench_free(b);
}

static void etx(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	interface_up(b, 1, true);
	hello(b, 1, 1);
	const struct babel_neighbour *n = babel_neighbour_next(b->babel, NULL);
	assert_int_equal(n->rxcost, 768); /* one of (at least) three */
	for (int i = 0; i < 5; i++)
		hello(b, 1, 1);
	ihu(b, 1, 1, 256);
	assert_int_equal(n->rxcost, 256);
	assert_int_equal(n->cost, 256);
	b->hello[1] += 2;
	hello(b, 1, 1); /* four of the last six */
	assert_int_equal(n->rxcost, 384);
	ihu(b, 1, 1, 512);
	assert_int_equal(n->cost, 768); /* max(512, 256) * 384 / 256 */
	ihu(b, 1, 1, 100);
	assert_int_equal(n->cost, 384);  /* alpha is at most 1 */
	for (uint16_t i = 0; i < 4; i++) /* unicast ones tell nothing (A.2.2) */
		say(b, 1, 1, (struct message) { .type = TLV_HELLO, .unicast = true, .seqno = i, .interval = 400 });
	assert_int_equal(n->rxcost, 384);
	run(b, 19 * SECOND);
	assert_int_equal(n->cost, BABEL_INFINITY);
	bench_free(b);
}

/* ------------------------------------------------------------------------------------------------------- feasibility
 */

static void feasibility(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	meet(b, 1, 1, 100);
	meet(b, 2, 2, 10);
	route(b, 1, 1, P1, NULL, 1, 5, 50);
	assert_via(b, P1, NULL, 1, 150);
	run(b, SECOND); /* now it is announced: the distance is (5, 150) */
	forget(b);
	route(b, 2, 2, P1, NULL, 1, 5, 149); /* feasible, and worse */
	assert_via(b, P1, NULL, 1, 150);
	route(b, 1, 1, P1, NULL, 1, 5, BABEL_INFINITY);
	assert_via(b, P1, NULL, 2, 159);
	route(b, 2, 2, P1, NULL, 1, 5, 150); /* not strictly better: ignored, as it is selected, and asked about */
	assert_via(b, P1, NULL, 2, 159);
	assert_int_equal(babel_counter(b->babel, BABEL_COUNT_UNFEASIBLE), 1);
	run(b, 100);
	const struct seen *s = sent(b, TLV_SEQNO_REQUEST, 0);
	assert_non_null(s);
	assert_true(s->unicast && s->link == 2 && s->m.seqno == 6 && s->m.hop_count == 64);
	route(b, 2, 2, P1, NULL, 1, 6, 400); /* newer: whatever the metric */
	assert_via(b, P1, NULL, 2, 410);
	run(b, SECOND);                    /* announced: (6, 410) */
	route(b, 2, 2, P1, NULL, 1, 5, 0); /* older: never */
	assert_via(b, P1, NULL, 2, 410);
	route(b, 2, 2, P1, NULL, 7, 1, 400); /* another source: a distance of its own */
	assert_via(b, P1, NULL, 2, 410);
	assert_int_equal(selected(b, P1, NULL)->router_id[7], 7);
	/* An unfeasible update that changes the router-id unselects (3.5.3). */
	run(b, SECOND);
	route(b, 2, 2, P1, NULL, 1, 6, 500);
	assert_via(b, P1, NULL, 2, BABEL_INFINITY);
	/* The distance is forgotten three minutes after it was last announced. */
	for (int i = 0; i < 50; i++) {
		run(b, 4 * SECOND);
		hello(b, 2, 2);
	}
	route(b, 2, 2, P1, NULL, 1, 5, 500);
	assert_via(b, P1, NULL, 2, 510);
	bench_free(b);
}

static void starvation(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	meet(b, 1, 1, 96);
	meet(b, 2, 2, 96);
	route(b, 1, 1, P1, "2001:db8::/56", 1, 65535, 0);
	run(b, SECOND);
	route(b, 2, 2, P1, "2001:db8::/56", 1, 65535, 192);
	route(b, 2, 2, P1, NULL, 1, 65535, 192); /* another key, another matter */
	run(b, SECOND);
	forget(b);
	msec from = b->now;
	route(b, 1, 1, P1, "2001:db8::/56", 1, 0, BABEL_INFINITY);
	assert_via(b, P1, "2001:db8::/56", 0, BABEL_INFINITY);
	assert_int_equal(b->events[EVENT_BABEL_STARVED], 1);
	assert_int_equal(b->events[EVENT_BABEL_LOST], 1);
	for (int i = 0; i < 5; i++) {
		run(b, 3900);
		hello(b, 2, 2);
	}
	/* Asked at once and, unanswered, after 2, 6 and 14 s (appendix B), with the seqno that follows 65535. */
	static const msec at[] = { 0, 2000, 6000, 14000 };
	for (unsigned i = 0; i < 4; i++) {
		const struct seen *s = sent(b, TLV_SEQNO_REQUEST, i);
		struct babel_key key = net_key(P1, "2001:db8::/56");
		assert_non_null(s);
		assert_true(s->unicast && s->link == 2 && s->m.seqno == 0 && net_same_key(&s->m.key, &key));
		assert_in_range(s->at - from, at[i], at[i] + 50);
	}
	assert_null(sent(b, TLV_SEQNO_REQUEST, 4));
	route(b, 2, 2, P1, "2001:db8::/56", 1, 0, 192);
	assert_via(b, P1, "2001:db8::/56", 2, 288);
	bench_free(b);
}

/* ---------------------------------------------------------------------------------------------------------- requests
 */

static void requests_answered(void **state)
{
	struct bench *b = bench_new();
	struct babel_key own = net_key(P1, NULL);

	(void)state;
	meet(b, 1, 1, 96);
	babel_originate(b->babel, b->now, &own, 0);
	run(b, SECOND);
	forget(b);
	/* Our own seqno goes up by one, however much is asked for (3.8.1.2). */
	uint16_t seqno = 0;
	say(b, 1, 1, seqno_request(P1, OUR_ID, 50, 1));
	run(b, 100);
	assert_int_equal(sent_update(b, P1, NULL)->m.seqno, seqno + 1);
	say(b, 1, 1, seqno_request(P1, OUR_ID, 1, 1));
	run(b, 100);
	assert_int_equal(sent_update(b, P1, NULL)->m.seqno, seqno + 1);
	/* Another router-id: what we have will do. */
	forget(b);
	say(b, 1, 1, seqno_request(P1, (uint8_t[8]) { 5 }, 50, 1));
	run(b, 100);
	assert_int_equal(sent_update(b, P1, NULL)->m.metric, 0);
	/* A route request is answered by an update or a retraction (3.8.1.1). */
	forget(b);
	say(b, 1, 1, (struct message) { .type = TLV_ROUTE_REQUEST, .key = own });
	say(b, 1, 1, (struct message) { .type = TLV_ROUTE_REQUEST, .key = net_key("::/0", "2001:db8::/56") });
	say(b, 1, 1, (struct message) { .type = TLV_ACK_REQUEST, .opaque = 0xbeef, .interval = 2 });
	run(b, 100);
	assert_int_equal(sent_update(b, P1, NULL)->m.metric, 0);
	assert_int_equal(sent_update(b, "::/0", "2001:db8::/56")->m.metric, BABEL_INFINITY);
	assert_int_equal(sent(b, TLV_ACK, 0)->m.opaque, 0xbeef);
	assert_true(sent(b, TLV_ACK, 0)->at <= b->now - 80);
	/* Wildcard requests by the dozen lead to few dumps. */
	forget(b);
	for (int i = 0; i < 100; i++) {
		say(b, 1, 1, (struct message) { .type = TLV_ROUTE_REQUEST, .wildcard = true });
		run(b, 10);
	}
	assert_non_null(sent(b, TLV_UPDATE, 0));
	assert_null(sent(b, TLV_UPDATE, 6));
	bench_free(b);
}

static void requests_forwarded(void **state)
{
	struct bench *b = bench_new();
	const uint8_t id[8] = { 9, [7] = 1 };

	(void)state;
	meet(b, 1, 1, 96);
	meet(b, 2, 2, 96);
	meet(b, 2, 3, 300);
	route(b, 2, 2, P1, NULL, 1, 5, 0);
	route(b, 2, 3, P1, NULL, 1, 5, 0);
	run(b, SECOND);
	forget(b);
	say(b, 1, 1, seqno_request(P1, id, 6, 1));                /* may go no further */
	say(b, 1, 1, seqno_request("2001:db8:9::/64", id, 6, 9)); /* we do not announce that */
	run(b, 100);
	assert_null(sent(b, TLV_SEQNO_REQUEST, 0));
	say(b, 1, 1, seqno_request(P1, id, 6, 255)); /* as BIRD starts it */
	say(b, 1, 1, seqno_request(P1, id, 6, 127)); /* the same again is redundant */
	run(b, 100);
	const struct seen *s = sent(b, TLV_SEQNO_REQUEST, 0);
	struct ip to = peer_addr(2);
	assert_non_null(s);
	assert_true(s->unicast && ip_equal(&s->to, &to) && s->m.seqno == 6 && s->m.hop_count == 254);
	assert_null(sent(b, TLV_SEQNO_REQUEST, 1));
	run(b, 2 * SECOND);
	say(b, 1, 1, seqno_request(P1, id, 6, 127)); /* asked anew after a while, as the first may be lost */
	run(b, 100);
	assert_int_equal(sent(b, TLV_SEQNO_REQUEST, 1)->m.hop_count, 126);
	/* Not back to who asks. */
	say(b, 2, 2, seqno_request(P1, id, 7, 9));
	run(b, 100);
	to = peer_addr(3);
	assert_true(ip_equal(&sent(b, TLV_SEQNO_REQUEST, 2)->to, &to));
	/* The answer is passed on at once, to where it was asked for, though nothing else has changed. */
	run(b, 2 * SECOND);
	say(b, 1, 1, seqno_request(P1, id, 8, 9));
	run(b, 100);
	forget(b);
	route(b, 2, 2, P1, NULL, 1, 8, 0);
	run(b, 30);
	assert_non_null(sent_update(b, P1, NULL));
	assert_int_equal(sent_update(b, P1, NULL)->m.seqno, 8);
	assert_int_equal(sent_update(b, P1, NULL)->link, 1);
	bench_free(b);
}

/* ------------------------------------------------------------------------------------------- losing and holding routes
 */

static void lost_routes_are_held(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	meet(b, 1, 1, 96);
	route(b, 1, 1, P1, NULL, 1, 5, 0);
	run(b, SECOND);
	forget(b);
	babel_interface_remove(b->babel, b->now, 1);
	assert_int_equal(b->changed, 1);
	assert_via(b, P1, NULL, 1, BABEL_INFINITY);
	run(b, 500);
	assert_int_equal(sent_update(b, P1, NULL)->m.metric, BABEL_INFINITY); /* on link 2, more than once */
	assert_true(babel_counter(b->babel, BABEL_COUNT_RETRACTIONS) >= 2);
	run(b, 54 * SECOND);
	assert_via(b, P1, NULL, 1, BABEL_INFINITY);
	forget(b);
	run(b, 3 * SECOND);
	assert_null(selected(b, P1, NULL));
	assert_int_equal(b->changed, 1);
	/* Our own, too: neighbours may still come to us, and must not be sent where they came from. */
	struct babel_key own = net_key(P1, NULL);
	babel_originate(b->babel, b->now, &own, 0);
	run(b, SECOND);
	assert_null(selected(b, P1, NULL));
	babel_withdraw(b->babel, b->now, &own);
	assert_via(b, P1, NULL, 1, BABEL_INFINITY);
	babel_originate(b->babel, b->now, &own, 0);
	assert_null(selected(b, P1, NULL));
	bench_free(b);
}

static void expiry(void **state)
{
	struct bench *b = bench_new();
	struct message m = update(P1, NULL, 1, 5, 0);

	(void)state;
	meet(b, 1, 1, 96);
	m.interval = 400;
	say(b, 1, 1, m);
	msec from = b->now;
	forget(b);
	while (selected(b, P1, NULL)->metric != BABEL_INFINITY) {
		run(b, 100);
		if (b->now % 4000 < 100)
			hello(b, 1, 1);
	}
	assert_in_range(b->now - from, 14000, 14200); /* 3.5 times the interval */
	const struct seen *s = sent(b, TLV_ROUTE_REQUEST, 1);
	assert_non_null(s); /* asked for before it ran out (3.8.2.3), after the wildcard request */
	assert_true(s->unicast && !s->m.wildcard && s->at - from >= 11900 && s->at - from < 12100);
	bench_free(b);
}

static void retractions(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	meet(b, 1, 1, 96);
	route(b, 1, 1, "::/0", "2001:db8:1::/48", 1, 5, 0);
	route(b, 1, 1, "::/0", "2001:db8:2::/48", 1, 5, 0);
	route(b, 1, 1, "::/0", NULL, 1, 5, 0);
	route(b, 1, 1, "0.0.0.0/0", NULL, 1, 5, 0);
	route(b, 1, 1, "::/0", "2001:db8:2::/48", 0, 0, BABEL_INFINITY);
	assert_int_equal(selected(b, "::/0", "2001:db8:1::/48")->metric, 96);
	assert_int_equal(selected(b, "::/0", "2001:db8:2::/48")->metric, BABEL_INFINITY);
	assert_int_equal(selected(b, "::/0", NULL)->metric, 96);
	struct ip via = net_ip("10.0.0.9");
	assert_true(ip_equal(&selected(b, "0.0.0.0/0", NULL)->via, &via));
	forget(b);
	say(b, 1, 1,
	    (struct message) { .type = TLV_UPDATE, .wildcard = true, .metric = BABEL_INFINITY, .interval = 100 });
	assert_int_equal(b->changed, 1); /* once for all */
	assert_int_equal(selected(b, "::/0", "2001:db8:1::/48")->metric, BABEL_INFINITY);
	assert_int_equal(selected(b, "::/0", NULL)->metric, BABEL_INFINITY);
	assert_int_equal(selected(b, "0.0.0.0/0", NULL)->metric, BABEL_INFINITY);
	bench_free(b);
}

/* -------------------------------------------------------------------------------------------------------- what is not
 */

static void not_believed(void **state)
{
	struct bench *b = bench_new();
	struct message m = update(P1, NULL, 1, 5, 0);
	struct wire_writer w;
	struct ip from = peer_addr(1), global = net_ip("2001:db8::1"), v4 = net_ip("10.0.0.2");

	(void)state;
	route(b, 1, 9, P1, NULL, 1, 5, 0); /* from nobody we know */
	meet(b, 1, 1, 96);
	babel_wire_begin(&w, 500);
	babel_wire_write(&w, &m);
	size_t len = babel_wire_finish(&w);
	babel_input(b->babel, b->now, 1, &from, 6697, true, w.data, len);
	babel_input(b->babel, b->now, 1, &global, BABEL_PORT, true, w.data, len);
	babel_input(b->babel, b->now, 1, &v4, BABEL_PORT, true, w.data, len);
	babel_input(b->babel, b->now, 3, &from, BABEL_PORT, true, w.data, len); /* no such interface */
	babel_input(b->babel, b->now, 1, &US, BABEL_PORT, true, w.data, len);   /* our own voice */
	assert_int_equal(babel_counter(b->babel, BABEL_COUNT_BAD_PORT), 1);
	assert_int_equal(babel_counter(b->babel, BABEL_COUNT_BAD_ADDR), 2);
	w.data[len - 1] = 1;
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t copy[500];
		memcpy(copy, w.data, len);
		if (cut >= 4)
			copy[3] = (uint8_t)(cut - 4 > 12 && cut < len ? cut - 4 : 5);
		babel_input(b->babel, b->now, 1, &from, BABEL_PORT, true, copy, cut);
	}
	assert_null(babel_route_next(b->babel, NULL));
	assert_true(babel_counter(b->babel, BABEL_COUNT_MALFORMED) > len / 2);
	/* Addresses that nobody routes to, and next hops that are none. */
	static const char *const never[] = { "fe80::/64",   "ff02::/16", "127.0.0.1/32", "0.0.0.0/32",
		                             "224.0.0.0/8", "::1/128",   "fe80::1/128" };
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		route(b, 1, 1, never[i], NULL, 1, 5, 0);
	route(b, 1, 1, "10.0.0.0/8", "10.1.0.0/16", 1, 5, 0); /* no source-specific IPv4 (RFC 9079 4) */
	m = update("10.0.0.0/8", NULL, 1, 5, 0);
	m.addr = net_ip("10.0.0.1"); /* ourselves */
	say(b, 1, 1, m);
	m.addr = net_ip("0.0.0.0");
	say(b, 1, 1, m);
	m = update(P1, NULL, 1, 5, 0);
	memcpy(m.router_id, OUR_ID, 8);
	say(b, 1, 1, m);
	assert_int_equal(babel_counter(b->babel, BABEL_COUNT_OWN_ECHO), 1);
	assert_null(babel_route_next(b->babel, NULL));
	bench_free(b);
}

/* ------------------------------------------------------------------------------------------------------------- ours */

/* What was sent on a link about P1: the last metric, or -1. */
static int told(const struct bench *b, uint32_t link)
{
	struct babel_key key = net_key(P1, NULL);
	const struct seen *s;
	int metric = -1;

	for (unsigned n = 0; (s = sent(b, TLV_UPDATE, n)); n++)
		if (s->link == link && net_same_key(&s->m.key, &key))
			metric = s->m.metric;
	return metric;
}

/* RFC 8966 3.7.4 */
static void split_horizon(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	meet(b, 1, 1, 96);
	meet(b, 2, 2, 50);
	forget(b);
	route(b, 1, 1, P1, NULL, 1, 5, 0);
	run(b, SECOND);
	assert_int_equal(told(b, 1), -1);
	assert_int_equal(told(b, 2), 96);
	forget(b);
	route(b, 2, 2, P1, NULL, 1, 5, 0); /* better over there: what was said there is taken back */
	assert_via(b, P1, NULL, 2, 50);
	run(b, SECOND);
	assert_int_equal(told(b, 1), 50);
	assert_int_equal(told(b, 2), BABEL_INFINITY);
	forget(b);
	say(b, 2, 2, (struct message) { .type = TLV_ROUTE_REQUEST, .key = net_key(P1, NULL) });
	run(b, SECOND); /* who asks is answered (3.8.1.1) */
	assert_int_equal(told(b, 2), 50);
	interface_up(b, 2, true); /* not where not everybody hears everybody */
	forget(b);
	run(b, 2 * SECOND);
	say(b, 2, 2, (struct message) { .type = TLV_ROUTE_REQUEST, .wildcard = true });
	run(b, SECOND);
	assert_int_not_equal(told(b, 2), -1);
	bench_free(b);
}

static void without_ipv4(void **state)
{
	struct bench *b = bench_new();
	struct babel_key v4 = net_key("10.7.0.0/16", NULL), v6 = net_key(P1, NULL);
	struct babel_interface_conf conf = { .linklocal = US };

	(void)state;
	babel_interface_set(b->babel, b->now, 2, &conf);
	babel_originate(b->babel, b->now, &v4, 0);
	babel_originate(b->babel, b->now, &v6, 0);
	forget(b);
	run(b, 20 * SECOND);
	const struct seen *s;
	for (unsigned n = 0; (s = sent(b, TLV_UPDATE, n)); n++)
		assert_true(!prefix_is_v4(&s->m.key.dst) || s->link == 1);
	s = sent_update(b, "10.7.0.0/16", NULL);
	struct ip hop = net_ip("10.0.0.1");
	assert_true(s && ip_equal(&s->m.addr, &hop));
	bench_free(b);
}

static void goodbye(void **state)
{
	struct bench *b = bench_new();
	struct babel_key keys[2] = { net_key("::/0", "2001:db8:1::/48"), net_key("::/0", "2001:db8:2::/48") };

	(void)state;
	meet(b, 1, 1, 96);
	babel_originate_all(b->babel, b->now, keys, 2);
	run(b, SECOND);
	forget(b);
	babel_goodbye(b->babel, b->now);
	assert_int_equal(sent_update(b, "::/0", "2001:db8:1::/48")->m.metric, BABEL_INFINITY);
	assert_int_equal(sent_update(b, "::/0", "2001:db8:2::/48")->m.metric, BABEL_INFINITY);
	assert_true(sent(b, TLV_UPDATE, 0)->m.wildcard);
	assert_int_equal(sent(b, TLV_IHU, 0)->m.metric, BABEL_INFINITY);
	size_t packets = b->packets;
	assert_true(babel_deadline(b->babel) == MSEC_NEVER);
	hello(b, 1, 2);
	say(b, 1, 1, (struct message) { .type = TLV_ACK_REQUEST, .opaque = 1, .interval = 2 });
	run(b, MINUTE);
	assert_int_equal(b->packets, packets);
	bench_free(b);
}

/* Two uplinks at one router: the one withdrawn is taken back at once, the other stays. */
static void two_uplinks(void **state)
{
	struct bench *b = bench_new();
	struct babel_key keys[3] = { net_key("::/0", "2001:db8:1::/48"), net_key("::/0", "2001:db8:2::/56"),
		                     net_key("2001:db8:1::/64", NULL) };

	(void)state;
	meet(b, 1, 1, 96);
	babel_originate_all(b->babel, b->now, keys, 3);
	run(b, SECOND);
	for (int gone = 0; gone < 2; gone++) {
		struct babel_key left[2] = { keys[!gone], keys[2] };
		forget(b);
		babel_originate_all(b->babel, b->now, left, 2);
		run(b, 50);
		const struct seen *s = sent_update(b, "::/0", gone ? "2001:db8:2::/56" : "2001:db8:1::/48");
		assert_non_null(s);
		assert_int_equal(s->m.metric, BABEL_INFINITY);
		assert_null(sent_update(b, "::/0", gone ? "2001:db8:1::/48" : "2001:db8:2::/56"));
		babel_originate_all(b->babel, b->now, keys, 3);
		run(b, 20 * SECOND);
	}
	bench_free(b);
}

/* -------------------------------------------------------------------------------------------------------- selection */

static void stable_selection(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	meet(b, 1, 1, 96);
	meet(b, 2, 2, 96);
	route(b, 2, 2, P1, NULL, 1, 5, 0);
	route(b, 1, 1, P1, NULL, 1, 5, 0);
	assert_via(b, P1, NULL, 2, 96);
	unsigned selections = b->events[EVENT_BABEL_SELECTED];
	for (uint16_t i = 0; i < 20; i++) { /* equal metrics, and newer seqnos, first here, then there (3.6) */
		run(b, 3 * SECOND);
		hello(b, 1, 1);
		hello(b, 2, 2);
		route(b, 1, 1, P1, NULL, 1, 6 + i, 0);
		route(b, 2, 2, P1, NULL, 1, 6 + i, 0);
		assert_via(b, P1, NULL, 2, 96);
	}
	assert_int_equal(b->events[EVENT_BABEL_SELECTED], selections);
	/* A metric that goes up and down a little, around the other: no flapping (A.3). */
	for (uint16_t i = 0; i < 20; i++) {
		run(b, 3 * SECOND);
		hello(b, 1, 1);
		hello(b, 2, 2);
		route(b, 2, 2, P1, NULL, 1, 40 + i, i % 2 ? 10 : 0);
		route(b, 1, 1, P1, NULL, 1, 40 + i, 6);
		assert_int_equal(selected(b, P1, NULL)->link, 2);
	}
	/* Better for long: the change comes by itself, without another packet. */
	route(b, 2, 2, P1, NULL, 1, 80, 100);
	route(b, 1, 1, P1, NULL, 1, 80, 50);
	hello_every(b, 1, 1, 6000);
	hello_every(b, 2, 2, 6000);
	assert_int_equal(selected(b, P1, NULL)->link, 2);
	msec from = b->now;
	while (selected(b, P1, NULL)->link == 2 && b->now < from + 2 * MINUTE)
		run(b, 100);
	print_message("hysteresis gives way after %d ms\n", (int)(b->now - from));
	assert_in_range(b->now - from, 1000, MINUTE);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours),
		cmocka_unit_test(hello_kinds),
		cmocka_unit_test(etx),
		cmocka_unit_test(feasibility),
		cmocka_unit_test(starvation),
		cmocka_unit_test(requests_answered),
		cmocka_unit_test(requests_forwarded),
		cmocka_unit_test(lost_routes_are_held),
		cmocka_unit_test(expiry),
		cmocka_unit_test(retractions),
		cmocka_unit_test(not_believed),
		cmocka_unit_test(split_horizon),
		cmocka_unit_test(without_ipv4),
		cmocka_unit_test(goodbye),
		cmocka_unit_test(two_uplinks),
		cmocka_unit_test(stable_selection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
