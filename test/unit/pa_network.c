/* SPDX-License-Identifier: ISC */
/* Many nodes that assign prefixes together, in virtual time: what RFC 7695 promises must hold for every seed.
 *
 * What a node publishes (its assignments, and the delegated prefixes it owns) reaches each other node after a delay of
 * its own, shorter than the Flooding Delay. Nodes see each other only inside one part of the network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/pa/pa.h"

enum { NODES = 6, LINKS = 8, POOLS = 3, MINE_MAX = LINKS * POOLS, HISTORY = 512 };

/* What a node said at a time. */
struct said {
	msec at;
	bool up;
	unsigned pools; /* bits: the delegated prefixes it gives to the home */
	size_t count;
	struct pa_advertised all[MINE_MAX]; /* .link is the link of the home */
};

struct node {
	uint32_t id;
	bool up;
	unsigned links; /* bits */
	unsigned pools; /* bits */
	int part;
	struct pa *pa;
	struct said history[HISTORY];
	size_t said;
	size_t seen[NODES]; /* how much of the others' history has arrived */
	msec joined[NODES]; /* since when it can hear them; MSEC_NEVER: not */
	bool stale;         /* has something new to work out */
};

struct home {
	struct prng seed;
	struct random_source random;
	struct node nodes[NODES];
	size_t node_count, link_count, pool_count;
	struct prefix pools[POOLS];
	msec delay[NODES][NODES];
	msec now;
	bool strict; /* no two links may apply overlapping prefixes, not for a moment */
};

static void changed(void *ctx)
{
	((struct node *)ctx)->stale = true;
}

static void start(struct home *h, struct node *n)
{
	struct pa_env env = { .ctx = n, .random = h->random, .changed = changed };

	n->pa = pa_new(&PA_PARAMS_HNCP, &env);
	n->up = true;
	n->stale = true;
	memset(n->seen, 0, sizeof(n->seen));
	for (size_t i = 0; i < NODES; i++)
		n->joined[i] = h->now;
}

static void say(struct home *h, struct node *n)
{
	struct said next = { .at = h->now, .up = n->up, .pools = n->pools };

	for (const struct pa_assignment *a = NULL; n->up && (a = pa_next(n->pa, a));)
		if (a->published)
			next.all[next.count++] = (struct pa_advertised) { n->id, a->prefix, a->priority, a->link };
	struct said *last = n->said ? &n->history[n->said - 1] : NULL;
	if (last && last->up == next.up && last->pools == next.pools && last->count == next.count &&
	    memcmp(last->all, next.all, next.count * sizeof(next.all[0])) == 0)
		return;
	assert_true(n->said < HISTORY);
	n->history[n->said++] = next;
}

/* When `to` hears the next of what `from` said; MSEC_NEVER if there is nothing. */
static msec hears_at(const struct home *h, size_t to, size_t from)
{
	const struct node *t = &h->nodes[to], *f = &h->nodes[from];

	if (to == from || !t->up || t->part != f->part || t->seen[from] == f->said)
		return MSEC_NEVER;
	return MAX(f->history[t->seen[from]].at, t->joined[from]) + h->delay[from][to];
}

static const struct said *heard(const struct home *h, size_t to, size_t from)
{
	const struct node *t = &h->nodes[to];
	const struct said *s = t->seen[from] ? &h->nodes[from].history[t->seen[from] - 1] : NULL;

	return s && s->up && t->part == h->nodes[from].part ? s : NULL;
}

static void tell(struct home *h, size_t self)
{
	struct node *n = &h->nodes[self];
	struct pa_delegated delegated[POOLS];
	struct pa_advertised advertised[NODES * MINE_MAX];
	struct pa_link links[LINKS];
	struct pa_input in = {
		.node = n->id, .alone = true, .delegated = delegated, .links = links, .advertised = advertised
	};
	unsigned pools = n->pools, crowded = 0;

	for (size_t i = 0; i < h->node_count; i++) {
		const struct said *s = heard(h, self, i);
		/* Who is still to be heard of is there: the caller of pa waits before it says that it is alone. */
		if (i != self && h->nodes[i].up && h->nodes[i].part == n->part)
			in.alone = false;
		if (i == self || !s)
			continue;
		in.alone = false;
		pools |= s->pools;
		crowded |= h->nodes[i].links;
		for (size_t j = 0; j < s->count; j++) {
			struct pa_advertised *a = &advertised[in.advertised_count++];
			*a = s->all[j];
			a->link = n->links >> a->link & 1 ? a->link : 0;
		}
	}
	for (size_t i = 0; i < h->pool_count; i++)
		if (pools >> i & 1)
			delegated[in.delegated_count++] = (struct pa_delegated) { h->pools[i], true };
	for (uint32_t i = 1; i <= h->link_count; i++)
		if (n->links >> i & 1)
			links[in.link_count++] = (struct pa_link) { .id = i,
				                                    .alone = !(crowded >> i & 1),
				                                    .priority = PA_PRIORITY_DEFAULT };
	pa_update(n->pa, h->now, &in);
}

