/* SPDX-License-Identifier: ISC */
/* Lifetimes that count down, and what becomes of what is withdrawn (RFC 7084 L-13, RFC 7788 11, RFC 9096 3.5). */
#include "unit/ra_support.h"

enum { VALID = 5400, PREFERRED = 2700 }; /* RFC 9096 4 */

static void configure_until(struct fixture *f, const char *prefix, msec valid, msec preferred)
{
	struct ra_prefix p = { .autonomous = true, .valid_until = valid, .preferred_until = preferred };
	struct ra_config conf = { .default_router = true, .prefixes = &p };

	if (prefix) {
		p.prefix = P(prefix);
		conf.prefix_count = 1;
	}
	ra_configure(f->ra, f->now, &conf);
}

/* What a host on the link holds, as RFC 4862 5.5.3 says: fed with everything that was multicast. */
struct host {
	bool has;
	msec valid_until;
	msec preferred_until;
	size_t heard;
};

static void host_hears(struct host *h, const struct fixture *f, const char *prefix)
{
	for (; h->heard < f->sent_count; h->heard++) {
		const struct sent *sent = &f->sent[h->heard];
		struct seen s = read_advertisement(sent->data, sent->len);
		const uint8_t *pio = seen_prefix(&s, prefix);
		if (h->has && h->valid_until <= sent->at)
			h->has = false;
		if (!pio || pio_preferred(pio) > pio_valid(pio) || (!h->has && !pio_valid(pio)))
			continue;
		msec valid = pio_valid(pio) * (msec)SECOND, left = h->has ? h->valid_until - sent->at : 0;
		if (!h->has || valid > 2 * HOUR || valid > left)
			h->valid_until = sent->at + valid;
		else if (left > 2 * HOUR)
			h->valid_until = sent->at + 2 * HOUR;
		h->preferred_until = sent->at + pio_preferred(pio) * (msec)SECOND;
		h->has = true;
	}
}

/* RFC 9096 3.3, 3.4: capped while there is much left, then never past the end. */
static void test_lifetimes_count_down(void **state)
{
	struct fixture *f = *state;
	msec valid = f->now + 3 * HOUR, preferred = f->now + 2 * HOUR;

	configure_until(f, "2001:db8::/64", valid, preferred);
	run_for(f, 4 * HOUR);
	for (size_t i = 0; i < f->sent_count; i++) {
		const struct sent *sent = &f->sent[i];
		struct seen s = read_advertisement(sent->data, sent->len);
		const uint8_t *pio = seen_prefix(&s, "2001:db8::/64");
		if (sent->at >= valid + 10 * MINUTE)
			assert_null(pio);
		if (!pio)
			continue;
		assert_int_equal(pio_valid(pio), MIN(VALID, MAX(valid - sent->at, 0) / SECOND));
		assert_int_equal(pio_preferred(pio), MIN(PREFERRED, MAX(preferred - sent->at, 0) / SECOND));
	}
}

/* The rounding is downwards: a host never holds a prefix longer than it lasts. */
static void test_a_host_never_holds_it_too_long(void **state)
{
	struct fixture *f = *state;
	msec valid = f->now + 3 * HOUR + 123, preferred = f->now + 2 * HOUR + 999;
	struct host h = { 0 };

	configure_until(f, "2001:db8::/64", valid, preferred);
	for (msec end = f->now + 4 * HOUR; f->now < end;) {
		run_for(f, MINUTE);
		host_hears(&h, f, "2001:db8::/64");
		assert_true(h.valid_until <= valid);
		assert_true(h.preferred_until <= preferred || h.preferred_until <= f->now);
		if (f->now < valid - MINUTE)
			assert_true(h.valid_until > f->now);
	}
}

