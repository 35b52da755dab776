// SPDX-License-Identifier: GPL-2.0-or-later
/* Rule sets in the shape of large real ones, from a seed. */
#include "synth.h"

static uint64_t state;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % n;
}

/* A prefix of one of 256 sites, 256 nets each: lists overlap by their lengths. */
static void prefix(struct match *m, enum field f, const unsigned char *lens,
	unsigned n)
{
	struct addrmask k = {.fam = FAM_6};
	unsigned len = lens[rnd(n)];

	if (!len)
		return;
	k.mask = mask_of_len(FAM_6, len);
	k.value = (struct addr){{0x24, 0x04, 0x7a, 0x80}};
	k.value.b[5] = (uint8_t)rnd(256);
	k.value.b[7] = (uint8_t)rnd(256);
	for (int i = 8; i < 16; i++)
		k.value.b[i] = (uint8_t)rnd(256);
	k.value = addr_and(&k.value, &k.mask);
	cond_addr(match_cond(m, f, false), &k);
}

static void ports(struct match *m)
{
	static const uint16_t known[] = {22, 25, 53, 80, 143, 443, 445, 587,
		993, 3306, 3389, 5060, 8080};
	uint32_t lo = rnd(60000), kind = rnd(4);
	struct cond *c;

	if (!kind)
		return;
	c = match_cond(m, F_DPORT, false);
	if (kind == 1)
		cond_num(c, lo, lo + rnd(4000));
	else {
		lo = known[rnd(ARRAY_LEN(known))];
		cond_num(c, lo, lo);
	}
}

/*
 * Sites, nets and hosts as destination, from anywhere or from a site or net, a
 * protocol, a port or a range; a third refuses. Later rules are cut by earlier.
 */
struct pipeline *synth_overlapping(size_t rules, uint64_t seed)
{
	static const unsigned char to[] = {48, 56, 64, 64, 128, 128, 128, 128},
		from[] = {0, 0, 0, 48, 64};
	struct pipeline *pl = pipeline_new();
	struct chain *c = pipeline_chain(pl, "f", true);

	state = seed * 2 + 1;
	c->end = V_DROP;
	pl->entry[PATH_FORWARD] = xstrdup("f");
	pipeline_chain(pl, "i", true)->end = V_DROP;
	pl->entry[PATH_INPUT] = xstrdup("i");
	pl->entry[PATH_OUTPUT] = xstrdup("i");
	for (size_t i = 0; i < rules; i++) {
		struct rule *r = chain_rule(c, rnd(3) ? V_ACCEPT : V_DROP);
		uint32_t p = rnd(2) ? PROTO_TCP : PROTO_UDP;

		cond_num(match_cond(&r->match, F_PROTO, false), p, p);
		prefix(&r->match, F_SRC, from, ARRAY_LEN(from));
		prefix(&r->match, F_DST, to, ARRAY_LEN(to));
		ports(&r->match);
	}
	return pl;
}
