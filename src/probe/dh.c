// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/probe.h"

#include <errno.h>
#include <gmp.h>
#include <nettle/curve25519.h>
#include <nettle/ecc.h>
#include <nettle/ecc-curve.h>
#include <sys/random.h>

enum { MODP_LEN = 256, P256_LEN = 32, X25519_LEN = 32 };

const uint16_t dh_groups[3] = {DH_X25519, DH_P256, DH_MODP2048};

/* RFC 3526 section 3; the generator is 2. */
static const char modp2048[] =
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
	"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
	"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
	"98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
	"9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
	"3995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF";

const char *dh_name(uint16_t group)
{
	return group == DH_X25519    ? "X25519"
		: group == DH_P256   ? "P-256"
		: group == DH_MODP2048 ? "MODP-2048" : "?";
}

static void random_fill(void *ctx, size_t n, uint8_t *p)
{
	(void)ctx;
	if (getrandom(p, n, 0) != (ssize_t)n)
		abort();
}

/* Fixed width, zeros in front. */
static void mpz_put(const mpz_t x, uint8_t *p, size_t n)
{
	size_t len = (mpz_sizeinbase(x, 2) + 7) / 8;

	memset(p, 0, n);
	if (len <= n)
		mpz_export(p + n - len, NULL, 1, 1, 1, 0, x);
}

static int modp_public(uint8_t *ret)
{
	uint8_t secret[MODP_LEN / 4]; /* 512 bits: twice the strength and more */
	mpz_t p, g, x;

	random_fill(NULL, sizeof(secret), secret);
	mpz_init_set_str(p, modp2048, 16);
	mpz_init_set_ui(g, 2);
	mpz_init(x);
	mpz_import(x, sizeof(secret), 1, 1, 1, 0, secret);
	mpz_powm(x, g, x, p);
	mpz_put(x, ret, MODP_LEN);
	mpz_clears(p, g, x, NULL);
	return MODP_LEN;
}

static int p256_public(uint8_t *ret)
{
	struct ecc_scalar s;
	struct ecc_point q;
	mpz_t x, y;

	ecc_scalar_init(&s, nettle_get_secp_256r1());
	ecc_point_init(&q, nettle_get_secp_256r1());
	ecc_scalar_random(&s, NULL, random_fill);
	ecc_point_mul_g(&q, &s);
	mpz_inits(x, y, NULL);
	ecc_point_get(&q, x, y);
	mpz_put(x, ret, P256_LEN);
	mpz_put(y, ret + P256_LEN, P256_LEN);
	mpz_clears(x, y, NULL);
	ecc_point_clear(&q);
	ecc_scalar_clear(&s);
	return 2 * P256_LEN;
}

static int x25519_public(uint8_t *ret)
{
	uint8_t secret[X25519_LEN];

	random_fill(NULL, sizeof(secret), secret);
	curve25519_mul_g(ret, secret);
	return X25519_LEN;
}

int dh_public(uint16_t group, uint8_t ret[DH_PUBLIC_MAX])
{
	switch (group) {
	case DH_X25519:	  return x25519_public(ret);
	case DH_P256:	  return p256_public(ret);
	case DH_MODP2048: return modp_public(ret);
	}
	return -EINVAL;
}

static bool p256_good(const uint8_t *b)
{
	struct ecc_point q;
	mpz_t x, y;
	bool good;

	mpz_inits(x, y, NULL);
	mpz_import(x, P256_LEN, 1, 1, 1, 0, b);
	mpz_import(y, P256_LEN, 1, 1, 1, 0, b + P256_LEN);
	ecc_point_init(&q, nettle_get_secp_256r1());
	good = ecc_point_set(&q, x, y);
	ecc_point_clear(&q);
	mpz_clears(x, y, NULL);
	return good;
}

/* 1 < v < p - 1 (RFC 6989 2.1) */
static bool modp_good(const uint8_t *b)
{
	mpz_t p, v;
	bool good;

	mpz_init_set_str(p, modp2048, 16);
	mpz_init(v);
	mpz_import(v, MODP_LEN, 1, 1, 1, 0, b);
	mpz_sub_ui(p, p, 1);
	good = mpz_cmp_ui(v, 1) > 0 && mpz_cmp(v, p) < 0;
	mpz_clears(p, v, NULL);
	return good;
}

/* All-zero is the output for points of small order (RFC 8031 3). */
static bool x25519_good(const uint8_t *b)
{
	uint8_t any = 0;

	for (size_t i = 0; i < X25519_LEN; i++)
		any |= b[i];
	return any;
}

bool dh_public_good(uint16_t group, const uint8_t *p, size_t n)
{
	switch (group) {
	case DH_X25519:	  return n == X25519_LEN && x25519_good(p);
	case DH_P256:	  return n == 2 * P256_LEN && p256_good(p);
	case DH_MODP2048: return n == MODP_LEN && modp_good(p);
	}
	return false;
}
