/* SPDX-License-Identifier: ISC */
/* What survives a restart: every blob whole, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "home/limits.h"
#include "support/home_net.h"

enum { HALL = 1, LEAF = 2, UPLINK = 8, NAME = 16, ENTRY = NAME + 17 + 4 };

static void plug(struct net *n)
{
	net_set_link(n, 0, HALL, HNCP_INTERNAL, true);
	net_set_link(n, 0, LEAF, HNCP_LEAF, true);
	net_set_link(n, 0, UPLINK, HNCP_EXTERNAL, true);
}

/* A router that ran long enough to have everything on its disk, and is off. */
static struct net *remembered(void)
{
	struct net *n = net_new(1);
	struct uplink up = net_uplink(UPLINK, "2001:db8:a000::/56", n->now + HOUR);

	net_boot(n, 0);
	plug(n);
	router_uplink_set(n->routers[0].router, n->now, &up);
	net_run(n, 40 * SECOND);
	net_kill(n, 0);
	for (unsigned i = 0; i < router_state_count; i++)
		assert_true(n->routers[0].disk[i].len > 1);
	return n;
}

static void ignore_send(void *ctx, const struct router_packet *p)
{
	(void)ctx;
	(void)p;
}

static void ignore_plan(void *ctx, const struct plan *p)
{
	(void)ctx;
	(void)p;
}

static struct router *blank(struct net *n)
{
	const struct router_env env = {
		.ctx = &n->routers[1], .random = n->random, .send = ignore_send, .plan = ignore_plan, .store = net_store
	};

	return router_new("r0", &env, n->now);
}

/* True if a router accepts that blob; what it then stores itself goes to `out`. */
static bool accepts(struct net *n, unsigned blob, const uint8_t *data, size_t len, struct net_blob out[NET_BLOBS])
{
	struct router *r = blank(n);
	uint8_t *exact = mem_copy(data, len);

	n->prng.state = 99;
	net_wipe(n, 1);
	bool ok = router_restore(r, n->now, router_state_names[blob], exact ? exact : (const uint8_t *)"", len);
	free(exact);
	router_start(r, n->now);
	router_run(r, n->now);
	router_run(r, n->now);
	for (unsigned i = 0; out && i < NET_BLOBS; i++)
		out[i] = (struct net_blob) { mem_copy(n->routers[1].disk[i].data, n->routers[1].disk[i].len),
			                     n->routers[1].disk[i].len };
	router_free(r);
	return ok;
}

static bool same_disk(const struct net *n, const struct net_blob before[NET_BLOBS])
{
	for (unsigned i = 0; i < NET_BLOBS; i++) {
		const struct net_blob *b = &n->routers[1].disk[i];
		if (b->len != before[i].len || (b->len && memcmp(b->data, before[i].data, b->len) != 0))
			return false;
	}
	return true;
}

/* Cut anywhere a blob is refused, and the router is as if there had been none: it stores the same. But for lists, which
 * are whole after each entry. */
static void truncated(void **state)
{
	(void)state;
	struct net *n = remembered();
	struct net_blob none[NET_BLOBS];
	unsigned whole = 0;
	assert_false(accepts(n, 0, NULL, 0, none));
	for (unsigned i = 0; i < router_state_count; i++) {
		const struct net_blob *b = &n->routers[0].disk[i];
		for (size_t len = 0; len < b->len; len++) {
			if (accepts(n, i, b->data, len, NULL)) {
				assert_string_not_equal(router_state_names[i], "identity");
				whole++;
				continue;
			}
			assert_true(same_disk(n, none));
		}
		assert_true(accepts(n, i, b->data, b->len, NULL));
	}
	/* Each list may end after its first octet and after each entry but the last. */
	assert_true(whole > 3 && whole < 30);
	for (unsigned i = 0; i < NET_BLOBS; i++)
		free(none[i].data);
	net_free(n);
}

static void foreign(void **state)
{
	(void)state;
	struct net *n = remembered();
	struct net_blob none[NET_BLOBS];
	assert_false(accepts(n, 0, NULL, 0, none));
	for (unsigned i = 0; i < router_state_count; i++) {
		const struct net_blob *b = &n->routers[0].disk[i];
		uint8_t *changed = mem_new(b->len + 1, 1);
		memcpy(changed, b->data, b->len);
		changed[0]++; /* of another format */
		assert_false(accepts(n, i, changed, b->len, NULL));
		assert_true(same_disk(n, none));
		changed[0]--; /* one octet too many */
		assert_false(accepts(n, i, changed, b->len + 1, NULL));
		assert_true(same_disk(n, none));
		memset(changed + 1, 0xff, b->len - 1); /* prefix lengths of 255, names without end */
		assert_false(accepts(n, i, changed, b->len, NULL));
		assert_true(same_disk(n, none));
		free(changed);
	}
	struct router *r = blank(n);
	assert_false(router_restore(r, n->now, "nothing-of-ours", (const uint8_t *)"\1", 1));
	static const uint8_t large[HOME_STATE_MAX + 1] = { 1 };
	assert_false(router_restore(r, n->now, "assigned", large, sizeof(large)));
	router_free(r);
	for (unsigned i = 0; i < NET_BLOBS; i++)
		free(none[i].data);
	net_free(n);
}

static void write_once(void **state)
{
	(void)state;
	struct net *n = remembered();
	net_boot(n, 0);
	plug(n);
	net_run(n, 60 * SECOND);
	/* Nothing changes any more: nothing is written, though lifetimes count down. */
	for (unsigned i = 0; i < NET_BLOBS; i++)
		if (strcmp(router_state_names[i], "advertised") != 0)
			n->routers[0].disk[i].data[0] = 0xee;
	net_run(n, 60 * SECOND);
	for (unsigned i = 0; i < NET_BLOBS; i++) {
		if (strcmp(router_state_names[i], "advertised") == 0)
			continue;
		assert_int_equal(n->routers[0].disk[i].data[0], 0xee);
		n->routers[0].disk[i].data[0] = 1;
	}
	net_free(n);
}

/* As many entries of interfaces that never come as there can be: what is here is stored all the same. */
static void full(void **state)
{
	(void)state;
	struct net *n = net_new(1);
	static uint8_t data[HOME_STATE_MAX];
	const unsigned blob = net_blob_number("assigned");
	struct cursor c = cursor_writer(data, sizeof(data));
	struct prefix p, ula = { .ip = { { 0xfc } }, .len = 7 };
	cursor_put_u8(&c, 1);
	for (unsigned k = 0; cursor_left(&c) >= ENTRY; k++) {
		char name[NAME] = "";
		snprintf(name, sizeof(name), "gone%u", k);
		cursor_put(&c, name, sizeof(name));
		cursor_put(&c, (const uint8_t[16]) { 0xfd, 1 }, 16);
		cursor_put_u8(&c, 64);
		cursor_put_u32(&c, 0);
	}
	n->routers[0].disk[blob] = (struct net_blob) { mem_copy(data, cursor_done(&c)), cursor_done(&c) };
	net_boot(n, 0);
	plug(n);
	net_run(n, 40 * SECOND);
	assert_int_equal(net_applied(n, 0, LEAF, &ula, &p), 1);
	net_kill(n, 0);
	net_boot(n, 0);
	plug(n);
	struct prefix after;
	net_run(n, 40 * SECOND);
	assert_int_equal(net_applied(n, 0, LEAF, &ula, &after), 1);
	assert_true(prefix_equal(&p, &after));
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncated),
		cmocka_unit_test(foreign),
		cmocka_unit_test(write_once),
		cmocka_unit_test(full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
