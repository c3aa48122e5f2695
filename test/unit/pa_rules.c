/* SPDX-License-Identifier: ISC */
/* One node among others that the test speaks for: the rules of RFC 7695 4 one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/pa/limits.h"
#include "proto/pa/pa.h"

enum { SELF = 100, WEAKER = 50, STRONGER = 200, ROOM = 64 };
enum { FLOODED = 2 * 5 * SECOND }; /* the Apply Timer with the parameters of HNCP */

struct rig {
	struct prng seed;
	struct pa *pa;
	msec now;
	struct pa_input in;
	struct pa_delegated delegated[ROOM];
	struct pa_link links[ROOM];
	struct pa_advertised advertised[ROOM];
	struct prefix reserved[ROOM];
	unsigned events[EVENT_KIND_COUNT];
	unsigned changes;
};

static void on_event(void *ctx, const struct event *e)
{
	((struct rig *)ctx)->events[e->kind]++;
}

static void on_change(void *ctx)
{
	((struct rig *)ctx)->changes++;
}

static void rig_start(struct rig *r)
{
	struct pa_env env = {
		.ctx = r, .random = prng_source(&r->seed), .events = { on_event, r }, .changed = on_change
	};

	r->pa = pa_new(&PA_PARAMS_HNCP, &env);
}

static int setup(void **state)
{
	struct rig *r = NEW(struct rig);

	r->in = (struct pa_input) { .node = SELF,
		                    .delegated = r->delegated,
		                    .links = r->links,
		                    .advertised = r->advertised,
		                    .reserved = r->reserved };
	rig_start(r);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	pa_free(r->pa);
	free(r);
	return 0;
}

static struct prefix pfx(const char *text)
{
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	return p;
}

static struct pa_delegated *pool(struct rig *r, const char *text)
{
	r->delegated[r->in.delegated_count] = (struct pa_delegated) { pfx(text), true };
	return &r->delegated[r->in.delegated_count++];
}

static struct pa_link *link_add(struct rig *r, uint32_t id)
{
	r->links[r->in.link_count] = (struct pa_link) { .id = id, .priority = PA_PRIORITY_DEFAULT };
	return &r->links[r->in.link_count++];
}

static void advertise(struct rig *r, uint32_t node, const char *text, uint8_t priority, uint32_t link)
{
	r->advertised[r->in.advertised_count++] = (struct pa_advertised) { node, pfx(text), priority, link };
}

static void update(struct rig *r)
{
	pa_update(r->pa, r->now, &r->in);
}

/* Lets time pass to `span` later. */
static void pass(struct rig *r, msec span)
{
	msec until = r->now + span;

	while (pa_deadline(r->pa) <= until) {
		r->now = pa_deadline(r->pa);
		pa_run(r->pa, r->now);
	}
	r->now = until;
}

/* The only assignment of a link; NULL if it has none. */
static const struct pa_assignment *of(const struct rig *r, uint32_t link)
{
	const struct pa_assignment *found = NULL;

	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));) {
		assert_false(found && a->link == link);
		if (a->link == link)
			found = a;
	}
	return found;
}

/* A link with an applied assignment of our own. */
static struct prefix settle_one(struct rig *r)
{
	pool(r, "2001:db8::/56");
	link_add(r, 1);
	update(r);
	pass(r, FLOODED + 5 * SECOND);
	assert_true(of(r, 1) && of(r, 1)->published && of(r, 1)->applied);
	return of(r, 1)->prefix;
}

#define assert_prefix(p, text) assert_true(prefix_equal(&(p), &(struct prefix[]) { pfx(text) }[0]))

/* 4.1 case 1: Backoff Timer, then a published assignment with the Apply Timer set. */
static void test_create(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	link_add(r, 1);
	update(r);
	assert_null(of(r, 1));
	msec backoff = pa_deadline(r->pa);
	assert_true(backoff >= 0 && backoff <= 4 * SECOND);
	update(r); /* does not start it anew */
	assert_int_equal(pa_deadline(r->pa), backoff);
	assert_int_equal(r->changes, 0);
	pass(r, backoff);
	assert_int_equal(r->changes, 1);
	assert_int_equal(of(r, 1)->prefix.len, 64);
	assert_true(of(r, 1)->published && !of(r, 1)->applied);
	assert_int_equal(of(r, 1)->priority, PA_PRIORITY_DEFAULT);
	assert_int_equal(of(r, 1)->apply_at, backoff + FLOODED);
	pass(r, FLOODED - 1);
	assert_false(of(r, 1)->applied);
	pass(r, 1);
	assert_true(of(r, 1)->applied);
	assert_int_equal(r->changes, 2);
	assert_true(pa_deadline(r->pa) == MSEC_NEVER);
	assert_int_equal(r->events[EVENT_PA_ASSIGNED], 1);
	assert_int_equal(r->events[EVENT_PA_APPLIED], 1);
}

