#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel and initramfs for the lab's guests: devices with the kernel's own ESP
# and openiked with NAT traversal off, which no user-space peer can be. Debian's
# cloud kernel is unpacked, not installed.
#
#	tools/lab-qemu.sh [folder]	(default /var/cache/kadomori/qemu)
#
# The folder gets vmlinuz and initrd.gz. In the guest, /init brings up eth0 as
# the kernel's command line says (kd.mac is qemu's business; kd.addr, kd.via,
# kd.inner), then obeys ttyS1: a line in, its output and "#end NUMBER STATUS" out.
set -eu
to=${1:-/var/cache/kadomori/qemu}
version=2 # raise it when what is built below changes
[ "$(cat "$to/.complete" 2>/dev/null)" = $version ] && exit 0
[ "$(id -u)" = 0 ] || { echo "lab-qemu: run as root" >&2; exit 5; }
for p in openssl cpio depmod modprobe gzip dpkg-deb; do
	command -v $p >/dev/null || { echo "lab-qemu: the program $p is not installed" >&2; exit 1; }
done
# two labs may want it at once: the second waits, then finds it there
mkdir -p "${to%/*}"
exec 9>"$to.lock"
flock 9
[ "$(cat "$to/.complete" 2>/dev/null)" = $version ] && exit 0
rm -rf "$to"
mkdir -p "$to/debs" "$to/kernel" "$to/root"
log=$to/log
fetch() {
	cd "$to/debs" || return 1
	image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	[ -n "$image" ] || return 1
	apt-get -q download -o APT::Sandbox::User=root "$image" openiked busybox-static \
		libevent-2.1-7 libssl3 libc6
}
{ fetch || { apt-get -q update && fetch; }; } >"$log" 2>&1 || {
	tail -n 3 "$log" >&2
	echo "lab-qemu: the guests' packages could not be fetched (log: $log)" >&2
	exit 1
}
cd "$to"
dpkg-deb -x debs/linux-image-*.deb kernel
for d in openiked busybox-static libevent libssl3 libc6; do dpkg-deb -x debs/"$d"*.deb all; done
kernel=$(ls kernel/lib/modules)
depmod -b kernel "$kernel"

cd root
mkdir -p bin sbin lib lib64 etc proc sys dev tmp run var/lib/openiked/empty lib/modules
ln -s ../run var/run
cp ../all/bin/busybox bin/
for d in usr/sbin/iked usr/sbin/ikectl; do cp ../all/$d sbin/; done
cp -L ../all/lib64/ld-linux-x86-64.so.2 lib64/
for l in libc.so.6 libevent-2.1.so.7 libcrypto.so.3 libpthread.so.0 libdl.so.2 libm.so.6; do
	f=$(find ../all -name "$l" | head -n 1)
	[ -z "$f" ] || cp -L "$f" lib/
done
# iked wants its folders, a key pair even where a shared key decides, and
# OpenSSL's legacy provider
cp -r ../all/etc/iked etc/
openssl ecparam -genkey -name prime256v1 -noout -out etc/iked/private/local.key
openssl ec -in etc/iked/private/local.key -pubout -out etc/iked/local.pub 2>/dev/null
chmod 600 etc/iked/private/local.key
m=usr/lib/x86_64-linux-gnu/ossl-modules
mkdir -p $m && cp ../all/$m/legacy.so $m/
# modules in the order that loads them; the guest only insmods down the list
for m in virtio_pci virtio_net af_key xfrm_user esp4 esp6 authenc echainiv seqiv gcm ctr cbc \
	aesni_intel ghash_generic ghash_clmulni_intel sha256_generic hmac drbg; do
	modprobe -d ../kernel -S "$kernel" --show-depends "$m" 2>/dev/null
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' >../modules
while read -r m; do cp "$m" lib/modules/ && echo "${m##*/}" >>lib/modules/order; done <../modules

echo 'root:x:0:0::/:/bin/sh
_iked:x:100:100::/var/lib/openiked/empty:/bin/false
nobody:x:65534:65534::/:/bin/false' >etc/passwd
printf 'root:x:0:\n_iked:x:100:\nnogroup:x:65534:\n' >etc/group
cat >init <<'I'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/sbin LD_LIBRARY_PATH=/lib
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
while read -r m; do insmod /lib/modules/$m 2>/dev/null; done </lib/modules/order
word() { sed -n "s/.*\\<$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
ip link set lo up; ip link set eth0 up
[ -z "$(word kd.addr)" ] || ip addr add "$(word kd.addr)" dev eth0
[ -z "$(word kd.via)" ] || ip route add default via "$(word kd.via)"
[ -z "$(word kd.inner)" ] || ip addr add "$(word kd.inner)"/32 dev lo
stty -F /dev/ttyS1 raw -echo
exec </dev/ttyS1 >/dev/ttyS1 2>&1
echo "#ready"
k=0
while read -r line; do
	sh -c "$line" </dev/null
	s=$? k=$((k + 1))
	printf '\n#end %d %d\n' $k $s
done
poweroff -f
I
chmod 755 init
find . | cpio -o -H newc --quiet | gzip -1 >../initrd.gz
cp ../kernel/boot/vmlinuz-* ../vmlinuz
cd ..
rm -rf debs kernel all root
echo $version >.complete
