// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text through the grammar, and what it accepts on through the compiler and
 * the emitter; complaints are printed, because they quote the text.
 */
#include "intent/intent.h"
#include "nft/nft.h"
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct intent *in = intent_new();
	struct complaints c = {0};
	struct facts f = {.lenient = n & 1};
	struct policy *pol = NULL;
	struct text out = TEXT_INIT;
	char *body = malloc(n + 1);

	memcpy(body, data, n);
	body[n] = '\0';
	if (!intent_parse(in, "fuzz.conf", body, false, &c) &&
		!policy_compile(in, &f, &c, &pol))
		nft_emit(pol, &out);
	complaints_print(&c, &out);
	text_done(&out);
	complaints_done(&c);
	policy_free(pol);
	intent_free(in);
	free(body);
	return 0;
}
