/* SPDX-License-Identifier: ISC */
/* The router: inputs to the cores, and the one place where work flows from what changed to what follows from it. */
#include "home/router.h"

#include <stdlib.h>
#include <string.h>

#include "home/internal.h"

void router_dirty(struct router *r, unsigned what)
{
	r->dirty |= what;
}

void router_wake(struct router *r, msec at)
{
	r->next = MIN(r->next, at);
}

struct home_link *router_link(const struct router *r, uint32_t link)
{
	for (size_t i = 0; i < r->link_count; i++)
		if (r->links[i]->state.link == link)
			return r->links[i];
	return NULL;
}

bool home_link_is_inside(const struct home_link *l)
{
	return l->state.up && hncp_category_is_inside(l->state.category);
}

static void send_packet(struct router *r, enum router_proto proto, uint32_t link, const struct ip *to, uint16_t port,
                        const uint8_t *data, size_t len)
{
	const struct home_link *l = router_link(r, link);
	struct router_packet p = {
		.proto = proto, .link = link, .port = port, .multicast = !to, .data = data, .len = len
	};

	if (!l || !l->state.up || r->stopped)
		return;
	if (to)
		p.addr = *to;
	r->env.send(r->env.ctx, &p);
}

static void dncp_send(void *ctx, const struct dncp_datagram *d)
{
	send_packet(ctx, ROUTER_HNCP, d->endpoint, d->multicast ? NULL : &d->addr, d->port, d->data, d->len);
}

static void babel_send(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len)
{
	send_packet(ctx, ROUTER_BABEL, link, to, BABEL_PORT, data, len);
}

static void ra_send(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len)
{
	send_packet(ctx, ROUTER_ICMP6, link, to, 0, data, len);
}

static void dncp_changed(void *ctx)
{
	router_dirty(ctx, DIRTY_VIEW);
}

static void pa_changed(void *ctx)
{
	router_dirty(ctx, DIRTY_PUBLISH | DIRTY_PLAN);
}

static void babel_changed(void *ctx)
{
	router_dirty(ctx, DIRTY_PLAN);
}

/* Babel's Hellos come more often than DNCP's keep-alives. */
static void babel_lost(void *ctx, uint32_t link, const struct ip *addr)
{
	struct router *r = ctx;

	dncp_peer_lost(r->dncp, r->now, link, addr);
}

struct router *router_new(const char *name, const struct router_env *env, msec now)
{
	struct router *r = NEW(struct router);

	ASSERT(strlen(name) > 0 && strlen(name) <= HNCP_NAME_MAX);
	strcpy(r->name, name);
	r->env = *env;
	r->now = r->changed = now;
	r->next = MSEC_NEVER;
	r->generate_at[GENERATE_ULA] = r->generate_at[GENERATE_IPV4] = MSEC_NEVER;
	return r;
}

static void free_link(struct home_link *l)
{
	if (l->ra)
		ra_free(l->ra);
	free(l);
}

void router_free(struct router *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->link_count; i++)
		free_link(r->links[i]);
	babel_free(r->babel);
	pa_free(r->pa);
	dncp_free(r->dncp);
	view_free(&r->view);
	plan_free(&r->plan);
	state_free(r);
	free(r->published);
	free(r);
}

static bool all_equal(const uint8_t *data, size_t len, uint8_t to)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != to)
			return false;
	return true;
}

static void fill_random(struct router *r, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)random_u32(&r->env.random);
}

/* Drawn anew at each start: after one, the feasibility distances that neighbours hold for the old one may be better
 * than what we can announce (RFC 8966 3.8.2.1), and a new one has none. All zeros and all ones are no router-ids
 * (4.1.3). */
static struct babel_conf random_router_id(struct router *r)
{
	struct babel_conf conf;

	do
		fill_random(r, conf.router_id, sizeof(conf.router_id));
	while (all_equal(conf.router_id, sizeof(conf.router_id), 0) ||
	       all_equal(conf.router_id, sizeof(conf.router_id), 0xff));
	return conf;
}

void router_start(struct router *r, msec now)
{
	ASSERT(!r->dncp);
	if (all_equal(r->secret, ROUTER_SECRET_LEN, 0)) /* nothing was restored */
		fill_random(r, r->secret, ROUTER_SECRET_LEN);
	const struct dncp_env dncp_env = { .ctx = r,
		                           .random = r->env.random,
		                           .events = r->env.events,
		                           .send = dncp_send,
		                           .node_data = publish_write,
		                           .changed = dncp_changed };
	const struct pa_env pa_env = {
		.ctx = r, .random = r->env.random, .events = r->env.events, .changed = pa_changed
	};
	const struct babel_env babel_env = { .ctx = r,
		                             .random = r->env.random,
		                             .events = r->env.events,
		                             .send = babel_send,
		                             .changed = babel_changed,
		                             .neighbour_lost = babel_lost };
	const struct babel_conf babel_conf = random_router_id(r);
	r->pa = pa_new(&PA_PARAMS_HNCP, &pa_env);
	r->babel = babel_new(&babel_conf, &babel_env, now);
	r->dncp = dncp_new(&HNCP_PROFILE, &dncp_env, r->node_id, now);
	r->node_id = dncp_id(r->dncp);
	r->now = now;
	router_dirty(r, DIRTY_VIEW | DIRTY_PUBLISH | DIRTY_PLAN);
}

