internal import Basics
internal import DesiredState
internal import Formats

/// The changes, by environment.
extension PlanWriter {
    mutating func writeChanges() {
        var groups: [String: [PlannedChange]] = [:]
        for change in plan.changes { groups[change.environment ?? "", default: []].append(change) }
        // What environments share comes first: its slug is the empty one here.
        for slug in groups.keys.sorted(by: { compareBytes($0, $1) < 0 }) {
            line()
            line(heading(slug))
            let changes = groups[slug] ?? []
            let crowds = Self.crowds(changes)
            var told: Set<String> = []
            for change in changes {
                let crowd = crowds[Self.crowd(change)]
                guard let crowd, crowd.count >= Self.crowdSize else {
                    line()
                    write(change)
                    continue
                }
                guard told.insert(Self.crowd(change)).inserted else { continue }
                line()
                write(crowd: crowd)
            }
        }
        line()
    }

    /// So many resources of one kind that are unknown for one reason are told as one.
    private static let crowdSize = 4

    private static func crowd(_ change: PlannedChange) -> String {
        "\(change.action.rawValue) \(change.key.kind) \(change.reason) \(change.verdictReason ?? "")"
    }

    private static func crowds(_ changes: [PlannedChange]) -> [String: [PlannedChange]] {
        Dictionary(grouping: changes.filter { $0.action == .read && $0.attributes.isEmpty }, by: crowd)
    }

    private mutating func write(crowd: [PlannedChange]) {
        guard let first = crowd.first else { return }
        let symbol = first.action.symbol
        line(
            "  \(paint(symbol, first.action.color))\(Paint.spaces(4 - Paint.width(symbol)))"
                + paint(ValueText.plain("\(crowd.count) × \(first.key.kind)"), .dim))
        let names = crowd.prefix(3).map { ValueText.plain($0.key.name) }.joined(separator: ", ")
        write("\(names) and \(crowd.count - 3) more (all of them: --json)", .dim)
        write(why(first), .dim)
        writeVerdict(first)
    }

    private func heading(_ slug: String) -> String {
        if slug.isEmpty { return paint("Shared infrastructure", .bold) }
        let title = paint("Environment \(ValueText.plain(slug))", .bold)
        guard let outlook = outlooks[slug], let life = life(outlook) else { return title }
        return "\(title) · \(life)"
    }

    private mutating func write(_ change: PlannedChange) {
        let symbol = change.action.symbol
        let key = ValueText.plain(change.key.description)
        var head = "  \(paint(symbol, change.action.color))\(Paint.spaces(4 - Paint.width(symbol)))"
        head += paint(key, change.verdict == .allowed ? .bold : .dim)
        if let source = change.source {
            let used = 6 + Paint.width(key)
            let place = source.lineText
            let room = width - used - Paint.width(place)
            head += Paint.spaces(room >= 2 ? room : 2) + paint(place, .dim)
        }
        line(head)
        writeAttributes(change)
        write(why(change), .dim)
        writeVerdict(change)
    }

    private func why(_ change: PlannedChange) -> String {
        var parts = [ValueText.plain(change.reason)]
        if change.action != .read {
            parts.append(change.cause.rawValue.spaced)
        }
        if let price = change.price { parts.append(price.text) }
        if change.requests > 0, change.verdict == .allowed { parts.append(change.requests.of("request")) }
        return parts.joined(separator: " · ")
    }

    private mutating func writeVerdict(_ change: PlannedChange) {
        let reason = ValueText.plain(change.verdictReason ?? "")
        switch change.shownVerdict {
        case .allowed: break
        case .denied: write("✗ denied: \(reason)", .red)
        case .blocked where change.action == .read: write("? unknown: \(reason)", .magenta)
        case .blocked:
            let wait = change.blockedUntil.map { " (in \(($0 - context.now).shortText))" } ?? ""
            write("✗ blocked: \(reason)\(wait)", .red)
            if change.verdict == .needsApproval { line("        have it go at once: \(approval(of: change.key))") }
        case .needsApproval:
            let wait = change.hold == .approval ? change.blockedUntil : nil
            let place = change.heldAt.map { ", \(ValueText.plain("\($0)"))" } ?? ""
            write(
                "! needs approval: \(reason)" + (wait.map { "; not before \($0.minuteText) UTC\(place)" } ?? ""),
                .yellow)
            line("        approve it: \(approval(of: change.key))")
        }
    }

