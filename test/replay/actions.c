/* SPDX-License-Identifier: ISC */
#include <limits.h>

#include "replay.h"

enum { RA = 134, RA_HEAD = 16, OPTION_PREFIX = 3, OPTION_UNIT = 8 };

/* How often watches look while time passes. */
#define GLANCE ((msec)100)

static struct told *told_entry(struct replay *r, unsigned router, unsigned link, const struct prefix *p)
{
	for (size_t i = 0; i < r->told_count; i++)
		if (r->told[i].router == router && r->told[i].link == link && prefix_equal(&r->told[i].prefix, p))
			return &r->told[i];
	ASSERT(r->told_count < REPLAY_TOLD);
	r->told[r->told_count] = (struct told) { .router = router, .link = link, .prefix = *p };
	return &r->told[r->told_count++];
}

static void hear_prefix(struct replay *r, unsigned from, unsigned link, struct cursor *option)
{
	unsigned len = cursor_get_u8(option);
	struct ip ip;

	cursor_get_u8(option);
	uint32_t valid = cursor_get_u32(option), preferred = cursor_get_u32(option);
	cursor_get_u32(option);
	cursor_get(option, ip.b, sizeof(ip.b));
	const struct prefix p = prefix_make(&ip, len);
	struct told *t = told_entry(r, from, link, &p);
	t->valid = valid;
	t->preferred = preferred;
}

/* Only one replay runs at a time: the network has no place for what belongs to it. */
static struct replay *tapping;

/* What hosts are told. */
void replay_tap(struct net *n, unsigned from, const struct router_packet *p)
{
	struct cursor c = cursor_reader(p->data, p->len);

	(void)n;
	if (p->proto != ROUTER_ICMP6 || cursor_get_u8(&c) != RA || !tapping)
		return;
	cursor_skip(&c, 5);
	tapping->offers_default[from][p->link] = cursor_get_u16(&c) > 0;
	cursor_skip(&c, RA_HEAD - 8);
	while (cursor_left(&c)) {
		uint8_t type = cursor_get_u8(&c);
		struct cursor option = cursor_sub(&c, cursor_get_u8(&c) * (size_t)OPTION_UNIT - 2);
		if (type == OPTION_PREFIX)
			hear_prefix(tapping, from, p->link, &option);
	}
}

static struct router *running(struct replay *r, struct words *w, unsigned i)
{
	if (!r->net->routers[i].router)
		words_wrong(w, "this router is off");
	return r->net->routers[i].router;
}

/* boot r0 [as ID] [ula PREFIX] [ipv4 PREFIX]: again as it was plugged before. */
static void boot(struct replay *r, struct words *w)
{
	unsigned i = words_router(w);
	struct prefix ula = { 0 }, ipv4 = { 0 };

	if (r->net->routers[i].router)
		words_wrong(w, "it is on already");
	if (words_accept(w, "as")) {
		uint32_t id = words_hex32(w);
		if (words_accept(w, "ula"))
			ula = words_prefix(w);
		if (words_accept(w, "ipv4"))
			ipv4 = words_prefix(w);
		net_identity(r->net, i, id, &ula, &ipv4);
	}
	net_boot(r->net, i);
	for (unsigned l = 1; l < NET_LINKS; l++)
		if (r->plugged[i][l])
			net_set_link(r->net, i, l, r->category[i][l], true);
}

/* plug r0 l1... [CATEGORY] */
static void plug(struct replay *r, struct words *w)
{
	unsigned i = words_router(w), links[NET_LINKS], count = 0;
	enum hncp_category category = HNCP_INTERNAL;

	running(r, w, i);
	do
		links[count++] = words_link(w);
	while (count < NET_LINKS && w->at < w->count && !hncp_category_parse(w->word[w->at], &category));
	words_next(w);
	while (count-- > 0) {
		r->category[i][links[count]] = category;
		r->plugged[i][links[count]] = true;
		net_set_link(r->net, i, links[count], category, true);
	}
}

static void unplug(struct replay *r, struct words *w)
{
	unsigned i = words_router(w), l = words_link(w);

	running(r, w, i);
	r->plugged[i][l] = false;
	net_set_link(r->net, i, l, r->category[i][l], false);
}

