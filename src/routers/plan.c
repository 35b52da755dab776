// SPDX-License-Identifier: GPL-2.0-or-later
/* The intent made flat for one line: openings, one destination each. */
#include "routers/brand.h"
#include "base/tr.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

static enum v6_mode v6_of(enum line_kind k, const struct intent *in)
{
	switch (k) {
	case LINE_FLETS_RA:	return V6_RA;
	case LINE_FLETS_PD:	return V6_PD;
	case LINE_HGW:		return V6_BEHIND;
	case LINE_MAPE:
	case LINE_DSLITE:
	case LINE_IPIP:		return V6_EITHER;
	case LINE_DHCP4:
	case LINE_PPPOE4:
		/* such lines may have IPv6 too: only when a device asks */
		for (size_t i = 0; i < in->device_n; i++)
			if (in->devices[i].has_id)
				return V6_PD;
		return V6_NONE;
	case LINE_PRIVATE4:
	case LINE_AUTO:		return V6_NONE;
	}
	return V6_NONE;
}

static bool v4_of(enum line_kind k)
{
	return k == LINE_DHCP4 || k == LINE_PPPOE4 || k == LINE_IPIP;
}

static void add(struct plan *p, const struct opening *o)
{
	*GROW(p->o, p->n, p->cap) = *o;
}

/* One opening per source of the right family; none given = from anywhere. */
static void add_from(struct plan *p, struct opening o,
	const struct addrmask *from, size_t n, struct sheet *s)
{
	size_t used = 0;

	if (!n) {
		add(p, &o);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (from[i].fam != o.fam)
			continue;
		o.has_src = true;
		o.src = from[i];
		add(p, &o);
		used++;
	}
	if (!used)
		sheet_warn(s, p, &o.at, _("%s: every sender named here is IPv%d, this line reaches the device by IPv%d, so nothing is opened for it"),
			p->in->devices[o.dev].name, o.fam == FAM_6 ? 4 : 6,
			o.fam);
}

static void add_ipsec(struct plan *p, struct opening o, bool natt,
	const struct addrmask *from, size_t n, struct sheet *s)
{
	o.proto = N_UDP;
	o.has_port = true;
	o.lo = o.hi = IKE_PORT;
	o.why = "ike";
	add_from(p, o, from, n, s);
	if (natt) {
		o.lo = o.hi = NATT_PORT;
		o.why = "natt";
		add_from(p, o, from, n, s);
	}
	o.proto = N_ESP;
	o.has_port = false;
	o.lo = o.hi = 0;
	o.why = "esp";
	add_from(p, o, from, n, s);
}

/* 3GPP TS 29.139: behind an IPv4 NAT a femtocell uses UDP 4500, not ESP. */
static bool natt(const struct device *d, enum family fam)
{
	if (d->nat_t >= 0)
		return d->nat_t;
	return d->kind != DEVICE_CASA || fam == FAM_4;
}

static bool called_from_outside(const struct device *d)
{
	switch (d->kind) {
	case DEVICE_CASA:
	case DEVICE_IPSEC:
	case DEVICE_FEMTO:
	case DEVICE_VPN:	return true;
	case DEVICE_VOWIFI:
	case DEVICE_PLAIN:	return false;
	}
	return false;
}

bool plan_wanted(const struct plan *p)
{
	bool any = p->in->pinhole_n || p->in->mapping_n;

	for (size_t i = 0; i < p->in->device_n; i++)
		any |= called_from_outside(&p->in->devices[i]);
	return any;
}

static bool has_peer(const struct device *d, enum family fam)
{
	for (size_t i = 0; i < d->peer_n; i++)
		if (d->peers[i].fam == fam)
			return true;
	return false;
}

/* As in policy_compile(): strict opens IPv6 to known peers only. */
static bool strict_closes(const struct plan *p, const struct device *d,
	struct sheet *s)
{
	if (p->in->profile != PROFILE_STRICT || has_peer(d, FAM_6))
		return false;
	if (!d->peer_n)
		sheet_warn(s, p, &d->at, _("profile strict, but no peer of \"%s\" is known: only answers to what it sends come in. \"kadomori observe\" learns its peers, or add: peer PREFIX"),
			d->name);
	return true;
}

