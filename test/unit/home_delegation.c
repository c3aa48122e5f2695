/* SPDX-License-Identifier: ISC */
/* The prefixes that a router delegates: taken, held over a restart, made stale, bounded; and those it makes itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "home/limits.h"
#include "support/home_say.h"

enum { HALL = 1, LEAF = 2, UPLINK = 8 };

static const struct prefix isp = { .ip = { { 0x20, 0x01, 0x0d, 0xb8, 0xa0 } }, .len = 56 };

static void plug(struct net *n)
{
	net_set_link(n, 0, HALL, HNCP_INTERNAL, true);
	net_set_link(n, 0, LEAF, HNCP_LEAF, true);
	net_set_link(n, 0, UPLINK, HNCP_EXTERNAL, true);
}

static struct router *give(struct net *n, const char *prefix, msec span)
{
	struct uplink up = net_uplink(UPLINK, prefix, n->now + span);

	router_uplink_set(n->routers[0].router, n->now, &up);
	return n->routers[0].router;
}

static struct net *home(msec lifetime)
{
	struct net *n = net_new(1);

	net_boot(n, 0);
	plug(n);
	give(n, "2001:db8:a000::/56", lifetime);
	net_run(n, 40 * SECOND);
	return n;
}

static const struct view_delegation *found(const struct net *n)
{
	return view_delegation_find(router_view(n->routers[0].router), &isp);
}

/* After a restart the uplink takes a moment to come back: until then its prefix counts as it did. */
static void held_after_restart(void **state)
{
	(void)state;
	struct net *n = home(HOUR);
	struct prefix before, after;
	assert_int_equal(net_applied(n, 0, LEAF, &isp, &before), 1);
	net_kill(n, 0);
	net_run(n, 5 * SECOND);
	net_boot(n, 0);
	plug(n);
	net_run(n, HOME_HOLD - 2 * SECOND);
	assert_non_null(found(n));
	assert_true(found(n)->preferred_until > n->now);
	assert_int_equal(net_applied(n, 0, LEAF, &isp, &after), 1);
	assert_true(prefix_equal(&before, &after));
	net_free(n);
}

/* It does not come back: deprecated, and gone in two hours at most. */
static void stale_after_hold(void **state)
{
	(void)state;
	struct net *n = home(100 * HOUR);
	net_kill(n, 0);
	net_boot(n, 0);
	plug(n);
	net_run(n, HOME_HOLD + SECOND);
	assert_non_null(found(n));
	assert_true(found(n)->preferred_until <= n->now);
	assert_true(found(n)->valid_until <= n->now + HOME_STALE_MAX);
	net_run(n, HOME_STALE_MAX + SECOND);
	assert_null(found(n));
	net_free(n);
}

/* It comes back at once with another prefix only: not before the hold is over is the old one given up. */
static void uplink_completes_in_time(void **state)
{
	(void)state;
	struct net *n = home(HOUR);
	net_kill(n, 0);
	net_boot(n, 0);
	plug(n);
	net_run(n, SECOND);
	give(n, "2001:db8:b000::/56", HOUR);
	net_run(n, SECOND);
	assert_non_null(found(n));
	assert_true(found(n)->preferred_until > n->now);
	struct uplink up = net_uplink(UPLINK, "2001:db8:b000::/56", n->now + HOUR);
	up.prefixes[1] = up.prefixes[0];
	up.prefixes[1].prefix = isp;
	up.prefix_count = 2;
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, HOME_HOLD + SECOND);
	assert_non_null(found(n));
	assert_true(found(n)->preferred_until > n->now);
	net_free(n);
}

static void stale_is_capped(void **state)
{
	(void)state;
	struct net *n = home(100 * HOUR);
	give(n, "2001:db8:b000::/56", HOUR);
	net_run(n, SECOND);
	assert_non_null(found(n));
	assert_true(found(n)->preferred_until <= n->now);
	assert_in_range(found(n)->valid_until, n->now + HOME_STALE_MAX - 5 * SECOND, n->now + HOME_STALE_MAX);
	/* Said again: as new. */
	give(n, "2001:db8:a000::/56", HOUR);
	net_run(n, SECOND);
	assert_true(found(n)->preferred_until > n->now);
	net_free(n);
}

