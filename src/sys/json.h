/* SPDX-License-Identifier: ISC */
/* Small helpers over json-c: our types as JSON, and requests read with their types checked. doc/control.md says what
 * goes over the control socket. */
#ifndef HEARTH_SYS_JSON_H
#define HEARTH_SYS_JSON_H

#include <json-c/json.h>

#include "base/event.h"

/* How lines are printed: no spaces, and slashes as they are, since prefixes are full of them. */
#define JSON_LINE (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* Adders: put `value` into `object` under `key`, which must be a literal or outlive the object's printing. */
void json_add(struct json_object *object, const char *key, struct json_object *value); /* takes `value` over */
void json_add_text(struct json_object *object, const char *key, const char *text);     /* NULL: null */
void json_add_int(struct json_object *object, const char *key, int64_t value);
void json_add_bool(struct json_object *object, const char *key, bool value);
void json_add_id(struct json_object *object, const char *key, uint32_t id);       /* 8 hex digits */
void json_add_ip(struct json_object *object, const char *key, const struct ip *); /* IP_ANY: null */
void json_add_prefix(struct json_object *object, const char *key, const struct prefix *);
/* Seconds left until `until`; MSEC_NEVER: null, which means for ever. */
void json_add_lifetime(struct json_object *object, const char *key, msec until, msec now);
/* Seconds since `since`. */
void json_add_age(struct json_object *object, const char *key, msec since, msec now);
/* A new empty array (object) under `key`, owned by `object`. */
struct json_object *json_add_array(struct json_object *object, const char *key);
struct json_object *json_add_object(struct json_object *object, const char *key);

/* Appends to an array. */
void json_push(struct json_object *array, struct json_object *value); /* takes `value` over */
void json_push_ip(struct json_object *array, const struct ip *);
struct json_object *json_push_object(struct json_object *array); /* a new one, owned by `array` */

/* Readers: what stands under `key`, or NULL (0, false) if it is absent, null or of another type; owned by `object`. */
const char *json_get_text(const struct json_object *object, const char *key);
bool json_get_int(const struct json_object *object, const char *key, int64_t *out);
bool json_get_bool(const struct json_object *object, const char *key);
struct json_object *json_get_array(const struct json_object *object, const char *key);
struct json_object *json_get_object(const struct json_object *object, const char *key);
bool json_get_ip(const struct json_object *object, const char *key, struct ip *out);
bool json_get_prefix(const struct json_object *object, const char *key, struct prefix *out);

/* The event as an object of its kind's fields; `unix_ms` is the wall-clock time of it. The caller's to put. */
struct json_object *json_event(const struct event *, int64_t unix_ms);

#endif
