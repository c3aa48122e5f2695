/* SPDX-License-Identifier: ISC */
/* What the routers of the home agree on: nodes, prefixes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hearth/show.h"
#include "sys/json.h"

static void node_row(struct table *t, const struct json_object *node)
{
	static const char *const roles[] = { "mdns", "pd", "dhcpv6", "dhcpv4" };
	const struct json_object *capabilities = json_get_object(node, "capabilities");
	char *addresses = join_texts(node, "addresses", " ");
	char can[5] = "----", age[SPAN_TEXT];

	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		int64_t value = int_or_zero(capabilities, roles[i]);
		if (value > 0)
			can[i] = (char)('0' + MIN(value, 9));
	}
	table_cell(t, "%s%s", text_or_empty(node, "name"), json_get_bool(node, "self") ? " (this one)" : "");
	table_cell(t, "%s", text_or_empty(node, "id"));
	table_cell(t, "%" PRId64, int_or_zero(node, "peers"));
	table_cell(t, "%s", can);
	table_cell(t, "%s", span_text(int_or_zero(node, "age_s"), age));
	table_cell(t, "%" PRId64, int_or_zero(node, "seqno"));
	table_cell(t, "%" PRId64, int_or_zero(node, "data_bytes"));
	table_cell(t, "%s", text_or_empty(node, "user_agent"));
	table_cell(t, "%s", addresses);
	free(addresses);
}

void show_nodes(const struct json_object *data, struct text *out)
{
	static const char *const titles[] = { "NAME", "ID",    "PEERS",    "MPHL",     "UNCHANGED",
		                              "SEQ",  "BYTES", "SOFTWARE", "ADDRESSES" };
	struct table t = { .columns = ARRAY_LEN(titles) };
	int64_t ignored = 0;

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_cell(&t, "%s", titles[i]);
	for (size_t i = 0; i < list_len(data); i++) {
		const struct json_object *node = json_object_array_get_idx(data, i);
		node_row(&t, node);
		ignored += int_or_zero(node, "ignored_tlvs");
	}
	table_write(&t, out, "", true);
	if (ignored > 0)
		text_add(out, "%" PRId64 " TLVs of these nodes made no sense and are ignored\n", ignored);
}

static const char *kind_words(const char *kind)
{
	return strcmp(kind, "isp") == 0    ? "from a provider"
	       : strcmp(kind, "ula") == 0  ? "the home's own (ULA)"
	       : strcmp(kind, "ipv4") == 0 ? "the home's own IPv4"
	                                   : kind;
}

static void assignments(const struct json_object *delegated, struct text *out)
{
	struct table t = { .columns = 4 };

	for (size_t i = 0; i < array_len(delegated, "assignments"); i++) {
		const struct json_object *a = array_at(delegated, "assignments", i);
		int64_t endpoint, priority = int_or_zero(a, "priority");
		table_cell(&t, "%s", text_or_empty(a, "prefix"));
		table_cell(&t, "by %s", text_or_empty(a, json_get_text(a, "node_name") ? "node_name" : "node"));
		if (!json_get_int(a, "link", &endpoint))
			table_cell(&t, "on %s", text_or_empty(a, "link"));
		else if (endpoint)
			table_cell(&t, "on its link %" PRId64, endpoint);
		else
			table_cell(&t, "for no link in particular");
		if (priority)
			table_cell(&t, "priority %" PRId64, priority);
		else
			table_cell(&t, "%s", "");
	}
	table_write(&t, out, "  ", false);
}

void show_prefixes(const struct json_object *data, struct text *out)
{
	char life[LIFE_TEXT];

	if (list_len(data) == 0)
		text_add(out, "no router of the home has a prefix to share\n");
	for (size_t i = 0; i < list_len(data); i++) {
		const struct json_object *d = json_object_array_get_idx(data, i);
		struct table t = { .columns = 4 };
		const char *name = json_get_text(d, "node_name");
		table_cell(&t, "%s", text_or_empty(d, "delegated"));
		table_cell(&t, "%s", kind_words(text_or_empty(d, "kind")));
		table_cell(&t, "at %s", name ? name : text_or_empty(d, "node"));
		table_cell(&t, "%s", life_text(d, life));
		table_write(&t, out, "", false);
		if (array_len(d, "assignments") == 0)
			text_add(out, "  nothing assigned from it\n");
		assignments(d, out);
	}
}
