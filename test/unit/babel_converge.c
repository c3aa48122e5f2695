/* SPDX-License-Identifier: ISC */
/* How fast and how quietly a network of Babel routers finds its routes, and finds them again. */
#include "support/babel_net.h"
#include "proto/babel/wire.h"

static struct babel_key key_of(unsigned router)
{
	char text[PREFIX_TEXT];

	snprintf(text, sizeof(text), "2001:db8:0:%x::/64", router + 1);
	return net_key(text, NULL);
}

static void announce_all(struct net *net)
{
	for (unsigned i = 0; i < net->router_count; i++)
		net_announce(net, i, key_of(i));
}

static void start_all(struct net *net)
{
	for (unsigned i = 0; i < net->router_count; i++)
		net_start(net, i);
}

static bool complete(struct net *net)
{
	net_refresh(net);
	for (unsigned i = 0; i < net->router_count; i++)
		for (unsigned j = 0; j < net->router_count; j++) {
			struct babel_key key = key_of(j);
			if (net_trace(net, i, NULL, NULL, &key, NULL) < 0)
				return false;
		}
	return true;
}

/* Milliseconds until every router reaches every other, at most `limit`. */
static msec until_complete(struct net *net, msec limit)
{
	msec from = net->now;

	while (!complete(net) && net_step(net, from + limit))
		;
	return complete(net) ? net->now - from : limit;
}

static void line_starts_quickly(void **state)
{
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct net net;
		net_init(&net, seed);
		net_line(&net, 5, false);
		announce_all(&net);
		start_all(&net);
		msec took = until_complete(&net, MINUTE);
		worst = MAX(worst, took);
		net_free(&net);
	}
	print_message("start of a line of 5: at most %d ms in 100 runs\n", (int)worst);
	assert_in_range(worst, 1, 500);
}

static void lan_starts_quickly(void **state)
{
	struct net net;

	(void)state;
	net_init(&net, 3);
	for (unsigned i = 0; i < 20; i++)
		net_join(&net, net_add(&net), 0, 0);
	announce_all(&net);
	start_all(&net);
	msec took = until_complete(&net, MINUTE);
	net_run(&net, 10 * SECOND);
	size_t packets = 0;
	for (unsigned i = 0; i < 20; i++)
		packets += net.routers[i].sent;
	print_message("start of a LAN of 20: %d ms, %zu packets in the first 10 s\n", (int)took, packets);
	assert_in_range(took, 1, 500);
	assert_true(packets < 20 * 80);
	net_free(&net);
}

/* A router that joins a network which has long been at rest is in it as quickly. */
static void late_comer(void **state)
{
	struct net net;
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		net_init(&net, seed);
		net_line(&net, 5, false);
		announce_all(&net);
		for (unsigned i = 0; i < 4; i++)
			net_start(&net, i);
		net_run(&net, MINUTE);
		net_start(&net, 4);
		msec took = until_complete(&net, MINUTE);
		worst = MAX(worst, took);
		net_free(&net);
	}
	print_message("a fifth router joins: at most %d ms in 50 runs\n", (int)worst);
	assert_in_range(worst, 1, 500);
}

/* A link of a ring fails; how, decides how soon that is noticed. */
enum failure { REMOVED_ONE_END, REMOVED_BOTH_ENDS, SILENT };

static msec ring_failure(uint64_t seed, enum failure failure)
{
	struct net net;

	net_init(&net, seed);
	net_line(&net, 6, true);
	announce_all(&net);
	start_all(&net);
	net_run(&net, MINUTE + random_between(&net.random, 0, 4000));
	assert_true(complete(&net));
	/* Traffic through the link is lost from now on: until the way round is taken everywhere. */
	msec from = net.now;
	if (failure == SILENT)
		net.wires[0].cut = true;
	else
		net_leave(&net, 0, 0);
	if (failure == REMOVED_BOTH_ENDS)
		net_leave(&net, 1, 0);
	bool through = true;
	while (through && net_step(&net, from + MINUTE)) {
		net_refresh(&net);
		through = !complete(&net);
		for (unsigned i = 0; i < 2; i++)
			for (size_t r = 0; r < net.routers[i].route_count; r++)
				through |= net.routers[i].routes[r].link == 1 &&
				           net.routers[i].routes[r].metric != BABEL_INFINITY;
	}
	msec took = net.now - from;
	net_free(&net);
	return took;
}

static void ring_heals(void **state)
{
	static const struct {
		const char *name;
		enum failure failure;
		msec limit;
	} cases[] = { { "an interface removed at one end", REMOVED_ONE_END, 500 },
		      { "removed at both ends", REMOVED_BOTH_ENDS, 500 },
		      { "silent loss", SILENT, 11000 } };

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
		msec worst = 0, sum = 0;
		for (uint64_t seed = 1; seed <= 50; seed++) {
			msec took = ring_failure(seed, cases[c].failure);
			worst = MAX(worst, took);
			sum += took;
		}
		print_message("ring of 6, %s: whole again after %d ms on average, %d at most\n", cases[c].name,
		              (int)(sum / 50), (int)worst);
		assert_true(worst <= cases[c].limit);
	}
}

static bool saw_unscheduled;

static void watch_hellos(struct net *net, unsigned from, unsigned wire, const struct ip *to, const uint8_t *data,
                         size_t len)
{
	(void)net, (void)from, (void)wire, (void)to;
	for (size_t i = 4; i + 1 < len; i += 2U + data[i + 1])
		saw_unscheduled |= data[i] == 4 && !data[i + 6] && !data[i + 7];
}

