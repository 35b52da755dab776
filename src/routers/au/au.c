// SPDX-License-Identifier: GPL-2.0-or-later
/* au home gateways: made by NEC, pages of the Aterm family. */
#include "routers/brand.h"
#include "routers/web-read.h"
#include "base/tr.h"

enum { SYSTEM_ENTRIES = 18, ENTRIES_MAX = 50 };

static const struct model models[] = {
	{"bl3000hm", "au home gateway BL3000HM", "", "", SYSTEM_ENTRIES + 1,
		ENTRIES_MAX, 0, NULL, 0},
	{"bl1000hw", "au home gateway BL1000HW", "", "", SYSTEM_ENTRIES + 1,
		ENTRIES_MAX, 0, NULL, 0},
};

static void au_steps(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_BEFORE, SRC_NONE, "http://192.168.0.1/",
		_("Open the gateway's pages from a PC at home and write down or photograph what you are going to change."));
	if (plan_has(p, FAM_4)) {
		web_openings(p, s, FAM_4, SRC_REASONED, "「ポートマッピング設定」");
		sheet_step(s, SEC_SET, SRC_AU_BL, "「パケットフィルタ設定」",
			_("Only if a filter of your own refuses these packets: add entries that pass them. Entries 1 to %u belong to the system; use %u and above."),
			SYSTEM_ENTRIES, SYSTEM_ENTRIES + 1);
	}
	if (plan_has(p, FAM_6))
		web_openings(p, s, FAM_6, SRC_REASONED, NULL);
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_REASONED,
		_("For ESP look for その他 (other) with the number 50, as on the maker's other routers."));
}

static void au_undo(const struct plan *p, struct sheet *s)
{
	web_undo(p, s, SRC_AU_BL, "「パケットフィルタ設定」");
}

const struct brand brand_au = {
	.id = "au",
	.name = "au home gateway",
	.caps = {
		[CAP_FILTER6] = {ANS_UNKNOWN, SRC_AU_BL},
		[CAP_ESP6] = {ANS_UNKNOWN, SRC_AU_BL},
		[CAP_SUFFIX] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_NDPROXY] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_STATE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_MAP] = {ANS_UNKNOWN, SRC_AU_BL},
		[CAP_SOURCE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_TEXT] = {ANS_NO, SRC_AU_BL},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.undo = au_undo,
	.steps = au_steps,
	.looks = web_looks_au,
	.read = web_read,
	.mend = web_mend,
	.questions = web_questions_any,
};