/* At no time do two links apply prefixes that overlap, in one part of the network. */
static void check_applied(const struct home *h)
{
	const struct pa_assignment *all[NODES * MINE_MAX];
	int part[NODES * MINE_MAX];
	size_t count = 0;

	for (size_t i = 0; h->strict && i < h->node_count; i++) {
		const struct node *n = &h->nodes[i];
		for (const struct pa_assignment *a = NULL; n->up && (a = pa_next(n->pa, a));) {
			for (size_t j = 0; a->applied && j < count; j++)
				if (all[j]->link != a->link && part[j] == n->part)
					assert_false(prefix_overlaps(&all[j]->prefix, &a->prefix));
			if (a->applied) {
				part[count] = n->part;
				all[count++] = a;
			}
		}
	}
}

/* Lets everything happen that happens before `until`. */
static void run(struct home *h, msec until)
{
	while (h->now < until) {
		msec next = until;
		for (size_t i = 0; i < h->node_count; i++) {
			struct node *n = &h->nodes[i];
			next = n->up && n->stale ? h->now : next;
			next = n->up ? MIN(next, pa_deadline(n->pa)) : next;
			for (size_t j = 0; j < h->node_count; j++) {
				msec at = hears_at(h, i, j);
				next = MIN(next, at);
			}
		}
		h->now = MAX(h->now, next);
		if (h->now >= until)
			return;
		for (size_t i = 0; i < h->node_count; i++) {
			struct node *n = &h->nodes[i];
			for (size_t j = 0; n->up && j < h->node_count; j++) {
				for (; hears_at(h, i, j) <= h->now; n->stale = true)
					n->seen[j]++;
			}
			if (n->up && n->stale)
				tell(h, i);
			n->stale = false;
			if (n->up && pa_deadline(n->pa) <= h->now)
				pa_run(n->pa, h->now);
			n->stale = false; /* our own changes are no news to ourselves */
			say(h, n);
		}
		check_applied(h);
	}
}

static const struct pa_assignment *on(const struct home *h, size_t node, uint32_t link, size_t pool)
{
	const struct node *n = &h->nodes[node];

	for (const struct pa_assignment *a = NULL; n->up && (a = pa_next(n->pa, a));)
		if (a->link == link && prefix_equal(&a->delegated, &h->pools[pool]))
			return a;
	return NULL;
}

/* What everybody on the link agrees on, applied; len 0 if nobody is there. */
static struct prefix agreed(const struct home *h, uint32_t link, size_t pool)
{
	struct prefix p = PREFIX_ALL;
	size_t published = 0, present = 0;

	for (size_t i = 0; i < h->node_count; i++) {
		const struct node *n = &h->nodes[i];
		if (!n->up || !(n->links >> link & 1))
			continue;
		const struct pa_assignment *a = on(h, i, link, pool);
		assert_non_null(a);
		assert_true(a->applied);
		assert_true(!p.len || prefix_equal(&p, &a->prefix));
		p = a->prefix;
		published += a->published;
		present++;
	}
	assert_true(published == (present > 0));
	return p;
}

/* After quiet: every link with a router has exactly one prefix of every pool, all different. */
static void check_settled(const struct home *h, struct prefix out[LINKS + 1][POOLS])
{
	memset(out, 0, (LINKS + 1) * sizeof(out[0]));
	for (uint32_t l = 1; l <= h->link_count; l++)
		for (size_t p = 0; p < h->pool_count; p++)
			out[l][p] = agreed(h, l, p);
	for (uint32_t l = 1; l <= h->link_count; l++)
		for (uint32_t m = 1; m < l; m++)
			for (size_t p = 0; p < h->pool_count; p++)
				assert_true(!out[l][p].len || !out[m][p].len ||
				            !prefix_overlaps(&out[l][p], &out[m][p]));
}

static void pool(struct home *h, const char *text, size_t owner)
{
	assert_true(prefix_parse(text, &h->pools[h->pool_count]));
	h->nodes[owner].pools |= 1U << h->pool_count++;
}

/* Nodes in a random tree: each has its own link and one that it shares with an earlier node, all in one part. */
static struct home *build(uint64_t seed, size_t nodes)
{
	struct home *h = NEW(struct home);

