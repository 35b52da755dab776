// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three engines: truth tables over all assignments of small diagrams, the
 * diagrams, and policy_ask() over random pipelines and random packets.
 */
#include "test.h"

#include "policy/policy.h"
#include "proof/proof.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t seed = 0x6b61646f6d6f7269;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % n;
}

/* ---- diagrams against truth tables ---- */

enum { SMALL = 8, TABLE = 1 << SMALL };

struct both {
	bdd f;
	bool t[TABLE];
};

static struct both variable(struct bdd_world *w, unsigned v)
{
	struct both b = {.f = bdd_node(w, v, BDD_NO, BDD_ALL)};

	for (unsigned i = 0; i < TABLE; i++)
		b.t[i] = i >> v & 1;
	bdd_hold(w, b.f);
	return b;
}

static bool value(struct bdd_world *w, bdd f, unsigned i)
{
	while (f > BDD_ALL)
		f = i >> bdd_var(w, f) & 1 ? bdd_hi(w, f) : bdd_lo(w, f);
	return f == BDD_ALL;
}

static void same(struct bdd_world *w, const struct both *b)
{
	for (unsigned i = 0; i < TABLE; i++)
		assert_int_equal(value(w, b->f, i), b->t[i]);
}

static struct both combine(struct bdd_world *w, const struct both *a,
	const struct both *b, unsigned op)
{
	struct both r = {0};

	r.f = op == 0 ? bdd_and(w, a->f, b->f)
	      : op == 1 ? bdd_or(w, a->f, b->f)
			: bdd_minus(w, a->f, b->f);
	for (unsigned i = 0; i < TABLE; i++)
		r.t[i] = op == 0 ? a->t[i] && b->t[i]
			 : op == 1 ? a->t[i] || b->t[i]
				   : a->t[i] && !b->t[i];
	bdd_hold(w, r.f);
	return r;
}

static void check_fix(struct bdd_world *w, const struct both *b)
{
	int8_t fix[SMALL];
	unsigned v = rnd(SMALL), one = rnd(2);
	bdd f;

	memset(fix, -1, sizeof(fix));
	fix[v] = (int8_t)one;
	f = bdd_fix(w, b->f, fix, SMALL);
	for (unsigned i = 0; i < TABLE; i++) {
		unsigned j = one ? i | 1u << v : i & ~(1u << v);

		assert_int_equal(value(w, f, i), b->t[j]);
	}
	f = bdd_forget(w, b->f, v, v + 1);
	for (unsigned i = 0; i < TABLE; i++)
		assert_int_equal(value(w, f, i),
			b->t[i | 1u << v] || b->t[i & ~(1u << v)]);
}

static void diagrams_equal_truth_tables(void **state)
{
	struct bdd_world *w = bdd_new();
	enum { POOL = 24, STEPS = 3000 };
	struct both *pool = test_calloc(POOL, sizeof(*pool));

	(void)state;
	for (unsigned i = 0; i < POOL; i++)
		pool[i] = variable(w, i % SMALL);
	for (unsigned i = 0; i < STEPS; i++) {
		struct both *a = &pool[rnd(POOL)], *b = &pool[rnd(POOL)];
		struct both r = combine(w, a, b, rnd(3));
		struct both care = pool[rnd(POOL)];
		bdd s = bdd_simplify(w, r.f, care.f);

		same(w, &r);
		check_fix(w, &r);
		assert_int_equal(bdd_and(w, s, care.f),
			bdd_and(w, r.f, care.f));
		if (rnd(4) == 0)
			r = variable(w, rnd(SMALL));
		pool[rnd(POOL)] = r;
	}
	test_free(pool);
	bdd_free(w);
}

/* ---- pipelines against the interpreter ---- */

static const char *const masks[] = {"2404:7a80:1:1::/64", "2404::/16",
	"::211:22ff:fe33:4455/-64", "2404:7a80:1:1::50", "::/0", "ff00::/8",
	"192.168.10.0/24", "192.168.10.9", "0.0.0.0/0", "10.0.0.0/8"};
static const char *const addrs[] = {"2404:7a80:1:1::50", "2404:1a8::1",
	"2404:7a80:1:1:211:22ff:fe33:4455", "2405::9", "ff02::1",
	"192.168.10.9", "192.168.10.77", "10.1.1.1", "8.8.8.8"};
static const uint8_t protos[] = {6, 17, 50, 58, 1, 51, 47};
static const uint16_t ports[] = {0, 22, 80, 499, 500, 501, 4500, 65535};

