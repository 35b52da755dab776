// SPDX-License-Identifier: GPL-2.0-or-later
/* The judge, second part: whose service is it, and what IPv4 does it give? */
#include "line/own.h"
#include "base/tr.h"

#include <stdio.h>
#include <strings.h>

static bool has_suffix(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n >= k && !strcasecmp(name + n - k, end) &&
	       (n == k || name[n - k - 1] == '.');
}

/* ---- services ---- */

static bool judge_area_by(const char *list, const char *from, enum sure sure,
	struct line_verdict *v)
{
	bool east = has_suffix(list, "flets-east.jp");
	bool west = has_suffix(list, "flets-west.jp");

	if (!east && !west)
		return false;
	v->flets = true;
	v->area = east ? 'E' : 'W';
	because(v, from, sure, "luci-app-fleth get_area",
		east ? _("the line's name search list says NTT East (%s)")
		     : _("the line's name search list says NTT West (%s)"),
		list);
	return true;
}

static bool dnssl_first(const struct ra *ra, char *buf, size_t n)
{
	struct rd r = rd_of(ra->dnssl, ra->dnssl_n);

	return ra->dnssl_n && dns_name_text(&r, buf, n) == 0;
}

static void judge_area(const struct line_evidence *e, struct line_verdict *v)
{
	char name[LINE_NAME_MAX];

	if (e->has_dhcp6 &&
		judge_area_by(e->dhcp6.search, "dhcp6", SURE_SEEN, v))
		return;
	if (e->has_info && judge_area_by(e->info.search, "dhcp6", SURE_SEEN, v))
		return;
	if (e->has_ra && dnssl_first(&e->ra, name, sizeof(name)) &&
		judge_area_by(name, "ra", SURE_SEEN, v))
		return;
	if (e->has_offer &&
		judge_area_by(e->offer.domain, "dhcp4", SURE_SEEN, v))
		return;
	(void)judge_area_by(e->local.search, "kernel", SURE_LIKELY, v);
}

static void judge_prefix(const struct line_evidence *e, struct line_verdict *v)
{
	const struct line_prefix *row;
	struct addr a;

	row = line_telling_addr(e, &a) ? line_prefix_find(&a) : NULL;
	if (!row)
		return;
	if (!v->area)
		v->area = row->area;
	v->flets |= row->closed;
	claim_service(v, row->service, row->sure);
	if (row->closed) {
		v->v6 = V6_CLOSED;
		because(v, "address", row->sure, row->source,
			_("the prefix %s belongs to NTT's closed network: no IPv6 contract with a provider is active"),
			row->prefix);
		return;
	}
	because(v, "address", row->sure, row->source,
		_("the prefix %s is used by %s"), row->prefix,
		line_service_name(row->service));
	if (row->v4 != V4_UNKNOWN)
		claim4(v, row->v4, row->sure);
}

static void judge_closed_name(const struct line_name *n, const struct addr *a,
	struct line_verdict *v)
{
	const struct line_prefix *row = line_prefix_find(a);

	if (!row || !row->closed)
		return;
	v->flets = true;
	if (!v->area)
		v->area = n->area;
	because(v, "dns", SURE_LIKELY, n->source,
		_("%s resolves into NTT's own network"), n->name);
}

static void judge_name(const struct line_evidence *e, size_t i,
	struct line_verdict *v)
{
	const struct line_name *n = &line_names[i];
	bool reached = e->names.name[i].reached;
	enum sure sure = reached ? SURE_LIKELY : SURE_GUESS;

	switch (n->way) {
	case NAME_CLOSED:
		judge_closed_name(n, &e->names.name[i].addr, v);
		return;
	case NAME_ROUTER:
		return;
	case NAME_REACHED:
		if (!reached)
			return;
		break;
	case NAME_INSIDE:
		sure = SURE_LIKELY;
		break;
	}
	claim_service(v, n->service, sure);
	claim4(v, n->v4, sure);
	because(v, "dns", sure, n->source, n->way == NAME_REACHED
		? _("%s answers, which it does only inside %s") : reached
		? _("%s, known only inside %s, resolves and answers")
		: _("%s, known only inside %s, resolves"), n->name,
		line_service_name(n->service));
}

