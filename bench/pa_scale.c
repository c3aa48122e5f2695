/* SPDX-License-Identifier: ISC */
/* How long prefix assignment takes in a home that is far too large: 50 links of ours, 10 delegated prefixes, and 1,000
 * prefixes advertised by others, half of them on our links. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/pa/pa.h"

enum { LINKS = 50, POOLS = 10, ADVERTISED = 1000, ROUNDS = 200 };

static struct pa_link links[LINKS];
static struct pa_delegated pools[POOLS];
static struct pa_advertised advertised[ADVERTISED];

static double microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The i-th advertised prefix: half of them on our links, one of each pool on each. */
static struct pa_advertised nth(size_t i)
{
	const struct prefix *pool = &pools[i % POOLS].prefix;
	bool ours = i < LINKS * POOLS;

	return (struct pa_advertised) {
		.node = (uint32_t)(1 + i % 40),
		.prefix = prefix_sub(pool, 64, 7 * (i / POOLS)),
		.priority = PA_PRIORITY_DEFAULT,
		.link = ours ? (uint32_t)(1 + i / POOLS) : 0,
	};
}

static struct pa_input home(size_t first, size_t count)
{
	struct prefix all;

	prefix_parse("2001:db8::/32", &all);
	for (size_t i = 0; i < POOLS; i++)
		pools[i] = (struct pa_delegated) { prefix_sub(&all, 48, i), true };
	for (uint32_t i = 0; i < LINKS; i++)
		links[i] = (struct pa_link) { .id = i + 1, .priority = PA_PRIORITY_DEFAULT };
	for (size_t i = 0; i < count; i++)
		advertised[i] = nth(first + i);
	return (struct pa_input) { .node = 1000,
		                   .links = links,
		                   .link_count = LINKS,
		                   .delegated = pools,
		                   .delegated_count = POOLS,
		                   .advertised = advertised,
		                   .advertised_count = count };
}

static double timed(struct pa *pa, msec now, const struct pa_input *in)
{
	double start = microseconds();

	pa_update(pa, now, in);
	return microseconds() - start;
}

static size_t assignments(const struct pa *pa)
{
	size_t n = 0;

	for (const struct pa_assignment *a = NULL; (a = pa_next(pa, a));)
		n++;
	return n;
}

static void all_taken_from_neighbours(const struct pa_env *env)
{
	struct pa_input in = home(0, ADVERTISED);
	struct pa *pa = pa_new(&PA_PARAMS_HNCP, env);
	double first = timed(pa, 0, &in), steady = 0;

	for (int i = 0; i < ROUNDS; i++)
		steady += timed(pa, i, &in);
	printf("pa_update: 1000 advertised, 50 links, 10 delegated: first %.0f us, steady %.0f us", first,
	       steady / ROUNDS);
	double start = microseconds();
	pa_run(pa, HOUR);
	printf(", all 500 applied %.0f us", microseconds() - start);
	in = home(LINKS * POOLS, ADVERTISED - LINKS * POOLS);
	printf(", all 500 adopted %.0f us\n", timed(pa, HOUR, &in));
	pa_free(pa);
}

static void all_made_by_us(const struct pa_env *env)
{
	struct pa_input in = home(LINKS * POOLS, ADVERTISED - LINKS * POOLS);
	struct pa *pa = pa_new(&PA_PARAMS_HNCP, env);
	double worst = 0, total = 0;
	size_t runs = 0;

	pa_update(pa, 0, &in);
	for (; assignments(pa) < LINKS * POOLS; runs++) {
		double start = microseconds();
		pa_run(pa, pa_deadline(pa));
		double span = microseconds() - start;
		worst = span > worst ? span : worst;
		total += span;
	}
	printf("pa_run: %zu assignments made one by one: %.0f us each, worst %.0f us\n", assignments(pa),
	       total / (double)runs, worst);
	pa_free(pa);
	pa = pa_new(&PA_PARAMS_HNCP, env);
	in.alone = true;
	printf("pa_update: alone, 500 assignments made at once: %.0f us\n", timed(pa, 0, &in));
	pa_free(pa);
}

int main(void)
{
	struct prng seed = { 1 };
	struct pa_env env = { .random = prng_source(&seed) };

	all_taken_from_neighbours(&env);
	all_made_by_us(&env);
	return 0;
}
