// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions to the line's own name servers, all at once, by c-ares: names that
 * resolve only inside one network, HB46PP's TXT, our address's reverse name,
 * and two names that cannot exist, whose answer convicts a liar.
 */
#include "line/outside.h"
#include "wire/nd.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVERS_MAX = 6, TRY_MS = 1000, TRIES = 2, DNS_MS = 3000,
	REACH_MS = 700, REACH_PORT = 33434, DNS_PORT = 53 };
static const char hb_name[] = "4over6.info";

/* ---- answers, pure ---- */

int dns_txt(const uint8_t *p, size_t n, char *buf, size_t cap)
{
	struct ares_txt_ext *all = NULL;
	size_t k = 0;

	if (n > UINT16_MAX || !cap ||
		ares_parse_txt_reply_ext(p, (int)n, &all) != ARES_SUCCESS)
		return -EBADMSG;
	for (struct ares_txt_ext *t = all; t; t = t->next) {
		if (t != all && t->record_start)
			break; /* one record is all there may be (3.1) */
		if (k + t->length >= cap) {
			ares_free_data(all);
			return -EBADMSG;
		}
		memcpy(buf + k, t->txt, t->length);
		k += t->length;
	}
	ares_free_data(all);
	buf[k] = '\0';
	return (int)k;
}

static int first4(const uint8_t *p, int n, struct addr *ret)
{
	struct ares_addrttl a[4];
	int count = ARRAY_LEN(a);

	if (ares_parse_a_reply(p, n, NULL, a, &count) != ARES_SUCCESS ||
		count < 1)
		return -EBADMSG;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->b + 12, &a[0].ipaddr, 4);
	return 0;
}

int dns_addr(const uint8_t *p, size_t n, enum family fam, struct addr *ret)
{
	struct ares_addr6ttl a[4];
	int count = ARRAY_LEN(a);

	if (n > UINT16_MAX)
		return -EBADMSG;
	if (fam == FAM_4)
		return first4(p, (int)n, ret);
	if (ares_parse_aaaa_reply(p, (int)n, NULL, a, &count) != ARES_SUCCESS ||
		count < 1)
		return -EBADMSG;
	memcpy(ret->b, &a[0].ip6addr, 16);
	return 0;
}

void dns_reverse_name(enum family fam, const struct addr *a, char *buf)
{
	size_t k = 0;

	if (fam == FAM_4) {
		snprintf(buf, LINE_NAME_MAX, "%u.%u.%u.%u.in-addr.arpa",
			a->b[15], a->b[14], a->b[13], a->b[12]);
		return;
	}
	for (int i = 15; i >= 0; i--)
		k += (size_t)snprintf(buf + k, LINE_NAME_MAX - k, "%x.%x.",
			a->b[i] & 15, a->b[i] >> 4);
	snprintf(buf + k, LINE_NAME_MAX - k, "ip6.arpa");
}

/* ---- which servers ---- */

struct servers {
	struct {
		enum family fam;
		struct addr addr;
	} at[SERVERS_MAX];
	size_t n;
	bool system;	/* resolv.conf's: not bound to the interface */
};

static int udp_towards(enum family fam, const struct addr *a, uint16_t port,
	const char *ifname)
{
	struct sockaddr_in6 s6 = {.sin6_family = AF_INET6,
		.sin6_port = htons(port)};
	struct sockaddr_in s4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(fam == FAM_6 ? AF_INET6 : AF_INET,
		SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(&s6.sin6_addr, a->b, 16);
	memcpy(&s4.sin_addr, a->b + 12, 4);
	if (fd < 0)
		return -errno;
	if (ifname)
		(void)!setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname,
			(socklen_t)strlen(ifname) + 1);
	if (fam == FAM_6 ? connect(fd, (struct sockaddr *)&s6, sizeof(s6))
			 : connect(fd, (struct sockaddr *)&s4, sizeof(s4))) {
		close(fd);
		return -ENETUNREACH;
	}
	return fd;
}

