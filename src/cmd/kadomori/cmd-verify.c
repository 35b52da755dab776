// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori verify: is what the kernel has loaded what the configuration means?
 * Not by comparing texts: the kernel's own listing is read back and proven equal
 * to the compiled policy over all packets.
 */
#include "command.h"
#include "conf.h"
#include "daemon.h"
#include "doctor-look.h"
#include "reading.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "nft/nft.h"
#include "proof/proof.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

enum { BOXES = 12 };

static void add_nets(struct addrmask **v, size_t *n, size_t *cap, json_t *list)
{
	struct addrmask m;
	json_t *e;
	size_t i;

	json_array_foreach(list, i, e)
		if (json_is_string(e) &&
			!addrmask_parse(json_string_value(e), &m))
			*GROW(*v, *n, *cap) = m;
}

/* The daemon's view of the line, so that both sides speak of the same home. */
static void facts_of_status(json_t *s, struct facts *f)
{
	const char *wan4 = json_string_value(json_object_get(s, "wan4"));
	enum family fam;

	add_nets(&f->lan6, &f->lan6_n, &f->lan6_cap, json_object_get(s, "lan6"));
	add_nets(&f->seg6, &f->seg6_n, &f->seg6_cap, json_object_get(s, "seg6"));
	add_nets(&f->lan4, &f->lan4_n, &f->lan4_cap, json_object_get(s, "lan4"));
	f->has_wan4 = wan4 && !addr_parse(wan4, &fam, &f->wan4);
	f->lenient = true;
}

/* Hosts that the NDP proxy has learnt stand in the kernel's set. */
static void facts_of_set(const char *json, struct facts *f)
{
	json_t *root = json_loads(json, 0, NULL), *o, *e;
	size_t i, k;

	json_array_foreach(json_object_get(root, "nftables"), i, o) {
		json_t *set = json_object_get(o, "set");
		const char *name = json_string_value(
			json_object_get(set, "name"));
		enum family fam;

		if (!name || strcmp(name, "known"))
			continue;
		f->ndproxy_gate = true;
		json_array_foreach(json_object_get(set, "elem"), k, e) {
			json_t *v = json_object_get(json_object_get(e, "elem"),
				"val");
			const char *s = json_string_value(v ? v : e);
			struct addr a;

			if (s && !addr_parse(s, &fam, &a))
				*GROW(f->known, f->known_n, f->known_cap) = a;
		}
	}
	json_decref(root);
}

static char *comma_list(char *const *v, size_t n)
{
	struct text t = TEXT_INIT;

	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s%s", i ? "," : "", v[i]);
	return text_take(&t);
}

struct both {
	bool quiet;
	struct intent *in;
	struct policy *wanted;
	struct pipeline *running;
	struct proof *pr;
	pset want, run;
	bool absent;	/* the gate's rules are not loaded */
};

static int load_running(struct both *b, struct facts *f)
{
	cleanup(freep) char *lans = comma_list(b->in->lans, b->in->lan_n);
	struct read_hints h = {.wan = b->in->wan, .lan = lans};
	struct nft_listing l = {0};
	char *why = NULL;
	int rc = kernel_nft_listing(NULL, "table " NFT_TABLE, &l, NULL);

	if (rc == -ENOENT) {
		b->absent = true;
		if (!b->quiet)
			fprintf(stderr, _("kadomori: the gate is not loaded: there is nothing to verify\n"));
		return EXIT_CHECK_FAILED;
	}
	if (rc)
		return rc == -EPERM ? EXIT_NOT_PERMITTED : EXIT_CHECK_FAILED;
	h.handles = l.handles;
	facts_of_set(l.json, f);
	rc = routers_read(routers_brand("nftables"), l.json, &h, &b->running,
		&why);
	if (rc && !b->quiet)
		fprintf(stderr, "kadomori: %s\n", why ? why : "?");
	free(why);
	nft_listing_done(&l);
	return rc ? EXIT_UNDECIDED : 0;
}

