firewall {
    ipv4 {
        name wan-lan {
            default-action "drop"
            rule 10 {
                action "accept"
                state "established"
                state "related"
            }
        }
        name wan-dmz {
            default-action "drop"
            rule 10 {
                action "accept"
                state "established"
            }
            rule 20 {
                action "accept"
                destination {
                    address "192.168.40.5"
                    port "443"
                }
                protocol "tcp"
            }
        }
        name wan-local {
            default-action "drop"
            rule 10 {
                action "accept"
                state "established"
            }
            rule 30 {
                action "accept"
                destination {
                    port "51820"
                }
                protocol "udp"
            }
        }
        name LAN_TO_WAN {
            default-action "accept"
        }
    }
    zone DMZ {
        default-action "drop"
        from WAN {
            firewall {
                name "wan-dmz"
            }
        }
        interface "eth1.40"
    }
    zone LAN {
        default-action "drop"
        from WAN {
            firewall {
                name "wan-lan"
            }
        }
        interface "eth1"
    }
    zone LOCAL {
        default-action "drop"
        from WAN {
            firewall {
                name "wan-local"
            }
        }
        local-zone
    }
    zone WAN {
        default-action "drop"
        from LAN {
            firewall {
                name "LAN_TO_WAN"
            }
        }
        interface "eth0"
    }
}
interfaces {
    ethernet eth0 {
        address "dhcp"
    }
    ethernet eth1 {
        address "192.168.30.1/24"
        vif 40 {
            address "192.168.40.1/24"
        }
    }
}
nat {
    destination {
        rule 10 {
            description "the home's own DNS, whatever it asks"
            destination {
                address "!192.168.30.53"
                port "53"
            }
            inbound-interface {
                name "eth1"
            }
            protocol "tcp_udp"
            translation {
                address "192.168.30.53"
            }
        }
        rule 20 {
            destination {
                port "443"
            }
            inbound-interface {
                name "eth0"
            }
            protocol "tcp"
            translation {
                address "192.168.40.5"
            }
        }
    }
    source {
        rule 10 {
            description "hairpin"
            outbound-interface {
                name "eth1"
            }
            translation {
                address "masquerade"
            }
        }
        rule 100 {
            outbound-interface {
                name "eth0"
            }
            translation {
                address "masquerade"
            }
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "firewall@15:interfaces@33:nat@8"
