/* SPDX-License-Identifier: ISC */
/* Received datagrams. They are read twice: first whole, to see that everything in them is well-formed, then TLV by TLV,
 * to act. Answers follow at the end, from the state that all of it has led to. */
#include "proto/dncp/dncp_internal.h"

#include <string.h>

static void on_request_network(struct dncp *d, struct message *m, struct cursor *c)
{
	(void)d;
	(void)c;
	m->reply_network = true;
}

static void on_request_node(struct dncp *d, struct message *m, struct cursor *c)
{
	(void)m;
	if (d->asked_count == DNCP_IDS_MAX) {
		count(d, DNCP_COUNT_RATE_LIMITED);
		return;
	}
	d->asked[d->asked_count++] = cursor_get_u32(c);
}

static void on_network_state(struct dncp *d, struct message *m, struct cursor *c)
{
	m->network_hash = cursor_take(c, d->profile->hash_len);
}

static void add_want(struct dncp *d, const struct node_state *s)
{
	const struct node *n = dncp_node_lookup(d, s->id);

	if (d->want_count == DNCP_IDS_MAX) {
		count(d, DNCP_COUNT_RATE_LIMITED);
		return;
	}
	d->wants[d->want_count++] = (struct want) { .id = s->id, .seqno = s->seqno, .version = n ? n->pub.version : 0 };
}

static void on_node_state(struct dncp *d, struct message *m, struct cursor *c)
{
	struct node_state s;

	s.id = cursor_get_u32(c);
	s.seqno = cursor_get_u32(c);
	s.age = cursor_get_u32(c);
	s.hash = cursor_take(c, d->profile->hash_len);
	s.len = cursor_left(c);
	s.data = s.len ? cursor_take(c, s.len) : NULL;
	if (s.id == d->self->pub.id) {
		dncp_own_state_heard(d, s.seqno, s.hash);
		return;
	}
	switch (dncp_node_heard(d, &s, m->ep->id, m->has_sender && m->sender.node == s.id)) {
	case NODE_WANTED:
		add_want(d, &s);
		m->differs = true;
		break;
	case NODE_DIFFERS:
		m->differs = true;
		break;
	case NODE_SAME:
	case NODE_TAKEN:
		break;
	}
}

/* The TLVs that may stand in a datagram. Longer values are not wrong: sub-TLVs may follow (RFC 7787 7). All others are
 * ignored there, Peer and Keep-Alive Interval among them (7.3). */
static const struct {
	uint16_t type;
	uint8_t fixed; /* octets of the value, least */
	bool hash;     /* and a hash */
	bool open;     /* may come by multicast although unicast is secure (RFC 7787 4.4, 9) */
	void (*handle)(struct dncp *, struct message *, struct cursor *value);
} tlvs[] = {
	{ DNCP_TLV_REQUEST_NETWORK_STATE, 0, false, false, on_request_network },
	{ DNCP_TLV_REQUEST_NODE_STATE, REQUEST_NODE_LEN, false, false, on_request_node },
	{ DNCP_TLV_NODE_ENDPOINT, NODE_ENDPOINT_LEN, false, true, NULL }, /* was read at first */
	{ DNCP_TLV_NETWORK_STATE, 0, true, true, on_network_state },
	{ DNCP_TLV_NODE_STATE, NODE_STATE_LEN, true, false, on_node_state },
};

/* The place of `type` in the table; ARRAY_LEN(tlvs) if it has none. */
static size_t tlv_slot(uint16_t type)
{
	size_t i = 0;

	while (i < ARRAY_LEN(tlvs) && tlvs[i].type != type)
		i++;
	return i;
}

/* Reads the sender. False if it is none, or another than before in the same datagram. */
static bool read_sender(struct message *m, const struct tlv *t)
{
	struct cursor c = tlv_reader(t);
	struct edge who = { 0 };

	who.node = cursor_get_u32(&c);
	who.remote = cursor_get_u32(&c);
	if (!who.remote) /* RFC 7787 2: 0 is reserved */
		return false;
	if (m->has_sender && dncp_edge_compare(&who, &m->sender) != 0)
		return false;
	m->sender = who;
	m->has_sender = true;
	return true;
}

/* What is wrong with one TLV; DNCP_COUNTER_COUNT if nothing. */
static enum dncp_counter check_tlv(const struct dncp *d, struct message *m, const struct tlv *t)
{
	size_t slot = tlv_slot(t->type);

	if (slot == ARRAY_LEN(tlvs))
		return DNCP_COUNTER_COUNT;
	if (t->len < tlvs[slot].fixed + (tlvs[slot].hash ? d->profile->hash_len : 0))
		return DNCP_COUNT_BAD_LENGTH;
	if (t->type == DNCP_TLV_NODE_ENDPOINT && !read_sender(m, t))
		return DNCP_COUNT_MALFORMED;
	/* RFC 7787 4.2: "MUST be located before any such TLV". */
	if (t->type == DNCP_TLV_NETWORK_STATE && !m->has_sender)
		return DNCP_COUNT_NO_ENDPOINT;
	return DNCP_COUNTER_COUNT;
}

