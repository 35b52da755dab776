// SPDX-License-Identifier: GPL-2.0-or-later
#include "audit/own.h"
#include "base/text.h"
#include "base/tr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BOXES = 6 };

const char *severity_id(enum severity s)
{
	static const char *const ids[] = {"critical", "high", "broken", "medium",
		"low", "note"};

	return s < SEVERITY_MAX ? ids[s] : "?";
}

const char *severity_words(enum severity s)
{
	switch (s) {
	case SEV_CRITICAL: return _("DANGER");
	case SEV_HIGH:	   return _("OPEN");
	case SEV_BROKEN:   return _("DOES NOT WORK");
	case SEV_MEDIUM:   return _("CHECK");
	case SEV_LOW:	   return _("WIDER THAN NEEDED");
	case SEV_NOTE:	   return _("NOTE");
	}
	return "?";
}

/* ---- sets ---- */

pset au_where(struct auditor *x, pset s, enum field f, uint32_t v)
{
	return proof_where(x->pr, s, f, v);
}

static pset everything(struct auditor *x)
{
	return proof_universe(x->pr);
}

pset au_question(struct auditor *x, const char *words)
{
	return proof_question(x->pr, words);
}

/* The union of questions, NULL at the end. */
pset au_any_of(struct auditor *x, const char *const *words)
{
	pset s = PSET_NONE;

	for (size_t i = 0; words[i]; i++)
		s = proof_or(x->pr, s, au_question(x, words[i]));
	return s;
}

pset au_to(struct auditor *x, pset s, const struct addrmask *m)
{
	struct match k = {0};
	pset r;

	cond_addr(match_cond(&k, F_DST, false), m);
	r = proof_and(x->pr, s, proof_match(x->pr, &k, PROOF_SURELY));
	match_done(&k);
	return r;
}

/* IPsec of any kind, which RFC 6092 lets in by default. */
pset au_ipsec(struct auditor *x)
{
	static const char *const words[] = {"esp", "ah", "hip", "udp port 500",
		"udp port 4500", NULL};

	return au_any_of(x, words);
}

/* Harmless, or demanded by the protocols themselves (RFC 4890, 6092, 8415). */
pset au_housekeeping(struct auditor *x)
{
	/* Neighbour Discovery is never forwarded (hop limit 255, RFC 4861) */
	static const char *const words[] = {"icmpv6 type 1-4,128,129,133-137",
		NULL};

	return au_any_of(x, words);
}

static pset gateway_business(struct auditor *x)
{
	static const char *const words[] = {"icmpv6", "icmp", "udp port 546",
		"udp port 68", "udp port 500", "udp port 4500", "esp", "ah",
		"ipip", "proto2", "proto103", NULL};

	return au_any_of(x, words);
}

/* ---- findings ---- */

struct finding *au_finding(struct auditor *x, const char *id,
	enum severity s, char *what, char *mend)
{
	struct finding *f = GROW(x->a->v, x->a->n, x->a->cap);

	f->id = id;
	f->severity = s;
	f->what = what;
	f->mend = mend;
	return f;
}

void au_quote(struct finding *f, const struct origin *o)
{
	if (!o || !o->text || !*o->text)
		return;
	free(f->line);
	f->line = text_printable(o->text, strlen(o->text));
	f->line_no = o->line;
	for (size_t i = 0; i < o->more_n; i++)
		finding_about(f, o->more[i], ABOUT_RULE, NULL);
}

const char *about_id(enum about w)
{
	static const char *const ids[] = {"rule", "near", "without", "order"};

	return w <= ABOUT_ORDER ? ids[w] : "?";
}

void finding_about(struct finding *f, unsigned no, enum about why, char *note)
{
	bool known = !no || (no == f->line_no && why != ABOUT_WITHOUT);

	for (size_t i = 0; !known && i < f->about_n; i++)
		known = f->about[i].no == no &&
			(f->about[i].why == why || !note || f->about[i].note);
	if (known) {
		free(note);
		return;
	}
	*GROW(f->about, f->about_n, f->about_cap) =
		(struct about_line){.no = no, .why = why, .note = note};
}

/* What lets it in is the mapping; what stops it behind one is the filter. */
const struct origin *au_deciding(const struct decision *d)
{
	return d->nat && d->nat->origin.text && (d->verdict == V_ACCEPT ||
		d->nat->action != NAT_TO) ? &d->nat->origin : d->origin;
}

