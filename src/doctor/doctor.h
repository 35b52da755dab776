/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor: from observations to numbered findings, in a fixed order, each with
 * what was observed, why, and what to do in the words of the router's screens.
 * Pure: nothing is asked or sent here. The identifiers, causes and line codes
 * are for ever: the phone code names them.
 */
#ifndef KADOMORI_DOCTOR_H
#define KADOMORI_DOCTOR_H

#include "base/addr.h"
#include "base/text.h"

/* --- the line, as the code for the phone names it ------------------------- */

enum doctor_line {
	DLINE_UNKNOWN, DLINE_FLETS, DLINE_FLETS_PHONE, DLINE_HGW, DLINE_HGW_NO_PHONE,
	DLINE_CROSS, DLINE_V6PLUS, DLINE_OCN, DLINE_BIGLOBE, DLINE_NURO,
	DLINE_TRANSIX, DLINE_XPASS, DLINE_V6CONNECT, DLINE_PPPOE, DLINE_AU,
	DLINE_JCOM, DLINE_GLOBAL4, DLINE_PRIVATE4, DLINE_NGN_ONLY,
};
#define DLINE_MAX (DLINE_NGN_ONLY + 1)
/* Two letters or digits; stable. */
const char *doctor_line_code(enum doctor_line l);
/* In the user's language. */
const char *doctor_line_name(enum doctor_line l);
/* By code, any case. 0 or -EINVAL. */
int doctor_line_parse(const char *s, enum doctor_line *ret);

/* --- checks ------------------------------------------------------------------ */

enum doctor_check {
	CHECK_LINK, CHECK_ADDRESS, CHECK_DNS, CHECK_IKE, CHECK_PORTS, CHECK_FULL,
	CHECK_FRAGMENTS, CHECK_ESP_OUT, CHECK_ESP_IN, CHECK_NATT, CHECK_REKEY,
	CHECK_TWO, CHECK_EXPOSED, CHECK_RULES,
};
#define CHECK_MAX (CHECK_RULES + 1)
enum { CAUSES_MAX = 10 }; /* 0 and nine causes: one digit in the code */

const char *doctor_check_id(enum doctor_check c);	/* "E09" */
const char *doctor_check_name(enum doctor_check c);	/* user's language */
/* Why, and what to do, for a cause; NULL when there is no such cause. */
const char *doctor_why(enum doctor_check c, unsigned cause);
const char *doctor_todo(enum doctor_check c, unsigned cause);

enum doctor_verdict { DOCTOR_OK, DOCTOR_FAIL, DOCTOR_SKIP, DOCTOR_UNDECIDED };
const char *doctor_verdict_name(enum doctor_verdict v);	/* "OK" ... */

/* --- observations ---------------------------------------------------------------- */

enum seen { SEEN_UNTRIED, SEEN_NO, SEEN_YES };
enum doctor_dns { DNS_UNTRIED, DNS_GOOD, DNS_SILENT, DNS_ERROR };
enum doctor_peer { PEER_UNTRIED, PEER_GOOD, PEER_REFUSES, PEER_SILENT,
	PEER_ODD };
/* The gateway's loaded rules against its configuration, over all packets. */
enum doctor_rules { RULES_UNTRIED, RULES_PROVEN, RULES_MORE, RULES_LESS,
	RULES_ABSENT, RULES_UNKNOWN };
enum { DOCTOR_PORTS_MAX = 24 };

struct doctor_obs {
	enum doctor_line line;
	enum family fam;	/* of the tunnel that is asked about */
	bool on_gateway;	/* run on the gateway, not on a host behind it */
	enum seen link, route;
	struct addr self;	/* our address on the way out; zero: none */
	enum doctor_dns dns;
	unsigned dns_rcode;
	enum doctor_peer peer;	/* the real peer's IKE */
	bool peer_port_rewritten; /* by its NAT detection hashes */
	/* the reflector */
	enum seen reflector;	/* NO: named, but it does not answer */
	struct addr outside;	/* as it sees us */
	uint16_t ike_sport;	/* our port 500 as it sees it, 0: unknown */
	size_t mtu, mtu_found;
	enum seen ike_out, ike_back, full_out, full_back, big_out, big_back;
	enum seen esp_out, esp_big_out, esp_back, esp_big_back, esp_new_spi;
	enum seen natt_out, natt_back, natt_idle, ike_idle, esp_idle;
	enum seen esp_unasked, ike_unasked, udp_unasked;
	unsigned idle_s;
	uint16_t tcp_open[DOCTOR_PORTS_MAX];
	size_t tcp_open_n;
	bool tcp_tried;
	/* conntrack's count of entries refused, during the run; -1: unknown */
	int64_t insert_failed;
	enum doctor_rules rules;
};

struct doctor_finding {
	enum doctor_verdict verdict;
	unsigned cause;		/* with FAIL and UNDECIDED; 0: none */
	char *observed;		/* in the user's language */
};

struct doctor_report {
	struct doctor_finding f[CHECK_MAX];
};

/* Judge all checks; the caller frees with doctor_report_done(). */
void doctor_judge(const struct doctor_obs *o, struct doctor_report *ret);
void doctor_report_done(struct doctor_report *r);
/* The first failing check, else the first undecided one, else -1. */
int doctor_first(const struct doctor_report *r);

/* --- the code for the phone (code.c) ------------------------------------------------ */

enum { DOCTOR_CODE_STR = 16 };
struct doctor_code {
	enum doctor_line line;
	bool good;		/* nothing failed, nothing undecided */
	enum doctor_check check;
	unsigned cause;		/* 0: could not be decided */
};

/* "KM-N2-E09-1B": line, check, cause and a check character. Returns buf. */
char *doctor_code_format(const struct doctor_code *c, char buf[DOCTOR_CODE_STR]);
/*
 * As it is read on the phone: any case, with or without dashes and spaces, O for
 * 0 and I for 1. 0; -EINVAL: not such a code; -EBADMSG: misread (the check
 * character does not fit).
 */
int doctor_code_parse(const char *s, struct doctor_code *ret);
struct doctor_code doctor_code_of(const struct doctor_obs *o,
	const struct doctor_report *r);

#endif
