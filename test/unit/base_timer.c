/* SPDX-License-Identifier: ISC */
/* Timers: order, setting anew, and callbacks that set, clear and free. */
#include "unit/base_support.h"

#include "base/random.h"
#include "base/timer.h"

enum { MANY = 200 };

struct waiter {
	struct timer timer;
	struct bench *bench;
	int id;
	struct timer *to_clear;
	struct timer *to_set;
	msec set_to;
	bool free_me;
};

struct bench {
	struct timers timers;
	int fired[2 * MANY];
	int count;
};

static void fire(struct timer *t, msec now)
{
	struct waiter *w = CONTAINER_OF(t, struct waiter, timer);
	struct bench *b = w->bench;

	assert_false(timer_is_set(t));
	assert_true(t->at <= now);
	assert_true(b->count < 2 * MANY);
	b->fired[b->count++] = w->id;
	if (w->to_clear)
		timer_clear(&b->timers, w->to_clear);
	if (w->to_set)
		timer_set(&b->timers, w->to_set, w->set_to);
	if (w->free_me)
		free(w);
}

static void waiter_init(struct waiter *w, struct bench *b, int id)
{
	*w = (struct waiter) { .bench = b, .id = id };
	timer_init(&w->timer, fire);
}

static void check_heap(const struct timers *ts)
{
	for (size_t i = 0; i < ts->count; i++) {
		assert_int_equal(ts->heap[i]->slot, i + 1);
		assert_true(i == 0 || ts->heap[(i - 1) / 2]->at <= ts->heap[i]->at);
	}
}

static void test_nothing_set(void **state)
{
	struct timers ts = { 0 };

	(void)state;
	assert_int_equal(timers_next(&ts), MSEC_NEVER);
	timers_run(&ts, 1000);
	timers_free(&ts);
}

static void test_order(void **state)
{
	struct bench b = { 0 };
	struct waiter w[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		waiter_init(&w[i], &b, i);
	timer_set(&b.timers, &w[0].timer, 30);
	timer_set(&b.timers, &w[1].timer, 10);
	timer_set(&b.timers, &w[2].timer, 10);
	timer_set(&b.timers, &w[3].timer, -5);
	assert_int_equal(timers_next(&b.timers), -5);
	timers_run(&b.timers, 9);
	assert_int_equal(b.count, 1);
	assert_int_equal(timers_next(&b.timers), 10);
	timers_run(&b.timers, 30);
	const int want[] = { 3, 1, 2, 0 }; /* those of the same time in the order they were set */
	assert_int_equal(b.count, 4);
	assert_memory_equal(b.fired, want, sizeof(want));
	assert_int_equal(timers_next(&b.timers), MSEC_NEVER);
	timers_free(&b.timers);
}

static void test_set_again_and_never(void **state)
{
	struct bench b = { 0 };
	struct waiter w;

	(void)state;
	waiter_init(&w, &b, 1);
	timer_set(&b.timers, &w.timer, 10);
	timer_set(&b.timers, &w.timer, 20);
	assert_int_equal(b.timers.count, 1);
	assert_int_equal(timers_next(&b.timers), 20);
	timer_set_sooner(&b.timers, &w.timer, 30);
	assert_int_equal(timers_next(&b.timers), 20);
	timer_set_sooner(&b.timers, &w.timer, 15);
	assert_int_equal(timers_next(&b.timers), 15);
	timer_set(&b.timers, &w.timer, MSEC_NEVER);
	assert_false(timer_is_set(&w.timer));
	assert_int_equal(b.timers.count, 0);
	timer_set_sooner(&b.timers, &w.timer, 40);
	assert_int_equal(timers_next(&b.timers), 40);
	timer_clear(&b.timers, &w.timer);
	timer_clear(&b.timers, &w.timer);
	timers_run(&b.timers, 1000);
	assert_int_equal(b.count, 0);
	timers_free(&b.timers);
}

/* A callback that clears another one that is due at the same time: that one is not called. */
static void test_clearing_in_a_callback(void **state)
{
	struct bench b = { 0 };
	struct waiter w[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		waiter_init(&w[i], &b, i);
		timer_set(&b.timers, &w[i].timer, 10);
	}
	w[0].to_clear = &w[1].timer;
	timers_run(&b.timers, 10);
	assert_int_equal(b.count, 2);
	assert_int_equal(b.fired[1], 2);
	timers_free(&b.timers);
}

static void test_setting_itself_in_a_callback(void **state)
{
	struct bench b = { 0 };
	struct waiter w;

	(void)state;
	waiter_init(&w, &b, 1);
	w.to_set = &w.timer;
	w.set_to = 10;
	timer_set(&b.timers, &w.timer, 10);
	timers_run(&b.timers, 10);
	assert_int_equal(b.count, 1); /* once a run, so that nothing hangs */
	assert_int_equal(timers_next(&b.timers), 10);
	timers_run(&b.timers, 10);
	assert_int_equal(b.count, 2);
	timers_free(&b.timers);
}

/* One that sets itself into the past does not keep others that are due from being called. */
static void test_setting_into_the_past_starves_nobody(void **state)
{
	struct bench b = { 0 };
	struct waiter past, other;

	(void)state;
	waiter_init(&past, &b, 1);
	waiter_init(&other, &b, 2);
	past.to_set = &past.timer;
	past.set_to = 5;
	timer_set(&b.timers, &past.timer, 5);
	timer_set(&b.timers, &other.timer, 10);
	timers_run(&b.timers, 10);
	assert_int_equal(b.count, 2);
	assert_int_equal(b.fired[1], 2);
	assert_true(timers_next(&b.timers) <= 10); /* and its own turn comes with the next run */
	timers_free(&b.timers);
}

static void test_freeing_itself_in_a_callback(void **state)
{
	struct bench b = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct waiter *w = malloc(sizeof(*w));
		waiter_init(w, &b, i);
		w->free_me = true;
		timer_set(&b.timers, &w->timer, i % 3);
	}
	timers_run(&b.timers, 3);
	assert_int_equal(b.count, 20);
	timers_free(&b.timers);
}

