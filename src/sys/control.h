/* SPDX-License-Identifier: ISC */
/* The owner's way in: a UNIX stream socket that takes one JSON object a line and answers with one (doc/control.md).
 * Commands come as a table; `events` is answered here, from the events that were reported. */
#ifndef HEARTH_SYS_CONTROL_H
#define HEARTH_SYS_CONTROL_H

#include <json-c/json.h>

#include "base/event.h"

#define CONTROL_PATH "/run/hearth/hearthd.sock"

enum {
	CONTROL_CLIENTS = 32,          /* more: the newest is refused with a message */
	CONTROL_LINE = 64 * 1024,      /* a longer request: the client is told and dropped */
	CONTROL_DEPTH = 8,             /* nesting of a request: deeper is refused */
	CONTROL_PENDING = 1024 * 1024, /* octets that wait for a slow client: more and it is dropped */
	CONTROL_EVENTS = 256,          /* last events kept for `events` */
	CONTROL_ERROR = 512,
};

/* What a handler gives back: data, or an error that says what, where and what to do. */
struct control_reply {
	struct json_object *data; /* the handler's to make, ours to put; NULL: null */
	char error[CONTROL_ERROR];
};

/* Does what a request asks. False: `reply->error` says why not. `request` is an object. */
typedef bool control_fn(void *ctx, const struct json_object *request, struct control_reply *reply);

struct control_command {
	const char *name;
	control_fn *run;
};

struct loop;
struct control;

/* Opens the socket (and makes its directory, but not the one above). The socket file of a daemon that crashed is
 * replaced; NULL with a message in `error` if a daemon lives there or it cannot be made. Open to root and, if there is
 * one, the group `hearth`. `commands` and `ctx` must outlive it. */
struct control *control_open(struct loop *, const char *path, const struct control_command *commands, size_t count,
                             void *ctx, char error[CONTROL_ERROR]);

/* Drops all clients and removes the socket file. NULL is fine. */
void control_free(struct control *);

/* Keeps an event for `events` (but for debug ones) and sends it to those who follow. */
void control_event(struct control *, const struct event *);

/* The request in a line of `len` octets, whatever they are; NULL with a message in `error` if it is not one JSON object
 * with a "cmd" text. The caller's to put. */
struct json_object *control_parse(const char *line, size_t len, char error[CONTROL_ERROR]);

/* Runs a request that control_parse() gave against a command table; the reply line's object is the caller's to put. */
struct json_object *control_run(const struct control_command *commands, size_t count, void *ctx,
                                const struct json_object *request);

/* Both in one: the reply to a line. */
struct json_object *control_answer(const struct control_command *commands, size_t count, void *ctx, const char *line,
                                   size_t len);

/* The object of a reply line; takes `reply->data` over. The caller's to put. */
struct json_object *control_reply_object(bool ok, struct control_reply *reply);

#endif
