// SPDX-License-Identifier: GPL-2.0-or-later
#include "routers/clean.h"
#include "routers/routers.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>

/* ---- which encoding ---- */

/* Length of the well-formed UTF-8 sequence at s, 0: none. */
static size_t utf8_at(const unsigned char *s, size_t n)
{
	size_t k = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2
		 : (*s & 0xf0) == 0xe0 ? 3 : *s >= 0xf0 && *s < 0xf5 ? 4 : 0;

	if (k > n)
		return 0;
	for (size_t i = 1; i < k; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return k;
}

static size_t euc_at(const unsigned char *s, size_t n)
{
	if (*s < 0x80)
		return 1;
	if (*s == 0x8e)	/* one-column katakana */
		return n > 1 && s[1] >= 0xa1 && s[1] <= 0xdf ? 2 : 0;
	return n > 1 && *s >= 0xa1 && *s <= 0xfe && s[1] >= 0xa1 ? 2 : 0;
}

static size_t sjis_at(const unsigned char *s, size_t n)
{
	if (*s < 0x80 || (*s >= 0xa1 && *s <= 0xdf))
		return 1;
	if (n < 2 || *s == 0x80 || *s == 0xa0 || *s > 0xfc)
		return 0;
	return s[1] >= 0x40 && s[1] != 0x7f && s[1] <= 0xfc ? 2 : 0;
}

static bool all_are(size_t (*at)(const unsigned char *, size_t), const char *s,
	size_t n)
{
	for (size_t i = 0, k; i < n; i += k) {
		k = at((const unsigned char *)s + i, n - i);
		if (!k)
			return false;
	}
	return true;
}

struct encoding {
	const char *name; /* iconv's */
	size_t (*at)(const unsigned char *, size_t);
};

/*
 * Lines that are no UTF-8 decide: EUC-JP when all of them can be, for two
 * letters in that range are rare in Shift_JIS, else Shift_JIS.
 */
static const struct encoding *encoding_of(const char *text)
{
	static const struct encoding euc = {"EUC-JP", euc_at},
		sjis = {"CP932", sjis_at};

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (!all_are(utf8_at, text, n) && !all_are(euc_at, text, n))
			return &sjis;
	}
	return &euc;
}

/* Letter by letter, so that one that is broken does not take others along. */
static void convert(const char *s, size_t n, const struct encoding *e,
	struct text *out)
{
	iconv_t cd = iconv_open("UTF-8", e->name);

	for (size_t i = 0, k; i < n; i += k) {
		char buf[8], *in = (char *)(uintptr_t)(s + i), *to = buf;
		size_t left = sizeof(buf);
		size_t have;

		for (k = 0; i + k < n && (unsigned char)s[i + k] < 0x80; k++)
			;
		text_addn(out, s + i, k);
		if (k)
			continue;
		k = e->at((const unsigned char *)s + i, n - i);
		have = k;
		if (k && cd != (iconv_t)-1 &&
			iconv(cd, &in, &have, &to, &left) != (size_t)-1)
			text_addn(out, buf, sizeof(buf) - left);
		else
			text_addc(out, '?');
		k += !k;
	}
	if (cd != (iconv_t)-1)
		iconv_close(cd);
}

/* ISO-2022-JP: ESC $ B, pairs of seven-bit letters, ESC ( B. */
static size_t jis_run(const char *s, size_t n, struct text *out)
{
	static const struct encoding euc = {"EUC-JP", euc_at};
	struct text t = TEXT_INIT;
	size_t i = 3;

	if (n < 3 || s[1] != '$' || (s[2] != 'B' && s[2] != '@'))
		return 0;
	for (; i < n && s[i] != '\033'; i++)
		text_addc(&t, (char)(s[i] | 0x80));
	convert(text_str(&t), t.len, &euc, out);
	text_done(&t);
	if (i + 2 < n && s[i + 1] == '(')
		return i + 3;
	return i;
}

/* ---- the screen ---- */

/* How long the control sequence at s is: ESC [ ... letter, ESC x. */
static size_t escape(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 2 || s[1] != '[')
		return MIN2(n, (size_t)2);
	while (i < n && !isalpha((unsigned char)s[i]))
		i++;
	return MIN2(n, i + 1);
}

static void put(struct text *t, size_t *at, char c)
{
	if (*at < t->len)
		t->s[*at] = c;
	else
		text_addc(t, c);
	++*at;
}

/* What stands on the screen once the line's control characters were obeyed. */
static void screen(const char *s, size_t n, struct text *t)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t jis;

		if (s[i] == '\b') {
			at -= at > 0;
		} else if (s[i] == '\r') {
			at = 0;
		} else if (s[i] == '\033') {
			jis = at == t->len ? jis_run(s + i, n - i, t) : 0;
			if (jis)
				at = t->len;
			else if (i + 2 < n && s[i + 1] == '[' &&
				s[i + 2] == 'K' && at < t->len)
				t->s[t->len = at] = '\0';
			i += (jis ? jis : escape(s + i, n - i)) - 1;
		} else {
			put(t, &at, s[i]);
		}
	}
}

