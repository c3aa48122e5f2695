/* SPDX-License-Identifier: ISC */
/* Which prefixes new assignments get (RFC 7695 5, RFC 7788 6.3.2), against the definitions taken literally. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/pa/pa.h"

enum { ROOM = 300, SET = 64 };

static struct prefix pfx(const char *text)
{
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	return p;
}

/* The RFC's "available prefix", word for word. */
static bool is_available(const struct prefix *p, const struct prefix *pool, const struct pa_advertised *all,
                         size_t count)
{
	bool tight = prefix_equal(p, pool);
	struct prefix parent = prefix_make(&p->ip, p->len ? p->len - 1U : 0);

	for (size_t i = 0; i < count; i++) {
		if (prefix_overlaps(&all[i].prefix, p))
			return false;
		tight |= prefix_overlaps(&parent, &all[i].prefix);
	}
	return tight;
}

/* Step 4: candidates of length `want` from the longest available prefixes, of equally long ones the smallest first. */
static size_t candidates(const struct prefix *pool, unsigned want, const struct pa_advertised *all, size_t count,
                         struct prefix out[SET])
{
	size_t n = 0;

	for (unsigned len = want; len >= pool->len && n < SET; len--) {
		for (uint64_t i = 0; i < UINT64_C(1) << (len - pool->len); i++) {
			struct prefix p = prefix_sub(pool, len, i);
			if (!is_available(&p, pool, all, count))
				continue;
			for (uint64_t j = 0; j < UINT64_C(1) << (want - len) && n < SET; j++)
				out[n++] = prefix_sub(&p, want, j);
		}
	}
	return n;
}

/* What one link gets when `all` is advertised; len 0 if nothing. */
static struct prefix choose(uint32_t node, struct prng *seed, const struct pa_link *link, const struct prefix *pool,
                            const struct pa_advertised *all, size_t count)
{
	struct pa_env env = { .random = prng_source(seed) };
	struct pa *pa = pa_new(&PA_PARAMS_HNCP, &env);
	struct pa_delegated delegated = { *pool, true };
	struct pa_input in = { .node = node,
		               .alone = true,
		               .delegated = &delegated,
		               .delegated_count = 1,
		               .links = link,
		               .link_count = 1,
		               .advertised = all,
		               .advertised_count = count };

	pa_update(pa, 0, &in);
	const struct pa_assignment *a = pa_next(pa, NULL);
	struct prefix got = a ? a->prefix : PREFIX_ALL;
	pa_free(pa);
	return got;
}

static void test_chosen_from_the_right_set(void **state)
{
	static const char *const pools[] = { "2001:db8::/58", "2001:db8::/56", "10.0.0.0/17" };
	struct pa_advertised all[ROOM];
	struct prefix set[SET];
	struct prng seed = { 3 };
	struct random_source random = prng_source(&seed);

	(void)state;
	for (uint32_t run = 0; run < 1500; run++) {
		struct prefix pool = pfx(pools[run % ARRAY_LEN(pools)]);
		unsigned want = prefix_is_v4(&pool) ? 120 : 64, bits = want - pool.len;
		size_t count = random_below(&random, run % 7 ? 40 : ROOM);
		struct pa_link link = { .id = run + 1 };
		for (size_t i = 0; i < count; i++) {
			unsigned len = want - random_below(&random, 3) + random_below(&random, 8);
			len = MAX(len, pool.len + 1U);
			uint32_t at = random_below(&random, 1U << MIN(bits, len - pool.len));
			struct prefix slot = prefix_sub(&pool, MIN(want, len), at);
			all[i] = (struct pa_advertised) { .node = 1, .prefix = prefix_make(&slot.ip, len) };
		}
		size_t n = candidates(&pool, want, all, count, set);
		struct prefix got = choose(run, &seed, &link, &pool, all, count);
		bool found = false;
		for (size_t i = 0; i < n; i++)
			found |= prefix_equal(&set[i], &got);
		assert_true(found || (n == 0 && got.len != want));
		for (size_t i = 0; n == 0 && i < count; i++)
			assert_true(!got.len || !prefix_overlaps(&got, &all[i].prefix));
	}
}

