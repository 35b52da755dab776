// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A frame has two ends; each host on the link is told of it from its own side,
 * and only at the end it is asked which of them are devices: the query for a
 * peer's name comes before the first IKE message.
 */
#include "observe/own.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#include <errno.h>

enum { ICMP = 1, TCP = 6, UDP = 17, ESP = 50, ICMP6 = 58, ND_FIRST = 130,
	ND_LAST = 143, MLD2 = 143, RA = 134, RS = 133, NS = 135, DNS = 53,
	IKE = 500, NATT = 4500, TCP_SYN = 2, TCP_ACK = 16, ARP_LEN = 28,
	SLL_LEN = 16, SLL2_LEN = 20 };

struct observe *observe_new(const struct observe_want *w)
{
	struct observe *o = xcalloc(1, sizeof(*o));

	o->want = *w;
	return o;
}

void observe_free(struct observe *o)
{
	for (size_t i = 0; o && i < o->host_n; i++)
		free(o->host[i]);
	free(o);
}

void observe_freep(struct observe **o)
{
	observe_free(*o);
}

void observe_counts(const struct observe *o, struct observe_counts *ret)
{
	*ret = o->c;
}

const struct obs_device *observe_device(const struct observe *o, size_t i)
{
	return i < o->host_n ? &o->host[i]->d : NULL;
}

static bool same_mac(const struct mac *a, const struct mac *b)
{
	return !memcmp(a->b, b->b, sizeof(a->b));
}

static bool has_addr(const struct obs_device *d, enum family fam,
	const struct addr *a)
{
	for (size_t i = 0; i < d->addr_n; i++)
		if (d->addr[i].fam == fam && !addr_cmp(&d->addr[i].addr, a))
			return true;
	return false;
}

bool host_wanted(const struct observe *o, const struct obs_device *d)
{
	for (size_t i = 0; i < o->want.mac_n; i++)
		if (d->has_mac && same_mac(&d->mac, &o->want.mac[i]))
			return true;
	return o->want.fam && has_addr(d, o->want.fam, &o->want.addr);
}

/* Without a name for it the device is who began IKE; on a link whose own
 * machine is known, everybody else with IPsec is one too. */
bool observe_is_device(const struct observe *o, const struct obs_device *d)
{
	uint8_t most = 0;

	if (o->want.mac_n || o->want.fam)
		return host_wanted(o, d);
	if (!d->peer_n || d->router)
		return false;
	if (o->want.own_n)
		return true;
	for (size_t i = 0; i < o->host_n; i++)
		most = MAX2(most, o->host[i]->d.initiator);
	return most && d->initiator == most;
}

int observe_seed(struct observe *o, const struct obs_device *d)
{
	if (o->host_n >= OBS_HOSTS_MAX)
		return -ENOSPC;
	o->host[o->host_n] = xcalloc(1, sizeof(struct host));
	o->host[o->host_n++]->d = *d;
	return 0;
}

/* --- hosts ------------------------------------------------------------------ */

static bool is_own(const struct observe *o, const struct mac *m)
{
	for (size_t i = 0; i < o->want.own_n; i++)
		if (same_mac(&o->want.own[i], m))
			return true;
	return false;
}

/* The host of a MAC, or of an address where links have none; -1: nobody. */
static int host_of(struct observe *o, const struct mac *m, enum family fam,
	const struct addr *a)
{
	int at;

	if (m && ((m->b[0] & 1) || is_own(o, m)))
		return -1;
	for (size_t i = 0; i < o->host_n; i++) {
		const struct obs_device *d = &o->host[i]->d;

		if (m ? d->has_mac && same_mac(&d->mac, m)
		      : !d->has_mac && has_addr(d, fam, a))
			return (int)i;
	}
	if (o->host_n < OBS_HOSTS_MAX) {
		at = (int)o->host_n;
		o->host[o->host_n++] = xcalloc(1, sizeof(struct host));
	} else {
		at = forget_host(o);
	}
	if (at < 0)
		return -1;
	o->host[at]->d.has_mac = m;
	if (m)
		o->host[at]->d.mac = *m;
	return at;
}

static bool is_multicast(enum family fam, const struct addr *a)
{
	return fam == FAM_6 ? a->b[0] == 0xff : addr_to4(a) >> 28 >= 14;
}

