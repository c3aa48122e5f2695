/* SPDX-License-Identifier: ISC */
/* What the owner sees: view, plan and cores as JSON, as doc/control.md says. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hearthd/daemon.h"
#include "sys/json.h"

/* The name under which people know a node: its own, or its identifier. */
static const char *node_name(const struct hncp_node *n, uint32_t id, char out[HNCP_NAME_MAX + 1])
{
	if (n && n->name_count)
		return n->names[0].name;
	snprintf(out, HNCP_NAME_MAX + 1, "%08" PRIx32, id);
	return out;
}

static const char *link_name(const struct daemon *d, uint32_t link)
{
	for (const struct router_link *l = NULL; (l = router_link_next(d->router, l));)
		if (l->link == link)
			return l->name;
	return NULL;
}

/* User agents come from others: only what prints goes out. */
static void add_bytes_text(struct json_object *o, const char *key, struct hncp_bytes bytes)
{
	char text[128];
	size_t n = MIN(bytes.len, sizeof(text) - 1);

	for (size_t i = 0; i < n; i++)
		text[i] = bytes.at[i] >= ' ' && bytes.at[i] < 0x7f ? (char)bytes.at[i] : '?';
	text[n] = '\0';
	json_add_text(o, key, text);
}

struct json_object *show_nodes(struct daemon *d)
{
	struct json_object *list = json_object_new_array();
	const struct view *v = router_view(d->router);
	msec now = loop_now(d->loop);

	for (size_t i = 0; i < v->net.count; i++) {
		const struct hncp_node *n = &v->net.nodes[i];
		const struct dncp_node *source = dncp_node_find(router_dncp(d->router), n->id);
		struct json_object *o = json_push_object(list);
		char name[HNCP_NAME_MAX + 1];
		json_add_id(o, "id", n->id);
		json_add_text(o, "name", n->id == v->net.self ? router_name(d->router) : node_name(n, n->id, name));
		json_add_bool(o, "self", n->id == v->net.self);
		add_bytes_text(o, "user_agent", n->user_agent);
		if (source) {
			json_add_int(o, "seqno", source->seqno);
			json_add_age(o, "age_s", source->originated, now);
			json_add_int(o, "data_bytes", (int64_t)source->len);
		}
		struct json_object *addresses = json_add_array(o, "addresses");
		for (size_t j = 0; j < n->address_count; j++)
			json_push_ip(addresses, &n->addresses[j].ip);
		struct json_object *capabilities = json_add_object(o, "capabilities");
		json_add_int(capabilities, "mdns", n->capabilities.mdns);
		json_add_int(capabilities, "pd", n->capabilities.pd);
		json_add_int(capabilities, "dhcpv6", n->capabilities.dhcpv6);
		json_add_int(capabilities, "dhcpv4", n->capabilities.dhcpv4);
		json_add_int(o, "peers", (int64_t)n->peer_count);
		json_add_int(o, "ignored_tlvs", n->ignored);
	}
	return list;
}

static void add_members(struct daemon *d, struct json_object *o, uint32_t link)
{
	const struct view_link *common = view_link_find(router_view(d->router), link);
	struct json_object *members = json_add_array(o, "members");

	for (size_t i = 0; common && i < common->member_count; i++) {
		const struct hncp_link_member *m = &common->members[i];
		struct json_object *member = json_push_object(members);
		char name[HNCP_NAME_MAX + 1];
		json_add_id(member, "id", m->node->id);
		json_add_text(member, "name", node_name(m->node, m->node->id, name));
		json_add_int(member, "endpoint", m->endpoint);
	}
}

static void add_link_prefixes(struct daemon *d, struct json_object *o, uint32_t link, msec now)
{
	struct json_object *prefixes = json_add_array(o, "prefixes");

	for (const struct pa_assignment *a = NULL; (a = pa_next(router_pa(d->router), a));) {
		const struct view_delegation *from = view_delegation_find(router_view(d->router), &a->delegated);
		if (a->link != link)
			continue;
		struct json_object *p = json_push_object(prefixes);
		json_add_prefix(p, "prefix", &a->prefix);
		json_add_prefix(p, "delegated", &a->delegated);
		json_add_bool(p, "applied", a->applied);
		json_add_bool(p, "published", a->published);
		json_add_int(p, "priority", a->priority);
		json_add_age(p, "age_s", a->since, now);
		json_add_lifetime(p, "valid_s", from ? from->valid_until : 0, now);
		json_add_lifetime(p, "preferred_s", from ? from->preferred_until : 0, now);
	}
}

struct json_object *show_links(struct daemon *d)
{
	struct json_object *list = json_object_new_array();
	const struct plan *plan = router_plan(d->router);
	msec now = loop_now(d->loop);

