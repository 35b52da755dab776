/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real peers: strongSwan 6.0 of Debian 13, unpacked into a folder of its own
 * by tools/lab-peers.sh (Debian 12's knows no native ESP in user space). Each
 * peer is a node's network namespace and a private view of that folder, in
 * which run/, etc/swanctl and etc/strongswan.conf are its own.
 *
 * What makes them like a femtocell and its security gateway: certificates
 * under a sub CA, RFC 7383 fragmentation off and MOBIKE off, so IKE_AUTH is
 * larger than the line's MTU and leaves as IP fragments; the device starts and
 * asks for an inner address; the gateway has no name, only an address.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "base/tr.h"
#include "lab/lab-own.h"

#define ROOT "/var/cache/kadomori/trixie"
#define PKI "/var/cache/kadomori/lab-pki-2"
#define INNER_SEGW "10.63.0.1"
#define INNER_GUESTS "10.64.8.0/24"
#define INNER_POOL "10.64.0.0/24"

enum { START_MS = 20000, CALL_S = 15 };

static bool at(const char *path)
{
	return access(path, F_OK) == 0;
}

static const char *fetcher(void)
{
	static const char *const at_build = KADOMORI_SOURCE "/tools/lab-peers.sh";

	return at(at_build) ? at_build : KADOMORI_LIBEXEC "/lab-peers.sh";
}

int lab_peers_need(char **why)
{
	cleanup(freep) char *cmd = xasprintf("%s %s >&2", fetcher(), ROOT);
	int r;

	/* charon's own ESP leaves through a TUN device */
	if (!at("/dev/net/tun") && (system("modprobe -q tun") != 0 ||
		!at("/dev/net/tun"))) {
		*why = xstrdup(_("this kernel has no /dev/net/tun (module tun), which the IPsec peers need"));
		return -EOPNOTSUPP;
	}
	if (at(ROOT "/.complete") && at(ROOT "/lib64"))
		return 0;
	fprintf(stderr, _("fetching strongSwan 6.0 of Debian 13 into %s ...\n"), ROOT);
	r = system(cmd);
	if (r == 0)
		return 0;
	*why = xasprintf(_("the real peers, strongSwan 6.0 of Debian 13, could not be fetched into %s; is there a network?"),
		ROOT);
	return -EOPNOTSUPP;
}

/*
 * CA, sub CA and one certificate a peer, RSA 2048, valid 30 days. Two labs may
 * start at once: the first makes them, the second waits at the lock. Nothing
 * secret: no peer outside a lab knows this CA.
 */
static int pki_make(const struct lab *lab)
{
	return lab_run(lab, LAB_AN,
		"mkdir -p " PKI " && cd " PKI "; exec 9>lock; flock 9\n"
		"[ -z \"$(find done -mtime -20 2>/dev/null)\" ] || exit 0\n"
		"sub() { n=$1; shift; openssl req -x509 -newkey rsa:2048 -sha256 -days 30 "
		"-nodes -keyout $n.key -out $n.pem -subj \"/C=JP/O=Kadomori Lab/CN=$n\" "
		"\"$@\" 2>>log; }\n"
		"sub ca -addext keyUsage=critical,keyCertSign,cRLSign\n"
		"sub sub -CA ca.pem -CAkey ca.key -addext keyUsage=critical,keyCertSign\n"
		"for n in casa casa2 segw; do sub $n -CA sub.pem -CAkey sub.key "
		"-addext basicConstraints=critical,CA:FALSE "
		"-addext subjectAltName=DNS:$n.peers.in.the.lab.of.kadomori.example,"
		"DNS:a.longer.name.so.that.ike.auth.is.larger.than.the.line.example "
		"& done; wait\n"
		"test -s segw.pem -a -s casa.pem -a -s casa2.pem\ntouch done\n") ==
		0 ? 0 : -EIO;
}

static int peer_files(struct lab *lab, enum lab_node n)
{
	const char *me = lab_node_name(n);
	int e;

	e = lab_run(lab, LAB_AN,
		"d=%s/peer-%s; mkdir -p $d/run $d/swanctl; cd $d/swanctl\n"
		"mkdir -p x509 x509ca private\n"
		"cp " PKI "/%s.pem x509/me.pem; cp " PKI "/%s.key private/me.key\n"
		"cp " PKI "/ca.pem " PKI "/sub.pem x509ca/\n",
		lab->dir, me, me, me);
	return e == 0 ? 0 : -EIO;
}

static int strongswan_conf(struct lab *lab, enum lab_node n)
{
	cleanup(freep) char *name = xasprintf("peer-%s/strongswan.conf",
		lab_node_name(n));

	return lab_file(lab, name,
		"charon-systemd {\n"
		"\tload = random nonce openssl aes sha1 sha2 hmac kdf gmp pem pkcs1"
		" pkcs8 x509 pubkey constraints revocation gcm drbg kernel-libipsec"
		" kernel-netlink socket-default vici\n"
		"\tmax_packet = 20000\n\tretransmit_tries = 3\n"
		"\tretransmit_timeout = 1.0\n\tinstall_routes = yes\n"
		"\tplugins {\n\t\tkernel-libipsec { raw_esp = yes }\n"
		"\t\tvici { socket = unix:///run/charon.vici }\n\t}\n"
		"\tjournal { default = -1 }\n"
		"\tfilelog { log { path = /run/charon.log\n\t\tdefault = 1\n"
		"\t\tflush_line = yes } }\n}\n");
}

/* The guests' openiked: a shared key, addresses of their own inside. */
static const char guests_conn[] =
	"guests {\n\tversion = 2\n\tremote_addrs = %any\n"
	"\tproposals = aes256-sha256-modp2048\n\tmobike = no\n"
	"\tlocal { auth = psk\n\t\tid = segw.lab\n\t}\n"
	"\tremote { auth = psk\n\t\tid = \"*.lab\"\n\t}\n"
	"\tchildren { guests {\n\t\tlocal_ts = " INNER_SEGW "/32\n"
	"\t\tremote_ts = " INNER_GUESTS "\n"
	"\t\tesp_proposals = aes128-sha1-modp2048,aes128-sha1,aes128-sha256-modp2048\n\t} }\n}";

static int swanctl_conf(struct lab *lab, enum lab_node n)
{
	cleanup(freep) char *name = xasprintf("peer-%s/swanctl/swanctl.conf",
		lab_node_name(n));
	bool gate = n == LAB_SEGW;
	const char *remote = gate ? "%any" : lab_addr_text(lab, LAB_SEGW,
		lab_line_family(lab->line));

	return lab_file(lab, name,
		"connections { home {\n\tversion = 2\n\tremote_addrs = %s\n"
		"\tproposals = aes256-sha256-modp2048\n\tfragmentation = no\n"
		"\tmobike = no\n\tsend_cert = always\n\t%s\n"
		"\tlocal { auth = pubkey\n\t\tcerts = me.pem\n\t}\n"
		"\tremote { auth = pubkey\n\t\tcacerts = ca.pem\n\t\tid = \"C=JP, O=Kadomori Lab, CN=%s\"\n\t}\n"
		"\tchildren { home {\n\t\t%s\n"
		"\t\tesp_proposals = aes128gcm16-modp2048\n\t} }\n} %s }\n%s",
		remote, gate ? "pools = inner" : "vips = 0.0.0.0",
		gate ? "*" : "segw",
		gate ? "local_ts = " INNER_SEGW "/32" :
		       "remote_ts = " INNER_SEGW "/32",
		gate ? guests_conn : "", gate ? "pools { inner { addrs = " INNER_POOL " } }\n"
			"secrets { ike-guests { secret = \"" LAB_PSK "\" } }\n" : "");
}

/* One private view, then charon in it; $$ stays its process id. */
static pid_t charon(struct lab *lab, enum lab_node n)
{
	cleanup(freep) char *tag = xasprintf("charon-%s", lab_node_name(n));

	return lab_spawn(lab, n, tag,
		"unshare -m --propagation private sh -ec '"
		"d=%s/peer-%s; r=" ROOT "; mount --bind $r $r; "
		"mount -t proc proc $r/proc; mount --rbind /dev $r/dev; "
		"mount --bind $d/run $r/run; mount --bind $d/swanctl $r/etc/swanctl; "
		"mount --bind $d/strongswan.conf $r/etc/strongswan.conf; "
		"exec chroot $r /usr/sbin/charon-systemd'",
		lab->dir, lab_node_name(n));
}

static int swanctl(const struct lab *lab, enum lab_node n, const char *words)
{
	if (lab->peer[n] <= 0)
		return -ESRCH;
	return lab_run(lab, n,
		"timeout %d nsenter -t %d -m -r /usr/sbin/swanctl %s "
		"--uri unix:///run/charon.vici >>%s/peer-%s/swanctl.log 2>&1",
		CALL_S, (int)lab->peer[n], words, lab->dir, lab_node_name(n));
}

/* The socket's file is there a moment before charon listens at it. */
static int load(const struct lab *lab, enum lab_node n)
{
	msec_t end = clock_ms() + START_MS;

	while (swanctl(lab, n, "--load-all --noprompt") != 0) {
		if (clock_ms() >= end)
			return -EIO;
		lab_sleep(50);
	}
	return 0;
}

int lab_peer_start(struct lab *lab, enum lab_node n, char **why)
{
	int e = lab_peers_need(why);

	*why = e ? *why : NULL;
	e = e ?: pki_make(lab);
	e = e ?: peer_files(lab, n);
	e = e ?: strongswan_conf(lab, n);
	e = e ?: swanctl_conf(lab, n);
	if (e == 0 && n == LAB_SEGW)
		lab_run(lab, n, "ip addr replace " INNER_SEGW "/32 dev lo");
	if (e == 0) {
		lab->peer[n] = charon(lab, n);
		e = lab->peer[n] < 0 ? (int)lab->peer[n] : 0;
	}
	e = e ?: lab_wait(lab, n, START_MS, "test -S %s/peer-%s/run/charon.vici",
		lab->dir, lab_node_name(n));
	e = e ?: load(lab, n);
	if (e < 0 && !*why)
		*why = xasprintf(_("%s did not start (see %s)"), "strongSwan",
			lab->dir);
	return e;
}

void lab_peer_stop(struct lab *lab, enum lab_node n)
{
	if (lab->peer[n] > 0)
		lab_stop(lab, lab->peer[n]);
	lab->peer[n] = 0;
	lab_run(lab, LAB_AN, "rm -f %s/peer-%s/run/charon.vici", lab->dir,
		lab_node_name(n));
}

int lab_peer_do(const struct lab *lab, enum lab_node n, enum lab_peer_act act)
{
	switch (act) {
	case LAB_PEER_INITIATE:
		return swanctl(lab, n, "--initiate --child home --timeout 12");
	case LAB_PEER_REKEY_CHILD:
		return swanctl(lab, n, "--rekey --child home");
	case LAB_PEER_REKEY_IKE:
		return swanctl(lab, n, "--rekey --ike home");
	case LAB_PEER_REKEY_GUESTS:
		return swanctl(lab, n, "--rekey --child guests");
	case LAB_PEER_END:
		return swanctl(lab, n, "--terminate --ike home --timeout 3");
	}
	return -EINVAL;
}

const char *lab_peer_name(void)
{
	return "strongSwan 6.0";
}

const char *lab_peer_inner(void)
{
	return INNER_SEGW;
}
