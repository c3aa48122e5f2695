/* SPDX-License-Identifier: ISC */
/* From the view to prefix assignment: delegated prefixes, links and what others advertise (RFC 7788 6.3.1). */
#include "home/internal.h"

/* The shared link of ours on which `node` has its interface `endpoint`; 0 if it is on none. That the node has us for a
 * peer there is enough, although a common link needs both sides (RFC 7788 6.1): when a router dies its neighbours miss
 * it one after the other, and whoever is first would take the dead one's prefix on their link for that of another link,
 * and give its own up. If it lives it drops us soon, and then it is no longer on the link. */
static uint32_t shared_link(const struct view *v, const struct hncp_node *node, uint32_t endpoint)
{
	for (size_t i = 0; endpoint && i < node->peer_count; i++) {
		const struct hncp_peer *p = &node->peers[i];
		const struct view_link *l;
		if (p->endpoint != endpoint || p->node != v->net.self)
			continue;
		l = view_link_find(v, p->remote_endpoint);
		if (l && l->assign)
			return l->link;
	}
	return 0;
}

static void add_delegated(struct arena *a, const struct view *v, msec now, struct pa_input *in)
{
	struct pa_delegated *out = arena_alloc(a, v->delegation_count, sizeof(*out));

	for (size_t i = 0; i < v->delegation_count; i++) {
		out[i].prefix = v->delegations[i].prefix;
		out[i].creatable = view_delegation_creatable(v, &v->delegations[i], now);
	}
	in->delegated = out;
	in->delegated_count = v->delegation_count;
}

/* True once nobody answered on the link for long enough to believe that nobody is there. */
static bool silent(struct router *r, const struct view_link *v, msec now)
{
	const struct home_link *l = router_link(r, v->link);

	if (!l || v->member_count)
		return false;
	if (!l->endpoint)
		return true; /* a leaf has no other routers */
	if (l->up_since + HOME_LISTEN > now) {
		router_wake(r, l->up_since + HOME_LISTEN);
		return false;
	}
	return true;
}

static void add_links(struct arena *a, struct router *r, msec now, struct pa_input *in)
{
	const struct view *v = &r->view;
	struct pa_link *out = arena_alloc(a, v->link_count, sizeof(*out));

	in->alone = v->net.count == 1;
	for (size_t i = 0; i < v->link_count; i++) {
		bool alone = silent(r, &v->links[i], now);
		in->alone &= alone;
		if (v->links[i].assign)
			out[in->link_count++] = (struct pa_link) { .id = v->links[i].link,
				                                   .alone = alone,
				                                   .priority = PA_PRIORITY_DEFAULT };
	}
	in->links = out;
}

static void add_advertised(struct arena *a, const struct view *v, struct pa_input *in)
{
	struct pa_advertised *out = NULL;
	size_t count = 0;

	for (size_t i = 0; i < v->net.count; i++) {
		const struct hncp_node *node = &v->net.nodes[i];
		for (size_t j = 0; node->id != v->net.self && j < node->assigned_count; j++) {
			const struct hncp_assigned *from = &node->assigned[j];
			struct pa_advertised *to = ARENA_PUSH(a, out, count);
			*to = (struct pa_advertised) {
				.node = node->id,
				.prefix = from->prefix,
				.priority = from->priority,
				.link = shared_link(v, node, from->endpoint),
			};
		}
	}
	in->advertised = out;
	in->advertised_count = count;
}

void assign_update(struct router *r, msec now)
{
	struct arena a = { 0 };
	struct pa_input in = { .node = r->view.net.self };

	add_delegated(&a, &r->view, now, &in);
	add_links(&a, r, now, &in);
	add_advertised(&a, &r->view, &in);
	pa_update(r->pa, now, &in);
	arena_free(&a);
}