static void test_alone_in_the_network_nothing_waits(void **state)
{
	struct rig *r = *state;

	r->in.alone = true;
	pool(r, "2001:db8::/56");
	link_add(r, 1);
	update(r);
	assert_true(of(r, 1)->published && of(r, 1)->applied);
	assert_int_equal(r->changes, 1);
	assert_true(pa_deadline(r->pa) == MSEC_NEVER);
}

static void test_left_alone_nothing_waits_any_longer(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	pool(r, "10.0.0.0/8")->creatable = false;
	link_add(r, 1);
	link_add(r, 2);
	advertise(r, STRONGER, "10.0.1.0/24", 2, 2);
	update(r);
	assert_non_null(of(r, 2));
	r->in.alone = true;
	r->in.advertised_count = 0;
	r->in.delegated_count = 2;
	update(r);
	for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a));)
		assert_true(a->applied && a->published);
	assert_non_null(of(r, 1));
}

static void test_alone_on_the_link_waits_less(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	link_add(r, 1)->alone = true;
	link_add(r, 2)->is_private = true;
	update(r);
	pass(r, 1 * SECOND);
	assert_non_null(of(r, 1));
	assert_non_null(of(r, 2));
	pass(r, FLOODED - 1 * SECOND - 1);
	assert_false(of(r, 1)->applied); /* another link may still get the same */
	pass(r, 1 * SECOND);
	assert_true(of(r, 1)->applied && of(r, 2)->applied);
}

static void test_not_creatable(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56")->creatable = false;
	link_add(r, 1);
	update(r);
	assert_true(pa_deadline(r->pa) == MSEC_NEVER);
	advertise(r, WEAKER, "2001:db8:0:7::/64", 2, 1);
	update(r);
	assert_prefix(of(r, 1)->prefix, "2001:db8:0:7::/64");
	r->in.advertised_count = 0;
	update(r);
	assert_true(of(r, 1)->published); /* but adopted it is */
}

/* It stopped being wanted while the Backoff Timer ran. */
static void test_no_longer_creatable(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	link_add(r, 1);
	update(r);
	r->delegated[0].creatable = false;
	update(r);
	pass(r, 20 * SECOND);
	assert_null(of(r, 1));
}

/* 4.1 case 2 */
static void test_take(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	link_add(r, 1);
	update(r);
	advertise(r, WEAKER, "2001:db8:0:7::/64", 0, 1);
	advertise(r, STRONGER, "2001:db8:0:8::/64", 1, 1);
	advertise(r, WEAKER, "2001:db8:0:9::/64", 1, 1);
	advertise(r, STRONGER, "2001:db8:0:a::/64", 9, 0);
	update(r);
	assert_prefix(of(r, 1)->prefix, "2001:db8:0:8::/64");
	assert_false(of(r, 1)->published || of(r, 1)->applied);
	assert_int_equal(pa_deadline(r->pa), FLOODED); /* no Backoff Timer any more */
	pass(r, FLOODED);
	assert_true(of(r, 1)->applied && !of(r, 1)->published);
}

/* 4.1 case 3 and 4.3: adoption at once (ADOPT_MAX_DELAY is 0) and without renumbering. */
static void test_adopt(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	link_add(r, 1)->priority = 3;
	advertise(r, STRONGER, "2001:db8:0:7::/64", 7, 1);
	update(r);
	pass(r, FLOODED / 2);
	r->in.advertised_count = 0;
	update(r);
	assert_true(of(r, 1)->published && !of(r, 1)->applied);
	assert_int_equal(of(r, 1)->priority, 3);
	assert_int_equal(of(r, 1)->apply_at, r->now + FLOODED);
	pass(r, FLOODED);
	advertise(r, STRONGER, "2001:db8:0:7::/64", 7, 1);
	update(r);
	assert_true(!of(r, 1)->published && of(r, 1)->applied);
	assert_int_equal(of(r, 1)->priority, 7);
	r->in.advertised_count = 0;
	update(r);
	assert_true(of(r, 1)->published && of(r, 1)->applied);
	assert_int_equal(r->events[EVENT_PA_APPLIED], 1);
	assert_int_equal(r->events[EVENT_PA_DROPPED], 0);
}