static void judge_names(const struct line_evidence *e, struct line_verdict *v)
{
	const struct line_names_seen *s = &e->names;
	char buf[ADDR_STR];

	if (!s->asked)
		return;
	if (!s->answered) {
		because(v, "dns", SURE_SEEN, NULL, _("the line's name servers (%s first) are silent"),
			addr_format(s->server_fam, &s->server, buf));
		return;
	}
	if (s->liar) {
		v->conflict = true;
		because(v, "dns", SURE_SEEN, NULL, _("the name servers resolve a name that cannot exist: nothing they say counts"));
		return;
	}
	for (size_t i = 0; i < LINE_NAMES; i++)
		if (s->name[i].there)
			judge_name(e, i, v);
}

static void judge_reverse(const struct line_evidence *e, struct line_verdict *v)
{
	const struct line_reverse *r = line_reverse_find(e->names.reverse);

	if (!r || e->names.liar)
		return;
	claim_service(v, r->service, SURE_LIKELY);
	because(v, "dns", SURE_LIKELY, r->source,
		_("our address outside is called %s: %s"), e->names.reverse,
		line_service_name(r->service));
}

/* ---- HB46PP ---- */

static void judge_hb_good(const struct hb46pp *h, struct line_verdict *v)
{
	enum sure sure = h->checked ? SURE_SEEN : SURE_LIKELY;
	enum line_v4 kind = h->order_n ? h->order[0] : V4_UNKNOWN;

	because(v, "hb46pp", sure, "v6pc/v6mig-prov 3.4", h->checked
		? _("the provisioning server (%s, certificate good) says: %s %s, IPv4 by %s")
		: _("the provisioning server (%s, certificate not checked) says: %s %s, IPv4 by %s"),
		h->url, h->enabler, h->service,
		kind == V4_UNKNOWN ? _("no method of ours") : line_v4_id(kind));
	if (kind != V4_UNKNOWN)
		claim4(v, kind, sure);
	if (v->service == SVC_NONE && (*h->service || *h->enabler)) {
		claim_service(v, SVC_OTHER, sure);
		snprintf(v->service_name, sizeof(v->service_name), "%s",
			*h->service ? h->service : h->enabler);
	}
}

static void judge_hb(const struct line_evidence *e, struct line_verdict *v)
{
	const struct hb46pp *h = &e->hb;

	if (e->names.liar)
		return;
	switch (h->end) {
	case HB_UNASKED:
	case HB_NONE:
		break;
	case HB_NO_LIBRARY:
		because(v, "hb46pp", SURE_SEEN, NULL, _("the provisioning server %s was not asked: libcurl (Debian: libcurl3-gnutls) is not installed"),
			h->url);
		break;
	case HB_GOOD:
		judge_hb_good(h, v);
		break;
	case HB_CERT:
		because(v, "hb46pp", SURE_SEEN, "v6pc/v6mig-prov 3.2", _("the provisioning server %s has no good certificate: what it says was not read"),
			h->url);
		break;
	case HB_SILENT:
		because(v, "hb46pp", SURE_SEEN, NULL, _("the provisioning server %s does not answer"),
			h->url);
		break;
	case HB_HTTP:
		because(v, "hb46pp", SURE_SEEN, "v6pc/v6mig-prov 3.3", _("the provisioning server %s answers with HTTP status %u"),
			h->url, h->status);
		break;
	case HB_TXT_BAD:
	case HB_REFUSED:
	case HB_JSON_BAD:
		v->conflict = true;
		because(v, "hb46pp", SURE_SEEN, "v6pc/v6mig-prov", _("what stands for a provisioning server does not speak its protocol (%s)"),
			hb46pp_end_id(h->end));
		break;
	}
}

/* ---- DHCPv6's words on IPv4 ---- */

