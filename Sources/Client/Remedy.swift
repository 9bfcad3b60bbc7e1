import Basics

/// What the service says of the operator's program, said of this one: that program need not be on this machine.
enum Remedy {
    /// The commands that both programs have; where one begins another, the longer comes first.
    private static let commands: [(theirs: String, ours: String)] = [
        ("hooks list", "webhooks list"), ("hooks show", "webhooks show"), ("hooks retry", "webhooks retry"),
        ("env list", "env list"), ("env show", "env show"), ("env extend", "env extend"), ("env pin", "env pin"),
        ("env unpin", "env unpin"), ("env suspend", "env suspend"), ("env resume", "env resume"),
        ("approvals", "approvals list"), ("approve", "approve"), ("revoke", "revoke"), ("runs", "runs list"),
        ("show", "runs show"), ("drift ack", "drift ack"), ("drift mute", "drift mute"),
        ("drift unmute", "drift unmute"), ("drift", "drift list"), ("explain", "explain"),
        ("schedules list", "schedules list"), ("schedules show", "schedules list"), ("schedules run", "schedules run"),
        ("schedules enable", "schedules enable"), ("findings", "alerts list"), ("--dry-run", "inventory list"),
        ("sweep", "sweep"), ("audit verify", "audit verify"), ("audit", "audit list"),
        // Said to somebody who has access already.
        ("access user add NAME --role ROLE", "users change NAME --role ROLE"), ("access user add", "users add"),
        ("access key add", "keys add"), ("access key revoke", "keys revoke"),
    ]

    /// Those of the operator's that show what this program shows in a list alone: the name behind them goes.
    private static let ofOne: Set<String> = ["schedules show"]

    /// The text with each of the operator's commands that has its like here as that; the others stay as they are.
    static func here(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: "reconcile ") {
            result += rest[..<range.lowerBound]
            let after = rest[range.upperBound...]
            let isOurs = result.hasSuffix("odooops ") || result.last?.isLetter == true || result.last == "-"
            let found = commands.first { command in
                guard after.hasPrefix(command.theirs) else { return false }
                let next = after.dropFirst(command.theirs.count).first
                return next.map { !$0.isLetter && $0 != "-" } ?? true
            }
            if !isOurs, let found {
                result += "odooops \(found.ours)"
                rest = after.dropFirst(found.theirs.count)
                if ofOne.contains(found.theirs) { rest = withoutName(rest) }
            } else {
                result += rest[range]
                rest = after
            }
        }
        return result + rest
    }

    /// What comes behind a name, with the marks that end the sentence.
    private static func withoutName(_ text: Substring) -> Substring {
        guard text.first == " " else { return text }
        let name = text.dropFirst().prefix { !$0.isWhitespace }
        let end = name.lastIndex { !".,;:)".contains($0) }.map { name.index(after: $0) }
        return text[(end ?? name.startIndex)...]
    }
}
