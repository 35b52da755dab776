/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy: vendor-neutral meaning. One type, struct pipeline, is what
 * policy_compile() makes of an intent, what each emitter writes in its router's
 * language, what each reader gives back, and what proof turns into packet sets.
 *
 * A packet on its way through a pipeline:
 *
 *	bypass?  -> passes unseen (bridged below IP)
 *	nat_in   -> destination rewritten (first match)
 *	chains   -> from the entry chain of its path; first match decides, or
 *	            the last in chains with last_match (pf)
 *
 * Rules keep their origin: the file, line and text that made them.
 */
#ifndef KADOMORI_POLICY_H
#define KADOMORI_POLICY_H

#include "base/addr.h"
#include "intent/intent.h"

enum { PROTO_ICMP = 1, PROTO_IPIP = 4, PROTO_TCP = 6, PROTO_UDP = 17,
	PROTO_IPV6 = 41, PROTO_DCCP = 33, PROTO_ESP = 50, PROTO_AH = 51,
	PROTO_ICMPV6 = 58, PROTO_SCTP = 132, PROTO_MH = 135,
	PROTO_UDPLITE = 136, PROTO_HIP = 139, PROTO_SHIM6 = 140 };

/* Which side a packet comes from or goes to. */
enum role { ROLE_WAN, ROLE_LAN, ROLE_SELF, ROLE_SEG /* isolated segment */ };
#define ROLE_MAX (ROLE_SEG + 1)
const char *role_name(enum role r);

enum ct_state { CT_NEW, CT_ESTABLISHED, CT_RELATED, CT_INVALID, CT_UNTRACKED };
#define CT_MAX (CT_UNTRACKED + 1)
const char *ct_state_name(enum ct_state s);

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8,
	TCP_ACK = 16, TCP_URG = 32 };
enum exthdr { EXT_HBH = 1, EXT_DST = 2, EXT_RH0 = 4, EXT_RH_OTHER = 8,
	EXT_FRAG = 16, EXT_MH = 32, EXT_AH = 64 };
enum frag_kind { FRAG_NONE, FRAG_FIRST, FRAG_LATER };

/*
 * One concrete packet as the gateway sees it on arrival. proto is the upper
 * layer protocol (IPv6: after extension headers). Fields that the protocol
 * does not have are 0.
 */
struct packet {
	enum family fam;
	enum role in, out; /* out ROLE_SELF: to the gateway itself */
	/* interface names for readers' configurations; NULL = any of the role */
	const char *in_if, *out_if;
	enum ct_state ct;
	bool dnat; /* the state was made by a destination NAT */
	struct addr src, dst;
	struct mac src_mac;
	uint8_t proto;
	uint16_t sport, dport;
	uint8_t icmp_type, icmp_code;
	uint8_t tcp_flags;
	uint8_t exthdrs; /* set of enum exthdr */
	enum frag_kind frag;
	uint32_t spi;
};

/*
 * "udp from 2001:db8::1 port 40000 to 2404::1 port 500 in wan out lan new"
 * Words may stand in any order after the protocol; what is not said gets a
 * sensible value (in wan, out lan, ct new, family from the addresses).
 * Returns 0, or -EINVAL with *why set to a sentence (caller frees).
 */
int packet_parse(const char *s, struct packet *ret, char **why);
/* The same form back; caller frees. */
char *packet_format(const struct packet *p);

enum field {
	F_FAMILY,	/* numbers: 4, 6 */
	F_IN, F_OUT,	/* numbers: enum role */
	F_CT,		/* numbers: enum ct_state */
	F_DNAT,		/* numbers: 0, 1 (ct status dnat) */
	F_SRC, F_DST,	/* addresses */
	F_PROTO,	/* numbers */
	F_SPORT, F_DPORT,
	F_ITYPE, F_ICODE,
	F_TCPFLAGS,	/* value under mask */
	F_EXTHDR,	/* numbers: one enum exthdr bit each; match if present */
	F_FRAG,		/* numbers: enum frag_kind */
	F_SPI,
	F_OPAQUE,	/* text that the reader does not know */
};
#define FIELD_MAX (F_OPAQUE + 1)
const char *field_name(enum field f);

struct num_range {
	uint32_t lo, hi;
};
struct addr_range {
	enum family fam;
	struct addr lo, hi;
};

/*
 * field in (or, with neg, not in) a union of numbers, masks and ranges. An
 * empty union matches nothing. With set != NULL the members are the content,
 * now, of a named set that the gateway updates while it runs ("known").
 */