static void test_adopt_with_delay(void **state)
{
	struct rig *r = *state;
	struct pa_params params = PA_PARAMS_HNCP;
	struct pa_env env = { .random = prng_source(&r->seed) };

	params.adopt_max_delay = 2 * SECOND;
	pa_free(r->pa);
	r->pa = pa_new(&params, &env);
	pool(r, "2001:db8::/56");
	link_add(r, 1);
	advertise(r, STRONGER, "2001:db8:0:7::/64", 7, 1);
	update(r);
	r->in.advertised_count = 0;
	update(r);
	assert_false(of(r, 1)->published);
	assert_true(of(r, 1)->apply_at == MSEC_NEVER);
	assert_true(pa_deadline(r->pa) <= 2 * SECOND);
	pass(r, 2 * SECOND);
	assert_true(of(r, 1)->published);
}

/* A neighbour's assignment of the whole pool is used while he says so, and not adopted when he no longer does. */
static void test_never_adopt_too_much(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	link_add(r, 1);
	advertise(r, WEAKER, "2001:db8::/56", PA_PRIORITY_PROVIDER, 1);
	update(r);
	pass(r, 20 * SECOND);
	assert_non_null(of(r, 1));
	assert_int_equal(of(r, 1)->prefix.len, 56);
	r->in.advertised_count = 0;
	update(r);
	pass(r, 20 * SECOND);
	assert_non_null(of(r, 1));
	assert_int_equal(of(r, 1)->prefix.len, 64);
	assert_true(of(r, 1)->applied);
}

/* What a neighbour advertises here and we hold on another link is not adopted: two links would have one prefix. */
static void test_never_adopt_what_another_link_has(void **state)
{
	struct rig *r = *state;
	struct prefix mine = settle_one(r);
	char text[PREFIX_TEXT];

	link_add(r, 2);
	advertise(r, WEAKER, prefix_text(&mine, text), 2, 2);
	update(r);
	assert_false(of(r, 2)->published);
	r->in.advertised_count = 0;
	update(r);
	pass(r, FLOODED + 5 * SECOND);
	assert_true(of(r, 1)->published && prefix_equal(&of(r, 1)->prefix, &mine));
	assert_true(of(r, 2)->published && !prefix_equal(&of(r, 2)->prefix, &mine));
}

/* Precedence (2.1) of an overlapping claim elsewhere. */
static void test_overlap_elsewhere(void **state)
{
	static const struct {
		uint32_t node;
		uint8_t priority;
		bool lost;
	} cases[] = {
		{ WEAKER, 2, false },
		{ STRONGER, 1, false },
		{ STRONGER, 2, true },
		{ WEAKER, 3, true },
		{ WEAKER, PA_PRIORITY_MAX, true },
	};
	struct rig *r = *state;
	struct prefix mine = settle_one(r);

	for (size_t i = 0; i < 3 * ARRAY_LEN(cases); i++) {
		struct prefix *p = &r->advertised[0].prefix;
		r->advertised[0] = (struct pa_advertised) { cases[i / 3].node, mine, cases[i / 3].priority, 0 };
		r->in.advertised_count = 1;
		*p = prefix_make(&mine.ip, mine.len + (unsigned)(i % 3) * 8 - 8); /* around, equal, inside */
		if (p->len < 64)
			*p = prefix_make(&mine.ip, 62);
		update(r);
		assert_int_equal(of(r, 1) == NULL, cases[i / 3].lost);
		pass(r, FLOODED + 5 * SECOND);
		assert_int_equal(prefix_overlaps(&of(r, 1)->prefix, p), !cases[i / 3].lost);
		mine = of(r, 1)->prefix;
		assert_true(of(r, 1)->applied);
	}
}

