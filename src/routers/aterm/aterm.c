// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NEC Aterm: web pages only. Words between quotation marks are the router's
 * own and stay Japanese in both languages.
 */
#include "routers/brand.h"
#include "routers/web-read.h"
#include "base/tr.h"

#include <stdio.h>

enum { Q_MODE_KNOWN = 1, /* the page of the IPv6 mode was seen by an owner */
	ENTRIES_MAX = 50, SYSTEM_ENTRIES = 18 };

static const struct model models[] = {
	{"wg1200hp3", "NEC Aterm WG1200HP3", "", "", SYSTEM_ENTRIES + 1,
		ENTRIES_MAX, 0,
		N_("The WG1200HP3 is on NEC's list of 59 models with several security holes. Update its firmware, and think of replacing it."),
		SRC_ATERM_HOLES},
	{"wx3000hp", "NEC Aterm WX3000HP", "", "", SYSTEM_ENTRIES + 1,
		ENTRIES_MAX, Q_MODE_KNOWN, NULL, 0},
	{"aterm", "NEC Aterm (same family of pages)", "", "",
		SYSTEM_ENTRIES + 1, ENTRIES_MAX, 0, NULL, 0},
};

/* The protocol column as the page words it. */
static char *proto_field(const struct opening *o, char *buf)
{
	if (o->proto == N_UDP)
		return strcpy(buf, "UDP");
	if (o->proto == N_TCP)
		return strcpy(buf, "TCP");
	snprintf(buf, 64, "その他 %u", o->proto);
	return buf;
}

static void step6(const struct plan *p, const struct opening *o,
	struct sheet *s)
{
	char dst[ADDRMASK_STR], src[ADDRMASK_STR], port[16], proto[64];

	plan_addr6(p, o->dev, dst);
	plan_src(o, "any", src);
	plan_ports(o, "-", port);
	proto_field(o, proto);
	sheet_step(s, SEC_SET, SRC_ATERM_F6, "「追加」",
		_("種別 (kind) = 通過 (pass), 方向 (direction) = in, プロトコル (protocol) = %s, 送信元 (source) = %s, 宛先 (destination) = %s/128%s%s. Save."),
		proto, src, dst, *port ? _(", 宛先ポート (destination port) = ") : "", port);
}

static void filter6(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_SET, SRC_ATERM_F6, "「詳細設定」>「IPv6パケットフィルタ設定」",
		_("Choose the WAN side as the interface. Up to %u entries can be made; they are tried in order of priority."),
		ENTRIES_MAX);
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == FAM_6)
			step6(p, &p->o[i], s);
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_REASONED,
		_("Do not add an entry that passes everything. The entries above only help where the router refuses the rest by itself (SPI on)."));
}

static void mode6(const struct plan *p, struct sheet *s)
{
	if (p->model->quirks & Q_MODE_KNOWN)
		sheet_step(s, SEC_SET, SRC_ATERM_MODE, "「基本設定」>「IPv6動作モード」",
			_("Do not choose the bridge (IPv6ブリッジ): it carries frames past every filter. Choose the ND proxy or router mode the list offers for your line."));
	else
		sheet_step(s, SEC_SET, SRC_REASONED, NULL,
			_("Find the IPv6 mode in the basic settings (on a sister model: 「基本設定」>「IPv6動作モード」). Do not choose the bridge (IPv6ブリッジ); choose the ND proxy or router mode."));
}

static void steps4(const struct plan *p, struct sheet *s)
{
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_BLOG,
		_("The blog's author made port mapping of ESP work on a WG1200HP3. The exact word for ESP in the list was not found in any manual: look for ESP, or for その他 with the number 50."));
	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];
		char a[ADDRMASK_STR], port[16], proto[64];

		if (o->fam != FAM_4)
			continue;
		plan_addr4(p, o->dev, a);
		plan_ports(o, "-", port);
		proto_field(o, proto);
		sheet_step(s, SEC_SET, o->has_port ? SRC_BLOG : SRC_REASONED,
			"「詳細設定」>「ポートマッピング設定」",
			_("Add: LAN側ホスト (inside host) = %s, プロトコル (protocol) = %s%s%s."), a,
			proto, *port ? _(", ポート番号 (port) = ") : "", port);
	}
	sheet_step(s, SEC_SET, SRC_ATERM_F4, "「詳細設定」>「パケットフィルタ設定」",
		_("Only if a filter of your own refuses these packets: add entries that pass them. Entries 1 to %u belong to the system; use %u and above."),
		SYSTEM_ENTRIES, p->first);
}

static void aterm_steps(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_BEFORE, SRC_NONE, "http://192.168.10.1/",
		_("Open the router's pages from a PC at home (http://aterm.me/ may work too) and write down or photograph what you are going to change."));
	if (plan_has(p, FAM_6)) {
		mode6(p, s);
		filter6(p, s);
	}
	if (plan_has(p, FAM_4))
		steps4(p, s);
	sheet_step(s, SEC_SET, SRC_NONE, "「保存」",
		_("Save; on some models a restart is asked for."));
}

static void aterm_undo(const struct plan *p, struct sheet *s)
{
	if (plan_has(p, FAM_6))
		sheet_step(s, SEC_UNDO, SRC_ATERM_F6, "「詳細設定」>「IPv6パケットフィルタ設定」",
			_("Delete the entries that were added for the device."));
	if (plan_has(p, FAM_4))
		sheet_step(s, SEC_UNDO, SRC_BLOG, "「詳細設定」>「ポートマッピング設定」",
			_("Delete the mappings that were added for the device."));
}

static void aterm_fit(const struct plan *p, struct sheet *s)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->o[i].fam == FAM_6;
	if (n > ENTRIES_MAX)
		sheet_refuse(s, p, &p->o[ENTRIES_MAX].at,
			_("the page takes %u entries, these wishes need %zu"),
			ENTRIES_MAX, n);
}

const struct brand brand_aterm = {
	.id = "aterm",
	.name = "NEC Aterm",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_ATERM_F6},
		[CAP_ESP6] = {ANS_YES, SRC_ATERM_F6},
		[CAP_SUFFIX] = {ANS_NO, SRC_ATERM_F6},
		[CAP_NDPROXY] = {ANS_YES, SRC_BLOG},
		[CAP_ESP_STATE] = {ANS_UNKNOWN, SRC_ATERM_SPI},
		[CAP_ESP_MAP] = {ANS_YES, SRC_BLOG},
		[CAP_SOURCE] = {ANS_YES, SRC_ATERM_F6},
		[CAP_TEXT] = {ANS_NO, SRC_ATERM_F6},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.fit = aterm_fit,
	.undo = aterm_undo,
	.steps = aterm_steps,
	.looks = web_looks_aterm,
	.read = web_read,
	.mend = web_mend,
	.questions = web_questions_aterm,
};
