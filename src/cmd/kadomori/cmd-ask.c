// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori ask FILE QUESTION: of all packets that the question means, which
 * pass? kadomori compare OLD NEW: which packets change hands? Both exact.
 */
#include "command.h"
#include "reading.h"
#include "base/text.h"
#include "proof/proof.h"

#include <jansson.h>
#include <stdio.h>

enum { BOXES = 12 };

struct side {
	struct pipeline *pl;
	const struct brand *brand;
	pset surely, perhaps;
};

static void side_done(struct side *s)
{
	pipeline_free(s->pl);
}

static int side_read(struct proof *pr, const char *path,
	const struct read_options *o, pset only, struct side *s)
{
	int rc = read_config(path, o, &s->pl, &s->brand);

	if (rc)
		return rc;
	if (!opt.json)
		read_unknown(s->pl, path);
	if (proof_both(pr, s->pl, only, &s->surely, &s->perhaps)) {
		fprintf(stderr, _("kadomori: %s: its chains call each other in a circle\n"),
			path);
		return EXIT_CHECK_FAILED;
	}
	return 0;
}

static void print_boxes(struct proof *pr, pset s)
{
	struct text t = TEXT_INIT;
	bool more;

	proof_words(pr, s, BOXES, &t, &more);
	for (const char *p = text_str(&t); *p;) {
		size_t n = strcspn(p, "\n");

		cleanup(freep) char *box = box_words(p, n);

		printf("  %s\n", box);
		p += n + (p[n] == '\n');
	}
	if (more)
		puts(_("  ... and more"));
	text_done(&t);
}

static json_t *boxes_json(struct proof *pr, pset s)
{
	struct text t = TEXT_INIT;
	json_t *a = json_array();

	proof_words(pr, s, BOXES, &t, NULL);
	for (const char *p = text_str(&t); *p;) {
		size_t n = strcspn(p, "\n");

		json_array_append_new(a, json_stringn(p, n));
		p += n + (p[n] == '\n');
	}
	text_done(&t);
	return a;
}

static json_t *witness_json(struct proof *pr, pset s)
{
	cleanup(freep) char *words = NULL;
	struct packet p;

	if (!proof_witness(pr, s, &p))
		return json_null();
	words = packet_format(&p);
	return json_string(words);
}

static int print_witness(struct proof *pr, pset s, const struct pipeline *pl,
	bool passes)
{
	struct packet p;

	if (!proof_witness(pr, s, &p))
		return 0;
	return print_decision(pl, &p, passes) ? EXIT_UNDECIDED : 0;
}

