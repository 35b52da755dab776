firewall {
    global-options {
        all-ping enable
        state-policy {
            established {
                action accept
            }
            related {
                action accept
            }
            invalid {
                action drop
            }
        }
    }
    group {
        interface-group WAN {
            interface pppoe0
            interface eth0
        }
        ipv6-address-group CASA {
            address ::211:22ff:fe33:4455
        }
        port-group IKE {
            port 500
            port 4500
        }
    }
    ipv4 {
        forward {
            filter {
                default-action accept
                rule 10 {
                    action jump
                    inbound-interface {
                        group WAN
                    }
                    jump-target WAN-LAN
                }
            }
        }
        name WAN-LAN {
            default-action drop
            rule 10 {
                action accept
                connection-status {
                    nat destination
                }
                state new
            }
        }
        input {
            filter {
                rule 10 {
                    action drop
                    inbound-interface {
                        group WAN
                    }
                }
            }
        }
    }
    ipv6 {
        forward {
            filter {
                default-action accept
                rule 10 {
                    action jump
                    inbound-interface {
                        group WAN
                    }
                    jump-target WAN-LAN-6
                }
            }
        }
        name WAN-LAN-6 {
            default-action drop
            rule 10 {
                action accept
                protocol ipv6-icmp
            }
            rule 20 {
                action accept
                description "the Casa, whatever the prefix"
                destination {
                    address-mask ::ffff:ffff:ffff:ffff
                    group {
                        address-group CASA
                        port-group IKE
                    }
                }
                protocol udp
            }
            rule 30 {
                action accept
                destination {
                    address ::211:22ff:fe33:4455
                    address-mask ::ffff:ffff:ffff:ffff
                }
                protocol esp
            }
            rule 40 {
                action accept
                destination {
                    port 3389
                }
                disable
                protocol "tcp_udp"
            }
            rule 50 {
                action accept
                destination {
                    port 22
                }
                protocol tcp
                recent {
                    count 4
                    time minute
                }
            }
        }
        input {
            filter {
                rule 10 {
                    action accept
                    protocol ipv6-icmp
                }
                rule 20 {
                    action drop
                    inbound-interface {
                        group WAN
                    }
                }
            }
        }
    }
}
interfaces {
    ethernet eth0 {
        ipv6 {
            address autoconf
        }
    }
    ethernet eth1 {
        address "192.168.1.1/24"
    }
    pppoe pppoe0 {
        authentication {
            password hunter2
            username "joe@example.net"
        }
        source-interface eth0
    }
}
nat {
    destination {
        rule 10 {
            destination {
                port 8000-8010
            }
            inbound-interface {
                name pppoe0
            }
            protocol tcp
            translation {
                address 192.168.1.30
            }
        }
        rule 20 {
            inbound-interface {
                name pppoe0
            }
            protocol esp
            translation {
                address 192.168.1.9
            }
        }
    }
    source {
        rule 100 {
            outbound-interface {
                name pppoe0
            }
            translation {
                address masquerade
            }
        }
    }
}
service {
    snmp {
        community hunter2 {
            authorization ro
        }
    }
}
system {
    login {
        user vyos {
            authentication {
                encrypted-password "$6$hunter2"
            }
        }
    }
}


// Warning: Do not remove the following line.
// vyos-config-version: "firewall@15:nat@8"
// Release version: 1.4.0