static enum line_service aftr_service(const char *name)
{
	static const struct {
		const char *end;
		enum line_service s;
	} rows[] = {{"transix.jp", SVC_TRANSIX}, {"xpass.jp", SVC_XPASS},
		{"v6connect.net", SVC_V6CONNECT}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (has_suffix(name, rows[i].end))
			return rows[i].s;
	return SVC_NONE;
}

static void judge_dhcp6_v4(const struct dhcp6_answer *d, struct line_verdict *v)
{
	if (d->mape || d->mapt || d->lw4o6) {
		claim4(v, V4_MAPE, SURE_SEEN);
		because(v, "dhcp6", SURE_SEEN, "RFC 7598", _("DHCPv6 hands out rules of a shared IPv4 address (MAP)"));
	} else if (*d->aftr) {
		claim4(v, V4_DSLITE, SURE_SEEN);
		claim_service(v, aftr_service(d->aftr), SURE_LIKELY);
		because(v, "dhcp6", SURE_SEEN, "RFC 6334", _("DHCPv6 names an AFTR (%s): IPv4 is DS-Lite"),
			d->aftr);
	}
}

void judge_service(const struct line_evidence *e, struct line_verdict *v)
{
	judge_area(e, v);
	judge_prefix(e, v);
	if (e->has_dhcp6)
		judge_dhcp6_v4(&e->dhcp6, v);
	if (e->has_info && !(e->has_dhcp6 && (e->dhcp6.mape || *e->dhcp6.aftr)))
		judge_dhcp6_v4(&e->info, v);
	judge_hb(e, v);
	judge_names(e, v);
	judge_reverse(e, v);
}

/* ---- MAP-E: which ports ---- */

static bool mape_said(const struct line_evidence *e, const struct addr *a,
	struct mape *ret)
{
	const struct dhcp6_answer *d = e->has_dhcp6 && e->dhcp6.rule_n
		? &e->dhcp6 : &e->info;
	struct mape_rule r;