static struct addr some_addr(enum family fam)
{
	struct addr a;
	enum family f;

	do {
		assert_int_equal(addr_parse(addrs[rnd(ARRAY_LEN(addrs))], &f,
			&a), 0);
	} while (f != fam);
	return a;
}

static void some_addresses(struct cond *c)
{
	for (uint32_t n = rnd(3); n-- + 1 > 0;) {
		struct addrmask m;

		assert_int_equal(addrmask_parse(masks[rnd(ARRAY_LEN(masks))],
			&m), 0);
		cond_addr(c, &m);
	}
	if (rnd(4) == 0) {
		enum family fam = rnd(2) ? FAM_6 : FAM_4;
		struct addr a = some_addr(fam), b = some_addr(fam);

		cond_range(c, fam, addr_cmp(&a, &b) < 0 ? &a : &b,
			addr_cmp(&a, &b) < 0 ? &b : &a);
	}
}

static void some_cond(struct match *m)
{
	static const enum field fields[] = {F_FAMILY, F_IN, F_OUT, F_CT,
		F_DNAT, F_SRC, F_DST, F_PROTO, F_SPORT, F_DPORT, F_ITYPE,
		F_TCPFLAGS, F_EXTHDR, F_FRAG, F_SPI, F_PROTO, F_DPORT, F_DST};
	struct cond *c = match_cond(m, fields[rnd(ARRAY_LEN(fields))],
		rnd(4) == 0);
	uint32_t a, b;

	switch (c->f) {
	case F_SRC:
	case F_DST:	some_addresses(c); return;
	case F_FAMILY:	a = b = rnd(2) ? FAM_6 : FAM_4; break;
	case F_PROTO:	a = b = protos[rnd(ARRAY_LEN(protos))]; break;
	case F_SPORT:
	case F_DPORT:
		a = ports[rnd(ARRAY_LEN(ports))];
		b = ports[rnd(ARRAY_LEN(ports))];
		break;
	case F_TCPFLAGS:
		c->flag_mask = (uint8_t)rnd(64);
		c->flag_value = (uint8_t)(rnd(64) & (rnd(8) ? c->flag_mask : 63));
		return;
	case F_EXTHDR:	a = b = 1u << rnd(7); break;
	case F_DNAT:	a = b = rnd(2); break;
	default:	a = rnd(4); b = rnd(4); break;
	}
	cond_num(c, a < b ? a : b, a < b ? b : a);
	if (rnd(3) == 0)
		cond_num(c, b, b);
}

static void some_match(struct match *m)
{
	for (uint32_t n = rnd(4); n > 0; n--)
		some_cond(m);
}

static void some_chain(struct pipeline *pl, unsigned index, bool last)
{
	static const enum verdict v[] = {V_ACCEPT, V_DROP, V_REJECT, V_ACCEPT,
		V_CONTINUE, V_RETURN, V_JUMP, V_GOTO};
	static const enum verdict ends[] = {V_ACCEPT, V_DROP, V_RETURN};
	char name[8];
	struct chain *c;

	snprintf(name, sizeof(name), "c%u", index);
	c = pipeline_chain(pl, name, true);
	c->end = ends[rnd(3)];
	c->last_match = last;
	for (uint32_t n = rnd(7); n > 0; n--) {
		/* calls lead to later chains only; pf lists have none */
		enum verdict k = v[rnd(last ? 5 : index < 3 ? 8 : 6)];
		struct rule *r = chain_rule(c, k);

		r->quick = rnd(3) == 0;
		some_match(&r->match);
		if (k == V_JUMP || k == V_GOTO) {
			snprintf(name, sizeof(name), "c%u",
				index + 1 + rnd(3 - index + 1));
			r->target = xstrdup(name);
		}
	}
}

static void some_nat(struct pipeline *pl)
{
	for (uint32_t n = rnd(3); n > 0; n--) {
		struct nat_rule *r = GROW(pl->nat_in, pl->nat_in_n,
			pl->nat_in_cap);

		r->action = (enum nat_action)rnd(4);
		r->dst = some_addr(FAM_4);
		r->set_dst = true;
		cond_num(match_cond(&r->match, F_FAMILY, false), FAM_4, FAM_4);
		some_match(&r->match);
		r->set_port = rnd(2);
		if (r->set_port) {
			r->port_lo = r->port_hi = 500;
			cond_num(match_cond(&r->match, F_PROTO, false), 17, 17);
		}
		if (r->set_port && rnd(2)) {
			r->match_lo = 80;
			r->port_hi = 503;
			cond_num(match_cond(&r->match, F_DPORT, false), 80, 83);
		}
	}
}

