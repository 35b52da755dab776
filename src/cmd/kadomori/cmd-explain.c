// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori explain PACKET: what happens to it, which rule decides, and which
 * line of the configuration made the rule. No root.
 */
#include "command.h"
#include "conf.h"
#include "hosts.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>

static const char *verdict_words(const struct decision *d)
{
	switch (d->verdict) {
	case V_ACCEPT:
		return _("passes");
	case V_REJECT:
		return _("is refused with an answer");
	default:
		return _("is dropped silently");
	}
}

static void print_text(const struct packet *p, const struct decision *d)
{
	cleanup(freep) char *s = packet_format(p);
	char a[ADDR_STR];

	printf(_("The packet %s\n%s.\n"), s, verdict_words(d));
	if (d->nat)
		printf(_("  mapped to %s (%s:%u)\n"),
			addr_format(FAM_4, &d->nat->dst, a),
			d->nat->origin.file ? d->nat->origin.file : "-",
			d->nat->origin.line);
	if (!d->origin)
		return;
	printf(_("  decided by: %s\n"), d->origin->why ? d->origin->why : "-");
	if (d->origin->file)
		printf(_("  your line:  %s:%u: %s\n"), d->origin->file,
			d->origin->line, d->origin->text ? d->origin->text : "");
	else
		printf(_("  made by the built-in policy, chain %s\n"),
			d->chain ? d->chain->name : "-");
}

static void print_json(const struct packet *p, const struct decision *d)
{
	cleanup(freep) char *s = packet_format(p);
	const struct origin *o = d->origin;
	json_t *root = json_pack("{s:i, s:s, s:s, s:s?, s:s?, s:s?, s:i, s:s?}",
		"schema", 1, "packet", s, "verdict", verdict_name(d->verdict),
		"rule", o ? o->why : NULL, "chain",
		d->chain ? d->chain->name : NULL, "file", o ? o->file : NULL,
		"line", o ? (int)o->line : 0, "text", o ? o->text : NULL);

	json_dumpf(root, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

static char *join(int argc, char **argv)
{
	struct text t = TEXT_INIT;

	for (int i = 1; i < argc; i++)
		text_addf(&t, "%s%s", i > 1 ? " " : "", argv[i]);
	return text_take(&t);
}

/*
 * The gateway's LAN prefixes are not known here; the packet's own addresses
 * stand for them, so that a sensible question gets a sensible answer.
 */
static void facts_from_packet(struct facts *f, const struct packet *p)
{
	const struct addr *inside = p->in == ROLE_WAN ? &p->dst : &p->src;
	struct addrmask m = {.fam = p->fam,
		.mask = mask_of_len(p->fam, p->fam == FAM_6 ? 64 : 24)};

	m.value = addr_and(inside, &m.mask);
	if (p->fam == FAM_6)
		*GROW(f->lan6, f->lan6_n, f->lan6_cap) = m;
	else if (p->out != ROLE_SELF && p->in != ROLE_WAN)
		*GROW(f->lan4, f->lan4_n, f->lan4_cap) = m;
	if (p->fam == FAM_4 && p->in == ROLE_WAN) {
		f->has_wan4 = true;
		f->wan4 = p->dst;
	}
	f->lenient = true;
}

int cmd_explain(int argc, char **argv)
{
	cleanup(intent_freep) struct intent *in = NULL;
	cleanup(policy_freep) struct policy *pol = NULL;
	cleanup(freep) char *words = join(argc, argv);
	cleanup(freep) char *why = NULL;
	struct complaints c = {0};
	struct facts f = {0};
	struct packet p;
	struct decision d;
	int rc;

	if (argc > 1 && !strcmp(argv[1], "host"))
		return explain_host(argc - 1, argv + 1);
	if (argc < 2 || packet_parse(words, &p, &why)) {
		fprintf(stderr, "kadomori explain: %s\n",
			why ? why : _("which packet? Example: kadomori explain esp from 2404:1a8::1 to 2404:7a80::211:22ff:fe33:4455 in wan"));
		return EXIT_USAGE;
	}
	facts_from_packet(&f, &p);
	rc = conf_compile(&f, &in, &pol, &c);
	if (rc)
		conf_print(&c);
	else if (policy_ask(pol, &p, &d))
		rc = EXIT_UNDECIDED;
	else if (opt.json)
		print_json(&p, &d);
	else
		print_text(&p, &d);
	complaints_done(&c);
	facts_done(&f);
	return rc;
}
