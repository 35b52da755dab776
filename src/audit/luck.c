// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What works by luck only, and lines that mean something else than their author
 * thought. Each is shown by one packet that the interpreter judged, or by the
 * line itself.
 */
#include "audit/own.h"
#include "base/text.h"
#include "base/tr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- single packets ---- */

static bool decide(struct auditor *x, const char *words, struct packet *p,
	struct decision *d)
{
	char *why = NULL;
	bool yes = packet_parse(words, p, &why) == 0 &&
		   pipeline_ask(x->rq->pl, p, d) == 0;

	free(why);
	return yes;
}

/* Surely: not by a condition that nobody understood. */
static bool surely_passes(struct auditor *x, const char *words)
{
	struct decision d;
	struct packet p;

	return decide(x, words, &p, &d) && d.verdict == V_ACCEPT &&
	       !d.uncertain;
}

static void stopped_packet(struct auditor *x, const char *words, const char *id,
	char *what, char *mend)
{
	struct finding *f;
	struct packet p;
	struct decision d;

	if (!decide(x, words, &p, &d) || d.verdict == V_ACCEPT || d.uncertain) {
		free(what);
		free(mend);
		return;
	}
	f = au_finding(x, id, SEV_MEDIUM, what, mend);
	f->has_packet = true;
	f->packet = p;
	au_quote(f, d.origin);
}

static char *host_of(const struct audit_request *rq)
{
	struct addrmask net;
	struct addr a;
	char buf[ADDR_STR];

	if (!rq->has6 || addrmask_parse("2404:7a80:1:1::/64", &net))
		return NULL;
	a = addr_or(&net.value, &rq->device6.value);
	return xstrdup(addr_format(FAM_6, &a, buf));
}

/* Path MTU, answers and fragments: where tunnels begin well and then stall. */
static void stalls(struct auditor *x, const char *host)
{
	cleanup(freep) char *big = xasprintf(
		"icmpv6 from 2404:1a8::1 to %s type 2 related", host);
	cleanup(freep) char *back = xasprintf(
		"esp from 2404:1a8::1 to %s established", host);
	cleanup(freep) char *ike = xasprintf(
		"udp from 2404:1a8::1 port 500 to %s port 500", host);
	cleanup(freep) char *piece = xasprintf("%s fragment", ike);

	stopped_packet(x, big, "ptb-blocked",
		xstrdup(_("\"Packet too big\" (ICMPv6 type 2) does not reach the device: tunnels with large packets stall.")),
		xstrdup(_("Let ICMPv6 types 1 to 4 pass from outside.")));
	stopped_packet(x, back, "esp-untracked",
		xstrdup(_("Answers to the device's own ESP are stopped: this filter does not follow ESP as a connection.")),
		xstrdup(_("Give ESP a pass line of its own; the stateful part does not cover it.")));
	if (surely_passes(x, ike))
		stopped_packet(x, piece, "fragments-blocked",
			xstrdup(_("Fragments of IKE do not reach the device: its certificates make messages larger than a packet, and the tunnel never comes up.")),
			xstrdup(_("Let fragments to the device pass, or let the router put them together first.")));
}

/*
 * The device's first packet opens a way for answers; what the other side sends
 * first is stopped. That lasts as long as the router remembers.
 */
static void replies_only(struct auditor *x, const char *host)
{
	static const char *const protos[] = {"udp", "esp"};

	for (size_t i = 0; i < ARRAY_LEN(protos); i++) {
		const char *port = i ? "" : "port 500";
		cleanup(freep) char *first = xasprintf(
			"%s from 2404:1a8::1 %s to %s %s", protos[i], port,
			host, port);
		cleanup(freep) char *answer = xasprintf("%s established", first);

		if (surely_passes(x, answer))
			stopped_packet(x, first, i ? "replies-only-esp" : "replies-only-ike",
				xstrdup(i ? _("ESP passes only as an answer to what the device sent: the tunnel works until the router forgets it, and then nothing from outside gets in.")
					: _("IKE passes only as an answer to what the device sent: the other side can renew nothing by itself, and the tunnel dies when the router forgets it.")),
				xstrdup(_("Add the pass line; luck is no setting.")));
	}
}

void au_luck(struct auditor *x)
{
	cleanup(freep) char *host = host_of(x->rq);

	if (!host || x->no_ipv6)
		return;
	stalls(x, host);
	replies_only(x, host);
}

/* ---- lines that mean something else than was written ---- */

static bool is_only(const struct cond *c, uint32_t v)
{
	return !c->neg && c->num_n == 1 && c->nums[0].lo == v &&
	       c->nums[0].hi == v;
}

static bool names(const struct match *m, enum field f, uint32_t v)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->conds[i].f == f && is_only(&m->conds[i], v))
			return true;
	return false;
}

static bool speaks_of(const struct match *m, enum field f)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->conds[i].f == f)
			return true;
	return false;
}

