// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ELECOM: web pages. No manual page with an IPv6 filter that takes a host and a
 * protocol was found, so the steps say what to look for, not where it is.
 */
#include "routers/brand.h"
#include "routers/web-read.h"
#include "base/tr.h"

static const struct model models[] = {
	{"elecom", "ELECOM", "", "", 0, 0, 0,
		N_("No page of a manual was found that shows an IPv6 filter or ESP on this maker's routers. Everything on this sheet is unverified: look whether the page exists before you rely on it."),
		SRC_WEB_NONE},
};

static void elecom_steps(const struct plan *p, struct sheet *s)
{
	web_unknown(p, s);
}

static void elecom_undo(const struct plan *p, struct sheet *s)
{
	web_undo(p, s, SRC_WEB_NONE, NULL);
}

const struct brand brand_elecom = {
	.id = "elecom",
	.name = "ELECOM",
	.caps = {
		[CAP_FILTER6] = {ANS_UNKNOWN, SRC_WEB_NONE},
		[CAP_ESP6] = {ANS_UNKNOWN, SRC_WEB_NONE},
		[CAP_SUFFIX] = {ANS_UNKNOWN, SRC_WEB_NONE},
		[CAP_NDPROXY] = {ANS_UNKNOWN, SRC_WEB_NONE},
		[CAP_ESP_STATE] = {ANS_UNKNOWN, SRC_WEB_NONE},
		[CAP_ESP_MAP] = {ANS_UNKNOWN, SRC_WEB_NONE},
		[CAP_SOURCE] = {ANS_UNKNOWN, SRC_WEB_NONE},
		[CAP_TEXT] = {ANS_NO, SRC_WEB_NONE},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.undo = elecom_undo,
	.steps = elecom_steps,
	.looks = web_looks_elecom,
	.read = web_read,
	.mend = web_mend,
	.questions = web_questions_any,
};