/* A short lease that is renewed all the time must not run out on the hosts between two advertisements. */
static void test_short_leases_are_refreshed_in_time(void **state)
{
	struct fixture *f = *state;
	struct host h = { 0 };

	for (int i = 0; i < 200; i++) {
		configure_until(f, "2001:db8::/64", f->now + 120 * SECOND, f->now + 90 * SECOND);
		run_for(f, 0);
		host_hears(&h, f, "2001:db8::/64");
		assert_true(h.preferred_until > f->now + 40 * SECOND);
		run_for(f, 30 * SECOND);
		host_hears(&h, f, "2001:db8::/64");
		assert_true(h.preferred_until > f->now);
	}
	/* An extension is no news: one advertisement each time half of what hosts hold is over,
	 * which settles at one a renewal. */
	assert_true(f->sent_count <= 3 + 200);
}

/* A long lease that is renewed needs no advertisement of its own. */
static void test_long_leases_are_refreshed_in_passing(void **state)
{
	struct fixture *f = *state;

	configure_until(f, "2001:db8::/64", f->now + 24 * HOUR, f->now + 12 * HOUR);
	run_for(f, HOUR);
	msec next = ra_deadline(f->ra);
	configure_until(f, "2001:db8::/64", f->now + 24 * HOUR, f->now + 12 * HOUR);
	assert_int_equal(ra_deadline(f->ra), next);
}

/* A lifetime that became shorter than what hosts hold is news; told once (thrice), it is none any more. */
static void test_shortening_is_news_once(void **state)
{
	struct fixture *f = *state;
	msec end;

	configure_until(f, "2001:db8::/64", MSEC_NEVER, MSEC_NEVER);
	run_for(f, HOUR);
	end = f->now + 1000 * SECOND;
	configure_until(f, "2001:db8::/64", end, end);
	assert_int_equal(ra_deadline(f->ra), f->now);
	run_for(f, 40 * SECOND);
	struct seen s = last_seen(f);
	assert_in_range(pio_preferred(seen_prefix(&s, "2001:db8::/64")), 960, 970);
	size_t before = f->sent_count;
	for (int i = 0; i < 20; i++) {
		configure_until(f, "2001:db8::/64", end + i % 3 * 1000, end); /* computed anew, it jitters */
		run_for(f, SECOND);
	}
	assert_int_equal(f->sent_count, before);
}

/* RFC 7084 L-13: preferred 0 at once, and valid what hosts hold, which goes on counting down. */
static void test_withdrawn_is_deprecated(void **state)
{
	struct fixture *f = *state;
	struct host h = { 0 };
	const char *prefix = "2001:db8::/64";

	configure_until(f, prefix, f->now + 24 * HOUR, f->now + 12 * HOUR);
	run_for(f, HOUR);
	host_hears(&h, f, prefix);
	msec held = h.valid_until, withdrawn = f->now;
	configure_until(f, "2001:db8:1::/64", MSEC_NEVER, MSEC_NEVER);
	assert_int_equal(f->deprecated, 1);
	run_for(f, 0);
	assert_int_equal(f->sent[f->sent_count - 1].at, withdrawn);
	host_hears(&h, f, prefix);
	assert_int_equal(h.preferred_until, withdrawn);
	assert_true(h.has && h.valid_until == held);

	/* In every advertisement for 2 hours, as RFC 7788 11 wants, then no more. */
	size_t from = f->sent_count;
	run_for(f, 3 * HOUR);
	host_hears(&h, f, prefix);
	for (size_t i = from; i < f->sent_count; i++) {
		struct seen s = read_advertisement(f->sent[i].data, f->sent[i].len);
		const uint8_t *pio = seen_prefix(&s, prefix);
		assert_int_equal(pio != NULL, f->sent[i].at < withdrawn + 2 * HOUR);
		if (!pio)
			continue;
		assert_int_equal(pio[3], 0xc0); /* RFC 9096 3.5: the flags unchanged */
		assert_int_equal(pio_preferred(pio), 0);
		assert_int_equal(pio_valid(pio), MAX(held - f->sent[i].at, 0) / SECOND);
	}
	assert_int_equal(h.valid_until, held); /* not a second longer than before */
}

