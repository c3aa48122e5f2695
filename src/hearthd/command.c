/* SPDX-License-Identifier: ISC */
/* The table of commands that the control socket knows. */
#include <stdio.h>
#include <string.h>

#include "hearthd/daemon.h"
#include "sys/json.h"

/* A command that only looks. */
#define SHOW(name)                                                                                                     \
	static bool run_##name(void *ctx, const struct json_object *request, struct control_reply *reply)              \
	{                                                                                                              \
		(void)request;                                                                                         \
		reply->data = show_##name(ctx);                                                                        \
		return true;                                                                                           \
	}

SHOW(status)
SHOW(nodes)
SHOW(links)
SHOW(prefixes)
SHOW(routes)
SHOW(uplinks)

static bool refuse(struct control_reply *reply, const char *text)
{
	snprintf(reply->error, sizeof(reply->error), "%s", text);
	return false;
}

/* The lifetime under `key` as an end; for ever if it is absent. False if it makes no sense. */
static bool get_lifetime(const struct json_object *request, const char *key, msec now, msec *until)
{
	int64_t seconds;

	*until = MSEC_NEVER;
	if (!json_get_int(request, key, &seconds))
		return true;
	if (seconds < 0 || seconds > LIFETIME_INFINITE)
		return false;
	*until = lifetime_until((uint32_t)seconds, now);
	return true;
}

static bool run_uplink_add(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	struct daemon *d = ctx;
	struct static_uplink s = { 0 };
	struct uplink_prefix *p = &s.uplink.prefixes[0];
	const char *name = json_get_text(request, "name"), *interface = json_get_text(request, "interface");
	msec now = loop_now(d->loop);
	struct ip ip;

	if (!name || !*name || strlen(name) >= sizeof(s.uplink.name))
		return refuse(reply, "an uplink needs a name of 1 to 31 characters");
	if (!interface || !*interface || strlen(interface) >= sizeof(s.interface))
		return refuse(reply, "an uplink needs the name of its interface: dev IF");
	if (config_interface(&d->config, interface)->category != HNCP_EXTERNAL)
		return refuse(reply,
		              "that interface is inside the home: give it `category = external` in the configuration");
	strcpy(s.uplink.name, name);
	strcpy(s.interface, interface);
	if (!json_get_prefix(request, "prefix", &p->prefix) || !prefix_is_delegable(&p->prefix))
		return refuse(reply,
		              "an uplink needs an IPv6 prefix without bits past its length: prefix 2001:db8::/56");
	s.uplink.prefix_count = 1;
	if (!get_lifetime(request, "valid", now, &p->valid_until) ||
	    !get_lifetime(request, "preferred", now, &p->preferred_until))
		return refuse(reply, "lifetimes are seconds from 0 to 4294967295");
	p->preferred_until = MIN(p->preferred_until, p->valid_until);
	(void)json_get_ip(request, "gateway", &s.uplink.gateway6);
	if (json_get_ip(request, "dns", &ip))
		s.uplink.dns[s.uplink.dns_count++] = ip;
	return daemon_uplink_add(d, &s, reply->error, sizeof(reply->error));
}

static bool run_uplink_del(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	const char *name = json_get_text(request, "name");

	if (!name || !daemon_uplink_remove(ctx, name))
		return refuse(reply, "there is no static uplink of that name: `hearth uplinks` shows them");
	return true;
}

static bool run_uplink_report(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	struct daemon *d = ctx;

	return UPLINKS_DHCPCD.report(d->uplinks, request, reply->error, sizeof(reply->error));
}

const struct control_command daemon_commands[] = {
	{ "status", run_status },         { "nodes", run_nodes },           { "links", run_links },
	{ "prefixes", run_prefixes },     { "routes", run_routes },         { "uplinks", run_uplinks },
	{ "uplink-add", run_uplink_add }, { "uplink-del", run_uplink_del }, { "uplink-report", run_uplink_report },
};
const size_t daemon_command_count = ARRAY_LEN(daemon_commands);