static int gather(struct both *b)
{
	cleanup(freep) char *answer = NULL;
	struct complaints c = {0};
	struct facts f = {0};
	json_t *s;
	int rc = daemon_ask("status", &answer);

	if (rc)
		return b->quiet ? EXIT_NOT_PERMITTED : daemon_complain(rc);
	s = json_loads(answer, 0, NULL);
	if (json_string_value(json_object_get(s, "conf")))
		opt.conf = json_string_value(json_object_get(s, "conf"));
	facts_of_status(s, &f);
	rc = conf_load(&b->in, &c);
	if (!rc)
		rc = load_running(b, &f);
	if (!rc && policy_compile(b->in, &f, &c, &b->wanted))
		rc = EXIT_CHECK_FAILED;
	if (rc && !b->quiet)
		conf_print(&c);
	complaints_done(&c);
	facts_done(&f);
	json_decref(s);
	return rc;
}

/* Only what crosses or reaches the gateway; what it sends itself is its own. */
static pset through(struct proof *pr, pset s)
{
	pset self = proof_where(pr, proof_universe(pr), F_IN, ROLE_SELF);

	return proof_minus(pr, s, self);
}

static void print_side(struct both *b, pset s, const char *title)
{
	struct text t = TEXT_INIT;
	struct packet p;

	if (s == PSET_NONE)
		return;
	puts(title);
	proof_words(b->pr, s, BOXES, &t, NULL);
	fputs(text_str(&t), stdout);
	text_done(&t);
	if (proof_witness(b->pr, s, &p))
		(void)print_decision(b->running, &p, proof_has(b->pr, b->run, &p));
}

static int report(struct both *b)
{
	pset more = proof_minus(b->pr, b->run, b->want);
	pset less = proof_minus(b->pr, b->want, b->run);
	bool equal = more == PSET_NONE && less == PSET_NONE;

	if (opt.json) {
		json_t *j = json_pack("{s:i, s:b, s:b, s:b}", "schema", 1,
			"equal", equal, "lets_in_more", more != PSET_NONE,
			"lets_in_less", less != PSET_NONE);

		json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
		putchar('\n');
		json_decref(j);
	} else if (equal) {
		puts(_("Proven: the loaded rules let through exactly the packets that the configuration means, and no other."));
	} else {
		print_side(b, more, _("Passes, although the configuration does not say so:"));
		print_side(b, less, _("Does not pass, although the configuration says so:"));
	}
	return equal ? EXIT_GOOD : EXIT_CHECK_FAILED;
}

/* Both sides as sets. 0 or an exit code. */
static int weigh(struct both *b)
{
	int rc = gather(b);

	if (rc)
		return rc;
	b->pr = proof_new();
	if (!b->quiet)
		read_unknown(b->running, "nft");
	if (proof_passes(b->pr, b->wanted->pipe, PROOF_SURELY, &b->want) ||
		proof_passes(b->pr, b->running, PROOF_SURELY, &b->run))
		return EXIT_UNDECIDED;
	b->want = through(b->pr, b->want);
	b->run = through(b->pr, b->run);
	return 0;
}

static void both_done(struct both *b)
{
	proof_free(b->pr);
	pipeline_free(b->running);
	policy_free(b->wanted);
	intent_free(b->in);
}

enum doctor_rules verify_quietly(void)
{
	struct both b = {.quiet = true};
	enum doctor_rules r;
	int rc = weigh(&b);

	if (b.absent)
		r = RULES_ABSENT;
	else if (rc)
		r = rc == EXIT_NOT_PERMITTED ? RULES_UNTRIED : RULES_UNKNOWN;
	else if (proof_minus(b.pr, b.run, b.want) != PSET_NONE)
		r = RULES_MORE;
	else
		r = b.run == b.want ? RULES_PROVEN : RULES_LESS;
	both_done(&b);
	return r;
}

int cmd_verify(int argc, char **argv)
{
	struct both b = {0};
	int rc;

	(void)argv;
	if (argc > 1) {
		fprintf(stderr, _("usage: kadomori verify [--json]\n"));
		return EXIT_USAGE;
	}
	rc = weigh(&b);
	if (!rc)
		rc = report(&b);
	both_done(&b);
	return rc;
}
