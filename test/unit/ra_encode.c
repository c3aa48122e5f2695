/* SPDX-License-Identifier: ISC */
/* The bytes of a router advertisement (RFC 4861 4.2, RFC 4191, RFC 8106), read back by a reader of its own, and where
 * there is one by tshark. */
#include "unit/ra_support.h"

#include <stdio.h>
#include <unistd.h>

static const uint8_t MAC[6] = { 2, 0, 0, 0, 0, 9 };
static const uint8_t SEARCH[] = "\4home\4arpa\0\3lan\7example\3org";

/* A configuration that has one of everything; `now` is that of a new fixture. */
static struct ra_config full_config(msec now, struct ra_prefix prefixes[2], struct ra_route routes[3], struct ip dns[2])
{
	prefixes[0] = (struct ra_prefix) { .prefix = P("2001:db8:1:2::/64"),
		                           .valid_until = now + 1000 * SECOND,
		                           .preferred_until = now + 500 * SECOND + 999,
		                           .autonomous = true };
	prefixes[1] = (struct ra_prefix) { .prefix = P("fd00:1:2:3::/64"),
		                           .valid_until = MSEC_NEVER,
		                           .preferred_until = MSEC_NEVER,
		                           .autonomous = true };
	routes[0] = (struct ra_route) { .prefix = P("::/0"), .preference = RA_LOW, .until = MSEC_NEVER };
	routes[1] =
	        (struct ra_route) { .prefix = P("2001:db8::/48"), .preference = RA_HIGH, .until = now + 100 * SECOND };
	routes[2] = (struct ra_route) { .prefix = P("2001:db8::1/128"), .until = MSEC_NEVER };
	dns[0] = A("fd00:1:2:3::1");
	dns[1] = A("2001:db8:1:2::53");
	struct ra_config conf = {
		.default_router = true,
		.preference = RA_HIGH,
		.other = true,
		.mtu = 1492,
		.prefixes = prefixes,
		.prefix_count = 2,
		.routes = routes,
		.route_count = 3,
		.dns = dns,
		.dns_count = 2,
		.search = SEARCH,
		.search_len = sizeof(SEARCH),
	};
	memcpy(conf.mac, MAC, sizeof(MAC));
	return conf;
}

static void configure_full(struct fixture *f)
{
	struct ra_prefix prefixes[2];
	struct ra_route routes[3];
	struct ip dns[2];
	struct ra_config conf = full_config(f->now, prefixes, routes, dns);

	ra_configure(f->ra, f->now, &conf);
	run_for(f, 0);
	assert_int_equal(f->sent_count, 1);
}

static void test_every_byte(void **state)
{
	/* clang-format off */
	static const uint8_t want[] = {
		/* RFC 4861 4.2: hop limit, flags and preference, router lifetime, nothing said about two timers */
		134, 0, 0, 0, 64, 0x40 | 1 << 3, 2700 >> 8, 2700 & 255, 0, 0, 0, 0, 0, 0, 0, 0,
		/* source link-layer address, MTU */
		1, 1, 2, 0, 0, 0, 0, 9,
		5, 1, 0, 0, 0, 0, 1492 >> 8, 1492 & 255,
		/* prefixes, on-link and autonomous: valid for 1000 s and preferred for 500, then for ever, capped */
		3, 4, 64, 0xc0, 0, 0, 1000 >> 8, 1000 & 255, 0, 0, 500 >> 8, 500 & 255, 0, 0, 0, 0,
		0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0,
		3, 4, 64, 0xc0, 0, 0, 5400 >> 8, 5400 & 255, 0, 0, 2700 >> 8, 2700 & 255, 0, 0, 0, 0,
		0xfd, 0, 0, 1, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0,
		/* two servers */
		25, 5, 0, 0, 0, 0, 5400 >> 8, 5400 & 255,
		0xfd, 0, 0, 1, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1,
		0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x53,
		/* two names, padded */
		31, 5, 0, 0, 0, 0, 5400 >> 8, 5400 & 255,
		4, 'h', 'o', 'm', 'e', 4, 'a', 'r', 'p', 'a', 0, 3, 'l', 'a', 'n', 7,
		'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r', 'g', 0, 0, 0, 0, 0,
		/* routes of length 0, 48 and 128: low, high and medium preference */
		24, 1, 0, 3 << 3, 0, 0, 5400 >> 8, 5400 & 255,
		24, 2, 48, 1 << 3, 0, 0, 0, 100, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0,
		24, 3, 128, 0, 0, 0, 5400 >> 8, 5400 & 255,
		0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	};
	/* clang-format on */
	struct fixture *f = *state;

	configure_full(f);
	assert_int_equal(f->sent[0].len, sizeof(want));
	assert_memory_equal(f->sent[0].data, want, sizeof(want));
	assert_false(f->sent[0].unicast);
}

/* RFC 4191 2.2: without a router lifetime the preference is 0. */
static void test_not_a_default_router(void **state)
{
	struct fixture *f = *state;
	struct ra_config conf = { .preference = RA_HIGH, .managed = true };

	ra_configure(f->ra, f->now, &conf);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_int_equal(s.router_lifetime, 0);
	assert_int_equal(s.flags, 0x80);
	assert_int_equal(s.option_count, 0);
}