/* 4.1 case 4, and precedence on the link. */
static void test_rival_on_the_link(void **state)
{
	struct rig *r = *state;
	struct prefix mine = settle_one(r);

	advertise(r, WEAKER, "2001:db8:0:f0::/64", 2, 1);
	advertise(r, STRONGER, "2001:db8:0:f1::/64", 1, 1);
	update(r);
	assert_true(prefix_equal(&of(r, 1)->prefix, &mine) && of(r, 1)->published && of(r, 1)->applied);
	advertise(r, STRONGER, "2001:db8:0:f2::/64", 2, 1);
	update(r);
	assert_prefix(of(r, 1)->prefix, "2001:db8:0:f2::/64");
	assert_false(of(r, 1)->published || of(r, 1)->applied);
	assert_int_equal(r->events[EVENT_PA_DROPPED], 1);
}

static void test_claim_around_the_pool(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	link_add(r, 1);
	link_add(r, 2);
	advertise(r, WEAKER, "2001:db8::/48", 0, 1);
	update(r);
	pass(r, 30 * SECOND);
	assert_null(of(r, 1)); /* case 2: the Best Assignment is not in the delegated prefix */
	assert_null(of(r, 2));
	assert_int_equal(r->events[EVENT_PA_POOL_EMPTY], 1); /* link 2, said once */
	r->in.advertised_count = 0;
	update(r);
	pass(r, 30 * SECOND);
	assert_true(of(r, 1)->applied && of(r, 2)->applied);
}

static void test_private_link(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	struct pa_link *l = link_add(r, 9);
	l->is_private = true;
	l->len6 = 60;
	l->priority = PA_PRIORITY_PROVIDER;
	advertise(r, STRONGER, "2001:db8:0:7::/64", 2, 9); /* has no say there */
	update(r);
	pass(r, FLOODED + 5 * SECOND);
	assert_int_equal(of(r, 9)->prefix.len, 60);
	assert_int_equal(of(r, 9)->priority, PA_PRIORITY_PROVIDER);
	assert_true(of(r, 9)->published && of(r, 9)->applied);
	assert_false(prefix_overlaps(&of(r, 9)->prefix, &r->advertised[0].prefix));
}

static void test_reserved(void **state)
{
	struct rig *r = *state;
	struct prefix mine = settle_one(r);

	r->reserved[0] = mine;
	r->in.reserved_count = 1;
	update(r);
	assert_null(of(r, 1));
	pass(r, FLOODED + 5 * SECOND);
	assert_false(prefix_overlaps(&of(r, 1)->prefix, &mine));
	r->reserved[0] = pfx("2001:db8::/48");
	update(r);
	pass(r, FLOODED + 5 * SECOND);
	assert_null(of(r, 1));
}

static void test_priority_of_the_link_changes(void **state)
{
	struct rig *r = *state;

	settle_one(r);
	r->changes = 0;
	r->links[0].priority = 5;
	update(r);
	assert_int_equal(of(r, 1)->priority, 5);
	assert_int_equal(r->changes, 1);
	update(r);
	assert_int_equal(r->changes, 1);
}

static void test_node_identifier_changes(void **state)
{
	struct rig *r = *state;

	settle_one(r);
	advertise(r, WEAKER, "2001:db8:0:f0::/64", 2, 1);
	update(r);
	assert_true(of(r, 1)->published);
	r->in.node = WEAKER - 1;
	update(r);
	assert_prefix(of(r, 1)->prefix, "2001:db8:0:f0::/64");
}

/* 4.3: what was lost with its pool or link comes back with it, at once. */
static void test_pool_and_link_come_back(void **state)
{
	struct rig *r = *state;
	struct prefix mine = settle_one(r);

	for (int what = 0; what < 2; what++) {
		size_t *count = what ? &r->in.link_count : &r->in.delegated_count;
		*count = 0;
		update(r);
		assert_null(of(r, 1));
		pass(r, 20 * SECOND);
		*count = 1;
		update(r);
		assert_true(prefix_equal(&of(r, 1)->prefix, &mine));
		assert_true(of(r, 1)->published && of(r, 1)->applied);
	}
	assert_int_equal(pa_counter(r->pa, PA_COUNT_RESTORED), 2);
}

