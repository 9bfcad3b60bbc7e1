import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store

/// Routes about Odoo's modules: what is wanted, allowed and installed, by environment.
extension APIEndpoints {
    static func modules(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/modules", "listModules", "modules",
                "Odoo's modules that are wanted, installed or both, by environment and name. It tells and no more: nothing "
                    + "installs or removes a module.",
                needs: .read, at: .list,
                parameters: [
                    onlyEnvironment,
                    APIParameter("standing", choice(ModuleComparison.Standing.self), "only those that stand so"),
                    nameCursor,
                ], answer: .list(Answer.module), isPaged: true
            ) { call in
                let sight = try await ModuleOverview(call, services)
                let standing = call.text("standing").flatMap(ModuleComparison.Standing.init)
                let place = call.nameCursor.map(modulePlace)
                var found: [ModuleRow] = []
                for name in sight.environments where place.map({ !name.precedesByBytes($0.environment) }) ?? true {
                    let after = place.flatMap { $0.environment == name ? $0.module : nil }
                    found += try await sight.rows(of: name, services).filter { row in
                        (standing.map { row.module.standing == $0 } ?? true)
                            && (after.map { $0.precedesByBytes(row.module.name) } ?? true)
                    }
                    if found.count > call.limit { break }
                }
                let shown = found.prefix(call.limit)
                return page(
                    shown.map(\.document),
                    nextAfter: found.count > call.limit
                        ? shown.last.map { "\($0.environment) \($0.module.name)" } : nil)
            },
            APIRoute(
                "GET", "/modules/summary", "listModuleSummaries", "modules",
                "How the modules of each environment stand, and what came of looking into its database.",
                needs: .read, at: .list, parameters: [onlyEnvironment, nameCursor],
                answer: .list(Answer.moduleSummary), isPaged: true
            ) { call in
                let sight = try await ModuleOverview(call, services)
                let names = sight.environments.filter { name in
                    call.nameCursor.map { $0.precedesByBytes(name) } ?? true
                }
                var rows: [Value] = []
                for name in names.prefix(call.limit) { rows.append(try await sight.summary(of: name, services)) }
                return page(
                    rows,
                    nextAfter: names.count > call.limit ? names.prefix(call.limit).last : nil)
            },
        ]
    }

    /// Environment and module that a cursor names; no environment has a space.
    private static func modulePlace(_ cursor: String) -> (environment: String, module: String) {
        let parts = cursor.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0], parts.count > 1 ? parts[1] : "")
    }
}

/// One module of one environment.
private struct ModuleRow {
    let environment: String
    let module: ModuleComparison.Row
    /// Since when it is installed so; nil where it isn't.
    let since: Timestamp?
    /// Whether it is known what is wanted.
    let isPlanned: Bool

    var document: Value {
        let planned = module.planned
        var object = Value.Object()
        object["environment"] = .string(environment)
        object["module"] = .string(module.name)
        object["standing"] = .text(module.standing?.rawValue)
        object["wanted"] = isPlanned ? .bool(planned != nil) : .null
        object["wanted_at"] = .strings(planned?.wantedBy.map(\.description) ?? [])
        object["wave"] = planned?.wave.map { .int(Int64($0)) } ?? .null
        object["gate"] = .text(planned?.gate)
        object["permission"] = .text(planned?.permission.rawValue)
        object["repository"] = .text(planned?.repository)
        object["state"] = .text(module.installed?.state.rawValue)
        object["version"] = .text(module.installed?.version)
        object["origin"] = .text(module.installed?.origin.text)
        object["observed_at"] = .text(since?.description)
        return .object(object)
    }
}

extension ModuleOverview {
    /// What is known of those environments that a caller sees.
    fileprivate init(_ call: APICall, _ services: APIServices) async throws(StoreFault) {
        try await self.init(
            services.reconciler, services.outlook(), services.store, of: call.text("environment"),
            where: call.visible.contains)
    }

    /// By name.
    fileprivate func rows(of name: String, _ services: APIServices) async throws(StoreFault) -> [ModuleRow] {
        let found = try await services.store.installedModules(of: looks[name])
        let since = Dictionary(found.map { ($0.module.name, $0.since) }, uniquingKeysWith: { first, _ in first })
        return comparison(of: name, looks[name]?.census(found)).rows.map { row in
            ModuleRow(environment: name, module: row, since: since[row.name], isPlanned: plans[name] != nil)
        }.sorted { $0.module.name.precedesByBytes($1.module.name) }
    }

    fileprivate func summary(of name: String, _ services: APIServices) async throws(StoreFault) -> Value {
        let look = looks[name]
        let comparison = comparison(of: name, try await services.store.moduleCensus(of: look))
        var counts = Value.Object()
        for standing in ModuleComparison.Standing.allCases {
            counts[standing.rawValue] = .int(Int64(comparison.count(standing)))
        }
        var object = Value.Object()
        object["environment"] = .string(name)
        object["outcome"] = .string((look?.outcome ?? .unknown).rawValue)
        object["problem"] = .text(look?.problem ?? silence(of: name))
        object["database"] = .text(look?.database.description)
        object["read_through"] = .text(source(of: name))
        object["observed_at"] = .text(look?.observedAt.description)
        object["wanted"] = plans[name].map { .int(Int64($0.modules.count)) } ?? .null
        object["counts"] = .object(counts)
        object["notes"] = .strings(comparison.notes)
        return .object(object)
    }
}

extension Answer {
    static let module = APISchema.named(
        "Module",
        .object([
            .init("environment", text, "where"), .init("module", text, "its technical name"),
            .init(
                "standing", .nullable(choice(ModuleComparison.Standing.self)),
                "how it stands; null: nobody has looked, or what is wanted isn't known yet"),
            .init("wanted", .nullable(.flag), "whether a document wants it; null: that isn't known"),
            .init("wanted_at", texts, "every line that wants it"),
            .init("wave", .nullable(.count), "the wave in which it is to be installed; null: in any, or not wanted"),
            .init("gate", textOrNull, "what has to be granted before its wave"),
            .init(
                "permission", .nullable(.choice(["allowed", "blocked", "unlisted"])),
                "of a wanted one whether lists allow it"),
            .init("repository", textOrNull, "of a wanted one the repository that lists name"),
            .init(
                "state", .nullable(choice(InstalledModule.State.self)),
                "as Odoo's own table says it; null: it is not installed, or nobody has looked"),
            .init("version", textOrNull, "the version in the database"),
            .init("origin", textOrNull, "whose it is by its own manifest: odoo, enterprise or OCA/REPOSITORY"),
            .init("observed_at", instantOrNull, "since when it is seen to be so"),
        ]))

    static let moduleSummary = APISchema.named(
        "ModuleSummary",
        .object([
            .init("environment", text, "its name, or the target of an install set that no environment stands for"),
            .init("outcome", choice(ModuleLook.Outcome.self), "what the last look showed that showed anything"),
            .init("problem", textOrNull, "why the last look showed nothing, or why nobody looks; null where one does"),
            .init("database", textOrNull, "the resource that was looked into; null: none has been"),
            .init(
                "read_through", textOrNull,
                "what its list is read through, modules.servers.CLUSTER or POSTGRES_ADMIN_URL, with host and port; null: "
                    + "nobody looks"),
            .init("observed_at", instantOrNull, "since when it is seen to be so; null: nobody has looked"),
            .init("wanted", .nullable(.count), "how many modules are wanted; null: that isn't known"),
            .init("counts", .map(.count), "how many modules stand how"),
            .init("notes", texts, "what is not as the documents have it, a sentence each"),
        ]))
}
