import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// Routes about the API and about whoever calls it.
extension APIEndpoints {
    static func aboutItself(_ services: APIServices) -> [APIRoute] {
        let who = APISchema.object([
            .init("name", Answer.text, "who you are, as the audit log calls you"),
            .init("kind", .choice(["anonymous", "user", "external", "key"]), "by what you proved it"),
            .init("role", .nullable(choice(Role.self)), "your highest role, wherever it holds; null: none"),
            .init("grants", Answer.texts, "your roles, each with where it holds"),
            .init("permissions", Answer.texts, "what you may somewhere"),
            .init("address", Answer.text, "where you come from, as the service sees it"),
        ])
        return [
            APIRoute(
                "GET", "", "getIndex", "api", "What this API is, and where its parts are.", needs: nil,
                answer: .object([
                    .init("name", Answer.text, "odooops"), .init("version", Answer.text, "v1"),
                    .init("media_type", Answer.text, "the type by which an answer says its version"),
                    .init("openapi", Answer.text, "the path of the OpenAPI document"),
                    .init("routes", .count, "how many routes there are"),
                ])
            ) { _ in
                Envelope(
                    200,
                    [
                        "name": "odooops", "version": "v1", "media_type": .string(Envelope.mediaType),
                        "openapi": "/api/v1/openapi.json", "routes": .int(Int64(table(services).count)),
                    ])
            },
            APIRoute(
                "GET", "/openapi.json", "getOpenAPI", "api", "This API as OpenAPI 3.1.", needs: nil, isBare: true
            ) { _ in Envelope(200, OpenAPI.document(of: table(services))) },
            APIRoute(
                "GET", "/errors/{code}", "getErrorPage", "api", "What a code means, why it comes and what to do.",
                needs: nil,
                parameters: [
                    APIParameter(
                        "code",
                        .pattern("^[A-Z]{1,12}-[0-9]{4}$", about: "a code such as API-0001", matches: isErrorCode),
                        "the code of an error", required: true)
                ],
                answer: .object([
                    .init("code", Answer.text, "the code"), .init("text", Answer.text, "the page, as Markdown"),
                ])
            ) { call in
                let code = call.text("code") ?? ""
                guard let text = services.errorPage(code) else {
                    throw APIFault.notFound(
                        "no page about \(code) is installed with this service",
                        hint: "The pages are docs/errors of its sources, which `make install` puts beside the program; "
                            + "codes of providers stand in docs/providers")
                }
                return Envelope(200, ["code": .string(code), "text": .string(text)])
            },
            APIRoute(
                "POST", "/auth/login", "logIn", "auth", "Gives a token for a name and a password.", needs: nil,
                body: .object([
                    .init("name", .line(least: 1, most: 255), required: true),
                    .init("password", .line(least: 1, most: 1_024), required: true),
                ]),
                answer: .object([
                    .init("token", Answer.textOrNull, "what proves who you are"),
                    .init("token_type", .choice(["Bearer"]), "how it is sent: Authorization: Bearer"),
                    .init("expires_at", .instant, "when it ends"), .init("user", Answer.text, "whose it is"),
                ])
            ) { call in
                let origin = call.caller.origin
                let user = try await services.access.logIn(
                    name: call.body["name"]?.stringValue ?? "",
                    password: Secret(call.body["password"]?.stringValue ?? ""), from: origin)
                let (token, end) = try await services.access.giveToken(to: user, from: origin)
                return Envelope(
                    200,
                    [
                        "token": token.reveal { .string($0) }, "token_type": "Bearer",
                        "expires_at": .string(end.description), "user": .string(user.name),
                    ])
            },
            APIRoute(
                "POST", "/auth/logout", "logOut", "auth",
                "Ends the session or the token that it is sent with; `everywhere` ends all of its user's.", needs: nil,
                body: .object([.init("everywhere", .flag)]),
                answer: .object([
                    .init("user", Answer.text, "whose it was"),
                    .init("everywhere", .flag, "whether all their sessions and tokens ended"),
                ])
            ) { call in
                let name = try user(call)
                let everywhere = call.body["everywhere"]?.boolValue ?? false
                try await services.access.endOwn(call.request, by: call.caller, everywhere: everywhere)
                return Envelope(200, ["user": .string(name), "everywhere": .bool(everywhere)])
            },
            APIRoute(
                "PUT", "/auth/password", "changePassword", "auth",
                "Gives you another password, with the present one, and ends all your sessions and tokens, also this one.",
                needs: nil,
                body: .object([
                    .init("password", .line(least: 1, most: 1_024), required: true),
                    .init("new_password", .line(least: PasswordHash.leastLength, most: 256), required: true),
                ]), answer: .object([.init("user", Answer.text, "whose password it is")])
            ) { call in
                let name = try user(call)
                try await services.access.changeOwnPassword(
                    Secret(call.body["password"]?.stringValue ?? ""),
                    to: Secret(call.body["new_password"]?.stringValue ?? ""), by: call.caller)
                return Envelope(200, ["user": .string(name)])
            },
            APIRoute(
                "GET", "/auth/whoami", "getCaller", "auth", "Who you are and what you may.", needs: nil, answer: who
            ) { call in
                let caller = call.caller
                let kind =
                    switch caller.identity {
                    case .anonymous: "anonymous"
                    case .user: "user"
                    case .external: "external"
                    case .key: "key"
                    }
                return Envelope(
                    200,
                    [
                        "name": .string(caller.name), "kind": .string(kind),
                        "role": .text(caller.highestRole?.rawValue),
                        "grants": .strings(caller.grants.map(\.description)),
                        "permissions": .strings(
                            Permission.allCases.filter { caller.may($0, at: .list) }.map(\.rawValue)),
                        "address": .string(caller.origin.address),
                    ])
            },
            APIRoute(
                "GET", "/status", "getStatus", "api", "How the service and the loop fare, and what waits for a person.",
                needs: .read, at: .list, answer: Answer.status
            ) { call in Envelope(200, try await status(services, call)) },
            APIRoute(
                "POST", "/reconcile", "reconcileNow", "runs", "Asks for a pass as soon as the present one has ended.",
                needs: .reconcile, body: .object([.init("reason", .line(most: 500))]),
                answer: .object([
                    .init("accepted", .flag, "true"), .init("message", Answer.text, "when the pass begins"),
                ]),
                status: 202
            ) { call in
                guard let service = services.service else { throw APIFault.noService }
                try await services.store.record(
                    call.actor.audit("reconcile.now", of: "service", at: call.now, call.body.objectValue ?? [:]))
                await service.ask(.manual)
                return Envelope(
                    202,
                    ["accepted": true, "message": "a pass begins as soon as the present one has ended"])
            },
        ]
    }

