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

enum { ROUNDS = 2, CELL = 22, WHAT = 42, SIDE_MAX = 8 };

struct want {
	unsigned hosts, peers, rounds;
	const char *only;
};

static int usage(void)
{
	fprintf(stderr, _("usage: kadomori passtest --device [NAMESPACE/]ADDRESS ... --peer [NAMESPACE/]ADDRESS ...\n"
			  "         [--rigid] [--pace] [--pad BYTES] [--restart COMMAND] [--restart-bare COMMAND] [--move COMMAND] [--rounds K] [--row EP-n] [--json]\n"));
	fprintf(stderr, _("usage: kadomori passtest --sim [--hosts N] [--peers M] [--rounds K] [--row EP-n] [--json]\n"));
	return EXIT_USAGE;
}

/* One row of one judge: 1 to 8 devices times 1 to 8 peers, or what was named. */
struct cells {
	struct sim_score cell[SIDE_MAX][SIDE_MAX], sum;
	unsigned n, short_n; /* played; short of the goal */
	unsigned short_h, short_p; /* the first of those */
};

static void play(const struct want *w, const struct pass_row *r,
	const struct judge *j, struct cells *c)
{
	*c = (struct cells){0};
	for (unsigned h = 1; h <= SIDE_MAX; h++)
		for (unsigned p = 1; p <= SIDE_MAX; p++) {
			struct sim_score *s = &c->cell[h - 1][p - 1];

			if ((w->hosts && h != w->hosts) || (w->peers && p != w->peers))
				continue;
			pass_play(r, j, h, p, w->rounds, s);
			sim_score_add(&c->sum, s);
			c->n++;
			if (pass_reached(r, s))
				continue;
			if (!c->short_n++) {
				c->short_h = h;
				c->short_p = p;
			}
		}
}

static uint64_t sent(const struct sim_score *s)
{
	return s->in + s->out + s->ike + s->icmp + s->natt;
}

/* In hundredths of a percent, rounded down: 10000 means all. */
static unsigned delivered(const struct sim_score *s)
{
	uint64_t good = s->in_good + s->out_good + s->ike_good + s->icmp_good +
			s->natt_good;

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

static json_t *cells_json(const struct cells *c)
{
	json_t *a = json_array();

	for (unsigned h = 0; h < SIDE_MAX; h++)
		for (unsigned p = 0; p < SIDE_MAX; p++) {
			json_t *o;

			if (!sent(&c->cell[h][p]))
				continue;
			o = score_json(&c->cell[h][p]);
			json_object_set_new(o, "hosts", json_integer(h + 1));
			json_object_set_new(o, "peers", json_integer(p + 1));
			json_array_append_new(a, o);
		}
	return a;
}

static void print_cells(const struct pass_row *r, const struct cells *c)
{
	if (r->flags & PASS_FORBIDDEN)
		printf(_("theory forbids more; "));
	else if (c->short_n)
		printf(_("%u of %u sizes short of the goal, first %ux%u; "),
			c->short_n, c->n, c->short_h, c->short_p);
	else
		printf(_("goal reached in %u of %u sizes; "), c->n, c->n);
	printf(_("copies %llu, lost of one SA at most %u\n"),
		(unsigned long long)c->sum.copies, c->sum.worst_lost);
}

/* true: kadomori did what the row asks of it. */
static bool one_row(const struct want *w, const struct pass_row *r, json_t *out)
{
	static struct cells own, c;
	json_t *row = json_object(), *o;

	if (!opt.json) {
		pad(r->id, 8);
		pad(_(r->what), WHAT);
	}
	for (unsigned i = 0; i < JUDGES; i++) {
		play(w, r, judges[i], &c);
		if (!i)
			own = c;
		if (!opt.json)
			print_cell(&c.sum);
		o = score_json(&c.sum);
		json_object_set_new(o, "cells", cells_json(&c));
		json_object_set_new(row, judges[i]->name, o);
		fflush(stdout);
	}
	if (!opt.json)
		print_cells(r, &own);
	json_object_set_new(row, "what", json_string(r->what));
	json_object_set_new(row, "goal_reached", json_boolean(!own.short_n));
	if (r->why)
		json_object_set_new(row, "why", json_string(r->why));
	json_object_set_new(out, r->id, row);
	return !own.short_n;
}

static bool asked(const struct want *w, const struct pass_row *r)
{
	return !w->only || !strcmp(w->only, r->id);
}

static void print_reasons(const struct want *w)
{
	for (size_t i = 0; i < pass_row_n; i++)
		if (pass_rows[i].why && asked(w, &pass_rows[i]))
			printf("%s: %s\n", pass_rows[i].id, _(pass_rows[i].why));
}

static int run_sim(const struct want *w)
{
	json_t *rows = json_object(), *root;
	bool good = true;

	if (!opt.json)
		print_head();
	for (size_t i = 0; i < pass_row_n; i++)
		if (asked(w, &pass_rows[i]))
			good &= one_row(w, &pass_rows[i], rows);
	if (!opt.json) {
		print_reasons(w);
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
	return !(r->flags & PASS_SIM_ONLY) &&
	       (!(r->flags & PASS_RESTART) || l->restart) &&
	       (!(r->flags & PASS_BARE) || l->restart_bare) &&
	       (!(r->flags & PASS_MOVE) || l->move);
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
		printf(_("lost in %llu of %llu, out %llu of %llu, IKE %llu of %llu, errors and UDP 4500 %llu of %llu; copies %llu\n"),
			(unsigned long long)s.in_lost, (unsigned long long)s.in,
			(unsigned long long)(s.out - s.out_good),
			(unsigned long long)s.out,
			(unsigned long long)(s.ike - s.ike_good),
			(unsigned long long)s.ike,
			(unsigned long long)(s.icmp + s.natt - s.icmp_good - s.natt_good),
			(unsigned long long)(s.icmp + s.natt),
			(unsigned long long)s.copies);
		fflush(stdout);
	}
	return pass_reached(r, &s);
}

static void live_end_words(bool good, json_t *rows)
{
	struct live_count c;
	json_t *root;

	live_counted(&c);
	if (!opt.json) {
		printf(_("%llu packets sent, %llu received; ESP: integrity check passed %llu times, refused a copy %llu times; IKE at the peer: %llu from port 500, %llu from another\n"),
			(unsigned long long)c.sent, (unsigned long long)c.got,
			(unsigned long long)c.icv_good,
			(unsigned long long)c.icv_refused,
			(unsigned long long)c.port_kept,
			(unsigned long long)c.port_other);
		json_decref(rows);
		return;
	}
	root = json_pack("{s:i, s:b, s:o, s:I, s:I, s:I, s:I}", "schema", 1, "good", good,
		"rows", rows, "icv_passed", (json_int_t)c.icv_good,
		"icv_refused", (json_int_t)c.icv_refused, "ike_from_500",
		(json_int_t)c.port_kept, "ike_from_other_port",
		(json_int_t)c.port_other);
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
	case 'm': x->l.move = optarg; return true;
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
		{"restart-bare", required_argument, NULL, 'b'},
		{"move", required_argument, NULL, 'm'}, {0}};
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
