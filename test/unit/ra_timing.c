/* SPDX-License-Identifier: ISC */
/* When advertisements are sent (RFC 4861 6.2.4 to 6.2.6), in virtual time. */
#include "unit/ra_support.h"

#include <stdio.h>

static struct ra_prefix prefix_for_ever(const char *text)
{
	return (struct ra_prefix) {
		.prefix = P(text), .valid_until = MSEC_NEVER, .preferred_until = MSEC_NEVER, .autonomous = true
	};
}

static void configure(struct fixture *f, const char *prefix)
{
	struct ra_prefix p = prefix_for_ever(prefix);
	struct ra_config conf = { .default_router = true, .prefixes = &p, .prefix_count = 1 };

	ra_configure(f->ra, f->now, &conf);
}

static void solicit(struct fixture *f, const char *from, bool link_address)
{
	static const uint8_t rs[16] = { 133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 5 };
	struct ip ip = A(from);

	ra_input(f->ra, f->now, &ip, 255, rs, link_address ? 16 : 8);
}

static void assert_rate_limit(const struct fixture *f)
{
	msec last = INT64_MIN / 2;

	for (size_t i = 0; i < f->sent_count; i++) {
		if (f->sent[i].unicast)
			continue;
		assert_true(f->sent[i].at - last >= 3 * SECOND);
		last = f->sent[i].at;
	}
}

static void test_silent_until_configured(void **state)
{
	struct fixture *f = *state;

	solicit(f, "fe80::5", true);
	run_for(f, HOUR);
	assert_int_equal(f->sent_count, 0);
	assert_int_equal(ra_deadline(f->ra), MSEC_NEVER);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_RS), 1);
}

/* RFC 4861 6.2.4: three soon, then at random between the two intervals. */
static void test_intervals(void **state)
{
	struct fixture *f = *state;
	msec least = MSEC_NEVER, most = 0, start = f->now;

	configure(f, "fd00::/64");
	run_for(f, 100 * HOUR);
	assert_int_equal(f->sent[0].at, start);
	assert_int_equal(f->sent[1].at, start + 16 * SECOND);
	assert_int_equal(f->sent[2].at, start + 32 * SECOND);
	for (size_t i = 3; i < f->sent_count; i++) {
		msec gap = f->sent[i].at - f->sent[i - 1].at;
		assert_in_range(gap, RA_MIN_INTERVAL, RA_MAX_INTERVAL);
		least = MIN(least, gap);
		most = MAX(most, gap);
	}
	/* Evenly spread: with some 680 of them the ends are nearly reached, and the mean is in the middle. */
	assert_true(least < RA_MIN_INTERVAL + SECOND && most > RA_MAX_INTERVAL - SECOND);
	msec mean = (f->sent[f->sent_count - 1].at - f->sent[2].at) / (msec)(f->sent_count - 3);
	assert_in_range(mean, 515 * SECOND, 535 * SECOND);
	/* RFC 7772 4: about 7 in an hour. */
	assert_true(f->sent_count <= 700 + 3);
}

static void test_change_is_advertised_at_once(void **state)
{
	struct fixture *f = *state;

	configure(f, "fd00::/64");
	run_for(f, HOUR);
	size_t before = f->sent_count;
	msec changed = f->now;
	configure(f, "fd00:1::/64");
	assert_int_equal(ra_deadline(f->ra), changed);
	run_for(f, 100 * SECOND);
	assert_int_equal(f->sent_count, before + 3);
	assert_int_equal(f->sent[before].at, changed);
	assert_int_equal(f->sent[before + 1].at, changed + 16 * SECOND);
	assert_int_equal(f->sent[before + 2].at, changed + 32 * SECOND);
}

static void test_no_change_is_no_news(void **state)
{
	struct fixture *f = *state;

	configure(f, "fd00::/64");
	run_for(f, HOUR);
	size_t before = f->sent_count;
	msec deadline = ra_deadline(f->ra);
	for (int i = 0; i < 50; i++)
		configure(f, "fd00::/64");
	assert_int_equal(ra_deadline(f->ra), deadline);
	assert_int_equal(f->sent_count, before);
}

