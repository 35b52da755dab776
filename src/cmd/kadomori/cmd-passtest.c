// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori passtest: does every device's ESP reach that device and no other?
 * --sim: in the simulator, beside the other known ways. No root, no network.
 * With --device and --peer: real packets through the gateway between them.
 */
#include "command.h"
#include "passtest/passtest.h"
#include "base/text.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

enum { ROUNDS = 12, CELL = 22, WHAT = 40 };

struct want {
	unsigned hosts, peers, rounds;
	const char *only;
};

static int usage(void)
{
	fprintf(stderr, _("usage: kadomori passtest --device [NAMESPACE/]ADDRESS ... --peer [NAMESPACE/]ADDRESS ...\n"
			  "         [--rigid] [--pace] [--pad BYTES] [--restart COMMAND] [--restart-bare COMMAND] [--rounds K] [--row EP-n] [--json]\n"));
	fprintf(stderr, _("usage: kadomori passtest --sim [--hosts N] [--peers M] [--rounds K] [--row EP-n] [--json]\n"));
	return EXIT_USAGE;
}

/* All sizes that the matrix asks for, or the one that was named. */
static void play(const struct want *w, const struct pass_row *r,
	const struct judge *j, struct sim_score *sum)
{
	static const unsigned hosts[] = {1, 2, 4, 8}, peers[] = {1, 2, 8};
	struct sim_score one;

	*sum = (struct sim_score){0};
	for (unsigned h = 0; h < ARRAY_LEN(hosts); h++)
		for (unsigned p = 0; p < ARRAY_LEN(peers); p++) {
			if (w->hosts && h)
				continue;
			if (w->peers && p)
				continue;
			pass_play(r, j, w->hosts ? w->hosts : hosts[h],
				w->peers ? w->peers : peers[p], w->rounds, &one);
			sim_score_add(sum, &one);
		}
}

static uint64_t sent(const struct sim_score *s)
{
	return s->in + s->out + s->ike + s->icmp;
}

/* In hundredths of a percent, rounded down: 10000 means all. */
static unsigned delivered(const struct sim_score *s)
{
	uint64_t good = s->in_good + s->out_good + s->ike_good + s->icmp_good;

	return sent(s) ? (unsigned)(good * 10000 / sent(s)) : 10000;
}

static void pad(const char *s, int width)
{
	int n = text_columns(s, strlen(s));

	fputs(s, stdout);
	for (; n < width; n++)
		putchar(' ');
}

static void print_cell(const struct sim_score *s)
{
	unsigned d = delivered(s);
	cleanup(freep) char *c = xasprintf("%3u.%02u %% %8" PRIu64, d / 100,
		d % 100, s->in_wrong);

	pad(c, CELL);
}

static void print_head(void)
{
	pad("", 8 + WHAT);
	for (unsigned i = 0; i < JUDGES; i++)
		pad(judges[i]->name, CELL);
	putchar('\n');
	pad("", 8 + WHAT);
	for (unsigned i = 0; i < JUDGES; i++)
		pad(_("delivered     wrong"), CELL);
	puts("");
}

static json_t *score_json(const struct sim_score *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i}", "sent",
		(json_int_t)sent(s), "delivered_percent_x100",
		(json_int_t)delivered(s), "misdelivered",
		(json_int_t)s->in_wrong, "copies", (json_int_t)s->copies,
		"lost_in", (json_int_t)s->in_lost, "lost_out",
		(json_int_t)(s->out - s->out_good), "unasked_that_passed",
		(json_int_t)s->to_strangers, "worst_lost_of_one_sa",
		(int)s->worst_lost);
}

/* true: kadomori did what the row asks of it. */
static bool one_row(const struct want *w, const struct pass_row *r, json_t *out)
{
	struct sim_score own = {0}, s;
	json_t *row = json_object();

	if (!opt.json) {
		pad(r->id, 8);
		pad(_(r->what), WHAT);
	}
	for (unsigned i = 0; i < JUDGES; i++) {
		play(w, r, judges[i], &s);
		if (!i)
			own = s;
		if (!opt.json)
			print_cell(&s);
		json_object_set_new(row, judges[i]->name, score_json(&s));
		fflush(stdout);
	}
	if (!opt.json)
		printf(_("copies %llu, lost of one SA at most %u\n"),
			(unsigned long long)own.copies, own.worst_lost);
	json_object_set_new(row, "what", json_string(r->what));
	json_object_set_new(out, r->id, row);
	return !own.in_wrong || r->why;
}

static void print_reasons(void)
{
	for (size_t i = 0; i < pass_row_n; i++)
		if (pass_rows[i].why)
			printf("%s: %s\n", pass_rows[i].id, _(pass_rows[i].why));
}

