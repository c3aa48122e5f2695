/* SPDX-License-Identifier: ISC */
/* TLVs (RFC 7787 7): padding, nesting, and everything cut short. */
#include "unit/base_support.h"

#include "base/random.h"
#include "proto/tlv/tlv.h"

static void test_write_and_read(void **state)
{
	uint8_t out[100];
	struct cursor w = cursor_writer(out, sizeof(out));
	struct tlv t;

	(void)state;
	tlv_put(&w, 0x0123, "abcde", 5);
	tlv_put(&w, 7, NULL, 0);
	tlv_put(&w, 8, "1234", 4);
	static const uint8_t want[] = { 1, 0x23, 0, 5, 'a', 'b', 'c', 'd', 'e', 0,   0,   0,
		                        0, 7,    0, 0, 0,   8,   0,   4,   '1', '2', '3', '4' };
	assert_int_equal(cursor_done(&w), sizeof(want));
	assert_memory_equal(out, want, sizeof(want));

	struct cursor r = cursor_reader(out, cursor_done(&w));
	assert_true(tlv_next(&r, &t));
	assert_int_equal(t.type, 0x123);
	assert_int_equal(t.len, 5);
	assert_ptr_equal(t.value, out + 4);
	assert_ptr_equal(t.raw, out);
	assert_int_equal(t.raw_len, 12);
	struct cursor value = tlv_reader(&t);
	assert_int_equal(cursor_left(&value), 5);
	assert_true(tlv_next(&r, &t));
	assert_int_equal(t.type, 7);
	assert_int_equal(t.raw_len, 4);
	assert_true(tlv_next(&r, &t));
	assert_false(tlv_next(&r, &t));
	assert_true(cursor_finished(&r));
}

static void test_nested(void **state)
{
	uint8_t out[100];
	struct cursor w = cursor_writer(out, sizeof(out));
	struct tlv outer, inner;

	(void)state;
	size_t begun = tlv_begin(&w, 33);
	cursor_put(&w, "xyz", 3);
	tlv_pad(&w, begun); /* the nested ones start on a boundary (RFC 7788 10) */
	tlv_put(&w, 34, "12345", 5);
	tlv_end(&w, begun);
	assert_int_equal(cursor_done(&w), 4 + 4 + 12);
	struct cursor r = cursor_reader(out, cursor_done(&w));
	assert_true(tlv_next(&r, &outer));
	assert_int_equal(outer.len, 16);
	struct cursor in = tlv_reader(&outer);
	cursor_skip(&in, 4);
	assert_true(tlv_next(&in, &inner));
	assert_int_equal(inner.type, 34);
	assert_false(tlv_next(&in, &inner));
	assert_true(cursor_finished(&in) && cursor_finished(&r));
}

/* Header or value cut: an error, and `out` stays as it was. The padding of the last one may be missing. */
static void test_cut_anywhere(void **state)
{
	static const uint8_t whole[] = { 0, 1, 0, 4, 1, 2, 3, 4, 0, 2, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0 };

	(void)state;
	for (size_t len = 0; len <= sizeof(whole); len++) {
		uint8_t *exact = malloc(len ? len : 1);
		memcpy(exact, whole, len);
		struct cursor r = cursor_reader(exact, len);
		struct tlv t = { 0 };
		unsigned count = 0;
		while (tlv_next(&r, &t))
			count++;
		assert_int_equal(count, len < 8 ? 0 : len < 17 ? 1 : 2);
		assert_int_equal(t.type, count);
		bool fine = len == 0 || len == 8 || len >= 17;
		assert_int_equal(cursor_finished(&r), fine);
		assert_int_equal(tlv_valid(exact, len), fine);
		free(exact);
	}
}

static void test_padding_may_be_anything(void **state)
{
	static const uint8_t dirty[] = { 0, 1, 0, 1, 9, 0xff, 0xff, 0xff, 0, 2, 0, 0 };
	struct cursor r = cursor_reader(dirty, sizeof(dirty));
	struct tlv t;

	(void)state;
	assert_true(tlv_next(&r, &t) && tlv_next(&r, &t));
	assert_int_equal(t.type, 2);
	assert_true(tlv_valid(dirty, sizeof(dirty)));
}

static void test_longest(void **state)
{
	uint8_t *value = calloc(1, 65536), *out = malloc(65536 + 8);
	struct cursor w = cursor_writer(out, 65536 + 8);
	struct cursor r;
	struct tlv t;

	(void)state;
	tlv_put(&w, 1, value, 65535);
	assert_true(cursor_ok(&w));
	assert_int_equal(cursor_done(&w), 4 + 65536);
	r = cursor_reader(out, cursor_done(&w));
	assert_true(tlv_next(&r, &t));
	assert_int_equal(t.len, 65535);
	w = cursor_writer(out, 65536 + 8);
	tlv_put(&w, 1, value, 65536);
	assert_false(cursor_ok(&w));
	free(value);
	free(out);
}

static void test_no_room_is_an_error(void **state)
{
	uint8_t out[12];

	(void)state;
	for (size_t size = 0; size < 12; size++) {
		struct cursor w = cursor_writer(out, size);
		tlv_put(&w, 1, "12345", 5);
		assert_false(cursor_ok(&w));
	}
	struct cursor w = cursor_writer(out, 12);
	tlv_put(&w, 1, "12345", 5);
	assert_true(cursor_finished(&w));
}

/* Random bytes are read to the end or to an error; never past it, and never without getting on. */
static void test_random_bytes(void **state)
{
	struct prng prng = { 1 };
	struct random_source random = prng_source(&prng);

	(void)state;
	for (int round = 0; round < 50000; round++) {
		size_t len = random_below(&random, 64);
		uint8_t *data = malloc(len ? len : 1);
		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)(random_below(&random, 3) ? random_below(&random, 8) : random_u32(&random));
		struct cursor r = cursor_reader(data, len);
		struct tlv t;
		size_t total = 0;
		while (tlv_next(&r, &t)) {
			assert_ptr_equal(t.raw, data + total);
			assert_true(t.raw_len >= TLV_HEADER + (size_t)t.len && t.raw_len < TLV_HEADER + t.len + 4U);
			total += t.raw_len;
			assert_true(total <= len);
		}
		assert_int_equal(cursor_ok(&r), total == len);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_read), cmocka_unit_test(test_nested),
		cmocka_unit_test(test_cut_anywhere),   cmocka_unit_test(test_padding_may_be_anything),
		cmocka_unit_test(test_longest),        cmocka_unit_test(test_no_room_is_an_error),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