static void dump(json_t *root)
{
	json_dumpf(root, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

/* ---- ask ---- */

static const char *how_much(struct proof *pr, pset asked, const struct side *s)
{
	if (proof_and(pr, asked, s->perhaps) == PSET_NONE)
		return "none";
	if (proof_minus(pr, asked, s->surely) == PSET_NONE)
		return "all";
	return "some";
}

static int ask_text(struct proof *pr, pset asked, const struct side *s)
{
	pset pass = proof_and(pr, asked, s->surely);
	pset maybe = proof_and(pr, asked,
		proof_minus(pr, s->perhaps, s->surely));
	const char *id = how_much(pr, asked, s);
	int rc = 0;

	if (!strcmp(id, "none"))
		puts(_("None of these packets passes."));
	else if (!strcmp(id, "all"))
		puts(_("All of these packets pass."));
	else if (pass != PSET_NONE)
		puts(_("Of these packets, the following pass:"));
	if (pass != PSET_NONE) {
		print_boxes(pr, pass);
		rc = print_witness(pr, pass, s->pl, true);
	} else if (maybe == PSET_NONE) {
		rc = print_witness(pr, asked, s->pl, false);
	}
	if (maybe != PSET_NONE) {
		puts(_("Perhaps also (a condition is not understood):"));
		print_boxes(pr, maybe);
	}
	return rc;
}

static int ask(struct proof *pr, const char *path, const char *question,
	const struct read_options *o)
{
	struct side s = {0};
	struct match m = {0};
	char *why = NULL;
	pset asked;
	int rc = match_parse(question, &m, &why) ? EXIT_USAGE : 0;

	if (rc)
		fprintf(stderr, "kadomori ask: %s\n", why);
	else
		rc = side_read(pr, path, o, proof_frame(pr, &m), &s);
	if (!rc) {
		asked = proof_match(pr, &m, PROOF_SURELY);
		if (opt.json)
			dump(json_pack("{s:i, s:s, s:s, s:s, s:o, s:o}",
				"schema", 1, "question", question, "kind",
				brand_id(s.brand), "passes",
				how_much(pr, asked, &s), "boxes",
				boxes_json(pr, proof_and(pr, asked, s.surely)),
				"witness", witness_json(pr,
					proof_and(pr, asked, s.surely))));
		else
			rc = ask_text(pr, asked, &s);
	}
	free(why);
	match_done(&m);
	side_done(&s);
	return rc;
}

static char *join(int argc, char **argv)
{
	struct text t = TEXT_INIT;

	for (int i = 0; i < argc; i++)
		text_addf(&t, "%s%s", i ? " " : "", argv[i]);
	return text_take(&t);
}

int cmd_ask(int argc, char **argv)
{
	cleanup(proof_freep) struct proof *pr = proof_new();
	cleanup(freep) char *question = NULL;
	struct read_options o = {0};

	argc = read_options(argc, argv, &o);
	if (argc < 3) {
		fprintf(stderr, _("usage: kadomori ask FILE QUESTION [--kind KIND] [--wan IF] [--lan IF]\nexample: kadomori ask router.conf \"udp from any to lan port 3389\"\n"));
		return EXIT_USAGE;
	}
	question = join(argc - 2, argv + 2);
	return ask(pr, argv[1], question, &o);
}

/* ---- compare ---- */

static int changed(struct proof *pr, pset s, const char *title,
	const struct side *old, const struct side *new, bool now)
{
	struct packet p;

	if (s == PSET_NONE)
		return 0;
	puts(title);
	print_boxes(pr, s);
	if (!proof_witness(pr, s, &p))
		return 0;
	if (print_decision(old->pl, &p, !now) ||
		print_decision(new->pl, &p, now))
		return EXIT_UNDECIDED;
	return 0;
}

/* What somebody outside can begin: the part that people ask about. What only turns
 * round at the router comes in nowhere. */
static pset begun_outside(struct proof *pr, pset s)
{
	s = proof_where(pr, s, F_IN, ROLE_WAN);
	s = proof_minus(pr, s, proof_where(pr, s, F_OUT, ROLE_WAN));
	s = proof_where(pr, s, F_CT, CT_NEW);
	return proof_where(pr, s, F_DNAT, 0);
}

/* The rest, without what does not exist: a first packet, translated already. */
static pset besides(struct proof *pr, pset s, pset begun)
{
	pset odd = proof_where(pr, proof_where(pr, s, F_CT, CT_NEW), F_DNAT, 1);

	return proof_minus(pr, proof_minus(pr, s, begun), odd);
}

static int compare_text(struct proof *pr, pset opened, pset closed,
	const struct side *a, const struct side *b)
{
	pset in = begun_outside(pr, opened), out = begun_outside(pr, closed);
	pset more = besides(pr, opened, in), less = besides(pr, closed, out);
	int rc;

	if (opened == PSET_NONE && closed == PSET_NONE) {
		puts(_("Both let exactly the same packets pass."));
		return EXIT_GOOD;
	}
	if (in == PSET_NONE && out == PSET_NONE)
		puts(_("From outside, both let the same packets begin."));
	rc = changed(pr, in, _("Comes in from outside only with the new one:"), a,
		b, true);
	if (!rc)
		rc = changed(pr, out, _("Came in from outside only with the old one:"),
			a, b, false);
	if (!rc)
		rc = changed(pr, more, _("Besides (answers, other directions), passes only with the new one:"),
			a, b, true);
	if (!rc)
		rc = changed(pr, less, _("Besides (answers, other directions), passed only with the old one:"),
			a, b, false);
	return rc ? rc : EXIT_CHECK_FAILED;
}

int cmd_compare(int argc, char **argv)
{
	cleanup(proof_freep) struct proof *pr = proof_new();
	struct side a = {0}, b = {0};
	struct read_options o = {0};
	pset opened, closed;
	int rc;

	argc = read_options(argc, argv, &o);
	if (argc != 3) {
		fprintf(stderr, _("usage: kadomori compare OLD NEW [--kind KIND] [--wan IF] [--lan IF]\n"));
		return EXIT_USAGE;
	}
	rc = side_read(pr, argv[1], &o, PSET_ALL, &a);
	if (!rc)
		rc = side_read(pr, argv[2], &o, PSET_ALL, &b);
	if (!rc) {
		opened = proof_minus(pr, b.surely, a.surely);
		closed = proof_minus(pr, a.surely, b.surely);
		if (opt.json) {
			dump(json_pack("{s:i, s:b, s:o, s:o, s:o, s:o}",
				"schema", 1, "equal",
				opened == PSET_NONE && closed == PSET_NONE,
				"opened", boxes_json(pr, opened), "closed",
				boxes_json(pr, closed), "opened_witness",
				witness_json(pr, opened), "closed_witness",
				witness_json(pr, closed)));
			rc = opened || closed ? EXIT_CHECK_FAILED : EXIT_GOOD;
		} else {
			rc = compare_text(pr, opened, closed, &a, &b);
		}
	}
	side_done(&a);
	side_done(&b);
	return rc;
}
