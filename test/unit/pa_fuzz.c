/* SPDX-License-Identifier: ISC */
/* Anything a caller or a hostile node may say, in any order: what must hold whatever happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/pa/pa.h"

enum { RUNS = 300, STEPS = 120, LINKS = 8, POOLS = 4, ADVERTISED = 24, RESERVED = 3, SELF = 50 };

static const char *const spaces[] = { "2001:db8::/59", "10.0.0.0/20", "2001:db8::/32", "fd00::/62" };

struct scene {
	struct random_source random;
	struct pa_input in;
	struct pa_link links[LINKS];
	struct pa_delegated delegated[POOLS];
	struct pa_advertised advertised[ADVERTISED];
	struct prefix reserved[RESERVED];
};

/* A prefix from a small space, so that much collides. */
static struct prefix any_prefix(struct scene *s, unsigned most)
{
	struct prefix space;

	assert_true(prefix_parse(spaces[random_below(&s->random, ARRAY_LEN(spaces))], &space));
	unsigned usual = prefix_is_v4(&space) ? 120 : 64;
	unsigned len = random_below(&s->random, 4) ? usual : space.len + random_below(&s->random, IP_BITS - space.len);
	len = MIN(len, MAX(most, (unsigned)space.len));
	unsigned bits = MIN(len - space.len, 5U);
	struct prefix p = prefix_sub(&space, space.len + bits, random_below(&s->random, 1U << bits));
	return prefix_make(&p.ip, len);
}

static void change(struct scene *s)
{
	struct pa_input *in = &s->in;

	in->node = random_below(&s->random, 10) ? SELF : 1 + random_below(&s->random, 100);
	in->alone = !random_below(&s->random, 20);
	if (!random_below(&s->random, 3)) {
		in->link_count = 0;
		for (uint32_t i = 1; i <= LINKS; i++) {
			if (!random_below(&s->random, 5))
				continue;
			uint32_t dice = random_u32(&s->random);
			s->links[in->link_count++] = (struct pa_link) {
				.id = i,
				.is_private = i == LINKS,
				.alone = dice & 1,
				.priority = dice >> 8 & 3,
				.len6 = dice >> 16 & 7 ? 0 : (uint8_t)(dice >> 24 & 127),
				.len4 = dice >> 17 & 7 ? 0 : (uint8_t)(96 + (dice >> 24 & 31)),
			};
		}
	}
	if (!random_below(&s->random, 6)) {
		in->delegated_count = random_below(&s->random, POOLS + 1);
		for (size_t i = 0; i < in->delegated_count; i++)
			s->delegated[i] = (struct pa_delegated) { any_prefix(s, 62), random_below(&s->random, 4) };
	}
	if (!random_below(&s->random, 8)) {
		in->reserved_count = random_below(&s->random, RESERVED + 1);
		for (size_t i = 0; i < in->reserved_count; i++)
			s->reserved[i] = any_prefix(s, IP_BITS);
	}
	in->advertised_count = random_below(&s->random, ADVERTISED + 1);
	for (uint32_t changes = random_below(&s->random, 6); changes-- > 0;)
		s->advertised[random_below(&s->random, ADVERTISED)] = (struct pa_advertised) {
			.node = 1 + random_below(&s->random, 100),
			.prefix = any_prefix(s, IP_BITS),
			.priority = (uint8_t)random_below(&s->random, 5),
			.link = random_below(&s->random, LINKS + 3),
		};
}

static bool is_ours(const struct scene *s, const struct pa_assignment *a)
{
	bool link = false, pool = false;

	for (size_t i = 0; i < s->in.link_count; i++)
		link |= s->links[i].id == a->link;
	for (size_t i = 0; i < s->in.delegated_count; i++)
		pool |= prefix_equal(&s->delegated[i].prefix, &a->delegated);
	return link && pool;
}

static void check(const struct scene *s, const struct pa *pa, msec now)
{
	for (const struct pa_assignment *a = NULL; (a = pa_next(pa, a));) {
		assert_true(is_ours(s, a) && prefix_contains(&a->delegated, &a->prefix));
		assert_true(a->since <= now && (a->applied ? a->apply_at <= now : a->apply_at > now));
		for (const struct pa_assignment *b = a; (b = pa_next(pa, b));) {
			assert_true(b->link > a->link ||
			            (b->link == a->link && !prefix_overlaps(&b->delegated, &a->delegated)));
			assert_false(a->published && b->published && prefix_overlaps(&a->prefix, &b->prefix));
		}
		for (size_t i = 0; a->published && i < s->in.reserved_count; i++)
			assert_false(prefix_overlaps(&a->prefix, &s->reserved[i]));
		for (size_t i = 0; a->published && i < s->in.advertised_count; i++) {
			const struct pa_advertised *v = &s->advertised[i];
			if (prefix_overlaps(&a->prefix, &v->prefix))
				assert_true(v->priority < a->priority ||
				            (v->priority == a->priority && v->node <= s->in.node));
		}
	}
}

static void play(uint64_t seed, msec adopt_max_delay)
{
	struct prng prng = { seed };
	struct scene s = { .random = prng_source(&prng) };
	struct pa_params params = PA_PARAMS_HNCP;
	struct pa_env env = { .random = s.random };
	msec now = 0;

	params.adopt_max_delay = adopt_max_delay;
	struct pa *pa = pa_new(&params, &env);
	s.in = (struct pa_input) {
		.links = s.links, .delegated = s.delegated, .advertised = s.advertised, .reserved = s.reserved
	};
	for (size_t i = 0; i < ADVERTISED; i++)
		s.advertised[i] = (struct pa_advertised) { 1, any_prefix(&s, IP_BITS), 0, 0 };
	for (int step = 0; step < STEPS; step++) {
		change(&s);
		pa_update(pa, now, &s.in);
		check(&s, pa, now);
		if (!random_below(&s.random, 10)) {
			struct prefix p = any_prefix(&s, IP_BITS);
			pa_remember(pa, 1 + random_below(&s.random, LINKS), &p);
		}
		msec until = now + random_below(&s.random, 4 * SECOND);
		while (pa_deadline(pa) <= until) {
			assert_true(pa_deadline(pa) >= now);
			now = pa_deadline(pa);
			pa_run(pa, now);
			check(&s, pa, now);
		}
		now = until;
	}
	pa_free(pa);
}

static void test_fuzz(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < RUNS; seed++)
		play(seed, 0);
}

static void test_fuzz_with_adoption_delay(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < RUNS; seed++)
		play(seed + RUNS, 3 * SECOND);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fuzz),
		cmocka_unit_test(test_fuzz_with_adoption_delay),
	};

	return cmocka_run_group_tests_name("pa_fuzz", tests, NULL, NULL);
}