	for (size_t i = 0; (e->has_dhcp6 || e->has_info) && i < d->rule_n; i++) {
		const struct dhcp6_s46_rule *k = &d->rule[i];

		r = (struct mape_rule){.prefix6 = k->prefix6,
			.prefix4 = k->prefix4, .prefix6_len = k->prefix6_len,
			.prefix4_len = k->prefix4_len, .ea_len = k->ea_len,
			/* without S46_PORTPARAMS: RFC 7598 4.5, RFC 7597 5.1 */
			.offset = k->has_ports ? k->offset : 6};
		if (mape_of_rule(&r, a, ret))
			continue;
		if (k->has_ports && !ret->psid_len) {
			ret->psid_len = k->psid_len;
			ret->psid = k->psid;
		}
		ret->sure = SURE_SEEN;
		ret->source = "RFC 7598";
		return true;
	}
	return false;
}

void judge_mape(const struct line_evidence *e, struct line_verdict *v)
{
	struct addr a;

	if (v->v4 != V4_MAPE || !line_telling_addr(e, &a))
		return;
	if (mape_said(e, &a, &v->mape))
		return;
	if (e->hb.end == HB_GOOD && !e->names.liar && e->hb.has_rule &&
		!mape_of_rule(&e->hb.rule, &a, &v->mape)) {
		v->mape.sure = e->hb.checked ? SURE_SEEN : SURE_LIKELY;
		v->mape.source = "v6pc/v6mig-prov 3.4";
		v->mape.has_br = e->hb.has_br;
		v->mape.br = e->hb.br;
		return;
	}
	(void)mape_of_table(&a, &v->mape);
}

/* ---- IPv4 of its own ---- */

static void judge_own(struct line_verdict *v, const struct addr *a,
	const char *from)
{
	char buf[ADDR_STR];

	addr_format(FAM_4, a, buf);
	if (line_is_cgn4(a)) {
		claim4(v, V4_CGN, SURE_SEEN);
		because(v, from, SURE_SEEN, "RFC 6598", _("the IPv4 address %s belongs to a carrier NAT"),
			buf);
	} else if (line_is_aftr4(a)) {
		claim4(v, V4_DSLITE, SURE_LIKELY);
		because(v, from, SURE_LIKELY, "RFC 6333 5.7", _("the IPv4 address %s is a DS-Lite tunnel's own"),
			buf);
	} else if (line_is_private4(a)) {
		claim4(v, V4_PRIVATE, SURE_SEEN);
		because(v, from, SURE_SEEN, "RFC 1918", _("the IPv4 address %s is private"),
			buf);
	} else if (line_is_global4(a)) {
		claim4(v, V4_GLOBAL_DHCP, SURE_SEEN);
		because(v, from, SURE_SEEN, NULL, !strcmp(from, "dhcp4")
			? _("DHCP gives the global IPv4 address %s")
			: _("this machine has the global IPv4 address %s"),
			buf);
	}
}

static void tell_servers(const struct line_evidence *e, struct line_verdict *v)
{
	char a[ADDR_STR], b[ADDR_STR];

	if (!e->has_offer || !e->other_offers)
		return;
	v->conflict = true;
	because(v, "dhcp4", SURE_SEEN, NULL, _("two DHCPv4 servers answer on this wire (%s and %s): one of them does not belong there"),
		addr_format(FAM_4, &e->offer.server, a),
		addr_format(FAM_4, &e->offer2.server, b));
}

/*
 * Of two offers the one of the box that also advertises IPv6 is the line's or
 * the home router's own; a stranger's comes from elsewhere.
 */
static const struct addr *offered(const struct line_evidence *e)
{
	if (!e->other_offers || !line_is_private4(&e->offer.yours) ||
		!line_is_global4(&e->offer2.yours))
		return &e->offer.yours;
	return &e->offer2.yours;
}

static bool shared_known(const struct line_verdict *v)
{
	return (v->v4 == V4_MAPE || v->v4 == V4_DSLITE || v->v4 == V4_IPIP) &&
	       v->v4_sure != SURE_GUESS;
}

static void judge_pado(const struct line_evidence *e, struct line_verdict *v)
{
	v->pppoe = true;
	because(v, "pppoe", SURE_SEEN, "RFC 2516", _("a PPPoE server answers (%s): a session with its own global IPv4 address is possible"),
		*e->pppoe_name ? e->pppoe_name : "?");
	if (v->v4 == V4_UNKNOWN)
		claim4(v, V4_PPPOE, SURE_SEEN);
	v->flets |= e->has_ra;
}

/* On the session itself nothing is asked; its address is the line's. */
static void judge_session(const struct line_evidence *e, struct line_verdict *v)
{
	char buf[ADDR_STR];

	if (!e->own4_n || !line_is_global4(&e->own4[0])) {
		v->v4_sure = SURE_GUESS;
		return;
	}
	claim4(v, V4_PPPOE, SURE_SEEN);
	because(v, "address", SURE_SEEN, NULL, _("%s is a PPP session and has the global IPv4 address %s"),
		e->ifname, addr_format(FAM_4, &e->own4[0], buf));
}

void judge_v4(const struct line_evidence *e, struct line_verdict *v)
{
	bool guess = v->v4 != V4_UNKNOWN && v->v4_sure == SURE_GUESS;

	if (e->ppp) {
		judge_session(e, v);
		return;
	}
	tell_servers(e, v);
	/* the host's private address is its router's doing, not the line's */
	if (e->has_offer && !(v->behind_gateway && v->v4 != V4_UNKNOWN) &&
		!shared_known(v) && !(guess && line_is_private4(offered(e))))
		judge_own(v, offered(e), "dhcp4");
	else if (!e->has_offer && e->own4_n && !shared_known(v) &&
		!(v->behind_gateway && v->v4 != V4_UNKNOWN))
		judge_own(v, &e->own4[0], "address");
	if (e->has_pado)
		judge_pado(e, v);
	if (v->v4 != V4_UNKNOWN)
		return;
	v->v4_sure = e->raw ? SURE_SEEN : SURE_GUESS;
	if (!e->raw)
		return;
	v->v4 = V4_NOTHING;
	because(v, "dhcp4", SURE_SEEN, NULL, e->at == AT_GATEWAY
		? _("neither DHCPv4 nor PPPoE answered")
		: _("DHCPv4 did not answer"));
}

/* ---- what is seen from outside ---- */

static void tell_stun(const struct line_stun *s, const char *fam,
	struct line_verdict *v)
{
	char a[ADDR_STR], b[ADDR_STR];