void router_babel_link(struct router *r, msec now, const struct home_link *l)
{
	const struct babel_interface_conf conf = {
		.linklocal = l->state.linklocal,
		.ipv4 = l->babel_ipv4,
		.wireless = l->state.wireless,
		.mtu = l->state.mtu,
	};

	babel_interface_set(r->babel, now, l->state.link, &conf);
}

/* DNCP and Babel run where the category says so and the link is up; nothing else starts or stops them. */
static void set_endpoint(struct router *r, msec now, struct home_link *l)
{
	/* Our address tells our own packets from those of another node that bears our identifier (RFC 7787 4.4). */
	const struct dncp_endpoint_conf conf = { .addr = l->state.linklocal };
	bool wanted = l->state.up && hncp_category_is_endpoint(l->state.category);

	if (wanted && !l->endpoint)
		dncp_endpoint_add(r->dncp, now, l->state.link, &conf);
	else if (wanted)
		dncp_endpoint_address(r->dncp, l->state.link, &conf.addr);
	else if (l->endpoint)
		dncp_endpoint_remove(r->dncp, now, l->state.link);
	if (wanted)
		router_babel_link(r, now, l);
	else if (l->endpoint)
		babel_interface_remove(r->babel, now, l->state.link);
	l->endpoint = wanted;
}

static struct home_link *add_link(struct router *r, const struct router_link *state)
{
	struct home_link *l;
	size_t at = r->link_count;

	if (r->link_count == HOME_LINKS_MAX) {
		event_report(&r->env.events,
		             EVENT(SYS_PROBLEM, .text = "too many interfaces: the newest is left alone"));
		return NULL;
	}
	l = NEW(struct home_link);
	for (; at && r->links[at - 1]->state.link > state->link; at--)
		r->links[at] = r->links[at - 1];
	r->links[at] = l;
	r->link_count++;
	return l;
}

static void set_ra(struct router *r, msec now, struct home_link *l)
{
	const struct ra_env env = { .ctx = r, .random = r->env.random, .events = r->env.events, .send = ra_send };
	bool wanted = hncp_category_is_inside(l->state.category);

	if (wanted && !l->ra) {
		l->ra = ra_new(l->state.link, &env);
		state_link(r, now, l);
	} else if (!wanted && l->ra) {
		ra_goodbye(l->ra, now, true);
		ra_free(l->ra);
		l->ra = NULL;
	}
}

void router_link_set(struct router *r, msec now, const struct router_link *state)
{
	struct home_link *l = router_link(r, state->link);
	bool was_up = l && l->state.up;

	if (!l && !(l = add_link(r, state)))
		return;
	if (!was_up && state->up)
		l->up_since = now;
	l->state = *state;
	set_ra(r, now, l);
	set_endpoint(r, now, l);
	if (was_up != state->up)
		event_report(&r->env.events,
		             state->up ? EVENT(HOME_LINK_UP, .link = state->link, .text = l->state.name)
		                       : EVENT(HOME_LINK_DOWN, .link = state->link, .text = l->state.name));
	r->now = now;
	router_dirty(r, DIRTY_VIEW | DIRTY_PUBLISH | DIRTY_PLAN);
}

void router_link_gone(struct router *r, msec now, uint32_t link)
{
	struct home_link *l = router_link(r, link);

	if (!l)
		return;
	state_link_gone(r, now, l);
	struct router_link down = l->state;
	down.up = false;
	router_link_set(r, now, &down);
	size_t i = 0;
	while (r->links[i] != l)
		i++;
	memmove(&r->links[i], &r->links[i + 1], (--r->link_count - i) * sizeof(r->links[0]));
	free_link(l);
}

static struct home_uplink *find_uplink(struct router *r, const char *name)
{
	for (size_t i = 0; i < r->uplink_count; i++)
		if (strcmp(r->uplinks[i].up.name, name) == 0)
			return &r->uplinks[i];
	return NULL;
}