static struct pipeline *some_pipeline(void)
{
	struct pipeline *pl = pipeline_new();
	bool last = rnd(4) == 0;

	for (unsigned i = 0; i < 4; i++)
		some_chain(pl, i, last);
	some_nat(pl);
	pl->order = rnd(3) ? NAT_FIRST : FILTER_FIRST;
	pl->entry[PATH_FORWARD] = xstrdup("c0");
	if (rnd(2))
		pl->entry[PATH_INPUT] = xstrdup("c1");
	if (rnd(4) == 0) {
		some_match(GROW(pl->bypass, pl->bypass_n, pl->bypass_cap));
	}
	return pl;
}

static struct packet some_packet(void)
{
	struct packet p = {.fam = rnd(2) ? FAM_6 : FAM_4,
		.in = (enum role)rnd(ROLE_MAX), .out = (enum role)rnd(ROLE_MAX),
		.ct = (enum ct_state)rnd(CT_MAX), .dnat = rnd(2),
		.proto = protos[rnd(ARRAY_LEN(protos))],
		.frag = (enum frag_kind)rnd(3)};

	if (rnd(2))
		p.ct = CT_NEW;
	p.src = some_addr(p.fam);
	p.dst = some_addr(p.fam);
	if (p.proto == 6 || p.proto == 17) {
		p.sport = ports[rnd(ARRAY_LEN(ports))];
		p.dport = rnd(2) ? ports[rnd(ARRAY_LEN(ports))]
				 : (uint16_t)(80 + rnd(5));
	}
	if (p.proto == 6)
		p.tcp_flags = (uint8_t)rnd(64);
	if (p.proto == 1 || p.proto == 58)
		p.icmp_type = (uint8_t)rnd(5);
	if (p.proto == 50 || p.proto == 51)
		p.spi = rnd(5);
	if (p.fam == FAM_6)
		p.exthdrs = rnd(2) ? 0 : (uint8_t)rnd(128);
	return p;
}

static void disagree(const struct packet *p, bool set, const struct decision *d)
{
	char *w = packet_format(p);

	fail_msg("%s: set %d, interpreter %s (chain %s)", w, set,
		verdict_name(d->verdict), d->chain ? d->chain->name : "-");
}

static void sets_equal_the_interpreter(void **state)
{
	enum { PIPELINES = 10000, PACKETS = 60 };
	size_t passed = 0;

	(void)state;
	for (int i = 0; i < PIPELINES; i++) {
		struct pipeline *pl = some_pipeline();
		struct proof *pr = proof_new();
		pset s;

		assert_int_equal(proof_passes(pr, pl, PROOF_SURELY, &s), 0);
		for (int k = 0; k < PACKETS; k++) {
			struct packet p = some_packet();
			struct decision d;
			bool in = proof_has(pr, s, &p);

			assert_int_equal(pipeline_ask(pl, &p, &d), 0);
			assert_true(proof_has(pr, proof_universe(pr), &p));
			if (in != (d.verdict == V_ACCEPT))
				disagree(&p, in, &d);
			passed += in;
		}
		proof_free(pr);
		pipeline_free(pl);
	}
	assert_true(passed > 1000); /* both verdicts did occur */
}

static void witnesses_are_what_they_say(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		struct pipeline *pl = some_pipeline();
		struct proof *pr = proof_new();
		struct packet p;
		struct decision d;
		pset s, no;

		assert_int_equal(proof_passes(pr, pl, PROOF_SURELY, &s), 0);
		no = proof_minus(pr, proof_universe(pr), s);
		if (proof_witness(pr, s, &p)) {
			assert_int_equal(pipeline_ask(pl, &p, &d), 0);
			assert_int_equal(d.verdict, V_ACCEPT);
		}
		if (proof_witness(pr, no, &p)) {
			assert_int_equal(pipeline_ask(pl, &p, &d), 0);
			assert_int_not_equal(d.verdict, V_ACCEPT);
		}
		proof_free(pr);
		pipeline_free(pl);
	}
}

