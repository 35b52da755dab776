/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intent: the household's words. What stands in /etc/kadomori/kadomori.conf is
 * read into a struct intent; each word keeps its file, line and column, so that
 * whoever judges later can quote the user's own line.
 *
 *	wan wan0
 *	lan lan0
 *	line auto
 *	profile standard
 *	device casa rakuten-casa mac 00:00:5e:00:53:01
 *
 * Grammar (one statement a line; '{ }' holds the same words line by line):
 *
 *	file      = { statement NEWLINE }
 *	statement = "wan" IFNAME | "lan" IFNAME { IFNAME }
 *	          | "line" KIND | "profile" ("standard" | "strict")
 *	          | "ipsec4" ("keep-port" | "translate" | "off")
 *	          | "echo" ("yes" | "no") | "language" ("ja" | "en")
 *	          | "device" NAME KIND { property } [ "{" { property } "}" ]
 *	          | "pinhole" DEVICE what [ "from" PREFIX { PREFIX } ]
 *	          | "map" what "to" DEVICE
 *	          | "lan4" ADDRESS/LEN
 *	          | "include" GLOB
 *	property  = "mac" MAC | "id" SUFFIX | "ipv4" ADDRESS
 *	          | "peer" PREFIX { PREFIX } | "isolated" ("yes" | "no")
 *	          | "nat-t" ("yes" | "no") | "segment" IFNAME
 *	what      = ("tcp" | "udp") PORT ["-" PORT] | "esp" | "ah" | "ike"
 *	          | "ipsec" | "proto" NUMBER
 */
#ifndef KADOMORI_INTENT_H
#define KADOMORI_INTENT_H

#include "base/addr.h"
#include "base/text.h"

/* Where a word stands. file indexes intent.files. line and col count from 1. */
struct span {
	unsigned file, line, col, len;
};

enum line_kind {
	LINE_AUTO,
	LINE_FLETS_RA,	/* FLET'S without Hikari Denwa: one /64 by RA */
	LINE_FLETS_PD,	/* FLET'S with Hikari Denwa or Cross: DHCPv6-PD */
	LINE_HGW,	/* behind an NTT home gateway */
	LINE_DHCP4,	/* native global IPv4 by DHCP (au, J:COM, eo, ...) */
	LINE_PPPOE4,	/* global IPv4 by PPPoE */
	LINE_MAPE,	/* MAP-E: shared IPv4 */
	LINE_DSLITE,	/* DS-Lite: carrier NAT */
	LINE_PRIVATE4,	/* private or CGN IPv4 */
	LINE_IPIP,	/* fixed global IPv4 over IPv6 (IPIP) */
};
#define LINE_KIND_MAX (LINE_IPIP + 1)
/* The word of the configuration file: "auto", "flets-ra", ... */
const char *line_kind_name(enum line_kind k);
/* 0 and *ret, or -EINVAL. */
int line_kind_parse(const char *word, enum line_kind *ret);

enum profile { PROFILE_STANDARD, PROFILE_STRICT };
const char *profile_name(enum profile p);

/* IPsec of several devices behind one IPv4 address. */
enum ipsec4 {
	IPSEC4_KEEP,	  /* each device keeps source port 500 */
	IPSEC4_TRANSLATE, /* each gets another port outside */
	IPSEC4_OFF,	  /* plain address translation: one device a peer */
};
const char *ipsec4_name(enum ipsec4 i);

enum device_kind {
	DEVICE_CASA,	/* Rakuten Casa femtocell: IKE, ESP (4500 on IPv4) */
	DEVICE_IPSEC,	/* any IKE/ESP box: IKE, 4500, ESP */
	DEVICE_VOWIFI,	/* phone: starts itself, IKE and 4500 */
	DEVICE_FEMTO,	/* another femtocell */
	DEVICE_VPN,	/* site VPN box that peers may call first */
	DEVICE_PLAIN,	/* a host that only carries pinholes */
};
#define DEVICE_KIND_MAX (DEVICE_PLAIN + 1)
const char *device_kind_name(enum device_kind k);