void router_uplink_set(struct router *r, msec now, const struct uplink *up)
{
	struct home_uplink *u = find_uplink(r, up->name);

	if (!u && r->uplink_count == HOME_UPLINKS_MAX) {
		event_report(&r->env.events, EVENT(SYS_PROBLEM, .text = "too many uplinks: the newest is not used"));
		return;
	}
	if (!u) {
		u = &r->uplinks[r->uplink_count++];
		*u = (struct home_uplink) { .gone = true };
	}
	if (u->gone) {
		u->since = now;
		event_report(&r->env.events, EVENT(HOME_UPLINK_UP, .link = up->link, .text = up->name));
	}
	u->up = *up;
	u->gone = false;
	own_uplink_set(r, now, up, false);
	r->now = now;
}

void router_uplink_gone(struct router *r, msec now, const char *name)
{
	struct home_uplink *u = find_uplink(r, name);

	if (!u || u->gone)
		return;
	event_report(&r->env.events, EVENT(HOME_UPLINK_DOWN, .link = u->up.link, .text = name));
	own_uplink_set(r, now, &u->up, true);
	struct uplink left = { .link = u->up.link };
	strcpy(left.name, u->up.name);
	u->up = left;
	u->gone = true;
	r->now = now;
}

/* Entries of uplinks that have gone are kept only as long as they have a stale prefix. */
static void drop_uplinks(struct router *r)
{
	for (size_t i = r->uplink_count; i-- > 0;) {
		struct home_uplink *u = &r->uplinks[i];
		bool used = !u->gone;
		for (size_t j = 0; j < r->own_count; j++)
			used |= strcmp(r->own[j].uplink, u->up.name) == 0;
		if (!used)
			memmove(u, u + 1, (--r->uplink_count - i) * sizeof(*u));
	}
}

void router_input(struct router *r, msec now, const struct router_packet *p)
{
	struct home_link *l = router_link(r, p->link);

	r->now = now;
	if (!l || !l->state.up || r->stopped)
		return;
	switch (p->proto) {
	case ROUTER_HNCP: {
		/* RFC 7788 3: both addresses are link-local; multicast to us was to the link-local group. */
		const struct dncp_datagram d = { .endpoint = p->link,
			                         .addr = p->addr,
			                         .port = p->port,
			                         .multicast = p->multicast,
			                         .data = p->data,
			                         .len = p->len };
		if (l->endpoint && ip_is_linklocal(&p->addr))
			dncp_input(r->dncp, now, &d);
		break;
	}
	case ROUTER_BABEL:
		if (l->endpoint)
			babel_input(r->babel, now, p->link, &p->addr, p->port, p->multicast, p->data, p->len);
		break;
	case ROUTER_ICMP6:
		if (l->ra)
			ra_input(l->ra, now, &p->addr, p->hop_limit, p->data, p->len);
		break;
	}
}

static bool has_member(const struct view_link *l, uint32_t node, uint32_t endpoint)
{
	for (size_t i = 0; l && i < l->member_count; i++)
		if (l->members[i].node->id == node && l->members[i].endpoint == endpoint)
			return true;
	return false;
}

/* A peer that no longer has us for a peer does not hear us: its cable is out, or it is about to stop. It can say so by
 * way of others at once, where Babel would wait for its Hellos to be missed. */
static void tell_babel(struct router *r, msec now, uint32_t link, const struct hncp_link_member *m)
{
	for (const struct dncp_peer *p = NULL; (p = dncp_peer_next(r->dncp, p));)
		if (p->endpoint == link && p->node == m->node->id && p->remote_endpoint == m->endpoint)
			babel_neighbour_lost(r->babel, now, link, &p->addr);
}

/* What follows where another router is no longer on a link of ours. */
static void note_lost_members(struct router *r, msec now, const struct view *old)
{
	for (size_t i = 0; i < old->link_count; i++) {
		const struct view_link *l = &old->links[i], *after = view_link_find(&r->view, l->link);
		struct home_link *home = router_link(r, l->link);
		for (size_t j = 0; home && home->state.up && j < l->member_count; j++) {
			if (has_member(after, l->members[j].node->id, l->members[j].endpoint))
				continue;
			home->preferred_until = now + HOME_PREFERRED;
			/* Whoever has vanished altogether tells Babel so himself, or is missed; there is no other way
			 * to him that could be taken sooner. And it may be another who spoke in his name. */
			if (hncp_network_node(&r->view.net, l->members[j].node->id))
				tell_babel(r, now, l->link, &l->members[j]);
		}
	}
}

static void rebuild_view(struct router *r, msec now)
{
	uint32_t links[HOME_LINKS_MAX];
	size_t count = 0;
	struct view old = r->view;

	for (size_t i = 0; i < r->link_count; i++)
		if (home_link_is_inside(r->links[i]))
			links[count++] = r->links[i]->state.link;
	view_build(&r->view, r->dncp, links, count, now);
	note_lost_members(r, now, &old);
	view_free(&old);
	if (r->node_id != dncp_id(r->dncp)) {
		/* Another has our identifier: chance, or a copy of our disk. A copy has our secret too, and with it
		 * would take the same addresses as we. */
		r->node_id = dncp_id(r->dncp);
		fill_random(r, r->secret, ROUTER_SECRET_LEN);
	}
}

