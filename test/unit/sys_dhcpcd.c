/* SPDX-License-Identifier: ISC */
/* What dhcpcd's hook reports, as dhcpcd 9.4.1 really says it (recorded with Kea and radvd), becomes an uplink. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sys/dhcpcd.h"
#include "sys/dhcpcd_files.h"

enum { NOW = 1000000 };

static void report(struct dhcpcd_state *s, const char *text)
{
	struct json_object *o = json_tokener_parse(text);
	char error[DHCPCD_ERROR];

	assert_non_null(o);
	assert_true(dhcpcd_report(s, o, NOW, error));
	json_object_put(o);
}

static const char bound4[] =
        "{\"reason\":\"BOUND\",\"new_ip_address\":\"198.51.100.10\",\"new_routers\":\"198.51.100.1 198.51.100.2\","
        "\"new_domain_name\":\"isp4.example\",\"new_domain_name_servers\":\"198.51.100.53 198.51.100.54\"}";

static const char advert[] =
        "{\"reason\":\"ROUTERADVERT\",\"nd1_addr1\":\"2001:db8:100:0:5824:4eff:fec4:27f7/64\",\"nd1_flags\":\"MO\","
        "\"nd1_from\":\"fe80::60f2:b4ff:fef8:1bf6\",\"nd1_lifetime\":\"30\",\"nd1_rdnss1_lifetime\":\"10\","
        "\"nd1_rdnss1_servers\":\"2001:db8:100::54\",\"nd1_dnssl1_lifetime\":\"10\",\"nd1_dnssl1_search\":\"ra."
        "example\"}";

static const char bound6[] =
        "{\"reason\":\"BOUND6\",\"new_dhcp6_domain_search\":\"isp.example b.example\","
        "\"new_dhcp6_ia_na1_ia_addr1\":\"2001:db8:100::1000\",\"new_dhcp6_ia_na1_ia_addr1_pltime\":\"40\","
        "\"new_dhcp6_ia_na1_ia_addr1_vltime\":\"60\",\"new_dhcp6_ia_pd1_prefix1\":\"2001:db8:aa00::\","
        "\"new_dhcp6_ia_pd1_prefix1_length\":\"56\",\"new_dhcp6_ia_pd1_prefix1_pltime\":\"40\","
        "\"new_dhcp6_ia_pd1_prefix1_vltime\":\"60\",\"new_dhcp6_name_servers\":\"2001:db8:100::53\"}";

static const char *ip(const struct ip *a)
{
	static char text[IP_TEXT];

	return ip_text(a, text);
}

static const char *pfx(const struct uplink *u, size_t i)
{
	static char text[PREFIX_TEXT];

	assert_true(i < u->prefix_count);
	return prefix_text(&u->prefixes[i].prefix, text);
}

static void sum_of_three(void **state)
{
	struct dhcpcd_state s = { 0 };
	struct uplink u = { .name = "wan", .link = 7 };
	static const uint8_t search[] = "\3isp\7example\0\1b\7example\0\2ra\7example\0\4isp4\7example";

	(void)state;
	assert_false(dhcpcd_uplink(&s, &u));
	report(&s, "{\"reason\":\"PREINIT\"}");
	report(&s, "{\"reason\":\"CARRIER\"}");
	assert_false(dhcpcd_uplink(&s, &u));
	report(&s, advert);
	report(&s, bound4);
	report(&s, bound6);
	assert_true(dhcpcd_uplink(&s, &u));
	assert_string_equal(u.name, "wan");
	assert_int_equal(u.link, 7);
	assert_int_equal(u.prefix_count, 1);
	assert_string_equal(pfx(&u, 0), "2001:db8:aa00::/56");
	assert_int_equal(u.prefixes[0].valid_until, NOW + 60000);
	assert_int_equal(u.prefixes[0].preferred_until, NOW + 40000);
	assert_string_equal(ip(&u.gateway6), "fe80::60f2:b4ff:fef8:1bf6");
	assert_string_equal(ip(&u.gateway4), "198.51.100.1");
	assert_int_equal(u.address_count, 3);
	assert_string_equal(ip(&u.addresses[0]), "2001:db8:100::1000");
	assert_string_equal(ip(&u.addresses[1]), "2001:db8:100:0:5824:4eff:fec4:27f7");
	assert_string_equal(ip(&u.addresses[2]), "198.51.100.10");
	assert_int_equal(u.dns_count, 4);
	assert_string_equal(ip(&u.dns[0]), "2001:db8:100::53");
	assert_int_equal(u.search_len, sizeof(search));
	assert_memory_equal(u.search, search, sizeof(search));
	assert_int_equal(s.left_out, 0);
}

static void each_goes_alone(void **state)
{
	static const struct {
		const char *reason;
		bool prefix, gateway6, gateway4;
	} cases[] = {
		{ "EXPIRE6", false, true, true },
		{ "STOP6", false, true, true },
		{ "RELEASE6", false, true, true },
		{ "EXPIRE", true, true, false },
		{ "NAK", true, true, false },
		{ "STOP", true, true, false },
		{ "ROUTERADVERT", true, false, true }, /* no nd variables: all routers are gone */
		{ "NOCARRIER", false, false, false },
		{ "STOPPED", false, false, false },
		{ "DEPARTED", false, false, false },
		{ "FAIL", false, false, false },
		{ "NOCARRIER_ROAMING", true, true, true },
		{ "DELEGATED6", true, true, true },
		{ "CARRIER", true, true, true },
		{ "SOMETHING_NEW", true, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dhcpcd_state s = { 0 };
		struct uplink u = { .link = 7 };
		char text[64];
		report(&s, advert);
		report(&s, bound4);
		report(&s, bound6);
		snprintf(text, sizeof(text), "{\"reason\":\"%s\"}", cases[i].reason);
		report(&s, text);
		bool any = dhcpcd_uplink(&s, &u);
		assert_int_equal(u.prefix_count, cases[i].prefix);
		assert_int_equal(!ip_is_any(&u.gateway6), cases[i].gateway6);
		assert_int_equal(!ip_is_any(&u.gateway4), cases[i].gateway4);
		assert_int_equal(any, cases[i].prefix || cases[i].gateway6 || cases[i].gateway4);
	}
}

