// SPDX-License-Identifier: GPL-2.0-or-later
/* A packet in words, both ways. */
#include "policy/policy.h"
#include "base/text.h"
#include "base/tr.h"

#include <errno.h>
#include <stdio.h>

enum { PACKET_WORDS_MAX = 48 };

static const struct proto_word {
	const char *name;
	uint8_t proto;
} proto_words[] = {
	{"tcp", PROTO_TCP}, {"udp", PROTO_UDP}, {"esp", PROTO_ESP},
	{"ah", PROTO_AH}, {"icmp", PROTO_ICMP}, {"icmpv6", PROTO_ICMPV6},
	{"sctp", PROTO_SCTP}, {"dccp", PROTO_DCCP}, {"udplite", PROTO_UDPLITE},
	{"hip", PROTO_HIP}, {"shim6", PROTO_SHIM6}, {"mh", PROTO_MH},
	{"ipip", PROTO_IPIP}, {"6in4", PROTO_IPV6},
};

static const struct ext_word {
	const char *name;
	uint8_t bit;
} ext_words[] = {
	{"hbh", EXT_HBH}, {"dst", EXT_DST}, {"rh0", EXT_RH0},
	{"rh", EXT_RH_OTHER}, {"frag", EXT_FRAG}, {"mobility", EXT_MH},
	{"ah", EXT_AH},
};

struct words {
	char *buf;
	char *w[PACKET_WORDS_MAX];
	size_t n, i;
};

static bool split(struct words *ws, const char *s)
{
	char *save = NULL;

	ws->buf = xstrdup(s);
	for (char *w = strtok_r(ws->buf, " \t,", &save); w;
		w = strtok_r(NULL, " \t,", &save)) {
		if (ws->n == PACKET_WORDS_MAX)
			return false;
		ws->w[ws->n++] = w;
	}
	return true;
}

