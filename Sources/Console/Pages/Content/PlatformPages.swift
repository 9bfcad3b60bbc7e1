import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// What DigitalOcean holds.
enum DigitalOceanPage {
    static func render(_ context: PageContext) async throws -> Page {
        let droplets = try await context.store.mirror(.droplets)
        let databases = try await context.store.mirror(.databases)
        let firewalls = try await context.store.mirror(.firewalls)
        let looks = try await context.store.mirror(.ingestRuns)
        let hasSeen = hasSeen(looks)
        // A look that finds everything as before writes no row: where each pass lists droplets, its own instant counts.
        var lookedAt = looks.first?.time("started_at")
        if context.known.outlook?.observed.kinds[.droplet] != nil, let look = try await context.store.lastLook(),
            let at = look.completedAt ?? look.startedAt as Timestamp?
        {
            lookedAt = max(lookedAt ?? at, at)
        }
        func count(_ rows: [MirrorRow]) -> String { rows.isEmpty && !hasSeen ? "–" : "\(rows.count)" }
        func note(_ rows: [MirrorRow], _ status: String) -> String {
            rows.isEmpty && !hasSeen
                ? "nobody has looked yet" : "\(rows.count { $0["status"] == status }) \(status)"
        }
        return Page(.digitalOcean, lead: "Droplets, clusters and firewalls as DigitalOcean showed them last.") {
            div("tiles") {
                tile("Droplets", count(droplets), note: note(droplets, "active"))
                tile("Databases", count(databases), note: note(databases, "online"))
                tile("Firewalls", count(firewalls))
                tile(
                    "Looked", lookedAt.map { TimeText.relative($0, context.now) } ?? "never",
                    looks.first.map { $0["status"] == "success" ? .ok : .warn }, note: looks.first?["status"] ?? "")
            }
            card("Droplets", flush: true) {
                if droplets.isEmpty {
                    none("droplet", hasSeen)
                } else {
                    droplets.reduce(into: Grid("Droplets", "Name", "Status", "Size", "Region", "Address", "Image")) {
                        grid, row in
                        grid.add(
                            strong(row["name"] ?? ""),
                            chip(row["status"] == "active" ? .ok : .idle, row["status"] ?? ""),
                            markup {
                                row["size_slug"] ?? "–"
                                span(
                                    "sub",
                                    "\(row["vcpus"] ?? "–") vCPU, \(row["memory_mb"] ?? "–") MB, \(row["disk_gb"] ?? "–") GB"
                                )
                            }, HTML(row["region"] ?? "–"), code(row["ipv4_public"] ?? "–"),
                            HTML(row["image_slug"] ?? "–"))
                    }.html
                }
            }
            card("Databases", flush: true) {
                if databases.isEmpty { none("database cluster", hasSeen) } else { clusters(databases).html }
            }
            card("Networking", flush: true) {
                if firewalls.isEmpty {
                    none("firewall", hasSeen)
                } else {
                    firewalls.reduce(into: Grid("Firewalls", "Name", "Status", "Inbound", "Outbound")) { grid, row in
                        grid.add(
                            strong(row["name"] ?? ""),
                            chip(row["status"] == "succeeded" ? .ok : .warn, row["status"] ?? ""),
                            HTML(rules(row["inbound_rules"])), HTML(rules(row["outbound_rules"])))
                    }.html
                }
            }
            card("Monitoring", flush: true) { looks.isEmpty ? none("look", hasSeen) : history(looks, context.now).html }
        }
    }

    /// Whether a look at DigitalOcean has shown anything, so that a count of none means none.
    static func hasSeen(_ looks: [MirrorRow]) -> Bool {
        looks.contains { $0["status"] == "success" || $0["status"] == "partial" }
    }

    private static func none(_ thing: String, _ hasSeen: Bool) -> HTML {
        let reason = "The rows are filled by a pass that could look at DigitalOcean, once an hour."
        guard hasSeen else { return unlooked(reason, icon: .server) }
        return empty("There is no \(thing)", reason, icon: .server, next: "reconcile doctor")
    }

