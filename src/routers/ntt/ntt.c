// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NTT home gateways: web pages only. Two traps shape this file: the level 標準
 * lets other subscribers of the FLET'S network in, and on contracts without
 * Hikari Denwa the IPv6 filter may not work at all. Words between quotation
 * marks are the gateway's own.
 */
#include "routers/brand.h"
#include "routers/web-read.h"
#include "base/tr.h"

#include <stdio.h>

static const struct model models[] = {
	{"pr-500", "NTT PR/RT/RX-500 series", "", "", 0, 0, 0, NULL, 0},
	{"pr-400", "NTT PR/RT/RX-400 series", "", "", 0, 0, 0, NULL, 0},
	{"pr-600", "NTT PR/RT/RX-600 series", "", "", 0, 0, 0, NULL, 0},
	{"xg-100ne", "NTT XG-100NE (10 Gbit/s)", "", "", 19, 128, 0,
		N_("Of this model only the IPv4 filter page is known from the manual; the IPv6 page is expected to look alike."),
		SRC_NTT_XG},
};

static void row6(const struct plan *p, const struct opening *o,
	struct sheet *s)
{
	char dst[ADDRMASK_STR], src[ADDRMASK_STR], port[16], proto[8];

	plan_addr6(p, o->dev, dst);
	plan_src(o, "::/0", src);
	plan_ports(o, "-", port);
	plan_proto(o, proto);
	sheet_step(s, SEC_SET, SRC_NTT_ROWS, NULL,
		_("種別 (kind) = 許可 (pass), 方向 (direction) = from outside to inside, プロトコル (protocol) = %s%s%s, 送信元プレフィックス (source) = %s, 宛先プレフィックス (destination) = %s/128."),
		proto, *port ? _(", port ") : "", port, src, dst);
}

static void ntt_steps(const struct plan *p, struct sheet *s)
{
	sheet_say(s, SEC_BEFORE, PART_CAUTION, SRC_NTT_NOPHONE,
		_("Without Hikari Denwa the gateway's IPv6 filter may not take effect, or its page may be missing. Then do not rely on it: put a router of your own with a filter behind it, and connect the home to that one."));
	sheet_step(s, SEC_BEFORE, SRC_NONE, "http://192.168.1.1/",
		_("Open the gateway's pages from a PC at home and write down or photograph what you are going to change."));
	sheet_step(s, SEC_SET, SRC_NTT_LEVEL, "「詳細設定」>「IPv6パケットフィルタ設定(IPoE)」>「セキュリティモード」",
		_("IPv6ファイアウォール機能 = 有効 (on), IPv6セキュリティのレベル = 高度 (high). 標準 (standard) lets other subscribers of the FLET'S network in."));
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == FAM_6)
			row6(p, &p->o[i], s);
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_REASONED,
		_("The page's list of protocols was not seen by us. If ESP is missing in it, look for the number 50."));
	sheet_step(s, SEC_SET, SRC_NONE, NULL,
		_("Save; then look at the page once more: the entries must be marked as active."));
}

static void ntt_undo(const struct plan *p, struct sheet *s)
{
	(void)p;
	sheet_step(s, SEC_UNDO, SRC_NTT_LEVEL, "「詳細設定」>「IPv6パケットフィルタ設定(IPoE)」",
		_("Delete the entries that were added for the device. Leave the level at 高度."));
}

const struct brand brand_ntt = {
	.id = "ntt",
	.name = "NTT home gateway",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_NTT_LEVEL},
		[CAP_ESP6] = {ANS_UNKNOWN, SRC_NTT_ROWS},
		[CAP_SUFFIX] = {ANS_NO, SRC_NTT_ROWS},
		[CAP_NDPROXY] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_STATE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_MAP] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_SOURCE] = {ANS_YES, SRC_NTT_ROWS},
		[CAP_TEXT] = {ANS_NO, SRC_NTT_LEVEL},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.undo = ntt_undo,
	.steps = ntt_steps,
	.looks = web_looks_ntt,
	.read = web_read,
	.mend = web_mend,
	.questions = web_questions_ntt,
};