static void plan_device(struct plan *p, size_t i, struct sheet *s)
{
	const struct device *d = &p->in->devices[i];
	struct opening o = {.dev = i, .at = d->at};
	bool v6;

	if (!called_from_outside(d))
		return;
	/* On a line with its own global IPv4 the Casa is served by IPv4
	 * (Rakuten's list of lines); an id says that IPv6 is wanted. */
	v6 = p->v6 == V6_EITHER || d->has_id ||
	     (p->v6 != V6_NONE && !p->v4);
	v6 = v6 && p->v6 != V6_NONE;
	if (v6 && !strict_closes(p, d, s)) {
		o.fam = FAM_6;
		add_ipsec(p, o, natt(d, FAM_6), d->peers, d->peer_n, s);
	}
	if (p->v4 && (d->has_ipv4 || !v6)) {
		o.fam = FAM_4;
		add_ipsec(p, o, natt(d, FAM_4), d->peers, d->peer_n, s);
	}
}

static void plan_what(struct plan *p, const struct what *w, struct opening o,
	const struct addrmask *from, size_t n, struct sheet *s)
{
	o.why = what_kind_name(w->kind);
	switch (w->kind) {
	case WHAT_TCP:
	case WHAT_UDP:
		o.proto = w->kind == WHAT_TCP ? N_TCP : N_UDP;
		o.has_port = true;
		o.lo = w->port_lo;
		o.hi = w->port_hi;
		break;
	case WHAT_ESP:		o.proto = N_ESP; break;
	case WHAT_AH:		o.proto = N_AH; break;
	case WHAT_IKE:
		o.proto = N_UDP;
		o.has_port = true;
		o.lo = o.hi = IKE_PORT;
		break;
	case WHAT_IPSEC:
		add_ipsec(p, o, true, from, n, s);
		return;
	case WHAT_PROTO:	o.proto = w->proto; break;
	}
	add_from(p, o, from, n, s);
}

static void plan_pinhole(struct plan *p, const struct pinhole *h,
	struct sheet *s)
{
	struct opening o = {.dev = h->device, .fam = FAM_6, .at = h->at};

	if (p->v6 == V6_NONE)
		sheet_warn(s, p, &h->at, _("%s: a pinhole needs IPv6, and for this line none is known; nothing is opened for it"),
			p->in->devices[h->device].name);
	else
		plan_what(p, &h->what, o, h->from, h->from_n, s);
}

static void plan_mapping(struct plan *p, const struct mapping *m,
	struct sheet *s)
{
	struct opening o = {.dev = m->device, .fam = FAM_4, .at = m->at};
	const struct device *d = &p->in->devices[m->device];
	/* strict hands over what the device's peers send, once any is known; when
	 * all of them are IPv6 nothing is mapped, and that is said */
	bool peers = p->in->profile == PROFILE_STRICT && d->peer_n;

	if (p->v4)
		plan_what(p, &m->what, o, peers ? d->peers : NULL,
			peers ? d->peer_n : 0, s);
	else
		sheet_refuse(s, p, &m->at, _("%s: no IPv4 from outside reaches this line (%s), so a port mapping opens nothing. Use IPv6: write a pinhole instead"),
			p->in->devices[m->device].name, line_words(p->rq->line));
}

static bool same(const struct opening *a, const struct opening *b)
{
	return a->fam == b->fam && a->dev == b->dev && a->proto == b->proto &&
	       a->lo == b->lo && a->hi == b->hi && a->has_src == b->has_src &&
	       (!a->has_src || !memcmp(&a->src, &b->src, sizeof(a->src)));
}

/* The device's kind and a pinhole may say the same; one line is enough. */
static void unique(struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		bool seen = false;

		for (size_t j = 0; j < n; j++)
			seen |= same(&p->o[i], &p->o[j]);
		if (!seen)
			p->o[n++] = p->o[i];
	}
	p->n = n;
}

