/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft: policy -> nftables text (nft(8), checked with 1.0.6), and what is
 * loaded compared with what is wanted.
 */
#ifndef KADOMORI_NFT_H
#define KADOMORI_NFT_H

#include "base/text.h"
#include "policy/policy.h"

/* The one table that is ours. Nothing else is ever touched. */
#define NFT_TABLE_NAME "kadomori"
#define NFT_TABLE "inet " NFT_TABLE_NAME
/* Set of (interface, MAC, address) of hosts whose packets go out; a member
 * stays NFT_TALKERS_S after its last packet that was looked at. */
#define NFT_TALKERS "talkers"
enum { NFT_TALKERS_S = 60 };

/*
 * The whole table as one transaction: add, delete, define. Loading it replaces
 * the old table atomically and keeps every tracked flow. Pure.
 */
void nft_emit(const struct policy *pol, struct text *out);

/*
 * IPsec of many devices behind one IPv4 address: zones, and the hand-over of
 * what is not known to the daemon's learner. A table of its own, so that a
 * reload keeps its maps. Nothing is emitted where the pipeline does not
 * translate. lan4: the LAN's IPv4 networks, which give each host its zone.
 */
#define NFT_ESP_NAME "kadomori_esp"
#define NFT_ESP_TABLE "ip " NFT_ESP_NAME
enum { NFT_ESP_GROUP = 5050,	/* nflog */
	NFT_ESP_MARK = 0x6b647370, /* of what the learner passes on */
	NFT_ESP_COPIES = 8 }; /* + 1 to + 8: of the kernel's copies */
#define NFT_ESP_COPIED "copied" /* nflog prefix: the kernel did it already */
void nft_emit_esp(const struct policy *pol, const struct addrmask *lan4,
	size_t n, struct text *out);
/* The zone of a LAN host (0: none) and the host of a zone (0: none). */
uint16_t nft_esp_zone(const struct addrmask *lan4, size_t n, uint32_t host);
uint32_t nft_esp_host(const struct addrmask *lan4, size_t n, uint16_t zone);

/*
 * A listing without what changes by itself (counters, set elements, handles):
 * one line a rule, ready for comparing. Caller frees.
 */
char *nft_normalise(const char *listing);

/*
 * Lines that are only in one of two normalised listings, as a unified-like
 * text: '-' is running but not wanted, '+' wanted but not running.
 * Returns the number of differing lines.
 */
size_t nft_diff(const char *running, const char *wanted, struct text *out);

/*
 * Other tables of a full listing that also filter or translate forwarded
 * traffic: "inet filter, ip nat". Returns how many.
 */
size_t nft_foreign_tables(const char *ruleset, struct text *out);
/* Those whose rules lie in the way of any forwarded packet: each wants to see
 * all of them. Tables named kadomori... are ours. */
size_t nft_foreign_hooks(const char *ruleset, struct text *out);

#endif
