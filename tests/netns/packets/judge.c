// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three judges of the same packets: the table says what must happen, policy_ask
 * says what the policy means, and the kernel with the emitted rules shows what
 * does happen.
 *
 * usage: judge [--rules COMMAND] [--fast|--crowd native|tc] TABLE...
 *	--rules: load these instead of our own (run in the gateway's namespace
 *	by /bin/sh; another emitter's output, or nothing: "true").
 *	--fast: instead of the first two judges the fast path, its leases hot,
 *	against the kernel alone (fast/hot.h). --crowd: a small table, and
 *	the table's rules only (fast/crowd.c).
 */
#include "../fast/hot.h"
#include "../../lib/stage.h"
#include "../../lib/table.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "nft/nft.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_routes(const struct addrmask *v, size_t n, const char *dev)
{
	char a[ADDRMASK_STR];

	for (size_t i = 0; i < n; i++) {
		addrmask_format(&v[i], a);
		stage_sh("ip route replace %s via %s dev %s onlink", a,
			v[i].fam == FAM_6 ? "fe80::2" : "10.255.255.2", dev);
	}
}

static void load_rules(const struct table *t, const char *rules)
{
	struct text out = TEXT_INIT;
	char *said = NULL;
	char a[ADDR_STR];

	stage_sh("nft flush ruleset");
	stage_sh("ip -6 route flush dev lan0 proto boot 2>/dev/null; ip route flush dev lan0 2>/dev/null; ip addr flush dev wan0 scope global; true");
	stage_neighbours();
	add_routes(t->f.lan6, t->f.lan6_n, "lan0");
	add_routes(t->f.lan4, t->f.lan4_n, "lan0");
	add_routes(t->f.seg6, t->f.seg6_n, "seg0");
	if (t->f.has_wan4)
		stage_sh("ip addr replace %s/32 dev wan0; ip route replace default via 10.255.255.2 dev wan0 onlink",
			addr_format(FAM_4, &t->f.wan4, a));
	nft_emit(t->pol, &out);
	if (rules)
		stage_sh("%s", rules);
	else if (kernel_nft_run(text_str(&out), &said)) {
		fprintf(stderr, "nft refused the emitted rules: %s\n", said);
		exit(1);
	}
	text_done(&out);
	stage_sh("nft 'table inet watch { counter got { }; chain i { type filter hook input priority 300; policy accept; counter name got; }; }'");
}

/* Our own door lists without counters, so nft is asked. */
static unsigned long input_count(void)
{
	FILE *f = popen("nft list counter inet watch got", "r");
	char buf[128];
	unsigned long n = 0;

	while (f && fgets(buf, sizeof(buf), f))
		(void)sscanf(buf, " packets %lu", &n);
	if (f)
		pclose(f);
	return n;
}

static bool counted(unsigned long before, bool surely)
{
	for (int ms = 0; ms < (surely ? stage_wait(true) : 5); ms += 5) {
		poll(NULL, 0, 5);
		if (input_count() > before)
			return true;
	}
	if (surely)
		stage_missed();
	return false;
}

static bool passes(struct stage *st, const struct table_row *row,
	const struct decision *d)
{
	unsigned long before;
	uint64_t mark;

	stage_flush_conntrack();
	if (row->has_before) {
		stage_send(st, &row->before, NULL, ++st->mark);
		poll(NULL, 0, 5);
	}
	stage_drain(st);
	before = d->after.out == ROLE_SELF ? input_count() : 0;
	mark = ++st->mark;
	stage_send(st, &row->p, row->has_before ? &row->before : NULL, mark);
	if (d->after.out == ROLE_SELF)
		return counted(before, row->pass);
	return stage_arrives(st, d->after.out, mark, row->pass);
}

static size_t judge_row(struct stage *st, const struct table *t,
	const struct table_row *row, const char *path)
{
	struct decision d;
	bool policy, kernel;

	if (policy_ask(t->pol, &row->p, &d)) {
		fprintf(stderr, "%s:%u: policy_ask failed\n", path, row->line);
		return 1;
	}
	policy = d.verdict == V_ACCEPT;
	kernel = row->p.in == ROLE_SELF ? policy : passes(st, row, &d);
	if (policy == row->pass && kernel == row->pass)
		return 0;
	printf("%s:%u: %s\n\ttable %s, policy %s (%s), kernel %s\n", path,
		row->line, row->words, row->pass ? "pass" : "drop",
		policy ? "pass" : "drop",
		d.origin && d.origin->why ? d.origin->why : "-",
		kernel ? "pass" : "drop");
	return 1;
}

static size_t judge_table(struct stage *st, struct hot *hot, const char *path,
	const char *rules, size_t *rows)
{
	struct table t;
	size_t bad = 0, pass = 0;

	table_load(path, &t);
	load_rules(&t, rules);
	for (size_t i = 0; i < t.row_n; i++) {
		if (!hot->dp)
			bad += judge_row(st, &t, &t.rows[i], path);
		pass += t.rows[i].pass;
	}
	if (hot->dp)
		bad += hot->crowd ? hot_crowd(hot, &t, path)
				  : hot_table(hot, &t, path);
	printf("%s: %zu packets (%zu pass, %zu drop), %zu differ\n", path,
		t.row_n, pass, t.row_n - pass, bad);
	*rows += t.row_n;
	table_done(&t);
	return bad;
}

int main(int argc, char **argv)
{
	struct stage st = {.mark = 0};
	const char *rules = NULL, *way = NULL;
	struct hot hot = {0};
	bool crowd = false;
	size_t bad = 0, rows = 0;
	int i = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid()) {
		puts("skip: needs root for network namespaces");
		return 77;
	}
	if (i + 1 < argc && !strcmp(argv[i], "--rules")) {
		rules = argv[i + 1];
		i += 2;
	}
	if (i + 1 < argc && (!strcmp(argv[i], "--fast") ||
				   !strcmp(argv[i], "--crowd"))) {
		crowd = !strcmp(argv[i], "--crowd");
		way = argv[i + 1];
		i += 2;
	}
	stage_up(&st);
	if (way)
		hot_up(&hot, &st, way, crowd ? 4 : 8192);
	hot.crowd = crowd;
	for (; i < argc; i++)
		bad += judge_table(&st, &hot, argv[i], rules, &rows);
	printf("%zu packets judged by table, policy and kernel: %zu differ\n",
		rows, bad);
	if (way)
		printf("%s: %zu rows went fast live, %zu by BPF_PROG_RUN\n",
			way, hot.hot, hot.runs);
	dataplane_free(hot.dp);
	/* a fast path that nothing takes would agree with everything */
	return bad || (way && !hot.hot) || (hot.native && !hot.runs) ? 1 : 0;
}