/* RFC 7788 11: "for the remainder of the prefixes' respective valid lifetime". */
static void test_deprecation_ends_with_the_prefix(void **state)
{
	struct fixture *f = *state;
	msec end = f->now + 40 * MINUTE;

	configure_until(f, "2001:db8::/64", end, end);
	run_for(f, 5 * MINUTE);
	configure_until(f, NULL, 0, 0);
	run_for(f, HOUR);
	for (size_t i = 3; i < f->sent_count; i++) {
		struct seen s = read_advertisement(f->sent[i].data, f->sent[i].len);
		assert_int_equal(seen_prefix(&s, "2001:db8::/64") != NULL, f->sent[i].at < end);
	}
	assert_null(ra_prefix_next(f->ra, NULL));
}

/* RFC 9096 3.5: a prefix that the ISP invalidated is told with both lifetimes 0 as long as hosts may hold it. */
static void test_invalidated_by_the_isp(void **state)
{
	struct fixture *f = *state;
	msec told;

	configure_until(f, "2001:db8::/64", MSEC_NEVER, MSEC_NEVER);
	run_for(f, HOUR);
	told = f->sent[f->sent_count - 1].at + VALID * (msec)SECOND;
	configure_until(f, "2001:db8::/64", f->now, f->now);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_int_equal(pio_valid(seen_prefix(&s, "2001:db8::/64")), 0);
	assert_int_equal(pio_preferred(seen_prefix(&s, "2001:db8::/64")), 0);
	run_for(f, SECOND);
	configure_until(f, NULL, 0, 0); /* and then it is gone from the plan */
	size_t from = f->sent_count;
	run_for(f, 3 * HOUR);
	for (size_t i = from; i < f->sent_count; i++) {
		s = read_advertisement(f->sent[i].data, f->sent[i].len);
		const uint8_t *pio = seen_prefix(&s, "2001:db8::/64");
		assert_int_equal(pio != NULL, f->sent[i].at < told);
		assert_true(!pio || (!pio_valid(pio) && !pio_preferred(pio)));
	}
}

/* The ISP's delegation comes back: preferred again, at once. */
static void test_return(void **state)
{
	struct fixture *f = *state;
	struct host h = { 0 };

	configure_until(f, "2001:db8::/64", MSEC_NEVER, MSEC_NEVER);
	run_for(f, HOUR);
	configure_until(f, NULL, 0, 0);
	run_for(f, 10 * MINUTE);
	host_hears(&h, f, "2001:db8::/64");
	assert_true(h.preferred_until <= f->now);
	msec returned = f->now;
	configure_until(f, "2001:db8::/64", MSEC_NEVER, MSEC_NEVER);
	run_for(f, 3 * SECOND);
	host_hears(&h, f, "2001:db8::/64");
	assert_true(h.preferred_until >= returned + PREFERRED * (msec)SECOND);
	assert_int_equal(ra_prefix_next(f->ra, NULL)->valid_until, MSEC_NEVER);
	assert_null(ra_prefix_next(f->ra, ra_prefix_next(f->ra, NULL)));
}

/* Deprecated by its preferred lifetime while it is still in the plan, and preferred again. */
static void test_deprecated_in_the_plan(void **state)
{
	struct fixture *f = *state;

	configure_until(f, "2001:db8::/64", MSEC_NEVER, MSEC_NEVER);
	run_for(f, HOUR);
	configure_until(f, "2001:db8::/64", f->now + HOUR, f->now);
	assert_int_equal(f->deprecated, 1);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_int_equal(pio_preferred(seen_prefix(&s, "2001:db8::/64")), 0);
	assert_int_equal(pio_valid(seen_prefix(&s, "2001:db8::/64")), 3600);
	run_for(f, 10 * MINUTE);
	configure_until(f, "2001:db8::/64", MSEC_NEVER, MSEC_NEVER);
	assert_int_equal(ra_deadline(f->ra), f->now);
}

/* What no host ever heard of needs no goodbye. */
static void test_never_told_is_forgotten(void **state)
{
	struct fixture *f = *state;

	configure_until(f, "2001:db8::/64", MSEC_NEVER, MSEC_NEVER);
	configure_until(f, "2001:db8:1::/64", MSEC_NEVER, MSEC_NEVER);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_null(seen_prefix(&s, "2001:db8::/64"));
	assert_int_equal(f->deprecated, 0);
}

