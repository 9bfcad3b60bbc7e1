import Basics
import Formats
import Reconciler
import Store

/// All that is told, in one stream.
enum LogsPage {
    static func render(_ context: PageContext) async throws -> Page {
        let query = try await LogQuery(context)
        let found = try await query.found(context)
        let lines = found.rows
        return Page(
            .logs,
            lead:
                "Runs, people's changes, notices and providers' hooks in one stream. Logs of Odoo itself are not gathered yet."
        ) {
            element(.section, "card", .label("Logs")) {
                form(context, query.problems)
                if !query.problems.isEmpty {
                    empty(
                        "This can't be looked for",
                        "Mend what is said at the fields above: nothing was left out of it.",
                        icon: .list)
                } else if lines.isEmpty {
                    empty(
                        "No line fits", "Nothing was told in that time, or the filters leave nothing.", icon: .list,
                        next: "reconcile runs")
                } else {
                    table(lines, context.now).html
                    if let next = found.next { p { a(older(next, context), "Older lines") } }
                }
            }
        }
    }

    /// The part after this one, with the same filters.
    private static func older(_ next: PageCursor, _ context: PageContext) -> Link {
        let names = ["environment", "service", "level", "correlation", "since", "until"]
        let query = names.compactMap { name in context.query(name).map { (name, $0) } }
        return Link(.logs, query: query + [("after", next.description)])
    }

    private static func table(_ lines: [LogLine], _ now: Timestamp) -> Grid {
        var grid = Grid("Lines", "When", "Level", "Service", "Environment", "Message", "Correlation")
        for line in lines {
            let tone: Tone = line.level == .error ? .bad : line.level == .warning ? .warn : .idle
            grid.add(
                moment(line.at, now), chip(tone, line.level.rawValue), label(line.service.rawValue),
                Words.environment(line.environment),
                code(line.message.utf8.count > 400 ? String(line.message.prefix(400)) + "…" : line.message),
                line.correlation.map { id in
                    a(Link(.logs, query: [("correlation", id)])) {
                        element(.code, "", .title(id)) { Words.shortRun(id) }
                    }
                } ?? span("soft", "–"))
        }
        return grid
    }

    private static func form(_ context: PageContext, _ problems: [String: String]) -> HTML {
        element(.form, "filters", .action(Link(.logs)), .set("method", "get"), .role("search")) {
            field("Environment", "environment", context, problems)
            let services = LogLine.Service.allCases.filter { $0 != .audit || context.maySeeAudit }
            choice("Service", "service", services.map(\.rawValue), context, problems)
            choice("Level", "level", LogLine.Level.allCases.map(\.rawValue), context, problems)
            field("Correlation id", "correlation", context, problems)
            field("Since (UTC)", "since", context, problems, hint: "2026-03-01T12:00")
            field("Until (UTC)", "until", context, problems, hint: "2026-03-02")
            element(.button, "button primary", .type("submit")) { "Show" }
            a(Link(.logs), "Clear", "button quiet")
        }
    }

    private static func field(
        _ title: String, _ name: String, _ context: PageContext, _ problems: [String: String], hint: String = ""
    ) -> HTML {
        element(.label) {
            title
            HTML(
                .input,
                [
                    .type("text"), .named(name), .value(context.query(name) ?? ""), .set("placeholder", hint),
                    .set("size", "18"),
                ] + (problems[name] == nil ? [] : [.set("aria-invalid", "true")]), HTML())
            problem(problems[name])
        }
    }

    /// Why a field can't be looked for; inside of its label, so that it is read out with it.
    private static func problem(_ text: String?) -> HTML { text.map { span("c-bad", $0) } ?? HTML() }

    private static func choice(
        _ title: String, _ name: String, _ options: [String], _ context: PageContext, _ problems: [String: String]
    ) -> HTML {
        element(.label) {
            title
            problem(problems[name])
            element(.select, "", .named(name)) {
                element(.option, "", .value("")) { "any" }
                for option in options {
                    HTML(
                        .option, [.value(option)] + (context.query(name) == option ? [.flag("selected")] : []),
                        HTML(option))
                }
            }
        }
    }
}

/// Which lines a reader asked for; what can't be read of it is told and not left out.
struct LogQuery {
    private var filter = LogFilter()
    private var cursor: PageCursor?
    /// By the name of the field.
    private(set) var problems: [String: String] = [:]

    init(_ context: PageContext) async throws {
        if let word = context.query("environment") {
            let found = try await EnvironmentFilter(word, context)
            (filter.environment, problems["environment"]) = (found.name, found.problem)
        }
        filter.service = read("service", context, "There is no such service") { LogLine.Service(rawValue: $0) }
        filter.level = read("level", context, "There is no such level") { LogLine.Level(rawValue: $0) }
        filter.correlation = context.query("correlation")
        let form = "Not a time such as 2026-03-01T12:00 or 2026-03-01"
        filter.since = read("since", context, form, Self.instant)
        filter.until = read("until", context, form, Self.instant)
        cursor = read("after", context, "", { PageCursor($0) })
        filter.hasAudit = context.maySeeAudit
        filter.environments = context.share?.names
    }

    func found(_ context: PageContext) async throws -> (rows: [LogLine], next: PageCursor?) {
        guard problems.isEmpty else { return ([], nil) }
        let part = try await context.store.logPage(filter, limit: 150, after: cursor)
        return (part.rows, part.next)
    }

    private mutating func read<Value>(
        _ name: String, _ context: PageContext, _ problem: String, _ reading: (String) -> Value?
    ) -> Value? {
        guard let text = context.query(name) else { return nil }
        let value = reading(text)
        if value == nil { problems[name] = problem }
        return value
    }

    /// An instant, a day, or the time of a day without its seconds or its zone, which is UTC.
    static func instant(_ text: String) -> Timestamp? {
        if let known = Timestamp(text) ?? Timestamp(date: text) { return known }
        var bare = text.replacing(" ", with: "T")
        if bare.hasSuffix("Z") { bare.removeLast() }
        return switch bare.utf8.count {
        case 16: Timestamp("\(bare):00Z")
        case 19: Timestamp("\(bare)Z")
        default: nil
        }
    }
}
