import Basics
import Formats

/// A list that the service keeps, and how people see it.
struct Listing: Sendable {
    struct Column: Sendable {
        let title: String
        let importance: Int
        /// The least width in which it says something; nil: that of its title.
        let least: Int?
        /// Whether a cell goes on in the next line rather than being cut.
        let wraps: Bool
        /// Whether rows are laid out as lines below one another before this is left out.
        let isNeeded: Bool
        let show: @Sendable (Value, Look) -> String

        init(
            _ title: String, _ importance: Int, least: Int? = nil, wraps: Bool = false, isNeeded: Bool = false,
            _ show: @escaping @Sendable (Value, Look) -> String
        ) {
            self.title = title
            self.importance = importance
            self.least = least
            self.wraps = wraps
            self.isNeeded = isNeeded
            self.show = show
        }

        /// A member as it stands.
        static func text(_ title: String, _ importance: Int, _ member: String, least: Int? = nil) -> Column {
            Column(title, importance, least: least) { row, _ in row.shown(member) }
        }

        /// A member by which rows are told apart, and which others ask for: shown whole, in several lines if need be.
        static func key(_ title: String, _ importance: Int, _ member: String, least: Int? = nil) -> Column {
            Column(title, importance, least: least, wraps: true) { row, _ in row.shown(member) }
        }

        /// A member that is a name or an id of something else: shown whole, and left out where there is no room for that.
        static func name(_ title: String, _ importance: Int, _ member: String) -> Column {
            text(title, importance, member, least: .max)
        }

        /// A member without which the table says nothing, whole and in several lines if need be.
        static func needed(_ title: String, _ importance: Int, _ member: String, least: Int) -> Column {
            Column(title, importance, least: least, wraps: true, isNeeded: true) { row, _ in row.shown(member) }
        }

        /// A member that is a file and a line, by which people open it: whole on one line, or in a line of its own.
        static func place(_ title: String, _ importance: Int, _ member: String) -> Column {
            needed(title, importance, member, least: .max)
        }

        /// A commit by the beginning of its id.
        static func revision(_ importance: Int) -> Column {
            Column("REVISION", importance, least: 12) { row, _ in String(row.shown("revision").prefix(12)) }
        }

        /// A member that says why: shown whole, in several lines if need be, for its end says what to do.
        static func prose(_ title: String, _ importance: Int, _ member: String, least: Int = 24) -> Column {
            Column(title, importance, least: least, wraps: true) { row, _ in Remedy.here(row.shown(member)) }
        }

        /// A member that is an instant, in UTC as its title says: one without its time says nothing.
        static func instant(_ title: String, _ importance: Int, _ member: String) -> Column {
            Column("\(title) (UTC)", importance, least: 16) { row, _ in row.minute(member) }
        }
    }

    let path: String
    var filters: [(option: String, parameter: String)] = []
    /// Members of the answer on the way to the rows; nil: it is the rows.
    var member: String?
    /// What is printed where no row is as was asked for; nil: as `empty`.
    var emptyFiltered: String?
    /// What is printed where there is no row at all.
    let empty: String
    /// What is printed there as long as nobody has looked; nil: where the list doesn't depend on that.
    var unlooked: String?
    /// What is printed there where the last look could not compare so many, after what is said of the filters, if any are
    /// given; nil: where the list doesn't depend on that.
    var uncompared: (@Sendable (_ filtered: String?, _ count: Int64) -> String)?
    let columns: [Column]
}

/// What a cell needs to be written.
struct Look: Sendable {
    let paint: Paint
    let now: Timestamp
}

extension Value {
    /// A member for people: what is in it, on one line, and `-` for nothing.
    func shown(_ member: String) -> String {
        guard let value = self[member] else { return "-" }
        return value.shown
    }

    var shown: String {
        let text: String =
            switch self {
            case .null: "-"
            case .bool(let value): value ? "yes" : "no"
            case .int(let value): String(value)
            case .number(let value): value
            case .string(let value): value
            case .list(let items):
                // What has several words is kept apart by more than a space.
                items.map(\.shown).joined(separator: items.contains { $0.objectValue != nil } ? "; " : " ")
            case .object(let object):
                object.members.map {
                    "\($0.name)=\($0.value.objectValue == nil ? $0.value.shown : "(\($0.value.shown))")"
                }
                .joined(separator: " ")
            }
        return text.isEmpty ? "-" : Paint.plain(text.split(whereSeparator: \.isNewline).joined(separator: " "))
    }

    /// An instant for people.
    func minute(_ member: String) -> String {
        self[member]?.instantValue?.minuteText ?? shown(member)
    }

