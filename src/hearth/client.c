/* SPDX-License-Identifier: ISC */
#include "hearth/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/json.h"

enum { LINE_MAX = 64 * 1024 * 1024 }; /* hearthd of a home with thousands of nodes is far below */

static enum exit_code explain(const char *path, int error)
{
	if (error == EACCES || error == EPERM) {
		fprintf(stderr, "hearth: you may not talk to hearthd (%s): use sudo, or join the group hearth\n", path);
		return EXIT_REFUSED;
	}
	if (error == ENOENT || error == ECONNREFUSED)
		fprintf(stderr,
		        "hearth: hearthd is not running (nobody answers on %s)\n"
		        "start it as root: hearthd\n",
		        path);
	else
		fprintf(stderr, "hearth: %s: %s\n", path, strerror(error));
	return EXIT_NOT_RUNNING;
}

enum exit_code client_open(struct client *c, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return explain(path, ENAMETOOLONG);
	memcpy(address.sun_path, path, strlen(path) + 1);
	*c = (struct client) { .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	if (c->fd >= 0 && connect(c->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return EXIT_WELL;
	int error = errno;
	client_close(c);
	return explain(path, error);
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->line);
	*c = (struct client) { .fd = -1 };
}

bool client_send(struct client *c, struct json_object *request)
{
	const char *text = json_object_to_json_string_ext(request, JSON_LINE);
	size_t len = strlen(text);
	char *line = mem_new(1, len + 1);

	memcpy(line, text, len);
	line[len] = '\n';
	size_t sent = 0;
	while (sent < len + 1) {
		ssize_t n = send(c->fd, line + sent, len + 1 - sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			break;
		sent += n > 0 ? (size_t)n : 0;
	}
	free(line);
	return sent == len + 1;
}

/* Reads some more; false if there is no more or time is over. */
static bool fill(struct client *c, msec patience)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (c->room - c->len < 4096 && c->room < LINE_MAX) {
		c->room = c->room ? c->room * 2 : 16 * 1024;
		c->line = mem_resize(c->line, c->room, 1);
	}
	int ready;
	do
		ready = poll(&p, 1, patience == MSEC_NEVER ? -1 : (int)patience);
	while (ready < 0 && errno == EINTR);
	ssize_t n = ready > 0 ? recv(c->fd, c->line + c->len, c->room - c->len, 0) : 0;
	c->len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

struct json_object *client_read(struct client *c, msec patience)
{
	char *end = NULL;

	c->len -= c->given;
	if (c->len > 0)
		memmove(c->line, c->line + c->given, c->len);
	c->given = 0;
	size_t seen = 0;
	while (c->len == seen || !(end = memchr(c->line + seen, '\n', c->len - seen))) {
		seen = c->len;
		if (!fill(c, patience))
			return NULL;
	}
	*end = '\0';
	c->given = (size_t)(end - c->line) + 1;
	return json_tokener_parse(c->line);
}
