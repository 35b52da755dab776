/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the room: what a brand's folder provides, and what it works from.
 * The plan is the intent made flat for one line: a list of openings, each with
 * one destination device and at most one source.
 */
#ifndef KADOMORI_ROUTERS_BRAND_H
#define KADOMORI_ROUTERS_BRAND_H

#include "routers/routers.h"

enum { N_UDP = 17, N_TCP = 6, N_ESP = 50, N_AH = 51, IKE_PORT = 500,
	NATT_PORT = 4500 };

/* How the router gets IPv6 on its WAN side. */
enum v6_mode {
	V6_NONE,
	V6_RA,		/* one /64: neighbour proxy needed */
	V6_PD,		/* delegated prefix: routed */
	V6_BEHIND,	/* an NTT gateway stands in front */
	V6_EITHER,	/* IPv6 is there, RA or PD is not said */
};

struct opening {
	enum family fam;	/* FAM_4: a port mapping with its pass line */
	size_t dev;		/* index of intent.devices */
	uint8_t proto;
	bool has_port;
	uint16_t lo, hi;
	bool has_src;
	struct addrmask src;
	struct span at;		/* the user's line */
	const char *why;	/* "IKE", "ESP", "NAT-T", "pinhole" */
};

struct plan {
	const struct request *rq;
	const struct intent *in;
	const struct brand *brand;
	const struct model *model;
	enum v6_mode v6;
	bool v4;		/* global IPv4 on the WAN side */
	bool echo;
	struct opening *o;
	size_t n, cap;
	const char *wan, *lan;
	unsigned first;
};

/* read_hints are never NULL; pl is empty. 0 or -EINVAL with *why. */
typedef int brand_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);
/* Does this text look like the brand's? 0: no; more is surer. */
typedef int brand_looks(const char *text);

/* mend.c: what a brand's mend() works on. */
struct mender {
	const struct mend_ask *a;
	char **line;	/* of a->text, trimmed; [0] is line 1 */
	size_t n;
};
/* Line number of the first line (from `from` on) that begins so, or 0. */
unsigned mender_find(const struct mender *m, unsigned from, const char *begins);
/* A new candidate; valid until the next. */
struct mend *mend_new(struct mends *m);
/* text NULL: take the line out */
void mend_replace(struct mend *m, unsigned line, const char *text);
void mend_insert(struct mend *m, unsigned before, const char *text);
/* Is something to be let in to the device (or its answers), not closed? */
bool mender_lets(const struct mender *m);
/* The device's inside address, or identifier, as text; false: not known. */
bool mender_addr4(const struct mender *m, char *buf);
bool mender_iid(const struct mender *m, struct addr *ret);
/* Copy with the first `what` replaced, or NULL when it is not there. */
char *mend_swap(const char *s, const char *what, const char *by);

struct brand {
	const char *id, *name;
	struct capability caps[CAP_MAX];
	const struct model *models;
	size_t model_n;
	/* what else this brand has to say to line and plan; may be NULL */
	void (*fit)(const struct plan *p, struct sheet *s);
	void (*emit)(const struct plan *p, struct sheet *s);  /* text */
	void (*undo)(const struct plan *p, struct sheet *s);
	void (*steps)(const struct plan *p, struct sheet *s); /* screens */
	brand_looks *looks;
	brand_read *read; /* NULL until the brand has a reader */
	/* changes that only this brand's language knows; may be NULL */
	void (*mend)(const struct mender *m, struct mends *ret);
	/* its DHCP client (IPv4) hears below the filter, which need not let it pass */
	bool raw_dhcp;
	/* web pages only: what its owner is asked, until key is NULL; or NULL */
	const struct web_question *questions;
};

#define BRAND(name) extern const struct brand brand_##name;
#include "registry.def"
#undef BRAND

