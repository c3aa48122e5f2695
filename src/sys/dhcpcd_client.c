/* SPDX-License-Identifier: ISC */
/* The provider UPLINKS_DHCPCD: a dhcpcd for each interface, its configuration, and its reports on their way. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "sys/dhcpcd.h"
#include "sys/dhcpcd_files.h"
#include "sys/dhcpcd_guard.h"
#include "sys/json.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/uplinks.h"

enum {
	BACKOFF_MIN = 1 * SECOND,
	BACKOFF_MAX = 1 * MINUTE, /* a client that ran for so long starts with BACKOFF_MIN again */
	SETTLE = 30 * SECOND,     /* for a client that was started again to confirm what the one before knew */
	CLOSE_PATIENCE = 6 * SECOND,
	OUTPUT_LINE = 300,
};

struct client {
	struct list link;
	struct uplinks *uplinks;
	struct uplink uplink; /* as last told to hearthd */
	bool told;            /* it was told, and not that it is gone */
	struct dhcpcd_state state;
	pid_t guard; /* 0: not running */
	bool ending; /* nobody wants it any more; stays until its process has gone */
	msec started;
	msec backoff;
	struct loop_timer *start; /* again, after the back-off */
	struct loop_timer *settle;
	int output; /* what dhcpcd prints; -1: closed */
	struct loop_watch *output_watch;
	char line[OUTPUT_LINE];
	size_t line_len;
};

struct uplinks {
	struct uplinks_env env;
	struct list clients;
	struct loop_signal *child;
};

/* --- what becomes of reports ------------------------------------------------------------------------------------- */

static void tell(struct client *c)
{
	const struct uplinks_env *env = &c->uplinks->env;
	struct uplink now = { .link = c->uplink.link };
	struct uplink before = c->uplink;

	memcpy(now.name, c->uplink.name, sizeof(now.name));
	bool something = !c->ending && dhcpcd_uplink(&c->state, &now);
	if (c->state.left_out)
		log_problem(&env->events, "uplink %s gives more than Hearth has room for: %u left out", now.name,
		            c->state.left_out);
	bool was = c->told;
	c->told = something;
	if (something) {
		c->uplink = now;
		/* Router advertisements come often and say the same; a difference in the padding does no harm. */
		if (!was || memcmp(&now, &before, sizeof(now)) != 0)
			env->changed(env->ctx, &c->uplink);
	} else if (was) {
		env->gone(env->ctx, now.name);
	}
}

/* What the client before knew and this one has not confirmed is no more: its provider may be another by now. */
static void settle(void *ctx, msec now)
{
	struct client *c = ctx;

	(void)now;
	if (dhcpcd_forget_unconfirmed(&c->state))
		tell(c);
}

static struct client *find(struct uplinks *u, const char *ifname)
{
	LIST_EACH (c, &u->clients, struct client, link)
		if (strcmp(c->uplink.name, ifname) == 0)
			return c;
	return NULL;
}

static bool dhcpcd_provider_report(struct uplinks *u, const struct json_object *request, char *error, size_t size)
{
	char why[DHCPCD_ERROR] = "";
	const char *ifname = json_get_text(request, "interface");
	struct client *c = ifname ? find(u, ifname) : NULL;

	if (!c || c->ending) {
		snprintf(error, size, "no DHCP client of ours runs on %s",
		         ifname ? ifname : "an interface without name");
		return false;
	}
	if (!dhcpcd_report(&c->state, request, loop_now(u->env.loop), why)) {
		snprintf(error, size, "%s", why);
		return false;
	}
	tell(c);
	return true;
}

/* --- the process ------------------------------------------------------------------------------------------------- */

static void close_output(struct client *c)
{
	loop_watch_free(c->output_watch);
	c->output_watch = NULL;
	if (c->output >= 0)
		close(c->output);
	c->output = -1;
	c->line_len = 0;
}

/* dhcpcd is told to be quiet: what it prints are errors. */
static void take_line(struct client *c)
{
	c->line[c->line_len] = '\0';
	c->line_len = 0;
	for (char *s = c->line; *s; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s > '~' || *s == '"')
			*s = '?';
	/* The price of asking for a prefix and not having dhcpcd spread it (dhcpcd_files.c). */
	if (!strstr(c->line, "cannot delegate to -"))
		log_problem(&c->uplinks->env.events, "dhcpcd: %s", c->line);
}

static void output_ready(void *ctx, msec now, unsigned ready)
{
	struct client *c = ctx;
	char data[512];
	ssize_t n = read(c->output, data, sizeof(data));

	(void)now;
	(void)ready;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close_output(c);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (data[i] != '\n' && c->line_len < sizeof(c->line) - 1)
			c->line[c->line_len++] = data[i];
		else if (data[i] == '\n')
			take_line(c);
	}
}

static void retry(struct client *c, msec now, const char *what)
{
	if (now - c->started >= BACKOFF_MAX)
		c->backoff = BACKOFF_MIN;
	log_problem(&c->uplinks->env.events, "the DHCP client on %s %s: trying again in %d s", c->uplink.name, what,
	            (int)(c->backoff / SECOND));
	loop_timer_set(c->start, now + c->backoff);
	c->backoff = MIN(c->backoff * 2, (msec)BACKOFF_MAX);
}

