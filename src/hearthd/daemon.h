/* SPDX-License-Identifier: ISC */
/* The daemon: one router value, wired to the kernel, the network, the disk and the owner. */
#ifndef HEARTH_HEARTHD_DAEMON_H
#define HEARTH_HEARTHD_DAEMON_H

#include "home/router.h"
#include "sys/config.h"
#include "sys/control.h"
#include "sys/icmp6.h"
#include "sys/kernel.h"
#include "sys/links.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/entropy.h"
#include "sys/store.h"
#include "sys/udp.h"
#include "sys/uplinks.h"

enum { DAEMON_PATH = 256, DAEMON_STATIC_UPLINKS = 8 };

/* From the command line; the texts outlive the daemon. */
struct daemon_options {
	const char *config;
	const char *state;
	const char *socket;
	int log_level;
};

/* An uplink that the owner gave by configuration or command: it counts while its interface is there and carries. */
struct static_uplink {
	char interface[CONFIG_IFNAME];
	struct uplink uplink;
};

struct daemon {
	struct daemon_options options;
	struct config config;
	struct log log;
	struct event_sink log_sink;
	struct event_sink events; /* to the log and to whoever follows over the control socket */
	struct sys_random random;
	struct loop *loop;
	struct loop_timer *timer; /* when the router is to run next */
	struct loop_signal *sigterm, *sigint;
	struct store *store;
	struct links *links;
	struct kernel *kernel;
	struct udp *hncp, *babel;
	struct icmp6 *icmp6;
	struct control *control;
	struct uplinks *uplinks;
	char cli[DAEMON_PATH];     /* the `hearth` program beside us, for hooks */
	char run_dir[DAEMON_PATH]; /* the control socket's folder */
	struct router *router;
	struct static_uplink static_uplinks[DAEMON_STATIC_UPLINKS];
	size_t static_count;
	msec started;
	msec last_event[EVENT_KIND_COUNT]; /* when one of that kind was last reported; 0: never */
};

/* Opens everything; false if something that cannot be done without is missing, which has then been reported. */
bool daemon_open(struct daemon *, const struct daemon_options *);

/* Runs until SIGTERM or SIGINT. */
void daemon_run(struct daemon *);

/* Says goodbye to the home, removes from the kernel what was installed, and frees everything. Fine on one that was only
 * partly opened. */
void daemon_close(struct daemon *);

/* Works off what the last inputs made due, then sleeps until the next deadline. To be called after each input. */
void daemon_pump(struct daemon *);

/* Adds or replaces a static uplink. False with a message if there is no more room. */
bool daemon_uplink_add(struct daemon *, const struct static_uplink *, char *error, size_t size);
/* False if there is no static uplink of that name. */
bool daemon_uplink_remove(struct daemon *, const char *name);

/* command.c: what the owner may ask over the control socket (doc/control.md); the context is the daemon. */
extern const struct control_command daemon_commands[];
extern const size_t daemon_command_count;

/* show.c: the answers to those commands that only look. Each gives a new object for the caller to put. */
struct json_object *show_status(struct daemon *);
struct json_object *show_nodes(struct daemon *);
struct json_object *show_links(struct daemon *);
struct json_object *show_prefixes(struct daemon *);
struct json_object *show_routes(struct daemon *);
struct json_object *show_uplinks(struct daemon *);

#endif
