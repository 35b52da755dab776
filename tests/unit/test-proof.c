// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three engines: truth tables over all assignments of small diagrams, the
 * diagrams, and policy_ask() over random pipelines and random packets.
 */
#include "test.h"

#include "../lib/random.h"
#include "policy/policy.h"
#include "proof/proof.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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
	unsigned v = random_below(SMALL), one = random_below(2);
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
		struct both *a = &pool[random_below(POOL)], *b = &pool[random_below(POOL)];
		struct both r = combine(w, a, b, random_below(3));
		struct both care = pool[random_below(POOL)];
		bdd s = bdd_simplify(w, r.f, care.f);

		same(w, &r);
		check_fix(w, &r);
		assert_int_equal(bdd_and(w, s, care.f),
			bdd_and(w, r.f, care.f));
		if (random_below(4) == 0)
			r = variable(w, random_below(SMALL));
		pool[random_below(POOL)] = r;
	}
	test_free(pool);
	bdd_free(w);
}

/* ---- pipelines against the interpreter ---- */

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
		struct pipeline *pl = random_pipeline();
		struct proof *pr = proof_new();
		pset s;

		assert_int_equal(proof_passes(pr, pl, PROOF_SURELY, &s), 0);
		for (int k = 0; k < PACKETS; k++) {
			struct packet p = random_packet();
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
		struct pipeline *pl = random_pipeline();
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
		struct pipeline *pl = random_pipeline();
		struct proof *pr = proof_new();
		struct chain *c = pl->chains[0];
		pset lo, hi, real, lo2, hi2;
		struct cond *k;

		for (size_t r = 0; r < c->rule_n; r++) {
			if (random_below(2))
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
			if (random_below(2))
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
