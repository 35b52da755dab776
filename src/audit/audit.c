// SPDX-License-Identifier: GPL-2.0-or-later
#include "audit/audit.h"
#include "base/text.h"
#include "base/tr.h"
#include "proof/proof.h"

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

struct auditor {
	const struct audit_request *rq;
	struct audit *a;
	struct proof *pr;
	pset pass, perhaps;	/* in from the WAN, new */
	pset lan, self;		/* to a host of the home, to the gateway */
	int error;
};

/* ---- sets ---- */

static pset where(struct auditor *x, pset s, enum field f, uint32_t v)
{
	return proof_where(x->pr, s, f, v);
}

static pset everything(struct auditor *x)
{
	return proof_universe(x->pr);
}

static pset question(struct auditor *x, const char *words)
{
	struct match m = {0};
	char *why = NULL;
	pset s = PSET_NONE;

	if (match_parse(words, &m, &why) == 0)
		s = proof_match(x->pr, &m, PROOF_SURELY);
	free(why);
	match_done(&m);
	return s;
}

/* The union of questions, NULL at the end. */
static pset any_of(struct auditor *x, const char *const *words)
{
	pset s = PSET_NONE;

	for (size_t i = 0; words[i]; i++)
		s = proof_or(x->pr, s, question(x, words[i]));
	return s;
}

static pset to_addr(struct auditor *x, pset s, const struct addrmask *m)
{
	struct match k = {0};
	pset r;

	cond_addr(match_cond(&k, F_DST, false), m);
	r = proof_and(x->pr, s, proof_match(x->pr, &k, PROOF_SURELY));
	match_done(&k);
	return r;
}

/* IPsec of any kind, which RFC 6092 lets in by default. */
static pset ipsec(struct auditor *x)
{
	static const char *const words[] = {"esp", "ah", "hip", "udp port 500",
		"udp port 4500", NULL};

	return any_of(x, words);
}

/* Harmless, or demanded by the protocols themselves (RFC 4890, 6092, 8415). */
static pset housekeeping(struct auditor *x)
{
	static const char *const words[] = {"icmpv6 type 1-4,128,129", NULL};

	return any_of(x, words);
}

static pset gateway_business(struct auditor *x)
{
	static const char *const words[] = {"icmpv6", "icmp", "udp port 546",
		"udp port 68", "udp port 500", "udp port 4500", "esp", "ah",
		"ipip", "proto2", "proto103", NULL};

	return any_of(x, words);
}

/* ---- findings ---- */

static struct finding *finding(struct auditor *x, const char *id,
	enum severity s, char *what, char *mend)
{
	struct finding *f = GROW(x->a->v, x->a->n, x->a->cap);

	f->id = id;
	f->severity = s;
	f->what = what;
	f->mend = mend;
	return f;
}

static void quote(struct finding *f, const struct origin *o)
{
	if (!o || !o->text || !*o->text)
		return;
	free(f->line);
	f->line = text_printable(o->text, strlen(o->text));
	f->line_no = o->line;
}

/* A packet of s, judged again by the interpreter; it must say `passes`. */
static void prove(struct auditor *x, struct finding *f, pset s, bool passes)
{
	struct text t = TEXT_INIT;
	struct decision d;

	proof_words(x->pr, s, BOXES, &t, NULL);
	f->boxes = text_take(&t);
	f->passes = passes;
	f->has_packet = proof_witness(x->pr, s, &f->packet);
	if (!f->has_packet)
		return;
	if (pipeline_ask(x->rq->pl, &f->packet, &d)) {
		x->error = -EIO;
		return;
	}
	if ((d.verdict == V_ACCEPT) != passes && !d.uncertain)
		x->error = -EIO;
	quote(f, d.nat && !passes ? &d.nat->origin : d.origin);
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
	f = finding(x, id, sev, what, mend);
	prove(x, f, s, true);
}

/* ---- exposure ---- */

