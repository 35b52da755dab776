# 2026-10-02 21:14:03 by RouterOS 7.15.3
# software id = ABCD-EFGH
#
# model = RB750Gr3
/interface bridge
add admin-mac=AA:BB:CC:00:11:22 auto-mac=no comment=defconf name=bridge
/interface pppoe-client
add add-default-route=yes disabled=no interface=ether1 name=pppoe-out1 \
    password=hunter2 user=someone@example.ne.jp
/interface list
add comment=defconf name=WAN
add comment=defconf name=LAN
/interface bridge port
add bridge=bridge comment=defconf interface=ether2
add bridge=bridge comment=defconf interface=ether3
/interface list member
add comment=defconf interface=bridge list=LAN
add comment=defconf interface=ether1 list=WAN
add interface=pppoe-out1 list=WAN
/ip address
add address=192.168.88.1/24 comment=defconf interface=bridge network=\
    192.168.88.0
/ip firewall address-list
add address=133.1.0.0/16 list=segw
add address=202.32.0.1-202.32.0.9 list=segw
add address=vpn.example.org list=office
/ip firewall filter
add action=accept chain=input comment=\
    "defconf: accept established,related,untracked" connection-state=\
    established,related,untracked
add action=drop chain=input comment="defconf: drop invalid" connection-state=\
    invalid
add action=accept chain=input comment="defconf: accept ICMP" protocol=icmp
add action=drop chain=input comment="defconf: drop all not coming from LAN" \
    in-interface-list=!LAN
add action=accept chain=forward comment="defconf: accept in ipsec policy" \
    ipsec-policy=in,ipsec
add action=accept chain=forward comment="defconf: accept out ipsec policy" \
    ipsec-policy=out,ipsec
add action=fasttrack-connection chain=forward comment="defconf: fasttrack" \
    connection-state=established,related hw-offload=yes
add action=accept chain=forward connection-state=established,related,untracked
add action=drop chain=forward connection-state=invalid
add action=jump chain=forward in-interface-list=WAN jump-target=from-wan
add action=drop chain=forward comment="never reached from WAN" \
    connection-nat-state=!dstnat in-interface-list=WAN
add action=accept chain=from-wan connection-nat-state=dstnat \
    src-address-list=segw
add action=accept chain=from-wan dst-port=22 protocol=tcp src-address-list=\
    office
add action=accept chain=from-wan disabled=yes protocol=tcp
add action=return chain=from-wan dst-port=5060-5061 port=5060-5061 protocol=\
    udp
add action=drop chain=from-wan
/ip firewall nat
add action=masquerade chain=srcnat comment="defconf: masquerade" \
    ipsec-policy=out,none out-interface-list=WAN
add action=dst-nat chain=dstnat dst-port=500,4500 in-interface-list=WAN \
    protocol=udp to-addresses=192.168.88.9
add action=dst-nat chain=dstnat in-interface=pppoe-out1 protocol=ipsec-esp \
    to-addresses=192.168.88.9
add action=dst-nat chain=dstnat dst-address-type=local dst-port=8443 \
    in-interface-list=WAN protocol=tcp to-addresses=192.168.88.20 to-ports=443
/ipv6 firewall address-list
add address=fe80::/10 comment="defconf: link local" list=link
/ipv6 firewall filter
add action=accept chain=input connection-state=established,related,untracked
add action=accept chain=input protocol=icmpv6
add action=accept chain=input dst-port=546 protocol=udp src-address-list=link
add action=drop chain=input in-interface-list=!LAN
add action=accept chain=forward connection-state=established,related,untracked
add action=drop chain=forward comment="defconf: rfc4890 drop hop-limit=1" \
    hop-limit=equal:1 protocol=icmpv6
add action=accept chain=forward protocol=icmpv6
add action=accept chain=forward comment="defconf: accept IKE" dst-port=\
    500,4500 protocol=udp
add action=accept chain=forward comment="defconf: accept ipsec ESP" protocol=\
    ipsec-esp
add action=drop chain=forward in-interface-list=!LAN
/system identity
set name=home
/ip upnp
set enabled=yes
