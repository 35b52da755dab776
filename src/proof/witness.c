// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One packet out of a set, such as a person would think of. Wishes are fixed
 * bits; each is kept if the set has a member with it and all kept before. No
 * diagram is built.
 */
#include "proof/own.h"

#include <string.h>

struct wishes {
	struct proof *pr;
	bdd set;
	int8_t fix[VARS]; /* 0, 1, or -1: free */
	bool clash;	  /* with a wish that was kept */
	/* how set was met last: 0, 1, or ANY where it did not ask */
	uint8_t way[VARS];
};
enum { ANY = 2 };

static void fix_bit(struct wishes *w, unsigned var, unsigned bit)
{
	w->clash |= w->fix[var] >= 0 && w->fix[var] != (int8_t)bit;
	w->fix[var] = (int8_t)bit;
}

/* The member that was met last grants all wishes as it is. */
static bool granted(const struct wishes *w)
{
	for (unsigned i = 0; i < VARS; i++)
		if (w->fix[i] >= 0 && w->way[i] != ANY &&
			w->way[i] != w->fix[i])
			return false;
	return true;
}

static bool meet(struct wishes *w)
{
	uint8_t way[VARS];

	memset(way, ANY, sizeof(way));
	if (!bdd_meets(w->pr->w, w->set, w->fix, way))
		return false;
	memcpy(w->way, way, sizeof(way));
	return true;
}

/* Keep what was fixed since, or take it back. */
static bool keep(struct wishes *w, const struct wishes *before)
{
	if (!w->clash && (granted(w) || meet(w)))
		return true;
	*w = *before;
	return false;
}

static void fix_number(struct wishes *w, enum slot s, uint32_t v)
{
	const struct place *p = &places[s];

	for (unsigned i = 0; i < p->bits; i++)
		fix_bit(w, p->at + i, v >> (p->bits - 1 - i) & 1);
}

static bool number(struct wishes *w, enum slot s, uint32_t v)
{
	struct wishes before = *w;

	fix_number(w, s, v);
	return keep(w, &before);
}

/* The upper `len` bits of v. */
static bool upper(struct wishes *w, enum slot s, uint32_t v, unsigned len)
{
	const struct place *p = &places[s];
	struct wishes before = *w;

	for (unsigned i = 0; i < len; i++)
		fix_bit(w, p->at + i, v >> (p->bits - 1 - i) & 1);
	return keep(w, &before);
}

static bool address(struct wishes *w, enum slot s, const char *text)
{
	struct wishes before = *w;
	struct addrmask m;

	if (addrmask_parse(text, &m))
		return false;
	fix_number(w, S_FAMILY, m.fam == FAM_6);
	for (unsigned i = 0; i < 128; i++)
		if (m.mask.b[i / 8] >> (7 - i % 8) & 1)
			fix_bit(w, places[s].at + i,
				m.value.b[i / 8] >> (7 - i % 8) & 1);
	return keep(w, &before);
}

/* A service that should not be open comes before one that may be. */
static void service(struct wishes *w)
{
	static const struct {
		uint8_t proto;
		uint16_t port;
	} rows[] = {{PROTO_TCP, 22}, {PROTO_TCP, 445}, {PROTO_TCP, 80},
		{PROTO_TCP, 443}, {PROTO_TCP, 3389}, {PROTO_UDP, 53},
		{PROTO_UDP, 161}, {PROTO_UDP, 500}, {PROTO_UDP, 4500},
		{PROTO_ESP, 0}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wishes before = *w;

		fix_number(w, S_PROTO, rows[i].proto);
		fix_number(w, S_DPORT, rows[i].port);
		if (keep(w, &before))
			return;
	}
	number(w, S_PROTO, PROTO_TCP);
}

static void smallest(struct wishes *w, uint8_t bits[VARS])
{
	for (unsigned i = 0; i < VARS; i++)
		bits[i] = w->fix[i] > 0;
	bdd_meets(w->pr->w, w->set, w->fix, bits);
}

/* Plain, new, from outside to inside, from somebody that anybody can be. */
static void usual(struct wishes *w)
{
	static const char *const senders[] = {"2600:1f18::bad",
		"2a01:4f8::bad", "2000::/3", "151.101.1.1"};
	bool from = false;

	number(w, S_CT, CT_NEW);
	number(w, S_IN, ROLE_WAN);
	number(w, S_OUT, ROLE_LAN);
	number(w, S_FRAG, FRAG_NONE);
	number(w, S_EXT, 0);
	number(w, S_DNAT, 0);
	service(w);
	number(w, S_FLAGS, TCP_SYN);
	for (size_t i = 0; i < ARRAY_LEN(senders) && !from; i++)
		from = address(w, S_SRC, senders[i]);
	if (!number(w, S_SPORT, 40000))
		upper(w, S_SPORT, 0xc000, 2);
}

static void search(struct proof *pr, bdd set, struct packet *ret)
{
	static const char *const homes[] = {"2404:7a80:1:1::/64", "2400::/12",
		"::211:22ff:fe33:4455/-64", "119.104.5.6" /* some line's own */,
		"192.168.1.9", "192.168.0.0/16"};
	struct wishes w = {.pr = pr, .set = set};
	uint8_t bits[VARS];

	memset(w.fix, -1, sizeof(w.fix));
	meet(&w);
	usual(&w);
	for (size_t i = 0; i < ARRAY_LEN(homes); i++)
		address(&w, S_DST, homes[i]);
	number(&w, S_SPI, 256);
	smallest(&w, bits);
	space_packet(bits, ret);
}

/* Trials ask for the same sets again and again. */
bool proof_witness(struct proof *pr, pset s, struct packet *ret)
{
	bdd set = bdd_and(pr->w, s, pr->universe);
	struct met *m = &pr->met[set % MET_MAX];

	if (set == BDD_NO)
		return false;
	if (m->set != set) {
		bdd_release(pr->w, m->set);
		m->set = bdd_hold(pr->w, set);
		search(pr, set, &m->packet);
	}
	*ret = m->packet;
	return true;
}