    /// The name of a person who has an account here.
    private static func user(_ call: APICall) throws -> String {
        switch call.caller.identity {
        case .user(_, let name): return name
        case .anonymous: throw call.caller.loginFault
        case .key(_, let name):
            throw APIFault.moved(
                "the key \(name) is no login, and has no password",
                hint: "An owner takes a key back: reconcile access key revoke \(name)")
        case .external(let subject, _):
            throw APIFault.moved(
                "\(subject) logs in at an issuer of tokens, and has no password here",
                hint: "Log out where you logged in: the token ends when its issuer says.")
        }
    }

    /// Counts only what is the caller's, and leaves out what no one environment has: runs, plans, hooks, shards.
    private static func status(_ services: APIServices, _ call: APICall) async throws -> Value {
        let names = call.visibleNames
        let tally = try await services.store.tally(at: call.now, of: names)
        func counts(_ counts: [(word: String, count: Int)]) -> Value {
            var object = Value.Object()
            for (word, count) in counts.sorted(by: { $0.word.precedesByBytes($1.word) }) {
                object[word] = .int(Int64(count))
            }
            return .object(object)
        }
        var object = Value.Object()
        object["environments"] = counts(tally.environments.map { ($0.key.rawValue, $0.value) })
        object["suspended"] = .int(Int64(tally.suspended))
        if !tally.doubts.isEmpty { object["unknown_because"] = .strings(tally.doubts) }
        object["drift"] = counts(tally.drift.map { ($0.key, $0.value) })
        object["known_drift"] = .int(Int64(tally.knownDrift))
        // Nil: nobody has looked yet, so that finding nothing means nothing.
        object["looked_at"] = .text((tally.lastLook?.completedAt ?? tally.lastLook?.startedAt)?.description)
        object["not_compared"] = .int(Int64(tally.lastLook?.notCompared(of: names) ?? 0))
        object["findings"] = counts(tally.findings.map { ($0.key.rawValue, $0.value) })
        object["next_pass_at"] = .text(tally.sign?.nextPassAt?.description)
        if let names {
            object["only_environments"] = .strings(names)
        } else {
            object["plan"] = tally.plan.map { $0.approvalDocument } ?? .null
            object["last_run"] = tally.lastRun?.summaryDocument ?? .null
            object["hooks_waiting"] = .int(Int64(tally.deliveries.depth))
            if tally.shards.count > 1 { object["shards"] = tally.shards.document(at: call.now) }
        }
        if let status = services.service?.currentStatus {
            var loop: Value.Object = [
                "passes": .int(Int64(status.passes)), "running": .bool(status.isRunning),
                "failures_in_a_row": .int(Int64(status.failures)),
                "last_success_at": .text(status.lastSuccessAt?.description),
            ]
            // A fault may name what is another environment's.
            if names == nil { loop["last_fault"] = .text(status.lastFault.map { "\($0.code): \($0.message)" }) }
            object["loop"] = .object(loop)
        }
        return .object(object)
    }
}

extension RunRecord {
    /// Without steps, which are a list of their own.
    var summaryDocument: Value { .object(summary) }
}

extension ShardStanding {
    /// Who looks after which shards, and who is at work on one.
    fileprivate func document(at now: Timestamp) -> Value {
        var services: [Value] = []
        for (service, shards) in shares() {
            var row = Value.Object()
            row["service"] = .string(service.holder)
            row["shards"] = .list(shards.map { .int(Int64($0)) })
            row["next_pass_at"] = .text(service.nextPassAt?.description)
            row["failures_in_a_row"] = .int(Int64(service.failures))
            row["stands_aside"] = .bool(service.isAside)
            services.append(.object(row))
        }
        var held: [Value] = []
        for lease in leases where lease.expiresAt > now {
            var row = Value.Object()
            row["lease"] = .string(lease.name)
            row["holder"] = .string(lease.holder)
            row["expires_at"] = .string(lease.expiresAt.description)
            held.append(.object(row))
        }
        return ["count": .int(Int64(count)), "services": .list(services), "leases": .list(held)]
    }
}