/* Numbers that everybody knows as ports and nobody uses as protocols. */
static bool port_as_protocol(const struct match *m)
{
	static const uint8_t ports[] = {21, 22, 23, 25, 53, 80, 110, 123, 143};

	for (size_t i = 0; i < ARRAY_LEN(ports); i++)
		if (names(m, F_PROTO, ports[i]) && !speaks_of(m, F_DPORT))
			return true;
	return false;
}

static void say_port_as_protocol(struct auditor *x, const struct origin *o)
{
	au_quote(au_finding(x, "port-as-protocol", SEV_MEDIUM,
		xstrdup(_("A line names a port number where the number of an IP protocol belongs: it does not mean that port.")),
		xstrdup(_("Write the protocol (udp or tcp), then the port."))), o);
}

static void look_at_rule(struct auditor *x, const struct match *m,
	const struct origin *o)
{
	bool transport = names(m, F_PROTO, PROTO_TCP) ||
			 names(m, F_PROTO, PROTO_UDP);

	if (transport && names(m, F_DPORT, 50))
		au_quote(au_finding(x, "port-50", SEV_MEDIUM,
			xstrdup(_("A line names port 50 of TCP or UDP. ESP is IP protocol 50; it has no port, and this line does not let it pass.")),
			xstrdup(_("Write the protocol ESP (50) instead, without a port."))), o);
	if (port_as_protocol(m))
		say_port_as_protocol(x, o);
}

/* A mapping of IKE or ESP that ends at the router instead of the device. */
static void look_at_nat(struct auditor *x, const struct nat_rule *n)
{
	bool ipsec = names(&n->match, F_PROTO, PROTO_ESP) ||
		     names(&n->match, F_DPORT, 500) ||
		     names(&n->match, F_DPORT, 4500);

	if (n->action != NAT_THROUGH || !ipsec || !x->rq->has4)
		return;
	au_quote(au_finding(x, "nat-self", SEV_MEDIUM,
		xstrdup(_("This address translation hands IKE or ESP to the router itself: that is for a tunnel of the router's own, not for the device.")),
		xstrdup(_("Name the device's inside address in its place."))),
		&n->origin);
}

void au_mistakes(struct auditor *x)
{
	const struct pipeline *pl = x->rq->pl;

	for (size_t i = 0; i < pl->chain_n; i++)
		for (size_t k = 0; k < pl->chains[i]->rule_n; k++) {
			const struct rule *r = &pl->chains[i]->rules[k];

			if (r->verdict == V_ACCEPT)
				look_at_rule(x, &r->match, &r->origin);
		}
	for (size_t i = 0; i < pl->nat_in_n; i++) {
		if (pl->nat_in[i].action == NAT_TO)
			look_at_rule(x, &pl->nat_in[i].match,
				&pl->nat_in[i].origin);
		look_at_nat(x, &pl->nat_in[i]);
	}
}

/* ---- what was not understood ---- */

/* "500" or "4500" as a word, and neither udp nor tcp: meant as a protocol? */
static bool bare_ike_port(const char *s)
{
	static const char *const ports[] = {"500", "4500"};

	if (!s || strstr(s, "udp") || strstr(s, "tcp") || strstr(s, "UDP"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		size_t n = strlen(ports[i]);

		for (const char *p = s; (p = strstr(p, ports[i])); p += n)
			if ((p == s || isspace((unsigned char)p[-1])) &&
				(!p[n] || isspace((unsigned char)p[n])))
				return true;
	}
	return false;
}

static void unknown_line(struct auditor *x, const struct unknown_line *u)
{
	struct origin o = {.line = u->line, .text = u->text};

	x->a->complete = false;
	au_quote(au_finding(x, "not-understood", SEV_NOTE,
		xstrdup(_("This line is not understood and may change what passes.")),
		NULL), &o);
	if (bare_ike_port(u->text))
		say_port_as_protocol(x, &o);
}

/* What may pass if a condition that is not understood holds. */
static void perhaps_open(struct auditor *x)
{
	pset s = proof_minus(x->pr, x->perhaps, x->pass);
	struct finding *f;

	s = au_where(x, s, F_OUT, ROLE_LAN);
	s = proof_minus(x->pr, s, proof_or(x->pr, au_ipsec(x),
		au_housekeeping(x)));
	if (s == PSET_NONE)
		return;
	x->a->perhaps_open = true;
	f = au_finding(x, "perhaps-open", SEV_MEDIUM,
		xstrdup(_("These may come in, depending on a condition that is not understood.")),
		xstrdup(_("Look at the quoted line.")));
	f->perhaps = true;
	au_prove(x, f, s, true);
}

void au_unknown(struct auditor *x)
{
	const struct pipeline *pl = x->rq->pl;

	perhaps_open(x);
	x->a->complete = true;
	for (size_t i = 0; i < pl->unknown_n; i++)
		if (pl->unknown[i].affects_filter)
			unknown_line(x, &pl->unknown[i]);
}
