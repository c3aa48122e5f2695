/* SPDX-License-Identifier: ISC */
/* A DNCP core with HNCP's profile on two links: on the first a stranger speaks, on the second an honest core listens,
 * to whom nothing may come through that is not well-formed. Strangers may speak on the second link too.
 *
 * Steps, chosen by the low 3 bits of a byte, whose other bits say how:
 *     0..3  a datagram (16 bits of length, then it): bit 3 by multicast, bit 4 its hashes made right, bits 5 and 6 its
 *           sender, bit 7 on the second link
 *     4     a tenth of a second for each of the next byte;  5  two seconds for each
 *     6     publish the next byte;                          7  an endpoint comes or goes, or three hours of silence
 */
#include "fuzz/support/fuzz.h"

#include "proto/dncp/limits.h"
#include "proto/hncp/hncp.h"
#include "proto/hncp/limits.h"
#include "proto/tlv/tlv.h"

enum { SELF = 0x42, HONEST = 0x43, LINK_STRANGER = 1, LINK_HONEST = 2, HASH = 8, STATE_FIXED = 12 };
enum { LARGEST = 64 + HASH + HNCP_NODE_DATA_MAX };
#define SILENCE ((msec)3 * HOUR)
#define LONGEST (SILENCE + HOUR)

struct world {
	msec now;
	struct prng prng;
	struct dncp *core, *honest;
	struct fuzz_queue queue;
	uint8_t said; /* what we publish */
	bool second_link;
};

static struct ip address(unsigned who)
{
	return (struct ip) { { 0xfe, 0x80, [15] = (uint8_t)who } };
}

static void sent(struct world *w, const struct dncp_datagram *d)
{
	ASSERT(w && d->len && d->len <= LARGEST && tlv_valid(d->data, d->len));
}

static void core_send(void *ctx, const struct dncp_datagram *d)
{
	struct world *w = ctx;

	sent(w, d);
	if (d->endpoint == LINK_HONEST)
		fuzz_queue_put(&w->queue, w->honest, LINK_STRANGER, d->multicast, d->data, d->len);
}

static void honest_send(void *ctx, const struct dncp_datagram *d)
{
	struct world *w = ctx;

	sent(w, d);
	if (w->second_link)
		fuzz_queue_put(&w->queue, w->core, LINK_HONEST, d->multicast, d->data, d->len);
}

static void core_data(void *ctx, msec now, struct cursor *out)
{
	const struct world *w = ctx;

	(void)now;
	tlv_put(out, HNCP_TLV_DHCPV6_DATA, &w->said, sizeof(w->said));
}

static struct dncp *new_core(struct world *w, uint32_t id, void (*send)(void *, const struct dncp_datagram *))
{
	const struct dncp_env env = { .ctx = w, .random = prng_source(&w->prng), .send = send, .node_data = core_data };

	return dncp_new(&HNCP_PROFILE, &env, id, w->now);
}

static void add_endpoint(struct dncp *d, msec now, uint32_t endpoint, unsigned who)
{
	const struct dncp_endpoint_conf conf = { .addr = address(who) };

	dncp_endpoint_add(d, now, endpoint, &conf);
}

static void check_core(const struct world *w, const struct dncp *d)
{
	size_t peers = 0, nodes = 0;
	const struct dncp_node *last = NULL;

	ASSERT(dncp_deadline(d) > w->now);
	for (const struct dncp_node *n = NULL; (n = dncp_node_next(d, n)); nodes++) {
		ASSERT(n->reachable && (!last || last->id < n->id) && n->len <= HNCP_NODE_DATA_MAX);
		ASSERT(n->originated <= w->now && tlv_valid(n->data, n->len));
		last = n;
	}
	for (const struct dncp_peer *p = NULL; (p = dncp_peer_next(d, p)); peers++)
		ASSERT(p->remote_endpoint && ip_is_linklocal(&p->addr) && p->last_contact <= w->now);
	ASSERT(nodes && nodes <= DNCP_NODES_MAX && peers <= 2 * DNCP_PEERS_MAX);
	ASSERT(dncp_node_find(d, dncp_id(d)) == dncp_self(d) && dncp_self(d)->reachable);
}

static void check(const struct world *w)
{
	static const enum dncp_counter faults[] = { DNCP_COUNT_MALFORMED, DNCP_COUNT_BAD_LENGTH, DNCP_COUNT_NO_ENDPOINT,
		                                    DNCP_COUNT_BAD_HASH, DNCP_COUNT_TOO_LARGE };

	check_core(w, w->core);
	check_core(w, w->honest);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		ASSERT(dncp_counter(w->honest, faults[i]) == 0);
}

