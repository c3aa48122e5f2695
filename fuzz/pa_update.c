/* SPDX-License-Identifier: ISC */
/* Prefix assignment in worlds that change as the input says: what pa.h and RFC 7695 promise holds at every instant.
 *
 * Steps, chosen by the low 3 bits of a byte: 0 the links, 1 the delegated prefixes, 2 reserved prefixes, 3 our
 * identifier or being alone, 4 something to remember, 5 to 7 some advertised prefixes; after each, time as the high 5
 * bits say. */
#include "fuzz/support/fuzz.h"

#include "proto/pa/pa.h"

enum { LINKS = 8, POOLS = 4, ADVERTISED = 16, RESERVED = 3, SELF = 50, QUARTER = 250 };

struct world {
	msec now;
	struct prng prng;
	struct pa *pa;
	struct pa_input in;
	struct pa_link links[LINKS];
	struct pa_delegated delegated[POOLS];
	struct pa_advertised advertised[ADVERTISED];
	struct prefix reserved[RESERVED];
};

/* From a small space, so that much collides. */
static struct prefix any_prefix(struct cursor *in, unsigned most)
{
	static const char *const spaces[] = { "2001:db8::/59", "10.0.0.0/20", "2001:db8::/32", "fd00::/62" };
	uint8_t how = cursor_get_u8(in);
	struct prefix space;

	ASSERT(prefix_parse(spaces[how & 3], &space));
	unsigned usual = prefix_is_v4(&space) ? 120 : 64;
	unsigned len = how & 4 ? space.len + (how >> 3) % (IP_BITS - space.len + 1U) : usual;
	len = MIN(len, MAX(most, (unsigned)space.len));
	unsigned bits = MIN(len - space.len, 5U);
	struct prefix p = prefix_sub(&space, space.len + bits, fuzz_pick(in, 1U << bits));
	return prefix_make(&p.ip, len);
}

static void change_links(struct world *w, struct cursor *in)
{
	uint8_t present = cursor_get_u8(in);

	w->in.link_count = 0;
	for (uint32_t i = 0; i < LINKS; i++) {
		if (!(present >> i & 1))
			continue;
		uint8_t how = cursor_get_u8(in), len = how & 0x20 ? cursor_get_u8(in) : 0;
		w->links[w->in.link_count++] = (struct pa_link) {
			.id = i + 1,
			.is_private = i == LINKS - 1,
			.alone = how & 1,
			.priority = how >> 1 & 15,
			.len6 = len & 127,
			.len4 = len ? 96 + (len & 31) : 0,
		};
	}
}

static void change(struct world *w, uint8_t what, struct cursor *in)
{
	struct prefix p;

	switch (what) {
	case 0:
		change_links(w, in);
		break;
	case 1:
		w->in.delegated_count = fuzz_pick(in, POOLS + 1);
		for (size_t i = 0; i < w->in.delegated_count; i++)
			w->delegated[i] = (struct pa_delegated) { any_prefix(in, 62), fuzz_pick(in, 4) };
		break;
	case 2:
		w->in.reserved_count = fuzz_pick(in, RESERVED + 1);
		for (size_t i = 0; i < w->in.reserved_count; i++)
			w->reserved[i] = any_prefix(in, IP_BITS);
		break;
	case 3:
		w->in.node = 1 + fuzz_pick(in, 100);
		w->in.alone = fuzz_pick(in, 2);
		break;
	case 4:
		p = any_prefix(in, IP_BITS);
		pa_remember(w->pa, 1 + fuzz_pick(in, LINKS), &p);
		break;
	default:
		w->in.advertised_count = fuzz_pick(in, ADVERTISED + 1);
		for (uint32_t n = fuzz_pick(in, 6); n-- > 0;) {
			struct pa_advertised *a = &w->advertised[fuzz_pick(in, ADVERTISED)];
			a->node = 1 + fuzz_pick(in, 100);
			a->prefix = any_prefix(in, IP_BITS);
			a->priority = (uint8_t)fuzz_pick(in, PA_PRIORITY_MAX + 1);
			a->link = fuzz_pick(in, LINKS + 2);
		}
	}
}

static bool is_ours(const struct world *w, const struct pa_assignment *a)
{
	bool link = false, pool = false;

	for (size_t i = 0; i < w->in.link_count; i++)
		link |= w->links[i].id == a->link;
	for (size_t i = 0; i < w->in.delegated_count; i++)
		pool |= prefix_equal(&w->delegated[i].prefix, &a->delegated);
	return link && pool;
}

/* RFC 7695 4.1: what we publish overlaps nothing of greater precedence, and nothing reserved. */
static void check_published(const struct world *w, const struct pa_assignment *a)
{
	for (size_t i = 0; i < w->in.reserved_count; i++)
		ASSERT(!prefix_overlaps(&a->prefix, &w->reserved[i]));
	for (size_t i = 0; i < w->in.advertised_count; i++) {
		const struct pa_advertised *v = &w->advertised[i];
		if (prefix_overlaps(&a->prefix, &v->prefix))
			ASSERT(v->priority < a->priority || (v->priority == a->priority && v->node <= w->in.node));
	}
}

static void check(const struct world *w)
{
	ASSERT(pa_deadline(w->pa) > w->now);
	for (const struct pa_assignment *a = NULL; (a = pa_next(w->pa, a));) {
		ASSERT(is_ours(w, a) && prefix_contains(&a->delegated, &a->prefix));
		ASSERT(a->since <= w->now && (a->applied ? a->apply_at <= w->now : a->apply_at > w->now));
		for (const struct pa_assignment *b = a; (b = pa_next(w->pa, b));) {
			ASSERT(b->link > a->link ||
			       (b->link == a->link && !prefix_overlaps(&b->delegated, &a->delegated)));
			ASSERT(!a->published || !b->published || !prefix_overlaps(&a->prefix, &b->prefix));
		}
		if (a->published)
			check_published(w, a);
	}
}

static void pass(struct world *w, msec span)
{
	msec until = w->now + span;

	while (pa_deadline(w->pa) <= until) {
		w->now = MAX(w->now, pa_deadline(w->pa));
		for (int i = 0; pa_deadline(w->pa) <= w->now; i++) {
			ASSERT(i < FUZZ_RUNS_MAX);
			pa_run(w->pa, w->now);
		}
		check(w);
	}
	w->now = until;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world w = { .prng = { 1 } };
	struct cursor in = cursor_reader(data, len);
	struct pa_params params = PA_PARAMS_HNCP;
	const struct pa_env env = { .random = prng_source(&w.prng) };

	params.adopt_max_delay = fuzz_pick(&in, 2) ? 3 * SECOND : 0;
	w.pa = pa_new(&params, &env);
	w.in = (struct pa_input) { .node = SELF,
		                   .links = w.links,
		                   .delegated = w.delegated,
		                   .advertised = w.advertised,
		                   .reserved = w.reserved };
	for (size_t i = 0; i < ADVERTISED; i++)
		w.advertised[i] = (struct pa_advertised) { .node = 1, .prefix = PREFIX_ALL };
	for (int steps = 0; cursor_left(&in) && steps < FUZZ_STEPS_MAX; steps++) {
		uint8_t how = cursor_get_u8(&in);
		change(&w, how & 7, &in);
		pa_update(w.pa, w.now, &w.in);
		pass(&w, 0);
		check(&w);
		pass(&w, (msec)(how >> 3) * QUARTER);
	}
	pa_free(w.pa);
	return 0;
}
