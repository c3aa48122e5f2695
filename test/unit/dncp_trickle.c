/* SPDX-License-Identifier: ISC */
/* Trickle by the letter of RFC 6206 4.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/dncp/trickle.h"

enum { IMIN = 200, DOUBLINGS = 7, IMAX = IMIN << DOUBLINGS };

static struct prng prng;
static struct random_source rnd;
static struct trickle t;

static int setup(void **state)
{
	(void)state;
	prng.state = 7;
	rnd = prng_source(&prng);
	dncp_trickle_start(&t, &rnd, 1000, IMIN, DOUBLINGS, 1);
	return 0;
}

static void speaks_in_the_second_half(void **state)
{
	(void)state;
	msec least = IMIN, most = 0;

	for (int i = 0; i < 2000; i++) {
		dncp_trickle_start(&t, &rnd, 1000, IMIN, DOUBLINGS, 1);
		least = MIN(least, t.t - 1000);
		most = MAX(most, t.t - 1000);
		assert_int_equal(t.end, 1000 + IMIN);
	}
	assert_int_equal(least, IMIN / 2);
	assert_int_equal(most, IMIN - 1);
}

static void doubles_up_to_imax(void **state)
{
	(void)state;
	msec length = IMIN, begun = 1000;

	for (int i = 0; i < 20; i++) {
		assert_int_equal(t.i, length);
		assert_in_range(t.t, begun + length / 2, begun + length - 1);
		assert_int_equal(dncp_trickle_run(&t, &rnd, t.t), TRICKLE_SPEAK);
		assert_int_equal(dncp_trickle_run(&t, &rnd, t.end - 1), TRICKLE_NOTHING);
		assert_int_equal(dncp_trickle_next(&t), t.end);
		begun = t.end;
		assert_int_equal(dncp_trickle_run(&t, &rnd, t.end), TRICKLE_NOTHING);
		length = MIN(2 * length, (msec)IMAX);
	}
	assert_int_equal(t.i, IMAX);
}

static void k_others_suppress(void **state)
{
	(void)state;
	dncp_trickle_start(&t, &rnd, 1000, IMIN, DOUBLINGS, 2);
	dncp_trickle_consistent(&t);
	assert_int_equal(dncp_trickle_run(&t, &rnd, t.t), TRICKLE_SPEAK);
	dncp_trickle_run(&t, &rnd, t.end);
	dncp_trickle_consistent(&t);
	dncp_trickle_consistent(&t);
	assert_int_equal(dncp_trickle_run(&t, &rnd, t.t), TRICKLE_SUPPRESSED);
	dncp_trickle_run(&t, &rnd, t.end);
	assert_int_equal(dncp_trickle_run(&t, &rnd, t.t), TRICKLE_SPEAK); /* c began anew */
}

static void reset_shrinks_the_interval(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		dncp_trickle_run(&t, &rnd, t.t);
		dncp_trickle_run(&t, &rnd, t.end);
	}
	assert_true(dncp_trickle_reset(&t, &rnd, 50000));
	assert_int_equal(t.i, IMIN);
	assert_in_range(t.t, 50000 + IMIN / 2, 50000 + IMIN - 1);
}

static void reset_at_imin_puts_nothing_off(void **state)
{
	(void)state;
	msec at = t.t;

	dncp_trickle_consistent(&t);
	assert_false(dncp_trickle_reset(&t, &rnd, 1010));
	assert_int_equal(t.t, at);
	/* What was heard agreed with what we no longer say. */
	assert_int_equal(dncp_trickle_run(&t, &rnd, at), TRICKLE_SPEAK);
	/* t is over, so the change would wait for the next interval: a new one begins. */
	assert_true(dncp_trickle_reset(&t, &rnd, at + 1));
	assert_in_range(t.t, at + 1 + IMIN / 2, at + IMIN);
}

static void constant_resets_neither_starve_nor_storm(void **state)
{
	(void)state;
	unsigned spoken = 0;
	msec last = 0;

	for (msec now = 1000; now < 101000; now++) {
		dncp_trickle_reset(&t, &rnd, now);
		while (dncp_trickle_next(&t) <= now) {
			if (dncp_trickle_run(&t, &rnd, now) != TRICKLE_SPEAK)
				continue;
			if (last)
				assert_in_range(now - last, IMIN / 2, IMIN);
			last = now;
			spoken++;
		}
	}
	assert_in_range(spoken, 100000 / IMIN, 100000 / (IMIN / 2));
}

static void late_runs_begin_anew(void **state)
{
	(void)state;
	assert_int_equal(dncp_trickle_run(&t, &rnd, 900000), TRICKLE_SPEAK);
	assert_int_equal(t.i, 2 * IMIN);
	assert_int_equal(t.end, 900000 + 2 * IMIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(speaks_in_the_second_half, setup),
		cmocka_unit_test_setup(doubles_up_to_imax, setup),
		cmocka_unit_test_setup(k_others_suppress, setup),
		cmocka_unit_test_setup(reset_shrinks_the_interval, setup),
		cmocka_unit_test_setup(reset_at_imin_puts_nothing_off, setup),
		cmocka_unit_test_setup(constant_resets_neither_starve_nor_storm, setup),
		cmocka_unit_test_setup(late_runs_begin_anew, setup),
	};

	return cmocka_run_group_tests_name("dncp_trickle", tests, NULL, NULL);
}
