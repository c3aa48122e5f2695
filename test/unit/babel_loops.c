/* SPDX-License-Identifier: ISC */
/* Random networks that links, routers and prefixes come to and go from, over lossy links: at no step may a packet go
 * round, and after some quiet everybody must reach everybody over the shortest way. */
#include "support/babel_net.h"

enum { SEEDS = 300, ANYCAST = 2 };

struct world {
	struct net net;
	unsigned wires;
	msec calm_at; /* until then a router that lost its memory may take part in a loop (RFC 8966 2.4, 3.7.3) */
	msec looping_since;
	msec longest_loop; /* of packets for what several routers announce (2.7) */
	bool restarts;     /* routers lose their memory, too */
	unsigned checks;
	unsigned restart_loops;
	msec restart_age; /* how long after a restart such a loop was last seen */
};

/* What router i alone announces. */
static struct babel_key own_key(unsigned i, unsigned which)
{
	char text[PREFIX_TEXT];

	if (which == 0) {
		snprintf(text, sizeof(text), "2001:db8:0:%x::/64", i + 1);
		return net_key(text, NULL);
	}
	if (which == 1) {
		snprintf(text, sizeof(text), "10.%u.0.0/16", i + 1);
		return net_key(text, NULL);
	}
	snprintf(text, sizeof(text), "2001:db8:%x::/48", 0x100 + i);
	return net_key("::/0", text);
}

/* What routers 0 and 1 both announce. */
static struct babel_key shared_key(void)
{
	return net_key("::/0", NULL);
}

static void check(struct net *net, void *ctx)
{
	struct world *w = ctx;
	struct babel_key shared = shared_key();
	struct ip out = net_ip("2001:4860::8888"), src = net_ip("2001:db8:100::1"), none = net_ip("fd00::1");
	bool loop = false;

	w->checks++;
	for (unsigned k = 0; k < net->router_count; k++) {
		for (unsigned which = 0; which < 3; which++) {
			struct babel_key key = own_key(k, which);
			int from = net_loop(net, NULL, NULL, &key);
			if (from >= 0 && net->now >= w->calm_at) {
				print_message("loop for %u/%u from %d at %d\n", k, which, from, (int)net->now);
				fail();
			}
			w->restart_loops += from >= 0;
			if (from >= 0)
				w->restart_age = MAX(w->restart_age, net->now + MINUTE - w->calm_at);
		}
		/* a host behind router k, from an address of router 0's provider and of none */
		struct ip dst = prefix_with_host(&(struct prefix) { own_key(k, 0).dst.ip, 64 }, 1);
		loop |= net_loop(net, &dst, &none, NULL) >= 0;
	}
	loop |= net_loop(net, &out, &src, NULL) >= 0 || net_loop(net, NULL, NULL, &shared) >= 0;
	if (!loop)
		w->looping_since = MSEC_NEVER;
	else if (w->looping_since == MSEC_NEVER)
		w->looping_since = net->now;
	else
		w->longest_loop = MAX(w->longest_loop, net->now - w->looping_since);
}

static void build(struct world *w, uint64_t seed)
{
	struct net *net = &w->net;

	net_init(net, seed);
	unsigned n = 3 + random_below(&net->random, 8), wires = n - 1 + random_below(&net->random, n);
	net->changed = check;
	net->ctx = w;
	net->same_id = seed % 2;
	w->restarts = seed % 4 < 2;
	w->wires = wires;
	w->looping_since = MSEC_NEVER;
	w->longest_loop = 0;
	for (unsigned i = 0; i < n; i++)
		net_add(net);
	for (unsigned i = 0; i < wires; i++) {
		unsigned a = i + 1 < n ? i + 1 : random_below(&net->random, n);
		unsigned members = random_below(&net->random, 4) ? 2 : 3;
		net->wires[i].loss = random_below(&net->random, 3) ? 0 : random_below(&net->random, 20);
		net_join(net, a, i, (uint16_t)(1 + random_below(&net->random, 300)));
		for (unsigned m = 1; m < members; m++) {
			unsigned b =
			        i + 1 < n && m == 1 ? random_below(&net->random, i + 1) : random_below(&net->random, n);
			if (!net->routers[b].wires[i])
				net_join(net, b, i, (uint16_t)(1 + random_below(&net->random, 300)));
		}
	}
	for (unsigned i = 0; i < n; i++)
		for (unsigned which = 0; which < 3; which++)
			net_announce(net, i, own_key(i, which));
	for (unsigned i = 0; i < ANYCAST; i++)
		net_announce(net, i, shared_key());
	for (unsigned i = 0; i < n; i++)
		net_start(net, i);
	w->calm_at = net->now;
}

