/* SPDX-License-Identifier: ISC */
#include "hearth/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/json.h"

size_t list_len(const struct json_object *data)
{
	return json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;
}

size_t array_len(const struct json_object *object, const char *key)
{
	return list_len(json_get_array(object, key));
}

const struct json_object *array_at(const struct json_object *object, const char *key, size_t index)
{
	return json_object_array_get_idx(json_get_array(object, key), index);
}

const char *text_or_empty(const struct json_object *object, const char *key)
{
	const char *text = json_get_text(object, key);

	return text ? text : "";
}

int64_t int_or_zero(const struct json_object *object, const char *key)
{
	int64_t value = 0;

	json_get_int(object, key, &value);
	return value;
}

const char *life_text(const struct json_object *object, char out[LIFE_TEXT])
{
	int64_t valid, preferred;
	char span[SPAN_TEXT];
	bool deprecated = json_get_int(object, "preferred_s", &preferred) && preferred == 0;
	const char *prefix = deprecated ? "deprecated, " : "";

	if (json_get_int(object, "valid_s", &valid))
		snprintf(out, LIFE_TEXT, "%s%s left", prefix, span_text(valid, span));
	else
		snprintf(out, LIFE_TEXT, "%sfor ever", prefix);
	return out;
}

char *join_texts(const struct json_object *object, const char *key, const char *between)
{
	struct text all = { 0 };

	text_add(&all, "%s", "");
	for (size_t i = 0; i < array_len(object, key); i++) {
		struct json_object *item = json_object_array_get_idx(json_get_array(object, key), i);
		if (json_object_is_type(item, json_type_string))
			text_add(&all, "%s%s", all.len ? between : "", json_object_get_string(item));
	}
	return all.at;
}

void show_done(const struct json_object *data, struct text *out)
{
	const char *text = json_get_text(data, "text");

	if (text)
		text_add(out, "%s\n", text);
}