/* What surely passes passes whichever way an unknown condition turns. */
static void unknown_conditions_bound_both_sides(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct pipeline *pl = some_pipeline();
		struct proof *pr = proof_new();
		struct chain *c = pl->chains[0];
		pset lo, hi, real, lo2, hi2;
		struct cond *k;

		for (size_t r = 0; r < c->rule_n; r++) {
			if (rnd(2))
				continue;
			k = match_cond(&c->rules[r].match, F_OPAQUE, false);
			k->opaque = xstrdup("-m recent --rcheck");
		}
		assert_int_equal(proof_passes(pr, pl, PROOF_SURELY, &lo), 0);
		assert_int_equal(proof_passes(pr, pl, PROOF_PERHAPS, &hi), 0);
		assert_int_equal(proof_both(pr, pl, PSET_ALL, &lo2, &hi2), 0);
		assert_int_equal(lo, lo2);
		assert_int_equal(hi, hi2);
		/* one way it may really turn: each as a coin falls */
		for (size_t r = 0; r < c->rule_n; r++) {
			struct match *m = &c->rules[r].match;

			if (m->n && m->conds[m->n - 1].f == F_OPAQUE)
				m->conds[m->n - 1].f = F_PROTO;
			else
				continue;
			if (rnd(2))
				cond_num(&m->conds[m->n - 1], 0, 255);
		}
		assert_int_equal(proof_passes(pr, pl, PROOF_SURELY, &real), 0);
		assert_int_equal(proof_minus(pr, lo, real), PSET_NONE);
		assert_int_equal(proof_minus(pr, real, hi), PSET_NONE);
		proof_free(pr);
		pipeline_free(pl);
	}
}

static void one_rule(struct pipeline *pl, uint8_t proto, uint16_t port,
	const char *to)
{
	struct rule *r = chain_rule(pipeline_chain(pl, "f", true), V_ACCEPT);
	struct addrmask m;

	cond_num(match_cond(&r->match, F_PROTO, false), proto, proto);
	if (port)
		cond_num(match_cond(&r->match, F_DPORT, false), port, port);
	assert_int_equal(addrmask_parse(to, &m), 0);
	cond_addr(match_cond(&r->match, F_DST, false), &m);
}

static void sets_are_told_in_words(void **state)
{
	struct pipeline *pl = pipeline_new();
	struct proof *pr = proof_new();
	struct text t = TEXT_INIT;
	bool more = true;
	pset s;

	(void)state;
	pl->entry[PATH_FORWARD] = xstrdup("f");
	pl->entry[PATH_INPUT] = xstrdup("i");
	pl->entry[PATH_OUTPUT] = xstrdup("i");
	pipeline_chain(pl, "i", true)->end = V_DROP;
	pipeline_chain(pl, "f", true)->end = V_DROP;
	one_rule(pl, PROTO_UDP, 500, "::211:22ff:fe33:4455/-64");
	one_rule(pl, PROTO_ESP, 0, "::211:22ff:fe33:4455/-64");
	assert_int_equal(proof_passes(pr, pl, PROOF_SURELY, &s), 0);
	s = proof_where(pr, s, F_IN, ROLE_WAN);
	s = proof_where(pr, s, F_OUT, ROLE_LAN);
	s = proof_where(pr, s, F_CT, CT_NEW);
	assert_int_equal(proof_words(pr, s, 9, &t, &more), 2);
	assert_false(more);
	assert_non_null(strstr(text_str(&t),
		"esp (IPv6) from any to ::211:22ff:fe33:4455/-64 in wan out lan new\n"));
	assert_non_null(strstr(text_str(&t),
		"udp (IPv6) from any to ::211:22ff:fe33:4455/-64 port 500 in wan out lan new\n"));
	text_clear(&t);
	assert_int_equal(proof_words(pr, proof_universe(pr), 9, &t, &more), 1);
	assert_string_equal(text_str(&t), "any protocol from any to any\n");
	text_done(&t);
	proof_free(pr);
	pipeline_free(pl);
}

static void cycles_are_refused(void **state)
{
	struct pipeline *pl = pipeline_new();
	struct proof *pr = proof_new();
	pset s;

	(void)state;
	pl->entry[PATH_FORWARD] = xstrdup("a");
	chain_rule(pipeline_chain(pl, "a", true), V_JUMP)->target = xstrdup("b");
	chain_rule(pipeline_chain(pl, "b", true), V_JUMP)->target = xstrdup("a");
	assert_int_equal(proof_passes(pr, pl, PROOF_SURELY, &s), -ELOOP);
	proof_free(pr);
	pipeline_free(pl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diagrams_equal_truth_tables),
		cmocka_unit_test(sets_equal_the_interpreter),
		cmocka_unit_test(witnesses_are_what_they_say),
		cmocka_unit_test(unknown_conditions_bound_both_sides),
		cmocka_unit_test(sets_are_told_in_words),
		cmocka_unit_test(cycles_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