	for (const struct router_link *l = NULL; (l = router_link_next(d->router, l));) {
		struct json_object *o = json_push_object(list);
		json_add_int(o, "link", l->link);
		json_add_text(o, "name", l->name);
		json_add_text(o, "category", hncp_category_name(l->category));
		json_add_bool(o, "up", l->up);
		json_add_ip(o, "linklocal", &l->linklocal);
		add_members(d, o, l->link);
		add_link_prefixes(d, o, l->link, now);
		struct json_object *addresses = json_add_array(o, "addresses");
		for (size_t i = 0; i < plan->address_count; i++)
			if (plan->addresses[i].link == l->link)
				json_push_ip(addresses, &plan->addresses[i].ip);
	}
	return list;
}

/* The assignments from one delegated prefix that all nodes publish. */
static void add_assignments(struct daemon *d, struct json_object *o, const struct prefix *delegated)
{
	const struct view *v = router_view(d->router);
	struct json_object *list = json_add_array(o, "assignments");

	for (size_t i = 0; i < v->net.count; i++) {
		const struct hncp_node *n = &v->net.nodes[i];
		for (size_t j = 0; j < n->assigned_count; j++) {
			const struct hncp_assigned *a = &n->assigned[j];
			const char *link = n->id == v->net.self ? link_name(d, a->endpoint) : NULL;
			char name[HNCP_NAME_MAX + 1], endpoint[16];
			if (!prefix_contains(delegated, &a->prefix))
				continue;
			snprintf(endpoint, sizeof(endpoint), "%" PRIu32, a->endpoint);
			struct json_object *to = json_push_object(list);
			json_add_prefix(to, "prefix", &a->prefix);
			json_add_id(to, "node", n->id);
			json_add_text(to, "node_name", node_name(n, n->id, name));
			json_add_text(to, "link", link ? link : endpoint);
			json_add_int(to, "priority", a->priority);
		}
	}
}

struct json_object *show_prefixes(struct daemon *d)
{
	struct json_object *list = json_object_new_array();
	const struct view *v = router_view(d->router);
	msec now = loop_now(d->loop);

	for (size_t i = 0; i < v->delegation_count; i++) {
		const struct view_delegation *from = &v->delegations[i];
		struct json_object *o = json_push_object(list);
		char name[HNCP_NAME_MAX + 1];
		json_add_prefix(o, "delegated", &from->prefix);
		json_add_id(o, "node", from->node);
		json_add_text(o, "node_name", node_name(hncp_network_node(&v->net, from->node), from->node, name));
		json_add_text(o, "kind", view_kind_name(from->kind));
		json_add_lifetime(o, "valid_s", from->valid_until, now);
		json_add_lifetime(o, "preferred_s", from->preferred_until, now);
		add_assignments(d, o, &from->prefix);
	}
	return list;
}

/* The Babel route behind a planned one; NULL if it is of another origin. */
static const struct babel_route *learnt(struct daemon *d, const struct plan_route *p)
{
	const struct babel_key key = { .dst = p->dst, .src = p->src };

	return p->metric == PLAN_METRIC_BABEL ? babel_route_find(router_babel(d->router), &key) : NULL;
}

static const char *origin(const struct plan_route *p, const struct babel_route *b)
{
	if (b)
		return "babel";
	if (p->type == PLAN_UNREACHABLE)
		return "discard";
	return ip_is_any(&p->via) ? "link" : "uplink";
}

struct json_object *show_routes(struct daemon *d)
{
	struct json_object *list = json_object_new_array();
	const struct plan *plan = router_plan(d->router);

	for (size_t i = 0; i < plan->route_count; i++) {
		const struct plan_route *p = &plan->routes[i];
		const struct babel_route *b = learnt(d, p);
		struct json_object *o = json_push_object(list);
		json_add_prefix(o, "dst", &p->dst);
		json_add_prefix(o, "src", &p->src);
		json_add_text(o, "type", p->type == PLAN_UNICAST ? "unicast" : "unreachable");
		json_add_ip(o, "via", &p->via);
		json_add_int(o, "link", p->link);
		json_add_text(o, "link_name", link_name(d, p->link));
		json_add_int(o, "metric", p->metric);
		json_add_text(o, "origin", origin(p, b));
		if (b) {
			char id[17] = "";
			for (size_t j = 0; j < sizeof(b->router_id); j++)
				snprintf(id + 2 * j, 3, "%02x", b->router_id[j]);
			json_add_int(o, "babel_metric", b->metric);
			json_add_text(o, "router_id", id);
		}
	}
	return list;
}

static bool is_static(const struct daemon *d, const char *name)
{
	for (size_t i = 0; i < d->static_count; i++)
		if (strcmp(d->static_uplinks[i].uplink.name, name) == 0)
			return true;
	return false;
}