static bool needs_packet(const struct audit_request *rq, const char *id)
{
	const struct audit *a = rq->known;

	if (!strncmp(id, "need-", 5))
		return true; /* rules that come too late are looked for */
	for (size_t i = 0; i < ARRAY_LEN(rq->wanted); i++)
		if (rq->wanted[i] && !strcmp(rq->wanted[i], id))
			return true;
	for (size_t i = 0; a && i < a->n; i++)
		if (!strcmp(a->v[i].id, id))
			return false;
	return true;
}

/* A packet of s, judged again by the interpreter; it must say `passes`. */
void au_prove(struct auditor *x, struct finding *f, pset s, bool passes)
{
	struct text t = TEXT_INIT;
	struct decision d;

	f->passes = passes;
	if (!needs_packet(x->rq, f->id))
		return;
	if (!x->rq->brief) {
		proof_words(x->pr, s, BOXES, &t, NULL);
		f->boxes = text_take(&t);
	}
	f->has_packet = proof_witness(x->pr, s, &f->packet);
	if (!f->has_packet)
		return;
	if (pipeline_ask(x->rq->pl, &f->packet, &d)) {
		x->error = -EIO;
		return;
	}
	if ((d.verdict == V_ACCEPT) != passes && !d.uncertain)
		x->error = -EIO;
	au_quote(f, au_deciding(&d));
	if (d.via && d.via->origin.line)
		finding_about(f, d.via->origin.line, ABOUT_RULE,
			xstrdup(_("this line leads there")));
	if (passes && d.nat && d.rule && d.origin != au_deciding(&d))
		finding_about(f, d.rule->origin.line, ABOUT_RULE,
			xstrdup(_("and this line lets it through the filter")));
}

static void open_finding(struct auditor *x, pset s, const char *id,
	enum severity sev, char *what, char *mend)
{
	struct finding *f;

	if (s == PSET_NONE) {
		free(what);
		free(mend);
		return;
	}
	f = au_finding(x, id, sev, what, mend);
	au_prove(x, f, s, true);
}

/* ---- exposure ---- */

static pset devices_need(struct auditor *x)
{
	pset s = PSET_NONE, k;

	if (x->rq->has6) {
		k = proof_or(x->pr, au_question(x, "esp"), au_question(x, "udp port 500,4500"));
		s = au_to(x, au_where(x, k, F_FAMILY, FAM_6), &x->rq->device6);
	}
	if (x->rq->has4) {
		struct addrmask m = {.fam = FAM_4, .value = x->rq->device4,
			.mask = mask_of_len(FAM_4, 32)};

		k = proof_or(x->pr, au_question(x, "esp"), au_question(x, "udp port 500,4500"));
		s = proof_or(x->pr, s, au_to(x, k, &m));
	}
	return s;
}

static bool has_opaque(const struct match *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->conds[i].f == F_OPAQUE)
			return true;
	return false;
}

static void find_bridge(struct auditor *x)
{
	const struct pipeline *pl = x->rq->pl;
	struct finding *f;
	size_t i = 0;
	pset s;

	while (i < pl->bypass_n && has_opaque(&pl->bypass[i]))
		i++; /* that one is told as "perhaps" */
	if (i == pl->bypass_n)
		return;
	f = au_finding(x, "bridge", SEV_CRITICAL,
		xstrdup(_("IPv6 passes below the filter (a bridge, \"IPv6 pass-through\"): every host of the home can be reached from outside, and no filter line changes that.")),
		xstrdup(_("Switch the bridge off. Where the line gives one /64 only, use the router's ND proxy (or RA proxy) with the filter on.")));
	s = proof_match(x->pr, &pl->bypass[i], PROOF_SURELY);
	au_prove(x, f, proof_and(x->pr, x->lan, s), true);
	/* what the bridge carries is told once */
	x->lan = proof_minus(x->pr, x->lan, s);
	x->self = proof_minus(x->pr, x->self, s);
}

/*
 * Open to the line's own network and to nobody else: an NTT gateway at the level
 * 標準. Told once, not service by service. Returns what is left to tell.
 */
