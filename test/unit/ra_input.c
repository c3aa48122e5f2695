/* SPDX-License-Identifier: ISC */
/* What comes in: solicitations (RFC 4861 6.1.1), advertisements of others (6.1.2, 6.2.7), and garbage. */
#include "unit/ra_support.h"

static void configure(struct fixture *f)
{
	struct ra_prefix p = { .prefix = P("fd00::/64"), .valid_until = MSEC_NEVER, .preferred_until = MSEC_NEVER };
	struct ra_config conf = {
		.default_router = true, .other = true, .mtu = 1500, .prefixes = &p, .prefix_count = 1
	};

	ra_configure(f->ra, f->now, &conf);
	run_for(f, 100 * SECOND);
	f->sent_count = 0;
}

/* Feeds a message and tells how many answers came within half a second. */
static size_t answers(struct fixture *f, const char *from, uint8_t hop_limit, const uint8_t *data, size_t len)
{
	struct ip ip = A(from);
	size_t before = f->sent_count;
	/* Copied to its own size, so that the sanitizer sees every step too far. */
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	ra_input(f->ra, f->now, &ip, hop_limit, copy, len);
	free(copy);
	run_for(f, SECOND / 2);
	size_t got = f->sent_count - before;
	run_for(f, 4 * SECOND);
	return got;
}

static const uint8_t PLAIN[] = { 133, 0, 0x12, 0x34, 0, 0, 0, 0 };
static const uint8_t WITH_ADDRESS[] = { 133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 5 };

static void test_valid(void **state)
{
	static const uint8_t reserved[] = { 133, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t unknown[] = { 133, 0, 0, 0, 0, 0, 0, 0, 250, 2, 0, 0, 0, 0, 0, 0,
		                           0,   0, 0, 0, 0, 0, 0, 0, 1,   1, 2, 0, 0, 0, 0, 5 };
	struct fixture *f = *state;

	configure(f);
	assert_int_equal(answers(f, "fe80::5", 255, PLAIN, sizeof(PLAIN)), 1);
	assert_int_equal(answers(f, "::", 255, PLAIN, sizeof(PLAIN)), 1);
	assert_int_equal(answers(f, "fe80::5", 255, WITH_ADDRESS, sizeof(WITH_ADDRESS)), 1);
	assert_int_equal(answers(f, "2001:db8::5", 255, WITH_ADDRESS, sizeof(WITH_ADDRESS)), 1);
	assert_int_equal(answers(f, "fe80::5", 255, reserved, sizeof(reserved)), 1);
	assert_int_equal(answers(f, "fe80::5", 255, unknown, sizeof(unknown)), 1);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_RS), 6);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_BAD_RS), 0);
}

static void test_invalid(void **state)
{
	static const uint8_t code[] = { 133, 1, 0, 0, 0, 0, 0, 0 };
	static const uint8_t zero_length[] = { 133, 0, 0, 0, 0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t cut_option[] = { 133, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 0, 0, 0, 0, 5 };
	static const uint8_t half_option[] = { 133, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct fixture *f = *state;

	configure(f);
	assert_int_equal(answers(f, "fe80::5", 254, PLAIN, sizeof(PLAIN)), 0);
	assert_int_equal(answers(f, "fe80::5", 255, PLAIN, 7), 0);
	assert_int_equal(answers(f, "fe80::5", 255, PLAIN, 1), 0);
	assert_int_equal(answers(f, "fe80::5", 255, code, sizeof(code)), 0);
	assert_int_equal(answers(f, "fe80::5", 255, zero_length, sizeof(zero_length)), 0);
	assert_int_equal(answers(f, "fe80::5", 255, cut_option, sizeof(cut_option)), 0);
	assert_int_equal(answers(f, "fe80::5", 255, half_option, sizeof(half_option)), 0);
	assert_int_equal(answers(f, "::", 255, WITH_ADDRESS, sizeof(WITH_ADDRESS)), 0);
	assert_int_equal(answers(f, "ff02::1", 255, PLAIN, sizeof(PLAIN)), 0);
	assert_int_equal(answers(f, "192.0.2.1", 255, PLAIN, sizeof(PLAIN)), 0);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_BAD_RS), 10);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_RS), 10);
}