static pset devices_need(struct auditor *x)
{
	pset s = PSET_NONE, k;

	if (x->rq->has6) {
		k = proof_or(x->pr, question(x, "esp"), question(x, "udp port 500,4500"));
		s = to_addr(x, where(x, k, F_FAMILY, FAM_6), &x->rq->device6);
	}
	if (x->rq->has4) {
		struct addrmask m = {.fam = FAM_4, .value = x->rq->device4,
			.mask = mask_of_len(FAM_4, 32)};

		k = proof_or(x->pr, question(x, "esp"), question(x, "udp port 500,4500"));
		s = proof_or(x->pr, s, to_addr(x, k, &m));
	}
	return s;
}

static void find_bridge(struct auditor *x)
{
	if (x->rq->pl->bypass_n == 0)
		return;
	finding(x, "bridge", SEV_CRITICAL,
		xstrdup(_("IPv6 passes below the filter (a bridge, \"IPv6 pass-through\"): every host of the home can be reached from outside, and no filter line changes that.")),
		xstrdup(_("Switch the bridge off. Where the line gives one /64 only, use the router's ND proxy (or RA proxy) with the filter on.")));
}

/* All TCP ports of every host: then there is no filter to speak of. */
static bool no_filter(struct auditor *x, pset open, enum family fam)
{
	pset tcp = where(x, question(x, "tcp from wan to lan"), F_FAMILY, fam);
	pset known = question(x, fam == FAM_6 ? "tcp from 2600::/12 to 2400::/12"
					      : "tcp from 151.0.0.0/8 to 192.168.0.0/16");

	tcp = proof_and(x->pr, tcp, known);
	tcp = where(x, tcp, F_EXTHDR, 0);
	tcp = where(x, tcp, F_DNAT, 0);
	tcp = where(x, tcp, F_FRAG, FRAG_NONE);
	return proof_minus(x->pr, tcp, open) == PSET_NONE;
}

static pset find_no_filter(struct auditor *x, pset open, enum family fam)
{
	if (!no_filter(x, open, fam))
		return open;
	open_finding(x, where(x, open, F_FAMILY, fam),
		fam == FAM_6 ? "open-home" : "open-wire",
		fam == FAM_6 ? SEV_CRITICAL : SEV_MEDIUM,
		xasprintf(fam == FAM_6
			? _("Every port of every host of the home is open to the whole Internet by IPv6: nothing filters what comes in.")
			: _("Packets for any host of the home are forwarded from outside by IPv4; whoever sits on the line's own network can send them.")),
		xstrdup(_("Switch the stateful filter on, with everything from outside refused unless a line lets it pass.")));
	return proof_minus(x->pr, open, where(x, everything(x), F_FAMILY, fam));
}

