/* SPDX-License-Identifier: ISC */
/* A Babel core on two links: on the first strangers speak, on the second an honest core listens, who must understand
 * everything that it is told.
 *
 * Steps, chosen by the low 3 bits of a byte, whose other bits say how:
 *     0..3  a packet (16 bits of length, then it): bit 3 by multicast, bit 4 its header made right, bits 5 and 6 its
 *           sender, bit 7 on the second link
 *     4     a tenth of a second for each of the next byte;  5  two seconds for each
 *     6     a route of ours comes, changes or goes;         7  a link comes or goes, or an hour of silence
 */
#include "fuzz/support/fuzz.h"

#include "proto/babel/babel.h"
#include "proto/babel/limits.h"

enum { LINK_STRANGER = 1, LINK_HONEST = 2, HEADER = 4, MAGIC = 42, VERSION = 2, MTU = 1280, IP_UDP = 48 };

/* Longer than any route may live without an update (3.5 times 655 seconds, RFC 8966 3.7.4 and appendix B). */
#define SILENCE ((msec)HOUR)
#define LONGEST (SILENCE + HOUR)

struct world {
	msec now;
	struct prng prng;
	struct babel *core, *honest;
	struct fuzz_queue queue;
	bool second_link;
};

/* As test/support/home_net.h numbers routers: ours is the first there. */
static struct ip address(uint32_t link, unsigned who)
{
	return (struct ip) { { 0xfe, 0x80, [13] = (uint8_t)link, [15] = (uint8_t)(who + 1) } };
}

static void core_send(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len)
{
	struct world *w = ctx;

	ASSERT(len > HEADER && len <= MTU - IP_UDP && data[0] == MAGIC && data[1] == VERSION);
	if (link == LINK_HONEST)
		fuzz_queue_put(&w->queue, w->honest, link, !to, data, len);
}

static void honest_send(void *ctx, uint32_t link, const struct ip *to, const uint8_t *data, size_t len)
{
	struct world *w = ctx;

	if (w->second_link)
		fuzz_queue_put(&w->queue, w->core, link, !to, data, len);
}

static void set_interface(struct world *w, struct babel *b, uint32_t link, unsigned who)
{
	const uint8_t v4[] = { 192, 0, 2, (uint8_t)(who + 1) };
	const struct babel_interface_conf conf = {
		.linklocal = address(link, who), .ipv4 = ip_from_v4(v4), .wireless = link == LINK_HONEST, .mtu = MTU
	};

	babel_interface_set(b, w->now, link, &conf);
}

static struct babel *new_core(struct world *w, uint8_t id,
                              void (*send)(void *, uint32_t, const struct ip *, const uint8_t *, size_t))
{
	const struct babel_conf conf = { .router_id = { [7] = id } };
	const struct babel_env env = { .ctx = w, .random = prng_source(&w->prng), .send = send };

	return babel_new(&conf, &env, w->now);
}

static int compare_keys(const struct babel_key *a, const struct babel_key *b)
{
	int order = prefix_compare(&a->dst, &b->dst);

	return order ? order : prefix_compare(&a->src, &b->src);
}

static void check_core(const struct world *w, const struct babel *b)
{
	const struct babel_route *last = NULL;
	size_t neighbours = 0;

	ASSERT(babel_deadline(b) > w->now);
	for (const struct babel_route *r = NULL; (r = babel_route_next(b, r));) {
		ASSERT(r->key.dst.len <= IP_BITS && r->key.src.len <= IP_BITS);
		ASSERT(r->metric == BABEL_INFINITY || r->link == LINK_STRANGER || r->link == LINK_HONEST);
		ASSERT(r->metric == BABEL_INFINITY || prefix_is_v4(&r->key.dst) == ip_is_v4(&r->via));
		ASSERT(prefix_is_v4(&r->key.dst) == prefix_is_v4(&r->key.src));
		ASSERT(!last || compare_keys(&last->key, &r->key) != 0);
		last = r;
	}
	for (const struct babel_neighbour *n = NULL; (n = babel_neighbour_next(b, n)); neighbours++)
		ASSERT(ip_is_linklocal(&n->addr) && n->routes <= LIMIT_ROUTES_OF_NEIGHBOUR);
	ASSERT(neighbours <= 2 * LIMIT_NEIGHBOURS);
}