/* RFC 9096 3.5, "after bootstrapping": what was advertised before a restart is deprecated, after a moment of grace. */
static void test_restored_is_deprecated(void **state)
{
	struct fixture *f = *state;
	struct prefix old = P("2001:db8::/64");
	msec start = f->now;

	ra_restore(f->ra, f->now, &old, f->now + 24 * HOUR);
	assert_non_null(ra_prefix_next(f->ra, NULL));
	configure_until(f, "2001:db8:1::/64", MSEC_NEVER, MSEC_NEVER);
	run_for(f, RA_RESTORE_GRACE - 1);
	for (size_t i = 0; i < f->sent_count; i++) {
		struct seen s = read_advertisement(f->sent[i].data, f->sent[i].len);
		assert_null(seen_prefix(&s, "2001:db8::/64"));
	}
	assert_int_equal(f->deprecated, 0);
	run_for(f, 1);
	assert_int_equal(f->deprecated, 1);
	assert_int_equal(f->sent[f->sent_count - 1].at, start + RA_RESTORE_GRACE);
	struct seen s = last_seen(f);
	const uint8_t *pio = seen_prefix(&s, "2001:db8::/64");
	assert_int_equal(pio[3], 0xc0);
	assert_int_equal(pio_preferred(pio), 0);
	assert_int_equal(pio_valid(pio), VALID - RA_RESTORE_GRACE / SECOND);
	assert_int_equal(ra_prefix_next(f->ra, ra_prefix_next(f->ra, NULL))->valid_until, start + 2 * HOUR);
	run_for(f, 3 * HOUR);
	s = last_seen(f);
	assert_null(seen_prefix(&s, "2001:db8::/64"));
	assert_int_equal(ra_counter(f->ra, RA_COUNT_TRUNCATED), 0);
}

static void test_restored_and_configured_again(void **state)
{
	struct fixture *f = *state;
	struct prefix old = P("2001:db8::/64"), over = P("2001:db8:9::/64");

	ra_restore(f->ra, f->now, &old, f->now + 24 * HOUR);
	ra_restore(f->ra, f->now, &old, f->now + 24 * HOUR);
	ra_restore(f->ra, f->now, &over, f->now);
	configure_until(f, NULL, 0, 0);
	run_for(f, 10 * SECOND);
	configure_until(f, "2001:db8::/64", MSEC_NEVER, MSEC_NEVER);
	run_for(f, HOUR);
	assert_int_equal(f->deprecated, 0);
	for (size_t i = 1; i < f->sent_count; i++) {
		struct seen s = read_advertisement(f->sent[i].data, f->sent[i].len);
		assert_int_equal(s.option_count, 1);
		assert_int_equal(pio_preferred(seen_prefix(&s, "2001:db8::/64")), PREFERRED);
	}
}

/* A grace that is over before the first configuration counts all the same. */
static void test_restored_long_before_configured(void **state)
{
	struct fixture *f = *state;
	struct prefix old = P("2001:db8::/64");

	ra_restore(f->ra, f->now, &old, f->now + 24 * HOUR);
	run_for(f, MINUTE);
	assert_int_equal(f->sent_count, 0);
	configure_until(f, NULL, 0, 0);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_int_equal(pio_preferred(seen_prefix(&s, "2001:db8::/64")), 0);
}

