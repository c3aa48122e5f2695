/* SPDX-License-Identifier: ISC */
/* hearth: asks and tells hearthd. One table of commands; each is a request, and a way to show the reply. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hearth/client.h"
#include "hearth/request.h"
#include "hearth/show.h"
#include "sys/control.h"
#include "sys/json.h"

#define HOOK_NAME "dhcpcd-hook"

#define JSON_PAGE (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)

enum { PATIENCE = 10 * SECOND, HOOK_PATIENCE = 2 * SECOND };

static const struct command {
	const char *words; /* what the owner writes: one word or two */
	const char *cmd;   /* what hearthd is asked */
	request_fn *request;
	show_fn *show;
	const char *usage;
	const char *help;
} commands[] = {
	{ "status", "status", request_plain, show_status, "status", "is it well? (exit code 1 if not)" },
	{ "nodes", "nodes", request_plain, show_nodes, "nodes", "the routers of the home" },
	{ "links", "links", request_plain, show_links, "links", "the links of this router" },
	{ "prefixes", "prefixes", request_plain, show_prefixes, "prefixes",
	  "the home's prefixes, and who uses what of them" },
	{ "routes", "routes", request_plain, show_routes, "routes", "the routes hearthd has made here" },
	{ "uplinks", "uplinks", request_plain, show_uplinks, "uplinks", "this router's ways out of the home" },
	{ "events", "events", request_events, show_events, "events [-f] [-d]",
	  "what has happened; -f: and what happens, -d: details" },
	{ "uplink add", "uplink-add", request_uplink_add, show_done,
	  "uplink add NAME dev INTERFACE prefix PREFIX [via GATEWAY] [dns ADDRESS] [valid SECONDS] [preferred "
	  "SECONDS]",
	  "make or replace a static uplink, until hearthd ends" },
	{ "uplink del", "uplink-del", request_uplink_del, show_done, "uplink del NAME", "take a static uplink away" },
};

struct options {
	const char *socket;
	bool json;
};

static void help(FILE *to)
{
	fprintf(to, "usage: hearth [--socket PATH] [--json] COMMAND\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(to, strlen(commands[i].usage) > 18 ? "  %s\n  %20s%s\n" : "  %-18s%.0s%s\n", commands[i].usage,
		        "", commands[i].help);
	fprintf(to, "  %-18s%s\n\n", "help", "this");
	fprintf(to,
	        "  --json             the data as hearthd gives them (doc/control.md)\n"
	        "  --socket PATH      where hearthd listens (default $HEARTH_SOCKET or " CONTROL_PATH ")\n\n"
	        "exit codes: 0 all well, 1 the home is not well (status), 2 wrong usage, 3 hearthd is not running,\n"
	        "            4 refused\n");
}

static bool colours_wanted(void)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static void print(const struct options *o, show_fn *show, struct json_object *data)
{
	struct text out = { .colour = !o->json && colours_wanted() };

	if (o->json)
		puts(json_object_to_json_string_ext(data, show == show_event ? JSON_LINE : JSON_PAGE));
	else
		show(data, &out);
	if (out.len)
		fwrite(out.at, 1, out.len, stdout);
	fflush(stdout);
	text_free(&out);
}

/* The reply's "data" is printed; its error, or that there is none, goes to stderr. */
static enum exit_code take_reply(const struct options *o, const struct command *command, struct json_object *reply)
{
	struct json_object *data = NULL;

	if (!reply) {
		fprintf(stderr, "hearth: hearthd does not answer on %s; is it busy or about to end?\n", o->socket);
		return EXIT_NOT_RUNNING;
	}
	if (!json_get_bool(reply, "ok")) {
		const char *error = json_get_text(reply, "error");
		fprintf(stderr, "hearth: %s\n", error ? error : "hearthd refuses and does not say why");
		return EXIT_REFUSED;
	}
	json_object_object_get_ex(reply, "data", &data);
	if (command->show == show_events && o->json)
		for (size_t i = 0; i < list_len(data); i++)
			print(o, show_event, json_object_array_get_idx(data, i));
	else if (data)
		print(o, command->show, data);
	bool well = command->show != show_status || json_get_bool(data, "well");
	return well ? EXIT_WELL : EXIT_NOT_WELL;
}

