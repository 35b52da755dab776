// SPDX-License-Identifier: GPL-2.0-or-later
/* ASUS: an IPv6 firewall page that refuses unknown traffic by default. */
#include "routers/brand.h"
#include "routers/web-read.h"
#include "base/tr.h"

static const struct model models[] = {
	{"asus", "ASUS router", "", "", 0, 0, 0, NULL, 0},
};

static void asus_steps(const struct plan *p, struct sheet *s)
{
	if (plan_has(p, FAM_6)) {
		sheet_step(s, SEC_SET, SRC_ASUS_FAQ, "「ファイアウォール」>「IPv6ファイアウォール」",
			_("Leave the firewall on: it refuses what was not asked for. Then add a rule for each line below, with the device as the inside host."));
		web_openings(p, s, FAM_6, SRC_ASUS_FAQ,
			"「ファイアウォール」>「IPv6ファイアウォール」");
	}
	if (plan_has(p, FAM_4))
		web_openings(p, s, FAM_4, SRC_REASONED, NULL);
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_REASONED,
		_("Whether the list of protocols offers ESP was not seen. If it does not, this router cannot let ESP in; use another one for the device."));
}

static void asus_undo(const struct plan *p, struct sheet *s)
{
	web_undo(p, s, SRC_ASUS_FAQ,
		"「ファイアウォール」>「IPv6ファイアウォール」");
}

const struct brand brand_asus = {
	.id = "asus",
	.name = "ASUS",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_ASUS_FAQ},
		[CAP_ESP6] = {ANS_UNKNOWN, SRC_ASUS_FAQ},
		[CAP_SUFFIX] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_NDPROXY] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_STATE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_MAP] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_SOURCE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_TEXT] = {ANS_NO, SRC_ASUS_FAQ},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.undo = asus_undo,
	.steps = asus_steps,
	.looks = web_looks_asus,
	.read = web_read,
	.mend = web_mend,
	.questions = web_questions_any,
};