/* A router that resigns, and one beside it. */
static void routers(void **state)
{
	struct dhcpcd_state s = { 0 };
	struct uplink u = { .link = 7 };

	(void)state;
	report(&s, "{\"reason\":\"ROUTERADVERT\",\"nd1_from\":\"fe80::1\",\"nd1_lifetime\":\"0\",\"nd1_addr1\":\"2001:"
	           "db8::5/64\"}");
	assert_true(dhcpcd_uplink(&s, &u)); /* its prefix goes on */
	assert_true(ip_is_any(&u.gateway6));
	assert_int_equal(u.address_count, 1);
	report(&s,
	       "{\"reason\":\"ROUTERADVERT\",\"nd1_from\":\"fe80::1\",\"nd1_lifetime\":\"0\","
	       "\"nd2_from\":\"fe80::2\",\"nd2_lifetime\":\"1800\",\"nd3_from\":\"fe80::3\",\"nd3_lifetime\":\"9\"}");
	assert_true(dhcpcd_uplink(&s, &u));
	assert_string_equal(ip(&u.gateway6), "fe80::2");
}

static void renumbered(void **state)
{
	struct dhcpcd_state s = { 0 };
	struct uplink u = { .link = 7 };

	(void)state;
	report(&s, bound6);
	report(&s, "{\"reason\":\"RENEW6\",\"new_dhcp6_ia_pd1_prefix1\":\"2001:db8:cc00::\","
	           "\"new_dhcp6_ia_pd1_prefix1_length\":\"56\",\"new_dhcp6_ia_pd1_prefix1_pltime\":\"40\","
	           "\"new_dhcp6_ia_pd1_prefix1_vltime\":\"60\",\"new_dhcp6_ia_pd1_prefix2\":\"2001:db8:aa00::\","
	           "\"new_dhcp6_ia_pd1_prefix2_length\":\"56\",\"new_dhcp6_ia_pd1_prefix2_pltime\":\"0\","
	           "\"new_dhcp6_ia_pd1_prefix2_vltime\":\"0\"}");
	assert_true(dhcpcd_uplink(&s, &u));
	assert_int_equal(u.prefix_count, 1);
	assert_string_equal(pfx(&u, 0), "2001:db8:cc00::/56");
	report(&s, "{\"reason\":\"RENEW6\"}"); /* and then nothing at all */
	assert_false(dhcpcd_uplink(&s, &u));
}