    /// The command that approves a change, with nothing in it that a terminal would act on.
    func approval(of key: ResourceKey) -> String { ValueText.plain(context.approveCommand(key)) }

    /// Words under a change, broken between words where the line would grow too long.
    mutating func write(_ words: String, _ color: Paint.Color) {
        var row = ""
        var indent = 6
        for word in words.split(separator: " ") {
            if !row.isEmpty, indent + Paint.width(row) + 1 + Paint.width(String(word)) > width {
                line(Paint.spaces(indent) + paint(row, color))
                row = ""
                indent = 8
            }
            row += row.isEmpty ? String(word) : " \(word)"
        }
        if !row.isEmpty { line(Paint.spaces(indent) + paint(row, color)) }
    }

    // MARK: Attributes

    private mutating func writeAttributes(_ change: PlannedChange) {
        let names = change.attributes.map { ValueText.plain($0.path) }
        let widest = min(names.map(Paint.width).max() ?? 0, 32)
        for (attribute, name) in zip(change.attributes, names) {
            let label = "      \(name):\(Paint.spaces(widest - Paint.width(name))) "
            let indent = Paint.width(label)
            if let items = items(attribute) {
                for (index, item) in items.enumerated() {
                    line((index == 0 ? label : Paint.spaces(indent)) + item)
                }
                continue
            }
            let value = words(attribute, change, room: width - indent)
            var row = label + value.painted
            if attribute.requiresReplacement { row += paint("  (forces replacement)", .red) }
            // Where everything is new, the place of the whole says enough.
            if attribute.before != nil || change.action == .update, let mark = attribute.mark {
                let used = indent + value.width + (attribute.requiresReplacement ? 22 : 0) + 4
                let place = used + Paint.width(mark.lineText) <= width ? mark.lineText : mark.shortText
                row += paint("  (\(place))", .dim)
            }
            line(row)
        }
    }

    private func words(
        _ attribute: AttributeChange, _ change: PlannedChange, room: Int
    ) -> (painted: String, width: Int) {
        if attribute.isSensitive {
            let text = attribute.before == nil ? "(sensitive)" : "(sensitive, changes)"
            return (text, Paint.width(text))
        }
        let half = max(24, attribute.before == nil ? room : (room - 24) / 2)
        let after: String
        let color: Paint.Color
        if let value = attribute.after {
            after = ValueText.cut(ValueText.full(value), to: half)
            color = .green
        } else if let key = attribute.reference {
            var name = ""
            if case .reference(_, let other)? = change.wanted.first(where: { $0.name == attribute.path })?.value {
                name = " \(other)"
            }
            after = "(known after apply: \(ValueText.plain("\(key)\(name)")))"
            color = .magenta
        } else {
            after = "(unknown)"
            color = .magenta
        }
        guard let before = attribute.before else { return (paint(after, color), Paint.width(after)) }
        let old = ValueText.cut(ValueText.full(before), to: half)
        return ("\(paint(old, .red)) → \(paint(after, color))", Paint.width(old) + Paint.width(after) + 3)
    }

    /// The rows of two lists, item by item; nil where one is no list, or where only the order differs.
    private func items(_ attribute: AttributeChange) -> [String]? {
        guard !attribute.isSensitive, case .list(let before)? = attribute.before,
            case .list(let after)? = attribute.after
        else { return nil }
        var rest = after
        var gone: [Value] = []
        var kept = 0
        for item in before {
            if let index = rest.firstIndex(where: { sameValue($0, item) }) {
                rest.remove(at: index)
                kept += 1
            } else {
                gone.append(item)
            }
        }
        guard !gone.isEmpty || !rest.isEmpty else { return nil }
        var rows = gone.map { paint("- \(ValueText.cut(ValueText.full($0), to: width - 30))", .red) }
        rows += rest.map { paint("+ \(ValueText.cut(ValueText.full($0), to: width - 30))", .green) }
        if kept > 0 { rows.append(paint("  (\(kept) unchanged)", .dim)) }
        if let mark = attribute.mark { rows[0] += paint("  (\(mark.shortText))", .dim) }
        return rows
    }
}
