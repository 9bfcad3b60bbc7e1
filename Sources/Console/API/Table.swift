import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store

extension APIEndpoints {
    /// Every route.
    static func table(_ services: APIServices) -> [APIRoute] {
        aboutItself(services) + environments(services) + records(services) + deployments(services)
            + backups(services) + differences(services) + advisor(services)
            + modules(services)
            + schedules(services) + orders(services) + decisions(services) + accounts(services) + users(services)
            + sweep(services) + figures(services)
            + history(services)
    }

    // MARK: What routes share

    static let timeCursor = APIParameter(
        "cursor",
        .pattern(PageCursor.pattern, about: "the next_cursor of the part before") { PageCursor($0) != nil },
        "where the part before ended")
    static let nameCursor = APIParameter(
        "cursor",
        .pattern(NameCursor.pattern, about: "the next_cursor of the part before") { NameCursor.name($0) != nil },
        "where the part before ended")
    static let noticeCursor = APIParameter(
        "cursor",
        .pattern("^\(identifierForm)$", about: "the next_cursor of the part before", matches: isIdentifier),
        "where the part before ended")
    static let since = APIParameter(
        "since", .instantOrDay, "only then or later: an instant, or a day, which begins at 00:00 UTC")
    static let until = APIParameter(
        "until", .instantOrDay, "only before: an instant, or a day, which begins at 00:00 UTC")
    static let run = APIParameter(
        "run",
        .pattern("^(\(identifierForm)|latest)$", about: "a run's id, or latest") {
            $0 == "latest" || isIdentifier($0)
        }, "a run's id, or latest", required: true)

    static let identifierForm = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

    static func isIdentifier(_ text: String) -> Bool { PageCursor("0.\(text)") != nil }

    static func choice<Words: CaseIterable & RawRepresentable<String>>(_ words: Words.Type) -> APISchema {
        .choice(words.allCases.map(\.rawValue))
    }

    /// An envelope of one part of a list.
    static func page(_ rows: [Value], next: String?) -> Envelope {
        Envelope(
            200, .list(rows),
            meta: ["count": .int(Int64(rows.count)), "next_cursor": next.map { .string($0) } ?? .null])
    }

    /// An envelope of one part of a list that is ordered by names, with the last name of it where there is more.
    static func page(_ rows: [Value], nextAfter name: String?) -> Envelope {
        page(rows, next: name.map { NameCursor($0).description })
    }

    /// One part of a list that is in memory, ordered by a text that is unique.
    static func part<Row>(
        _ rows: [Row], _ call: APICall, key: (Row) -> String, document: (Row) -> Value
    ) -> Envelope {
        let after = call.nameCursor
        let sorted = rows.map { (key: key($0), row: $0) }.filter { row in
            after.map { $0.precedesByBytes(row.key) } ?? true
        }
        .sorted { $0.key.precedesByBytes($1.key) }
        let shown = sorted.prefix(call.limit)
        return page(
            shown.map { document($0.row) }, nextAfter: sorted.count > call.limit ? shown.last?.key : nil)
    }

    /// The run that a path names.
    static func run(_ call: APICall, _ services: APIServices) async throws -> RunRecord {
        let name = call.text("run") ?? ""
        guard let run = try await services.store.run(matching: name) else {
            throw APIFault.notFound("there is no run \(name)", hint: "List them: GET /api/v1/runs")
        }
        return run
    }
}