/* Only servers that we have a way and an address to. */
static void add_server(struct servers *s, enum family fam, const struct addr *a,
	const char *ifname)
{
	int fd;

	if (s->n == SERVERS_MAX || addr_is_zero(a) ||
		(fam == FAM_6 && addr_is_multicast(a)))
		return;
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].fam == fam && !addr_cmp(&s->at[i].addr, a))
			return;
	fd = udp_towards(fam, a, DNS_PORT, ifname);
	if (fd < 0)
		return;
	close(fd);
	s->at[s->n].fam = fam;
	s->at[s->n++].addr = *a;
}

static void find_servers(const struct line_evidence *e, struct servers *s)
{
	const struct dhcp6_answer *d[] = {&e->dhcp6, &e->info};

	memset(s, 0, sizeof(*s));
	for (size_t k = 0; k < ARRAY_LEN(d); k++)
		for (size_t i = 0; i < d[k]->dns_n; i++)
			add_server(s, FAM_6, &d[k]->dns[i], e->ifname);
	for (size_t i = 0; e->has_ra && i < e->ra.rdnss_n; i++)
		add_server(s, FAM_6, &e->ra.rdnss[i], e->ifname);
	if (e->has_offer && e->offer.has_dns)
		add_server(s, FAM_4, &e->offer.dns, e->ifname);
	if (s->n)
		return;
	s->system = true;
	for (size_t i = 0; i < e->local.dns_n; i++)
		add_server(s, e->local.dns_fam[i], &e->local.dns[i], NULL);
}

static int open_channel(const struct servers *s, const char *ifname,
	ares_channel *ret)
{
	struct ares_options o = {.flags = ARES_FLAG_NOSEARCH |
			ARES_FLAG_NOALIASES, .timeout = TRY_MS, .tries = TRIES};
	struct ares_addr_node list[SERVERS_MAX];

	if (ares_init_options(ret, &o, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS |
				    ARES_OPT_TRIES) != ARES_SUCCESS)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++) {
		list[i].next = i + 1 < s->n ? &list[i + 1] : NULL;
		list[i].family = s->at[i].fam == FAM_6 ? AF_INET6 : AF_INET;
		if (s->at[i].fam == FAM_6)
			memcpy(&list[i].addr.addr6, s->at[i].addr.b, 16);
		else
			memcpy(&list[i].addr.addr4, s->at[i].addr.b + 12, 4);
	}
	if (!s->system)
		ares_set_local_dev(*ret, ifname);
	return ares_set_servers(*ret, list) == ARES_SUCCESS ? 0 : -EINVAL;
}

