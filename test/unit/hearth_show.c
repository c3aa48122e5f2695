/* SPDX-License-Identifier: ISC */
/* What the owner sees, against golden text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "hearth/show.h"

static void check(show_fn *show, const char *json, const char *expected)
{
	struct json_object *data = json_tokener_parse(json);
	struct text out = { 0 };

	assert_true(data || strcmp(json, "null") == 0);
	show(data, &out);
	assert_string_equal(out.at ? out.at : "", expected);
	text_free(&out);
	json_object_put(data);
}

#define UPLINKS                                                                                                        \
	"[{\"name\":\"isp-a\",\"link\":2,\"link_name\":\"isp-a\",\"kind\":\"dhcp\",\"up\":true,\"prefixes\":["         \
	"{\"prefix\":\"2001:db8:100::/56\",\"valid_s\":2460,\"preferred_s\":1200},"                                    \
	"{\"prefix\":\"2001:db8:200::/60\",\"valid_s\":720,\"preferred_s\":0}],\"gateway6\":\"fe80::1\","              \
	"\"gateway4\":\"198.51.100.1\",\"addresses\":[\"2001:db8::9\",\"198.51.100.7\"],\"dns\":[\"2001:db8::53\"],"   \
	"\"age_s\":8040},{\"name\":\"lab\",\"link\":3,\"link_name\":\"wan\",\"kind\":\"static\",\"up\":false,"         \
	"\"prefixes\":[],\"gateway6\":null,\"gateway4\":null,\"addresses\":[],\"dns\":[],\"age_s\":59}]"

#define LINKS                                                                                                          \
	"[{\"link\":4,\"name\":\"lan1\",\"category\":\"internal\",\"up\":true,\"linklocal\":\"fe80::2\",\"members\":[" \
	"{\"id\":\"0000abcd\",\"name\":\"attic\",\"endpoint\":5},{\"id\":\"0000abce\",\"name\":null,\"endpoint\":6}]," \
	"\"prefixes\":[{\"prefix\":\"2001:db8:100:1::/64\",\"delegated\":\"2001:db8:100::/56\",\"applied\":true,"      \
	"\"published\":true,\"priority\":2,\"age_s\":100,\"valid_s\":2460,\"preferred_s\":1200},"                      \
	"{\"prefix\":\"10.0.1.0/24\",\"delegated\":\"10.0.0.0/8\",\"applied\":false,\"published\":true,"               \
	"\"priority\":2,\"age_s\":3,\"valid_s\":null,\"preferred_s\":null}],\"addresses\":[\"2001:db8:100:1::1\"]},"   \
	"{\"link\":6,\"name\":\"wlan-guests\",\"category\":\"guest\",\"up\":false,\"linklocal\":null,\"members\":[],"  \
	"\"prefixes\":[],\"addresses\":[]}]"

static void status(void **state)
{
	(void)state;
	check(show_status,
	      "{\"router\":{\"name\":\"den\",\"id\":\"0000abcc\",\"version\":\"0.1.0\",\"uptime_s\":90061},\"well\":"
	      "true,"
	      "\"problems\":[],\"routers\":3,\"links\":2,\"uplinks\":1,\"since_s\":8040,\"network_hash\":"
	      "\"0123456789abcdef\","
	      "\"state\":\"settled\",\"uplink_list\":" UPLINKS ",\"link_list\":" LINKS
	      ",\"counters\":{\"dncp\":{\"received\":12,\"malformed\":0,\"sent\":3},\"babel\":{\"malformed\":0}}}",
	      "hearth: well   3 routers, 2 links, 1 uplink   for 2 h 14 min\n"
	      "uplink  isp-a        2001:db8:100::/56    41 min left              2001:db8::9 198.51.100.7\n"
	      "                     2001:db8:200::/60    deprecated, 12 min left\n"
	      "uplink  lab          down\n"
	      "link    lan1         2001:db8:100:1::/64                           3 routers\n"
	      "                     10.0.1.0/24          not yet in use\n"
	      "link    wlan-guests  down                                          1 router, guest\n"
	      "router den  id 0000abcc   hearthd 0.1.0   up for 1 d 1 h   network 0123456789abcdef\n"
	      "counters dncp  received 12, sent 3\n");
	check(show_status,
	      "{\"router\":{\"name\":\"den\",\"id\":\"0000abcc\",\"version\":\"0.1.0\",\"uptime_s\":5},\"well\":false,"
	      "\"problems\":[\"uplink lab is down: is its cable plugged in?\",\"a \\u001b[31m "
	      "b\"],\"routers\":1,\"links\":1,"
	      "\"uplinks\":0,\"since_s\":5,\"network_hash\":\"00\",\"state\":\"settled\",\"uplink_list\":[],\"link_"
	      "list\":[]}",
	      "hearth: not well   1 router, 1 link, 0 uplinks   for 5 s\n"
	      "problem uplink lab is down: is its cable plugged in?\n"
	      "problem a ?[31m b\n"
	      "router den  id 0000abcc   hearthd 0.1.0   up for 5 s   network 00\n");
}

static void colours(void **state)
{
	struct json_object *data = json_tokener_parse("{\"well\":false,\"state\":\"converging\",\"since_s\":1}");
	struct text out = { .colour = true };

	(void)state;
	show_status(data, &out);
	assert_non_null(strstr(out.at, "hearth: \033[1;31mconverging\033[0m   0 routers"));
	text_free(&out);
	json_object_put(data);
}

static void nodes(void **state)
{
	(void)state;
	check(show_nodes,
	      "[{\"id\":\"0000abcc\",\"name\":\"den\",\"self\":true,\"user_agent\":\"hearth/"
	      "0.1\",\"seqno\":7,\"age_s\":61,"
	      "\"data_bytes\":340,\"addresses\":[\"fd00::1\",\"10.0.0.1\"],\"capabilities\":{\"mdns\":0,\"pd\":4,"
	      "\"dhcpv6\":0,"
	      "\"dhcpv4\":4},\"peers\":2,\"ignored_tlvs\":0},{\"id\":\"0000abcd\",\"name\":\"\\u00e4ttic\",\"self\":"
	      "false,"
	      "\"user_agent\":\"other\",\"seqno\":12345,\"age_s\":3,\"data_bytes\":1200,\"addresses\":[],"
	      "\"capabilities\":{},\"peers\":1,\"ignored_tlvs\":2}]",
	      "NAME            ID        PEERS  MPHL  UNCHANGED  SEQ    BYTES  SOFTWARE    ADDRESSES\n"
	      "den (this one)  0000abcc  2      -4-4  1 min 1 s  7      340    hearth/0.1  fd00::1 10.0.0.1\n"
	      "\xc3\xa4ttic           0000abcd  1      ----  3 s        12345  1200   other\n"
	      "2 TLVs of these nodes made no sense and are ignored\n");
}

static void links(void **state)
{
	(void)state;
	check(show_links, LINKS,
	      "lan1  internal  up\n"
	      "  prefix   2001:db8:100:1::/64  in use for 1 min 40 s   41 min left\n"
	      "  prefix   10.0.1.0/24          not yet in use for 3 s  for ever\n"
	      "  address  2001:db8:100:1::1\n"
	      "  local    fe80::2\n"
	      "  routers  attic  0000abce\n"
	      "wlan-guests  guest  down\n");
	check(show_links, "[]", "hearthd has no interface to look after\n");
}

static void uplinks(void **state)
{
	(void)state;
	check(show_uplinks, UPLINKS,
	      "isp-a  on isp-a  dhcp  up for 2 h 14 min\n"
	      "  prefix   2001:db8:100::/56          41 min left\n"
	      "  prefix   2001:db8:200::/60          deprecated, 12 min left\n"
	      "  gateway  fe80::1\n"
	      "  gateway  198.51.100.1\n"
	      "  address  2001:db8::9  198.51.100.7\n"
	      "  dns      2001:db8::53\n"
	      "lab  on wan  static  down for 59 s\n"
	      "  prefix  none\n");
}

static void prefixes(void **state)
{
	(void)state;
	check(show_prefixes,
	      "[{\"delegated\":\"2001:db8:100::/56\",\"node\":\"0000abcc\",\"node_name\":\"den\",\"kind\":\"isp\","
	      "\"valid_s\":3600,\"preferred_s\":10,\"assignments\":[{\"prefix\":\"2001:db8:100:1::/"
	      "64\",\"node\":\"0000abcc\","
	      "\"node_name\":\"den\",\"link\":\"lan1\",\"priority\":2},{\"prefix\":\"2001:db8:100:22::/64\","
	      "\"node\":\"0000abcd\",\"node_name\":null,\"link\":5,\"priority\":0}]},"
	      "{\"delegated\":\"fd00::/48\",\"node\":\"0000abcd\",\"node_name\":null,\"kind\":\"ula\",\"valid_s\":null,"
	      "\"preferred_s\":null,\"assignments\":[]}]",
	      "2001:db8:100::/56  from a provider  at den  1 h left\n"
	      "  2001:db8:100:1::/64   by den       on lan1        priority 2\n"
	      "  2001:db8:100:22::/64  by 0000abcd  on its link 5\n"
	      "fd00::/48  the home's own (ULA)  at 0000abcd  for ever\n"
	      "  nothing assigned from it\n");
	check(show_prefixes, "[]", "no router of the home has a prefix to share\n");
}

static void routes(void **state)
{
	(void)state;
	check(show_routes,
	      "[{\"dst\":\"::/0\",\"src\":\"2001:db8:100::/56\",\"type\":\"unicast\",\"via\":\"fe80::1\",\"link\":2,"
	      "\"link_name\":\"isp-a\",\"metric\":1024,\"origin\":\"uplink\"},"
	      "{\"dst\":\"2001:db8:100:2::/64\",\"src\":\"::/0\",\"type\":\"unicast\",\"via\":\"fe80::2\",\"link\":4,"
	      "\"link_name\":\"lan1\",\"metric\":512,\"origin\":\"babel\",\"babel_metric\":96,\"router_id\":\"0011\"},"
	      "{\"dst\":\"2001:db8:100:1::/64\",\"src\":\"::/0\",\"type\":\"unicast\",\"via\":null,\"link\":4,"
	      "\"link_name\":\"lan1\",\"metric\":256,\"origin\":\"link\"},"
	      "{\"dst\":\"2001:db8:100::/56\",\"src\":\"::/0\",\"type\":\"unreachable\",\"via\":null,\"link\":0,"
	      "\"link_name\":null,\"metric\":9999,\"origin\":\"discard\"}]",
	      "TO                   FROM               BY           LINK   ORIGIN   METRIC  BABEL\n"
	      "default (IPv6)       2001:db8:100::/56  fe80::1      isp-a  uplink   1024\n"
	      "2001:db8:100:2::/64                     fe80::2      lan1   babel    512     96\n"
	      "2001:db8:100:1::/64                     directly     lan1   link     256\n"
	      "2001:db8:100::/56                       unreachable         discard  9999\n");
	check(show_routes, "[]", "hearthd has made no routes\n");
}

static void events(void **state)
{
	(void)state;
	check(show_events,
	      "[{\"time\":\"2026-11-23T20:14:01.123Z\",\"event\":\"dncp.peer-up\",\"level\":\"info\",\"node\":"
	      "\"0000abcd\","
	      "\"link\":3,\"addr\":\"fe80::1\"},{\"time\":\"soon\",\"event\":\"sys.problem\",\"level\":\"warning\","
	      "\"text\":\"two\\nlines\"}]",
	      "2026-11-23 20:14:01 dncp.peer-up node=0000abcd link=3 addr=fe80::1\n"
	      "soon sys.problem text=\"two?lines\"\n");
}

static void spans(void **state)
{
	static const struct {
		int64_t seconds;
		const char *words;
	} cases[] = {
		{ 0, "0 s" },           { 59, "59 s" },           { 60, "1 min" },    { 61, "1 min 1 s" },
		{ 600, "10 min" },      { 719, "11 min" },        { 3599, "59 min" }, { 3600, "1 h" },
		{ 8040, "2 h 14 min" }, { 86399, "23 h 59 min" }, { 86400, "1 d" },   { 277200, "3 d 5 h" },
	};
	char out[SPAN_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(span_text(cases[i].seconds, out), cases[i].words);
}

/* Another version's hearthd, or none at all: shown as well as can be, never a crash. */
static void strange(void **state)
{
	static show_fn *const all[] = { show_status,  show_nodes,  show_links, show_prefixes, show_routes,
		                        show_uplinks, show_events, show_event, show_done };
	static const char *const data[] = {
		"null",
		"{}",
		"[]",
		"1",
		"\"x\"",
		"[{}]",
		"[1,null,[],\"x\"]",
		("{\"uplink_list\":[1],\"link_list\":[{}],\"counters\":{\"a\":1,\"b\":{\"c\":\"d\"}},"
		 "\"problems\":[{}],\"router\":[]}")
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (size_t j = 0; j < ARRAY_LEN(data); j++) {
			struct json_object *o = json_tokener_parse(data[j]);
			struct text out = { 0 };
			all[i](o, &out);
			text_free(&out);
			json_object_put(o);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status),  cmocka_unit_test(colours), cmocka_unit_test(nodes),
		cmocka_unit_test(links),   cmocka_unit_test(uplinks), cmocka_unit_test(prefixes),
		cmocka_unit_test(routes),  cmocka_unit_test(events),  cmocka_unit_test(spans),
		cmocka_unit_test(strange),
	};
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
