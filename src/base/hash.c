// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash.h"

#include <sys/random.h>

struct hash_key hash_key_random(void)
{
	struct hash_key k = {{0x6b61646f6d6f7269, 0x67617465}};

	if (getrandom(&k, sizeof(k), 0) != sizeof(k))
		abort();
	return k;
}

static uint64_t rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static uint64_t le64(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t n)
{
	const uint8_t *p = data;
	size_t left = n;
	uint64_t v[4] = {key->k[0] ^ 0x736f6d6570736575,
		key->k[1] ^ 0x646f72616e646f6d, key->k[0] ^ 0x6c7967656e657261,
		key->k[1] ^ 0x7465646279746573};
	uint64_t m;

	for (; left >= 8; left -= 8, p += 8) {
		m = le64(p, 8);
		v[3] ^= m;
		sip_round(v);
		sip_round(v);
		v[0] ^= m;
	}
	m = (uint64_t)n << 56 | le64(p, left);
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