/* One misfortune, or its end. */
static void shake(struct world *w)
{
	struct net *net = &w->net;
	unsigned router = random_below(&net->random, net->router_count), wire = random_below(&net->random, w->wires);
	unsigned what = w->restarts ? 0 : 2;
	struct net_router *r = &net->routers[router];

	switch (what + random_below(&net->random, 8 - what)) {
	case 0:
		if (r->babel)
			net_stop(net, router);
		else
			net_start(net, router);
		w->calm_at = net->now + MINUTE;
		break;
	case 1: /* at once, as fast as power comes back */
		if (r->babel)
			net_stop(net, router);
		net_start(net, router);
		w->calm_at = net->now + MINUTE;
		break;
	case 2: /* the carrier is lost at one end, or is back */
		if (!r->babel)
			break;
		if (r->wires[wire])
			net_leave(net, router, wire);
		else if (r->costs[wire])
			net_join(net, router, wire, r->costs[wire]);
		break;
	case 3:
		if (r->babel && r->key_count)
			net_withdraw(net, router, r->keys[random_below(&net->random, (uint32_t)r->key_count)]);
		break;
	case 4:
		if (r->costs[wire] && r->babel && r->wires[wire])
			net_join(net, router, wire, (uint16_t)(1 + random_below(&net->random, 300)));
		break;
	default:
		net->wires[wire].cut = !net->wires[wire].cut;
	}
}

/* Everything is whole again, but for the wires of `cut`, and every router announces what it has. */
static void heal(struct world *w, bool keep_cuts)
{
	struct net *net = &w->net;

	for (unsigned i = 0; i < w->wires; i++) {
		net->wires[i].loss = 0;
		net->wires[i].cut &= keep_cuts;
	}
	for (unsigned i = 0; i < net->router_count; i++) {
		struct net_router *r = &net->routers[i];
		if (!r->babel)
			net_start(net, i);
		for (unsigned x = 0; x < w->wires; x++)
			if (r->costs[x] && !r->wires[x])
				net_join(net, i, x, r->costs[x]);
	}
}

/* Shortest ways from `from` to all (Bellman and Ford, as slow as you like). */
static void distances(const struct world *w, unsigned from, uint32_t out[NET_ROUTERS])
{
	const struct net *net = &w->net;
	bool again = true;

	for (unsigned i = 0; i < net->router_count; i++)
		out[i] = i == from ? 0 : BABEL_INFINITY;
	while (again) {
		again = false;
		for (unsigned x = 0; x < w->wires; x++)
			for (unsigned a = 0; !net->wires[x].cut && a < net->router_count; a++)
				for (unsigned b = 0; b < net->router_count; b++) {
					if (a == b || !net->routers[a].wires[x] || !net->routers[b].wires[x])
						continue;
					/* a's cost to b is what b says it takes to hear a (RFC 8966 A.2.1) */
					uint32_t d = out[b] + net->routers[b].costs[x];
					if (d < out[a]) {
						out[a] = d;
						again = true;
					}
				}
	}
}

/* Every key is where it should be, at the metric it should have, and nowhere else. */
static void verify(struct world *w, uint64_t seed)
{
	struct net *net = &w->net;

	for (unsigned k = 0; k < net->router_count; k++) {
		uint32_t far[NET_ROUTERS];
		distances(w, k, far);
		for (unsigned i = 0; i < net->router_count; i++)
			for (unsigned which = 0; which < 3 && i != k; which++) {
				struct babel_key key = own_key(k, which);
				const struct babel_route *r = net_route(net, i, key);
				bool announced = false;
				for (size_t a = 0; a < net->routers[k].key_count; a++)
					announced |= net_same_key(&net->routers[k].keys[a], &key);
				uint32_t wanted = announced ? far[i] : BABEL_INFINITY;
				uint32_t metric = r ? r->metric : BABEL_INFINITY;
				if (metric != wanted)
					print_message("seed %u: %u to %u/%u is %u, not %u\n", (unsigned)seed, i, k,
					              which, metric, wanted);
				assert_int_equal(metric, wanted);
				if (wanted == BABEL_INFINITY)
					assert_null(r); /* the hold time is over */
			}
	}
}

static void random_networks(void **state)
{
	static struct world w;
	unsigned checks = 0, restart_loops = 0;
	msec longest = 0, age = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		memset(&w, 0, sizeof(w));
		build(&w, seed);
		net_run(&w.net, 5 * SECOND);
		for (int i = 0; i < 40; i++) {
			shake(&w);
			net_run(&w.net,
			        random_between(&w.net.random, 0, random_below(&w.net.random, 4) ? 2000 : 20000));
		}
		heal(&w, seed % 3 == 0);
		net_run(&w.net, 6 * MINUTE);
		verify(&w, seed);
		assert_true(w.looping_since == MSEC_NEVER);
		longest = MAX(longest, w.longest_loop);
		checks += w.checks;
		restart_loops += w.restart_loops;
		age = MAX(age, w.restart_age);
		net_free(&w.net);
	}
	print_message("%u networks, %u states checked; %u looped, up to %d ms after a restart\n", SEEDS, checks,
	              restart_loops, (int)age);
	print_message("for anycast and overlaps the longest loop took %d ms\n", (int)longest);
	assert_true(longest < 30 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_networks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
