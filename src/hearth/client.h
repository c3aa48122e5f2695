/* SPDX-License-Identifier: ISC */
/* The other end of the control socket. */
#ifndef HEARTH_HEARTH_CLIENT_H
#define HEARTH_HEARTH_CLIENT_H

#include <json-c/json.h>

#include "base/base.h"

/* How `hearth` ends; the README and `hearth help` say so too. */
enum exit_code {
	EXIT_WELL = 0,
	EXIT_NOT_WELL = 1, /* `hearth status`: hearthd runs and says that something is wrong */
	EXIT_USAGE = 2,
	EXIT_NOT_RUNNING = 3,
	EXIT_REFUSED = 4, /* by hearthd, or by the file system: not allowed */
};

struct client {
	int fd;
	char *line; /* what was read and not yet given out */
	size_t len;
	size_t room;
	size_t given; /* of `line`, by the last client_read() */
};

/* Connects to hearthd. EXIT_WELL, or another code with a message on stderr. */
enum exit_code client_open(struct client *, const char *path);

void client_close(struct client *);

/* Sends a request as a line. False if hearthd has gone. */
bool client_send(struct client *, struct json_object *request);

/* The next object hearthd sends, the caller's to put; NULL if it has gone, answers with no JSON, or `patience` is over
 * (MSEC_NEVER: for ever). */
struct json_object *client_read(struct client *, msec patience);

#endif
