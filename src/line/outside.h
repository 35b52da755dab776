/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that talk to strangers outside, and their tests. */
#ifndef KADOMORI_LINE_OUTSIDE_H
#define KADOMORI_LINE_OUTSIDE_H

#include "line/line.h"

enum { HB_BODY_MAX = 65536, HB_RULES_MAX = 256 };

/* --- HB46PP, pure (hb46pp.c) --- */

struct hb46pp_txt {
	char url[HB_URL_MAX];
	char host[LINE_NAME_MAX];	/* of the URL, without brackets */
	uint16_t port;
	bool https, check;		/* t=b: the certificate is to be checked */
};
/*
 * "v=v6mig-1 url=https://vne.example.jp/rule.cgi t=b" (spec 3.1). 0; -EBADMSG:
 * not of the protocol, or a URL with what none may have (user, control
 * characters, another scheme).
 */
int hb46pp_txt_parse(const char *s, size_t n, struct hb46pp_txt *ret);
/*
 * The server's JSON (spec 3.4); ce: the home's prefix, to find its rule. Fills
 * all but end, checked, status and url. 0 or -EBADMSG (ret untouched).
 */
int hb46pp_json_parse(const char *s, size_t n, const struct addr *ce,
	struct hb46pp *ret);

/* --- DNS answers, pure (names.c) --- */

/* The first TXT string of a DNS message, its parts joined. Length or -EBADMSG. */
int dns_txt(const uint8_t *p, size_t n, char *buf, size_t cap);
/* The first AAAA or A of a DNS message (RFC 1035). 0 or -EBADMSG. */
int dns_addr(const uint8_t *p, size_t n, enum family fam, struct addr *ret);
/* The name that a reverse question is asked about; buf of LINE_NAME_MAX. */
void dns_reverse_name(enum family fam, const struct addr *a, char *buf);

/* --- steps, each in a process of its own (outside.c runs them) --- */

struct names_ask {
	const struct line_evidence *e;
	const char *ca;
	msec_t until;
};
struct names_told {
	struct line_names_seen names;
	struct hb46pp hb;
};
void names_look(const struct names_ask *a, struct names_told *ret);

/* Load what fetches, once, while files may still be opened. false: it is not
 * there, and hb46pp_get will say so. */
bool hb46pp_open(void);
/* GET the provisioning answer from addr; fills end, status, checked and what
 * the JSON says. */
void hb46pp_get(const struct hb46pp_txt *t, const struct addr *addr,
	const char *ifname, const char *ca, const struct addr *ce,
	msec_t until, struct hb46pp *ret);

struct stun_ask {
	const char *server, *ifname;
	enum family fam;
	msec_t until;
};
void stun_look(const struct stun_ask *a, struct line_stun *ret);
/* Where HOST[:PORT] is in that family. */
bool stun_server(const char *server, enum family fam, struct stun_addr *ret);

struct hops_ask {
	const char *server, *ifname;	/* server NULL: towards nobody */
	msec_t until;
};
/* The first hops on the way out (IPv4), by UDP with a small TTL. */
void hops_look(const struct hops_ask *a, struct line_hops *ret);

#endif
