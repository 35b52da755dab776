// SPDX-License-Identifier: GPL-2.0-or-later
/* Buffalo: web pages; the IPv6 modes are known, the filter's fields are not. */
#include "routers/brand.h"
#include "routers/web-read.h"
#include "base/tr.h"

static const struct model models[] = {
	{"buffalo", "Buffalo AirStation", "", "", 0, 0, 0, NULL, 0},
	{"whr-1900dhp3", "Buffalo WHR-1900DHP3", "", "", 0, 0, 0,
		N_("The blog's author ran his device behind this model with the ND proxy and a filter."),
		SRC_BLOG},
};

static void buffalo_steps(const struct plan *p, struct sheet *s)
{
	if (plan_has(p, FAM_6)) {
		sheet_step(s, SEC_SET, SRC_BUFFALO, "「IPv6接続方法」",
			_("Choose NDプロキシを使用 (use the ND proxy) on a line with one /64. Never IPv6ブリッジを使用 (bridge, pass-through): it carries frames past every filter."));
		web_openings(p, s, FAM_6, SRC_REASONED, NULL);
	}
	if (plan_has(p, FAM_4))
		web_openings(p, s, FAM_4, SRC_REASONED, NULL);
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_REASONED,
		_("The fields of the filter page were not found in any manual; whether it offers ESP is not known."));
}

static void buffalo_undo(const struct plan *p, struct sheet *s)
{
	web_undo(p, s, SRC_REASONED, NULL);
}

const struct brand brand_buffalo = {
	.id = "buffalo",
	.name = "Buffalo",
	.caps = {
		[CAP_FILTER6] = {ANS_UNKNOWN, SRC_BUFFALO},
		[CAP_ESP6] = {ANS_UNKNOWN, SRC_BLOG},
		[CAP_SUFFIX] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_NDPROXY] = {ANS_YES, SRC_BUFFALO},
		[CAP_ESP_STATE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_MAP] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_SOURCE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_TEXT] = {ANS_NO, SRC_BUFFALO},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.undo = buffalo_undo,
	.steps = buffalo_steps,
	.looks = web_looks_buffalo,
	.read = web_read,
	.mend = web_mend,
	.questions = web_questions_buffalo,
};
