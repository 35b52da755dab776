// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A NAT detection hash is SHA-1 over both SPIs, address and port. It cannot be
 * turned back, but the guesses are few: a port has 65,536 values, and the
 * address is ours or the router's outside one.
 */
#include "probe/probe.h"
#include "wire/ikev2.h"

#include <nettle/sha1.h>

const char *natd_name(enum natd_what w)
{
	switch (w) {
	case NATD_UNKNOWN: return "unknown";
	case NATD_SAME:	   return "same";
	case NATD_PORT:	   return "port-rewritten";
	case NATD_ADDR:	   return "address-rewritten";
	case NATD_BOTH:	   return "address-and-port-rewritten";
	case NATD_OTHER:   return "rewritten";
	}
	return "?";
}

void natd_hash(uint64_t spi_i, uint64_t spi_r, const struct endpoint *e,
	uint8_t ret[NATD_HASH_LEN])
{
	uint8_t b[8 + 8 + 16 + 2];
	struct wr w = wr_of(b, sizeof(b));
	struct sha1_ctx c;

	wr_be64(&w, spi_i);
	wr_be64(&w, spi_r);
	if (e->fam == FAM_4)
		wr_copy(&w, e->addr.b + 12, 4);
	else
		wr_copy(&w, e->addr.b, 16);
	wr_be16(&w, e->port);
	sha1_init(&c);
	sha1_update(&c, wr_len(&w), b);
	sha1_digest(&c, NATD_HASH_LEN, ret);
}

struct guess {
	const uint8_t (*hash)[NATD_HASH_LEN];
	size_t n;
	uint64_t spi_i, spi_r;
	unsigned tries;
};

static bool guess_is(struct guess *g, const struct endpoint *e)
{
	uint8_t h[NATD_HASH_LEN];

	if (g->tries >= NATD_TRIES_MAX)
		return false;
	g->tries++;
	natd_hash(g->spi_i, g->spi_r, e, h);
	for (size_t i = 0; i < g->n; i++)
		if (!memcmp(h, g->hash[i], NATD_HASH_LEN))
			return true;
	return false;
}

static bool guess_ports(struct guess *g, struct endpoint *e)
{
	for (unsigned p = 0; p <= 0xffff; p++) {
		e->port = (uint16_t)p;
		if (guess_is(g, e))
			return true;
	}
	return false;
}

/* The next address of a prefix, counting in the host bits. False at its end. */
static bool addr_next(const struct addrmask *m, struct addr *a)
{
	for (int i = 15; i >= 0; i--) {
		uint8_t host = (uint8_t)~m->mask.b[i];

		if (m->fam == FAM_4 && i < 12)
			return false;
		if ((a->b[i] & host) != host) {
			a->b[i] = (uint8_t)((((a->b[i] & host) + 1) & host) |
				m->value.b[i]);
			return true;
		}
		a->b[i] = m->value.b[i];
	}
	return false;
}

static bool guess_prefix(struct guess *g, const struct addrmask *m,
	uint16_t port, struct endpoint *e)
{
	const uint16_t ports[] = {port, IKE_PORT, IKE_NATT_PORT};
	struct addr a = m->value;

	do {
		*e = (struct endpoint){m->fam, a, 0};
		for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
			e->port = ports[i];
			if (guess_is(g, e))
				return true;
		}
	} while (g->tries < NATD_TRIES_MAX && addr_next(m, &a));
	return false;
}

static bool is_single(const struct addrmask *m)
{
	return mask_to_len(m->fam, &m->mask) == (m->fam == FAM_4 ? 32 : 128);
}

static bool guess_all(struct guess *g, const struct endpoint *want,
	const struct addrmask *c, size_t cn, struct endpoint *e)
{
	*e = *want;
	if (guess_is(g, e) || guess_ports(g, e))
		return true;
	for (size_t i = 0; i < cn; i++) {
		*e = (struct endpoint){c[i].fam, c[i].value, want->port};
		if (is_single(&c[i]) && (guess_is(g, e) || guess_ports(g, e)))
			return true;
	}
	for (size_t i = 0; i < cn; i++)
		if (!is_single(&c[i]) && guess_prefix(g, &c[i], want->port, e))
			return true;
	return false;
}

void natd_judge(const uint8_t (*hash)[NATD_HASH_LEN], size_t n, uint64_t spi_i,
	uint64_t spi_r, const struct endpoint *want,
	const struct addrmask *candidates, size_t cn, struct natd *ret)
{
	struct guess g = {hash, n, spi_i, spi_r, 0};
	struct endpoint e;
	bool addr_same;

	*ret = (struct natd){.what = n ? NATD_OTHER : NATD_UNKNOWN};
	if (!n)
		return;
	if (guess_all(&g, want, candidates, cn, &e)) {
		addr_same = e.fam == want->fam && !addr_cmp(&e.addr, &want->addr);
		ret->what = addr_same
			? (e.port == want->port ? NATD_SAME : NATD_PORT)
			: (e.port == want->port ? NATD_ADDR : NATD_BOTH);
		ret->addr = e.addr;
		ret->port = e.port;
	}
	ret->tries = g.tries;
}