	if (s->lies) {
		v->conflict = true;
		because(v, "stun", SURE_SEEN, NULL, _("the STUN server says we are seen as %s, which cannot be outside: it does not count"),
			addr_format(s->seen.fam, &s->seen.addr, a));
		return;
	}
	if (!s->answered) {
		if (s->asked)
			because(v, "stun", SURE_SEEN, NULL, _("the STUN server does not answer over %s"),
				fam);
		return;
	}
	because(v, "stun", SURE_SEEN, "RFC 5780", _("over %s: from outside %s port %u is seen as %s port %u (mapping: %s; filtering: %s)"),
		fam, addr_format(s->self.fam, &s->self.addr, a), s->self.port,
		addr_format(s->seen.fam, &s->seen.addr, b), s->seen.port,
		stun_behaviour_words(s->mapping),
		stun_behaviour_words(s->filtering));
}

static bool told(const struct line_stun *s)
{
	return s->answered && !s->lies;
}

/* The address that MAP-E's rule computes is the one seen: that is proof. */
static bool judge_mape_seen(const struct line_stun *s, struct line_verdict *v)
{
	const struct mape *m = &v->mape;
	char a[ADDR_STR], b[ADDR_STR];

	if (v->v4 != V4_MAPE || !m->has_ipv4)
		return false;
	if (!addr_cmp(&m->ipv4, &s->seen.addr)) {
		v->v4_sure = SURE_SEEN;
		because(v, "stun", SURE_SEEN, "RFC 7597 5.2", mape_has_port(m->offset, m->psid_len, m->psid, s->seen.port)
			? _("the address and port seen outside (%s port %u) are the ones that MAP-E's rule computes for this home")
			: _("the address seen outside (%s port %u) is the one that MAP-E's rule computes for this home"),
			addr_format(FAM_4, &s->seen.addr, a), s->seen.port);
		return true;
	}
	because(v, "stun", SURE_SEEN, "RFC 7597 5.2", _("MAP-E's rule computes %s for this home, but %s is seen: IPv4 goes another way (PPPoE, a fixed address)"),
		addr_format(FAM_4, &m->ipv4, a),
		addr_format(FAM_4, &s->seen.addr, b));
	claim4(v, V4_ONE_NAT, SURE_LIKELY);
	return true;
}

static void judge_nat_outside(const struct line_stun *s, struct line_verdict *v)
{
	char buf[ADDR_STR];

	if (!s->nat) {
		because(v, "stun", SURE_SEEN, NULL, _("the same address is seen from outside: no NAT in between"));
		return;
	}
	because(v, "stun", SURE_SEEN, NULL, _("from outside another address is seen (%s): there is a NAT in between"),
		addr_format(FAM_4, &s->seen.addr, buf));
	if (line_is_global4(&s->self.addr) &&
		(v->v4 == V4_GLOBAL_DHCP || v->v4 == V4_PPPOE)) {
		v->v4 = V4_CGN;
		v->v4_sure = SURE_SEEN;
	}
}

static void judge_hops(const struct line_evidence *e, struct line_verdict *v)
{
	const struct line_hops *h = &e->hops;
	char a[ADDR_STR], b[ADDR_STR];

	for (size_t i = 0; h->asked && i < h->n; i++) {
		const struct addr *x = &h->hop[i];

		if (i && line_is_private4(x) && line_is_private4(&h->hop[0]) &&
			!v->double_nat && addr_cmp(x, &h->hop[0])) {
			v->double_nat = true;
			because(v, "hops", SURE_LIKELY, "kadomori", _("two private routers on the way out (%s, then %s): double NAT"),
				addr_format(FAM_4, &h->hop[0], a),
				addr_format(FAM_4, x, b));
		}
		if (line_is_cgn4(x)) {
			claim4(v, V4_CGN, SURE_LIKELY);
			because(v, "hops", SURE_LIKELY, "RFC 6598", _("router %zu on the way out is %s: a carrier NAT"),
				i + 1, addr_format(FAM_4, x, a));
		}
		if (line_is_aftr4(x)) {
			claim4(v, V4_DSLITE, SURE_LIKELY);
			because(v, "hops", SURE_LIKELY, "RFC 6333 5.7", _("router %zu on the way out is %s: an AFTR, IPv4 is DS-Lite"),
				i + 1, addr_format(FAM_4, x, a));
		}
	}
}

static bool second_hop_global(const struct line_hops *h)
{
	return h->asked && h->n > 1 && line_is_private4(&h->hop[0]) &&
	       line_is_global4(&h->hop[1]);
}

void judge_outside(const struct line_evidence *e, struct line_verdict *v)
{
	bool own_private = v->v4 == V4_PRIVATE;

	tell_stun(&e->stun4, "IPv4", v);
	tell_stun(&e->stun6, "IPv6", v);
	/* a private address of our own is not what the line gives: look on */
	if (own_private && v->behind_gateway)
		v->v4 = V4_UNKNOWN;
	judge_hops(e, v);
	if (told(&e->stun4) && !judge_mape_seen(&e->stun4, v))
		judge_nat_outside(&e->stun4, v);
	if (v->v4 == V4_UNKNOWN && told(&e->stun4) && !v->double_nat &&
		second_hop_global(&e->hops)) {
		claim4(v, V4_ONE_NAT, SURE_LIKELY);
		because(v, "hops", SURE_LIKELY, "kadomori", _("behind the home router the way goes on with global addresses: it has one of its own"));
	}
	if (v->v4 == V4_UNKNOWN && own_private)
		claim4(v, V4_PRIVATE, SURE_SEEN);
	if (e->at == AT_GATEWAY && v->behind_gateway && own_private) {
		v->double_nat = true;
		because(v, "address", SURE_SEEN, "RFC 1918", _("a gateway here would be the second NAT: the router in front has the first"));
	}
	if (told(&e->stun6) && e->stun6.nat)
		because(v, "stun", SURE_SEEN, NULL, _("even IPv6 is translated on the way"));
}

/* ---- MTU ---- */

static unsigned mtu4(const struct line_evidence *e, const struct line_verdict *v)
{
	if (told(&e->stun4) && e->stun4.mtu)
		return (unsigned)e->stun4.mtu;
	switch (v->v4) {
	case V4_MAPE:
	case V4_DSLITE:
	case V4_IPIP:	return 1460;
	case V4_PPPOE:	return 1454;
	case V4_UNKNOWN:
	case V4_NOTHING:
	case V4_GLOBAL_DHCP:
	case V4_PRIVATE:
	case V4_CGN:
	case V4_ONE_NAT: break;
	}
	return e->has_offer && e->offer.mtu >= 576 ? e->offer.mtu : e->local.mtu;
}

static unsigned mtu6(const struct line_evidence *e)
{
	unsigned link = e->local.mtu, ra = e->has_ra ? e->ra.mtu : e->local.mtu6;

	if (told(&e->stun6) && e->stun6.mtu)
		return (unsigned)e->stun6.mtu;
	return ra >= 1280 && (!link || ra < link) ? ra : link;
}

static void tell_black_hole(const struct line_stun *s, const char *fam,
	struct line_verdict *v)
{
	if (told(s) && s->black_hole)
		because(v, "mtu", SURE_SEEN, "RFC 8899", _("over %s large packets vanish without a word (MTU black hole); %zu bytes still pass"),
			fam, s->mtu);
}

void judge_mtu(const struct line_evidence *e, struct line_verdict *v)
{
	bool measured = v->ike6 ? told(&e->stun6) && e->stun6.mtu
				: told(&e->stun4) && e->stun4.mtu;

	v->mtu = v->ike6 ? mtu6(e) : mtu4(e, v);
	if (v->mtu)
		because(v, "mtu", measured ? SURE_SEEN : SURE_LIKELY, NULL,
			measured ? _("packets of %u bytes (%s) go out: they were answered from outside")
				 : _("packets of %u bytes (%s) should pass; not measured"),
			v->mtu, v->ike6 ? "IPv6" : "IPv4");
	tell_black_hole(&e->stun4, "IPv4", v);
	tell_black_hole(&e->stun6, "IPv6", v);
}