static bool number(const char *s, uint32_t max, uint32_t *ret)
{
	char *end;
	unsigned long v;

	if (!s || *s < '0' || *s > '9')
		return false;
	v = strtoul(s, &end, 0);
	if (*end || v > max)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static const char *take_word(struct words *ws)
{
	return ws->i < ws->n ? ws->w[ws->i++] : NULL;
}

static bool parse_proto(const char *w, uint8_t *ret)
{
	uint32_t v;

	for (size_t i = 0; i < ARRAY_LEN(proto_words); i++) {
		if (!strcmp(w, proto_words[i].name)) {
			*ret = proto_words[i].proto;
			return true;
		}
	}
	if (!strncmp(w, "proto", 5) && number(w + 5, 255, &v)) {
		*ret = (uint8_t)v;
		return true;
	}
	return false;
}

static bool parse_role(const char *w, enum role *ret)
{
	for (int r = 0; r < ROLE_MAX; r++) {
		if (w && !strcmp(w, role_name((enum role)r))) {
			*ret = (enum role)r;
			return true;
		}
	}
	return false;
}

static bool parse_ct(const char *w, enum ct_state *ret)
{
	for (int s = 0; s < CT_MAX; s++) {
		if (!strcmp(w, ct_state_name((enum ct_state)s))) {
			*ret = (enum ct_state)s;
			return true;
		}
	}
	return false;
}

static bool parse_flags(const char *w, uint8_t *ret)
{
	static const char names[] = "fsrpau"; /* bit order of enum tcp_flag */
	uint8_t f = 0;

	for (; w && *w; w++) {
		const char *at = strchr(names, *w | 0x20);

		if (!at)
			return false;
		f |= (uint8_t)(1 << (at - names));
	}
	*ret = f;
	return w != NULL;
}

struct half {
	bool set;
	enum family fam;
	struct addr a;
};

static bool address(struct words *ws, struct half *h)
{
	const char *w = take_word(ws);

	h->set = true;
	if (w && (!strcmp(w, "lan") || !strcmp(w, "any") || !strcmp(w, "wan"))) {
		h->set = false;
		return true;
	}
	return w && addr_parse(w, &h->fam, &h->a) == 0;
}

struct reading {
	struct packet *p;
	struct half from, to;
	bool last_is_to, in_set, out_set;
};

static bool parse_port(struct words *ws, struct reading *rd)
{
	uint32_t v;

	if (!number(take_word(ws), 65535, &v))
		return false;
	if (rd->last_is_to)
		rd->p->dport = (uint16_t)v;
	else
		rd->p->sport = (uint16_t)v;
	return true;
}

static bool parse_ext(const char *w, uint8_t *set)
{
	for (size_t i = 0; w && i < ARRAY_LEN(ext_words); i++) {
		if (!strcmp(w, ext_words[i].name)) {
			*set |= ext_words[i].bit;
			return true;
		}
	}
	return false;
}

static bool word(struct words *ws, struct reading *rd, const char *w)
{
	struct packet *p = rd->p;
	uint32_t v;

	if (!strcmp(w, "from")) {
		rd->last_is_to = false;
		return address(ws, &rd->from);
	}
	if (!strcmp(w, "to")) {
		rd->last_is_to = true;
		return address(ws, &rd->to);
	}
	if (!strcmp(w, "port"))
		return parse_port(ws, rd);
	if (!strcmp(w, "in"))
		return rd->in_set = parse_role(take_word(ws), &p->in);
	if (!strcmp(w, "out"))
		return rd->out_set = parse_role(take_word(ws), &p->out);
	if (!strcmp(w, "type") && number(take_word(ws), 255, &v))
		return p->icmp_type = (uint8_t)v, true;
	if (!strcmp(w, "code") && number(take_word(ws), 255, &v))
		return p->icmp_code = (uint8_t)v, true;
	if (!strcmp(w, "spi") && number(take_word(ws), UINT32_MAX, &v))
		return p->spi = v, true;
	if (!strcmp(w, "flags"))
		return parse_flags(take_word(ws), &p->tcp_flags);
	if (!strcmp(w, "ext"))
		return parse_ext(take_word(ws), &p->exthdrs);
	if (!strcmp(w, "fragment"))
		return p->frag = FRAG_LATER, true;
	if (!strcmp(w, "dnat"))
		return p->dnat = true;
	return parse_ct(w, &p->ct);
}

static int refuse(char **why, char *say)
{
	*why = say;
	return -EINVAL;
}

/* What was not said: a stranger outside, a host inside. */
static void fill(struct reading *rd)
{
	struct packet *p = rd->p;
	struct addr outside6, inside6, outside4, inside4;
	enum family fam;

	(void)addr_parse("2404:6800:4004::1", &fam, &outside6);
	(void)addr_parse("2404:7a80::1", &fam, &inside6);
	(void)addr_parse("8.8.4.4", &fam, &outside4);
	(void)addr_parse("192.168.1.2", &fam, &inside4);
	p->fam = rd->from.set ? rd->from.fam : rd->to.set ? rd->to.fam
			: p->proto == PROTO_ICMP	  ? FAM_4
							  : FAM_6;
	if (!rd->in_set)
		p->in = ROLE_WAN;
	if (!rd->out_set)
		p->out = p->in == ROLE_WAN ? ROLE_LAN : ROLE_WAN;
	if (rd->from.set)
		p->src = rd->from.a;
	else if (p->in == ROLE_WAN)
		p->src = p->fam == FAM_4 ? outside4 : outside6;
	else
		p->src = p->fam == FAM_4 ? inside4 : inside6;
	if (rd->to.set)
		p->dst = rd->to.a;
	else if (p->out == ROLE_WAN)
		p->dst = p->fam == FAM_4 ? outside4 : outside6;
	else
		p->dst = p->fam == FAM_4 ? inside4 : inside6;
	if (p->proto == PROTO_TCP && !p->tcp_flags && p->ct == CT_NEW)
		p->tcp_flags = TCP_SYN;
}

int packet_parse(const char *s, struct packet *ret, char **why)
{
	struct packet p = {0};
	struct reading rd = {.p = &p, .last_is_to = true};
	struct words ws = {0};
	const char *w;
	char *bad = NULL;

	if (!split(&ws, s))
		bad = xasprintf(_("too many words (48 at most)"));
	w = bad ? NULL : take_word(&ws);
	if (!bad && (!w || !parse_proto(w, &p.proto)))
		bad = xasprintf(
			_("a packet starts with its protocol: tcp, udp, esp, ah, icmp, icmpv6 or proto0 to proto255. Example: esp from 2404:1a8::1 to 2404:7a80::9"));
	while (!bad && (w = take_word(&ws)))
		if (!word(&ws, &rd, w))
			bad = xasprintf(
				_("\"%s\" is not understood. Possible: from ADDRESS, to ADDRESS, port N, in wan|lan|self|segment, out ..., type N, code N, spi N, flags sa, ext rh0, new, established, related, invalid"),
				w);
	if (!bad && rd.from.set && rd.to.set && rd.from.fam != rd.to.fam)
		bad = xasprintf(
			_("one address is IPv4 and the other IPv6; no packet has both"));
	free(ws.buf);
	if (bad)
		return refuse(why, bad);
	fill(&rd);
	*ret = p;
	return 0;
}

static const char *proto_name(uint8_t proto, char buf[16])
{
	for (size_t i = 0; i < ARRAY_LEN(proto_words); i++)
		if (proto_words[i].proto == proto)
			return proto_words[i].name;
	snprintf(buf, 16, "proto%u", proto);
	return buf;
}

char *packet_format(const struct packet *p)
{
	struct text t = TEXT_INIT;
	char a[ADDR_STR], n[16];
	bool ports = p->sport || p->dport;

	text_addf(&t, "%s from %s", proto_name(p->proto, n),
		addr_format(p->fam, &p->src, a));
	if (ports)
		text_addf(&t, " port %u", p->sport);
	text_addf(&t, " to %s", addr_format(p->fam, &p->dst, a));
	if (ports)
		text_addf(&t, " port %u", p->dport);
	if (p->proto == PROTO_ICMP || p->proto == PROTO_ICMPV6)
		text_addf(&t, " type %u code %u", p->icmp_type, p->icmp_code);
	if (p->spi)
		text_addf(&t, " spi 0x%x", p->spi);
	if (p->tcp_flags) {
		text_add(&t, " flags ");
		for (int i = 0; i < 6; i++)
			if (p->tcp_flags & 1 << i)
				text_addc(&t, "fsrpau"[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(ext_words); i++)
		if (p->exthdrs & ext_words[i].bit)
			text_addf(&t, " ext %s", ext_words[i].name);
	if (p->frag == FRAG_LATER)
		text_add(&t, " fragment");
	if (p->dnat)
		text_add(&t, " dnat");
	text_addf(&t, " in %s out %s %s", role_name(p->in), role_name(p->out),
		ct_state_name(p->ct));
	return text_take(&t);
}