static int run_sim(const struct want *w)
{
	json_t *rows = json_object(), *root;
	bool good = true;

	if (!opt.json)
		print_head();
	for (size_t i = 0; i < pass_row_n; i++)
		if (!w->only || !strcmp(w->only, pass_rows[i].id))
			good &= one_row(w, &pass_rows[i], rows);
	if (!opt.json) {
		print_reasons();
		json_decref(rows);
		return good ? EXIT_GOOD : EXIT_CHECK_FAILED;
	}
	root = json_pack("{s:i, s:b, s:o}", "schema", 1, "good", good, "rows",
		rows);
	json_dumpf(root, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
	return good ? EXIT_GOOD : EXIT_CHECK_FAILED;
}

/* ---- live ---- */

static bool end_parse(const char *s, struct live_end *v, unsigned *n)
{
	const char *slash = strrchr(s, '/');
	enum family fam;
	struct addr a;

	if (*n == LIVE_ENDS_MAX || (slash && slash - s >= (int)sizeof(v->ns)) ||
		addr_parse(slash ? slash + 1 : s, &fam, &a) || fam != FAM_4)
		return false;
	v = &v[(*n)++];
	memcpy(v->ns, s, slash ? (size_t)(slash - s) : 0);
	v->addr = addr_to4(&a);
	return true;
}

static bool can_play(const struct pass_row *r, const struct live_want *l)
{
	if (r->sim_only)
		return false;
	if (!strcmp(r->id, "EP-11a"))
		return l->restart;
	if (!strncmp(r->id, "EP-11", 5))
		return l->restart_bare;
	return true;
}

static bool live_row(const struct want *w, const struct live_want *l,
	const struct pass_row *r, json_t *out)
{
	struct sim_score s;

	pass_play(r, &judge_live, l->device_n, l->peer_n, w->rounds, &s);
	json_object_set_new(out, r->id, score_json(&s));
	if (!opt.json) {
		pad(r->id, 8);
		pad(_(r->what), WHAT);
		print_cell(&s);
		printf(_("lost in %llu of %llu, out %llu of %llu, IKE %llu of %llu; copies %llu\n"),
			(unsigned long long)s.in_lost, (unsigned long long)s.in,
			(unsigned long long)(s.out - s.out_good),
			(unsigned long long)s.out,
			(unsigned long long)(s.ike - s.ike_good),
			(unsigned long long)s.ike, (unsigned long long)s.copies);
		fflush(stdout);
	}
	return r->why || (!s.in_wrong && s.worst_lost <= 1);
}

static void live_end_words(bool good, json_t *rows)
{
	struct live_count c;
	json_t *root;

	live_counted(&c);
	if (!opt.json) {
		printf(_("%llu packets sent, %llu received; ESP: integrity check passed %llu times, refused a copy %llu times\n"),
			(unsigned long long)c.sent, (unsigned long long)c.got,
			(unsigned long long)c.icv_good,
			(unsigned long long)c.icv_refused);
		json_decref(rows);
		return;
	}
	root = json_pack("{s:i, s:b, s:o, s:I, s:I}", "schema", 1, "good", good,
		"rows", rows, "icv_passed", (json_int_t)c.icv_good,
		"icv_refused", (json_int_t)c.icv_refused);
	json_dumpf(root, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

static int run_live(const struct want *w, const struct live_want *l)
{
	json_t *rows = json_object();
	bool good = true;
	int rc = live_open(l);

	if (rc) {
		fprintf(stderr, _("kadomori: cannot open the test's sockets: %s\n"),
			strerror(-rc));
		json_decref(rows);
		return rc == -EPERM ? EXIT_NOT_PERMITTED : EXIT_CHECK_FAILED;
	}
	for (size_t i = 0; i < pass_row_n; i++)
		if (w->only ? !strcmp(w->only, pass_rows[i].id)
			    : can_play(&pass_rows[i], l))
			good &= live_row(w, l, &pass_rows[i], rows);
	live_end_words(good, rows);
	live_close();
	return good ? EXIT_GOOD : EXIT_CHECK_FAILED;
}

static bool number(const char *s, unsigned max, unsigned *ret)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*end || end == s || !v || v > max)
		return false;
	*ret = (unsigned)v;
	return true;
}

struct line {
	struct want w;
	struct live_want l;
	bool sim;
};

static bool one_option(struct line *x, int o)
{
	switch (o) {
	case 's': x->sim = true; return true;
	case 'h': return number(optarg, 8, &x->w.hosts);
	case 'p': return number(optarg, 8, &x->w.peers);
	case 'r': return number(optarg, 10000, &x->w.rounds);
	case 'o': x->w.only = optarg; return true;
	case 'd': return end_parse(optarg, x->l.devices, &x->l.device_n);
	case 'P': return end_parse(optarg, x->l.peers, &x->l.peer_n);
	case 'R': x->l.rigid = true; return true;
	case 't': x->l.pace = true; return true;
	case 'a': return number(optarg, 4000, &x->l.pad);
	case 'x': x->l.restart = optarg; return true;
	case 'b': x->l.restart_bare = optarg; return true;
	default: return false;
	}
}

int cmd_passtest(int argc, char **argv)
{
	static const struct option longs[] = {{"sim", no_argument, NULL, 's'},
		{"hosts", required_argument, NULL, 'h'},
		{"peers", required_argument, NULL, 'p'},
		{"rounds", required_argument, NULL, 'r'},
		{"row", required_argument, NULL, 'o'},
		{"device", required_argument, NULL, 'd'},
		{"peer", required_argument, NULL, 'P'},
		{"rigid", no_argument, NULL, 'R'},
		{"pace", no_argument, NULL, 't'},
		{"pad", required_argument, NULL, 'a'},
		{"restart", required_argument, NULL, 'x'},
		{"restart-bare", required_argument, NULL, 'b'}, {0}};
	struct line x = {0};
	int o;

	optind = 0;
	while ((o = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (!one_option(&x, o))
			return usage();
	if (optind < argc || x.sim == (x.l.device_n && x.l.peer_n))
		return usage();
	if (!x.w.rounds)
		x.w.rounds = x.sim ? ROUNDS : 1;
	return x.sim ? run_sim(&x.w) : run_live(&x.w, &x.l);
}
