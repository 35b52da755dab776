// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori passtest: does every device's ESP reach that device and no other?
 * --sim: in the simulator, beside the other known ways. No root, no network.
 */
#include "command.h"
#include "passtest/passtest.h"
#include "base/text.h"

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

static bool number(const char *s, unsigned max, unsigned *ret)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*end || end == s || !v || v > max)
		return false;
	*ret = (unsigned)v;
	return true;
}

int cmd_passtest(int argc, char **argv)
{
	static const struct option longs[] = {{"sim", no_argument, NULL, 's'},
		{"hosts", required_argument, NULL, 'h'},
		{"peers", required_argument, NULL, 'p'},
		{"rounds", required_argument, NULL, 'r'},
		{"row", required_argument, NULL, 'o'}, {0}};
	struct want w = {.rounds = ROUNDS};
	bool sim = false, good = true;
	int o;

	optind = 0;
	while ((o = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (o) {
		case 's': sim = true; break;
		case 'h': good &= number(optarg, 8, &w.hosts); break;
		case 'p': good &= number(optarg, 8, &w.peers); break;
		case 'r': good &= number(optarg, 10000, &w.rounds); break;
		case 'o': w.only = optarg; break;
		default: return usage();
		}
	}
	if (!sim || !good || optind < argc)
		return usage();
	return run_sim(&w);
}
