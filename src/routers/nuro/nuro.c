// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NURO's ONUs: treat them as open. Owners found the IPv6 firewall off or absent,
 * and lines from 2024 on share their IPv4 address (MAP-E).
 */
#include "routers/brand.h"
#include "routers/web-read.h"
#include "base/tr.h"

static const struct model models[] = {
	{"nuro-onu", "NURO ONU (HG8045Q, F660A, F660T)", "", "", 0, 0, 0, NULL, 0},
	{"f660p", "NURO ONU ZXHN F660P", "", "", 0, 0, 0,
		N_("On lines from 2024 the IPv4 address is shared (MAP-E): port mapping cannot work, and its page is grey."),
		SRC_NURO_OPEN},
};

static void nuro_steps(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_SET, SRC_NURO_OPEN, NULL,
		_("Do not rely on this box for filtering IPv6. Connect a router of your own with an IPv6 filter to it (or a kadomori gateway), and the whole home, the device too, to that one. Then use the sheet of that router."));
	if (plan_has(p, FAM_4))
		web_openings(p, s, FAM_4, SRC_REASONED, NULL);
}

static void nuro_undo(const struct plan *p, struct sheet *s)
{
	web_undo(p, s, SRC_REASONED, NULL);
}

const struct brand brand_nuro = {
	.id = "nuro",
	.name = "NURO ONU",
	.caps = {
		[CAP_FILTER6] = {ANS_NO, SRC_NURO_OPEN},
		[CAP_ESP6] = {ANS_UNKNOWN, SRC_NURO_OPEN},
		[CAP_SUFFIX] = {ANS_NO, SRC_NONE},
		[CAP_NDPROXY] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_STATE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_MAP] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_SOURCE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_TEXT] = {ANS_NO, SRC_NURO_OPEN},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.undo = nuro_undo,
	.steps = nuro_steps,
	.looks = web_looks_nuro,
	.read = web_read,
	.mend = web_mend,
	.questions = web_questions_any,
};