/* Everything that is due now, and what comes of it. */
static void instant(struct world *w)
{
	for (int runs = 0; w->queue.first || MIN(dncp_deadline(w->core), dncp_deadline(w->honest)) <= w->now; runs++) {
		struct fuzz_packet *p = fuzz_queue_take(&w->queue);
		ASSERT(runs < 1000 * FUZZ_RUNS_MAX);
		if (p) {
			const struct dncp_datagram d = { .endpoint = p->link,
				                         .addr = address(p->to == w->core ? HONEST : SELF),
				                         .port = HNCP_PORT,
				                         .multicast = p->multicast,
				                         .data = p->data,
				                         .len = p->len };
			dncp_input(p->to, w->now, &d);
			free(p);
		}
		for (int i = 0; dncp_deadline(w->core) <= w->now; i++) {
			ASSERT(i < FUZZ_RUNS_MAX);
			dncp_run(w->core, w->now);
		}
		for (int i = 0; dncp_deadline(w->honest) <= w->now; i++) {
			ASSERT(i < FUZZ_RUNS_MAX);
			dncp_run(w->honest, w->now);
		}
	}
	check(w);
}

static void pass(struct world *w, msec span)
{
	msec until = w->now + span;

	for (;;) {
		msec next = MIN(dncp_deadline(w->core), dncp_deadline(w->honest));
		if (next > until)
			break;
		w->now = MAX(w->now, next);
		instant(w);
	}
	w->now = until;
}

/* Node data get the hash they must have, a network state the one we have, so that what is said is believed. */
static void make_right(const struct dncp *d, uint8_t *data, size_t len)
{
	struct cursor c = cursor_reader(data, len);
	uint8_t hash[DNCP_HASH_MAX];

	for (struct tlv t; tlv_next(&c, &t);) {
		uint8_t *value = data + (t.value - data);
		if (t.type == DNCP_TLV_NETWORK_STATE && t.len >= HASH) {
			dncp_network_hash(d, hash);
			memcpy(value, hash, HASH);
		}
		if (t.type == DNCP_TLV_NODE_STATE && t.len > STATE_FIXED + HASH) {
			HNCP_PROFILE.hash(value + STATE_FIXED + HASH, t.len - STATE_FIXED - HASH, hash);
			memcpy(value + STATE_FIXED, hash, HASH);
		}
	}
}

static void step_datagram(struct world *w, uint8_t how, struct cursor *in)
{
	size_t len;
	uint8_t *data = fuzz_bytes(in, &len);
	const struct dncp_datagram d = { .endpoint = how & 0x80 ? LINK_HONEST : LINK_STRANGER,
		                         .addr = address(0x90 + (how >> 5 & 3)),
		                         .port = HNCP_PORT,
		                         .multicast = how & 0x08,
		                         .data = data,
		                         .len = len };

	if (how & 0x10)
		make_right(w->core, data, len);
	dncp_input(w->core, w->now, &d);
	free(data);
	instant(w);
	w->now++;
}

/* Whoever falls silent is forgotten: peers by their keep-alives, then nodes after the grace period. */
static void silence(struct world *w)
{
	size_t nodes = 0;

	pass(w, SILENCE);
	for (const struct dncp_node *n = NULL; (n = dncp_node_next(w->core, n));)
		nodes++;
	ASSERT(nodes == (w->second_link ? 2 : 1));
}

static void step_endpoint(struct world *w, uint8_t how)
{
	if (how & 0x80) {
		silence(w);
		return;
	}
	if (w->second_link)
		dncp_endpoint_remove(w->core, w->now, LINK_HONEST);
	else
		add_endpoint(w->core, w->now, LINK_HONEST, SELF);
	w->second_link = !w->second_link;
	instant(w);
}

static void step(struct world *w, struct cursor *in)
{
	uint8_t how = cursor_get_u8(in);

	switch (how & 7) {
	case 4:
		pass(w, (msec)cursor_get_u8(in) * 100);
		break;
	case 5:
		pass(w, (msec)cursor_get_u8(in) * 2 * SECOND);
		break;
	case 6:
		w->said = cursor_get_u8(in);
		dncp_republish(w->core, w->now);
		instant(w);
		break;
	case 7:
		step_endpoint(w, how);
		break;
	default:
		step_datagram(w, how, in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world w = { .now = SECOND, .prng = { 1 }, .second_link = true };
	struct cursor in = cursor_reader(data, len);

	w.core = new_core(&w, SELF, core_send);
	w.honest = new_core(&w, HONEST, honest_send);
	add_endpoint(w.core, w.now, LINK_STRANGER, SELF);
	add_endpoint(w.core, w.now, LINK_HONEST, SELF);
	add_endpoint(w.honest, w.now, LINK_STRANGER, HONEST);
	pass(&w, 2 * SECOND);
	for (int steps = 0; cursor_left(&in) && steps < FUZZ_STEPS_MAX && w.now < LONGEST; steps++)
		step(&w, &in);
	dncp_goodbye(w.core, w.now);
	ASSERT(dncp_deadline(w.core) == MSEC_NEVER);
	fuzz_queue_free(&w.queue);
	dncp_free(w.core);
	dncp_free(w.honest);
	return 0;
}
