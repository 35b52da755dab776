# a prompt, full paths, the line's port in the home's bridge, no /ipv6 firewall at all
[admin@MikroTik] > /export
/interface/bridge add name=bridge1
/interface/bridge/port add bridge=bridge1 interface=ether1
/interface/bridge/port add bridge=bridge1 interface=ether2
/ip/dhcp-client add interface=ether1
/ip/firewall/filter add chain=input action=drop in-interface=ether1 connection-state=new
/ip/firewall/filter add chain=forward action=drop in-interface=ether1 connection-state=new
/ip/firewall/filter set [find comment="x"] disabled=yes