static void addr_add(struct obs_device *d, enum family fam, const struct addr *a)
{
	struct addr iid;

	if (addr_is_zero(a) || is_multicast(fam, a) || has_addr(d, fam, a))
		return;
	if (d->addr_n >= OBS_ADDRS_MAX) {
		d->lost++;
		return;
	}
	d->addr[d->addr_n].fam = fam;
	d->addr[d->addr_n].addr = *a;
	if (d->has_mac && fam == FAM_6) {
		iid = mac_to_iid(&d->mac);
		d->addr[d->addr_n].eui64 = !memcmp(a->b + 8, iid.b + 8, 8);
	}
	d->addr_n++;
}

struct obs_peer *look_peer(struct observe *o, size_t h, const struct look *l,
	bool make)
{
	struct obs_device *d = &o->host[h]->d;
	struct obs_peer *p;

	for (size_t i = 0; i < d->peer_n; i++) {
		p = &d->peer[i];
		if (p->fam == l->fam && !addr_cmp(&p->addr, &l->other))
			return p;
	}
	if (!make)
		return NULL;
	p = d->peer_n < OBS_PEERS_MAX ? &d->peer[d->peer_n++]
				      : forget_peer(o, h);
	if (!p)
		return NULL;
	*p = (struct obs_peer){.fam = l->fam, .addr = l->other, .self = l->self,
		.first = l->ms, .last = l->ms};
	return p;
}

/* --- what is no IPsec ------------------------------------------------------------ */

static void other_talk(struct observe *o, size_t h, const struct look *l,
	uint16_t service, enum obs_dir by)
{
	struct obs_device *d = &o->host[h]->d;
	struct obs_other *t = NULL;

	for (size_t i = 0; !t && i < d->other_n; i++)
		if (d->other[i].fam == l->fam && d->other[i].proto == l->proto &&
			d->other[i].port == service && d->other[i].by == by &&
			!addr_cmp(&d->other[i].addr, &l->other))
			t = &d->other[i];
	if (!t) {
		t = d->other_n < OBS_OTHERS_MAX ? &d->other[d->other_n++]
						: forget_other(d, by);
		if (!t)
			return;
		*t = (struct obs_other){.fam = l->fam, .addr = l->other,
			.proto = l->proto, .port = service, .by = by,
			.first = l->ms};
	}
	t->n[l->dir]++;
	t->answered |= l->dir != by;
	t->last = MAX2(t->last, l->ms);
}

/* Is a conversation with this service known in that direction? */
static bool talk_known(const struct obs_device *d, const struct look *l,
	uint16_t service, enum obs_dir by)
{
	for (size_t i = 0; i < d->other_n; i++)
		if (d->other[i].proto == l->proto && d->other[i].fam == l->fam &&
			d->other[i].port == service && d->other[i].by == by &&
			!addr_cmp(&d->other[i].addr, &l->other))
			return true;
	return false;
}

/* Who began is who sent the first packet; an answer comes from the service. */
static void port_talk(struct observe *o, size_t h, const struct look *l)
{
	const struct obs_device *d = &o->host[h]->d;

	if (talk_known(d, l, l->other_port, OBS_OUT))
		other_talk(o, h, l, l->other_port, OBS_OUT);
	else if (talk_known(d, l, l->self_port, OBS_IN))
		other_talk(o, h, l, l->self_port, OBS_IN);
	else if (l->dir == OBS_OUT)
		other_talk(o, h, l, l->other_port, OBS_OUT);
	else
		other_talk(o, h, l, l->self_port, OBS_IN);
}

static void udp(struct observe *o, size_t h, struct look *l, struct rd r,
	uint16_t len)
{
	struct obs_device *d = &o->host[h]->d;
	uint32_t bytes = len >= 8 ? len - 8u : 0;
	uint16_t here = l->self_port, there = l->other_port;

	if (there == NATT || here == NATT)
		look_4500(o, h, l, r, bytes);
	else if (there == IKE || here == IKE)
		look_ike(o, h, l, r, bytes);
	else if (here == 68 && there == 67)
		d->dhcp4 |= l->dir == OBS_OUT;
	else if (here == 546 && there == 547)
		d->dhcp6 |= l->dir == OBS_OUT;
	else if (!is_multicast(l->fam, &l->other)) {
		if (there == DNS)
			look_dns(o, h, l, r, false);
		port_talk(o, h, l);
	}
}