    static func clusters(_ rows: [MirrorRow]) -> Grid {
        var grid = Grid("Databases", "Name", "Status", "Engine", "Size", "Region", "Endpoint")
        for row in rows {
            grid.add(
                strong(row["name"] ?? ""), chip(row["status"] == "online" ? .ok : .warn, row["status"] ?? ""),
                HTML("\(row["engine"] ?? "") \(row["version"] ?? "")"),
                HTML("\(row["size_slug"] ?? "–") × \(row["num_nodes"] ?? "1")"), HTML(row["region"] ?? "–"),
                code("\(row["endpoint_host"] ?? "–")\(row["endpoint_port"].map { ":\($0)" } ?? "")"))
        }
        return grid
    }

    private static func rules(_ text: String?) -> String {
        let count = text.flatMap { try? JSON.parse($0) }?.listValue?.count ?? 0
        return count.of("rule")
    }

    private static func history(_ rows: [MirrorRow], _ now: Timestamp) -> Grid {
        var grid = Grid("Looks", "When", "Outcome", "Found", "Asked by")
        for row in rows {
            grid.add(
                ago(row.time("started_at"), now), chip(row["status"] == "success" ? .ok : .warn, row["status"] ?? ""),
                markup {
                    Words.value(row["counts"].flatMap { try? JSON.parse($0) })
                    if let error = row["last_error"] { span("sub", error) }
                }, HTML(row["triggered_by"] ?? ""))
        }
        return grid
    }
}

/// Databases, Supabase, and the setting of secrets.
enum DatabasePage {
    static func render(_ context: PageContext) async throws -> Page {
        let clusters = try await context.store.mirror(.databases)
        let syncs = try await context.store.secretSyncs(limit: 30)
        let looks = try await LookCards(
            context, [.supabaseProject, .supabaseBackup, .supabaseNetwork, .supabaseAdvice])
        let kinds = (context.known.outlook?.observed.kinds.values.filter { $0.kind.provider == "supabase" } ?? [])
            .sorted { $0.kind < $1.kind }
        return Page(
            .database, lead: "Clusters, what Supabase holds, and who set which secrets where. No value is ever shown."
        ) {
            card("Clusters", flush: true) {
                if clusters.isEmpty {
                    empty(
                        "No cluster is known", "A pass that can look at DigitalOcean fills this in.", icon: .database,
                        next: "reconcile doctor")
                } else {
                    DigitalOceanPage.clusters(clusters).html
                }
            }
            looks.projects
            looks.advice
            card("Supabase", flush: true) {
                if kinds.isEmpty {
                    unlookedSupabase(context)
                } else {
                    ControlPlanePage.kinds(kinds)
                }
            }
            card("Secret syncs", flush: true) {
                if syncs.isEmpty {
                    empty(
                        "No secret was set from here",
                        "Names that were pushed or skipped are written down, never values.",
                        icon: .key, next: "reconcile secrets sync --help")
                } else {
                    syncs.reduce(into: Grid("Secret syncs", "When", "Where", "Who", "Outcome", "Names")) { grid, one in
                        let tone: Tone = one.status == .success ? .ok : one.status == .error ? .bad : .info
                        grid.add(
                            ago(one.startedAt, context.now), HTML("\(one.provider) \(one.target)"), strong(one.actor),
                            chip(tone, one.status.rawValue),
                            markup {
                                "\(one.pushed.count) set, \(one.skipped.count) left"
                                span("sub", one.error ?? one.pushed.joined(separator: ", "))
                            })
                    }.html
                }
            }
        }
    }

    /// Why nothing of Supabase is known: its driver has no token, or nobody has looked with it.
    private static func unlookedSupabase(_ context: PageContext) -> HTML {
        let token = context.pages.facts.secrets.first { $0.name == "supabase" }
        let why =
            token?.isPresent == true
            ? "Its driver has a token. A pass looks as soon as it can read documents that name what is there."
            : "Give the driver a token as SUPABASE_ACCESS_TOKEN; the next pass looks."
        return empty("Supabase was not looked at", why, icon: .database, next: "reconcile doctor")
    }
}