struct cond {
	enum field f;
	bool neg;
	struct num_range *nums;
	size_t num_n, num_cap;
	struct addrmask *masks;
	size_t mask_n, mask_cap;
	struct addr_range *ranges;
	size_t range_n, range_cap;
	uint8_t flag_mask, flag_value; /* F_TCPFLAGS */
	char *set;
	enum family set_fam; /* of an address set */
	char *opaque;
};

/* All conditions hold. No condition: every packet. */
struct match {
	struct cond *conds;
	size_t n, cap;
};

enum verdict {
	V_ACCEPT,
	V_DROP,
	V_REJECT,
	V_RETURN,
	V_JUMP,
	V_GOTO,
	V_CONTINUE, /* counts, marks, logs: decides nothing */
};
#define VERDICT_MAX (V_CONTINUE + 1)
const char *verdict_name(enum verdict v);

/* Where a rule comes from. */
struct origin {
	char *file;	/* NULL: the built-in policy */
	unsigned line;
	char *text;	/* the user's or the router's own line */
	char *why;	/* short id, stable: "rfc6092-rec3", "device casa esp" */
	unsigned *more;	/* further lines of the same rule, rising */
	size_t more_n, more_cap;
};

struct rule {
	struct match match;
	enum verdict verdict;
	char *target; /* V_JUMP, V_GOTO */
	bool quick;   /* pf */
	bool log;
	struct origin origin;
};

struct chain {
	char *name;
	struct rule *rules;
	size_t rule_n, rule_cap;
	enum verdict end; /* V_ACCEPT, V_DROP, V_REJECT, or V_RETURN */
	bool last_match;
	struct origin end_origin;
};

enum nat_action { NAT_TO, NAT_REJECT, NAT_DISCARD, NAT_THROUGH };
struct nat_rule {
	struct match match;
	enum nat_action action;
	bool set_dst;
	struct addr dst;	/* IPv4 unless family says 6 */
	bool set_port;
	uint16_t port_lo, port_hi; /* inner port; a range is shifted: */
	uint16_t match_lo; /* outer port that becomes port_lo, 0 = all become it */
	struct origin origin;
};

enum nat_order { NAT_FIRST, FILTER_FIRST, NAT_ORDER_UNKNOWN };

enum path { PATH_FORWARD, PATH_INPUT, PATH_OUTPUT };
#define PATH_MAX_ (PATH_OUTPUT + 1)
const char *path_name(enum path p);

struct iface {
	char *name;
	enum role role;
	struct addrmask *nets; /* prefixes on it, if known */
	size_t net_n, net_cap;
};

/* A line of somebody's configuration that was not understood. line 0: it is
 * not known which. */
struct unknown_line {
	unsigned line;
	char *text;
	bool affects_filter;
};

/* A further chain that a packet of that path must pass (netfilter asks every
 * base chain of a hook). */
struct gate {
	enum path path;
	char *chain;
};

struct pipeline {
	struct iface *ifaces;
	size_t iface_n, iface_cap;
	/* frames that pass below IP filtering; empty array: none */
	struct match *bypass;
	struct origin *bypass_origin;
	size_t bypass_n, bypass_cap, bypass_origin_cap;
	struct nat_rule *nat_in;
	size_t nat_in_n, nat_in_cap;
	bool masquerade;	/* IPv4 LAN -> WAN source NAT */
	bool many_ipsec;	/* ESP of many devices behind the one address */
	bool keep_ike_port;	/* source port 500 is kept outbound */
	enum nat_order order;
	struct chain **chains;
	size_t chain_n, chain_cap;
	char *entry[PATH_MAX_];	/* names of the entry chains; NULL = accept */
	struct gate *gates;	/* asked after the entry, in order */
	size_t gate_n, gate_cap;
	/* protocols for which the engine opens a return path; bit per proto */
	uint8_t stateful[32];
	bool ndproxy, bridge6;
	struct unknown_line *unknown;
	size_t unknown_n, unknown_cap;
};

struct pipeline *pipeline_new(void);
/* Note a line that was not understood. */
void pipeline_unknown(struct pipeline *p, unsigned line, bool affects_filter,
	const char *fmt, ...) printf_like(4, 5);
