// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The questionnaire for routers with web pages only. What is typed becomes the
 * same lines that "kadomori audit ANSWERS" reads, so that one person's answers
 * can be kept, sent, corrected and compared.
 */
#include "audit.h"
#include "command.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRIES_MAX = 128 };

/* Without the end of line and blanks around; false at the end of input. */
static bool read_answer(char **line, size_t *cap)
{
	ssize_t n;

	if (isatty(STDIN_FILENO))
		fputs("> ", stderr);
	n = getline(line, cap, stdin);
	if (n < 0)
		return false;
	while (n > 0 && isspace((unsigned char)(*line)[n - 1]))
		(*line)[--n] = '\0';
	return true;
}

static size_t choices(const struct web_question *q)
{
	size_t n = 0;

	while (n < WEB_CHOICES && q->choice[n].word)
		n++;
	return n;
}

/* The word itself, its number, or nothing (not known). NULL: say it again. */
static const char *choice(const struct web_question *q, const char *typed)
{
	size_t n = choices(q);
	char *end;
	unsigned long k = strtoul(typed, &end, 10);

	if (!*typed)
		return "unknown";
	if (end != typed && !*end)
		return k >= 1 && k <= n ? q->choice[k - 1].word : NULL;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(q->choice[i].word, typed) ||
			!strcmp(_(q->choice[i].means), typed))
			return q->choice[i].word;
	return NULL;
}

static void show(const struct web_question *q)
{
	fputc('\n', stderr);
	if (q->menu)
		fprintf(stderr, "%s\n", q->menu);
	fprintf(stderr, "%s\n", _(q->ask));
	for (size_t i = 0; i < choices(q); i++)
		fprintf(stderr, "  %zu %s\n", i + 1, _(q->choice[i].means));
}

static void one_of(const struct web_question *q, struct text *out)
{
	char *line = NULL;
	size_t cap = 0;
	const char *word = "unknown";

	while (read_answer(&line, &cap)) {
		word = choice(q, line);
		if (word)
			break;
		fprintf(stderr, _("Please type a number from 1 to %zu, or nothing if you do not know.\n"),
			choices(q));
		word = "unknown";
	}
	text_addf(out, "%s %s\n", q->key, word);
	free(line);
}

static void free_text(const struct web_question *q, struct text *out)
{
	char *line = NULL;
	size_t cap = 0;

	for (size_t i = 0; i < (q->many ? ENTRIES_MAX : 1); i++) {
		if (!read_answer(&line, &cap) || !*line)
			break;
		text_addf(out, "%s %s\n", q->key, line);
	}
	free(line);
}

static int keep(const char *path, const struct text *t)
{
	FILE *f = fopen(path, "wxe");
	bool good;

	if (!f) {
		fprintf(stderr, "kadomori: %s: %s\n", path, strerror(errno));
		return errno == EACCES ? EXIT_NOT_PERMITTED : EXIT_USAGE;
	}
	good = fputs(t->s, f) >= 0;
	good = fclose(f) == 0 && good;
	if (good)
		fprintf(stderr, _("\nThe answers are in %s; \"kadomori audit %s\" judges them again.\n"),
			path, path);
	return good ? 0 : EXIT_UNDECIDED;
}

/* "aterm", or a model of it. */
static const struct brand *asked_brand(const char *name)
{
	const struct brand *b = routers_brand(name);

	if (!b)
		routers_find(name, &b);
	return b;
}

int audit_ask(const char *router, const char *save, struct text *answers)
{
	const struct brand *b = asked_brand(router);
	const struct web_question *q = b ? routers_questions(b) : NULL;

	if (!q) {
		fprintf(stderr, b ? _("kadomori audit: %s needs no questions: give its configuration as a file, or it is not known closely enough\n")
			: _("kadomori audit: there is no router \"%s\"; \"kadomori routers\" lists them\n"),
			b ? brand_name(b) : router);
		return EXIT_USAGE;
	}
	text_addf(answers, "router %s\n", brand_id(b));
	for (; q->key; q++) {
		show(q);
		if (choices(q))
			one_of(q, answers);
		else
			free_text(q, answers);
	}
	fputc('\n', stderr);
	return save ? keep(save, answers) : 0;
}
