/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proof: exact sets of packets. What struct pipeline lets through, as one set;
 * differences, witnesses, and sets told in words. policy_ask() answers for one
 * packet by walking the rules; here all packets are answered at once by other
 * means (binary decision diagrams), and every witness is given back to
 * policy_ask(): if the two disagree, that is an error of this program.
 *
 * Order of the fields in a diagram: family, sides, state, destination,
 * protocol, ports, ICMP, flags, SPI, source. Measured best on real rule sets
 * (destination before protocol before source).
 */
#ifndef KADOMORI_PROOF_H
#define KADOMORI_PROOF_H

#include "base/text.h"
#include "policy/policy.h"
#include "proof/bdd.h"

/* A set of packets; equal sets are equal numbers. Valid until proof_free(). */
typedef bdd pset;
enum { PSET_NONE = BDD_NO, PSET_ALL = BDD_ALL };

struct proof;
struct proof *proof_new(void);
void proof_free(struct proof *pr);
void proof_freep(struct proof **pr);

/*
 * A condition that a reader did not understand may hold or not:
 * PROOF_SURELY: what passes in any case; PROOF_PERHAPS: what may pass.
 */
enum proof_mode { PROOF_SURELY, PROOF_PERHAPS };

/* All packets that can exist: no ports on ESP, no ICMP type on TCP, IPv4
 * addresses in 32 bits. */
pset proof_universe(struct proof *pr);
/* Packets of which all conditions hold. */
pset proof_match(struct proof *pr, const struct match *m, enum proof_mode mode);
/*
 * What passes pl, as packets on arrival: bypass, then address translation,
 * then the chains. 0, or -ELOOP on a call cycle.
 */
int proof_passes(struct proof *pr, const struct pipeline *pl,
	enum proof_mode mode, pset *ret);
/*
 * Both at once, for the packets in `only`: what cannot match there is gone
 * before it costs anything, and what no unknown condition touches is computed
 * once. `only` may speak of what translation leaves alone: family, in, state,
 * protocol. proof_frame() gives what a question says of these.
 */
int proof_both(struct proof *pr, const struct pipeline *pl, pset only,
	pset *surely, pset *perhaps);
pset proof_frame(struct proof *pr, const struct match *m);

/* The packets of a question (match_parse); a wrong one is none. Each is thought
 * through once. */
pset proof_question(struct proof *pr, const char *words);

pset proof_and(struct proof *pr, pset a, pset b);
pset proof_or(struct proof *pr, pset a, pset b);
pset proof_minus(struct proof *pr, pset a, pset b);
/* The members with field f equal to v (family, in, out, ct, proto, ...). */
pset proof_where(struct proof *pr, pset s, enum field f, uint32_t v);
/* s and all that differ from a member in field f only. */
pset proof_whatever(struct proof *pr, pset s, enum field f);
/* Does p belong to s? */
bool proof_has(const struct proof *pr, pset s, const struct packet *p);
/* The set of the one packet p. */
pset proof_of_packet(struct proof *pr, const struct packet *p);

/*
 * A packet of s that people know (a well-known port, a global source), false
 * if s is empty.
 */
bool proof_witness(struct proof *pr, pset s, struct packet *ret);

/*
 * s as at most max large boxes in words, one line each, largest first
 * ("tcp (IPv6) from any to 2404::/64 port 80 in wan out lan new"). Where the set
 * has ordinary packets (no extension headers, no later fragments, addresses
 * that exist), only these are told. Returns the number of lines; *more (may be
 * NULL) tells that there were others.
 */
size_t proof_words(struct proof *pr, pset s, size_t max, struct text *out,
	bool *more);

/* Nodes in use: whoever works in one proof for long begins a new one some day. */
size_t proof_nodes(const struct proof *pr);
/* Nodes in the diagram of s, for benches. */
size_t proof_size(struct proof *pr, pset s);

#endif