static void check(const struct world *w)
{
	static const enum babel_counter faults[] = { BABEL_COUNT_MALFORMED, BABEL_COUNT_BAD_TLV,
		                                     BABEL_COUNT_UNKNOWN_TLV, BABEL_COUNT_MANDATORY };

	check_core(w, w->core);
	check_core(w, w->honest);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		ASSERT(babel_counter(w->honest, faults[i]) == 0);
}

static void run(struct babel *b, msec now)
{
	for (int i = 0; babel_deadline(b) <= now; i++) {
		ASSERT(i < FUZZ_RUNS_MAX);
		babel_run(b, now);
	}
}

static void instant(struct world *w)
{
	run(w->core, w->now);
	run(w->honest, w->now);
	for (int n = 0; w->queue.first; n++) {
		struct fuzz_packet *p = fuzz_queue_take(&w->queue);
		const struct ip from = address(p->link, p->to == w->core ? 1 : 0);
		ASSERT(n < 1000 * FUZZ_RUNS_MAX);
		babel_input(p->to, w->now, p->link, &from, BABEL_PORT, p->multicast, p->data, p->len);
		free(p);
		run(w->core, w->now);
		run(w->honest, w->now);
	}
	check(w);
}

static void pass(struct world *w, msec span)
{
	msec until = w->now + span;

	for (;;) {
		msec next = MIN(babel_deadline(w->core), babel_deadline(w->honest));
		if (next > until)
			break;
		w->now = MAX(w->now, next);
		instant(w);
	}
	w->now = until;
}

static void step_packet(struct world *w, uint8_t how, struct cursor *in)
{
	size_t len;
	uint8_t *data = fuzz_bytes(in, &len);
	uint32_t link = how & 0x80 ? LINK_HONEST : LINK_STRANGER;
	const struct ip from = address(link, 2 + (how >> 5 & 3));

	if (how & 0x10 && len >= HEADER) {
		struct cursor c = cursor_writer(data, HEADER);
		cursor_put_u8(&c, MAGIC);
		cursor_put_u8(&c, VERSION);
		cursor_put_u16(&c, (uint16_t)(len - HEADER));
	}
	babel_input(w->core, w->now, link, &from, BABEL_PORT, how & 0x08, data, len);
	free(data);
	instant(w);
	w->now++;
}

static void step_route(struct world *w, uint8_t how)
{
	static const char *const texts[][2] = {
		{ "::/0", "2001:db8::/56" },
		{ "2001:db8:0:1::/64", "::/0" },
		{ "10.0.0.0/8", "0.0.0.0/0" },
		{ "::/0", "::/0" },
	};
	struct babel_key key;

	ASSERT(prefix_parse(texts[how >> 5 & 3][0], &key.dst) && prefix_parse(texts[how >> 5 & 3][1], &key.src));
	if (how & 0x80)
		babel_withdraw(w->core, w->now, &key);
	else
		babel_originate(w->core, w->now, &key, how & 0x08 ? 64 : 0);
	instant(w);
}

static void step_link(struct world *w, uint8_t how)
{
	if (how & 0x80) {
		pass(w, SILENCE);
		for (const struct babel_route *r = NULL; (r = babel_route_next(w->core, r));)
			ASSERT(r->metric == BABEL_INFINITY || (r->link == LINK_HONEST && w->second_link));
		return;
	}
	if (w->second_link)
		babel_interface_remove(w->core, w->now, LINK_HONEST);
	else
		set_interface(w, w->core, LINK_HONEST, 0);
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
		step_route(w, how);
		break;
	case 7:
		step_link(w, how);
		break;
	default:
		step_packet(w, how, in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world w = { .now = SECOND, .prng = { 1 }, .second_link = true };
	struct cursor in = cursor_reader(data, len);

	w.core = new_core(&w, 1, core_send);
	w.honest = new_core(&w, 2, honest_send);
	set_interface(&w, w.core, LINK_STRANGER, 0);
	set_interface(&w, w.core, LINK_HONEST, 0);
	set_interface(&w, w.honest, LINK_HONEST, 1);
	step_route(&w, 0);
	pass(&w, 8 * SECOND);
	for (int steps = 0; cursor_left(&in) && steps < FUZZ_STEPS_MAX && w.now < LONGEST; steps++)
		step(&w, &in);
	babel_goodbye(w.core, w.now);
	fuzz_queue_free(&w.queue);
	babel_free(w.core);
	babel_free(w.honest);
	return 0;
}