void pipeline_gate(struct pipeline *p, enum path path, const char *chain);
void pipeline_free(struct pipeline *p);
void pipeline_freep(struct pipeline **p);
struct chain *pipeline_chain(struct pipeline *p, const char *name, bool make);
const struct chain *pipeline_find(const struct pipeline *p, const char *name);
struct rule *chain_rule(struct chain *c, enum verdict v);
/* Append a condition to a rule's match; returned cond is valid until the next. */
struct cond *match_cond(struct match *m, enum field f, bool neg);
void cond_num(struct cond *c, uint32_t lo, uint32_t hi);
void cond_addr(struct cond *c, const struct addrmask *m);
void cond_range(struct cond *c, enum family fam, const struct addr *lo,
	const struct addr *hi);
void match_done(struct match *m);
/* Append copies of from's conditions. */
void match_copy(struct match *to, const struct match *from);
/* The same, and from is empty. */
void match_move(struct match *to, struct match *from);
void origin_set(struct origin *o, const char *file, unsigned line,
	const char *text, const char *why);
/* line belongs to the same rule; 0 and those known already are left out. */
void origin_more(struct origin *o, unsigned line);

/* Facts that the line and the LAN told; all optional. */
struct facts {
	enum line_kind line;	/* what was detected; LINE_AUTO = unknown */
	struct addrmask *lan6;	/* prefixes on the LAN now */
	size_t lan6_n, lan6_cap;
	struct addrmask *seg6;
	size_t seg6_n, seg6_cap;
	struct addrmask *lan4;	/* IPv4 network of the LAN */
	size_t lan4_n, lan4_cap;
	bool has_wan4;
	struct addr wan4;	/* the gateway's address outside */
	struct addr *known;	/* LAN hosts that the NDP proxy knows */
	size_t known_n, known_cap;
	bool ndproxy_gate;	/* the set known is maintained */
	bool lenient;		/* leave out a mapping that cannot work (and
				   warn) instead of refusing the whole text */
	/* device addresses learnt (by MAC): parallel to intent.devices */
	struct {
		size_t device;
		struct addr addr;
	} *learnt;
	size_t learnt_n, learnt_cap;
};
void facts_done(struct facts *f);

/*
 * A question about many packets, "udp from any to lan port 3389", as the
 * conditions that it says (and new, unless a state is said). *why must be NULL.
 * 0, or -EINVAL with *why (caller frees); conditions may have been added then.
 */
int match_parse(const char *s, struct match *ret, char **why);

/* What the household meant, as two predicates (lists of matches). */
struct contract {
	struct match *must, *may;
	struct origin *must_origin, *may_origin;
	size_t must_n, must_cap, may_n, may_cap;
	size_t must_origin_cap, may_origin_cap;
};
void contract_done(struct contract *c);

struct policy {
	struct pipeline *pipe;
	struct contract contract;
	enum line_kind line;	/* the line this was compiled for */
	enum profile profile;
	bool ipv4_in;		/* IPv4 reaches devices from outside */
};

/*
 * Pure. Refusals (IPv4 mapping on MAP-E, DS-Lite, CGN or a private address)
 * and warnings go to c with the reason and the IPv6 way.
 * Returns 0 and *ret (caller: policy_free), or -EINVAL.
 */
int policy_compile(const struct intent *in, const struct facts *f,
	struct complaints *c, struct policy **ret);
void policy_free(struct policy *p);
void policy_freep(struct policy **p);

/* What decided. rule NULL: the end of chain `chain`. */
struct decision {
	enum verdict verdict; /* V_ACCEPT, V_DROP, V_REJECT */
	const struct chain *chain;
	const struct rule *rule;
	const struct rule *via;	      /* the jump that led to chain, or NULL */
	const struct nat_rule *nat;   /* rewrote the packet first, or NULL */
	const struct origin *origin;  /* of rule, nat, bypass or chain end */
	struct packet after;	      /* as it leaves nat_in */
	bool bypassed;
	bool uncertain; /* an opaque condition was met on the way */
};

/* The concrete interpreter: what happens to p. -ELOOP on a call cycle. */
int pipeline_ask(const struct pipeline *pl, const struct packet *p,
	struct decision *ret);
/*
 * The same, supposing that every condition of the rule (chain's or NAT's) with
 * the match `holds` held, and that it decided, if it only counts, as `as`.
 */
struct supposed {
	const struct match *holds;
	enum verdict as;
};
int pipeline_suppose(const struct pipeline *pl, const struct packet *p,
	const struct supposed *s, struct decision *ret);
static inline int policy_ask(const struct policy *pol, const struct packet *p,
	struct decision *ret)
{
	return pipeline_ask(pol->pipe, p, ret);
}
bool match_has(const struct match *m, const struct packet *p, bool *opaque);

#endif
