/* SPDX-License-Identifier: ISC */
/* Random numbers: bounds, fairness, and the same for the same seed. */
#include "unit/base_support.h"

#include "base/random.h"

/* A source that says what it is told to, over and over. */
struct script {
	const uint32_t *at;
	size_t count;
	size_t next;
};

static uint32_t script_next(void *ctx)
{
	struct script *s = ctx;

	return s->at[s->next++ % s->count];
}

static void test_below_stays_below(void **state)
{
	struct prng prng = { 1 };
	struct random_source random = prng_source(&prng);

	(void)state;
	assert_int_equal(random_below(&random, 0), 0);
	assert_int_equal(random_below(&random, 1), 0);
	for (uint32_t n = 1; n; n = n < UINT32_MAX / 3 ? n * 3 + 1 : 0)
		for (int i = 0; i < 1000; i++)
			assert_true(random_below(&random, n) < n);
	assert_true(random_below(&random, UINT32_MAX) < UINT32_MAX);
}

/* Each of n results comes as often as any other, to 5 standard deviations. */
static void test_below_is_fair(void **state)
{
	enum { DRAWS = 600000 };
	struct prng prng = { 2 };
	struct random_source random = prng_source(&prng);

	(void)state;
	for (uint32_t n = 2; n <= 10; n++) {
		int count[10] = { 0 };
		for (int i = 0; i < DRAWS; i++)
			count[random_below(&random, n)]++;
		double mean = (double)DRAWS / n, allowed = 25 * mean; /* variance is below the mean */
		for (uint32_t i = 0; i < n; i++)
			assert_true((count[i] - mean) * (count[i] - mean) < allowed);
	}
}

/* With n = 3 * 2^30 a plain product or remainder gives one third of the results twice as often as the others. */
static void test_large_bounds_are_fair(void **state)
{
	enum { DRAWS = 300000 };
	struct prng prng = { 3 };
	struct random_source random = prng_source(&prng);
	uint32_t n = UINT32_C(3) << 30;
	int odd = 0, thirds[3] = { 0 };

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		uint32_t r = random_below(&random, n);
		thirds[r >> 30]++;
		odd += r % 3 == 0;
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(thirds[i], DRAWS / 3 - 1300, DRAWS / 3 + 1300); /* 5 sigma */
	assert_in_range(odd, DRAWS / 3 - 1300, DRAWS / 3 + 1300);
}

/* What would be unfair is drawn again: of 2^32 numbers, 2^32 mod 3 = 1 is too many. */
static void test_what_is_unfair_is_drawn_again(void **state)
{
	static const uint32_t numbers[] = { 0, 0xffffffff };
	struct script script = { numbers, ARRAY_LEN(numbers), 0 };
	struct random_source random = { script_next, &script };

	(void)state;
	assert_int_equal(random_below(&random, 3), 2);
	assert_int_equal(script.next, 2);
	script.next = 0;
	assert_int_equal(random_below(&random, 4), 0); /* a power of two needs none */
	assert_int_equal(script.next, 1);
}

static void test_between(void **state)
{
	struct prng prng = { 4 };
	struct random_source random = prng_source(&prng);
	int count[5] = { 0 };

	(void)state;
	assert_int_equal(random_between(&random, 7, 7), 7);
	for (int i = 0; i < 1000; i++)
		count[random_between(&random, -2, 2) + 2]++;
	for (int i = 0; i < 5; i++)
		assert_true(count[i] > 100);
}

static void test_same_seed_same_numbers(void **state)
{
	struct prng a = { 5 }, b = { 5 }, c = { 6 };
	struct random_source ra = prng_source(&a), rb = prng_source(&b), rc = prng_source(&c);
	int same = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		uint64_t n = random_u64(&ra);
		assert_true(n == random_u64(&rb));
		same += n == random_u64(&rc);
	}
	assert_int_equal(same, 0);
	/* splitmix64 by Vigna from seed 0 gives 0xe220a8397b1dcdaf first. */
	struct prng zero = { 0 };
	struct random_source rz = prng_source(&zero);
	assert_int_equal(random_u32(&rz), 0xe220a839);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_below_stays_below),
		cmocka_unit_test(test_below_is_fair),
		cmocka_unit_test(test_large_bounds_are_fair),
		cmocka_unit_test(test_what_is_unfair_is_drawn_again),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_same_seed_same_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
