// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor-look.h"
#include "resolve.h"
#include "line/line.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_QUIET_MS = 3000, LINE_MOST_MS = 12000, DNS_MS = 3000, PEER_MS = 4000, SERVERS_MAX = 3, DNS_PORT = 53,
	IKE_PORT = 500 };
/* Where a packet would go that leaves the home; nothing is sent there. */
static const char far4[] = "192.0.0.8", far6[] = "2001:4:112::1";

static void look_link(struct doctor_obs *o)
{
	struct ifaddrs *all, *i;

	if (getifaddrs(&all) < 0)
		return;
	o->link = SEEN_NO;
	for (i = all; i; i = i->ifa_next)
		if (!(i->ifa_flags & IFF_LOOPBACK) && (i->ifa_flags & IFF_UP) &&
			(i->ifa_flags & IFF_RUNNING))
			o->link = SEEN_YES;
	freeifaddrs(all);
}

/* The address that the kernel would take towards e, without sending. */
static bool source_towards(const struct endpoint *e, struct addr *ret)
{
	struct sockaddr_storage s = {0};
	struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)&s;
	struct sockaddr_in *s4 = (struct sockaddr_in *)&s;
	socklen_t n = sizeof(s);
	int fd = socket(e->fam == FAM_6 ? AF_INET6 : AF_INET,
		SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = false;

	if (e->fam == FAM_6) {
		s6->sin6_family = AF_INET6;
		memcpy(&s6->sin6_addr, e->addr.b, 16);
		s6->sin6_port = htons(DNS_PORT);
	} else {
		s4->sin_family = AF_INET;
		memcpy(&s4->sin_addr, e->addr.b + 12, 4);
		s4->sin_port = htons(DNS_PORT);
	}
	if (fd >= 0 && connect(fd, (struct sockaddr *)&s, sizeof(s)) == 0 &&
		getsockname(fd, (struct sockaddr *)&s, &n) == 0) {
		memset(ret, 0, sizeof(*ret));
		if (e->fam == FAM_6)
			memcpy(ret->b, &s6->sin6_addr, 16);
		else
			memcpy(ret->b + 12, &s4->sin_addr, 4);
		/* a link-local one is no way out */
		ok = e->fam == FAM_4 || ret->b[0] != 0xfe || ret->b[1] != 0x80;
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

static void look_address(const struct doctor_args *a, struct doctor_obs *o)
{
	const char *to = a->r.host ? a->r.host : a->peer;
	struct endpoint e = {0};

	if (!to || addr_parse(to, &e.fam, &e.addr) < 0) {
		e.fam = a->r.fam ? a->r.fam : FAM_6;
		addr_parse(e.fam == FAM_6 ? far6 : far4, &e.fam, &e.addr);
	}
	o->fam = e.fam;
	o->route = source_towards(&e, &o->self) ? SEEN_YES : SEEN_NO;
}

/* The interface that has our address. */
static bool interface_of(const struct doctor_obs *o, char name[IF_NAMESIZE])
{
	struct ifaddrs *all, *i;
	size_t n = o->fam == FAM_6 ? 16 : 4;

	*name = '\0';
	if (getifaddrs(&all) < 0)
		return false;
	for (i = all; i && !*name; i = i->ifa_next) {
		const void *a;

		if (!i->ifa_addr || i->ifa_addr->sa_family !=
			(o->fam == FAM_6 ? AF_INET6 : AF_INET))
			continue;
		a = o->fam == FAM_6
			? (const void *)&((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr
			: (const void *)&((struct sockaddr_in *)i->ifa_addr)->sin_addr;
		if (!memcmp(a, o->self.b + 16 - n, n))
			snprintf(name, IF_NAMESIZE, "%s", i->ifa_name);
	}
	freeifaddrs(all);
	return *name;
}

/* The shared IPv4 kinds have a code each; it is the service that differs. */
static enum doctor_line service_line(const struct line_verdict *v)
{
	switch (v->service) {
	case SVC_V6PLUS:    return DLINE_V6PLUS;
	case SVC_OCN:	    return DLINE_OCN;
	case SVC_BIGLOBE:   return DLINE_BIGLOBE;
	case SVC_NURO:	    return DLINE_NURO;
	case SVC_TRANSIX:   return DLINE_TRANSIX;
	case SVC_XPASS:	    return DLINE_XPASS;
	case SVC_V6CONNECT: return DLINE_V6CONNECT;
	case SVC_AU:	    return DLINE_AU;
	case SVC_JCOM:	    return DLINE_JCOM;
	case SVC_NONE:
	case SVC_FLETS:
	case SVC_EO:
	case SVC_OTHER:	    break;
	}
	return DLINE_UNKNOWN;
}

/* A host's private address says nothing of the line: its router's does. */
static enum doctor_line line4_of(const struct line_verdict *v, enum vantage at)
{
	enum doctor_line by_service = service_line(v);

	switch (v->v4) {
	case V4_MAPE:
	case V4_DSLITE:
		return by_service;
	case V4_GLOBAL_DHCP:
	case V4_ONE_NAT:
		return by_service == DLINE_AU || by_service == DLINE_JCOM ||
				by_service == DLINE_NURO ? by_service
							 : DLINE_GLOBAL4;
	case V4_PPPOE:
		return DLINE_PPPOE;
	case V4_PRIVATE:
		return at == AT_GATEWAY ? DLINE_PRIVATE4 : DLINE_UNKNOWN;
	case V4_CGN:
		return DLINE_PRIVATE4;
	case V4_UNKNOWN:
	case V4_NOTHING:
	case V4_IPIP:
		break;
	}
	return DLINE_UNKNOWN;
}

/* The code for the phone cannot say "perhaps": what another kind of line would
 * show as well is left unknown. */
static enum doctor_line line6_of(const struct line_verdict *v)
{
	if (v->v6 == V6_CLOSED)
		return DLINE_NGN_ONLY;
	if (v->access_sure == SURE_GUESS && (v->access == ACC_HGW_NO_PHONE ||
			v->access == ACC_HGW_PHONE || v->access == ACC_JCOM))
		return DLINE_UNKNOWN;
	switch (v->access) {
	case ACC_FLETS:	       return DLINE_FLETS;
	case ACC_FLETS_PHONE:  return DLINE_FLETS_PHONE;
	case ACC_CROSS:	       return DLINE_CROSS;
	case ACC_HGW_PHONE:    return DLINE_HGW;
	case ACC_HGW_NO_PHONE: return DLINE_HGW_NO_PHONE;
	case ACC_NURO:	       return DLINE_NURO;
	case ACC_AU:	       return DLINE_AU;
	case ACC_JCOM:	       return DLINE_JCOM;
	case ACC_HOME_ROUTER:  return v->service_sure == SURE_GUESS
			? DLINE_UNKNOWN : service_line(v);
	case ACC_UNKNOWN:
	case ACC_EO:
	case ACC_DHCP4:
	case ACC_PPPOE:
	case ACC_PRIVATE4:
		break;
	}
	return DLINE_UNKNOWN;
}

static void look_line(const struct doctor_args *a, struct doctor_obs *o)
{
	enum vantage at = a->gateway ? AT_GATEWAY : AT_HOST;
	static struct line_evidence e;
	char name[IF_NAMESIZE];
	struct line_want w = {.ifname = name, .at = at, .quiet = LINE_QUIET_MS,
		.most = LINE_MOST_MS};
	struct line_verdict v;

	if (a->line_given || !interface_of(o, name) || line_look(&w, &e) < 0)
		return;
	line_judge(&e, &v);
	o->line = o->fam == FAM_4 ? line4_of(&v, at) : line6_of(&v);
	line_verdict_done(&v);
}

static size_t system_servers(struct endpoint s[SERVERS_MAX])
{
	FILE *f = fopen("/etc/resolv.conf", "re");
	char line[256], word[128];
	size_t n = 0;

	while (f && n < SERVERS_MAX && fgets(line, sizeof(line), f))
		if (sscanf(line, "nameserver %127s", word) == 1 &&
			addr_parse(word, &s[n].fam, &s[n].addr) == 0)
			s[n++].port = DNS_PORT;
	if (f)
		fclose(f);
	return n;
}

static void look_dns(const struct doctor_args *a, struct doctor_obs *o)
{
	struct endpoint s[SERVERS_MAX] = {0};
	size_t n = 0;
	int r;

	if (a->dns && addr_parse(a->dns, &s[0].fam, &s[0].addr) == 0) {
		s[0].port = DNS_PORT;
		n = 1;
	} else if (!a->dns)
		n = system_servers(s);
	for (size_t i = 0; i < n && o->dns != DNS_GOOD; i++) {
		r = dns_ask(&s[i], a->name, DNS_MS);
		if (r == 0 || r == 3) /* NXDOMAIN is an answer as well */
			o->dns = DNS_GOOD;
		else if (r > 0) {
			o->dns = DNS_ERROR;
			o->dns_rcode = (unsigned)r;
		} else if (o->dns == DNS_UNTRIED)
			o->dns = DNS_SILENT;
	}
}

static enum seen seen_of(enum came c)
{
	return c == CAME ? SEEN_YES : c == CAME_NOT ? SEEN_NO : SEEN_UNTRIED;
}

static void take_result(const struct reflect_result *r, struct doctor_obs *o)
{
	const struct {
		enum seen *to;
		enum came from;
	} all[] = {
		{&o->ike_out, r->ike_out}, {&o->ike_back, r->ike_back},
		{&o->full_out, r->full_out}, {&o->full_back, r->full_back},
		{&o->big_out, r->big_out}, {&o->big_back, r->big_back},
		{&o->esp_out, r->esp_out}, {&o->esp_big_out, r->esp_big_out},
		{&o->esp_back, r->esp_back}, {&o->esp_big_back, r->esp_big_back},
		{&o->esp_new_spi, r->esp_new_spi}, {&o->natt_out, r->natt_out},
		{&o->natt_back, r->natt_back}, {&o->natt_idle, r->natt_idle},
		{&o->ike_idle, r->ike_idle}, {&o->esp_idle, r->esp_idle},
		{&o->esp_unasked, r->esp_unasked},
		{&o->ike_unasked, r->ike_unasked},
		{&o->udp_unasked, r->udp_unasked},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		*all[i].to = seen_of(all[i].from);
	o->outside = r->you.addr;
	o->self = r->self.addr;
	o->ike_sport = r->ike_sport;
	o->mtu = r->mtu;
	o->mtu_found = r->mtu_found;
	o->idle_s = r->idle_ms / 1000;
	o->tcp_tried = r->tcp_n > 0;
	for (size_t i = 0; i < r->tcp_n && o->tcp_open_n < DOCTOR_PORTS_MAX; i++)
		if (r->tcp[i].state == REFLECT_OPEN)
			o->tcp_open[o->tcp_open_n++] = r->tcp[i].port;
}

static void look_reflector(const struct doctor_args *a, struct doctor_obs *o)
{
	struct reflect_ask_want w;
	struct reflect_result r;

	if (!a->r.host)
		return;
	o->reflector = SEEN_NO;
	if (reflect_args_want(&a->r, &w) || reflect_ask(&w, &r) < 0 || !r.answered ||
		r.busy)
		return;
	o->reflector = SEEN_YES;
	o->fam = w.server.fam;
	take_result(&r, o);
}

static void look_peer(const struct doctor_args *a, struct doctor_obs *o)
{
	struct ike_run run = {.sport = -1, .wait_ms = PEER_MS};
	struct addrmask outside = {.fam = o->fam, .value = o->outside};
	struct ike_answer ans = {0};
	struct endpoint self;
	struct natd n;

	if (!a->peer || resolve(a->peer, o->reflector == SEEN_YES ? o->fam
		: a->r.fam, IKE_PORT, &run.want.peer))
		return;
	if (ike_probe_run(&run, &ans, &self) < 0)
		return;
	o->peer = ans.end == IKE_ANSWERED ? PEER_GOOD
		: ans.end == IKE_REFUSED ? PEER_REFUSES
		: ans.end == IKE_OLD || ans.end == IKE_DAMAGED ? PEER_ODD
		: PEER_SILENT;
	if (o->reflector != SEEN_YES)
		o->fam = run.want.peer.fam;
	outside.mask = mask_of_len(o->fam, o->fam == FAM_4 ? 32 : 128);
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])ans.natd_self,
		ans.natd_self_n, ans.spi_i, ans.spi_r, &self, &outside,
		!addr_is_zero(&o->outside), &n);
	o->peer_port_rewritten = self.port == IKE_PORT &&
		(n.what == NATD_PORT || n.what == NATD_BOTH);
}

/* The column insert_failed, over all CPUs; hexadecimal. -1: not there. */
static int64_t insert_failed(void)
{
	FILE *f = fopen("/proc/net/stat/nf_conntrack", "re");
	char line[512], *save, *word;
	int column = -1, at;
	int64_t sum = -1;

	while (f && fgets(line, sizeof(line), f)) {
		at = 0;
		for (word = strtok_r(line, " \n", &save); word;
			word = strtok_r(NULL, " \n", &save), at++) {
			if (!strcmp(word, "insert_failed"))
				column = at;
			else if (column >= 0 && at == column)
				sum = MAX2(sum, 0) + (int64_t)strtoull(word, NULL, 16);
		}
	}
	if (f)
		fclose(f);
	return sum;
}

void doctor_look(const struct doctor_args *a, struct doctor_obs *o)
{
	int64_t before = insert_failed(), after;

	*o = (struct doctor_obs){.line = a->line, .on_gateway = a->gateway,
		.insert_failed = -1};
	look_link(o);
	if (o->link != SEEN_NO)
		look_address(a, o);
	if (o->route != SEEN_NO)
		look_dns(a, o);
	if (o->route == SEEN_YES) {
		look_line(a, o);
		look_reflector(a, o);
		look_peer(a, o);
	}
	if (a->gateway && geteuid() == 0)
		o->rules = verify_quietly();
	after = insert_failed();
	if (before >= 0 && after >= before)
		o->insert_failed = after - before;
}
