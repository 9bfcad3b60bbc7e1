import Basics
import Formats
import HTTPClient

extension CommandCall {
    /// Carries the command out.
    func run() async throws -> ClientExit {
        let name = arguments.command.name
        if let absence = ClientCommands.absences.first(where: { $0.name == name }) {
            // With the name that was given: what is shown can be typed as it stands.
            let instead =
                target.isEmpty ? absence.instead : absence.instead.replacing("TARGET", with: target.shellQuoted)
            throw ClientFault.notThere(absence.lacks, instead: "Meanwhile: \(instead)")
        }
        try checkNames()
        if let listing = Self.listings[name] { return try await list(listing) }
        switch name {
        case "status": return try await status()
        case "env show": return try await showEnvironment()
        case "env explain": return try await explainEnvironment()
        case "env extend", "env pin", "env unpin", "env suspend", "env resume": return try await changeEnvironment()
        case "preview list": return try await listPreviews()
        case "deployment list": return try await listDeployments()
        case "deployment get": return try await showDocument("/deployments/\(target.percentEncoded)")
        case "db backups": return try await listBackups()
        case "explain": return try await explain()
        case "drift show": return try await showDrift()
        case "drift ack", "drift mute": return try await markDrift()
        case "drift unmute": return try await unmarkDrift()
        case "alerts list": return try await listFindings()
        case "gates list": return try await listGates()
        case "advisor list": return try await listAdvice()
        case "runs show": return try await showRun()
        case "runs events": return try await showEvents()
        case "runs evidence": return try await showEvidence()
        case "runs watch": return try await watch()
        case "reconcile": return try await reconcile()
        case "plan show": return try await showPlan()
        case "approve": return try await approve()
        case "revoke": return try await revoke()
        case "audit verify": return try await verifyAudit()
        case "logs": return try await logs()
        case "metrics": return try await metrics()
        case "webhooks show": return try await showDocument("/webhooks/deliveries/\(target.percentEncoded)")
        case "schedules run", "schedules enable": return try await orderSchedule()
        case "notices dead": return try await list(.deadNotices, query: [("state", "dead")])
        case "notices retry": return try await retryNotice()
        case "webhooks retry": return try await retryDelivery()
        case "policy validate", "policy check", "policy list": return try await policy()
        case "auth login": return try await logIn()
        case "auth logout": return try await logOut()
        case "auth whoami": return try await whoami()
        case "auth token": return try printToken()
        case "keys add": return try await addKey()
        case "keys revoke": return try await revokeKey()
        case "users add", "users change": return try await putUser()
        case "users revoke": return try await revokeUser()
        case "sweep": return try await sweep()
        case "context list": return try listContexts()
        case "context use": return try useContext()
        case "context add": return try addContext()
        case "context remove": return try removeContext()
        case "api": return try await raw()
        default: return try await about(name)
        }
    }

    /// Refuses what can be the name of nothing and would be another path of the API, or none: also what a script left empty.
    private func checkNames() throws(ClientFault) {
        for (word, given) in zip(arguments.command.positionals, arguments.positionals) {
            guard ["TARGET", "RUN", "KEY", "ID"].contains(word.filter { $0 != "[" && $0 != "]" }) else { continue }
            let isControl = given.unicodeScalars.contains { $0.value < 32 || (127..<160).contains($0.value) }
            guard isControl || ["", ".", ".."].contains(given) else { continue }
            let group = arguments.command.name.prefix { $0 != " " }
            let lists = "\(group) list"
            let isListed = ClientCommands.table.commands.contains { $0.name == lists }
            throw ClientFault(
                "CLI-0012", .notFound,
                "nothing can be called \"\(Paint.plain(given.split(separator: "\n").joined(separator: " ")))\"",
                hint: isListed
                    ? "See all: odooops \(lists)" : "See what it takes: odooops \(arguments.command.name) --help")
        }
    }

    /// The commands that only show a list.
    private static let listings: [String: Listing] = [
        "env list": .environments, "drift list": .drift, "notices list": .notices, "integrations list": .integrations,
        "providers list": .providers, "plan list": .plans, "modules list": .modules,
        "modules summary": .moduleSummaries,
        "inventory list": .inventory, "schedules list": .schedules, "schedules upcoming": .upcoming, "runs list": .runs,
        "approvals list": .approvals,
        "audit list": .audit, "webhooks list": .deliveries, "keys list": .keys,
        "users list": .users,
    ]

    private func orderSchedule() async throws -> ClientExit {
        let word = arguments.command.name == "schedules run" ? "run" : "enable"
        let data = try await connection().write("POST", "/schedules/\(target.percentEncoded)/\(word)").data
        let what = word == "run" ? "waits for the service, which runs it within seconds" : "runs by itself again"
        return told("\(data.shown("schedule")) \(what). See: odooops schedules list", data)
    }

    private func retryNotice() async throws -> ClientExit {
        let data = try await connection().write("POST", "/notices/\(target.percentEncoded)/retry").data
        return told("\(data.shown("id")) waits for the service, which sends it within seconds.", data)
    }

    /// Commands that ask no service.
    private func about(_ name: String) async throws -> ClientExit {
        switch name {
        case "": return ClientCommands.help(arguments.command, screen)
        case "help":
            let words = ClientCommands.canonical(arguments.positionals + ["--help"]).filter { $0 != "--help" }
            return ClientCommands.help(try ClientCommands.table.find(words), screen)
        case "man":
            screen.raw(ClientCommands.manual)
            return .done
        case "completion" where target == "environments": return await nameEnvironments()
        case "completion":
            screen.raw(try ClientCommands.table.completion(for: target))
            return .done
        case "version":
            let service = try await arguments.has("all") ? connection(authenticated: false).get("").data : nil
            if screen.isJSON {
                screen.json(
                    Self.body([
                        ("program", "odooops"), ("version", .string(ClientCommands.version)), ("service", service),
                    ]))
            } else {
                screen.raw("odooops \(ClientCommands.version)\n")
                if let service { screen.raw("API \(service.shown("version")), \(service.shown("routes")) routes\n") }
            }
            return .done
        default: throw ArgumentFault("there is no command \(name)", hint: "Run: odooops --help")
        }
    }

    /// What was kept of a run: where it stands in the chain, and what there is.
    private func showEvidence() async throws -> ClientExit {
        let connection = try connection()
        let data = try await connection.get("/runs/\(runID(target, connection).percentEncoded)/evidence").data
        let items = data["items"]?.listValue ?? []
        let head: [(String, String?)] = [
            ("run", screen.paint.bold(data.shown("run"))), ("kept", data.minute("at")),
            ("link of the chain", data.shown("sequence")), ("manifest", data.shown("manifest")),
            ("link before", data.shown("previous")),
        ]
        return answer(data, block(head) + "\n" + (items.isEmpty ? Listing.evidence.empty : table(.evidence, items)))
    }

    /// Prints an object member by member.
    func showDocument(_ path: String) async throws -> ClientExit {
        let data = try await connection().get(path).data
        return answer(data, block((data.objectValue?.members ?? []).map { ($0.name, $0.value.shown) }))
    }
}
