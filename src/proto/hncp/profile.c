/* SPDX-License-Identifier: ISC */
/* What DNCP leaves to HNCP (RFC 7788 3, RFC 7787 9). */
#include "proto/hncp/hncp.h"

#include <string.h>

#include "base/digest.h"
#include "proto/hncp/limits.h"

enum { HASH_LEN = 8 };

const struct ip HNCP_GROUP = { { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11 } };

/* RFC 7788 3: the leading 64 bits of MD5. */
static void hash(const void *data, size_t len, uint8_t *out)
{
	uint8_t md5[DIGEST_MD5];

	digest_md5(data, len, md5);
	memcpy(out, md5, HASH_LEN);
}

const struct dncp_profile HNCP_PROFILE = {
	.hash_len = HASH_LEN,
	.hash = hash,
	.trickle_imin = 200,
	.trickle_doublings = 7,
	.trickle_k = 1,
	.keepalive_interval = (msec)20 * SECOND,
	.keepalive_multiplier_x10 = 21,
	/* RFC 7787 4.6 recommends to keep unreachable nodes "at least briefly" and names no time. A minute outlives the
	 * loss of a neighbour by missed keep-alives (42 s), so that a link that comes back needs no data sent again. */
	.grace_interval = (msec)60 * SECOND,
	.dense_peers = 0, /* the profile of RFC 7788 3 has no such optimization */
	.datagram_max = HNCP_DATAGRAM_MAX,
	.node_data_max = HNCP_NODE_DATA_MAX,
};

static const struct {
	const char *name;
	bool endpoint;
	bool inside;
} categories[] = {
	[HNCP_INTERNAL] = { "internal", true, true }, /* RFC 7788 5.1 */
	[HNCP_EXTERNAL] = { "external", false, false }, [HNCP_LEAF] = { "leaf", false, true },
	[HNCP_GUEST] = { "guest", false, true },        [HNCP_AD_HOC] = { "ad-hoc", true, true },
	[HNCP_HYBRID] = { "hybrid", true, true },
};

const char *hncp_category_name(enum hncp_category c)
{
	ASSERT((size_t)c < ARRAY_LEN(categories));
	return categories[c].name;
}

bool hncp_category_parse(const char *name, enum hncp_category *out)
{
	for (size_t i = 0; i < ARRAY_LEN(categories); i++) {
		if (strcmp(name, categories[i].name) == 0) {
			*out = (enum hncp_category)i;
			return true;
		}
	}
	return false;
}

bool hncp_category_is_endpoint(enum hncp_category c)
{
	ASSERT((size_t)c < ARRAY_LEN(categories));
	return categories[c].endpoint;
}

bool hncp_category_is_inside(enum hncp_category c)
{
	ASSERT((size_t)c < ARRAY_LEN(categories));
	return categories[c].inside;
}