/* Goes through the whole datagram and finds its sender. False, and counted, if anything in it is wrong. */
static bool check(struct dncp *d, struct message *m)
{
	struct cursor c = cursor_reader(m->d->data, m->d->len);
	size_t n = 0;

	for (struct tlv t; tlv_next(&c, &t);) {
		enum dncp_counter wrong = ++n > DNCP_TLVS_MAX ? DNCP_COUNT_TLV_LIMIT : check_tlv(d, m, &t);
		if (wrong != DNCP_COUNTER_COUNT) {
			count(d, wrong);
			return false;
		}
	}
	if (!cursor_finished(&c)) {
		count(d, DNCP_COUNT_MALFORMED);
		return false;
	}
	return true;
}

static void act(struct dncp *d, struct message *m)
{
	struct cursor c = cursor_reader(m->d->data, m->d->len);
	bool closed = m->d->multicast && m->ep->conf.secure;

	d->want_count = d->asked_count = 0;
	for (struct tlv t; tlv_next(&c, &t);) {
		size_t slot = tlv_slot(t.type);
		if (slot == ARRAY_LEN(tlvs) || !tlvs[slot].handle || (closed && !tlvs[slot].open))
			continue;
		struct cursor value = tlv_reader(&t);
		tlvs[slot].handle(d, m, &value);
	}
}

/* The sender bears our own identifier. It is another node, unless it is ourselves: our own multicast come back, or
 * heard by another interface of ours on the same link. */
static void own_heard(struct dncp *d, const struct message *m)
{
	bool all_known = true;

	count(d, DNCP_COUNT_OWN);
	ENDPOINT_EACH(ep, d)
	{
		if (ip_equal(&ep->conf.addr, &m->d->addr))
			return;
		all_known &= !ip_is_any(&ep->conf.addr);
	}
	/* Where unicast is secure, multicast proves nothing. */
	if (m->d->multicast && m->ep->conf.secure)
		return;
	if (all_known || !dncp_endpoint_find(d, m->sender.remote))
		dncp_own_collision(d);
}

/* RFC 7787 4.5. */
static void sender_heard(struct message *m)
{
	struct endpoint *ep = m->ep;

	if (!m->d->multicast) {
		dncp_peer_heard(ep, &m->sender, &m->d->addr, m->d->port);
		return;
	}
	const struct peer *p = dncp_peer_find(ep, m->sender.node, m->sender.remote);
	if (p && ip_equal(&p->pub.addr, &m->d->addr))
		return;
	/* Unknown, or known from elsewhere: if it is there, it will answer by unicast. On a dense link only the highest
	 * node and those above it make acquaintances (6.2). */
	m->discover = !ep->listening || !ep->highest || m->sender.node > ep->highest->pub.node;
}

/* RFC 7787 6.1.4: hearing our own view from a peer keeps it (unicast of any content did already), and it is what
 * Trickle counts (4.3). Strangers do not count: they have yet to hear us. */
static void network_state_heard(struct dncp *d, const struct message *m)
{
	if (!m->network_hash || memcmp(m->network_hash, dncp_tree_hash(d), d->profile->hash_len) != 0)
		return;
	struct peer *p = dncp_peer_find(m->ep, m->sender.node, m->sender.remote);
	if (!p || !ip_equal(&p->pub.addr, &m->d->addr))
		return;
	p->pub.last_contact = d->now;
	dncp_retry_answered(m->ep, &m->sender);
	if (m->d->multicast || m->ep->listening)
		dncp_endpoint_trickle_heard(m->ep);
}

static bool admissible(struct dncp *d, const struct endpoint *ep, const struct dncp_datagram *in)
{
	if (!ip_is_linklocal(&in->addr)) {
		count(d, DNCP_COUNT_BAD_SOURCE);
		return false;
	}
	if (ep->conf.secure && !in->multicast && !in->secure) {
		count(d, DNCP_COUNT_NOT_SECURE);
		return false;
	}
	return true;
}

static void input(struct dncp *d, const struct dncp_datagram *in)
{
	struct message m = { .d = in, .ep = dncp_endpoint_find(d, in->endpoint) };
	uint32_t self = d->self->pub.id;

	if (!m.ep || !admissible(d, m.ep, in) || !check(d, &m))
		return;
	if (m.has_sender && m.sender.node == self) {
		own_heard(d, &m);
		return;
	}
	if (m.has_sender)
		sender_heard(&m);
	act(d, &m);
	dncp_settle(d);
	network_state_heard(d, &m);
	if (in->multicast)
		dncp_reply_multicast(d, &m);
	else
		dncp_reply_unicast(d, &m);
}

void dncp_input(struct dncp *d, msec now, const struct dncp_datagram *in)
{
	if (d->leaving)
		return;
	d->now = now;
	count(d, DNCP_COUNT_RX);
	if (in->multicast)
		count(d, DNCP_COUNT_RX_MULTICAST);
	input(d, in);
	dncp_finish(d);
}