static void lifetimes(void **state)
{
	struct dhcpcd_state s = { 0 };
	struct uplink u = { .link = 7 };
	char text[1000];
	static const struct {
		const char *preferred, *valid;
		bool taken;
		msec preferred_until, valid_until;
	} cases[] = {
		{ "4294967295", "4294967295", true, MSEC_NEVER, MSEC_NEVER },
		{ "0", "60", true, NOW, NOW + 60000 },
		{ "40", "4294967295", true, NOW + 40000, MSEC_NEVER },
		{ "61", "60", false, 0, 0 },
		{ "0", "0", false, 0, 0 },
		{ "", "-1", false, 0, 0 },
		{ "1", "4294967296", false, 0, 0 },
		{ "1", "60s", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text),
		         "{\"reason\":\"REBIND6\",\"new_dhcp6_ia_pd1_prefix1\":\"2001:db8:aa00::\","
		         "\"new_dhcp6_ia_pd1_prefix1_length\":\"56\",\"new_dhcp6_ia_pd1_prefix1_pltime\":\"%s\","
		         "\"new_dhcp6_ia_pd1_prefix1_vltime\":\"%s\"}",
		         cases[i].preferred, cases[i].valid);
		report(&s, text);
		assert_int_equal(dhcpcd_uplink(&s, &u), cases[i].taken);
		if (!cases[i].taken)
			continue;
		assert_true(u.prefixes[0].preferred_until == cases[i].preferred_until);
		assert_true(u.prefixes[0].valid_until == cases[i].valid_until);
	}
}

static void several_and_too_many(void **state)
{
	struct dhcpcd_state s = { 0 };
	struct uplink u = { .link = 7 };
	struct json_object *o = json_object_new_object();
	char key[80], error[DHCPCD_ERROR];

	(void)state;
	json_object_object_add(o, "reason", json_object_new_string("BOUND6"));
	for (int i = 0; i < UPLINK_PREFIXES + 2; i++) {
		static const char *const parts[][2] = { { "_length", "56" }, { "_pltime", "40" }, { "_vltime", "60" } };
		char prefix[40];
		snprintf(prefix, sizeof(prefix), "2001:db8:%x::", i);
		snprintf(key, sizeof(key), "new_dhcp6_ia_pd%d_prefix%d", 1 + i / 4, 1 + i % 4);
		json_object_object_add(o, key, json_object_new_string(prefix));
		for (size_t j = 0; j < ARRAY_LEN(parts); j++) {
			snprintf(key, sizeof(key), "new_dhcp6_ia_pd%d_prefix%d%s", 1 + i / 4, 1 + i % 4, parts[j][0]);
			json_object_object_add(o, key, json_object_new_string(parts[j][1]));
		}
	}
	assert_true(dhcpcd_report(&s, o, NOW, error));
	assert_true(dhcpcd_uplink(&s, &u));
	assert_int_equal(u.prefix_count, UPLINK_PREFIXES);
	assert_int_equal(s.left_out, 2);
	assert_string_equal(pfx(&u, 4), "2001:db8:4::/56");
	json_object_put(o);
}

static void classless_routes(void **state)
{
	struct dhcpcd_state s = { 0 };
	struct uplink u = { .link = 7 };

	(void)state;
	report(&s, "{\"reason\":\"BOUND\",\"new_ip_address\":\"192.0.2.9\",\"new_routers\":\"192.0.2.1\","
	           "\"new_classless_static_routes\":\"10.0.0.0/8 192.0.2.3 0.0.0.0/0 192.0.2.2\"}");
	assert_true(dhcpcd_uplink(&s, &u));
	assert_string_equal(ip(&u.gateway4), "192.0.2.2");
	report(&s, "{\"reason\":\"RENEW\",\"new_ip_address\":\"192.0.2.9\",\"new_routers\":\"192.0.2.1\","
	           "\"new_classless_static_routes\":\"10.0.0.0/8 192.0.2.3\"}");
	assert_true(dhcpcd_uplink(&s, &u));
	assert_true(ip_is_any(&u.gateway4)); /* RFC 3442: routers do not count then */
}