static void tcp(struct observe *o, size_t h, struct look *l, struct rd r)
{
	uint32_t seq = rd_be32(&r);
	uint8_t off, flags;

	rd_skip(&r, 4);
	off = rd_u8(&r) >> 4;
	flags = rd_u8(&r);
	rd_skip(&r, off < 5 ? SIZE_MAX : (size_t)off * 4 - 14);
	if (!rd_ok(&r))
		return;
	if (l->other_port == DNS)
		look_dns_tcp(o, h, l, seq, flags & TCP_SYN, r);
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		other_talk(o, h, l, l->dir == OBS_OUT ? l->other_port
			: l->self_port, l->dir);
	else
		port_talk(o, h, l);
}

static void icmp(struct observe *o, size_t h, struct look *l, struct rd r)
{
	struct obs_device *d = &o->host[h]->d;
	uint8_t type = rd_u8(&r);

	if (l->proto == ICMP6 && l->dir == OBS_OUT) {
		d->router |= type == RA;
		d->slaac |= type == RS;
	}
	if (!rd_ok(&r) || is_multicast(l->fam, &l->other) ||
		(l->proto == ICMP6 && type >= ND_FIRST && type <= ND_LAST))
		return;
	/* errors belong to what caused them */
	if (l->proto == ICMP6 ? type < 128 : type != 0 && type != 8)
		return;
	/* an answer belongs to its question: 0 to 8, 129 to 128 */
	if (l->proto == ICMP && type == 0)
		type = 8;
	if (l->proto == ICMP6 && type == 129)
		type = 128;
	l->self_port = l->other_port = type;
	port_talk(o, h, l);
}

/* --- one packet, one end -------------------------------------------------------- */

static void upper(struct observe *o, size_t h, struct look *l, struct rd r)
{
	struct obs_device *d = &o->host[h]->d;
	uint16_t sport, dport, len;

	d->first = d->first ? d->first : l->ms;
	d->last = MAX2(d->last, l->ms);
	d->packets[l->dir]++;
	if (l->dir == OBS_OUT)
		addr_add(d, l->fam, &l->self);
	if (l->proto == ESP) {
		look_esp(o, h, l, r);
	} else if (l->proto == ICMP || l->proto == ICMP6) {
		icmp(o, h, l, r);
	} else if (l->proto == UDP || l->proto == TCP) {
		sport = rd_be16(&r);
		dport = rd_be16(&r);
		l->self_port = l->dir == OBS_OUT ? sport : dport;
		l->other_port = l->dir == OBS_OUT ? dport : sport;
		if (l->proto == TCP) {
			tcp(o, h, l, r);
			return;
		}
		len = rd_be16(&r);
		rd_skip(&r, 2);
		if (rd_ok(&r))
			udp(o, h, l, r, len);
	} else if (!is_multicast(l->fam, &l->other) &&
		!addr_is_zero(&l->other)) {
		port_talk(o, h, l);
	}
}

struct parsed {
	struct look l;
	struct addr src, dst;
	bool later;
	struct rd r;
};

static bool ip4(struct rd r, struct parsed *p)
{
	struct ip4_head h;

	p->l.ip_len = (uint32_t)rd_left(&r);
	if (ip4_parse(&r, &h) < 0)
		return false;
	p->l.fam = FAM_4;
	p->l.ip_len = h.len;
	p->l.proto = h.proto;
	p->l.fragment = ip4_is_fragment(&h);
	p->l.frag_id = h.id;
	p->later = h.frag_off;
	p->src = h.src;
	p->dst = h.dst;
	p->r = r;
	return true;
}

static bool ip6(struct rd r, struct parsed *p)
{
	struct ip6_head h;
	struct ip6_upper u;

	if (ip6_parse(&r, &h) < 0)
		return false;
	p->l.ip_len = IP6_HEAD_LEN + h.len;
	if (ip6_walk(&r, h.next, &u) < 0)
		return false;
	p->l.fam = FAM_6;
	p->l.proto = u.proto;
	p->l.fragment = ip6_is_fragment(&u);
	p->l.frag_id = u.frag_id;
	p->later = u.frag_off;
	p->src = h.src;
	p->dst = h.dst;
	p->r = r;
	return true;
}