static pset find_level(struct auditor *x, pset open)
{
	/* NTT East's and West's networks; line/tables.def */
	static const char *const ngn[] = {"any from 2001:c90::/32",
		"any from 2404:1a8::/32", "any from 2408::/22",
		"any from 2001:d70::/30", "any from 2001:a000::/21", NULL};
	pset inside = au_any_of(x, ngn);
	pset some = proof_and(x->pr, open, inside);

	/* a whole home, not one service for one sender */
	some = proof_and(x->pr, some, au_question(x, "tcp port 22,80,445 ipv6"));
	if (some == PSET_NONE || proof_minus(x->pr, open, inside) != PSET_NONE ||
		proof_minus(x->pr, proof_and(x->pr, inside, au_question(x,
			"tcp port 22,80,445 from 2404:1a8::/32 to 2404:7a80:1:1::/64 ipv6")),
			open) == PSET_NONE)
		return open;
	open_finding(x, open, "level-standard", SEV_HIGH,
		xstrdup(_("Other subscribers of the line's own network (NTT's FLET'S) can reach every host of the home by IPv6; the rest of the Internet cannot. That is what the level 標準 does.")),
		xstrdup(_("Set the level to 高度, and keep pass entries for the device.")));
	return PSET_NONE;
}

/* All TCP ports of every host: then there is no filter to speak of. */
static bool no_filter(struct auditor *x, pset open, enum family fam)
{
	pset tcp = au_where(x, au_question(x, "tcp from wan to lan"), F_FAMILY, fam);
	pset known = au_question(x, fam == FAM_6 ? "tcp from 2600::/12 to 2400::/12"
					      : "tcp from 151.0.0.0/8 to 192.168.0.0/16");

	tcp = proof_and(x->pr, tcp, known);
	tcp = au_where(x, tcp, F_EXTHDR, 0);
	tcp = au_where(x, tcp, F_DNAT, 0);
	tcp = au_where(x, tcp, F_FRAG, FRAG_NONE);
	return proof_minus(x->pr, tcp, open) == PSET_NONE;
}

static pset find_no_filter(struct auditor *x, pset open, enum family fam)
{
	if (!no_filter(x, open, fam))
		return open;
	open_finding(x, au_where(x, open, F_FAMILY, fam),
		fam == FAM_6 ? "open-home" : "open-wire",
		fam == FAM_6 ? SEV_CRITICAL : SEV_MEDIUM,
		xasprintf(fam == FAM_6
			? _("Every port of every host of the home is open to the whole Internet by IPv6: nothing filters what comes in.")
			: _("Packets for any host of the home are forwarded from outside by IPv4; whoever sits on the line's own network can send them.")),
		xstrdup(_("Switch the stateful filter on, with everything from outside refused unless a line lets it pass.")));
	return proof_minus(x->pr, open, au_where(x, everything(x), F_FAMILY, fam));
}

/*
 * A filter without memory lets in what says that it is an answer (ACK). Nothing
 * can be begun by it: not an open service. Returns what is left to tell.
 */
static pset find_acks(struct auditor *x, pset open, bool router)
{
	struct match m = {0};
	struct cond *c = match_cond(&m, F_TCPFLAGS, false);
	pset begins, acks;

	c->flag_mask = TCP_SYN | TCP_ACK | TCP_RST;
	c->flag_value = TCP_SYN;
	begins = proof_and(x->pr, open, proof_match(x->pr, &m, PROOF_SURELY));
	match_done(&m);
	acks = proof_minus(x->pr, proof_and(x->pr, open, au_question(x, "tcp")),
		proof_whatever(x->pr, begins, F_TCPFLAGS));
	open_finding(x, acks, router ? "acks-router" : "acks", SEV_LOW,
		xstrdup(_("A line without memory lets in every TCP packet that says it is an answer. No connection can be begun by it, but the home can be felt out.")),
		xstrdup(_("Use the router's stateful filter instead, where it has one.")));
	return proof_minus(x->pr, open, acks);
}

/* Without a device named nobody knows whether it is meant so. */
static pset find_ipsec(struct auditor *x, pset open)
{
	pset part = proof_and(x->pr, open, au_ipsec(x));
	bool asked = x->rq->has6 || x->rq->has4;

	open_finding(x, part, "ipsec-any", SEV_LOW, xstrdup(asked
		? _("IPsec from outside reaches more than the device. RFC 6092 lets routers do so by default; it is no fault.")
		: _("IPsec from outside reaches these addresses. If your device is there and nothing else, that is right.")),
		xstrdup(asked ? _("To narrow it, name the device's address in these lines.")
			: _("Name your device, and it is judged too: --device with its address or MAC.")));
	return part;
}