/* All but Babel's routes: works out what we have, what is assigned to where, and what we publish. */
static void settle_state(struct router *r, msec now, bool view)
{
	r->next = MSEC_NEVER;
	if (view)
		rebuild_view(r, now);
	own_update(r, now);
	drop_uplinks(r);
	if (view)
		assign_update(r, now);
	address_update(r, now);
	publish_check(r, now);
}

/* Works out everything that follows from what has changed. What the cores change meanwhile is worked out again, a
 * bounded number of times; the rest is due at once. */
static void settle(struct router *r, msec now)
{
	for (int rounds = 0; r->dirty && rounds < 8; rounds++) {
		unsigned dirty = r->dirty;
		r->dirty = 0;
		if (dirty & (DIRTY_VIEW | DIRTY_PUBLISH))
			settle_state(r, now, dirty & DIRTY_VIEW);
		plan_update(r, now);
		if (dirty & (DIRTY_VIEW | DIRTY_PUBLISH))
			state_save(r, now);
	}
}

msec router_deadline(const struct router *r)
{
	msec at = r->dirty ? r->now : r->next;

	at = MIN(at, dncp_deadline(r->dncp));
	at = MIN(at, pa_deadline(r->pa));
	at = MIN(at, babel_deadline(r->babel));
	for (size_t i = 0; i < r->link_count; i++)
		if (r->links[i]->ra && r->links[i]->state.up)
			at = MIN(at, ra_deadline(r->links[i]->ra));
	return r->stopped ? MSEC_NEVER : at;
}

void router_run(struct router *r, msec now)
{
	if (r->stopped)
		return;
	r->now = now;
	/* Inputs first: what follows from a link that went is then published together with its loss. Peers that heard
	 * of the loss alone would see our assignments there as rivals of their own and give theirs up. */
	settle(r, now);
	dncp_run(r->dncp, now);
	pa_run(r->pa, now);
	babel_run(r->babel, now);
	if (r->next <= now)
		router_dirty(r, DIRTY_VIEW | DIRTY_PUBLISH | DIRTY_PLAN);
	settle(r, now);
	dncp_run(r->dncp, now);
	for (size_t i = 0; i < r->link_count; i++)
		if (r->links[i]->ra && r->links[i]->state.up)
			ra_run(r->links[i]->ra, now);
}

void router_goodbye(struct router *r, msec now)
{
	event_report(&r->env.events, EVENT(HOME_STOPPING));
	for (size_t i = 0; i < r->link_count; i++) {
		struct home_link *l = r->links[i];
		const struct view_link *common = view_link_find(&r->view, l->state.link);
		if (l->ra)
			ra_goodbye(l->ra, now, !common || common->member_count == 0);
	}
	babel_goodbye(r->babel, now);
	dncp_goodbye(r->dncp, now);
	r->stopped = true;
}

const char *router_name(const struct router *r)
{
	return r->name;
}

const struct view *router_view(const struct router *r)
{
	return &r->view;
}

const struct plan *router_plan(const struct router *r)
{
	return &r->plan;
}

msec router_changed(const struct router *r)
{
	return r->changed;
}

const struct dncp *router_dncp(const struct router *r)
{
	return r->dncp;
}

const struct babel *router_babel(const struct router *r)
{
	return r->babel;
}

const struct pa *router_pa(const struct router *r)
{
	return r->pa;
}

const struct router_link *router_link_next(const struct router *r, const struct router_link *after)
{
	for (size_t i = 0; i < r->link_count; i++)
		if (!after || r->links[i]->state.link > after->link)
			return &r->links[i]->state;
	return NULL;
}

const struct uplink *router_uplink_next(const struct router *r, const struct uplink *after)
{
	bool passed = !after;

	for (size_t i = 0; i < r->uplink_count; i++) {
		if (passed && !r->uplinks[i].gone)
			return &r->uplinks[i].up;
		passed |= &r->uplinks[i].up == after;
	}
	return NULL;
}

msec router_uplink_since(const struct router *r, const struct uplink *up)
{
	for (size_t i = 0; i < r->uplink_count; i++)
		if (&r->uplinks[i].up == up)
			return r->uplinks[i].since;
	return r->now;
}

bool router_converging(const struct router *r)
{
	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));)
		if (!a->applied)
			return true;
	return r->dirty || r->generate_at[GENERATE_ULA] != MSEC_NEVER || r->generate_at[GENERATE_IPV4] != MSEC_NEVER;
}
