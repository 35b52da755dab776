// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proof-bench read FILE WAN | overlapping RULES
 *
 * What may come in from outside, new, to the home: our sets, BuDDy with the same
 * order of fields and the same fold, z3 for one packet. Each in a process of its
 * own; CPU seconds and peak memory. What BuDDy gets is read already.
 */
#include "../../tests/lib/peers.h"
#include "proof/proof.h"
#include "routers/routers.h"
#include "synth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_S = 120, FILE_MAX_ = 16 << 20 };

struct job {
	const char *file, *wan;
	size_t rules;
	struct pipeline *pl;
	struct match frame; /* from outside to the home, new */
	struct match only;  /* what of it no translation changes */
};

static void frame(struct job *j)
{
	cond_num(match_cond(&j->frame, F_IN, false), ROLE_WAN, ROLE_WAN);
	cond_num(match_cond(&j->frame, F_CT, false), CT_NEW, CT_NEW);
	match_copy(&j->only, &j->frame);
	cond_num(match_cond(&j->frame, F_OUT, false), ROLE_LAN, ROLE_LAN);
}

static int load(struct job *j)
{
	static char buf[FILE_MAX_];
	struct read_hints h = {.wan = j->wan};
	FILE *f = j->file ? fopen(j->file, "re") : NULL;
	char *why = NULL;

	if (!j->file) {
		j->pl = synth_overlapping(j->rules, 1);
		return 0;
	}
	if (!f)
		return -errno;
	buf[fread(buf, 1, sizeof(buf) - 1, f)] = '\0';
	fclose(f);
	return routers_read(routers_guess(buf), buf, &h, &j->pl, &why);
}

/* ---- ours ---- */

static void ours(struct job *j)
{
	struct proof *pr = proof_new();
	struct text t = TEXT_INIT;
	struct packet p;
	pset a, b;

	proof_both(pr, j->pl, proof_frame(pr, &j->frame), &a, &b);
	a = proof_and(pr, a, proof_match(pr, &j->frame, PROOF_SURELY));
	proof_words(pr, a, 6, &t, NULL);
	printf("%zu", proof_witness(pr, a, &p) ? proof_size(pr, a) : 0);
	text_done(&t);
	proof_free(pr);
}

/* ---- BuDDy ---- */

struct piece {
	val accept, back, decided;
};

struct fold {
	const struct algebra *al;
	const struct pipeline *pl;
	val only;
	struct piece *done;
	bool *known;
};

static struct piece chain_of(struct fold *x, const struct chain *c);

static struct piece piece(struct fold *x, const struct rule *r)
{
	const struct algebra *al = x->al;
	val m = al->both(x->only, peer_match(al, &r->match)), no = al->truth(false);
	const struct chain *c = r->target ? pipeline_find(x->pl, r->target) : NULL;
	struct piece t = {no, no, no};

	switch (r->verdict) {
	case V_ACCEPT:	 return (struct piece){m, no, m};
	case V_RETURN:	 return (struct piece){no, m, m};
	case V_CONTINUE: return (struct piece){no, no, no};
	case V_DROP:
	case V_REJECT:	 return (struct piece){no, no, m};
	case V_JUMP:
	case V_GOTO:	 break;
	}
	if (c)
		t = chain_of(x, c);
	if (r->verdict == V_JUMP)
		return (struct piece){al->both(m, t.accept), no,
			al->both(m, al->without(t.decided, t.back))};
	return (struct piece){al->both(m, t.accept), al->both(m, al->either(
		t.back, al->without(m, t.decided))), m};
}

static struct piece halves(struct fold *x, const struct rule *v, size_t n)
{
	struct piece a, b;

	if (n == 0)
		return (struct piece){0, 0, 0};
	if (n == 1)
		return piece(x, v);
	a = halves(x, v, n / 2);
	b = halves(x, v + n / 2, n - n / 2);
	return (struct piece){buddy_ite(a.decided, a.accept, b.accept),
		buddy_ite(a.decided, a.back, b.back),
		x->al->either(a.decided, b.decided)};
}

