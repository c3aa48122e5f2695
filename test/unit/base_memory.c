/* SPDX-License-Identifier: ISC */
/* The arena, the list, and the small words of base.h. */
#include "unit/base_support.h"

#include "base/arena.h"
#include "base/digest.h"
#include "base/list.h"
#include "base/random.h"

static void test_arena_gives_aligned_zeroed_memory(void **state)
{
	struct prng prng = { 1 };
	struct random_source random = prng_source(&prng);
	struct arena a = { 0 };
	struct {
		uint8_t *at;
		size_t len;
	} got[2000];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(got); i++) {
		got[i].len = random_below(&random, i % 100 ? 200 : 20000);
		got[i].at = arena_alloc(&a, 1, got[i].len);
		assert_non_null(got[i].at);
		assert_int_equal((uintptr_t)got[i].at % _Alignof(max_align_t), 0);
		for (size_t n = 0; n < got[i].len; n++)
			assert_int_equal(got[i].at[n], 0);
		memset(got[i].at, (int)i, got[i].len);
	}
	for (size_t i = 0; i < ARRAY_LEN(got); i++)
		for (size_t n = 0; n < got[i].len; n++)
			assert_int_equal(got[i].at[n], (uint8_t)i); /* nobody wrote over it */
	arena_free(&a);
	assert_null(a.blocks);
	arena_free(&a);
}

static void test_arena_push(void **state)
{
	struct arena a = { 0 };
	uint32_t *numbers = NULL;
	size_t count = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t *place = ARENA_PUSH(&a, numbers, count);
		assert_int_equal(*place, 0);
		*place = i;
	}
	assert_int_equal(count, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	arena_free(&a);
}

static void test_arena_copies(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_null(arena_copy(&a, "x", 0));
	assert_memory_equal(arena_copy(&a, "abc", 3), "abc", 3);
	assert_string_equal(arena_strdup(&a, ""), "");
	assert_string_equal(arena_strdup(&a, "den-lan1"), "den-lan1");
	arena_free(&a);
}

static void test_memory(void **state)
{
	uint8_t *p = mem_new(3, 4);

	(void)state;
	assert_memory_equal(p, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	p = mem_resize(p, 100, 100);
	free(p);
	p = mem_new(0, 0);
	assert_non_null(p);
	free(p);
	assert_null(mem_copy("x", 0));
	p = mem_copy("abc", 3);
	assert_memory_equal(p, "abc", 3);
	free(p);
}

struct item {
	int id;
	struct list link;
};

static void test_list(void **state)
{
	struct item items[5];
	struct list list;
	int next = 0;

	(void)state;
	list_init(&list);
	assert_true(list_empty(&list));
	for (int i = 0; i < 5; i++) {
		items[i].id = i;
		list_append(&list, &items[i].link);
	}
	LIST_EACH (i, &list, struct item, link)
		assert_int_equal(i->id, next++);
	assert_int_equal(next, 5);
	list_remove(&items[2].link);
	list_remove(&items[2].link);
	LIST_EACH_SAFE (i, &list, struct item, link) {
		assert_int_not_equal(i->id, 2);
		list_remove(&i->link);
		memset(i, 0xee, sizeof(*i));
	}
	assert_true(list_empty(&list));
}

/* Lifetimes of the wire and ends by our clock. */
static void test_lifetimes(void **state)
{
	(void)state;
	assert_int_equal(msec_lifetime(MSEC_NEVER, 5), LIFETIME_INFINITE);
	assert_int_equal(msec_lifetime(5000, 5000), 0);
	assert_int_equal(msec_lifetime(4000, 5000), 0);
	assert_int_equal(msec_lifetime(6999, 5000), 1);
	assert_int_equal(msec_lifetime(7000, 5000), 2);
	assert_int_equal(msec_lifetime(MSEC_NEVER - 1, 0), LIFETIME_INFINITE - 1); /* long, but not for ever */
	assert_true(lifetime_until(LIFETIME_INFINITE, 5) == MSEC_NEVER);
	assert_true(lifetime_until(LIFETIME_INFINITE - 1, 5) == (LIFETIME_INFINITE - 1) * INT64_C(1000) + 5);
	assert_true(lifetime_until(0, 5) == 5);
	assert_true(msec_add(MSEC_NEVER, 5) == MSEC_NEVER && msec_add(5, MSEC_NEVER) == MSEC_NEVER);
	assert_int_equal(msec_add(5, 6), 11);
}

/* RFC 1321 A.5, FIPS 180-2 B.1. */
static void test_digests(void **state)
{
	static const uint8_t md5[] = { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
		                       0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72 };
	static const uint8_t md5_of_nothing[] = { 0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04,
		                                  0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e };
	static const uint8_t sha256[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		                          0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
		                          0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	uint8_t out[DIGEST_SHA256];

	(void)state;
	digest_md5("abc", 3, out);
	assert_memory_equal(out, md5, sizeof(md5));
	digest_md5(NULL, 0, out);
	assert_memory_equal(out, md5_of_nothing, sizeof(md5_of_nothing));
	digest_sha256("abc", 3, out);
	assert_memory_equal(out, sha256, sizeof(sha256));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena_gives_aligned_zeroed_memory),
		cmocka_unit_test(test_arena_push),
		cmocka_unit_test(test_arena_copies),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
