/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the room: the text as tokens (lex.c), the words that several
 * statements know, and the device statement (parse-device.c). Each function
 * that expects something complains itself, with the place, and says false or
 * a negative number.
 */
#ifndef KADOMORI_INTENT_OWN_H
#define KADOMORI_INTENT_OWN_H

#include "intent/intent.h"

enum {
	WORD_MAX = 256,
	FILE_BYTES_MAX = 1 << 20,
	INCLUDE_DEPTH_MAX = 8,
	FILES_MAX = 64,
	DEVICES_MAX = 256,	/* a home has a handful; a hotel floor fits */
	STATEMENTS_MAX = 1024,	/* pinholes and mappings each */
	LANS_MAX = 16,
};
enum token { T_WORD, T_STRING, T_OPEN, T_CLOSE, T_NEWLINE, T_END };

struct parser {
	struct intent *in;
	struct complaints *c;
	const char *p;
	const char *line_start;
	unsigned file, line, depth;
	bool may_include;
	/* the current token */
	enum token tok;
	char word[WORD_MAX];
	struct span at;
};

/* Step to the next token of the text. */
void lex_next(struct parser *ps);
bool lex_is_word(const struct parser *ps);
/* To the end of the line: the rest of a mistaken statement is not judged. */
void lex_skip_line(struct parser *ps);
/* Complain about the current token; fmt has one %s, for arg. */
void lex_say(struct parser *ps, const char *fmt, const char *arg);
/* The current token must be a word; what says what was expected. */
bool lex_want(struct parser *ps, const char *what);
/* Index of the current word in the list (NULL-terminated), or -1. */
int lex_choose(struct parser *ps, const char *const *words);

/* An interface's name is the current word; it is not stepped over. */
bool word_ifname(struct parser *ps);
/* 1 yes, 0 no, -1 neither; stepped over. */
int word_yes_no(struct parser *ps);
/* Does the current word look like an address or a prefix? */
bool word_is_prefix(const struct parser *ps);
/* Read it; not stepped over. */
bool word_prefix(struct parser *ps, struct addrmask *ret);

/* "device NAME KIND ...", after the word "device". */
void parse_device(struct parser *ps);

#endif
