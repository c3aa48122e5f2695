/* SPDX-License-Identifier: ISC */
/* The cursor: big-endian, bounds at every octet, and an error that sticks. */
#include "unit/base_support.h"

#include "base/cursor.h"

static const uint8_t BYTES[15] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void test_reads_big_endian(void **state)
{
	struct cursor c = cursor_reader(BYTES, sizeof(BYTES));

	(void)state;
	assert_int_equal(cursor_get_u8(&c), 0x01);
	assert_int_equal(cursor_get_u16(&c), 0x0203);
	assert_int_equal(cursor_get_u32(&c), 0x04050607);
	assert_int_equal(cursor_left(&c), 8);
	assert_int_equal(cursor_done(&c), 7);
	assert_false(cursor_finished(&c));
	assert_true(cursor_get_u64(&c) == UINT64_C(0x08090a0b0c0d0e0f));
	assert_true(cursor_finished(&c));
}

static void test_writes_what_it_reads(void **state)
{
	uint8_t out[20];
	struct cursor c = cursor_writer(out, sizeof(out));

	(void)state;
	cursor_put_u8(&c, 0x01);
	cursor_put_u16(&c, 0x0203);
	cursor_put_u32(&c, 0x04050607);
	cursor_put_u64(&c, UINT64_C(0x08090a0b0c0d0e0f));
	assert_int_equal(cursor_done(&c), sizeof(BYTES));
	assert_memory_equal(out, BYTES, sizeof(BYTES));
	cursor_put(&c, "abc", 3);
	cursor_put_zero(&c, 2);
	assert_true(cursor_finished(&c));
	assert_memory_equal(out + 15, "abc\0\0", 5);
}

/* Every width at every distance from the end. */
static void test_reading_stops_at_the_end(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 8; len++) {
		for (size_t width = 1; width <= 8; width *= 2) {
			uint8_t *exact = malloc(len ? len : 1); /* so that the sanitizer guards its end */
			memset(exact, 0xff, len);
			struct cursor c = cursor_reader(exact, len);
			uint64_t got = width == 1   ? cursor_get_u8(&c)
			               : width == 2 ? cursor_get_u16(&c)
			               : width == 4 ? cursor_get_u32(&c)
			                            : cursor_get_u64(&c);
			assert_int_equal(cursor_ok(&c), width <= len);
			assert_true(got == (width <= len ? UINT64_MAX >> (64 - 8 * width) : 0));
			assert_int_equal(cursor_left(&c), width <= len ? len - width : 0);
			free(exact);
		}
	}
}

static void test_writing_stops_at_the_end(void **state)
{
	(void)state;
	for (size_t len = 0; len < 8; len++) {
		uint8_t *exact = malloc(len ? len : 1);
		memset(exact, 7, len ? len : 1);
		struct cursor c = cursor_writer(exact, len);
		cursor_put_u64(&c, 0);
		assert_false(cursor_ok(&c));
		assert_int_equal(cursor_done(&c), 0);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(exact[i], 7); /* all or nothing */
		free(exact);
	}
}

static void test_an_error_sticks(void **state)
{
	struct cursor c = cursor_reader(BYTES, 3);
	uint8_t copy[2] = { 9, 9 };

	(void)state;
	assert_int_equal(cursor_get_u32(&c), 0);
	assert_false(cursor_ok(&c));
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(cursor_get_u8(&c), 0); /* although there would be one */
	assert_null(cursor_take(&c, 1));
	cursor_get(&c, copy, 2);
	assert_memory_equal(copy, "\0\0", 2);
	assert_false(cursor_finished(&c));
	struct cursor sub = cursor_sub(&c, 0);
	assert_false(cursor_ok(&sub));

	uint8_t out[4] = { 0 };
	c = cursor_writer(out, sizeof(out));
	cursor_put(&c, "12345", 5);
	cursor_put_u8(&c, 1);
	assert_int_equal(out[0], 0);
	cursor_patch_u16(&c, 0, 1); /* nothing was written there, but the error comes first */
	assert_int_equal(cursor_done(&c), 0);
}

static void test_fail(void **state)
{
	struct cursor c = cursor_reader(BYTES, 3);

	(void)state;
	cursor_fail(&c);
	assert_int_equal(cursor_get_u8(&c), 0);
	assert_false(cursor_finished(&c));
}

static void test_sub(void **state)
{
	struct cursor c = cursor_reader(BYTES, 6);
	struct cursor sub = cursor_sub(&c, 4);

	(void)state;
	assert_int_equal(cursor_get_u32(&sub), 0x01020304);
	assert_true(cursor_finished(&sub));
	cursor_get_u8(&sub); /* the 5 is not its own */
	assert_false(cursor_ok(&sub));
	assert_int_equal(cursor_get_u16(&c), 0x0506);
	assert_true(cursor_finished(&c));

	c = cursor_reader(BYTES, 3);
	sub = cursor_sub(&c, 4);
	assert_false(cursor_ok(&sub));
	assert_false(cursor_ok(&c));
	assert_int_equal(cursor_left(&sub), 0);
}

static void test_take_and_skip(void **state)
{
	struct cursor c = cursor_reader(BYTES, 6);

	(void)state;
	assert_ptr_equal(cursor_take(&c, 2), BYTES);
	cursor_skip(&c, 3);
	assert_ptr_equal(cursor_take(&c, 1), BYTES + 5);
	assert_non_null(cursor_take(&c, 0));
	assert_true(cursor_finished(&c));
	cursor_skip(&c, 1);
	assert_false(cursor_ok(&c));

	c = cursor_reader(BYTES, 6);
	assert_null(cursor_take(&c, SIZE_MAX)); /* no overflow */
	assert_false(cursor_ok(&c));
}

static void test_nothing_at_all(void **state)
{
	struct cursor c = cursor_reader(NULL, 0);

	(void)state;
	assert_true(cursor_finished(&c));
	cursor_skip(&c, 0);
	cursor_get(&c, NULL, 0);
	assert_true(cursor_finished(&c));
	struct cursor sub = cursor_sub(&c, 0);
	assert_true(cursor_finished(&sub));
	cursor_get_u8(&c);
	assert_false(cursor_ok(&c));
	c = cursor_writer(NULL, 0);
	cursor_put(&c, NULL, 0);
	cursor_put_zero(&c, 0);
	assert_true(cursor_ok(&c));
	cursor_put_u8(&c, 1);
	assert_false(cursor_ok(&c));
}

static void test_patch_and_rewind(void **state)
{
	uint8_t out[6];
	struct cursor c = cursor_writer(out, sizeof(out));

	(void)state;
	cursor_put_u32(&c, 0);
	cursor_patch_u16(&c, 2, 0x1234);
	assert_memory_equal(out, "\0\0\x12\x34", 4);
	cursor_put_u32(&c, 0);
	assert_false(cursor_ok(&c));
	cursor_rewind(&c, 2);
	assert_true(cursor_ok(&c));
	cursor_put_u32(&c, 0x05060708);
	assert_true(cursor_finished(&c));
	assert_memory_equal(out, "\0\0\5\6\7\x8", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_big_endian),
		cmocka_unit_test(test_writes_what_it_reads),
		cmocka_unit_test(test_reading_stops_at_the_end),
		cmocka_unit_test(test_writing_stops_at_the_end),
		cmocka_unit_test(test_an_error_sticks),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_sub),
		cmocka_unit_test(test_take_and_skip),
		cmocka_unit_test(test_nothing_at_all),
		cmocka_unit_test(test_patch_and_rewind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