static void test_each_field_of_the_head_is_news(void **state)
{
	struct fixture *f = *state;
	const struct ra_config confs[] = {
		{ .default_router = true },
		{ .default_router = true, .preference = RA_LOW },
		{ .default_router = true, .preference = RA_LOW, .managed = true },
		{ .default_router = true, .preference = RA_LOW, .managed = true, .other = true },
		{ .default_router = true, .preference = RA_LOW, .managed = true, .other = true, .mtu = 1280 },
		{ .default_router = true, .preference = RA_LOW, .managed = true, .other = true, .mac = { 2 } },
		{ .managed = true, .other = true, .mac = { 2 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(confs); i++) {
		ra_configure(f->ra, f->now, &confs[i]);
		assert_int_equal(ra_deadline(f->ra), f->now);
		run_for(f, 1000 * SECOND);
	}
	/* The preference of no default router is on no wire. */
	struct ra_config conf = confs[ARRAY_LEN(confs) - 1];
	conf.preference = RA_HIGH;
	ra_configure(f->ra, f->now, &conf);
	assert_true(ra_deadline(f->ra) > f->now);
}

/* RFC 4861 6.2.6: not more than one in 3 seconds, whatever changes and whoever asks. */
static void test_rate_limit_holds(void **state)
{
	struct fixture *f = *state;
	char text[40];

	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "fd00:%x::/64", i % 7 + 1);
		if (i % 3 == 0)
			configure(f, text);
		solicit(f, "::", false);
		run_for(f, 50);
	}
	assert_rate_limit(f);
	assert_in_range(f->sent_count, 25, 34); /* 100 seconds */
	/* The last state was told. */
	run_for(f, 4 * SECOND);
	struct seen s = last_seen(f);
	snprintf(text, sizeof(text), "fd00:%x::/64", 1998 % 7 + 1);
	assert_true(pio_preferred(seen_prefix(&s, text)) > 0);
}

static void test_second_change_waits_three_seconds(void **state)
{
	struct fixture *f = *state;
	msec start = f->now;

	configure(f, "fd00::/64");
	run_for(f, SECOND);
	configure(f, "fd00:1::/64");
	run_for(f, 10 * SECOND);
	assert_int_equal(f->sent_count, 2);
	assert_int_equal(f->sent[1].at, start + 3 * SECOND);
}

/* RFC 4861 6.2.6: after a random delay of at most half a second, to all nodes if the host has no address yet. */
static void test_multicast_answer(void **state)
{
	struct fixture *f = *state;
	msec least = MSEC_NEVER, most = 0;

	configure(f, "fd00::/64");
	for (int i = 0; i < 200; i++) {
		run_for(f, 100 * SECOND);
		msec asked = f->now;
		size_t before = f->sent_count;
		bool due_anyway = ra_deadline(f->ra) <= asked + SECOND / 2;
		solicit(f, "::", false);
		run_for(f, SECOND / 2);
		assert_int_equal(f->sent_count, before + 1);
		assert_false(f->sent[before].unicast);
		if (due_anyway)
			continue;
		least = MIN(least, f->sent[before].at - asked);
		most = MAX(most, f->sent[before].at - asked);
	}
	assert_true(least < 50 && most > 450);
	assert_rate_limit(f);
}

/* RFC 4861 6.2.6: within 3 seconds after a multicast the answer comes 3 seconds and the random delay after it. */
static void test_multicast_answer_after_a_recent_one(void **state)
{
	struct fixture *f = *state;
	msec start = f->now;

	configure(f, "fd00::/64");
	run_for(f, 200);
	solicit(f, "::", false);
	run_for(f, 10 * SECOND);
	assert_int_equal(f->sent_count, 2);
	assert_in_range(f->sent[1].at, start + 3 * SECOND, start + 3500);
}

/* RFC 7772 5.1: a host that says who it is gets an answer of its own, and nobody else is woken. */
static void test_unicast_answer(void **state)
{
	struct fixture *f = *state;
	struct ip host = A("fe80::5");

	configure(f, "fd00::/64");
	run_for(f, 100 * SECOND);
	size_t before = f->sent_count;
	msec next = ra_deadline(f->ra), asked = f->now;
	solicit(f, "fe80::5", true);
	solicit(f, "fe80::5", true); /* impatient */
	run_for(f, 10 * SECOND);
	assert_int_equal(f->sent_count, before + 1);
	assert_true(f->sent[before].unicast && ip_equal(&f->sent[before].to, &host));
	assert_in_range(f->sent[before].at, asked, asked + 500);
	struct seen s = last_seen(f);
	assert_non_null(seen_prefix(&s, "fd00::/64"));
	/* The timer of the unsolicited ones is not touched. */
	assert_int_equal(ra_deadline(f->ra), next);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_TX_UNICAST), 1);
}

/* Without its link-layer address a host would have to be asked for it first: all nodes hear the answer. */
static void test_without_link_address_the_answer_is_multicast(void **state)
{
	struct fixture *f = *state;

	configure(f, "fd00::/64");
	run_for(f, 100 * SECOND);
	size_t before = f->sent_count;
	solicit(f, "fe80::5", false);
	run_for(f, 10 * SECOND);
	assert_int_equal(f->sent_count, before + 1);
	assert_false(f->sent[before].unicast);
}

