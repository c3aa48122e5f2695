/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* accept4 */
#include "sys/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "sys/control_socket.h"
#include "sys/json.h"
#include "sys/loop.h"

struct buffer {
	char *at;
	size_t len;
	size_t room;
};

struct client {
	struct list link;
	struct control *control;
	int fd;
	struct loop_watch *watch;
	struct buffer in;
	struct buffer out;
	bool follow; /* gets events */
	bool debug;  /* the debug ones too */
	bool ending; /* reads no more, goes once all is written */
	bool failed; /* goes at once */
};

struct control {
	struct loop *loop;
	struct control_socket socket;
	struct loop_watch *watch;
	const struct control_command *commands;
	size_t command_count;
	void *ctx;
	struct list clients;
	size_t client_count;
	struct client *busy;          /* whose request runs: not to be freed by what the request brings about */
	char *events[CONTROL_EVENTS]; /* a ring of lines */
	size_t event_next;
};

static void buffer_add(struct buffer *b, const char *data, size_t len)
{
	if (b->room - b->len < len) {
		b->room = MAX(b->len + len, b->room * 2);
		b->at = mem_resize(b->at, b->room, 1);
	}
	memcpy(b->at + b->len, data, len);
	b->len += len;
}

/* Drops the first `len` octets; an empty buffer holds no memory. */
static void buffer_cut(struct buffer *b, size_t len)
{
	b->len -= len;
	if (b->len > 0) {
		memmove(b->at, b->at + len, b->len);
		return;
	}
	free(b->at);
	*b = (struct buffer) { 0 };
}

/* --- clients ----------------------------------------------------------------------------------------------------- */

static void client_free(struct client *c)
{
	list_remove(&c->link);
	c->control->client_count--;
	loop_watch_free(c->watch);
	close(c->fd);
	free(c->in.at);
	free(c->out.at);
	free(c);
}

/* Frees the client if it is at its end, or else waits for what it needs next. Nobody may touch it after this. */
static void client_settle(struct client *c)
{
	if (c->control->busy == c)
		return;
	if (c->failed || (c->ending && c->out.len == 0))
		client_free(c);
	else
		loop_watch_set(c->watch, (c->ending ? 0 : LOOP_READ) | (c->out.len ? LOOP_WRITE : 0));
}

static void client_send(struct client *c, const char *line)
{
	size_t len = strlen(line);

	/* Whoever does not read what it asked for would hold our memory for ever. */
	if (c->out.len + len + 1 > CONTROL_PENDING)
		c->failed = true;
	if (c->failed)
		return;
	buffer_add(&c->out, line, len);
	buffer_add(&c->out, "\n", 1);
}

static void client_send_object(struct client *c, struct json_object *object)
{
	client_send(c, json_object_to_json_string_ext(object, JSON_LINE));
	json_object_put(object);
}

static void client_refuse(struct client *c, const char *why)
{
	struct control_reply reply = { 0 };

	snprintf(reply.error, sizeof(reply.error), "%s", why);
	client_send_object(c, control_reply_object(false, &reply));
	c->ending = true;
}

/* The last events, and with "follow" those to come. */
static bool run_events(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	struct control *control = ctx;

	reply->data = json_object_new_array();
	for (size_t i = 0; i < CONTROL_EVENTS; i++) {
		const char *line = control->events[(control->event_next + i) % CONTROL_EVENTS];
		if (line)
			json_push(reply->data, json_tokener_parse(line));
	}
	control->busy->follow = json_get_bool(request, "follow");
	control->busy->debug = json_get_bool(request, "debug");
	return true;
}

static struct json_object *client_answer(struct client *c, const struct json_object *request)
{
	static const struct control_command events = { "events", run_events };
	const struct control *control = c->control;

	if (strcmp(json_get_text(request, "cmd"), events.name) == 0)
		return control_run(&events, 1, c->control, request);
	return control_run(control->commands, control->command_count, control->ctx, request);
}

