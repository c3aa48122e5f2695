/* SPDX-License-Identifier: ISC */
/* What hearthd says, for people: each takes the "data" of a reply (doc/control.md) and adds text. Pure; what is absent
 * or of the wrong type is shown as nothing, so that an older or newer hearthd is still readable. */
#ifndef HEARTH_HEARTH_SHOW_H
#define HEARTH_HEARTH_SHOW_H

#include <json-c/json.h>

#include "hearth/text.h"

typedef void show_fn(const struct json_object *data, struct text *out);

show_fn show_status;
show_fn show_nodes;
show_fn show_links;
show_fn show_prefixes;
show_fn show_routes;
show_fn show_uplinks;
show_fn show_events; /* an array of events */
show_fn show_event;  /* one */
show_fn show_done;   /* of commands that only do something */

/* --- parts that several of them use ------------------------------------------------------------------------------ */

enum { LIFE_TEXT = 80 };

/* "41 min left", "deprecated, 12 min left", "for ever" of an object with "valid_s" and "preferred_s". */
const char *life_text(const struct json_object *, char out[LIFE_TEXT]);

/* The texts of an array under `key`, separated by `between`; the caller's to free, never NULL. */
char *join_texts(const struct json_object *, const char *key, const char *between);

/* The elements of `data` if it is an array, or 0. */
size_t list_len(const struct json_object *data);

/* The elements of the array under `key`: none if there is no such array. */
size_t array_len(const struct json_object *, const char *key);
const struct json_object *array_at(const struct json_object *, const char *key, size_t index);

/* The text under `key`, or "" if there is none. */
const char *text_or_empty(const struct json_object *, const char *key);
/* The number under `key`, or 0. */
int64_t int_or_zero(const struct json_object *, const char *key);

#endif