static void find_open(struct auditor *x)
{
	static const char *const dhcp[] = {"udp port 546", "udp port 68", NULL};
	static const char *const pings[] = {"icmpv6 ipv6", "icmp ipv4", NULL};
	static const char *const carried[] = {"ipip ipv6", NULL};
	pset open = proof_minus(x->pr, x->lan,
		proof_or(x->pr, au_housekeeping(x), devices_need(x)));
	pset part;

	open = find_level(x, open);
	open = find_no_filter(x, open, FAM_6);
	open = find_no_filter(x, open, FAM_4);
	open = find_acks(x, open, false);
	part = find_ipsec(x, open);
	open = proof_minus(x->pr, open, part);
	part = proof_and(x->pr, open, au_any_of(x, pings));
	open_finding(x, part, "icmp-wide", SEV_LOW,
		xstrdup(_("More kinds of ICMP come in than hosts of a home need.")),
		xstrdup(_("Types 1 to 4 and 128 are enough for ICMPv6 (RFC 4890), 3, 8, 11 and 12 for ICMP.")));
	open = proof_minus(x->pr, open, part);
	part = proof_and(x->pr, open, au_any_of(x, dhcp));
	open_finding(x, part, "dhcp-wide", SEV_LOW,
		xstrdup(_("The line for the router's own DHCP client also lets packets through to the home's hosts.")),
		xstrdup(_("Narrow its source to fe80::/10, or its destination to the router.")));
	open = proof_minus(x->pr, open, part);
	/* MAP-E and DS-Lite: told apart, for without the line there is no IPv4 */
	part = proof_and(x->pr, open, au_any_of(x, carried));
	open_finding(x, part, "tunnel-wide", SEV_LOW,
		xstrdup(_("The line for the router's own tunnel (IPv4 carried in IPv6) also lets packets through to the home's hosts.")),
		xstrdup(_("Keep it, IPv4 needs it; name the tunnel's far end as its sender.")));
	open = proof_minus(x->pr, open, part);
	open_finding(x, au_where(x, open, F_FAMILY, FAM_6), "open-service", SEV_HIGH,
		xstrdup(_("Services of the home are open to the outside, beyond what the device needs.")),
		xstrdup(_("Remove the line, or name the senders that may use it.")));
	/* private addresses are no target from the Internet */
	open_finding(x, au_where(x, open, F_FAMILY, FAM_4), "open-wire", SEV_MEDIUM,
		xstrdup(_("By IPv4, whoever sits on the line's own network can send these to hosts of the home, past the address translation.")),
		xstrdup(_("Let the filter pass only what a port mapping hands in.")));
}

/* Outside packets that translation hands to a host of the home. They are told
 * as what they are on arrival: packets to the router's address. */
static pset mapped(struct auditor *x)
{
	pset s = PSET_NONE;

	for (size_t i = 0; i < x->rq->pl->nat_in_n; i++) {
		const struct nat_rule *n = &x->rq->pl->nat_in[i];

		if (n->action == NAT_TO)
			s = proof_or(x->pr, s,
				proof_match(x->pr, &n->match, PROOF_SURELY));
	}
	x->lan = proof_minus(x->pr, x->lan, s);
	return proof_and(x->pr, s, x->self);
}

/* The packet from some, the boxes of all. */
static void prove_by(struct auditor *x, struct finding *f, pset some, pset all)
{
	struct text t = TEXT_INIT;

	while (f->about_n)
		free(f->about[--f->about_n].note);
	free(f->boxes);
	f->boxes = NULL;
	au_prove(x, f, some, true);
	if (x->rq->brief)
		return;
	free(f->boxes);
	proof_words(x->pr, all, BOXES, &t, NULL);
	f->boxes = text_take(&t);
}

