import Basics
import ConsoleAccess
import DesiredState
import Diff
import Drivers
import Formats
import Reconciler
import Store

/// Routes about what differs, and about what there is.
extension APIEndpoints {
    static func differences(_ services: APIServices) -> [APIRoute] { driftRoutes(services) + thingRoutes(services) }

    private static func driftRoutes(_ services: APIServices) -> [APIRoute] {
        let environment = onlyEnvironment
        return [
            APIRoute(
                "GET", "/drift", "listDrift", "drift", "What differs from what is wanted, by key.", needs: .read,
                at: .list,
                parameters: [
                    APIParameter("cause", .choice(ChangeCause.words), "only of this cause"), environment,
                    APIParameter("key", .line(least: 1, most: 512), "only of this resource"),
                    APIParameter("known", .flag, "only what people know, or only what they don't"), nameCursor,
                ], answer: .list(Answer.driftItem), isPaged: true
            ) { call in
                let key = call.text("key")
                // What is no key is nothing's.
                let filter = DriftFilter(
                    environments: call.visibleNames, environment: call.text("environment"),
                    keys: key.map { [ResourceKey($0)].compactMap { $0 } },
                    cause: call.text("cause"))
                let (rows, hasMore) = try await services.store.driftPage(
                    filter, limit: call.limit, after: call.nameCursor.map(differencePlace),
                    isQuiet: call.parameters["known"]?.boolValue)
                return page(
                    rows.map(\.document),
                    nextAfter: hasMore ? rows.last.map { "\($0.key) \($0.cause.rawValue)" } : nil)
            },
            APIRoute(
                "GET", "/findings", "listFindings", "findings", "What is not as it has to be.", needs: .read, at: .list,
                parameters: [
                    APIParameter("status", choice(FindingRecord.Status.self), "only so; without it all that stand"),
                    environment, APIParameter("kind", .line(most: 64), "only of this kind"), nameCursor,
                ], answer: .list(Answer.finding), isPaged: true
            ) { call in
                let rows = try await findings(call, services)
                return part(
                    rows,
                    call, key: { "\($0.identity.environment) \($0.identity.kind) \($0.identity.key)" },
                    document: \.document)
            },
            APIRoute(
                "GET", "/gates", "listGates", "gates",
                "The policy gates as the last pass saw them; what they found is told to those who may read the whole project.",
                needs: .read, at: .list,
                answer: .object([
                    .init("run", Answer.textOrNull, "the pass that looked; null: none has yet"),
                    .init("at", Answer.instantOrNull, "when that began"),
                    .init("summary", .nullable(.map(.count)), "how many gates have each verdict"),
                    .init(
                        "gates", .nullable(Answer.many(Answer.gate)),
                        "the verdict on each; null where the evidence of the run is kept no more"),
                    .init("findings", Answer.many(Answer.finding), "what stands because of gates"),
                ])
            ) { call in
                let run = try await services.store.runs(limit: 20).first { $0.metadata["gates"] != nil }
                let findings = try await services.store.findings().filter {
                    $0.identity.kind.hasPrefix("gate") && call.visible.contains($0.identity.environment)
                }
                let gates = try await gates(ofRun: run?.id, services)
                return Envelope(
                    200,
                    [
                        "run": .text(run?.id), "at": .text(run?.startedAt.description),
                        "summary": run?.metadata["gates"] ?? .null,
                        // A verdict is nobody's own; what was found quotes documents of whatever environment.
                        "gates": call.share == nil
                            ? gates : gates.listValue.map { .list($0.map(EnvironmentShare.gate)) } ?? .null,
                        "findings": .list(findings.map(\.document)),
                    ])
            },
            APIRoute(
                "GET", "/alerts", "listAlerts", "findings", "What people should be told, oldest first.", needs: .read,
                at: .list, parameters: [environment, noticeCursor],
                answer: .list(Answer.notice), isPaged: true
            ) { call in
                let all = try await services.store.notices(after: call.text("cursor"), limit: call.limit)
                let rows = all.filter { notice in
                    call.visible.contains(notice.environment)
                        && (call.text("environment").map { notice.environment == $0 } ?? true)
                }
                return page(rows.map(\.document), next: all.count == call.limit ? all.last?.id : nil)
            },
        ]
    }

    /// Key and cause that a cursor names; no cause has a space.
    private static func differencePlace(_ cursor: String) -> (key: String, cause: String) {
        guard let space = cursor.utf8.lastIndex(of: UInt8(ascii: " ")) else { return (cursor, "") }
        return (String(cursor[..<space]), String(cursor[cursor.utf8.index(after: space)...]))
    }

