/* SPDX-License-Identifier: ISC */
#include "hearth/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/dhcpcd.h"
#include "sys/json.h"

__attribute__((format(printf, 2, 3))) static bool fail(char error[REQUEST_ERROR], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, REQUEST_ERROR, format, args);
	va_end(args);
	return false;
}

bool request_plain(const char *const *words, struct json_object *request, char error[REQUEST_ERROR])
{
	(void)request;
	return !*words || fail(error, "\"%s\" is too much: this command takes nothing", *words);
}

bool request_events(const char *const *words, struct json_object *request, char error[REQUEST_ERROR])
{
	for (; *words; words++) {
		if (strcmp(*words, "-f") == 0)
			json_add_bool(request, "follow", true);
		else if (strcmp(*words, "-d") == 0)
			json_add_bool(request, "debug", true);
		else
			return fail(error,
			            "events takes -f (go on with those to come) and -d (those for debugging too), not "
			            "\"%s\"",
			            *words);
	}
	return true;
}

/* --- uplink add ----------------------------------------------------------------------------------------------------
 */

typedef bool word_fn(struct json_object *request, const char *value, char error[REQUEST_ERROR]);

static bool add_interface(struct json_object *request, const char *value, char error[REQUEST_ERROR])
{
	(void)error;
	json_add_text(request, "interface", value);
	return true;
}

static bool add_prefix(struct json_object *request, const char *value, char error[REQUEST_ERROR])
{
	struct prefix prefix;

	if (!prefix_parse(value, &prefix) || !prefix_is_delegable(&prefix))
		return fail(error, "\"%s\" is no IPv6 prefix of 20 to 64 bits that can be delegated, as 2001:db8::/56",
		            value);
	json_add_text(request, "prefix", value);
	return true;
}

static bool add_gateway(struct json_object *request, const char *value, char error[REQUEST_ERROR])
{
	struct ip ip;

	if (!ip_parse(value, &ip) || !ip_is_linklocal(&ip))
		return fail(error, "\"%s\" is no gateway: it is a link-local IPv6 address, as fe80::1", value);
	json_add_text(request, "gateway", value);
	return true;
}

static bool add_dns(struct json_object *request, const char *value, char error[REQUEST_ERROR])
{
	struct ip ip;

	if (!ip_parse(value, &ip))
		return fail(error, "\"%s\" is no address of a name server", value);
	json_add_text(request, "dns", value);
	return true;
}

static bool add_seconds(struct json_object *request, const char *key, const char *value, char error[REQUEST_ERROR])
{
	char *end;

	errno = 0;
	long long seconds = strtoll(value, &end, 10);
	if (end == value || *end || errno || seconds < 0 || seconds >= LIFETIME_INFINITE)
		return fail(error, "\"%s\" is no number of seconds; leave %s out for \"for ever\"", value, key);
	json_add_int(request, key, seconds);
	return true;
}

static bool add_valid(struct json_object *request, const char *value, char error[REQUEST_ERROR])
{
	return add_seconds(request, "valid", value, error);
}

static bool add_preferred(struct json_object *request, const char *value, char error[REQUEST_ERROR])
{
	return add_seconds(request, "preferred", value, error);
}

static const struct {
	const char *name;
	word_fn *add;
} words_of_add[] = {
	{ "dev", add_interface }, { "prefix", add_prefix }, { "via", add_gateway },
	{ "dns", add_dns },       { "valid", add_valid },   { "preferred", add_preferred },
};

/* Takes one word and its value; `seen` has a bit for each word there was. */
static bool add_pair(struct json_object *request, const char *word, const char *value, unsigned *seen,
                     char error[REQUEST_ERROR])
{
	for (size_t i = 0; i < ARRAY_LEN(words_of_add); i++) {
		if (strcmp(words_of_add[i].name, word) != 0)
			continue;
		if (!value)
			return fail(error, "\"%s\" lacks what should follow it", word);
		if (*seen & 1U << i)
			return fail(error, "\"%s\" is there twice", word);
		*seen |= 1U << i;
		return words_of_add[i].add(request, value, error);
	}
	return fail(error, "\"%s\" is not one of dev, prefix, via, dns, valid, preferred", word);
}

bool request_uplink_add(const char *const *words, struct json_object *request, char error[REQUEST_ERROR])
{
	unsigned seen = 0;

	if (!*words)
		return fail(error, "uplink add lacks a name: uplink add NAME dev INTERFACE prefix PREFIX ...");
	json_add_text(request, "name", *words++);
	for (; *words; words += 2)
		if (!add_pair(request, words[0], words[1], &seen, error))
			return false;
	if (!json_get_text(request, "interface"))
		return fail(error, "uplink add lacks its interface: dev INTERFACE");
	return json_get_text(request, "prefix") || fail(error, "uplink add lacks its prefix: prefix PREFIX");
}

bool request_uplink_del(const char *const *words, struct json_object *request, char error[REQUEST_ERROR])
{
	if (!words[0] || words[1])
		return fail(error, "uplink del takes the name of one uplink; hearth uplinks lists them");
	json_add_text(request, "name", words[0]);
	return true;
}

/* --- dhcpcd-report -------------------------------------------------------------------------------------------------
 */

void request_report(const char *const *environment, struct json_object *request)
{
	for (; *environment; environment++) {
		const char *equals = strchr(*environment, '=');
		char name[80];
		size_t len = equals ? (size_t)(equals - *environment) : sizeof(name);
		if (len >= sizeof(name))
			continue;
		memcpy(name, *environment, len);
		name[len] = '\0';
		if (dhcpcd_wants(name))
			json_add_text(request, name, equals + 1);
	}
}
