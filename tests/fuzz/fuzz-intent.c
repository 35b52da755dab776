// SPDX-License-Identifier: GPL-2.0-or-later
/* The grammar on any bytes: no crash, and refused text always says why. */
#include "intent/intent.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct intent *in = intent_new();
	struct complaints c = {0};
	struct text out = TEXT_INIT;
	char *body = xstrndup((const char *)p, n);
	int rc = intent_parse(in, "fuzz.conf", body, false, &c);

	complaints_print(&c, &out);
	if ((rc != 0) != c.errors || (rc && !out.len))
		abort();
	text_done(&out);
	complaints_done(&c);
	intent_free(in);
	free(body);
	return 0;
}
