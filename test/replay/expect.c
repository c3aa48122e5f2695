/* SPDX-License-Identifier: ISC */
#include <stdarg.h>

#include "replay.h"

/* How a thing is wanted. */
enum wanted { ANY, NONE, DEPRECATED, PREFERRED };

static bool say(char found[REPLAY_FOUND], bool ok, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool say(char found[REPLAY_FOUND], bool ok, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(found, REPLAY_FOUND, format, args);
	va_end(args);
	return ok;
}

/* no | deprecated | preferred, or nothing of these */
static enum wanted take_wanted(struct words *w)
{
	if (words_accept(w, "no"))
		return NONE;
	if (words_accept(w, "deprecated"))
		return DEPRECATED;
	return words_accept(w, "preferred") ? PREFERRED : ANY;
}

/* Is what was wanted there? `preferred` says in which way it is there. */
static bool fits(enum wanted wanted, bool there, bool preferred)
{
	switch (wanted) {
	case NONE:
		return !there;
	case DEPRECATED:
		return there && !preferred;
	case PREFERRED:
		return there && preferred;
	case ANY:
		break;
	}
	return there;
}

static const char *shown(bool there, bool preferred)
{
	return !there ? "none" : preferred ? "one that is preferred" : "one that is deprecated";
}

bool link_prefix(const struct replay *r, unsigned link, const struct prefix *in, struct prefix *out,
                 char found[REPLAY_FOUND])
{
	unsigned first = NET_ROUTERS;
	char a[PREFIX_TEXT], b[PREFIX_TEXT];

	for (unsigned i = 0; i < NET_ROUTERS; i++) {
		struct prefix p;
		if (!r->net->routers[i].router || !r->net->routers[i].on_link[link])
			continue;
		size_t count = net_applied(r->net, i, link, in, &p);
		if (count != 1)
			return say(found, false, "r%u has %zu on l%u", i, count, link);
		if (first < NET_ROUTERS && !prefix_equal(&p, out))
			return say(found, false, "r%u has %s and r%u has %s on l%u", first, prefix_text(out, a), i,
			           prefix_text(&p, b), link);
		first = i;
		*out = p;
	}
	return first < NET_ROUTERS ? say(found, true, "%s on l%u", prefix_text(out, a), link)
	                           : say(found, false, "no router on l%u", link);
}

static bool no_prefix(const struct replay *r, unsigned link, const struct prefix *in, char found[REPLAY_FOUND])
{
	for (unsigned i = 0; i < NET_ROUTERS; i++) {
		struct prefix p;
		char text[PREFIX_TEXT];
		if (r->net->routers[i].router && net_applied(r->net, i, link, in, &p))
			return say(found, false, "r%u has %s on l%u", i, prefix_text(&p, text), link);
	}
	return true;
}

static bool was_there(const struct replay *r, unsigned link, const struct prefix *p)
{
	for (unsigned i = 0; i < NET_ROUTERS; i++)
		for (size_t k = 0; k < r->notes[i].applied_count[link]; k++)
			if (prefix_equal(&r->notes[i].applied[link][k], p))
				return true;
	return false;
}

/* link L has|keeps|changes one|its|no prefix in P */
static bool expect_link(struct replay *r, struct words *w, char found[REPLAY_FOUND])
{
	unsigned link = words_link(w);
	bool keeps = words_accept(w, "keeps"), changes = !keeps && words_accept(w, "changes"), none = false;
	struct prefix p;

	if (keeps || changes) {
		words_need(w, "its");
	} else {
		words_need(w, "has");
		none = words_accept(w, "no");
		if (!none)
			words_need(w, "one");
	}
	words_need(w, "prefix");
	words_need(w, "in");
	const struct prefix in = words_prefix(w);
	if (none)
		return no_prefix(r, link, &in, found);
	if (!link_prefix(r, link, &in, &p, found))
		return false;
	return (!keeps && !changes) || was_there(r, link, &p) == keeps;
}

/* One network state hash for all, and no two links with overlapping applied prefixes. */
static bool expect_agreement(struct replay *r, char found[REPLAY_FOUND])
{
	uint8_t first[DNCP_HASH_MAX] = { 0 }, hash[DNCP_HASH_MAX] = { 0 };
	struct {
		unsigned router, link;
		struct prefix prefix;
	} all[512];
	size_t count = 0;
	bool any = false;

	for (unsigned i = 0; i < NET_ROUTERS; i++) {
		const struct router *router = r->net->routers[i].router;
		if (!router)
			continue;
		dncp_network_hash(router_dncp(router), any ? hash : first);
		if (any && memcmp(first, hash, sizeof(hash)) != 0)
			return say(found, false, "r%u has another network state than the first", i);
		any = true;
		for (const struct pa_assignment *a = NULL; (a = pa_next(router_pa(router), a));) {
			for (size_t k = 0; k < count; k++)
				if (a->applied && a->link != all[k].link && prefix_overlaps(&a->prefix, &all[k].prefix))
					return say(found, false, "r%u l%u and r%u l%u overlap", i, a->link,
					           all[k].router, all[k].link);
			if (a->applied && count < ARRAY_LEN(all)) {
				all[count].router = i;
				all[count].link = a->link;
				all[count++].prefix = a->prefix;
			}
		}
	}
	return any;
}

/* rN nodes COMPARE */
static bool expect_nodes(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND])
{
	size_t count = 0;

	for (const struct dncp_node *n = NULL; (n = dncp_node_next(router_dncp(r->net->routers[i].router), n));)
		count++;
	say(found, true, "%zu nodes", count);
	return words_compare(w, (int64_t)count);
}