/* RFC 4862 5.5.3: addresses are made of a /64; others are on-link only. */
static void test_only_a_64_is_autonomous(void **state)
{
	struct fixture *f = *state;
	struct ra_prefix prefixes[] = {
		{ .prefix = P("2001:db8:1::/80"), .valid_until = MSEC_NEVER, .autonomous = true },
		{ .prefix = P("2001:db8:2::/64"), .valid_until = MSEC_NEVER },
	};
	struct ra_config conf = { .prefixes = prefixes, .prefix_count = 2 };

	ra_configure(f->ra, f->now, &conf);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_int_equal(seen_prefix(&s, "2001:db8:1::/80")[3], 0x80);
	assert_int_equal(seen_prefix(&s, "2001:db8:2::/64")[3], 0x80);
}

/* What has no place in an advertisement is left out, not sent wrongly. */
static void test_what_makes_no_sense_is_left_out(void **state)
{
	static const uint8_t cut[] = { 3, 'l', 'a', 'n', 0, 9, 'x' };
	struct fixture *f = *state;
	struct ra_prefix prefixes[] = {
		{ .prefix = P("10.0.1.0/24"), .valid_until = MSEC_NEVER, .preferred_until = MSEC_NEVER },
		{ .prefix = P("fe80::/64"), .valid_until = MSEC_NEVER, .preferred_until = MSEC_NEVER },
	};
	struct ra_route routes[] = {
		{ .prefix = P("0.0.0.0/0"), .until = MSEC_NEVER },
		{ .prefix = P("fd00::/48"), .preference = RA_HIGH, .until = MSEC_NEVER },
		{ .prefix = P("fd00::/48"), .preference = RA_LOW, .until = MSEC_NEVER }, /* RFC 4191 2.3: once */
	};
	struct ip dns[] = { A("192.0.2.1"), A("ff02::1"), A("::"), A("fe80::1"), A("fe80::1") };
	struct ra_config conf = { .prefixes = prefixes,
		                  .prefix_count = 2,
		                  .routes = routes,
		                  .route_count = 3,
		                  .dns = dns,
		                  .dns_count = 5,
		                  .search = cut,
		                  .search_len = sizeof(cut) };

	ra_configure(f->ra, f->now, &conf);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_int_equal(s.option_count, 3);
	assert_null(seen_find(&s, 3, 0));
	assert_null(seen_find(&s, 24, 1));
	assert_int_equal(seen_find(&s, 24, 0)->at[3], RA_HIGH << 3);
	assert_int_equal(seen_find(&s, 25, 0)->len, 24);
	assert_int_equal(seen_find(&s, 31, 0)->len, 16);
	assert_memory_equal(seen_find(&s, 31, 0)->at + 8, "\3lan\0\0\0\0", 8);
}

/* RFC 4861 6.2.1: preferred MUST NOT be larger than valid. */
static void test_preferred_is_never_over_valid(void **state)
{
	struct fixture *f = *state;
	struct ra_prefix p = { .prefix = P("fd00::/64"),
		               .valid_until = f->now + 60 * SECOND,
		               .preferred_until = MSEC_NEVER,
		               .autonomous = true };
	struct ra_config conf = { .prefixes = &p, .prefix_count = 1 };

	ra_configure(f->ra, f->now, &conf);
	run_for(f, 0);
	struct seen s = last_seen(f);
	assert_int_equal(pio_valid(seen_prefix(&s, "fd00::/64")), 60);
	assert_int_equal(pio_preferred(seen_prefix(&s, "fd00::/64")), 60);
}

static void configure_large(struct fixture *f, size_t count, size_t names)
{
	struct ra_prefix prefixes[100];
	struct ra_route routes[100];
	struct ip dns[100];
	uint8_t search[100 * 255] = { 0 };
	struct prefix pool = P("2001:db8::/48"), pool4 = P("fd00::/48");
	struct ra_config conf = { .mtu = 1500,
		                  .prefixes = prefixes,
		                  .prefix_count = count,
		                  .routes = routes,
		                  .route_count = count,
		                  .dns = dns,
		                  .dns_count = count,
		                  .search = search };

	assert_true(count <= 100 && names <= 100);
	for (size_t i = 0; i < count; i++) {
		prefixes[i] = (struct ra_prefix) { .prefix = prefix_sub(&pool, 64, i),
			                           .valid_until = MSEC_NEVER,
			                           .preferred_until = MSEC_NEVER,
			                           .autonomous = true };
		routes[i] = (struct ra_route) { .prefix = prefix_sub(&pool4, 100, i), .until = MSEC_NEVER };
		dns[i] = prefix_with_host(&pool, i + 1);
	}
	for (size_t i = 0; i < names; i++) { /* of 255 octets: 3 * 64 + 62 + 1 */
		uint8_t *p = &search[255 * i];
		memset(p, 'a' + (int)i, 254);
		p[0] = p[64] = p[128] = 63;
		p[192] = 61;
	}
	conf.search_len = 255 * names;
	ra_configure(f->ra, f->now, &conf);
}

