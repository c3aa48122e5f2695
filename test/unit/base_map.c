/* SPDX-License-Identifier: ISC */
/* The map against a model that is a plain sorted array, and its balance. */
#include "unit/base_support.h"

#include "base/map.h"
#include "base/random.h"

enum { KEYS = 300 };

struct thing {
	int key;
	struct map_node node;
};

static int compare(const void *key, const struct map_node *node)
{
	return *(const int *)key - MAP_ENTRY(node, struct thing, node)->key;
}

/* The height, after checking order, parents and balance all the way down. */
static int check_tree(const struct map_node *n, const struct map_node *parent, int least, int most)
{
	if (!n)
		return 0;
	int key = MAP_ENTRY(n, struct thing, node)->key;
	assert_ptr_equal(n->parent, parent);
	assert_true(key >= least && key <= most);
	int left = check_tree(n->child[0], n, least, key - 1);
	int right = check_tree(n->child[1], n, key + 1, most);
	assert_int_equal(n->balance, right - left);
	assert_in_range(right - left + 1, 0, 2);
	return 1 + MAX(left, right);
}

struct model {
	struct map map;
	struct thing things[KEYS]; /* the thing with key i at i */
	bool in[KEYS];
};

static void check_model(const struct model *m)
{
	const struct map_node *n = map_first(&m->map), *last = NULL;
	size_t count = 0;

	for (int i = 0; i < KEYS; i++) {
		assert_ptr_equal(map_find(&m->map, &i), m->in[i] ? &m->things[i].node : NULL);
		if (!m->in[i])
			continue;
		assert_ptr_equal(n, &m->things[i].node);
		last = n;
		n = map_next(n);
		count++;
	}
	assert_null(n);
	assert_ptr_equal(map_last(&m->map), last);
	assert_int_equal(m->map.count, count);
	check_tree(m->map.root, NULL, INT32_MIN, INT32_MAX);
}

static void check_find_from(const struct model *m, int from)
{
	int next = MAX(from, 0);

	while (next < KEYS && !m->in[next])
		next++;
	assert_ptr_equal(map_find_from(&m->map, &from), next < KEYS ? &m->things[next].node : NULL);
}

static void toggle(struct model *m, int key, bool in)
{
	struct thing *t = &m->things[key];

	if (!in && m->in[key])
		map_remove(&m->map, &t->node);
	if (in) {
		struct thing again = { .key = key };
		if (m->in[key])
			assert_ptr_equal(map_insert(&m->map, &key, &again.node), &t->node);
		else
			assert_null(map_insert(&m->map, &key, &t->node));
	}
	m->in[key] = in;
}

static void test_random_operations(void **state)
{
	struct prng prng = { 1 };
	struct random_source random = prng_source(&prng);
	struct model *m = calloc(1, sizeof(*m));

	(void)state;
	map_init(&m->map, compare);
	for (int i = 0; i < KEYS; i++)
		m->things[i].key = i;
	check_model(m);
	for (int round = 0; round < 6000; round++) {
		/* Waves: mostly in, then mostly out, so that full and empty both come about. */
		bool in = random_below(&random, 10) < (round / 1000 % 2 ? 2 : 8);
		toggle(m, (int)random_below(&random, KEYS), in);
		check_find_from(m, (int)random_below(&random, KEYS + 20) - 10);
		if (round % 7 == 0)
			check_model(m);
	}
	for (int i = 0; i < KEYS; i++) {
		toggle(m, i, false);
		check_model(m);
	}
	assert_null(m->map.root);
	free(m);
}

/* Every order of seven keys in, every key out. */
static void permute(int *keys, int at, int count)
{
	if (at == count) {
		for (int out = 0; out < count; out++) {
			struct thing things[7];
			struct map map;
			map_init(&map, compare);
			for (int i = 0; i < count; i++) {
				things[i] = (struct thing) { .key = keys[i] };
				map_insert(&map, &keys[i], &things[i].node);
			}
			map_remove(&map, &things[out].node);
			check_tree(map.root, NULL, 0, count);
		}
		return;
	}
	for (int i = at; i < count; i++) {
		int swap = keys[at];
		keys[at] = keys[i];
		keys[i] = swap;
		permute(keys, at + 1, count);
		keys[i] = keys[at];
		keys[at] = swap;
	}
}

static void test_every_small_tree(void **state)
{
	int keys[7] = { 0, 1, 2, 3, 4, 5, 6 };

	(void)state;
	permute(keys, 0, 7);
}

/* 100,000 in a row stay shallow: at most 1.44 log2(n). */
static void test_ascending_stays_shallow(void **state)
{
	enum { MANY = 100000 };
	struct thing *things = calloc(MANY, sizeof(*things));
	struct map map;

	(void)state;
	map_init(&map, compare);
	for (int i = 0; i < MANY; i++) {
		things[i].key = i;
		map_insert(&map, &i, &things[i].node);
	}
	assert_true(check_tree(map.root, NULL, 0, MANY) <= 24);
	free(things);
}

static void test_walking_while_removing(void **state)
{
	struct thing things[50];
	struct map map;
	int next = 0;

	(void)state;
	map_init(&map, compare);
	MAP_EACH_SAFE (t, &map, struct thing, node)
		fail();
	for (int i = 0; i < 50; i++) {
		things[i] = (struct thing) { .key = i };
		map_insert(&map, &i, &things[i].node);
	}
	MAP_EACH (t, &map, struct thing, node)
		assert_int_equal(t->key, next++);
	assert_int_equal(next, 50);
	MAP_EACH_SAFE (t, &map, struct thing, node) {
		assert_int_equal(t->key, 50 - next--);
		map_remove(&map, &t->node);
		memset(t, 0xee, sizeof(*t));
	}
	assert_int_equal(map.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_every_small_tree),
		cmocka_unit_test(test_ascending_stays_shallow),
		cmocka_unit_test(test_walking_while_removing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
