/* SPDX-License-Identifier: ISC */
#include "base/event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static const struct event_info infos[] = {
#define X(kind, name, level, fields) [EVENT_##kind] = { name, level, fields },
	EVENT_KINDS(X)
#undef X
};

const struct event_info *event_info(enum event_kind kind)
{
	ASSERT(kind < EVENT_KIND_COUNT);
	return &infos[kind];
}

__attribute__((format(printf, 3, 4))) static void add(char *out, size_t *used, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(out + *used, EVENT_LINE - *used, format, args);
	va_end(args);
	if (n > 0)
		*used = MIN(*used + (size_t)n, (size_t)EVENT_LINE - 1);
}

static void add_quoted(char *out, size_t *used, const char *text)
{
	add(out, used, "\"");
	for (; *text; text++)
		add(out, used, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	add(out, used, "\"");
}

const char *event_text(const struct event *e, char out[EVENT_LINE])
{
	const struct event_info *info = event_info(e->kind);
	char ip[IP_TEXT], prefix[PREFIX_TEXT];
	size_t used = 0;

	add(out, &used, "%s", info->name);
	if (info->fields & EVENT_NODE)
		add(out, &used, " node=%08" PRIx32, e->node);
	if (info->fields & EVENT_LINK)
		add(out, &used, " link=%" PRIu32, e->link);
	if (info->fields & EVENT_ADDR)
		add(out, &used, " addr=%s", ip_text(&e->addr, ip));
	if (info->fields & EVENT_PREFIX)
		add(out, &used, " prefix=%s", prefix_text(&e->prefix, prefix));
	if (info->fields & EVENT_FROM && e->from.len)
		add(out, &used, " from=%s", prefix_text(&e->from, prefix));
	if (info->fields & EVENT_COUNT)
		add(out, &used, " n=%" PRId64, e->count);
	if (info->fields & EVENT_TEXT && e->text) {
		add(out, &used, " text=");
		add_quoted(out, &used, e->text);
	}
	return out;
}
