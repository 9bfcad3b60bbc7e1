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
        ("schedules list", "schedules list"), ("schedules run", "schedules run"),
        ("schedules enable", "schedules enable"), ("findings", "alerts list"), ("--dry-run", "inventory list"),
        ("sweep", "sweep"), ("audit verify", "audit verify"), ("audit", "audit list"),
        // Said to somebody who has access already.
        ("access user add NAME --role ROLE", "users change NAME --role ROLE"), ("access user add", "users add"),
        ("access key add", "keys add"), ("access key revoke", "keys revoke"),
    ]

    /// What this program shows in a list alone: the name behind the operator's command goes.
    private static let lists: [(theirs: String, ours: String)] = [("schedules show", "schedules list")]

    /// The text with each of the operator's commands that has its like here as that; the others stay as they are.
    static func here(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: "reconcile ") {
            result += rest[..<range.lowerBound]
            let after = rest[range.upperBound...]
            let isOurs = result.hasSuffix("odooops ") || result.last?.isLetter == true || result.last == "-"
            func begins(_ command: (theirs: String, ours: String)) -> Bool {
                guard after.hasPrefix(command.theirs) else { return false }
                let next = after.dropFirst(command.theirs.count).first
                return next.map { !$0.isLetter && $0 != "-" } ?? true
            }
            let found = commands.first(where: begins)
            if !isOurs, let list = lists.first(where: begins) {
                result += "odooops \(list.ours)"
                rest = after.dropFirst(list.theirs.count)
                if rest.first == " " {
                    let name = rest.dropFirst().prefix { !$0.isWhitespace }
                    let end = name.lastIndex { !".,;:)".contains($0) }.map { name.index(after: $0) }
                    rest = rest[(end ?? name.startIndex)...]
                }
            } else if !isOurs, let found {
                result += "odooops \(found.ours)"
                rest = after.dropFirst(found.theirs.count)
            } else {
                result += rest[range]
                rest = after
            }
        }
        return result + rest
    }
}