static void ends(struct observe *o, struct parsed *p, const struct mac *from,
	const struct mac *to)
{
	for (int dir = OBS_OUT; dir <= OBS_IN; dir++) {
		const struct addr *self = dir == OBS_OUT ? &p->src : &p->dst;
		const struct mac *m = dir == OBS_OUT ? from : to;
		struct look l = p->l;
		int h;

		if (!from && (is_multicast(l.fam, self) || addr_is_zero(self)))
			continue;
		h = host_of(o, from ? m : NULL, l.fam, self);
		if (h < 0)
			continue;
		l.dir = (enum obs_dir)dir;
		l.self = *self;
		l.other = dir == OBS_OUT ? p->dst : p->src;
		/* without a MAC the address is the host: it must be known */
		if (!from)
			addr_add(&o->host[h]->d, l.fam, self);
		if (p->later)
			look_later(o, (size_t)h, &l);
		else
			upper(o, (size_t)h, &l, p->r);
	}
}

static void packet(struct observe *o, uint16_t ethertype, struct rd r,
	const struct mac *from, const struct mac *to, int64_t ms)
{
	struct parsed p = {.l = {.ms = ms}};

	if (ethertype == ETHTYPE_IP4 ? !ip4(r, &p) : !ip6(r, &p))
		o->c.damaged++;
	else
		ends(o, &p, from, to);
}

/* RFC 826; the sender's pair only. */
static void arp(struct observe *o, struct rd r, const struct mac *from)
{
	uint32_t kind;
	struct addr a;
	int h;

	rd_skip(&r, 2);
	kind = rd_be32(&r);
	rd_skip(&r, 2 + 6);
	a = addr_from4(rd_be32(&r));
	if (!rd_ok(&r) || kind != 0x08000604)
		return;
	h = host_of(o, from, FAM_4, &a);
	if (h >= 0)
		addr_add(&o->host[h]->d, FAM_4, &a);
}

/* --- links ------------------------------------------------------------------------- */

bool observe_link_known(uint32_t t)
{
	return t == LINKTYPE_ETHERNET || t == LINKTYPE_RAW || t == LINKTYPE_SLL ||
		t == LINKTYPE_SLL2 || t == LINKTYPE_IPV4 || t == LINKTYPE_IPV6;
}

static void by_version(struct observe *o, struct rd r, int64_t ms)
{
	struct rd look = r;
	uint8_t v = rd_u8(&look) >> 4;

	if (v == 4 || v == 6)
		packet(o, v == 4 ? ETHTYPE_IP4 : ETHTYPE_IP6, r, NULL, NULL, ms);
	else
		o->c.damaged++;
}

static void ethernet(struct observe *o, struct rd r, int64_t ms)
{
	struct eth_head e;

	if (eth_parse(&r, &e) < 0) {
		o->c.damaged++;
	} else if (e.type == ETHTYPE_IP4 || e.type == ETHTYPE_IP6) {
		packet(o, e.type, r, &e.src, &e.dst, ms);
	} else if (e.type == ETHTYPE_ARP) {
		arp(o, r, &e.src);
	} else if (e.type == ETHTYPE_PPPOE_SESS) {
		rd_skip(&r, 6); /* RFC 2516 4; PPP's protocol follows */
		e.type = rd_be16(&r);
		if (rd_ok(&r) && (e.type == 0x0021 || e.type == 0x0057))
			by_version(o, r, ms);
	}
}

/* A cut frame is filled up with zeros: lengths and headers stay right. */
static struct rd whole(struct observe *o, const uint8_t *p, size_t n,
	size_t wire_n)
{
	wire_n = MIN2(wire_n, sizeof(o->whole));
	if (n >= wire_n)
		return rd_of(p, n);
	o->c.cut++;
	memcpy(o->whole, p, n);
	memset(o->whole + n, 0, wire_n - n);
	return rd_of(o->whole, wire_n);
}