static void find_open(struct auditor *x)
{
	static const char *const dhcp[] = {"udp port 546", "udp port 68", NULL};
	static const char *const pings[] = {"icmpv6", "icmp", NULL};
	pset open = proof_minus(x->pr, x->lan,
		proof_or(x->pr, housekeeping(x), devices_need(x)));
	pset part;

	open = find_no_filter(x, open, FAM_6);
	open = find_no_filter(x, open, FAM_4);
	part = proof_and(x->pr, open, ipsec(x));
	open_finding(x, part, "ipsec-any", SEV_LOW,
		xstrdup(_("IPsec from outside reaches more than the device. RFC 6092 lets routers do so by default, and the device works with it.")),
		xstrdup(_("To narrow it, name the device's address in these lines.")));
	open = proof_minus(x->pr, open, part);
	part = proof_and(x->pr, open, any_of(x, pings));
	open_finding(x, part, "icmp-wide", SEV_LOW,
		xstrdup(_("More kinds of ICMP come in than hosts of a home need.")),
		xstrdup(_("Types 1 to 4 and 128 are enough for ICMPv6 (RFC 4890).")));
	open = proof_minus(x->pr, open, part);
	part = proof_and(x->pr, open, any_of(x, dhcp));
	open_finding(x, part, "dhcp-wide", SEV_LOW,
		xstrdup(_("The line for the router's own DHCP client also lets packets through to the home's hosts.")),
		xstrdup(_("Narrow its source to fe80::/10, or its destination to the router.")));
	open = proof_minus(x->pr, open, part);
	open_finding(x, where(x, open, F_FAMILY, FAM_6), "open-service", SEV_HIGH,
		xstrdup(_("Services of the home are open to the outside, beyond what the device needs.")),
		xstrdup(_("Remove the line, or name the senders that may use it.")));
	/* private addresses are no target from the Internet */
	open_finding(x, where(x, open, F_FAMILY, FAM_4), "open-wire", SEV_MEDIUM,
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

static void find_mapped(struct auditor *x, pset m)
{
	static const char *const all[] = {"tcp port 1,22,80,443,3389,65535", NULL};
	pset rest = proof_minus(x->pr, m, ipsec(x));
	pset probe = proof_and(x->pr, rest, any_of(x, all));
	bool dmz = true;

	static const char *const six[] = {"tcp port 1", "tcp port 22",
		"tcp port 80", "tcp port 443", "tcp port 3389", "tcp port 65535"};

	for (size_t i = 0; i < ARRAY_LEN(six); i++)
		dmz = dmz && proof_and(x->pr, probe, question(x, six[i]));
	open_finding(x, rest, dmz ? "forward-host" : "mapped-service",
		dmz ? SEV_CRITICAL : SEV_MEDIUM,
		xstrdup(dmz
			? _("Whatever reaches the router's address is handed to one host of the home (a DMZ host): all its ports are open.")
			: _("Port mappings open services of the home by IPv4.")),
		xstrdup(dmz
			? _("Remove the default host. The device needs UDP 500, UDP 4500 and protocol 50 only.")
			: _("Keep the ones you know; remove the others.")));
}

static void find_gateway(struct auditor *x, pset m)
{
	pset s = proof_minus(x->pr, x->self, m);

	open_finding(x, proof_minus(x->pr,
			proof_and(x->pr, s, question(x, "udp port 546 ipv6")),
			question(x, "any from fe80::/10")),
		"dhcp-router", SEV_LOW,
		xstrdup(_("The router's DHCPv6 client port can be reached from anywhere; its servers are on the line itself.")),
		xstrdup(_("Narrow its source to fe80::/10.")));
	s = proof_minus(x->pr, s, gateway_business(x));
	open_finding(x, s, "open-router", SEV_HIGH,
		xstrdup(_("The router itself can be reached from outside: its own services are not behind the filter.")),
		xstrdup(_("Refuse what comes in for the router itself, except ICMPv6, DHCP and established answers.")));
}

/* ---- what the device needs ---- */

static void need_unsure(struct auditor *x, pset doubt)
{
	struct finding *f = finding(x, "need-unsure", SEV_NOTE,
		xstrdup(_("Whether this reaches the device depends on a condition that is not understood.")),
		NULL);

	f->perhaps = true;
	prove(x, f, doubt, true);
}

static void need(struct auditor *x, pset want, const char *id, char *what)
{
	pset stopped = proof_minus(x->pr, want, x->perhaps);
	pset doubt = proof_minus(x->pr, proof_and(x->pr, want, x->perhaps),
		x->pass);
	struct finding *f;

	/* spoofed and unrouted senders are rightly refused */
	if (stopped != PSET_NONE && stopped == want) {
		f = finding(x, id, SEV_BROKEN, what,
			xstrdup(_("Add the pass line; \"kadomori settings\" writes it for this router.")));
		prove(x, f, stopped, false);
		x->a->device_works = false;
		return;
	}
	free(what);
	if (doubt != PSET_NONE && proof_and(x->pr, want, x->pass) == PSET_NONE)
		need_unsure(x, doubt);
}

static const char *const sender6 = "from 2404:1a8::1";
static const char *const sender4 = "from 133.1.2.3";

static pset needed(struct auditor *x, const char *proto, enum family fam)
{
	cleanup(freep) char *q = xasprintf("%s %s", proto,
		fam == FAM_6 ? sender6 : sender4);
	pset s = question(x, q);

	s = where(x, s, F_IN, ROLE_WAN);
	s = where(x, s, F_OUT, fam == FAM_6 ? ROLE_LAN : ROLE_SELF);
	s = where(x, s, F_FRAG, FRAG_NONE);
	s = where(x, s, F_EXTHDR, 0);
	s = where(x, s, F_DNAT, 0);
	return fam == FAM_6 && x->rq->has6 ? to_addr(x, s, &x->rq->device6) : s;
}

/* What translation hands to the device, of want. */
static pset handed(struct auditor *x, pset want, enum proof_mode mode)
{
	pset s = PSET_NONE;

	for (size_t i = 0; i < x->rq->pl->nat_in_n; i++) {
		const struct nat_rule *n = &x->rq->pl->nat_in[i];

		if (n->action == NAT_TO && !addr_cmp(&n->dst, &x->rq->device4))
			s = proof_or(x->pr, s,
				proof_match(x->pr, &n->match, mode));
	}
	return proof_and(x->pr, s, proof_and(x->pr, want,
		mode == PROOF_SURELY ? x->pass : x->perhaps));
}

static bool reaches_device4(struct auditor *x, pset s)
{
	struct packet p;
	struct decision d;

	return proof_witness(x->pr, s, &p) &&
	       !pipeline_ask(x->rq->pl, &p, &d) &&
	       !addr_cmp(&d.after.dst, &x->rq->device4);
}

/*
 * By IPv4 the packet must be handed to the device: a filter that would let it
 * pass is not enough.
 */
static void need_mapped(struct auditor *x, pset want, const char *id, char *what)
{
	pset perhaps = handed(x, want, PROOF_PERHAPS);
	struct finding *f;
	struct decision d;

	if (!reaches_device4(x, perhaps)) {
		f = finding(x, id, SEV_BROKEN, what,
			xstrdup(_("Map it to the device's address; \"kadomori settings\" writes the line for this router.")));
		f->has_packet = proof_witness(x->pr, want, &f->packet);
		if (!pipeline_ask(x->rq->pl, &f->packet, &d))
			quote(f, d.nat ? &d.nat->origin : d.origin);
		x->a->device_works = false;
		return;
	}
	free(what);
	if (!reaches_device4(x, handed(x, want, PROOF_SURELY)))
		need_unsure(x, perhaps);
}

static void need6(struct auditor *x)
{
	need(x, needed(x, "udp port 500", FAM_6), "need-ike6",
		xstrdup(_("IKE (UDP 500) from outside does not reach the device by IPv6.")));
	need(x, needed(x, "esp", FAM_6), "need-esp6",
		xstrdup(_("ESP (IP protocol 50) from outside does not reach the device by IPv6.")));
	if (x->rq->nat_t)
		need(x, needed(x, "udp port 4500", FAM_6), "need-natt6",
			xstrdup(_("UDP 4500 from outside does not reach the device by IPv6.")));
}

static void need4(struct auditor *x)
{
	need_mapped(x, needed(x, "udp port 500", FAM_4), "need-ike4",
		xstrdup(_("IKE (UDP 500) from outside does not reach the device by IPv4.")));
	need_mapped(x, needed(x, "udp port 4500", FAM_4), "need-natt4",
		xstrdup(_("UDP 4500 from outside does not reach the device by IPv4: behind NAT the tunnel uses it.")));
	need_mapped(x, needed(x, "esp", FAM_4), "need-esp4",
		xstrdup(_("ESP (IP protocol 50) from outside does not reach the device by IPv4.")));
}

static bool line_is4(enum line_kind k)
{
	return k == LINE_DHCP4 || k == LINE_PPPOE4 || k == LINE_IPIP;
}

static bool line_never4(enum line_kind k)
{
	return k == LINE_MAPE || k == LINE_DSLITE || k == LINE_PRIVATE4;
}

static void find_needs(struct auditor *x)
{
	x->a->device_asked = x->rq->has6 || x->rq->has4;
	x->a->device_works = x->a->device_asked;
	if (x->rq->has6)
		need6(x);
	if (x->rq->has4 && line_never4(x->rq->line)) {
		finding(x, "line-ipv4", SEV_BROKEN,
			xstrdup(_("This line shares its IPv4 address or gives a private one: nothing from outside reaches the device by IPv4, whatever this router is told.")),
			xstrdup(_("Use IPv6: the device's own address and two pass lines.")));
		x->a->device_works = x->a->device_works && x->rq->has6;
	} else if (x->rq->has4 && (!x->rq->has6 || line_is4(x->rq->line))) {
		need4(x);
	}
}

/* Answers, fragments and path MTU: where tunnels that begin well then stall. */
static bool passes_packet(struct auditor *x, const char *words)
{
	struct packet p;
	struct decision d;
	char *why = NULL;
	bool yes = packet_parse(words, &p, &why) == 0 &&
		   pipeline_ask(x->rq->pl, &p, &d) == 0 &&
		   d.verdict == V_ACCEPT;

	free(why);
	return yes;
}

static char *host_of(const struct audit_request *rq)
{
	struct addrmask net;
	struct addr a;
	char buf[ADDR_STR];

	if (addrmask_parse("2404:7a80:1:1::/64", &net))
		return NULL;
	a = addr_or(&net.value, &rq->device6.value);
	return xstrdup(addr_format(FAM_6, &a, buf));
}

static void stopped_packet(struct auditor *x, const char *words, const char *id,
	char *what, char *mend)
{
	struct finding *f;
	struct decision d;
	char *why = NULL;

	if (passes_packet(x, words)) {
		free(what);
		free(mend);
		return;
	}
	f = finding(x, id, SEV_MEDIUM, what, mend);
	f->has_packet = packet_parse(words, &f->packet, &why) == 0;
	free(why);
	if (f->has_packet && pipeline_ask(x->rq->pl, &f->packet, &d) == 0)
		quote(f, d.origin);
}

static void find_luck(struct auditor *x)
{
	cleanup(freep) char *host = x->rq->has6 ? host_of(x->rq) : NULL;
	cleanup(freep) char *big = NULL;
	cleanup(freep) char *back = NULL;

	if (!host)
		return;
	big = xasprintf("icmpv6 from 2404:1a8::1 to %s type 2 related", host);
	back = xasprintf("esp from 2404:1a8::1 to %s established", host);
	stopped_packet(x, big, "ptb-blocked",
		xstrdup(_("\"Packet too big\" (ICMPv6 type 2) does not reach the device: tunnels with large packets stall.")),
		xstrdup(_("Let ICMPv6 types 1 to 4 pass from outside.")));
	stopped_packet(x, back, "esp-untracked",
		xstrdup(_("Answers to the device's own ESP are stopped: this filter does not follow ESP as a connection.")),
		xstrdup(_("Give ESP a pass line of its own; the stateful part does not cover it.")));
}

/* ---- lines that mean something else than was written ---- */

static bool is_only(const struct cond *c, uint32_t v)
{
	return !c->neg && c->num_n == 1 && c->nums[0].lo == v &&
	       c->nums[0].hi == v;
}

static void look_at_rule(struct auditor *x, const struct match *m,
	const struct origin *o)
{
	bool transport = false, fifty = false;
	struct finding *f;

	for (size_t i = 0; i < m->n; i++) {
		const struct cond *c = &m->conds[i];

		transport |= c->f == F_PROTO &&
			     (is_only(c, PROTO_TCP) || is_only(c, PROTO_UDP));
		fifty |= c->f == F_DPORT && is_only(c, 50);
	}
	if (!transport || !fifty)
		return;
	f = finding(x, "port-50", SEV_MEDIUM,
		xstrdup(_("A line names port 50 of TCP or UDP. ESP is IP protocol 50; it has no port, and this line does not let it pass.")),
		xstrdup(_("Write the protocol ESP (50) instead, without a port.")));
	quote(f, o);
}

static void find_mistakes(struct auditor *x)
{
	const struct pipeline *pl = x->rq->pl;

	for (size_t i = 0; i < pl->chain_n; i++)
		for (size_t k = 0; k < pl->chains[i]->rule_n; k++) {
			const struct rule *r = &pl->chains[i]->rules[k];

			if (r->verdict == V_ACCEPT)
				look_at_rule(x, &r->match, &r->origin);
		}
	for (size_t i = 0; i < pl->nat_in_n; i++)
		if (pl->nat_in[i].action == NAT_TO)
			look_at_rule(x, &pl->nat_in[i].match,
				&pl->nat_in[i].origin);
}

static void find_unknown(struct auditor *x)
{
	const struct pipeline *pl = x->rq->pl;

	x->a->complete = true;
	for (size_t i = 0; i < pl->unknown_n; i++) {
		struct origin o = {.line = pl->unknown[i].line,
			.text = pl->unknown[i].text};

		if (!pl->unknown[i].affects_filter)
			continue;
		x->a->complete = false;
		quote(finding(x, "not-understood", SEV_NOTE,
			xstrdup(_("This line is not understood and may change what passes.")),
			NULL), &o);
	}
}

/* What may pass if a condition that is not understood holds. */
static void find_perhaps(struct auditor *x)
{
	pset s = proof_minus(x->pr, x->perhaps, x->pass);
	struct finding *f;

	s = where(x, s, F_OUT, ROLE_LAN);
	s = proof_minus(x->pr, s, proof_or(x->pr, ipsec(x), housekeeping(x)));
	if (s == PSET_NONE)
		return;
	f = finding(x, "perhaps-open", SEV_MEDIUM,
		xstrdup(_("These may come in, depending on a condition that is not understood.")),
		xstrdup(_("Look at the quoted line.")));
	f->perhaps = true;
	prove(x, f, s, true);
}

static int by_harm(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	return (int)x->severity - (int)y->severity;
}

static int prepare(struct auditor *x)
{
	pset only = where(x, where(x, PSET_ALL, F_IN, ROLE_WAN), F_CT, CT_NEW);
	int rc = proof_both(x->pr, x->rq->pl, only, &x->pass, &x->perhaps);

	if (rc)
		return rc;
	/* nothing has been translated yet when a packet arrives */
	x->pass = where(x, x->pass, F_DNAT, 0);
	x->perhaps = where(x, x->perhaps, F_DNAT, 0);
	x->lan = where(x, x->pass, F_OUT, ROLE_LAN);
	x->self = where(x, x->pass, F_OUT, ROLE_SELF);
	return 0;
}

int audit_run(const struct audit_request *rq, struct audit **ret)
{
	cleanup(audit_freep) struct audit *a = xcalloc(1, sizeof(*a));
	struct auditor x = {.rq = rq, .a = a, .pr = proof_new()};
	int rc = prepare(&x);
	pset m;

	if (!rc) {
		find_bridge(&x);
		m = mapped(&x);
		find_open(&x);
		find_mapped(&x, m);
		find_gateway(&x, m);
		find_needs(&x);
		find_luck(&x);
		find_mistakes(&x);
		find_perhaps(&x);
		find_unknown(&x);
		rc = x.error;
	}
	proof_free(x.pr);
	if (rc)
		return rc;
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
		free(a->v[i].line);
	}
	free(a->v);
	free(a);
}

void audit_freep(struct audit **a)
{
	audit_free(*a);
}