static void follow(const struct options *o, struct client *client)
{
	struct json_object *event;

	while ((event = client_read(client, MSEC_NEVER))) {
		print(o, show_event, event);
		json_object_put(event);
	}
	fprintf(stderr, "hearth: hearthd has ended, or this terminal was too slow for it\n");
}

static enum exit_code ask(const struct options *o, const struct command *command, struct json_object *request)
{
	struct client client;
	enum exit_code code = client_open(&client, o->socket);

	if (code != EXIT_WELL)
		return code;
	struct json_object *reply = client_send(&client, request) ? client_read(&client, PATIENCE) : NULL;
	code = take_reply(o, command, reply);
	json_object_put(reply);
	if (code == EXIT_WELL && json_get_bool(request, "follow")) {
		follow(o, &client);
		code = EXIT_NOT_RUNNING;
	}
	client_close(&client);
	return code;
}

/* The command whose words begin `argv`; `rest` is what follows them. */
static const struct command *find(char *const *argv, const char *const **rest)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const char *words = commands[i].words;
		size_t first = strcspn(words, " ");
		bool two = words[first];
		if (strlen(argv[0]) != first || strncmp(words, argv[0], first) != 0)
			continue;
		if (two && (!argv[1] || strcmp(words + first + 1, argv[1]) != 0))
			continue;
		*rest = (const char *const *)argv + 1 + two;
		return &commands[i];
	}
	return NULL;
}

/* dhcpcd's hook (sys/dhcpcd_files.c): says nothing to anyone but hearthd, and never keeps dhcpcd waiting. */
static int report(const char *path)
{
	extern char **environ;
	struct json_object *request = json_object_new_object();
	struct client client;

	json_add_text(request, "cmd", "uplink-report");
	request_report((const char *const *)environ, request);
	enum exit_code code = client_open(&client, path);
	if (code == EXIT_WELL) {
		if (client_send(&client, request))
			json_object_put(client_read(&client, HOOK_PATIENCE));
		client_close(&client);
	}
	json_object_put(request);
	return code;
}

static int run(const struct options *o, char *const *argv)
{
	char error[REQUEST_ERROR];
	const char *const *rest;

	if (strcmp(argv[0], "help") == 0) {
		help(stdout);
		return EXIT_WELL;
	}
	if (strcmp(argv[0], "dhcpcd-report") == 0)
		return report(o->socket);
	const struct command *command = find(argv, &rest);
	if (!command) {
		fprintf(stderr, "hearth: there is no command \"%s\"; hearth help lists them\n", argv[0]);
		return EXIT_USAGE;
	}
	struct json_object *request = json_object_new_object();
	json_add_text(request, "cmd", command->cmd);
	int code = EXIT_USAGE;
	if (command->request(rest, request, error))
		code = ask(o, command, request);
	else
		fprintf(stderr, "hearth: %s\nusage: hearth %s\n", error, command->usage);
	json_object_put(request);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "socket", required_argument, NULL, 's' },
		                               { "json", no_argument, NULL, 'j' },
		                               { "help", no_argument, NULL, 'h' },
		                               { 0 } };
	const char *from_environment = getenv("HEARTH_SOCKET");
	const char *slash = strrchr(argv[0], '/');
	struct options o = { .socket = from_environment ? from_environment : CONTROL_PATH };
	int option;

	if (strcmp(slash ? slash + 1 : argv[0], HOOK_NAME) == 0)
		return report(o.socket);
	while ((option = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		if (option == 's') {
			o.socket = optarg;
		} else if (option == 'j') {
			o.json = true;
		} else {
			help(option == 'h' ? stdout : stderr);
			return option == 'h' ? EXIT_WELL : EXIT_USAGE;
		}
	}
	if (!argv[optind]) {
		help(stderr);
		return EXIT_USAGE;
	}
	return run(&o, argv + optind);
}