static void client_line(struct client *c, const char *line, size_t len)
{
	struct control_reply reply = { 0 };
	struct json_object *request = control_parse(line, len, reply.error);

	c->control->busy = c;
	client_send_object(c, request ? client_answer(c, request) : control_reply_object(false, &reply));
	c->control->busy = NULL;
	json_object_put(request);
}

/* Runs the complete lines. */
static void client_lines(struct client *c)
{
	size_t done = 0;

	while (!c->failed && !c->ending) {
		const char *start = c->in.at + done;
		const char *end = c->in.len > done ? memchr(start, '\n', c->in.len - done) : NULL;
		if (!end)
			break;
		client_line(c, start, (size_t)(end - start));
		done += (size_t)(end - start) + 1;
	}
	if (c->in.len - done > CONTROL_LINE)
		client_refuse(c, "the request is longer than a line may be");
	buffer_cut(&c->in, done);
}

static void client_read(struct client *c)
{
	char data[4096];
	ssize_t n = recv(c->fd, data, sizeof(data), 0);

	if (n > 0) {
		buffer_add(&c->in, data, (size_t)n);
		client_lines(c);
	} else if (n == 0) {
		c->ending = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		c->failed = true;
	}
}

static void client_write(struct client *c)
{
	ssize_t n = send(c->fd, c->out.at, c->out.len, MSG_NOSIGNAL);

	if (n > 0)
		buffer_cut(&c->out, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		c->failed = true;
}

static void client_ready(void *ctx, msec now, unsigned ready)
{
	struct client *c = ctx;

	(void)now;
	if (ready & LOOP_READ && !c->ending)
		client_read(c);
	if (c->out.len > 0 && !c->failed)
		client_write(c);
	client_settle(c);
}

static void accept_ready(void *ctx, msec now, unsigned ready)
{
	struct control *control = ctx;
	int fd = accept4(control->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)now;
	(void)ready;
	/* One above the limit is let in to be told so; two would be an attack, and it is only our own machine. */
	if (fd < 0 || control->client_count > CONTROL_CLIENTS) {
		if (fd >= 0)
			close(fd);
		return;
	}
	struct client *c = NEW(struct client);
	c->control = control;
	c->fd = fd;
	list_append(&control->clients, &c->link);
	control->client_count++;
	c->watch = loop_watch_new(control->loop, fd, LOOP_READ, client_ready, c);
	if (control->client_count > CONTROL_CLIENTS)
		client_refuse(c, "too many programs are connected to hearthd: end some (hearth events -f?)");
	client_settle(c);
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

void control_event(struct control *control, const struct event *e)
{
	struct timespec now;
	bool debug = event_info(e->kind)->level == 0;

	if (debug && list_empty(&control->clients))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	struct json_object *object = json_event(e, now.tv_sec * (int64_t)SECOND + now.tv_nsec / 1000000);
	const char *line = json_object_to_json_string_ext(object, JSON_LINE);
	LIST_EACH_SAFE (c, &control->clients, struct client, link) {
		if (!c->follow || c->ending || (debug && !c->debug))
			continue;
		client_send(c, line);
		client_settle(c);
	}
	if (!debug) {
		char **slot = &control->events[control->event_next++ % CONTROL_EVENTS];
		free(*slot);
		*slot = mem_copy(line, strlen(line) + 1);
	}
	json_object_put(object);
}

struct control *control_open(struct loop *loop, const char *path, const struct control_command *commands, size_t count,
                             void *ctx, char error[CONTROL_ERROR])
{
	struct control_socket listening;

	if (!control_socket_open(path, &listening, error))
		return NULL;
	struct control *control = NEW(struct control);
	control->loop = loop;
	control->socket = listening;
	control->commands = commands;
	control->command_count = count;
	control->ctx = ctx;
	list_init(&control->clients);
	control->watch = loop_watch_new(loop, listening.fd, LOOP_READ, accept_ready, control);
	return control;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	ASSERT(!control->busy);
	LIST_EACH_SAFE (c, &control->clients, struct client, link)
		client_free(c);
	loop_watch_free(control->watch);
	control_socket_close(&control->socket);
	for (size_t i = 0; i < CONTROL_EVENTS; i++)
		free(control->events[i]);
	free(control);
}
