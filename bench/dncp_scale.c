/* SPDX-License-Identifier: ISC */
/* What DNCP costs as a home grows: two cores beside each other, of which the first has the rest of the home, a tree of
 * made-up nodes, behind its other endpoint. Virtual time, no network; what is measured is the processor time spent in
 * the cores and the bytes that go between the two.
 *
 *     bench_dncp_scale [nodes...]         (10, 100 and 1,000 if none are given)
 *
 * One line of JSON a figure. "join": the second core comes to hold everything the first one holds. "change": new data
 * of a random node arrive at the first, go on to the second, and all follows that happens in the next two seconds. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/hncp/hncp.h"
#include "proto/tlv/tlv.h"

enum {
	CHANGES = 500,
	APP_LEN = 200,  /* of a node's own TLVs: about what a router with two links and an uplink publishes */
	EP_HOME = 1,    /* of the first core, towards the made-up home */
	EP_LINK = 2,    /* of both, towards each other */
	FIRST = 0x1000, /* identifiers of the made-up nodes, which have the parent (i - 1) / 2 and two children */
	QUEUE = 4096,
	LARGEST = 65536,
};

static const struct ip HOME_ADDR = { { 0xfe, 0x80, [15] = 9 } };

struct core {
	struct dncp *dncp;
	struct core *other;
	struct ip addr;
	struct prng prng;
};

struct packet {
	struct core *to;
	bool multicast;
	size_t len;
	uint8_t *data;
};

static struct core cores[2];
static struct packet queue[QUEUE];
static size_t queued;
static msec now = 1000000;
static double spent; /* seconds in the cores */
static uint64_t wire_bytes, wire_packets;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_packet(void *ctx, const struct dncp_datagram *d)
{
	struct core *from = ctx;

	if (d->endpoint != EP_LINK)
		return; /* the made-up home hears nothing */
	wire_bytes += d->len;
	wire_packets++;
	ASSERT(queued < QUEUE);
	queue[queued++] = (struct packet) {
		.to = from->other, .multicast = d->multicast, .len = d->len, .data = mem_copy(d->data, d->len)
	};
}

static void node_data(void *ctx, msec at, struct cursor *out)
{
	static const uint8_t zero[APP_LEN];

	(void)ctx;
	(void)at;
	tlv_put(out, HNCP_TLV_DHCPV4_DATA, zero, APP_LEN);
}

static void input(struct core *to, uint32_t endpoint, const struct ip *from, bool multicast, const void *data,
                  size_t len)
{
	const struct dncp_datagram d = {
		.endpoint = endpoint, .addr = *from, .port = HNCP_PORT, .multicast = multicast, .data = data, .len = len
	};
	double start = seconds();

	if (to->dncp)
		dncp_input(to->dncp, now, &d);
	spent += seconds() - start;
}

static void deliver(void)
{
	static struct packet batch[QUEUE];
	size_t n = queued;

	memcpy(batch, queue, n * sizeof(*batch));
	queued = 0; /* what is sent meanwhile comes a millisecond later */
	for (size_t i = 0; i < n; i++) {
		input(batch[i].to, EP_LINK, &batch[i].to->other->addr, batch[i].multicast, batch[i].data, batch[i].len);
		free(batch[i].data);
	}
}

static void run(msec span)
{
	for (msec until = now + span; now < until;) {
		msec next = queued ? now + 1 : until;
		for (size_t i = 0; i < ARRAY_LEN(cores); i++)
			if (cores[i].dncp)
				next = MIN(next, dncp_deadline(cores[i].dncp));
		now = MAX(now, next);
		deliver();
		double start = seconds();
		for (size_t i = 0; i < ARRAY_LEN(cores); i++)
			if (cores[i].dncp && dncp_deadline(cores[i].dncp) <= now)
				dncp_run(cores[i].dncp, now);
		spent += seconds() - start;
	}
}

static void start(size_t i, const uint32_t *endpoints, size_t n)
{
	struct core *c = &cores[i];

	c->prng.state = i + 1;
	const struct dncp_env env = {
		.ctx = c, .random = prng_source(&c->prng), .send = send_packet, .node_data = node_data
	};
	c->dncp = dncp_new(&HNCP_PROFILE, &env, 0, now);
	for (size_t e = 0; e < n; e++)
		dncp_endpoint_add(c->dncp, now, endpoints[e], &(struct dncp_endpoint_conf) { .addr = c->addr });
}

/* One Peer TLV of made-up node `i`, to `node` on its endpoint `remote`. */
static void put_peer(struct cursor *c, uint32_t node, uint32_t remote, uint32_t local)
{
	size_t at = tlv_begin(c, DNCP_TLV_PEER);

	cursor_put_u32(c, node);
	cursor_put_u32(c, remote);
	cursor_put_u32(c, local);
	tlv_end(c, at);
}