/* read.c: is `name` one of the comma-separated names? */
bool names_have(const char *names, const char *name);
/* The interface's role: by the hints, "lo", else false. */
bool read_role(const struct read_hints *h, const char *ifname,
	enum role *ret);

/*
 * A chain that every packet of that path must pass. With a family it does not
 * see the other one: its packets go past.
 */
void read_gate(struct pipeline *pl, enum path path, const char *name,
	enum family fam);

/*
 * Frames that pass below every IP filter (a bridge), and the line that says so.
 * The match returned, of every frame, is valid until the next.
 */
/*
 * Rules that stand in the text but decide nothing: switched off, or in no list
 * that is used. The auditor tells of one that would have helped.
 */
struct chain *read_unused(struct pipeline *pl);
struct match *read_bypass(struct pipeline *pl, unsigned line,
	const char *text);

/* plan.c */
void plan_make(const struct request *rq, const struct brand *b,
	struct plan *ret, struct sheet *s);
void plan_done(struct plan *p);
/* Leave out what the brand cannot do; that it is refused was said before. */
void plan_drop_refused(struct plan *p);
/* Somebody is to be reached from outside, whether the line allows it or not. */
bool plan_wanted(const struct plan *p);
bool plan_has(const struct plan *p, enum family fam);
/* The interface identifier of a device: 0 and low 64 bits, or -ENOENT. */
int plan_iid(const struct plan *p, size_t dev, struct addr *ret);
/*
 * The device's whole IPv6 address when prefix and identifier are known, else
 * a word in capitals that no router accepts ("CASA-IPV6"), so that a line
 * pasted unread is refused instead of opening something. buf: ADDRMASK_STR.
 */
char *plan_addr6(const struct plan *p, size_t dev, char *buf);
char *plan_addr4(const struct plan *p, size_t dev, char *buf);
/* "NAME-ike", "NAME-esp", ... unique within the plan. buf: ADDRMASK_STR */
char *plan_name(const struct plan *p, const struct opening *o, char *buf);
/* "" or "500" or "500<sep>600"; buf at least 16 */
char *plan_ports(const struct opening *o, const char *sep, char *buf);
/* "udp", "tcp", "esp", "ah" or the number; buf at least 8 */
char *plan_proto(const struct opening *o, char *buf);
/* Source as text, or any when it has none. buf: ADDRMASK_STR */
char *plan_src(const struct opening *o, const char *any, char *buf);

/* web.c: one step an opening, for pages whose fields are not known closely. */
void web_openings(const struct plan *p, struct sheet *s, enum family fam,
	enum src src, const char *menu);
/* The whole list where nothing of the maker's pages is known. */
void web_unknown(const struct plan *p, struct sheet *s);
void web_undo(const struct plan *p, struct sheet *s, enum src src,
	const char *menu);

/* sheet.c: all text is already translated by the caller. */
void sheet_say(struct sheet *s, enum section sec, enum part_kind k,
	enum src src, const char *fmt, ...) printf_like(5, 6);
/* menu: the words on the router's own screen */
void sheet_step(struct sheet *s, enum section sec, enum src src,
	const char *menu, const char *fmt, ...) printf_like(5, 6);
/* Begin a block of lines; where = file or prompt. */
void sheet_block(struct sheet *s, enum section sec, enum src src, bool main,
	const char *where, const char *fmt, ...) printf_like(6, 7);
/* Append to the block begun last. */
void sheet_line(struct sheet *s, const char *fmt, ...) printf_like(2, 3);
void sheet_verdict(struct sheet *s, enum verdict_kind v, const char *fmt, ...)
	printf_like(3, 4);
void sheet_warn(struct sheet *s, const struct plan *p, const struct span *at,
	const char *fmt, ...) printf_like(4, 5);
void sheet_refuse(struct sheet *s, const struct plan *p, const struct span *at,
	const char *fmt, ...) printf_like(4, 5);
const char *section_words(enum section sec);
const char *verdict_words(enum verdict_kind v);

#endif
