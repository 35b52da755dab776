// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading.h"
#include "command.h"
#include "base/text.h"
#include "kernel/kernel.h"

#include <errno.h>
#include <stdio.h>

int read_options(int argc, char **argv, struct read_options *ret)
{
	const struct {
		const char *name, **to;
	} rows[] = {{"--kind", &ret->brand}, {"--wan", &ret->wan},
		{"--lan", &ret->lan}};
	int n = 1;

	for (int i = 1; i < argc; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(rows) && strcmp(rows[k].name, argv[i]))
			k++;
		if (k == ARRAY_LEN(rows)) {
			argv[n++] = argv[i];
			continue;
		}
		if (i + 1 == argc) {
			fprintf(stderr, _("kadomori: %s needs a value\n"),
				argv[i]);
			return -EINVAL;
		}
		*rows[k].to = argv[++i];
	}
	argv[n] = NULL;
	return n;
}

int read_file(const char *path, struct text *t)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char buf[65536];
	size_t n;

	if (!f) {
		fprintf(stderr, "kadomori: %s: %s\n", path, strerror(errno));
		return errno == EACCES ? EXIT_NOT_PERMITTED : EXIT_USAGE;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0 && t->len <= READ_MAX)
		text_addn(t, buf, n);
	if (f != stdin)
		fclose(f);
	if (t->len <= READ_MAX)
		return 0;
	fprintf(stderr, _("kadomori: %s is larger than 16 MiB: no configuration of a router\n"),
		path);
	return EXIT_USAGE;
}

/* nft's own language starts with these words. */
static bool is_nft_text(const char *s)
{
	static const char *const starts[] = {"table ", "add table", "flush ruleset",
		"#!/usr/sbin/nft", "define ", "create table", "destroy table",
		"delete table", "include \""};

	for (; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		s += strspn(s, " \t");
		if (!strncmp(s, "table <", 7))
			return false; /* pf.conf */
		for (size_t i = 0; i < ARRAY_LEN(starts); i++)
			if (!strncmp(s, starts[i], strlen(starts[i])))
				return true;
		if (*s && *s != '#' && *s != '\n' && *s != '\r')
			return false;
	}
	return false;
}

static int with_brand(const char *name, const char *text,
	const struct read_hints *h, const struct brand *b, bool quiet,
	struct pipeline **ret)
{
	char *why = NULL;
	int rc = routers_read(b, text, h, ret, &why);

	if (rc && !quiet)
		fprintf(stderr, "kadomori: %s: %s\n", name, why ? why : "?");
	free(why);
	return rc ? EXIT_CHECK_FAILED : 0;
}

static int through_nft(const char *name, const char *text,
	struct read_hints *h, const struct brand *b, bool quiet,
	struct pipeline **ret)
{
	cleanup(freep) char *tame = nft_text_tame(text);
	struct nft_listing l = {0};
	char *said = NULL;
	int rc = kernel_nft_listing(tame, "ruleset", &l, &said);

	if (quiet)
		;
	else if (rc == -EPERM)
		fprintf(stderr, _("kadomori: nft must understand %s first, and this kernel lets only root do that: run it with sudo, or give the output of: nft -j list ruleset\n"),
			name);
	else if (rc)
		fprintf(stderr, _("kadomori: nft does not understand %s:\n%s"),
			name, said ? said : "");
	free(said);
	if (rc)
		return rc == -EPERM ? EXIT_NOT_PERMITTED : EXIT_CHECK_FAILED;
	h->handles = l.handles;
	h->source = text;
	rc = with_brand(name, l.json, h, b, quiet, ret);
	nft_listing_done(&l);
	return rc;
}

int read_text(const char *name, const char *text, const struct read_options *o,
	struct pipeline **ret, const struct brand **brand)
{
	struct read_hints h = {.wan = o->wan, .lan = o->lan};
	const struct brand *b;
	bool nft = is_nft_text(text) &&
		   (!o->brand || !strcmp(o->brand, "nftables"));

	b = o->brand ? routers_brand(o->brand)
	    : nft    ? routers_brand("nftables")
		     : routers_guess(text);
	if (!b) {
		fprintf(stderr, o->brand
			? _("kadomori: there is no kind \"%s\"; \"kadomori routers\" lists them\n")
			: _("kadomori: %s: no reader knows this kind of configuration; name it with --kind\n"),
			o->brand ? o->brand : name);
		return EXIT_USAGE;
	}
	*brand = b;
	return nft ? through_nft(name, text, &h, b, o->quiet, ret)
		   : with_brand(name, text, &h, b, o->quiet, ret);
}

int read_draft(const char *text, const struct read_options *o,
	struct pipeline **ret)
{
	struct read_hints h = {.wan = o->wan, .lan = o->lan, .draft = true};
	int rc;

	mem_draft();
	rc = with_brand("", text, &h, routers_brand(o->brand), true, ret);
	mem_draft_end();
	return rc;
}

int read_config(const char *path, const struct read_options *o,
	struct pipeline **ret, const struct brand **brand)
{
	struct text t = TEXT_INIT;
	int rc = read_file(path, &t);

	if (!rc)
		rc = read_text(path, text_str(&t), o, ret, brand);
	text_done(&t);
	return rc;
}

void read_unknown(const struct pipeline *pl, const char *name)
{
	for (size_t i = 0; i < pl->unknown_n; i++) {
		const struct unknown_line *u = &pl->unknown[i];
		cleanup(freep) char *s = text_printable(u->text, strlen(u->text));

		if (u->line)
			fprintf(stderr, _("%s:%u: not understood%s: %s\n"), name,
				u->line, u->affects_filter
				? _(" (it may change what passes)") : "", s);
		else
			fprintf(stderr, _("%s: not understood%s: %s\n"), name,
				u->affects_filter
				? _(" (it may change what passes)") : "", s);
	}
}

int print_decision(const struct pipeline *pl, const struct packet *p,
	bool passes)
{
	cleanup(freep) char *words = packet_format(p);
	struct decision d;

	if (pipeline_ask(pl, p, &d) ||
		(d.verdict == V_ACCEPT) != passes) {
		fprintf(stderr, _("kadomori: internal error: two ways of judging disagree about %s; please report this configuration\n"),
			words);
		return -EIO;
	}
	printf(_("  for example: %s\n"), words);
	if (d.origin && d.origin->text && *d.origin->text)
		printf(_("  decided by:  %s\n"), d.origin->text);
	return 0;
}
