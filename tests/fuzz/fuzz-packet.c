// SPDX-License-Identifier: GPL-2.0-or-later
/* A packet in words: what is understood comes back the same from its own words. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct packet p, q;
	char *why = NULL, *words = malloc(n + 1), *again;

	memcpy(words, data, n);
	words[n] = '\0';
	if (packet_parse(words, &p, &why) == 0) {
		again = packet_format(&p);
		if (packet_parse(again, &q, &why))
			abort();
		free(again);
	}
	free(why);
	free(words);
	return 0;
}
