/* SPDX-License-Identifier: ISC */
/* How fast and how quietly a network of Babel routers finds its routes, and finds them again. */
#include "support/babel_net.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_starts_quickly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
