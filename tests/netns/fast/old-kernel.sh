#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian 12's own kernel (6.1) in QEMU: without conntrack's functions the fast
# path is refused and says so; with them it loads and attaches natively.
#
# usage: old-kernel.sh LOAD
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root"; exit 77; }
load=$(realpath "$1") cache=/var/cache/kadomori/qemu
command -v qemu-system-x86_64 >/dev/null || { echo "skip: no qemu-system-x86_64"; exit 77; }
"$(dirname "$(realpath "$0")")/../../../tools/lab-qemu.sh" || { echo "skip: the guest's kernel could not be fetched"; exit 77; }
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
r=$tmp/root more=$cache-fast
mkdir -p $r/bin $r/proc $r/sys $r/dev $r/m $tmp/ini
# the lab's guest has busybox; its modules are not ours: once from the package
(cd $tmp/ini && gzip -dc $cache/initrd.gz | cpio -id --quiet bin/busybox) && cp $tmp/ini/bin/busybox $r/bin/ || exit 1
if [ ! -e $more/.complete ]; then
	mkdir -p $more && cd $more || exit 1
	image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	apt-get -q download -o APT::Sandbox::User=root "$image" >/dev/null 2>&1 && dpkg-deb -x linux-image-*.deb . || { echo "skip: the kernel's package could not be fetched"; exit 77; }
	ver=$(ls lib/modules) && depmod -b . "$ver"
	for m in nf_conntrack veth cls_bpf sch_ingress; do modprobe -d . -S "$ver" --show-depends $m; done |
		sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!s[$0]++' >order
	n=100; while read -r f; do n=$((n + 1)); cp "$f" $n.ko; done <order
	cp boot/vmlinuz-* vmlinuz; rm -rf lib boot usr etc ./*.deb; touch .complete; cd - >/dev/null
fi
cp $more/*.ko $r/m/; cp "$load" $r/load
for l in $(ldd "$load" | grep -o '/[^ ]*'); do mkdir -p "$r$(dirname "$l")"; cp -L "$l" "$r$l"; done
cat >$r/init <<'I'
#!/bin/busybox sh
/bin/busybox mount -t proc p /proc; /bin/busybox mount -t sysfs s /sys; /bin/busybox mount -t devtmpfs d /dev
exec >/dev/ttyS0 2>&1
echo "#kernel $(/bin/busybox uname -r)"
echo "#without"; /load; echo "#rc $?"
for f in $(/bin/busybox ls /m); do /bin/busybox insmod /m/$f 2>/dev/null; done
/bin/busybox ip link add a0 type veth peer name a1; /bin/busybox ip link add b0 type veth peer name b1
for i in a0 a1 b0 b1; do /bin/busybox ip link set $i up; done
echo "#with"; /load a0 b0; echo "#rc $?"
echo "#end"; /bin/busybox poweroff -f
I
chmod +x $r/init
(cd $r && find . | cpio -o -H newc --quiet | gzip -1) >"$tmp/initrd.gz"
timeout 150 qemu-system-x86_64 -accel tcg -cpu max -smp 1 -m 512 -M pc -nodefaults -display none -no-reboot \
	-kernel $more/vmlinuz -initrd "$tmp/initrd.gz" -serial "file:$tmp/out" \
	-append "console=ttyS0 quiet panic=1 mitigations=off tsc=reliable rdinit=/init"
tr -d '\r' <"$tmp/out" | cut -c1-160 | head -60
grep -q '^#end' "$tmp/out" || { echo "FAIL: the guest did not end"; exit 1; }
tr -d '\r' <"$tmp/out" | awk '/^#without/{w=1} /^#with$/{w=2} w==1&&/^refused/{a=1} w==2&&/^loads/{b=1} w==2&&/^a0 native/{c=1} w==2&&/^b0 native/{d=1} END{exit !(a&&b&&c&&d)}' || { echo FAIL; exit 1; }
echo ok
