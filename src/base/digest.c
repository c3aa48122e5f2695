/* SPDX-License-Identifier: ISC */
#include "base/digest.h"

#include <openssl/evp.h>

static void digest(const EVP_MD *md, const void *data, size_t len, uint8_t *out)
{
	/* Can only fail where OpenSSL was built without the algorithm, and then no HNCP is possible. */
	ASSERT(EVP_Digest(data, len, out, NULL, md, NULL) == 1);
}

void digest_md5(const void *data, size_t len, uint8_t out[DIGEST_MD5])
{
	digest(EVP_md5(), data, len, out);
}

void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_SHA256])
{
	digest(EVP_sha256(), data, len, out);
}
