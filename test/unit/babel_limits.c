/* SPDX-License-Identifier: ISC */
/* Peers that send too much, or anything at all: limits hold, and what honest peers said stays. */
#include "support/babel_bench.h"
#include "proto/babel/limits.h"

static void flood_of_routes(void **state)
{
	struct bench *b = bench_new();
	char text[PREFIX_TEXT];

	(void)state;
	meet(b, 2, 2, 96);
	route(b, 2, 2, P1, NULL, 1, 5, 0);
	meet(b, 1, 1, 96);
	for (unsigned i = 0; i < LIMIT_ROUTES_OF_NEIGHBOUR + 500; i++) {
		snprintf(text, sizeof(text), "2001:%x:%x::/64", 1 + i / 60000, i % 60000);
		route(b, 1, 1, text, NULL, 3, 5, 0);
	}
	const struct babel_neighbour *n = babel_neighbour_next(b->babel, NULL);
	assert_int_equal(n->routes, LIMIT_ROUTES_OF_NEIGHBOUR);
	assert_int_equal(babel_counter(b->babel, BABEL_COUNT_ROUTE_LIMIT), 500);
	assert_int_equal(b->events[EVENT_BABEL_LIMIT], 1);
	assert_via(b, P1, NULL, 2, 96);
	route(b, 2, 2, "2001:db8:77::/64", NULL, 1, 5, 0); /* there is room for others */
	assert_via(b, "2001:db8:77::/64", NULL, 2, 96);
	/* What is known is kept up, at the limit, too. */
	route(b, 1, 1, "2001:1:5::/64", NULL, 3, 5, 7);
	assert_via(b, "2001:1:5::/64", NULL, 1, 103);

	/* All of that is announced in time, but never as one burst; and the Hellos are not late for it. */
	msec last_hello = b->now;
	size_t most = 0, before = b->packets;
	for (int tick = 0; tick < 1000; tick++) {
		size_t had = b->packets;
		b->seen_count = 0;
		run(b, 10);
		most = MAX(most, b->packets - had);
		if (sent(b, TLV_HELLO, 0))
			last_hello = b->now;
		assert_true(b->now - last_hello < 4100);
		if (tick % 400 == 0) {
			hello(b, 1, 1);
			hello(b, 2, 2);
		}
	}
	print_message("%zu packets for %u routes, at most %zu in 10 ms\n", b->packets - before,
	              LIMIT_ROUTES_OF_NEIGHBOUR, most);
	assert_true(most <= 16);
	bench_free(b);
}

static void flood_of_neighbours(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	meet(b, 1, 1, 96);
	route(b, 1, 1, P1, NULL, 1, 5, 0);
	for (unsigned i = 2; i < 250; i++)
		hello(b, 1, i);
	size_t n = 0;
	for (const struct babel_neighbour *p = NULL; (p = babel_neighbour_next(b->babel, p));)
		n++;
	assert_int_equal(n, LIMIT_NEIGHBOURS);
	assert_int_equal(babel_counter(b->babel, BABEL_COUNT_NEIGHBOUR_LIMIT), 249 - LIMIT_NEIGHBOURS);
	assert_int_equal(b->events[EVENT_BABEL_LIMIT], 1);
	assert_via(b, P1, NULL, 1, 96);
	meet(b, 2, 2, 96); /* another link has room of its own */
	run(b, 2 * MINUTE);
	meet(b, 1, 251, 96); /* and when they are gone there is room again */
	assert_non_null(babel_neighbour_next(b->babel, NULL));
	bench_free(b);
}

static void flood_of_requests(void **state)
{
	struct bench *b = bench_new();
	char text[PREFIX_TEXT];

	(void)state;
	meet(b, 1, 1, 96);
	meet(b, 2, 2, 96);
	for (unsigned i = 0; i < 2 * LIMIT_REQUESTS; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::/64", i);
		route(b, 1, 1, text, NULL, 1, 5, 0);
	}
	run(b, SECOND);
	for (unsigned i = 0; i < 2 * LIMIT_REQUESTS; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::/64", i);
		say(b, 2, 2, seqno_request(text, (uint8_t[8]) { 9, [7] = 1 }, 6, 9));
	}
	assert_int_equal(babel_counter(b->babel, BABEL_COUNT_SEQNO_REQUESTS), LIMIT_REQUESTS);
	run(b, 5 * SECOND);
	hello(b, 1, 1);
	hello(b, 2, 2);
	run(b, 6 * SECOND); /* they are forgotten, and there is room */
	say(b, 2, 2, seqno_request("2001:db8:1::/64", (uint8_t[8]) { 9, [7] = 1 }, 6, 9));
	assert_int_equal(babel_counter(b->babel, BABEL_COUNT_SEQNO_REQUESTS), LIMIT_REQUESTS + 1);
	bench_free(b);
}

/* Somebody asks for seqno after seqno: ours moves, but not away from what others know. */
static void flood_for_our_seqno(void **state)
{
	struct bench *b = bench_new();
	struct babel_key key = net_key("2001:db8:5::/64", NULL);

	(void)state;
	meet(b, 1, 1, 96);
	babel_originate(b->babel, b->now, &key, 0);
	run(b, 5 * SECOND);
	hello(b, 1, 1);
	assert_non_null(sent_update(b, "2001:db8:5::/64", NULL));
	uint16_t before = sent_update(b, "2001:db8:5::/64", NULL)->m.seqno;
	forget(b);
	for (uint16_t i = 1; i <= 20000; i++)
		say(b, 1, 1, seqno_request("2001:db8:5::/64", OUR_ID, (uint16_t)(before + i), 9));
	run(b, SECOND);
	assert_non_null(sent_update(b, "2001:db8:5::/64", NULL));
	assert_in_range((uint16_t)(sent_update(b, "2001:db8:5::/64", NULL)->m.seqno - before), 1, 100);
	bench_free(b);
}

/* Anything at all, also with a good header and good TLVs: nothing breaks, and the honest route stays. */
static void fuzz(void **state)
{
	struct bench *b = bench_new();
	struct random_source random = prng_source(&b->prng);

	(void)state;
	meet(b, 2, 2, 96);
	route(b, 2, 2, P1, NULL, 1, 5, 0);
	for (unsigned i = 0; i < 60000; i++) {
		uint8_t data[200] = { 42, 2 };
		size_t at = 4;
		struct ip from = peer_addr(10 + random_below(&random, 20));
		while (at < 150 && random_below(&random, 6)) {
			size_t len = random_below(&random, 30);
			data[at++] = (uint8_t)random_below(&random, 12);
			data[at++] = (uint8_t)len;
			for (; len; len--)
				data[at++] = random_below(&random, 3) ? (uint8_t)random_below(&random, 4)
				                                      : (uint8_t)random_u32(&random);
		}
		data[3] = (uint8_t)(at - 4);
		babel_input(b->babel, b->now, 1, &from, BABEL_PORT, true, data, at);
		b->seen_count = 0;
		run(b, random_below(&random, 20));
		if (i % 100 == 0) {
			hello(b, 2, 2);
			ihu(b, 2, 2, 96);
		}
	}
	assert_via(b, P1, NULL, 2, 96);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flood_of_routes),
		cmocka_unit_test(flood_of_neighbours),
		cmocka_unit_test(flood_of_requests),
		cmocka_unit_test(flood_for_our_seqno),
		cmocka_unit_test(fuzz),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