	h->seed.state = seed;
	h->random = prng_source(&h->seed);
	h->strict = true;
	h->node_count = nodes;
	h->link_count = MIN(nodes + 2, (size_t)LINKS);
	for (size_t i = 0; i < nodes; i++) {
		struct node *n = &h->nodes[i];
		n->id = random_u32(&h->random);
		n->links = 1U << (1 + i);
		if (i)
			n->links |= 1U << (1 + random_below(&h->random, (uint32_t)i));
		n->links |= 1U << (1 + random_below(&h->random, (uint32_t)h->link_count));
		for (size_t j = 0; j < nodes; j++)
			h->delay[i][j] = random_between(&h->random, 1, PA_PARAMS_HNCP.flooding_delay - 1);
	}
	return h;
}

static void start_all(struct home *h)
{
	for (size_t i = 0; i < h->node_count; i++)
		start(h, &h->nodes[i]);
}

static void stop(struct home *h, struct node *n)
{
	pa_free(n->pa);
	n->pa = NULL;
	n->up = false;
	say(h, n);
}

static void demolish(struct home *h)
{
	for (size_t i = 0; i < h->node_count; i++)
		pa_free(h->nodes[i].pa);
	free(h);
}

/* RFC 7695 3: "an absolute worst-case timespan of (2 * Flooding Delay * L)", and the time to apply. */
static msec quiet(const struct home *h)
{
	return h->now + 2 * PA_PARAMS_HNCP.flooding_delay * ((msec)h->link_count + 2);
}

enum { SEEDS = 1000 };

static void test_settles(void **state)
{
	struct prefix got[LINKS + 1][POOLS];
	msec total = 0;

	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct home *h = build(seed, 1 + seed % NODES);
		pool(h, "2001:db8:100::/56", 0);
		pool(h, "10.0.0.0/8", h->node_count / 2);
		pool(h, seed % 2 ? "2001:db8:200::/60" : "fd00:1:2::/48", h->node_count - 1);
		start_all(h);
		run(h, quiet(h));
		check_settled(h, got);
		total += h->nodes[0].history[h->nodes[0].said - 1].at;
		demolish(h);
	}
	print_message("last word of the first node after %d ms on average\n", (int)(total / SEEDS));
}

/* Two links more than there are prefixes: those get none, the others settle all the same. */
static void test_pool_too_small(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct home *h = build(seed, 5);
		size_t with = 0, used = 0;
		pool(h, "2001:db8:100::/62", 0);
		start_all(h);
		run(h, quiet(h));
		for (uint32_t l = 1; l <= h->link_count; l++) {
			bool there = false, has = false;
			for (size_t i = 0; i < h->node_count; i++) {
				there |= h->nodes[i].links >> l & 1;
				has |= on(h, i, l, 0) != NULL;
			}
			used += there;
			with += has;
			if (has)
				agreed(h, l, 0);
		}
		assert_int_equal(with, MIN(used, (size_t)4));
		demolish(h);
	}
}

/* A router that goes leaves its prefixes to its neighbours, and gets them back after a restart. */
static void test_restart(void **state)
{
	struct prefix before[LINKS + 1][POOLS], between[LINKS + 1][POOLS], after[LINKS + 1][POOLS];

	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct home *h = build(seed, 2 + seed % (NODES - 1));
		struct node *n = &h->nodes[seed % h->node_count];
		pool(h, "2001:db8:100::/56", (seed + 1) % h->node_count);
		pool(h, "10.0.0.0/8", seed / 2 % h->node_count);
		start_all(h);
		run(h, quiet(h));
		check_settled(h, before);
		unsigned own = n->pools;
		stop(h, n);
		run(h, quiet(h));
		for (size_t p = 0; p < h->pool_count; p++) {
			for (uint32_t l = 1; !(own >> p & 1) && l <= h->link_count; l++) {
				between[l][p] = agreed(h, l, p);
				assert_true(!between[l][p].len || prefix_equal(&between[l][p], &before[l][p]));
			}
		}
		start(h, n);
		for (uint32_t l = 1; l <= h->link_count; l++)
			for (size_t p = 0; n->links >> l & 1 && p < h->pool_count; p++)
				pa_remember(n->pa, l, &before[l][p]);
		run(h, quiet(h));
		check_settled(h, after);
		assert_memory_equal(before, after, sizeof(after));
		demolish(h);
	}
}

