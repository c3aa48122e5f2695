/* SPDX-License-Identifier: ISC */
/* Addresses and prefixes: text, order, containment, parts. */
#include "unit/base_support.h"

#include "base/ip.h"
#include "base/random.h"

static struct prefix P(const char *text) {
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	return p;
}

static struct ip
A(const char *text) {
	struct ip ip;

	assert_true(ip_parse(text, &ip));
	return ip;
}

static void
test_ip_text(void **state)
{
	static const char *const good[][2] = {
		{ "::", "::" },
		{ "::1", "::1" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
		{ "fe80:0:0:1::", "fe80:0:0:1::" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::ffff:c000:201", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};
	static const char *const bad[] = { "",    "1.2.3",  "1.2.3.256", ":::",     "2001:db8",
		                           "::g", "::1/64", " ::1",      "1.2.3.4 " };
	char text[IP_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct ip ip = A(good[i][0]);
		assert_string_equal(ip_text(&ip, text), good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct ip ip = A("2001:db8::7"), before = ip;
		assert_false(ip_parse(bad[i], &ip));
		assert_true(ip_equal(&ip, &before));
	}
}

static void test_prefix_text(void **state)
{
	static const char *const good[][2] = {
		{ "::/0", "::/0" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "fd00::1/128", "fd00::1/128" },
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8" },
		{ "192.0.2.1/32", "192.0.2.1/32" },
		{ "::ffff:0:0/95", "" }, /* has bits past its length */
		{ "::fffe:0:0/95", "::fffe:0:0/95" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
	};
	static const char *const bad[] = {
		"",
		"/",
		"::",
		"::/",
		"::/129",
		"::/-1",
		"::/+1",
		"::/ 1",
		"::/1x",
		"10.0.0.0/33",
		"10.0.0.1/8",
		"2001:db8::1/64",
		"::/99999999999999999999",
		"::/4294967297",
		"10.0.0.0/8/8",
		"g::/16",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
	};
	char text[PREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct prefix p;
		assert_int_equal(prefix_parse(good[i][0], &p), good[i][1][0] != '\0');
		if (good[i][1][0])
			assert_string_equal(prefix_text(&p, text), good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct prefix p = P("2001:db8::/32"), before = p;
		assert_false(prefix_parse(bad[i], &p));
		assert_true(prefix_equal(&p, &before));
	}
}

/* A prefix of the mapped range that is wider than all of IPv4 is no IPv4 prefix, whatever its address looks like. */
static void test_wider_than_ipv4(void **state)
{
	struct ip v4 = A("255.255.255.255");
	struct prefix p = prefix_make(&v4, 96), wide = prefix_make(&v4, 90);
	char text[PREFIX_TEXT];

	(void)state;
	assert_true(prefix_is_v4(&p) && prefix_is_default(&p));
	assert_int_equal(prefix_plain_len(&p), 0);
	assert_false(prefix_is_v4(&wide));
	assert_int_equal(prefix_plain_len(&wide), 90);
	assert_string_equal(prefix_text(&wide, text), "::ffc0:0:0/90");
}

static void test_what_addresses_are(void **state)
{
	static const uint8_t mac[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
	static const uint8_t octets[4] = { 192, 0, 2, 1 };
	struct ip v4 = ip_from_v4(octets), ll = ip_linklocal_from_mac(mac);

	(void)state;
	assert_true(ip_is_v4(&v4) && !ip_is_v4(&ll));
	char text[IP_TEXT];
	assert_string_equal(ip_text(&ll, text), "fe80::11:22ff:fe33:4455");
	struct ip first = A("fe80::"), last = A("febf:ffff::1"), not_one = A("fec0::1"), group = A("ff02::1");
	assert_true(ip_is_linklocal(&first) && ip_is_linklocal(&last) && !ip_is_linklocal(&not_one));
	assert_true(ip_is_multicast(&group) && !ip_is_multicast(&not_one));
	assert_true(ip_is_any(&IP_ANY) && !ip_is_any(&group));
	struct prefix ula = P("fd12::/48"), also = P("fc00::/7"), wider = P("fc00::/6"), global = P("2001:db8::/32");
	assert_true(prefix_is_ula(&ula) && prefix_is_ula(&also));
	assert_false(prefix_is_ula(&wider) || prefix_is_ula(&global));
	assert_true(prefix_is_default(&PREFIX_ALL) && prefix_is_default(&PREFIX_ALL4));
	assert_false(prefix_is_default(&global));
}

static bool bit(const struct ip *ip, unsigned n)
{
	return ip->b[n / 8] >> (7 - n % 8) & 1;
}

/* make, has_ip, contains, overlaps, compare against their definitions bit by bit. */
static void test_against_the_definition(void **state)
{
	struct prng prng = { 1 };
	struct random_source random = prng_source(&prng);

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct ip a, b;
		for (int i = 0; i < 16; i++)
			a.b[i] = b.b[i] = (uint8_t)random_u32(&random);
		unsigned flipped = random_below(&random, 129); /* 128: none */
		if (flipped < 128)
			b.b[flipped / 8] ^= (uint8_t)(0x80 >> flipped % 8);
		unsigned len = random_below(&random, 129), other = random_below(&random, 129);
		struct prefix p = prefix_make(&a, len), q = prefix_make(&b, other);
		for (unsigned i = 0; i < 128; i++)
			assert_int_equal(bit(&p.ip, i), i < len && bit(&a, i));
		assert_int_equal(prefix_has_ip(&p, &b), flipped >= len);
		assert_int_equal(prefix_contains(&p, &q), other >= len && flipped >= len);
		assert_int_equal(prefix_overlaps(&p, &q), flipped >= MIN(len, other));
		assert_int_equal(prefix_equal(&p, &q), len == other && flipped >= len);
		int order = prefix_compare(&p, &q);
		assert_int_equal(order<0, prefix_compare(&q, &p)> 0);
		if (prefix_contains(&p, &q) && len < other)
			assert_true(order < 0);
	}
}

static void test_sub(void **state)
{
	struct prefix p = P("2001:db8::/56"), v4 = P("10.0.0.0/8"), all = P("::/1"), one = P("fd00::1/128");
	char text[PREFIX_TEXT];
	struct prefix sub;

	(void)state;
	sub = prefix_sub(&p, 64, 0xff);
	assert_string_equal(prefix_text(&sub, text), "2001:db8:0:ff::/64");
	sub = prefix_sub(&p, 64, 0);
	assert_string_equal(prefix_text(&sub, text), "2001:db8::/64");
	sub = prefix_sub(&p, 57, 1);
	assert_string_equal(prefix_text(&sub, text), "2001:db8:0:80::/57");
	sub = prefix_sub(&v4, 96 + 24, 0x1234);
	assert_string_equal(prefix_text(&sub, text), "10.18.52.0/24");
	sub = prefix_sub(&all, 64, UINT64_MAX >> 1);
	assert_string_equal(prefix_text(&sub, text), "7fff:ffff:ffff:ffff::/64");
	sub = prefix_sub(&one, 128, 0);
	assert_true(prefix_equal(&sub, &one));
	/* All of them are different, in order, and inside. */
	for (uint64_t i = 0; i < 256; i++) {
		struct prefix a = prefix_sub(&p, 64, i);
		assert_true(prefix_contains(&p, &a));
		if (i)
			assert_true(prefix_compare(&sub, &a) < 0);
		sub = a;
	}
}

static void test_with_host(void **state)
{
	struct prefix p = P("2001:db8:1:2::/64"), wide = P("2001:db8::/32"), narrow = P("10.0.1.0/24");
	struct prefix one = P("fd00::1/128");
	char text[IP_TEXT];
	struct ip ip;

	(void)state;
	ip = prefix_with_host(&p, 0x0102030405060708);
	assert_string_equal(ip_text(&ip, text), "2001:db8:1:2:102:304:506:708");
	ip = prefix_with_host(&wide, 1);
	assert_string_equal(ip_text(&ip, text), "2001:db8::1");
	ip = prefix_with_host(&narrow, 0xffff01);
	assert_string_equal(ip_text(&ip, text), "10.0.1.1"); /* never out of the prefix */
	ip = prefix_with_host(&one, UINT64_MAX);
	assert_string_equal(ip_text(&ip, text), "fd00::1");
}

static void delegable(void **state)
{
	static const char *const yes[] = { "2001::/20", "2001:db8::/48", "2001:db8:1::/56", "2001:db8::/64",
		                           "fd00:1::/48" };
	static const char *const no[] = { "::/1",      "2000::/3",  "2000::/19",     "fe80::/64",
		                          "ff02::/64", "::1/128",   "2001:db8::/65", "10.0.0.0/8",
		                          "::/0",      "4000::/20", "::ffff:0:0/96" };
	struct prefix p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		assert_true(prefix_parse(yes[i], &p) && prefix_is_delegable(&p));
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		assert_true(prefix_parse(no[i], &p) && !prefix_is_delegable(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip_text),
		cmocka_unit_test(test_prefix_text),
		cmocka_unit_test(test_wider_than_ipv4),
		cmocka_unit_test(test_what_addresses_are),
		cmocka_unit_test(test_against_the_definition),
		cmocka_unit_test(test_sub),
		cmocka_unit_test(test_with_host),
		cmocka_unit_test(delegable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