/* A short lifetime is not made longer by being stale. */
static void stale_ends_in_time(void **state)
{
	(void)state;
	struct net *n = home(10 * MINUTE);
	msec until = found(n)->valid_until;
	router_uplink_gone(n->routers[0].router, n->now, "up8");
	net_run(n, SECOND);
	assert_in_range(found(n)->valid_until, until - 2 * SECOND, until + 2 * SECOND);
	net_run(n, 10 * MINUTE);
	assert_null(found(n));
	net_free(n);
}

/* An uplink that renumbers all the time leaves no more than there is room for, and the newest is always there. */
static void limit(void **state)
{
	(void)state;
	struct net *n = home(HOUR);
	for (unsigned i = 0; i < 3 * HOME_OWN_MAX; i++) {
		char text[PREFIX_TEXT];
		struct prefix p;
		snprintf(text, sizeof(text), "2001:db8:%x::/48", 0xc000 + i);
		assert_true(prefix_parse(text, &p));
		give(n, text, HOUR);
		net_run(n, 10 * SECOND);
		const struct view *v = router_view(n->routers[0].router);
		const struct view_delegation *d = view_delegation_find(v, &p);
		assert_non_null(d);
		assert_true(d->preferred_until > n->now);
		assert_true(v->delegation_count <= HOME_OWN_MAX);
	}
	net_free(n);
}

/* RFC 7788 6.5: not before a random delay, one of each kind, a /48 and a /16 of 10.0.0.0/8. */
static void generated(void **state)
{
	(void)state;
	msec least = MSEC_NEVER, most = 0;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct net *n = net_new(seed);
		msec start = n->now;
		net_boot(n, 0);
		plug(n);
		const struct view *v = router_view(n->routers[0].router);
		while (v->delegation_count < 2)
			net_run(n, 100);
		least = MIN(least, n->now - start);
		most = MAX(most, n->now - start);
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(v->delegations[i].prefix.len, v->delegations[i].kind == VIEW_ULA ? 48 : 112);
		assert_true(v->delegations[0].kind != v->delegations[1].kind);
		net_free(n);
	}
	assert_true(least >= SECOND / 2 && most <= 10 * SECOND + 200);
}

/* Another node has one of its own: its identifier decides, also while we are about to make one. */
static void gives_way(void **state)
{
	(void)state;
	static const uint32_t rivals[] = { 1, UINT32_MAX };
	const struct hncp_delegated theirs = { .prefix = { .ip = { { 0xfd, 0x77 } }, .len = 48 },
		                               .valid = LIFETIME_INFINITE,
		                               .preferred = LIFETIME_INFINITE };
	const struct hncp_connection connection = { .delegated = &theirs, .delegated_count = 1 };
	for (size_t k = 0; k < ARRAY_LEN(rivals); k++) {
		struct net *n = home(HOUR);
		const struct hncp_node node = {
			.id = rivals[k], .is_hncp = true, .connections = &connection, .connection_count = 1
		};
		const struct view *v = router_view(n->routers[0].router);
		net_say(n, 0, HALL, 1, &node);
		net_run(n, 5 * SECOND);
		size_t preferred = 0;
		for (size_t i = 0; i < v->delegation_count; i++) {
			const struct view_delegation *d = &v->delegations[i];
			bool ula = d->kind == VIEW_ULA && d->preferred_until > n->now;
			preferred += ula;
			/* New assignments come from the one that stays. */
			if (ula)
				assert_true(view_delegation_creatable(v, d, n->now) ==
				            ((d->node == rivals[k]) == (rivals[k] != 1)));
		}
		assert_int_equal(preferred, rivals[k] == 1 ? 2 : 1);
		net_free(n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_after_restart),
		cmocka_unit_test(stale_after_hold),
		cmocka_unit_test(uplink_completes_in_time),
		cmocka_unit_test(stale_is_capped),
		cmocka_unit_test(stale_ends_in_time),
		cmocka_unit_test(limit),
		cmocka_unit_test(generated),
		cmocka_unit_test(gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