void observe_frame(struct observe *o, uint32_t linktype, int64_t ms,
	const uint8_t *p, size_t n, size_t wire_n)
{
	struct rd r = whole(o, p, n, wire_n);
	uint16_t type;

	o->c.frames++;
	o->c.first = o->c.first ? o->c.first : ms;
	o->c.last = MAX2(o->c.last, ms);
	switch (linktype) {
	case LINKTYPE_ETHERNET:
		ethernet(o, r, ms);
		return;
	case LINKTYPE_RAW:
	case LINKTYPE_IPV4:
	case LINKTYPE_IPV6:
		by_version(o, r, ms);
		return;
	case LINKTYPE_SLL:
		rd_skip(&r, SLL_LEN);
		break;
	case LINKTYPE_SLL2:
		type = rd_be16(&r);
		rd_skip(&r, SLL2_LEN - 2);
		if (type != ETHTYPE_IP4 && type != ETHTYPE_IP6)
			return;
		break;
	default:
		o->c.damaged++;
		return;
	}
	if (rd_ok(&r))
		by_version(o, r, ms);
}

/* --- words ------------------------------------------------------------------------- */

size_t obs_names_of(const struct obs_device *d, enum family fam,
	const struct addr *a, const char **ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < d->name_n && n < max; i++)
		for (size_t k = 0; k < d->name[i].answer_n; k++)
			if (d->name[i].answer[k].fam == fam &&
				!addr_cmp(&d->name[i].answer[k].addr, a)) {
				ret[n++] = d->name[i].name;
				break;
			}
	return n;
}

const char *obs_renewed_name(enum obs_renewed r)
{
	switch (r) {
	case OBS_RENEW_UNKNOWN: return "unknown";
	case OBS_RENEW_CHILD:	return "esp";
	case OBS_RENEW_IKE:	return "ike";
	}
	return "?";
}

const char *obs_nat_name(enum obs_nat n)
{
	switch (n) {
	case OBS_NAT_UNKNOWN:	return "unknown";
	case OBS_NAT_NONE:	return "none";
	case OBS_NAT_REWRITTEN:	return "rewritten";
	}
	return "?";
}

/* IANA: IKEv2 Exchange Types; RFC 2409 for the old ones. */
const char *obs_exchange_name(uint8_t version, uint8_t exchange)
{
	static const struct {
		uint8_t version, exchange;
		const char *name;
	} all[] = {{2, 34, "IKE_SA_INIT"}, {2, 35, "IKE_AUTH"},
		{2, 36, "CREATE_CHILD_SA"}, {2, 37, "INFORMATIONAL"},
		{2, 38, "IKE_SESSION_RESUME"}, {2, 43, "IKE_INTERMEDIATE"},
		{2, 44, "IKE_FOLLOWUP_KE"}, {1, 2, "Main Mode"},
		{1, 4, "Aggressive Mode"}, {1, 5, "Informational"},
		{1, 6, "Transaction"}, {1, 32, "Quick Mode"}};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].version == version && all[i].exchange == exchange)
			return all[i].name;
	return "?";
}

const char *obs_service_name(uint8_t proto, uint16_t port)
{
	static const struct {
		uint8_t proto;
		uint16_t port;
		const char *name;
	} all[] = {{UDP, 53, "DNS"}, {TCP, 53, "DNS"}, {TCP, 853, "DNS (TLS)"},
		{UDP, 123, "NTP"}, {TCP, 80, "HTTP"}, {TCP, 443, "HTTPS"},
		{UDP, 443, "HTTPS (QUIC)"}, {TCP, 22, "SSH"}, {TCP, 23, "Telnet"},
		{TCP, 7547, "TR-069"}, {TCP, 30005, "TR-069"}, {UDP, 161, "SNMP"},
		{UDP, 162, "SNMP"}, {UDP, 514, "syslog"}, {TCP, 8080, "HTTP"},
		{TCP, 8443, "HTTPS"}, {UDP, 1900, "SSDP"}, {UDP, 5353, "mDNS"},
		{UDP, 319, "PTP"}, {UDP, 320, "PTP"}, {TCP, 21, "FTP"},
		{ICMP, 8, "ping"}, {ICMP6, 128, "ping"}};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].proto == proto && all[i].port == port)
			return all[i].name;
	return NULL;
}
