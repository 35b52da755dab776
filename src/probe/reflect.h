/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reflect: a host outside that sends IKE, ESP, TCP and UDP back, so that a home
 * learns what is let in. Part of probe/probe.h.
 *
 *	client			reflector
 *	HELLO	 ------------->			nothing is kept
 *		<------------- CHALLENGE	cookie; "I see you as A port P"
 *	ORDER	 ------------->			cookie proves: A asked
 *		<------------- ACCEPT
 *		<============= IKE ESP UDP TCP	to A, never to anyone else
 *	IKE ESP	 =============>			counted by their token
 *	ASK	 ------------->
 *		<------------- REPORT		what came, what TCP found
 *
 * Why it cannot be used against a third party. Every message carries an
 * HMAC-SHA256 with a key both sides know; others get no answer. No message
 * names an address: what is sent goes to the source address of the order. An
 * order counts only with the cookie that was sent to that very address and
 * port, and only once (its number rises). Before that proof one HELLO causes
 * one CHALLENGE, which is shorter. After it, packets, bytes and time are
 * bounded per home.
 */
#ifndef KADOMORI_PROBE_REFLECT_H
#define KADOMORI_PROBE_REFLECT_H

enum { REFLECT_PORT = 40500, REFLECT_MSG_MAX = 1200, REFLECT_NONCE = 16,
	REFLECT_COOKIE = 16, REFLECT_MAC = 32,
	/* a request is never shorter than its answer */
	REFLECT_HELLO_LEN = 256, REFLECT_ASK_LEN = 1024,
	REFLECT_KEY_MIN = 16, REFLECT_KEY_MAX = 256,
	REFLECT_ITEMS_MAX = 40, REFLECT_SEEN_MAX = 48 };

enum reflect_type { REFLECT_HELLO = 1, REFLECT_CHALLENGE, REFLECT_ORDER,
	REFLECT_ACCEPT, REFLECT_ASK, REFLECT_REPORT };
#define REFLECT_TYPE_MAX (REFLECT_REPORT + 1)

enum reflect_kind {
	REFLECT_UDP = 1,/* from a port nobody spoke to; ICMP is looked for */
	REFLECT_IKE,	/* from port 500, a well-formed IKE message */
	REFLECT_NATT,	/* from port 4500, ESP in UDP */
	REFLECT_ESP,
	REFLECT_TCP,	/* a connection, closed at once */
};
#define REFLECT_KIND_MAX (REFLECT_TCP + 1)

struct reflect_key {
	uint8_t b[REFLECT_KEY_MAX];
	size_t n;
};

/* One thing to send. port 0 (IKE, NATT): where the last such came from. */
struct reflect_item {
	uint8_t kind;	/* enum reflect_kind */
	bool alt;	/* from the reflector's other address */
	uint16_t port, size, tag;
	uint32_t spi;	/* ESP */
	uint32_t delay_ms;
};
enum { REFLECT_SIZE_MAX = 4000, REFLECT_DELAY_MAX = 900 * 1000 };

enum reflect_state { REFLECT_WAITING, REFLECT_SENT, REFLECT_OPEN, REFLECT_CLOSED,
	REFLECT_NOTHING, REFLECT_FAILED };
#define REFLECT_STATE_MAX (REFLECT_FAILED + 1)

/* What came at the reflector, or what became of an item. */
struct reflect_seen {
	uint8_t kind;
	uint16_t tag, size, sport;
};
struct reflect_done {
	uint16_t tag;
	uint8_t state; /* enum reflect_state */
};

enum { REFLECT_FULL = 4 }; /* no room in the reflector, or in the session */

struct reflect_msg {
	uint8_t type;
	uint8_t nonce[REFLECT_NONCE];
	uint8_t cookie[REFLECT_COOKIE];	/* CHALLENGE, ORDER, ASK */
	uint32_t number;		/* ORDER, ACCEPT: rises */
	struct endpoint you;		/* CHALLENGE */
	bool has_alt, has_esp;		/* CHALLENGE: what the reflector can */
	struct reflect_item item[REFLECT_ITEMS_MAX];
	uint8_t verdict[REFLECT_ITEMS_MAX]; /* ACCEPT: 0 taken, REFLECT_FULL */
	size_t item_n;
	struct reflect_seen seen[REFLECT_SEEN_MAX];
	size_t seen_n;
	struct reflect_done done[REFLECT_ITEMS_MAX * 2];
	size_t done_n;
};

/* Length, or -EMSGSIZE. */
int reflect_build(const struct reflect_msg *m, const struct reflect_key *k,
	uint8_t *buf, size_t cap);
/* 0, -EBADMSG, or -EKEYREJECTED (another key, or not ours at all). */
int reflect_parse(const uint8_t *b, size_t n, const struct reflect_key *k,
	struct reflect_msg *ret);

/* The token in everything that is sent, by which it is known again. */
enum { REFLECT_TOKEN = 16 };
struct reflect_token {
	uint8_t kind;
	uint16_t tag;
	uint8_t nonce[8]; /* the first half of the session's */
};
/*
 * The payload of a kind, filled up to size bytes: behind the IP header for ESP,
 * of UDP for the others. Length or -EMSGSIZE.
 */
int reflect_payload(const struct reflect_token *t, uint32_t spi, size_t size,
	uint8_t *buf, size_t cap);
/* Find the token in what came as that kind. 0 or -EBADMSG. */
int reflect_token_of(uint8_t kind, const uint8_t *b, size_t n,
	struct reflect_token *ret);

/* --- the reflector's mind (reflect-mind.c): no socket, no clock --------------- */

