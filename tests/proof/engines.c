// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Do all judges agree? Over random pipelines: every packet of small fields one
 * by one, our sets, the interpreter; at full width BuDDy (the very same set) and
 * z3 (no packet tells them apart, and its own witness passes).
 *
 *	engines SEED SMALL BUDDY Z3	(how many pipelines each)
 */
#include "../lib/peers.h"
#include "../lib/random.h"
#include "proof/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned bad;

static void disagree(const char *who, unsigned long i, const struct packet *p)
{
	char *w = p ? packet_format(p) : NULL;

	printf("DISAGREE: %s, pipeline %lu%s%s\n", who, i, w ? ": " : "", w ? w : "");
	free(w);
	bad++;
}

/* ---- small fields ---- */

/* Conditions on four bits of each field, at any place of an address. */
static void small_cond(struct match *m)
{
	static const enum field fields[] = {F_SRC, F_DST, F_DST, F_PROTO, F_DPORT,
		F_DPORT, F_CT, F_IN};
	static const uint8_t protos[] = {6, 17, 50, 58};
	struct cond *c = match_cond(m, fields[random_below(ARRAY_LEN(fields))],
		random_below(3) == 0);
	uint32_t a = random_below(16), b = random_below(16);

	if (c->f == F_SRC || c->f == F_DST) {
		struct addrmask k = {.fam = FAM_6};

		k.mask.b[15] = (uint8_t)random_below(16);
		k.value.b[15] = (uint8_t)(b & k.mask.b[15]);
		cond_addr(c, &k);
		if (random_below(4) == 0) {
			struct addr lo = {{0}}, hi = {{0}};

			lo.b[15] = (uint8_t)(a < b ? a : b);
			hi.b[15] = (uint8_t)(a < b ? b : a);
			cond_range(c, FAM_6, &lo, &hi);
		}
	} else if (c->f == F_PROTO) {
		cond_num(c, protos[a % 4], protos[a % 4]);
	} else if (c->f == F_CT || c->f == F_IN) {
		cond_num(c, a % 2, a % 2);
	} else {
		cond_num(c, a < b ? a : b, a < b ? b : a);
	}
}

static struct pipeline *small_pipeline(void)
{
	static const enum verdict v[] = {V_ACCEPT, V_DROP, V_ACCEPT, V_RETURN,
		V_CONTINUE, V_JUMP, V_GOTO};
	struct pipeline *pl = pipeline_new();

	for (unsigned i = 0; i < 3; i++) {
		char name[8], to[8];
		struct chain *c;

		snprintf(name, sizeof(name), "c%u", i);
		c = pipeline_chain(pl, name, true);
		c->end = i ? V_RETURN : random_below(2) ? V_ACCEPT : V_DROP;
		for (uint32_t n = random_below(7); n > 0; n--) {
			struct rule *r = chain_rule(c, v[random_below(i < 2 ? 7 : 5)]);

			for (uint32_t k = random_below(4); k > 0; k--)
				small_cond(&r->match);
			if (r->verdict != V_JUMP && r->verdict != V_GOTO)
				continue;
			snprintf(to, sizeof(to), "c%u", i + 1);
			r->target = xstrdup(to);
		}
	}
	pl->entry[PATH_FORWARD] = xstrdup("c0");
	return pl;
}

/* All 2 x 2 x 16 x 16 x (16 + 16 + 1 + 1) of them. */
static size_t every_packet(const struct pipeline *pl, struct proof *pr, pset s,
	unsigned long at)
{
	static const uint8_t protos[] = {6, 17, 50, 58};
	struct packet p = {.fam = FAM_6, .out = ROLE_LAN};
	size_t passed = 0;

	for (uint32_t i = 0; i < 4u << 14; i++) {
		struct decision d;

		p.in = (enum role)(i & 1);
		p.ct = (enum ct_state)(i >> 1 & 1);
		p.src.b[15] = i >> 2 & 15;
		p.dst.b[15] = i >> 6 & 15;
		p.dport = i >> 10 & 15;
		p.proto = protos[i >> 14];
		if (p.dport && p.proto != 6 && p.proto != 17)
			continue;
		if (pipeline_ask(pl, &p, &d) ||
			(d.verdict == V_ACCEPT) != proof_has(pr, s, &p))
			disagree("every packet of small fields", at, &p);
		passed += d.verdict == V_ACCEPT;
	}
	return passed;
}

static void small(unsigned long n)
{
	size_t passed = 0;

	for (unsigned long i = 0; i < n && !bad; i++) {
		struct pipeline *pl = small_pipeline();
		struct proof *pr = proof_new();
		pset s;

		if (proof_passes(pr, pl, PROOF_SURELY, &s))
			disagree("small: no set", i, NULL);
		else
			passed += every_packet(pl, pr, s, i);
		proof_free(pr);
		pipeline_free(pl);
	}
	printf("small fields: %lu pipelines, all packets of each, %zu passed\n", n,
		passed);
	bad += n && !passed;
}

/* ---- full width ---- */

static void with_buddy(unsigned long n)
{
	const struct algebra *al = n ? buddy_open(1 << 18) : NULL;
	size_t nodes = 0;

	if (n && !al)
		printf("BuDDy (libbdd-dev) is not here: skipped\n");
	for (unsigned long i = 0; al && i < n && !bad; i++) {
		struct pipeline *pl = random_pipeline();
		struct proof *pr = proof_new();
		pset s;

		proof_passes(pr, pl, PROOF_SURELY, &s);
		if (buddy_of(pr, s) != peer_passes(al, pl))
			disagree("BuDDy", i, NULL);
		nodes += proof_size(pr, s);
		buddy_forget();
		proof_free(pr);
		pipeline_free(pl);
	}
	if (al) {
		printf("BuDDy: %lu pipelines, the same set each time (%zu nodes)\n",
			n, nodes);
		buddy_close();
	}
}

static void one_z3(struct pipeline *pl, unsigned long i)
{
	struct proof *pr = proof_new();
	struct packet p;
	struct decision d;
	int same, member;
	pset s;
	val theirs;

	proof_passes(pr, pl, PROOF_SURELY, &s);
	theirs = peer_passes(z3_open(), pl);
	member = z3_member(theirs, &p);
	if (member < 0 || (member == 1) != (s != PSET_NONE))
		disagree("z3: is anything in it", i, NULL);
	if (member == 1 && (pipeline_ask(pl, &p, &d) || d.verdict != V_ACCEPT ||
			!proof_has(pr, s, &p)))
		disagree("z3's own packet", i, &p);
	same = z3_equal(pr, s, theirs);
	if (same != 1)
		disagree(same < 0 ? "z3 gave up" : "z3", i, NULL);
	z3_close();
	proof_free(pr);
}

static void with_z3(unsigned long n)
{
	for (unsigned long i = 0; i < n && !bad; i++) {
		struct pipeline *pl = random_pipeline();

		one_z3(pl, i);
		pipeline_free(pl);
	}
	printf("z3: %lu pipelines, no packet tells them apart\n", n);
}

int main(int argc, char **argv)
{
	unsigned long k[4] = {1, 60, 400, 16};

	for (int i = 1; i < argc && i <= 4; i++)
		k[i - 1] = strtoul(argv[i], NULL, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %lu\n", k[0]);
	random_seed(k[0]);
	small(k[1]);
	with_buddy(k[2]);
	with_z3(k[3]);
	return bad ? 1 : 0;
}
