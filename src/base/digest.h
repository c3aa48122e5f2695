/* SPDX-License-Identifier: ISC */
/* Digests, from OpenSSL. */
#ifndef HEARTH_BASE_DIGEST_H
#define HEARTH_BASE_DIGEST_H

#include "base/base.h"

enum { DIGEST_MD5 = 16, DIGEST_SHA256 = 32 };

/* MD5 is what HNCP's hash is made of (RFC 7788 3); it protects nothing here. */
void digest_md5(const void *data, size_t len, uint8_t out[DIGEST_MD5]);

void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_SHA256]);

#endif
