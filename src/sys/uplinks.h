/* SPDX-License-Identifier: ISC */
/* Providers: what brings uplinks to the router. dhcpcd today; netifd later behind the same face. */
#ifndef HEARTH_SYS_UPLINKS_H
#define HEARTH_SYS_UPLINKS_H

#include <json-c/json.h>

#include "base/event.h"
#include "home/uplink.h"

struct loop;

/* What a provider is given; it and its texts must outlive the provider. */
struct uplinks_env {
	struct loop *loop;
	struct event_sink events;
	const char *run_dir; /* ours alone, for generated files: /run/hearth */
	const char *socket;  /* the control socket, where hooks report */
	const char *cli;     /* the path of the `hearth` program, which hooks run */
	void *ctx;
	void (*changed)(void *ctx, const struct uplink *); /* whole new state of an uplink with something in it */
	void (*gone)(void *ctx, const char *name);         /* it gives nothing any more; may come back */
};

struct uplinks;

struct uplinks_provider {
	const char *name;
	struct uplinks *(*open)(const struct uplinks_env *);
	/* Stops every client (they keep their leases, RFC 9096 WPD-9), waits some seconds for it, and frees. Says
	 * nothing to `gone`. The control socket must be closed before: hooks that report would wait for us. */
	void (*close)(struct uplinks *);
	/* Begins on an interface; once more with another `link` (the interface was made anew) begins again. */
	void (*start)(struct uplinks *, const char *ifname, uint32_t link);
	/* Ends on an interface and says `gone` if it gave anything. */
	void (*stop)(struct uplinks *, const char *ifname);
	/* A report of a hook (the request "uplink-report"). False with a message in `error` if it makes no sense. */
	bool (*report)(struct uplinks *, const struct json_object *request, char *error, size_t size);
};

extern const struct uplinks_provider UPLINKS_DHCPCD;

#endif
