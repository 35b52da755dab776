// SPDX-License-Identifier: GPL-2.0-or-later
/* Any answers at all, then the judge: no crash, nothing on the terminal that
 * steers it, and no promise that the line's kind forbids. */
#include "line/line.h"
#include "line/outside.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void printable(const char *s, bool lines)
{
	for (; *s; s++)
		if (((unsigned char)*s < 0x20 && !(lines && *s == '\n')) ||
			*s == 0x7f || ((unsigned char)*s == 0xc2 &&
					      (unsigned char)s[1] < 0xa0))
			abort();
}

static struct rd chunk(struct rd *r)
{
	return rd_sub(r, MIN2((size_t)rd_be16(r), rd_left(r)));
}

static void servers(struct rd *r, unsigned what, struct line_evidence *e)
{
	struct rd c = chunk(r);
	size_t n = rd_left(&c);

	e->has_ra = what & 1 && ra_parse(c.p, n, &e->ra) == 0;
	c = chunk(r);
	n = rd_left(&c);
	e->has_dhcp6 = what & 2 && dhcp6_parse(c.p, n, &e->dhcp6) == 0;
	c = chunk(r);
	n = rd_left(&c);
	e->has_info = what & 4 && dhcp6_parse(c.p, n, &e->info) == 0;
	c = chunk(r);
	n = rd_left(&c);
	e->has_offer = what & 8 && dhcp4_parse(c.p, n, &e->offer) == 0;
}

static void outside(struct rd *r, unsigned what, struct line_evidence *e)
{
	static const uint8_t id[STUN_ID_LEN];
	struct stun_answer s = {0};
	struct addr ce = {{0}};
	struct rd c = chunk(r);

	(void)line_telling_addr(e, &ce);
	if (what & 16 && !hb46pp_json_parse((const char *)c.p, rd_left(&c), &ce,
				 &e->hb)) {
		e->hb.end = HB_GOOD;
		e->hb.checked = what & 32;
	}
	c = chunk(r);
	if (what & 64 && !stun_parse(c.p, rd_left(&c), id, &s) &&
		s.mapped.fam == FAM_4) {
		e->stun4.asked = e->stun4.answered = e->stun4.nat = true;
		e->stun4.seen = s.mapped;
		e->stun4.self.fam = FAM_4;
		e->stun4.self.addr = addr_from4(rd_be32(r));
	}
	e->names.asked = e->names.answered = what & 128;
	e->names.liar = what & 256;
	for (size_t i = 0; i < LINE_NAMES; i++) {
		uint8_t b = rd_u8(r);

		e->names.name[i].there = b & 1;
		e->names.name[i].reached = b & 2;
		e->names.name[i].addr = addr_from4(rd_be32(r));
	}
	e->hops.asked = what & 512;
	e->hops.n = rd_u8(r) % (LINE_HOPS_MAX + 1);
	for (size_t i = 0; i < e->hops.n; i++)
		e->hops.hop[i] = addr_from4(rd_be32(r));
}

static void check(const struct line_verdict *v)
{
	struct text t = TEXT_INIT;

	for (size_t i = 0; i < v->reason_n; i++)
		printable(v->reasons[i].text, false);
	line_meaning(v, &t);
	line_mape_words(&v->mape, &t);
	printable(text_str(&t), true);
	text_done(&t);
	printable(v->service_name, false);
	if ((v->v4 == V4_MAPE || v->v4 == V4_DSLITE || v->v4 == V4_CGN) && v->ike4)
		abort(); /* a shared address reaches nobody */
	if (v->v6 == V6_CLOSED && v->ike6)
		abort();
	if (v->mape.known && v->mape.offset &&
		v->mape.offset + v->mape.psid_len <= 16 &&
		mape_possible(v->mape.offset, v->mape.psid_len, 1))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct line_evidence e;
	struct rd r = rd_of(data, n);
	unsigned what = rd_be16(&r);
	struct line_verdict v;

	memset(&e, 0, sizeof(e));
	e.link = true;
	e.raw = !(what & 1024);
	e.at = what & 2048 ? AT_HOST : AT_GATEWAY;
	e.has_pado = what & 4096;
	servers(&r, what, &e);
	outside(&r, what, &e);
	e.own4_n = what & 8192 ? 1 : 0;
	e.own4[0] = addr_from4(rd_be32(&r));
	line_judge(&e, &v);
	check(&v);
	line_verdict_done(&v);
	return 0;
}