/* 4.3: a delegated prefix replaced by one around it or inside it. */
static void test_pool_grows_and_shrinks(void **state)
{
	struct rig *r = *state;
	struct prefix mine = settle_one(r);

	r->delegated[0].prefix = pfx("2001:db8::/48");
	update(r);
	assert_true(prefix_equal(&of(r, 1)->prefix, &mine) && of(r, 1)->applied);
	assert_prefix(of(r, 1)->delegated, "2001:db8::/48");
	r->delegated[0].prefix = prefix_make(&mine.ip, 60);
	update(r);
	assert_true(prefix_equal(&of(r, 1)->prefix, &mine) && of(r, 1)->applied);
	r->delegated[0].prefix = pfx("2001:db8:ff::/48");
	update(r);
	assert_null(of(r, 1));
}

static void test_overlapping_pools(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8:0:10::/60");
	pool(r, "2001:db8::/56");
	pool(r, "2001:db8::/56")->creatable = false;
	link_add(r, 1);
	update(r);
	pass(r, 5 * SECOND);
	assert_prefix(of(r, 1)->delegated, "2001:db8::/56");
}

static void test_remember(void **state)
{
	struct rig *r = *state;

	pool(r, "2001:db8::/56");
	for (uint32_t i = 1; i <= 3; i++)
		link_add(r, i);
	pa_remember(r->pa, 1, &(struct prefix[]) { pfx("2001:db8:0:81::/64") }[0]);
	pa_remember(r->pa, 1, &(struct prefix[]) { pfx("2001:db8:0:82::/64") }[0]); /* the newer comes first */
	pa_remember(r->pa, 2, &(struct prefix[]) { pfx("2001:db8:0:83::/64") }[0]); /* taken meanwhile */
	pa_remember(r->pa, 3, &(struct prefix[]) { pfx("2001:db8:0:84::/64") }[0]); /* still advertised there */
	advertise(r, WEAKER, "2001:db8:0:83::/64", 0, 0);
	advertise(r, WEAKER, "2001:db8:0:84::/64", 0, 3);
	update(r);
	assert_prefix(of(r, 1)->prefix, "2001:db8:0:82::/64");
	assert_true(of(r, 1)->published && of(r, 1)->applied);
	assert_null(of(r, 2));
	assert_prefix(of(r, 3)->prefix, "2001:db8:0:84::/64");
	assert_true(of(r, 3)->applied && !of(r, 3)->published);
}

static void test_memory_is_bounded(void **state)
{
	struct rig *r = *state;
	struct prefix all = pfx("2001:db8::/48");

	for (uint64_t i = 0; i < PA_REMEMBERED_MAX + 1; i++) {
		struct prefix p = prefix_sub(&all, 64, i);
		pa_remember(r->pa, 1, &p);
	}
	/* Only the first is gone: with it alone in the pool nothing is restored, with the second it is. */
	pool(r, "2001:db8::/64")->creatable = true;
	pool(r, "2001:db8:0:1::/64");
	link_add(r, 1);
	update(r);
	assert_int_equal(pa_counter(r->pa, PA_COUNT_RESTORED), 1);
	assert_prefix(of(r, 1)->prefix, "2001:db8:0:1::/64");
	for (uint32_t link = 2; link < PA_REMEMBERED_TOTAL_MAX; link++) {
		for (uint64_t i = 0; i < 3; i++) {
			struct prefix p = prefix_sub(&all, 64, i);
			pa_remember(r->pa, link, &p);
		}
	}
}

/* A link that is down for a while finds its prefix free, though other links come up meanwhile. */
static void test_new_links_leave_old_prefixes(void **state)
{
	struct rig *r = *state;
	struct prefix old[6];

	r->in.alone = true;
	pool(r, "2001:db8::/60");
	for (uint32_t i = 0; i < ARRAY_LEN(old); i++)
		link_add(r, i + 1);
	update(r);
	for (uint32_t i = 0; i < ARRAY_LEN(old); i++)
		old[i] = of(r, i + 1)->prefix;
	for (uint32_t i = 0; i < ARRAY_LEN(old); i++)
		r->links[i].id = 11 + i;
	update(r);
	for (uint32_t i = 0; i < ARRAY_LEN(old); i++)
		link_add(r, i + 1);
	update(r);
	for (uint32_t i = 0; i < ARRAY_LEN(old); i++)
		assert_true(prefix_equal(&of(r, i + 1)->prefix, &old[i]));
}