enum { IFNAME_LEN = 16, PEERS_MAX = 64 };

struct device {
	char *name;
	struct span at;
	enum device_kind kind;
	bool has_mac, has_id, has_ipv4;
	struct mac mac;
	struct addrmask id;	/* suffix under mask, FAM_6 */
	struct addr ipv4;
	bool isolated;		/* own segment: neither sees the other */
	char *segment;		/* its interface, or NULL */
	int nat_t;		/* 1 yes, 0 no, -1 as the kind says */
	struct addrmask *peers;
	struct span *peers_at;
	size_t peer_n, peer_cap;
};

enum what_kind { WHAT_TCP, WHAT_UDP, WHAT_ESP, WHAT_AH, WHAT_IKE, WHAT_IPSEC,
	WHAT_PROTO };
const char *what_kind_name(enum what_kind k);

struct what {
	enum what_kind kind;
	uint16_t port_lo, port_hi; /* WHAT_TCP, WHAT_UDP */
	uint8_t proto;		   /* WHAT_PROTO */
};

struct pinhole {
	struct span at;
	size_t device; /* index into intent.devices */
	struct what what;
	struct addrmask *from;
	size_t from_n, from_cap;
};

struct mapping {
	struct span at;
	size_t device;
	struct what what;
};

struct intent {
	char **files;
	char **bodies;	/* their text, for quoting */
	size_t file_n, file_cap, body_cap;
	char *wan;
	struct span wan_at;
	char **lans;
	struct span *lans_at;
	size_t lan_n, lan_cap, lan_at_cap;
	enum line_kind line;
	struct span line_at;
	enum profile profile;
	struct span profile_at;
	bool echo; /* answer echo requests from outside; default yes in
		      standard, no in strict */
	bool echo_set;
	enum ipsec4 ipsec4;
	bool has_lan4;
	struct addr lan4;	/* the gateway's own address on the LAN */
	struct addrmask lan4_net;
	struct span lan4_at;
	char language[3];	/* "ja", "en" or "" */
	struct device *devices;
	size_t device_n, device_cap;
	struct pinhole *pinholes;
	size_t pinhole_n, pinhole_cap;
	struct mapping *mappings;
	size_t mapping_n, mapping_cap;
};

/*
 * A mistake in the user's text is no error of the program: it is collected,
 * with the place, until all are known. say tells, in the language that
 * tr_open() chose, what is wrong and what to write instead. quote is the user's
 * line (may be NULL), col and len mark the word in it.
 */
struct complaint {
	char *file;
	unsigned line, col, len;
	bool warning; /* false: the text is refused */
	char *quote, *say;
};

struct complaints {
	struct complaint *v;
	size_t n, cap;
	bool errors; /* at least one that is not a warning */
};

void complaints_done(struct complaints *c);
/* Add one; fmt is a sentence in _(). in and at may be NULL. */
void complain(struct complaints *c, bool warning, const struct intent *in,
	const struct span *at, const char *fmt, ...) printf_like(5, 6);
/* As text with the quoted line and a marker below. */
void complaints_print(const struct complaints *c, struct text *out);

struct intent *intent_new(void);
void intent_free(struct intent *in);
void intent_freep(struct intent **in);

/*
 * Read one text (name is shown in complaints). Includes are read from disk
 * relative to name's folder when may_include is set, refused otherwise.
 * Returns 0, or -EINVAL when complaints has errors. in is usable only on 0.
 */
int intent_parse(struct intent *in, const char *name, const char *body,
	bool may_include, struct complaints *c);
/* Read a file and what it includes. -EINVAL as above, or -errno of open(). */
int intent_load(struct intent *in, const char *path, struct complaints *c);

/* The user's line at a span; NULL when the file is not at hand. Caller frees. */
char *intent_quote(const struct intent *in, const struct span *at);
const struct device *intent_device(const struct intent *in, const char *name);

#endif
