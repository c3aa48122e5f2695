/* SPDX-License-Identifier: ISC */
/* A neighbour played by hand, for unit tests of home/: says node data that a router finds reachable. */
#ifndef HEARTH_TEST_HOME_SAY_H
#define HEARTH_TEST_HOME_SAY_H

#include "proto/tlv/tlv.h"
#include "support/home_net.h"

enum { SAY_ENDPOINT = 7, SAY_MAX = 4000, SAY_HASH = 8 };

/* Router `i` hears on `link` that `node` publishes this, as its `seqno`-th word, with the router as its peer. To be
 * repeated within 40 seconds. */
static inline void net_say(struct net *n, unsigned i, unsigned link, uint32_t seqno, const struct hncp_node *node)
{
	uint8_t data[SAY_MAX], packet[SAY_MAX + 100], hash[DNCP_HASH_MAX];
	struct cursor d = cursor_writer(data, sizeof(data)), c = cursor_writer(packet, sizeof(packet));

	size_t at = tlv_begin(&d, DNCP_TLV_PEER);
	cursor_put_u32(&d, dncp_id(router_dncp(n->routers[i].router)));
	cursor_put_u32(&d, link);
	cursor_put_u32(&d, SAY_ENDPOINT);
	tlv_end(&d, at);
	hncp_encode(&d, node);
	HNCP_PROFILE.hash(data, cursor_done(&d), hash);
	at = tlv_begin(&c, DNCP_TLV_NODE_ENDPOINT);
	cursor_put_u32(&c, node->id);
	cursor_put_u32(&c, SAY_ENDPOINT);
	tlv_end(&c, at);
	at = tlv_begin(&c, DNCP_TLV_NODE_STATE);
	cursor_put_u32(&c, node->id);
	cursor_put_u32(&c, seqno);
	cursor_put_u32(&c, 0);
	cursor_put(&c, hash, SAY_HASH);
	cursor_put(&c, data, cursor_done(&d));
	tlv_end(&c, at);
	ASSERT(cursor_ok(&d) && cursor_ok(&c));
	const struct router_packet p = { .proto = ROUTER_HNCP,
		                         .link = link,
		                         .addr = { { 0xfe, 0x80, [15] = 0x99 } },
		                         .port = HNCP_PORT,
		                         .hop_limit = 1,
		                         .data = packet,
		                         .len = cursor_done(&c) };
	router_input(n->routers[i].router, n->now, &p);
	net_run(n, 0);
}

#endif