/* rN knows|misses NODE */
static bool expect_known(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND], bool wanted)
{
	uint32_t id = words_node(r->net, w);
	const struct dncp_node *n = dncp_node_find(router_dncp(r->net->routers[i].router), id);

	return say(found, (n && n->reachable) == wanted, "%08x is %s", id,
	           !n             ? "unknown"
	           : n->reachable ? "reachable"
	                          : "known but not reachable");
}

/* rN [no|unreachable] route DST from SRC */
static bool expect_route(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND], bool none,
                         bool unreachable)
{
	const struct prefix dst = words_prefix(w);
	words_need(w, "from");
	const struct prefix src = words_prefix(w);
	const struct plan_route *route = net_route(r->net, i, &dst, &src);

	say(found, true, !route ? "none" : route->type == PLAN_UNREACHABLE ? "an unreachable one" : "one to go by");
	if (none || unreachable)
		return none ? !route : route && route->type == PLAN_UNREACHABLE;
	return route && route->type == PLAN_UNICAST;
}

/* rN WANTED delegation P */
static bool expect_delegation(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND],
                              enum wanted wanted)
{
	const struct prefix p = words_prefix(w);
	const struct view_delegation *d = view_delegation_find(router_view(r->net->routers[i].router), &p);
	bool preferred = d && d->preferred_until > r->net->now;

	return say(found, fits(wanted, d != NULL, preferred), "%s", shown(d != NULL, preferred));
}

/* rN delegations in P COMPARE */
static bool expect_delegations(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND])
{
	words_need(w, "in");
	const struct prefix in = words_prefix(w);
	const struct view *v = router_view(r->net->routers[i].router);
	int64_t count = 0;

	for (size_t k = 0; k < v->delegation_count; k++)
		count += prefix_contains(&in, &v->delegations[k].prefix);
	say(found, true, "%lld", (long long)count);
	return words_compare(w, count);
}

/* rN WANTED address in P on L */
static bool expect_address(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND], enum wanted wanted)
{
	words_need(w, "in");
	const struct prefix in = words_prefix(w);
	words_need(w, "on");
	unsigned link = words_link(w);
	const struct plan *p = router_plan(r->net->routers[i].router);
	bool there = false, preferred = false;

	for (size_t k = 0; k < p->address_count; k++) {
		if (p->addresses[k].link != link || !prefix_has_ip(&in, &p->addresses[k].ip))
			continue;
		there = true;
		preferred |= p->addresses[k].preferred_until > r->net->now;
	}
	return say(found, fits(wanted, there, preferred), "%s", shown(there, preferred));
}

/* rN tells l4 WANTED prefix in P | [no] default */
static bool expect_told(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND])
{
	unsigned link = words_link(w);
	enum wanted wanted = take_wanted(w);
	bool there = false, preferred = false;

	if (words_accept(w, "default")) {
		bool offers = r->offers_default[i][link];
		return say(found, offers == (wanted != NONE), "%s", offers ? "one is offered" : "none is offered");
	}
	words_need(w, "prefix");
	words_need(w, "in");
	const struct prefix in = words_prefix(w);
	for (size_t k = 0; k < r->told_count; k++) {
		const struct told *t = &r->told[k];
		if (t->router != i || t->link != link || !prefix_contains(&in, &t->prefix) || !t->valid)
			continue;
		there = true;
		preferred |= t->preferred > 0;
	}
	return say(found, fits(wanted, there, preferred), "%s", shown(there, preferred));
}

