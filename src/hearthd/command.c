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

/* True unless the request has `key` with something that is not null. */
static bool is_absent(const struct json_object *request, const char *key)
{
	return !json_object_object_get(request, key);
}

/* The lifetime under `key` as an end; for ever if it is absent. False if it makes no sense. */
static bool get_lifetime(const struct json_object *request, const char *key, msec now, msec *until)
{
	int64_t seconds;

	*until = MSEC_NEVER;
	if (is_absent(request, key))
		return true;
	if (!json_get_int(request, key, &seconds) || seconds < 0 || seconds > LIFETIME_INFINITE)
		return false;
	*until = lifetime_until((uint32_t)seconds, now);
	return true;
}

/* Which interface a static uplink is on. NULL, or what is wrong with it. */
static const char *get_interface(struct daemon *d, const struct json_object *request, struct static_uplink *s)
{
	const char *interface = json_get_text(request, "interface");

	if (!interface || !*interface || strlen(interface) >= sizeof(s->interface))
		return "an uplink needs the name of its interface: dev IF";
	if (config_interface(&d->config, interface)->category != HNCP_EXTERNAL)
		return links_find_name(d->links, interface)
		               ? "that interface is inside the home: give it `category = external` in the configuration"
		               : "there is no such interface: hearth links shows those there are";
	strcpy(s->interface, interface);
	return NULL;
}

/* What a static uplink gives. NULL, or what is wrong with it. */
static const char *get_content(const struct json_object *request, msec now, struct uplink *up)
{
	struct uplink_prefix *p = &up->prefixes[0];

	if (!json_get_prefix(request, "prefix", &p->prefix) || !prefix_is_delegable(&p->prefix))
		return "an uplink needs an IPv6 prefix of 20 to 64 bits: prefix 2001:db8::/56";
	if (!get_lifetime(request, "valid", now, &p->valid_until) ||
	    !get_lifetime(request, "preferred", now, &p->preferred_until))
		return "lifetimes are whole seconds from 0 to 4294967295, or left out for \"for ever\"";
	if (!is_absent(request, "preferred") && p->preferred_until > p->valid_until)
		return "nothing is preferred longer than it is valid: preferred must not be above valid";
	p->preferred_until = MIN(p->preferred_until, p->valid_until);
	up->prefix_count = 1;
	if (!is_absent(request, "gateway") &&
	    (!json_get_ip(request, "gateway", &up->gateway6) || !ip_is_linklocal(&up->gateway6)))
		return "a gateway is a link-local IPv6 address: via fe80::1";
	if (!is_absent(request, "dns") && !json_get_ip(request, "dns", &up->dns[up->dns_count++]))
		return "a name server is an address: dns 2001:db8::53";
	return NULL;
}

static bool run_uplink_add(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	struct daemon *d = ctx;
	struct static_uplink s = { 0 };
	const char *name = json_get_text(request, "name");

	if (!name || !*name || strlen(name) >= sizeof(s.uplink.name))
		return refuse(reply, "an uplink needs a name of 1 to 31 characters");
	strcpy(s.uplink.name, name);
	const char *wrong = get_interface(d, request, &s);
	if (!wrong)
		wrong = get_content(request, loop_now(d->loop), &s.uplink);
	return wrong ? refuse(reply, wrong) : daemon_uplink_add(d, &s, reply->error, sizeof(reply->error));
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
