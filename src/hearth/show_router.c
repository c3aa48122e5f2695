/* SPDX-License-Identifier: ISC */
/* What this router has: links, routes, uplinks. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hearth/show.h"
#include "sys/json.h"

/* A row "title  words" of a block, unless there are no words. */
static void block_row(struct table *t, const char *title, const char *words)
{
	if (!*words)
		return;
	table_cell(t, "%s", title);
	table_cell(t, "%s", words);
	table_cell(t, "%s", "");
	table_cell(t, "%s", "");
}

static void block_array(struct table *t, const char *title, const struct json_object *object, const char *key)
{
	char *words = join_texts(object, key, "  ");

	block_row(t, title, words);
	free(words);
}

/* --- links ------------------------------------------------------------------------------------------------------- */

static void link_prefix(struct table *t, const struct json_object *p)
{
	bool applied = json_get_bool(p, "applied"), published = json_get_bool(p, "published");
	char life[LIFE_TEXT], age[SPAN_TEXT];

	table_cell(t, "prefix");
	table_cell(t, "%s", text_or_empty(p, "prefix"));
	table_cell(t, "%s for %s",
	           applied     ? "in use"
	           : published ? "not yet in use"
	                       : "assigned by another router",
	           span_text(int_or_zero(p, "age_s"), age));
	table_cell(t, "%s", life_text(p, life));
}

static void link_members(struct table *t, const struct json_object *link)
{
	struct text words = { 0 };

	text_add(&words, "%s", "");
	for (size_t i = 0; i < array_len(link, "members"); i++) {
		const struct json_object *m = array_at(link, "members", i);
		const char *name = json_get_text(m, "name");
		text_add(&words, "%s%s", i ? "  " : "", name ? name : text_or_empty(m, "id"));
	}
	block_row(t, "routers", words.at);
	text_free(&words);
}

void show_links(const struct json_object *data, struct text *out)
{
	if (list_len(data) == 0)
		text_add(out, "hearthd has no interface to look after\n");
	for (size_t i = 0; i < list_len(data); i++) {
		const struct json_object *link = json_object_array_get_idx(data, i);
		struct table head = { .columns = 3 }, t = { .columns = 4 };
		table_cell(&head, "%s", text_or_empty(link, "name"));
		table_cell(&head, "%s", text_or_empty(link, "category"));
		table_cell(&head, "%s", json_get_bool(link, "up") ? "up" : "down");
		table_write(&head, out, "", false);
		for (size_t j = 0; j < array_len(link, "prefixes"); j++)
			link_prefix(&t, array_at(link, "prefixes", j));
		block_array(&t, "address", link, "addresses");
		block_row(&t, "local", text_or_empty(link, "linklocal"));
		link_members(&t, link);
		table_write(&t, out, "  ", false);
	}
}

/* --- routes ------------------------------------------------------------------------------------------------------ */

static bool is_everything(const char *prefix)
{
	return strcmp(prefix, "::/0") == 0 || strcmp(prefix, "0.0.0.0/0") == 0;
}

static const char *prefix_words(const char *prefix)
{
	return strcmp(prefix, "::/0") == 0        ? "default (IPv6)"
	       : strcmp(prefix, "0.0.0.0/0") == 0 ? "default (IPv4)"
	                                          : prefix;
}

void show_routes(const struct json_object *data, struct text *out)
{
	static const char *const titles[] = { "TO", "FROM", "BY", "LINK", "ORIGIN", "METRIC", "BABEL" };
	struct table t = { .columns = ARRAY_LEN(titles) };

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_cell(&t, "%s", titles[i]);
	for (size_t i = 0; i < list_len(data); i++) {
		const struct json_object *r = json_object_array_get_idx(data, i);
		const char *src = text_or_empty(r, "src"), *via = json_get_text(r, "via");
		bool reachable = strcmp(text_or_empty(r, "type"), "unreachable") != 0;
		int64_t babel;
		table_cell(&t, "%s", prefix_words(text_or_empty(r, "dst")));
		table_cell(&t, "%s", is_everything(src) ? "" : src);
		table_cell(&t, "%s", !reachable ? "unreachable" : via ? via : "directly");
		table_cell(&t, "%s", text_or_empty(r, "link_name"));
		table_cell(&t, "%s", text_or_empty(r, "origin"));
		table_cell(&t, "%" PRId64, int_or_zero(r, "metric"));
		if (json_get_int(r, "babel_metric", &babel))
			table_cell(&t, "%" PRId64, babel);
		else
			table_cell(&t, "%s", "");
	}
	table_write(&t, out, "", true);
	if (list_len(data) == 0)
		text_add(out, "hearthd has made no routes\n");
}

/* --- uplinks ----------------------------------------------------------------------------------------------------- */

static void uplink_block(const struct json_object *u, struct text *out)
{
	struct table t = { .columns = 4 };
	char life[LIFE_TEXT];

	for (size_t j = 0; j < array_len(u, "prefixes"); j++) {
		const struct json_object *p = array_at(u, "prefixes", j);
		table_cell(&t, "prefix");
		table_cell(&t, "%s", text_or_empty(p, "prefix"));
		table_cell(&t, "%s", life_text(p, life));
		table_cell(&t, "%s", "");
	}
	if (array_len(u, "prefixes") == 0)
		block_row(&t, "prefix", "none");
	block_row(&t, "gateway", text_or_empty(u, "gateway6"));
	block_row(&t, "gateway", text_or_empty(u, "gateway4"));
	block_array(&t, "address", u, "addresses");
	block_array(&t, "dns", u, "dns");
	table_write(&t, out, "  ", false);
}

void show_uplinks(const struct json_object *data, struct text *out)
{
	char age[SPAN_TEXT];
	int64_t since;

	if (list_len(data) == 0)
		text_add(out, "this router has no uplink: mark an interface with category = external, or see "
		              "hearth uplink add\n");
	for (size_t i = 0; i < list_len(data); i++) {
		const struct json_object *u = json_object_array_get_idx(data, i);
		struct table head = { .columns = 4 };
		table_cell(&head, "%s", text_or_empty(u, "name"));
		table_cell(&head, "on %s", text_or_empty(u, "link_name"));
		table_cell(&head, "%s", text_or_empty(u, "kind"));
		bool known = json_get_int(u, "age_s", &since);
		table_cell(&head, "%s%s%s", json_get_bool(u, "up") ? "up" : "down", known ? " for " : "",
		           known ? span_text(since, age) : "");
		table_write(&head, out, "", false);
		uplink_block(u, out);
	}
}
