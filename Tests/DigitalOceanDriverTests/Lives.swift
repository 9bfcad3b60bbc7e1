import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import Simulator

/// One object's life: how it is created and how it is changed, with what each counts in requests.
struct Life: Sendable {
    let create: ResolvedChange
    /// Wanted attributes that differ from the creation; empty where there is nothing to change.
    let changed: [Attributes.Item]

    init(
        _ kind: ResourceKind, _ name: String, _ wanted: KeyValuePairs<String, Value> = [:],
        changed: KeyValuePairs<String, Value> = [:]
    ) {
        // As a plan has them: what a create can't give comes in steps of its own.
        create = change(
            ResourceKey(kind, name), .create, wanted: wanted.map { Attributes.Item($0.key, $0.value) },
            attributes: wanted.map { AttributeChange(path: $0.key, before: nil, after: $0.value) })
        self.changed = changed.map { Attributes.Item($0.key, $0.value) }
    }

    var key: ResourceKey { create.change.key }

    /// All that is wanted after the change.
    var later: Attributes {
        let names = Set(changed.map(\.name))
        return Attributes(create.wanted.items.filter { !names.contains($0.name) } + changed)
    }

    func update(from current: ObservedResource) -> ResolvedChange {
        let attributes = changed.map {
            AttributeChange(path: $0.name, before: current.attributes[$0.name], after: $0.value)
        }
        return ResolvedChange(
            change: PlannedChange(
                key: key, action: .update, reason: "test", cause: .unappliedCommit, attributes: attributes,
                providerID: current.providerID),
            wanted: later, current: current)
    }

    func delete(_ current: ObservedResource) -> ResolvedChange {
        change(key, .delete, current: current, id: current.providerID)
    }

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

/// The engine's part in small: look before a create, and look after a lost answer.
struct SmallEngine: Sendable {
    let driver: DigitalOceanDriver
    let context: DriverContext
    let time: any TimeSource

    func apply(_ change: ResolvedChange) async -> StepOutcome {
        var current = change.current
        var outcome = StepOutcome.done(current)
        for step in driver.steps(for: change.change) {
            if step.creates {
                switch await driver.look(at: step.key, context) {
                case .present(let found):
                    current = found
                    outcome = .done(found)
                    continue
                case .absent: break
                case .ambiguous(let found):
                    return .failed(
                        ProviderFault(
                            provider: "test", operation: "look", code: "TEST-0001", message: "\(found.count) of them",
                            place: nil, disposition: .stop))
                case .unknown(let fault): return .failed(fault)
                }
            }
            let input = ResolvedChange(change: change.change, wanted: change.wanted, current: current)
            outcome = await driver.perform(step, of: input, context)
            if case .unknown = outcome { outcome = await settle(step, input, outcome) }
            guard case .done(let resource) = outcome else { return outcome }
            current = resource
        }
        return outcome
    }

    private func settle(_ step: Step, _ input: ResolvedChange, _ outcome: StepOutcome) async -> StepOutcome {
        for pause in [1, 2, 4, 8, 16] {
            try? await time.sleep(for: .seconds(pause))
            switch await driver.look(at: step.key, context) {
            case .present(let found):
                if step.creates { return .done(found) }
                if input.change.action == .delete { continue }
                // Said again: every effect but a create is the same when it happens twice.
                let again = ResolvedChange(change: input.change, wanted: input.wanted, current: found)
                let second = await driver.perform(step, of: again, context)
                if case .done = second { return second }
            case .absent:
                if input.change.action == .delete { return .done(nil) }
                if step.creates {
                    let second = await driver.perform(step, of: input, context)
                    if case .done = second { return second }
                }
            case .ambiguous, .unknown: continue
            }
        }
        return outcome
    }
}