/* The same input in another order, with the same random numbers, gives the same. */
static void test_order_of_input_means_nothing(void **state)
{
	struct rig *r = *state;
	struct pa_assignment first[ROOM];
	size_t count = 0;

	for (int turn = 0; turn < 2; turn++) {
		pool(r, turn ? "10.0.0.0/8" : "2001:db8::/56");
		pool(r, turn ? "2001:db8::/56" : "10.0.0.0/8");
		for (uint32_t i = 1; i <= 10; i++)
			link_add(r, turn ? 11 - i : i);
		for (uint32_t i = 0; i < 8; i++) {
			uint32_t k = turn ? 7 - i : i;
			struct prefix p = prefix_sub(&r->delegated[turn].prefix, 64, k / 2);
			r->advertised[r->in.advertised_count++] = (struct pa_advertised) { 10 + k, p, 2, k % 3 };
		}
		update(r);
		pass(r, 30 * SECOND);
		size_t i = 0;
		for (const struct pa_assignment *a = NULL; (a = pa_next(r->pa, a)); i++) {
			assert_true(i < ROOM);
			if (turn)
				assert_memory_equal(a, &first[i], sizeof(*a));
			first[i] = *a;
		}
		assert_true(i == 20 && (!turn || i == count));
		count = i;
		pa_free(r->pa);
		r->seed.state = 0;
		r->now = 0;
		r->in.delegated_count = r->in.link_count = r->in.advertised_count = 0;
		rig_start(r);
	}
}

static void test_limits(void **state)
{
	struct rig *r = *state;
	size_t many = PA_ADVERTISED_MAX + 5;
	struct pa_advertised *advertised = mem_new(many, sizeof(*advertised));
	struct prefix all = pfx("2001:db8::/32");

	pool(r, "2001:db8::/48");
	link_add(r, 1);
	for (size_t i = 0; i < many; i++)
		advertised[i] = (struct pa_advertised) { WEAKER, prefix_sub(&all, 64, many - i), 2, 0 };
	r->in.advertised = advertised;
	r->in.advertised_count = many;
	update(r);
	assert_int_equal(r->events[EVENT_PA_LIMIT], 1);
	assert_int_equal(pa_counter(r->pa, PA_COUNT_LIMIT_ADVERTISED), 5);
	update(r);
	assert_int_equal(r->events[EVENT_PA_LIMIT], 1);
	pass(r, 5 * SECOND);
	for (size_t i = 0; i < many; i++)
		assert_true(i < 5 || !prefix_overlaps(&advertised[i].prefix, &of(r, 1)->prefix));
	free(advertised);
	size_t links = PA_LINKS_MAX + 1, pools = PA_DELEGATED_MAX + 2;
	struct pa_link *l = mem_new(links, sizeof(*l));
	struct pa_delegated *d = mem_new(pools, sizeof(*d));
	for (uint32_t i = 0; i < links; i++)
		l[i].id = (uint32_t)links - i;
	for (size_t i = 0; i < pools; i++)
		d[i].prefix = prefix_sub(&all, 56, i);
	struct pa_input in = {
		.node = SELF, .links = l, .link_count = links, .delegated = d, .delegated_count = pools
	};
	pa_update(r->pa, r->now, &in);
	assert_int_equal(pa_counter(r->pa, PA_COUNT_LIMIT_LINKS), 1);
	assert_int_equal(pa_counter(r->pa, PA_COUNT_LIMIT_DELEGATED), 2);
	assert_int_equal(r->events[EVENT_PA_LIMIT], 3);
	free(l);
	free(d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(create),
		TEST(alone_in_the_network_nothing_waits),
		TEST(left_alone_nothing_waits_any_longer),
		TEST(alone_on_the_link_waits_less),
		TEST(not_creatable),
		TEST(no_longer_creatable),
		TEST(take),
		TEST(adopt),
		TEST(adopt_with_delay),
		TEST(never_adopt_too_much),
		TEST(never_adopt_what_another_link_has),
		TEST(overlap_elsewhere),
		TEST(rival_on_the_link),
		TEST(claim_around_the_pool),
		TEST(private_link),
		TEST(reserved),
		TEST(priority_of_the_link_changes),
		TEST(node_identifier_changes),
		TEST(pool_and_link_come_back),
		TEST(pool_grows_and_shrinks),
		TEST(overlapping_pools),
		TEST(remember),
		TEST(memory_is_bounded),
		TEST(new_links_leave_old_prefixes),
		TEST(order_of_input_means_nothing),
		TEST(limits),
	};

	return cmocka_run_group_tests_name("pa_rules", tests, NULL, NULL);
}
