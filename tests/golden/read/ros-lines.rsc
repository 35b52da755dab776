# 2026-01-10 10:00:00 by RouterOS 7.16
# PPPoE on ether1 (IPv4 only), television by DHCP on vlan4, no IPv6 anywhere.
/interface bridge
add name=bridge-home
/interface vlan
add interface=ether1 name=vlan4 vlan-id=4
/interface pppoe-client
add add-default-route=yes disabled=no interface=ether1 name=pppoe-out1 user=x
/interface bridge port
add bridge=bridge-home interface=ether2
add bridge=bridge-home interface=ether3
/ip address
add address=192.168.88.1/24 interface=bridge-home network=192.168.88.0
/ip dhcp-client
add interface=vlan4 use-peer-dns=no
/ip firewall filter
add action=fasttrack-connection chain=forward connection-state=established,related
add action=accept chain=forward connection-state=established,related
add action=drop chain=forward comment="sees no packet: PPPoE runs on it" in-interface=ether1
add action=accept chain=forward connection-nat-state=dstnat in-interface=pppoe-out1
add action=drop chain=forward connection-state=new in-interface=pppoe-out1
add action=drop chain=input in-interface=pppoe-out1 connection-state=new
add action=drop chain=input dst-port=53 in-interface=ether1 protocol=udp
/ip firewall nat
add action=masquerade chain=srcnat out-interface=pppoe-out1
add action=jump chain=dstnat in-interface=pppoe-out1 jump-target=servers
add action=dst-nat chain=servers dst-port=443 protocol=tcp to-addresses=192.168.88.10 to-ports=8443
add action=dst-nat chain=servers disabled=yes dst-port=22 protocol=tcp to-addresses=192.168.88.10
add action=return chain=servers
/ip hotspot profile
set [ find default=yes ] html-directory=hotspot
/system identity
set name=home