/* Sets, clears and runs at random; what fires is what a list of deadlines says. */
static void test_against_a_list(void **state)
{
	struct prng prng = { 1 };
	struct random_source random = prng_source(&prng);
	struct bench b = { 0 };
	struct waiter w[MANY];
	msec at[MANY], now = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		waiter_init(&w[i], &b, i);
		at[i] = MSEC_NEVER;
	}
	for (int round = 0; round < 3000; round++) {
		for (int n = 0; n < 10; n++) {
			int i = (int)random_below(&random, MANY);
			at[i] = random_below(&random, 4) ? now + (msec)random_below(&random, 300) : MSEC_NEVER;
			timer_set(&b.timers, &w[i].timer, at[i]);
		}
		check_heap(&b.timers);
		now += (msec)random_below(&random, 20);
		b.count = 0;
		timers_run(&b.timers, now);
		int due = 0;
		msec last = 0;
		for (int n = 0; n < b.count; n++) {
			assert_true(at[b.fired[n]] >= last && at[b.fired[n]] <= now);
			last = at[b.fired[n]];
		}
		for (int i = 0; i < MANY; i++) {
			due += at[i] <= now;
			at[i] = at[i] <= now ? MSEC_NEVER : at[i];
			assert_int_equal(timer_is_set(&w[i].timer), at[i] != MSEC_NEVER);
		}
		assert_int_equal(b.count, due);
	}
	timers_free(&b.timers);
	for (int i = 0; i < MANY; i++)
		assert_false(timer_is_set(&w[i].timer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_set),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_set_again_and_never),
		cmocka_unit_test(test_clearing_in_a_callback),
		cmocka_unit_test(test_setting_itself_in_a_callback),
		cmocka_unit_test(test_setting_into_the_past_starves_nobody),
		cmocka_unit_test(test_freeing_itself_in_a_callback),
		cmocka_unit_test(test_against_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
