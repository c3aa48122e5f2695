/* SPDX-License-Identifier: ISC */
/* The configuration file: what it can say, and that every slip is told with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "sys/config.h"

static void whole(void **state)
{
	static const char text[] = "\xef\xbb\xbf; a comment\n"
	                           "# another\n"
	                           "[router]\n"
	                           "  name = r1   ; indented, and a comment behind\r\n"
	                           "\n"
	                           "[interface isp-a]\n"
	                           "category = external\n"
	                           "wireless = no\n"
	                           "[interface wan]\n"
	                           "category=external\n"
	                           "[interface wlan*]\n"
	                           "category = guest\n"
	                           "wireless = yes\n"
	                           "[interface docker0]\n"
	                           "ignore = yes\n"
	                           "[uplink lab]\n"
	                           "interface = wan\n"
	                           "prefix = 2001:db8:a00::/56\n"
	                           "prefix = 2001:db8:b00::/56\n"
	                           "gateway = fe80::1\n"
	                           "gateway = 192.0.2.1\n"
	                           "dns = 2001:db8::53\n"
	                           "dns = 192.0.2.53";
	struct config c;
	char error[CONFIG_ERROR] = "";

	(void)state;
	if (!config_parse("x.conf", text, "host", &c, error))
		fail_msg("%s", error);
	assert_string_equal(c.name, "r1");
	const struct config_interface *i = config_interface(&c, "isp-a");
	assert_int_equal(i->category, HNCP_EXTERNAL);
	assert_true(i->dhcp);
	assert_int_equal(i->wireless, CONFIG_WIRELESS_NO);
	assert_false(config_interface(&c, "wan")->dhcp); /* it has a static uplink */
	assert_int_equal(config_interface(&c, "wlan0")->category, HNCP_GUEST);
	assert_int_equal(config_interface(&c, "wlan0")->wireless, CONFIG_WIRELESS_YES);
	assert_true(config_interface(&c, "docker0")->ignore);
	assert_int_equal(config_interface(&c, "lan1")->category, HNCP_INTERNAL);
	assert_false(config_interface(&c, "lan1")->dhcp);
	assert_int_equal(c.uplink_count, 1);
	assert_string_equal(c.uplinks[0].interface, "wan");
	const struct uplink *u = &c.uplinks[0].uplink;
	assert_string_equal(u->name, "lab");
	assert_int_equal(u->prefix_count, 2);
	assert_true(u->prefixes[1].valid_until == MSEC_NEVER && u->prefixes[1].preferred_until == MSEC_NEVER);
	assert_int_equal(u->dns_count, 2);
	assert_false(ip_is_any(&u->gateway6) || ip_is_any(&u->gateway4));
}

static void mistakes(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{ "name = x\n", "x.conf:1: \"name\" stands before the first section" },
		{ "[rooter]\n", "x.conf:1: there is no section [rooter]: it is [router], [interface NAME]" },
		{ "[router]\nnmae = r1\n", "x.conf:2: there is no key \"nmae\" in [router]: it knows name" },
		{ "[router]\nname = -r1\n", "x.conf:2: name cannot be \"-r1\": it is a DNS label" },
		{ "[router]\nname =\n", "x.conf:2: name cannot be \"\"" },
		{ "[router]\nname = a\nname = b\n", "x.conf:3: \"name\" is there already" },
		{ "[router]\n[router]\n", "x.conf:2: [router] is there already, at line 1" },
		{ "[router x]\n", "x.conf:1: [router x] takes nothing after it: write [router]" },
		{ "[router\nname = x\n", "x.conf:1: the section's closing ] is missing" },
		{ "[router]\n= x\n", "x.conf:2: a key is missing before the =" },
		{ "\n\n[router]\nname\n", "x.conf:4: this is neither [section]" },
		{ "[router]\nname\n; after\n", "x.conf:2: this is neither [section]" },
		{ "[interface]\n", "x.conf:1: [interface] lacks an interface" },
		{ "[interface a/b]\n", "x.conf:1: \"a/b\" cannot be an interface" },
		{ "[interface sixteen-letters-]\n", "x.conf:1: \"sixteen-letters-\" cannot be an interface" },
		{ "[interface a]\n[interface a]\n", "x.conf:2: [interface a] is there already, at line 1" },
		{ "[interface a]\ncategory = outside\n",
		  "x.conf:2: category cannot be \"outside\": it is internal, external" },
		{ "[interface a]\nwireless = true\n", "x.conf:2: wireless cannot be \"true\": it is yes or no" },
		{ "[interface a]\nuplink = pppoe\n", "x.conf:2: uplink cannot be \"pppoe\": it is dhcp or none" },
		{ "\n[interface a]\nuplink = dhcp\n", "x.conf:2: uplink = dhcp needs category = external" },
		{ "[interface a]\ncategory = internal\n  category = external\n",
		  "x.conf:3: \"category\" is there already" },
		{ "[uplink a b]\n", "x.conf:1: \"a b\" cannot be an uplink's name" },
		{ "[uplink a]\n", "x.conf:1: [uplink a] lacks its interface" },
		{ "[uplink a]\ninterface = wan\n", "x.conf:1: [uplink a] gives nothing" },
		{ "[uplink a]\ninterface = wan\nprefix = 2001:db8::/56\n",
		  "x.conf:1: wan is no way out of the home: add [interface wan]" },
		{ "[uplink a]\nprefix = 2001:db8::1/56\n", "x.conf:2: prefix cannot be \"2001:db8::1/56\"" },
		{ "[uplink a]\nprefix = 10.0.0.0/8\n", "x.conf:2: prefix cannot be \"10.0.0.0/8\"" },
		{ "[uplink a]\ngateway = 2001:db8::1\n", "x.conf:2: gateway cannot be \"2001:db8::1\"" },
		{ "[uplink a]\ngateway = fe80::1\ngateway = fe80::2\n", "x.conf:3: an uplink has at most one gateway" },
		{ "[uplink a]\ndns = resolver\n", "x.conf:2: dns cannot be \"resolver\"" },
		{ "[interface wan]\ncategory = external\n[interface b]\ncategory = external\n[uplink wan]\n"
		  "interface = b\nprefix = 2001:db8::/56\n",
		  "x.conf:5: \"wan\" is the name of the DHCP uplink" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config c = { .name = "untouched" };
		char error[CONFIG_ERROR] = "";
		if (config_parse("x.conf", cases[i].text, NULL, &c, error))
			fail_msg("taken: %s", cases[i].text);
		if (strncmp(error, cases[i].error, strlen(cases[i].error)) != 0)
			fail_msg("%s\nsays  %s\nnot   %s", cases[i].text, error, cases[i].error);
		assert_string_equal(c.name, "untouched");
	}
}

