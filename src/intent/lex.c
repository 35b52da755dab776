// SPDX-License-Identifier: GPL-2.0-or-later
/* From text to words with their places, and the words most statements share. */
#include "intent/own.h"
#include "base/tr.h"

#include <stdio.h>

static void here(struct parser *ps, const char *start, const char *end)
{
	ps->at = (struct span){ps->file, ps->line,
		(unsigned)(start - ps->line_start) + 1,
		(unsigned)MAX2(end - start, 1)};
}

void lex_say(struct parser *ps, const char *fmt, const char *arg)
{
	cleanup(freep) char *safe = text_printable(arg, strlen(arg));
	struct text t = TEXT_INIT;

	text_addf(&t, fmt, safe);
	complain(ps->c, false, ps->in, &ps->at, "%s", text_str(&t));
	text_done(&t);
}

void lex_skip_line(struct parser *ps)
{
	while (ps->tok != T_NEWLINE && ps->tok != T_END)
		lex_next(ps);
}

static bool word_char(char c)
{
	return c && !strchr(" \t\r\n{}#;\"", c);
}

static void read_string(struct parser *ps)
{
	const char *start = ps->p++;
	size_t n = 0;

	while (*ps->p && *ps->p != '"' && *ps->p != '\n') {
		if (n < WORD_MAX - 1)
			ps->word[n++] = *ps->p;
		ps->p++;
	}
	ps->word[n] = '\0';
	here(ps, start, ps->p);
	ps->tok = T_STRING;
	if (*ps->p == '"')
		ps->p++;
	else
		lex_say(ps, _("the quotation mark is not closed on this line%s"), "");
}

void lex_next(struct parser *ps)
{
	const char *start;

	while (*ps->p == ' ' || *ps->p == '\t' || *ps->p == '\r')
		ps->p++;
	if (*ps->p == '#')
		ps->p += strcspn(ps->p, "\n");
	start = ps->p;
	here(ps, start, start + 1);
	switch (*start) {
	case '\0':
		ps->tok = T_END;
		return;
	case '\n':
		ps->tok = T_NEWLINE;
		ps->p++;
		ps->line++;
		ps->line_start = ps->p;
		return;
	case ';':
		ps->tok = T_NEWLINE;
		ps->p++;
		return;
	case '{':
	case '}':
		ps->tok = *start == '{' ? T_OPEN : T_CLOSE;
		ps->p++;
		return;
	case '"':
		read_string(ps);
		return;
	}
	while (word_char(*ps->p))
		ps->p++;
	here(ps, start, ps->p);
	snprintf(ps->word, sizeof(ps->word), "%.*s",
		(int)MIN2(ps->p - start, WORD_MAX - 1), start);
	ps->tok = T_WORD;
	if (ps->p - start >= WORD_MAX)
		lex_say(ps, _("this word is too long: \"%.20s...\""), ps->word);
}

bool lex_is_word(const struct parser *ps)
{
	return ps->tok == T_WORD || ps->tok == T_STRING;
}

bool lex_want(struct parser *ps, const char *what)
{
	if (lex_is_word(ps))
		return true;
	lex_say(ps, _("here the line ends, but %s is expected"), what);
	return false;
}

static void say_unknown(struct parser *ps, const char *const *words)
{
	const char *near = text_nearest(ps->word, words);
	cleanup(freep) char *safe = text_printable(ps->word, strlen(ps->word));
	struct text list = TEXT_INIT;

	for (size_t i = 0; words[i]; i++)
		text_addf(&list, "%s%s", i ? ", " : "", words[i]);
	if (near)
		complain(ps->c, false, ps->in, &ps->at,
			_("unknown word \"%s\". Did you mean \"%s\"? Possible here: %s"),
			safe, near, text_str(&list));
	else
		complain(ps->c, false, ps->in, &ps->at,
			_("unknown word \"%s\". Possible here: %s"), safe,
			text_str(&list));
	text_done(&list);
}

int lex_choose(struct parser *ps, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(ps->word, words[i]))
			return i;
	say_unknown(ps, words);
	return -1;
}

static const char *const yes_no[] = {"no", "yes", NULL};

static bool ifname_ok(const char *s)
{
	return *s && strlen(s) < IFNAME_LEN && strcmp(s, ".") &&
	       strcmp(s, "..") && !strpbrk(s, "/ \t\"'*\\:");
}

bool word_ifname(struct parser *ps)
{
	if (!lex_want(ps, _("the name of an interface, such as eth0")))
		return false;
	if (ifname_ok(ps->word))
		return true;
	lex_say(ps, _("\"%s\" cannot be the name of an interface (1 to 15 characters, no / : or blank). \"ip link\" lists the names"),
		ps->word);
	return false;
}

int word_yes_no(struct parser *ps)
{
	int k;

	if (!lex_want(ps, _("yes or no")))
		return -1;
	k = lex_choose(ps, yes_no);
	if (k >= 0)
		lex_next(ps);
	return k;
}

bool word_is_prefix(const struct parser *ps)
{
	return lex_is_word(ps) && ps->word[0] &&
	       strchr("0123456789abcdefABCDEF:", ps->word[0]) &&
	       strpbrk(ps->word, ":.");
}

bool word_prefix(struct parser *ps, struct addrmask *ret)
{
	if (!lex_want(ps, _("an address or a prefix, such as 2404:1a8::/32")))
		return false;
	if (!addrmask_parse(ps->word, ret))
		return true;
	lex_say(ps, _("\"%s\" is not an address or a prefix. Write for example 2404:1a8::/32 or 203.0.113.5"),
		ps->word);
	return false;
}
