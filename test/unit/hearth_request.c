/* SPDX-License-Identifier: ISC */
/* Command-line words and hook environments as requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "hearth/request.h"
#include "sys/json.h"

static void check(request_fn *fn, const char *const *words, const char *expected, const char *wrong)
{
	struct json_object *request = json_object_new_object();
	char error[REQUEST_ERROR] = "";
	bool ok = fn(words, request, error);

	if (wrong && (ok || !strstr(error, wrong)))
		fail_msg("said \"%s\" and not \"%s\"", error, wrong);
	if (!wrong && !ok)
		fail_msg("%s", error);
	if (!wrong)
		assert_string_equal(json_object_to_json_string_ext(request, JSON_LINE), expected);
	json_object_put(request);
}

#define WORDS(...) ((const char *const[]) { __VA_ARGS__ __VA_OPT__(, ) NULL })

static void plain(void **state)
{
	(void)state;
	check(request_plain, WORDS(), "{}", NULL);
	check(request_plain, WORDS("x"), NULL, "\"x\" is too much");
	check(request_events, WORDS(), "{}", NULL);
	check(request_events, WORDS("-f", "-d"), "{\"follow\":true,\"debug\":true}", NULL);
	check(request_events, WORDS("-x"), NULL, "not \"-x\"");
	check(request_uplink_del, WORDS("lab"), "{\"name\":\"lab\"}", NULL);
	check(request_uplink_del, WORDS(), NULL, "takes the name");
	check(request_uplink_del, WORDS("a", "b"), NULL, "takes the name");
}

static void uplink_add(void **state)
{
	(void)state;
	check(request_uplink_add, WORDS("lab", "dev", "wan", "prefix", "2001:db8:a00::/56"),
	      "{\"name\":\"lab\",\"interface\":\"wan\",\"prefix\":\"2001:db8:a00::/56\"}", NULL);
	check(request_uplink_add,
	      WORDS("lab", "valid", "600", "prefix", "2001:db8:a00::/56", "dev", "wan", "via", "fe80::1", "dns",
	            "192.0.2.53", "preferred", "0"),
	      "{\"name\":\"lab\",\"valid\":600,\"prefix\":\"2001:db8:a00::/56\",\"interface\":\"wan\","
	      "\"gateway\":\"fe80::1\",\"dns\":\"192.0.2.53\",\"preferred\":0}",
	      NULL);
	check(request_uplink_add, WORDS(), NULL, "lacks a name");
	check(request_uplink_add, WORDS("lab"), NULL, "lacks its interface");
	check(request_uplink_add, WORDS("lab", "dev", "wan"), NULL, "lacks its prefix");
	check(request_uplink_add, WORDS("lab", "dev"), NULL, "\"dev\" lacks");
	check(request_uplink_add, WORDS("lab", "dev", "a", "dev", "b"), NULL, "\"dev\" is there twice");
	check(request_uplink_add, WORDS("lab", "mtu", "1"), NULL, "\"mtu\" is not one of");
	check(request_uplink_add, WORDS("lab", "prefix", "10.0.0.0/8"), NULL, "no IPv6 prefix");
	check(request_uplink_add, WORDS("lab", "prefix", "2001:db8::1/56"), NULL, "no IPv6 prefix");
	check(request_uplink_add, WORDS("lab", "via", "2001:db8::1"), NULL, "no gateway");
	check(request_uplink_add, WORDS("lab", "dns", "x"), NULL, "no address");
	check(request_uplink_add, WORDS("lab", "valid", "1h"), NULL, "no number of seconds");
	check(request_uplink_add, WORDS("lab", "valid", "-1"), NULL, "no number of seconds");
	check(request_uplink_add, WORDS("lab", "valid", "4294967295"), NULL, "leave valid out");
}

static void report(void **state)
{
	struct json_object *request = json_object_new_object();

	(void)state;
	request_report(WORDS("PATH=/bin", "reason=BOUND6", "interface=wan", "nonsense", "old_routers=x",
	                     "new_dhcp6_ia_pd1_prefix1=2001:db8::", "new_domain_name=a=b\xff"),
	               request);
	assert_string_equal(json_object_to_json_string_ext(request, JSON_LINE),
	                    "{\"reason\":\"BOUND6\",\"interface\":\"wan\","
	                    "\"new_dhcp6_ia_pd1_prefix1\":\"2001:db8::\",\"new_domain_name\":\"a=b?\"}");
	json_object_put(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(uplink_add),
		cmocka_unit_test(report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