static void test_not_ours(void **state)
{
	static const uint8_t echo[] = { 128, 0, 0, 0, 0, 0, 0, 0 };
	struct fixture *f = *state;

	configure(f);
	assert_int_equal(answers(f, "fe80::5", 255, echo, sizeof(echo)), 0);
	assert_int_equal(answers(f, "fe80::5", 255, echo, 0), 0);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_RS), 0);
}

/* RFC 4861 6.2.7. */
static void test_advertisements_of_others(void **state)
{
	struct fixture *f = *state;
	uint8_t other[24] = { 134, 0, 0, 0, 64, 0x40, 7, 8, 0, 0, 0,         0,
		              0,   0, 0, 0, 5,  1,    0, 0, 0, 0, 1500 >> 8, 1500 & 255 };

	configure(f);
	answers(f, "fe80::9", 255, other, sizeof(other));
	other[4] = 0; /* not specified: no disagreement */
	answers(f, "fe80::9", 255, other, 16);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_INCONSISTENT), 0);
	other[4] = 32;
	answers(f, "fe80::9", 255, other, sizeof(other));
	assert_int_equal(ra_counter(f->ra, RA_COUNT_INCONSISTENT), 1);
	other[4] = 64;
	other[5] = 0xc0;
	answers(f, "fe80::9", 255, other, sizeof(other));
	assert_int_equal(ra_counter(f->ra, RA_COUNT_INCONSISTENT), 2);
	other[5] = 0x40;
	other[22] = 4;
	answers(f, "fe80::9", 255, other, sizeof(other));
	assert_int_equal(ra_counter(f->ra, RA_COUNT_INCONSISTENT), 3);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_BAD_RA), 0);
	/* RFC 4861 6.1.2 */
	answers(f, "fe80::9", 64, other, sizeof(other));
	answers(f, "2001:db8::9", 255, other, sizeof(other));
	answers(f, "fe80::9", 255, other, 15);
	answers(f, "fe80::9", 255, other, 23);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_BAD_RA), 4);
	assert_int_equal(ra_counter(f->ra, RA_COUNT_INCONSISTENT), 3);
	assert_int_equal(f->sent_count, 0);
}

/* Every prefix of a valid message, and every octet of it with another value: nothing breaks, everything is counted. */
static void test_truncated_and_changed(void **state)
{
	struct fixture *f = *state;
	uint8_t copy[sizeof(WITH_ADDRESS)];

	configure(f);
	for (size_t len = 0; len <= sizeof(WITH_ADDRESS); len++) {
		bool whole = len == 8 || len == sizeof(WITH_ADDRESS);
		uint64_t bad = ra_counter(f->ra, RA_COUNT_BAD_RS);
		answers(f, "fe80::5", 255, WITH_ADDRESS, len);
		assert_int_equal(ra_counter(f->ra, RA_COUNT_BAD_RS) - bad, len && !whole);
	}
	for (size_t at = 0; at < sizeof(copy); at++) {
		for (unsigned value = 0; value < 256; value++) {
			memcpy(copy, WITH_ADDRESS, sizeof(copy));
			copy[at] = (uint8_t)value;
			answers(f, "fe80::5", 255, copy, sizeof(copy));
			f->sent_count = 0;
		}
	}
}

static void test_random_messages(void **state)
{
	struct fixture *f = *state;
	struct prng prng = { 42 };
	struct random_source random = prng_source(&prng);
	uint8_t data[100];

	configure(f);
	for (unsigned i = 0; i < 50000; i++) {
		size_t len = random_below(&random, sizeof(data) + 1);
		for (size_t b = 0; b < len; b++)
			data[b] = (uint8_t)random_below(&random, b % 8 < 2 && b >= 8 ? 4 : 256);
		if (len)
			data[0] = random_below(&random, 2) ? 133 : 134;
		if (len > 1)
			data[1] = 0;
		answers(f, "fe80::5", 255, data, len);
		f->sent_count = 0;
	}
	assert_true(ra_counter(f->ra, RA_COUNT_BAD_RS) > 1000 && ra_counter(f->ra, RA_COUNT_BAD_RA) > 1000);
	assert_true(ra_counter(f->ra, RA_COUNT_RS) > ra_counter(f->ra, RA_COUNT_BAD_RS));
}

static void test_counters_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < RA_COUNTER_COUNT; i++)
		assert_non_null(ra_counter_names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_valid),
		TEST(test_invalid),
		TEST(test_not_ours),
		TEST(test_advertisements_of_others),
		TEST(test_truncated_and_changed),
		TEST(test_random_messages),
		cmocka_unit_test(test_counters_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