enum { REFLECT_SESSIONS_MAX = 64,	/* more are refused; none is pushed out */
	REFLECT_SESSIONS_HOME = 8,	/* per IPv4 address or IPv6 /56 */
	REFLECT_COOKIE_MS = 60 * 1000,	/* a cookie lives one to two of these */
	/*
	 * A session is kept so long after its last order and its last job: no
	 * cookie that came with an order outlives it, so none is used twice.
	 */
	REFLECT_SESSION_MS = 2 * REFLECT_COOKIE_MS,
	REFLECT_JOBS_MAX = 96,		/* per session, waiting or done */
	REFLECT_BYTES_MAX = 256 * 1024,	/* per session */
	REFLECT_BUCKETS = 1024, REFLECT_BURST = 40, REFLECT_PER_S = 8 };

struct reflect_job {
	struct reflect_item item;
	msec_t due;
	uint8_t state;
	bool handed; /* to the sockets */
};

struct reflect_session {
	bool used;
	struct endpoint home;	/* address and control port that proved itself */
	uint8_t nonce[REFLECT_NONCE];
	uint32_t number;
	msec_t until;
	size_t bytes;
	struct reflect_job job[REFLECT_JOBS_MAX];
	size_t job_n;
	struct reflect_seen seen[REFLECT_SEEN_MAX];
	size_t seen_n;
	uint16_t last_port[REFLECT_KIND_MAX];
};

struct reflect_stats {
	size_t got, refused_key, refused_rate, refused_cookie, refused_replay,
		refused_full, sessions, packets;
	size_t before_in, before_out; /* bytes before any proof */
};

struct reflect_mind {
	struct reflect_key key;
	uint8_t secret[32];	/* for cookies; random */
	struct hash_key hash;
	bool has_alt4, has_alt6, has_esp;
	struct reflect_session s[REFLECT_SESSIONS_MAX];
	struct {
		msec_t at;
		int left;
	} bucket[REFLECT_BUCKETS];
	struct reflect_stats stats;
};

/*
 * A control message came: the answer's length in out, or 0 for none. An answer
 * goes to from and is never longer than n.
 */
size_t reflect_mind_input(struct reflect_mind *m, msec_t now,
	const struct endpoint *from, const uint8_t *b, size_t n, uint8_t *out,
	size_t cap);
/*
 * The next job that is due, or NULL. *to is where it goes: always the address
 * of the session's home. The caller sets job->state.
 */
struct reflect_job *reflect_mind_due(struct reflect_mind *m, msec_t now,
	struct endpoint *to, struct reflect_token *token);
/* When something is due next: at most max ms. */
msec_t reflect_mind_wait(const struct reflect_mind *m, msec_t now, msec_t max);
/* Something of that kind came from outside. True if it belongs to a session. */
bool reflect_mind_saw(struct reflect_mind *m, msec_t now, uint8_t kind,
	const struct endpoint *from, const uint8_t *b, size_t n);

/* --- the reflector (reflect-serve.c) --------------------------------------- */

enum { REFLECT_PLACES_MAX = 4 };
struct reflector;
/* Sockets on each address. 0 and *ret, or -errno with *bad the address. */
int reflector_new(const struct reflect_key *k, const struct endpoint *listen,
	size_t n, struct reflector **ret, size_t *bad);
void reflector_free(struct reflector *r);
/* One look: at most ms. 0 or -errno. */
int reflector_turn(struct reflector *r, int ms);
const struct reflect_stats *reflector_stats(const struct reflector *r);

/* --- the client (reflect-ask.c) ---------------------------------------------- */

struct reflect_ask_want {
	struct endpoint server;	/* its control port */
	struct endpoint self;	/* source address, zero: any */
	struct reflect_key key;
	const uint16_t *tcp, *udp; /* ports to try from outside */
	size_t tcp_n, udp_n;
	unsigned idle_ms;	/* silence before "after idle" */
	bool quick;		/* without the idle part */
};
enum { REFLECT_PORTS_MAX = 24 };

/* Did it come through? */
enum came { CAME_UNTRIED, CAME_NOT, CAME };

struct reflect_result {
	bool answered;		/* the reflector speaks to us */
	bool busy;		/* and has no room for our home just now */
	struct endpoint self, you; /* our end, and as seen outside */
	bool no_raw, port500_taken, port4500_taken;
	size_t mtu;		/* of the way out as the kernel knows it */
	size_t mtu_found;	/* largest unfragmented that arrived, 0: none */
	/* towards the reflector */
	enum came ike_out, full_out, big_out, esp_out, esp_full_out, esp_big_out,
		natt_out;
	uint16_t ike_sport;	/* our 500 as seen there */
	/* towards us, nobody asked */
	enum came esp_unasked, ike_unasked, udp_unasked;
	bool unasked_alt;	/* from an address we never spoke to */
	/* towards us, after we sent */
	enum came ike_back, full_back, big_back, esp_back, esp_full_back,
		esp_big_back, esp_new_spi, natt_back;
	/* after idle_ms of silence */
	enum came ike_idle, esp_idle, natt_idle;
	unsigned idle_ms;
	struct {
		uint16_t port;
		uint8_t state; /* enum reflect_state */
	} tcp[REFLECT_PORTS_MAX], udp[REFLECT_PORTS_MAX];
	size_t tcp_n, udp_n;
};

/*
 * The whole conversation; takes some 6 s and idle_ms. 0 (also when nothing
 * answers) or -errno of the first socket.
 */
int reflect_ask(const struct reflect_ask_want *w, struct reflect_result *ret);

#endif
