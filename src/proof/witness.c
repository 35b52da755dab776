// SPDX-License-Identifier: GPL-2.0-or-later
/* One packet out of a set, such as a person would think of. */
#include "proof/own.h"

#include <string.h>

static void prefer(struct proof *pr, bdd *s, bdd want)
{
	bdd both = bdd_and(pr->w, *s, want);

	if (both != BDD_NO)
		*s = both;
}

static void prefer_number(struct proof *pr, bdd *s, enum slot slot, uint32_t v)
{
	prefer(pr, s, space_equal(pr, slot, v));
}

static void prefer_addr(struct proof *pr, bdd *s, enum slot slot,
	const char *text)
{
	struct addrmask m;

	if (addrmask_parse(text, &m))
		return;
	prefer(pr, s, bdd_and(pr->w, m.fam == FAM_6 ? pr->is6 : pr->is4,
		space_mask(pr, slot, m.value.b, m.mask.b)));
}

/* A service that should not be open comes before one that may be. */
static void prefer_service(struct proof *pr, bdd *s)
{
	static const struct {
		uint8_t proto;
		uint16_t port;
	} rows[] = {{PROTO_TCP, 22}, {PROTO_TCP, 445}, {PROTO_TCP, 80},
		{PROTO_TCP, 443}, {PROTO_TCP, 3389}, {PROTO_UDP, 53},
		{PROTO_UDP, 161}, {PROTO_UDP, 500}, {PROTO_UDP, 4500},
		{PROTO_ESP, 0}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bdd want = bdd_and(pr->w, space_equal(pr, S_PROTO, rows[i].proto),
			space_equal(pr, S_DPORT, rows[i].port));
		bdd both = bdd_and(pr->w, *s, want);

		if (both == BDD_NO)
			continue;
		*s = both;
		return;
	}
	prefer(pr, s, space_equal(pr, S_PROTO, PROTO_TCP));
}

static void smallest(struct proof *pr, bdd s, uint8_t bits[VARS])
{
	memset(bits, 0, VARS);
	while (s > BDD_ALL) {
		bool up = bdd_lo(pr->w, s) == BDD_NO;

		bits[bdd_var(pr->w, s)] = up;
		s = up ? bdd_hi(pr->w, s) : bdd_lo(pr->w, s);
	}
}

bool proof_witness(struct proof *pr, pset s, struct packet *ret)
{
	uint8_t bits[VARS];
	bdd f = bdd_and(pr->w, s, pr->universe);

	if (f == BDD_NO)
		return false;
	prefer_number(pr, &f, S_CT, CT_NEW);
	prefer_number(pr, &f, S_IN, ROLE_WAN);
	prefer_number(pr, &f, S_OUT, ROLE_LAN);
	prefer_number(pr, &f, S_FRAG, FRAG_NONE);
	prefer_number(pr, &f, S_EXT, 0);
	prefer_number(pr, &f, S_DNAT, 0);
	prefer_service(pr, &f);
	prefer_number(pr, &f, S_FLAGS, TCP_SYN);
	prefer(pr, &f, space_range(pr, S_SPORT, 40000, 60999));
	prefer_addr(pr, &f, S_SRC, "2600:1f18::bad");
	prefer_addr(pr, &f, S_SRC, "2000::/3");
	prefer_addr(pr, &f, S_SRC, "151.101.1.1");
	prefer_addr(pr, &f, S_DST, "2404:7a80:1:1::/64");
	prefer_addr(pr, &f, S_DST, "2400::/12");
	prefer_addr(pr, &f, S_DST, "::211:22ff:fe33:4455/-64");
	prefer_addr(pr, &f, S_DST, "119.104.5.6"); /* some line's own */
	prefer_addr(pr, &f, S_DST, "192.168.1.9");
	prefer_addr(pr, &f, S_DST, "192.168.0.0/16");
	prefer(pr, &f, space_range(pr, S_SPI, 256, UINT32_MAX));
	smallest(pr, f, bits);
	space_packet(bits, ret);
	return true;
}
