import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import SimulatorKit

extension Life {
    /// Every kind, each after what it needs.
    static let all: [Life] = [
        Life(.tag, "project:ipai"), Life(.tag, "erp"),
        Life(
            .droplet, "odoo-staging",
            [
                "region": "sgp1", "size": "s-1vcpu-2gb", "image": "ubuntu-24-04-x64", "tags": ["project:ipai"],
                "monitoring": true, "user_data": "#!/bin/sh\nexport TOKEN=canary-user-data",
            ],
            changed: ["size": "s-2vcpu-4gb", "tags": ["project:ipai", "erp"], "backups": true, "ipv6": true]),
        Life(.droplet, "odoo-mail", ["region": "sgp1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"]),
        Life(.domain, "example.com"),
        Life(
            .record, "example.com/A/erp", ["data": "203.0.113.7", "ttl": 1800],
            changed: ["data": "203.0.113.8", "ttl": 300]),
        Life(.record, "example.com/CNAME/www", ["data": "erp.example.com."], changed: ["data": "example.com."]),
        Life(
            .record, "example.com/MX/@/mail.example.com", ["data": "mail.example.com", "priority": 10],
            changed: ["priority": 20]),
        Life(.record, "example.com/TXT/@/v=spf1 -all", ["data": "v=spf1 -all"], changed: ["ttl": 3600]),
        Life(.record, "example.com/AAAA/v6", ["data": "2001:DB8::1"], changed: ["data": "2001:db8::2"]),
        Life(
            .firewall, "web",
            [
                "inbound_rules": [
                    ["protocol": "tcp", "ports": "443", "sources": ["addresses": ["0.0.0.0/0", "::/0"]]],
                    ["protocol": "icmp", "sources": ["droplets": ["odoo-mail"]]],
                ],
                "outbound_rules": [["protocol": "tcp", "ports": "all", "destinations": ["addresses": ["0.0.0.0/0"]]]],
                "droplets": ["odoo-staging"],
            ],
            changed: ["droplets": ["odoo-mail", "odoo-staging"], "tags": ["erp"]]),
        Life(
            .databaseCluster, "odoo-pg", ["engine": "pg", "version": "16", "region": "sgp1", "size": "db-s-1vcpu-1gb"],
            changed: ["size": "db-s-2vcpu-4gb"]),
        Life(.database, "odoo-pg/odoo"), Life(.databaseUser, "odoo-pg/odoo"), Life(.databaseUser, "odoo-pg/reader"),
        Life(
            .databasePool, "odoo-pg/web", ["db": "odoo", "user": "odoo", "mode": "transaction", "size": 5],
            changed: ["mode": "session", "size": 8]),
        Life(
            .databaseFirewall, "odoo-pg", ["rules": ["droplet:odoo-mail"]],
            changed: ["rules": ["droplet:odoo-staging", "ip_addr:192.0.2.1", "tag:erp"]]),
        Life(
            .vpc, "ops", ["region": "sgp1", "ip_range": "10.20.0.0/20"], changed: ["description": "what it is for"]),
        Life(
            .volume, "odoo-data",
            ["region": "sgp1", "size_gb": 10, "droplet": "odoo-mail", "tags": ["erp"], "filesystem_type": "ext4"],
            changed: ["size_gb": 20, "droplet": "odoo-staging", "tags": ["erp", "project:ipai"]]),
        Life(.snapshot, "odoo-data-1", ["volume": "odoo-data", "tags": ["erp"]]),
        Life(.snapshot, "odoo-mail-1", ["droplet": "odoo-mail"]),
        Life(
            .alertPolicy, "odoo-staging/load_average_1m/warn",
            [
                "type": "v1/insights/droplet/load_1", "compare": "GreaterThan", "window": "5m", "enabled": true,
                "droplet_id": 412_000_001, "threshold_per_vcpu": .number("0.7"),
            ],
            changed: ["threshold_per_vcpu": .number("1.5"), "window": "1h"]),
        Life(
            .alertPolicy, "odoo-staging/disk_utilization/crit",
            [
                "type": "v1/insights/droplet/disk_utilization_percent", "compare": "GreaterThan", "window": "30m",
                "droplet_id": 412_000_001, "value": 90, "emails": ["ops@example.com"],
            ],
            changed: ["value": .number("92.5"), "enabled": false]),
        Life(
            .project, "erp",
            [
                "purpose": "Service or API", "environment": "staging",
                "resources": ["database_cluster:odoo-pg", "domain:example.com", "droplet:odoo-mail"],
            ],
            changed: [
                "environment": "production", "description": "ERP",
                "resources": ["droplet:odoo-mail", "droplet:odoo-staging", "volume:odoo-data"],
            ]),
        Life(
            .spacesKey, "filestore", ["grants": ["erp-files:readwrite", "logs:read"]],
            changed: ["grants": ["erp-files:read"]]),
    ]

    static let request = ObserveRequest(
        kinds: Set(DigitalOceanKinds.all.map(\.kind)),
        names: Dictionary(grouping: all.map(\.key), by: \.kind).mapValues { Set($0.map(\.name)) })
}