/* The first core hears version `seqno` of made-up node `i` of `n`. Endpoint 1 of each is towards its parent. */
static void hear(uint32_t i, uint32_t n, uint32_t seqno)
{
	uint8_t bytes[2048], data[1024], hash[DNCP_HASH_MAX], app[APP_LEN] = { 0 };
	struct cursor d = cursor_writer(data, sizeof(data)), c = cursor_writer(bytes, sizeof(bytes));

	memcpy(app, &seqno, sizeof(seqno));
	if (i)
		put_peer(&d, FIRST + (i - 1) / 2, 2 + (i - 1) % 2, 1);
	else
		put_peer(&d, dncp_id(cores[0].dncp), EP_HOME, 1);
	for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
		put_peer(&d, FIRST + child, 1, 2 + (child - 1) % 2);
	tlv_put(&d, HNCP_TLV_DHCPV4_DATA, app, sizeof(app));
	HNCP_PROFILE.hash(data, cursor_done(&d), hash);
	size_t at = tlv_begin(&c, DNCP_TLV_NODE_ENDPOINT);
	cursor_put_u32(&c, FIRST);
	cursor_put_u32(&c, 1);
	tlv_end(&c, at);
	at = tlv_begin(&c, DNCP_TLV_NODE_STATE);
	cursor_put_u32(&c, FIRST + i);
	cursor_put_u32(&c, seqno);
	cursor_put_u32(&c, 0);
	cursor_put(&c, hash, HNCP_PROFILE.hash_len);
	cursor_put(&c, data, cursor_done(&d));
	tlv_end(&c, at);
	ASSERT(cursor_ok(&c) && cursor_ok(&d));
	input(&cores[0], EP_HOME, &HOME_ADDR, false, bytes, cursor_done(&c));
}

static size_t reachable(const struct core *c)
{
	size_t n = 0;

	for (const struct dncp_node *at = NULL; (at = dncp_node_next(c->dncp, at));)
		n++;
	return n;
}

static void figure(const char *name, double value, const char *unit, uint32_t nodes, const char *conditions)
{
	printf("{\"name\": \"dncp %s, %" PRIu32 " nodes\", \"value\": %.2f, \"unit\": \"%s\", \"conditions\": "
	       "\"two cores in one process, %u B of TLVs a node, %s\"}\n",
	       name, nodes, value, unit, (unsigned)APP_LEN, conditions);
}

static void reset_figures(void)
{
	spent = 0;
	wire_bytes = wire_packets = 0;
}

static bool measure(uint32_t nodes)
{
	uint32_t made_up = nodes - 2, seqno = 1;
	struct prng prng = { 42 };
	const struct random_source random = prng_source(&prng);

	for (size_t i = 0; i < ARRAY_LEN(cores); i++) {
		cores[i].other = &cores[1 - i];
		cores[i].addr = (struct ip) { { 0xfe, 0x80, [15] = (uint8_t)(i + 1) } };
	}
	start(0, (const uint32_t[]) { EP_HOME, EP_LINK }, 2);
	run(SECOND);
	for (int round = 0; round < 40 && reachable(&cores[0]) < nodes - 1; round++) {
		for (uint32_t i = 0; i < made_up; i++)
			hear(i, made_up, seqno);
		run(SECOND);
	}
	reset_figures();
	start(1, (const uint32_t[]) { EP_LINK }, 1);
	msec begun = now;
	while (reachable(&cores[1]) < nodes && now - begun < MINUTE)
		run(1);
	bool complete = reachable(&cores[1]) == nodes && reachable(&cores[0]) == nodes;
	figure("join, CPU", spent * 1e6 / nodes, "us per node learnt", nodes, "both cores together");
	figure("join, bytes", (double)wire_bytes, "B", nodes, "both directions, UDP payload");
	figure("join, time", (double)(now - begun), "ms", nodes, "virtual; 1 ms a packet");
	run(10 * SECOND);
	reset_figures();
	for (int i = 0; i < CHANGES; i++) {
		hear(random_below(&random, made_up), made_up, ++seqno);
		run(2 * SECOND);
	}
	figure("change, CPU", spent * 1e6 / CHANGES / 2, "us per change and node", nodes, "mean of 500");
	figure("change, bytes", (double)wire_bytes / CHANGES, "B per change and link", nodes,
	       "UDP payload, mean of 500");
	figure("change, packets", (double)wire_packets / CHANGES, "packets per change and link", nodes, "mean of 500");
	uint8_t a[DNCP_HASH_MAX], b[DNCP_HASH_MAX];
	dncp_network_hash(cores[0].dncp, a);
	dncp_network_hash(cores[1].dncp, b);
	complete &= memcmp(a, b, HNCP_PROFILE.hash_len) == 0;
	for (size_t i = 0; i < ARRAY_LEN(cores); i++) {
		dncp_free(cores[i].dncp);
		cores[i].dncp = NULL;
	}
	deliver();
	return complete;
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = { 10, 100, 1000 };
	size_t n = argc > 1 ? (size_t)argc - 1 : ARRAY_LEN(sizes);

	for (size_t i = 0; i < n; i++) {
		uint32_t nodes = argc > 1 ? (uint32_t)strtoul(argv[i + 1], NULL, 10) : sizes[i];
		if (nodes < 3 || nodes > 2000) {
			fprintf(stderr, "bench_dncp_scale: 3 to 2000 nodes\n");
			return 2;
		}
		if (!measure(nodes)) {
			fprintf(stderr, "bench_dncp_scale: %" PRIu32 " nodes did not come to hold the same\n", nodes);
			return 1;
		}
	}
	return 0;
}