static void cut(struct replay *r, struct words *w)
{
	r->net->cut[words_link(w)] = true;
}

static void mend(struct replay *r, struct words *w)
{
	r->net->cut[words_link(w)] = false;
}

/* uplink r0 l8 PREFIX... for SPAN | none | gone */
static void uplink(struct replay *r, struct words *w)
{
	unsigned i = words_router(w), l = words_link(w);
	struct router *router = running(r, w, i);
	struct uplink up = net_uplink(l, "2001:db8::/56", 0);

	up.prefix_count = 0;
	if (words_accept(w, "gone")) {
		router_uplink_gone(router, r->net->now, up.name);
		return;
	}
	if (!words_accept(w, "none")) {
		while (!words_accept(w, "for")) {
			if (up.prefix_count == UPLINK_PREFIXES)
				words_wrong(w, "too many prefixes");
			up.prefixes[up.prefix_count++].prefix = words_prefix(w);
		}
		msec until = r->net->now + words_span(w);
		for (size_t k = 0; k < up.prefix_count; k++)
			up.prefixes[k].valid_until = up.prefixes[k].preferred_until = until;
	}
	router_uplink_set(router, r->net->now, &up);
}

static void kill_router(struct replay *r, struct words *w)
{
	unsigned i = words_router(w);

	running(r, w, i);
	net_kill(r->net, i);
}

static void stop(struct replay *r, struct words *w)
{
	unsigned i = words_router(w);

	router_goodbye(running(r, w, i), r->net->now);
	net_kill(r->net, i);
}

static void wipe(struct replay *r, struct words *w)
{
	unsigned i = words_router(w);

	if (r->net->routers[i].router)
		words_wrong(w, "kill or stop it first");
	net_wipe(r->net, i);
}

static void note(struct replay *r, struct words *w)
{
	(void)w;
	for (unsigned i = 0; i < NET_ROUTERS; i++) {
		struct note *n = &r->notes[i];
		*n = (struct note) { .on = r->net->routers[i].router };
		if (!n->on)
			continue;
		n->id = dncp_id(router_dncp(r->net->routers[i].router));
		for (const struct pa_assignment *a = NULL; (a = pa_next(router_pa(r->net->routers[i].router), a));)
			if (a->applied && n->applied_count[a->link] < ARRAY_LEN(n->applied[0]))
				n->applied[a->link][n->applied_count[a->link]++] = a->prefix;
	}
}

/* datagram r0 l1 PROTO unicast|multicast from ADDRESS : TLVs or raw:HEX */
static void datagram(struct replay *r, struct words *w)
{
	static const char *const protos[] = {
		[ROUTER_HNCP] = "hncp", [ROUTER_BABEL] = "babel", [ROUTER_ICMP6] = "icmp6"
	};
	unsigned i = words_router(w), l = words_link(w), proto = 0;
	uint8_t data[REPLAY_DATA];
	struct cursor c = cursor_writer(data, sizeof(data));

	while (!words_accept(w, protos[proto]))
		if (++proto == ARRAY_LEN(protos))
			words_wrong(w, "then comes hncp, babel or icmp6");
	bool multicast = words_accept(w, "multicast");
	if (!multicast)
		words_need(w, "unicast");
	words_need(w, "from");
	const struct ip from = words_ip(w);
	words_need(w, ":");
	tlv_words(w, &c);
	replay_inject(r, i, l, (enum router_proto)proto, multicast, &from, data, cursor_done(&c));
}

void replay_inject(struct replay *r, unsigned router, unsigned link, enum router_proto proto, bool multicast,
                   const struct ip *from, const uint8_t *data, size_t len)
{
	const struct net_router *to = &r->net->routers[router];
	const struct router_packet p = {
		.proto = proto,
		.link = link,
		.addr = *from,
		.port = proto == ROUTER_HNCP    ? HNCP_PORT
		        : proto == ROUTER_BABEL ? BABEL_PORT
		                                : 0,
		.multicast = multicast,
		.hop_limit = proto == ROUTER_ICMP6 ? 255 : 1,
		.data = data,
		.len = len,
	};

	if (to->router && to->on_link[link])
		router_input(to->router, r->net->now, &p);
}