static void idle_is_quiet(void **state)
{
	struct net net;

	(void)state;
	net_init(&net, 5);
	net.tap = watch_hellos;
	net_line(&net, 3, false);
	announce_all(&net);
	start_all(&net);
	net_run(&net, MINUTE);
	size_t packets = net.routers[1].sent, bytes = net.routers[1].sent_bytes;
	unsigned changes = net.routers[1].changes;
	net_run(&net, 2 * MINUTE);
	packets = net.routers[1].sent - packets;
	bytes = net.routers[1].sent_bytes - bytes;
	print_message("idle, two interfaces: %zu packets, %zu bytes in 120 s\n", packets, bytes);
	assert_true(packets <= 70);
	assert_int_equal(net.routers[1].changes, changes);
	assert_false(saw_unscheduled);
	net_free(&net);
}

/* Two providers at one router: the far end loses the one withdrawn in no time, and keeps the other. */
static void two_providers(void **state)
{
	struct net net;
	struct babel_key one = net_key("::/0", "2001:db8:100::/48"), two = net_key("::/0", "2001:db8:200::/56");

	(void)state;
	net_init(&net, 9);
	net_line(&net, 4, false);
	net_announce(&net, 0, one);
	net_announce(&net, 0, two);
	start_all(&net);
	net_run(&net, MINUTE);
	assert_int_equal(net_route(&net, 3, one)->metric, 288);
	assert_int_equal(net_route(&net, 3, two)->metric, 288);
	net_withdraw(&net, 0, two);
	msec from = net.now;
	while (net_route(&net, 3, two)->metric != BABEL_INFINITY && net_step(&net, from + MINUTE))
		net_refresh(&net);
	print_message("the second of two uplinks is gone three hops away after %d ms\n", (int)(net.now - from));
	assert_in_range(net.now - from, 1, 200);
	assert_int_equal(net_route(&net, 3, one)->metric, 288);
	net_run(&net, 3 * MINUTE);
	assert_null(net_route(&net, 3, two));
	assert_int_equal(net_route(&net, 3, one)->metric, 288);
	net_free(&net);
}

/* Has the source of a key count its seqno up, as starving routers would in a long life. */
static void age(struct net *net, unsigned router, unsigned wire, unsigned from, uint16_t seqnos)
{
	for (uint16_t i = 1; i <= seqnos; i++) {
		struct message m = { .type = TLV_SEQNO_REQUEST, .key = key_of(router), .seqno = i, .hop_count = 1 };
		struct ip addr = net_linklocal(from, wire);
		struct wire_writer w;
		m.router_id[0] = 2;
		m.router_id[7] = (uint8_t)(router + 1);
		babel_wire_begin(&w, WIRE_PACKET);
		assert_true(babel_wire_write(&w, &m));
		size_t len = babel_wire_finish(&w);
		babel_input(net->routers[router].babel, net->now, wire + 1, &addr, BABEL_PORT, false, w.data, len);
		net_run(net, 100);
	}
}

/* A goodbye is heard; a death is noticed; a router is welcome again under its old router-id. */
static void leaving_and_coming_back(void **state)
{
	(void)state;
	for (int same = 0; same < 2; same++) {
		struct net net;
		net_init(&net, 11);
		net.same_id = same;
		net_line(&net, 4, true);
		announce_all(&net);
		start_all(&net);
		net_run(&net, MINUTE);
		struct babel_key key = key_of(2);
		if (same)
			age(&net, 2, 1, 1, 20);
		babel_goodbye(net.routers[2].babel, net.now);
		net_run(&net, SECOND);
		for (unsigned i = 0; i < 4; i++)
			if (i != 2)
				assert_int_equal(net_route(&net, i, key)->metric, BABEL_INFINITY);
		struct babel_key across = key_of(3);
		assert_true(net_trace(&net, 1, NULL, NULL, &across, NULL) == 2);
		net_stop(&net, 2);
		net_run(&net, 10 * SECOND);
		net_start(&net, 2);
		msec took = until_complete(&net, 4 * MINUTE);
		print_message("back %s its old router-id: %d ms\n", same ? "after 20 seqnos with" : "without",
		              (int)took);
		assert_in_range(took, 1, same ? 5000 : 500);
		net_free(&net);
	}
}

/* A link with losses is left for a longer way without; over wireless links ETX sees it. */
static void etx_avoids_losses(void **state)
{
	struct net net;

	(void)state;
	net_init(&net, 13);
	net_line(&net, 3, true);
	for (unsigned i = 0; i < 3; i++)
		net.wires[i].wireless = true;
	net.wires[0].loss = 60;
	announce_all(&net);
	start_all(&net);
	unsigned direct = 0;
	net_run(&net, MINUTE);
	for (int i = 0; i < 100; i++) {
		net_run(&net, 4 * SECOND);
		struct babel_key key = key_of(1);
		direct += net_route(&net, 0, key)->link == 1;
	}
	print_message("a link that loses 60 %% is used %u %% of the time\n", direct);
	assert_true(direct < 25);
	net_free(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_starts_quickly),
		cmocka_unit_test(lan_starts_quickly),
		cmocka_unit_test(late_comer),
		cmocka_unit_test(ring_heals),
		cmocka_unit_test(idle_is_quiet),
		cmocka_unit_test(two_providers),
		cmocka_unit_test(leaving_and_coming_back),
		cmocka_unit_test(etx_avoids_losses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
