// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "resolve.h"
#include "base/text.h"
#include "probe/probe.h"
#include "wire/ikev2.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

enum { OUTSIDE_MAX = 16, WAIT_MS = 4000, BIG = 3000 };

struct args {
	const char *host;
	enum family fam;
	uint16_t port, group;
	int sport;
	size_t size, mtu;
	unsigned wait_ms;
	struct addrmask outside[OUTSIDE_MAX];
	size_t outside_n;
};

static int usage(void)
{
	fputs(_("usage: kadomori probe ike HOST [-4|-6] [--natt] [--big] [--size BYTES] [--mtu BYTES]\n"
		"         [--group x25519|p256|modp2048] [--sport PORT] [--wait SECONDS]\n"
		"         [--outside ADDRESS|PREFIX]...\n"), stderr);
	return EXIT_USAGE;
}

static bool take_number(const char *s, unsigned long max, unsigned long *ret)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*ret = strtoul(s, &end, 10);
	return !*end && !errno && *ret <= max;
}

static uint16_t group_of(const char *s)
{
	return !strcmp(s, "x25519")    ? DH_X25519
		: !strcmp(s, "p256")   ? DH_P256
		: !strcmp(s, "modp2048") ? DH_MODP2048 : 0;
}

/* Options with a value. */
static bool take_valued(struct args *a, const char *name, const char *v)
{
	unsigned long n;

	if (!strcmp(name, "--outside"))
		return a->outside_n < OUTSIDE_MAX &&
			addrmask_parse(v, &a->outside[a->outside_n++]) == 0;
	if (!strcmp(name, "--group"))
		return (a->group = group_of(v)) != 0;
	if (!take_number(v, 65535, &n))
		return false;
	if (!strcmp(name, "--size"))
		a->size = n;
	else if (!strcmp(name, "--mtu"))
		a->mtu = n;
	else if (!strcmp(name, "--sport"))
		a->sport = (int)n;
	else if (!strcmp(name, "--wait") && n && n <= 600)
		a->wait_ms = (unsigned)n * 1000;
	else
		return false;
	return a->size <= IKE_SEND_MAX;
}

static bool args_read(int argc, char **argv, struct args *a)
{
	for (int i = 2; i < argc; i++) {
		const char *s = argv[i];

		if (!strcmp(s, "-4") || !strcmp(s, "-6"))
			a->fam = s[1] == '4' ? FAM_4 : FAM_6;
		else if (!strcmp(s, "--natt"))
			a->port = IKE_NATT_PORT;
		else if (!strcmp(s, "--big"))
			a->size = BIG;
		else if (s[0] == '-') {
			if (i + 1 >= argc || !take_valued(a, s, argv[++i]))
				return false;
		} else if (a->host)
			return false;
		else
			a->host = s;
	}
	return a->host;
}

/* --- words ---------------------------------------------------------------- */

static const char *end_words(const struct ike_answer *a)
{
	switch (a->end) {
	case IKE_SILENT:
		return _("no answer");
	case IKE_ANSWERED:
		return _("answered, a proposal was chosen");
	case IKE_REFUSED:
		return a->error == IKE_N_NO_PROPOSAL_CHOSEN
			? _("answered, but takes none of our proposals")
			: _("answered with an error");
	case IKE_OLD:
		return _("answered in IKEv1 only");
	case IKE_DAMAGED:
		return _("only damaged answers came");
	case IKE_UNREACHABLE:
		return _("a router on the way says it cannot be reached");
	}
	return "?";
}

static const char *natd_words(enum natd_what w)
{
	switch (w) {
	case NATD_UNKNOWN: return _("the peer does not tell");
	case NATD_SAME:	   return _("arrives as it was sent");
	case NATD_PORT:	   return _("the port is rewritten");
	case NATD_ADDR:	   return _("the address is rewritten, the port stays");
	case NATD_BOTH:	   return _("address and port are rewritten");
	case NATD_OTHER:   return _("rewritten, to something not among the addresses tried (--outside names more)");
	}
	return "?";
}

static void print_natd(const char *whose, const struct endpoint *e,
	const struct natd *n)
{
	char from[ADDR_STR], to[ADDR_STR];

	printf("%-12s %s", whose, natd_words(n->what));
	addr_format(e->fam, &e->addr, from);
	if (n->what == NATD_PORT || n->what == NATD_ADDR || n->what == NATD_BOTH)
		printf(": %s %u -> %s %u", from, e->port,
			addr_format(e->fam, &n->addr, to), n->port);
	putchar('\n');
}

/* A vendor id as text if it is text, else in hex; never as it came. */
static char *vendor_text(const struct ike_vendor *v)
{
	struct text t = TEXT_INIT;
	size_t i = 0;

	while (i < v->n && v->b[i] >= 0x20 && v->b[i] < 0x7f)
		i++;
	if (i == v->n && v->n)
		text_addn(&t, (const char *)v->b, v->n);
	else
		for (i = 0; i < v->n; i++)
			text_addf(&t, "%02x", v->b[i]);
	return text_take(&t);
}

struct result {
	struct ike_answer a;
	struct endpoint self, peer;
	struct natd ours, theirs;
};

