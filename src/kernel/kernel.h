/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel: doors to Linux without opinions. Functions return 0 or -errno and
 * stay silent; what nft itself said comes back as text.
 */
#ifndef KADOMORI_KERNEL_H
#define KADOMORI_KERNEL_H

#include "base/base.h"

/* ---- nftables (libnftables, GPL-2) ---- */

/*
 * Run nft commands as one transaction. On failure nothing changed, -EINVAL
 * (or -EPERM) comes back and *said holds nft's own words; caller frees it.
 */
int kernel_nft_run(const char *commands, char **said);
/* As above without changing anything ("nft -c"). */
int kernel_nft_check(const char *commands, char **said);
/* "list table inet kadomori" and the like. *ret is the listing, caller frees;
 * -ENOENT when there is no such table. */
int kernel_nft_list(const char *what, char **ret);
/*
 * How nft would list this text: loaded in a network namespace of its own,
 * made for the purpose, and listed there. Needs root.
 */
int kernel_nft_canonical(const char *commands, const char *what, char **ret,
	char **said);

/* The same rules twice: as JSON, and as text with "# handle N". */
struct nft_listing {
	char *json, *handles;
};
void nft_listing_done(struct nft_listing *l);
/*
 * What is loaded ("ruleset", "table inet kadomori"), or, with commands, how
 * they would be listed: in a network namespace of its own, also without root
 * where the kernel lets users have one. 0, -ENOENT, -EPERM or -EINVAL with
 * nft's own words in *said (caller frees).
 */
int kernel_nft_listing(const char *commands, const char *what,
	struct nft_listing *ret, char **said);

/* ---- sysctl ---- */

/* Write /proc/sys/<path>. */
int kernel_sysctl_write(const char *path, const char *value);
/* Read up to n-1 characters, newline cut. */
int kernel_sysctl_read(const char *path, char *buf, size_t n);

/* Forwarding of both families on or off. The order is the caller's. */
int kernel_forwarding(bool on);

#endif