/* Those routers that have the watched prefix, of those whose bit is in `of`. */
static unsigned holders(const struct replay *r, const struct watch *v, unsigned of)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < NET_ROUTERS; i++) {
		const struct net_router *n = &r->net->routers[i];
		for (const struct pa_assignment *a = NULL; n->router && (a = pa_next(router_pa(n->router), a));)
			if (of >> i & 1 && a->applied && a->link == v->link && prefix_equal(&a->prefix, &v->had))
				bits |= 1U << i;
	}
	return bits;
}

/* watch link l1 prefix in PREFIX */
static void watch(struct replay *r, struct words *w)
{
	struct watch *v = &r->watches[r->watch_count];
	char found[REPLAY_FOUND];

	if (r->watch_count == REPLAY_WATCHES)
		words_wrong(w, "too many watches");
	words_need(w, "link");
	v->line = w->line;
	v->link = words_link(w);
	words_need(w, "prefix");
	words_need(w, "in");
	v->in = words_prefix(w);
	if (!link_prefix(r, v->link, &v->in, &v->had, found))
		replay_failed(r, w->line, "there is one prefix to watch", found);
	else
		r->watch_count++;
	v->by = holders(r, v, UINT_MAX);
}

/* Whoever had it, and is still on and plugged in, has it. */
static bool still_so(const struct replay *r, const struct watch *v, char found[REPLAY_FOUND])
{
	unsigned there = 0;

	for (unsigned i = 0; i < NET_ROUTERS; i++)
		if (r->net->routers[i].router && r->net->routers[i].on_link[v->link])
			there |= 1U << i;
	unsigned lost = v->by & there & ~holders(r, v, v->by);
	for (unsigned i = 0; i < NET_ROUTERS; i++)
		if (lost >> i & 1)
			snprintf(found, REPLAY_FOUND, "r%u has it no longer", i);
	return !lost;
}

static void glance(struct replay *r)
{
	for (size_t i = 0; i < r->watch_count; i++) {
		struct watch *v = &r->watches[i];
		char found[REPLAY_FOUND], expected[100], text[PREFIX_TEXT];
		if (still_so(r, v, found))
			continue;
		snprintf(expected, sizeof(expected), "watched: l%u keeps %s", v->link, prefix_text(&v->had, text));
		replay_failed(r, v->line, expected, found);
		*v = r->watches[--r->watch_count];
		return;
	}
}

void replay_pass(struct replay *r, msec span)
{
	msec until = r->net->now + span;

	tapping = r;
	while (r->net->now < until) {
		msec next = MIN(until, strangers_run(r));
		if (r->watch_count)
			next = MIN(next, r->net->now + GLANCE);
		net_run(r->net, next - r->net->now);
		glance(r);
	}
	strangers_run(r);
	net_run(r->net, 0);
}

static void after(struct replay *r, struct words *w)
{
	replay_pass(r, words_span(w));
}

static void at(struct replay *r, struct words *w)
{
	msec when = r->start + words_span(w);

	if (when < r->net->now)
		words_wrong(w, "this time has passed");
	replay_pass(r, when - r->net->now);
}

static void seed(struct replay *r, struct words *w)
{
	r->net->prng.state = (uint64_t)words_number(w);
}

bool action(struct replay *r, struct words *w)
{
	static const struct {
		const char *verb;
		void (*run)(struct replay *, struct words *);
	} actions[] = { { "seed", seed },
		        { "boot", boot },
		        { "plug", plug },
		        { "unplug", unplug },
		        { "cut", cut },
		        { "mend", mend },
		        { "at", at },
		        { "after", after },
		        { "kill", kill_router },
		        { "stop", stop },
		        { "wipe", wipe },
		        { "uplink", uplink },
		        { "note", note },
		        { "watch", watch },
		        { "stranger", stranger_make },
		        { "datagram", datagram } };

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (!words_accept(w, actions[i].verb))
			continue;
		tapping = r;
		actions[i].run(r, w);
		words_end(w);
		net_run(r->net, 0);
		return true;
	}
	return false;
}
