/* SPDX-License-Identifier: ISC */
/* What a router finds on its disk: pairs of a blob's number and its bytes (16 bits of length, then they). It starts
 * whatever they are, and what it then stores itself is accepted by the next start. */
#include "fuzz/support/fuzz.h"

#include "home/router.h"

enum { BLOBS = 8, LINKS = 2 };

struct world {
	msec now;
	struct prng prng;
	struct {
		uint8_t *data;
		size_t len;
	} disk[BLOBS];
};

static void send(void *ctx, const struct router_packet *p)
{
	ASSERT(ctx && p->len);
}

static void plan(void *ctx, const struct plan *p)
{
	ASSERT(ctx);
	for (size_t i = 1; i < p->route_count; i++)
		ASSERT(plan_route_compare(&p->routes[i - 1], &p->routes[i]) < 0);
	for (size_t i = 1; i < p->address_count; i++)
		ASSERT(plan_address_compare(&p->addresses[i - 1], &p->addresses[i]) < 0);
}

static void store(void *ctx, const char *name, const uint8_t *data, size_t len)
{
	struct world *w = ctx;
	size_t i = 0;

	while (strcmp(router_state_names[i], name) != 0)
		ASSERT(++i < router_state_count);
	free(w->disk[i].data);
	w->disk[i].data = mem_copy(data, len);
	w->disk[i].len = len;
}

static void live(struct world *w, struct router *r, msec span)
{
	struct uplink up = { .name = "up", .link = LINKS, .prefix_count = 1, .gateway6 = { { 0xfe, 0x80, [15] = 1 } } };
	msec until = w->now + span;

	router_start(r, w->now);
	for (uint32_t link = 1; link <= LINKS; link++) {
		struct router_link l = { .link = link,
			                 .name = { 'l', (char)('0' + link) },
			                 .category = link == LINKS ? HNCP_EXTERNAL : HNCP_INTERNAL,
			                 .up = true,
			                 .mac = { 2, [5] = (uint8_t)link },
			                 .mtu = 1500,
			                 .linklocal = { { 0xfe, 0x80, [15] = 1 } } };
		router_link_set(r, w->now, &l);
	}
	ASSERT(prefix_parse("2001:db8:a000::/56", &up.prefixes[0].prefix));
	up.prefixes[0].valid_until = up.prefixes[0].preferred_until = w->now + HOUR;
	router_uplink_set(r, w->now, &up);
	for (int runs = 0; router_deadline(r) <= until; runs++) {
		ASSERT(runs < 1000 * FUZZ_RUNS_MAX);
		w->now = MAX(w->now, router_deadline(r));
		router_run(r, w->now);
	}
	w->now = until;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world w = { .now = SECOND, .prng = { 1 } };
	struct cursor in = cursor_reader(data, len);
	const struct router_env env = {
		.ctx = &w, .random = prng_source(&w.prng), .send = send, .plan = plan, .store = store
	};
	struct router *r = router_new("r0", &env, w.now);

	ASSERT(router_state_count <= BLOBS);
	for (int blobs = 0; cursor_left(&in) && blobs < BLOBS; blobs++) {
		size_t blob_len, number = fuzz_pick(&in, (uint32_t)router_state_count);
		uint8_t *blob = fuzz_bytes(&in, &blob_len);
		router_restore(r, w.now, router_state_names[number], blob, blob_len);
		free(blob);
	}
	live(&w, r, MINUTE);
	router_free(r);
	r = router_new("r0", &env, w.now);
	for (size_t i = 0; i < router_state_count; i++)
		ASSERT(!w.disk[i].data ||
		       router_restore(r, w.now, router_state_names[i], w.disk[i].data, w.disk[i].len));
	live(&w, r, 10 * SECOND);
	router_free(r);
	for (size_t i = 0; i < BLOBS; i++)
		free(w.disk[i].data);
	return 0;
}