/* Different nodes and links choose differently, and the same again the same. */
static void test_spread_and_stability(void **state)
{
	struct prefix pool = pfx("2001:db8::/48");
	unsigned hits[SET] = { 0 };
	struct prng seed = { 1 };

	(void)state;
	for (uint32_t run = 0; run < 64 * SET; run++) {
		struct pa_link link = { .id = 1 + run % 8 };
		struct prefix got = choose(run / 8 * 7919, &seed, &link, &pool, NULL, 0);
		struct prefix again = choose(run / 8 * 7919, &seed, &link, &pool, NULL, 0);
		assert_true(prefix_equal(&got, &again));
		assert_int_equal(got.ip.b[6], 0);
		assert_true(got.ip.b[7] < SET);
		hits[got.ip.b[7]]++;
	}
	for (size_t i = 0; i < SET; i++)
		assert_in_range(hits[i], 64 / 3, 64 * 3);
}

/* Many links fill a pool densely, so that large prefixes stay whole. */
static void test_space_is_not_wasted(void **state)
{
	struct pa_env env = { .random = prng_source(&(struct prng) { 1 }) };
	struct pa *pa = pa_new(&PA_PARAMS_HNCP, &env);
	struct pa_delegated delegated = { pfx("2001:db8::/48"), true };
	struct pa_link links[100];
	struct pa_input in = {
		.node = 1, .alone = true, .delegated = &delegated, .delegated_count = 1, .links = links
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(links); i++) {
		links[i] = (struct pa_link) { .id = i + 1 };
		in.link_count = i + 1;
		pa_update(pa, 0, &in);
	}
	for (const struct pa_assignment *a = NULL; (a = pa_next(pa, a));)
		assert_true(a->prefix.ip.b[6] == 0);
	pa_free(pa);
}

static void test_wanted_lengths(void **state)
{
	static const struct {
		const char *pool, *taken;
		uint8_t len6, len4;
		unsigned want;
	} cases[] = {
		{ "2001:db8::/56", NULL, 0, 0, 64 },
		{ "2001:db8::/56", NULL, 60, 0, 60 },
		{ "2001:db8::/56", NULL, 80, 0, 80 },
		{ "2001:db8::/56", NULL, 0, 121, 64 },
		{ "2001:db8::/64", NULL, 0, 0, 64 },
		{ "10.0.0.0/8", NULL, 0, 0, 120 },
		{ "10.0.0.0/8", NULL, 48, 124, 124 },
		/* Not to be had: RFC 7788 6.3.2, "a longer prefix MAY be selected". */
		{ "2001:db8::/62", NULL, 60, 0, 62 },
		{ "2001:db8::/60", "2001:db8:0:1::/64", 60, 0, 61 },
		{ "2001:db8::/66", NULL, 0, 0, 70 },
		{ "2001:db8::/64", "2001:db8::/65", 0, 0, 69 },
		{ "2001:db8::/118", NULL, 0, 0, 120 },
		{ "2001:db8::/122", NULL, 0, 0, 122 },
		{ "192.0.2.0/26", NULL, 0, 0, 96 + 28 },
		{ "192.0.2.0/29", NULL, 0, 0, 96 + 29 },
		{ "192.0.2.0/31", NULL, 0, 0, 0 },
		{ "2001:db8::/64", "2001:db8::/64", 0, 0, 0 },
		{ "2001:db8::/64", "2001:db8::/32", 0, 0, 0 },
	};
	struct prng seed = { 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pa_link link = { .id = 1, .len6 = cases[i].len6, .len4 = cases[i].len4 };
		struct prefix pool = pfx(cases[i].pool);
		struct pa_advertised taken = { .node = 2, .prefix = cases[i].taken ? pfx(cases[i].taken) : pool };
		struct prefix got = choose(1, &seed, &link, &pool, &taken, cases[i].taken != NULL);
		assert_int_equal(got.len, cases[i].want);
		assert_true(!got.len || prefix_contains(&pool, &got));
	}
}

/* The widest pools and the longest prefixes there are. */
static void test_extremes(void **state)
{
	struct pa_link link = { .id = 1, .len6 = 126 };
	struct prng seed = { 1 };
	struct prefix pool = pfx("8000::/1");

	(void)state;
	assert_int_equal(choose(1, &seed, &link, &pool, NULL, 0).len, 126);
	pool = pfx("2001:db8::1/128");
	link.len6 = 128;
	assert_int_equal(choose(1, &seed, &link, &pool, NULL, 0).len, 128);
	link.len6 = 0;
	assert_int_equal(choose(1, &seed, &link, &pool, NULL, 0).len, 0);
	link.len6 = 1;
	pool = PREFIX_ALL;
	assert_int_equal(choose(1, &seed, &link, &pool, NULL, 0).len, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chosen_from_the_right_set),
		cmocka_unit_test(test_spread_and_stability),
		cmocka_unit_test(test_space_is_not_wasted),
		cmocka_unit_test(test_wanted_lengths),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests_name("pa_select", tests, NULL, NULL);
}
