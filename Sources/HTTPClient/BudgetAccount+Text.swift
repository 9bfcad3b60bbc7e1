internal import Basics

extension BudgetAccount: LosslessStringConvertible {
    /// Lines of words, the same for the same account.
    ///
    /// They are `window LIMIT SPAN FOREIGN UNTIL READ`, and under it `spent COUNT FROM AT NAME`, without the name where
    /// it no longer matters;
    /// `holder COUNT UNTIL NAME`; `blocked UNTIL`; `latest AT`. Instants and spans in microseconds.
    public var description: String {
        var lines: [String] = ["latest \(latest.microseconds)"]
        if blockedUntil.microseconds > 0 { lines.append("blocked \(blockedUntil.microseconds)") }
        for window in windows {
            lines.append(
                "window \(window.limit) \(window.span.microseconds) \(window.foreign) \(window.foreignUntil.microseconds) \(window.readAt.microseconds)"
            )
            lines += window.spent.map { line in
                let name = line.holder.isEmpty ? "" : " \(line.holder)"
                return "spent \(line.count) \(line.from.microseconds) \(line.at.microseconds)\(name)"
            }
        }
        for (name, holding) in holdings.sorted(by: { $0.key < $1.key }) {
            lines.append("holder \(holding.count) \(holding.until.microseconds) \(name)")
        }
        return lines.joined(separator: "\n")
    }

    /// Reads its own text; an empty one is a new account, and nil is for what it never wrote.
    public init?(_ text: String) {
        self.init()
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            let fields = line.split(separator: " ").dropFirst().map { Int64($0) }
            func number(_ index: Int) -> Int64? {
                guard index < fields.count, let value = fields[index], (0...(1 << 60)).contains(value) else {
                    return nil
                }
                return value
            }
            guard let first = number(0) else { return nil }
            switch words.first {
            case "latest": latest = Timestamp(microseconds: first)
            case "blocked": blockedUntil = Timestamp(microseconds: first)
            case "window":
                guard let span = number(1), span > 0, let foreign = number(2), let until = number(3),
                    let read = number(4)
                else { return nil }
                var window = Window(limit: Int(first), span: .microseconds(span))
                window.foreign = Int(foreign)
                window.foreignUntil = Timestamp(microseconds: until)
                window.readAt = Timestamp(microseconds: read)
                windows.append(window)
            case "spent":
                guard let from = number(1), let at = number(2), !windows.isEmpty else { return nil }
                let name = line.split(separator: " ", maxSplits: 4)
                windows[windows.count - 1].spent.append(
                    Spent(
                        count: Int(first), from: Timestamp(microseconds: from), at: Timestamp(microseconds: at),
                        holder: name.count > 4 ? String(name[4]) : ""))
            case "holder":
                guard let until = number(1), words.count == 4 else { return nil }
                holdings[words[3]] = Holding(count: Int(first), until: Timestamp(microseconds: until))
            default: return nil
            }
        }
    }
}
