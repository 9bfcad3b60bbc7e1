/// An error that can be shown to a person: a stable code, what, where, why, and what to do next.
///
/// Every room has one type of its own that conforms; this is the face that they share.
public protocol Fault: Error, Sendable, CustomStringConvertible {
    /// Stable: `GIT-0003`.
    var code: String { get }
    /// One sentence: what failed and why, without a secret.
    var message: String { get }
    /// File and line, or method and path, or nil.
    var place: String? { get }
    /// The exact next command or change, or nil.
    var hint: String? { get }
    /// What the program does next.
    var disposition: Disposition { get }
}

extension Fault {
    public var description: String {
        var text = "\(code): \(message)"
        if let place { text += " (\(place))" }
        if let hint { text += "\n  \(hint)" }
        return text
    }

    /// The message, and what to do about it where that is known: for where nothing else shows it.
    public var messageAndHint: String { message + (hint.map { "; \($0)" } ?? "") }
}

/// What follows from a fault.
public enum Disposition: Sendable, Hashable {
    /// It may go through later; not before the duration has passed, where the other side said so.
    case retry(after: Duration?)
    /// Whether the effect happened is not known: look before anything else is done.
    case observeAgain
    /// Only another commit can mend it.
    case waitForNewCommit
    /// A person has to do something first.
    case stop
}
