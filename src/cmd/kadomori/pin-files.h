/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Putting proposed texts in place, and the old ones back. */
#ifndef KADOMORI_CMD_PIN_FILES_H
#define KADOMORI_CMD_PIN_FILES_H

#include "pin/pin.h"

/*
 * Each file is written beside itself, checked as the whole configuration where
 * it is the only one, and renamed into its place; the old text stays as
 * FILE.before-pin. 0; -EINVAL: the new text is refused (its complaints are on
 * stderr); -errno. On failure all is as it was.
 */
int pin_files_put(const struct pin *p);
/* The old texts again. 0 or -errno. */
int pin_files_back(const struct pin *p);

#endif
