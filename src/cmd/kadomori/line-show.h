/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KADOMORI_CMD_LINE_SHOW_H
#define KADOMORI_CMD_LINE_SHOW_H

#include "line/line.h"

/* The verdict with its evidence on stdout, as text or as JSON. */
void line_show(const struct line_evidence *e, const struct line_verdict *v,
	bool json);

#endif
