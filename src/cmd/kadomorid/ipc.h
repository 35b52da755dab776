/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed messages between the daemon's processes, after OpenBSD's imsg: a head
 * with type and length, both checked before a byte is looked at.
 */
#ifndef KADOMORID_IPC_H
#define KADOMORID_IPC_H

#include "base/base.h"
#include "policy/policy.h"

struct event_base;

enum ipc_type {
	IPC_FACTS = 1,	/* apply -> decide: struct facts, packed */
	IPC_RULES,	/* decide -> apply: nftables text to load */
	IPC_LOADED,	/* apply -> decide: "" or nft's refusal */
	IPC_REFUSED,	/* decide -> apply: complaints; nothing changes */
	IPC_RELOAD,	/* decide -> apply: the command asks for a reload */
	IPC_STOP,	/* decide -> apply: the command asks for the end */
	IPC_ACTS,	/* listen -> apply: struct act_msg, any number */
	IPC_DONE,	/* apply -> listen: one IPC_ACTS is carried out */
	IPC_TABLE,	/* listen -> apply: the hosts, as np_save() writes */
	IPC_ASK,	/* decide -> apply -> listen: "ID QUESTION" */
	IPC_ANSWER,	/* back: "ID JSON" */
	IPC_READY,	/* listen -> apply: all that it knows has been sent */
	IPC_TALKERS,	/* apply -> listen: struct talker, any number */
	IPC_ASKED,	/* apply -> listen: struct asked, all there are */
	IPC_SHIELD,	/* apply -> decide: "on", "off" or why not */
	IPC_SAY,	/* decide -> apply: a warning for the log */
	IPC_ESP_TABLE,	/* decide -> apply: nftables text of NFT_ESP_TABLE */
	IPC_ESP_LOADED,	/* apply -> decide: that table was dealt with */
	IPC_ESP_HELLO,	/* apply -> learn: struct esp_hello, networks, state */
	IPC_ESP_CHANGE,	/* learn -> apply: struct espnat_change, many */
	IPC_ESP_COUNT,	/* apply -> learn: listing with counters */
	IPC_ESP_SAVE,	/* learn -> apply: bindings, to be kept */
	IPC_ESP_STATUS,	/* learn -> apply -> decide: JSON for status */
	IPC_FAST_STATUS, /* apply -> decide: JSON for status */
	IPC_END_,
};
/* The rules of a home are some 20 KiB; a thousand pinholes some 300. */
enum { IPC_BYTES_MAX = 4 << 20 };

struct ipc;
/* len bytes of a message of a known type; the body is NUL-terminated too. */
typedef void (*ipc_fn)(void *arg, enum ipc_type t, const char *body, size_t len);
/* The other end is gone. */
typedef void (*ipc_gone_fn)(void *arg);

struct ipc *ipc_new(struct event_base *base, int fd, ipc_fn got,
	ipc_gone_fn gone, void *arg);
void ipc_free(struct ipc *i);
void ipc_send(struct ipc *i, enum ipc_type t, const void *body, size_t len);

/* facts <-> bytes. facts_unpack: 0 or -EBADMSG (nothing is leaked). */
void facts_pack(const struct facts *f, struct text *out);
int facts_unpack(const void *p, size_t n, struct facts *ret);

#endif