    /// The verdict on each gate as the evidence of a run holds it; nil where that is kept no more.
    private static func gates(ofRun run: String?, _ services: APIServices) async throws -> Value {
        guard let run, let link = try await services.store.evidence(ofRun: run) else { return .null }
        return (services.evidence?.object("gates.json", of: link)).flatMap { try? JSON.parse($0) } ?? .null
    }

    private static func findings(_ call: APICall, _ services: APIServices) async throws -> [FindingRecord] {
        let status = call.text("status").flatMap(FindingRecord.Status.init)
        return try await services.store.findings(includesResolved: status == .resolved).filter { finding in
            call.visible.contains(finding.identity.environment) && (status.map { finding.status == $0 } ?? true)
                && (call.text("environment").map { finding.identity.environment == $0 } ?? true)
                && (call.text("kind").map { finding.identity.kind == $0 } ?? true)
        }
    }

    /// The answer, to those alone who see the environment that it tells of.
    private static func explain(
        _ name: String, to call: APICall, _ reconciler: Reconciler, _ outlook: Outlook
    ) async throws -> Value {
        let answer: Explained
        do {
            answer = try await reconciler.answer(name, in: outlook)
        } catch let fault as UnknownKeyFault {
            // What is elsewhere, or only called alike, is nothing to those who don't see it.
            try call.caller.demand(.read)
            throw fault
        }
        if !call.visible.contains(answer.environment) { try call.caller.demand(.read) }
        return answer.document(showing: call.visible.contains)
    }

    private static func thingRoutes(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/inventory", "listInventory", "inventory", "What we own at providers, by key.", needs: .read,
                at: .list,
                parameters: [
                    APIParameter("kind", .line(most: 128), "only of this kind, such as digitalocean.droplet"),
                    onlyEnvironment, nameCursor,
                ], answer: .list(Answer.thing), isPaged: true
            ) { call in
                let found = try await services.store.inventoryPage(
                    limit: call.limit, after: call.nameCursor, kind: call.text("kind"),
                    environment: call.text("environment"), environments: call.visibleNames)
                return page(
                    found.rows.map(\.document),
                    nextAfter: found.hasMore ? found.rows.last?.key.description : nil)
            },
            APIRoute(
                "GET", "/integrations", "listIntegrations", "integrations",
                "The catalogue of integrations, those that everybody may have first.", needs: .read,
                parameters: [
                    APIParameter("baseline", .flag, "only those that everybody may have, or only the others"),
                    APIParameter("status", .line(most: 64), "only so, such as active"),
                ], answer: Answer.many(Answer.integration)
            ) { call in
                let (baseline, status) = (call.parameters["baseline"]?.boolValue, call.text("status"))
                let rows = try await services.store.catalogue().filter { entry in
                    (baseline.map { entry.isBaseline == $0 } ?? true) && (status.map { entry.status == $0 } ?? true)
                }
                return Envelope(200, .list(rows.map(\.document)))
            },
            APIRoute(
                "GET", "/providers", "listProviders", "integrations",
                "The providers that this service knows, and whether it can speak to them.", needs: .read,
                answer: Answer.many(
                    .object([
                        .init("provider", Answer.text, "its name in keys and documents"),
                        .init("title", Answer.text, "what it calls itself"),
                        .init("driver", Answer.textOrNull, "the version of its driver; null: no credential, no driver"),
                        .init("hooks", .flag, "whether its hooks are understood"),
                    ]))
            ) { _ in
                let versions = Dictionary(
                    (services.reconciler?.drivers ?? []).map { ($0.provider, $0.version) },
                    uniquingKeysWith: { first, _ in first })
                return Envelope(
                    200,
                    .list(
                        ProviderAccount.all.map { account in
                            [
                                "provider": .string(account.name), "title": .string(account.title),
                                "driver": .text(versions[account.name]),
                                "hooks": .bool(HookProvider(rawValue: account.name) != nil),
                            ]
                        }))
            },
            APIRoute(
                "GET", "/secret-syncs", "listSecretSyncs", "integrations",
                "Who set which secrets where, newest first: names, never values.", needs: .read,
                answer: Answer.many(Answer.secretSync)
            ) { call in
                Envelope(200, .list(try await services.store.secretSyncs(limit: 100).map(\.document)))
            },
            syncSecrets(services),
            APIRoute(
                "GET", "/looks", "listLooks", "integrations",
                "What providers hold that is looked at once an hour: health, backups, advice, deployments, runs.",
                needs: .read,
                parameters: [APIParameter("kind", .line(most: 128), "only this kind, such as supabase.project")],
                answer: Answer.many(Answer.look)
            ) { call in
                let looks = try await services.store.looks(of: call.text("kind").map { [ResourceKind($0)] })
                return Envelope(200, .list(looks.map(\.document)))
            },
            APIRoute(
                "GET", "/explanations", "explain", "drift",
                "Why a resource or an environment stands as it does: who wants it, what is there, what is in the way.",
                needs: .read, at: .list,
                parameters: [
                    APIParameter(
                        "key", .line(least: 1, most: 512),
                        "a resource's key, or an environment's name or branch; pr-7 also of a pull request without one; "
                            + "ops.integration/ID and ops.convergence_check/ENVIRONMENT/KIND/KEY too",
                        required: true)
                ], answer: Answer.explanation
            ) { call in
                guard let reconciler = services.reconciler else { throw APIFault.noService }
                let outlook = try await services.glance(
                    reconciler, isFresh: call.caller.may(.operate, at: .list)
                ).outlook
                return Envelope(200, try await explain(call.text("key") ?? "", to: call, reconciler, outlook))
            },
        ]
    }
}