/* Until all are answered or the time is over. */
static void run_channel(ares_channel c, msec_t until)
{
	ares_socket_t s[ARES_GETSOCK_MAXNUM];
	struct pollfd p[ARES_GETSOCK_MAXNUM];
	msec_t now;

	while ((now = clock_ms()) < until) {
		int mask = ares_getsock(c, s, ARES_GETSOCK_MAXNUM);
		nfds_t n = 0;
		struct timeval most = {0, 100000}, tv, *t;

		for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
			short want = (short)(
				(ARES_GETSOCK_READABLE(mask, i) ? POLLIN : 0) |
				(ARES_GETSOCK_WRITABLE(mask, i) ? POLLOUT : 0));

			if (want)
				p[n++] = (struct pollfd){s[i], want, 0};
		}
		if (!n)
			return;
		t = ares_timeout(c, &most, &tv);
		poll(p, n, (int)(t->tv_sec * 1000 + t->tv_usec / 1000) + 1);
		for (nfds_t i = 0; i < n; i++)
			ares_process_fd(c,
				p[i].revents & ~POLLOUT ? p[i].fd : ARES_SOCKET_BAD,
				p[i].revents & POLLOUT ? p[i].fd : ARES_SOCKET_BAD);
		ares_process_fd(c, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
}

/* ---- one question ---- */

enum what { ASK_NAME, ASK_LIE, ASK_TXT, ASK_REVERSE };
struct question {
	enum what what;
	enum family fam;
	struct names_told *told;
	size_t i;			/* ASK_NAME */
	struct hb46pp_txt *txt;		/* ASK_TXT */
	bool done, there;
	struct addr addr;
};

static void take_txt(struct question *q, const uint8_t *p, size_t n)
{
	char buf[1024];
	int k = dns_txt(p, n, buf, sizeof(buf));

	q->told->hb.end = HB_TXT_BAD;
	if (k < 0 || hb46pp_txt_parse(buf, (size_t)k, q->txt))
		return;
	q->there = true;
	memcpy(q->told->hb.url, q->txt->url, sizeof(q->told->hb.url));
}

static void take_reverse(struct question *q, const uint8_t *p, int n)
{
	struct in6_addr unused = {{{0}}};
	struct hostent *h = NULL;
	char *to = q->told->names.reverse;
	size_t k = 0;

	if (ares_parse_ptr_reply(p, n, &unused, sizeof(unused), AF_INET6, &h) !=
			ARES_SUCCESS || !h)
		return;
	for (const char *s = h->h_name; s && *s && k < LINE_NAME_MAX - 1; s++)
		to[k++] = isalnum((unsigned char)*s) || strchr(".-_", *s) ? *s
									  : '?';
	to[k] = '\0';
	ares_free_hostent(h);
}

static void heard(void *arg, int status, int timeouts, unsigned char *p, int n)
{
	struct question *q = arg;

	(void)timeouts;
	q->done = true;
	q->told->names.answered |= status == ARES_SUCCESS ||
		status == ARES_ENODATA || status == ARES_ENOTFOUND ||
		status == ARES_EFORMERR || status == ARES_ESERVFAIL ||
		status == ARES_ENOTIMP || status == ARES_EREFUSED;
	if (q->what == ASK_TXT && (status == ARES_ENODATA ||
			status == ARES_ENOTFOUND))
		q->told->hb.end = HB_NONE;
	if (status != ARES_SUCCESS || n <= 0)
		return;
	switch (q->what) {
	case ASK_TXT:
		take_txt(q, p, (size_t)n);
		break;
	case ASK_REVERSE:
		take_reverse(q, p, n);
		break;
	case ASK_NAME:
	case ASK_LIE:
		q->there = dns_addr(p, (size_t)n, q->fam, &q->addr) == 0;
		break;
	}
}

static void ask(ares_channel c, struct question *q, const char *name)
{
	int type = q->what == ASK_TXT	      ? ns_t_txt
		   : q->what == ASK_REVERSE  ? ns_t_ptr
		   : q->fam == FAM_4 ? ns_t_a : ns_t_aaaa;

	ares_query(c, name, ns_c_in, type, heard, q);
}

/* ---- does an AFTR answer? ---- */

static int ping_open(const struct addr *a, const char *ifname)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	struct icmp6_hdr echo = {.icmp6_type = ICMP6_ECHO_REQUEST};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		IPPROTO_ICMPV6);

	memcpy(&to.sin6_addr, a->b, 16);
	if (fd < 0)
		return -1;
	if (ifname)
		(void)!setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname,
			(socklen_t)strlen(ifname) + 1);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		(void)!send(fd, &echo, sizeof(echo), 0);
	return fd;
}

/*
 * An echo, where the system lets users have one, and a datagram to a port
 * where nobody listens: "port unreachable" comes from the host itself.
 */
static bool reaches(const struct addr *a, const char *ifname)
{
	int ping = ping_open(a, ifname);
	int udp = udp_towards(FAM_6, a, REACH_PORT, ifname);
	struct pollfd p[2] = {{ping, POLLIN, 0}, {udp, POLLIN, 0}};
	msec_t until = clock_ms() + REACH_MS;
	bool got = false;
	char b[64];

	if (udp >= 0)
		(void)!send(udp, "", 1, 0);
	while (!got && clock_ms() < until) {
		poll(p, 2, 50);
		got = (ping >= 0 && recv(ping, b, sizeof(b), 0) > 0) ||
		      (udp >= 0 && recv(udp, b, sizeof(b), 0) < 0 &&
			      errno == ECONNREFUSED);
	}
	if (ping >= 0)
		close(ping);
	if (udp >= 0)
		close(udp);
	return got;
}

static void look_reached(const struct line_evidence *e, struct names_told *t)
{
	for (size_t i = 0; i < LINE_NAMES; i++)
		if (t->names.name[i].there && line_names[i].v4 == V4_DSLITE)
			t->names.name[i].reached =
				reaches(&t->names.name[i].addr, e->ifname);
}

