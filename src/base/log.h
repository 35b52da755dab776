/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only cmd logs; rooms return. Lines go to stderr with the "<n>" prefix that
 * journald understands when stderr is not a terminal.
 */
#ifndef KADOMORI_BASE_LOG_H
#define KADOMORI_BASE_LOG_H

#include "base/base.h"

enum log_level { LOG_ERR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

/* name stands before each line; level is the highest that is still shown. */
void log_open(const char *name, enum log_level level);
void log_line(enum log_level l, const char *fmt, ...) printf_like(2, 3);

#define log_err(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