extension APIEndpoints {
    /// Answers with the bare envelope that scripts parse, also where it failed.
    private static func syncSecrets(_ services: APIServices) -> APIRoute {
        APIRoute(
            "POST", "/secrets/sync", "syncSecrets", "integrations",
            "Brings secrets that the documents want to their project at Supabase, those alone whose value differs. The answer is "
                + "{\"ok\": true, \"pushed\": [], \"skipped\": []} or {\"ok\": false, \"error\": \"…\", \"code\": 429}.",
            needs: .approve,
            body: .object([
                .init("secrets", .list(.line(least: 1, most: 256), least: 1), required: true),
                .init("project", .line(least: 1, most: 64)),
            ]),
            answer: .object([
                .init("ok", .flag, "true"), .init("pushed", Answer.texts, "names that were set"),
                .init("skipped", Answer.texts, "names that were as they should be, or have no value"),
            ]), isBare: true
        ) { call in
            guard let reconciler = services.reconciler else { throw APIFault.noService }
            let names = call.body["secrets"]?.listValue?.compactMap(\.stringValue) ?? []
            let outcome = try await reconciler.syncSecrets(
                names, of: call.body["project"]?.stringValue, by: call.actor)
            return Envelope(outcome.fault == nil ? 200 : 502, outcome.envelope)
        }
    }
}

extension Notice {
    /// As JSON.
    var document: Value {
        [
            "id": .string(id), "kind": .string(kind.rawValue), "subject": .string(subject),
            "environment": .text(environment), "at": .string(at.description), "run": .text(runID), "payload": payload,
        ]
    }
}

extension InventoryEntry {
    /// As JSON, without what was last applied.
    var document: Value {
        [
            "key": .string(key.description), "kind": .string(key.kind.description), "name": .string(key.name),
            "provider_id": .string(providerID), "environment": .text(environment), "revision": .string(revision),
            "protected": .bool(isProtected), "adopted": .bool(isAdopted), "created_at": .string(createdAt.description),
        ]
    }
}

extension CatalogueEntry {
    /// As JSON.
    var document: Value {
        var object = Value.Object()
        object["id"] = .string(key)
        object["name"] = .string(name)
        object["baseline_allowed"] = .bool(isBaseline)
        object["status"] = .string(status)
        object["category"] = .string(category)
        object["provider"] = .string(provider)
        object["plan_tier"] = .string(planTier)
        object["required_secrets"] = .strings(secrets)
        object["egress"] = .strings(egress)
        object["description"] = .text(summary)
        object["docs_url"] = .text(docsURL)
        object["document"] = .text(documentPath)
        object["checked_at"] = .text(checkedAt?.description)
        return .object(object)
    }
}

extension SecretSyncRecord {
    /// As JSON.
    var document: Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["provider"] = .string(provider)
        object["target"] = .string(target)
        object["actor"] = .string(actor)
        object["status"] = .string(status.rawValue)
        object["pushed"] = .strings(pushed)
        object["skipped"] = .strings(skipped)
        object["error"] = .text(error)
        object["error_code"] = .text(errorCode)
        object["started_at"] = .string(startedAt.description)
        object["finished_at"] = .text(finishedAt?.description)
        return .object(object)
    }
}
