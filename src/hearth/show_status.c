/* SPDX-License-Identifier: ISC */
/* Is it well? The first line answers; the rest says why. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hearth/show.h"
#include "sys/json.h"

static void count(struct text *out, const struct json_object *data, const char *key, const char *one)
{
	int64_t n = int_or_zero(data, key);

	text_add(out, "%" PRId64 " %s%s", n, one, n == 1 ? "" : "s");
}

static void first_line(const struct json_object *data, struct text *out)
{
	bool well = json_get_bool(data, "well");
	bool converging = strcmp(text_or_empty(data, "state"), "converging") == 0;
	char span[SPAN_TEXT];

	text_add(out, "hearth: ");
	text_colour(out, well ? COLOUR_GOOD : COLOUR_BAD, well ? "well" : converging ? "converging" : "not well");
	text_add(out, "   ");
	count(out, data, "routers", "router");
	text_add(out, ", ");
	count(out, data, "links", "link");
	text_add(out, ", ");
	count(out, data, "uplinks", "uplink");
	text_add(out, "   for %s%s\n", span_text(int_or_zero(data, "since_s"), span),
	         well && converging ? "   (converging)" : "");
}

/* One row a prefix; what belongs to the uplink as a whole stands in its first. */
static void uplink_rows(struct table *t, const struct json_object *u)
{
	size_t n = array_len(u, "prefixes");
	char *addresses = join_texts(u, "addresses", " ");
	char life[LIFE_TEXT];

	for (size_t i = 0; i < n || i == 0; i++) {
		const struct json_object *p = n ? array_at(u, "prefixes", i) : NULL;
		table_cell(t, "%s", i ? "" : "uplink");
		table_cell(t, "%s", i ? "" : text_or_empty(u, "name"));
		table_cell(t, "%s", p ? text_or_empty(p, "prefix") : json_get_bool(u, "up") ? "no prefix" : "down");
		table_cell(t, "%s", p ? life_text(p, life) : "");
		table_cell(t, "%s", i ? "" : addresses);
	}
	free(addresses);
}

static void link_rows(struct table *t, const struct json_object *link)
{
	size_t n = array_len(link, "prefixes"), routers = array_len(link, "members") + 1;
	bool external = strcmp(text_or_empty(link, "category"), "external") == 0; /* its prefixes are the uplink's */
	struct text notes = { 0 };

	text_add(&notes, "%zu router%s", routers, routers == 1 ? "" : "s");
	if (strcmp(text_or_empty(link, "category"), "internal") != 0)
		text_add(&notes, ", %s", text_or_empty(link, "category"));
	for (size_t i = 0; i < n || i == 0; i++) {
		const struct json_object *p = n ? array_at(link, "prefixes", i) : NULL;
		bool up = json_get_bool(link, "up");
		table_cell(t, "%s", i ? "" : "link");
		table_cell(t, "%s", i ? "" : text_or_empty(link, "name"));
		table_cell(t, "%s", p ? text_or_empty(p, "prefix") : !up ? "down" : external ? "up" : "no prefix");
		table_cell(t, "%s", p && !json_get_bool(p, "applied") ? "not yet in use" : "");
		table_cell(t, "%s", i ? "" : notes.at);
	}
	text_free(&notes);
}

static void problems(const struct json_object *data, struct text *out)
{
	for (size_t i = 0; i < array_len(data, "problems"); i++) {
		struct json_object *p = json_object_array_get_idx(json_get_array(data, "problems"), i);
		struct table t = { .columns = 1 };
		text_colour(out, COLOUR_BAD, "problem ");
		table_cell(&t, "%s", json_object_is_type(p, json_type_string) ? json_object_get_string(p) : "");
		table_write(&t, out, "", false);
	}
}

/* "received 12, sent 3": the counters of a group that have counted anything. */
static void counter_words(const struct json_object *group, struct text *words)
{
	text_add(words, "%s", "");
	if (!json_object_is_type(group, json_type_object))
		return;
	json_object_object_foreach(group, name, value)
	{
		int64_t n = json_object_get_int64(value);
		if (n != 0)
			text_add(words, "%s%s %" PRId64, words->len ? ", " : "", name, n);
	}
}

/* One line a protocol. */
static void counters(const struct json_object *data, struct text *out)
{
	const struct json_object *groups = json_get_object(data, "counters");
	struct table t = { .columns = 2 };

	if (!groups)
		return;
	json_object_object_foreach(groups, name, group)
	{
		struct text words = { 0 };
		counter_words(group, &words);
		if (words.len) {
			table_cell(&t, "counters %s", name);
			table_cell(&t, "%s", words.at);
		}
		text_free(&words);
	}
	table_write(&t, out, "", false);
}

static void about(const struct json_object *data, struct text *out)
{
	const struct json_object *router = json_get_object(data, "router");
	struct table t = { .columns = 2 };
	char span[SPAN_TEXT];

	table_cell(&t, "router %s", text_or_empty(router, "name"));
	table_cell(&t, "id %s   hearthd %s   up for %s   network %s", text_or_empty(router, "id"),
	           text_or_empty(router, "version"), span_text(int_or_zero(router, "uptime_s"), span),
	           text_or_empty(data, "network_hash"));
	table_write(&t, out, "", false);
}

void show_status(const struct json_object *data, struct text *out)
{
	struct table t = { .columns = 5 };

	first_line(data, out);
	problems(data, out);
	for (size_t i = 0; i < array_len(data, "uplink_list"); i++)
		uplink_rows(&t, array_at(data, "uplink_list", i));
	for (size_t i = 0; i < array_len(data, "link_list"); i++)
		link_rows(&t, array_at(data, "link_list", i));
	table_write(&t, out, "", false);
	about(data, out);
	counters(data, out);
}