/// What drivers can do and how complete they saw, and the features of the platform.
enum ControlPlanePage {
    static func render(_ context: PageContext) async throws -> Page {
        let outlook = context.known.outlook
        let byProvider = Dictionary(grouping: outlook?.observed.kinds.values.map { $0 } ?? []) { $0.kind.provider }
        let lease = try await context.store.lease(name: "reconcile")
        let standing = try await context.store.shardStanding()
        let sign = try await context.store.serviceSign()
        let features = outlook?.desired.features ?? []
        return Page(
            .controlPlane, lead: "Who reconciles, how complete each provider was seen, and which features are in use."
        ) {
            card("The loop") {
                facts([
                    ("Lease", standing.count > 1 ? Self.leases(standing, context.now) : Self.lease(lease)),
                    ("Service", HTML(sign?.holder ?? "none has run yet")),
                    ("Next pass", ago(sign?.nextPassAt, context.now)),
                    ("Failed in a row", span("num", "\(sign?.failures ?? 0)")),
                    ("Store", code(context.pages.facts.storePlace)),
                ])
            }
            if standing.count > 1 {
                card("Services and their shards", aside: HTML("\(standing.count) shards"), flush: true) {
                    Self.services(standing, context.now)
                }
            }
            if byProvider.isEmpty {
                div("card") {
                    empty(
                        "Providers are known after a pass", "The last pass of this service says what each driver saw.",
                        icon: .cpu, next: "reconcile doctor")
                }
            }
            for (provider, kinds) in byProvider.sorted(by: { $0.key.precedesByBytes($1.key) }) {
                card(
                    provider, aside: HTML("\((context.known.requests[provider] ?? 0).of("request")) in the last pass"),
                    flush: true
                ) {
                    Self.kinds(kinds.sorted { $0.kind < $1.kind })
                }
            }
            card("Features of Supabase", flush: true) {
                if features.isEmpty {
                    empty("No feature is listed", "The SSOT's list of features is read by each pass.", icon: .cpu)
                } else {
                    features.prefix(200).reduce(
                        into: Grid("Features", "Feature", "Stage", "Maturity", "Priority", "Written at")
                    ) { grid, one in
                        grid.add(
                            strong(one.id), chip(one.stage == .adopt ? .ok : .idle, one.stage.rawValue),
                            HTML(one.maturity ?? "–"), HTML(one.priority ?? "–"), code(one.source.description))
                    }.html
                }
            }
        }
    }

    private static func lease(_ lease: Lease?) -> HTML {
        lease.map { HTML("held by \($0.holder)") } ?? HTML("free: no pass is under way")
    }

    /// Each shard has a lease of its own.
    private static func leases(_ standing: ShardStanding, _ now: Timestamp) -> HTML {
        let held = standing.leases.filter { $0.expiresAt > now }
        guard !held.isEmpty else { return HTML("free: no pass is under way") }
        return HTML(held.map { "\($0.name) held by \($0.holder)" }.joined(separator: ", "))
    }

    private static func services(_ standing: ShardStanding, _ now: Timestamp) -> HTML {
        let shares = standing.shares()
        guard !shares.isEmpty else {
            return empty(
                "No service is there", "A service that shares the work gives a sign of life.", icon: .cpu,
                next: "reconcile run")
        }
        return shares.reduce(into: Grid("Services", "Service", "Shards", "Next pass", "Failed in a row")) { grid, one in
            let shards = one.shards.map { "\($0)" }.joined(separator: ", ")
            grid.add(
                span("key", one.service.holder),
                one.service.isAside ? chip(.warn, "stands aside") : HTML(shards.isEmpty ? "none" : shards),
                ago(one.service.nextPassAt, now), span("num", "\(one.service.failures)"))
        }.html
    }

    static func kinds(_ kinds: [ObservedKind]) -> HTML {
        kinds.reduce(into: Grid("Kinds", "Kind", "Seen", "Objects", "Why")) { grid, one in
            let (state, why): (HTML, String) =
                switch one.completeness {
                case .complete: (chip(.ok, "complete"), "")
                case .partial(let reason): (chip(.warn, "partial"), reason)
                case .unknown(let reason): (chip(.idle, "unknown"), reason)
                }
            grid.add(
                span("key", one.kind.name), state, span("num", "\(one.resources.count)"),
                HTML(one.gaps.isEmpty ? why : "\(one.gaps.count.of("gap")) \(why)"))
        }.html
    }
}