static void limits(void **state)
{
	char text[16 * 1024], error[CONFIG_ERROR];
	struct config c;
	size_t used = 0;

	(void)state;
	for (int i = 0; i < CONFIG_INTERFACES + 1; i++) {
		if (i == CONFIG_INTERFACES)
			assert_true(config_parse("x", text, NULL, &c, error));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "[interface if%d]\n", i);
	}
	assert_false(config_parse("x", text, NULL, &c, error));
	assert_string_equal(error, "x:65: there can be at most 64 interface sections");

	used = (size_t)snprintf(text, sizeof(text), "[uplink a]\n");
	for (int i = 0; i < UPLINK_PREFIXES + 1; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "prefix = 2001:db8:%x::/56\n", i);
	assert_false(config_parse("x", text, NULL, &c, error));
	assert_string_equal(error, "x:10: an uplink has at most 8 prefixes");

	memset(text, 'a', 1000);
	memcpy(text, "[router]\n", 9);
	text[1000] = '\0';
	assert_false(config_parse("x", text, NULL, &c, error));
	assert_non_null(strstr(error, "x:2: this line is longer than"));
}

static void default_name(void **state)
{
	static const char *const cases[][2] = { { "r1", "r1" },       { "den.example.org", "den" },
		                                { NULL, "router" },   { "", "router" },
		                                { "(none)", "none" }, { "localhost", "router" },
		                                { "a_b", "a-b" },     { "--", "router" },
		                                { "\xc3\xa4x", "x" } };
	struct config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		config_default(&c, cases[i][0]);
		assert_string_equal(c.name, cases[i][1]);
	}
}

static void files(void **state)
{
	char path[] = "/tmp/hearth-config-XXXXXX", error[CONFIG_ERROR];
	struct config c;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "[router]\nname = r9\n", 19), 19);
	assert_true(config_read(path, "host", &c, error));
	assert_string_equal(c.name, "r9");
	assert_int_equal(write(fd, "\0", 1), 1);
	assert_false(config_read(path, "host", &c, error));
	assert_non_null(strstr(error, "zero byte"));
	unlink(path);
	close(fd);
	assert_true(config_read(path, "host", &c, error)); /* no file: no configuration */
	assert_string_equal(c.name, "host");
	assert_false(config_read("/tmp", "host", &c, error));
	assert_non_null(strstr(error, "/tmp: cannot be read"));
}

/* What we show people as an example must be right. */
static void example(void **state)
{
	char error[CONFIG_ERROR] = "";
	struct config c;

	(void)state;
	bool ok = config_read(SOURCE_DIR "/doc/hearth.conf.example", "host", &c, error);
	assert_string_equal(error, "");
	assert_true(ok);
	assert_string_equal(c.name, "den");
	assert_int_equal(c.uplink_count, 1);
	assert_int_equal(config_interface(&c, "wan")->category, HNCP_EXTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),        cmocka_unit_test(mistakes), cmocka_unit_test(limits),
		cmocka_unit_test(default_name), cmocka_unit_test(files),    cmocka_unit_test(example),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
