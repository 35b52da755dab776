// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file of bindings: one a line, numbers in hexadecimal,
 *
 *	in PEER HOST SPI SEQ
 *	ike PEER HOST SPI_I SPI_R
 *
 * Open and shared SPIs are not written: what is not sure is learnt again.
 */
#include "espnat/espnat.h"

#include <inttypes.h>
#include <stdio.h>

enum { LINE_LEN = 128 };

static void save_in(void *arg, const struct espnat_sa *s)
{
	if (s->host)
		text_addf(arg, "in %08x %08x %08x %x\n", s->peer, s->host,
			s->spi, s->seq);
}

static void save_ike(void *arg, const struct espnat_ike *k)
{
	text_addf(arg, "ike %08x %08x %016" PRIx64 " %016" PRIx64 "\n", k->peer,
		k->host, k->spi_i, k->spi_r);
}

void espnat_save(const struct espnat *e, msec_t now, struct text *out)
{
	(void)now;
	text_add(out, "kadomori-esp 1\n");
	espnat_each_ike(e, save_ike, out);
	espnat_each_in(e, save_in, out);
}

static unsigned one_line(struct espnat *e, msec_t now, const char *line)
{
	uint32_t peer, host, spi, seq;
	uint64_t i, r;
	int end = 0;

	if (sscanf(line, "in %" SCNx32 " %" SCNx32 " %" SCNx32 " %" SCNx32 "%n",
			&peer, &host, &spi, &seq, &end) == 4 && !line[end]) {
		espnat_restore_in(e, now, peer, host, spi, seq);
		return 1;
	}
	if (sscanf(line, "ike %" SCNx32 " %" SCNx32 " %" SCNx64 " %" SCNx64 "%n",
			&peer, &host, &i, &r, &end) == 4 && !line[end]) {
		espnat_restore_ike(e, now, peer, host, i, r);
		return 1;
	}
	return 0;
}

unsigned espnat_restore(struct espnat *e, msec_t now, const char *text, size_t n)
{
	const char *end = text + n;
	char line[LINE_LEN];
	unsigned got = 0;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((nl ? nl : end) - text);

		if (len < sizeof(line)) {
			memcpy(line, text, len);
			line[len] = '\0';
			got += one_line(e, now, line);
		}
		text += len + 1;
	}
	return got;
}
