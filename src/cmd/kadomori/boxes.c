// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A box of packets in the reader's language. English is the grammar itself, which
 * "ask" takes again; other languages put their words in its place.
 */
#include "command.h"
#include "reading.h"

#include <string.h>

/*
 * Longest first where one begins like another. The key is no English sentence:
 * "port" alone means other things elsewhere.
 */
static const struct {
	const char *phrase, *key;
} phrases[] = {
	{"in wan out lan new", N_("box: in wan out lan new")},
	{"in wan out self new", N_("box: in wan out self new")},
	{"in wan out wan,lan,segment new", N_("box: in wan out wan,lan,segment new")},
	{"any protocol", N_("box: any protocol")},
	{"any but", N_("box: any but")},
	{"any", N_("box: any")},
	{"from", N_("box: from")},
	{"to", N_("box: to")},
	{"port", N_("box: port")},
	{"type", N_("box: type")},
	{"code", N_("box: code")},
	{"except", N_("box: except")},
	{"new", N_("box: new")},
	{"established,related", N_("box: established,related")},
};

static size_t phrase_at(const char *s, size_t n, const char **say)
{
	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		const char *phrase = phrases[i].phrase;
		size_t k = strlen(phrase);

		if (n < k || memcmp(s, phrase, k) || (n > k && s[k] != ' '))
			continue;
		*say = _(phrases[i].key);
		if (!strcmp(*say, phrases[i].key))
			*say = phrase;
		return k;
	}
	return 0;
}

char *box_words(const char *line, size_t n)
{
	struct text t = TEXT_INIT;

	for (size_t i = 0; i < n;) {
		const char *say;
		size_t k = phrase_at(line + i, n - i, &say);

		if (k) {
			text_add(&t, say);
			i += k;
		}
		/* to the next word, or what stands in brackets before it */
		while (i < n && line[i] != ' ')
			text_addc(&t, line[i++]);
		while (i < n && (line[i] == ' ' || line[i] == '('))
			text_addc(&t, line[i++]);
	}
	return text_take(&t);
}
