/* SPDX-License-Identifier: ISC */
/* Requests out of command-line words and out of dhcpcd's environment. Pure. */
#ifndef HEARTH_HEARTH_REQUEST_H
#define HEARTH_HEARTH_REQUEST_H

#include <json-c/json.h>

#include "base/base.h"

enum { REQUEST_ERROR = 256 };

/* Adds what the words of a command (those after its name) mean to `request`, which has its "cmd". False with a message
 * in `error`. */
typedef bool request_fn(const char *const *words, struct json_object *request, char error[REQUEST_ERROR]);

request_fn request_plain;      /* no words */
request_fn request_events;     /* [-f] [-d] */
request_fn request_uplink_add; /* NAME dev IF prefix P ... */
request_fn request_uplink_del; /* NAME */

/* The report of a hook: the variables of `environment` (ended by NULL) that matter. */
void request_report(const char *const *environment, struct json_object *request);

#endif
