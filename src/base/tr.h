/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two languages from one gettext catalogue. English stands in the code inside
 * _(), Japanese in po/ja/<room>.po; tests/catalogue.sh refuses a sentence
 * without its Japanese. N_() marks a string that is translated later, where it
 * is printed.
 */
#ifndef KADOMORI_BASE_TR_H
#define KADOMORI_BASE_TR_H

#include "base/base.h"

#define _(s) tr(s)
#define N_(s) (s)

const char *tr(const char *msgid) __attribute__((format_arg(1)));

/*
 * Choose the language once, at the start of the program. want is "ja", "en" or
 * NULL (LC_ALL, LC_MESSAGES, LANG decide). Works where the ja locale itself
 * was never generated, the usual state of a small Debian: C.UTF-8 carries the
 * characters and LANGUAGE picks the catalogue (measured; gettext(3)).
 */
void tr_open(const char *want);
/* "ja" or "en", as chosen. */
const char *tr_lang(void);

#endif
