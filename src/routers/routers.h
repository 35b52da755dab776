/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * routers: settings for routers that are not ours. From an intent, a line and
 * a model comes a sheet: whether this can work at all, the lines to paste or
 * the steps on the router's own screens, how to take them back, how to verify,
 * and for each of them how it is known.
 *
 * Nothing here is sent anywhere. A sheet is data; the renderers make text,
 * Markdown, HTML or one printed page of it.
 */
#ifndef KADOMORI_ROUTERS_H
#define KADOMORI_ROUTERS_H

#include "base/text.h"
#include "intent/intent.h"
#include "policy/policy.h"

/* How a line or step is known. In falling order of trust. */
enum evidence {
	EV_RUN,		/* run by us on the device, an emulator or its kernel */
	EV_MANUAL,	/* the maker's manual or source code says so */
	EV_OWNER,	/* somebody who owns it reported it */
	EV_UNVERIFIED,	/* reasoned or generally known; nobody checked */
};
#define EVIDENCE_MAX (EV_UNVERIFIED + 1)
/* "run", "manual", "owner", "unverified": for JSON and CSS, never translated */
const char *evidence_id(enum evidence e);
/* In plain words, in the chosen language. */
const char *evidence_words(enum evidence e);

enum src {
#define SRC(id, level, title, url, date) SRC_##id,
#include "sources.def"
#undef SRC
};
#define SRC_MAX (SRC_COUNT_)

struct source {
	const char *id;
	enum evidence level;
	const char *title; /* msgid */
	const char *url;   /* or "" */
	const char *date;  /* of the source itself; "" when it bears none */
};
const struct source *source_of(enum src s);

/* What a brand can do, as far as is known. */
enum cap {
	CAP_FILTER6,	/* filters forwarded IPv6 at all */
	CAP_ESP6,	/* passes ESP (protocol 50) to one host */
	CAP_SUFFIX,	/* host rule that survives a change of prefix */
	CAP_NDPROXY,	/* shares one /64 without a bridge */
	CAP_ESP_STATE,	/* answers to ESP sent out come back by themselves */
	CAP_ESP_MAP,	/* IPv4: hands ESP from outside to one host */
	CAP_SOURCE,	/* rule for one sender only */
	CAP_TEXT,	/* settings can be pasted as text */
};
#define CAP_MAX (CAP_TEXT + 1)
enum answer { ANS_UNKNOWN, ANS_YES, ANS_NO };
struct capability {
	enum answer is;
	enum src src;
};
const char *cap_id(enum cap c);
const char *cap_words(enum cap c);
const char *answer_id(enum answer a);
const char *answer_words(enum answer a);

/* A model is a row; what differs between models of one brand is a column. */
struct model {
	const char *id;		/* "rtx830": what --router takes */
	const char *name;	/* "Yamaha RTX830" */
	const char *wan, *lan;	/* usual interface names, "" on web pages */
	unsigned first;		/* first rule number that is usually free */
	unsigned rules_max;	/* entries in one list; 0 = not known */
	unsigned quirks;	/* bits that only its brand knows */
	const char *note;	/* msgid shown on its sheet, or NULL */
	enum src note_src;
};

struct brand;
const char *brand_id(const struct brand *b);
const char *brand_name(const struct brand *b);
const struct capability *brand_caps(const struct brand *b);
/*
 * Does its own DHCP client (IPv4) hear what the filter stops? ISC's dhclient and
 * its likes read raw sockets (kb.isc.org AA-00378); RouterOS's default
 * configuration drops all from the WAN that is new, and its client works.
 */
bool brand_raw_dhcp(const struct brand *b);
const struct model *brand_models(const struct brand *b, size_t *n);
/* NULL-terminated. */
const struct brand *const *routers_all(void);
/* By id; *brand (may be NULL) is set too. NULL: no such model. */
const struct model *routers_find(const char *id, const struct brand **brand);
/* All ids, NULL-terminated; for "did you mean". */
const char *const *routers_ids(void);

/* What is asked. Strings belong to the caller and may be NULL. */
struct request {
	const struct intent *in;
	enum line_kind line;
	const struct model *model;
	const char *wan, *lan;	/* interface names instead of the model's */
	bool has_prefix;	/* the LAN's IPv6 prefix now, if known */
	struct addrmask prefix;
	unsigned first;		/* first rule number, 0 = the model's */
};

enum verdict_kind {
	CAN_YES,	/* this line can carry it */
	CAN_IF,		/* it can, with the condition that is said */
	CAN_OUT,	/* only what the device starts itself */
	CAN_NO,		/* no setting helps here */
	CAN_ASK,	/* the line is not known */
};
const char *verdict_id(enum verdict_kind v);

enum section { SEC_VERDICT, SEC_BEFORE, SEC_SET, SEC_UNDO, SEC_VERIFY };
#define SECTION_MAX (SEC_VERIFY + 1)
enum part_kind { PART_NOTE, PART_CAUTION, PART_STEP, PART_LINES };

struct part {
	enum section sec;
	enum part_kind kind;
	char *text;	/* sentence; title of lines */
	char *menu;	/* words on the router's screen, or NULL */
	char *where;	/* lines: file or prompt they belong to */
	bool main;	/* lines: the configuration itself (--format raw) */
	struct text body;
	enum src src;
};

struct sheet {
	const struct model *model;
	const struct brand *brand;
	enum line_kind line;
	enum verdict_kind verdict;
	char *sentence;		/* the verdict in words */
	struct complaints said;	/* refusals and warnings, user's own line */
	struct part *parts;
	size_t n, cap;
};