/* ---- the step ---- */

/* Our address as it is seen outside: STUN's word, else a global one. */
static bool outside_addr(const struct line_evidence *e, struct addr *ret)
{
	if (e->stun4.answered && !e->stun4.lies)
		*ret = e->stun4.seen.addr;
	else if (e->own4_n && line_is_global4(&e->own4[0]))
		*ret = e->own4[0];
	else if (e->has_offer && line_is_global4(&e->offer.yours))
		*ret = e->offer.yours;
	else
		return false;
	return true;
}

struct round {
	struct question name[LINE_NAMES], lie[2], txt, reverse;
	struct hb46pp_txt found;
};

static void ask_all(ares_channel c, const struct line_evidence *e,
	struct round *r, struct names_told *t)
{
	char buf[LINE_NAME_MAX];
	struct addr out;
	uint64_t salt = (uint64_t)clock_ns();

	(void)!getrandom(&salt, sizeof(salt), 0);
	for (size_t i = 0; i < LINE_NAMES; i++) {
		r->name[i] = (struct question){.what = ASK_NAME, .told = t,
			.fam = line_names[i].fam, .i = i};
		ask(c, &r->name[i], line_names[i].name);
	}
	for (size_t i = 0; i < 2; i++) {
		r->lie[i] = (struct question){.what = ASK_LIE, .told = t,
			.fam = i ? FAM_4 : FAM_6};
		snprintf(buf, sizeof(buf), "k%016llx.%s",
			(unsigned long long)salt, hb_name);
		ask(c, &r->lie[i], buf);
	}
	r->txt = (struct question){.what = ASK_TXT, .told = t,
		.txt = &r->found};
	ask(c, &r->txt, hb_name);
	if (outside_addr(e, &out)) {
		r->reverse = (struct question){.what = ASK_REVERSE, .told = t};
		dns_reverse_name(FAM_4, &out, buf);
		ask(c, &r->reverse, buf);
	}
}

static void take_names(const struct round *r, struct names_told *t)
{
	t->names.liar = r->lie[0].there || r->lie[1].there;
	for (size_t i = 0; i < LINE_NAMES; i++) {
		t->names.name[i].there = r->name[i].there;
		t->names.name[i].addr = r->name[i].addr;
	}
}

static void look_hb(ares_channel c, const struct names_ask *a,
	const struct hb46pp_txt *txt, struct names_told *t)
{
	struct question q = {.what = ASK_NAME, .fam = FAM_6, .told = t};
	struct addr ce = {{0}};
	enum family fam;

	t->hb.end = HB_SILENT;
	(void)line_telling_addr(a->e, &ce);
	if (addr_parse(txt->host, &fam, &q.addr) == 0)
		q.there = fam == FAM_6;
	else {
		ask(c, &q, txt->host);
		run_channel(c, MIN2(a->until, clock_ms() + DNS_MS));
		ares_cancel(c); /* q goes away */
	}
	if (!q.there)
		return;
	/* no server of a provider lives at home or on this machine */
	if (!line_is_global6(&q.addr))
		t->hb.end = HB_REFUSED;
	else
		hb46pp_get(txt, &q.addr, a->e->ifname, a->ca, &ce, a->until,
			&t->hb);
}

void names_look(const struct names_ask *a, struct names_told *ret)
{
	static struct round r;
	ares_channel c = NULL;
	struct servers s;

	memset(ret, 0, sizeof(*ret));
	find_servers(a->e, &s);
	if (!s.n || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return;
	ret->names.asked = true;
	ret->names.server = s.at[0].addr;
	ret->names.server_fam = s.at[0].fam;
	if (open_channel(&s, a->e->ifname, &c) == 0) {
		ask_all(c, a->e, &r, ret);
		run_channel(c, MIN2(a->until, clock_ms() + DNS_MS));
		ares_cancel(c);
		take_names(&r, ret);
		if (!ret->names.liar) {
			look_reached(a->e, ret);
			if (r.txt.there)
				look_hb(c, a, &r.found, ret);
		}
	}
	if (c)
		ares_destroy(c);
	ares_library_cleanup();
}
