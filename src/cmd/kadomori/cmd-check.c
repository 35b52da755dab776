// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori check: is the configuration good? No root, nothing is changed.
 * With -v the nftables text that it means is printed.
 */
#include "command.h"
#include "conf.h"
#include "nft/nft.h"

#include <jansson.h>
#include <stdio.h>

static json_t *complaint_json(const struct complaint *m)
{
	return json_pack("{s:s, s:s?, s:i, s:i, s:s}", "level",
		m->warning ? "warning" : "error", "file", m->file, "line",
		(int)m->line, "column", (int)m->col, "text", m->say);
}

static void print_json(const struct complaints *c, bool good)
{
	json_t *list = json_array();
	json_t *root;

	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(list, complaint_json(&c->v[i]));
	root = json_pack("{s:i, s:b, s:o}", "schema", 1, "good", good,
		"complaints", list);
	json_dumpf(root, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

static void print_good(const struct intent *in, const struct policy *p)
{
	printf(_("%s is good: %zu device(s), profile %s, line %s.\n"), opt.conf,
		in->device_n, profile_name(p->profile),
		line_kind_name(p->line));
}

int cmd_check(int argc, char **argv)
{
	cleanup(intent_freep) struct intent *in = NULL;
	cleanup(policy_freep) struct policy *p = NULL;
	struct complaints c = {0};
	struct text nft = TEXT_INIT;
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	int rc;

	if (argc > 1 + verbose) {
		fprintf(stderr, _("usage: kadomori check [-v] [--conf FILE]\n"));
		return EXIT_USAGE;
	}
	rc = conf_compile(NULL, &in, &p, &c);
	if (!rc)
		conf_interfaces(in, &c);
	if (opt.json)
		print_json(&c, !rc);
	else
		conf_print(&c);
	if (!rc && verbose) {
		nft_emit(p, &nft);
		fputs(text_str(&nft), stdout);
	} else if (!rc && !opt.json) {
		print_good(in, p);
	}
	text_done(&nft);
	complaints_done(&c);
	return rc;
}