static void add_ips(struct json_object *o, const char *key, const struct ip *ips, size_t count)
{
	struct json_object *list = json_add_array(o, key);

	for (size_t i = 0; i < count; i++)
		json_push_ip(list, &ips[i]);
}

static void add_uplink(struct daemon *d, struct json_object *o, const struct uplink *up, msec now)
{
	struct json_object *prefixes = json_add_array(o, "prefixes");

	json_add_text(o, "name", up->name);
	json_add_int(o, "link", up->link);
	json_add_text(o, "link_name", link_name(d, up->link));
	json_add_text(o, "kind", is_static(d, up->name) ? "static" : "dhcp");
	json_add_bool(o, "up", true);
	for (size_t i = 0; i < up->prefix_count; i++) {
		struct json_object *p = json_push_object(prefixes);
		json_add_prefix(p, "prefix", &up->prefixes[i].prefix);
		json_add_lifetime(p, "valid_s", up->prefixes[i].valid_until, now);
		json_add_lifetime(p, "preferred_s", up->prefixes[i].preferred_until, now);
	}
	json_add_ip(o, "gateway6", &up->gateway6);
	json_add_ip(o, "gateway4", &up->gateway4);
	add_ips(o, "addresses", up->addresses, up->address_count);
	add_ips(o, "dns", up->dns, up->dns_count);
	json_add_age(o, "age_s", router_uplink_since(d->router, up), now);
}

static bool uplink_on(const struct daemon *d, uint32_t link)
{
	for (const struct uplink *u = NULL; (u = router_uplink_next(d->router, u));)
		if (u->link == link)
			return true;
	return false;
}

struct json_object *show_uplinks(struct daemon *d)
{
	struct json_object *list = json_object_new_array();
	msec now = loop_now(d->loop);

	for (const struct uplink *u = NULL; (u = router_uplink_next(d->router, u));)
		add_uplink(d, json_push_object(list), u, now);
	/* Those from which nothing has come are worth seeing most. */
	for (const struct router_link *l = NULL; (l = router_link_next(d->router, l));) {
		if (l->category != HNCP_EXTERNAL || uplink_on(d, l->link))
			continue;
		struct uplink none = { .link = l->link };
		struct json_object *o = json_push_object(list);
		strcpy(none.name, l->name);
		add_uplink(d, o, &none, now);
		json_add_bool(o, "up", false);
		json_add_text(o, "kind", l->dhcp ? "dhcp" : "static");
		json_add(o, "age_s", NULL);
	}
	return list;
}

/* ---- status ---- */

static bool has_assignment(struct daemon *d, uint32_t link, const struct prefix *delegated)
{
	for (const struct pa_assignment *a = NULL; (a = pa_next(router_pa(d->router), a));)
		if (a->link == link && prefix_equal(&a->delegated, delegated))
			return true;
	return false;
}

/* Links that should have a prefix and do not, once nothing is under way any more. */
static void add_missing_prefixes(struct daemon *d, struct json_object *problems)
{
	const struct view *v = router_view(d->router);
	msec now = loop_now(d->loop);

	for (size_t i = 0; i < v->link_count && !router_converging(d->router); i++) {
		for (size_t j = 0; j < v->delegation_count; j++) {
			const struct view_delegation *from = &v->delegations[j];
			char text[160], prefix[PREFIX_TEXT];
			if (!v->links[i].assign || !view_delegation_creatable(v, from, now) ||
			    has_assignment(d, v->links[i].link, &from->prefix))
				continue;
			snprintf(text, sizeof(text), "%s has no prefix from %s: too many links for so small a prefix",
			         link_name(d, v->links[i].link), prefix_text(&from->prefix, prefix));
			json_push(problems, json_object_new_string(text));
		}
	}
}

static void add_link_problems(struct daemon *d, struct json_object *problems)
{
	size_t inside_up = 0;

	for (const struct router_link *l = NULL; (l = router_link_next(d->router, l));) {
		char text[160];
		inside_up += l->up && hncp_category_is_inside(l->category);
		if (l->category != HNCP_EXTERNAL || uplink_on(d, l->link))
			continue;
		if (!l->up)
			snprintf(text, sizeof(text), "uplink %s is down: is its cable plugged in?", l->name);
		else if (l->dhcp)
			snprintf(text, sizeof(text), "uplink %s gives nothing: its DHCP server does not answer",
			         l->name);
		else
			snprintf(text, sizeof(text), "uplink %s is not configured: hearth uplink add", l->name);
		json_push(problems, json_object_new_string(text));
	}
	if (!inside_up)
		json_push(problems, json_object_new_string("no inside link is up: plug something in"));
}