/* Everything loses power and comes back: all is as it was, and in use as soon as the delegated prefixes are known. */
static void test_power_cut(void **state)
{
	struct prefix before[LINKS + 1][POOLS], after[LINKS + 1][POOLS];

	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct home *h = build(seed, 1 + seed % NODES);
		pool(h, "2001:db8:100::/56", seed % h->node_count);
		pool(h, "10.0.0.0/8", 0);
		start_all(h);
		run(h, quiet(h));
		check_settled(h, before);
		for (size_t i = 0; i < h->node_count; i++)
			stop(h, &h->nodes[i]);
		for (size_t i = 0; i < h->node_count; i++) {
			struct node *n = &h->nodes[i];
			h->now += random_below(&h->random, 1 * SECOND);
			start(h, n);
			for (uint32_t l = 1; l <= h->link_count; l++)
				for (size_t p = 0; n->links >> l & 1 && p < h->pool_count; p++)
					pa_remember(n->pa, l, &before[l][p]);
		}
		run(h, h->now + PA_PARAMS_HNCP.flooding_delay);
		for (size_t i = 0; i < h->node_count; i++) {
			for (const struct pa_assignment *a = NULL; (a = pa_next(h->nodes[i].pa, a));) {
				size_t p = prefix_equal(&a->delegated, &h->pools[0]) ? 0 : 1;
				assert_true(a->applied && prefix_equal(&a->prefix, &before[a->link][p]));
			}
		}
		run(h, quiet(h));
		check_settled(h, after);
		assert_memory_equal(before, after, sizeof(after));
		demolish(h);
	}
}

/* A delegated prefix that comes back is where it was, and in use, as soon as everybody knows. */
static void test_withdraw_and_return(void **state)
{
	struct prefix before[LINKS + 1][POOLS], after[LINKS + 1][POOLS];

	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct home *h = build(seed, 1 + seed % NODES);
		struct node *n = &h->nodes[seed % h->node_count];
		pool(h, "2001:db8:100::/56", (size_t)(n - h->nodes));
		pool(h, "10.0.0.0/8", 0);
		start_all(h);
		run(h, quiet(h));
		check_settled(h, before);
		unsigned pools = n->pools;
		n->pools = 0;
		n->stale = true;
		run(h, h->now + random_between(&h->random, 1, (msec)20 * SECOND));
		n->pools = pools;
		n->stale = true;
		run(h, h->now + PA_PARAMS_HNCP.flooding_delay);
		for (size_t i = 0; i < h->node_count; i++) {
			for (const struct pa_assignment *a = NULL; (a = pa_next(h->nodes[i].pa, a));) {
				size_t p = prefix_equal(&a->delegated, &h->pools[0]) ? 0 : 1;
				assert_true(a->applied && prefix_equal(&a->prefix, &before[a->link][p]));
			}
		}
		run(h, quiet(h));
		check_settled(h, after);
		assert_memory_equal(before, after, sizeof(after));
		demolish(h);
	}
}

/* Two settled networks with the same pool become one: where two links have overlapping prefixes exactly one changes,
 * and nothing else does. */
static void test_merge(void **state)
{
	struct prefix before[LINKS + 1][POOLS], after[LINKS + 1][POOLS];
	unsigned conflicts = 0, secondary = 0;

	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct home *h = build(seed, NODES);
		h->link_count = NODES;
		for (size_t i = 0; i < NODES; i++) {
			h->nodes[i].part = i % 2;
			h->nodes[i].links = 1U << (1 + i);
		}
		pool(h, "2001:db8:100::/58", 0);
		h->nodes[1].pools = 1;
		start_all(h);
		run(h, quiet(h));
		h->strict = false;
		check_applied(h);
		for (uint32_t l = 1; l <= h->link_count; l++)
			before[l][0] = agreed(h, l, 0);
		/* DNCP brings the whole of the other side at once. */
		for (size_t i = 0; i < NODES; i++) {
			h->nodes[i].part = 0;
			for (size_t j = 0; j < NODES; j++) {
				h->nodes[i].joined[j] = h->now;
				h->delay[j][i] = 1 + (msec)(i + j) % 2 * 300;
			}
		}
		run(h, quiet(h));
		check_settled(h, after);
		for (uint32_t l = 1; l <= h->link_count; l++) {
			unsigned same = 0;
			for (uint32_t m = 1; m <= h->link_count; m++) {
				if (m == l || !prefix_equal(&before[l][0], &before[m][0]))
					continue;
				same++;
				conflicts += m < l;
				bool kept_l = prefix_equal(&before[l][0], &after[l][0]);
				bool kept_m = prefix_equal(&before[m][0], &after[m][0]);
				assert_true(kept_l != kept_m);
			}
			if (!same)
				secondary += !prefix_equal(&before[l][0], &after[l][0]);
		}
		demolish(h);
	}
	print_message("%u conflicts among merged homes\n", conflicts);
	assert_true(conflicts > SEEDS / 20);
	assert_int_equal(secondary, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settles),
		cmocka_unit_test(test_pool_too_small),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_power_cut),
		cmocka_unit_test(test_withdraw_and_return),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests_name("pa_network", tests, NULL, NULL);
}
