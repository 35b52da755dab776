// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IPv4: port mapping of UDP/500, 4500 and protocol 50 to a device, and the
 * plain word where no setting can make it work.
 */
#include "policy/build.h"
#include "base/tr.h"

/*
 * Why IPv4 from outside cannot reach this line, or NULL. MAP-E: every public
 * rule leaves the first 1,024 or 4,096 ports out, so 500 is never the
 * subscriber's, and ESP has no port (lines-and-routers, 2.4; RFC 7597 5.1).
 */
static const char *line_refusal(enum line_kind k)
{
	switch (k) {
	case LINE_MAPE:
		return _("this line shares one IPv4 address between homes (MAP-E): port 500 is never among your ports, and ESP has no port at all");
	case LINE_DSLITE:
		return _("IPv4 on this line ends in the carrier's NAT (DS-Lite): nothing from outside can be mapped");
	case LINE_PRIVATE4:
		return _("this line gives a private IPv4 address: the NAT in front of it is not yours to set");
	case LINE_AUTO:
	case LINE_FLETS_RA:
	case LINE_FLETS_PD:
	case LINE_HGW:
	case LINE_DHCP4:
	case LINE_PPPOE4:
	case LINE_IPIP:
		return NULL;
	}
	return NULL;
}

static const char *address_refusal(const struct facts *f)
{
	static const struct {
		const char *prefix;
		bool cgn;
	} rows[] = {{"10.0.0.0/8", false}, {"172.16.0.0/12", false},
		{"192.168.0.0/16", false}, {"100.64.0.0/10", true},
		{"192.0.0.0/29", true}};
	struct addrmask m;

	for (size_t i = 0; f->has_wan4 && i < ARRAY_LEN(rows); i++) {
		if (addrmask_parse(rows[i].prefix, &m) ||
			!addrmask_has(&m, FAM_4, &f->wan4))
			continue;
		return rows[i].cgn
			       ? _("the line's IPv4 address belongs to a carrier NAT (CGN): nothing from outside can be mapped")
			       : _("the line's IPv4 address is private: another NAT stands in front of this gateway");
	}
	return NULL;
}

static bool refused(struct build *b, const struct mapping *m)
{
	const char *why = line_refusal(b->pol->line);

	if (!why)
		why = address_refusal(b->f);
	if (!why)
		return false;
	complain(b->c, b->f->lenient, b->in, &m->at,
		_("this mapping cannot work: %s. Use IPv6: remove the map line, the device line alone opens IKE and ESP over IPv6"),
		why);
	return true;
}

static void map_part(struct build *b, const struct device *d, uint8_t proto,
	uint16_t lo, uint16_t hi)
{
	struct nat_rule *n = GROW(b->pl->nat_in, b->pl->nat_in_n,
		b->pl->nat_in_cap);
	struct addrmask wan = {.fam = FAM_4, .value = b->f->wan4,
		.mask = mask_of_len(FAM_4, 32)};
	struct addrmask to = {.fam = FAM_4, .value = d->ipv4,
		.mask = mask_of_len(FAM_4, 32)};
	struct rule *r;
	struct cond *c;

	b_origin(b, &n->origin);
	n->action = NAT_TO;
	n->set_dst = true;
	n->dst = d->ipv4;
	c = match_cond(&n->match, F_DST, false);
	c->set = xstrdup("wan4");
	c->set_fam = FAM_4;
	if (b->f->has_wan4)
		cond_addr(c, &wan);
	cond_num(match_cond(&n->match, F_PROTO, false), proto, proto);
	if (lo)
		cond_num(match_cond(&n->match, F_DPORT, false), lo, hi);

	r = b_rule(b, "wan_in", V_ACCEPT);
	r_num(r, F_DNAT, 1);
	r_addr(r, F_DST, false, &to);
	r_num(r, F_PROTO, proto);
	if (lo)
		r_range(r, F_DPORT, lo, hi);
	if (b->pol->profile == PROFILE_STRICT)
		b_peers(r, F_SRC, d, FAM_4);
}

static bool same_part(const struct nat_rule *n, uint8_t proto, uint16_t lo,
	uint16_t hi)
{
	const struct cond *p = &n->match.conds[1];

	if (p->nums[0].lo != proto)
		return false;
	if (n->match.n < 3)
		return true;
	return n->match.conds[2].nums[0].lo <= hi &&
	       lo <= n->match.conds[2].nums[0].hi;
}

/* One outside port goes to one device: the second wish is refused. */
static bool taken(struct build *b, const struct mapping *m, uint8_t proto,
	uint16_t lo, uint16_t hi)
{
	for (size_t i = 0; i < b->pl->nat_in_n; i++) {
		const struct nat_rule *n = &b->pl->nat_in[i];

		if (!same_part(n, proto, lo, hi))
			continue;
		complain(b->c, false, b->in, &m->at,
			_("line %u maps the same to another device; one address outside can give it to one device only (IPv6 has an address for each)"),
			n->origin.line);
		return true;
	}
	return false;
}

static bool has_peer4(const struct device *d)
{
	for (size_t i = 0; i < d->peer_n; i++)
		if (d->peers[i].fam == FAM_4)
			return true;
	return false;
}

static bool is_ipsec(const struct what *w)
{
	return w->kind == WHAT_IKE || w->kind == WHAT_ESP ||
	       w->kind == WHAT_IPSEC || w->kind == WHAT_AH;
}

/*
 * strict promises the device to its peers alone. Peers that are all IPv6 give
 * the rule no condition, so the mapping would be open to every IPv4 sender.
 */
static bool open_to_all(struct build *b, const struct mapping *m,
	const struct device *d)
{
	if (b->pol->profile != PROFILE_STRICT || has_peer4(d) ||
		(!is_ipsec(&m->what) && !d->peer_n))
		return false;
	if (d->peer_n) {
		complain(b->c, false, b->in, &m->at,
			_("profile strict, but every peer of \"%s\" is IPv6, so this mapping would be open to every IPv4 sender. Add the peer's IPv4 prefix (peer ...), or remove the map line"),
			d->name);
		return true;
	}
	complain(b->c, true, b->in, &m->at,
		_("profile strict, but no peer of \"%s\" is known: this mapping is open to every sender. \"kadomori observe\" learns its peers, or add: peer PREFIX"),
		d->name);
	return false;
}

static void map_one(struct build *b, const struct mapping *m)
{
	const struct device *d = &b->in->devices[m->device];
	uint8_t proto;
	uint16_t lo, hi;

	if (refused(b, m))
		return;
	if (!d->has_ipv4) {
		complain(b->c, false, b->in, &m->at,
			_("\"%s\" has no IPv4 address to map to: add \"ipv4 192.168.x.y\" to its device line, and give it that address for good"),
			d->name);
		return;
	}
	if (open_to_all(b, m, d))
		return;
	b->at = &m->at;
	b->why = "map";
	for (int i = 0; what_part(&m->what, i, &proto, &lo, &hi); i++)
		if (!taken(b, m, proto, lo, hi))
			map_part(b, d, proto, lo, hi);
	b->pol->ipv4_in = true;
}

void nat_compile(struct build *b)
{
	b->pl->masquerade = true;
	b->pl->many_ipsec = b->in->ipsec4 != IPSEC4_OFF;
	b->pl->keep_ike_port = b->in->ipsec4 == IPSEC4_KEEP;
	b->pl->order = NAT_FIRST;
	for (size_t i = 0; i < b->in->mapping_n; i++)
		map_one(b, &b->in->mappings[i]);
}