static void nonsense(void **state)
{
	static const char *const cases[] = {
		"{\"reason\":\"BOUND\",\"new_ip_address\":\"2001:db8::1\"}",
		"{\"reason\":\"BOUND\",\"new_ip_address\":5}",
		"{\"reason\":\"BOUND\",\"new_ip_address\":\"\"}",
		"{\"reason\":\"BOUND6\",\"new_dhcp6_ia_pd1_prefix1\":\"x\",\"new_dhcp6_ia_pd1_prefix1_vltime\":\"9\"}",
		"{\"reason\":\"BOUND6\",\"new_dhcp6_ia_pd1_prefix1\":\"2001:db8::\",\"new_dhcp6_ia_pd1_prefix1_"
		"vltime\":\"9\","
		"\"new_dhcp6_ia_pd1_prefix1_length\":\"129\"}",
		"{\"reason\":\"ROUTERADVERT\",\"nd1_from\":\"2001:db8::1\",\"nd1_lifetime\":\"9\"}",
		"{\"reason\":\"ROUTERADVERT\",\"nd1_from\":\"fe80::1\",\"nd1_lifetime\":\"soon\"}",
	};
	struct json_object *o = json_tokener_parse("{\"interface\":\"wan\"}");
	char error[DHCPCD_ERROR] = "";
	struct dhcpcd_state s = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct uplink u = { .link = 7 };
		s = (struct dhcpcd_state) { 0 };
		report(&s, cases[i]);
		if (dhcpcd_uplink(&s, &u))
			fail_msg("taken: %s", cases[i]);
	}
	assert_false(dhcpcd_report(&s, o, NOW, error));
	assert_non_null(strstr(error, "reason"));
	json_object_put(o);
	/* Names that are none are left out, the others stay. */
	struct uplink u = { .link = 7 };
	s = (struct dhcpcd_state) { 0 };
	report(&s, "{\"reason\":\"BOUND\",\"new_ip_address\":\"192.0.2.9\",\"new_domain_search\":\"a..b  .  ok. \","
	           "\"new_domain_name_servers\":\"x 192.0.2.1 0.0.0.0 192.0.2.1\"}");
	assert_true(dhcpcd_uplink(&s, &u));
	assert_int_equal(u.search_len, 4);
	assert_memory_equal(u.search, "\2ok", 4);
}

/* dhcpcd was started again: what it does not confirm goes. */
static void confirmed(void **state)
{
	struct dhcpcd_state s = { 0 };
	struct uplink u = { .link = 7 };

	(void)state;
	report(&s, bound6);
	report(&s, bound4);
	dhcpcd_unconfirm(&s);
	report(&s, bound6);
	assert_true(dhcpcd_uplink(&s, &u));
	assert_false(ip_is_any(&u.gateway4));
	assert_true(dhcpcd_forget_unconfirmed(&s));
	assert_true(dhcpcd_uplink(&s, &u));
	assert_true(ip_is_any(&u.gateway4));
	assert_int_equal(u.prefix_count, 1);
}

static void wanted(void **state)
{
	static const char *const yes[] = { "reason",   "interface",  "new_dhcp6_ia_pd1_prefix1",
		                           "nd1_from", "nd12_addr1", "new_routers" };
	static const char *const no[] = { "PATH", "old_routers", "nd", "ndx", "new_host_name", "if_up", "pid" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		assert_true(dhcpcd_wants(yes[i]));
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		assert_false(dhcpcd_wants(no[i]));
}

static void configuration(void **state)
{
	char text[2048], other[2048];

	(void)state;
	dhcpcd_config("wan", "/run/hearth/s", "0123456789abcdef0123456789abcdef", text, sizeof(text));
	assert_non_null(strstr(text, "\nuserclass HOMENET\n"));
	assert_non_null(strstr(text, "\nenv HEARTH_SOCKET=/run/hearth/s\n"));
	assert_non_null(strstr(text, "\nduid 00:04:"));
	assert_non_null(strstr(text, "\ninterface wan\n"));
	assert_int_equal(text[strlen(text) - 1], '\n');
	/* The same machine, another interface: the same DUID, another IAID. */
	dhcpcd_config("lte", "/run/hearth/s", "0123456789abcdef0123456789abcdef", other, sizeof(other));
	assert_memory_equal(strstr(text, "\nduid"), strstr(other, "\nduid"), sizeof("\nduid 00:04:") + 46);
	assert_string_not_equal(strstr(text, "\nia_pd"), strstr(other, "\nia_pd"));
	dhcpcd_config("wan", "/run/hearth/s", NULL, text, sizeof(text));
	assert_non_null(strstr(text, "\nduid\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sum_of_three),  cmocka_unit_test(each_goes_alone),
		cmocka_unit_test(routers),       cmocka_unit_test(renumbered),
		cmocka_unit_test(lifetimes),     cmocka_unit_test(several_and_too_many),
		cmocka_unit_test(nonsense),      cmocka_unit_test(classless_routes),
		cmocka_unit_test(confirmed),     cmocka_unit_test(wanted),
		cmocka_unit_test(configuration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