void plan_make(const struct request *rq, const struct brand *b,
	struct plan *ret, struct sheet *s)
{
	const struct model *m = rq->model;

	*ret = (struct plan){.rq = rq, .in = rq->in, .brand = b, .model = m};
	ret->v6 = v6_of(rq->line, rq->in);
	ret->v4 = v4_of(rq->line);
	ret->echo = rq->in->echo;
	ret->wan = rq->wan ? rq->wan : m->wan;
	ret->lan = rq->lan ? rq->lan : m->lan;
	ret->first = rq->first ? rq->first : m->first;
	for (size_t i = 0; i < rq->in->device_n; i++)
		plan_device(ret, i, s);
	for (size_t i = 0; i < rq->in->pinhole_n; i++)
		plan_pinhole(ret, &rq->in->pinholes[i], s);
	for (size_t i = 0; i < rq->in->mapping_n; i++)
		plan_mapping(ret, &rq->in->mappings[i], s);
	unique(ret);
}

void plan_done(struct plan *p)
{
	free(p->o);
	*p = (struct plan){0};
}

bool plan_has(const struct plan *p, enum family fam)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == fam)
			return true;
	return false;
}

int plan_iid(const struct plan *p, size_t dev, struct addr *ret)
{
	const struct device *d = &p->in->devices[dev];

	if (d->has_id)
		*ret = d->id.value;
	else if (d->has_mac)
		*ret = mac_to_iid(&d->mac);
	else
		return -ENOENT;
	return 0;
}

static char *placeholder(const struct plan *p, size_t dev, const char *tail,
	char *buf)
{
	snprintf(buf, ADDRMASK_STR, "%s-%s", p->in->devices[dev].name, tail);
	for (char *c = buf; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return buf;
}

char *plan_addr6(const struct plan *p, size_t dev, char *buf)
{
	struct addr a;

	if (plan_iid(p, dev, &a) < 0 || !p->rq->has_prefix)
		return placeholder(p, dev, "IPV6", buf);
	a = addr_or(&a, &p->rq->prefix.value);
	return addr_format(FAM_6, &a, buf);
}

char *plan_addr4(const struct plan *p, size_t dev, char *buf)
{
	const struct device *d = &p->in->devices[dev];

	if (!d->has_ipv4)
		return placeholder(p, dev, "IPV4", buf);
	return addr_format(FAM_4, &d->ipv4, buf);
}

char *plan_name(const struct plan *p, const struct opening *o, char *buf)
{
	const char *dev = p->in->devices[o->dev].name;
	size_t nth = 0, of = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (p->o[i].fam != o->fam || p->o[i].dev != o->dev ||
			strcmp(p->o[i].why, o->why))
			continue;
		of++;
		if (&p->o[i] <= o)
			nth++;
	}
	if (of > 1)
		snprintf(buf, ADDRMASK_STR, "%s-%s-%zu", dev, o->why, nth);
	else
		snprintf(buf, ADDRMASK_STR, "%s-%s", dev, o->why);
	return buf;
}

char *plan_ports(const struct opening *o, const char *sep, char *buf)
{
	if (!o->has_port)
		buf[0] = '\0';
	else if (o->lo == o->hi)
		snprintf(buf, 16, "%u", o->lo);
	else
		snprintf(buf, 16, "%u%s%u", o->lo, sep, o->hi);
	return buf;
}

char *plan_proto(const struct opening *o, char *buf)
{
	switch (o->proto) {
	case N_UDP:	return strcpy(buf, "udp");
	case N_TCP:	return strcpy(buf, "tcp");
	case N_ESP:	return strcpy(buf, "esp");
	case N_AH:	return strcpy(buf, "ah");
	default:
		snprintf(buf, 8, "%u", o->proto);
		return buf;
	}
}

char *plan_src(const struct opening *o, const char *any, char *buf)
{
	if (o->has_src)
		return addrmask_format(&o->src, buf);
	snprintf(buf, ADDRMASK_STR, "%s", any);
	return buf;
}
