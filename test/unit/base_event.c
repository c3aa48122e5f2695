/* SPDX-License-Identifier: ISC */
/* Events as lines of text. */
#include "unit/base_support.h"

#include "base/event.h"

static void check(const struct event *e, const char *want)
{
	char line[EVENT_LINE];

	assert_string_equal(event_text(e, line), want);
}

static void test_fields(void **state)
{
	struct ip ip = IP_ANY;
	struct prefix p = PREFIX_ALL, from = PREFIX_ALL;

	(void)state;
	assert_true(ip_parse("fe80::1", &ip) && prefix_parse("2001:db8::/64", &p) && prefix_parse("fd00::/48", &from));
	check(EVENT(DNCP_PEER_UP, .node = 0xab, .link = 3, .addr = ip),
	      "dncp.peer-up node=000000ab link=3 addr=fe80::1");
	check(EVENT(RA_DEPRECATED, .link = 3, .prefix = p, .count = -7),
	      "ra.prefix-deprecated link=3 prefix=2001:db8::/64 n=-7");
	check(EVENT(BABEL_LOST, .prefix = p, .from = from), "babel.route-lost prefix=2001:db8::/64 from=fd00::/48");
	check(EVENT(BABEL_LOST, .prefix = p), "babel.route-lost prefix=2001:db8::/64");
	check(EVENT(HOME_STOPPING), "home.stopping");
	check(EVENT(SYS_NOTE, .text = "a b"), "sys.note text=\"a b\"");
	check(EVENT(SYS_NOTE), "sys.note");
}

/* What a kind does not name is not shown, even if it is set. */
static void test_only_its_own_fields(void **state)
{
	(void)state;
	check(EVENT(DNCP_NODE_UP, .node = 1, .link = 3, .count = 9, .text = "x"), "dncp.node-up node=00000001");
}

static void test_text_cannot_pose_as_a_key(void **state)
{
	(void)state;
	check(EVENT(SYS_NOTE, .text = "x\" node=1 \\"), "sys.note text=\"x\\\" node=1 \\\\\"");
}

static void test_too_long_is_cut(void **state)
{
	char text[3 * EVENT_LINE], line[EVENT_LINE + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	line[EVENT_LINE] = 'z';
	event_text(EVENT(SYS_NOTE, .text = text), line);
	assert_int_equal(strlen(line), EVENT_LINE - 1);
	assert_int_equal(line[EVENT_LINE], 'z');
}

/* Every kind has a name of its own, made of `part.words-with-dashes`, and a level. */
static void test_the_table(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_KIND_COUNT; i++) {
		const struct event_info *info = event_info((enum event_kind)i);
		assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz0123456789.-"), strlen(info->name));
		assert_non_null(strchr(info->name, '.'));
		assert_in_range(info->level, 0, 2);
		for (int other = 0; other < i; other++)
			assert_string_not_equal(info->name, event_info((enum event_kind)other)->name);
	}
}

static void count_one(void *ctx, const struct event *e)
{
	assert_int_equal(e->kind, EVENT_HOME_STOPPING);
	++*(int *)ctx;
}

static void test_sink(void **state)
{
	int count = 0;
	struct event_sink sink = { .fn = count_one, .ctx = &count }, nobody = { 0 };

	(void)state;
	event_report(&sink, EVENT(HOME_STOPPING));
	event_report(&nobody, EVENT(HOME_STOPPING));
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_only_its_own_fields),
		cmocka_unit_test(test_text_cannot_pose_as_a_key),
		cmocka_unit_test(test_too_long_is_cut),
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
