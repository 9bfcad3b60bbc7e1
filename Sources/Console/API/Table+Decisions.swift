import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store

/// Routes by which people decide: approvals, and what is known of differences.
extension APIEndpoints {
    static func decisions(_ services: APIServices) -> [APIRoute] {
        approvalRoutes(services)
            + [mark(services, .acknowledged, "acknowledge"), mark(services, .muted, "mute"), unmark(services)]
    }

    private static let keyField = APISchema.Field(
        "key",
        .pattern(
            "^[a-z][a-z0-9]{0,30}\\.[a-z][a-z0-9_]{0,30}/[^\\x00-\\x1f\\x7f]{1,512}$",
            about: "the key of a resource, such as digitalocean.droplet/erp", matches: isKey),
        required: true)

    /// As the pattern says: names are the providers' own, with slashes, colons, stars and more.
    private static func isKey(_ text: String) -> Bool {
        // By scalars: a slash that an accent follows is one letter with it, and still a slash to the pattern.
        let parts = text.unicodeScalars.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ResourceKey(text) != nil else { return false }
        let words = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let name = parts[1]
        return words.count == 2 && isWord(words[0], underscores: false) && isWord(words[1], underscores: true)
            && (1...512).contains(name.count) && name.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }

    private static func isWord(_ word: Substring.UnicodeScalarView, underscores: Bool) -> Bool {
        let small: ClosedRange<Unicode.Scalar> = "a"..."z"
        guard (1...31).contains(word.count), let first = word.first, small.contains(first) else { return false }
        return word.allSatisfy { small.contains($0) || ("0"..."9").contains($0) || underscores && $0 == "_" }
    }

    private static let minutes = APISchema.Field("minutes", .integer(1...43_200))
    private static let reasonField = APISchema.Field("reason", .line(least: 1, most: 500), required: true)

    private static func lasting(_ call: APICall) -> Duration? {
        call.body["minutes"]?.intValue.flatMap { Int(exactly: $0) }.map { .minutes($0) }
    }

    private static func approvalRoutes(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/approvals", "listApprovals", "approvals", "What people allowed, newest first.", needs: .read,
                parameters: [timeCursor], answer: .list(Answer.approval), isPaged: true
            ) { call in
                let found = try await services.store.approvalPage(
                    limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) })
                return page(found.rows.map { $0.document(at: call.now) }, next: found.next?.description)
            },
            APIRoute(
                "POST", "/approvals", "approve", "approvals",
                "Allows changes that wait in the plan of a run: those of `keys`. `latest` is the plan of the last pass, as in "
                    + "`/plans/latest`. Without `keys`, which `latest` can't be, all "
                    + "that wait but what the plan itself rests on (`source.…`) and what goes by itself after its grace, which "
                    + "only its key means.",
                needs: .approve,
                body: .object([
                    .init("run", run.schema, required: true), .init("keys", .list(.line(least: 1, most: 512))),
                    .init("reason", .line(least: 1, most: 500)), minutes,
                ]), answer: Answer.many(Answer.givenApproval), status: 201
            ) { call in
                let request = ApprovalRequest(
                    run: call.body["run"]?.stringValue ?? "",
                    keys: call.body["keys"]?.listValue?.compactMap(\.stringValue) ?? [],
                    reason: call.body["reason"]?.stringValue, lasting: lasting(call))
                let outcome = try await request.make(in: services.store, by: call.actor, at: call.now)
                return Envelope(
                    201,
                    .list(
                        outcome.approvals.map { given in
                            let closed = outcome.closed.first { $0.key == given.key }
                            var object = given.document(at: call.now).objectValue ?? [:]
                            object["window"] = .text(closed?.place)
                            object["opens_at"] = .text(closed?.opensAt?.description)
                            object["hours"] = .count(closed?.hours)
                            return .object(object)
                        }))
            },
            APIRoute(
                "POST", "/approvals/revoke", "revokeApprovals", "approvals",
                "Takes back every approval of a resource that stands.", needs: .approve, body: .object([keyField]),
                answer: .object([.init("revoked", .count, "how many approvals were taken back")])
            ) { call in
                let count = try await ApprovalRequest.revoke(
                    call.body["key"]?.stringValue ?? "", in: services.store, by: call.actor, at: call.now)
                return Envelope(200, ["revoked": .int(Int64(count))])
            },
        ]
    }

    /// The resource that a body names.
    private static func resourceKey(_ call: APICall) throws(APIFault) -> ResourceKey {
        guard let key = (call.body["key"]?.stringValue).flatMap({ ResourceKey($0) }) else {
            throw .badBody("key is no key of a resource")
        }
        return key
    }

    private static func mark(_ services: APIServices, _ kind: DriftMark.Kind, _ word: String) -> APIRoute {
        APIRoute(
            "POST", "/drift/\(word)", "\(word)Drift", "drift",
            kind == .muted
                ? "Keeps a resource's differences quiet for a while." : "Says that a difference is known as it is.",
            needs: .operate, body: .object([keyField, reasonField, minutes]),
            answer: Answer.many(Answer.driftMark), status: 201
        ) { call in
            let marking = DriftMarking(
                try resourceKey(call), kind, reason: call.body["reason"]?.stringValue ?? "", lasting: lasting(call))
            let marks = try await marking.make(
                in: services.store, by: call.actor, at: call.now,
                wanted: services.outlook()?.desired.resources.map(\.key) ?? [])
            return Envelope(201, .list(marks.map(\.document)))
        }
    }

    private static func unmark(_ services: APIServices) -> APIRoute {
        APIRoute(
            "POST", "/drift/unmute", "unmuteDrift", "drift", "Takes back what was said of a resource's differences.",
            needs: .operate, body: .object([keyField]),
            answer: .object([.init("ended", .count, "how many marks were taken back")])
        ) { call in
            let count = try await DriftMarking.end(resourceKey(call), in: services.store, by: call.actor, at: call.now)
            return Envelope(200, ["ended": .int(Int64(count))])
        }
    }
}