static struct piece chain_of(struct fold *x, const struct chain *c)
{
	size_t i = 0;
	struct piece p;
	val rest;

	while (x->pl->chains[i] != c)
		i++;
	if (x->known[i])
		return x->done[i];
	p = halves(x, c->rules, c->rule_n);
	rest = x->al->without(x->only, p.decided);
	if (c->end != V_RETURN) {
		rest = x->al->either(rest, p.back);
		p.back = 0;
	}
	if (c->end == V_ACCEPT)
		p.accept = x->al->either(p.accept, rest);
	if (c->end == V_RETURN)
		p.back = x->al->either(p.back, rest);
	p.decided = x->only;
	x->known[i] = true;
	return x->done[i] = p;
}

static void buddy(struct job *j)
{
	struct fold x = {.al = buddy_open(4 << 20), .pl = j->pl,
		.done = xcalloc(j->pl->chain_n + 1, sizeof(struct piece)),
		.known = xcalloc(j->pl->chain_n + 1, 1)};
	const struct chain *c;
	val r;

	if (!x.al)
		_exit(77);
	r = x.only = peer_match(x.al, &j->only);
	c = j->pl->entry[PATH_FORWARD]
		? pipeline_find(j->pl, j->pl->entry[PATH_FORWARD]) : NULL;
	if (c)
		r = chain_of(&x, c).accept;
	for (size_t i = 0; i < j->pl->gate_n; i++) {
		struct piece p;

		if (j->pl->gates[i].path != PATH_FORWARD)
			continue;
		p = chain_of(&x, pipeline_find(j->pl, j->pl->gates[i].chain));
		r = x.al->both(r, x.al->either(p.accept, p.back));
	}
	printf("%zu", buddy_nodes(r));
}

static void z3(struct job *j)
{
	const struct algebra *al = z3_open();
	val r = peer_passes(al, j->pl);
	struct packet p;

	printf("%s", z3_member(al->both(r, peer_match(al, &j->frame)), &p) == 1
		? "a packet" : "no packet found");
}

/* ---- one after the other ---- */

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Returns CPU seconds, or -1: not done. */
static double measure(const char *name, struct job *j, void (*run)(struct job *),
	double first)
{
	struct rusage after;
	double cpu;
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(LIMIT_S);
		if (run == ours) /* from the file to the answer */
			pipeline_free(j->pl);
		if (run == ours && load(j))
			_exit(1);
		printf("  %-8s answer ", name);
		run(j);
		getrusage(RUSAGE_SELF, &after);
		cpu = seconds(&after.ru_utime) + seconds(&after.ru_stime);
		printf(": %.2f s, %ld MiB", cpu, after.ru_maxrss / 1024);
		if (first > 0)
			printf(", %.1f times ours", cpu / first);
		putchar('\n');
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || wait4(pid, &status, 0, &after) != pid)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		printf("  %-8s is not installed: skipped\n", name);
	else if (status)
		printf("  %-8s not done in %d s of CPU or memory\n", name, LIMIT_S);
	return status ? -1 : seconds(&after.ru_utime) + seconds(&after.ru_stime);
}

int main(int argc, char **argv)
{
	struct job j = {.file = argc == 4 ? argv[2] : NULL,
		.wan = argc == 4 ? argv[3] : NULL,
		.rules = argc == 3 ? strtoul(argv[2], NULL, 0) : 0};
	double first;

	if ((!j.file && !j.rules) || load(&j)) {
		fprintf(stderr, "usage: proof-bench read FILE WAN | overlapping RULES\n");
		return 1;
	}
	frame(&j);
	first = measure("ours", &j, ours, 0);
	measure("BuDDy", &j, buddy, first);
	measure("z3", &j, z3, first);
	return 0;
}