/* limits.h: a flood gets RA_ANSWERS_MAX answers in 3 seconds, and then one for all. */
static void test_flood_of_solicitations(void **state)
{
	struct fixture *f = *state;
	unsigned unicast = 0;
	char text[40];

	configure(f, "fd00::/64");
	run_for(f, 100 * SECOND);
	for (unsigned i = 0; i < 10 * 3000; i++) {
		snprintf(text, sizeof(text), "fe80::%x", i + 1);
		solicit(f, text, true);
		run_for(f, 1);
	}
	run_for(f, 5 * SECOND);
	assert_rate_limit(f);
	for (size_t i = 0; i < f->sent_count; i++)
		unicast += f->sent[i].unicast;
	assert_in_range(unicast, 1, 11 * RA_ANSWERS_MAX);
	assert_true(ra_counter(f->ra, RA_COUNT_RS_RATE) > 29000);
}

/* RFC 4861 6.2.5, RFC 4191 4: the router and its routes go; the prefixes stay with the other routers of the link. */
static void test_goodbye(void **state)
{
	struct fixture *f = *state;
	struct ra_prefix p = prefix_for_ever("fd00::/64");
	struct ra_route route = { .prefix = P("fd00::/48"), .until = MSEC_NEVER };
	struct ip dns = A("fd00::1");
	struct ra_config conf = { .default_router = true,
		                  .preference = RA_HIGH,
		                  .prefixes = &p,
		                  .prefix_count = 1,
		                  .routes = &route,
		                  .route_count = 1,
		                  .dns = &dns,
		                  .dns_count = 1 };

	ra_configure(f->ra, f->now, &conf);
	run_for(f, SECOND);
	solicit(f, "fe80::5", true);
	ra_goodbye(f->ra, f->now, false);
	assert_int_equal(f->sent_count, 2);
	struct seen s = last_seen(f);
	assert_int_equal(s.router_lifetime, 0);
	assert_int_equal(s.flags & 0x18, 0);
	assert_int_equal(be32(seen_find(&s, 24, 0)->at + 4), 0);
	assert_null(seen_find(&s, 3, 0));
	assert_null(seen_find(&s, 25, 0));
	configure(f, "fd00:1::/64");
	solicit(f, "fe80::5", true);
	assert_int_equal(ra_deadline(f->ra), MSEC_NEVER);
	run_for(f, HOUR);
	assert_int_equal(f->sent_count, 2);
}

static void test_goodbye_takes_our_own_servers_along(void **state)
{
	struct fixture *f = *state;
	struct ip dns = A("fd00::1");
	struct ra_config conf = { .dns = &dns, .dns_count = 1, .dns_ours = true };

	ra_configure(f->ra, f->now, &conf);
	run_for(f, SECOND);
	ra_goodbye(f->ra, f->now, false);
	struct seen s = last_seen(f);
	assert_int_equal(be32(seen_find(&s, 25, 0)->at + 4), 0);
}

static void test_goodbye_of_the_last(void **state)
{
	struct fixture *f = *state;
	struct ra_prefix p = prefix_for_ever("fd00::/64");
	struct ip dns = A("fd00::1");
	struct ra_config conf = { .default_router = true,
		                  .prefixes = &p,
		                  .prefix_count = 1,
		                  .dns = &dns,
		                  .dns_count = 1,
		                  .search = (const uint8_t *)"\3lan",
		                  .search_len = 5 };

	ra_configure(f->ra, f->now, &conf);
	run_for(f, 10 * SECOND);
	ra_goodbye(f->ra, f->now, true);
	struct seen s = last_seen(f);
	assert_int_equal(s.router_lifetime, 0);
	assert_int_equal(pio_preferred(seen_prefix(&s, "fd00::/64")), 0);
	assert_int_equal(pio_valid(seen_prefix(&s, "fd00::/64")), 5390);
	assert_int_equal(be32(seen_find(&s, 25, 0)->at + 4), 0);
	assert_int_equal(be32(seen_find(&s, 31, 0)->at + 4), 0);
}

static void test_goodbye_of_one_never_configured_is_silent(void **state)
{
	struct fixture *f = *state;

	ra_goodbye(f->ra, f->now, true);
	assert_int_equal(f->sent_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_silent_until_configured),
		TEST(test_intervals),
		TEST(test_change_is_advertised_at_once),
		TEST(test_no_change_is_no_news),
		TEST(test_each_field_of_the_head_is_news),
		TEST(test_rate_limit_holds),
		TEST(test_second_change_waits_three_seconds),
		TEST(test_multicast_answer),
		TEST(test_multicast_answer_after_a_recent_one),
		TEST(test_unicast_answer),
		TEST(test_without_link_address_the_answer_is_multicast),
		TEST(test_flood_of_solicitations),
		TEST(test_goodbye),
		TEST(test_goodbye_takes_our_own_servers_along),
		TEST(test_goodbye_of_the_last),
		TEST(test_goodbye_of_one_never_configured_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