/* Routes, servers and names: lifetime 0 until no host can hold them. */
static void test_other_options_are_withdrawn(void **state)
{
	struct fixture *f = *state;
	struct ra_route routes[] = { { .prefix = P("fd00::/48"), .until = MSEC_NEVER },
		                     { .prefix = P("fd01::/48"), .until = MSEC_NEVER } };
	struct ip dns[] = { A("fd00::1"), A("fd00::2") };
	struct ra_config conf = { .routes = routes,
		                  .route_count = 2,
		                  .dns = dns,
		                  .dns_count = 2,
		                  .search = (const uint8_t *)"\3lan\0\4home",
		                  .search_len = 11 };
	struct ra_config less = { .routes = routes,
		                  .route_count = 1,
		                  .dns = dns,
		                  .dns_count = 1,
		                  .search = (const uint8_t *)"\3lan",
		                  .search_len = 5 };

	ra_configure(f->ra, f->now, &conf);
	run_for(f, 0);
	msec told = f->now + VALID * (msec)SECOND;
	run_for(f, 10 * SECOND);
	ra_configure(f->ra, f->now, &less);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_int_equal(be32(seen_find(&s, 24, 0)->at + 4), VALID);
	assert_int_equal(be32(seen_find(&s, 24, 1)->at + 4), 0);
	assert_int_equal(be32(seen_find(&s, 25, 0)->at + 4), VALID);
	assert_int_equal(be32(seen_find(&s, 25, 1)->at + 4), 0);
	assert_memory_equal(seen_find(&s, 25, 1)->at + 8, dns[1].b, 16);
	assert_int_equal(be32(seen_find(&s, 31, 0)->at + 4), VALID);
	assert_int_equal(be32(seen_find(&s, 31, 1)->at + 4), 0);
	assert_memory_equal(seen_find(&s, 31, 1)->at + 8, "\4home\0\0", 8);
	run_until(f, told);
	run_for(f, 11 * MINUTE);
	s = last_seen(f);
	assert_int_equal(s.option_count, 3);
	assert_null(ra_prefix_next(f->ra, NULL));
}

/* RFC 9096 3.4: other options live no longer than the longest-lived prefix. */
static void test_options_end_with_the_prefixes(void **state)
{
	struct fixture *f = *state;
	struct ra_prefix p = { .prefix = P("2001:db8::/64"),
		               .valid_until = f->now + 1000 * SECOND,
		               .preferred_until = f->now + 500 * SECOND };
	struct ra_route route = { .prefix = P("fd00::/48"), .until = f->now + 2000 * SECOND };
	struct ip dns = A("fd00::1");
	struct ra_config conf = {
		.prefixes = &p, .prefix_count = 1, .routes = &route, .route_count = 1, .dns = &dns, .dns_count = 1
	};

	ra_configure(f->ra, f->now, &conf);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_int_equal(be32(seen_find(&s, 24, 0)->at + 4), 1000);
	assert_int_equal(be32(seen_find(&s, 25, 0)->at + 4), 1000);
}

/* limits.h: with too many withdrawn prefixes the one that ends soonest is forgotten; configured ones never are. */
static void test_limit_of_withdrawn_prefixes(void **state)
{
	struct fixture *f = *state;
	struct prefix pool = P("2001:db8::/48");

	for (unsigned i = 0; i < 3 * RA_PREFIXES_MAX; i++) {
		struct ra_prefix p = { .prefix = prefix_sub(&pool, 64, i),
			               .autonomous = true,
			               .valid_until = f->now + HOUR,
			               .preferred_until = f->now + HOUR };
		struct ra_config conf = { .prefixes = &p, .prefix_count = 1 };
		ra_configure(f->ra, f->now, &conf);
		run_for(f, 10 * SECOND);
	}
	unsigned count = 0;
	for (const struct ra_prefix *p = NULL; (p = ra_prefix_next(f->ra, p)); count++) {
		/* The last 32 are there, the configured one first. */
		unsigned index = (unsigned)p->prefix.ip.b[6] * 256 + p->prefix.ip.b[7];
		assert_true(index >= 2 * RA_PREFIXES_MAX);
		assert_int_equal(count == 0, p->preferred_until > f->now);
	}
	assert_int_equal(count, RA_PREFIXES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lifetimes_count_down),
		TEST(test_a_host_never_holds_it_too_long),
		TEST(test_short_leases_are_refreshed_in_time),
		TEST(test_long_leases_are_refreshed_in_passing),
		TEST(test_shortening_is_news_once),
		TEST(test_withdrawn_is_deprecated),
		TEST(test_deprecation_ends_with_the_prefix),
		TEST(test_invalidated_by_the_isp),
		TEST(test_return),
		TEST(test_deprecated_in_the_plan),
		TEST(test_never_told_is_forgotten),
		TEST(test_restored_is_deprecated),
		TEST(test_restored_and_configured_again),
		TEST(test_restored_long_before_configured),
		TEST(test_other_options_are_withdrawn),
		TEST(test_options_end_with_the_prefixes),
		TEST(test_limit_of_withdrawn_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
