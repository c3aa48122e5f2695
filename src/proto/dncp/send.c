/* SPDX-License-Identifier: ISC */
/* Datagrams out: TLVs packed into as few as hold them, none split (RFC 7787 4.2: DNCP does not fragment TLVs). */
#include "proto/dncp/dncp_internal.h"

static void send_one(struct out *o, const struct ip *addr, uint16_t port)
{
	struct dncp *d = o->ep->dncp;
	const struct dncp_datagram out = {
		.endpoint = o->ep->id,
		.addr = *addr,
		.port = port,
		.multicast = o->to == OUT_MULTICAST,
		.secure = o->to != OUT_MULTICAST && o->ep->conf.secure,
		.data = o->c.start,
		.len = cursor_done(&o->c),
	};

	count(d, DNCP_COUNT_TX);
	if (out.multicast)
		count(d, DNCP_COUNT_TX_MULTICAST);
	d->counters[DNCP_COUNT_TX_BYTES] += out.len;
	d->env.send(d->env.ctx, &out);
}

static void flush(struct out *o)
{
	size_t len = cursor_done(&o->c);

	ASSERT(cursor_ok(&o->c));
	if (len == o->head)
		return;
	if (o->to == OUT_PEERS)
		PEER_EACH(p, o->ep)
	send_one(o, &p->pub.addr, p->pub.port);
	else if (!o->limited || dncp_reply_allowed(o->ep, len)) send_one(o, &o->addr, o->port);
	cursor_rewind(&o->c, o->head);
}

/* Sends what is there if `need` more bytes would make the datagram too large. A TLV that is larger than a datagram
 * should be goes alone and is the network's to fragment. */
static void make_room(struct out *o, size_t need)
{
	if (cursor_done(&o->c) + need > o->ep->dncp->profile->datagram_max)
		flush(o);
}

void dncp_out_begin_anonymous(struct out *o, struct endpoint *ep, enum out_to to, const struct ip *addr, uint16_t port)
{
	struct dncp *d = ep->dncp;

	*o = (struct out) { .ep = ep, .to = to, .port = port, .c = cursor_writer(d->buffer, d->buffer_size) };
	if (addr)
		o->addr = *addr;
}

/* RFC 7787 4.2: Node Endpoint before any Network State TLV, and in any other datagram to speed up discovery. */
void dncp_out_begin(struct out *o, struct endpoint *ep, enum out_to to, const struct ip *addr, uint16_t port)
{
	dncp_out_begin_anonymous(o, ep, to, addr, port);
	size_t at = tlv_begin(&o->c, DNCP_TLV_NODE_ENDPOINT);
	cursor_put_u32(&o->c, ep->dncp->self->pub.id);
	cursor_put_u32(&o->c, ep->id);
	tlv_end(&o->c, at);
	o->head = cursor_done(&o->c);
}

void dncp_out_network_state(struct out *o)
{
	struct dncp *d = o->ep->dncp;

	make_room(o, TLV_HEADER + d->profile->hash_len);
	tlv_put(&o->c, DNCP_TLV_NETWORK_STATE, dncp_tree_hash(d), d->profile->hash_len);
}

void dncp_out_request_network(struct out *o)
{
	make_room(o, TLV_HEADER);
	tlv_put(&o->c, DNCP_TLV_REQUEST_NETWORK_STATE, NULL, 0);
}

void dncp_out_request_node(struct out *o, uint32_t id)
{
	make_room(o, TLV_HEADER + REQUEST_NODE_LEN);
	size_t at = tlv_begin(&o->c, DNCP_TLV_REQUEST_NODE_STATE);
	cursor_put_u32(&o->c, id);
	tlv_end(&o->c, at);
}

size_t dncp_node_state_size(const struct dncp *d, const struct node *n, bool with_data)
{
	size_t len = TLV_HEADER + NODE_STATE_LEN + d->profile->hash_len + (with_data ? n->pub.len : 0);

	return len + -len % TLV_ALIGN;
}

void dncp_out_node_state(struct out *o, const struct node *n, bool with_data)
{
	struct dncp *d = o->ep->dncp;

	make_room(o, dncp_node_state_size(d, n, with_data));
	size_t at = tlv_begin(&o->c, DNCP_TLV_NODE_STATE);
	cursor_put_u32(&o->c, n->pub.id);
	cursor_put_u32(&o->c, n->pub.seqno);
	cursor_put_u32(&o->c, dncp_node_age(d, n));
	cursor_put(&o->c, n->hash, d->profile->hash_len);
	if (with_data)
		cursor_put(&o->c, n->data, n->pub.len); /* exactly as it came (RFC 7787 7.2.3) */
	tlv_end(&o->c, at);
}

void dncp_out_end(struct out *o)
{
	flush(o);
}