static bool spawn(struct client *c, char *why, size_t size)
{
	struct dhcpcd_files files;
	int pipe_fd[2];

	if (!dhcpcd_write_files(&c->uplinks->env, c->uplink.name, &files, why, size))
		return false;
	const char *const argv[] = { DHCPCD_PROGRAM, "-B",       "-q",           "-f", files.config,
		                     "-c",           files.hook, c->uplink.name, NULL };
	if (pipe2(pipe_fd, O_CLOEXEC) != 0) {
		snprintf(why, size, "got no pipe: %s", strerror(errno));
		return false;
	}
	c->guard = dhcpcd_guard(argv, pipe_fd[1]);
	int error = errno;
	close(pipe_fd[1]);
	if (c->guard < 0) {
		c->guard = 0;
		close(pipe_fd[0]);
		snprintf(why, size, "could not be started: %s", strerror(error));
		return false;
	}
	fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
	close_output(c);
	c->output = pipe_fd[0];
	c->output_watch = loop_watch_new(c->uplinks->env.loop, c->output, LOOP_READ, output_ready, c);
	return true;
}

static void start_process(void *ctx, msec now)
{
	struct client *c = ctx;
	char why[200];

	c->started = now;
	dhcpcd_unconfirm(&c->state);
	loop_timer_set(c->settle, now + SETTLE);
	if (!spawn(c, why, sizeof(why)))
		retry(c, now, why);
}

static void client_free(struct client *c)
{
	dhcpcd_remove_files(&c->uplinks->env, c->uplink.name);
	list_remove(&c->link);
	close_output(c);
	loop_timer_free(c->start);
	loop_timer_free(c->settle);
	free(c);
}

static void ended(struct client *c, msec now, int status)
{
	char what[80];

	c->guard = 0;
	if (c->ending) {
		client_free(c);
		return;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		snprintf(what, sizeof(what), "cannot be run (is %s installed?)", DHCPCD_PROGRAM);
	else
		snprintf(what, sizeof(what), "has ended (status %d)", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	retry(c, now, what);
}

static void child_ended(void *ctx, msec now, int number)
{
	struct uplinks *u = ctx;
	int status;

	(void)number;
	LIST_EACH_SAFE (c, &u->clients, struct client, link)
		if (c->guard && waitpid(c->guard, &status, WNOHANG) == c->guard)
			ended(c, now, status);
}

/* --- the provider ------------------------------------------------------------------------------------------------ */

static struct uplinks *dhcpcd_provider_open(const struct uplinks_env *env)
{
	struct uplinks *u = NEW(struct uplinks);

	u->env = *env;
	list_init(&u->clients);
	u->child = loop_signal_new(env->loop, SIGCHLD, child_ended, u);
	return u;
}

/* Ends a process that somebody wanted, in good order. */
static void terminate(struct client *c)
{
	loop_timer_set(c->start, MSEC_NEVER);
	loop_timer_set(c->settle, MSEC_NEVER);
	if (c->guard)
		kill(c->guard, SIGTERM);
}

static void dhcpcd_provider_stop(struct uplinks *u, const char *ifname)
{
	struct client *c = find(u, ifname);

	if (!c || c->ending)
		return;
	terminate(c);
	c->ending = true;
	tell(c);
	if (!c->guard)
		client_free(c);
}

static void dhcpcd_provider_start(struct uplinks *u, const char *ifname, uint32_t link)
{
	struct client *c = find(u, ifname);

	if (c && !c->ending && c->uplink.link == link)
		return;
	if (c && !c->ending)
		dhcpcd_provider_stop(u, ifname);
	c = find(u, ifname);
	if (!c) {
		c = NEW(struct client);
		c->uplinks = u;
		c->output = -1;
		c->start = loop_timer_new(u->env.loop, start_process, c);
		c->settle = loop_timer_new(u->env.loop, settle, c);
		snprintf(c->uplink.name, sizeof(c->uplink.name), "%s", ifname);
		list_append(&u->clients, &c->link);
	}
	/* If the process of before is still ending, its end starts the new one after the shortest back-off. */
	c->ending = false;
	c->uplink.link = link;
	c->state = (struct dhcpcd_state) { 0 };
	c->backoff = BACKOFF_MIN;
	if (!c->guard)
		start_process(c, loop_now(u->env.loop));
}

/* The loop does not run any more: wait for the guards here, so that a clean stop leaves no address behind. */
static void wait_for(struct client *c, int *patience)
{
	const struct timespec pause = { 0, 10 * 1000000 };

	while (c->guard && waitpid(c->guard, NULL, WNOHANG) == 0 && *patience > 0) {
		nanosleep(&pause, NULL);
		*patience -= 10;
	}
}

static void dhcpcd_provider_close(struct uplinks *u)
{
	int patience = CLOSE_PATIENCE;

	LIST_EACH (c, &u->clients, struct client, link)
		terminate(c);
	LIST_EACH_SAFE (c, &u->clients, struct client, link) {
		wait_for(c, &patience);
		client_free(c);
	}
	dhcpcd_remove_files(&u->env, NULL);
	loop_signal_free(u->child);
	free(u);
}

const struct uplinks_provider UPLINKS_DHCPCD = {
	.name = "dhcpcd",
	.open = dhcpcd_provider_open,
	.close = dhcpcd_provider_close,
	.start = dhcpcd_provider_start,
	.stop = dhcpcd_provider_stop,
	.report = dhcpcd_provider_report,
};