/* "--More--", "---(more 40%)---", "---つづく---" are the pager's, not ours. */
static size_t pager(const char *s, size_t n)
{
	static const char *const marks[] = {"--More--", "-- More --",
		"---more---", "---(more", "---\xe3\x81\xa4\xe3\x81\xa5\xe3\x81\x8f---"};
	const char *end;

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		size_t k = strlen(marks[i]);

		if (n < k || memcmp(s, marks[i], k))
			continue;
		if (marks[i][k - 1] == '-')
			return k;
		end = memmem(s, n, ")---", 4);
		return end ? (size_t)(end - s) + 4 : n;
	}
	return 0;
}

static void add_line(const char *s, size_t n, struct text *out)
{
	size_t skip = strspn(s, " ");
	size_t k = skip < n ? pager(s + skip, n - skip) : 0;

	if (k) {
		s += skip + k;
		n -= skip + k;
	}
	text_addn(out, s, n);
}

char *clean_text(const char *text)
{
	const struct encoding *e = encoding_of(text);
	struct text out = TEXT_INIT, line = TEXT_INIT, utf = TEXT_INIT;

	if (!strncmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	while (*text) {
		size_t n = strcspn(text, "\n");
		const char *s = text, *end = text + n;

		text += n + (text[n] == '\n');
		while (n && s[n - 1] == '\r')
			n--;
		text_clear(&line);
		text_clear(&utf);
		if (!all_are(utf8_at, s, n)) {
			convert(s, n, e, &utf);
			s = text_str(&utf);
			n = utf.len;
		}
		if (memchr(s, '\b', n) || memchr(s, '\r', n) ||
			memchr(s, '\033', n)) {
			screen(s, n, &line);
			s = text_str(&line);
			n = line.len;
		}
		add_line(s, n, &out);
		if (*end == '\n')
			text_addc(&out, '\n');
	}
	text_done(&line);
	text_done(&utf);
	return text_take(&out);
}

/* ---- secrets ---- */

/* What follows these in a line is nobody's business. */
static const char *const secret_words[] = {"password", "passwd", "passphrase",
	"secret", "key", "psk", "community", "pass", "myname", "username",
	"snmp-server", "md5", "sha", "key-string", "ascii-text", "hexadecimal",
	"token", "credential", "credentials", "pre-shared-secret", "wepkey",
	"encrypted", "plaintext", "private", "certificate", "sent-username"};

/*
 * "shared-key", "wpa2-pre-shared-key" and a comment's "\"password" end with a
 * secret word, too.
 */
static bool tells_secret(const char *s, size_t n)
{
	while (n && (s[n - 1] == ':' || s[n - 1] == '"'))
		n--;
	for (size_t i = 0; i < ARRAY_LEN(secret_words); i++) {
		size_t k = strlen(secret_words[i]);

		/* most words end otherwise */
		if (n < k || (s[n - 1] | 0x20) != secret_words[i][k - 1] ||
			strncasecmp(s + n - k, secret_words[i], k))
			continue;
		if (n == k || !isalnum((unsigned char)s[n - k - 1]))
			return true;
	}
	return false;
}

char *clean_secrets(const char *line)
{
	struct text t = TEXT_INIT;

	while (*line) {
		size_t gap = strspn(line, " \t"), n = strcspn(line + gap, " \t=");
		const char *w = line + gap, *colon;

		colon = memchr(w, ':', n); /* "password:abc" */
		if (colon && tells_secret(w, (size_t)(colon - w)))
			n = (size_t)(colon + 1 - w);
		text_addn(&t, line, gap + n);
		line = w + n;
		/* a filter's "pass" is followed by what passes */
		if (!tells_secret(w, n) || (n == 4 && !strncmp(w, "pass", 4)))
			;
		else if (*line == '=') {
			text_add(&t, "=***");
			line += strcspn(line, " \t");
		} else if (line[strspn(line, " \t")]) {
			text_add(&t, " ***");
			break;
		}
		if (*line == '=')
			text_addc(&t, *line++);
	}
	return text_take(&t);
}

/* "<password>abc</password>", as config.xml has them. */
static char *hide_elements(const char *line)
{
	struct text t = TEXT_INIT;

	while (*line) {
		size_t n = strcspn(line, "<"), name;

		text_addn(&t, line, n);
		line += n;
		if (!*line)
			break;
		name = strcspn(line, ">");
		text_addn(&t, line, name + (line[name] == '>'));
		n = name > 1 && line[name] == '>' &&
			tells_secret(line + 1, name - 1);
		line += name + (line[name] == '>');
		if (n && *line != '<') {
			text_add(&t, "***");
			line += strcspn(line, "<");
		}
	}
	return text_take(&t);
}

char *routers_line(const char *line)
{
	cleanup(freep) char *read = clean_text(line);
	cleanup(freep) char *clean = clean_secrets(read);

	return hide_elements(clean);
}

static void hide(char **s)
{
	char *clean;

	if (!*s)
		return;
	clean = clean_secrets(*s);
	free(*s);
	*s = clean;
}

void clean_pipeline(struct pipeline *p)
{
	for (size_t i = 0; i < p->unknown_n; i++)
		hide(&p->unknown[i].text);
	for (size_t i = 0; i < p->nat_in_n; i++)
		hide(&p->nat_in[i].origin.text);
	for (size_t i = 0; p->bypass_origin && i < p->bypass_n; i++)
		hide(&p->bypass_origin[i].text);
	for (size_t i = 0; i < p->chain_n; i++) {
		hide(&p->chains[i]->end_origin.text);
		for (size_t k = 0; k < p->chains[i]->rule_n; k++)
			hide(&p->chains[i]->rules[k].origin.text);
	}
}
