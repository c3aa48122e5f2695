/* SPDX-License-Identifier: ISC */
#include "sys/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sys/log.h"

enum { TEXT_MAX = 1024 }; /* of a text that is not UTF-8 */

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

/* How many octets the UTF-8 character at `s` has; 0 if it is none. Overlong forms pass: nobody here decodes. */
static size_t utf8_len(const char *s)
{
	unsigned char c = (unsigned char)*s;
	size_t len = c < 0x80                ? 1
	             : c >= 0xc2 && c < 0xe0 ? 2
	             : c >= 0xe0 && c < 0xf0 ? 3
	             : c >= 0xf0 && c < 0xf5 ? 4
	                                     : 0;

	for (size_t i = 1; i < len; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Text of peers and providers may be anything, but JSON is UTF-8 (RFC 8259 8.1): other octets become '?'. */
static struct json_object *new_text(const char *text)
{
	char clean[TEXT_MAX];
	size_t used = 0;
	const char *s = text;

	while (*s && utf8_len(s))
		s += utf8_len(s);
	if (!*s)
		return json_object_new_string(text);
	for (s = text; *s && used < sizeof(clean); s++)
		clean[used++] = (unsigned char)*s < 0x80 ? *s : '?';
	return json_object_new_string_len(clean, (int)used);
}

void json_add_text(struct json_object *object, const char *key, const char *text)
{
	json_add(object, key, text ? new_text(text) : NULL);
}

void json_add_int(struct json_object *object, const char *key, int64_t value)
{
	json_add(object, key, json_object_new_int64(value));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_add(object, key, json_object_new_boolean(value));
}

void json_add_id(struct json_object *object, const char *key, uint32_t id)
{
	char text[9];

	snprintf(text, sizeof(text), "%08" PRIx32, id);
	json_add_text(object, key, text);
}

void json_add_ip(struct json_object *object, const char *key, const struct ip *ip)
{
	char text[IP_TEXT];

	json_add_text(object, key, ip_is_any(ip) ? NULL : ip_text(ip, text));
}

void json_add_prefix(struct json_object *object, const char *key, const struct prefix *prefix)
{
	char text[PREFIX_TEXT];

	json_add_text(object, key, prefix_text(prefix, text));
}

void json_add_lifetime(struct json_object *object, const char *key, msec until, msec now)
{
	json_add(object, key, until == MSEC_NEVER ? NULL : json_object_new_int64(msec_lifetime(until, now)));
}

void json_add_age(struct json_object *object, const char *key, msec since, msec now)
{
	json_add_int(object, key, MAX(now - since, 0) / SECOND);
}

struct json_object *json_add_array(struct json_object *object, const char *key)
{
	struct json_object *array = json_object_new_array();

	json_add(object, key, array);
	return array;
}

struct json_object *json_add_object(struct json_object *object, const char *key)
{
	struct json_object *child = json_object_new_object();

	json_add(object, key, child);
	return child;
}

void json_push(struct json_object *array, struct json_object *value)
{
	json_object_array_add(array, value);
}

void json_push_ip(struct json_object *array, const struct ip *ip)
{
	char text[IP_TEXT];

	json_push(array, json_object_new_string(ip_text(ip, text)));
}

struct json_object *json_push_object(struct json_object *array)
{
	struct json_object *child = json_object_new_object();

	json_push(array, child);
	return child;
}

static struct json_object *get(const struct json_object *object, const char *key, enum json_type type)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *json_get_text(const struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key, json_type_string);

	return value ? json_object_get_string(value) : NULL;
}

bool json_get_int(const struct json_object *object, const char *key, int64_t *out)
{
	struct json_object *value = get(object, key, json_type_int);

	if (value)
		*out = json_object_get_int64(value);
	return value != NULL;
}

bool json_get_bool(const struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key, json_type_boolean);

	return value && json_object_get_boolean(value);
}

struct json_object *json_get_array(const struct json_object *object, const char *key)
{
	return get(object, key, json_type_array);
}

struct json_object *json_get_object(const struct json_object *object, const char *key)
{
	return get(object, key, json_type_object);
}

bool json_get_ip(const struct json_object *object, const char *key, struct ip *out)
{
	const char *text = json_get_text(object, key);

	return text && ip_parse(text, out);
}

bool json_get_prefix(const struct json_object *object, const char *key, struct prefix *out)
{
	const char *text = json_get_text(object, key);

	return text && prefix_parse(text, out);
}

static void add_time(struct json_object *object, int64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / SECOND);
	struct tm tm;
	char date[32], text[48];

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03dZ", date, (int)(unix_ms % SECOND));
	json_add_text(object, "time", text);
}

struct json_object *json_event(const struct event *e, int64_t unix_ms)
{
	const struct event_info *info = event_info(e->kind);
	struct json_object *object = json_object_new_object();

	add_time(object, unix_ms);
	json_add_text(object, "event", info->name);
	json_add_text(object, "level", log_level_name(info->level));
	if (info->fields & EVENT_NODE)
		json_add_id(object, "node", e->node);
	if (info->fields & EVENT_LINK)
		json_add_int(object, "link", e->link);
	if (info->fields & EVENT_ADDR)
		json_add_ip(object, "addr", &e->addr);
	if (info->fields & EVENT_PREFIX)
		json_add_prefix(object, "prefix", &e->prefix);
	if (info->fields & EVENT_FROM)
		json_add_prefix(object, "from", &e->from);
	if (info->fields & EVENT_COUNT)
		json_add_int(object, "count", e->count);
	if (info->fields & EVENT_TEXT && e->text)
		json_add_text(object, "text", e->text);
	return object;
}
