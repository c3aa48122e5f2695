/* SPDX-License-Identifier: ISC */
/* What an ISP's server may make dhcpcd say: reports, one a line, JSON objects of environment variables. */
#include "fuzz/support/fuzz.h"

#include "sys/dhcpcd.h"

enum { SAFE = 1 << 16 };

static void check_uplink(const struct uplink *u)
{
	ASSERT(u->prefix_count <= UPLINK_PREFIXES && u->address_count <= UPLINK_ADDRESSES);
	ASSERT(u->dns_count <= UPLINK_DNS && u->search_len <= UPLINK_SEARCH);
	for (size_t i = 0; i < u->prefix_count; i++) {
		ASSERT(u->prefixes[i].prefix.len <= IP_BITS);
		ASSERT(u->prefixes[i].preferred_until <= u->prefixes[i].valid_until);
	}
	ASSERT(ip_is_any(&u->gateway6) || !ip_is_v4(&u->gateway6));
}

static void report(struct dhcpcd_state *state, const char *line, size_t len, msec now)
{
	struct dhcpcd_state before = *state;
	struct json_tokener *t = json_tokener_new();
	struct json_object *o = json_tokener_parse_ex(t, line, (int)len);
	char error[DHCPCD_ERROR] = "";

	if (o && json_object_is_type(o, json_type_object)) {
		if (!dhcpcd_report(state, o, now, error))
			ASSERT(error[0] && memcmp(&before, state, sizeof(before)) == 0);
		struct uplink *sum = NEW(struct uplink);
		dhcpcd_uplink(state, sum);
		check_uplink(sum);
		free(sum);
	}
	json_object_put(o);
	json_tokener_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dhcpcd_state *state = NEW(struct dhcpcd_state);
	const char *at = (const char *)data, *end = at + len;
	msec now = SECOND;

	while (len < SAFE && at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t line = (size_t)((line_end ? line_end : end) - at);
		report(state, at, line, now);
		now += MINUTE;
		at += MIN(line + 1, (size_t)(end - at));
	}
	dhcpcd_unconfirm(state);
	dhcpcd_forget_unconfirmed(state);
	free(state);
	return 0;
}
