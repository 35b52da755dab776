/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers about a router that has web pages only -> pipeline. */
#ifndef KADOMORI_ROUTERS_WEB_READ_H
#define KADOMORI_ROUTERS_WEB_READ_H

#include "routers/brand.h"

/* Brands whose pages were asked about; see web-ask.c for the answers' words. */
brand_read web_read;
brand_looks web_looks_aterm, web_looks_ntt, web_looks_buffalo, web_looks_iodata,
	web_looks_elecom, web_looks_tplink, web_looks_au, web_looks_asus,
	web_looks_nuro;

/* web-mend.c */
void web_mend(const struct mender *m, struct mends *ret);

/* web-ask.c: the questions, in the order of the pages. */
extern const struct web_question web_questions_aterm[], web_questions_ntt[],
	web_questions_buffalo[], web_questions_any[];

#endif