static void find_mapped(struct auditor *x, pset m)
{
	static const char *const all[] = {"tcp port 1,22,80,443,3389,65535", NULL};
	pset rest = proof_minus(x->pr, m, au_ipsec(x));
	pset probe = proof_and(x->pr, rest, au_any_of(x, all));
	bool dmz = true;

	static const char *const six[] = {"tcp port 1", "tcp port 22",
		"tcp port 80", "tcp port 443", "tcp port 3389", "tcp port 65535"};

	for (size_t i = 0; i < ARRAY_LEN(six); i++)
		dmz = dmz && proof_and(x->pr, probe, au_question(x, six[i]));
	open_finding(x, rest, dmz ? "forward-host" : "mapped-service",
		dmz ? SEV_CRITICAL : SEV_MEDIUM,
		xstrdup(dmz
			? _("Whatever reaches the router's address is handed to one host of the home (a DMZ host): all its ports are open.")
			: _("Port mappings open services of the home by IPv4.")),
		xstrdup(dmz
			? _("Remove the default host. The device needs UDP 500, UDP 4500 and protocol 50 only.")
			: _("Keep the ones you know; remove the others.")));
	if (dmz) /* port 1 has no mapping of its own: the line is the right one */
		prove_by(x, &x->a->v[x->a->n - 1], proof_and(x->pr, probe,
			au_question(x, "tcp port 1")), rest);
}

static void find_gateway(struct auditor *x, pset m)
{
	pset s = proof_minus(x->pr, x->self, m);

	open_finding(x, proof_minus(x->pr,
			proof_and(x->pr, s, au_question(x, "udp port 546 ipv6")),
			au_question(x, "any from fe80::/10")),
		"dhcp-router", SEV_LOW,
		xstrdup(_("The router's DHCPv6 client port can be reached from anywhere; its servers are on the line itself.")),
		xstrdup(_("Narrow its source to fe80::/10.")));
	s = proof_minus(x->pr, s, gateway_business(x));
	s = find_acks(x, s, true);
	open_finding(x, s, "open-router", SEV_HIGH,
		xstrdup(_("The router itself can be reached from outside: its own services are not behind the filter.")),
		xstrdup(_("Refuse what comes in for the router itself, except ICMPv6, DHCP and established answers.")));
}

static int by_harm(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	return (int)x->severity - (int)y->severity;
}

static int prepare(struct auditor *x)
{
	static const char *const link_local[] = {"any from fe80::/10",
		"any to fe80::/10", NULL};
	pset only = au_where(x, au_where(x, PSET_ALL, F_IN, ROLE_WAN), F_CT, CT_NEW);
	int rc = proof_both(x->pr, x->rq->pl, only, &x->pass, &x->perhaps);

	if (rc)
		return rc;
	/* nothing has been translated yet when a packet arrives */
	x->pass = au_where(x, x->pass, F_DNAT, 0);
	x->perhaps = au_where(x, x->perhaps, F_DNAT, 0);
	/* no router forwards link-local addresses (RFC 4291 section 2.5.6) */
	x->lan = proof_minus(x->pr, au_where(x, x->pass, F_OUT, ROLE_LAN),
		au_any_of(x, link_local));
	x->self = au_where(x, x->pass, F_OUT, ROLE_SELF);
	return 0;
}

int audit_run(const struct audit_request *rq, struct audit **ret)
{
	cleanup(audit_freep) struct audit *a = xcalloc(1, sizeof(*a));
	struct auditor x = {.rq = rq, .a = a, .pr = rq->pr ? rq->pr : proof_new()};
	int rc = prepare(&x);
	pset m;

	if (!rc) {
		find_bridge(&x);
		m = mapped(&x);
		find_open(&x);
		find_mapped(&x, m);
		find_gateway(&x, m);
		au_needs(&x);
		au_luck(&x);
		au_mistakes(&x);
		au_unknown(&x);
		if (!rq->brief)
			au_near(&x);
		rc = x.error;
	}
	if (!rq->pr)
		proof_free(x.pr);
	if (rc)
		return rc;
	if (a->n)
		qsort(a->v, a->n, sizeof(*a->v), by_harm);
	*ret = take(a);
	return 0;
}

enum severity audit_worst(const struct audit *a)
{
	return a->n ? a->v[0].severity : SEV_NOTE;
}

void audit_free(struct audit *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		free(a->v[i].what);
		free(a->v[i].mend);
		free(a->v[i].boxes);
		free(a->v[i].change);
		free(a->v[i].line);
		for (size_t k = 0; k < a->v[i].about_n; k++)
			free(a->v[i].about[k].note);
		free(a->v[i].about);
	}
	free(a->v);
	free(a);
}

void audit_freep(struct audit **a)
{
	audit_free(*a);
}