    /// A member that is a commit, for people: `0123456789ab Ada, 2026-11-21 17:06: "subject"`; nil where there is none.
    func commitText(_ member: String) -> String? {
        guard let commit = self[member], commit["author"]?.stringValue?.isEmpty == false else { return nil }
        let id = commit["id"]?.stringValue.map { "\($0.prefix(12)) " } ?? ""
        return Paint.plain("\(id)\(commit.shown("author")), \(commit.minute("at")): \"\(commit.shown("subject"))\"")
    }
}

extension CommandCall {
    /// Asks for all rows that are wanted, part by part; all that there are where the command has no `--limit`.
    func rows(
        _ listing: Listing, _ connection: ServiceConnection, query: [(String, String?)] = [], limit: Int? = nil
    ) async throws -> (rows: [Value], hasMore: Bool) {
        let isPaged = arguments.command.options.contains { $0.name == "limit" } || limit != nil
        let most = try limit ?? (!isPaged || arguments.has("all") ? .max : number("limit", in: 1...100_000) ?? 50)
        var rows: [Value] = []
        var cursor: String?
        repeat {
            var parameters = query
            if isPaged { parameters.append(("limit", String(min(200, most - rows.count)))) }
            parameters.append(("cursor", cursor))
            let reply = try await connection.get(listing.path, parameters)
            let data = listing.member.map { reply.data[$0] ?? .null } ?? reply.data
            guard let part = data.listValue else {
                throw ClientFault.strange("\(listing.path) is no list", connection.address)
            }
            rows += part
            cursor = reply.meta["next_cursor"]?.stringValue
        } while cursor != nil && rows.count < most
        return (Array(rows.prefix(most)), cursor != nil || rows.count > most)
    }

    /// What is said where there is no row: where nobody has looked, or not at everything, that there is none means nothing.
    private func none(_ listing: Listing, isFiltered: Bool, _ connection: ServiceConnection) async -> String {
        let none = isFiltered ? listing.emptyFiltered ?? listing.empty : listing.empty
        guard listing.unlooked != nil || listing.uncompared != nil,
            let status = (try? await connection.get("/status"))?.data
        else { return none }
        if case .null = status["looked_at"], let text = listing.unlooked { return text }
        guard let uncompared = listing.uncompared, let count = status["not_compared"]?.intValue, count > 0 else {
            return none
        }
        return uncompared(isFiltered ? none : nil, count)
    }

    /// Asks for a list and prints it.
    func list(_ listing: Listing, query more: [(String, String?)] = []) async throws -> ClientExit {
        let connection = try connection()
        var query = more
        for (option, parameter) in listing.filters {
            switch option {
            case "since", "until": query.append((parameter, try instant(option, back: true)))
            case "tier":
                guard let given = arguments.value("tier") else { continue }
                guard let tier = Self.tier(given) else {
                    throw ArgumentFault(
                        "--tier can't be \(given)", hint: "It is one of production, staging, dev, preview.")
                }
                query.append((parameter, tier))
            default: query.append((parameter, arguments.value(option)))
            }
        }
        let (rows, hasMore) = try await rows(listing, connection, query: query)
        if screen.isJSON {
            screen.json(.list(rows))
        } else if rows.isEmpty {
            let isFiltered = query.contains { $0.1 != nil }
            screen.print(await none(listing, isFiltered: isFiltered, connection))
        } else {
            screen.print(table(listing, rows))
        }
        if hasMore {
            screen.remark(screen.errorPaint.dim("There is more: --all shows all of it, --limit N the first N."))
        }
        return .done
    }

    func table(_ listing: Listing, _ rows: [Value]) -> String { table(listing.columns, rows) }

    func table(_ columns: [Listing.Column], _ rows: [Value]) -> String {
        filled(columns, rows).text(screen.paint, width: screen.width)
    }

    func filled(_ columns: [Listing.Column], _ rows: [Value]) -> Table {
        let look = Look(paint: screen.paint, now: now)
        var table = Table(
            columns: columns.map {
                Table.Column(
                    $0.title, importance: $0.importance, least: $0.least, wraps: $0.wraps, isNeeded: $0.isNeeded)
            })
        for row in rows { table.add(cells: columns.map { $0.show(row, look) }) }
        return table
    }

    /// Lines of a name and what it is; what is nothing is left out.
    func block(_ lines: [(String, String?)]) -> String {
        let shown = lines.compactMap { line -> (String, String)? in
            guard let text = line.1, text != "-", !text.isEmpty else { return nil }
            return (line.0, text)
        }
        let width = shown.map(\.0.count).max() ?? 0
        return shown.map { name, text in
            screen.paint.dim(name) + String(repeating: " ", count: width - name.count + 2) + text + "\n"
        }.joined()
    }
}