/* RFC 4861 6.2.3: what does not fit into one packet goes into several, each a whole advertisement. */
static void test_large_is_split(void **state)
{
	struct fixture *f = *state;
	unsigned count[256] = { 0 };
	size_t bytes = 0;

	configure_large(f, 17, 3);
	run_for(f, 0);
	assert_in_range(f->sent_count, 2, RA_PACKETS_MAX);
	for (size_t i = 0; i < f->sent_count; i++) {
		struct seen s = read_advertisement(f->sent[i].data, f->sent[i].len);
		for (size_t o = 0; o < s.option_count; o++)
			count[s.options[o].type]++;
		assert_non_null(seen_find(&s, 5, 0));
		assert_null(seen_find(&s, 5, 1));
		for (unsigned nth = 0; seen_find(&s, 31, nth); nth++)
			bytes += seen_find(&s, 31, nth)->len;
	}
	assert_int_equal(count[3], 17);
	assert_int_equal(count[24], 17);
	assert_true(bytes >= 3 * 255);
	/* 8 servers are the most; 9 were too many. */
	assert_int_equal(ra_counter(f->ra, RA_COUNT_TRUNCATED), 17 - RA_SERVERS_MAX);
}

/* limits.h: what is too much is left out and counted; the packets that go out are whole. */
static void test_limits(void **state)
{
	struct fixture *f = *state;
	unsigned prefixes = 0, routes = 0;

	configure_large(f, 100, 100);
	run_for(f, 0);
	assert_true(f->sent_count <= RA_PACKETS_MAX);
	for (size_t i = 0; i < f->sent_count; i++) {
		struct seen s = read_advertisement(f->sent[i].data, f->sent[i].len);
		for (size_t o = 0; o < s.option_count; o++) {
			prefixes += s.options[o].type == 3;
			routes += s.options[o].type == 24;
		}
	}
	assert_int_equal(prefixes, RA_PREFIXES_MAX);
	assert_true(routes <= RA_ROUTES_MAX);
	uint64_t left_out = ra_counter(f->ra, RA_COUNT_TRUNCATED);
	assert_true(left_out >=
	            100 - RA_PREFIXES_MAX + 100 - RA_ROUTES_MAX + 100 - RA_SERVERS_MAX + 100 - RA_NAMES_MAX);
	/* The same again leaves the same out again. */
	size_t before = f->sent_count;
	run_for(f, 16 * SECOND);
	assert_int_equal(f->sent_count, 2 * before);
}

/* Writes the message as text2pcap reads it. */
static void write_hex(FILE *out, const uint8_t *message, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (i % 16 == 0)
			fprintf(out, "\n%06zx", i);
		fprintf(out, " %02x", message[i]);
	}
	fprintf(out, "\n");
}

/* An independent reader: every field as Wireshark has it. */
static void test_tshark_agrees(void **state)
{
	struct fixture *f = *state;
	char folder[] = "/tmp/hearth-ra-XXXXXX", command[600], line[1024];

	if (system("command -v tshark >/dev/null && command -v text2pcap >/dev/null") != 0)
		skip();
	configure_full(f);
	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "text2pcap -q -i 58 -6 fe80::9,ff02::1 - %s/ra.pcap 2>/dev/null", folder);
	FILE *hex = popen(command, "w");
	assert_non_null(hex);
	write_hex(hex, f->sent[0].data, f->sent[0].len);
	assert_int_equal(pclose(hex), 0);
	snprintf(command, sizeof(command),
	         "tshark -r %s/ra.pcap -T fields -E separator='|' -e icmpv6.nd.ra.router_lifetime "
	         "-e icmpv6.nd.ra.flag.prf -e icmpv6.opt.mtu -e icmpv6.opt.linkaddr -e icmpv6.opt.prefix "
	         "-e icmpv6.opt.prefix.valid_lifetime -e icmpv6.opt.prefix.preferred_lifetime -e icmpv6.opt.rdnss "
	         "-e icmpv6.opt.dnssl -e icmpv6.opt.route_lifetime -e _ws.malformed 2>/dev/null; rm -r %s",
	         folder, folder);
	FILE *out = popen(command, "r");
	assert_non_null(out);
	assert_non_null(fgets(line, sizeof(line), out));
	assert_int_equal(pclose(out), 0);
	assert_string_equal(line, "2700|1|1492|02:00:00:00:00:09|2001:db8:1:2::,fd00:1:2:3::,2001:db8::,2001:db8::1|"
	                          "1000,5400|500,2700|fd00:1:2:3::1,2001:db8:1:2::53|home.arpa,lan.example.org|"
	                          "5400,100,5400|\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_byte),
		TEST(test_not_a_default_router),
		TEST(test_only_a_64_is_autonomous),
		TEST(test_what_makes_no_sense_is_left_out),
		TEST(test_preferred_is_never_over_valid),
		TEST(test_large_is_split),
		TEST(test_limits),
		TEST(test_tshark_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
