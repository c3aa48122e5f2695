/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* strptime */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hearth/show.h"
#include "sys/json.h"

/* Local time without the year's past: "2026-11-23 20:14:01". What is no time stays as it is. */
static void local_time(const char *utc, char *out, size_t size)
{
	struct tm tm = { 0 };
	const char *rest = strptime(utc, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t t = rest ? timegm(&tm) : 0;

	if (!rest || !localtime_r(&t, &tm) || strftime(out, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, size, "%s", utc);
}

static void fields(const struct json_object *event, struct text *out)
{
	if (!json_object_is_type(event, json_type_object))
		return;
	json_object_object_foreach(event, key, value)
	{
		if (strcmp(key, "time") == 0 || strcmp(key, "event") == 0 || strcmp(key, "level") == 0 || !value)
			continue;
		text_add(out, strcmp(key, "text") == 0 ? " %s=\"%s\"" : " %s=%s", key, json_object_get_string(value));
	}
}

void show_event(const struct json_object *event, struct text *out)
{
	bool warning = strcmp(text_or_empty(event, "level"), "warning") == 0;
	char time[48];
	struct text line = { 0 };
	struct table t = { .columns = 1 };

	local_time(text_or_empty(event, "time"), time, sizeof(time));
	text_colour(out, COLOUR_WEAK, time);
	text_add(out, " ");
	text_colour(out, warning ? COLOUR_BAD : COLOUR_GOOD, text_or_empty(event, "event"));
	text_add(&line, "%s", "");
	fields(event, &line);
	table_cell(&t, "%s", line.at);
	table_write(&t, out, "", false);
	text_free(&line);
}

void show_events(const struct json_object *data, struct text *out)
{
	for (size_t i = 0; i < list_len(data); i++)
		show_event(json_object_array_get_idx(data, i), out);
}