static void judge_natd(const struct args *g, struct result *r)
{
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])r->a.natd_self,
		r->a.natd_self_n, r->a.spi_i, r->a.spi_r, &r->self, g->outside,
		g->outside_n, &r->ours);
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])r->a.natd_peer,
		r->a.natd_peer_n, r->a.spi_i, r->a.spi_r, &r->peer, g->outside,
		g->outside_n, &r->theirs);
}

static void print_text(const struct result *r)
{
	const struct ike_answer *a = &r->a;
	char peer[ADDR_STR];

	printf("%-12s %s %u: %s\n", "IKE_SA_INIT",
		addr_format(r->peer.fam, &r->peer.addr, peer), r->peer.port,
		end_words(a));
	printf("%-12s ", _("exchange"));
	printf(_("%u sent (%zu bytes), %u received, %d ms"), a->sent,
		a->request_size, a->received, a->rtt_ms);
	printf(a->cookies || a->other_group ? _("; cookies %u, other groups %u\n") : "\n",
		a->cookies, a->other_group);
	if (a->end == IKE_UNREACHABLE)
		printf("%-12s %s\n", _("error"), strerror(a->error));
	else if (a->error)
		printf("%-12s notify %u\n", _("error"), a->error);
	if (a->end == IKE_ANSWERED)
		printf("%-12s encr %u/%u prf %u integ %u %s%s\n", _("proposal"),
			a->encr, a->bits, a->prf, a->integ, dh_name(a->group),
			a->key_good ? "" : _(" (its key is no good)"));
	for (size_t i = 0; i < a->vendor_n; i++) {
		cleanup(freep) char *v = vendor_text(&a->vendor[i]);

		printf("%-12s %s\n", _("vendor"), v);
	}
	if (a->end != IKE_ANSWERED)
		return;
	print_natd(_("our end"), &r->self, &r->ours);
	print_natd(_("its end"), &r->peer, &r->theirs);
}

static json_t *natd_json(const struct endpoint *e, const struct natd *n)
{
	char s[ADDR_STR], t[ADDR_STR];
	json_t *j = json_pack("{s:s, s:s, s:i, s:i}", "verdict",
		natd_name(n->what), "sent_address", addr_format(e->fam, &e->addr, s),
		"sent_port", (int)e->port, "tries", (int)n->tries);

	if (n->what != NATD_UNKNOWN && n->what != NATD_OTHER) {
		json_object_set_new(j, "seen_address",
			json_string(addr_format(e->fam, &n->addr, t)));
		json_object_set_new(j, "seen_port", json_integer(n->port));
	}
	return j;
}

static void print_json(const struct result *r)
{
	const struct ike_answer *a = &r->a;
	char peer[ADDR_STR];
	json_t *v = json_array(), *j = json_pack(
		"{s:i, s:s, s:i, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}",
		"schema", 1, "peer", addr_format(r->peer.fam, &r->peer.addr, peer),
		"port", (int)r->peer.port, "result", ike_end_name(a->end),
		"sent", (int)a->sent, "received", (int)a->received,
		"damaged", (int)a->damaged, "foreign", (int)a->foreign,
		"cookies", (int)a->cookies, "other_group", (int)a->other_group,
		"error", (int)a->error, "request_bytes", (int)a->request_size,
		"rtt_ms", a->rtt_ms);

	for (size_t i = 0; i < a->vendor_n; i++) {
		cleanup(freep) char *s = vendor_text(&a->vendor[i]);

		json_array_append_new(v, json_string(s));
	}
	json_object_set_new(j, "vendor", v);
	if (a->end == IKE_ANSWERED) {
		json_object_set_new(j, "group", json_string(dh_name(a->group)));
		json_object_set_new(j, "key_good", json_boolean(a->key_good));
		json_object_set_new(j, "ours", natd_json(&r->self, &r->ours));
		json_object_set_new(j, "theirs", natd_json(&r->peer, &r->theirs));
	}
	json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(2));
	putchar('\n');
	json_decref(j);
}

static int probe_ike(const struct args *g)
{
	struct ike_run run = {.sport = g->sport, .wait_ms = g->wait_ms,
		.mtu = g->mtu, .want = {.size = g->size, .group = g->group}};
	struct result r = {0};
	int e = resolve(g->host, g->fam, g->port, &r.peer);

	if (e) {
		fprintf(stderr, "kadomori: %s: %s\n", g->host, resolve_error(e));
		return EXIT_UNDECIDED;
	}
	run.want.peer = r.peer;
	e = ike_probe_run(&run, &r.a, &r.self);
	if (e < 0) {
		fprintf(stderr, "kadomori: %s: %s\n", g->host, strerror(-e));
		return e == -EPERM || e == -EACCES ? EXIT_NOT_PERMITTED
						   : EXIT_UNDECIDED;
	}
	judge_natd(g, &r);
	if (opt.json)
		print_json(&r);
	else
		print_text(&r);
	return r.a.end == IKE_ANSWERED || r.a.end == IKE_REFUSED
		? EXIT_GOOD : EXIT_CHECK_FAILED;
}

int cmd_probe(int argc, char **argv)
{
	struct args a = {.port = IKE_PORT, .sport = -1, .wait_ms = WAIT_MS};

	if (argc < 2 || strcmp(argv[1], "ike") || !args_read(argc, argv, &a))
		return usage();
	return probe_ike(&a);
}