/* rN counter dncp|babel|pa NAME COMPARE */
static bool expect_counter(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND])
{
	const struct router *router = r->net->routers[i].router;
	const char *core = words_take(w, "dncp, babel or pa"), *name = words_take(w, "a counter");
	int64_t n = -1;

	for (unsigned k = 0; strcmp(core, "dncp") == 0 && k < DNCP_COUNTER_COUNT; k++)
		if (strcmp(dncp_counter_names[k], name) == 0)
			n = (int64_t)dncp_counter(router_dncp(router), (enum dncp_counter)k);
	for (unsigned k = 0; strcmp(core, "babel") == 0 && k < BABEL_COUNTER_COUNT; k++)
		if (strcmp(babel_counter_names[k], name) == 0)
			n = (int64_t)babel_counter(router_babel(router), (enum babel_counter)k);
	for (unsigned k = 0; strcmp(core, "pa") == 0 && k < PA_COUNTER_COUNT; k++)
		if (strcmp(pa_counter_names[k], name) == 0)
			n = (int64_t)pa_counter(router_pa(router), (enum pa_counter)k);
	if (n < 0)
		words_wrong(w, "no such counter");
	say(found, true, "%lld", (long long)n);
	return words_compare(w, n);
}

/* rN understands NODE : assigned|peers|names|zones|connections|ignored COMPARE */
static bool expect_understood(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND])
{
	const struct hncp_node *n =
	        hncp_network_node(&router_view(r->net->routers[i].router)->net, words_node(r->net, w));
	const char *what = words_take(w, "what of it");
	const struct {
		const char *what;
		size_t count;
	} counts[] = { { "peers", n ? n->peer_count : 0 },        { "assigned", n ? n->assigned_count : 0 },
		       { "names", n ? n->name_count : 0 },        { "zones", n ? n->zone_count : 0 },
		       { "addresses", n ? n->address_count : 0 }, { "connections", n ? n->connection_count : 0 },
		       { "ignored", n ? n->ignored : 0 } };

	for (size_t k = 0; k < ARRAY_LEN(counts); k++) {
		if (strcmp(counts[k].what, what) != 0)
			continue;
		say(found, true, n ? "%zu %s" : "%zu %s (the node is unknown)", counts[k].count, what);
		return words_compare(w, (int64_t)counts[k].count) && n;
	}
	words_wrong(w, "peers, assigned, names, zones, addresses, connections or ignored");
}

/* rN keeps|changes its identifier */
static bool expect_identifier(struct replay *r, unsigned i, struct words *w, char found[REPLAY_FOUND], bool keeps)
{
	uint32_t id = dncp_id(router_dncp(r->net->routers[i].router));

	words_need(w, "its");
	words_need(w, "identifier");
	if (!r->notes[i].on)
		words_wrong(w, "nothing was noted of it");
	return say(found, (id == r->notes[i].id) == keeps, "%08x, noted was %08x", id, r->notes[i].id);
}

static bool expect_router(struct replay *r, struct words *w, char found[REPLAY_FOUND])
{
	static const struct {
		const char *word;
		bool (*expect)(struct replay *, unsigned, struct words *, char[REPLAY_FOUND]);
	} simple[] = { { "nodes", expect_nodes },
		       { "delegations", expect_delegations },
		       { "tells", expect_told },
		       { "counter", expect_counter },
		       { "understands", expect_understood } };
	unsigned i = words_router(w);

	if (!r->net->routers[i].router)
		words_wrong(w, "this router is off");
	for (size_t k = 0; k < ARRAY_LEN(simple); k++)
		if (words_accept(w, simple[k].word))
			return simple[k].expect(r, i, w, found);
	if (words_accept(w, "knows"))
		return expect_known(r, i, w, found, true);
	if (words_accept(w, "misses"))
		return expect_known(r, i, w, found, false);
	if (words_accept(w, "keeps"))
		return expect_identifier(r, i, w, found, true);
	if (words_accept(w, "changes"))
		return expect_identifier(r, i, w, found, false);
	bool unreachable = words_accept(w, "unreachable");
	enum wanted wanted = take_wanted(w);
	if (words_accept(w, "route"))
		return expect_route(r, i, w, found, wanted == NONE, unreachable);
	if (words_accept(w, "delegation"))
		return expect_delegation(r, i, w, found, wanted);
	words_need(w, "address");
	return expect_address(r, i, w, found, wanted);
}

bool expectation(struct replay *r, struct words *w, char found[REPLAY_FOUND])
{
	bool ok;

	if (words_accept(w, "agreement"))
		ok = expect_agreement(r, found);
	else if (words_accept(w, "link"))
		ok = expect_link(r, w, found);
	else
		ok = expect_router(r, w, found);
	words_end(w);
	return ok;
}