/* Never fails for a valid request: what cannot be done is on the sheet. */
struct sheet *routers_settings(const struct request *rq);
void sheet_free(struct sheet *s);
void sheet_freep(struct sheet **s);

void sheet_text(const struct sheet *s, struct text *out);
void sheet_markdown(const struct sheet *s, struct text *out);
/* A complete page; print: one A4 sheet, evidence as short marks. */
void sheet_html(const struct sheet *s, bool print, struct text *out);
/* Only what is pasted; undo: what takes it back. Empty for web-only. */
void sheet_raw(const struct sheet *s, bool undo, struct text *out);
/* JSON text, "schema": 1, keys sorted. */
void sheet_json(const struct sheet *s, struct text *out);
void catalogue_text(struct text *out);
void catalogue_json(struct text *out);

/*
 * The catalogue as a static site. put is called once a page, with a path below
 * the site's folder ("ja/rtx830/flets-ra.html"); 0, or -errno which ends it and
 * is returned. routers_site() writes the pages of the chosen language (call it
 * once per language), routers_site_top() what stands above them. in names the
 * device that the pages are for.
 */
typedef int site_put(void *ctx, const char *path, const char *body);
int routers_site(const struct intent *in, site_put *put, void *ctx);
int routers_site_top(site_put *put, void *ctx);

/* "flets-ra" in the reader's words. */
const char *line_words(enum line_kind k);

/* ---- reading somebody's configuration back ---- */

/* What the text alone does not say. Names belong to the caller. */
struct read_hints {
	const char *wan, *lan;	/* interfaces, several with commas; NULL: guess */
	const char *handles;	/* nft: "nft -a list" of the same rules, or NULL */
	const char *source;	/* nft: the text that the listing was made of, or NULL */
	bool draft;	/* nobody sees the text (routers_clean() did it already) or
			   the words kept of it: secrets stay in */
};

/*
 * Text -> the pipeline that it makes of the router (caller: pipeline_free).
 * What is not understood stands in pipe->unknown, or as opaque conditions.
 * Returns 0, -EINVAL (not a configuration of that kind, *why says so, caller
 * frees) or -EOPNOTSUPP (this brand has no reader).
 */
int routers_read(const struct brand *b, const char *text,
	const struct read_hints *h, struct pipeline **ret, char **why);
/*
 * The text as the readers get it, line by line the same: UTF-8, without what a
 * pager or a terminal left in it. Caller frees.
 */
char *routers_clean(const char *text);
/* A line of a configuration for people's eyes: UTF-8, no secrets. Caller frees. */
char *routers_line(const char *line);
/* Which brand's configuration is this? NULL: no reader knows it. */
const struct brand *routers_guess(const char *text);
const struct brand *routers_brand(const char *id);

/* ---- the smallest change that mends what an audit found ---- */

struct mend_edit {
	unsigned line;	/* from 1; behind the last line: append */
	bool replace;	/* that line by text, else text stands before it */
	char *text;	/* without its end; NULL: the line goes */
};
struct mend {
	struct mend_edit *v; /* in any order */
	size_t n, cap;
	bool whole; /* its lines are one rule: none is left out */
};
struct mends {
	struct mend *v;
	size_t n, cap;
};
/* What is wrong. All of it belongs to the caller. */
struct mend_ask {
	const struct brand *brand;
	const char *text;		/* the configuration */
	const char *id;			/* of the finding */
	unsigned line;			/* that decides; 0: none, or only: */
	const char *line_text;		/* may be NULL */
	unsigned before;		/* rule-order: the line is to stand there */
	const struct packet *packet;	/* whose fate is to change; or NULL */
	const struct request *rq;	/* the device, its line, names */
};
/*
 * Changes that may mend it, the smallest first. They are guesses of one who
 * knows the brand's language: the caller applies, reads and judges again.
 */
void routers_mends(const struct mend_ask *a, struct mends *ret);
void mends_done(struct mends *m);
/* The text with m applied; caller frees. */
char *mend_apply(const char *text, const struct mend *m);
/* "- line" and "+ line" as of a patch, without secrets, two blanks before. */
void mend_words(const char *text, const struct mend *m, struct text *out);

/* ---- slip.c: one line, or one word in it, that may have been meant ---- */

struct slip_ask {
	const char *text;		/* the configuration */
	const struct request *rq;	/* settings it may be a copy of */
	const unsigned *lines;		/* looked at first: the findings' own */
	size_t line_n;
};
/* Why it may have been meant, the likeliest last. */
enum slip {
	SLIP_FAR,	/* such words stand somewhere else */
	SLIP_NEAR,	/* one word taken for its opposite, or its neighbour's */
	SLIP_COPY,	/* the text is a copy of the settings but for this */
};
/* Returns whether no more are wanted. m is the caller's. */
typedef bool slip_try(void *arg, const struct mend *m, enum slip why);
/* The model of b whose settings for rq (its model aside) the text has most of. */
const struct model *routers_nearest(const struct brand *b, const char *text,
	const struct request *rq);
/* Hands each change to try, the likeliest first. Guesses, all of them. */
void routers_slips(const struct slip_ask *a, slip_try *try, void *arg);

/* ---- routers with web pages only: their owner is asked ---- */

enum { WEB_CHOICES = 5 };
struct web_question {
	const char *key;	/* the answer's line begins with it */
	const char *menu;	/* words on the router's screen, or NULL */
	const char *ask;	/* msgid */
	bool many;		/* any number of answers, an empty one ends */
	/* words of answers and what they mean (msgid); none: free text */
	struct {
		const char *word, *means;
	} choice[WEB_CHOICES];
};
/* Until key is NULL. NULL: this brand has text, or is not known closely. */
const struct web_question *routers_questions(const struct brand *b);

#endif
