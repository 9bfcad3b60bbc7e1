import Basics
import Formats

/// A delivery's body as it is kept: JSON in which nothing looks like a secret.
///
/// People paste tokens into issues, and Slack sends addresses with which anybody may post.
enum HookBody {
    private static let capabilities: Set<String> = ["response_url", "trigger_id"]
    /// What was found of names, for the same hundreds come with each delivery.
    private static let known = Locked<[String: Bool]>([:])

    static func text(_ value: Value) -> String { JSON.write(redacted(value)) }

    static func redacted(_ value: Value) -> Value {
        switch value {
        case .string(let text): return .string(Redaction.redact(text))
        case .list(let items): return .list(items.map(redacted))
        case .object(let object):
            let members = object.members.map { member in
                switch member.value {
                case .string(let text) where !text.isEmpty && isSecret(member.name):
                    return Value.Object.Member(member.name, .string(Redaction.mark))
                default: return Value.Object.Member(member.name, redacted(member.value))
                }
            }
            return .object(Value.Object(members))
        default: return value
        }
    }

    private static func isSecret(_ name: String) -> Bool {
        if let answer = known.withLock({ $0[name] }) { return answer }
        let answer = capabilities.contains(name) || Redaction.looksSecret(name: name)
        known.withLock { known in
            // Names that somebody made up must not fill the memory.
            if known.count < 4_096 { known[name] = answer }
        }
        return answer
    }
}