/* What a neighbour can do to us and the owner should know, for as long after as he is likely to look. */
#define ALARM ((msec)5 * MINUTE)

static void add_alarms(struct daemon *d, struct json_object *problems)
{
	static const struct {
		enum event_kind kind;
		const char *text;
	} alarms[] = {
		{ EVENT_DNCP_LIMIT,
		  "more routers or data than any home has were announced: hearth events shows where" },
		{ EVENT_BABEL_LIMIT, "more routes than any home has were announced: hearth events shows where" },
		{ EVENT_PA_LIMIT, "more prefixes than any home has were announced: hearth events shows where" },
		{ EVENT_DNCP_COLLISION, "another router had this router's identity: was it set up from a copy?" },
	};
	msec now = loop_now(d->loop);

	for (size_t i = 0; i < ARRAY_LEN(alarms); i++)
		if (d->last_event[alarms[i].kind] && d->last_event[alarms[i].kind] + ALARM > now)
			json_push(problems, json_object_new_string(alarms[i].text));
}

static struct json_object *list_problems(struct daemon *d)
{
	struct json_object *problems = json_object_new_array();
	const struct kernel_stats *kernel = kernel_stats(d->kernel);

	add_link_problems(d, problems);
	add_missing_prefixes(d, problems);
	add_alarms(d, problems);
	if (kernel->waiting && *kernel->last_error)
		json_push(problems, json_object_new_string(kernel->last_error));
	return problems;
}

static void add_counters(struct daemon *d, struct json_object *o)
{
	struct json_object *counters = json_add_object(o, "counters");
	struct json_object *dncp = json_add_object(counters, "dncp");
	struct json_object *babel = json_add_object(counters, "babel");
	struct json_object *pa = json_add_object(counters, "pa");
	struct json_object *kernel = json_add_object(counters, "kernel");
	const struct kernel_stats *k = kernel_stats(d->kernel);

	for (int i = 0; i < DNCP_COUNTER_COUNT; i++)
		json_add_int(dncp, dncp_counter_names[i], (int64_t)dncp_counter(router_dncp(d->router), i));
	for (int i = 0; i < BABEL_COUNTER_COUNT; i++)
		json_add_int(babel, babel_counter_names[i], (int64_t)babel_counter(router_babel(d->router), i));
	for (int i = 0; i < PA_COUNTER_COUNT; i++)
		json_add_int(pa, pa_counter_names[i], (int64_t)pa_counter(router_pa(d->router), i));
	json_add_int(kernel, "requests", (int64_t)k->requests);
	json_add_int(kernel, "refused", (int64_t)k->refused);
	json_add_int(kernel, "lost", (int64_t)k->lost);
	json_add_int(kernel, "resyncs", (int64_t)k->resyncs);
	json_add_int(kernel, "routes", (int64_t)k->routes);
	json_add_int(kernel, "addresses", (int64_t)k->addresses);
}

static void add_router(struct daemon *d, struct json_object *o, msec now)
{
	struct json_object *router = json_add_object(o, "router");

	json_add_text(router, "name", router_name(d->router));
	json_add_id(router, "id", dncp_id(router_dncp(d->router)));
	json_add_text(router, "version", HEARTH_VERSION);
	json_add_age(router, "uptime_s", d->started, now);
}

static void add_network_hash(struct daemon *d, struct json_object *o)
{
	uint8_t hash[DNCP_HASH_MAX];
	char text[2 * DNCP_HASH_MAX + 1] = "";

	dncp_network_hash(router_dncp(d->router), hash);
	for (size_t i = 0; i < HNCP_PROFILE.hash_len; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	json_add_text(o, "network_hash", text);
}

struct json_object *show_status(struct daemon *d)
{
	struct json_object *o = json_object_new_object(), *problems = list_problems(d);
	const struct view *v = router_view(d->router);
	struct json_object *uplinks = show_uplinks(d), *links = show_links(d);
	msec now = loop_now(d->loop);
	size_t up = 0;

	for (const struct uplink *u = NULL; (u = router_uplink_next(d->router, u));)
		up++;
	add_router(d, o, now);
	json_add_bool(o, "well", json_object_array_length(problems) == 0);
	json_add(o, "problems", problems);
	json_add_int(o, "routers", (int64_t)v->net.count);
	json_add_int(o, "links", (int64_t)v->link_count);
	json_add_int(o, "uplinks", (int64_t)up);
	json_add_age(o, "since_s", router_changed(d->router), now);
	json_add_text(o, "state", router_converging(d->router) ? "converging" : "settled");
	add_network_hash(d, o);
	json_add(o, "uplink_list", uplinks);
	json_add(o, "link_list", links);
	add_counters(d, o);
	return o;
}
