// SPDX-License-Identifier: GPL-2.0-or-later
#include "audit/own.h"
#include "base/text.h"
#include "base/tr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the device needs ---- */

static void need_unsure(struct auditor *x, pset doubt)
{
	struct finding *f = au_finding(x, "need-unsure", SEV_NOTE,
		xstrdup(_("Whether this reaches the device depends on a condition that is not understood.")),
		NULL);

	x->a->device_unsure = true;
	f->perhaps = true;
	au_prove(x, f, doubt, true);
}

/* A line that would let p pass stands behind the one that stops it. */
static void too_late(struct auditor *x, const struct packet *p)
{
	struct packet witness = *p;
	struct finding *f;
	struct decision d;
	size_t i;

	if (pipeline_ask(x->rq->pl, p, &d) || !d.rule || !d.chain ||
		d.chain->last_match || d.verdict == V_ACCEPT)
		return;
	for (i = (size_t)(d.rule - d.chain->rules) + 1; i < d.chain->rule_n; i++)
		if (d.chain->rules[i].verdict == V_ACCEPT &&
			d.chain->rules[i].origin.line &&
			match_has(&d.chain->rules[i].match, &d.after, NULL))
			break;
	if (i == d.chain->rule_n)
		return;
	f = au_finding(x, "rule-order", SEV_MEDIUM, xasprintf(
		_("A line that lets this pass is there, but comes too late: line %u decides first."),
		d.rule->origin.line),
		xstrdup(_("Move it in front of that line.")));
	f->has_packet = true;
	f->packet = witness;
	f->before = d.rule->origin.line;
	au_quote(f, &d.chain->rules[i].origin);
	finding_about(f, f->before, ABOUT_ORDER,
		xstrdup(_("this line decides first")));
}

/*
 * Peers behind a NAT of their own send from any port: a line that wants source
 * port 500 serves the others only.
 */
static void some_ports(struct auditor *x, pset want, pset reached)
{
	enum { ANY_PORT = 40000 };
	pset asked = proof_where(x->pr, want, F_SPORT, ANY_PORT);
	struct finding *f;
	struct decision d;

	if (asked == PSET_NONE || proof_and(x->pr, asked, reached) != PSET_NONE)
		return;
	f = au_finding(x, "need-source-port", SEV_LOW,
		xstrdup(_("This reaches the device only from certain source ports: peers behind a NAT of their own send from others.")),
		xstrdup(_("Leave the source port out of the line; the destination port is what counts.")));
	f->has_packet = proof_witness(x->pr, asked, &f->packet);
	if (f->has_packet && !pipeline_ask(x->rq->pl, &f->packet, &d))
		au_quote(f, d.origin);
}

static void need(struct auditor *x, pset want, const char *id, char *what)
{
	pset stopped = proof_minus(x->pr, want, x->perhaps);
	pset doubt = proof_minus(x->pr, proof_and(x->pr, want, x->perhaps),
		x->pass);
	struct finding *f;

	if (stopped != PSET_NONE && stopped == want) {
		f = au_finding(x, id, SEV_BROKEN, what,
			xstrdup(_("Add the pass line; \"kadomori settings\" writes it for this router.")));
		au_prove(x, f, stopped, false);
		x->a->device_works = false;
		too_late(x, &f->packet);
		return;
	}
	free(what);
	if (doubt != PSET_NONE && proof_and(x->pr, want, x->pass) == PSET_NONE)
		need_unsure(x, doubt);
	else
		some_ports(x, want, x->perhaps);
}

static const char *const sender6 = "from 2404:1a8::1";
static const char *const sender4 = "from 133.1.2.3";

static pset needed(struct auditor *x, const char *proto, enum family fam)
{
	cleanup(freep) char *q = xasprintf("%s %s", proto,
		fam == FAM_6 ? sender6 : sender4);
	pset s = au_question(x, q);

	s = au_where(x, s, F_IN, ROLE_WAN);
	s = au_where(x, s, F_OUT, fam == FAM_6 ? ROLE_LAN : ROLE_SELF);
	s = au_where(x, s, F_FRAG, FRAG_NONE);
	s = au_where(x, s, F_EXTHDR, 0);
	s = au_where(x, s, F_DNAT, 0);
	return fam == FAM_6 && x->rq->has6 ? au_to(x, s, &x->rq->device6) : s;
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
		f = au_finding(x, id, SEV_BROKEN, what,
			xstrdup(_("Map it to the device's address; \"kadomori settings\" writes the line for this router.")));
		f->has_packet = proof_witness(x->pr, want, &f->packet);
		if (!pipeline_ask(x->rq->pl, &f->packet, &d))
			au_quote(f, au_deciding(&d));
		x->a->device_works = false;
		return;
	}
	free(what);
	if (!reaches_device4(x, handed(x, want, PROOF_SURELY)))
		need_unsure(x, perhaps);
	else
		some_ports(x, want, perhaps);
}

/*
 * A router without IPv6 stops nothing by a filter: readers say so at the end of
 * the chain that decides. Then pass lines are no help.
 */
static bool without_ipv6(struct auditor *x)
{
	static const char without[] = "no IPv6 is configured";
	pset want = needed(x, "udp port 500", FAM_6);
	struct finding *f;
	struct packet p;
	struct decision d;

	if (!proof_witness(x->pr, want, &p) ||
		pipeline_ask(x->rq->pl, &p, &d) || d.verdict == V_ACCEPT ||
		!d.origin || !d.origin->why || strcmp(d.origin->why, without))
		return false;
	f = au_finding(x, "no-ipv6", SEV_BROKEN,
		xstrdup(_("This router has no IPv6 set up: the device has no IPv6 address, and nothing can reach it by IPv6.")),
		xstrdup(_("Set IPv6 up on the router first, then ask again; or let the device be reached by IPv4 (--device with its IPv4 address).")));
	f->has_packet = true;
	f->packet = p;
	au_quote(f, d.origin);
	x->a->device_works = false;
	x->no_ipv6 = true;
	return true;
}

static void need6(struct auditor *x)
{
	if (without_ipv6(x))
		return;
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

void au_needs(struct auditor *x)
{
	x->a->device_asked = x->rq->has6 || x->rq->has4;
	x->a->device_works = x->a->device_asked;
	if (x->rq->has6)
		need6(x);
	if (x->rq->has4 && line_never4(x->rq->line)) {
		au_finding(x, "line-ipv4", SEV_BROKEN,
			xstrdup(_("This line shares its IPv4 address or gives a private one: nothing from outside reaches the device by IPv4, whatever this router is told.")),
			xstrdup(_("Use IPv6: the device's own address and two pass lines.")));
		x->a->device_works = x->a->device_works && x->rq->has6;
	} else if (x->rq->has4 && (!x->rq->has6 || line_is4(x->rq->line))) {
		need4(x);
	}
}
