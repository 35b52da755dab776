edgeos
/* åıâÒê¸Ç∆ï\ */
firewall {
    all-ping enable
    group {
        network-group MGMT {
            network 203.0.113.0/24
        }
    }
    ipv6-name WANv6_IN {
        default-action drop
        description "ï\Ç©ÇÁâ∆Ç÷"
        enable-default-log
        rule 10 {
            action accept
            state {
                established enable
                related enable
            }
        }
        rule 20 {
            action drop
            state {
                invalid enable
            }
        }
        rule 25 {
            action accept
            icmpv6 {
                type destination-unreachable
            }
            protocol ipv6-icmp
        }
        rule 26 {
            action accept
            icmpv6 {
                type packet-too-big
            }
            protocol ipv6-icmp
        }
        rule 30 {
            action accept
            description "ESP of the Casa"
            destination {
                address 2404:7a80:1:1:211:22ff:fe33:4455
                port 50
            }
            protocol tcp
        }
        rule 40 {
            action accept
            destination {
                address 2404:7a80:1:1:211:22ff:fe33:4455
                port 500
            }
            protocol udp
        }
    }
    ipv6-name WANv6_LOCAL {
        default-action drop
        rule 10 {
            action accept
            state {
                established enable
                related enable
            }
        }
        rule 20 {
            action accept
            protocol ipv6-icmp
        }
        rule 30 {
            action accept
            destination {
                port 546
            }
            protocol udp
            source {
                address fe80::/10
                port 547
            }
        }
    }
    ipv6-receive-redirects disable
    name WAN_IN {
        default-action drop
        rule 10 {
            action accept
            state {
                established enable
                related enable
            }
        }
        rule 20 {
            action accept
            destination {
                address 192.168.1.9
            }
            protocol esp
        }
    }
    name WAN_LOCAL {
        default-action drop
        rule 10 {
            action accept
            state {
                established enable
                related enable
            }
        }
        rule 20 {
            action accept
            destination {
                port 22
            }
            protocol tcp
            source {
                group {
                    network-group MGMT
                }
            }
        }
    }
    receive-redirects disable
    source-validation disable
    syn-cookies enable
}
interfaces {
    ethernet eth0 {
        description "to the line"
        duplex auto
        pppoe 0 {
            default-route auto
            firewall {
                in {
                    ipv6-name WANv6_IN
                    name WAN_IN
                }
                local {
                    ipv6-name WANv6_LOCAL
                    name WAN_LOCAL
                }
            }
            dhcpv6-pd {
                pd 0 {
                    interface switch0 {
                        service slaac
                    }
                    prefix-length /56
                }
            }
            password hunter2
            user-id joe@example.net
        }
    }
    switch switch0 {
        address 192.168.1.1/24
        switch-port {
            interface eth1 {
            }
        }
    }
}
port-forward {
    auto-firewall enable
    hairpin-nat disable
    lan-interface switch0
    rule 1 {
        description nas
        forward-to {
            address 192.168.1.30
            port 443
        }
        original-port 8443
        protocol tcp
    }
    wan-interface pppoe0
}
service {
    nat {
        rule 10 {
            inbound-interface pppoe0
            inside-address {
                address 192.168.1.9
            }
            protocol esp
            type destination
        }
        rule 5000 {
            outbound-interface pppoe0
            type masquerade
        }
    }
    snmp {
        community hunter2 {
            authorization ro
        }
    }
}
system {
    login {
        user ubnt {
            authentication {
                encrypted-password $6$hunter2
            }
        }
    }
}


/* Warning: Do not remove the following line. */
/* === vyatta-config-version: "config-management@1:firewall@5:nat@3" === */
/* Release version: v2.0.9 */
