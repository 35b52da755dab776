/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KADOMORI_BASE_HASH_H
#define KADOMORI_BASE_HASH_H

#include "base/base.h"

struct hash_key {
	uint64_t k[2];
};

/* A key from the kernel's random source. */
struct hash_key hash_key_random(void);
/* SipHash-2-4 (Aumasson, Bernstein 2012): safe against chosen keys. */
uint64_t hash_bytes(const struct hash_key *key, const void *p, size_t n);

#endif
